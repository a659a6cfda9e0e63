"""ipset: rendered elements are added to a set, which then holds exactly those ports."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from dialect_tools import as_recorded, edge_sets, in_namespace, needs, random_sets
from portranges import PortSet, PortSyntaxError, dialects

pytestmark = pytest.mark.slow

SETS = edge_sets() + random_sets(6)


def held(groups: Sequence[Sequence[str]]) -> list[PortSet | None]:
    """The ports of a set to which the elements of each group were added; None if one fails."""
    setup: list[tuple[list[str], str]] = []
    for number, group in enumerate(groups):
        lines = [f"create s{number} bitmap:port range 0-65535"]
        lines += [f"add s{number} {text}" for text in group]
        setup.append((["ipset", "restore"], "\n".join(lines) + "\n"))
    read = [(["ipset", "save", f"s{number}"], "") for number in range(len(groups))]
    answers, outputs = in_namespace(setup=setup, read=read, stop=False)
    if outputs[0][0]:
        pytest.skip(f"NOT CHECKED: the kernel has no ipset: {answers[0][2]}")
    found: list[PortSet | None] = []
    for (code, _, _), (_, output, _) in zip(answers, outputs, strict=True):
        ports = re.findall(r"^add \S+ ([0-9]+)$", output, re.MULTILINE)
        found.append(None if code else PortSet(map(int, ports)))
    return found


def test_the_set_holds_exactly_the_ports():
    needs("ipset")
    assert held([dialects.render_rules(ports, "ipset") for ports in SETS]) == SETS


def test_ipset_reads_the_misread_texts_as_the_row_says():
    as_recorded(dialects.lookup("ipset"), "ipset", "--version")
    needs("ipset")
    odd = dialects.lookup("ipset").misread_texts
    answers = held([[each.text] for each in odd])
    assert dict(zip([each.text for each in odd], answers, strict=True)) == {
        each.text: each.understood for each in odd
    }


def test_a_repeated_element_is_refused_by_both():
    needs("ipset")
    for group in (["80", "80"], ["80-90", "85"], ["80", "80-90"]):
        assert held([["443"], group])[1] is None
        with pytest.raises(PortSyntaxError):
            dialects.parse("\n".join(group), "ipset")
