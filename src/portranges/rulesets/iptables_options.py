"""The options of iptables and its extensions: how many values each has.

The reader needs them because a value may start with a dash: ``--log-prefix -j`` is what
iptables-save writes for the prefix ``-j``.
"""

from __future__ import annotations

from portranges.rulesets.model import Action
from portranges.source import cite

SOURCE = cite("run on Debian 12, iptables 1.8.9", "'iptables -m NAME -h' and 'iptables -j NAME -h'")

# What every rule may have, by each spelling. The spelling in the table is the one of iptables-save.
COMMON = {
    word: name
    for name, words in {
        "-p": "-p --protocol --proto",
        "-s": "-s --source --src",
        "-d": "-d --destination --dst",
        "-i": "-i --in-interface",
        "-o": "-o --out-interface",
        "-m": "-m --match",
        "-j": "-j --jump",
        "-g": "-g --goto",
        "-f": "-f --fragment",
        "-c": "-c --set-counters",
    }.items()
    for word in words.split()
}
COMMON_VALUES = {"-f": 0, "-c": 2}

DESTINATION_PORTS = frozenset({"--dport", "--destination-port", "--dports", "--destination-ports"})
SOURCE_PORTS = frozenset({"--sport", "--source-port", "--sports", "--source-ports"})

# Modules that only match ports, or whose options the reader evaluates. Any other matches some
# packets, even without an option.
NEUTRAL = frozenset(
    {
        *("tcp", "udp", "sctp", "dccp", "udplite", "icmp", "icmp6", "icmpv6", "multiport"),
        *("comment", "state", "conntrack", "set"),
    }
)

_PORTS = "dport destination-port sport source-port"

# An option without a number has one value.
_ROWS: dict[str, str] = {
    "tcp": f"{_PORTS} tcp-flags/2 syn/0 tcp-option",
    "udp": _PORTS,
    "sctp": f"{_PORTS} chunk-types/2",
    "dccp": f"{_PORTS} dccp-types dccp-option",
    "multiport": "dports destination-ports sports source-ports ports",
    "icmp": "icmp-type",
    "icmp6": "icmpv6-type",
    "state": "state",
    "conntrack": (
        "ctstate ctproto ctorigsrc ctorigdst ctreplsrc ctrepldst ctorigsrcport ctorigdstport "
        "ctreplsrcport ctrepldstport ctstatus ctexpire ctdir"
    ),
    "comment": "comment",
    # The matches.
    "addrtype": "src-type dst-type limit-iface-in/0 limit-iface-out/0",
    "ah": "ahspi ahlen ahres/0",
    "bpf": "bytecode object-pinned",
    "cgroup": "cgroup path",
    "cluster": ("cluster-total-nodes cluster-local-node cluster-local-nodemask cluster-hash-seed"),
    "connbytes": "connbytes connbytes-dir connbytes-mode",
    "connlabel": "label set/0",
    "connlimit": (
        "connlimit-above connlimit-upto connlimit-mask connlimit-saddr/0 connlimit-daddr/0"
    ),
    "connmark": "mark",
    "cpu": "cpu",
    "devgroup": "src-group dst-group",
    "dscp": "dscp dscp-class",
    "dst": "dst-len dst-opts",
    "ecn": "ecn-tcp-cwr/0 ecn-tcp-ece/0 ecn-ip-ect",
    "esp": "espspi",
    "eui64": "",
    "frag": "fragid fraglen fragres/0 fragfirst/0 fragmore/0 fraglast/0",
    "hashlimit": (
        "hashlimit-upto hashlimit-above hashlimit hashlimit-mode hashlimit-srcmask "
        "hashlimit-dstmask hashlimit-name hashlimit-burst hashlimit-htable-size "
        "hashlimit-htable-max hashlimit-htable-gcinterval hashlimit-htable-expire "
        "hashlimit-rate-match/0 hashlimit-rate-interval"
    ),
    "hbh": "hbh-len hbh-opts",
    "helper": "helper",
    "hl": "hl-eq hl-lt hl-gt",
    "ipcomp": "ipcompspi compres/0",
    "iprange": "src-range dst-range",
    "ipv6header": "header soft/0",
    "ipvs": "ipvs/0 vproto vaddr vport vdir vmethod vportctl",
    "length": "length",
    "limit": "limit limit-burst",
    "mac": "mac-source",
    "mark": "mark",
    "mh": "mh-type",
    "nfacct": "nfacct-name",
    "osf": "genre ttl log",
    "owner": "uid-owner gid-owner socket-exists/0 suppl-groups/0",
    "physdev": ("physdev-in physdev-out physdev-is-in/0 physdev-is-out/0 physdev-is-bridged/0"),
    "pkttype": "pkt-type",
    "policy": ("dir pol strict/0 reqid spi proto mode tunnel-src tunnel-dst next/0"),
    "quota": "quota",
    "realm": "realm",
    "recent": (
        "set/0 rcheck/0 update/0 remove/0 seconds reap/0 hitcount rttl/0 name rsource/0 rdest/0 "
        "mask"
    ),
    "rpfilter": "loose/0 validmark/0 accept-local/0 invert/0",
    "rt": "rt-type rt-segsleft rt-len rt-0-res/0 rt-0-addrs rt-0-not-strict/0",
    "set": (
        "match-set/2 set/2 return-nomatch/0 update-counters/0 update-subcounters/0 packets-eq "
        "packets-lt packets-gt bytes-eq bytes-lt bytes-gt"
    ),
    "socket": "transparent/0 nowildcard/0 restore-skmark/0",
    "statistic": "mode probability every packet",
    "string": "algo from to icase/0 string hex-string",
    "tcpmss": "mss",
    "time": (
        "datestart datestop timestart timestop monthdays weekdays kerneltz/0 contiguous/0 utc/0 "
        "localtz/0"
    ),
    "tos": "tos",
    "ttl": "ttl-eq ttl-lt ttl-gt",
    "u32": "u32",
    # The targets.
    "AUDIT": "type",
    "CHECKSUM": "checksum-fill/0",
    "CLASSIFY": "set-class",
    "CONNMARK": (
        "set-xmark set-mark and-mark or-mark xor-mark left-shift-mark right-shift-mark nfmask "
        "ctmask mask save-mark/0 restore-mark/0"
    ),
    "CONNSECMARK": "save/0 restore/0",
    "CT": "notrack/0 helper timeout ctevents expevents zone zone-orig zone-reply",
    "DNAT": "to-destination random/0 persistent/0",
    "DNPT": "src-pfx dst-pfx",
    "DSCP": "set-dscp set-dscp-class",
    "ECN": "ecn-tcp-remove/0",
    "HL": "hl-set hl-dec hl-inc",
    "IDLETIMER": "timeout label alarm/0",
    "LED": "led-trigger-id led-delay led-always-blink/0",
    "LOG": (
        "log-level log-prefix log-tcp-sequence/0 log-tcp-options/0 log-ip-options/0 log-uid/0 "
        "log-macdecode/0"
    ),
    "MARK": "set-xmark set-mark and-mark or-mark xor-mark",
    "MASQUERADE": "to-ports random/0 random-fully/0",
    "NETMAP": "to",
    "NFLOG": "nflog-group nflog-prefix nflog-range nflog-size nflog-threshold",
    "NFQUEUE": "queue-num queue-balance queue-bypass/0 queue-cpu-fanout/0",
    "NOTRACK": "",
    "QUEUE": "",
    "RATEEST": "rateest-name rateest-interval rateest-ewmalog",
    "REDIRECT": "to-ports random/0",
    "REJECT": "reject-with",
    "SECMARK": "selctx",
    "SET": ("add-set/2 del-set/2 map-set/2 exist/0 timeout map-mark/0 map-prio/0 map-queue/0"),
    "SNAT": "to-source random/0 random-fully/0 persistent/0",
    "SNPT": "src-pfx dst-pfx",
    "SYNPROXY": "mss wscale sack-perm/0 timestamp/0 ecn/0",
    "TCPMSS": "set-mss clamp-mss-to-pmtu/0",
    "TCPOPTSTRIP": "strip-options",
    "TEE": "gateway oif",
    "TOS": "set-tos and-tos or-tos xor-tos",
    "TPROXY": "on-ip on-port tproxy-mark",
    "TRACE": "",
    "TTL": "ttl-set ttl-dec ttl-inc",
    "ULOG": "ulog-nlgroup ulog-prefix ulog-cprange ulog-qthreshold",
}

# Names of a module that has another name in the table.
_ALIASES = {"icmpv6": "icmp6", "ipv6-icmp": "icmp6", "udplite": "udp"}

# The options of each module: the module, and the number of values.
VALUES: dict[str, dict[str, tuple[str, int]]] = {
    module: {
        f"--{name}": (module, int(number or 1))
        for option in _ROWS[row].split()
        for name, _, number in [option.partition("/")]
    }
    for module, row in {**dict(zip(_ROWS, _ROWS, strict=True)), **_ALIASES}.items()
}

ACTIONS = {
    "ACCEPT": Action.ACCEPT,
    "DROP": Action.DROP,
    "REJECT": Action.REJECT,
    "RETURN": Action.RETURN,
    "DNAT": Action.TRANSLATE,
    "NETMAP": Action.TRANSLATE,
    "REDIRECT": Action.REDIRECT,
    # The source is changed.
    "MASQUERADE": Action.ACCEPT,
    "SNAT": Action.ACCEPT,
    # Another program decides, or a socket that may exist.
    "NFQUEUE": Action.DELEGATE,
    "QUEUE": Action.DELEGATE,
    "SYNPROXY": Action.DELEGATE,
    "TPROXY": Action.DELEGATE,
}


# Those that are not in ACTIONS do not decide.
TARGETS = frozenset({*ACTIONS, *(name for name in VALUES if name.isupper())})


def action_of(target: str) -> Action | None:
    """Return what a target does; ``None`` if it is unknown.

    Example:
        >>> action_of("LOG"), action_of("HOMEMADE")
        (<Action.CONTINUE: 'continue'>, None)
    """
    return ACTIONS.get(target, Action.CONTINUE) if target in TARGETS else None
