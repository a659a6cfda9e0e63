"""Compose files: both sides of each mapping, and what is skipped with which reason."""

from __future__ import annotations

from typing import Any

import pytest

from portranges import InvalidValueError, rulesets
from portranges.rulesets import Action, Applies, Direction, Rule, Ruleset

BOTH = ("inet", "inet6")


def read(service: object) -> Ruleset:
    return rulesets.from_data({"services": {"web": service}}, "compose")


def reasons(ruleset: Ruleset) -> list[tuple[str, str]]:
    return [(each.location.pointer, each.reason) for each in ruleset.skipped]


def only(entry: object) -> Rule:
    ruleset = read({"ports": [entry]})
    assert ruleset.skipped == ()
    (rule,) = ruleset.rules
    assert rule.location.pointer == "/services/web/ports/0"
    assert (rule.group, rule.action, rule.direction) == ("web", Action.TRANSLATE, Direction.IN)
    return rule


def refused(entry: object) -> str:
    ruleset = read({"ports": [entry]})
    assert ruleset.rules == ()
    (skipped,) = ruleset.skipped
    assert (skipped.location.pointer, skipped.could_accept) == ("/services/web/ports/0", True)
    return skipped.reason


@pytest.mark.parametrize(
    ("entry", "ports", "target", "families", "applies", "conditions"),
    [
        ("8080:80", "8080/tcp", "80", BOTH, Applies.ALWAYS, ()),
        ("53:53/udp", "53/udp", "53", BOTH, Applies.ALWAYS, ()),
        ("53:53/SCTP", "53/sctp", "53", BOTH, Applies.ALWAYS, ()),
        ("3000-3005:4000-4005", "3000-3005/tcp", "4000-4005", BOTH, Applies.ALWAYS, ()),
        (
            *("127.0.0.1:80:81", "80/tcp", "81", ("inet",), Applies.NEVER),
            ('host_ip: "127.0.0.1"',),
        ),
        ("[::1]:80:81", "80/tcp", "81", ("inet6",), Applies.NEVER, ('host_ip: "::1"',)),
        ("10.0.0.1:80:81", "80/tcp", "81", ("inet",), Applies.MAYBE, ('host_ip: "10.0.0.1"',)),
        ("0.0.0.0:80:81", "80/tcp", "81", ("inet",), Applies.ALWAYS, ()),
        ("[::]:80:81", "80/tcp", "81", BOTH, Applies.ALWAYS, ()),
        ({"target": 80, "published": 8080}, "8080/tcp", "80", BOTH, Applies.ALWAYS, ()),
        ({"target": "80", "published": "8080"}, "8080/tcp", "80", BOTH, Applies.ALWAYS, ()),
        (
            {
                "name": "dns", "mode": "host", "app_protocol": "dns", "x-note": 1,
                "target": 53, "published": 5353, "protocol": "udp", "host_ip": "127.0.0.2",
            },
            *("5353/udp", "53", ("inet",), Applies.NEVER, ('host_ip: "127.0.0.2"',)),
        ),
        (
            {"target": 80, "published": 8080, "host_ip": ""},
            *("8080/tcp", "80", BOTH, Applies.ALWAYS, ()),
        ),
    ],
)  # fmt: skip
def test_both_sides_of_a_mapping(
    entry: object, ports: str, target: str, *, families: object, applies: object, conditions: object
) -> None:
    rule = only(entry)
    assert (str(rule.ports), str(rule.translated_ports)) == (ports, target)
    assert (rule.families, rule.applies, rule.conditions) == (families, applies, conditions)


VARIABLE = (
    "a variable must have a default or a value, got {}; variables= and 'docker compose config' "
    "replace variables"
)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("0:80-81", "a range must not have port 0 of the host, got '0:80-81'"),
        ("0-9:80", "a range must not contain port 0, got '0-9:80'"),
        ("$PORT:80", VARIABLE.format("'$PORT'")),
        ("${PORT}:80", VARIABLE.format("'${PORT}'")),
        ("${PORT:?set it}:80", VARIABLE.format("'${PORT:?set it}'")),
        ("${PORT+81}:80", VARIABLE.format("'${PORT+81}'")),
        ("${1}:80", "a variable must be $NAME or ${NAME}, got '${1}:80'"),
        ("${PORT:-80", "a variable must end with '}', got '${PORT:-80'"),
        ("${A:-" * 11 + "}" * 11, "variables must have at most 10 levels, got more levels"),
        ("$$80:80", "expected a port or 'first-last', got '$80'"),
        ({"target": "${PORT}", "published": 80}, VARIABLE.format("'${PORT}'")),
        ({"target": 80, "published": "${PORT}"}, VARIABLE.format("'${PORT}'")),
        ({"target": 80, "published": 80, "protocol": "$P"}, VARIABLE.format("'$P'")),
        ({"target": 80, "published": 80, "host_ip": "$IP"}, VARIABLE.format("'$IP'")),
        (
            "9000-9010:80-81",
            "host and container must have the same number of ports, got 11 and 2",
        ),
        ("9010-9000:80", "first must not be greater than last, got 9010-9000; did you mean "
         "9000-9010?"),
        ("80:1-x", "expected a port or 'first-last', got '1-x'; docker does not accept "
         "names here"),
        ("80:80/tpc", "expected tcp, udp or sctp, got 'tpc'"),
        (
            {"target": 80, "published": 80, "protocol": "tpc"},
            "expected tcp, udp or sctp, got 'tpc'",
        ),
        (
            {"target": 80, "published": 80, "host_ip": "localhost"},
            "the address must be an IP address, got 'localhost'",
        ),
        ({"target": "80-81", "published": 80}, "target must be a port, got '80-81'"),
        (
            {"target": 80, "published": "1.2.3.4:80"},
            "published must be a port or a range, got '1.2.3.4:80'",
        ),
        ({"published": 80}, "a port must have target, got {'published': 80}"),
        ({"target": None, "published": 80}, "a port must have target, got {'target': None, "
         "'published': 80}"),
        ({"target": 80, "publishd": 80}, "a port must have only known keys, got 'publishd'"),
        ({"taget": 80, "published": 80}, "a port must have only known keys, got 'taget'"),
        (True, "a port must be text or an integer, got True"),
        (80.0, "a port must be text, an integer or a mapping, got float 80.0"),
        (None, "a port must be text, an integer or a mapping, got NoneType None"),
        ({"target": True, "published": 80}, "a port must be text or an integer, got True"),
        (70000, "port must be in 1..65535, got '70000'; YAML reads 1166:40 without "
         "quotes as 70000, to base 60"),
    ],
)  # fmt: skip
def test_a_port_that_is_not_understood_is_skipped(entry: object, reason: str) -> None:
    assert refused(entry) == reason


CHOSEN = ("published: one of net.ipv4.ip_local_port_range",)


@pytest.mark.parametrize(
    ("entry", "ports", "target", "conditions"),
    [
        ("80", "32768-60999/tcp", "80", CHOSEN),
        (80, "32768-60999/tcp", "80", CHOSEN),
        ("80-90/udp", "32768-60999/udp", "80-90", CHOSEN),
        ("0:80", "32768-60999/tcp", "80", CHOSEN),
        ({"target": 80}, "32768-60999/tcp", "80", CHOSEN),
        ({"target": 80, "published": ""}, "32768-60999/tcp", "80", CHOSEN),
        ("9000-9010:80/udp", "9000-9010/udp", "80", ("published: one of 9000-9010",)),
        (":9000-9010:80", "9000-9010/tcp", "80", ("published: one of 9000-9010",)),
        (
            {"target": 80, "published": "9000-9010"},
            *("9000-9010/tcp", "80", ("published: one of 9000-9010",)),
        ),
        ("9000-9000:80", "9000/tcp", "80", ()),
    ],
)
def test_the_engine_chooses_a_port_of_the_host(
    entry: object, ports: str, target: str, *, conditions: tuple[str, ...]
) -> None:
    rule = only(entry)
    assert (str(rule.ports), str(rule.translated_ports)) == (ports, target)
    assert rule.applies is (Applies.MAYBE if conditions else Applies.ALWAYS)
    assert rule.conditions == conditions


@pytest.mark.parametrize(
    ("entry", "ports", "target", "families", "conditions"),
    [
        ("${PORT:-8080}:80", "8080/tcp", "80", BOTH, ("${PORT:-8080}",)),
        ("${PORT-8080}:${TO:-80}", "8080/tcp", "80", BOTH, ("${PORT-8080}", "${TO:-80}")),
        (
            "${ALL:-127.0.0.1:1:2}",
            *("1/tcp", "2", BOTH, ('host_ip: "127.0.0.1"', "${ALL:-127.0.0.1:1:2}")),
        ),
        (
            "${IP:-127.0.0.1}:1:2",
            *("1/tcp", "2", BOTH, ('host_ip: "127.0.0.1"', "${IP:-127.0.0.1}")),
        ),
        ("${IP:-0.0.0.0}:1:2", "1/tcp", "2", BOTH, ("${IP:-0.0.0.0}",)),
        ("${IP-}:1:2", "1/tcp", "2", BOTH, ("${IP-}",)),
        ("${A:-${B:-1}}:2", "1/tcp", "2", BOTH, ("${A:-${B:-1}}",)),
        ("10.0.0.1:${A:-1}:2", "1/tcp", "2", ("inet",), ('host_ip: "10.0.0.1"', "${A:-1}")),
        (
            {"target": "${A:-1}", "published": "${B:-2}", "protocol": "${C:-udp}"},
            *("2/udp", "1", BOTH, ("${A:-1}", "${B:-2}", "${C:-udp}")),
        ),
        (
            {"target": 1, "host_ip": "${IP-::1}", "published": 2},
            *("2/tcp", "1", BOTH, ('host_ip: "::1"', "${IP-::1}")),
        ),
        # With a value or without the variable, there is nothing to say.
        ("${SET}:80", "81/tcp", "80", BOTH, ()),
        ("$SET:80", "81/tcp", "80", BOTH, ()),
        ("${SET:-1}:80", "81/tcp", "80", BOTH, ()),
        ("${SET:+5}:80", "5/tcp", "80", BOTH, ()),
        ("${SET+${A:-6}}:80", "6/tcp", "80", BOTH, ("${A:-6}",)),
        ("${SET:?no}:80", "81/tcp", "80", BOTH, ()),
        ("${EMPTY?no}80:80", "80/tcp", "80", BOTH, ()),
        ("${EMPTY:+8}80:80", "80/tcp", "80", BOTH, ()),
        ("${EMPTY:-1}:80", "1/tcp", "80", BOTH, ("${EMPTY:-1}",)),
        ("${EMPTY-1}82:80", "82/tcp", "80", BOTH, ()),
    ],
)
def test_variables(
    entry: object, ports: str, target: str, *, families: object, conditions: tuple[str, ...]
) -> None:
    data = {"services": {"web": {"ports": [entry]}}}
    ruleset = rulesets.from_data(data, variables={"SET": "81", "EMPTY": ""})
    assert ruleset.skipped == ()
    (rule,) = ruleset.rules
    assert (str(rule.ports), str(rule.translated_ports)) == (ports, target)
    assert (rule.families, rule.conditions) == (families, conditions)
    assert rule.applies is (Applies.MAYBE if conditions else Applies.ALWAYS)


def test_variables_are_for_formats_that_have_them() -> None:
    with pytest.raises(InvalidValueError) as caught:
        rulesets.parse("-P INPUT DROP", variables={})
    assert str(caught.value) == (
        "variables must be None for a format without variables, got 0 for 'iptables'"
    )
    wrong: Any
    for wrong in (["A"], {"A": 1}, {1: "A"}):
        with pytest.raises(TypeError, match="variables"):
            rulesets.parse("services: {}", variables=wrong)


def test_a_loopback_address_stays_one_beside_a_variable() -> None:
    rule = only("127.0.0.1:${A:-1}:2")
    assert (rule.applies, rule.families) == (Applies.NEVER, ("inet",))


def test_the_network_of_the_host_publishes_nothing() -> None:
    ruleset = read({"network_mode": "host", "ports": ["8080:80"]})
    (rule,) = ruleset.rules
    assert (rule.applies, rule.conditions) == (Applies.NEVER, ('network_mode: "host"',))
    assert [each.location.pointer for each in ruleset.skipped] == ["/services/web/network_mode"]


@pytest.mark.parametrize(
    ("base", "extends", "is_reported"),
    [
        ({"image": "a"}, "base", False),
        ({"image": "a"}, {"service": "base"}, False),
        ({"image": "a"}, {"service": "base", "file": "b.yaml"}, True),
        ({"image": "a"}, {"service": "other"}, True),
        ({"ports": ["80"]}, "base", True),
        ({"extends": "web"}, "base", True),
        ([], "base", True),
        ({}, ["base"], True),
    ],
)
def test_a_base_without_ports_hides_nothing(
    base: object, extends: object, *, is_reported: bool
) -> None:
    data = {"services": {"web": {"extends": extends}, "base": base}}
    ruleset = rulesets.from_data(data, "compose")
    pointers = [each.location.pointer for each in ruleset.skipped]
    assert ("/services/web/extends" in pointers) is is_reported


def test_tags_for_merging_files() -> None:
    text = """services:
  web:
    ports: !override
      - 1:2
    expose: !reset
      - 3
    network_mode: !reset null
"""
    ruleset = rulesets.parse(text)
    assert ruleset.skipped == ()
    (rule,) = ruleset.rules
    assert (str(rule.ports), str(rule.location)) == ("1/tcp", "line 4, /services/web/ports/0")


def test_exposed_ports_are_for_other_services() -> None:
    ruleset = read({"expose": [3000, "4000-4010/udp", "80:80", "$P"]})
    assert [(str(each.ports), each.translated_ports) for each in ruleset.rules] == [
        ("3000/tcp", None),
        ("4000-4010/udp", None),
    ]
    for rule in ruleset.rules:
        assert (rule.action, rule.applies, rule.conditions) == (
            Action.ACCEPT, Applies.MAYBE, ("expose",),
        )  # fmt: skip
    assert reasons(ruleset) == [
        (
            "/services/web/expose/2",
            "an exposed port must not have a port of the host, got '80:80'",
        ),
        ("/services/web/expose/3", VARIABLE.format("'$P'")),
    ]


@pytest.mark.parametrize(
    ("service", "place", "reason"),
    [
        ({"port": ["80:80"]}, "/port", "a service must have only known keys, got 'port'"),
        ({"ports": "80:80"}, "/ports", "ports must be a list, got str '80:80'"),
        ({"ports": {"80": 80}}, "/ports", "ports must be a list, got dict {'80': 80}"),
        (
            {"network_mode": "host"},
            "/network_mode",
            "with network_mode host, every port that the service listens on is open on the host",
        ),
        (
            {"extends": {"service": "base"}},
            "/extends",
            "the ports of the service that is extended are not read",
        ),
        ([], "", "a service must be a mapping, got list []"),
    ],
)
def test_what_a_service_hides_is_reported(service: object, place: str, reason: str) -> None:
    ruleset = read(service)
    assert ruleset.rules == ()
    assert reasons(ruleset) == [(f"/services/web{place}", reason)]


def test_a_profile_is_a_condition() -> None:
    (rule,) = read({"ports": ["1:1"], "profiles": ["dev"], "x-note": 1, "expose": None}).rules
    assert (rule.applies, rule.conditions) == (Applies.MAYBE, ('profiles: ["dev"]',))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"services": {}}, []),
        ({"services": {}, "x-note": 1, "version": "3", "volumes": {}}, []),
        ({"version": "3"}, [("", "a compose file must have services, got {'version': '3'}")]),
        (
            {"srvices": {}},
            [
                ("/srvices", "a compose file must have only known keys, got 'srvices'"),
                ("", "a compose file must have services, got {'srvices': {}}"),
            ],
        ),
        (
            {"include": ["a.yaml"]},
            [("/include", "the services of an included file are not in this file")],
        ),
        ({"services": []}, [("/services", "services must be a mapping, got list []")]),
        ([1], [("/0", "a compose file must be a mapping, got int 1")]),
    ],
)
def test_files(data: object, expected: list[tuple[str, str]]) -> None:
    ruleset = rulesets.from_data(data, "compose")
    assert ruleset.rules == ()
    assert reasons(ruleset) == expected


def test_several_documents_have_places_of_their_own() -> None:
    data = [{"services": {"a/b": {"ports": ["1:1"]}}}, {"services": {"": {"ports": ["2:2"]}}}]
    ruleset = rulesets.from_data(data, "compose")
    assert [(each.group, each.location.pointer) for each in ruleset.rules] == [
        ("a/b", "/0/services/a~1b/ports/0"),
        ("(no name)", "/1/services//ports/0"),
    ]


def test_text_has_lines_and_no_numbers_to_base_60() -> None:
    text = 'services:\n  web:\n    ports:\n      - 22:22\n      - "80:80"\n'
    ruleset = rulesets.parse(text)
    assert ruleset.format == "compose"
    assert [(str(each.ports), each.location.line, each.text) for each in ruleset.rules] == [
        ("22/tcp", 4, "22:22"),
        ("80/tcp", 5, "80:80"),
    ]


def test_the_evaluation_is_not_known() -> None:
    with pytest.raises(InvalidValueError) as caught:
        read({"ports": ["80:80"]}).reachable()
    assert str(caught.value) == (
        "format must have an evaluation that was compared with its tool, got 'compose'"
    )
    with pytest.raises(InvalidValueError) as caught:
        rulesets.from_data("80:80", "compose")
    assert str(caught.value) == "data must be a mapping or a list of them, got str '80:80'"


def test_anchors_and_merges() -> None:
    text = """x-ports: &ports
  ports:
    - 1:2
x-web: &web
  <<: *ports
  expose: [3]
services:
  one:
    <<: *web
  two:
    <<: [*web, {expose: [4]}]
    ports:
      - 5:6
"""
    ruleset = rulesets.parse(text)
    assert ruleset.skipped == ()
    assert [
        (each.group, str(each.ports), each.location.line, each.location.pointer)
        for each in ruleset.rules
    ] == [
        ("one", "1/tcp", 3, "/services/one/ports/0"),
        ("one", "3/tcp", 6, "/services/one/expose/0"),
        ("two", "5/tcp", 13, "/services/two/ports/0"),
        ("two", "3/tcp", 6, "/services/two/expose/0"),
    ]
