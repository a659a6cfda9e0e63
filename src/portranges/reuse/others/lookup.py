"""The systems by name; a system's module is imported when it is first looked up."""

from __future__ import annotations

from functools import partial
from importlib import import_module

from portranges import types
from portranges.names import Index
from portranges.reuse.model import Rule
from portranges.reuse.others.pairs import decide_bind
from portranges.reuse.others.record import BindRules
from portranges.reuse.others.state_machine import SystemPorts

__all__ = ["SYSTEMS", "machine", "procedure", "rules", "system"]


# For each name, the module of this package and the name in it.
SYSTEMS: dict[types.ReuseSystemName, tuple[str, str]] = {
    "freebsd": ("freebsd", "FREEBSD"),
    "freebsd-14": ("freebsd", "FREEBSD_14"),
    "freebsd-13": ("freebsd", "FREEBSD_13"),
    "macos": ("macos", "MACOS"),
    "openbsd": ("openbsd", "OPENBSD"),
    "netbsd": ("netbsd", "NETBSD"),
    "illumos": ("illumos", "ILLUMOS"),
    "solaris": ("illumos", "SOLARIS"),
    "windows": ("windows", "WINDOWS"),
    "windows-2003": ("windows", "WINDOWS_2003"),
    "windows-xp": ("windows", "WINDOWS_XP"),
    "windows-wsk": ("windows", "WINDOWS_WSK"),
}

_INDEX = Index("system", {str(name): place for name, place in SYSTEMS.items()}, argument="system")


def system(name: str) -> BindRules:
    """Return the record of the system *name*.

    Args:
        name: A key of ``SYSTEMS``.

    Raises:
        TypeError: *name* is not a ``str``.
        UnknownNameError: The system is unknown.

    Example:
        >>> system("netbsd").title
        'NetBSD'
    """
    module, constant = _INDEX.find(name)
    found: BindRules = getattr(import_module(f"portranges.reuse.others.{module}"), constant)
    return found


def procedure(name: str) -> types.Procedure:
    """Return the rule without history of the system *name*.

    Args:
        name: A key of ``SYSTEMS``.

    Returns:
        A function of the new socket and the existing ones.

    Raises:
        UnknownNameError: The system is unknown.

    Example:
        >>> from portranges.reuse.model import Socket
        >>> new = Socket(transport="tcp", address="::", port=80)
        >>> procedure("illumos")(new, []).rule.id
        'illumos-free'
    """
    return partial(decide_bind, system(name))


def machine(name: str) -> types.MachineMaker:
    """Return the maker of the state machine of the system *name*.

    Args:
        name: A key of ``SYSTEMS``.

    Returns:
        A function of settings, kernel (None), local addresses and random generator.

    Raises:
        UnknownNameError: The system is unknown.

    Example:
        >>> from random import Random
        >>> len(machine("macos")(None, None, None, Random(1)))
        0
    """
    return partial(SystemPorts, system(name))


def rules(name: str) -> tuple[Rule, ...]:
    """Return the rules of the system *name*, those about two sockets first.

    Args:
        name: A key of ``SYSTEMS``.

    Raises:
        UnknownNameError: The system is unknown.

    Example:
        >>> rules("openbsd")[1].id
        'openbsd-uid'
    """
    return system(name).rules
