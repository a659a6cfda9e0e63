"""Sets of ports drawn on the number line 0-65535, as text and as SVG.

A drawing is a list of layers, each a label and a set of ports. ``categories``, ``assigned``,
``ephemeral_ranges`` and ``layers_of`` make the usual ones.
"""

from __future__ import annotations

from portranges.diagrams.layers import assigned, categories, ephemeral_ranges, layers_of
from portranges.diagrams.model import Layer
from portranges.diagrams.picture import svg
from portranges.diagrams.text import number_line

__all__ = [
    "Layer",
    "assigned",
    "categories",
    "ephemeral_ranges",
    "layers_of",
    "number_line",
    "svg",
]
