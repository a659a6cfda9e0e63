"""The systems by name; a system's module is imported when it is first looked up."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from portranges import types
from portranges.reuse.others.bind_rules import BindRules

# For each name, the module of this package and the class in it.
SYSTEMS: dict[types.ReuseSystemName, tuple[str, str]] = {
    "freebsd": ("freebsd", "FreeBsd"),
    "freebsd-14": ("freebsd", "FreeBsd14"),
    "freebsd-13": ("freebsd", "FreeBsd13"),
    "macos": ("macos", "MacOs"),
    "openbsd": ("openbsd", "OpenBsd"),
    "netbsd": ("netbsd", "NetBsd"),
    "illumos": ("illumos", "Illumos"),
    "solaris": ("illumos", "Solaris"),
    "windows": ("windows", "Windows"),
    "windows-2003": ("windows", "Windows2003"),
    "windows-xp": ("windows", "WindowsXp"),
}


@cache
def system(name: types.ReuseSystemName) -> BindRules:
    """Return the rules of the system *name*, a key of ``SYSTEMS``.

    Example:
        >>> system("netbsd").title
        'NetBSD'
    """
    module, kind = SYSTEMS[name]
    found: BindRules = getattr(import_module(f"portranges.reuse.others.{module}"), kind)()
    return found
