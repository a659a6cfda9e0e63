"""Facts: other systems' filters, network gear, and the neutral notation.

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
)
from portranges.source import cite

__all__ = ["ROWS"]

_PORTRANGES = Dialect(
    name="portranges",
    aliases=("neutral",),
    tool="portranges",
    place="PortSet.parse() and str()",
    separator=",",
    blanks=" ",
    empty="",
    grammar="neutral",
    evidence=Evidence.OWN,
    sources=(cite("PortSet.parse"),),
)

_PF = Dialect(
    name="pf",
    tool="pf",
    place="after an address in a rule",
    plain="port {ports}",
    separator=", ",
    blanks=" \t",
    blanks_separate=True,
    range_signs=(":",),
    opening="{ ",
    closing=" }",
    bracketed=Bracketed.SEVERAL,
    operators=(
        Operator(sign="><", comparison=Comparison.BETWEEN),
        Operator(sign="<>", comparison=Comparison.OUTSIDE),
        Operator(sign=">=", comparison=Comparison.AT_LEAST),
        Operator(sign="<=", comparison=Comparison.AT_MOST),
        Operator(sign="!=", comparison=Comparison.UNEQUAL),
        Operator(sign=">", comparison=Comparison.ABOVE),
        Operator(sign="<", comparison=Comparison.BELOW),
        Operator(sign="=", comparison=Comparison.EQUAL),
    ),
    names=True,
    misread_texts=(
        MisreadText(
            fault=Fault.NEGATION,
            text="port { != 80, != 443 }",
            means="0-65535",
            note="for a list is one rule for each element",
        ),
        MisreadText(
            fault=Fault.REVERSED,
            text="port 90:80",
            means="",
            note="as nothing compares the ends",
        ),
    ),
    notes=(
        (
            "'1000 >< 2000' is 1001-1999 and '1000 <> 2000' is all outside of "
            "1000-2000: neither has its two ends."
        ),
        "A list is a macro for one rule for each element, so a list of negations matches all.",
    ),
    version="OpenBSD 7.6, pfctl",
    evidence=Evidence.SOURCE,
    sources=(
        cite("pf.conf(5), OpenBSD", "PACKET FILTERING, GRAMMAR"),
        cite("OpenBSD source", "sbin/pfctl/parse.y"),
    ),
)

_CISCO = Dialect(
    name="cisco",
    aliases=("ios", "cisco-ios"),
    tool="Cisco IOS",
    place="the port of an access list entry",
    blanks=" ",
    blanks_separate=True,
    names=True,
    max_elements=1,
    grammar="cisco",
    several_texts_mean="entries of one list; a packet to a port of any of them matches",
    misread_texts=(
        MisreadText(
            fault=Fault.OPERATOR,
            text="gt 65535",
            means="",
            note="as no port is above",
        ),
    ),
    notes=(
        "'lt 1024' is 0-1023 and 'gt 1023' is 1024-65535: the port itself is not in it.",
        "Several ports after 'eq' or 'neq' are for named lists only, so each takes an entry.",
    ),
    version="Cisco IOS 12.3(7)T and later",
    evidence=Evidence.DOCUMENT,
    sources=(
        cite("Cisco IOS Security Command Reference", "permit (IP); Noncontiguous Ports"),
        cite("Dell FTOS manual", "Layer 4 ACL rules and the CAM entries that they take"),
    ),
)

_JUNOS = Dialect(
    name="junos",
    aliases=("juniper",),
    tool="Junos",
    place="a 'from' of a firewall filter's term",
    plain="destination-port {ports}",
    negated="destination-port-except {ports}",
    separator=" ",
    blanks=" \t\n",
    blanks_separate=True,
    opening="[ ",
    closing=" ]",
    bracketed=Bracketed.SEVERAL,
    names=True,
    notes=(
        "'port' looks at both ports, and cannot stand beside 'destination-port'; it is not read.",
    ),
    version="Junos OS",
    evidence=Evidence.DOCUMENT,
    sources=(cite("Junos OS documentation", "Firewall Filter Match Conditions for IPv4 Traffic"),),
)

_NETSH = Dialect(
    name="netsh",
    tool="netsh",
    place="after localport= of 'netsh advfirewall firewall add rule'",
    separator=",",
    all_ports_word="any",
    misread_texts=(
        MisreadText(
            fault=Fault.NAME,
            text="RPC",
            means="",
            note="it stands for whatever ports that service has at the time",
        ),
    ),
    notes=(
        "RPC, RPC-EPMap, IPHTTPS and other words stand for services, not for numbers.",
        "Without localport= the rule is for every port.",
    ),
    version="Windows",
    evidence=Evidence.DOCUMENT,
    sources=(
        cite("Microsoft Learn", "netsh advfirewall firewall, add rule"),
        cite("Microsoft Learn", "INetFwRule, LocalPorts"),
    ),
)

_POWERSHELL = Dialect(
    name="powershell",
    aliases=("windows",),
    tool="PowerShell",
    place="after -LocalPort of New-NetFirewallRule",
    separator=",",
    blanks=" ",
    quote="'",
    quote_all=True,
    all_ports_word="Any",
    misread_texts=(
        MisreadText(
            fault=Fault.NAME,
            text="RPC",
            means="",
            note="it stands for whatever ports that service has at the time",
        ),
    ),
    notes=(
        (
            "The value is an array of strings. Quotes keep 1000-2000 from being a "
            "subtraction where PowerShell expects an expression."
        ),
        "Without -LocalPort the rule is for every port.",
    ),
    version="Windows",
    evidence=Evidence.DOCUMENT,
    sources=(
        cite("Microsoft Learn", "New-NetFirewallRule, -LocalPort"),
        cite("Microsoft Learn", "about_Parsing"),
    ),
)

_CALICO = Dialect(
    name="calico",
    tool="Calico",
    place="after ports: of a rule, as YAML",
    separator=", ",
    blanks=" ",
    range_signs=(":",),
    opening="[",
    closing="]",
    bracketed=Bracketed.ALWAYS,
    quote='"',
    range_needs_quote=True,
    lowest=1,
    misread_texts=(
        MisreadText(
            fault=Fault.OTHER_SIGN,
            text='["80-90"]',
            means="",
            note="it is the name of a port there, and ':' makes a range",
        ),
    ),
    notes=(
        (
            "A range is a string with ':'. Without quotes a YAML 1.1 reader takes 20:30 for the "
            "number 1230."
        ),
        "Without ports: the rule is for every port.",
    ),
    version="Calico 3.28",
    evidence=Evidence.SOURCE,
    sources=(
        cite("projectcalico/calico source", "api/pkg/lib/numorstring/port.go"),
        cite("YAML 1.1", "integer type, base 60"),
    ),
)

ROWS: tuple[Dialect, ...] = (_PF, _CISCO, _JUNOS, _NETSH, _POWERSHELL, _CALICO, _PORTRANGES)
