"""The dialects of lists in configuration files, with their sources."""

from __future__ import annotations

from portranges.dialects.forms import Dialect, Limits, Names, Ranges, Spacing
from portranges.dialects.model import ANY_RULE, Fault, NameLookup
from portranges.dialects.shorthand import known_by, reads, refused, rejects, rejects_all
from portranges.source import Confidence, cite

_CSF = Dialect(
    name="csf",
    tool="csf",
    place="the value of TCP_IN, UDP_IN and the like in csf.conf",
    spacing=Spacing(separator=",", trailing=True, blanks=" \t"),
    ranges=Ranges(signs=(":",), open_first=0, open_last=65535),
    empty="",
    misread_texts=(
        reads(Fault.LEADING_ZERO, "010", "8", "octal in TCP_IN; 10 in UDP_IN"),
        reads(Fault.OPEN, ":", "0-65535", "iptables drops the match"),
        *rejects_all("80-90", "0x50", "+80"),
        rejects(Fault.NAME, "http"),
    ),
    refused_texts=(
        refused("80,,443", "an empty element may be a missing number"),
        refused("8 0", "blanks are removed, even inside a number"),
    ),
    notes=(
        "Each element becomes a rule with '--dport', so an open end is as in iptables.",
        "An empty value opens no port.",
    ),
    evidence=known_by(
        Confidence.SOURCE,
        cite(
            "Aetherinox/csf-firewall@0b9509a8", "src/csf.pl, $config{TCP_IN}", checked="2026-11-30"
        ),
        cite("iptables 1.8.9", "what it reads is measured, see the row 'iptables'"),
        version="csf 15.10",
    ),
)

_FAIL2BAN = Dialect(
    name="fail2ban",
    tool="fail2ban",
    place="after 'port =' in a jail",
    spacing=Spacing(separator=","),
    ranges=Ranges(signs=(":",), equal_ends=False),
    names=Names(lookup=NameLookup.NAMED),
    limits=Limits(max_slots=15),
    several_texts_mean="jails with the same filter, each for its own ports",
    misread_texts=(reads(Fault.LEADING_ZERO, "010", "8", "octal"), *rejects_all("80:80", "90:80")),
    refused_texts=(
        refused("%(apache_port)s", "its ports are defined elsewhere"),
        refused("80, 443", "the action for iptables splits its command at the blank"),
    ),
    notes=(
        "The text is passed to an action; by default, iptables with multiport reads it.",
        "A jail without a port uses the port in [DEFAULT], which is '0:65535'.",
        "The action 'iptables-allports' ignores it and blocks every port.",
    ),
    evidence=known_by(
        Confidence.SOURCE,
        cite(
            "fail2ban/fail2ban@deffcbcd",
            "config/jail.conf, config/action.d/iptables.conf",
            checked="2026-11-30",
        ),
        cite("iptables 1.8.9", "what it reads is measured, see the row 'iptables-multiport'"),
        version="fail2ban 1.1.2.dev1",
    ),
)

_OPNSENSE = Dialect(
    name="opnsense",
    tool="OPNsense",
    place="a line of the content of an alias of type port",
    ranges=Ranges(signs=(":",)),
    lowest=1,
    names=Names(lookup=NameLookup.TCP_OR_UDP),
    limits=Limits(max_elements=1),
    several_texts_mean="lines of one alias; a packet matches if any of them matches",
    misread_texts=(
        reads(Fault.REVERSED, "90:80", "", "neither OPNsense nor pfctl compares the ends"),
        *rejects_all("080", "0x50", "+80", "65536", "80-90", "1024:"),
    ),
    notes=(
        "A range is written with '-' in a rule, and with ':' in an alias.",
        "A line may have the name of another alias; ports_by_name() replaces it.",
    ),
    evidence=known_by(
        Confidence.SOURCE,
        cite(
            "opnsense/core@f95e8151",
            "OPNsense/Firewall/Util.php, isPort; FieldTypes/AliasContentField.php, validatePort",
            checked="2026-11-30",
        ),
        version="OPNsense of August 2026",
    ),
)

_OPENWRT = Dialect(
    name="openwrt",
    aliases=("uci",),
    tool="OpenWrt",
    place="after 'option dest_port' in /etc/config/firewall",
    spacing=Spacing(separator=" ", blanks=" \t", blanks_separate=True),
    ranges=Ranges(signs=("-", ":")),
    several_texts_mean=ANY_RULE,
    misread_texts=(
        *rejects_all("0x50", "+80", "65536", "90-80", "1024-"),
        rejects(Fault.NAME, "http"),
    ),
    refused_texts=(
        refused("!80", "a negation in a list is not read"),
        refused("0080", "a leading zero may mean an octal number"),
    ),
    notes=(
        "Without a port, a rule applies to every port.",
        "Without 'option proto', it applies to TCP and UDP.",
    ),
    evidence=known_by(
        Confidence.SOURCE,
        cite(
            "openwrt/firewall4@b6e51575",
            "root/usr/share/ucode/fw4.uc, parse_port, parse_list and to_array",
            checked="2026-11-30",
        ),
        version="firewall4 of March 2025",
    ),
)

ROWS: tuple[Dialect, ...] = (_CSF, _FAIL2BAN, _OPNSENSE, _OPENWRT)
