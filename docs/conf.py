"""Sphinx builds the site from these pages: ``sphinx-build -W docs site``.

Nothing is fetched. The pages of the API show the docstrings of the package that is installed, or
of ``src/`` with PYTHONPATH=src.
"""

from __future__ import annotations

import inspect

from docutils import nodes

from portranges import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "portranges"
author = "The portranges authors"
copyright = f"2026, {author}"  # noqa: A001 - the name that Sphinx expects
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
# Commands in quotation marks over several lines are shown without colours.
suppress_warnings = ["misc.highlighting_failure"]

# Links to headings, as code hosts make them.
myst_heading_anchors = 4

# Two hyphens are an option, not a dash.
smartquotes = False

# Signatures show annotations as they are written, with the names that users import.
autodoc_typehints = "signature"
autodoc_member_order = "groupwise"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
maximum_signature_line_length = 88
# The fields of a record are listed in its docstring; their types are in its signature.
napoleon_custom_sections = [
    ("Attributes", "params_style"),
    ("Source", "notes_style"),
    ("Complexity", "notes_style"),
]

html_theme = "furo"
html_title = f"portranges {release}"
html_show_sourcelink = False
html_static_path = ["_static"]
html_js_files = ["accessible.js"]

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def setup(app: Sphinx) -> None:
    """Mend what Sphinx shows of arguments."""
    app.connect("doctree-read", _write_dashes)
    app.connect("autodoc-before-process-signature", _keep_first_parameter, priority=600)


def _keep_first_parameter(_app: Sphinx, function: object, _is_bound: bool) -> None:  # noqa: FBT001
    """Undo ``autodoc_preserve_defaults`` for a function that is a method of an object.

    It gives such a method the signature without ``self``, and Sphinx then drops the next parameter.
    """
    if inspect.ismethod(function) and not inspect.isclass(function.__self__):
        vars(function.__func__).pop("__signature__", None)


def _write_dashes(_app: Sphinx, page: nodes.document) -> None:
    """Let a dash follow the name of an argument, as ``smartquotes`` would do."""
    for text in page.findall(nodes.Text):
        if text.startswith(" -- "):
            text.parent.replace(text, nodes.Text(text.replace("--", "\N{EN DASH}", 1)))
