"""Questions to the rows: one by its name, some by their kind, all by a port.

What lives here: the rows of all families in one order, and the functions over
them.
What must not: a fact (the ``rows_*`` modules), this machine's own setting
(``portranges.system``).
"""

from __future__ import annotations

from portranges import types
from portranges.ephemeral import (
    rows_bsd,
    rows_documents,
    rows_linux,
    rows_middleboxes,
    rows_stacks,
    rows_unix,
    rows_windows,
)
from portranges.ephemeral.model import EphemeralProfile, Kind
from portranges.errors import UnknownNameError, elide
from portranges.names import near
from portranges.ports import check_port, check_transport
from portranges.portset import PortSet

__all__ = ["handed_out_by", "ports", "profile", "profiles"]

_ROWS: tuple[EphemeralProfile, ...] = (
    *rows_linux.ROWS,
    *rows_windows.ROWS,
    *rows_bsd.ROWS,
    *rows_unix.ROWS,
    *rows_stacks.ROWS,
    *rows_middleboxes.ROWS,
    *rows_documents.ROWS,
)

_BY_NAME = {name: row for row in _ROWS for name in (row.name, *row.aliases)}


def profile(name: str) -> EphemeralProfile:
    """Return the row of the system *name*.

    Args:
        name: A name or an alias, in lower case. A plain name, as ``"linux"``,
            is the newest version; older ones have a suffix.

    Returns:
        The row; an alias gives the same object as the name.

    Raises:
        TypeError: *name* is not a ``str``.
        UnknownNameError: No row has it; the error tells near names.

    Example:
        >>> profile("openbsd")
        <EphemeralProfile openbsd: 1024-49151>
        >>> profile("windows-2003")
        <EphemeralProfile windows-xp: 1025-5000>
        >>> profile("linus")
        Traceback (most recent call last):
        ...
        portranges.errors.UnknownNameError: unknown system, got 'linus'; did you mean 'linux'?
    """
    if not isinstance(name, str):
        raise TypeError(f"name must be a str, got {type(name).__name__} {elide(name)}")
    row = _BY_NAME.get(name)
    if row is None:
        raise UnknownNameError("system", name, near(name, _BY_NAME))
    return row


def profiles(
    kind: types.KindLike | None = None, *, current: bool | None = None
) -> tuple[EphemeralProfile, ...]:
    """Return all rows, or those of one kind or age.

    Args:
        kind: Only rows of this kind.
        current: ``True`` for the rows of newest versions only, ``False`` for
            the older ones only.

    Returns:
        The rows in their fixed order: family by family, hosts before
        middleboxes before documents.

    Raises:
        TypeError: *kind* is no ``str``, or *current* no ``bool``.
        UnknownNameError: *kind* is no kind.

    Example:
        >>> [row.name for row in profiles("host", current=True)][:4]
        ['linux', 'android', 'wsl2', 'wsl2-mirrored']
    """
    if current is not None and not isinstance(current, bool):
        raise TypeError(
            f"current must be a bool or None, got {type(current).__name__} {elide(current)}"
        )
    wanted = None if kind is None else _kind(kind)
    return tuple(
        row
        for row in _ROWS
        if (wanted is None or row.kind is wanted) and (current is None or row.is_current is current)
    )


def ports(*systems: str | EphemeralProfile) -> PortSet:
    """Return all ports that the *systems* hand out.

    It is what a stateless filter must let back in to their clients. Ports that
    a system of today skips are in, for its older versions do not skip them.

    Args:
        systems: One or more names as ``profile`` takes them, or profiles, such
            as one that ``EphemeralProfile.replace`` made.

    Returns:
        The union of their ``ports``.

    Raises:
        TypeError: There is no system, or one is neither name nor profile.
        UnknownNameError: A name is unknown, or its system has no fixed range:
            an empty set in its place would make a filter that lets nothing in.

    Example:
        >>> ports("linux", "windows", "macos")
        PortSet.parse('32768-65535')
    """
    if not systems:
        raise TypeError("ports() needs at least one system")
    return PortSet.empty().union(*map(_fixed_ports, systems))


def _fixed_ports(system: str | EphemeralProfile) -> PortSet:
    row = system if isinstance(system, EphemeralProfile) else profile(system)
    if row.has_fixed_range:
        return row.ports
    raise UnknownNameError("system with a fixed range", row.name)


def handed_out_by(
    port: types.SupportsIndex,
    transport: types.TransportLike | None = None,
    *,
    kind: types.KindLike | None = Kind.HOST,
    current: bool | None = True,
) -> tuple[EphemeralProfile, ...]:
    """Return the systems that may hand out *port*.

    By default today's hosts are asked. A system whose range is not fixed is
    never in the answer, for nothing can be said of it; a port that the system
    skips is not handed out by it.

    Args:
        port: 0 to 65535.
        transport: Only rows that are for this transport.
        kind: Only rows of this kind; ``None`` for all.
        current: As in ``profiles``; ``None`` for old and new.

    Returns:
        The rows, in the order of ``profiles``.

    Raises:
        TypeError: *port* is no integer, *kind* or *transport* no ``str``.
        InvalidPortError: *port* is outside 0 to 65535.
        UnknownNameError: *kind* is no kind, or *transport* no transport.

    Complexity:
        Linear in the number of rows.

    Example:
        >>> [row.name for row in handed_out_by(10080)]
        ['wslc', 'freebsd', 'openbsd', 'nonstop', 'zos', 'qnx', 'freertos']
        >>> [row.name for row in handed_out_by(30080, kind="middlebox")][-2:]
        ['nf-nat', 'kubernetes-nodeport']
    """
    number = check_port(port)
    wanted = None if transport is None else check_transport(transport)
    return tuple(
        row
        for row in profiles(kind, current=current)
        if number in row.ports
        and number not in row.skipped
        and (wanted is None or wanted in row.transports)
    )


def _kind(value: str) -> Kind:
    try:
        return Kind(value)
    except ValueError:
        raise _unknown("kind", value, Kind) from None


def _unknown(what: str, value: object, known: types.Iterable[str]) -> Exception:
    if not isinstance(value, str):
        return TypeError(f"{what} must be a str, got {type(value).__name__} {elide(value)}")
    return UnknownNameError(what, value, near(value, map(str, known)))
