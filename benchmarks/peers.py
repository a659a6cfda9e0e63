"""The other libraries that portranges is timed beside, where installed.

None of them is typed well enough to help here, so a peer's module is ``Any``.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module, metadata
from typing import Any

__all__ = ["PEERS", "Peer", "Peers"]


@dataclass(frozen=True, slots=True)
class Peer:
    """A library that answers some of the same questions.

    Attributes:
        package: Its name on the package index, and in the tables.
        imported: The module that a user imports for what is compared.
    """

    package: str
    imported: str

    def version(self) -> str | None:
        """Return the installed version, or None."""
        try:
            return metadata.version(self.package)
        except metadata.PackageNotFoundError:
            return None


PEERS = (
    Peer("pyroaring", "pyroaring"),
    Peer("portion", "portion"),
    Peer("intervaltree", "intervaltree"),
    Peer("netports", "netports"),
    Peer("netaddr", "netaddr"),
    Peer("whatportis", "whatportis.db"),
    Peer("port-for", "port_for"),
    Peer("psutil", "psutil"),
    Peer("numpy", "numpy"),
    Peer("polars", "polars"),
    Peer("pandas", "pandas"),
    Peer("pyarrow", "pyarrow"),
)


class Peers:
    """The peers of one run.

    Attributes:
        versions: The version of each peer that is installed, by package; none
            at all for a run without peers.
    """

    def __init__(self, *, wanted: bool = True) -> None:
        """Look which peers are installed; not *wanted* means none is."""
        self.versions: dict[str, str] = {}
        for peer in PEERS:
            version = peer.version() if wanted else None
            if version is not None:
                self.versions[peer.package] = version

    def missing(self) -> list[str]:
        """Return the packages that are not installed."""
        return [peer.package for peer in PEERS if peer.package not in self.versions]

    def module(self, package: str, name: str | None = None) -> Any:
        """Return a peer's module, or None where it is not installed.

        Args:
            package: The package, one of ``PEERS``.
            name: The module; by default the one that users import.
        """
        if package not in self.versions:
            return None
        return import_module(name or _BY_PACKAGE[package].imported)


_BY_PACKAGE = {peer.package: peer for peer in PEERS}
