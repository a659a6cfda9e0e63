"""Policies, services and pods of Kubernetes: ports, places, and what is skipped."""

from __future__ import annotations

import pytest

from portranges import InvalidValueError, TransportPorts, rulesets
from portranges.rulesets import Action, Applies, Direction, Ruleset

EVERY = TransportPorts.full()


def read(data: object) -> Ruleset:
    return rulesets.from_data(data)


def reasons(ruleset: Ruleset) -> list[tuple[str, str]]:
    return [(each.location.pointer, each.reason) for each in ruleset.skipped]


def found(ruleset: Ruleset) -> list[tuple[str, str]]:
    return [(each.location.pointer, str(each.ports)) for each in ruleset.rules]


# -- NetworkPolicy --------------------------------------------------------------------------------


def network_policy(**spec: object) -> Ruleset:
    return read(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": spec,
        }
    )


def test_a_rule_has_the_ports_of_all_its_items() -> None:
    ruleset = network_policy(
        podSelector={"matchLabels": {"app": "web"}},
        ingress=[
            {
                "from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}],
                "ports": [
                    {"port": 80},
                    {"port": 8000, "endPort": 8010, "protocol": "UDP"},
                    {"protocol": "SCTP"},
                ],
            },
        ],
    )
    (rule,) = ruleset.rules
    assert ruleset.skipped == ()
    assert str(rule.ports) == "0-65535/sctp,80/tcp,8000-8010/udp"
    assert rule.group == "NetworkPolicy shop/web, ingress"
    assert rule.location.pointer == "/spec/ingress/0"
    assert (rule.action, rule.direction) == (Action.ACCEPT, Direction.IN)
    assert rule.applies is Applies.MAYBE
    assert rule.conditions == (
        'podSelector: {"matchLabels": {"app": "web"}}',
        'from: [{"ipBlock": {"cidr": "10.0.0.0/8"}}]',
    )


@pytest.mark.parametrize("rule", [{}, {"ports": []}, {"ports": None}, {"from": []}])
def test_a_rule_without_ports_is_for_every_port(rule: object) -> None:
    (each,) = network_policy(podSelector={}, ingress=[rule]).rules
    assert (each.ports, each.applies, each.conditions) == (EVERY, Applies.ALWAYS, ())


ENTRY = "an entry must have only keys of Kubernetes (ports in a rule of a NetworkPolicy), got {}"


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"port": "http"}, "port must be a number, got 'http'; names are resolved in each pod"),
        ({"prt": 80}, ENTRY.format("'prt'")),
        ({"port": 80, "endport": 90}, ENTRY.format("'endport'")),
        ({}, "an entry must have protocol or port, got {}"),
        ({"endPort": 90, "protocol": "TCP"}, "endPort requires port, got {'endPort': 90, "
         "'protocol': 'TCP'}"),
        ({"port": 80, "protocol": "tcp"}, "protocol must be TCP, UDP, SCTP, got 'tcp'"),
        ({"port": 0}, "port must be in 1..65535, got {'port': 0}"),
        (80, "an item of ports must be a mapping, got int 80"),
    ],
)  # fmt: skip
def test_an_item_that_is_not_understood_is_skipped(entry: object, reason: str) -> None:
    ruleset = network_policy(ingress=[{"ports": [entry]}])
    assert ruleset.rules == ()
    assert reasons(ruleset) == [("/spec/ingress/0/ports/0", reason)]
    assert ruleset.skipped[0].could_accept
    # Beside others it is the same.
    ruleset = network_policy(ingress=[{"ports": [entry, {"port": 22}]}])
    assert found(ruleset) == [("/spec/ingress/0", "22/tcp")]
    assert len(ruleset.skipped) == 1


KEYS = "a rule must have only known keys, got {}"


@pytest.mark.parametrize(
    ("spec", "place", "reason"),
    [
        ({"ingress": [{"port": [{"port": 80}]}]}, "/spec/ingress/0", KEYS.format("'port'")),
        ({"ingress": [{"to": []}]}, "/spec/ingress/0", KEYS.format("'to'")),
        ({"egress": [{"from": []}]}, "/spec/egress/0", KEYS.format("'from'")),
        ({"ingress": [{"ports": {"port": 80}}]}, "/spec/ingress/0",
         "ports must be a list, got dict {'port': 80}"),
        ({"ingress": [{"from": [{}]}]}, "/spec/ingress/0",
         "an item of from must select something, got {}"),
        ({"ingress": [{"from": [{"podSelctor": {}}]}]}, "/spec/ingress/0",
         "an item of from must have only known keys, got 'podSelctor'"),
        ({"ingress": [[]]}, "/spec/ingress/0", "a rule must be a mapping, got list []"),
        ({"ingress": {}}, "/spec/ingress", "ingress must be a list, got dict {}"),
        ({"ingres": [{}]}, "", "spec of a NetworkPolicy must have only known keys, got 'ingres'"),
        ({"ingress": [{}], "policyTypes": ["ingress"]}, "",
         "an item of policyTypes must be Ingress, Egress, got 'ingress'"),
    ],
)  # fmt: skip
def test_a_rule_that_is_not_understood_is_skipped(spec: dict[str, object], place: str,
                                                  reason: str) -> None:  # fmt: skip
    ruleset = network_policy(**spec)
    assert ruleset.rules == ()
    assert reasons(ruleset) == [(place, reason)]
    section = place.removeprefix("/spec/").partition("/")[0]
    group = "NetworkPolicy shop/web"
    assert ruleset.skipped[0].group == (f"{group}, {section}" if section else group)


def test_rules_of_a_direction_that_the_policy_is_not_about_never_apply() -> None:
    rules = {"ingress": [{"ports": [{"port": 80}]}], "egress": [{"ports": [{"port": 53}]}]}
    for given, expected in (
        (None, {"always"}),
        ([], {"always"}),
        (["Ingress"], {"always", "never"}),
    ):
        ruleset = network_policy(**rules, policyTypes=given)
        assert {each.applies.value for each in ruleset.rules} == expected
    assert [each.direction for each in ruleset.rules] == [Direction.IN, Direction.OUT]
    assert ruleset.rules[1].applies is Applies.NEVER


def policies(*specs: dict[str, object], namespaces: str = "") -> Ruleset:
    """A ruleset of policies, each in the namespace that a letter names."""
    return read(
        [
            {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "NetworkPolicy",
                "metadata": {"name": f"p{place}", "namespace": namespaces[place : place + 1]},
                "spec": spec,
            }
            for place, spec in enumerate(specs)
        ]
    )


def open_to(*ports: int, **more: object) -> dict[str, object]:
    return {"ingress": [{"ports": [{"port": port} for port in ports]}], **more}


ONE = {"podSelector": {"matchLabels": {"app": "a"}}}
OTHER = {"podSelector": {"matchLabels": {"app": "b"}}}
FROM = [{"podSelector": {}}]


@pytest.mark.parametrize(
    ("ruleset", "ports", "is_exact"),
    [
        # All pods of the namespace, or of a policy whose pods no other policy selects.
        (policies(open_to(80)), "80/tcp", True),
        (policies(open_to(80, **ONE)), "80/tcp", True),
        (policies(open_to(80, **ONE), open_to(81, **ONE)), "80-81/tcp", True),
        (policies({"podSelector": {}}), "", True),
        (policies({"podSelector": {}}, open_to(80, **ONE)), "80/tcp", False),
        (policies(open_to(80), open_to(81, **ONE)), "80-81/tcp", False),
        (policies(open_to(80, **ONE), open_to(81, **OTHER)), "80-81/tcp", False),
        (policies(open_to(80), open_to(80), namespaces="ab"), "80/tcp", False),
        (policies({"ingress": [{"from": FROM, "ports": [{"port": 80}]}]}), "80/tcp", False),
        # What is not read may be any port.
        (policies({"ingress": [{"ports": [{"port": "http"}]}]}), str(EVERY), False),
        (policies({"ingress": {}}), str(EVERY), False),
        # A policy about the other direction.
        (policies(open_to(80, policyTypes=["Egress"])), str(EVERY), True),
        (policies(open_to(80), {"policyTypes": ["Egress"], **ONE}), "80/tcp", True),
    ],
)
def test_what_the_selected_pods_accept(ruleset: Ruleset, ports: str, *, is_exact: bool) -> None:
    reachable = ruleset.reachable()
    assert (str(reachable.ports), reachable.is_exact) == (ports, is_exact)


@pytest.mark.parametrize(
    ("spec", "ports"),
    [
        ({}, str(EVERY)),
        ({"egress": []}, str(EVERY)),
        ({"egress": [{"ports": [{"port": 53, "protocol": "UDP"}]}]}, "53/udp"),
        ({"policyTypes": ["Egress"]}, ""),
        ({"policyTypes": ["Ingress"], "egress": [{"ports": [{"port": 53}]}]}, str(EVERY)),
    ],
)
def test_what_the_selected_pods_may_reach(spec: dict[str, object], ports: str) -> None:
    assert str(policies(spec).reachable("out").ports) == ports


def test_the_rules_that_decide_and_those_that_make_a_difference() -> None:
    ruleset = policies(open_to(80), open_to(80, 81, **ONE), namespaces="aa")
    assert [each.location.pointer for each in ruleset.deciding_rules(80, "tcp")] == [
        "/0/spec/ingress/0",
        "/1/spec/ingress/0",
    ]
    (because,) = ruleset.reachable().because
    assert because.location.pointer == "/1/spec/ingress/0"
    assert ruleset.chains is not None
    assert [each.name for each in ruleset.chains if each.hook] == [
        "NetworkPolicy a/p0, ingress",
        "NetworkPolicy a/p1, ingress",
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"apiVersion": "v1", "kind": "Service", "spec": {"ports": [{"port": 80}]}},
        {"apiVersion": "example.com/v1", "kind": "Firewall", "spec": {"ports": [80]}},
        {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "spec": []},
    ],
)
def test_other_rules_have_no_evaluation(more: dict[str, object]) -> None:
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "a"},
        "spec": open_to(80),
    }
    assert read([policy, {"apiVersion": "v1", "kind": "Namespace"}]).chains is not None
    assert read([policy, {**more, "metadata": {"name": "b"}}]).chains is None
    assert read([{**policy, "metadata": None}]).chains is not None
    # The later of two policies with one name replaces the earlier.
    assert read([policy, policy]).chains is None


# -- administrators' policies ---------------------------------------------------------------------

PEERS = [{"namespaces": {}}]
SUBJECT = {"namespaces": {}}


def admin_policy(kind: str = "AdminNetworkPolicy", **spec: object) -> Ruleset:
    return read(
        {
            "apiVersion": "policy.networking.k8s.io/v1alpha1",
            "kind": kind,
            "metadata": {"name": "all"},
            "spec": spec,
        }
    )


def admin_rule(**rule: object) -> Ruleset:
    return admin_policy(priority=5, subject=SUBJECT, ingress=[rule])


def test_an_administrator_allows_denies_and_passes() -> None:
    ports = [
        {"portNumber": {"protocol": "TCP", "port": 22}},
        {"portRange": {"protocol": "UDP", "start": 10, "end": 20}},
        {"portRange": {"start": 30, "end": 40}},
    ]
    ruleset = admin_policy(
        priority=5,
        subject=SUBJECT,
        ingress=[
            {"name": "a", "action": "Deny", "from": PEERS, "ports": ports},
            {"action": "Pass", "from": PEERS},
        ],
        egress=[{"action": "Allow", "to": [{"networks": ["10.0.0.0/8"]}]}],
    )
    assert ruleset.skipped == ()
    assert [
        (str(each.ports), each.action.value, each.direction, each.priority, each.applies.value)
        for each in ruleset.rules
    ] == [
        ("10-20/udp,22/tcp,30-40/tcp", "drop", Direction.IN, 5, "maybe"),
        (str(EVERY), "return", Direction.IN, 5, "maybe"),
        (str(EVERY), "accept", Direction.OUT, 5, "maybe"),
    ]
    assert ruleset.rules[2].conditions == (
        'subject: {"namespaces": {}}',
        'to: [{"networks": ["10.0.0.0/8"]}]',
    )
    baseline = admin_policy(
        "BaselineAdminNetworkPolicy",
        subject=SUBJECT,
        ingress=[{"action": "Deny", "from": PEERS}, {"action": "Pass", "from": PEERS}],
    )
    assert [each.action for each in baseline.rules] == [Action.DROP]
    assert reasons(baseline) == [("/spec/ingress/1", "action must be Allow, Deny, got 'Pass'")]


@pytest.mark.parametrize(
    ("port", "reason"),
    [
        ({"namedPort": "http"}, "port must be a number, got 'http'; names are resolved in each "
         "pod"),
        ({"portNumber": {"prt": 1}}, "portNumber must have only known keys, got 'prt'"),
        ({"portNumber": {"protocol": "TCP"}}, "portNumber must have port, got "
         "{'protocol': 'TCP'}"),
        ({"portNumber": {"port": "80"}}, "port must be an integer, got str '80'"),
        ({"portNumber": {"port": 80, "protocol": "tcp"}},
         "protocol must be TCP, UDP, SCTP, got 'tcp'"),
        ({"portRange": {"start": 1}}, "portRange must have end, got {'start': 1}"),
        ({"portRange": {"start": 9, "end": 1}}, "first must not be greater than last, got 9-1; "
         "did you mean 1-9?"),
        ({"portnumber": {}}, "an item of ports must have only known keys, got 'portnumber'"),
        ({}, "an item of ports must have portNumber, namedPort or portRange, got {}"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("action", ["Allow", "Deny"])
def test_a_port_of_an_administrator_is_skipped(port: object, reason: str, action: str) -> None:
    ruleset = admin_rule(**{"action": action, "from": PEERS, "ports": [port]})
    assert ruleset.rules == ()
    assert reasons(ruleset) == [("/spec/ingress/0/ports/0", reason)]
    assert ruleset.skipped[0].could_accept is (action == "Allow")


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({"from": PEERS}, "a rule must have action, got {'from': [{'namespaces': {}}]}"),
        ({"action": "Allow"}, "a rule must have from, got {'action': 'Allow'}"),
        ({"action": "Allow", "from": []}, "from must not be empty, got []"),
        ({"action": "Allow", "from": PEERS, "ports": []}, "ports must not be empty, got []"),
        ({"action": "allow", "from": PEERS}, "action must be Allow, Deny, Pass, got 'allow'"),
        ({"action": "Allow", "from": PEERS, "prts": []}, KEYS.format("'prts'")),
        ({"action": "Allow", "from": [{"nodes": {}}]},
         "an item of from must have only known keys, got 'nodes'"),
    ],
)  # fmt: skip
def test_a_rule_of_an_administrator_is_skipped(rule: dict[str, object], reason: str) -> None:
    ruleset = admin_rule(**rule)
    assert ruleset.rules == ()
    assert reasons(ruleset) == [("/spec/ingress/0", reason)]


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"subject": SUBJECT}, "spec of an AdminNetworkPolicy must have priority, got none"),
        ({"priority": 1}, "spec of an AdminNetworkPolicy must have subject, got none"),
        ({"priority": 1001, "subject": SUBJECT}, "priority must be in 0..1000, got 1001"),
        ({"priority": True, "subject": SUBJECT}, "priority must be in 0..1000, got True"),
        ({"priority": 1, "subject": {}}, "subject must have either namespaces or pods, got {}"),
        ({"priority": 1, "subject": SUBJECT, "order": 1},
         "spec of an AdminNetworkPolicy must have only known keys, got 'order'"),
    ],
)  # fmt: skip
def test_a_policy_of_an_administrator_is_skipped(spec: dict[str, object], reason: str) -> None:
    ruleset = admin_policy(**spec, ingress=[{"action": "Allow", "from": PEERS}])
    assert ruleset.rules == ()
    assert reasons(ruleset) == [("", reason)]


def cluster_policy(**spec: object) -> Ruleset:
    return read(
        {
            "apiVersion": "policy.networking.k8s.io/v1alpha2",
            "kind": "ClusterNetworkPolicy",
            "metadata": {"name": "a"},
            "spec": {"tier": "Admin", "priority": 7, "subject": SUBJECT, **spec},
        }
    )


def test_a_policy_of_the_cluster() -> None:
    protocols = [
        {"tcp": {"destinationPort": {"number": 22}}},
        {"udp": {"destinationPort": {"range": {"start": 10, "end": 20}}}},
        {"sctp": {"destinationPort": {"number": 9}}},
    ]
    ruleset = cluster_policy(
        ingress=[{"name": "a", "action": "Accept", "from": PEERS, "protocols": protocols}],
        egress=[{"action": "Deny", "to": PEERS}, {"action": "Pass", "to": PEERS}],
    )
    assert ruleset.skipped == ()
    assert [(str(each.ports), each.action.value, each.priority) for each in ruleset.rules] == [
        ("9/sctp,10-20/udp,22/tcp", "accept", 7),
        (str(EVERY), "drop", 7),
        (str(EVERY), "return", 7),
    ]
    assert ruleset.rules[0].conditions == (
        'subject: {"namespaces": {}}',
        'tier: "Admin"',
        'from: [{"namespaces": {}}]',
    )


@pytest.mark.parametrize(
    ("port", "reason"),
    [
        ({"destinationNamedPort": "http"},
         "port must be a number, got 'http'; names are resolved in each pod"),
        ({}, "an item of protocols must have tcp, udp, sctp or destinationNamedPort, got {}"),
        ({"tcp": {}}, "tcp must have destinationPort, got {}"),
        ({"tcp": None}, "an item of protocols must have tcp, udp, sctp or destinationNamedPort, "
         "got {'tcp': None}"),
        ({"tcp": {"destinationPort": {}}}, "destinationPort must have number or range, got {}"),
        ({"tcp": {"destinationPort": {"number": 0}}}, "number must be in 1..65535, got 0"),
        ({"tcp": {"destinationPort": {"range": {"start": 1}}}},
         "range must have end, got {'start': 1}"),
        ({"tcp": {"destinationPort": {"range": {"start": 9, "end": 2}}}},
         "first must not be greater than last, got 9-2; did you mean 2-9?"),
        ({"tcp": {"port": 1}}, "tcp must have only known keys, got 'port'"),
        ({"icmp": {}}, "an item of protocols must have only known keys, got 'icmp'"),
    ],
)  # fmt: skip
def test_a_port_of_the_cluster_is_skipped(port: object, reason: str) -> None:
    rule = {"action": "Accept", "from": PEERS, "protocols": [port]}
    ruleset = cluster_policy(ingress=[rule])
    assert ruleset.rules == ()
    assert reasons(ruleset) == [("/spec/ingress/0/protocols/0", reason)]


def test_a_policy_of_the_cluster_must_have_a_tier() -> None:
    assert reasons(cluster_policy(tier=None)) == [
        ("", "spec of a ClusterNetworkPolicy must have tier, got none")
    ]
    assert reasons(cluster_policy(tier="admin")) == [
        ("", "tier must be Admin, Baseline, got 'admin'")
    ]
    (skipped,) = cluster_policy(ingress=[{"action": "Allow", "from": PEERS}]).skipped
    assert skipped.reason == "action must be Accept, Deny, Pass, got 'Allow'"


# -- services and pods ----------------------------------------------------------------------------


def service(**spec: object) -> Ruleset:
    data = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}
    return read(data)


def test_the_ports_of_a_service() -> None:
    ruleset = service(
        type="NodePort",
        healthCheckNodePort=31000,
        ports=[
            {"port": 80, "targetPort": "http", "nodePort": 30080, "name": "web"},
            {"port": 443, "targetPort": 8443, "nodePort": 0, "appProtocol": "https"},
            {"port": 53, "protocol": "UDP"},
        ],
    )
    assert ruleset.skipped == ()
    kind = 'type: "NodePort"'
    chosen = "published: one of service-node-port-range"
    assert [
        (
            each.location.pointer,
            str(each.ports),
            str(each.translated_ports),
            each.action.value,
            each.conditions,
        )
        for each in ruleset.rules
    ] == [
        ("/spec/healthCheckNodePort", "31000/tcp", "None", "accept", (kind,)),
        ("/spec/ports/0", "80/tcp", "None", "translate", (kind, 'targetPort: "http"')),
        ("/spec/ports/0/nodePort", "30080/tcp", "None", "translate",
         (kind, 'targetPort: "http"')),
        ("/spec/ports/1", "443/tcp", "8443", "translate", (kind,)),
        ("/spec/ports/1", "30000-32767/tcp", "8443", "translate", (kind, chosen)),
        ("/spec/ports/2", "53/udp", "53", "translate", (kind,)),
        ("/spec/ports/2", "30000-32767/udp", "53", "translate", (kind, chosen)),
    ]  # fmt: skip
    (rule,) = service(clusterIP="None", ports=[{"port": 80, "targetPort": 81}]).rules
    assert (rule.action, rule.translated_ports) == (Action.ACCEPT, None)
    assert rule.conditions == ('clusterIP: "None"',)


def test_the_addresses_of_a_service() -> None:
    def of(**spec: object) -> list[tuple[str, tuple[str, ...]]]:
        port = {"port": 80, "nodePort": 30080}
        rules = service(type="LoadBalancer", ports=[port], **spec).rules
        return [(str(each.ports), each.conditions[1:]) for each in rules]

    ranges = {"loadBalancerSourceRanges": ["10.0.0.0/8"]}
    condition = 'loadBalancerSourceRanges: ["10.0.0.0/8"]'
    assert of(**ranges) == [("80/tcp", (condition,)), ("30080/tcp", ())]
    condition = 'externalIPs: ["192.0.2.1"]'
    assert of(**ranges, externalIPs=["192.0.2.1"]) == [("80/tcp", (condition,)), ("30080/tcp", ())]
    (rule,) = service(
        type="LoadBalancer", allocateLoadBalancerNodePorts=False, ports=[{"port": 80}]
    ).rules
    assert rule.conditions == ('type: "LoadBalancer"',)


PORT = "a port of a Service must have {}"


@pytest.mark.parametrize(
    ("port", "reason"),
    [
        ({"targetPort": 80}, PORT.format("port, got {'targetPort': 80}")),
        ({"port": 80, "targetport": 80}, PORT.format("only known keys, got 'targetport'")),
        ({"port": 0}, "port must be in 1..65535, got 0"),
        ({"port": "http"}, "port must be an integer, got str 'http'"),
        ({"port": 80, "targetPort": "80"}, "targetPort must be an integer, got str '80'"),
        ({"port": 80, "targetPort": 70000}, "targetPort must be in 1..65535, got 70000"),
        ({"port": 80, "nodePort": True}, "nodePort must be an integer, got bool True"),
        ({"port": 80, "protocol": "tcp"}, "protocol must be TCP, UDP, SCTP, got 'tcp'"),
        (80, "a port of a Service must be a mapping, got int 80"),
    ],
)
def test_a_port_of_a_service_is_skipped(port: object, reason: str) -> None:
    ruleset = service(ports=[port])
    assert ruleset.rules == ()
    assert reasons(ruleset) == [("/spec/ports/0", reason)]


@pytest.mark.parametrize(
    ("spec", "place", "reason"),
    [
        ({"port": 80}, "/spec/port", "spec of a Service must have only known keys, got 'port'"),
        ({"ports": 80}, "/spec/ports", "ports must be a list, got int 80"),
        ({"type": "Nodeport", "ports": [{"port": 80}]}, "",
         "type must be ClusterIP, NodePort, LoadBalancer, ExternalName, got 'Nodeport'"),
        ({"healthCheckNodePort": "x"}, "/spec/healthCheckNodePort",
         "healthCheckNodePort must be an integer, got str 'x'"),
    ],
)  # fmt: skip
def test_what_a_service_hides_is_reported(spec: dict[str, object], place: str,
                                          reason: str) -> None:  # fmt: skip
    ruleset = service(**spec)
    assert ruleset.rules == ()
    assert reasons(ruleset) == [(place, reason)]


def pod(*ports: object, **spec: object) -> Ruleset:
    containers = [{"name": "a", "ports": list(ports)}]
    data = {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": containers, **spec}}
    return read(data)


def test_the_ports_of_containers() -> None:
    ruleset = pod(
        {"containerPort": 80, "hostPort": 8080, "hostIP": "127.0.0.1", "name": "http"},
        {"containerPort": 53, "protocol": "UDP", "hostPort": 0},
        initContainers=[{"ports": [{"containerPort": 1}]}, {}],
    )
    assert ruleset.skipped == ()
    at = "/spec/containers/0/ports"
    assert [
        (each.location.pointer, str(each.ports), str(each.translated_ports), each.applies.value)
        for each in ruleset.rules
    ] == [
        ("/spec/initContainers/0/ports/0", "1/tcp", "None", "maybe"),
        (f"{at}/0", "80/tcp", "None", "maybe"),
        (f"{at}/0/hostPort", "8080/tcp", "80", "never"),
        (f"{at}/1", "53/udp", "None", "maybe"),
    ]
    assert ruleset.rules[0].conditions == ("containerPort",)
    (rule,) = pod({"containerPort": 80}, hostNetwork=True).rules
    assert rule.conditions == ("hostNetwork: true",)
    assert {each.group for each in ruleset.rules} == {"Pod (no name)"}


@pytest.mark.parametrize(
    ("port", "reason"),
    [
        ({"hostPort": 80}, "a port of a container must have containerPort, got {'hostPort': 80}"),
        ({"containerport": 80}, "a port of a container must have only known keys, got "
         "'containerport'"),
        ({"containerPort": "80"}, "containerPort must be an integer, got str '80'"),
        ({"containerPort": 80, "hostPort": 70000}, "hostPort must be in 1..65535, got 70000"),
        ({"containerPort": 80, "hostIP": "x"}, "the address must be an IP address, got 'x'"),
        ({"containerPort": 80, "protocol": "http"}, "protocol must be TCP, UDP, SCTP, got 'http'"),
    ],
)  # fmt: skip
def test_a_port_of_a_container_is_skipped(port: object, reason: str) -> None:
    ruleset = pod(port)
    assert ruleset.rules == ()
    assert reasons(ruleset) == [("/spec/containers/0/ports/0", reason)]


def test_what_a_pod_hides_is_reported() -> None:
    ruleset = pod(hostNetwork=True, container=[], ephemeralContainers=3)
    assert reasons(ruleset) == [
        ("/spec/container", "spec of a pod must have only known keys, got 'container'"),
        (
            "/spec/hostNetwork",
            "with hostNetwork, every port that a container listens on is open on the host",
        ),
        ("/spec/ephemeralContainers", "ephemeralContainers must be a list, got int 3"),
    ]
    ruleset = pod(containers=[{"port": []}, 7, {"ports": {}}], hostNetwork=False)
    assert reasons(ruleset) == [
        ("/spec/containers/0/port", "a container must have only known keys, got 'port'"),
        ("/spec/containers/1", "a container must be a mapping, got int 7"),
        ("/spec/containers/2", "ports of a container must be a list, got dict {}"),
    ]
    assert reasons(pod(containers=None)) == [
        ("", "spec of a pod must have containers, got {'containers': None}")
    ]


TEMPLATE = {"template": {"spec": {"containers": [{"ports": [{"containerPort": 80}]}]}}}


@pytest.mark.parametrize(
    ("version", "kind", "spec", "place"),
    [
        *(
            ("apps/v1", kind, TEMPLATE, "/spec/template")
            for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")
        ),
        ("v1", "ReplicationController", TEMPLATE, "/spec/template"),
        ("batch/v1", "Job", TEMPLATE, "/spec/template"),
        (
            *("batch/v1", "CronJob", {"jobTemplate": {"spec": TEMPLATE}}),
            "/spec/jobTemplate/spec/template",
        ),
    ],
)
def test_what_makes_pods(version: str, kind: str, spec: object, place: str) -> None:
    ruleset = read({"apiVersion": version, "kind": kind, "spec": spec})
    assert found(ruleset) == [(f"{place}/spec/containers/0/ports/0", "80/tcp")]
    ruleset = read({"apiVersion": version, "kind": kind, "spec": {"templat": {}}})
    ((pointer, reason),) = reasons(ruleset)
    assert pointer == ""
    assert reason.startswith("an object with pods must have spec.")


# -- objects --------------------------------------------------------------------------------------

POD = {"spec": {"containers": [{"ports": [{"containerPort": 80}]}]}}
ITEM = {"apiVersion": "v1", "kind": "Pod", **POD}
TEMPLATE_ITEM = {"apiVersion": "v1", "kind": "PodTemplate", "template": POD}


def test_lists_and_documents() -> None:
    at = "spec/containers/0/ports/0"
    untyped = {"apiVersion": "v1", "kind": "List", "items": [ITEM, {"kind": "Pod"}]}
    typed = {"apiVersion": "v1", "kind": "PodList", "metadata": {}, "items": [POD]}
    ruleset = read([untyped, typed, None, ITEM, TEMPLATE_ITEM, 7, {"kind": "Pod"}])
    assert [place for place, _ in found(ruleset)] == [
        f"/0/items/0/{at}",
        f"/1/items/0/{at}",
        f"/3/{at}",
        f"/4/template/{at}",
    ]
    missing = "an object must have apiVersion, got ''"
    assert reasons(ruleset) == [
        ("/0/items/1", missing),
        ("/5", "an object must be a mapping, got int 7"),
        ("/6", missing),
    ]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (
            {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolcy", "spec": {"ingress": []}},
            "kind must be one that is read, got 'NetworkPolcy'",
        ),
        (
            {"apiVersion": "example.org/v1", "kind": "Ingress", "spec": {"port": 80}},
            "kind must be one that is read, got 'Ingress'",
        ),
        (
            {"apiVersion": "networking/v1", "kind": "NetworkPolicy", "spec": {"ingress": []}},
            "apiVersion of a NetworkPolicy must be crd.projectcalico.org/v1, extensions/v1beta1, "
            "networking.k8s.io/v1, projectcalico.org/v3, got 'networking/v1'",
        ),
        (
            {"apiVersion": "v1", "kind": "Pod", "sepc": {"containers": []}},
            "a Pod must have only known keys, got 'sepc'",
        ),
        (
            {"apiVersion": "v1", "kind": "Service", "metadata": {}},
            "a Service must have spec, got {'apiVersion': 'v1', 'kind': 'Service', 'metadata': {}}",
        ),
        ({"apiVersion": "v1", "kind": 7}, "an object must have kind, got 7"),
        ({"apiVersion": "v1", "kind": "List", "items": 7}, "items must be a list, got int 7"),
    ],
)
def test_an_object_that_is_not_understood_is_skipped(data: object, reason: str) -> None:
    ruleset = read(data)
    assert ruleset.rules == ()
    assert reasons(ruleset) == [("", reason)]
    assert ruleset.skipped[0].location.line == 1


@pytest.mark.parametrize(
    "data",
    [
        {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "ports"}, "list": [[1], 1, {}]},
        {"apiVersion": "v1", "kind": "ConfigMap", "data": {"ports": "80"}},
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "spec": {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}},
        },
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "spec": {"ports": []},
        },
    ],
)
def test_an_object_without_ports_is_left_out(data: object) -> None:
    ruleset = read(data)
    assert (ruleset.rules, ruleset.skipped) == ((), ())


def test_text_has_lines() -> None:
    text = "apiVersion: v1\nkind: Service\nspec:\n  ports:\n  - port: 80\n---\n"
    ruleset = rulesets.parse(text)
    (rule,) = ruleset.rules
    assert (ruleset.format, rule.location.line) == ("kubernetes", 5)
    with pytest.raises(InvalidValueError) as caught:
        ruleset.reachable()
    assert str(caught.value) == (
        "format must have an evaluation that was compared with its tool, got 'kubernetes'"
    )


def test_null_is_no_value() -> None:
    for kind, spec in (
        ("Service", {"ports": [{"port": 80}]}),
        ("NetworkPolicy", {"ingress": [{"ports": [{"port": 80}]}]}),
    ):
        version = "v1" if kind == "Service" else "networking.k8s.io/v1"
        data = {"apiVersion": version, "kind": kind, "metadata": None, "spec": spec, "status": None}
        assert [str(each.ports) for each in read(data).rules] == ["80/tcp"]
