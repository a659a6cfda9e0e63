"""Named lists of ports: sets, profiles and services of rules, and lists of configuration files.

They do not decide what happens to a packet, so they are not rulesets. A list is used as a
whole, so an element that is not understood is an error and not skipped.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from portranges import checks, types
from portranges.errors import InvalidValueError, UnknownNameError, elide, got
from portranges.names import Index
from portranges.ports import check_transport
from portranges.portset import PortSet
from portranges.rulesets.catalog import formats
from portranges.rulesets.rows_frontends import LISTS
from portranges.rulesets.rows_lists import CONFIGURATIONS
from portranges.transport_ports import TransportPorts

_INDEX = Index.of("format", (*LISTS, *CONFIGURATIONS), argument="format")


class NamedServices:
    """Services that a ruleset names, for the argument ``services`` of ``parse``.

    A zone of firewalld names services whose ports are in other files. These come before the ones
    that firewalld ships.

    Args:
        ports: The ports of each service, by its name as the ruleset spells it.

    Raises:
        TypeError: *ports* is not a mapping from ``str`` to ``TransportPorts``.

    Example:
        >>> from portranges import rulesets
        >>> file = '<service><port port="8443" protocol="tcp"/></service>'
        >>> own = rulesets.ports_by_name(file, "firewalld-service")["service"]
        >>> services = rulesets.NamedServices({"my-app": own})
        >>> zone = '<zone><service name="my-app"/><service name="ssh"/></zone>'
        >>> print(rulesets.parse(zone, services=services).reachable().ports)
        22/tcp,8443/tcp
    """

    __slots__ = ("_ports",)

    def __init__(self, ports: types.Mapping[str, TransportPorts]) -> None:
        """Copy the mapping."""
        given = types.cast("object", ports)
        if not isinstance(given, Mapping):
            raise TypeError(f"ports must be a mapping, got {got(given)}")
        self._ports: dict[str, TransportPorts] = {
            checks.of_type("a name", name, str): checks.of_type("ports", several, TransportPorts)
            for name, several in ports.items()
        }

    def find(self, service: str) -> TransportPorts | None:
        """Return the ports of a service; ``None`` if it is unknown.

        Args:
            service: Its name, as it was given.

        Example:
            >>> services = NamedServices({"web": TransportPorts.parse("80/tcp,443/tcp")})
            >>> print(services.find("web"), services.find("ssh"))
            80/tcp,443/tcp None
        """
        return self._ports.get(service)

    def ports(self, service: str, transport: types.TransportLike | None = None) -> PortSet:
        """Return the ports of a service for one transport, or for any.

        Args:
            service: Its name, as it was given.
            transport: A ``Transport`` or its value; None means any of the four.

        Raises:
            TypeError: *transport* is not a ``str``.
            UnknownNameError: The service or the transport is unknown.

        Example:
            >>> services = NamedServices({"dns": TransportPorts.parse("53/udp,53/tcp,853/tcp")})
            >>> print(services.ports("dns"), services.ports("dns", "udp"))
            53,853 53
        """
        found = self.find(service)
        if found is None:
            raise UnknownNameError("service", service)
        if transport is not None:
            return found[check_transport(transport)]
        return PortSet(port for _, several in found.items() for port in several.ranges)

    def __repr__(self) -> str:
        """Return how many services there are."""
        return f"<NamedServices: {len(self._ports)}>"


def ports_by_name(
    text: str,
    format: str,  # noqa: A002 - the users' word
    *,
    services: types.Services | None = None,
) -> dict[str, TransportPorts]:
    r"""Return the ports of each named list in *text*, in the order of the file.

    Args:
        text: What the tool wrote, unchanged.
        format: ``"ipset"`` for the output of ``ipset save``; ``"ufw-profiles"`` for a file of
            application profiles; ``"firewalld-service"`` for the XML of a service, whose name is
            only in the name of its file: it is called ``"service"`` here. Or the name of a
            program with a configuration file: ``"squid"``, ``"haproxy"``, ``"systemd-socket"``,
            ``"fail2ban"``, ``"csf"``, ``"suricata"``, ``"snort"``, ``"opnsense"``,
            ``"openwrt"`` or ``"windows"``.
        services: A registry of service names; without it a port must be a number.

    Raises:
        TypeError: An argument has the wrong type.
        UnknownNameError: *format* is unknown.
        InvalidValueError: *format* is a format of rules.
        PortSyntaxError: The text does not have this form; ``.span`` is the place.
        MissingExtraError: The text is YAML, and PyYAML is not installed.

    Complexity:
        Linear in the length of *text*.

    Example:
        >>> text = "create web bitmap:port range 0-65535\nadd web 80\nadd web 443\n"
        >>> str(ports_by_name(text, "ipset")["web"].tcp)
        '80,443'
        >>> text = "acl SSL_ports port 443\nacl Safe_ports port 80 443\n"
        >>> {name: str(ports) for name, ports in ports_by_name(text, "squid").items()}
        {'SSL_ports': '443/tcp', 'Safe_ports': '80/tcp,443/tcp'}
    """
    text = checks.of_type("text", text, str)
    checks.services(services)
    try:
        row = _INDEX.find(format)
    except UnknownNameError:
        if any(checks.plain(format) in (each.name, *each.aliases) for each in formats()):
            rule = "format must be a format of named lists"
            raise InvalidValueError(rule, f"{elide(format)}; parse() reads it") from None
        raise
    reader = types.cast("types.PortListReader", import_module(row.reader))
    return reader.read_ports(text, services)
