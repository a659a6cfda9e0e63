"""No value from outside makes a public function raise anything but the library's own errors.

Each argument of each public function, and each item inside it, is replaced in turn by each hostile
value, beside arguments that the function accepts. The result is an answer, an error of the library
or a TypeError, with a message of one printable line; a leak is a bare ValueError, a RecursionError
or the like.
"""

from __future__ import annotations

import inspect
import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest

from hostile import DEEP, VALUES
from package_modules import offered
from portranges import (
    Endpoint,
    MaskedPort,
    PortRange,
    PortRangesError,
    PortSet,
    TransportPorts,
    advice,
    capacity,
    categories,
    checks,
    dialects,
    ephemeral,
    errors,
    flows,
    ports,
    probe,
    registry,
    report,
    reuse,
    rulesets,
    selection,
    source,
    system,
    systems,
    uses,
)
from portranges.names import Index
from portranges.probe import ListenerHistory, Watcher
from portranges.registry import SHIPPED
from portranges.reuse import PortTable, Socket
from portranges.selection import Allocator
from portranges.source import Confidence
from portranges.system import RECORDED_LINUX

MODULES = (
    advice, capacity, categories, dialects, ephemeral, flows, ports, probe, registry, report,
    reuse, rulesets, selection, source, system, systems, uses,
)  # fmt: skip

# The records that are arguments, with valid fields.
SAMPLES = runpy.run_path(str(Path(__file__).with_name("test_valid_values.py")))["SAMPLES"]

SET = PortSet([22, 80])
RULESET = rulesets.parse("-P INPUT DROP\n-A INPUT -p tcp --dport 22 -j ACCEPT")
SOCKET = Socket(transport="tcp", address="127.0.0.1", port=80)

# An accepted argument for each name of a parameter; where functions differ, by both names.
ARGUMENTS: dict[str, Any] = {
    "addresses": 1, "allowed": [{"IPProtocol": "tcp", "ports": ["22"]}], "among": SET,
    "backend": None, "byteorder": "little", "checked": "2026", "clients": 1, "column": "port",
    "current": True, "data": b"", "destinations": 1, "dialect": "nft", "document": "RFC 6335",
    "draws": 2, "family": "inet", "filling": "random", "first": [80], "second": [80],
    "form": "docker", "history": None, "in_use": 5, "kind": "host", "local_addresses": None,
    "machine": RECORDED_LINUX, "method": "connect", "negated": False, "new": SOCKET,
    "existing": [SOCKET], "old": SET, "older_than": 5.0, "otherwise": None, "owners": False,
    "permissions": [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}], "port": 80,
    "ports": SET, "ports_per_client": 64, "probability": 0.5, "properties":
    {"protocol": "Tcp", "destinationPortRange": "22"}, "quote": "", "rate": 1.0,
    "registry": SHIPPED, "rule_id": "linux-uid", "rules": [SET], "section": "6", "service": "http",
    "services": None, "settings": None, "sources": 1, "system": "linux", "systems": ["linux"],
    "ternary": False, "text": "22", "time_wait": 1.0, "transport": "tcp", "value": 80,
    "name": "linux", "algorithm": "rfc6056-1", "interval": 1.0, "polls": 1, "stop": None,
    "judge.first": 1, "judge.second": 2, "server_port.first": 1, "server_port.second": 2,
    "check_transport.value": "tcp", "check_transports.value": ["tcp"], "dialects.lookup.name":
    "nft", "algorithm.name": "linux-udp", "from_aws_nacl.entries": [{"Protocol": "6", "PortRange":
    {"From": 22, "To": 22}, "RuleAction": "allow", "Egress": False}],
    "from_cilium.entries": [{"ports": [{"port": "22", "protocol": "TCP"}]}],
    "from_kubernetes.entries": [{"port": 22, "protocol": "TCP"}],
    "from_openstack.rules": [{"protocol": "tcp", "port_range_min": 22, "port_range_max": 22,
    "direction": "ingress"}],
    "from_digitalocean.rules": [{"protocol": "tcp", "ports": "22"}],
    "collision_probability.ports": 100, "draws_for.ports": 100, "expected_collisions.ports": 100,
    "expected_probes.ports": 100, "give_up_probability.ports": 100, "diff.new": SET,
    "parse_mapping.text": "8080:80", "transports": ["tcp"], "rules.system": "linux",
    "clients.system": "gcp-cloud-nat", "addresses.system": "gcp-cloud-nat", "concurrent.system":
    "gcp-cloud-nat", "capacity.rate.system": "gcp-cloud-nat", "time_wait_sockets.rate": 1.0,
    "concurrent.ports_per_client": 64, "classify_many.ports": [80], "among_transports": (),
    "count_by_category.ports": [80], "uses.lookup.port": 80, "systems.lookup.name": "linux",
    "parse_sock_diag.transport": "tcp", "usage.system": None, "listen_ports.in_use": [80],
    "why_not.in_use": [80], "excluded": [81], "field": "configured", "program": None,
    "system.parse.text": "1\t2", "newer": SHIPPED, "rulesets.parse.text": "-P INPUT DROP",
    "format": "iptables", "detect.text": "*filter", "rulesets.diff.old": RULESET,
    "rulesets.diff.new": RULESET, "from_data.data": {},
    "render_transports.ports": TransportPorts(tcp=SET), "default_transports": ["tcp"],
    "ports_by_name.text": "create a hash:ip", "ports_by_name.format": "ipset",
}  # fmt: skip

# Functions that read or wait; only their arguments' checks are of interest here.
MACHINE = {"watch", "watch_async"}


def name_of(function: Callable[..., object], module: str = "") -> str:
    return ".".join(filter(None, (module, function.__name__)))


def arguments_of(function: Callable[..., object], module: str) -> dict[str, Any]:
    short = module.rpartition(".")[2]
    found: dict[str, Any] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.name == "among" and function.__module__ == "portranges.ports":
            continue  # only the library passes it
        for key in (f"{short}.{function.__name__}.{name}", f"{function.__name__}.{name}", name):
            if key in ARGUMENTS:
                found[name] = ARGUMENTS[key]
                break
        else:
            assert parameter.default is not parameter.empty, f"{function.__name__}: {name}"
    return found


def functions_of(module: ModuleType) -> Iterator[tuple[Callable[..., object], dict[str, Any]]]:
    for name in offered(module):
        function = getattr(module, name)
        if callable(function) and not inspect.isclass(function) and name not in MACHINE:
            yield function, arguments_of(function, module.__name__)


def table(method: str, *first: object) -> Callable[..., object]:
    """Return a method of a new PortTable that has a listener and a connection."""

    def call(**arguments: Any) -> object:
        made = PortTable("linux")
        listener = made.socket("tcp", reuse_address=True)
        made.bind(listener, "127.0.0.1", 80)
        made.listen(listener)
        handle = made.socket("tcp")
        if method == "accept":
            handle = listener
        return getattr(made, method)(*([handle] if first else []), **arguments)

    call.__name__ = f"PortTable.{method}"
    return call


TCP80 = TransportPorts(tcp=[80])
FUNCTIONS: list[tuple[Callable[..., object], dict[str, Any]]] = [
    *(each for module in MODULES for each in functions_of(module)),
    *((kind, sample.valid) for kind, sample in SAMPLES.items()),
    # Constructors and methods.
    (PortRange.parse, {"text": "80"}),
    (PortRange.from_range, {"ports": range(1, 2)}),
    (PortRange(80).overlaps, {"other": PortRange(80)}),
    (PortRange(80).adjoins, {"other": PortRange(80)}),
    (PortRange(80).__contains__, {"port": 80}),
    (MaskedPort(0, 0).__contains__, {"port": 80}),
    (lambda items: PortSet(items), {"items": [80]}),
    (lambda item: PortSet([item]), {"item": 80}),
    (lambda text: PortSet.parse(text), {"text": "80"}),
    (lambda bits: PortSet.from_int(bits), {"bits": 1}),
    (PortSet.from_psid, {"offset": 6, "length": 8, "psid": 52}),
    (lambda value: value in SET, {"value": 80}),
    (lambda value: SET.contains_many(value), {"value": [80]}),
    (lambda value: SET.count_many(value), {"value": [80]}),
    (lambda value: SET.union(value), {"value": [80]}),
    (lambda value: SET.isdisjoint(value), {"value": SET}),
    (lambda value: TransportPorts(value), {"value": {"tcp": [80]}}),
    (lambda tcp, udp: TransportPorts(tcp=tcp, udp=udp), {"tcp": [80], "udp": [53]}),
    (
        lambda text, defaults: TransportPorts.parse(text, default_transports=defaults),
        {"text": "80", "defaults": ["tcp"]},
    ),
    (lambda value: TCP80[value], {"value": "tcp"}),
    (lambda port, transport: (port, transport) in TCP80, {"port": 80, "transport": "tcp"}),
    (
        Endpoint.parse,
        {
            "text": "localhost:http",
            "default_port": 80,
            "services": SHIPPED,
            "transport": "tcp",
            "printed": False,
        },
    ),
    (SHIPPED.with_services, {"services": {"mine": [(80, "tcp")]}}),
    (lambda pair: SHIPPED.with_services({"mine": pair}), {"pair": [(80, "tcp")]}),
    (lambda port: SHIPPED.with_services({"mine": [(port, "tcp")]}), {"port": 80}),
    (
        ephemeral.profile("linux").replace,
        {"ports": PortRange(40000, 40100), "excluded": [40000]},
    ),
    (Allocator, {"algorithm": "rfc6056-1", "ports": PortRange(40000, 40100), "rng": Random(1)}),
    (Watcher, {"port": 80, "transport": "tcp"}),
    (ListenerHistory, {}),
    (PortTable, {"system": "linux", "seed": 1, "local_addresses": ["127.0.0.1"]}),
    (table("socket"), {"transport": "tcp", "family": "inet", "uid": 0, "device": None}),
    (table("bind", 1), {"address": "127.0.0.1", "port": 81}),
    (table("connect", 1), {"address": "127.0.0.1", "port": 81, "source": "127.0.0.1"}),
    (RULESET.reachable, {"direction": "in"}),
    (RULESET.deciding_rules, {"port": 22, "transport": "tcp", "direction": "in"}),
    # What the functions share.
    (errors.elide, {"value": 1}),
    (errors.got, {"value": 1}),
    (lambda value: checks.of_type("x", value, str), {"value": "x"}),
    (lambda value: checks.of_type("x", value, int, optional=True), {"value": 1}),
    (lambda value: checks.flag("x", value), {"value": True}),
    (lambda value: checks.tuple_of("x", value, str), {"value": ("a",)}),
    (lambda item: checks.tuple_of("x", (item,), int), {"item": 1}),
    (lambda value: checks.integer("x", value, most=9), {"value": 1}),
    (lambda value: checks.number("x", value), {"value": 1.0}),
    (lambda value: checks.number("x", value, above=0.5, most=2.0), {"value": 1.0}),
    (lambda value: checks.word("x", value, ("a", "b")), {"value": "a"}),
    (lambda value: checks.member("x", value, Confidence), {"value": "source"}),
    (lambda value: checks.one_or_many("x", value, str, what="names"), {"value": "a"}),
    (Index("animal", {"cat": 4}).find, {"name": "cat"}),
]  # fmt: skip

CASES = [(f"{at} {name_of(each[0])}", *each) for at, each in enumerate(FUNCTIONS)]


def run(function: Callable[..., object], arguments: dict[str, Any]) -> Exception | None:
    try:
        function(**arguments)
    except (PortRangesError, TypeError) as error:
        return error
    return None


def inside(argument: object, kind: str) -> Iterator[Any]:
    """Yield a hostile value in place of an argument, and of each item inside it."""
    yield DEEP[kind] if kind in DEEP else VALUES[kind]
    if type(argument) is dict:
        for key, item in argument.items():
            yield from ({**argument, key: each} for each in inside(item, kind))
    elif type(argument) is list:
        for at, item in enumerate(argument):
            yield from ([*argument[:at], each, *argument[at + 1 :]] for each in inside(item, kind))


@pytest.mark.parametrize(("label", "function", "arguments"), CASES, ids=[each[0] for each in CASES])
def test_a_hostile_argument_raises_only_documented_errors(
    label: str, function: Callable[..., object], arguments: dict[str, Any]
) -> None:
    # Otherwise the first argument would be refused, and no other would be tried.
    # The parsers of outputs have a form each, and only the text is an argument.
    # No format that is shipped is one of data.
    is_parser = function.__name__.startswith(("parse_", "from_data"))
    assert is_parser or run(function, dict(arguments)) is None, label
    leaks: list[str] = []
    # These print the values of all others.
    kinds = VALUES | DEEP if function in {errors.elide, errors.got} else VALUES
    for name, argument in arguments.items():
        for kind, value in [(each, found) for each in kinds for found in inside(argument, each)]:
            try:
                error = run(function, {**arguments, name: value})
                message = "" if error is None else str(error)
            except Exception as failure:  # noqa: BLE001 - this is what the test looks for
                leaks.append(f"{name}={kind}: {type(failure).__name__}: {str(failure)[:80]}")
                continue
            if len(message) > 2000 or not all(map(str.isprintable, message.split("\n"))):
                leaks.append(f"{name}={kind}: message {message[:200]!r}")
    assert leaks == []
