"""Laws of the dialects: what is written reads back, and any text is a set or a syntax error."""

from __future__ import annotations

import sys
import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portranges import (
    PortRange,
    PortSet,
    PortSyntaxError,
    UnrepresentableError,
    dialects,
    registry,
)
from portranges.strategies import port_sets

NAMES = dialects.names()
ROWS = dialects.rows()
NEGATING = [row.name for row in ROWS if row.wording.negated]

# What a grammar may stumble over, so that texts come near to being right.
PIECES = st.sampled_from(
    [
        *"0123456789-:,. !<>=[]{}()/'\"*+_\n\t",
        "80",
        "443",
        "65535",
        "65536",
        "010",
        "0x50",
        "٨٠",
        "..",
        " or ",
        "http",
        "any",
        "tcp",
        "udp",
        "{ ",
        " }",
        "range ",
        "eq ",
        "port ",
        "dst port ",
        "dst portrange ",
        "-p tcp ",
        "-m multiport ",
        "--dports ",
        "--dport ",
        "tp_dst=",
        "0x3e8/0xfff8",
        "tcp.dstport in ",
        "destination-port",
        "-except",
        "T:",
        "U:",
    ]
)
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=12).map("".join))


# What has thousands of ranges is given by example; drawn, it would only take time.
SETS = port_sets().map(lambda ports: PortSet(ports.ranges[:300]))


def rules(ports: PortSet, name: str, **options) -> list[str]:
    try:
        return dialects.render_rules(ports, name, **options)
    except UnrepresentableError:
        return []


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@given(ports=SETS)
@example(PortSet.full())
@example(PortSet.empty())
@example(PortSet([0]))
@example(PortSet.parse("1-65535"))
@example(PortSet(range(0, 65536, 2)))
@example(PortSet([80, 81]))
def test_what_is_written_reads_back(name, ports):
    texts = rules(ports, name)
    assert texts or not ports or ports.first == 0 or len(ports.ranges) > 100
    if texts:
        assert dialects.parse("\n".join(texts), name) == ports


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@given(ports=SETS, transport=st.sampled_from(["tcp", "udp", "sctp", "dccp"]))
def test_what_is_written_for_a_transport_reads_back_for_that_transport_only(name, ports, transport):
    texts = rules(ports, name, transport=transport)
    if texts:
        text = "\n".join(texts)
        assert dialects.parse(text, name) == ports
        assert dialects.parse(text, name, transport=transport) == ports
        other = "udp" if transport == "tcp" else "tcp"
        if ports:
            with pytest.raises(PortSyntaxError, match=f"expected ports for {other}"):
                dialects.parse(text, name, transport=other)


@pytest.mark.parametrize("name", NEGATING)
@given(ports=SETS)
@example(PortSet.full())
@example(PortSet.empty())
def test_a_negation_reads_back_and_is_one_text(name, ports):
    texts = rules(ports, name, negated=True)
    if texts:
        assert len(texts) == 1
        assert dialects.parse(texts[0], name) == ports
    else:
        does_not_fit = name == "iptables" or (name == "suricata" and len(ports.ranges) > 80)
        assert ports in (PortSet.empty(), PortSet.full()) or does_not_fit


@given(ports=SETS)
def test_masks_of_both_kinds_read_back(ports):
    for ternary in (False, True):
        texts = rules(ports, "ovs", ternary=ternary)
        if texts:
            assert dialects.parse("\n".join(texts), "ovs") == ports
            prefixes = len(ports.prefix_cover())
            assert len(texts) <= prefixes if ternary else len(texts) == prefixes


def assert_well_told(error: PortSyntaxError, text: str) -> None:
    assert error.text == text
    first, last = error.span
    assert 0 <= first <= last <= len(text)
    assert error.reason[:1].islower() or error.reason[:1] == "'"
    assert not error.reason.endswith(".")
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__


@pytest.mark.parametrize("name", NAMES)
@given(text=TEXTS)
def test_any_text_is_a_set_or_a_syntax_error(name, text):
    for services in (None, registry.SHIPPED):
        try:
            ports = dialects.parse(text, name, services=services)
        except PortSyntaxError as error:
            assert_well_told(error, text)
        else:
            assert isinstance(ports, PortSet)
            assert ports or name in ("portranges", "reserved-ports", "csf")


@pytest.mark.parametrize("name", NAMES)
@given(text=TEXTS, transport=st.sampled_from(["tcp", "udp"]))
def test_a_transport_never_gives_more_than_the_text_says(name, text, transport):
    try:
        ports = dialects.parse(text, name)
        found = dialects.parse(text, name, transport=transport)
    except PortSyntaxError:
        return
    assert found == ports


REPEATED = [
    ("80,", "80"),
    ("80 ", "80"),
    ("80\n", "80"),
    ("{ ", ""),
    ("[", ""),
    ("[80,", ""),
    ("[!", ""),
    ("((", ""),
    ("-", ""),
    (":", ""),
    (" ", ""),
    (" ", "80"),
    ("0", ""),
    ("9", ""),
    ("a", ""),
    ("a-", ""),
    ("'", ""),
    ("80 or ", ""),
    ("tcp dst port 80 or ", "tcp dst port 80"),
    ("T:80,", "T:80"),
    ("--dports 80 -m multiport ", ""),
    ("-m multiport --dports 80 ", ""),
    ("-m multiport ! --dports 80 ", ""),
    ("tcp,tp_dst=80\n", "tcp,tp_dst=80"),
    ("80/tcp\n", "80/tcp"),
    ("eq 80\n", "eq 80"),
    ("1-2,4-5,", "7"),
]


class Watched(str):
    """A text that counts the characters which are copied and searched."""

    __slots__ = ()
    characters = 0

    def __getitem__(self, key):
        found = super().__getitem__(key)
        Watched.characters += len(found)
        return found

    def find(self, wanted, start=0, stop=None):
        stop = len(self) if stop is None else stop
        found = super().find(wanted, start, stop)
        Watched.characters += (stop if found < 0 else found) - start
        return found


def work(name: str, text: str) -> int:
    """How much a reading does: calls of any kind, and characters copied or searched."""
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        calls += 1

    Watched.characters = 0
    watched = Watched(text)
    sys.setprofile(count)
    try:
        dialects.parse(watched, name)
    except PortSyntaxError:
        pass
    finally:
        sys.setprofile(None)
    return calls + Watched.characters


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("piece", "end"), REPEATED)
def test_the_work_is_linear_in_the_length_of_the_text(name, piece, end):
    short, long = (work(name, piece * count + end) for count in (500, 2000))
    assert long <= 4.5 * short + 2000


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "piece", "end"),
    [
        ("nft-set", "80,", "80"),
        ("squid", "80\n", "80"),
        ("nmap", "T:80,", "80"),
        ("bpf", "dst port 80 or ", "dst port 80"),
        ("reserved-ports", "80,", "80"),
        ("firewalld", "80/tcp\n", "80/tcp"),
        ("iptables-multiport", "-m multiport ! --dports 80 ", ""),
        ("ovs", "tcp,tp_dst=80\n", ""),
    ],
)
def test_the_memory_does_not_depend_on_the_length_of_the_text(name, piece, end):
    def peak(count: int) -> int:
        text = piece * count + end
        tracemalloc.start()
        try:
            dialects.parse(text, name)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(20_000) < 1.2 * peak(8_000) + 50_000


@given(st.integers(0, 120), st.integers(0, 120))
@example(14, 2)
@example(120, 0)
def test_wide_ranges_and_ports_need_the_fewest_rules(wide, alone):
    # So wide that no range is worth writing port by port.
    ranges = [PortRange(first, first + 199) for first in range(0, 250 * wide, 250)]
    ports = PortSet([*ranges, *range(40000, 40000 + 2 * alone, 2)])
    texts = rules(ports, "iptables-multiport")
    assert len(texts) == max(-(-wide // 7), -(-(2 * wide + alone) // 15))


@given(st.lists(st.tuples(st.integers(0, 65535), st.integers(0, 5)), min_size=1, max_size=60))
def test_no_rule_has_more_slots_than_the_limit(pairs):
    ports = PortSet(PortRange(first, min(65535, first + more)) for first, more in pairs)
    for text in rules(ports, "iptables-multiport"):
        elements = text.rpartition(" ")[2].split(",")
        assert sum(2 if ":" in each else 1 for each in elements) <= 15
