"""The configuration files with lists of ports that ``ports_by_name`` reads, with their sources."""

from __future__ import annotations

from portranges.dialects.model import Evidence, Verification
from portranges.rulesets.model import Format
from portranges.source import Confidence, Source, cite


def _row(
    name: str,
    title: str,
    evidence: Evidence,
    reads: tuple[str, ...],
    *leaves_out: str,
    alias: str = "",
) -> Format:
    return Format(
        name=name,
        aliases=(alias,) if alias else (),
        title=f"{title}, for ports_by_name()",
        reads=reads,
        leaves_out=leaves_out,
        signs=(),
        reader=f"portranges.rulesets.{_READERS[name]}",
        evidence=evidence,
    )


_READERS = {
    "squid": "squid_conf",
    "haproxy": "haproxy_cfg",
    "systemd-socket": "systemd_socket",
    "fail2ban": "fail2ban_jails",
    "csf": "csf_conf",
    "suricata": "suricata_yaml",
    "snort": "snort_conf",
    "opnsense": "opnsense_aliases",
    "openwrt": "openwrt_uci",
    "windows": "windows_rules",
}


def _run(version: str, verification: Verification, *sources: Source) -> Evidence:
    return Evidence(
        confidence=Confidence.MEASURED,
        verification=verification,
        sources=(*sources, cite("run on Debian 12")),
        version=version,
    )


def _read(version: str, *sources: Source) -> Evidence:
    return Evidence(confidence=Confidence.SOURCE, sources=sources, version=version)


CONFIGURATIONS = (
    _row(
        "squid",
        "acls of squid.conf",
        _run(
            "squid 5.7",
            Verification.ACCEPTANCE,
            cite("squid.conf.documented, squid 5.7", "acl aclname port"),
        ),
        ("each acl of type port, such as Safe_ports; lines with the same name are combined",),
        "files that an acl or an 'include' names: an acl with one is refused",
        alias="squid.conf",
    ),
    _row(
        "haproxy",
        "binds of haproxy.cfg",
        _run(
            "haproxy 2.6.12",
            Verification.READBACK,
            cite("HAProxy 2.6 configuration manual", "4.2, bind; 3.5, peers"),
        ),
        (
            "the ports of 'bind' and 'dgram-bind' by section, as in 'frontend web'",
            "UDP for the addresses udp@, quic4@ and quic6@",
        ),
        "sockets without a port, such as unix@, abns@ and fd@",
        "environment variables in an address: refused",
        alias="haproxy.cfg",
    ),
    _row(
        "systemd-socket",
        "socket units of systemd",
        _run(
            "systemd 252",
            Verification.ACCEPTANCE,
            cite("systemd.socket(5), systemd 252", "ListenStream=, SocketProtocol="),
        ),
        (
            "ListenStream and ListenDatagram, with or without an address",
            "an empty value, which cancels the values before it",
            "SocketProtocol: sctp, and udplite, which has no ports here",
        ),
        "paths, abstract sockets and vsock",
        "specifiers such as %i: refused",
    ),
    _row(
        "fail2ban",
        "jails of fail2ban",
        _run(
            "fail2ban 1.0.2",
            Verification.READBACK,
            cite("fail2ban 1.0.2", "client/configparserinc.py, client/jailreader.py"),
            cite("fail2ban/fail2ban@deffcbcd", "config/jail.conf", checked="2026-11-30"),
        ),
        (
            "the port of each jail, or of [DEFAULT], for its protocol",
            "references such as %(ssh_port)s to options in the same file",
        ),
        "other files: a reference to an option of one is refused",
        "a jail without a port in this file",
        "actions, which may have ports of their own or block every port",
        alias="jail.conf",
    ),
    _row(
        "csf",
        "csf.conf",
        _read(
            "csf 15.10",
            cite(
                "Aetherinox/csf-firewall@0b9509a8",
                "src/csf.pl, $config{TCP_IN}",
                checked="2026-11-30",
            ),
        ),
        ("TCP_IN, TCP_OUT, UDP_IN, UDP_OUT, and those for IPv6 such as TCP6_IN",),
        "other settings with ports, such as PORTFLOOD and CONNLIMIT",
        alias="csf.conf",
    ),
    _row(
        "suricata",
        "port variables of suricata.yaml",
        _read(
            "Suricata 9.0.0-dev",
            cite(
                "OISF/suricata@398687d5",
                "suricata.yaml.in, port-groups; src/detect-engine-port.c, DetectPortParseDo",
                checked="2026-11-30",
            ),
        ),
        ("vars: port-groups:, with variables in variables, for TCP, UDP and SCTP",),
        "files that 'include' names",
        alias="suricata.yaml",
    ),
    _row(
        "snort",
        "port variables of snort.conf and of the Lua files of Snort 3",
        _read(
            "Snort 2.9 and 3",
            cite("Snort 2.9 manual", "2.1.2, Port Variables and Port Lists"),
            cite("snort3/snort3@14aeb09f", "lua/snort_defaults.lua", checked="2026-11-30"),
        ),
        (
            "'portvar NAME PORTS', with variables in variables",
            "in Lua, 'NAME_PORTS = ' with texts and names joined by '..'",
        ),
        "files that are included; other code in Lua",
        alias="snort.conf",
    ),
    _row(
        "opnsense",
        "aliases of OPNsense, in config.xml",
        _read(
            "OPNsense of August 2026",
            cite(
                "opnsense/core@f95e8151",
                "OPNsense/Firewall/Alias.xml, FieldTypes/AliasContentField.php",
                checked="2026-11-30",
            ),
        ),
        ("aliases of type port, with the aliases in them, for TCP and UDP",),
        "which rules use them",
    ),
    _row(
        "openwrt",
        "rules and redirects in /etc/config/firewall of OpenWrt",
        _read(
            "firewall4 of March 2025",
            cite(
                "openwrt/firewall4@b6e51575",
                "root/usr/share/ucode/fw4.uc, parse_port, parse_protocol, ensure_tcpudp",
                checked="2026-11-30",
            ),
        ),
        (
            "dest_port of each rule, src_dport of each redirect, by its name",
            "rules with the same name are combined; one without a name is '@rule[0]' and so on",
        ),
        "rules without ports, which are for every port: left out",
        "negated ports and protocols: refused",
        "whether a rule is enabled, and what it does",
        alias="uci",
    ),
    _row(
        "windows",
        "rules of the Windows firewall",
        Evidence(
            confidence=Confidence.DOCUMENT,
            sources=(
                cite("Microsoft Learn", "netsh advfirewall firewall, show rule"),
                cite("Microsoft Learn", "Get-NetFirewallPortFilter"),
            ),
            version="Windows 10 and 11",
        ),
        (
            "'netsh advfirewall firewall show rule name=all' in English: LocalPort by rule name",
            "'Get-NetFirewallPortFilter | ConvertTo-Json': LocalPort by InstanceID",
            "rules with the same name are combined; 'Any' is every port",
        ),
        "rules with words for services, such as RPC and IPHTTPS: left out",
        "rules for protocols without ports: left out",
        "whether a rule is enabled, and what it does",
        alias="netsh",
    ),
)
