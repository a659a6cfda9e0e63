"""The choice of a backend: the kernel's own tables on Linux, psutil elsewhere.

A backend that is refused is replaced by the next one; if all are, the table is empty and its
visibility has the reasons.
"""

from __future__ import annotations

import sys

from portranges import types
from portranges.checks import member
from portranges.errors import (
    MissingExtraError,
    SystemReadError,
    UnexpectedOutputError,
    UnsupportedPlatformError,
    elide,
    reason_of,
)
from portranges.probe import netlink, proc, with_psutil
from portranges.probe.query import Query
from portranges.probe.table import Backend, Scope, SocketTable, Visibility, table_of

_PLATFORM = sys.platform
_LINUX = ("linux", "android")


def read(query: Query, backend: types.BackendLike | None = None) -> SocketTable:
    """Return the table that *query* describes, from *backend* or from the best one.

    If the system refuses, the table is empty and its visibility has the reason.

    Raises:
        MissingExtraError: This system needs psutil, which is not installed.
        UnsupportedPlatformError: *backend* is for another system.
        UnexpectedOutputError: What was read is not in a known format.
    """
    reasons: list[str] = []
    unexpected: UnexpectedOutputError | None = None
    for chosen in _candidates(backend):
        try:
            return _read(chosen, query)
        except OSError as error:
            reasons.append(f"{chosen}: {reason_of(error)}")
        except MissingExtraError as missing:
            if _PLATFORM not in _LINUX or backend is not None:
                raise
            reasons.append(f"{chosen}: {missing}")
        except UnexpectedOutputError as error:
            unexpected = error
        except SystemReadError as error:
            reasons.append(f"{chosen}: {error.reason}")
    if unexpected is not None:
        raise unexpected
    owners = Scope.DENIED if query.owners else Scope.NOT_REQUESTED
    reason = "; ".join(reasons)
    return table_of((), visibility=Visibility(sockets=Scope.DENIED, owners=owners, reason=reason))


def complete(query: Query, backend: types.BackendLike | None = None) -> SocketTable:
    """Return the table as ``read`` does, or raise if sockets are missing from it.

    Raises:
        SystemReadError: Not all sockets are visible. An answer from an incomplete table would
            report ports as free that are in use.
    """
    table = read(query, backend)
    if table.visibility.sockets is not Scope.ALL:
        raise SystemReadError("all sockets", table.visibility.reason)
    return table


def not_denied(table: SocketTable) -> SocketTable:
    """Return *table*, or raise SystemReadError if the system showed no sockets."""
    if table.visibility.sockets is Scope.DENIED:
        raise SystemReadError("the socket table", table.visibility.reason)
    return table


def has_inodes(backend: Backend | None) -> bool:
    """Return whether *backend*, or the best one here if it is None, reports inodes."""
    return _PLATFORM in _LINUX and backend is not Backend.PSUTIL


def _candidates(backend: str | None) -> tuple[Backend, ...]:
    if backend is None:
        # The fastest first; each reports everything that the next one does.
        return tuple(Backend) if _PLATFORM in _LINUX else (Backend.PSUTIL,)
    chosen = member("backend", backend, Backend)
    if chosen is not Backend.PSUTIL and _PLATFORM not in _LINUX:
        raise UnsupportedPlatformError(
            f"sockets by {chosen}", f"platform must be linux, got {elide(_PLATFORM)}"
        )
    return (chosen,)


def _read(backend: Backend, query: Query) -> SocketTable:
    if backend is Backend.PSUTIL:
        return with_psutil.read(query)
    rows = query.matching(netlink.read(query) if backend is Backend.NETLINK else proc.read(query))
    if query.owners:
        holders = proc.holders_of(proc.inodes_of(rows))
        visibility, owners = holders.visibility, proc.owners_of(holders)
        return table_of(rows, owners=owners, visibility=visibility, backend=backend)
    visibility = Visibility(sockets=Scope.ALL, owners=Scope.NOT_REQUESTED)
    return table_of(rows, visibility=visibility, backend=backend)
