"""The public functions: what a system decides, and which systems and rules there are.

The modules of a system are imported when it is first used.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial

from portranges import checks, types
from portranges.names import Index
from portranges.reuse import model
from portranges.reuse.addresses import checked_local_addresses
from portranges.reuse.model import Decision, Rule, Socket
from portranges.reuse.others import lookup
from portranges.systems import lookup as row_of


@dataclass(frozen=True, slots=True)
class _System:
    """A system: its rules, its ``can_bind`` and the maker of its state machine.

    ``refused_option`` returns why setsockopt() fails for a socket, or None.
    """

    rules: types.Mapping[str, Rule]
    can_bind: types.Callable[..., Decision]
    refused_option: types.Callable[[Socket], model.RefusedOption | None]
    machine: types.MachineMaker


@cache
def _load(name: types.ReuseSystemName) -> _System:
    if name == "linux":
        from portranges.reuse.linux import machine, pairs, rules

        return _System(rules.RULES, pairs.can_bind, pairs.refused_option, machine.LinuxPorts)
    from portranges.reuse.others.machine import SystemPorts
    from portranges.reuse.others.pairs import decide_bind

    system = lookup.system(name)
    return _System(
        system.rules,
        partial(decide_bind, system),
        system.refused_option,
        partial(SystemPorts, system),
    )


_NAMES: tuple[types.ReuseSystemName, ...] = ("linux", *lookup.SYSTEMS)

# Each name, and each alias of its row, with the name.
_BY_NAME: dict[str, types.ReuseSystemName] = {
    each: name for name in _NAMES for each in (name, *row_of(name).aliases)
}
_SYSTEMS = Index("system", _BY_NAME, argument="system")


def systems() -> tuple[types.ReuseSystemName, ...]:
    """Return the names of the systems that ``can_bind`` knows, sorted.

    Example:
        >>> "linux" in systems()
        True
    """
    return tuple(sorted(_NAMES))


def has_dual_stack(system: types.ReuseSystemName) -> bool:
    """Return whether IPV6_V6ONLY can be cleared on *system*.

    Args:
        system: The system's name.

    Returns:
        False where a socket at ``::`` never serves IPv4, so that a program that serves every
        address binds a second socket, at ``0.0.0.0``.

    Raises:
        UnknownNameError: The system is unknown.

    Example:
        >>> has_dual_stack("linux"), has_dual_stack("openbsd")
        (True, False)
    """
    dual = Socket(transport="tcp", address="::", port=0, v6only=False)
    return _loaded(system).refused_option(dual) is None


def can_bind(
    new: Socket,
    existing: types.Iterable[Socket] = (),
    *,
    system: types.ReuseSystemName = "linux",
    settings: types.ReuseSettings | None = None,
    local_addresses: types.Iterable[types.AddressLike] | None = None,
) -> Decision:
    """Return whether *system* allows *new* to be bound next to *existing*.

    The answer depends on the sockets and not on their history. If the system's own answer
    depends on history, the decision is a refusal; ``PortTable`` gives the exact answer.

    With port 0 only the address is checked. Whether the range still has a free port is unknown,
    because *existing* may not list all sockets; ``PortTable`` knows it.

    Args:
        new: The new socket; ``state="listening"`` for one that will listen.
        existing: The other sockets of the machine, or those that matter, in the order in
            which they were bound. Of two that conflict equally, some systems compare the
            newest.
        system: The system's name.
        settings: The machine's settings, as ``LinuxSettings`` or, for the other systems,
            ``SystemSettings``; the defaults of a new machine if None.
        local_addresses: The machine's addresses, by default every non-loopback address. These
            loopback addresses are always included: all of 127.0.0.0/8 on Linux and Windows,
            127.0.0.1 elsewhere, and ``::1``.

    Returns:
        The decision, with the rule, the error and the first conflicting socket.

    Raises:
        UnknownNameError: The system is unknown.
        InvalidSocketError: A socket has an option that does not exist on the system.
        TypeError: *new* or one of *existing* is not a Socket.

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
    local = checked_local_addresses(local_addresses)
    return _loaded(system).can_bind(new, held, settings=settings, local_addresses=local)


def portability(
    new: Socket,
    existing: types.Iterable[Socket] = (),
    *,
    systems: types.ReuseSystemName | types.Iterable[types.ReuseSystemName] | None = None,
    local_addresses: types.Iterable[types.AddressLike] | None = None,
) -> types.Mapping[str, Decision]:
    """Return what each system answers about *new* next to *existing*.

    A system refuses if a socket has an option that does not exist there, or two options that
    exclude each other, because the program then fails at setsockopt(), before bind().

    Args:
        new: The new socket; ``state="listening"`` for one that will listen.
        existing: The other sockets, in the order in which they were bound.
        systems: The systems' names; all current ones by default.
        local_addresses: The machine's addresses, as for ``can_bind``.

    Returns:
        The decision of each system, by name. By default Linux comes first, and older
        versions are left out.

    Raises:
        UnknownNameError: A system is unknown.
        InvalidSocketError: *new* is connected.
        TypeError: *new* or one of *existing* is not a Socket.

    Complexity:
        Linear in the number of *existing*, for each system.

    Source:
        The decisions' own.

    Example:
        >>> from portranges.reuse import Socket
        >>> old = Socket(transport="tcp", address="127.0.0.1", port=80)
        >>> new = Socket(transport="tcp", address="0.0.0.0", port=80, reuse_address=True)
        >>> answers = portability(new, [old])
        >>> [name for name, answer in answers.items() if answer.allowed]
        ['freebsd', 'macos', 'openbsd', 'netbsd', 'illumos', 'solaris', 'windows']
        >>> portability(old, [new], systems="freebsd-13")["freebsd-13"].error
        'EADDRINUSE'
    """
    held = _checked(new, existing)
    model.check_bindable(new)
    chosen: dict[str, _System]
    if systems is None:
        chosen = {name: _load(name) for name in _NAMES if row_of(name).is_current}
    else:
        what = "a name or an iterable of names"
        names: tuple[str, ...] = checks.one_or_many("systems", systems, str, what=what)
        chosen = {name: _load(name) for name in map(name_of, names)}
    local = checked_local_addresses(local_addresses)
    return {name: _answer(system, new, held, local) for name, system in chosen.items()}


def _answer(
    system: _System,
    new: Socket,
    existing: tuple[Socket, ...],
    local_addresses: frozenset[int] | None,
) -> Decision:
    for socket in (new, *existing):
        refusal = system.refused_option(socket)
        if refusal is not None:
            return model.decide(refusal.rule, reason=refusal.message)
    return system.can_bind(new, existing, settings=None, local_addresses=local_addresses)


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


def rules(system: types.ReuseSystemName) -> tuple[Rule, ...]:
    """Return the rules of a system.

    Args:
        system: The system's name.

    Returns:
        The rules, in the order of the system's documentation.

    Raises:
        UnknownNameError: The system is unknown.

    Example:
        >>> rules("linux")[0].id
        'linux-free'
    """
    return tuple(_loaded(system).rules.values())


def rule(rule_id: str) -> Rule:
    """Return the rule with the given id.

    Args:
        rule_id: The id, as ``"linux-listener"``.

    Raises:
        UnknownNameError: No rule has that id.
        TypeError: *rule_id* is not a ``str``.

    Example:
        >>> rule("linux-privileged").error
        'EACCES'
    """
    known = {row.id: row for name in _NAMES for row in _load(name).rules.values()}
    return Index("rule", known, argument="rule_id").find(rule_id)


def name_of(system: str) -> types.ReuseSystemName:
    """Return the name of *system*, a name or an alias."""
    return _SYSTEMS.find(system)


def machine(system: str) -> types.MachineMaker:
    """Return the maker of the state machine of *system*."""
    return _loaded(system).machine


def _loaded(system: str) -> _System:
    return _load(name_of(system))
