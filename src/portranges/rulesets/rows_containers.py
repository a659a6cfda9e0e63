"""The formats of containers and their orchestrators, with their sources."""

from __future__ import annotations

from portranges.dialects.model import Evidence, Verification
from portranges.rulesets.model import Format
from portranges.source import Confidence, cite

COMPOSE = Format(
    name="compose",
    aliases=("docker-compose",),
    title="compose files",
    reads=(
        "ports in the short and the long syntax, with addresses, ranges and protocols",
        "variables: the values in variables=, or their defaults, as a condition",
        "a port that the engine chooses: the default range of Linux, with a condition",
        "both sides of each mapping: the published ports, and the target as translated_ports",
        "expose, as a rule for other services",
        "profiles, as a condition",
    ),
    leaves_out=(
        "variables without a value or a default: the port is skipped",
        "a changed ip_local_port_range, and the ranges of systems other than Linux",
        "extends, include and network_mode host: they are reported, but not followed",
        "which of these ports the host's own packet filter lets through",
    ),
    signs=(),
    keys=("services",),
    reader="portranges.rulesets.compose",
    has_variables=True,
    evidence=Evidence(
        confidence=Confidence.MEASURED,
        verification=Verification.READBACK,
        sources=(
            cite(
                "run as 'docker compose config', Docker Compose 2.40.3",
                "random entries of ports with and without variables, and 877 public files",
                checked="2026-11-30",
            ),
            cite(
                "compose-spec/compose-go@e70e961c",
                "schema/compose-spec.json",
                checked="2026-11-30",
            ),
            cite("docker/go-connections@fa09c952 (0.5.0)", "nat/nat.go, ParsePortSpec"),
            cite(
                "compose-spec/compose-go@e70e961c",
                "template/template.go, loader/reset.go",
                checked="2026-11-30",
            ),
            cite(
                "moby/moby@b985e231",
                "daemon/libnetwork/portallocator/portallocator_linux.go",
                checked="2026-11-30",
            ),
        ),
        version="Docker Compose 2.40.3",
    ),
)

KUBERNETES = Format(
    name="kubernetes",
    aliases=("kubectl", "cilium", "calico"),
    title="objects of Kubernetes, Cilium and Calico",
    reads=(
        "one object, a list of kubectl or of the API, and several documents",
        "NetworkPolicy, AdminNetworkPolicy, BaselineAdminNetworkPolicy, ClusterNetworkPolicy",
        "Service: port, nodePort and healthCheckNodePort, with targetPort as translated_ports",
        "containerPort and hostPort of pods, and of the templates of pods in Deployment, Job etc.",
        "externalIPs and loadBalancerSourceRanges, as conditions on the port of a Service",
        "a nodePort that the cluster chooses, as the default range",
        "CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy: each item of toPorts is a rule",
        "the rules of layer 7 of Cilium, as a condition",
        "NetworkPolicy and GlobalNetworkPolicy of Calico, with ports, notPorts and protocols",
        "the order of Calico's policies: a rule's priority is the rank of its policy in the file",
        "selectors, peers and addresses, as conditions",
    ),
    leaves_out=(
        "names of ports: such a port is skipped; the name of a targetPort is a condition",
        "which ports are reachable if the file has rules of other kinds",
        "pods that no policy selects: nothing is filtered for them",
        "traffic from the node of a pod, which a policy does not filter",
        "a nodePort that the cluster chooses, and hostNetwork, which is reported",
        "the ports of the services that a rule of Cilium or Calico names: it is skipped",
        "tiers of Calico, and staged policies",
        "Ingress, ConfigMap, Endpoints, webhooks and the like, which open no port: left out",
        "other kinds: an object with a key such as ports is skipped, any other is left out",
    ),
    signs=(),
    # 'kind' is a key of the rules of Google Cloud too.
    keys=("apiVersion",),
    reader="portranges.rulesets.kubernetes",
    evidence=Evidence(
        confidence=Confidence.SOURCE,
        sources=(
            cite("kubernetes/api@10b39a39", "core/v1/types.go, networking/v1/types.go"),
            cite(
                "kubernetes-sigs/network-policy-api@0eec1b0e",
                "apis/v1alpha1, apis/v1alpha2",
                checked="2026-11-30",
            ),
            cite(
                "kubernetes-sigs/network-policy-api@0eec1b0e",
                "cmd/policy-assistant/pkg/matcher, run with 1,500 random sets of NetworkPolicy",
                checked="2026-11-30",
            ),
            cite("cilium/cilium@02904c9b", "crds/v2/ciliumnetworkpolicies.yaml"),
            cite("cilium/cilium@3e1bfb8f", "pkg/policy/api/rule_validation.go"),
            cite("projectcalico/calico@87c15906", "api/pkg/apis/projectcalico/v3"),
            cite("projectcalico/calico@87c15906", "api/pkg/lib/numorstring/port.go"),
        ),
        version="Kubernetes, Calico and network-policy-api of August 2026, cilium.io/v2",
    ),
)

CONTAINERS = (COMPOSE, KUBERNETES)
