"""Hints of errors: each fits what was written, and names the cause where it is known."""

from __future__ import annotations

import re

import pytest

from portranges import (
    Endpoint,
    InvalidPortError,
    PortRange,
    PortSet,
    PortSyntaxError,
    TransportPorts,
    check_port,
    dialects,
    parse_port,
    registry,
)

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
        ("bpf", "tcp port 80", "without 'dst' it matches source ports too"),
        ("bpf", "udp portrange 80-90", "without 'dst' it matches source ports too"),
        ("junos", "port 80", EITHER),
        ("pf", "from any port 80", SOURCE),
        ("haproxy", "acl a src_port 80", SOURCE),
        ("tc-flower", "ip_proto tcp src_port 80", SOURCE),
    ],
)
def test_the_error_names_a_source_port(name, text, hint):
    for services in (None, registry.SHIPPED):
        found = reason(text, name, services=services)
        assert found.endswith(f"; {hint}")
        assert found.count(";") == (2 if "joined by" in found and found.count(";") > 1 else 1)
        assert "+80" not in found


@pytest.mark.parametrize(
    ("name", "text", "part"),
    [
        ("nft", "ip daddr 192.0.2.1 tcp dport 80", "after 'tcp dport' in a rule"),
        ("ufw", "allow 80/tcp", "after 'ufw allow'"),
        ("ufw", "ufw allow 80", "after 'ufw allow'"),
        ("firewalld", "--add-port=80/tcp", "after --add-port="),
        (
            "systemd",
            "SocketBindAllow=tcp:80",
            "after SocketBindAllow= or SocketBindDeny= in a unit",
        ),
        ("nmap", "-p 80", "after -p"),
        ("squid", "acl SSL_ports port 443", "after 'acl NAME port'"),
        ("haproxy", "acl web dst_port 80 443", "after 'acl NAME dst_port'"),
        ("haproxy", "dst_port 80", "after 'acl NAME dst_port'"),
        ("docker", "-p 80:80", "after -p"),
        ("pf", "pass in proto tcp to port 80", "after an address in a rule"),
        ("pf", "from any to any port 80", "after an address in a rule"),
        ("netsh", "localport=80", "after localport= in 'netsh advfirewall firewall add rule'"),
        ("powershell", "-LocalPort 80", "after -LocalPort of New-NetFirewallRule"),
        ("powershell", "New-NetFirewallRule -LocalPort 80", "after -LocalPort of New-Net"),
        ("calico", "ports: [80]", "after ports: of a rule"),
    ],
)
def test_the_error_names_the_text_before_the_ports_of_a_rule(name, text, part):
    for services in (None, registry.SHIPPED):
        found = reason(text, name, services=services)
        assert f"; write only the part {part}" in found
        assert found.count(";") == 1


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("bpf", "dst port 80-90", "got the range '80-90'; write it after 'dst portrange'"),
        ("bpf", "tcp dst port 80:90", "got the range '80:90'; write it after 'dst portrange'"),
        ("cisco", "eq 80-90", "got the range '80-90'; write it as 'range first last'"),
        ("cisco", "range 80:90", "got the range '80:90'; write it as 'range first last'"),
        ("nft", "> 80-90", "got the range '80-90'"),
        ("pf", "port > 80:90", "got the range '80:90'"),
        ("haproxy", "ge 80:90", "got the range '80:90'"),
        ("wireshark", "tcp.dstport == 80..90", "got the range '80..90'"),
    ],
)
def test_a_range_where_one_port_is_expected(name, text, expected):
    assert reason(text, name) == f"expected one port, {expected}"


@pytest.mark.parametrize(
    "text",
    ["--dports 80,443", "--destination-ports 80", "--ports 80", "-m multiport --dports 80"],
)
def test_multiport_has_a_dialect_of_its_own(text):
    found = reason(f"-p tcp {text}", "iptables")
    assert found.startswith("multiport must be read as 'iptables-multiport', got ")


@pytest.mark.parametrize(
    ("text", "hint"),
    [("22/tcp", "omit '/tcp'"), ("80-90/udp", "omit '/udp'"), ("22/foo", ""), ("/tcp", "")],
)
def test_a_transport_where_none_is_expected(text, hint):
    for read, more in (
        (PortSet.parse, ", or use TransportPorts.parse()"),
        (PortRange.parse, ", or use TransportPorts.parse()"),
        (parse_port, ""),
        (lambda each: Endpoint.parse(f"localhost:{each}", services=registry.SHIPPED), ""),
    ):
        with pytest.raises(PortSyntaxError) as caught:
            read(text)
        assert caught.value.reason.endswith(f"got {text!r}" + (hint and f"; {hint}{more}"))


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


def test_a_number_that_cannot_be_to_base_60_has_no_such_hint():
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
    ("text", "hint"),
    [
        ("80:90", "write 80-90"),
        (":1024", "write 0-1024, or 1-1024 without port 0"),
        ("1024:", "write 1024-65535"),
        ("http:80", "Endpoint.parse() reads a host and a port"),
        ("localhost:8080", "Endpoint.parse() reads a host and a port"),
        ("127.0.0.1:53", "Endpoint.parse() reads a host and a port"),
        ("[::1]:443", "Endpoint.parse() reads a host and a port"),
        ("*:443", "Endpoint.parse() reads a host and a port"),
        ("80:http", ""),
        ("http:https", ""),
        ("tcp:", ""),
        ("1:2:3", ""),
        ("127.0.0.1:80:80", ""),
        (":", ""),
        ("::", ""),
        ("80_90", ""),
    ],
)
def test_a_colon_in_the_own_notation_gets_the_hint_that_fits(text, hint):
    expected = f"expected a port or 'first-last', got {text!r}" + ("; " + hint if hint else "")
    for read in (PortSet.parse, PortRange.parse, lambda each: dialects.parse(each, "neutral")):
        with pytest.raises(PortSyntaxError) as caught:
            read(text)
        assert caught.value.reason == expected
    if hint.startswith("Endpoint"):
        assert str(Endpoint.parse(text)) == text


def yaml_1_1(text):
    """Return the integer that YAML 1.1 reads, by the pattern of its type repository."""
    if re.fullmatch(r"[1-9][0-9]*(:[0-5]?[0-9])+", text) is None:
        return None
    number = 0
    for group in text.split(":"):
        number = number * 60 + int(group)
    return number


# What reads the integers of a YAML file, or the text of one.
READERS = {
    "check_port": check_port,
    "PortRange": PortRange,
    "PortSet": lambda number: PortSet([number]),
    "PortSet, a range": lambda number: PortSet([PortRange(1, number)]),
    "parse_port": lambda number: parse_port(str(number)),
    "PortSet.parse": lambda number: PortSet.parse(f"80,{number}"),
    "TransportPorts.parse": lambda number: TransportPorts.parse(f"{number}/tcp"),
    "Endpoint.parse": lambda number: Endpoint.parse(f"localhost:{number}"),
    "calico": lambda number: dialects.parse(f"[80, {number}]", "calico"),
    "nft": lambda number: dialects.parse(f"{{ {number} }}", "nft"),
    "kubernetes": lambda number: dialects.from_kubernetes([{"port": number}]),
    "kubernetes endPort": lambda number: dialects.from_kubernetes([{"port": 1, "endPort": number}]),
    "cilium": lambda number: dialects.from_cilium([{"ports": [{"port": str(number)}]}]),
    "cilium endPort": lambda number: dialects.from_cilium(
        [{"ports": [{"port": "1", "endPort": number}]}]
    ),
    "aws": lambda number: dialects.from_aws(
        [{"IpProtocol": "tcp", "FromPort": 1, "ToPort": number}]
    ),
    "azure": lambda number: dialects.from_azure({"destinationPortRange": str(number)}),
    "gcp": lambda number: dialects.from_gcp([{"IPProtocol": "tcp", "ports": [str(number)]}]),
    "mapping": lambda number: dialects.parse_mapping(str(number)),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("mapping", ["9022:22", "1093:53", "65535:25", "2222:22", "8084:20"])
def test_every_reader_of_integers_names_a_mapping_to_base_60(reader, mapping):
    number = yaml_1_1(mapping)
    with pytest.raises((InvalidPortError, PortSyntaxError)) as caught:
        READERS[reader](number)
    hint = f"; YAML reads {mapping} without quotes as {number}, to base 60"
    assert hint in str(caught.value).partition("\n")[0]


@pytest.mark.parametrize("reader", [each for each in READERS if each != "mapping"])
@pytest.mark.parametrize(
    "number", [65536, 70000, 80080, 99999, 3932182, 10**7, 10**30, "65536:22", "22:22:23:22"]
)
def test_a_number_that_is_not_a_likely_mapping_has_no_such_hint(reader, number):
    """The first side is not a port, or the second is not the port of a server below 60."""
    with pytest.raises((InvalidPortError, PortSyntaxError)) as caught:
        READERS[reader](yaml_1_1(number) if isinstance(number, str) else number)
    assert "YAML" not in str(caught.value)


def test_a_hint_names_a_text_that_yaml_reads_as_the_number():
    servers = {20, 21, 22, 23, 25, 43, 49, 53}
    # In steps that meet every remainder of 60.
    for number in range(65536, 4_100_000, 101):
        hint = str(InvalidPortError(number)).partition("; YAML reads ")[2]
        mapping = f"{number // 60}:{number % 60}"
        assert yaml_1_1(mapping) == number
        is_likely = number // 60 <= 65535 and number % 60 in servers
        assert hint == (f"{mapping} without quotes as {number}, to base 60" if is_likely else "")
    # Three groups are one number with two; a mapping has two.
    assert yaml_1_1("22:22:22") == yaml_1_1("1342:22") == 80542
    assert "1342:22" in str(InvalidPortError(80542))


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
        ("netsh", "IPHTTPS", "RPC"),
        ("powershell", "http", "RPC"),
        ("cisco", "eq 80:90", "writes a range with"),
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
        ("nmap", "kerberos", "names require services= with nmap's own table"),
        ("netsh", "rpc", "netsh reads 'RPC' as no port"),
    ],
)
def test_a_hint_that_fits_is_given(name, text, present):
    assert present in reason(text, name)
