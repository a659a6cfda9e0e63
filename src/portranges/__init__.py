"""portranges: questions about TCP and UDP port numbers, answered.

What lives here: the public names of the top level, and nothing else. All
else is reached by its module, as ``portranges.registry`` or
``portranges.ephemeral``; importing the package loads none of them.
"""

from __future__ import annotations

from portranges.categories import Category, classify, classify_many
from portranges.errors import (
    DataError,
    InvalidPortError,
    InvalidRangeError,
    InvalidSocketError,
    InvalidValueError,
    MissingExtraError,
    PortRangesError,
    PortsExhaustedError,
    PortSyntaxError,
    SystemReadError,
    UnexpectedOutputError,
    UnknownNameError,
    UnrepresentableError,
    UnsupportedPlatformError,
)
from portranges.ports import MaskedPort, PortRange, Transport, check_port, parse_port
from portranges.portset import PortSet
from portranges.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from portranges.report import PortReport, explain

__version__ = "0.1.0"

__all__ = [
    "Category",
    "DataError",
    "InvalidPortError",
    "InvalidRangeError",
    "InvalidSocketError",
    "InvalidValueError",
    "MaskedPort",
    "MissingExtraError",
    "PortRange",
    "PortRangesError",
    "PortReport",
    "PortSet",
    "PortSyntaxError",
    "PortsExhaustedError",
    "Source",
    "SystemReadError",
    "Transport",
    "UnexpectedOutputError",
    "UnknownNameError",
    "UnrepresentableError",
    "UnsupportedPlatformError",
    "check_port",
    "classify",
    "classify_many",
    "explain",
    "parse_port",
]

# These two stand on the registry and on every system's row. They are looked up
# when they are first used, so that importing the package stays as cheap as
# importing its numbers and sets. A type checker sees them above, and must not
# see a function that has an answer for every misspelt name.
_LATE = frozenset({"PortReport", "explain"})

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name in _LATE:
            from portranges import report

            return getattr(report, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return the names of the package, those that are looked up late included."""
    return sorted({*globals(), *_LATE})
