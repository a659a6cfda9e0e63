"""Compose files: both sides of each mapping, and what is skipped with which reason."""

from __future__ import annotations

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


CHOSEN = "the port of the host is chosen by docker, got {}"
VARIABLE = "a port must not contain a variable, got {}; 'docker compose config' replaces variables"


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("80", CHOSEN.format("'80'")),
        (80, CHOSEN.format("'80'")),
        ("80-90/udp", CHOSEN.format("'80-90/udp'")),
        ("0:80", CHOSEN.format("'0:80'")),
        ({"target": 80}, CHOSEN.format("':80/tcp'")),
        ({"target": 80, "published": ""}, CHOSEN.format("':80/tcp'")),
        ("${PORT:-80}:80", VARIABLE.format("'${PORT:-80}:80'")),
        ("$PORT:80", VARIABLE.format("'$PORT:80'")),
        ({"target": "${PORT}", "published": 80}, VARIABLE.format("'${PORT}'")),
        ({"target": 80, "published": "${PORT}"}, VARIABLE.format("'${PORT}'")),
        ({"target": 80, "published": 80, "protocol": "$P"}, VARIABLE.format("'$P'")),
        ({"target": 80, "published": 80, "host_ip": "$IP"}, VARIABLE.format("'$IP'")),
        (
            "9000-9010:80",
            "host and container must have the same number of ports, got 11 and 1; docker would "
            "choose one of them",
        ),
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
            "network_mode host makes every port that the service listens on one of the host",
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
