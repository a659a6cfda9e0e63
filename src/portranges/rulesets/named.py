"""Named lists of ports: sets, profiles and services of rules, and lists of configuration files.

They do not decide what happens to a packet, so they are not rulesets. A list is used as a
whole, so an element that is not understood is an error and not skipped.
"""

from __future__ import annotations

from importlib import import_module

from portranges import checks, types
from portranges.names import Index
from portranges.rulesets.rows_frontends import LISTS
from portranges.rulesets.rows_lists import CONFIGURATIONS
from portranges.transport_ports import TransportPorts

_INDEX = Index.of("format", (*LISTS, *CONFIGURATIONS), argument="format")


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
            only in the name of its file: it is called ``"service"`` here. Or the name of a
            program with a configuration file: ``"squid"``, ``"haproxy"``, ``"systemd-socket"``,
            ``"fail2ban"``, ``"csf"``, ``"suricata"``, ``"snort"``, ``"opnsense"``,
            ``"openwrt"`` or ``"windows"``.
        services: A registry of service names; without it a port must be a number.

    Raises:
        TypeError: An argument has the wrong type.
        UnknownNameError: *format* is unknown.
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
    row = _INDEX.find(format)
    reader = types.cast("types.PortListReader", import_module(row.reader))
    return reader.read_ports(text, services)
