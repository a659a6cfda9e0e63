"""tc flower: what tc's parser takes; the classifier itself need not be in the kernel."""

from __future__ import annotations

import pytest

import dialect_manuals
from dialect_tools import as_recorded, edge_sets, in_namespace, needs, random_sets
from portranges import PortSyntaxError, dialects

TC = dialects.lookup("tc-flower")
SETS = edge_sets(lowest=1) + random_sets(2, lowest=1)


def taken(texts: list[str]) -> list[bool]:
    """Whether tc's parser takes each text."""
    head = ["tc", "filter", "add", "dev", "lo", "ingress", "protocol", "ip", "flower"]
    read = [([*head, *text.split(), "action", "drop"], "") for text in texts]
    setup = [(["tc", "qdisc", "add", "dev", "lo", "ingress"], "")]
    (made,), answers = in_namespace(setup=setup, read=read)
    if made[0]:
        pytest.skip(f"NOT CHECKED: the kernel has no ingress queue: {made[2]}")
    # A kernel without the classifier reports this only after the text was parsed.
    return [
        "Illegal" not in error and (code == 0 or "TC classifier not found" in error)
        for code, _, error in answers
    ]


def test_every_rendered_filter_is_accepted():
    needs("tc")
    texts = [text for ports in SETS for text in dialects.render_rules(ports, "tc-flower")]
    assert all(taken(texts))


def test_tc_refuses_what_the_row_says():
    as_recorded(TC, "tc", "-V")
    needs("tc")
    assert taken([odd.text for odd in TC.misread_texts]) == [
        odd.means is not None for odd in TC.misread_texts
    ]


def test_port_0_is_refused_by_both():
    needs("tc")
    texts = [f"ip_proto tcp dst_port {text}" for text in ("0", "0-10", "0-65535")]
    if any(taken(texts)):
        pytest.skip("NOT CHECKED: this tc takes port 0; iproute2 6.1 does not")
    for text in texts:
        with pytest.raises(PortSyntaxError):
            dialects.parse(text, "tc-flower")


def test_tc_accepts_what_is_refused_on_purpose():
    as_recorded(TC, "tc", "-V")
    needs("tc")
    assert all(taken(dialect_manuals.refused("tc-flower")))
