"""Hints of errors: each fits what was written, and names the cause where it is known."""

from __future__ import annotations

import pytest

from portranges import PortSyntaxError, dialects, registry

SOURCE = "source ports are not read, because a set is of destination ports"
EITHER = "it matches source ports too"


def reason(text: str, name: str, **options) -> str:
    with pytest.raises(PortSyntaxError) as caught:
        dialects.parse(text, name, **options)
    return caught.value.reason


@pytest.mark.parametrize(
    ("name", "text", "hint"),
    [
        ("iptables", "--sport 80", SOURCE),
        ("iptables", "-p tcp --sport 80", SOURCE),
        ("iptables", "-p tcp ! --source-port 80", SOURCE),
        ("iptables", "-p tcp --dport 80 --sport 90", SOURCE),
        ("iptables-multiport", "-m multiport --sports 80", SOURCE),
        ("iptables-multiport", "-p udp -m multiport --source-ports 80", SOURCE),
        ("iptables-multiport", "-m multiport --ports 80", EITHER),
        ("nft", "tcp sport 80", SOURCE),
        ("nft", "sport { 80, 443 }", SOURCE),
        ("ovs", "tcp,tp_src=80", SOURCE),
        ("ovs", "udp,udp_src=80", SOURCE),
        ("bpf", "tcp src port 80", SOURCE),
        ("bpf", "src portrange 80-90", SOURCE),
        ("bpf", "port 80", "without 'dst' it matches source ports too"),
        ("bpf", "portrange 80-90", "without 'dst' it matches source ports too"),
        ("wireshark", "tcp.srcport in {80}", SOURCE),
        ("wireshark", "tcp.port in {80}", EITHER),
        ("wireshark", "udp.port == 53", EITHER),
        ("junos", "source-port 80", SOURCE),
        ("junos", "port 80", EITHER),
        ("tc-flower", "ip_proto tcp src_port 80", SOURCE),
    ],
)
def test_a_source_port_is_called_one(name, text, hint):
    for services in (None, registry.SHIPPED):
        found = reason(text, name, services=services)
        assert found.endswith(f"; {hint}")
        assert found.count(";") == (2 if "joined by" in found and found.count(";") > 1 else 1)
        assert "+80" not in found


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("cisco", "eq80", "eq"),
        ("cisco", "gt1023", "gt"),
        ("iptables", "-p tcp --dport80", "--dport"),
        ("iptables-multiport", "-m multiport --dports80,443", "--dports"),
        ("nft", "tcp dport80", "dport"),
        ("nft", "eq80", "eq"),
        ("haproxy", "ge1024", "ge"),
        ("haproxy", "eq80", "eq"),
        ("bpf", "dst port80", "port"),
        ("bpf", "tcp dst portrange80-90", "portrange"),
        ("pf", "port80", "port"),
        ("junos", "destination-port80", "destination-port"),
    ],
)
def test_a_missing_blank_is_named(name, text, word):
    for services in (None, registry.SHIPPED):
        assert reason(text, name, services=services).endswith(
            f"; a blank is missing after {word!r}"
        )


# YAML 1.1, integer type: 9022:22 without quotes is 9022 * 60 + 22.
@pytest.mark.parametrize(
    ("number", "mapping"), [(541342, "9022:22"), (485060, "8084:20"), (3932159, "65535:59")]
)
def test_a_number_to_base_60_is_named(number, mapping):
    hint = f"YAML reads {mapping} without quotes as {number}, to base 60"
    for name in ("docker", "compose", "podman"):
        with pytest.raises(PortSyntaxError) as caught:
            dialects.parse_mapping(str(number), name)
        assert caught.value.reason == f"port must be in 1..65535, got '{number}'; {hint}"
    assert reason(str(number), "docker").endswith(hint)
    with pytest.raises(TypeError) as wrong:
        dialects.parse_mapping(number)
    assert str(wrong.value) == f"text must be a str, got int {number}; {hint}"


def test_a_number_that_is_none_to_base_60_gets_no_such_hint():
    for number in (3932160, 9999999, 66000):
        with pytest.raises(PortSyntaxError) as caught:
            dialects.parse_mapping(str(number))
        assert "YAML" not in caught.value.reason
    # 80:22 is a port's number as well.
    with pytest.raises(TypeError, match="YAML reads 80:22 without quotes as 4822"):
        dialects.parse_mapping(4822)
    with pytest.raises(TypeError, match="got bool True$"):
        dialects.parse_mapping(True)


@pytest.mark.parametrize(
    ("name", "text", "absent"),
    [
        ("nft", "= 80", "> 65535"),
        ("haproxy", "80 eq 443", "'ne 80'"),
        ("haproxy", "gt 80 90", "'ne 80'"),
        ("haproxy", "-m int 80", "'80-'"),
        ("haproxy", "-- 80", "'80-'"),
        ("ovs", "any", "tp_dst=80' as every"),
        ("ovs", "icmp,tp_dst=80", "tp_dst=80' as every"),
        ("docker", "80-:80-", "container's port"),
        ("iptables", "--sport 80", "+80"),
        ("ipset", "abc$", "udp:53"),
    ],
)
def test_a_hint_about_another_text_is_not_given(name, text, absent):
    assert absent not in reason(text, name)


@pytest.mark.parametrize(
    ("name", "text", "present"),
    [
        ("ipset", "tcp:80", "ipset reads 'udp:53' as 53 (it ignores the transport)"),
        ("ovs", "tp_dst=443", "ovs-ofctl reads 'tp_dst=80' as every port"),
        ("nft", "080", "nft reads '080' as 80"),
        ("nft", "> 65535", "nft reads '> 65535' as no port"),
        ("iptables", "-p udp --dport 65536", "iptables reads '-p udp --dport 65536' as 0"),
        ("haproxy", "ne 443", "haproxy reads 'ne 80' as 80 ('ne' is ignored)"),
        ("docker", "80", "docker reads '80' as no port (it is the container's port"),
        ("nmap", "kerberos", "names require services="),
    ],
)
def test_a_hint_that_fits_is_given(name, text, present):
    assert present in reason(text, name)
