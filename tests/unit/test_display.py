"""What rich and IPython show, each asked itself; and the hooks without either."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rich.pretty import pretty_repr

import portranges
from portranges import (
    MaskedPort,
    PortRange,
    PortSet,
    Source,
    TransportPorts,
    advice,
    ephemeral,
    explain,
    registry,
    reuse,
    rulesets,
)
from portranges.records import always_checked, shown_by_fields

ODD = PortSet(range(1, 101, 2))
FILE = "-P INPUT DROP\n-A INPUT -p tcp --dport 22 -j ACCEPT\n"

RICH: list[tuple[object, str]] = [
    (PortRange(80, 90), "PortRange(80, 90)"),
    (PortRange(7), "PortRange(7)"),
    (MaskedPort(0x50, 0xFFF0), "MaskedPort(value=80, mask=65520)"),
    (PortSet.parse("22,8000-8100"), "<PortSet '22,8000-8100' ports=102>"),
    (PortSet(), "<PortSet '' ports=0>"),
    (
        PortSet(range(1, 3000, 2)),
        "<PortSet '1,3,5,7,9,11,13,15,...,2993,2995,2997,2999' ports=1500>",
    ),
    (TransportPorts.parse("22/tcp,53/udp"), "<TransportPorts '22/tcp,53/udp' elements=2>"),
    (
        TransportPorts(sctp=range(1, 999, 2)),
        "<TransportPorts \n    '1/sctp,3/sctp,5/sctp,7/sctp,9/sctp,11/sctp,13/sctp,15/sctp,...,"
        "991/sctp,993/sctp,995/sctp,997/sctp'\n    elements=499\n>",
    ),
    (Source(document="RFC 6335", checked="2026-11"), "Source(document='RFC 6335', "
     "checked='2026-11')"),
    (rulesets.parse(FILE, "iptables"), "<Ruleset iptables: 1 rules, 0 skipped>"),
    (
        rulesets.parse(FILE, "iptables").rules[0],
        "Rule(\n"
        "    ports=<TransportPorts '22/tcp' elements=1>,\n"
        "    families=(<Family.INET: 'inet'>,),\n"
        "    action=<Action.ACCEPT: 'accept'>,\n"
        "    direction=<Direction.IN: 'in'>,\n"
        "    group='filter INPUT',\n"
        "    location=Location(line=2),\n"
        "    text='-A INPUT -p tcp --dport 22 -j ACCEPT'\n"
        ")",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("value", "shown"), RICH, ids=lambda each: str(each)[:20])
def test_rich_prints_a_value_as_its_constructor_call(value: object, shown: str) -> None:
    assert pretty_repr(value) == shown


def test_rich_shows_reports_profiles_and_decisions() -> None:
    report = explain(60454)
    assert pretty_repr(report, max_width=200) == f"<PortReport {report.brief!r}>"
    assert pretty_repr(ephemeral.profile("linux")).startswith(
        "<EphemeralProfile \n    'linux'\n    ports=<PortSet '32768-60999' ports=28232>\n"
    )
    assert pretty_repr(ephemeral.profile("smoltcp"), max_width=300).startswith(
        "<EphemeralProfile 'smoltcp' source='"
    )
    shown = pretty_repr(decision())
    assert shown.startswith(
        "Decision(\n    verdict=<Verdict.REFUSED: 'refused'>,\n    error='EADDR"
    )
    finding = advice.audit([PortSet([22]), PortSet([22])])[0]
    assert "\n    ports=<PortSet '22' ports=1>,\n" in pretty_repr(finding)
    assert "location" not in pretty_repr(finding)


def decision() -> reuse.Decision:
    socket = reuse.Socket(transport="tcp", address="0.0.0.0", port=8080)
    return reuse.can_bind(socket, [socket])


def test_ipython_prints_a_value_in_its_short_form() -> None:
    reason = "IPython is not installed: NOT CHECKED"
    pretty = pytest.importorskip("IPython.lib.pretty", reason=reason).pretty
    assert pretty(PortRange(80, 90)) == "PortRange(80, 90)"
    assert pretty([PortSet([80]), TransportPorts()]) == (
        "[PortSet.parse('80'), TransportPorts.parse('')]"
    )
    assert pretty(ODD) == "<PortSet 1,3,5,7,9,11,13,15,...,93,95,97,99: 50 ports in 50 ranges>"
    assert pretty(ephemeral.profile("linux")) == "<EphemeralProfile linux: 32768-60999>"
    report = explain(80)
    assert pretty(report) == report.verdict()
    assert pretty(registry.SHIPPED.lookup(22)[0]) == (
        "Assignment(ports=PortRange(22),\n"
        "           transport=<Transport.TCP: 'tcp'>,\n"
        "           state=<State.ASSIGNED: 'assigned'>,\n"
        "           service='ssh',\n"
        "           description='The Secure Shell (SSH) Protocol')"
    )
    assert pretty(decision()).startswith(
        "Decision(verdict=<Verdict.REFUSED: 'refused'>,\n         error='EADDRINUSE',\n"
    )


class Printer:
    """The part of IPython's printer that the hooks call, on lines of 40 characters."""

    max_width = 40

    def __init__(self) -> None:
        self.parts: list[str] = []

    def text(self, text: str) -> None:
        self.parts.append(text)

    def breakable(self) -> None:
        self.parts.append(" ")

    def pretty(self, value: object) -> None:
        self.parts.append(repr(value))

    def group(self, indent: int, begin: str, end: str) -> Any:
        from contextlib import contextmanager

        @contextmanager
        def grouped() -> Any:
            assert indent == len(begin)
            self.parts.append(begin)
            yield
            self.parts.append(end)

        return grouped()


def printed(value: Any, *, cycle: bool = False) -> str:
    printer = Printer()
    value._repr_pretty_(printer, cycle)
    return "".join(printer.parts)


def test_the_hooks_of_ipython_without_it() -> None:
    assert printed(PortRange(80)) == "PortRange(80)"
    assert printed(PortSet([80])) == "PortSet.parse('80')"
    few = PortSet.parse("1000,2000,3000,4000,5000,6000")
    assert printed(few) == f"<PortSet {few}: 6 ports in 6 ranges>"
    assert printed(Source(document="RFC 6335", checked="2026-11")) == (
        "Source(document='RFC 6335', checked='2026-11')"
    )
    assert printed(Source(document="RFC 6335", checked="2026-11"), cycle=True) == "Source(...)"
    assert printed(explain(80)) == explain(80).verdict()
    assert printed(ephemeral.profile("linux")) == "<EphemeralProfile linux: 32768-60999>"


def test_fields_that_are_shown() -> None:
    @shown_by_fields
    @dataclass
    class Listener:
        port: int
        backlog: int = 0
        hidden: int = field(default=1, repr=False)
        names: list[str] = field(default_factory=list)

    assert pretty_repr(Listener(80)) == "Listener(port=80, names=[])"
    assert pretty_repr(Listener(80, 5)) == "Listener(port=80, backlog=5, names=[])"
    assert printed(Listener(80, hidden=7)) == "Listener(port=80, names=[])"

    @always_checked
    @dataclass(frozen=True, slots=True)
    class Own:
        port: int

        def __repr__(self) -> str:
            return "<Own>"

    assert pretty_repr(Own(80)) == "<Own>"
    assert not hasattr(Own, "_repr_pretty_")


def test_a_long_repr_of_a_record_is_short() -> None:
    assert repr(explain(60454)) == f"<PortReport {explain(60454).brief}>"
    rules = FILE + "-A INPUT -p udp --dport 53 -j ACCEPT\n" * 1000
    assert repr(rulesets.parse(rules, "iptables")) == "<Ruleset iptables: 1001 rules, 0 skipped>"
    linux = ephemeral.profile("linux")
    few = linux.replace(excluded=range(40000, 40038, 2))
    assert repr(few).endswith(",40033,40035,40037-60999>")
    many = linux.replace(excluded=range(40000, 41000, 2))
    assert repr(many) == "<EphemeralProfile linux, tuned: 27732 ports in 501 ranges>"


def test_the_package_imports_neither() -> None:
    program = (
        f"import sys; sys.path.insert(0, {str(Path(portranges.__file__).parent.parent)!r})\n"
        "import portranges\n"
        "list(portranges.explain(80).__rich_repr__()), portranges.PortSet([80]).__rich_repr__()\n"
        "print({'rich', 'IPython'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "set()\n"
