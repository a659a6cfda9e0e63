"""Facts: programs that capture, scan, inspect, and pass on.

What lives here: one row for each notation, with its sources.
What must not: code that reads or writes.
"""

from __future__ import annotations

from portranges.dialects.model import (
    Bracketed,
    Comparison,
    Dialect,
    Evidence,
    Fault,
    MisreadText,
    Operator,
    TransportRule,
)
from portranges.ports import Transport
from portranges.source import cite

__all__ = ["ROWS"]

_THREE = (Transport.TCP, Transport.UDP, Transport.SCTP)

_BPF = Dialect(
    name="bpf",
    aliases=("tcpdump", "libpcap"),
    tool="tcpdump",
    place="a capture filter, or a part of one",
    plain="dst port {ports}",
    framed="{transport} {match}",
    transport_rule=TransportRule.OPTIONAL,
    transports=_THREE,
    separator=" or ",
    opening="(",
    closing=")",
    bracketed=Bracketed.SEVERAL,
    names=True,
    grammar="bpf",
    misread_texts=(
        MisreadText(fault=Fault.LEADING_ZERO, text="tcp dst port 010", means="8", note="octal"),
        MisreadText(
            fault=Fault.LEADING_ZERO,
            text="tcp dst portrange 010-020",
            means="10-20",
            note="decimal, as no single port is",
        ),
        MisreadText(fault=Fault.HEX, text="tcp dst port 0x50", means="80"),
        MisreadText(fault=Fault.SIGN, text="tcp dst port +80", means=None),
        MisreadText(fault=Fault.TOO_LARGE, text="tcp dst port 65536", means=None),
        MisreadText(
            fault=Fault.REVERSED,
            text="tcp dst portrange 90-80",
            means="80-90",
            note="the ends changed about",
        ),
        MisreadText(fault=Fault.OPEN, text="tcp dst portrange 1024-", means=None),
        MisreadText(fault=Fault.OTHER_SIGN, text="tcp dst portrange 80:90", means=None),
    ),
    notes=(
        (
            "'and' and 'or' bind alike, from the left: a list stands in brackets so "
            "that it can be a part of a filter."
        ),
        (
            "'port 80' without 'dst' looks at source ports too, and 'not' at packets that have no "
            "port; neither is read or written."
        ),
        (
            "The optimizer's time grows faster than the list: 200 ranges took a second, 400 seven, "
            "1,000 more than a minute; 'tcpdump -O' does without it."
        ),
    ),
    version="tcpdump 4.99.3, libpcap 1.10.3",
    evidence=Evidence.PACKETS,
    sources=(
        cite("pcap-filter(7), libpcap 1.10.3"),
        cite("run on Debian 12, on a capture of a packet to every port"),
    ),
)

_WIRESHARK = Dialect(
    name="wireshark",
    aliases=("tshark",),
    tool="tshark",
    place="a display filter, or a part of one",
    plain="in {ports}",
    framed="{transport}.dstport {match}",
    transport_rule=TransportRule.ALWAYS,
    transports=_THREE,
    separator=",",
    blanks=" ",
    range_signs=("..",),
    opening="{",
    closing="}",
    bracketed=Bracketed.ALWAYS,
    operators=(
        Operator(sign="==", comparison=Comparison.EQUAL),
        Operator(sign=">=", comparison=Comparison.AT_LEAST),
        Operator(sign="<=", comparison=Comparison.AT_MOST),
        Operator(sign=">", comparison=Comparison.ABOVE),
        Operator(sign="<", comparison=Comparison.BELOW),
    ),
    misread_texts=(
        MisreadText(
            fault=Fault.LEADING_ZERO, text="tcp.dstport in {0120}", means="80", note="octal"
        ),
        MisreadText(fault=Fault.HEX, text="tcp.dstport in {0x50}", means="80"),
        MisreadText(fault=Fault.TOO_LARGE, text="tcp.dstport in {65536}", means=None),
        MisreadText(fault=Fault.REVERSED, text="tcp.dstport in {90..80}", means=""),
        MisreadText(fault=Fault.OTHER_SIGN, text="tcp.dstport in {80-90}", means=None),
        MisreadText(fault=Fault.OPEN, text="tcp.dstport in {1024..}", means=None),
        MisreadText(fault=Fault.ALL, text="tcp.dstport in {}", means=None),
    ),
    notes=(
        "Commas are needed since 4.0, where blanks were enough before.",
        "A negation is for packets that have no port too; it is neither read nor written.",
    ),
    version="tshark 4.0.17",
    evidence=Evidence.PACKETS,
    sources=(
        cite("wireshark-filter(4), Wireshark 4.0", "Membership operator"),
        cite("run on Debian 12, on a capture of a packet to every port"),
    ),
)

_NMAP = Dialect(
    name="nmap",
    tool="nmap",
    place="after -p",
    framed="{transport}{match}",
    transport_rule=TransportRule.OPTIONAL,
    transports=_THREE,
    separator=",",
    blanks=" ",
    open_first=1,
    open_last=65535,
    all_ports_word="-",
    names=True,
    grammar="nmap",
    misread_texts=(
        MisreadText(fault=Fault.LEADING_ZERO, text="010", means="10"),
        MisreadText(fault=Fault.HEX, text="0x50", means=None),
        MisreadText(fault=Fault.TOO_LARGE, text="65536", means=None),
        MisreadText(fault=Fault.REVERSED, text="90-80", means=None),
        MisreadText(
            fault=Fault.NAME,
            text="http",
            means="80,8008",
            note="by nmap's own table of services",
        ),
    ),
    notes=(
        "An open end is 1, not 0: '-' is 1-65535, and port 0 is scanned only when it is named.",
        "T:, U: and S: hold for all that follows; what stands before the first is for all.",
        "'[1-1024]' is only those ports that nmap's own table lists.",
    ),
    version="nmap 7.93",
    evidence=Evidence.RUN,
    sources=(
        cite("nmap(1), nmap 7.93", "PORT SPECIFICATION AND SCAN ORDER"),
        cite("run on Debian 12 with -oX, on the loopback"),
    ),
)

_SURICATA = Dialect(
    name="suricata",
    aliases=("snort",),
    tool="suricata",
    place="the port of a rule's head, or a port variable",
    separator=",",
    blanks=" ",
    range_signs=(":",),
    opening="[",
    closing="]",
    bracketed=Bracketed.SEVERAL,
    negated="!{ports}",
    open_first=0,
    open_last=65535,
    all_ports_word="any",
    grammar="suricata",
    misread_texts=(
        MisreadText(fault=Fault.REVERSED, text="[90:80]", means=None),
        MisreadText(fault=Fault.NEGATION, text="[80:!80]", means=None),
        MisreadText(fault=Fault.NEGATION, text="!any", means=None),
        MisreadText(fault=Fault.ALL, text="[80,!80]", means=None),
        MisreadText(fault=Fault.OTHER_SIGN, text="80-90", means=None),
    ),
    notes=(
        (
            "A list is all that it names, or every port if it names none, less all "
            "that it negates, whatever their order."
        ),
        "A negation of a negation is not what it seems, and is refused.",
    ),
    version="Suricata 7",
    evidence=Evidence.SOURCE,
    sources=(
        cite("Suricata source", "src/detect-engine-port.c"),
        cite("Suricata user guide", "Rules Format, Ports"),
    ),
)

_SQUID = Dialect(
    name="squid",
    tool="squid",
    place="after 'acl NAME port'",
    separator=" ",
    blanks=" \t",
    blanks_separate=True,
    misread_texts=(
        MisreadText(fault=Fault.LEADING_ZERO, text="010", means="10"),
        MisreadText(fault=Fault.TOO_LARGE, text="65536", means=None),
        MisreadText(fault=Fault.REVERSED, text="90-80", means=None),
        MisreadText(fault=Fault.OPEN, text="1024-", means=None),
        MisreadText(fault=Fault.HEX, text="0x50", means=None),
        MisreadText(fault=Fault.SIGN, text="+80", means=None),
        MisreadText(fault=Fault.DIGITS, text="8_0", means=None),
        MisreadText(fault=Fault.OTHER_SIGN, text="80:90", means=None),
        MisreadText(fault=Fault.NAME, text="http", means=None),
    ),
    notes=("A negation stands where the acl is used, as '!NAME'.",),
    version="squid 5.7",
    evidence=Evidence.PACKETS,
    sources=(
        cite("squid.conf.documented, squid 5.7", "acl aclname port"),
        cite("run on Debian 12, with a request for every port"),
    ),
)

_HAPROXY = Dialect(
    name="haproxy",
    tool="haproxy",
    place="after 'acl NAME dst_port'",
    separator=" ",
    blanks=" \t",
    blanks_separate=True,
    range_signs=(":", "-"),
    open_first=1,
    open_last=65535,
    lowest=1,
    operators=(
        Operator(sign="eq", comparison=Comparison.EQUAL),
        Operator(sign="ge", comparison=Comparison.AT_LEAST),
        Operator(sign="gt", comparison=Comparison.ABOVE),
        Operator(sign="le", comparison=Comparison.AT_MOST),
        Operator(sign="lt", comparison=Comparison.BELOW),
    ),
    misread_texts=(
        MisreadText(fault=Fault.LEADING_ZERO, text="010", means="10"),
        MisreadText(fault=Fault.TOO_LARGE, text="65536", means=""),
        MisreadText(fault=Fault.REVERSED, text="90:80", means=None),
        MisreadText(fault=Fault.OPEN, text="80-", means="80-65535"),
        MisreadText(fault=Fault.OPEN, text="-90", means=None),
        MisreadText(fault=Fault.OPEN, text=":", means=None),
        MisreadText(fault=Fault.HEX, text="0x50", means=None),
        MisreadText(fault=Fault.DIGITS, text="8_0", means=None),
        MisreadText(fault=Fault.NAME, text="http", means=None),
        MisreadText(fault=Fault.OPERATOR, text="ne 80", means="80", note="'ne' is passed over"),
        MisreadText(
            fault=Fault.OPERATOR,
            text="ge 1024 lt 5000",
            means="1-65535",
            note="for the two are choices, not bounds",
        ),
        MisreadText(fault=Fault.OPERATOR, text="lt 0", means=""),
    ),
    notes=(
        "An operator holds for what follows it, and each value is a choice of its own.",
        "A connection to port 0 has no dst_port, and no acl with it matches.",
    ),
    version="haproxy 2.6.12",
    evidence=Evidence.PACKETS,
    sources=(
        cite("HAProxy 2.6 configuration manual", "7.1.2, Matching integers"),
        cite("run on Debian 12, asked about every port by a PROXY header"),
    ),
)

_DOCKER = Dialect(
    name="docker",
    tool="docker",
    place="after -p, published under the same number",
    framed="{match}/{transport}",
    transport_rule=TransportRule.OPTIONAL,
    transports=_THREE,
    lowest=1,
    max_elements=1,
    grammar="docker",
    several_texts_mean="options, one -p each",
    misread_texts=(
        MisreadText(fault=Fault.REVERSED, text="90-80:90-80", means=None),
        MisreadText(
            fault=Fault.OPEN,
            text="80",
            means="",
            note="it is the container's port, and the host's is any that is free",
        ),
    ),
    notes=(
        (
            "The ports are the host's. A port of the container alone, or one for a "
            "whole range of the host's, leaves the choice to docker, and is refused."
        ),
        "Port 0 of the host asks for any that is free.",
        "Without a transport it is for TCP alone.",
    ),
    version="docker/go-connections 0.5",
    evidence=Evidence.SOURCE,
    sources=(
        cite("docker/go-connections source", "nat/nat.go, nat/parse.go"),
        cite("docker-run(1)", "--publish"),
    ),
)

ROWS: tuple[Dialect, ...] = (_BPF, _WIRESHARK, _NMAP, _SURICATA, _SQUID, _HAPROXY, _DOCKER)
