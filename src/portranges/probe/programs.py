"""Programs that are known to listen on ports of the ephemeral range, each with its source.

A row says that a program of this name does so. It does not say that a process of this name is
that program, because a process chooses its own name.
"""

from __future__ import annotations

from dataclasses import dataclass

from portranges.source import Source, cite

__all__ = ["PROGRAMS", "Program"]


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


_ROWS = (
    Program(
        name="docker-proxy",
        is_proxy=True,
        purpose="forwards a published port to a container",
        source=cite("moby/moby@8d06e70f", "cmd/docker-proxy/main_linux.go"),
    ),
    Program(
        name="rootlesskit",
        is_proxy=True,
        purpose="forwards ports to containers that run without root",
        source=cite("rootless-containers/rootlesskit@7766f34a", "docs/port.md"),
    ),
    Program(
        name="wslrelay.exe",
        is_proxy=True,
        purpose="forwards a port to the Linux inside WSL 2",
        source=cite("CzBiX/WSLHostPatcher#18"),
    ),
    Program(
        name="wslhost.exe",
        is_proxy=True,
        purpose="forwards a port to the Linux inside WSL 2",
        source=cite("microsoft/WSL#9573"),
    ),
    Program(
        name="containerd",
        is_proxy=False,
        purpose="serves exec, attach and port-forward of Kubernetes, by default on 127.0.0.1:0",
        source=cite("containerd/containerd@v1.6.0-beta.3", "docs/cri/config.md"),
    ),
    Program(
        name="cri-dockerd",
        is_proxy=False,
        purpose="serves exec, attach and port-forward of Kubernetes on a random port by default",
        source=cite("k3s-io/k3s#9965"),
    ),
    Program(
        name="rpc.statd",
        is_proxy=False,
        purpose="registers its port with rpcbind, for NFS locks",
        source=cite("rpc.statd(8)", "--port"),
    ),
    Program(
        name="mosh-server",
        is_proxy=False,
        purpose="serves a mobile shell session until it ends",
        source=cite("mosh-server(1)"),
    ),
)

PROGRAMS = {row.name: row for row in _ROWS}
