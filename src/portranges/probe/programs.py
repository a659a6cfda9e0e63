"""Programs that are known to listen on ports of the ephemeral range, each with its source.

A row says that a program of this name does so. It does not say that a process of this name is
that program, because a process chooses its own name.
"""

from __future__ import annotations

from dataclasses import dataclass

from portranges.source import Source, cite


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program that listens on a port that the system allocated, or that it was given.

    Attributes:
        name: The name of its process.
        is_proxy: Whether it listens for another program, such as one in a container.
        purpose: What it listens for, as a phrase with a verb.
        source: Where this is documented.

    Example:
        >>> PROGRAMS["docker-proxy"].is_proxy
        True
    """

    name: str
    is_proxy: bool
    purpose: str
    source: Source


# The name of the process, what the program listens for, and the source.
_PROXIES = (
    (
        "docker-proxy",
        "forwards a published port to a container",
        cite("moby/moby@8d06e70f", "cmd/docker-proxy/main_linux.go"),
    ),
    (
        "rootlesskit",
        "forwards ports to containers that run without root",
        cite("rootless-containers/rootlesskit@7766f34a", "docs/port.md"),
    ),
    ("wslrelay.exe", "forwards a port to the Linux inside WSL 2", cite("CzBiX/WSLHostPatcher#18")),
    ("wslhost.exe", "forwards a port to the Linux inside WSL 2", cite("microsoft/WSL#9573")),
)
_OTHERS = (
    (
        "containerd",
        "serves exec, attach and port-forward of Kubernetes, by default on 127.0.0.1:0",
        cite("containerd/containerd@v1.6.0-beta.3", "docs/cri/config.md"),
    ),
    (
        "cri-dockerd",
        "serves exec, attach and port-forward of Kubernetes on a random port by default",
        cite("k3s-io/k3s#9965"),
    ),
    ("rpc.statd", "registers its port with rpcbind, for NFS locks", cite("rpc.statd(8)", "--port")),
    ("mosh-server", "serves a mobile shell session until it ends", cite("mosh-server(1)")),
)

PROGRAMS = {
    name: Program(name=name, is_proxy=rows is _PROXIES, purpose=purpose, source=source)
    for rows in (_PROXIES, _OTHERS)
    for name, purpose, source in rows
}
