"""Read the port variables of suricata.yaml."""

from __future__ import annotations

from portranges import types
from portranges.errors import elide, got
from portranges.ports import Transport
from portranges.rulesets import yaml_text
from portranges.rulesets.port_lists import PortLists
from portranges.transport_ports import TransportPorts

# The transports that have ports in a rule.
TRANSPORTS = (Transport.TCP, Transport.UDP, Transport.SCTP)


def read_ports(text: str, services: types.Services | None) -> dict[str, TransportPorts]:
    """Return the ports of each variable in ``vars: port-groups:``."""
    found = PortLists(text, services)
    whole = (0, len(text))
    data = _mapping(yaml_text.load(text).data)
    for key in ("vars", "port-groups"):
        value = data.get(key, {})
        if not isinstance(value, dict):
            raise found.error(f"{key} must be a mapping, got {got(value)}", whole)
        data = _mapping(types.cast("object", value))
    texts: dict[str, str] = {}
    for name, value in data.items():
        # A number without quotes means the same as a text.
        if (
            not isinstance(name, str)
            or isinstance(value, bool)
            or not isinstance(value, (str, int))
        ):
            reason = f"a variable must be a text or a number, got {elide(name)}: {elide(value)}"
            raise found.error(reason, whole)
        texts[name] = str(value)
    for name, value in texts.items():
        found.read(name, TRANSPORTS, value, "suricata", whole, variables=texts)
    return found.result()


def _mapping(value: object) -> dict[object, object]:
    return types.cast("dict[object, object]", value) if isinstance(value, dict) else {}
