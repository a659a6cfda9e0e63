"""One sample for each kind of object, and each key of it removed, misspelt, doubled or wrong.

No such fault may open a port, except where the schema has a default for a missing key.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from portranges import PortSyntaxError, TransportPorts, rulesets
from portranges.rulesets import Action, Ruleset

POD = {
    "hostNetwork": False,
    "containers": [
        {
            "name": "a",
            "image": "b",
            "ports": [
                {
                    "name": "web",
                    "containerPort": 8080,
                    "hostPort": 80,
                    "protocol": "UDP",
                    "hostIP": "192.0.2.1",
                }
            ],
        }
    ],
}
SELECTOR = {"matchLabels": {"app": "a"}}
ADMIN = {
    "subject": {"namespaces": SELECTOR},
    "ingress": [
        {
            "name": "a",
            "action": "Allow",
            "from": [{"namespaces": SELECTOR}],
            "ports": [
                {"portNumber": {"protocol": "UDP", "port": 53}},
                {"portRange": {"protocol": "SCTP", "start": 10, "end": 20}},
            ],
        }
    ],
    "egress": [{"action": "Deny", "to": [{"networks": ["192.0.2.0/24"]}]}],
}
CILIUM = {
    "endpointSelector": SELECTOR,
    "ingress": [
        {
            "fromEntities": ["world"],
            "toPorts": [
                {
                    "ports": [{"port": "8000", "endPort": 8010, "protocol": "UDP"}],
                    "rules": {"http": [{"method": "GET"}]},
                }
            ],
        },
        {"icmps": [{"fields": [{"type": 8, "family": "IPv4"}]}]},
    ],
    "ingressDeny": [{"fromCIDR": ["192.0.2.0/24"]}],
    "egress": [{"toFQDNs": [{"matchName": "a.test"}], "toPorts": [{"ports": [{"port": "443"}]}]}],
}
CALICO = {
    "tier": "default",
    "order": 10,
    "selector": "app == 'a'",
    "types": ["Ingress", "Egress"],
    "ingress": [
        {
            "action": "Allow",
            "protocol": "TCP",
            "ipVersion": 4,
            "source": {"nets": ["192.0.2.0/24"], "ports": [1234]},
            "destination": {"ports": [80, "90:99"], "notPorts": [95]},
        }
    ],
    "egress": [{"action": "Deny", "protocol": "UDP", "destination": {"ports": [53]}}],
}


def an_object(version: str, kind: str, spec: object) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "a"}, "spec": spec}


SAMPLES: dict[str, dict[str, Any]] = {
    "NetworkPolicy": an_object(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        {
            "podSelector": SELECTOR,
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [
                {
                    "from": [{"ipBlock": {"cidr": "192.0.2.0/24"}}],
                    "ports": [{"protocol": "UDP", "port": 8000, "endPort": 8010}, {"port": 22}],
                }
            ],
            "egress": [{"to": [{"podSelector": SELECTOR}], "ports": [{"port": 53}]}],
        },
    ),
    "AdminNetworkPolicy": an_object(
        "policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy", {"priority": 5, **ADMIN}
    ),
    "BaselineAdminNetworkPolicy": an_object(
        "policy.networking.k8s.io/v1alpha1", "BaselineAdminNetworkPolicy", ADMIN
    ),
    "ClusterNetworkPolicy": an_object(
        "policy.networking.k8s.io/v1alpha2",
        "ClusterNetworkPolicy",
        {
            "tier": "Admin",
            "priority": 5,
            "subject": {"pods": {"namespaceSelector": SELECTOR, "podSelector": SELECTOR}},
            "ingress": [
                {
                    "action": "Accept",
                    "from": [{"namespaces": SELECTOR}],
                    "protocols": [
                        {"tcp": {"destinationPort": {"number": 80}}},
                        {"udp": {"destinationPort": {"range": {"start": 10, "end": 20}}}},
                    ],
                }
            ],
        },
    ),
    "Service": an_object(
        "v1",
        "Service",
        {
            "type": "NodePort",
            "selector": {"app": "a"},
            "ports": [
                {
                    "name": "web",
                    "port": 80,
                    "targetPort": 8080,
                    "nodePort": 30080,
                    "protocol": "UDP",
                    "appProtocol": "http",
                }
            ],
        },
    ),
    "Pod": an_object("v1", "Pod", POD),
    "Deployment": an_object("apps/v1", "Deployment", {"template": {"spec": POD}}),
    "CronJob": an_object(
        "batch/v1", "CronJob", {"jobTemplate": {"spec": {"template": {"spec": POD}}}}
    ),
    "CiliumNetworkPolicy": an_object("cilium.io/v2", "CiliumNetworkPolicy", CILIUM),
    "CiliumClusterwideNetworkPolicy": {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumClusterwideNetworkPolicy",
        "metadata": {"name": "a"},
        "specs": [CILIUM],
    },
    "Calico": an_object("projectcalico.org/v3", "NetworkPolicy", CALICO),
    "GlobalNetworkPolicy": an_object(
        "crd.projectcalico.org/v1",
        "GlobalNetworkPolicy",
        {**CALICO, "preDNAT": False, "applyOnForward": True, "namespaceSelector": "all()"},
    ),
    "compose": {
        "name": "a",
        "services": {
            "web": {
                "image": "a",
                "network_mode": "bridge",
                "profiles": ["dev"],
                "expose": ["3000"],
                "ports": [
                    "8080:80",
                    {
                        "name": "dns",
                        "mode": "host",
                        "host_ip": "192.0.2.1",
                        "target": 53,
                        "published": "5353",
                        "protocol": "udp",
                        "app_protocol": "dns",
                    },
                ],
            }
        },
    },
}

# The keys that are optional for their schemas and mean more ports or another transport if they are
# missing.
OPTIONAL = {
    "ports": {"NetworkPolicy", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "Calico",
              "GlobalNetworkPolicy"},
    "port": {"NetworkPolicy"},
    "protocols": {"ClusterNetworkPolicy"},
    "toPorts": {"CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"},
    "destination": {"Calico", "GlobalNetworkPolicy"},
    "notPorts": {"Calico", "GlobalNetworkPolicy"},
    "protocol": set(SAMPLES),
    # The engine or the cluster chooses a port.
    "published": {"compose"},
    "nodePort": {"Service"},
}  # fmt: skip
# What is inside these is a condition, and not read.
CONDITIONS = {
    "metadata", "podSelector", "from", "to", "subject", "endpointSelector", "fromEntities",
    "toFQDNs", "rules", "icmps", "fromCIDR", "selector",
}  # fmt: skip
WRONG = (-1, 70000, "?", True, ["?"], {"a": 7}, 1.5, "", [], {})


def ports_of(ruleset: Ruleset) -> TransportPorts:
    found = TransportPorts.empty()
    for each in ruleset.rules:
        if each.action in (Action.ACCEPT, Action.TRANSLATE):
            found |= each.ports
    return found


def places(data: Any, *path: Any) -> Iterator[tuple[Any, ...]]:
    """The path of each key that is read."""
    if isinstance(data, list):
        for place, value in enumerate(data):
            yield from places(value, *path, place)
    elif isinstance(data, dict):
        for key, value in data.items():
            yield (*path, key)
            if key not in CONDITIONS:
                yield from places(value, *path, key)


def at(data: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        data = data[part]
    return data


def read(name: str, data: object) -> Ruleset:
    return rulesets.from_data(data, "compose" if name == "compose" else "kubernetes")


CASES = [(name, path) for name, sample in SAMPLES.items() for path in places(sample)]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_read(name: str) -> None:
    ruleset = read(name, SAMPLES[name])
    assert ruleset.skipped == ()
    assert TransportPorts.empty() < ports_of(ruleset) < TransportPorts.full()


@pytest.mark.parametrize(("name", "path"), CASES)
def test_a_fault_opens_no_port(name: str, path: tuple[Any, ...]) -> None:
    before = ports_of(read(name, SAMPLES[name]))
    *inner, key = path

    def after(change: str, value: object = None) -> Ruleset:
        data = copy.deepcopy(SAMPLES[name])
        held = at(data, tuple(inner))
        old = held.pop(key)
        if change == "wrong":
            held[key] = value
        elif change == "misspelt":
            held[f"{key}z"] = old
        elif change == "added":
            held[key], held["zzz"] = old, 1
        return read(name, data)

    removed = after("removed")
    if name not in OPTIONAL.get(key, ()):
        assert ports_of(removed) <= before
    for change in ("misspelt", "added"):
        changed = after(change)
        assert ports_of(changed) <= before
        assert changed.skipped or ports_of(changed) == before
    for value in WRONG:
        # Nothing in a list or in a mapping is often the same as none of them.
        if value not in ("", [], {}) or name not in OPTIONAL.get(key, ()):
            assert ports_of(after("wrong", value)) <= before, value


@pytest.mark.parametrize(("name", "path"), CASES)
def test_a_key_must_not_be_doubled(name: str, path: tuple[Any, ...]) -> None:
    data = copy.deepcopy(SAMPLES[name])
    *inner, key = path
    held = at(data, tuple(inner))
    held["ZZZ"] = held[key]
    text = json.dumps(data).replace('"ZZZ"', json.dumps(key))
    with pytest.raises(PortSyntaxError, match="must not repeat a key"):
        rulesets.parse(text, "compose" if name == "compose" else "kubernetes")
