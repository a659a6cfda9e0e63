"""Programs that listen on ports the system handed them, and mean to.

What lives here: the rows, each with its source.
What must not: a judgement (``long_lived``).

A row says that a program of this name does so. It never says that a process of
this name is that program: a name is the process's own choice.
"""

from __future__ import annotations

from dataclasses import dataclass

from portranges.source import Source, cite

__all__ = ["PROGRAMS", "Program"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program that is known to listen on a port it was handed, or was told to take.

    Attributes:
        name: The name of its process.
        is_proxy: Whether it stands for another, as for a container.
        does: What it listens for, as half a sentence.
        source: Where that is known from.

    Example:
        >>> PROGRAMS["docker-proxy"].is_proxy
        True
    """

    name: str
    is_proxy: bool
    does: str
    source: Source


_ROWS = (
    Program(
        name="docker-proxy",
        is_proxy=True,
        does="passes a published port on to a container",
        source=cite("moby/moby@8d06e70f", "cmd/docker-proxy/main_linux.go"),
    ),
    Program(
        name="rootlesskit",
        is_proxy=True,
        does="passes ports on to containers that run without root",
        source=cite("rootless-containers/rootlesskit@7766f34a", "docs/port.md"),
    ),
    Program(
        name="wslrelay.exe",
        is_proxy=True,
        does="passes a port on to the Linux inside WSL 2",
        source=cite("CzBiX/WSLHostPatcher#18"),
    ),
    Program(
        name="wslhost.exe",
        is_proxy=True,
        does="passes a port on to the Linux inside WSL 2",
        source=cite("microsoft/WSL#9573"),
    ),
    Program(
        name="containerd",
        is_proxy=False,
        does="serves exec, attach and port-forward of Kubernetes on 127.0.0.1, port 0 by default",
        source=cite("containerd/containerd@v1.6.0-beta.3", "docs/cri/config.md"),
    ),
    Program(
        name="cri-dockerd",
        is_proxy=False,
        does="serves exec, attach and port-forward of Kubernetes on a random port by default",
        source=cite("k3s-io/k3s#9965"),
    ),
    Program(
        name="rpc.statd",
        is_proxy=False,
        does="registers the port it was handed with rpcbind, for NFS locks",
        source=cite("rpc.statd(8)", "--port"),
    ),
    Program(
        name="mosh-server",
        is_proxy=False,
        does="serves a mobile shell session for as long as it lasts",
        source=cite("mosh-server(1)"),
    ),
)

PROGRAMS = {row.name: row for row in _ROWS}
