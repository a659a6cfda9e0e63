"""Functions over the rows of all systems: by name, by kind and by port.

The settings of this machine are in ``portranges.system``.
"""

from __future__ import annotations

from portranges import checks, types
from portranges.ephemeral import (
    rows_bsd,
    rows_documents,
    rows_embedded,
    rows_firmware,
    rows_linux,
    rows_middleboxes,
    rows_stacks,
    rows_translators,
    rows_unix,
    rows_windows,
)
from portranges.ephemeral.model import EphemeralProfile
from portranges.errors import InvalidValueError, got
from portranges.names import Index
from portranges.ports import check_port, check_transport
from portranges.portset import PortSet
from portranges.systems import Kind

_ROWS: tuple[EphemeralProfile, ...] = (
    *rows_linux.ROWS,
    *rows_windows.ROWS,
    *rows_bsd.ROWS,
    *rows_unix.ROWS,
    *rows_stacks.ROWS,
    *rows_embedded.ROWS,
    *rows_firmware.ROWS,
    *rows_middleboxes.ROWS,
    *rows_translators.ROWS,
    *rows_documents.ROWS,
)

_SYSTEM = "a system's name or an EphemeralProfile"
_SYSTEMS = f"{_SYSTEM}, or an iterable of them"

_INDEX = Index.of("system", _ROWS)
_CLASSES = tuple((row, row.kind, row.is_current) for row in _ROWS)


def profile(name: types.SystemName) -> EphemeralProfile:
    """Return the row of the system *name*.

    Args:
        name: A name or an alias, in lower case. A plain name, such as ``"linux"``, is the
            newest version; older versions have a suffix.

    Returns:
        The row; an alias returns the same object as the name.

    Raises:
        TypeError: *name* is not a ``str``.
        UnknownNameError: No row has that name; the error suggests similar ones.

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
    return _INDEX.find(name)


def profiles(
    kind: types.KindLike | None = None, *, current: bool | None = None
) -> tuple[EphemeralProfile, ...]:
    """Return the rows of all systems, or of those of one kind or age.

    Args:
        kind: Only rows of this kind.
        current: ``True`` for the newest versions only, ``False`` for older ones only.

    Returns:
        The rows in a fixed order, family by family, hosts before middleboxes before documents.

    Raises:
        TypeError: An argument has the wrong type.
        UnknownNameError: *kind* is unknown.

    Example:
        >>> [row.name for row in profiles("host", current=True)][:4]
        ['linux', 'android', 'wsl2', 'wsl2-mirrored']
    """
    checks.of_type("current", current, bool, optional=True)
    wanted = None if kind is None else checks.member("kind", kind, Kind)
    return tuple(
        [
            row
            for row, of_kind, is_current in _CLASSES
            if (wanted is None or of_kind is wanted) and (current is None or is_current is current)
        ]
    )


def ports(systems: types.SystemsLike) -> PortSet:
    """Return all ports that the *systems* allocate to outgoing connections.

    A stateless filter must let traffic to these ports back in to the clients. Ports that the
    newest version of a system skips are included, because older versions do not skip them.

    Args:
        systems: A name that ``profile`` accepts, a profile, such as one that
            ``EphemeralProfile.replace`` returned, or an iterable of names and profiles.

    Returns:
        The union of their ``ports``.

    Raises:
        TypeError: *systems* is none of these.
        InvalidValueError: *systems* is empty, or a system has no fixed ephemeral range. If the
            result were empty instead, a filter would let nothing in.
        UnknownNameError: A name is unknown.

    Example:
        >>> ports("linux")
        PortSet.parse('32768-60999')
        >>> ports(["linux", "windows", "macos"])
        PortSet.parse('32768-65535')
    """
    return PortSet.empty().union(*[row.ports for row in fixed(systems)])


def fixed(systems: types.SystemsLike, argument: str = "systems") -> tuple[EphemeralProfile, ...]:
    """Return the rows of *systems*, each with a fixed range; *argument* is for the message.

    Raises:
        TypeError: *systems* is neither a name, a profile nor an iterable of them.
        InvalidValueError: *systems* is empty, or a system has no fixed ephemeral range.
        UnknownNameError: A name is unknown.
    """
    rows = rows_of(systems)
    for row in rows:
        if not row.has_fixed_range:
            raise InvalidValueError(
                f"{argument} must have a fixed ephemeral range", f"{row.name!r}, which has none"
            )
    return rows


def rows_of(systems: types.SystemsLike) -> tuple[EphemeralProfile, ...]:
    """Return the rows of *systems*: one name, one profile, or an iterable of them.

    Raises:
        TypeError: *systems* is none of these.
        InvalidValueError: *systems* is empty.
        UnknownNameError: A name is unknown.
    """
    rows = tuple([row_of(system) for system in checked_systems(systems)])
    if not rows:
        raise InvalidValueError("systems must name at least one system", "none")
    return rows


def checked_systems(systems: types.SystemsLike) -> tuple[types.SystemLike, ...]:
    """Return *systems* as a tuple of names and profiles; the names may be unknown.

    Raises:
        TypeError: *systems* is neither a name, a profile nor an iterable of them.
    """
    found = checks.one_or_many("systems", systems, (str, EphemeralProfile), what=_SYSTEMS)
    return types.cast("tuple[types.SystemLike, ...]", found)


def row_of(system: types.SystemLike, argument: str = "systems") -> EphemeralProfile:
    """Return the row of *system*, a name or a profile.

    Raises:
        TypeError: It is neither; *argument* is its name in the message.
        UnknownNameError: The name is unknown.
    """
    if isinstance(system, EphemeralProfile):
        return system
    if isinstance(system, str):
        return profile(system)
    what = _SYSTEMS if argument == "systems" else _SYSTEM
    raise TypeError(f"{argument} must be {what}, got {got(system)}")


def allocated_by(
    port: types.SupportsIndex,
    transport: types.TransportLike | None = None,
    *,
    kind: types.KindLike | None = Kind.HOST,
    current: bool | None = True,
) -> tuple[EphemeralProfile, ...]:
    """Return the systems that may allocate *port* to outgoing connections.

    By default only current hosts are considered. A system without a fixed range is never
    included, and neither is one that skips the port.

    Args:
        port: 0 to 65535.
        transport: Only rows for this transport.
        kind: Only rows of this kind; ``None`` means all.
        current: ``True`` for the newest versions only, ``False`` for older ones, ``None`` for
            both.

    Returns:
        The rows, in the order of ``profiles``.

    Raises:
        TypeError: An argument has the wrong type.
        InvalidPortError: *port* is outside 0 to 65535.
        UnknownNameError: *kind* or *transport* is unknown.

    Complexity:
        Linear in the number of rows.

    Example:
        >>> [row.name for row in allocated_by(10080)][:6]
        ['wslc', 'windows-exchange2010', 'freebsd', 'openbsd', 'nonstop', 'zos']
        >>> "kubernetes-nodeport" in {row.name for row in allocated_by(30080, kind="middlebox")}
        True
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
