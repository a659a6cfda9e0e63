"""Read the ports of services and of the containers of pods.

A container's port is only a description, which opens nothing: a process can listen on others. A
port of the host is published, and so is the port of a service.
"""

from __future__ import annotations

from portranges import ephemeral, types
from portranges.errors import elide
from portranges.ports import Transport
from portranges.portset import PortSet
from portranges.rulesets.model import Action
from portranges.rulesets.objects import (
    PROTOCOLS,
    Gathered,
    Node,
    RefusedError,
    address,
    keys_in,
)
from portranges.transport_ports import TransportPorts

_SERVICE = keys_in(
    """ports selector clusterIP clusterIPs type externalIPs sessionAffinity loadBalancerIP
    loadBalancerSourceRanges externalName externalTrafficPolicy healthCheckNodePort
    publishNotReadyAddresses sessionAffinityConfig ipFamilies ipFamilyPolicy
    allocateLoadBalancerNodePorts loadBalancerClass internalTrafficPolicy
    trafficDistribution"""
)
_TYPES = ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName")
_ADDRESSES = ("externalIPs", "loadBalancerSourceRanges")
# The cluster chooses a port of its nodes if the file has none; this is the default.
_CHOSEN = "published: one of service-node-port-range"
_SERVICE_PORT = keys_in("name protocol appProtocol port targetPort nodePort")

_POD = keys_in(
    """volumes initContainers containers ephemeralContainers restartPolicy
    terminationGracePeriodSeconds activeDeadlineSeconds dnsPolicy nodeSelector
    serviceAccountName serviceAccount automountServiceAccountToken nodeName hostNetwork
    hostPID hostIPC shareProcessNamespace securityContext imagePullSecrets hostname
    subdomain affinity schedulerName tolerations hostAliases priorityClassName priority
    dnsConfig readinessGates runtimeClassName enableServiceLinks preemptionPolicy overhead
    topologySpreadConstraints setHostnameAsFQDN os hostUsers schedulingGates resourceClaims
    resources hostnameOverride workloadRef schedulingGroup evictionResponders"""
)
_CONTAINER = keys_in(
    """name image command args workingDir ports envFrom env resources resizePolicy restartPolicy
    restartPolicyRules volumeMounts volumeDevices livenessProbe readinessProbe startupProbe
    lifecycle terminationMessagePath terminationMessagePolicy imagePullPolicy
    securityContext stdin stdinOnce tty targetContainerName"""
)
_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")
_CONTAINER_PORT = keys_in("name hostPort containerPort protocol hostIP")


def read_service(node: Node, found: Gathered, group: str) -> None:
    """Read a Service: its ports, those on each node, and where they lead to."""
    spec = node.field("a Service", "spec")
    found.skip_unknown(spec, group, "spec of a Service", _SERVICE)
    fields = spec.all_fields("spec of a Service")
    conditions: list[str] = []
    if "type" in fields:
        fields["type"].word("type", _TYPES)
        conditions.append(fields["type"].condition())
    # A service without an address is a list of pods, whose ports are not translated.
    is_headless = "clusterIP" in fields and fields["clusterIP"].value == "None"
    if is_headless:
        conditions.append(fields["clusterIP"].condition())
    # Conditions on packets to the port, but not on those to a port of a node. The ranges do not
    # restrict packets to an external address.
    of_port = [fields[key].condition() for key in _ADDRESSES if key in fields][:1]
    if "healthCheckNodePort" in fields and fields["healthCheckNodePort"].value != 0:
        check = fields["healthCheckNodePort"]
        with found.skipping(check, group):
            ports = TransportPorts({Transport.TCP: [check.port("healthCheckNodePort")]})
            found.add(check, group, ports, conditions=conditions)
    if "ports" not in fields:
        return
    has_node_ports = not is_headless and (
        "type" in fields
        and fields["type"].value in ("NodePort", "LoadBalancer")
        and (
            "allocateLoadBalancerNodePorts" not in fields
            or fields["allocateLoadBalancerNodePorts"].value is not False
        )
    )
    with found.skipping(fields["ports"], group):
        for entry in fields["ports"].items("ports"):
            with found.skipping(entry, group):
                _read_service_port(
                    entry,
                    found,
                    group,
                    conditions,
                    of_port,
                    is_headless=is_headless,
                    has_node_port=has_node_ports,
                )


def _read_service_port(
    entry: Node,
    found: Gathered,
    group: str,
    conditions: list[str],
    of_port: list[str],
    *,
    is_headless: bool,
    has_node_port: bool,
) -> None:
    fields = entry.fields("a port of a Service", _SERVICE_PORT, ("port",))
    port = fields["port"].port("port")
    target: PortSet | None = PortSet([port])
    named: list[str] = []
    if "targetPort" in fields and not is_headless:
        target_port = fields["targetPort"]
        name = target_port.value
        if isinstance(name, str) and any(map(str.isalpha, name)):
            # The name is resolved in each pod.
            target, named = None, [target_port.condition()]
        else:
            target = PortSet([target_port.port("targetPort")])
    transport = PROTOCOLS[_protocol(fields)]
    added = [(entry, PortSet([port]), of_port)]
    if "nodePort" in fields and fields["nodePort"].value != 0:
        node_port = fields["nodePort"]
        added.append((node_port, PortSet([node_port.port("nodePort")]), []))
    elif has_node_port:
        added.append((entry, ephemeral.ports("kubernetes-nodeport"), [_CHOSEN]))
    for place, ports, others in added:
        found.add(
            place,
            group,
            TransportPorts({transport: ports}),
            translated=None if is_headless else target,
            action=Action.ACCEPT if is_headless else Action.TRANSLATE,
            conditions=[*conditions, *named, *others],
        )


def _protocol(fields: dict[str, Node]) -> str:
    return fields["protocol"].word("protocol", PROTOCOLS) if "protocol" in fields else "TCP"


def read_pods(*path: str) -> types.Callable[[Node, Gathered, str], None]:
    """Return a reader of the pods of an object, whose specification is at *path*."""

    def read(node: Node, found: Gathered, group: str) -> None:
        at = node
        for key in path:
            fields = at.all_fields("an object with pods")
            if key not in fields:
                raise RefusedError(f"an object with pods must have {'.'.join(path)}, got no {key}")
            at = fields[key]
        _read_pod(at, found, group)

    return read


def _read_pod(spec: Node, found: Gathered, group: str) -> None:
    found.skip_unknown(spec, group, "spec of a pod", _POD)
    fields = spec.all_fields("spec of a pod")
    if "containers" not in fields:
        raise RefusedError(f"spec of a pod must have containers, got {elide(spec.value)}")
    if "hostNetwork" in fields and fields["hostNetwork"].value is not False:
        reason = "with hostNetwork, every port that a container listens on is open on the host"
        found.skip(fields["hostNetwork"], reason, group)
        opened_by = fields["hostNetwork"].condition()
    else:
        # Only a description: other rules decide who reaches the pod.
        opened_by = "containerPort"
    for key in _CONTAINERS:
        if key not in fields:
            continue
        with found.skipping(fields[key], group):
            for container in fields[key].items(key):
                with found.skipping(container, group):
                    _read_container(container, found, group, opened_by)


def _read_container(node: Node, found: Gathered, group: str, opened_by: str) -> None:
    found.skip_unknown(node, group, "a container", _CONTAINER)
    fields = node.all_fields("a container")
    if "ports" not in fields:
        return
    for entry in fields["ports"].items("ports of a container"):
        with found.skipping(entry, group):
            _read_container_port(entry, found, group, opened_by)


def _read_container_port(entry: Node, found: Gathered, group: str, opened_by: str) -> None:
    fields = entry.fields("a port of a container", _CONTAINER_PORT, ("containerPort",))
    port = fields["containerPort"].port("containerPort")
    transport = PROTOCOLS[_protocol(fields)]
    host: int | None = None
    if "hostPort" in fields and fields["hostPort"].value != 0:
        host = fields["hostPort"].port("hostPort")
    families, applies, conditions = address(fields.get("hostIP"))
    found.add(entry, group, TransportPorts({transport: [port]}), conditions=[opened_by])
    if host is not None:
        found.add(
            fields["hostPort"],
            group,
            TransportPorts({transport: [host]}),
            translated=PortSet([port]),
            families=families,
            action=Action.TRANSLATE,
            applies=applies,
            conditions=conditions,
        )
