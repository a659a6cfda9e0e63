"""Read compose files: the ports that services publish on the host, and those that they expose.

The text of a mapping is read by ``dialects.parse_mapping``; the long syntax is checked key by key
and then read in the same way. ``compose_variables`` replaces variables before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from portranges import dialects, ephemeral, types
from portranges.errors import elide, got
from portranges.ports import PortRange, Transport, is_digits, parse_port
from portranges.portset import PortSet
from portranges.rulesets.compose_variables import substitute
from portranges.rulesets.documents import Opaque
from portranges.rulesets.model import Action, Applies
from portranges.rulesets.objects import (
    FAMILIES,
    Gathered,
    Node,
    RefusedError,
    address,
    each_document,
    keys_in,
    refusing,
)
from portranges.rulesets.ruleset import Ruleset
from portranges.transport_ports import TransportPorts

_FILE = keys_in("version name include services models networks volumes secrets configs")
_SERVICE = keys_in(
    """develop deploy annotations attach build blkio_config cap_add cap_drop cgroup cgroup_parent
    command configs container_name cpu_count cpu_percent cpu_shares cpu_quota cpu_period
    cpu_rt_period cpu_rt_runtime cpus cpuset credential_spec depends_on device_cgroup_rules
    devices dns dns_opt dns_search domainname entrypoint env_file label_file environment
    expose extends provider external_links extra_hosts gpus group_add healthcheck hostname
    image init ipc isolation labels links logging mac_address mem_limit mem_reservation
    mem_swappiness memswap_limit network_mode models networks oom_kill_disable oom_score_adj
    pid pids_limit platform ports pre_start post_start pre_stop privileged profiles pull_policy
    pull_refresh_after read_only restart runtime scale security_opt shm_size secrets sysctls
    stdin_open stop_grace_period stop_signal storage_opt tmpfs tty ulimits use_api_socket
    user uts userns_mode volumes volumes_from working_dir"""
)
_PORT = keys_in("name mode host_ip target published protocol app_protocol")

_PUBLISHED = re.compile(r"[0-9]+(?:-[0-9]+)?")
# Several ports of the host for one of the container.
_ONE_OF = re.compile(r"(.*:|)([0-9]+)-([0-9]+):([0-9]+(?:/.*)?)", re.DOTALL)
_ZERO = re.compile(r"(?:^|:)0:")


def read_data(
    data: object,
    name: str,
    services: types.Services | None,
    variables: types.Mapping[str, str] | None = None,
) -> Ruleset:
    """Return the ruleset in *data*, which has the format *name*.

    Raises:
        InvalidValueError: The data is neither a mapping nor a list.
    """
    del services  # Compose does not accept service names.
    found = Gathered(name)
    for node in each_document(data):
        with found.skipping(node):
            _read_file(node, found, variables or {})
    return found.ruleset()


def _read_file(node: Node, found: Gathered, variables: types.Mapping[str, str]) -> None:
    fields = _known(node, found, "", "a compose file", _FILE)
    if "include" in fields:
        found.skip(fields["include"], "the services of an included file are not in this file")
    if "services" not in fields:
        if "include" in fields:
            return
        raise RefusedError(f"a compose file must have services, got {elide(node.value)}")
    with found.skipping(fields["services"]):
        services = fields["services"].all_fields("services")
        for service, child in services.items():
            group = service or "(no name)"
            with found.skipping(child, group):
                _Service(found, group, variables).read(child, services)


def _known(
    node: Node, found: Gathered, group: str, what: str, known: frozenset[str]
) -> dict[str, Node]:
    """Return the values by their keys; those with an unknown key are skipped."""
    fields = node.all_fields(what)
    extensions = {key for key in fields if key.startswith("x-")}
    found.skip_unknown(node, group, what, known | extensions)
    values = {key: _merged(value) for key, value in fields.items() if key in known}
    return {key: value for key, value in values.items() if value.value is not None}


def _merged(node: Node) -> Node:
    """Return what is left of a value with one of the tags of Compose for merging files."""
    value = node.value
    if isinstance(value, Opaque) and value.tag in ("!override", "!reset"):
        return Node(value.value if value.tag == "!override" else None, node.pointer)
    return node


def _adds_ports(extends: object, services: dict[str, Node]) -> bool:
    """Return whether a service may have ports of the service that it extends."""
    base = extends
    if isinstance(extends, Mapping):
        held = types.cast("types.Entry", extends)
        base = None if held.keys() - {"service"} else held.get("service")
    if not isinstance(base, str) or base not in services:
        return True
    value = services[base].value
    if not isinstance(value, Mapping):
        return True
    keys = types.cast("types.Entry", value).keys()
    return not keys.isdisjoint(("ports", "expose", "network_mode", "extends"))


class _Service:
    """A service, while it is read."""

    def __init__(self, found: Gathered, group: str, variables: types.Mapping[str, str]) -> None:
        self.found: Gathered = found
        self.group: str = group
        self.variables: types.Mapping[str, str] = variables
        self.profiles: tuple[str, ...] = ()
        # The condition that nothing is published, in the host's network.
        self.host: tuple[str, ...] = ()
        # The references to variables in an entry that have their defaults.
        self.defaults: list[str] = []

    def read(self, node: Node, services: dict[str, Node]) -> None:
        fields = _known(node, self.found, self.group, "a service", _SERVICE)
        if "extends" in fields and _adds_ports(fields["extends"].value, services):
            reason = "the ports of the service that is extended are not read"
            self.found.skip(fields["extends"], reason, self.group)
        if "network_mode" in fields and fields["network_mode"].value == "host":
            reason = (
                "with network_mode host, every port that the service listens on is open on the host"
            )
            self.found.skip(fields["network_mode"], reason, self.group)
            self.host = (fields["network_mode"].condition(),)
        if "profiles" in fields:
            self.profiles = (fields["profiles"].condition(),)
        for key, read in (("ports", self.read_port), ("expose", self.read_exposed)):
            if key not in fields:
                continue
            with self.found.skipping(fields[key], self.group):
                for entry in fields[key].items(key):
                    with self.found.skipping(entry, self.group):
                        self.defaults = []
                        read(entry)

    def plain(self, value: object) -> str:
        """Return the text of a port, without variables."""
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            raise RefusedError(f"a port must be text or an integer, got {elide(value)}")
        text, defaults = substitute(str(value), self.variables)
        self.defaults += defaults
        return text

    def read_port(self, entry: Node) -> None:
        """Read an entry of ``ports``, in the short or the long syntax."""
        host, has_variable = None, False
        if isinstance(entry.value, (str, int)):
            text = self.plain(entry.value)
        else:
            if not isinstance(entry.value, Mapping):
                rule = "a port must be text, an integer or a mapping"
                raise RefusedError(f"{rule}, got {got(entry.value)}")
            fields = entry.all_fields("a port")
            extensions = {key for key in fields if key.startswith("x-")}
            fields = entry.fields("a port", _PORT | extensions, ("target",))
            text = self.short(fields)
            if "host_ip" in fields:
                before = len(self.defaults)
                host = Node(self.plain(fields["host_ip"].value), fields["host_ip"].pointer)
                has_variable = len(self.defaults) > before
        mapping, published, choice = _read_mapping(text)
        if mapping.address:
            host = Node(mapping.address, f"{entry.pointer}/host_ip")
            has_variable = not entry.text.startswith(text.rsplit(":", 2)[0] + ":")
        families, applies, conditions = address(host)
        if has_variable:
            # Another value may be an address of the other family, or one that is not loopback.
            families, applies = FAMILIES, Applies.MAYBE
        self.found.add(
            entry,
            self.group,
            TransportPorts({mapping.transport or Transport.TCP: published}),
            translated=PortSet([mapping.target]),
            families=families,
            action=Action.TRANSLATE,
            applies=Applies.NEVER if self.host else applies,
            conditions=(*conditions, *choice, *self.defaults, *self.profiles, *self.host),
        )

    def short(self, fields: dict[str, Node]) -> str:
        """Return the short syntax of an entry in the long one, without the address."""
        target = self.plain(fields["target"].value)
        if not is_digits(target):
            raise RefusedError(f"target must be a port, got {elide(target)}")
        published = self.plain(fields["published"].value) if "published" in fields else ""
        if published and not _PUBLISHED.fullmatch(published):
            raise RefusedError(f"published must be a port or a range, got {elide(published)}")
        protocol = self.plain(fields["protocol"].value) if "protocol" in fields else "tcp"
        return f"{published}:{target}/{protocol}"

    def read_exposed(self, entry: Node) -> None:
        """Read an entry of ``expose``: other services reach the port, but not other hosts."""
        text = self.plain(entry.value)
        if ":" in text:
            rule = "an exposed port must not have a port of the host"
            raise RefusedError(f"{rule}, got {elide(text)}")
        with refusing():
            mapping = dialects.parse_mapping(text)
        ports = TransportPorts({mapping.transport or Transport.TCP: [mapping.target]})
        conditions = ("expose", *self.defaults, *self.profiles)
        self.found.add(entry, self.group, ports, conditions=conditions)


def _read_mapping(text: str) -> tuple[dialects.PortMapping, PortSet, tuple[str, ...]]:
    """Return a mapping, the ports that may be published, and how the engine chooses among them."""
    # If a variable leaves the address empty, there is no address.
    text = text.removeprefix(":") if text.count(":") == 2 else text
    with refusing():
        if (several := _ONE_OF.fullmatch(text)) and several[2] != several[3]:
            before, first, last, target = several.groups()
            mapping = dialects.parse_mapping(f"{before}{first}:{target}")
            published = PortRange(parse_port(first), parse_port(last))
            if mapping.published is None:
                raise RefusedError(f"a range must not contain port 0, got {elide(text)}")
            return mapping, PortSet([published]), (f"published: one of {published}",)
        mapping = dialects.parse_mapping(text)
    if mapping.published is not None:
        return mapping, PortSet([mapping.published]), ()
    if len(mapping.target) > 1 and _ZERO.search(text):
        raise RefusedError(f"a range must not have port 0 of the host, got {elide(text)}")
    # The engine reads the range of the machine; this is the default of Linux.
    return mapping, ephemeral.ports("linux"), ("published: one of net.ipv4.ip_local_port_range",)
