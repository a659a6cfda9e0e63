"""The dialects of Linux: packet filters and kernel settings, with their sources."""

from __future__ import annotations

from portranges.dialects.model import (
    ANY_RULE,
    BOTH,
    Bracketed,
    Dialect,
    Fault,
    NameLookup,
    Overlap,
    TransportRule,
    Verification,
)
from portranges.dialects.shorthand import operators, reads, refused, rejects
from portranges.ports import Transport
from portranges.source import Confidence, cite

_ALL_FOUR = tuple(Transport)
_ONE_EACH = "elements, one per line"

_NFT = Dialect(
    name="nft",
    aliases=("nftables",),
    tool="nft",
    place="after 'tcp dport' in a rule",
    also_plain=("=={ports}", "eq {ports}"),
    negated="!= {ports}",
    also_negated=("!={ports}", "ne {ports}"),
    framed="{transport} dport {match}",
    transport_rule=TransportRule.OPTIONAL,
    transports=_ALL_FOUR,
    separator=", ",
    trailing_separator=True,
    blanks=" \t\n",
    blanks_in_ranges=True,
    opening="{ ",
    closing=" }",
    bracketed=Bracketed.SEVERAL,
    operators=operators(">= <= > < ge le gt lt"),
    name_lookup=NameLookup.ANY,
    misread_texts=(
        reads(Fault.LEADING_ZERO, "010", "8", "octal"),
        reads(Fault.LEADING_ZERO, "080", "80"),
        reads(Fault.HEX, "0x50", "80"),
        rejects(Fault.SIGN, "+80"),
        rejects(Fault.DIGITS, "8_0"),
        rejects(Fault.TOO_LARGE, "65536"),
        rejects(Fault.REVERSED, "90-80"),
        rejects(Fault.OPEN, "1024-"),
        rejects(Fault.OPEN, "-1024"),
        reads(Fault.OPERATOR, "> 65535", ""),
        reads(Fault.OPERATOR, "< 0", ""),
        reads(Fault.MASK, "1000/13", "1000-1007", "a prefix length"),
        rejects(Fault.ALL, "{ }"),
    ),
    refused_texts=(
        refused('"80"', "a number in quotation marks is a text to other programs"),
        refused("(80)", "parentheses do not change a number"),
        refused("{ 80,, 443 }", "an empty element is a mistake, except after the last comma"),
        refused("@web", "its ports are defined elsewhere"),
    ),
    notes=(
        "A rule without a port matches every port, so the empty set has no text.",
        "A list requires braces, as in '{ 80, 443 }'.",
    ),
    version="nftables 1.0.6",
    confidence=Confidence.MEASURED,
    verification=Verification.EVERY_PORT,
    sources=(
        cite("nft(8), nftables 1.0.6", "EXPRESSIONS, SETS"),
        cite("run on Debian 12, Linux 6.18"),
    ),
)

_NFT_SET = Dialect(
    name="nft-set",
    tool="nft",
    place="the elements of a named set with 'flags interval'",
    separator=", ",
    trailing_separator=True,
    blanks=" \t\n",
    blanks_in_ranges=True,
    opening="{ ",
    closing=" }",
    bracketed=Bracketed.OPTIONAL,
    name_lookup=NameLookup.ANY,
    overlap=Overlap.EQUAL,
    misread_texts=(
        reads(Fault.LEADING_ZERO, "010", "8", "octal"),
        reads(Fault.HEX, "0x50", "80"),
        rejects(Fault.TOO_LARGE, "65536"),
        rejects(Fault.REVERSED, "90-80"),
        rejects(Fault.OPEN, "1024-"),
    ),
    notes=(
        "Overlapping elements are an error unless the set has 'auto-merge'.",
        "A range requires 'flags interval' in the set's declaration.",
    ),
    version="nftables 1.0.6",
    confidence=Confidence.MEASURED,
    verification=Verification.EVERY_PORT,
    sources=(
        cite("nft(8), nftables 1.0.6", "SETS"),
        cite("run on Debian 12, Linux 6.18"),
    ),
)

IPTABLES = Dialect(
    name="iptables",
    tool="iptables",
    place="a rule, after '-p tcp'",
    plain="--dport {ports}",
    negated="! --dport {ports}",
    framed="-p {transport} {match}",
    transport_rule=TransportRule.OPTIONAL,
    transports=_ALL_FOUR,
    range_signs=(":",),
    open_first=0,
    open_last=65535,
    name_lookup=NameLookup.NAMED,
    max_elements=1,
    grammar="iptables",
    keywords=("--destination-port",),
    several_texts_mean=ANY_RULE,
    misread_texts=(
        reads(Fault.LEADING_ZERO, "-p tcp --dport 010", "8", "octal; 10 with '-p udp'"),
        reads(Fault.LEADING_ZERO, "-p udp --dport 010", "10"),
        rejects(Fault.LEADING_ZERO, "-p tcp --dport 080"),
        reads(Fault.LEADING_ZERO, "-p udp --dport 080", "80"),
        reads(Fault.HEX, "-p tcp --dport 0x50", "80"),
        rejects(Fault.HEX, "-p udp --dport 0x50"),
        reads(Fault.SIGN, "-p tcp --dport +80", "80"),
        reads(
            Fault.TOO_LARGE,
            "-p udp --dport 65616",
            "80",
            "it keeps the low 16 bits; only '-p tcp' rejects it",
        ),
        reads(Fault.TOO_LARGE, "-p udp --dport 65536", "0"),
        reads(Fault.TOO_LARGE, "-p udp --dport 99999999999", "59391"),
        rejects(Fault.TOO_LARGE, "-p tcp --dport 65536"),
        reads(Fault.REVERSED, "-p udp --dport 90:80", "", "only '-p tcp' rejects it"),
        rejects(Fault.REVERSED, "-p tcp --dport 90:80"),
        reads(Fault.OPEN, "-p tcp --dport :", "0-65535", "the match is dropped"),
        rejects(Fault.NEGATION, "-p tcp --dport ! 80"),
    ),
    refused_texts=(
        refused("-p tcp --dpor 80", "an abbreviation may become ambiguous"),
        refused("! -p tcp --dport 80", "it is for every transport except one"),
        refused("-p tcp --dport 80 --sport 90", "a set cannot contain the source ports"),
    ),
    notes=(
        "One '--dport' has one port or range; 'iptables-multiport' accepts several.",
        (
            "A name must be one of the transport; iptables 1.8.9 accepts the others too after "
            "'-p udp' and '-p dccp'."
        ),
        (
            "'! --dport 0:65535' should match nothing, but iptables-nft 1.8.9 drops the match, so "
            "that the rule matches every packet. No set is written this way."
        ),
    ),
    version="iptables 1.8.9, nft and legacy",
    confidence=Confidence.MEASURED,
    verification=Verification.EVERY_PORT,
    sources=(
        cite("iptables-extensions(8), iptables 1.8.9", "tcp, udp, sctp, dccp"),
        cite("run on Debian 12, Linux 6.18, as iptables-nft and iptables-legacy"),
    ),
)

_MULTIPORT = Dialect(
    name="iptables-multiport",
    aliases=("multiport",),
    tool="iptables",
    place="a rule, after '-p tcp'",
    plain="-m multiport --dports {ports}",
    negated="-m multiport ! --dports {ports}",
    framed="-p {transport} {match}",
    transport_rule=TransportRule.OPTIONAL,
    transports=_ALL_FOUR,
    separator=",",
    range_signs=(":",),
    equal_ends=False,
    name_lookup=NameLookup.NAMED,
    max_slots=15,
    grammar="multiport",
    keywords=("--dport", "--destination-ports"),
    several_texts_mean=ANY_RULE,
    misread_texts=(
        reads(Fault.LEADING_ZERO, "-p tcp -m multiport --dports 010", "8", "octal"),
        rejects(Fault.LEADING_ZERO, "-p tcp -m multiport --dports 080"),
        reads(Fault.HEX, "-p tcp -m multiport --dports 0x50", "80"),
        reads(Fault.SIGN, "-p tcp -m multiport --dports +80", "80"),
        rejects(Fault.TOO_LARGE, "-p tcp -m multiport --dports 65536"),
        rejects(Fault.EQUAL_ENDS, "-p tcp -m multiport --dports 80:80"),
        rejects(Fault.REVERSED, "-p tcp -m multiport --dports 90:80"),
        rejects(Fault.OPEN, "-p tcp -m multiport --dports 1024:"),
    ),
    refused_texts=(
        refused(
            "-p tcp -m multiport --destination-port 80,443",
            "it is an abbreviation of --destination-ports",
        ),
        refused("-p tcp -m multiport --ports 80", "it matches source ports too"),
    ),
    notes=(
        (
            "A match has 15 slots; a port uses one, a range two. A set may need several rules, a "
            "negation several matches in one rule."
        ),
        (
            "'--dport' after '-m multiport' means '--dports' and has its limits, so it is accepted "
            "only before it."
        ),
    ),
    version="iptables 1.8.9, nft and legacy",
    confidence=Confidence.MEASURED,
    verification=Verification.EVERY_PORT,
    sources=(
        cite("iptables-extensions(8), iptables 1.8.9", "multiport"),
        cite("run on Debian 12, Linux 6.18, as iptables-nft and iptables-legacy"),
    ),
)

_IPSET = Dialect(
    name="ipset",
    tool="ipset",
    place="an element of a bitmap:port set with 'range 0-65535'",
    name_lookup=NameLookup.TCP,
    dashed_names=False,
    overlap=Overlap.NONE,
    max_elements=1,
    several_texts_mean=_ONE_EACH,
    misread_texts=(
        reads(Fault.LEADING_ZERO, "010", "8", "octal"),
        rejects(Fault.LEADING_ZERO, "080"),
        reads(Fault.HEX, "0x50", "80"),
        reads(Fault.SIGN, "+80", "80"),
        rejects(Fault.TOO_LARGE, "65536"),
        reads(Fault.REVERSED, "90-80", "80-90", "it swaps the ends"),
        rejects(Fault.OPEN, "1024-"),
        reads(Fault.PREFIX, "udp:53", "53", "it ignores the transport"),
    ),
    notes=(
        "An element that shares a port with an earlier one is an error without '-exist'.",
        "A name is split at its first '-': 'ssh-http' is 22-80, and 'ftp-data' is an error.",
    ),
    version="ipset 7.17",
    confidence=Confidence.MEASURED,
    verification=Verification.READBACK,
    sources=(
        cite("ipset(8), ipset 7.17", "bitmap:port"),
        cite("run on Debian 12, Linux 6.18"),
    ),
)

_RESERVED_PORTS = Dialect(
    name="reserved-ports",
    aliases=("ip_local_reserved_ports",),
    tool="the kernel",
    place="net.ipv4.ip_local_reserved_ports",
    separator=",",
    trailing_separator=True,
    max_length=4094,
    shows_longer=True,
    empty="\n",
    several_texts_mean="writes to one open file, which add up",
    misread_texts=(
        reads(Fault.LEADING_ZERO, "010", "8", "octal"),
        rejects(Fault.LEADING_ZERO, "080"),
        reads(Fault.HEX, "0x50", "80"),
        rejects(Fault.SIGN, "+80"),
        rejects(Fault.TOO_LARGE, "65536"),
        rejects(Fault.REVERSED, "90-80"),
        rejects(Fault.OPEN, "1024-"),
        rejects(Fault.OTHER_SIGN, "80:90"),
    ),
    notes=(
        (
            "One write may have 4,095 bytes, one less than a page, and 'sysctl -w' appends a "
            "newline. A longer text is written in parts to one open file; opening the file again "
            "replaces the setting."
        ),
        "0-65535 leaves no port for connect().",
    ),
    version="Linux 6.18",
    confidence=Confidence.MEASURED,
    verification=Verification.READBACK,
    sources=(
        cite("Linux source", "kernel/sysctl.c, proc_do_large_bitmap"),
        cite("measured on Linux 6.18.44", "in a network namespace of its own"),
    ),
)

_OVS = Dialect(
    name="ovs",
    aliases=("openvswitch",),
    tool="ovs-ofctl",
    place="the match of a flow",
    plain="tp_dst={ports}",
    framed="{transport},{match}",
    also_framed=("{transport}6,{match}",),
    families=("tcp6", "udp6", "sctp6"),
    transport_rule=TransportRule.ALWAYS,
    transports=(Transport.TCP, Transport.UDP, Transport.SCTP),
    range_signs=(),
    max_elements=1,
    grammar="masks",
    several_texts_mean="flows; a packet matches if any of them matches",
    misread_texts=(
        reads(Fault.LEADING_ZERO, "tcp,tp_dst=010", "8", "octal"),
        rejects(Fault.LEADING_ZERO, "tcp,tp_dst=080"),
        reads(Fault.SIGN, "tcp,tp_dst=+80", "80"),
        rejects(Fault.TOO_LARGE, "tcp,tp_dst=65536"),
        rejects(Fault.OTHER_SIGN, "tcp,tp_dst=80-90"),
        reads(Fault.MASK, "tcp,tp_dst=1000/13", "0x8/0xd", "13 is a mask, not a prefix length"),
        reads(Fault.PREFIX, "tp_dst=80", "0-65535", "without tcp, udp or sctp the port is dropped"),
        reads(Fault.ALL, "tcp,tp_dst=*", "0-65535"),
    ),
    refused_texts=(
        refused("tp_dst=80,tcp", "the port must follow its transport"),
        refused("tcp tp_dst=80", "fields are separated by commas"),
        refused("ip,nw_proto=6,tp_dst=80", "the transport must have its name"),
        refused("tcp,tp_dst=80,tp_dst=81", "only the last port counts"),
        refused("tcp,tp_dst=80/65535", "a decimal mask looks like a prefix length"),
    ),
    notes=(
        "A port is a value under a mask, so a range needs one flow per mask of its cover.",
        "All ports are expressed by omitting tp_dst, so the full set has no text.",
        "'tcp', 'udp' and 'sctp' mean IPv4; 'tcp6', 'udp6' and 'sctp6' mean IPv6.",
    ),
    version="Open vSwitch 3.1.0",
    confidence=Confidence.MEASURED,
    verification=Verification.READBACK,
    sources=(
        cite("ovs-fields(7), Open vSwitch 3.1", "TCP, UDP, and SCTP Fields"),
        cite("run on Debian 12 with ovs-ofctl parse-flow"),
    ),
)

_TC_FLOWER = Dialect(
    name="tc-flower",
    aliases=("flower",),
    tool="tc",
    place="a flower filter of protocol ip or ipv6",
    plain="dst_port {ports}",
    framed="ip_proto {transport} {match}",
    transport_rule=TransportRule.ALWAYS,
    transports=(Transport.TCP, Transport.UDP, Transport.SCTP),
    equal_ends=False,
    lowest=1,
    max_elements=1,
    several_texts_mean="filters; a packet matches if any of them matches",
    misread_texts=(
        reads(Fault.LEADING_ZERO, "ip_proto tcp dst_port 010", "10"),
        rejects(Fault.REVERSED, "ip_proto tcp dst_port 90-80"),
        rejects(Fault.EQUAL_ENDS, "ip_proto tcp dst_port 80-80"),
        rejects(Fault.TOO_LARGE, "ip_proto tcp dst_port 65536"),
        rejects(Fault.OPEN, "ip_proto tcp dst_port 1024-"),
        reads(
            Fault.MASK,
            "ip_proto tcp dst_port 1000/13",
            "0x8/0xd",
            "13 is a mask, not a prefix length",
        ),
    ),
    refused_texts=(
        refused(
            "ip_proto tcp dst_port 80/0xffff", "masks are not read, and a single port needs none"
        ),
    ),
    notes=("iproute2 6.1 rejects port 0, alone or at the start of a range.",),
    version="iproute2 6.1.0",
    confidence=Confidence.MEASURED,
    verification=Verification.ACCEPTANCE,
    sources=(
        cite("tc-flower(8), iproute2 6.1.0", "dst_port"),
        cite("run on Debian 12: tc's parser, not the classifier"),
    ),
)

_UFW = Dialect(
    name="ufw",
    tool="ufw",
    place="after 'ufw allow'",
    framed="{match}/{transport}",
    transport_rule=TransportRule.LISTS,
    transports=BOTH,
    separator=",",
    range_signs=(":",),
    equal_ends=False,
    lowest=1,
    name_lookup=NameLookup.TCP_OR_UDP,
    max_slots=15,
    grammar="ufw",
    several_texts_mean=ANY_RULE,
    misread_texts=(
        reads(Fault.LEADING_ZERO, "010/tcp", "8", "it passes the text to iptables; 10 with udp"),
        rejects(Fault.HEX, "0x50/tcp"),
        rejects(Fault.SIGN, "+80/tcp"),
        rejects(Fault.DIGITS, "8_0/tcp"),
        rejects(Fault.TOO_LARGE, "65536/tcp"),
        rejects(Fault.EQUAL_ENDS, "80:80/tcp"),
        rejects(Fault.REVERSED, "90:80/tcp"),
        rejects(Fault.OPEN, "1024:/tcp"),
        rejects(Fault.OTHER_SIGN, "80-90/tcp"),
    ),
    notes=(
        "A rule has 15 slots; a port uses one, a range two.",
        "Port 0 is an error.",
        "A name that only TCP or only UDP has is for this transport; a list has no names.",
        "An application profile joins such texts with '|'.",
    ),
    version="ufw 0.36.2",
    confidence=Confidence.MEASURED,
    verification=Verification.READBACK,
    sources=(
        cite("ufw(8), ufw 0.36.2", "RULE SYNTAX, APPLICATION INTEGRATION"),
        cite("run on Debian 12 with --dry-run"),
    ),
)

_FIREWALLD = Dialect(
    name="firewalld",
    tool="firewalld",
    place="after --add-port=",
    framed="{match}/{transport}",
    transport_rule=TransportRule.ALWAYS,
    transports=_ALL_FOUR,
    name_lookup=NameLookup.ANY,
    dashed_names=False,
    max_elements=1,
    several_texts_mean=_ONE_EACH,
    misread_texts=(
        reads(Fault.LEADING_ZERO, "010/tcp", "10"),
        rejects(Fault.HEX, "0x50/tcp"),
        reads(Fault.SIGN, "+80/tcp", "80"),
        reads(Fault.DIGITS, "8_0/tcp", "80"),
        reads(Fault.DIGITS, "٨٠/tcp", "80"),
        rejects(Fault.TOO_LARGE, "65536/tcp"),
        reads(Fault.REVERSED, "90-80/tcp", "80-90", "it swaps the ends, but not in a rich rule"),
        reads(Fault.OPEN, "1024-/tcp", "1024", "the single port"),
        rejects(Fault.PREFIX, "80"),
    ),
    refused_texts=(
        refused("80 - 90/tcp", "blanks are accepted only by chance"),
        refused(" 80/tcp", "blanks are accepted only by chance"),
    ),
    notes=("It has no lists: one port or range per --add-port.",),
    version="firewalld 1.3.3",
    confidence=Confidence.MEASURED,
    verification=Verification.READBACK,
    sources=(
        cite("firewall-cmd(1), firewalld 1.3.3", "--add-port"),
        cite("run on Debian 12 with firewall-offline-cmd"),
    ),
)

_SYSTEMD = Dialect(
    name="systemd",
    tool="systemd",
    place="after SocketBindAllow= or SocketBindDeny= in a unit",
    framed="{transport}:{match}",
    transport_rule=TransportRule.OPTIONAL,
    transports=BOTH,
    families=("ipv4", "ipv6"),
    lowest=1,
    all_ports_word="any",
    max_elements=1,
    max_texts=128,
    grammar="systemd",
    several_texts_mean="assignments, which add up",
    misread_texts=(
        reads(Fault.LEADING_ZERO, "tcp:010", "8", "octal"),
        reads(Fault.HEX, "tcp:0x50", "80"),
        rejects(Fault.TOO_LARGE, "tcp:65536"),
        rejects(Fault.REVERSED, "tcp:90-80"),
        rejects(Fault.OPEN, "tcp:1024-"),
        rejects(Fault.NAME, "tcp:http"),
    ),
    refused_texts=(refused("TCP:80", "the manual has lower case only"),),
    notes=(
        "An invalid value causes only a warning: the line and its restriction are ignored.",
        "At most 128 assignments of one kind are allowed; port 0 is an error.",
    ),
    version="systemd 252",
    confidence=Confidence.MEASURED,
    verification=Verification.ACCEPTANCE,
    sources=(
        cite("systemd.resource-control(5), systemd 252", "SocketBindAllow="),
        cite("systemd source", "src/core/socket-bind.c, SOCKET_BIND_MAX_RULES"),
        cite("run on Debian 12 with systemd-analyze verify"),
    ),
)

ROWS: tuple[Dialect, ...] = (
    _NFT,
    _NFT_SET,
    IPTABLES,
    _MULTIPORT,
    _IPSET,
    _RESERVED_PORTS,
    _OVS,
    _TC_FLOWER,
    _UFW,
    _FIREWALLD,
    _SYSTEMD,
)
