"""Named lists of ports: the sets, profiles and services that rules refer to.

They do not decide what happens to a packet, so they are not rulesets. A list is used as a
whole, so an element that is not understood is an error and not skipped.
"""

from __future__ import annotations

from importlib import import_module

from portranges import checks, types
from portranges.names import Index
from portranges.rulesets.rows_frontends import LISTS
from portranges.transport_ports import TransportPorts

_INDEX = Index.of("format", LISTS, argument="format")


def ports_by_name(
    text: str,
    format: str,  # noqa: A002 - the word of users
    *,
    services: types.Services | None = None,
) -> dict[str, TransportPorts]:
    r"""Return the ports of each named list in *text*, in the order of the file.

    Args:
        text: What the tool wrote, unchanged.
        format: ``"ipset"`` for the output of ``ipset save``; ``"ufw-profiles"`` for a file of
            application profiles; ``"firewalld-service"`` for the XML of a service, whose name is
            only in the name of its file: it is called ``"service"`` here.
        services: A registry of service names; without it a port must be a number.

    Raises:
        TypeError: An argument has the wrong type.
        UnknownNameError: *format* is unknown.
        PortSyntaxError: The text does not have this form; ``.span`` is the place.

    Complexity:
        Linear in the length of *text*.

    Example:
        >>> text = "create web bitmap:port range 0-65535\nadd web 80\nadd web 443\n"
        >>> str(ports_by_name(text, "ipset")["web"].tcp)
        '80,443'
    """
    text = checks.of_type("text", text, str)
    checks.services(services)
    row = _INDEX.find(format)
    reader = types.cast("types.PortListReader", import_module(row.reader))
    return reader.read_ports(text, services)
