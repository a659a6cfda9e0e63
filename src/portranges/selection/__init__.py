"""How a free source port is picked: RFC 6056, and what the systems really do.

What lives here: the public names of the wing.
What must not: anything else; ``model`` holds the record, ``rows`` the facts
with their sources, ``lookup`` the questions, ``allocator`` the object that
hands ports out, ``pickers`` the algorithms, ``tables`` the ports in use.
"""

from __future__ import annotations

from portranges.selection.allocator import Allocator
from portranges.selection.lookup import algorithm, algorithms
from portranges.selection.model import Algorithm, Start, Walk

__all__ = ["Algorithm", "Allocator", "Start", "Walk", "algorithm", "algorithms"]
