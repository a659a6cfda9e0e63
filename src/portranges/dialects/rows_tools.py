"""The dialects of programs that capture, scan, inspect or forward, with their sources."""

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
    TransportRule,
    Verification,
)
from portranges.dialects.shorthand import known_by, operators, reads, refused, rejects, rejects_all
from portranges.source import Confidence, cite

_BPF = Dialect(
    name="bpf",
    aliases=("tcpdump", "libpcap"),
    tool="tcpdump",
    place="a capture filter, or part of one",
    wording=Wording(plain=("dst port {ports}",)),
    frame=Frame(
        forms=("{transport} {match}",),
        rule=TransportRule.OPTIONAL,
        transports=THREE,
        joint=" or ",
    ),
    spacing=Spacing(separator=" or "),
    brackets=Brackets(opening="(", closing=")", when=Bracketed.SEVERAL),
    keywords=("port", "portrange"),
    names=Names(lookup=NameLookup.TCP_OR_UDP),
    grammar="bpf",
    misread_texts=(
        reads(Fault.LEADING_ZERO, "tcp dst port 010", "8", "octal"),
        reads(
            Fault.LEADING_ZERO,
            "tcp dst portrange 010-020",
            "10-20",
            "decimal, unlike a single port",
        ),
        reads(Fault.HEX, "tcp dst port 0x50", "80"),
        *rejects_all("+80", "65536", within="tcp dst port {ports}"),
        reads(Fault.REVERSED, "tcp dst portrange 90-80", "80-90", "it swaps the ends"),
        *rejects_all("1024-", "80:90", within="tcp dst portrange {ports}"),
    ),
    refused_texts=(
        refused("port 80", "it matches source ports too"),
        refused("not dst port 80", "it also matches packets without ports"),
        refused("ip and tcp dst port 80", "a set cannot contain other conditions"),
        refused("tcp dst port 80 and dst portrange 80-90", "only alternatives are read"),
    ),
    notes=(
        "'and' and 'or' have the same precedence and are evaluated from the left.",
        "A list is in parentheses so that it can be part of a filter.",
        (
            "'port 80' without 'dst' also matches source ports, and 'not' also matches packets "
            "without ports; neither is read or written."
        ),
        (
            "A name that is defined only for TCP or only for UDP matches that transport only, and "
            "cannot be used for another."
        ),
        (
            "The optimizer's time grows faster than the list: 200 ranges took 1 second, 400 took "
            "7, and 1,000 more than a minute; 'tcpdump -O' turns it off."
        ),
    ),
    evidence=known_by(
        Verification.EVERY_PORT,
        cite("pcap-filter(7), libpcap 1.10.3"),
        cite("run on Debian 12, on a capture with one packet per port"),
        version="tcpdump 4.99.3, libpcap 1.10.3",
    ),
)

_WIRESHARK = Dialect(
    name="wireshark",
    aliases=("tshark",),
    tool="tshark",
    place="a display filter, or part of one",
    wording=Wording(plain=("in {ports}", "in{ports}")),
    frame=Frame(
        forms=("{transport}.dstport {match}", "{transport}.dstport{match}"),
        rule=TransportRule.ALWAYS,
        transports=THREE,
        joint=" or ",
    ),
    spacing=Spacing(separator=",", blanks=" ", blanks_in_ranges=True),
    brackets=Brackets(opening="{", closing="}", when=Bracketed.ALWAYS),
    ranges=Ranges(signs=("..",)),
    operators=operators("=== == >= <= > < eq ge le gt lt"),
    misread_texts=(
        reads(Fault.LEADING_ZERO, "tcp.dstport in {0120}", "80", "octal"),
        reads(Fault.HEX, "tcp.dstport in {0x50}", "80"),
        rejects(Fault.TOO_LARGE, "tcp.dstport in {65536}"),
        reads(Fault.REVERSED, "tcp.dstport in {90..80}", ""),
        rejects(Fault.OTHER_SIGN, "tcp.dstport in {80-90}"),
        rejects(Fault.OPEN, "tcp.dstport in {1024..}"),
        rejects(Fault.ALL, "tcp.dstport in {}"),
    ),
    refused_texts=(
        refused("(tcp.dstport in {80})", "only one comparison is read"),
        refused("tcp.dstport == 80 or tcp.dstport == 81", "only one comparison is read"),
        refused("tcp.dstport not in {80}", "it also matches packets without ports"),
        refused("any tcp.dstport == 80", "a packet has one destination port"),
        refused("tcp.port in {80}", "it matches source ports too"),
    ),
    notes=(
        "Commas are required since 4.0; before, blanks were enough.",
        "A negation also matches packets without ports; it is neither read nor written.",
    ),
    evidence=known_by(
        Verification.EVERY_PORT,
        cite("wireshark-filter(4), Wireshark 4.0", "Membership operator"),
        cite("run on Debian 12, on a capture with one packet per port"),
        version="tshark 4.0.17",
    ),
)

_NMAP = Dialect(
    name="nmap",
    tool="nmap",
    place="after -p",
    frame=Frame(
        forms=("{transport}{match}",),
        rule=TransportRule.OPTIONAL,
        transports=THREE,
        joint=",",
    ),
    spacing=Spacing(separator=",", trailing=True, blanks=" "),
    ranges=Ranges(open_first=1, open_last=65535),
    all_ports_word="-",
    names=Names(lookup=NameLookup.OWN),
    limits=Limits(max_length=131_069),
    grammar="nmap",
    misread_texts=(
        reads(Fault.LEADING_ZERO, "010", "10"),
        *rejects_all("0x50", "65536", "90-80"),
        reads(Fault.NAME, "http", "80,8008", "from nmap's own table of services"),
    ),
    refused_texts=(
        refused("http*", "a pattern matches names of nmap's own table"),
        refused("[1-1024]", "it means only the ports that nmap's own table lists"),
        refused("T:80,U:", "a letter without ports is a mistake"),
    ),
    notes=(
        "An omitted first port is 1, not 0: '-' is 1-65535; port 0 is scanned only if listed.",
        "T:, U: and S: apply to all that follows; ports before the first are for all transports.",
        "Names are looked up in nmap's own table, nmap-services; pass it as services=.",
        (
            "A name means all its ports, which can differ by transport: http is 80 and 8008 of "
            "TCP, and 80 of UDP and SCTP."
        ),
        "'[1-1024]' means only the ports that nmap's own table lists.",
        (
            "Linux passes at most 131,071 characters in one argument, and a letter for the "
            "transport uses two of them."
        ),
    ),
    evidence=known_by(
        Verification.READBACK,
        cite("nmap(1), nmap 7.93", "PORT SPECIFICATION AND SCAN ORDER"),
        cite("execve(2)", "MAX_ARG_STRLEN"),
        cite("run on Debian 12 with -oX, on the loopback"),
        version="nmap 7.93",
    ),
)

_SURICATA = Dialect(
    name="suricata",
    aliases=("snort",),
    tool="suricata",
    place="the port in a rule's header, or a port variable",
    wording=Wording(negated=("!{ports}",)),
    spacing=Spacing(separator=",", blanks=" "),
    brackets=Brackets(opening="[", closing="]", when=Bracketed.SEVERAL),
    ranges=Ranges(signs=(":",), open_first=0, open_last=65535),
    all_ports_word="any",
    limits=Limits(max_length=1025),
    grammar="suricata",
    several_texts_mean=ANY_RULE,
    misread_texts=(
        rejects(Fault.REVERSED, "[90:80]"),
        rejects(Fault.NEGATION, "[80:!80]"),
        rejects(Fault.NEGATION, "!any"),
        rejects(Fault.ALL, "[80,!80]"),
        rejects(Fault.OTHER_SIGN, "80-90"),
    ),
    refused_texts=(
        refused("$HTTP_PORTS", "its ports are defined elsewhere; pass them as variables="),
        refused("![80,!81]", "a negation of a negation does not mean what it seems to"),
    ),
    notes=(
        (
            "A list means all ports that it names, or every port if it names none, except those "
            "that it negates, in any order."
        ),
        "The list in the outermost brackets may have 1,023 characters.",
        "A negation of a negation does not mean what it seems to, and is refused.",
        "A variable with a negation must be alone, because its text becomes part of the list.",
    ),
    evidence=known_by(
        Confidence.SOURCE,
        cite(
            "OISF/suricata@f707f320 (7.0.17)",
            "src/detect-engine-port.c, DetectPortParseDo",
            checked="2026-11-30",
        ),
        cite("Suricata user guide", "Rules Format, Ports"),
        version="Suricata 7",
    ),
)

_SQUID = Dialect(
    name="squid",
    tool="squid",
    place="after 'acl NAME port'",
    spacing=Spacing(separator=" ", blanks=" \t", blanks_separate=True),
    limits=Limits(max_length=8118),
    several_texts_mean="acl lines of one name, which add up",
    misread_texts=(
        reads(Fault.LEADING_ZERO, "010", "10"),
        *rejects_all("65536", "90-80", "1024-", "0x50", "+80", "8_0", "80:90"),
        rejects(Fault.NAME, "http"),
    ),
    refused_texts=(refused("80 # http", "a comment is not part of the ports"),),
    notes=(
        "A negation is written where the acl is used, as '!NAME'.",
        "It reads 8,191 characters of a line, and the rest as another line.",
        "Up to 73 of them precede the ports: 'acl ', a name of 63 characters, and ' port '.",
    ),
    evidence=known_by(
        Verification.EVERY_PORT,
        cite("squid.conf.documented, squid 5.7", "acl aclname port"),
        cite("run on Debian 12, with one request per port"),
        version="squid 5.7",
    ),
)

_HAPROXY = Dialect(
    name="haproxy",
    tool="haproxy",
    place="after 'acl NAME dst_port'",
    wording=Wording(plain=("{ports}", "eq {ports}")),
    spacing=Spacing(separator=" ", blanks=" \t", blanks_separate=True),
    ranges=Ranges(signs=(":", "-"), open_first=1, open_last=65535),
    lowest=1,
    operators=operators("ge gt le lt"),
    limits=Limits(max_elements=61),
    several_texts_mean="acl lines of one name; any of them matches",
    misread_texts=(
        reads(Fault.LEADING_ZERO, "010", "10"),
        reads(Fault.TOO_LARGE, "65536", ""),
        rejects(Fault.REVERSED, "90:80"),
        reads(Fault.OPEN, "80-", "80-65535"),
        rejects(Fault.OPEN, "-90"),
        rejects(Fault.OPEN, ":"),
        *rejects_all("0x50", "8_0"),
        rejects(Fault.NAME, "http"),
        reads(Fault.OPERATOR, "ne 80", "80", "'ne' is ignored"),
        reads(Fault.OPERATOR, "ge 1024 lt 5000", "1-65535", "the two are alternatives, not bounds"),
        reads(Fault.OPERATOR, "lt 0", ""),
    ),
    refused_texts=(
        refused("80 443 # web", "a comment is not part of the ports"),
        refused('"80"', "other programs treat a number in quotation marks as text"),
        refused("-m int 80", "only ports are read, not options"),
        refused("ge 1024 80", "the operator applies to each value, as alternatives"),
        refused("80 eq 443", "an operator applies only to the values after it"),
    ),
    notes=(
        "An operator applies to the values that follow it, and each value is an alternative.",
        "A connection to port 0 has no dst_port, so no acl with it matches.",
        "A line has at most 64 words, of which 'acl NAME dst_port' uses three.",
    ),
    evidence=known_by(
        Verification.EVERY_PORT,
        cite("HAProxy 2.6 configuration manual", "7.1.2, Matching integers"),
        cite(
            "haproxy/haproxy@39fd546d",
            "include/haproxy/defaults.h, MAX_LINE_ARGS",
            checked="2026-11-30",
        ),
        cite("run on Debian 12, with a PROXY header for every port"),
        version="haproxy 2.6.12",
    ),
)

_DOCKER = Dialect(
    name="docker",
    tool="docker",
    place="after -p, published under the same number",
    frame=Frame(forms=("{match}/{transport}",), rule=TransportRule.OPTIONAL, transports=THREE),
    lowest=1,
    limits=Limits(max_elements=1),
    grammar="docker",
    several_texts_mean="options, one -p each",
    misread_texts=(
        rejects(Fault.REVERSED, "90-80:90-80"),
        reads(Fault.MISSING, "80", "", "it is the container's port, and docker chooses the host's"),
    ),
    refused_texts=(
        refused("127.0.0.1:80:80", "a set has no address; parse_mapping() reads it"),
        refused("80", "docker chooses the host's port; parse_mapping() reads it"),
        refused("8000-8010:80", "docker chooses one of the host's ports"),
        refused("80:80/", "a missing transport after '/' is a mistake"),
    ),
    notes=(
        (
            "The ports are the host's. A container's port alone, or one for a whole range of the "
            "host, lets docker choose, and is refused."
        ),
        "Port 0 of the host means any free port.",
        "Without a transport it means TCP only.",
    ),
    evidence=known_by(
        Confidence.SOURCE,
        cite(
            "docker/go-connections@fa09c952 (0.5.0)",
            "nat/nat.go, nat/parse.go",
            checked="2026-11-30",
        ),
        cite("docker-run(1)", "--publish"),
        version="docker/go-connections 0.5",
    ),
)

ROWS: tuple[Dialect, ...] = (_BPF, _WIRESHARK, _NMAP, _SURICATA, _SQUID, _HAPROXY, _DOCKER)
