"""Laws of the rulesets of containers: nothing is lost, and no misspelt key opens a port."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from portranges import TransportPorts, rulesets
from portranges.rulesets import Action, Direction, Ruleset
from portranges.rulesets.documents import text_of

NUMBERS = st.integers(1, 65535)
PROTOCOLS = st.sampled_from(("TCP", "UDP", "SCTP"))
OPENING = (Action.ACCEPT, Action.TRANSLATE)


def listed(items: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(items, min_size=1, max_size=3)


def fixed(**parts: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            key.rstrip("_"): part if isinstance(part, st.SearchStrategy) else st.just(part)
            for key, part in parts.items()
        }
    )


def objects(version: str, kind: str, spec: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return fixed(apiVersion=version, kind=kind, metadata={"name": "a"}, spec=spec)


def policies(items: st.SearchStrategy[Any], **more: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Specifications with rules for packets to the pods."""
    return fixed(ingress=listed(items), **more)


PEERS = [{"podSelector": {}}]
CONTAINERS = listed(
    fixed(
        name="a",
        ports=listed(fixed(containerPort=NUMBERS, hostPort=NUMBERS, protocol=PROTOCOLS)),
    )
)
KUBERNETES = st.one_of(
    objects(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        policies(
            fixed(from_=PEERS, ports=listed(fixed(port=NUMBERS, protocol=PROTOCOLS))),
            policyTypes=["Ingress"],
        ),
    ),
    objects(
        "policy.networking.k8s.io/v1alpha1",
        "AdminNetworkPolicy",
        policies(
            fixed(
                action=st.sampled_from(("Allow", "Deny", "Pass")),
                from_=[{"namespaces": {}}],
                ports=listed(fixed(portNumber=fixed(port=NUMBERS, protocol=PROTOCOLS))),
            ),
            priority=5,
            subject={"namespaces": {}},
        ),
    ),
    objects(
        "cilium.io/v2",
        "CiliumNetworkPolicy",
        policies(
            fixed(
                fromEntities=["world"],
                toPorts=listed(
                    fixed(ports=listed(fixed(port=NUMBERS.map(str), protocol=PROTOCOLS)))
                ),
            ),
            endpointSelector={},
        ),
    ),
    objects(
        "projectcalico.org/v3",
        "GlobalNetworkPolicy",
        policies(
            fixed(
                action=st.sampled_from(("Allow", "Deny")),
                protocol=PROTOCOLS,
                destination=fixed(ports=listed(NUMBERS)),
            ),
            order=1.5,
            types=["Ingress"],
        ),
    ),
    objects(
        "v1",
        "Service",
        fixed(ports=listed(fixed(port=NUMBERS, targetPort=NUMBERS, protocol=PROTOCOLS))),
    ),
    objects("v1", "Pod", fixed(containers=CONTAINERS)),
    objects("apps/v1", "Deployment", fixed(template=fixed(spec=fixed(containers=CONTAINERS)))),
)
COMPOSE = fixed(
    services=st.dictionaries(
        st.sampled_from(("web", "a/b", "~")),
        fixed(
            image="a",
            ports=listed(
                st.one_of(
                    st.tuples(NUMBERS, NUMBERS).map(lambda both: f"{both[0]}:{both[1]}"),
                    fixed(target=NUMBERS, published=NUMBERS, protocol="udp"),
                )
            ),
            expose=listed(NUMBERS),
        ),
        min_size=1,
    )
)
DATA = st.one_of(KUBERNETES, COMPOSE)

# Without these there is a default, by the descriptions of the formats: every port, TCP, and every
# direction.
DEFAULTS = frozenset({"ports", "port", "toPorts", "destination", "protocol"})
# What is inside these is a condition, and not read.
CONDITIONS = frozenset({"metadata", "from", "subject", "endpointSelector", "fromEntities"})


def opened(ruleset: Ruleset) -> TransportPorts:
    ports = TransportPorts.empty()
    for each in ruleset.rules:
        if each.action in OPENING and each.direction is Direction.IN:
            ports |= each.ports
    return ports


def value_at(data: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        data = data[int(key)] if isinstance(data, list) else data[key]
    return data


def mappings(data: Any, *path: Any) -> Iterator[tuple[Any, ...]]:
    """The paths of all mappings that are read."""
    if isinstance(data, dict):
        yield path
        for key, value in data.items():
            if key not in CONDITIONS:
                yield from mappings(value, *path, key)
    elif isinstance(data, list):
        for place, value in enumerate(data):
            yield from mappings(value, *path, place)


def leaves(data: Any) -> int:
    """The number of items that are rules, by the keys that only these have."""
    if isinstance(data, list):
        return sum(map(leaves, data))
    if not isinstance(data, dict):
        return 0
    own = sum(key in data for key in ("from", "destination", "containerPort", "hostPort"))
    own += len(data.get("toPorts", ())) + ("targetPort" in data)
    if "image" in data:
        return own + len(data["ports"]) + len(data["expose"])
    return own + sum(leaves(value) for key, value in data.items() if key not in CONDITIONS)


@given(st.lists(KUBERNETES, min_size=1, max_size=4) | st.lists(COMPOSE, min_size=1, max_size=2))
def test_every_rule_is_read_and_has_its_place(data: list[Any]) -> None:
    ruleset = rulesets.from_data(data)
    assert ruleset.skipped == ()
    assert len(ruleset.rules) == leaves(data)
    assert len({each.location.pointer for each in ruleset.rules}) == len(ruleset.rules)
    for each in ruleset.rules:
        value = value_at(data, each.location.pointer)
        assert each.text == (value if isinstance(value, str) else text_of(value))


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, Any, Any]:
    """A kind of damage, some data, and the same with one key misspelt, added, missing or wrong."""
    kind = draw(st.sampled_from(("misspelt", "added", "missing", "wrong")))
    data = draw(DATA)
    changed = copy.deepcopy(data)
    # The keys of services are names.
    places = [each for each in mappings(changed) if each != ("services",)]
    held = changed
    for part in draw(st.sampled_from(places)):
        held = held[part]
    if kind == "added":
        held["zzz"] = 1
        return kind, data, changed
    meaningful = DEFAULTS if kind == "missing" else frozenset()
    keys = [key for key in held if key not in meaningful]
    if keys:
        key = draw(st.sampled_from(keys))
        value = held.pop(key)
        if kind == "misspelt":
            held[f"{key}z"] = value
        elif kind == "wrong":
            # Nothing in a list or in a mapping is often the same as none of them.
            empty = () if key in DEFAULTS else ([], {})
            wrong = (-1, 70000, "?", True, ["?"], {"a": 7}, 1.5, *empty)
            held[key] = draw(st.sampled_from(wrong))
    return kind, data, changed


@given(damaged())
def test_a_fault_opens_no_port(case: tuple[str, Any, Any]) -> None:
    kind, data, changed = case
    before = rulesets.from_data(data)
    after = rulesets.from_data(changed, before.format)
    assert opened(after) <= opened(before)
    if kind in ("misspelt", "added"):
        # What does not matter to the ports, such as a key beside a template, changes nothing.
        assert after.skipped or opened(after) == opened(before)


# -- the evaluation of NetworkPolicy --------------------------------------------------------------

SELECTORS = st.sampled_from(({}, {"matchLabels": {"app": "p"}}, {"matchLabels": {"app": "q"}}))
FEW_PORTS = st.sampled_from((22, 80, 443))


def network_policies() -> st.SearchStrategy[list[dict[str, Any]]]:
    def rules(peers: str) -> st.SearchStrategy[list[dict[str, Any]]]:
        port = fixed(port=FEW_PORTS) | fixed(protocol=st.sampled_from(("TCP", "UDP")))
        rule = st.fixed_dictionaries(
            {},
            optional={
                peers: st.lists(fixed(podSelector=SELECTORS), max_size=2),
                "ports": st.lists(port, max_size=2),
            },
        )
        return st.lists(rule, max_size=2)

    types = st.lists(st.sampled_from(("Ingress", "Egress")), unique=True)
    spec = st.fixed_dictionaries(
        {"podSelector": SELECTORS},
        optional={"ingress": rules("from"), "egress": rules("to"), "policyTypes": types},
    )
    numbered = st.lists(st.tuples(st.sampled_from("ab"), spec), min_size=1, max_size=3)
    return numbered.map(
        lambda found: [
            {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "NetworkPolicy",
                "metadata": {"name": f"p{place}", "namespace": namespace},
                "spec": spec,
            }
            for place, (namespace, spec) in enumerate(found)
        ]
    )


def selects(selector: dict[str, Any], app: str) -> bool:
    return selector.get("matchLabels", {}).get("app", app) == app


def isolates(policy: dict[str, Any], kind: str) -> bool:
    spec = policy["spec"]
    if spec.get("policyTypes"):
        return kind in spec["policyTypes"]
    return kind == "Ingress" or bool(spec.get("egress"))


def allows(rule: dict[str, Any], peers: str, namespace: str, other: Any, packet: Any) -> bool:
    """Whether a rule allows a packet. The other end is a pod, or None outside the cluster."""
    from_pods = rule.get(peers)
    if from_pods and (
        other is None
        or other[0] != namespace
        or not any(selects(each["podSelector"], other[1]) for each in from_pods)
    ):
        return False
    ports = rule.get("ports")
    return not ports or any(
        each.get("protocol", "TCP").lower() == packet[0] and each.get("port") in (None, packet[1])
        for each in ports
    )


@given(network_policies())
def test_what_the_selected_pods_accept(policies: list[dict[str, Any]]) -> None:
    ruleset = rulesets.from_data(policies)
    pods = [(namespace, app) for namespace in "ab" for app in "pq"]
    packets = [(transport, port) for transport in ("tcp", "udp") for port in (22, 80, 443, 1)]
    for direction, kind, section, peers in (
        ("in", "Ingress", "ingress", "from"),
        ("out", "Egress", "egress", "to"),
    ):
        found = ruleset.reachable(direction)
        for pod in pods:
            selecting = [
                each
                for each in policies
                if each["metadata"]["namespace"] == pod[0]
                and selects(each["spec"]["podSelector"], pod[1])
                and isolates(each, kind)
            ]
            if not selecting:
                continue
            for packet in packets:
                is_in = packet[1] in found.ports[packet[0]]
                for other in (None, *pods):
                    passes = any(
                        allows(rule, peers, pod[0], other, packet)
                        for each in selecting
                        for rule in each["spec"].get(section) or []
                    )
                    assert is_in or not passes
                    assert passes == is_in or not found.is_exact


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5))
WORDS = st.sampled_from(
    ("spec", "ingress", "ports", "port", "kind", "apiVersion", "services", "items", "containers")
)


@given(
    st.recursive(
        SCALARS,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(WORDS | st.text(max_size=3), inner)
        ),
        max_leaves=12,
    ),
    st.sampled_from(("compose", "kubernetes")),
)
def test_any_data_is_read_or_skipped(data: Any, name: str) -> None:
    ruleset = rulesets.from_data([data], name)
    for each in ruleset.rules:
        assert each.ports != TransportPorts.full()
