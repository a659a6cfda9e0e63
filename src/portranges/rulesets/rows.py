"""The formats that are read, with their sources."""

from __future__ import annotations

from portranges.dialects.model import Evidence, Verification
from portranges.rulesets.model import Format
from portranges.source import Confidence, cite

_READS = (
    "iptables-save, with and without counters, by iptables-nft and iptables-legacy",
    "'iptables -S' and 'iptables -L', each with and without -v; the chains show which table it is",
    "ports by --dport, --sport and multiport, negated or not",
    "user chains with -j, -g and RETURN, policies",
    "DNAT, REDIRECT and NETMAP, followed to the port that the local stack sees",
    "connection states, TCP flags, the loopback interface; every other match as a condition",
    "-m set with bitmap:port exactly, and the ports of hash types, by 'ipset save' as sets",
    "the address family, by the comment in the first line or by the addresses of the rules",
)
_LEAVES_OUT = (
    "-I, -D and other commands of files written by hand: a line with one is skipped",
    "interfaces in 'iptables -L' without -v, which hides them: no rule is certain to apply",
    "tables that 'iptables -S' or '-L' does not show: they are assumed to be empty",
    "options of extensions that iptables 1.8.9 does not have: the rule is skipped",
    "a quotation mark that is not closed, as in a comment with a line break: the line is skipped",
    "'! --dport 0:65535': iptables-legacy matches no packet with it, but saves no match at all",
    "contents of an ipset, unless parse() has the output of 'ipset save' as sets: a condition",
    "TTL and HL: 'reachable' assumes that a packet is forwarded whatever they set",
)
_EVIDENCE = Evidence(
    confidence=Confidence.MEASURED,
    verification=Verification.PACKETS,
    sources=(
        cite("iptables(8) and iptables-extensions(8), iptables 1.8.9"),
        cite("run on Debian 12, Linux 6.18, as iptables-nft and iptables-legacy"),
    ),
    version="iptables 1.8.9, nft and legacy",
)

# iptables-save and ip6tables-save write the same lines, apart from the first comment, which a file
# may lack: then the first address of a rule shows the family. At most five tables are searched, and
# each of the others stops the search, so that the time is linear.
_TABLE = r"\*(?:raw|mangle|nat|filter|security)[ \t]*\r?"
_LINES = r"(?:(?!\*)[^\n]*\n)*?"
_IPV6 = (
    r"(?:\[[0-9]+:[0-9]+\] )?-A (?:[^\n]* )?"
    r"(?:-[sd] [0-9A-Fa-f]*:|--to-destination \[|-p (?:ipv6-icmp|icmpv6) )"
)

_NFT = Format(
    name="nft",
    aliases=("nftables",),
    title="nft list ruleset, as text and as JSON",
    reads=(
        "'nft list ruleset' with any of -a, -n, -nn, -s, -y and -S, and 'nft -j list ruleset'",
        "files for 'nft -f', such as nftables.conf: variables and commands that add something",
        "tables of the families ip, ip6 and inet; base chains by hook and priority; dormant tables",
        "ports of tcp, udp, sctp, dccp and th: single, ranges, comparisons, sets, concatenations",
        "named sets and maps; maps of verdicts; jump, goto and return; chains without a name",
        "dnat and redirect, with maps too, followed to the port that the local stack sees",
        "connection states, TCP flags, protocols, the loopback interface; others as a condition",
    ),
    leaves_out=(
        "chains of the families arp, bridge and netdev, and of the hooks ingress and egress",
        "an empty set, or one that a rule updates: a match with it is a condition",
        "'meta nfproto' with 'reject with tcp reset': nft does not list it, so the rule is open",
        "rules that change a port or an address other than by NAT: everything is left open",
        "include, insert, replace and commands that remove what was added: skipped",
        "a file for 'nft -f' is read as if no other rules were loaded before",
        "'nft list chains', 'sets' and the like: nothing shows that rules are missing in them",
        "a variable that is not defined in the file: the rule is skipped",
        "synproxy and tproxy: the rule delegates the decision",
        "matches of iptables that have only a name: conditions; its translations: skipped",
    ),
    signs=(
        r"^[ \t]*(?:add |create )?table (?:(?:ip|ip6|inet|arp|bridge|netdev) )?[^\s{};]+[ \t]*\{",
        r"^[ \t]*add (?:table|chain|rule) (?:ip|ip6|inet|arp|bridge|netdev) ",
        r"^#!/.*\bnft -f",
    ),
    keys=("nftables",),
    reader="portranges.rulesets.nft",
    is_stateless=True,
    evidence=Evidence(
        confidence=Confidence.MEASURED,
        verification=Verification.PACKETS,
        sources=(
            cite("nft(8) and libnftables-json(5), nftables 1.0.6"),
            cite("run on Debian 12, Linux 6.18"),
        ),
        version="nftables 1.0.6",
    ),
)

FORMATS = (
    Format(
        name="iptables",
        aliases=("iptables-save",),
        title="iptables-save, iptables -S and -L",
        reads=_READS,
        leaves_out=_LEAVES_OUT,
        signs=(
            r"^# Generated by iptables(?:-nft|-legacy)?-save ",
            rf"^{_TABLE}$",
            r"^Chain (?:PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING) \(policy ",
            r"^-P (?:PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING) (?:ACCEPT|DROP)\b",
        ),
        reader="portranges.rulesets.iptables",
        is_stateless=True,
        has_sets=True,
        evidence=_EVIDENCE,
    ),
    Format(
        name="ip6tables",
        aliases=("ip6tables-save",),
        title="ip6tables-save, ip6tables -S and -L",
        reads=_READS,
        leaves_out=_LEAVES_OUT,
        signs=(
            r"^# Generated by ip6tables(?:-nft|-legacy)?-save ",
            rf"^{_TABLE}\n(?!:ufw){_LINES}(?:{_TABLE}\n{_LINES}){{0,4}}?{_IPV6}",
            rf"\A-P {_LINES}{_IPV6}",
            r"\AChain [^\n]* \(policy (?:[^\n]*\n)*?[^\n]* [0-9A-Fa-f]*:[0-9A-Fa-f:]*/[0-9]",
        ),
        reader="portranges.rulesets.iptables",
        is_stateless=True,
        has_sets=True,
        evidence=_EVIDENCE,
    ),
    _NFT,
)
