"""The order in which a free source port is chosen: RFC 6056 and the systems' own algorithms.

``orders`` is the only implementation of that order. ``Allocator`` follows it through a table of
ports in use, and ``portranges.reuse`` through its bind rules.
"""

from __future__ import annotations

from portranges.selection.allocator import Allocator
from portranges.selection.lookup import algorithm, algorithms
from portranges.selection.model import Algorithm, Start, Walk

__all__ = ["Algorithm", "Allocator", "Start", "Walk", "algorithm", "algorithms"]
