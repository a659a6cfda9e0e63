"""The documents that rows of several families cite, and when they were read.

What lives here: ``cite`` and the shared citations.
What must not: anything that says what a document states.
"""

from __future__ import annotations

from portranges.source import Source

__all__ = ["CHECKED", "KB929851", "LINUX_6_18_MEASURED", "RFC6056", "cite"]

CHECKED = "2026-11"

RFC6056 = "RFC 6056"
KB929851 = "Microsoft KB929851"


def cite(document: str, section: str = "") -> Source:
    """Return a source that was read in the month ``CHECKED``."""
    return Source(document=document, section=section, checked=CHECKED)


LINUX_6_18_MEASURED = cite(
    "measured on Linux 6.18.44", "in a fresh network namespace, loopback only"
)
