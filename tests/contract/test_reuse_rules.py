"""Every rule that the code looks up by name is in the table, and every row is used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from portranges import reuse

PACKAGE = Path(reuse.__file__).parent
# A name in quotes: ``rules["listener"]``, ``rules.special("tuple", ...)``, ``"x" if y else "z"``.
LOOKED_UP = re.compile(r"(?i:\brules)(?:\[|\.get\(|\.special\()([^\]()]*)")


def looked_up(path: Path) -> set[str]:
    found = LOOKED_UP.findall(path.read_text("utf-8"))
    return {name for text in found for name in re.findall(r'"([a-z][a-z0-9-]+)"', text)}


def names(system: str) -> set[str]:
    return {rule.id.removeprefix(f"{system}-") for rule in reuse.rules(system)}


def test_the_rules_of_linux_are_those_that_its_code_looks_up() -> None:
    paths = [PACKAGE / "machine.py", *(PACKAGE / "linux").glob("*.py")]
    asked = set().union(*map(looked_up, paths))
    assert asked == names("linux")


COMMON = ("../machine", "machine", "pairs", "bind_rules")
MODULES = {
    "freebsd": ("freebsd", "bsd"),
    "freebsd-14": ("freebsd", "bsd"),
    "freebsd-13": ("freebsd", "bsd"),
    "macos": ("macos", "bsd"),
    "openbsd": ("openbsd", "bsd"),
    "netbsd": ("netbsd", "bsd"),
    "illumos": ("illumos",),
    "solaris": ("illumos",),
    "windows": ("windows",),
    "windows-2003": ("windows",),
    "windows-xp": ("windows",),
}
# Rules that some systems lack; the code that looks them up is not reached there.
PARTIAL = {
    "connect-wildcard", "dropped", "dropped-connect", "dropped-option", "dual-stack",
    "dual-stack-uid", "group-owner", "listen-unbound", "load-balance", "no-group", "not-known",
    "option-both", "privileged", "reuse-port", "self-connect", "time-wait", "udp-no-group",
    "udp-reuse-port", "v6only-late", "wildcards", "wrong-family",
}  # fmt: skip


@pytest.mark.parametrize("system", MODULES)
def test_every_rule_that_the_code_of_another_system_looks_up_exists(system: str) -> None:
    paths = [PACKAGE / "others" / f"{name}.py" for name in (*COMMON, *MODULES[system])]
    asked = set().union(*map(looked_up, paths))
    assert asked - PARTIAL <= names(system)


def test_every_system_is_checked() -> None:
    assert {"linux", *MODULES} == set(reuse.systems())
