"""The systems by name; a system's module is imported when it is first looked up."""

from __future__ import annotations

from importlib import import_module

from portranges import types
from portranges.reuse.others.record import BindRules

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
}


def system(name: types.ReuseSystemName) -> BindRules:
    """Return the rules of the system *name*, a key of ``SYSTEMS``.

    Example:
        >>> system("netbsd").title
        'NetBSD'
    """
    module, constant = SYSTEMS[name]
    found: BindRules = getattr(import_module(f"portranges.reuse.others.{module}"), constant)
    return found
