"""TCP and UDP port numbers: categories, sets, the IANA registry, ephemeral ranges, firewalls.

Ports, ranges and sets are here. Everything else is in a submodule, such as
``portranges.registry`` or ``portranges.ephemeral``, which is imported when it is first used.
"""

from __future__ import annotations

from portranges.categories import Category, classify, classify_many, count_by_category
from portranges.errors import (
    DataError,
    InvalidPortError,
    InvalidPositionError,
    InvalidRangeError,
    InvalidSocketError,
    InvalidValueError,
    MissingExtraError,
    PortRangesError,
    PortRowsError,
    PortsExhaustedError,
    PortSyntaxError,
    RowSyntaxError,
    RowTypeError,
    SystemReadError,
    UnexpectedOutputError,
    UnknownNameError,
    UnrepresentableError,
    UnsupportedPlatformError,
)
from portranges.ports import MaskedPort, PortRange, Transport, check_port, parse_port
from portranges.portset import PortSet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from portranges import advice as advice
    from portranges import capacity as capacity
    from portranges import diagrams as diagrams
    from portranges import dialects as dialects
    from portranges import endpoints as endpoints
    from portranges import ephemeral as ephemeral
    from portranges import families as families
    from portranges import flows as flows
    from portranges import probe as probe
    from portranges import registry as registry
    from portranges import report as report
    from portranges import reuse as reuse
    from portranges import rulesets as rulesets
    from portranges import selection as selection
    from portranges import source as source
    from portranges import system as system
    from portranges import systems as systems
    from portranges import testing as testing
    from portranges import transport_ports as transport_ports
    from portranges import uses as uses
    from portranges.endpoints import Endpoint
    from portranges.families import Family
    from portranges.fields import Port
    from portranges.report import PortReport, explain
    from portranges.source import Confidence, Source
    from portranges.transport_ports import TransportPorts

__version__ = "0.1.0"

__all__ = [
    "Category",
    "Confidence",
    "DataError",
    "Endpoint",
    "Family",
    "InvalidPortError",
    "InvalidPositionError",
    "InvalidRangeError",
    "InvalidSocketError",
    "InvalidValueError",
    "MaskedPort",
    "MissingExtraError",
    "Port",
    "PortRange",
    "PortRangesError",
    "PortReport",
    "PortRowsError",
    "PortSet",
    "PortSyntaxError",
    "PortsExhaustedError",
    "RowSyntaxError",
    "RowTypeError",
    "Source",
    "SystemReadError",
    "Transport",
    "TransportPorts",
    "UnexpectedOutputError",
    "UnknownNameError",
    "UnrepresentableError",
    "UnsupportedPlatformError",
    "check_port",
    "classify",
    "classify_many",
    "count_by_category",
    "explain",
    "parse_port",
]

# These names are imported when they are first used: a report needs the registry and every
# system's row, and many programs need no sets with transports. A type checker sees the names
# above; it must not see a function that accepts every misspelt name.
_LATE = {
    "Confidence": "source",
    "Endpoint": "endpoints",
    "Family": "families",
    "Port": "fields",
    "PortReport": "report",
    "Source": "source",
    "TransportPorts": "transport_ports",
    "explain": "report",
}

_PACKAGES = frozenset(
    {
        "advice",
        "capacity",
        "diagrams",
        "dialects",
        "endpoints",
        "ephemeral",
        "families",
        "flows",
        "probe",
        "registry",
        "report",
        "reuse",
        "rulesets",
        "selection",
        "source",
        "system",
        "systems",
        "testing",
        "transport_ports",
        "uses",
    }
)

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name in _PACKAGES:
            # The import itself sets the attribute, so this runs once for each name.
            return __import__(f"portranges.{name}", fromlist=[name])
        if name in _LATE:
            module = __import__(f"portranges.{_LATE[name]}", fromlist=[name])
            return getattr(module, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """Return the names of the package, including those imported on first use."""
    return sorted({*globals(), *_LATE, *_PACKAGES})
