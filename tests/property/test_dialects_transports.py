"""Laws of dialects with several transports: what is written reads back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from portranges import (
    PortSyntaxError,
    TransportPorts,
    UnknownNameError,
    UnrepresentableError,
    dialects,
)
from portranges.strategies import transport_ports

NAMES = dialects.names()
SETS = transport_ports().map(
    lambda ports: TransportPorts({each: of.ranges[:50] for each, of in ports.items()})
)


@given(ports=SETS, name=st.sampled_from(NAMES))
def test_what_is_written_reads_back(ports, name):
    try:
        texts = dialects.render_transports(ports, name)
    except UnrepresentableError:
        return
    used = [each for each, _ in ports.items()]
    assert dialects.parse_transports("\n".join(texts), name, default_transports=used) == ports


@given(ports=SETS, name=st.sampled_from(NAMES))
def test_one_transport_is_written_as_by_render_rules(ports, name):
    is_named = dialects.lookup(name).frame.rule is not dialects.TransportRule.NEVER
    for transport, of in ports.items():
        try:
            texts = dialects.render_transports(TransportPorts({transport: of}), name)
        except UnrepresentableError:
            continue
        if name != "portranges":
            expected = dialects.render_rules(of, name, transport=transport if is_named else None)
            assert texts == expected


@given(
    text=st.lists(
        st.sampled_from(
            ["22", "tcp", "udp", "dport", ".dstport in {22}", " ", "\n", " or ", "/", ","]
        )
    ).map("".join),
    name=st.sampled_from(NAMES),
)
def test_any_text_is_a_set_or_a_syntax_error(text, name):
    try:
        ports = dialects.parse_transports(text, name, default_transports="tcp")
    except (PortSyntaxError, UnknownNameError):
        return
    assert isinstance(ports, TransportPorts)
