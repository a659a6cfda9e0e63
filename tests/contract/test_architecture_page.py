"""docs/architecture.md fits the code: its layers are those of the imports, and its places exist."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

import pytest

import portranges
from contract.test_layers import MAY_USE

PACKAGE = Path(portranges.__file__).parent
ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
# The top level, and modules that only serve the one whose name they have.
NOT_DRAWN = {"", "__main__", "_types", "_words", "_hypothesis_plugin"}
PLACE = re.compile(r"`([\w./*]+(?:\.py|\.tsv|\.json|/))`")


def layers() -> list[set[str]]:
    """The modules and packages in the drawing, layer by layer, the lowest first."""
    (drawing,) = re.findall(r"^## Layers\n.*?^```text\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return [set(re.split(" {2,}", line, maxsplit=1)[1].split()) for line in drawing.splitlines()][
        ::-1
    ]


def cells() -> list[str]:
    return [line.split("|")[2] for line in PAGE.splitlines() if line.startswith("| ")]


def test_the_drawing_has_each_module_and_package_once() -> None:
    drawn = list(chain.from_iterable(layers()))
    assert sorted(drawn) == sorted(MAY_USE.keys() - NOT_DRAWN)


def test_a_layer_uses_itself_and_lower_layers() -> None:
    allowed: set[str] = set()
    for layer in layers():
        allowed |= layer
        for name in layer:
            assert set(MAY_USE[name]) - NOT_DRAWN <= allowed, name


@pytest.mark.parametrize("cell", [cell for cell in cells() if PLACE.search(cell)])
def test_each_place_exists(cell: str) -> None:
    folders = [PACKAGE, PACKAGE.parent, ROOT]
    for place in PLACE.findall(cell.replace("COMMAND", "audit")):
        # A wheel, whose tests run without src/, has the content of that folder.
        found = [path for folder in folders for path in folder.glob(place.removeprefix("src/"))]
        assert found, place
        # A bare name is in the folder of an earlier place.
        folders += [path if path.is_dir() else path.parent for path in found]
