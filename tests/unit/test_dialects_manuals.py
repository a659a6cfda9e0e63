"""Texts of the tools' manuals and test suites, and what is refused of them on purpose."""

from __future__ import annotations

import pytest

from dialect_manuals import READ
from portranges import PortSet, PortSyntaxError, dialects, registry


@pytest.mark.parametrize(("name", "source", "text", "ports"), READ)
def test_a_text_of_the_manual_is_read(name, source, text, ports):
    assert dialects.parse(text, name) == PortSet.parse(ports), source


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_a_profile_of_ufw_has_ports_for_each_transport(transport):
    # /etc/ufw/applications.d/ufw-fileserver and ufw-chat of Debian 12.
    assert dialects.parse("137,138/udp|139,445/tcp", "ufw", transport=transport) == (
        PortSet([139, 445] if transport == "tcp" else [137, 138])
    )
    assert dialects.parse("1863|6891:6900/tcp|6901", "ufw", transport=transport) == (
        PortSet.parse("1863,6891-6900,6901" if transport == "tcp" else "1863,6901")
    )
    with pytest.raises(PortSyntaxError, match="choose one with transport="):
        dialects.parse("137,138/udp|139,445/tcp", "ufw")
    for text in ("|80", "80|", "80||443", "80,443|53", "80/tcp|0"):
        with pytest.raises(PortSyntaxError):
            dialects.parse(text, "ufw")


def test_the_families_of_a_text_must_have_the_same_ports():
    for name, text in (
        ("systemd", "ipv4:80\nipv6:443"),
        ("systemd", "tcp:80\nipv6:tcp:443"),
        ("ovs", "tcp,tp_dst=80\ntcp6,tp_dst=443"),
    ):
        with pytest.raises(PortSyntaxError, match="the same for every address family"):
            dialects.parse(text, name)
    assert dialects.parse("tcp,tp_dst=80\ntcp6,tp_dst=80", "ovs") == PortSet([80])


def test_the_manual_of_libpcap_has_names_in_a_list():
    text = "tcp dst port ftp or ftp-data or domain"
    assert dialects.parse(text, "bpf", services=registry.SHIPPED) == PortSet([20, 21, 53])


def test_a_list_of_ufw_has_no_names():
    for text in ("ssh,443/tcp", "22,https/tcp", "22:https/tcp", "ssh:80/tcp"):
        with pytest.raises(PortSyntaxError) as caught:
            dialects.parse(text, "ufw", services=registry.SHIPPED)
        assert caught.value.reason == (
            f"a list or a range must have numbers only, got '{text.removesuffix('/tcp')}'"
        )


REFUSED = [(row.name, refused) for row in dialects.rows() for refused in row.refused_texts]


@pytest.mark.parametrize(
    ("name", "refused"), REFUSED, ids=[f"{name} {refused.text}" for name, refused in REFUSED]
)
def test_every_text_that_is_listed_as_refused_is_refused(name, refused):
    for services in (None, registry.SHIPPED):
        with pytest.raises(PortSyntaxError):
            dialects.parse(refused.text, name, services=services)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("pf", "port { != 80, != 443 }", "a list must not contain '!=', got '{ != 80, != 443 }'"),
        ("pf", "port 22, 80", "several ports must be in { }, got '22, 80'"),
        ("pf", "port 22 > 1023", "several ports must be in { }, got '22 > 1023'"),
        ("pf", "port { 22, }", "expected a port or 'first:last', got nothing"),
        ("pf", "port { > }", "expected a port or 'first:last', got nothing"),
        ("pf", "port { >< 80 }", "expected a port or 'first:last', got '80'"),
        ("pf", "port { 80 >< }", "expected a port or 'first:last', got nothing"),
        ("pf", "port > 80:90", "expected one port, got the range '80:90'"),
        ("pf", "port => 80", "expected a port or 'first:last', got '=>'"),
        ("bpf", "(tcp dst port 80", "expected terms such as 'tcp dst port 80', joined by 'or', "),
        ("bpf", "tcp dst port 80)", "expected 'or', got ')'"),
        ("bpf", "tcp dst port 80 443", "expected 'or', got '443'"),
        ("bpf", "(dst port 80 443)", "expected 'or' or ')', got '443'"),
        ("bpf", "443", "expected terms such as 'tcp dst port 80', joined by 'or', got '443'"),
        ("bpf", "dst tcp port 80", "expected terms such as 'tcp dst port 80', joined by 'or', "),
        ("bpf", "tcp udp dst port 80", "expected terms such as 'tcp dst port 80', joined by 'or'"),
        ("bpf", "dst port 80 or tcp 443", "expected terms such as 'tcp dst port 80', joined by"),
        ("bpf", "dst port 80 or", "expected terms such as 'tcp dst port 80', joined by 'or', got"),
        ("iptables", "--protocol=tcp --dport 80", "expected a text such as '--dport 80', got"),
        ("iptables", "-m udp -p tcp --dport 80", "expected a text such as '--dport 80', got '-p'"),
        ("iptables", "-p tcp -m multiport --dports 80", "multiport must be read as 'iptables-m"),
        ("iptables", "-p tcp -m state --dport 80", "expected tcp, udp, sctp, dccp after '-m', "),
        ("iptables", "-p tcp --dport 80 --dport 81", "expected a text such as '--dport 80', got"),
        ("iptables", "-p 50 --dport 80", "expected tcp, udp, sctp, dccp after '-p', got '50'"),
        ("iptables", "--dport", "an option must have a value, got '--dport' alone"),
        ("iptables", "-p tcp", "expected a text such as '--dport 80', got '-p tcp'"),
        ("systemd", "ipv4:", "expected a port or 'first-last', got nothing"),
        ("systemd", "tcp:ipv4:80", "expected a port or 'first-last', got 'ipv4:80'"),
        ("wireshark", "tcp.dstport in {80,}", "expected a port or 'first..last', got nothing"),
        ("calico", "80", "expected a list in [ ], got '80'"),
        ("junos", "[ ]", "expected a port or 'first-last', got nothing"),
        ("nft", ",", "expected a port or 'first-last', got nothing"),
        ("nft", "{ , }", "expected a port or 'first-last', got nothing"),
        ("nmap", ",", "expected a port or 'first-last', got nothing"),
    ],
)
def test_the_texts_that_the_tool_refuses_too(name, text, reason):
    with pytest.raises(PortSyntaxError) as caught:
        dialects.parse(text, name)
    assert caught.value.reason.startswith(reason)
