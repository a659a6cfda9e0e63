"""The dialects of Linux: packet filters and kernel settings, with their sources."""

from __future__ import annotations

from portranges.dialects.forms import (
    Brackets,
    Dialect,
    Frame,
    Limits,
    Names,
    Ranges,
    Spacing,
    Wording,
)
from portranges.dialects.model import (
    ANY_RULE,
    THREE,
    Bracketed,
    Fault,
    NameLookup,
    Overlap,
    TransportRule,
    Verification,
)
from portranges.dialects.shorthand import known_by, operators, reads, refused, rejects, rejects_all
from portranges.ports import Transport
from portranges.source import cite

_FOUR = tuple(Transport)
_ONE_EACH = "elements, one per line"

_NFT = Dialect(
    name="nft",
    aliases=("nftables",),
    tool="nft",
    place="after 'tcp dport' in a rule",
    wording=Wording(
        plain=("{ports}", "=={ports}", "eq {ports}"),
        negated=("!= {ports}", "!={ports}", "ne {ports}"),
    ),
    frame=Frame(
        forms=("{transport} dport {match}",), rule=TransportRule.OPTIONAL, transports=_FOUR
    ),
    spacing=Spacing(separator=", ", trailing=True, blanks=" \t\n", blanks_in_ranges=True),
    brackets=Brackets(opening="{ ", closing=" }", when=Bracketed.SEVERAL),
    operators=operators(">= <= > < ge le gt lt"),
    names=Names(lookup=NameLookup.ANY),
    misread_texts=(
        reads(Fault.LEADING_ZERO, "010", "8", "octal"),
        reads(Fault.LEADING_ZERO, "080", "80"),
        reads(Fault.HEX, "0x50", "80"),
        *rejects_all("+80", "8_0", "65536", "90-80", "1024-"),
        rejects(Fault.OPEN, "-1024"),
        reads(Fault.OPERATOR, "> 65535", ""),
        reads(Fault.OPERATOR, "< 0", ""),
        reads(Fault.MASK, "1000/13", "1000-1007", "a prefix length"),
        rejects(Fault.ALL, "{ }"),
    ),
    refused_texts=(
        refused('"80"', "other programs treat a number in quotation marks as text"),
        refused("(80)", "parentheses do not change a number"),
        refused("{ 80,, 443 }", "an empty element is a mistake, except after the last comma"),
        refused("@web", "its ports are defined elsewhere"),
    ),
    notes=(
        "A rule without a port matches every port, so the empty set has no text.",
        "A list requires braces, as in '{ 80, 443 }'.",
    ),
    evidence=known_by(
        Verification.EVERY_PORT,
        cite("nft(8), nftables 1.0.6", "EXPRESSIONS, SETS"),
        cite("run on Debian 12, Linux 6.18"),
        version="nftables 1.0.6",
    ),
)

_NFT_SET = Dialect(
    name="nft-set",
    tool="nft",
    place="the elements of a named set with 'flags interval'",
    spacing=Spacing(separator=", ", trailing=True, blanks=" \t\n", blanks_in_ranges=True),
    brackets=Brackets(opening="{ ", closing=" }", when=Bracketed.OPTIONAL),
    names=Names(lookup=NameLookup.ANY),
    overlap=Overlap.EQUAL,
    misread_texts=(
        reads(Fault.LEADING_ZERO, "010", "8", "octal"),
        reads(Fault.HEX, "0x50", "80"),
        *rejects_all("65536", "90-80", "1024-"),
    ),
    notes=(
        "Overlapping elements are an error unless the set has 'auto-merge'.",
        "A range requires 'flags interval' in the set's declaration.",
    ),
    evidence=known_by(
        Verification.EVERY_PORT,
        cite("nft(8), nftables 1.0.6", "SETS"),
        cite("run on Debian 12, Linux 6.18"),
        version="nftables 1.0.6",
    ),
)

IPTABLES = Dialect(
    name="iptables",
    tool="iptables",
    place="a rule, after '-p tcp'",
    wording=Wording(plain=("--dport {ports}",), negated=("! --dport {ports}",)),
    frame=Frame(forms=("-p {transport} {match}",), rule=TransportRule.OPTIONAL, transports=_FOUR),
    ranges=Ranges(signs=(":",), open_first=0, open_last=65535),
    keywords=("--destination-port",),
    names=Names(lookup=NameLookup.NAMED),
    limits=Limits(max_elements=1),
    grammar="iptables",
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
        refused("! -p tcp --dport 80", "it applies to every transport except one"),
        refused("-p tcp --dport 80 --sport 90", "a set cannot contain the source ports"),
    ),
    notes=(
        "One '--dport' has one port or range; 'iptables-multiport' accepts several.",
        (
            "A name must be defined for the transport; after '-p udp' and '-p dccp', iptables "
            "1.8.9 accepts other names too."
        ),
        (
            "'! --dport 0:65535' should match nothing, but iptables-nft 1.8.9 drops the match, so "
            "that the rule matches every packet. No set is written this way."
        ),
    ),
    evidence=known_by(
        Verification.EVERY_PORT,
        cite("iptables-extensions(8), iptables 1.8.9", "tcp, udp, sctp, dccp"),
        cite("run on Debian 12, Linux 6.18, as iptables-nft and iptables-legacy"),
        version="iptables 1.8.9, nft and legacy",
    ),
)

_MULTIPORT = Dialect(
    name="iptables-multiport",
    aliases=("multiport",),
    tool="iptables",
    place="a rule, after '-p tcp'",
    wording=Wording(
        plain=("-m multiport --dports {ports}",), negated=("-m multiport ! --dports {ports}",)
    ),
    frame=Frame(forms=("-p {transport} {match}",), rule=TransportRule.OPTIONAL, transports=_FOUR),
    spacing=Spacing(separator=","),
    ranges=Ranges(signs=(":",), equal_ends=False),
    keywords=("--dport", "--destination-ports"),
    names=Names(lookup=NameLookup.NAMED),
    limits=Limits(max_slots=15),
    grammar="multiport",
    several_texts_mean=ANY_RULE,
    misread_texts=(
        reads(Fault.LEADING_ZERO, "-p tcp -m multiport --dports 010", "8", "octal"),
        rejects(Fault.LEADING_ZERO, "-p tcp -m multiport --dports 080"),
        reads(Fault.HEX, "-p tcp -m multiport --dports 0x50", "80"),
        reads(Fault.SIGN, "-p tcp -m multiport --dports +80", "80"),
        *rejects_all(
            "65536", "80:80", "90:80", "1024:", within="-p tcp -m multiport --dports {ports}"
        ),
    ),
    refused_texts=(
        refused(
            "-p tcp -m multiport --destination-port 80,443",
            "it is an abbreviation of --destination-ports",
        ),
        refused("-p tcp -m multiport --ports 80", "it matches source ports too"),
    ),
    notes=(
        "A match has 15 slots; a port uses one, a range two.",
        "A set may need several rules, a negation several matches in one rule.",
        (
            "'--dport' after '-m multiport' means '--dports' and has its limits, so it is "
            "accepted only before '-m multiport'."
        ),
    ),
    evidence=known_by(
        Verification.EVERY_PORT,
        cite("iptables-extensions(8), iptables 1.8.9", "multiport"),
        cite("run on Debian 12, Linux 6.18, as iptables-nft and iptables-legacy"),
        version="iptables 1.8.9, nft and legacy",
    ),
)

_IPSET = Dialect(
    name="ipset",
    tool="ipset",
    place="an element of a bitmap:port set with 'range 0-65535'",
    names=Names(lookup=NameLookup.TCP, dashed=False),
    overlap=Overlap.NONE,
    limits=Limits(max_elements=1),
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
    evidence=known_by(
        Verification.READBACK,
        cite("ipset(8), ipset 7.17", "bitmap:port"),
        cite("run on Debian 12, Linux 6.18"),
        version="ipset 7.17",
    ),
)

_RESERVED_PORTS = Dialect(
    name="reserved-ports",
    aliases=("ip_local_reserved_ports",),
    tool="the kernel",
    place="net.ipv4.ip_local_reserved_ports",
    spacing=Spacing(separator=",", trailing=True),
    empty="\n",
    limits=Limits(max_length=4094, shows_longer=True),
    several_texts_mean="writes to one open file, which add up",
    misread_texts=(
        reads(Fault.LEADING_ZERO, "010", "8", "octal"),
        rejects(Fault.LEADING_ZERO, "080"),
        reads(Fault.HEX, "0x50", "80"),
        *rejects_all("+80", "65536", "90-80", "1024-", "80:90"),
    ),
    notes=(
        (
            "One write may have 4,095 bytes, one less than a page, and 'sysctl -w' appends a "
            "newline. A longer text is written in parts to one open file; opening the file again "
            "replaces the setting."
        ),
        "0-65535 leaves no port for connect().",
    ),
    evidence=known_by(
        Verification.READBACK,
        cite(
            "danayer/linux-7.1.5@9d1745cf",
            "kernel/sysctl.c, proc_do_large_bitmap",
            checked="2026-11-30",
        ),
        cite("measured on Linux 6.18.44", "in a network namespace of its own"),
        version="Linux 6.18",
    ),
)

_OVS = Dialect(
    name="ovs",
    aliases=("openvswitch",),
    tool="ovs-ofctl",
    place="the match of a flow",
    wording=Wording(plain=("tp_dst={ports}",)),
    frame=Frame(
        forms=("{transport},{match}", "{transport}6,{match}"),
        rule=TransportRule.ALWAYS,
        transports=THREE,
        families=("tcp6", "udp6", "sctp6"),
    ),
    ranges=Ranges(signs=()),
    limits=Limits(max_elements=1),
    grammar="masks",
    several_texts_mean="flows; a packet matches if any of them matches",
    misread_texts=(
        reads(Fault.LEADING_ZERO, "tcp,tp_dst=010", "8", "octal"),
        rejects(Fault.LEADING_ZERO, "tcp,tp_dst=080"),
        reads(Fault.SIGN, "tcp,tp_dst=+80", "80"),
        *rejects_all("65536", "80-90", within="tcp,tp_dst={ports}"),
        reads(Fault.MASK, "tcp,tp_dst=1000/13", "0x8/0xd", "13 is a mask, not a prefix length"),
        reads(Fault.PREFIX, "tp_dst=80", "0-65535", "without tcp, udp or sctp the port is dropped"),
        reads(Fault.ALL, "tcp,tp_dst=*", "0-65535"),
    ),
    refused_texts=(
        refused("tp_dst=80,tcp", "the port must follow its transport"),
        refused("tcp tp_dst=80", "fields are separated by commas"),
        refused("ip,nw_proto=6,tp_dst=80", "the transport must be written by name"),
        refused("tcp,tp_dst=80,tp_dst=81", "only the last port counts"),
        refused("tcp,tp_dst=80/65535", "a decimal mask looks like a prefix length"),
    ),
    notes=(
        "A port is a value under a mask, so a range needs one flow per mask of its cover.",
        "All ports are expressed by omitting tp_dst, so the full set has no text.",
        "'tcp', 'udp' and 'sctp' mean IPv4; 'tcp6', 'udp6' and 'sctp6' mean IPv6.",
    ),
    evidence=known_by(
        Verification.READBACK,
        cite("ovs-fields(7), Open vSwitch 3.1", "TCP, UDP, and SCTP Fields"),
        cite("run on Debian 12 with ovs-ofctl parse-flow"),
        version="Open vSwitch 3.1.0",
    ),
)

_TC_FLOWER = Dialect(
    name="tc-flower",
    aliases=("flower",),
    tool="tc",
    place="a flower filter of protocol ip or ipv6",
    wording=Wording(plain=("dst_port {ports}",)),
    frame=Frame(
        forms=("ip_proto {transport} {match}",), rule=TransportRule.ALWAYS, transports=THREE
    ),
    ranges=Ranges(equal_ends=False),
    lowest=1,
    limits=Limits(max_elements=1),
    several_texts_mean="filters; a packet matches if any of them matches",
    misread_texts=(
        reads(Fault.LEADING_ZERO, "ip_proto tcp dst_port 010", "10"),
        *rejects_all("90-80", "80-80", "65536", "1024-", within="ip_proto tcp dst_port {ports}"),
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
    evidence=known_by(
        Verification.ACCEPTANCE,
        cite("tc-flower(8), iproute2 6.1.0", "dst_port"),
        cite("run on Debian 12: tc's parser, not the classifier"),
        version="iproute2 6.1.0",
    ),
)

_UFW = Dialect(
    name="ufw",
    tool="ufw",
    place="after 'ufw allow'",
    frame=Frame(forms=("{match}/{transport}",), rule=TransportRule.LISTS),
    spacing=Spacing(separator=","),
    ranges=Ranges(signs=(":",), equal_ends=False),
    lowest=1,
    names=Names(lookup=NameLookup.TCP_OR_UDP),
    limits=Limits(max_slots=15),
    grammar="ufw",
    several_texts_mean=ANY_RULE,
    misread_texts=(
        reads(Fault.LEADING_ZERO, "010/tcp", "8", "it passes the text to iptables; 10 with udp"),
        *rejects_all(
            "0x50", "+80", "8_0", "65536", "80:80", "90:80", "1024:", "80-90", within="{ports}/tcp"
        ),
    ),
    notes=(
        "A rule has 15 slots; a port uses one, a range two.",
        "Port 0 is an error.",
        "A name defined only for TCP or only for UDP selects that transport; a list has no names.",
        "An application profile joins such texts with '|'.",
    ),
    evidence=known_by(
        Verification.READBACK,
        cite("ufw(8), ufw 0.36.2", "RULE SYNTAX, APPLICATION INTEGRATION"),
        cite("run on Debian 12 with --dry-run"),
        version="ufw 0.36.2",
    ),
)

_FIREWALLD = Dialect(
    name="firewalld",
    tool="firewalld",
    place="after --add-port=",
    frame=Frame(forms=("{match}/{transport}",), rule=TransportRule.ALWAYS, transports=_FOUR),
    names=Names(lookup=NameLookup.ANY, dashed=False),
    limits=Limits(max_elements=1),
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
    evidence=known_by(
        Verification.READBACK,
        cite("firewall-cmd(1), firewalld 1.3.3", "--add-port"),
        cite("run on Debian 12 with firewall-offline-cmd"),
        version="firewalld 1.3.3",
    ),
)

_SYSTEMD = Dialect(
    name="systemd",
    tool="systemd",
    place="after SocketBindAllow= or SocketBindDeny= in a unit",
    frame=Frame(
        forms=("{transport}:{match}",), rule=TransportRule.OPTIONAL, families=("ipv4", "ipv6")
    ),
    lowest=1,
    all_ports_word="any",
    limits=Limits(max_elements=1, max_texts=128),
    grammar="systemd",
    several_texts_mean="assignments, which add up",
    misread_texts=(
        reads(Fault.LEADING_ZERO, "tcp:010", "8", "octal"),
        reads(Fault.HEX, "tcp:0x50", "80"),
        *rejects_all("65536", "90-80", "1024-", within="tcp:{ports}"),
        rejects(Fault.NAME, "tcp:http"),
    ),
    refused_texts=(refused("TCP:80", "the manual has lower case only"),),
    notes=(
        "An invalid value causes only a warning: the line and its restriction are ignored.",
        "At most 128 assignments of one kind are allowed; port 0 is an error.",
    ),
    evidence=known_by(
        Verification.ACCEPTANCE,
        cite("systemd.resource-control(5), systemd 252", "SocketBindAllow="),
        cite(
            "systemd/systemd@0b051424",
            "src/core/socket-bind.c, SOCKET_BIND_MAX_RULES",
            checked="2026-11-30",
        ),
        cite("run on Debian 12 with systemd-analyze verify"),
        version="systemd 252",
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
