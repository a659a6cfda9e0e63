"""When the documents that the rows cite were read.

What lives here: ``cite``.
What must not: anything that says what a document states.
"""

from __future__ import annotations

from portranges.source import Source

__all__ = ["CHECKED", "cite"]

CHECKED = "2026-11"


def cite(document: str, section: str = "") -> Source:
    """Return a source that was read in the month ``CHECKED``."""
    return Source(document=document, section=section, checked=CHECKED)
