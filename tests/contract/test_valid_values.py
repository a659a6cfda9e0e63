"""A record that is an argument refuses wrong values however it is built.

The records are found by the annotations of the public functions: every dataclass of the library
that an argument may be, and those that are fields of these.
"""

from __future__ import annotations

import copy
import dataclasses
import importlib
import inspect
import json
import math
import pickle
import pkgutil
import typing
from collections.abc import Callable, Iterator
from ipaddress import IPv6Address
from types import ModuleType
from typing import Any

import cattrs
import msgspec
import pydantic
import pytest

import portranges
from package_modules import offered
from portranges import (
    Endpoint,
    Family,
    MaskedPort,
    PortRange,
    PortSet,
    Source,
    Transport,
    TransportPorts,
    advice,
    dialects,
    ephemeral,
    flows,
    selection,
)
from portranges.advice import Advice, Difference, Finding, Severity
from portranges.capacity import Interval, Method
from portranges.capacity.rows import METHODS
from portranges.diagrams import Layer
from portranges.dialects import (
    Bracketed,
    Brackets,
    Comparison,
    DataForm,
    Dialect,
    Evidence,
    Fault,
    Frame,
    Limits,
    MisreadText,
    NameLookup,
    Names,
    Operator,
    Ranges,
    Spacing,
    TransportRule,
    Verification,
    Wording,
)
from portranges.ephemeral import EphemeralProfile
from portranges.flows import Criterion, Judgement, Side
from portranges.integrations.cattrs import register
from portranges.integrations.msgspec import dec_hook
from portranges.probe import (
    Age,
    Change,
    ChangeKind,
    Destination,
    LingeringListener,
    LingeringListeners,
    Owner,
    Reason,
    ReasonKind,
    Scope,
    SocketRecord,
    SocketTable,
    Usage,
    Visibility,
)
from portranges.reuse import Handle, LinuxSettings, Socket, State, SystemSettings
from portranges.rulesets import (
    Action,
    Applies,
    Chain,
    Direction,
    Hook,
    Location,
    Rule,
    Ruleset,
    Skipped,
)
from portranges.selection import Algorithm
from portranges.source import Confidence
from portranges.system import (
    RECORDED_LINUX,
    Exclusion,
    Field,
    Machine,
    MachineSettings,
    Origin,
    OriginKind,
    read_settings,
)
from portranges.systems import Kind, System

# Modules that no user imports functions from.
INNER = {"checks", "cli", "covers", "fields", "names", "records", "scan", "types", "values"}


WEB = SocketRecord(transport="tcp", family="inet", address="0.0.0.0", port=80, state="listen")
SETTINGS = read_settings(machine=RECORDED_LINUX)
VISIBLE = Visibility(sockets=Scope.ALL, owners=Scope.NOT_REQUESTED)


@dataclasses.dataclass(frozen=True)
class Sample:
    """A record's fields, and values that it must refuse in the place of some of them."""

    valid: dict[str, Any]
    wrong: tuple[dict[str, Any], ...]


CRITERION = flows.criteria()[0]

BASE = Chain(name="in", hook=Hook.INPUT, policy=Action.DROP, families=(Family.INET,))
USER = Chain(name="web", families=(Family.INET,))
RULE = Rule(
    ports=TransportPorts(tcp=[22]),
    families=(Family.INET,),
    action=Action.JUMP,
    target="web",
    group="in",
    location=Location(line=3),
    text="",
)
BACK = dataclasses.replace(RULE, group="web")

SAMPLES: dict[type[Any], Sample] = {
    PortRange: Sample(
        {"first": 80, "last": 90},
        (
            {"first": 91},
            {"last": 79},
            {"first": -1},
            {"last": 65536},
            {"last": 700000},
            {"first": "eighty"},
            {"first": [80]},
        ),
    ),
    MaskedPort: Sample(
        {"value": 0x3E8, "mask": 0xFFF8},
        (
            {"value": 0x3E9},
            {"mask": 0x3E0},
            {"mask": 65536},
            {"value": -1},
            {"value": None},
            {"mask": "all"},
        ),
    ),
    Endpoint: Sample(
        {"host": "2001:db8::1%eth0", "port": 80},
        (
            {"host": "[::1]"},
            {"host": "127.0.0.01"},
            {"host": "1.2.3"},
            {"host": "a b"},
            {"host": "::1%"},
            {"host": ["localhost"]},
            {"port": -1},
            {"port": 65536},
            {"port": "http"},
            {"port": None},
        ),
    ),
    Handle: Sample({"number": 3}, ({"number": "3a"}, {"number": None}, {"number": [3]})),
    Socket: Sample(
        {
            "transport": Transport.TCP,
            "address": IPv6Address("2001:db8::1"),
            "port": 80,
            "v6only": True,
            "reuse_address": False,
            "reuse_port": False,
            "load_balance": False,
            "exclusive": False,
            "uid": 0,
            "privileged": None,
            "device": None,
            "state": State.BOUND,
        },
        (
            {"transport": "sctp"},
            {"transport": Transport.DCCP},
            {"transport": "udp", "state": "listening"},
            {"address": "192.0.2.1"},
            {"address": "fe80::1%eth0"},
            {"address": "localhost"},
            {"port": -1},
            {"port": 65536},
            {"port": "http"},
            {"v6only": "often"},
            {"reuse_address": None},
            {"reuse_port": [True]},
            {"exclusive": 2},
            {"uid": -1},
            {"uid": "root"},
            {"privileged": "no way"},
            {"device": ""},
            {"device": "eth 0"},
            {"state": "idle"},
        ),
    ),
    LinuxSettings: Sample(
        {
            "ip_local_port_range": PortRange(32768, 60999),
            "ip_local_reserved_ports": PortSet(),
            "ip_unprivileged_port_start": 1024,
            "ip_autobind_reuse": False,
            "ip_nonlocal_bind": False,
            "bindv6only": False,
            "tcp_tw_reuse": 2,
            "tcp_tw_reuse_delay": 1000,
            "tcp_timestamps": True,
            "tcp_fin_timeout": 60.0,
            "tcp_max_tw_buckets": 131072,
            "ip_local_port_step_width": 0,
        },
        (
            {"ip_local_port_range": PortRange(1000, 2000)},
            {"ip_local_port_range": PortSet([32768])},
            {"ip_local_reserved_ports": PortRange(80)},
            {"ip_unprivileged_port_start": 70000},
            {"ip_unprivileged_port_start": 40000},
            {"ip_autobind_reuse": "yes please"},
            {"tcp_timestamps": None},
            {"tcp_tw_reuse": 3},
            {"tcp_tw_reuse_delay": -1},
            {"tcp_fin_timeout": math.nan},
            {"tcp_fin_timeout": -1.0},
            {"tcp_max_tw_buckets": "many"},
            {"ip_local_port_step_width": -1},
        ),
    ),
    SystemSettings: Sample(
        {
            "ports": None,
            "reserved": PortSet(),
            "excluded": PortSet(),
            "restricted": None,
            "privileged_below": None,
            "extra_privileged": None,
            "v6only": None,
            "time_wait": None,
            "fin_wait_2": 60.0,
            "udp_exhaustion": False,
        },
        (
            {"ports": PortRange(80)},
            {"reserved": None},
            {"excluded": [80]},
            {"privileged_below": 65536},
            {"v6only": "never"},
            {"time_wait": -1.0},
            {"fin_wait_2": math.inf},
            {"fin_wait_2": "long"},
            {"udp_exhaustion": None},
        ),
    ),
    System: Sample(
        {
            "name": "mine",
            "title": "My router",
            "aliases": ("router",),
            "kind": Kind.MIDDLEBOX,
            "parent": "linux",
            "first_release": "1.0",
            "last_release": "",
            "is_current": True,
            "source": None,
        },
        (
            {"name": ""},
            {"title": ""},
            {"kind": "hots"},
            {"aliases": 3},
            {"source": 3},
        ),
    ),
    Source: Sample(
        {"document": "RFC 6335", "section": "section 6", "checked": "2026-11"},
        (
            {"document": ""},
            {"checked": ""},
        ),
    ),
    Owner: Sample(
        {"pid": 1, "name": "init", "uid": 0, "started_at": 1.5},
        (
            {"pid": -1},
            {"pid": None},
            {"pid": "first"},
            {"uid": -1},
            {"uid": "root"},
            {"started_at": math.nan},
            {"started_at": -1.0},
            {"started_at": "today"},
        ),
    ),
    Visibility: Sample(
        {"sockets": Scope.ALL, "owners": Scope.OWN, "reason": "not root"},
        (
            {"sockets": "everything"},
            {"sockets": None},
            {"owners": 3},
        ),
    ),
    Change: Sample(
        {
            "kind": ChangeKind.CLOSED,
            "record": WEB,
            "before": WEB,
            "at": 2.0,
            "previous_poll": 1.0,
            "seen_since": 0.0,
        },
        (
            {"kind": "renamed"},
            {"record": None},
            {"record": "tcp 0.0.0.0:80"},
            {"before": ()},
            {"at": math.inf},
            {"previous_poll": -1.0},
            {"seen_since": None},
        ),
    ),
    Reason: Sample(
        {"key": "exposed", "kind": ReasonKind.CONCERN, "text": "reachable", "source": None},
        ({"kind": "both"}, {"kind": None}, {"source": "RFC 6335"}),
    ),
    LingeringListener: Sample(
        {
            "record": WEB,
            "age": Age.OBSERVED,
            "seen_since": 0.0,
            "owner_started_at": None,
            "reasons": (),
        },
        (
            {"record": None},
            {"age": "old"},
            {"seen_since": math.nan},
            {"owner_started_at": -5.0},
            {"reasons": ("exposed",)},
        ),
    ),
    Machine: Sample(
        {
            "platform": "linux",
            "release": "6.18",
            "read_file": RECORDED_LINUX.read_file,
            "run": RECORDED_LINUX.run,
        },
        ({"platform": None}, {"release": 6.18}, {"read_file": "/proc"}, {"run": None}),
    ),
    Origin: Sample(
        {
            "field": Field.RESERVED,
            "kind": OriginKind.DEFAULT,
            "place": "",
            "note": "",
            "source": None,
        },
        ({"field": "color"}, {"kind": "guessed"}, {"source": "RFC 6335"}),
    ),
    MachineSettings: Sample(
        {each.name: getattr(SETTINGS, each.name) for each in dataclasses.fields(SETTINGS)},
        (
            {"transport": "icmp"},
            {"family": "ipv4"},
            {"configured": None},
            {"configured": PortRange(1024, 2048)},
            {"reserved": [40000]},
            {"excluded": PortSet([50000])},
            {"unprivileged_start": -1},
            {"unprivileged_start": 65537},
            {"time_wait": math.nan},
            {"time_wait_reuse": "sometimes"},
            {"time_wait_limit": -1},
            {"fin_wait_2": "long"},
            {"port_step_width": -1},
            {"profile": "linux"},
            {"readings": None},
        ),
    ),
    Exclusion: Sample(
        {"ports": PortRange(5357), "administered": False},
        ({"ports": "5357"}, {"ports": None}, {"administered": "often"}),
    ),
    LingeringListeners: Sample(
        {
            "found": (),
            "older_than": 300.0,
            "ports": PortSet([50000]),
            "visibility": VISIBLE,
            "read_at": 0.0,
            "note": "",
        },
        (
            {"found": (80,)},
            {"older_than": -1.0},
            {"older_than": math.nan},
            {"ports": [50000]},
            {"visibility": None},
            {"read_at": "now"},
        ),
    ),
    Usage: Sample(
        {
            "transport": Transport.TCP,
            "profile": SETTINGS.profile,
            "ports": PortSet(SETTINGS.profile.ports),
            "in_use": PortSet([32768]),
            "held": PortSet(),
            "connections": 1,
            "time_wait": 0,
            "time_wait_ports": PortSet(),
            "self_connected": PortSet(),
            "destinations": (),
            "visibility": VISIBLE,
            "read_at": 0.0,
        },
        (
            {"transport": "icmp"},
            {"profile": "linux"},
            {"ports": PortRange(1, 2)},
            {"in_use": PortSet([80])},
            {"held": None},
            {"connections": -1},
            {"time_wait_ports": [32768]},
            {"self_connected": [32768]},
            {"destinations": (5,)},
            {"read_at": math.inf},
        ),
    ),
    Destination: Sample(
        {
            "source": "10.0.0.1",
            "address": "10.0.0.2",
            "port": 443,
            "connections": 3,
            "time_wait": 1,
            "reusable": 0,
            "limit": Interval(4, 4),
            "remaining": Interval(0, 1),
        },
        (
            {"port": 65536},
            {"connections": -1},
            {"time_wait": "many"},
            {"reusable": -1},
            {"limit": 4},
            {"remaining": None},
        ),
    ),
    EphemeralProfile: Sample(
        {
            **{
                each.name: getattr(ephemeral.profile("linux"), each.name)
                for each in dataclasses.fields(EphemeralProfile)
            },
        },
        (
            {"system": "linux"},
            {"others": "android"},
            {"transports": ()},
            {"transports": ("tpc",)},
            {"ports": [80]},
            {"ports": "32768-60999"},
            {"skipped": PortSet([80])},
            {"tuned": "often"},
            {"exhaustion": (("bind",),)},
            {"tcp_algorithm": "linus-connect"},
            {"tcp_bind_algorithm": "linux_bind"},
            {"udp_algorithm": "Linux-udp"},
            {"udp_algorithm": None},
            {"shares_ports_across_destinations": "often"},
            {"time_wait": -1.0},
            {"time_wait": math.inf},
            {"privileged_below": -1},
            {"privileged_below": 65537},
            {"ports_per_address": 0},
            {"sources": ()},
            {"confidence": "certain"},
        ),
    ),
    Interval: Sample(
        {"low": 8, "high": 9},
        ({"low": 10}, {"high": 7.5}, {"low": math.nan}, {"high": "nine"}, {"low": None}),
    ),
    Method: Sample(
        {each.name: getattr(METHODS[0], each.name) for each in dataclasses.fields(METHODS[0])},
        (
            {"name": ""},
            {"name": 7},
            {"systems": "linux"},
            {"systems": ("linux", 7)},
            {"systems": ("linux", "linus")},
            {"algorithm": "linux-conect"},
            {"growth": "ports"},
            {"algorithm": None},
            {"waits": "never"},
            {"source": "RFC 6056"},
            {"confidence": "sure"},
        ),
    ),
    Algorithm: Sample(
        {
            each.name: getattr(selection.algorithm("linux-udp"), each.name)
            for each in dataclasses.fields(Algorithm)
        },
        (
            {"name": ""},
            {"title": None},
            {"aliases": "linux"},
            {"start": "somewhere"},
            {"walk": "backwards"},
            {"counts_holes": "often"},
            {"cells": 257},
            {"cells": 1 << 17},
            {"increment": -1},
            {"step": 0},
            {"random_bits": 65},
            {"source": "RFC 6056"},
            {"confidence": None},
        ),
    ),
    Operator: Sample(
        {"sign": ">=", "comparison": Comparison.AT_LEAST},
        ({"sign": ""}, {"comparison": "about"}, {"comparison": None}),
    ),
    MisreadText: Sample(
        {"fault": Fault.MASK, "text": "1000/13", "means": "0x8/0xd", "note": "a mask"},
        (
            {"fault": "odd"},
            {"text": ""},
            {"means": "eighty"},
            {"means": "0x9/0x4"},
            {"means": [80]},
        ),
    ),
    Dialect: Sample(
        {
            each.name: getattr(dialects.lookup("iptables-multiport"), each.name)
            for each in dataclasses.fields(Dialect)
        },
        (
            {"name": ""},
            {"aliases": 5},
            {"wording": "--dports {ports}"},
            {"frame": "-p tcp {match}"},
            {"spacing": ","},
            {"brackets": "[]"},
            {"ranges": ":"},
            {"names": None},
            {"limits": 15},
            {"lowest": 65536},
            {"misread_texts": ("010",)},
            {"evidence": "guessed"},
        ),
    ),
    Wording: Sample(
        {"plain": ("--dport {ports}",), "negated": ("! --dport {ports}",)},
        (
            {"plain": ("--dports",)},
            {"plain": ("{ports}", "{ports} {ports}")},
            {"plain": ()},
            {"plain": "{ports}"},
            {"negated": ("",)},
        ),
    ),
    Frame: Sample(
        {
            "forms": ("-p {transport} {match}",),
            "rule": TransportRule.OPTIONAL,
            "transports": (Transport.TCP,),
            "families": (),
            "joint": "\n",
        },
        (
            {"joint": ""},
            {"forms": ("-p tcp {match}",)},
            {"forms": ()},
            {"rule": "never"},
            {"rule": TransportRule.NEVER},
            {"transports": ()},
            {"families": 6},
        ),
    ),
    Spacing: Sample(
        {
            each.name: getattr(dialects.lookup("nft").spacing, each.name)
            for each in dataclasses.fields(Spacing)
        },
        # cattrs makes a text or a bool of any value; test_dialects.py has the other wrong ones.
        (),
    ),
    Brackets: Sample(
        {"opening": "{ ", "closing": " }", "when": Bracketed.ALWAYS},
        ({"when": "sometimes"},),
    ),
    Ranges: Sample(
        {
            each.name: getattr(dialects.lookup("iptables").ranges, each.name)
            for each in dataclasses.fields(Ranges)
        },
        (
            {"signs": None},
            {"open_first": -1},
            {"open_last": 65536},
        ),
    ),
    Names: Sample(
        {"lookup": NameLookup.ANY, "own": (), "dashed": False},
        ({"lookup": "some"}, {"own": ("http",)}),
    ),
    Limits: Sample(
        {
            each.name: getattr(dialects.lookup("iptables-multiport").limits, each.name)
            for each in dataclasses.fields(Limits)
        },
        (
            {"max_slots": -1},
            {"max_elements": "one"},
            {"max_elements": 65536},
            {"max_length": -1},
            {"max_texts": None},
        ),
    ),
    Evidence: Sample(
        {
            "confidence": Confidence.MEASURED,
            "verification": Verification.READBACK,
            "sources": (CRITERION.source,),
            "version": "1.0",
        },
        (
            {"confidence": "guessed"},
            {"verification": "none"},
            {"verification": Verification.NONE},
            {"sources": ()},
            {"sources": ("the manual",)},
            {"version": 1},
        ),
    ),
    DataForm: Sample(
        {
            each.name: getattr(dialects.data_forms()[0], each.name)
            for each in dataclasses.fields(DataForm)
        },
        (
            {"name": ""},
            {"all_ports": None},
            {"transports": ()},
            {"lowest": -1},
            {"keys": ()},
            {"keys": ("Port",)},
            {"required": ()},
            {"nested_keys": "From"},
            {"notes": "one"},
            {"evidence": None},
        ),
    ),
    Criterion: Sample(
        {each.name: getattr(CRITERION, each.name) for each in dataclasses.fields(Criterion)},
        (
            {"id": ""},
            {"rule": None},
            {"service_has": "system"},
            {"client_lacks": None},
            {"source": "RFC 6335"},
        ),
    ),
    Judgement: Sample(
        {"port": 443, "side": Side.SECOND, "criterion": CRITERION},
        (
            {"port": 65536},
            {"port": "https"},
            {"port": None},
            {"side": 3},
            {"side": None},
            {"criterion": "named"},
        ),
    ),
    Advice: Sample(
        {each.name: getattr(advice.rows()[0], each.name) for each in dataclasses.fields(Advice)},
        ({"id": ""}, {"severity": "fatal"}, {"template": None}, {"source": None}),
    ),
    Layer: Sample(
        {"label": "web", "ports": PortSet([80]), "detail": "80", "stands_out": True},
        (
            {"label": ""},
            {"label": 80},
            {"ports": [80]},
            {"ports": "80"},
            {"detail": None},
            {"stands_out": None},
        ),
    ),
    Finding: Sample(
        {
            "id": "assigned",
            "severity": Severity.WARNING,
            "sentence": "443/tcp is assigned to https",
            "ports": PortSet([443]),
            "source": CRITERION.source,
            "location": Location(line=3),
        },
        (
            {"id": 1},
            {"severity": "fatal"},
            {"sentence": ""},
            {"ports": [443]},
            {"ports": "443"},
            {"source": None},
            {"location": 3},
        ),
    ),
    Difference: Sample(
        {"added": PortSet([80]), "removed": PortSet([22])},
        ({"added": [80]}, {"removed": None}, {"added": PortSet([22])}),
    ),
    Location: Sample(
        {"line": 3, "pointer": "/Rules/0"},
        ({"line": -1}, {"line": None}, {"line": 0, "pointer": ""}),
    ),
    Rule: Sample(
        {
            "ports": TransportPorts(tcp=[22]),
            "source_ports": PortSet([53]),
            "translated_ports": None,
            "families": (Family.INET,),
            "action": Action.JUMP,
            "target": "filter web",
            "direction": None,
            "group": "filter INPUT",
            "priority": 0,
            "applies": Applies.MAYBE,
            "conditions": ("-i eth0",),
            "location": Location(line=3),
            "text": "-A INPUT -i eth0 -j web",
        },
        (
            {"ports": PortSet([22])},
            {"source_ports": None},
            {"translated_ports": PortSet([80])},
            {"families": ()},
            {"families": (Family.INET, Family.INET)},
            {"action": "allow"},
            {"action": Action.ACCEPT},
            {"target": ""},
            {"direction": "sideways"},
            {"group": ""},
            {"priority": -1},
            {"applies": Applies.ALWAYS},
            {"conditions": "-i eth0"},
            {"location": 3},
            {"text": None},
        ),
    ),
    Skipped: Sample(
        {
            "location": Location(line=3),
            "text": "-A INPUT -j HOMEMADE",
            "reason": "unknown target",
            "could_accept": True,
            "group": "filter INPUT",
            "direction": Direction.IN,
        },
        (
            {"location": None},
            {"text": 3},
            {"reason": ""},
            {"could_accept": "perhaps"},
            {"group": None},
            {"direction": "sideways"},
        ),
    ),
    Chain: Sample(
        {
            "name": "filter INPUT",
            "hook": Hook.INPUT,
            "priority": -150,
            "policy": Action.DROP,
            "families": (Family.INET, Family.INET6),
            "translates": False,
            "is_alternative": True,
            "passes_translated": False,
        },
        (
            {"name": ""},
            {"hook": "nowhere"},
            {"hook": None},
            {"priority": "filter"},
            {"policy": Action.RETURN},
            {"policy": Action.REJECT},
            {"families": ()},
            {"translates": True},
            {"passes_translated": True},
        ),
    ),
    Ruleset: Sample(
        {
            "format": "iptables",
            "rules": (RULE,),
            "skipped": (),
            "chains": (BASE, USER),
            "implied": (RULE,),
        },
        (
            {"implied": (RULE, 3)},
            {"implied": (BACK,)},
            {"format": ""},
            {"rules": [3]},
            {"skipped": (RULE,)},
            {"chains": (BASE,)},
            {"chains": (USER,)},
            {"chains": (BASE, USER, USER)},
            {"chains": (BASE, USER, 3)},
            {"rules": (RULE, BACK)},
            {"chains": (BASE, dataclasses.replace(USER, families=(Family.INET6,)))},
        ),
    ),
}


REFUSALS = (
    TypeError,
    ValueError,
    LookupError,
    ExceptionGroup,
    cattrs.StructureHandlerNotFoundError,
    msgspec.MsgspecError,
    pydantic.PydanticSchemaGenerationError,
)


# -- which records are arguments ------------------------------------------------


def modules() -> Iterator[ModuleType]:
    yield portranges
    for each in pkgutil.iter_modules(portranges.__path__):
        if each.name not in INNER and not each.name.startswith("_"):
            yield importlib.import_module(f"portranges.{each.name}")


def functions() -> Iterator[Callable[..., object]]:
    """Public functions and methods, and constructors of what is not a record itself."""
    for module in modules():
        for name in offered(module):
            value = getattr(module, name)
            if not inspect.isclass(value):
                # An annotation can be called, but has no arguments of its own.
                if callable(value) and typing.get_origin(value) is None:
                    yield value
                continue
            for member_name, member in vars(value).items():
                function = getattr(member, "__func__", member)
                is_public = not member_name.startswith("_")
                if member_name in ("__init__", "__new__"):
                    is_public = not dataclasses.is_dataclass(value)
                if is_public and inspect.isfunction(function):
                    yield function


def classes_in(hint: object) -> Iterator[type[Any]]:
    arguments = typing.get_args(hint)
    if inspect.isclass(hint) and not arguments:
        yield hint
    for each in arguments:
        # The arguments of a Callable are a list.
        for inner in each if isinstance(each, list) else [each]:
            yield from classes_in(inner)


def argument_records() -> dict[str, type[Any]]:
    open_hints: list[object] = []
    for function in functions():
        target = inspect.unwrap(function)
        target = getattr(target, "__func__", target)
        hints = typing.get_type_hints(target)
        open_hints += [hint for name, hint in hints.items() if name != "return"]
    found: dict[str, type[Any]] = {}
    while open_hints:
        for kind in classes_in(open_hints.pop()):
            name = f"{kind.__module__}.{kind.__qualname__}"
            is_ours = name.startswith("portranges.") and dataclasses.is_dataclass(kind)
            if is_ours and name not in found:
                found[name] = kind
                open_hints += typing.get_type_hints(kind).values()
    return found


RECORDS = argument_records()


def test_the_walk_finds_records_directly_and_in_others() -> None:
    assert {
        "portranges.ports.PortRange",
        "portranges.ports.MaskedPort",
        "portranges.reuse.model.Socket",
        "portranges.source.Source",
    } <= RECORDS.keys()


def test_every_record_has_a_sample() -> None:
    sampled = {f"{kind.__module__}.{kind.__qualname__}" for kind in SAMPLES}
    assert RECORDS.keys() - sampled == set()


# -- the ways to build one ------------------------------------------------------


def forged(kind: type[Any], fields: dict[str, Any]) -> Any:
    """A record that no check has seen, as only object.__setattr__ makes one."""
    made = object.__new__(kind)
    for name, value in fields.items():
        object.__setattr__(made, name, value)
    return made


def with_setstate(kind: type[Any], fields: dict[str, Any]) -> Any:
    valid = kind(**SAMPLES[kind].valid)
    before = repr(valid)
    if not hasattr(valid, "__setstate__"):
        raise TypeError("there is no __setstate__")
    try:
        valid.__setstate__(list(fields.values()))
    finally:
        assert repr(valid) == before
    return valid


def with_pydantic(kind: type[Any], fields: dict[str, Any]) -> Any:
    model = pydantic.create_model(
        "Body", __config__={"arbitrary_types_allowed": True}, value=(kind, ...)
    )
    return model.model_validate({"value": fields}).value


def with_pydantic_json(kind: type[Any], fields: dict[str, Any]) -> Any:
    return pydantic.TypeAdapter(kind).validate_json(json.dumps(fields))


WAYS: dict[str, Callable[[type[Any], dict[str, Any]], Any]] = {
    "constructor": lambda kind, fields: kind(**fields),
    "replace": lambda kind, fields: dataclasses.replace(kind(**SAMPLES[kind].valid), **fields),
    "copy": lambda kind, fields: copy.copy(forged(kind, fields)),
    "deepcopy": lambda kind, fields: copy.deepcopy(forged(kind, fields)),
    **{
        f"pickle {protocol}": lambda kind, fields, protocol=protocol: pickle.loads(
            pickle.dumps(forged(kind, fields), protocol)
        )
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
    "pydantic": with_pydantic,
    "pydantic, JSON": with_pydantic_json,
    "msgspec": lambda kind, fields: msgspec.convert(fields, kind),
    "msgspec, JSON": lambda kind, fields: msgspec.json.decode(json.dumps(fields), type=kind),
    "cattrs": lambda kind, fields: cattrs.structure(fields, kind),
}


def is_converted(made: Any, wrong: dict[str, Any]) -> bool:
    """Whether pydantic made ports of a text, a number or a list, and the record is valid."""
    values = {each.name: getattr(made, each.name) for each in dataclasses.fields(made) if each.init}
    assert type(made)(**values) == made
    return all(isinstance(values[name], PortSet | PortRange) for name in wrong)


@pytest.mark.parametrize("way", [*WAYS, "__setstate__"])
@pytest.mark.parametrize("kind", SAMPLES, ids=lambda kind: kind.__name__)
def test_wrong_values_are_refused(kind: type[Any], way: str) -> None:
    sample = SAMPLES[kind]
    build = WAYS.get(way, with_setstate)
    for wrong in sample.wrong:
        made: object = None
        try:
            made = build(kind, {**sample.valid, **wrong})
        except REFUSALS:
            continue
        if way.startswith("pydantic") and is_converted(made, wrong):
            continue
        # msgspec makes a dataclass of any object with __getitem__ and attributes of these names:
        # a set is then the range from its first port to its last.
        if way == "msgspec" and any(isinstance(each, PortSet) for each in wrong.values()):
            assert is_converted(made, wrong)
            continue
        raise AssertionError(f"{wrong} made {made!r}")


@pytest.mark.parametrize("kind", SAMPLES, ids=lambda kind: kind.__name__)
def test_the_valid_fields_of_each_sample_are_accepted(kind: type[Any]) -> None:
    # The test above proves nothing if the valid fields are refused too.
    sample = SAMPLES[kind]
    made = kind(**sample.valid)
    assert {name: getattr(made, name) for name in sample.valid} == sample.valid
    for way in ("replace", "copy", "deepcopy", "pickle 2"):
        assert WAYS[way](kind, sample.valid) == made
    for field in dataclasses.fields(kind):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(made, field.name, getattr(made, field.name))
    assert not hasattr(made, "__dict__")


@pytest.mark.parametrize("kind", [PortRange, MaskedPort, Endpoint])
@pytest.mark.parametrize("way", WAYS)
def test_every_way_builds_ports_from_valid_values(kind: type[Any], way: str) -> None:
    valid = SAMPLES[kind].valid
    assert WAYS[way](kind, valid) == kind(**valid)


@pytest.mark.parametrize("kind", SAMPLES, ids=lambda kind: kind.__name__)
def test_pydantic_builds_every_record_from_valid_values(kind: type[Any]) -> None:
    valid = SAMPLES[kind].valid
    adapter = pydantic.TypeAdapter(kind)
    made = adapter.validate_python(valid)
    assert made == kind(**valid)
    assert adapter.validate_python(made) == made
    # The functions that read a machine have no form in JSON.
    if kind is not Machine:
        assert adapter.dump_json(made)
        for mode in ("validation", "serialization"):
            schema = adapter.json_schema(mode=mode)
            assert {"$ref", "properties", "type"} & schema.keys()


HOSTILE = [
    None,
    True,
    -1,
    2**70,
    math.nan,
    "",
    "\0",
    b"80",
    [],
    {},
    [None],
    {"tcp": None},
    object(),
]


@pytest.mark.parametrize("kind", SAMPLES, ids=lambda kind: kind.__name__)
def test_pydantic_reports_whatever_a_record_refuses(kind: type[Any]) -> None:
    # Another exception would be an internal error of a server.
    adapter = pydantic.TypeAdapter(kind)
    valid = SAMPLES[kind].valid
    for name in valid:
        for value in [*HOSTILE, *(each[name] for each in SAMPLES[kind].wrong if name in each)]:
            try:
                adapter.validate_python({**valid, name: value})
            except pydantic.ValidationError as error:
                error.json()


CONVERTER = cattrs.Converter()
register(CONVERTER)

# They hold functions, or sockets that a system was asked for.
NOT_DATA = {Machine, Change, LingeringListener, LingeringListeners}


OF_DATA = [kind for kind in SAMPLES if kind not in NOT_DATA]


@pytest.mark.parametrize("kind", OF_DATA, ids=lambda kind: kind.__name__)
def test_cattrs_builds_every_record_of_data_and_no_invalid_one(kind: type[Any]) -> None:
    record = kind(**SAMPLES[kind].valid)
    data = CONVERTER.unstructure(record)
    assert CONVERTER.structure(data, kind) == record
    for wrong in SAMPLES[kind].wrong:
        try:
            made = CONVERTER.structure({**data, **wrong}, kind)
        except REFUSALS:
            continue
        # cattrs itself makes a bool, a str or a tuple of almost anything.
        fields = {each.name: getattr(made, each.name) for each in dataclasses.fields(made)}
        assert kind(**{name: fields[name] for name in data}) == made


@pytest.mark.parametrize("kind", OF_DATA, ids=lambda kind: kind.__name__)
def test_msgspec_builds_every_record_and_refuses_wrong_values(kind: type[Any]) -> None:
    valid = SAMPLES[kind].valid
    if kind is Socket:
        # Its address is of one of two types that msgspec does not know.
        with pytest.raises(TypeError, match="may not contain more than one custom type"):
            msgspec.convert(valid, kind, dec_hook=dec_hook)
        return
    assert msgspec.convert(valid, kind, dec_hook=dec_hook) == kind(**valid)
    for wrong in SAMPLES[kind].wrong:
        try:
            made = msgspec.convert({**valid, **wrong}, kind, dec_hook=dec_hook)
        except REFUSALS:
            continue
        assert is_converted(made, wrong), f"{wrong} made {made!r}"


@pytest.mark.parametrize("kind", [PortSet, TransportPorts, SocketRecord, SocketTable])
@pytest.mark.parametrize(
    "value", [["x"], {"tcp": [70000]}, {"_bits": -1}, {"_row": (), "owners": ()}, "x", -80]
)
def test_a_set_is_built_by_its_own_methods_only(kind: type[Any], value: object) -> None:
    for build in (
        lambda: pydantic.TypeAdapter(kind).validate_python(value),
        lambda: msgspec.convert(value, kind),
        lambda: cattrs.structure(value, kind),
    ):
        with pytest.raises(REFUSALS):
            build()
    assert "__dict__" not in dir(kind)
    assert not hasattr(kind, "__setstate__")
