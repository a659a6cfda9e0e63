"""Policies of Cilium and Calico: ports, conditions, and what is skipped."""

from __future__ import annotations

import pytest

from portranges import TransportPorts, rulesets
from portranges.rulesets import Action, Applies, Direction, Ruleset

EVERY = TransportPorts.full()
NOTHING = TransportPorts.empty()


def reasons(ruleset: Ruleset) -> list[tuple[str, str]]:
    return [(each.location.pointer, each.reason) for each in ruleset.skipped]


# -- Cilium ---------------------------------------------------------------------------------------


def cilium(**spec: object) -> Ruleset:
    data = {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "metadata": {"name": "web"},
        "spec": {"endpointSelector": {}, **spec},
    }
    return rulesets.from_data(data)


def test_each_item_of_to_ports_is_a_rule() -> None:
    ruleset = cilium(
        ingress=[
            {
                "fromEntities": ["world"],
                "authentication": {"mode": "required"},
                "toPorts": [
                    {
                        "ports": [{"port": "80", "protocol": "TCP"}],
                        "rules": {"http": [{"method": "GET"}]},
                    },
                    {"ports": [{"port": "53", "endPort": 60, "protocol": "UDP"}, {"port": "0"}]},
                ],
            }
        ],
        egressDeny=[{"toPorts": [{"ports": [{"port": "25", "protocol": "ANY"}]}]}],
    )
    assert ruleset.skipped == ()
    peers = ('fromEntities: ["world"]', 'authentication: {"mode": "required"}')
    layer_7 = 'rules: {"http": [{"method": "GET"}]}'
    assert [
        (each.location.pointer, str(each.ports), each.action, each.direction, each.conditions)
        for each in ruleset.rules
    ] == [
        ("/spec/ingress/0/toPorts/0", "80/tcp", "accept", "in", (*peers, layer_7)),
        (
            "/spec/ingress/0/toPorts/1",
            "0-65535/tcp,0-65535/udp,0-65535/sctp",
            *("accept", "in", peers),
        ),
        ("/spec/egressDeny/0/toPorts/0", "25/tcp,25/udp,25/sctp", "drop", "out", ()),
    ]
    assert [each.applies for each in ruleset.rules] == ["maybe", "maybe", "always"]


@pytest.mark.parametrize(
    ("rule", "ports", "applies"),
    [
        # This denies what no other rule allows.
        ({}, NOTHING, Applies.NEVER),
        ({"fromEndpoints": []}, NOTHING, Applies.NEVER),
        ({"fromRequires": [{}]}, NOTHING, Applies.NEVER),
        ({"authentication": {"mode": "required"}}, NOTHING, Applies.NEVER),
        ({"fromEndpoints": [{}]}, EVERY, Applies.MAYBE),
        ({"fromCIDR": ["10.0.0.0/8"]}, EVERY, Applies.MAYBE),
        ({"icmps": [{"fields": [{"type": 8}]}]}, NOTHING, Applies.MAYBE),
    ],
)
def test_a_rule_without_ports(rule: object, ports: TransportPorts, applies: Applies) -> None:
    (each,) = cilium(ingress=[rule]).rules
    assert (each.ports, each.applies) == (ports, applies)


NAMED = "port must be a number, got 'http'; names are resolved in each pod"
KNOWN = "a rule must have only known keys, got {}"
ITEM = "an item of toPorts must have {}"
CILIUM = "an entry must have only keys of Cilium (toPorts in a rule of a CiliumNetworkPolicy), got "


@pytest.mark.parametrize(
    ("rule", "place", "reason"),
    [
        ({"toPorts": [{"ports": [{"port": "http"}]}]}, "/toPorts/0/ports/0", NAMED),
        ({"toPorts": [{"ports": [{"prt": "80"}]}]}, "/toPorts/0/ports/0", f"{CILIUM}'prt'"),
        ({"toPorts": [{"ports": [{}]}]}, "/toPorts/0/ports/0",
         "port must be a str, got NoneType None"),
        ({"toPorts": [{"ports": [{"port": 80}]}]}, "/toPorts/0/ports/0",
         "port must be a str, got int 80"),
        ({"toPorts": [{"ports": [{"port": "80", "protocol": "VRRP"}]}]}, "/toPorts/0/ports/0",
         "protocol must be TCP, UDP, SCTP, ANY, got 'VRRP'"),
        ({"toPorts": [{"ports": [7]}]}, "/toPorts/0/ports/0",
         "a port must be a mapping, got int 7"),
        ({"toPorts": [{"ports": []}]}, "/toPorts/0", "an entry must have 1 to 40 ports, got 0"),
        ({"toPorts": [{"ports": [{"port": "1"}] * 41}]}, "/toPorts/0",
         "an entry must have 1 to 40 ports, got 41"),
        ({"toPorts": [{}]}, "/toPorts/0", ITEM.format("ports, got {}")),
        ({"toPorts": [{"port": []}]}, "/toPorts/0", ITEM.format("only known keys, got 'port'")),
        ({"toPorts": [{"ports": [{"port": "1"}], "rules": {"htp": []}}]}, "/toPorts/0",
         "rules must have only known keys, got 'htp'"),
        ({"toPorts": []}, "", "toPorts must not be empty, got []"),
        ({"toPort": []}, "", KNOWN.format("'toPort'")),
        ({"toEntities": ["all"]}, "", KNOWN.format("'toEntities'")),
        ({"fromEntities": "all"}, "", "fromEntities must be a list, got str 'all'"),
        ([], "", "a rule must be a mapping, got list []"),
    ],
)  # fmt: skip
def test_a_rule_of_cilium_is_skipped(rule: object, place: str, reason: str) -> None:
    for section in ("ingress", "ingressDeny"):
        ruleset = cilium(**{section: [rule]})
        assert ruleset.rules == ()
        # A rule that denies has no rules of layer 7.
        expected = (f"/spec/{section}/0{place}", reason)
        if "htp" in reason and section == "ingressDeny":
            expected = (expected[0], ITEM.format("only known keys, got 'rules'"))
        assert reasons(ruleset) == [expected]
        assert ruleset.skipped[0].could_accept is (section == "ingress")


def test_the_ports_of_services_are_not_known() -> None:
    services = [{"k8sService": {"serviceName": "web"}}]
    ruleset = cilium(egress=[{"toServices": services}])
    assert (ruleset.rules, len(ruleset.skipped)) == ((), 1)
    assert ruleset.skipped[0].reason.startswith("the ports of the services are not in the file, ")


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"ingres": [{}]}, "spec of a policy must have only known keys, got 'ingres'"),
        ({"nodeSelector": {}}, "spec of a policy must have either endpointSelector or "
         "nodeSelector, got {'endpointSelector': {}, 'nodeSelector': {}}"),
        ({"endpointSelector": None}, "spec of a policy must have either endpointSelector or "
         "nodeSelector, got {'endpointSelector': None}"),
    ],
)  # fmt: skip
def test_a_policy_of_cilium_is_skipped(spec: dict[str, object], reason: str) -> None:
    assert reasons(cilium(**spec)) == [("/spec", reason)]


def test_several_specifications() -> None:
    rule = {"toPorts": [{"ports": [{"port": "80", "protocol": "TCP"}]}]}
    one = {"nodeSelector": {}, "ingress": [rule]}
    two = {"endpointSelector": {"matchLabels": {"a": "b"}}, "egress": [rule]}
    data = {"apiVersion": "cilium.io/v2", "kind": "CiliumClusterwideNetworkPolicy"}
    ruleset = rulesets.from_data({**data, "specs": [one, two, 7]})
    assert [(each.location.pointer, each.conditions) for each in ruleset.rules] == [
        ("/specs/0/ingress/0/toPorts/0", ("nodeSelector: {}",)),
        ("/specs/1/egress/0/toPorts/0", ('endpointSelector: {"matchLabels": {"a": "b"}}',)),
    ]
    assert reasons(ruleset) == [("/specs/2", "spec of a policy must be a mapping, got int 7")]
    ((_, reason),) = reasons(rulesets.from_data(data))
    assert reason.startswith("a policy must have spec or specs, got {")


# -- Calico ---------------------------------------------------------------------------------------


def calico(kind: str = "GlobalNetworkPolicy", name: str = "g", **spec: object) -> dict[str, object]:
    version = "projectcalico.org/v3"
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec}


def rule_of(**rule: object) -> Ruleset:
    return rulesets.from_data(calico(ingress=[rule]))


@pytest.mark.parametrize(
    ("rule", "ports"),
    [
        ({"protocol": "TCP", "destination": {"ports": [80, "90:95", "443"]}}, "80/tcp,90-95/tcp,"
         "443/tcp"),
        ({"protocol": "udp", "destination": {"ports": [0]}}, "0/udp"),
        ({"protocol": 132, "destination": {"notPorts": ["1:65535"]}}, "0/sctp"),
        ({"protocol": "TCP", "destination": {"ports": ["1:10"], "notPorts": [2, "4:9"]}},
         "1/tcp,3/tcp,10/tcp"),
        ({"protocol": "TCP"}, "0-65535/tcp"),
        ({"notProtocol": "TCP"}, "0-65535/udp,0-65535/sctp,0-65535/dccp"),
        ({"protocol": "UDP", "notProtocol": 17}, ""),
        ({"protocol": "ICMP"}, ""),
        ({"protocol": 1, "icmp": {"type": 8}}, ""),
        ({}, str(EVERY)),
        ({"destination": {}, "source": {"nets": []}}, str(EVERY)),
    ],
)  # fmt: skip
def test_ports_of_calico(rule: dict[str, object], ports: str) -> None:
    ruleset = rule_of(action="Allow", **rule)
    assert ruleset.skipped == ()
    assert ruleset.rules[0].ports == TransportPorts.parse(ports)


def test_conditions_and_actions_of_calico() -> None:
    ruleset = rulesets.from_data(
        calico(
            selector="app == 'web'",
            namespaceSelector="all()",
            ingress=[
                {"action": "Deny", "ipVersion": 4, "http": {"methods": ["GET"]}},
                {
                    "action": "Allow",
                    "ipVersion": 6,
                    "protocol": "TCP",
                    "source": {"ports": ["1024:65535"], "notNets": ["::/8"]},
                    "metadata": {"annotations": {}},
                },
                {"action": "Log"},
                {"action": "Pass"},
            ],
        )
    )
    assert ruleset.skipped == ()
    assert [each.action for each in ruleset.rules] == [
        Action.DROP, Action.ACCEPT, Action.CONTINUE, Action.RETURN,
    ]  # fmt: skip
    assert [each.families for each in ruleset.rules[:3]] == [
        ("inet",), ("inet6",), ("inet", "inet6"),
    ]  # fmt: skip
    selector = "selector: \"app == 'web'\""
    assert [each.conditions for each in ruleset.rules[:3]] == [
        (selector, 'http: {"methods": ["GET"]}'),
        (selector, 'source.notNets: ["::/8"]'),
        (selector,),
    ]
    assert str(ruleset.rules[1].source_ports) == "1024-65535"
    assert {each.applies for each in ruleset.rules} == {Applies.MAYBE}


def test_source_ports_alone_make_a_rule_open() -> None:
    ruleset = rule_of(action="Allow", protocol="TCP", source={"ports": [53]})
    assert (ruleset.rules[0].applies, ruleset.rules[0].conditions) == (Applies.MAYBE, ())


PROTOCOL = "protocol must be TCP, UDP, SCTP, ICMP, ICMPv6, UDPLite or a number in 1..255, got {}"
WITHOUT = "a rule with ports must have a protocol with ports, got {'ports': [80]}"


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({"action": None}, "a rule must have action, got {'action': None}"),
        ({"action": "allow"}, "action must be Allow, Deny, Log, Pass, got 'allow'"),
        ({"protocl": "TCP"}, KNOWN.format("'protocl'")),
        ({"protocol": "TPC"}, PROTOCOL.format("'TPC'")),
        ({"protocol": 0}, PROTOCOL.format("0")),
        ({"notProtocol": True}, PROTOCOL.format("True")),
        ({"ipVersion": 5}, "ipVersion must be 4 or 6, got 5"),
        ({"destination": {"ports": [80]}}, WITHOUT),
        ({"source": {"ports": [80]}, "protocol": "ICMP"}, WITHOUT),
        ({"destination": {"port": [80]}}, "destination must have only known keys, got 'port'"),
        ({"destination": 80}, "destination must be a mapping, got int 80"),
        ({"destination": {"ports": []}, "protocol": "TCP"}, "ports must not be empty, got []"),
        ({"destination": {"notPorts": ["http"]}, "protocol": "TCP"},
         "port must be a number or a range, got 'http'; names are resolved in each pod"),
        ({"destination": {"services": {"name": "web"}}},
         "the ports of a service are not in the file, got {'name': 'web'}"),
    ],
)  # fmt: skip
def test_a_rule_of_calico_is_skipped(rule: dict[str, object], reason: str) -> None:
    ruleset = rule_of(**{"action": "Allow", **rule})
    assert ruleset.rules == ()
    assert reasons(ruleset) == [("/spec/ingress/0", reason)]
    assert ruleset.skipped[0].could_accept


@pytest.mark.parametrize(
    ("port", "reason"),
    [
        ("http", "port must be a number or a range, got 'http'; names are resolved in each pod"),
        ("80-90", "port must be a number or a range, got '80-90'; names are resolved in each pod"),
        ("80:", "port must be a number or a range, got '80:'; names are resolved in each pod"),
        ("90:80", "first must not be greater than last, got 90-80; did you mean 80-90?"),
        ("70000", "port must be in 0..65535, got '70000'"),
        (70000, "port must be in 0..65535, got 70000"),
        (True, "port must be an integer, got bool True"),
        (80.5, "port must be an integer or text, got 80.5"),
    ],
)
@pytest.mark.parametrize("action", ["Allow", "Deny"])
@pytest.mark.parametrize("side", ["source", "destination"])
def test_a_port_of_calico_is_skipped(port: object, reason: str, action: str, side: str) -> None:
    for others, places in (([], []), ([22], ["/spec/ingress/0"])):
        ruleset = rule_of(action=action, protocol="TCP", **{side: {"ports": [port, *others]}})
        assert [each.location.pointer for each in ruleset.rules] == places
        ((place, found),) = reasons(ruleset)
        assert (place, found) == (f"/spec/ingress/0/{side}/ports/0", reason)
        assert ruleset.skipped[0].could_accept is (action == "Allow")


@pytest.mark.parametrize(
    ("spec", "place", "reason"),
    [
        ({"ingres": []}, "", "spec of a policy must have only known keys, got 'ingres'"),
        ({"order": "1"}, "", "order must be a number, got '1'"),
        ({"order": True}, "", "order must be a number, got True"),
        ({"order": float("nan")}, "", "order must be a number, got nan"),
        ({"types": ["In"]}, "", "an item of types must be Ingress, Egress, got 'In'"),
        ({"types": "In"}, "", "types must be a list, got str 'In'"),
        ({"ingress": {}}, "/spec/ingress", "ingress must be a list, got dict {}"),
    ],
)
def test_a_policy_of_calico_is_skipped(spec: dict[str, object], place: str, reason: str) -> None:
    ruleset = rulesets.from_data(calico(**spec))
    assert (ruleset.rules, reasons(ruleset)) == ((), [(place, reason)])


def test_only_a_global_policy_selects_namespaces() -> None:
    ruleset = rulesets.from_data(calico("NetworkPolicy", namespaceSelector="all()"))
    expected = "spec of a policy must have only known keys, got 'namespaceSelector'"
    assert reasons(ruleset) == [("", expected)]


def test_the_order_is_a_rank() -> None:
    rule = {"action": "Allow"}
    orders = (10**99, None, -1.5, 3, 3.0)
    data = [calico(name=str(each), order=each, ingress=[rule], egress=[rule]) for each in orders]
    other = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
    data.append({**other, "metadata": {"name": "g"}, "spec": {"ingress": [{}]}})
    ruleset = rulesets.from_data(data)
    assert [each.priority for each in ruleset.rules] == [2, 2, 3, 3, 0, 0, 1, 1, 1, 1, 0]


def test_the_types_of_calico() -> None:
    rule = {"action": "Allow"}
    for types, expected in (
        (None, ["always", "always"]),
        (["Egress"], ["never", "always"]),
        (["Ingress"], ["always", "never"]),
    ):
        ruleset = rulesets.from_data(calico(ingress=[rule], egress=[rule], types=types))
        assert [each.applies.value for each in ruleset.rules] == expected
    assert [each.direction for each in ruleset.rules] == [Direction.IN, Direction.OUT]
