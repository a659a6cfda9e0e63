"""The dialects of other systems' filters and of network devices, and the neutral notation."""

from __future__ import annotations

from portranges.dialects.forms import Brackets, Dialect, Limits, Names, Ranges, Spacing, Wording
from portranges.dialects.model import ANY_RULE, BOTH, Bracketed, Fault, NameLookup, OwnName
from portranges.dialects.shorthand import known_by, operators, reads, refused
from portranges.ports import Transport
from portranges.source import Confidence, cite

_PORTRANGES = Dialect(
    name="portranges",
    aliases=("neutral",),
    tool="portranges",
    place="PortSet.parse() and str()",
    spacing=Spacing(separator=",", blanks=" "),
    names=Names(lookup=NameLookup.ANY),
    empty="",
    grammar="neutral",
    evidence=known_by(Confidence.SOURCE, cite("PortSet.parse")),
)

_PF = Dialect(
    name="pf",
    tool="pf",
    place="after an address in a rule",
    wording=Wording(plain=("port {ports}",)),
    spacing=Spacing(separator=", ", blanks=" \t", blanks_separate=True),
    brackets=Brackets(opening="{ ", closing=" }", when=Bracketed.SEVERAL),
    ranges=Ranges(signs=(":",)),
    operators=operators(">< <> >= <= != > < ="),
    keywords=("port",),
    names=Names(lookup=NameLookup.TCP_OR_UDP),
    grammar="pf",
    misread_texts=(
        reads(
            Fault.NEGATION,
            "port { != 80, != 443 }",
            "0-65535",
            "a list becomes one rule per element",
        ),
        reads(Fault.REVERSED, "port 90:80", "", "pfctl does not compare the ends"),
    ),
    refused_texts=(
        refused("port { != 80, 443 }", "it matches every port"),
        refused("port $web", "its ports are defined elsewhere"),
    ),
    notes=(
        (
            "'1000 >< 2000' is 1001-1999, and '1000 <> 2000' is everything outside 1000-2000: "
            "neither includes its two ends."
        ),
        "A list expands to one rule per element, so a list of negations matches every port.",
    ),
    evidence=known_by(
        Confidence.SOURCE,
        cite("pf.conf(5), OpenBSD", "PACKET FILTERING, GRAMMAR"),
        cite("OpenBSD source", "sbin/pfctl/parse.y"),
        version="OpenBSD 7.6, pfctl",
    ),
)


def _names(text: str, *transports: Transport) -> tuple[OwnName, ...]:
    """Return the names of a text such as ``"bgp 179, chargen 19"``."""
    rows = (row.split() for row in text.split(","))
    return tuple(OwnName(name=name, port=int(port), transports=transports) for name, port in rows)


# The context help of IOS, after 'permit tcp any any eq ?' and 'permit udp any any eq ?'.
_CISCO_NAMES = _names(
    """
    bgp 179, chargen 19, cmd 514, daytime 13, discard 9, domain 53, drip 3949, echo 7, exec
    512, finger 79, ftp 21, ftp-data 20, gopher 70, hostname 101, ident 113, irc 194, klogin
    543, kshell 544, login 513, lpd 515, nntp 119, pim-auto-rp 496, pop2 109, pop3 110, smtp
    25, sunrpc 111, tacacs 49, talk 517, telnet 23, time 37, uucp 540, whois 43, www 80
    """,
    Transport.TCP,
) + _names(
    """
    biff 512, bootpc 68, bootps 67, discard 9, dnsix 195, domain 53, echo 7, isakmp 500,
    mobile-ip 434, nameserver 42, netbios-dgm 138, netbios-ns 137, netbios-ss 139,
    non500-isakmp 4500, ntp 123, pim-auto-rp 496, rip 520, snmp 161, snmptrap 162, sunrpc
    111, syslog 514, tacacs 49, talk 517, tftp 69, time 37, who 513, xdmcp 177
    """,
    Transport.UDP,
)

# Juniper, Port Names Supported by Services Interfaces, and match conditions of firewall filters.
# The names apply to TCP and UDP. The older manual misspells 'exec' as 'excc'.
_JUNOS_NAMES = _names(
    """
    afs 1483, bgp 179, biff 512, bootpc 68, bootps 67, cmd 514, cvspserver 2401, dhcp 67,
    domain 53, eklogin 2105, ekshell 2106, exec 512, finger 79, ftp 21, ftp-data 20, http
    80, https 443, ident 113, imap 143, kerberos-sec 88, klogin 543, kpasswd 761, krb-prop
    754, krbupdate 760, kshell 544, ldap 389, ldp 646, login 513, mobileip-agent 434,
    mobilip-mn 435, msdp 639, netbios-dgm 138, netbios-ns 137, netbios-ssn 139, nfsd 2049,
    nntp 119, ntalk 518, ntp 123, pop3 110, pptp 1723, printer 515, radacct 1813, radius
    1812, rip 520, rkinit 2108, smtp 25, snmp 161, snmptrap 162, snpp 444, socks 1080, ssh
    22, sunrpc 111, syslog 514, tacacs 49, tacacs-ds 65, talk 517, telnet 23, tftp 69, timed
    525, who 513, xdmcp 177
    """,
    *BOTH,
)

_CISCO = Dialect(
    name="cisco",
    aliases=("ios", "cisco-ios"),
    tool="Cisco IOS",
    place="the port in an access list entry",
    spacing=Spacing(blanks=" ", blanks_separate=True),
    keywords=("eq", "neq", "lt", "gt", "range"),
    names=Names(lookup=NameLookup.OWN, own=_CISCO_NAMES),
    limits=Limits(max_elements=1),
    grammar="cisco",
    several_texts_mean="entries of one list; a packet matches if any of them matches",
    misread_texts=(reads(Fault.OPERATOR, "gt 65535", "", "no port is greater"),),
    notes=(
        "It knows the names that its context help lists. ASA has another table.",
        "'lt 1024' is 0-1023 and 'gt 1023' is 1024-65535: the port itself is excluded.",
        (
            "Several ports after 'eq' or 'neq', at most 10, are for named lists only, so each gets "
            "an entry. The number is from memory."
        ),
    ),
    evidence=known_by(
        Confidence.DOCUMENT,
        cite("Cisco IOS Security Command Reference", "permit (IP); Noncontiguous Ports"),
        cite("Cisco IOS context help", "permit tcp any any eq ?, as quoted in several programs"),
        cite("Dell FTOS manual", "Layer 4 ACL rules and the CAM entries that they take"),
        version="Cisco IOS 12.3(7)T and later",
    ),
)

_JUNOS = Dialect(
    name="junos",
    aliases=("juniper",),
    tool="Junos",
    place="the 'from' of a term in a firewall filter",
    wording=Wording(
        plain=("destination-port {ports}",), negated=("destination-port-except {ports}",)
    ),
    spacing=Spacing(separator=" ", blanks=" \t\n", blanks_separate=True, terminator=";"),
    brackets=Brackets(opening="[ ", closing=" ]", when=Bracketed.SEVERAL),
    names=Names(lookup=NameLookup.OWN, own=_JUNOS_NAMES),
    notes=("'port' matches both ports and excludes 'destination-port'; it is not accepted.",),
    evidence=known_by(
        Confidence.DOCUMENT,
        cite("Junos OS documentation", "Firewall Filter Match Conditions for IPv4 Traffic"),
        cite("JUNOS 9.3 CLI reference", "destination-port, Port Names"),
        version="Junos OS",
    ),
)

# What both programs for the Windows firewall have in common.
_RPC = reads(Fault.NAME, "RPC", "", "it means the ports that the service uses at the time")
_RPC_REFUSED = refused("RPC", "the ports are chosen when a service starts")
_FASP = cite("[MS-FASP] of 2026-05-11", "2.2.13, FW_PORT_RANGE_LIST: 0 to 1000 entries")

_NETSH = Dialect(
    name="netsh",
    tool="netsh",
    place="after localport= in 'netsh advfirewall firewall add rule'",
    spacing=Spacing(separator=","),
    all_ports_word="any",
    limits=Limits(max_elements=1000),
    several_texts_mean=ANY_RULE,
    misread_texts=(_RPC,),
    refused_texts=(_RPC_REFUSED,),
    notes=(
        "RPC, RPC-EPMap, IPHTTPS and other words mean services, not numbers.",
        "Without localport= the rule applies to every port.",
    ),
    evidence=known_by(
        Confidence.DOCUMENT,
        cite("Microsoft Learn", "netsh advfirewall firewall, add rule"),
        cite("Microsoft Learn", "INetFwRule, LocalPorts"),
        _FASP,
        version="Windows",
    ),
)

_POWERSHELL = Dialect(
    name="powershell",
    aliases=("windows",),
    tool="PowerShell",
    place="after -LocalPort of New-NetFirewallRule",
    spacing=Spacing(separator=",", blanks=" "),
    brackets=Brackets(opening="@(", closing=")", when=Bracketed.OPTIONAL),
    ranges=Ranges(quote="'", quote_all=True),
    all_ports_word="Any",
    limits=Limits(max_elements=1000),
    several_texts_mean=ANY_RULE,
    misread_texts=(_RPC,),
    refused_texts=(_RPC_REFUSED,),
    notes=(
        (
            "The value is an array of strings. Without quotes, PowerShell would compute 1000-2000 "
            "as a subtraction where it expects an expression."
        ),
        "Without -LocalPort the rule applies to every port.",
    ),
    evidence=known_by(
        Confidence.DOCUMENT,
        cite("Microsoft Learn", "New-NetFirewallRule, -LocalPort"),
        cite("Microsoft Learn", "about_Parsing"),
        _FASP,
        version="Windows",
    ),
)

_CALICO = Dialect(
    name="calico",
    tool="Calico",
    place="after ports: of a rule, as YAML",
    spacing=Spacing(separator=", ", trailing=True, blanks=" "),
    brackets=Brackets(opening="[", closing="]", when=Bracketed.ALWAYS),
    ranges=Ranges(signs=(":",), quote='"', needs_quote=True),
    lowest=1,
    misread_texts=(
        reads(Fault.OTHER_SIGN, '["80-90"]', "", "it is a port's name; a range has ':'"),
    ),
    refused_texts=(
        refused("[http]", "the port is looked up in each pod"),
        refused("- 80", "a list in several lines is not read; write it in [ ]"),
    ),
    notes=(
        "A range is a string with ':'.",
        "Without quotes, a YAML 1.1 parser reads 20:30 as the number 1230.",
        "Without ports: the rule applies to every port.",
    ),
    evidence=known_by(
        Confidence.SOURCE,
        cite(
            "projectcalico/calico@9f154cb2",
            "api/pkg/lib/numorstring/port.go",
            checked="2026-11-30",
        ),
        cite("YAML 1.1", "integer type, base 60"),
        cite("YAML 1.2", "example 7.13, a flow sequence that ends with a comma"),
        version="Calico 3.28",
    ),
)

ROWS: tuple[Dialect, ...] = (_PF, _CISCO, _JUNOS, _NETSH, _POWERSHELL, _CALICO, _PORTRANGES)
