"""Read the application profiles of ufw, which are in /etc/ufw/applications.d."""

from __future__ import annotations

import re

from portranges import dialects, types
from portranges.errors import PortSyntaxError, elide
from portranges.ports import Transport
from portranges.transport_ports import TransportPorts

_SECTION = re.compile(r"\[(.+)\][ \t]*")
_OPTION = re.compile(r"([^ \t=:][^=:]*?)[ \t]*[=:][ \t]*(.*?)[ \t]*")
_REQUIRED = ("title", "description", "ports")
_TRANSPORTS = {
    "": (Transport.TCP, Transport.UDP),
    "tcp": (Transport.TCP,),
    "udp": (Transport.UDP,),
}


def read_ports(text: str, services: types.Services | None) -> dict[str, TransportPorts]:
    """Return the ports of each profile."""
    found: dict[str, TransportPorts] = {}
    profile, options = "", dict[str, str]()
    place = (0, 0)
    start = 0
    for line in [*text.split("\n"), "[]"]:
        span = (start, min(start + len(line), len(text)))
        start += len(line) + 1
        line = line.rstrip("\r")  # noqa: PLW2901 - a line does not include its end
        is_end = span[0] > len(text)
        match = _SECTION.fullmatch(line)
        if match or is_end:
            if profile:
                found[profile] = _profile(profile, options, text, place, services)
            profile, options, place = match[1] if match else "", {}, span
            if profile in found:
                reason = f"each profile must appear once, got {elide(profile)} twice"
                raise PortSyntaxError(reason, text, span)
        elif line.strip() and not line.lstrip().startswith(("#", ";")):
            option = _OPTION.fullmatch(line)
            if option is None or not profile or option[1].lower() in options:
                reason = f"expected one 'option=value' of a profile, got {elide(line)}"
                raise PortSyntaxError(reason, text, span)
            options[option[1].lower()] = option[2]
    return found


def _profile(
    name: str,
    options: types.Mapping[str, str],
    text: str,
    place: tuple[int, int],
    services: types.Services | None,
) -> TransportPorts:
    """Return the ports of a profile, whose heading is at *place*."""
    for option in _REQUIRED:
        if not options.get(option):
            reason = f"a profile must have {', '.join(_REQUIRED)}, got no {option}"
            raise PortSyntaxError(f"{reason} for {elide(name)}", text, place)
    try:
        return profile_ports(options["ports"], services)
    except PortSyntaxError as error:
        raise PortSyntaxError(f"{error.reason}, for {elide(name)}", text, place) from None


def profile_ports(text: str, services: types.Services | None) -> TransportPorts:
    """Return the ports that the option ``ports`` of a profile names.

    Raises:
        PortSyntaxError: It does not have its form.
    """
    found = TransportPorts.empty()
    for each in text.split("|"):
        ports = dialects.parse(each, "ufw", services=services)
        found |= TransportPorts(dict.fromkeys(_TRANSPORTS[each.partition("/")[2]], ports))
    return found
