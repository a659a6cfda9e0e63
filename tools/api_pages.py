"""The pages of docs/reference/api: one per public module, with every public name once.

A name is on the page of the module that users import it from: what ``import portranges`` offers is
on the page of ``portranges``, and everything else on that of its submodule. Sphinx fills in the
docstrings when it builds the site.
"""

from __future__ import annotations

import enum
import importlib
import inspect
import pkgutil

import portranges
from portranges import integrations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

FOLDER = "docs/reference/api"
_INDEX = """\
# Python API

Every public name, with its docstring, on the page of the module that users import it from. The
pages of the [reference](../index.md) describe the same functions by topic.

{rows}

```{{toctree}}
:hidden:

{files}
```
"""


def modules() -> list[str]:
    """Return the names of the public modules that have names of their own, sorted."""
    names = [each.name for each in pkgutil.iter_modules(portranges.__path__, "portranges.")]
    names += [
        each.name
        for each in pkgutil.iter_modules(integrations.__path__, "portranges.integrations.")
    ]
    return ["portranges", *(name for name in sorted(names) if own_names(name))]


def own_names(module: str) -> list[str]:
    """Return the public names of *module* that the top level does not offer, sorted."""
    if module.rpartition(".")[2].startswith("_"):
        return []
    offered = importlib.import_module(module)
    names: list[str] = sorted(getattr(offered, "__all__", ()))
    if module == "portranges":
        return names
    return [name for name in names if name not in portranges.__all__]


def pages() -> dict[str, str]:
    """Return the text of each page by its path."""
    found = {name: importlib.import_module(name) for name in modules()}
    rows = "\n".join(
        f"- [`{name}`]({_file(name)}): {_summary(module)}" for name, module in found.items()
    )
    texts = {
        f"{FOLDER}/{_file(name)}": "\n".join(_page(name, module)) for name, module in found.items()
    }
    files = "\n".join(map(_file, found))
    return {f"{FOLDER}/index.md": _INDEX.format(rows=rows, files=files), **texts}


def _file(module: str) -> str:
    return f"{module}.md"


def _summary(module: ModuleType) -> str:
    return (inspect.getdoc(module) or "").partition("\n\n")[0].replace("\n", " ")


def _page(name: str, module: ModuleType) -> Iterator[str]:
    yield f"# {name}\n"
    yield "```{eval-rst}"
    yield f".. automodule:: {name}\n   :no-members:\n"
    for each in own_names(name):
        yield from _entry(each, getattr(module, each))
    yield "```\n"


def _entry(name: str, value: object) -> Iterator[str]:
    if isinstance(value, type):
        yield f".. autoclass:: {name}\n   :members:"
        if issubclass(value, enum.Enum):
            yield "   :undoc-members:"
        yield ""
    elif callable(value) and inspect.isroutine(value):
        yield f".. autofunction:: {name}\n"
    else:
        yield f".. autodata:: {name}\n   :no-value:\n"
