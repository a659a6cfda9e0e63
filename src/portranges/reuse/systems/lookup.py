"""Which name is which system.

What lives here: SYSTEMS, the loaders by name, and the questions that take a
name. A system's module is loaded when it is first asked about.
What must not: any rule of any system.
"""

from __future__ import annotations

from functools import partial

from portranges.errors import UnknownNameError
from portranges.names import near
from portranges.reuse.systems.pairs import decide_bind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from portranges.reuse.model import Procedure, Rule
    from portranges.reuse.systems.record import System
    from portranges.reuse.systems.state_machine import SystemPorts

    MachineMaker = Callable[[object, "str | None", "frozenset[int] | None", Random], SystemPorts]

__all__ = ["SYSTEMS", "machine", "procedure", "rules", "system"]


def _freebsd() -> System:
    from portranges.reuse.systems import freebsd

    return freebsd.FREEBSD


def _freebsd_14() -> System:
    from portranges.reuse.systems import freebsd

    return freebsd.FREEBSD_14


def _freebsd_13() -> System:
    from portranges.reuse.systems import freebsd

    return freebsd.FREEBSD_13


def _macos() -> System:
    from portranges.reuse.systems import macos

    return macos.MACOS


def _openbsd() -> System:
    from portranges.reuse.systems import openbsd

    return openbsd.OPENBSD


def _netbsd() -> System:
    from portranges.reuse.systems import netbsd

    return netbsd.NETBSD


def _illumos() -> System:
    from portranges.reuse.systems import illumos

    return illumos.ILLUMOS


def _solaris() -> System:
    from portranges.reuse.systems import illumos

    return illumos.SOLARIS


def _windows() -> System:
    from portranges.reuse.systems import windows

    return windows.WINDOWS


def _windows_2003() -> System:
    from portranges.reuse.systems import windows

    return windows.WINDOWS_2003


def _windows_xp() -> System:
    from portranges.reuse.systems import windows

    return windows.WINDOWS_XP


def _windows_wsk() -> System:
    from portranges.reuse.systems import windows

    return windows.WINDOWS_WSK


SYSTEMS: dict[str, Callable[[], System]] = {
    "freebsd": _freebsd,
    "freebsd-14": _freebsd_14,
    "freebsd-13": _freebsd_13,
    "macos": _macos,
    "openbsd": _openbsd,
    "netbsd": _netbsd,
    "illumos": _illumos,
    "solaris": _solaris,
    "windows": _windows,
    "windows-2003": _windows_2003,
    "windows-xp": _windows_xp,
    "windows-wsk": _windows_wsk,
}


def system(name: str) -> System:
    """Return the record of the system *name*.

    Args:
        name: A key of ``SYSTEMS``.

    Returns:
        The record.

    Raises:
        TypeError: *name* is not a ``str``.
        UnknownNameError: There is no such system here.

    Example:
        >>> system("netbsd").title
        'NetBSD'
    """
    if not isinstance(name, str):
        raise TypeError(f"system must be a str, got {type(name).__name__}")
    loader = SYSTEMS.get(name)
    if loader is None:
        raise UnknownNameError("system", name, near(name, SYSTEMS))
    return loader()


def procedure(name: str) -> Procedure:
    """Return the rule without history of the system *name*.

    Args:
        name: A key of ``SYSTEMS``.

    Returns:
        A function of the new socket and the existing ones.

    Raises:
        UnknownNameError: There is no such system here.

    Example:
        >>> from portranges.reuse.model import Socket
        >>> new = Socket(transport="tcp", address="::", port=80)
        >>> procedure("illumos")(new, []).rule.id
        'illumos-free'
    """
    return partial(decide_bind, system(name))


def machine(name: str) -> MachineMaker:
    """Return the maker of the state machine of the system *name*.

    Args:
        name: A key of ``SYSTEMS``.

    Returns:
        A function of settings, kernel (None), local addresses and generator.

    Raises:
        UnknownNameError: There is no such system here.

    Example:
        >>> from random import Random
        >>> len(machine("macos")(None, None, None, Random(1)))
        0
    """
    from portranges.reuse.systems.state_machine import SystemPorts

    return partial(SystemPorts, system(name))


def rules(name: str) -> tuple[Rule, ...]:
    """Return the rows of the system *name*.

    Args:
        name: A key of ``SYSTEMS``.

    Returns:
        The rows, those about two sockets first.

    Raises:
        UnknownNameError: There is no such system here.

    Example:
        >>> rules("openbsd")[1].id
        'openbsd-uid'
    """
    return system(name).rules
