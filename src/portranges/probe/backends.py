"""The choice of a backend: the kernel's own tables on Linux, psutil elsewhere.

A backend that is refused is replaced by the next one; if all are, the table is empty and its
visibility has the reasons.
"""

from __future__ import annotations

import sys
import time

from portranges import types
from portranges.checks import member
from portranges.errors import (
    MissingExtraError,
    SystemReadError,
    UnexpectedOutputError,
    UnsupportedPlatformError,
    elide,
)
from portranges.probe import netlink, proc, with_psutil
from portranges.probe.query import Query, QueryResult
from portranges.probe.sock_diag import reason_of
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
            result = _result(chosen, query)
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
        else:
            return table_of(
                query.matching(result.rows),
                owners=result.owners,
                visibility=Visibility(
                    sockets=result.sockets, owners=result.owners_scope, reason=result.reason
                ),
                backend=chosen,
                read_at=time.time(),
            )
    if unexpected is not None:
        raise unexpected
    return table_of(
        (),
        visibility=Visibility(
            sockets=Scope.DENIED,
            owners=Scope.DENIED if query.owners else Scope.NOT_REQUESTED,
            reason="; ".join(reasons),
        ),
        read_at=time.time(),
    )


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


def _result(backend: Backend, query: Query) -> QueryResult:
    if backend is Backend.PSUTIL:
        return with_psutil.read(query)
    rows = netlink.read(query) if backend is Backend.NETLINK else proc.read(query)
    if not query.owners:
        return QueryResult(rows=rows)
    matching = query.matching(rows)
    holders = proc.holders_of(row.inode for row in matching if row.inode)
    return QueryResult(
        rows=matching,
        owners=proc.owners_of(holders),
        owners_scope=holders.scope,
        reason=holders.reason,
    )
