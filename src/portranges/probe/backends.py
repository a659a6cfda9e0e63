"""Which backend answers: the kernel's own tables on Linux, psutil elsewhere.

What lives here: the choice, and what is made of a refusal.
What must not: any reading.
"""

from __future__ import annotations

import sys
import time

from portranges.errors import (
    MissingExtraError,
    SystemReadError,
    UnexpectedOutputError,
    UnknownNameError,
    UnsupportedPlatformError,
    elide,
)
from portranges.names import near
from portranges.probe import netlink, proc, with_psutil
from portranges.probe.model import Backend, Scope, SocketTable, Visibility
from portranges.probe.query import Query, QueryResult
from portranges.probe.sock_diag import reason_of

__all__ = ["check_backend", "complete", "has_inodes", "read"]

_PLATFORM = sys.platform
_LINUX = ("linux", "android")


def read(query: Query, backend: str | None = None) -> SocketTable:
    """Return the table that answers *ask*.

    Args:
        query: Which sockets are wanted.
        backend: The backend that must answer; the best one by default.

    Returns:
        The table; empty, and with the reason in its visibility, where the
        system refuses.

    Raises:
        MissingExtraError: This system takes psutil, which is not installed.
        UnsupportedPlatformError: *backend* is for another system.
        UnexpectedOutputError: What was read is none that is known.
    """
    reasons: list[str] = []
    unexpected: UnexpectedOutputError | None = None
    for chosen in _candidates(backend):
        try:
            answer = _answer(chosen, query)
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
            return SocketTable(
                query.wants(answer.rows),
                owners=answer.owners,
                visibility=Visibility(
                    sockets=answer.sockets, owners=answer.owners_scope, reason=answer.reason
                ),
                backend=chosen,
                read_at=time.time(),
            )
    if unexpected is not None:
        raise unexpected
    return SocketTable(
        (),
        visibility=Visibility(
            sockets=Scope.DENIED,
            owners=Scope.DENIED if query.owners else Scope.NOT_REQUESTED,
            reason="; ".join(reasons),
        ),
        read_at=time.time(),
    )


def complete(query: Query, backend: str | None = None) -> SocketTable:
    """Return the table as ``read`` does, or raise where sockets are missing in it.

    Raises:
        SystemReadError: Not all sockets can be seen: an answer from half a
            table would call taken ports free.
    """
    table = read(query, backend)
    if table.visibility.sockets is not Scope.ALL:
        raise SystemReadError("all sockets", table.visibility.reason)
    return table


def check_backend(backend: str) -> Backend:
    """Return *backend* as a Backend, or raise."""
    if not isinstance(backend, str):
        raise TypeError(f"backend must be a Backend or its value, got {type(backend).__name__}")
    try:
        return Backend(backend)
    except ValueError:
        known = [each.value for each in Backend]
        raise UnknownNameError("backend", backend, near(backend, known)) from None


def has_inodes(backend: Backend | None) -> bool:
    """Tell whether *backend*, or the best one here, is one of Linux's own."""
    return _PLATFORM in _LINUX and backend is not Backend.PSUTIL


def _candidates(backend: str | None) -> tuple[Backend, ...]:
    if backend is None:
        # The fastest first; each sees what the next one does, and more.
        return tuple(Backend) if _PLATFORM in _LINUX else (Backend.PSUTIL,)
    chosen = check_backend(backend)
    if chosen is not Backend.PSUTIL and _PLATFORM not in _LINUX:
        raise UnsupportedPlatformError(
            f"sockets by {chosen}", f"platform must be linux, got {elide(_PLATFORM)}"
        )
    return (chosen,)


def _answer(backend: Backend, query: Query) -> QueryResult:
    if backend is Backend.PSUTIL:
        return with_psutil.read(query)
    rows = netlink.read(query) if backend is Backend.NETLINK else proc.read(query)
    if not query.owners:
        return QueryResult(rows=rows)
    wanted = query.wants(rows)
    holders = proc.holders_of(row[8] for row in wanted if row[8])
    return QueryResult(
        rows=wanted,
        owners=proc.owners_of(holders),
        owners_scope=holders.scope,
        reason=holders.reason,
    )
