"""How programs write port mappings, with their sources."""

from __future__ import annotations

from portranges.dialects.forms import MappingForm
from portranges.dialects.model import THREE
from portranges.dialects.shorthand import known_by
from portranges.source import Confidence, cite

_DOCKER = MappingForm(
    name="docker",
    aliases=("podman", "compose"),
    tool="docker",
    place="after -p of docker and podman, or under ports: of a Compose file",
    transports=THREE,
    has_address=True,
    has_ranges=True,
    notes=(
        "Without a transport it means TCP.",
        (
            "A host's range for one container's port lets docker choose one of them, and is "
            "refused; podman refuses it too."
        ),
        "An IPv6 address must be in brackets; docker also accepts '::1:80:80', podman does not.",
        (
            "docker reads '80:80/' as TCP; it is refused, because a missing transport after '/' is "
            "a mistake, for example an unset variable."
        ),
    ),
    evidence=known_by(
        Confidence.SOURCE,
        cite(
            "docker/go-connections@fa09c952 (0.5.0)",
            "nat/nat.go, ParsePortSpec",
            checked="2026-11-30",
        ),
        cite("podman source", "parseSplitPort"),
        cite("Compose file reference", "ports, short syntax"),
    ),
)

_KUBECTL = MappingForm(
    name="kubectl",
    aliases=("port-forward",),
    tool="kubectl",
    place="after 'kubectl port-forward RESOURCE'",
    alone_is_both=True,
    notes=("Its addresses are given by --address; a port's name is not resolved.",),
    evidence=known_by(
        Confidence.SOURCE,
        cite("kubernetes/client-go source", "tools/portforward/portforward.go, parsePorts"),
    ),
)

FORMS = (_DOCKER, _KUBECTL)
