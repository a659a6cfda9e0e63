"""Texts of a dialect that name several transports, one, or none."""

from __future__ import annotations

import pytest

from portranges import (
    PortSyntaxError,
    TransportPorts,
    UnrepresentableError,
    dialects,
)


# A text for two transports, and one in which a part has no transport.
@pytest.mark.parametrize(
    ("name", "both", "partly"),
    [
        ("nft", "tcp dport 22\nudp dport { 53,\n 54 }", "tcp dport 22\nudp dport 53\n54"),
        ("iptables", "-p tcp --dport 22\n-p udp --dport 53:54", "-p tcp --dport 22\n--dport 53"),
        ("ufw", "22/tcp\n53:54/udp", "22/tcp\n53"),
        ("bpf", "tcp dst port 22 or udp dst portrange 53-54", "tcp dst port 22 or dst port 53"),
        ("nmap", "T:22,U:53-54", "53,T:22"),
        ("wireshark", "tcp.dstport in {22} or udp.dstport in {53,54}", None),
        ("portranges", "22/tcp,53-54/udp", "22"),
    ],
)
def test_a_text_that_names_several_transports(name, both, partly):
    found = dialects.parse_transports(both, name)
    assert found == TransportPorts.parse("22/tcp,53-54/udp")
    if partly is not None:
        with pytest.raises(PortSyntaxError):
            dialects.parse_transports(partly, name)


def test_a_text_without_a_transport_is_for_the_default_ones():
    text = "22/tcp\n53"
    for defaults, expected in (("udp", "22/tcp,53/udp"), (("tcp", "udp"), "22/tcp,53/tcp,53/udp")):
        found = dialects.parse_transports(text, "ufw", default_transports=defaults)
        assert str(found) == expected
    with pytest.raises(PortSyntaxError, match="each text must name its transport, got '22/tcp"):
        dialects.parse_transports(text, "ufw")
    with pytest.raises(TypeError, match="default_transports must be transports, got int 5"):
        dialects.parse_transports(text, "ufw", default_transports=5)


def test_refusals():
    ports = TransportPorts.parse("22/tcp,53/udp")
    for name, reason in (
        ("nft-set", "its text cannot name a transport, and the transports have different ports"),
        ("systemd", "sctp is not supported"),
    ):
        with pytest.raises(UnrepresentableError, match=reason):
            dialects.render_transports(ports | TransportPorts(sctp=[5]), name)
    with pytest.raises(UnrepresentableError, match="it is empty"):
        dialects.render_transports(TransportPorts.empty(), "nft")
    assert dialects.render_transports(TransportPorts(tcp=[5], udp=[5]), "nft-set") == ("5",)
    many = TransportPorts(tcp=range(1, 200, 2), udp=range(1, 200, 2))
    with pytest.raises(UnrepresentableError, match="it needs 200 texts, and at most 128"):
        dialects.render_transports(many, "systemd")
