"""The dialects by example: every form that is read and written, and every trap by its name."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import pytest

from portranges import (
    InvalidValueError,
    PortRange,
    PortSet,
    PortSyntaxError,
    Transport,
    UnknownNameError,
    UnrepresentableError,
    dialects,
    registry,
)

ROWS = dialects.rows()
NAMES = dialects.names()
WEB = PortSet.parse("22,80,8000-8100")


def refused(text: str, name: str, **options) -> str:
    with pytest.raises(PortSyntaxError) as caught:
        dialects.parse(text, name, **options)
    return caught.value.reason


def unsaid(ports: str, name: str, **options) -> str:
    with pytest.raises(UnrepresentableError) as caught:
        dialects.render_rules(PortSet.parse(ports), name, **options)
    assert caught.value.dialect == name
    return caught.value.reason


# -- what is written -----------------------------------------------------------

WRITTEN = {
    "nft": ["{ 22, 80, 8000-8100 }"],
    "nft-set": ["22, 80, 8000-8100"],
    "iptables": ["--dport 22", "--dport 80", "--dport 8000:8100"],
    "iptables-multiport": ["-m multiport --dports 22,80,8000:8100"],
    "ipset": ["22", "80", "8000-8100"],
    "reserved-ports": ["22,80,8000-8100"],
    "ovs": [
        "tcp,tp_dst=22",
        "tcp,tp_dst=80",
        "tcp,tp_dst=0x1f40/0xffc0",
        "tcp,tp_dst=0x1f80/0xffe0",
        "tcp,tp_dst=0x1fa0/0xfffc",
        "tcp,tp_dst=8100",
    ],
    "tc-flower": [
        "ip_proto tcp dst_port 22",
        "ip_proto tcp dst_port 80",
        "ip_proto tcp dst_port 8000-8100",
    ],
    "ufw": ["22,80,8000:8100/tcp"],
    "firewalld": ["22/tcp", "80/tcp", "8000-8100/tcp"],
    "systemd": ["22", "80", "8000-8100"],
    "bpf": ["(dst port 22 or dst port 80 or dst portrange 8000-8100)"],
    "wireshark": ["tcp.dstport in {22,80,8000..8100}"],
    "nmap": ["22,80,8000-8100"],
    "suricata": ["[22,80,8000:8100]"],
    "squid": ["22 80 8000-8100"],
    "haproxy": ["22 80 8000:8100"],
    "docker": ["22:22", "80:80", "8000-8100:8000-8100"],
    "csf": ["22,80,8000:8100"],
    "fail2ban": ["22,80,8000:8100"],
    "opnsense": ["22", "80", "8000:8100"],
    "openwrt": ["22 80 8000-8100"],
    "pf": ["port { 22, 80, 8000:8100 }"],
    "cisco": ["eq 22", "eq 80", "range 8000 8100"],
    "junos": ["destination-port [ 22 80 8000-8100 ]"],
    "netsh": ["22,80,8000-8100"],
    "powershell": ["'22','80','8000-8100'"],
    "calico": ['[22, 80, "8000:8100"]'],
    "portranges": ["22,80,8000-8100"],
}

# The same for udp, if the notation has a place for it.
FOR_UDP = {
    "nft": "udp dport 53",
    "iptables": "-p udp --dport 53",
    "iptables-multiport": "-p udp --dport 53",
    "ovs": "udp,tp_dst=53",
    "tc-flower": "ip_proto udp dst_port 53",
    "ufw": "53/udp",
    "firewalld": "53/udp",
    "systemd": "udp:53",
    "bpf": "udp dst port 53",
    "wireshark": "udp.dstport in {53}",
    "nmap": "U:53",
    "docker": "53:53/udp",
}

NEGATED = {
    "nft": ("!= 22", "!= { 22, 80-90 }"),
    "iptables": ("! --dport 22", None),
    "iptables-multiport": ("-m multiport ! --dports 22", "-m multiport ! --dports 22,80:90"),
    "suricata": ("!22", "![22,80:90]"),
    "junos": ("destination-port-except 22", "destination-port-except [ 22 80-90 ]"),
}


@pytest.mark.parametrize("name", NAMES)
def test_the_text_that_is_written(name):
    assert dialects.render_rules(WEB, name) == tuple(WRITTEN[name])
    if len(WRITTEN[name]) == 1:
        assert dialects.render(WEB, name) == WRITTEN[name][0]
    else:
        with pytest.raises(UnrepresentableError) as caught:
            dialects.render(WEB, name)
        count = len(WRITTEN[name])
        assert caught.value.reason == f"it needs {count} texts; render_rules() returns them"


@pytest.mark.parametrize("name", NAMES)
def test_the_text_that_is_written_for_a_transport(name):
    if name in FOR_UDP:
        assert dialects.render(PortSet([53]), name, transport="udp") == FOR_UDP[name]
        assert dialects.render(PortSet([53]), name, transport=Transport.UDP) == FOR_UDP[name]
    else:
        assert unsaid("53", name, transport="udp") == "its text cannot name a transport"


@pytest.mark.parametrize("name", NAMES)
def test_the_text_that_is_written_as_a_negation(name):
    one, two = ~PortSet([22]), ~PortSet.parse("22,80-90")
    if name not in NEGATED:
        assert unsaid("1-21,23-65535", name, negated=True) == (
            "the notation has no reliable negation"
        )
        return
    first, second = NEGATED[name]
    assert dialects.render(one, name, negated=True) == first
    if second is None:
        assert unsaid(str(two), name, negated=True) == (
            "a negation of 2 ranges does not fit into one text"
        )
    else:
        assert dialects.render(two, name, negated=True) == second


# -- what is read beside that --------------------------------------------------

READ = [
    ("nft", "{80,443}", "80,443"),
    ("nft", " { 80,\n 443 } ", "80,443"),
    ("nft", "tcp dport != { 80, 443 }", "0-79,81-442,444-65535"),
    ("nft", "{ 80-90, 85-100 }", "80-100"),
    ("nft", "80-80", "80"),
    ("nft", "> 1023", "1024-65535"),
    ("nft", ">=1024", "1024-65535"),
    ("nft", "< 1", "0"),
    ("nft", "<= 80", "0-80"),
    ("nft", "udp dport == 53", "53"),
    ("nft-set", "{ 80, 443 }", "80,443"),
    ("nft-set", "80, 80, 81", "80-81"),
    ("iptables", "80", "80"),
    ("iptables", ":1024", "0-1024"),
    ("iptables", "1024:", "1024-65535"),
    ("iptables", "--dport 80:80", "80"),
    ("iptables", "-p sctp ! --dport 80", "0-79,81-65535"),
    ("iptables", "-p tcp -m tcp --dport 80", "80"),
    ("iptables", "-p udp -m udp ! --dport 80:90", "0-79,91-65535"),
    ("iptables-multiport", "80,80,1:2", "1-2,80"),
    ("iptables-multiport", "-p udp -m udp -m multiport --dports 53", "53"),
    ("iptables-multiport", "-m multiport --destination-ports 53,54", "53-54"),
    (
        "iptables-multiport",
        "--dport 80:100 -m multiport --dports 90:110 -m multiport ! --dports 95",
        "90-94,96-100",
    ),
    ("reserved-ports", "80,443\n", "80,443"),
    ("reserved-ports", "80\n443", "80,443"),
    ("ovs", "udp,udp_dst=53", "53"),
    ("ovs", "tcp,tp_dst=1000/0xfff8", "1000-1007"),
    ("ovs", "sctp,tp_dst=0x1/0xffff\nsctp,tp_dst=2", "1-2"),
    ("ufw", "80", "80"),
    ("firewalld", "80-80/sctp", "80"),
    ("systemd", "any", "0-65535"),
    ("systemd", "tcp:80\ntcp:443\n", "80,443"),
    ("bpf", "(tcp dst port 80)", "80"),
    ("bpf", "dst portrange 80-80 or dst port 81", "80-81"),
    ("bpf", "dst portrange 80", "80"),
    ("wireshark", "tcp.dstport in { 80, 443..445 }", "80,443-445"),
    ("wireshark", "udp.dstport == 53", "53"),
    ("wireshark", "tcp.dstport >= 1024", "1024-65535"),
    ("nmap", "-", "1-65535"),
    ("nmap", "-100", "1-100"),
    ("nmap", "65000-", "65000-65535"),
    ("nmap", "80, 443", "80,443"),
    ("nmap", "T:80,U:80", "80"),
    ("suricata", "any", "0-65535"),
    ("suricata", "ANY", "0-65535"),
    ("suricata", ":1024", "0-1024"),
    ("suricata", "1024:", "1024-65535"),
    ("suricata", "!80", "0-79,81-65535"),
    ("suricata", "[80:100,!99]", "80-98,100"),
    ("suricata", "[!99,80:100]", "80-98,100"),
    ("suricata", "[1:80,![2,4]]", "1,3,5-80"),
    ("suricata", "[![2,4],1:80]", "1,3,5-80"),
    ("suricata", "[ 80, [81 , 82]]", "80-82"),
    ("suricata", "![80,[81,82]]", "0-79,83-65535"),
    ("squid", "80\t443  1025-65535", "80,443,1025-65535"),
    ("haproxy", "80: 22", "22,80-65535"),
    ("haproxy", ":90", "1-90"),
    ("haproxy", "8000-8010", "8000-8010"),
    ("haproxy", "ge 1024", "1024-65535"),
    ("haproxy", "gt 1023", "1024-65535"),
    ("haproxy", "lt 81", "1-80"),
    ("haproxy", "le 80", "1-80"),
    ("haproxy", "eq 80", "80"),
    ("docker", "8080:80", "8080"),
    ("csf", "20,21, 30000:35000", "20-21,30000-35000"),
    ("csf", "80,443,", "80,443"),
    ("csf", "30000:", "30000-65535"),
    ("csf", "", ""),
    ("fail2ban", "0:65535", "0-65535"),
    ("opnsense", "80\n8000:8010", "80,8000-8010"),
    ("openwrt", "80:90\t443", "80-90,443"),
    ("docker", "8000-8010:9000-9010/tcp", "8000-8010"),
    ("pf", "80", "80"),
    ("pf", "port { 80 443 }", "80,443"),
    ("pf", "port { 80, 443 1000:2000 }", "80,443,1000-2000"),
    ("pf", "port = 80", "80"),
    ("pf", "port != 80", "0-79,81-65535"),
    ("pf", "port >= 1024", "1024-65535"),
    ("pf", "port < 1024", "0-1023"),
    ("cisco", "eq 80 443", "80,443"),
    ("cisco", "neq 80 443", "0-79,81-442,444-65535"),
    ("cisco", "lt 1024", "0-1023"),
    ("cisco", "gt 1023", "1024-65535"),
    ("cisco", "range 80 80\neq 443", "80,443"),
    ("junos", "destination-port [ 80 443-445 ]", "80,443-445"),
    ("junos", "[80]", "80"),
    ("netsh", "any", "0-65535"),
    ("powershell", "80,\"443\", '1000-2000'", "80,443,1000-2000"),
    ("powershell", "'Any'", "0-65535"),
    ("calico", "[80,'1000:2000']", "80,1000-2000"),
]


@pytest.mark.parametrize(("name", "text", "ports"), READ)
def test_the_ports_that_are_read(name, text, ports):
    assert dialects.parse(text, name) == PortSet.parse(ports)


# -- the rows ------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_a_row_has_a_source_a_place_and_a_version(row):
    assert row.evidence.sources
    assert row.place
    assert row.evidence.version or row.grammar == "neutral"
    assert row.wording.plain
    assert all("{ports}" in form for form in (*row.wording.plain, *row.wording.negated))
    assert (row.frame.rule is dialects.TransportRule.NEVER) == (not row.frame.forms)
    assert row.evidence.confidence.meaning


def test_names_and_aliases_are_unique():
    every = [name for row in ROWS for name in (row.name, *row.aliases)]
    assert len(every) == len(set(every))
    assert [row.name for row in ROWS] == list(NAMES)
    assert dialects.lookup("tcpdump") is dialects.lookup("bpf")


def test_an_unknown_dialect():
    with pytest.raises(UnknownNameError) as caught:
        dialects.render(WEB, "iptabels")
    assert str(caught.value) == (
        "unknown dialect, got 'iptabels'; did you mean 'iptables' or 'nftables'?"
    )
    with pytest.raises(UnknownNameError):
        dialects.parse("80", "NFT")


ODD = [(row, odd) for row in ROWS for odd in row.misread_texts]


@pytest.mark.parametrize(("row", "odd"), ODD, ids=[f"{row.name} {odd.text}" for row, odd in ODD])
def test_a_misread_text_is_refused_or_read_as_the_tool_reads_it(row, odd):
    services = None if row.names.lookup is dialects.NameLookup.NONE else registry.SHIPPED
    try:
        ports = dialects.parse(odd.text, row.name, services=services)
    except PortSyntaxError:
        pass
    else:
        assert odd.fault is dialects.Fault.NAME, "a trap was read"
        assert odd.understood is not None
        assert ports <= odd.understood


# -- every trap, by its name ---------------------------------------------------


def test_trap_the_empty_set_has_no_text_for_no_ports_means_all():
    for name in NAMES:
        if name in ("portranges", "reserved-ports", "csf"):
            assert dialects.parse(dialects.render(PortSet(), name), name) == PortSet()
        else:
            assert unsaid("", name) == (
                "it is empty, and a rule without ports would match every port"
            )


PORT_VARIABLES = {
    "HTTP_PORTS": "80",
    "SHELLCODE_PORTS": "!80",
    "FILE_DATA_PORTS": "[$HTTP_PORTS,110,143]",
    "MORE": "![$FILE_DATA_PORTS, 25]",
    "ANY": "any",
    "SELF": "[80,$OTHER]",
    "OTHER": "$SELF",
    "BAD": "[80,x]",
    "NOTHING": "",
}


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("$HTTP_PORTS", "80"),
        ("!$HTTP_PORTS", "0-79,81-65535"),
        ("$SHELLCODE_PORTS", "0-79,81-65535"),
        ("[$FILE_DATA_PORTS,443]", "80,110,143,443"),
        ("[1:200,!$FILE_DATA_PORTS]", "1-79,81-109,111-142,144-200"),
        ("![$FILE_DATA_PORTS]", "0-79,81-109,111-142,144-65535"),
        ("$MORE", "0-24,26-79,81-109,111-142,144-65535"),
        ("$ANY", "0-65535"),
        ("[!80,$ANY]", "0-79,81-65535"),
    ],
)
def test_variables_of_suricata(text, ports):
    assert dialects.parse(text, "suricata", variables=PORT_VARIABLES) == PortSet.parse(ports)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[80,$NONE]", "a variable must be defined, got 'NONE'"),
        ("[$SHELLCODE_PORTS,80]", "a variable with a negation must be alone, got"),
        ("!$SHELLCODE_PORTS", "a variable with a negation must be alone, got"),
        ("!$ANY", "the text must match at least one port, got '!$ANY'"),
        ("$SELF", "a variable must not lead back to itself, got 'SELF', in $OTHER, in $SELF"),
        ("$BAD", "expected a port or 'first:last', got 'x'; suricata does not accept names here"),
        ("$NOTHING", "expected a port, got the end, in $NOTHING"),
        ("$", "a variable must be defined, got ''"),
        ("80:$HTTP_PORTS", "expected a port or 'first:last', got '$HTTP_PORTS'"),
    ],
)
def test_variables_that_are_refused(text, reason):
    with pytest.raises(PortSyntaxError) as caught:
        dialects.parse(text, "suricata", variables=PORT_VARIABLES)
    assert caught.value.reason.startswith(reason)
    start, stop = caught.value.span
    assert "$" in text[start:stop]


def test_variables_need_the_right_type_and_dialect():
    with pytest.raises(TypeError, match="variables must be a mapping of names to texts, got"):
        dialects.parse("80", "suricata", variables=[("A", "80")])
    with pytest.raises(TypeError, match="a variable must be a str, got bool True"):
        dialects.parse("80", "suricata", variables={"A": True})
    # A parser of YAML returns integers for ports without quotes.
    found = dialects.parse("[$A,22]", "suricata", variables={"A": 80})
    assert found == PortSet([22, 80])
    with pytest.raises(ValueError, match=r"port must be in 0\.\.65535, got 65536"):
        dialects.parse("$A", "suricata", variables={"A": 65536})
    with pytest.raises(InvalidValueError, match="must be for suricata or snort, got 'nft'"):
        dialects.parse("80", "nft", variables={})
    assert refused("$HTTP_PORTS", "suricata").endswith("variables require variables=")


def test_chains_of_variables_are_read_once_and_limited():
    """Each variable has the one before twice: read anew each time, they would take for ever."""
    chain = {f"V{number}": f"[$V{number - 1},$V{number - 1}]" for number in range(1, 80)}
    chain["V0"] = "80"
    assert dialects.parse("$V60", "suricata", variables=chain) == PortSet([80])
    with pytest.raises(PortSyntaxError, match="must not lead back to itself"):
        dialects.parse("$V79", "suricata", variables=chain)


def test_trap_the_full_set_is_never_written_as_an_empty_text():
    assert unsaid("0-65535", "ovs") == (
        "it contains every port, which is expressed by omitting tp_dst"
    )
    for name in NAMES:
        try:
            (text,) = dialects.render_rules(PortSet.full(), name)
        except UnrepresentableError:
            continue
        assert "0" in text
        assert "65535" in text


def test_trap_port_0_is_refused_where_the_tool_has_none():
    without = ["tc-flower", "ufw", "systemd", "haproxy", "docker", "opnsense", "calico"]
    assert [row.name for row in ROWS if row.lowest] == without
    for name in without:
        assert unsaid("0,80", name) == "it contains port 0, and only 1..65535 are supported"
    assert (
        refused("0/tcp", "ufw") == "port must be in 1..65535, got '0'; ufw does not support port 0"
    )
    assert (
        refused("0-80", "systemd")
        == "port must be in 1..65535, got '0'; systemd does not support port 0"
    )
    # A word that only begins with a transport.
    assert refused("tcp6:80", "systemd") == "expected a port or 'first-last', got 'tcp6:80'"


def test_trap_open_ends_begin_at_1_in_nmap_and_at_0_elsewhere():
    assert dialects.parse("-", "nmap") == PortSet([PortRange(1, 65535)])
    assert refused("-0", "nmap") == "first must not be greater than last, got '-0'"
    assert dialects.render(PortSet.full(), "nmap") == "0-65535"
    assert dialects.parse(":80", "iptables").first == 0
    assert dialects.parse(":80", "suricata").first == 0


def test_trap_the_negation_of_every_port():
    assert unsaid("", "iptables", negated=True).startswith("it is empty")
    assert unsaid("0-65535", "iptables", negated=True) == (
        "it contains every port; a negation would list none"
    )
    assert refused("! --dport 0:65535", "iptables") == (
        "the text must match at least one port, got '! --dport 0:65535'"
    )


def test_trap_negations_of_several_rules_would_match_every_port():
    ports = ~PortSet(range(1, 101, 2))
    (rule,) = dialects.render_rules(ports, "iptables-multiport", negated=True)
    assert rule.count("-m multiport ! --dports") == 4
    assert dialects.parse(rule, "iptables-multiport") == ports


def test_trap_dport_behind_multiport_is_an_abbreviation():
    reason = refused("-m multiport --dport 80", "iptables-multiport")
    assert reason == "expected a text such as '-m multiport --dports 80', got '--dport'"
    # A match that is loaded wants an option of its own.
    refused("-m multiport -m multiport --dports 80", "iptables-multiport")


def test_trap_iptables_does_not_check_ranges_for_udp():
    assert refused("-p udp --dport 65616", "iptables") == (
        "port must be in 0..65535, got '65616'; iptables reads '-p udp --dport 65616' as 80 "
        "(it keeps the low 16 bits; only '-p tcp' rejects it)"
    )


def test_trap_octal_numbers_are_refused():
    assert refused("010", "nft") == (
        "port must have no leading zero, got '010'; nft reads '010' as 8 (octal)"
    )
    assert refused("{ 22, 080 }", "nft").startswith("port must have no leading zero, got '080'")


def test_trap_hexadecimal_numbers_are_refused():
    assert refused("0x50", "reserved-ports") == (
        "expected a port or 'first-last', got '0x50'; the kernel reads '0x50' as 80"
    )


def test_trap_other_scripts_digits_and_underscores():
    for text in ("٨٠/tcp", "8_0/tcp"):
        assert refused(text, "firewalld").endswith(f"firewalld reads {text!r} as 80")
    for name in NAMES:
        for digits in ("٨٠", "8_0", "８０", "+80", "-80", "8 0", "80.0", "1e3", "²"):
            text = dialects.render(PortSet([443]), name).replace("443", digits)
            if name == "nmap" and digits == "-80":
                continue
            if digits == "8 0" and dialects.lookup(name).spacing.blanks_separate:
                continue
            refused(text, name)


def test_trap_one_port_as_a_range():
    for name, text in (("iptables-multiport", "80:80"), ("ufw", "80:80/tcp")):
        assert (
            refused(text, name)
            == "a single port must not be written as a range, got '80:80'; did you mean 80?"
        )
    assert refused("ip_proto tcp dst_port 80-80", "tc-flower") == (
        "a single port must not be written as a range, got '80-80'; did you mean 80?"
    )
    for name in NAMES:
        for text in dialects.render_rules(PortSet([80]), name):
            assert "80-80" not in text
            assert "80:80" not in text or name == "docker"


def test_trap_reversed_ranges_are_swapped_or_match_nothing():
    assert refused("90-80", "ipset") == (
        "first must not be greater than last, got '90-80'; did you mean 80-90?; "
        "ipset reads '90-80' as 80-90 (it swaps the ends)"
    )
    assert refused("tcp.dstport in {90..80}", "wireshark").endswith(
        "tshark reads 'tcp.dstport in {90..80}' as no port"
    )
    for row in ROWS:
        if row.ranges.signs:
            text = dialects.render(PortSet([PortRange(80, 90)]), row.name)
            for sign in (*row.ranges.signs, " "):
                reversed_ = text.replace(f"80{sign}90", f"90{sign}80")
                if reversed_ != text:
                    refused(reversed_, row.name)


def test_trap_adjacent_and_overlapping_elements():
    ports = PortSet([80, 81, 82, PortRange(83, 90)])
    assert dialects.render(ports, "nft-set") == "80-90"
    assert refused("80-90, 85-100", "nft-set") == (
        "elements must not overlap, got '85-100', which shares a port "
        "with an earlier element; nft rejects it"
    )
    assert dialects.parse("80, 81", "nft-set") == PortSet([80, 81])
    assert refused("80\n80", "ipset") == (
        "elements must not overlap, got '80', which shares a port "
        "with an earlier element; ipset rejects it"
    )


def test_trap_names_depend_on_the_machine():
    assert refused("http", "nft") == (
        "expected a port or 'first-last', got 'http'; names require services=registry.SHIPPED"
    )
    known = registry.SHIPPED
    assert dialects.parse("{ http, 22 }", "nft", services=known) == PortSet([22, 80])
    assert dialects.parse("tcp dport domain", "nft", services=known) == PortSet([53])
    assert dialects.parse("ssh:http", "iptables", services=known) == PortSet([PortRange(22, 80)])
    assert dialects.parse("eq www", "cisco") == PortSet([80])
    # Not the range of two names.
    assert refused("ssh-http", "nft", services=known).startswith("unknown service, got 'ssh-http'")
    assert refused("htpp", "nft", services=known).startswith(
        "unknown service, got 'htpp'; did you mean "
    )
    assert refused("http-alt", "pf", services=known) == (
        "a service name must have exactly one port, got 'http-alt' with '591,8008,8080'; "
        "write the number"
    )
    assert refused("HTTP", "nft", services=known) == (
        "a service name must be in lower case, got 'HTTP'"
    )
    for name in ("squid", "wireshark", "haproxy", "ovs", "suricata", "netsh"):
        assert dialects.lookup(name).names.lookup is dialects.NameLookup.NONE
        text = dialects.render(PortSet([80]), name).replace("80", "http")
        refused(text, name, services=known)


def test_trap_a_list_over_the_limit_is_several_texts():
    sixteen = PortSet(range(101, 133, 2))
    assert len(dialects.render_rules(sixteen, "iptables-multiport")) == 2
    assert dialects.render_rules(sixteen, "iptables-multiport")[1] == "--dport 131"
    assert len(dialects.render_rules(sixteen, "ufw")) == 2
    text = ",".join(map(str, range(101, 133, 2)))
    assert refused(text, "iptables-multiport") == (
        "a list must have at most 15 slots (1 per port, 2 per range), got more"
    )
    refused(f"{text}/tcp", "ufw")
    assert unsaid(",".join(map(str, range(1, 259, 2))), "systemd") == (
        "it needs 129 texts, and at most 128 are allowed"
    )
    assert len(dialects.render_rules(PortSet(range(1, 257, 2)), "systemd")) == 128
    assert refused("\n".join(map(str, range(1, 130))), "systemd") == (
        "systemd accepts at most 128 texts, got more"
    )


def test_trap_more_than_a_page_of_reserved_ports():
    ports = PortSet(range(1, 65536, 2))
    texts = dialects.render_rules(ports, "reserved-ports")
    assert all(len(text) <= 4094 for text in texts)
    assert dialects.parse("\n".join(texts), "reserved-ports") == ports
    with pytest.raises(UnrepresentableError, match="it needs 47 texts"):
        dialects.render(ports, "reserved-ports")
    # What the kernel shows is not limited, and read whole.
    assert dialects.parse(f"{ports}\n", "reserved-ports") == ports


def test_trap_firewalld_reads_an_open_end_as_one_port():
    with pytest.raises(PortSyntaxError) as caught:
        dialects.parse("1024-/tcp", "firewalld")
    assert str(caught.value) == (
        "a range must have both ends, got '1024-'; "
        "firewalld reads '1024-/tcp' as 1024 (the single port)\n"
        "    1024-/tcp\n"
        "    ~~~~~"
    )


def test_trap_ovs_drops_the_port_without_a_transport():
    assert refused("tp_dst=80", "ovs") == (
        "expected a text such as 'tcp,tp_dst=80', got 'tp_dst=80'; ovs-ofctl reads 'tp_dst=80' as "
        "every port (without tcp, udp or sctp the port is dropped)"
    )
    refused("icmp,tp_dst=80", "ovs")
    refused("tcp", "ovs")


def test_trap_a_mask_of_ovs_is_not_a_prefix_length():
    assert refused("tcp,tp_dst=1000/13", "ovs") == (
        "a mask and its value must look like '0xfff8', got '13'; ovs-ofctl reads "
        "'tcp,tp_dst=1000/13' as 0x8/0xd (13 is a mask, not a prefix length)"
    )
    assert refused("tcp,tp_dst=1003/0xfff8", "ovs") == (
        "the value must have no bit outside the mask, got '1003/0xfff8'; "
        "ovs-ofctl reads it as 0x3e8/0xfff8"
    )
    assert refused("tcp,tp_dst=0x0/0x0", "ovs") == (
        "the mask must not be 0, got '0x0/0x0'; it would match every port"
    )


def test_trap_nft_accepts_comparisons_that_match_nothing():
    assert refused("> 65535", "nft") == (
        "the text must match at least one port, got '> 65535'; nft reads '> 65535' as no port"
    )
    refused("< 0", "nft")
    refused("80,443", "nft")
    refused("{ }", "nft")
    refused("{ !80 }", "nft")


def test_trap_a_double_negation_of_suricata_is_not_algebraic():
    reason = "a negation must be in the outermost list, and not in another one, got '!'"
    for text in ("![80,!81]", "[80,[90:99,!91]]", "!!80", "[1:9,![2,!3]]"):
        assert refused(text, "suricata") == reason
    for text in ("[80:!80]", "!any", "[80,!80]", "[]", "[80", "80]", "[80,]", "80,81", "[80 81]"):
        refused(text, "suricata")
    refused("[" * 65 + "80" + "]" * 65, "suricata")
    assert dialects.parse("[" * 64 + "80" + "]" * 64, "suricata") == PortSet([80])


def test_trap_pf_leaves_out_the_two_ends():
    assert dialects.parse("port 1000 >< 2000", "pf") == PortSet([PortRange(1001, 1999)])
    assert dialects.parse("port 1000 <> 2000", "pf") == ~PortSet([PortRange(1000, 2000)])
    refused("port 1000 >< 1001", "pf")
    refused("port 2000 >< 1000", "pf")
    refused("port 0 <> 65535", "pf")


def test_trap_a_list_of_negations_of_pf_matches_all():
    assert refused("port { != 80, != 443 }", "pf").endswith(
        "pf reads 'port { != 80, != 443 }' as every port (a list becomes one rule per element)"
    )


def test_trap_haproxy_ignores_ne_and_reads_two_bounds_as_two_choices():
    assert refused("ne 80", "haproxy").endswith("haproxy reads 'ne 80' as 80 ('ne' is ignored)")
    refused("ge 1024 lt 5000", "haproxy")
    refused("65536", "haproxy")
    refused("lt 0", "haproxy")
    refused("lt 1", "haproxy")
    refused("-90", "haproxy")


def test_trap_systemd_only_warns_about_invalid_ports():
    assert refused("tcp:http", "systemd") == (
        "expected a port or 'first-last', got 'http'; systemd does not accept names here"
    )
    refused("tcp:ipv4:80", "systemd")
    refused("80 443", "systemd")


def test_trap_ipset_forgets_the_transport():
    assert refused("udp:53", "ipset") == (
        "expected a port or 'first-last', got 'udp:53'; "
        "ipset reads 'udp:53' as 53 (it ignores the transport)"
    )


def test_trap_calico_reads_a_dash_as_part_of_a_name():
    assert refused('["80-90"]', "calico") == (
        "expected a port or 'first:last', got '80-90'; this notation writes a range with ':'; "
        "Calico reads '[\"80-90\"]' as no port (it is a port's name; a range has ':')"
    )


def test_trap_yaml_reads_a_range_without_quotes_as_a_number_to_base_60():
    assert refused("[20:30]", "calico").startswith("a range must be quoted, got '20:30'")


def test_trap_powershell_reads_a_dash_as_subtraction():
    assert dialects.render(PortSet([PortRange(1000, 2000)]), "powershell") == "'1000-2000'"


def test_trap_words_of_windows_are_not_numbers():
    for name in ("netsh", "powershell"):
        assert "the ports that the service uses" in refused("RPC", name)
    refused("80,any", "netsh")


def test_trap_cisco_lt_and_gt_leave_the_port_out():
    assert dialects.parse("lt 1024", "cisco").last == 1023
    assert dialects.parse("gt 1023", "cisco").first == 1024
    refused("lt 0", "cisco")
    refused("gt 65535", "cisco")
    refused("range 90 80", "cisco")
    refused("range 80", "cisco")
    refused("eq", "cisco")
    refused("eq " + "80 " * 11, "cisco")
    assert refused("neighbor 80", "cisco").startswith("expected eq, neq, lt, gt or range, got")


def test_trap_neq_is_not_eq():
    assert dialects.parse("neq 80", "cisco") == ~PortSet([80])


def test_trap_docker_chooses_one_port_of_a_longer_range():
    assert refused("80", "docker").startswith("the host's port is required, as in '8080:80', got")
    assert refused("8000-8010:80", "docker") == (
        "host and container must have the same number of ports, got 11 and 1; "
        "docker would choose one of them"
    )
    assert refused("127.0.0.1:80:80", "docker") == (
        "a set of ports has no address, got '127.0.0.1:80:80'; omit the address, or use "
        "parse_mapping()"
    )
    refused("80-70:80-70", "docker")
    refused("0:80", "docker")


def test_trap_nmap_brackets_patterns_and_protocols():
    assert refused("[1-1024]", "nmap").endswith(
        "brackets mean only the ports that nmap's own table lists"
    )
    assert refused("80- ,443", "nmap") == (
        "an open range must not be followed by a blank, got '80- '"
    )
    refused("- ", "nmap")
    assert refused("http*", "nmap").endswith("a pattern matches names of nmap's own table")
    assert refused("P:6", "nmap").endswith("'P:' is for protocol numbers")


def test_trap_bpf_without_dst_looks_at_source_ports():
    assert refused("port 80", "bpf") == (
        "expected terms such as 'tcp dst port 80', joined by 'or', got 'port 80'; "
        "without 'dst' it matches source ports too"
    )
    assert refused("not dst port 80", "bpf").endswith(
        "a negation also matches packets without ports"
    )
    refused("(tcp dst port 80) or 443", "bpf")
    refused("dst port 80 ordst port 443", "bpf")
    refused("tcp src port 80", "bpf")
    refused("dst portrange 80 - 90", "bpf")


def test_trap_bpf_splits_a_name_with_a_dash():
    known = registry.SHIPPED
    assert dialects.parse("dst port ftp-data", "bpf", services=known) == PortSet([20])
    for text in ("ftp-data", "ssh-http", "22-http", "3com-tsmux", "ssh-80"):
        assert refused(f"dst portrange {text}", "bpf", services=known) == (
            f"the ends of a range must be numbers, got '{text}'"
        )


def test_trap_ipset_splits_a_name_with_a_dash():
    known = registry.SHIPPED
    assert dialects.parse("ssh", "ipset", services=known) == PortSet([22])
    for text in ("ftp-data", "ssh-http", "22-http"):
        assert refused(text, "ipset", services=known) == (
            f"a name must not contain '-', got '{text}'; ipset splits it there"
        )


def test_a_quote_that_is_not_closed():
    for text in ("'Any", "Any'", "'Any\"", "any''", "''any''", "'80", "80'", "'80\""):
        refused(text, "powershell")
    for text in ('"Any"', "'any'", "ANY"):
        assert dialects.parse(text, "powershell") == PortSet.full()


def test_trap_source_ports_are_not_destination_ports():
    for name, text in (
        ("iptables", "--sport 80"),
        ("iptables-multiport", "-m multiport --sports 80"),
        ("iptables-multiport", "-m multiport --ports 80"),
        ("nft", "tcp sport 80"),
        ("ovs", "tcp,tp_src=80"),
        ("wireshark", "tcp.srcport in {80}"),
        ("wireshark", "tcp.port in {80}"),
        ("junos", "source-port 80"),
    ):
        refused(text, name)


def test_trap_wireshark_needs_commas():
    refused("tcp.dstport in {80 443}", "wireshark")
    refused("tcp.dstport in {80-90}", "wireshark")
    refused("tcp.dstport != 80", "wireshark")
    refused("tcp.dstport in {}", "wireshark")


def test_trap_ufw_needs_a_transport_for_a_list():
    assert refused("80,443", "ufw") == (
        "a range or a list requires a transport, got '80,443'; did you mean '80,443/tcp'?"
    )
    refused("80:90", "ufw")


def test_trap_the_exclamation_mark_precedes_the_option():
    assert refused("-p tcp -m multiport --dports ! 80", "iptables-multiport") == (
        "'!' must precede the option, got '!'"
    )
    refused("--dport ! 80", "iptables")
    refused("! 80", "iptables")


# -- transports ----------------------------------------------------------------


def test_ports_of_several_transports_are_read_one_transport_at_a_time():
    text = "U:53,T:21-25,80"
    assert dialects.parse(text, "nmap", transport="tcp") == PortSet.parse("21-25,80")
    assert dialects.parse(text, "nmap", transport="udp") == PortSet([53])
    assert refused(text, "nmap") == (
        "ports must be the same for every transport, got different ones for udp and tcp; "
        "choose one with transport="
    )
    assert refused(text, "nmap", transport="sctp") == (
        "expected ports for sctp, got ports for udp and tcp"
    )
    both = "21-25,U:53,T:80"
    assert dialects.parse(both, "nmap", transport="tcp") == PortSet.parse("21-25,80")
    assert dialects.parse(both, "nmap", transport="udp") == PortSet.parse("21-25,53")
    assert dialects.parse("80/tcp\n80/udp", "firewalld") == PortSet([80])
    refused("80/tcp\n53/udp", "firewalld")


def test_trap_docker_without_a_transport_is_tcp():
    assert dialects.parse("53:53", "docker", transport="tcp") == PortSet([53])
    assert refused("53:53", "docker", transport="udp") == (
        "expected ports for udp, got ports for tcp"
    )
    assert dialects.parse("53:53\n53:53/udp", "docker", transport="udp") == PortSet([53])


def test_a_transport_that_the_dialect_does_not_have_is_refused():
    assert unsaid("80", "ufw", transport="sctp") == "sctp is not supported"
    assert refused("80", "ufw", transport="sctp") == (
        "transport must be tcp or udp for ufw, got 'sctp'"
    )
    refused("dst port 80", "bpf", transport="dccp")
    assert dialects.parse("80", "squid", transport="sctp") == PortSet([80])
    with pytest.raises(UnknownNameError):
        dialects.render(WEB, "nft", transport="icmp")
    with pytest.raises(UnknownNameError):
        dialects.parse("80", "nft", transport="icmp")


# -- masks ---------------------------------------------------------------------


def test_ternary_masks_are_for_ovs_and_on_request():
    ports = PortSet([PortRange(1, 65534)])
    assert len(dialects.render_rules(ports, "ovs")) == 30
    assert len(dialects.render_rules(ports, "ovs", ternary=True)) == 16
    assert unsaid("1-65534", "nft", ternary=True) == "ternary= requires a notation with masks"


# -- values that are not text, and copies of errors ----------------------------


def test_wrong_types_are_refused():
    with pytest.raises(TypeError, match="text must be a str, got int 80"):
        dialects.parse(80, "nft")
    with pytest.raises(TypeError, match="dialect must be a str, got NoneType None"):
        dialects.parse("80", None)
    for ports in ("80", [80], 80, None, PortRange(80)):
        with pytest.raises(TypeError, match="ports must be a PortSet, got"):
            dialects.render(ports, "nft")
        with pytest.raises(TypeError, match="ports must be a PortSet, got"):
            dialects.render(ports, "portranges")
    with pytest.raises(TypeError, match="transport must be"):
        dialects.render(WEB, "nft", transport=6)


def test_errors_pickle_and_copy():
    for make in (
        lambda: dialects.parse("1024-/tcp", "firewalld"),
        lambda: dialects.render(PortSet(), "nft"),
        lambda: dialects.parse("htpp", "nft", services=registry.SHIPPED),
    ):
        with pytest.raises(ValueError, match=r"got|empty") as caught:
            make()
        error = caught.value
        assert error.__cause__ is None
        assert error.__suppress_context__ or error.__context__ is None
        for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
            assert type(twin) is type(error)
            assert str(twin) == str(error)
            assert vars(twin) == vars(error)


def test_rows_pickle_and_cannot_be_changed():
    row = dialects.lookup("nft")
    assert pickle.loads(pickle.dumps(row)) == row
    with pytest.raises(AttributeError):
        row.limits.max_slots = 3
    with pytest.raises(AttributeError):
        row.limits = dialects.Limits(max_slots=3)


@pytest.mark.parametrize(
    "part", "wording frame spacing brackets ranges names limits evidence".split()
)
def test_each_field_of_a_part_has_its_type(part):
    row = dialects.lookup("nft")
    record = getattr(row, part)
    assert pickle.loads(pickle.dumps(record)) == record == dataclasses.replace(record)
    for each in dataclasses.fields(record):
        with pytest.raises(TypeError, match="port" if each.name.startswith("open_") else each.name):
            dataclasses.replace(record, **{each.name: object()})
    with pytest.raises(TypeError, match=f"^{part} must be an? "):
        dataclasses.replace(row, **{part: None})


@pytest.mark.parametrize(
    ("name", "text"), [("squid", "80\v443"), ("haproxy", "80\v443"), ("cisco", "range 80\t90")]
)
def test_only_blanks_of_the_tool_separate_words(name, text):
    assert refused(text, name)
    assert dialects.parse(text.replace("\v", " ").replace("\t", " "), name)
