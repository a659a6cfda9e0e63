"""Read objects of Kubernetes: policies, services and the ports of containers.

This module finds the objects, in lists and in several documents, and chooses the reader of each
kind.
"""

from __future__ import annotations

from collections.abc import Mapping

from portranges import types
from portranges.errors import elide
from portranges.rulesets.calico import read_calico
from portranges.rulesets.cilium import read_cilium
from portranges.rulesets.kubernetes_admin_policies import (
    read_admin_policy,
    read_baseline_policy,
    read_cluster_policy,
)
from portranges.rulesets.kubernetes_policies import Policies, read_network_policy
from portranges.rulesets.kubernetes_workloads import read_pods, read_service
from portranges.rulesets.objects import (
    Node,
    RefusedError,
    each_document,
    keys_in,
)
from portranges.rulesets.ruleset import Ruleset

_APPS = ("apps/v1", "apps/v1beta1", "apps/v1beta2", "extensions/v1beta1")
_BATCH = ("batch/v1", "batch/v1beta1")
_CALICO = ("projectcalico.org/v3", "crd.projectcalico.org/v1")
_POLICY_API = ("policy.networking.k8s.io/v1alpha1",)

_TEMPLATE = ("spec", "template", "spec")

# For each kind, the versions of its API and the reader.
_KINDS: tuple[tuple[str, tuple[str, ...], types.Callable[[Node, Policies, str], None]], ...] = (
    ("NetworkPolicy", ("networking.k8s.io/v1", "extensions/v1beta1"), read_network_policy),
    ("AdminNetworkPolicy", _POLICY_API, read_admin_policy),
    ("BaselineAdminNetworkPolicy", _POLICY_API, read_baseline_policy),
    ("ClusterNetworkPolicy", ("policy.networking.k8s.io/v1alpha2",), read_cluster_policy),
    ("NetworkPolicy", _CALICO, read_calico),
    ("GlobalNetworkPolicy", _CALICO, read_calico),
    ("CiliumNetworkPolicy", ("cilium.io/v2",), read_cilium),
    ("CiliumClusterwideNetworkPolicy", ("cilium.io/v2",), read_cilium),
    ("Service", ("v1",), read_service),
    ("Pod", ("v1",), read_pods("spec")),
    ("PodTemplate", ("v1",), read_pods("template", "spec")),
    ("ReplicationController", ("v1",), read_pods(*_TEMPLATE)),
    ("Deployment", _APPS, read_pods(*_TEMPLATE)),
    ("StatefulSet", _APPS, read_pods(*_TEMPLATE)),
    ("DaemonSet", _APPS, read_pods(*_TEMPLATE)),
    ("ReplicaSet", _APPS, read_pods(*_TEMPLATE)),
    ("Job", _BATCH, read_pods(*_TEMPLATE)),
    ("CronJob", _BATCH, read_pods("spec", "jobTemplate", *_TEMPLATE)),
)
_READERS = {(version, kind): read for kind, versions, read in _KINDS for version in versions}

_KEYS = ("apiVersion", "kind", "metadata", "spec", "specs", "status", "template")

# An object of another kind with one of these keys may be about ports.
_SUSPICIOUS = keys_in(
    """port ports toPorts containerPort hostPort nodePort targetPort portNumber portRange
    hostNetwork ingress egress ingressDeny egressDeny containers"""
)
# In these kinds, such keys describe a schema, hold data, or name the port of a Service or a pod.
# What opens the port, such as the Service of an Ingress controller, is another object.
_HARMLESS = {
    "CustomResourceDefinition": "apiextensions.k8s.io",
    "ConfigMap": "v1",
    "Secret": "v1",
    "Endpoints": "v1",
    "EndpointSlice": "discovery.k8s.io",
    "Ingress": "networking.k8s.io",
    "MutatingWebhookConfiguration": "admissionregistration.k8s.io",
    "ValidatingWebhookConfiguration": "admissionregistration.k8s.io",
    "APIService": "apiregistration.k8s.io",
}


def read_data(data: object, name: str, services: types.Services | None) -> Ruleset:
    """Return the ruleset in *data*, which has the format *name*.

    Raises:
        InvalidValueError: The data is neither a mapping nor a list.
    """
    del services  # In Kubernetes, port names are defined by containers.
    found = Policies(name)
    for node in each_document(data):
        # An empty document is null.
        if node.value is not None:
            with found.skipping(node):
                _read_object(node, found, "", "")
    return found.ruleset()


def _read_object(node: Node, found: Policies, version: str, kind: str) -> None:
    """Read an object, or each object of a list. In a list of one kind, they do not repeat it."""
    fields = node.all_fields("an object")
    version = _text(fields, "apiVersion", version)
    kind = _text(fields, "kind", kind)
    if kind.endswith("List") and "items" in fields:
        is_typed = kind != "List"
        for item in fields["items"].items("items"):
            with found.skipping(item):
                inner = (version, kind.removesuffix("List")) if is_typed else ("", "")
                _read_object(item, found, *inner)
        return
    read = _READERS.get((version, kind))
    group = _group(kind, node, fields)
    if read is not None:
        with found.skipping(node, group):
            node.fields(f"a {kind}", _KEYS)
            read(node, found, group)
    elif _HARMLESS.get(kind) != version.partition("/")[0] and _is_suspicious(node.value):
        known = sorted(versions for versions, each in _READERS if each == kind)
        if known:
            reason = f"apiVersion of a {kind} must be {', '.join(known)}, got {elide(version)}"
        else:
            reason = f"kind must be one that is read, got {elide(kind)}"
        found.skip(node, reason, group)


def _text(fields: dict[str, Node], key: str, default: str) -> str:
    value = fields[key].value if key in fields else default
    if not isinstance(value, str) or not value:
        raise RefusedError(f"an object must have {key}, got {elide(value)}")
    return value


def _group(kind: str, node: Node, fields: dict[str, Node]) -> str:
    """Return the kind, the namespace and the name of an object."""
    names: list[str] = []
    if "metadata" in fields and isinstance(fields["metadata"].value, Mapping):
        metadata = fields["metadata"].all_fields("metadata")
        keys = ("namespace", "name" if "name" in metadata else "generateName")
        names = [str(metadata[key].value) for key in keys if key in metadata]
    return f"{kind} {'/'.join(names) or node.pointer or '(no name)'}"


def _is_suspicious(value: object) -> bool:
    """Return whether *value* contains a key that may be about ports."""
    waiting = [value]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        # YAML can refer to one value many times.
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, Mapping):
            held = types.cast("types.Mapping[object, object]", each)
            if not _SUSPICIOUS.isdisjoint(held):
                return True
            waiting.extend(held.values())
        elif isinstance(each, (list, tuple)):
            waiting.extend(types.cast("types.Sequence[object]", each))
    return False
