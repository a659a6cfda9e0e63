"""Read compose files: the ports that services publish on the host, and those that they expose.

The text of a mapping is read by ``dialects.parse_mapping``; the long syntax is checked key by key
and then read in the same way.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from portranges import dialects, types
from portranges.errors import elide, got
from portranges.ports import Transport, is_digits
from portranges.portset import PortSet
from portranges.rulesets.model import Action
from portranges.rulesets.objects import (
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
    pid pids_limit platform ports post_start pre_stop privileged profiles pull_policy
    pull_refresh_after read_only restart runtime scale security_opt shm_size secrets sysctls
    stdin_open stop_grace_period stop_signal storage_opt tmpfs tty ulimits use_api_socket
    user uts userns_mode volumes volumes_from working_dir"""
)
_PORT = keys_in("name mode host_ip target published protocol app_protocol")

_PUBLISHED = re.compile(r"[0-9]+(?:-[0-9]+)?")


def read_data(data: object, name: str, services: types.Services | None) -> Ruleset:
    """Return the ruleset that *data* is, as the format *name*.

    Raises:
        InvalidValueError: The data is neither a mapping nor a list.
    """
    del services  # Compose knows no names of services.
    found = Gathered(name)
    for node in each_document(data):
        with found.skipping(node):
            _read_file(node, found)
    return found.ruleset()


def _read_file(node: Node, found: Gathered) -> None:
    fields = _known(node, found, "", "a compose file", _FILE)
    if "include" in fields:
        found.skip(fields["include"], "the services of an included file are not in this file")
    if "services" not in fields:
        if "include" in fields:
            return
        raise RefusedError(f"a compose file must have services, got {elide(node.value)}")
    with found.skipping(fields["services"]):
        for service, child in fields["services"].all_fields("services").items():
            group = service or "(no name)"
            with found.skipping(child, group):
                _read_service(child, found, group)


def _known(
    node: Node, found: Gathered, group: str, what: str, known: frozenset[str]
) -> dict[str, Node]:
    """Return the values by their keys; those with an unknown key are skipped."""
    fields = node.all_fields(what)
    extensions = {key for key in fields if key.startswith("x-")}
    found.skip_unknown(node, group, what, known | extensions)
    return {key: value for key, value in fields.items() if key in known}


def _read_service(node: Node, found: Gathered, group: str) -> None:
    fields = _known(node, found, group, "a service", _SERVICE)
    if "extends" in fields:
        reason = "the ports of the service that is extended are not read"
        found.skip(fields["extends"], reason, group)
    if "network_mode" in fields and fields["network_mode"].value == "host":
        reason = "network_mode host makes every port that the service listens on one of the host"
        found.skip(fields["network_mode"], reason, group)
    profiles = (fields["profiles"].condition(),) if "profiles" in fields else ()
    for key, read in (("ports", _read_port), ("expose", _read_exposed)):
        if key not in fields:
            continue
        with found.skipping(fields[key], group):
            for entry in fields[key].items(key):
                with found.skipping(entry, group):
                    read(entry, found, group, profiles)


def _plain(value: object) -> str:
    """Return the text of a port."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise RefusedError(f"a port must be text or an integer, got {elide(value)}")
    text = str(value)
    if "$" in text:
        hint = "'docker compose config' replaces variables"
        raise RefusedError(f"a port must not contain a variable, got {elide(text)}; {hint}")
    return text


def _read_port(entry: Node, found: Gathered, group: str, profiles: tuple[str, ...]) -> None:
    """Read an entry of ``ports``, in the short or the long syntax."""
    fields: dict[str, Node] = {}
    if isinstance(entry.value, (str, int)):
        text = _plain(entry.value)
    else:
        if not isinstance(entry.value, Mapping):
            rule = "a port must be text, an integer or a mapping"
            raise RefusedError(f"{rule}, got {got(entry.value)}")
        fields = entry.all_fields("a port")
        extensions = {key for key in fields if key.startswith("x-")}
        fields = entry.fields("a port", _PORT | extensions, ("target",))
        text = _short(fields)
    with refusing():
        mapping = dialects.parse_mapping(text)
    if mapping.published is None:
        raise RefusedError(f"the port of the host is chosen by docker, got {elide(text)}")
    host = fields.get("host_ip")
    if mapping.address:
        host = Node(mapping.address, f"{entry.pointer}/host_ip")
    if host is not None:
        _plain(host.value)
    families, applies, conditions = address(host)
    found.add(
        entry,
        group,
        TransportPorts({mapping.transport or Transport.TCP: [mapping.published]}),
        translated=PortSet([mapping.target]),
        families=families,
        action=Action.TRANSLATE,
        applies=applies,
        conditions=(*conditions, *profiles),
    )


def _short(fields: dict[str, Node]) -> str:
    """Return the short syntax of an entry in the long one, without the address."""
    target = _plain(fields["target"].value)
    if not is_digits(target):
        raise RefusedError(f"target must be a port, got {elide(target)}")
    published = _plain(fields["published"].value) if "published" in fields else ""
    if published and not _PUBLISHED.fullmatch(published):
        raise RefusedError(f"published must be a port or a range, got {elide(published)}")
    protocol = _plain(fields["protocol"].value) if "protocol" in fields else "tcp"
    return f"{published}:{target}/{protocol}"


def _read_exposed(entry: Node, found: Gathered, group: str, profiles: tuple[str, ...]) -> None:
    """Read an entry of ``expose``: other services reach the port, but not other hosts."""
    text = _plain(entry.value)
    if ":" in text:
        raise RefusedError(f"an exposed port must not have a port of the host, got {elide(text)}")
    with refusing():
        mapping = dialects.parse_mapping(text)
    ports = TransportPorts({mapping.transport or Transport.TCP: [mapping.target]})
    found.add(entry, group, ports, conditions=("expose", *profiles))
