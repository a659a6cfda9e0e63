"""Which system is answered by which procedure.

What lives here: the names of the systems, the loaders of their procedures and
state machines, can_bind and rule.
What must not: any rule of any system. A system's modules are loaded when it
is first asked about.
"""

from __future__ import annotations

from functools import partial

from portranges import types
from portranges.errors import UnknownNameError
from portranges.names import near
from portranges.reuse import model
from portranges.reuse.model import Decision, Rule, Socket
from portranges.reuse.others import compare, lookup

__all__ = ["can_bind", "machine", "portability", "procedure", "rule", "rules", "systems"]


def _linux() -> types.Procedure:
    from portranges.reuse.linux import pairs

    return pairs.can_bind


def _linux_machine() -> types.MachineMaker:
    from portranges.reuse.linux import machine

    return machine.LinuxPorts


def _linux_rules() -> tuple[Rule, ...]:
    from portranges.reuse.linux import rules

    return rules.RULES


# A system is a row in each: its rule without history, its rows of rules, and,
# where somebody has written it, its state machine.
_PROCEDURES: dict[str, types.Callable[[], types.Procedure]] = {"linux": _linux}
_RULES: dict[str, types.Callable[[], tuple[Rule, ...]]] = {"linux": _linux_rules}
_MACHINES: dict[str, types.Callable[[], types.MachineMaker]] = {"linux": _linux_machine}
for _name in lookup.SYSTEMS:
    _PROCEDURES[_name] = partial(lookup.procedure, _name)
    _RULES[_name] = partial(lookup.rules, _name)
    _MACHINES[_name] = partial(lookup.machine, _name)


def systems() -> tuple[str, ...]:
    """Return the names of the systems that ``can_bind`` knows.

    Returns:
        The names, sorted.

    Example:
        >>> "linux" in systems()
        True
    """
    return tuple(sorted(_PROCEDURES))


def can_bind(
    new: Socket,
    existing: types.Iterable[Socket] = (),
    *,
    system: str = "linux",
    settings: object = None,
    local_addresses: types.Iterable[str | types.IPv4Address | types.IPv6Address] | None = None,
) -> Decision:
    """Return whether *system* lets *new* be bound next to *existing*.

    The rule knows the sockets and not their history. Where a system's own
    answer depends on history, this one errs on the safe side: it refuses.
    ``PortTable`` is exact.

    With port 0 it answers for the address alone. Whether the range has a port
    left is not asked, as *existing* need not be all sockets; a ``PortTable``
    knows.

    Args:
        new: The socket that asks; ``state="listening"`` for one that will
            listen.
        existing: The other sockets of the machine, or those that matter, in
            the order in which they were bound: of two that are equally in the
            way some systems look at the newest.
        system: The system's name.
        settings: The machine's settings, as ``LinuxSettings`` or, for the
            other systems, ``SystemSettings``; a new machine's by default.
        local_addresses: The machine's addresses, loopback apart; every
            address by default.

    Returns:
        The decision: the rule, the error, the first socket in the way.

    Raises:
        UnknownNameError: There is no such system.
        InvalidSocketError: A socket has an option that the system has not.
        TypeError: *new* or one of *existing* is no Socket.

    Complexity:
        Linear in the number of *existing*.

    Source:
        The decision's own: ``decision.source``.

    Example:
        >>> from portranges.reuse import Socket
        >>> old = Socket(transport="tcp", address="127.0.0.1", port=80, reuse_address=True)
        >>> new = Socket(transport="tcp", address="0.0.0.0", port=80)
        >>> print(can_bind(new, [old]).error)
        EADDRINUSE
    """
    held = _checked(new, existing)
    local = model.checked_local_addresses(local_addresses)
    return procedure(system)(new, held, settings=settings, local_addresses=local)


def portability(new: Socket, existing: types.Iterable[Socket] = ()) -> types.Mapping[str, Decision]:
    """Return what each of today's systems says about *new* next to *existing*.

    A system that lacks an option which one of the sockets has, or does not let
    a socket have two of them at once, refuses: on it the program fails at
    setsockopt(), before bind().

    Args:
        new: The socket that asks; ``state="listening"`` for one that will
            listen.
        existing: The other sockets, in the order in which they were bound.

    Returns:
        The decisions by the systems' names: Linux first, then as ``systems``
        has them, without the older versions.

    Raises:
        InvalidSocketError: *new* is connected.
        TypeError: *new* or one of *existing* is no Socket.

    Source:
        The decisions' own.

    Example:
        >>> from portranges.reuse import Socket
        >>> old = Socket(transport="tcp", address="127.0.0.1", port=80)
        >>> new = Socket(transport="tcp", address="0.0.0.0", port=80, reuse_address=True)
        >>> answers = portability(new, [old])
        >>> [name for name, answer in answers.items() if answer.allowed]
        ['freebsd', 'macos', 'openbsd', 'netbsd', 'illumos', 'solaris', 'windows']
    """
    held = _checked(new, existing)
    from portranges.reuse.linux import pairs

    each = {"linux": (procedure("linux"), pairs.refused_option)}
    for system in map(lookup.system, lookup.SYSTEMS):
        if system.is_current:
            each[system.name] = procedure(system.name), system.refused_option
    return compare.portability(new, held, systems=each)


def _checked(new: Socket, existing: types.Iterable[Socket]) -> tuple[Socket, ...]:
    if isinstance(existing, model.Socket):
        existing = (existing,)
    try:
        each = iter(existing)
    except TypeError:
        raise TypeError(f"existing must be sockets, got {type(existing).__name__}") from None
    held = tuple(each)
    for socket in (new, *held):
        if not isinstance(socket, model.Socket):
            raise TypeError(f"expected a Socket, got {type(socket).__name__}")
    return held


def rules(system: str) -> tuple[Rule, ...]:
    """Return the rows of a system's rules.

    Args:
        system: The system's name.

    Returns:
        The rows, in the order of the system's page.

    Raises:
        UnknownNameError: There is no such system.

    Example:
        >>> rules("linux")[0].id
        'linux-free'
    """
    return _loaded(_RULES, system)


def rule(rule_id: str) -> Rule:
    """Return the row of a rule.

    Args:
        rule_id: The row's id, as ``"linux-listener"``.

    Returns:
        The row.

    Raises:
        UnknownNameError: No row has that id.
        TypeError: *rule_id* is no text.

    Example:
        >>> rule("linux-privileged").error
        'EACCES'
    """
    model.check_type("rule_id", rule_id, str)
    known = {row.id: row for name in _RULES for row in rules(name)}
    if rule_id in known:
        return known[rule_id]
    raise UnknownNameError("rule", rule_id, near(rule_id, known))


def procedure(system: str) -> types.Procedure:
    """Return the rule without history of *system*."""
    return _loaded(_PROCEDURES, system)


def machine(system: str) -> types.MachineMaker:
    """Return the maker of the state machine of *system*."""
    return _loaded(_MACHINES, system)


def _loaded(table: dict[str, types.Callable[[], types.T]], system: str) -> types.T:
    if not isinstance(system, str):
        raise TypeError(f"system must be a str, got {type(system).__name__}")
    loader = table.get(system)
    if loader is None:
        raise UnknownNameError("system", system, near(system, table))
    return loader()
