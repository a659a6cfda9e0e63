"""Lists of ports in configuration files: squid, haproxy, systemd, fail2ban and others."""

from __future__ import annotations

import json
from random import Random
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portranges import PortRange, PortSet, PortSyntaxError, TransportPorts, dialects, types
from portranges.registry import Registry
from portranges.rulesets import ports_by_name
from portranges.rulesets.rows_lists import CONFIGURATIONS

NAMES = [row.name for row in CONFIGURATIONS]
SERVICES = Registry.from_services("ssh 22/tcp\nhttp 80/tcp\nhttps 443/tcp\nsip 5060/udp")


def shown(text: str, name: str, services: Registry | None = None) -> dict[str, str]:
    found = ports_by_name(dedent(text), name, services=services)
    return {key: str(ports) for key, ports in found.items()}


# What each reader reads: the format, the text and the ports by name.
READ: list[tuple[str, str, dict[str, str]]] = [
    (
        "squid",
        """\
        # acl Old port 1
        acl localnet src 10.0.0.0/8
        acl SSL_ports port 443
        acl Safe_ports port 80		# http
        acl Safe_ports port 1025-65535 \\
            443
        http_access deny !Safe_ports
        """,
        {"SSL_ports": "443/tcp", "Safe_ports": "80/tcp,443/tcp,1025-65535/tcp"},
    ),
    (
        "haproxy",
        """\
        global
            stats socket /run/haproxy.sock
        frontend web
            bind *:80,[::]:8000-8005 # both
            bind quic4@:443 ssl crt "/etc/a b.pem"
            bind unix@/run/web.sock
            bind "ipv4@192.0.2.1:81"
        backend app
            server a 192.0.2.9:9000
        listen old :90
            bind /run/old.sock
        log-forward logs
            dgram-bind :514
            bind :514
        """,
        {
            "frontend web": "80-81/tcp,443/udp,8000-8005/tcp",
            "listen old": "90/tcp",
            "log-forward logs": "514/tcp,514/udp",
        },
    ),
    (
        "systemd-socket",
        """\
        [Unit]
        Description=ListenStream=1
        [Socket]
        ListenStream=9
        ListenStream=
        ListenStream=22
          ListenStream = 127.0.0.1:80
        ListenStream=[::1]:81
        ListenDatagram=[fe80::1]:53%eth0
        ListenStream=/run/a.sock
        ListenStream=@abstract
        ListenStream=%t/c.sock
        ListenStream=vsock::82
        ListenSequentialPacket=/run/b.sock
        ListenFIFO=/run/fifo
        [Install]
        ListenStream=2
        """,
        {"ListenStream": "22/tcp,80-81/tcp", "ListenDatagram": "53/udp"},
    ),
    (
        "systemd-socket",
        "[Socket]\nSocketProtocol=sctp\nListenStream=36412",
        {"ListenStream": "36412/sctp"},
    ),
    (
        "systemd-socket",
        "[Socket]\nSocketProtocol=udplite\nListenDatagram=7",
        {"ListenDatagram": ""},
    ),
    (
        "csf",
        """\
        TESTING = "1"
        # TCP_IN = "1"
        TCP_IN = "20,21, 30000:35000,"
        UDP6_OUT = ""
        TCP_OUT = '80'
        """,
        {"TCP_IN": "20-21/tcp,30000-35000/tcp", "UDP6_OUT": "", "TCP_OUT": "80/tcp"},
    ),
    (
        "snort",
        """\
        portvar HTTP_PORTS [80,8000:8001] # web
        portvar SHELLCODE_PORTS !80
        portvar FILE_DATA_PORTS [$HTTP_PORTS,\\
        110]
        ipvar HOME_NET any
        """,
        {
            "HTTP_PORTS": "80,8000-8001",
            "SHELLCODE_PORTS": "0-79,81-65535",
            "FILE_DATA_PORTS": "80,110,8000-8001",
        },
    ),
    (
        "snort",
        """\
        -- HOME_NET = 'any'
        --[[ OLD_PORTS = ' 1'
        ]]
        HTTP_PORTS =
        [[
            80 8000:8001
        ]]
        MAIL_PORTS = ' 110 143'
        FILE_DATA_PORTS = HTTP_PORTS .. MAIL_PORTS
        """,
        {
            "HTTP_PORTS": "80,8000-8001",
            "MAIL_PORTS": "110,143",
            "FILE_DATA_PORTS": "80,110,143,8000-8001",
        },
    ),
    (
        "opnsense",
        """\
        <?xml version="1.0"?>
        <opnsense><OPNsense><Firewall><Alias><aliases>
        <alias uuid="1"><name>web</name><type>port</type><content>80
        8000:8010</content></alias>
        <alias uuid="2"><name>all</name><type>port</type><content>web
        443</content></alias>
        <alias uuid="3"><name>copy</name><type>port</type><content>web</content></alias>
        <alias uuid="4"><name>hosts</name><type>host</type><content>192.0.2.1</content></alias>
        </aliases></Alias></Firewall></OPNsense></opnsense>
        """,
        {"web": "80,8000-8010", "all": "80,443,8000-8010", "copy": "80,8000-8010"},
    ),
    (
        "openwrt",
        """\
        package firewall
        config defaults
        \toption syn_flood\t1
        config rule
        \toption name\t\t'Allow DHCP'
        \toption proto\t\tudp
        \toption dest_port\t68
        \toption target\t\tACCEPT
        config rule
        \toption src wan
        \tlist proto 'tcp'
        \tlist proto 'sctp'
        \tlist dest_port '80-90'
        \tlist dest_port '443'   # web
        config rule ping
        \toption proto icmp
        config redirect web
        \toption src_dport 8080
        \toption dest_port 80
        """,
        {
            "Allow DHCP": "68/udp",
            "@rule[1]": "80-90/tcp,80-90/sctp,443/tcp,443/sctp",
            "web": "8080/tcp,8080/udp",
        },
    ),
    (
        "windows",
        """\

        Rule Name:                            Web
        ----------------------------------------------------------------------
        Enabled:                              Yes
        Protocol:                             TCP
        LocalPort:                            80,443,8000-8010
        RemotePort:                           Any
        Action:                               Allow

        Rule Name:                            RPC
        Protocol:                             TCP
        LocalPort:                            RPC

        Rule Name:                            Web
        Protocol:                             UDP
        LocalPort:                            443

        Rule Name:                            Ping
        Protocol:                             ICMPv4

        Rule Name:                            All
        Protocol:                             TCP
        LocalPort:                            Any
        Ok.
        """,
        {"Web": "80/tcp,443/tcp,443/udp,8000-8010/tcp", "All": "0-65535/tcp"},
    ),
    (
        "windows",
        """\
        [{"InstanceID": "a", "Protocol": "TCP", "LocalPort": ["80", "443"], "RemotePort": "Any"},
         {"InstanceID": "b", "Protocol": "UDP", "LocalPort": "5353", "IcmpType": "Any"},
         {"InstanceID": "c", "Protocol": "TCP", "LocalPort": "RPCEPMap"},
         {"InstanceID": "d", "Protocol": "ICMPv6", "LocalPort": "RPC"}]
        """,
        {"a": "80/tcp,443/tcp", "b": "5353/udp"},
    ),
]  # fmt: skip


def in_three(ports: str) -> str:
    """Return the ports of an inspection rule, which is for TCP, UDP and SCTP."""
    found = {transport: PortSet.parse(ports) for transport in ("tcp", "udp", "sctp")}
    return str(types_of(found))


def types_of(found: dict[str, PortSet]) -> TransportPorts:
    return TransportPorts(found)  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "text", "expected"), READ)
def test_the_ports_of_each_name(name: str, text: str, expected: dict[str, str]) -> None:
    found = shown(text, name)
    assert list(found) == list(expected)
    if name == "snort":
        expected = {key: in_three(ports) for key, ports in expected.items()}
    if name == "opnsense":
        both = {key: PortSet.parse(ports) for key, ports in expected.items()}
        expected = {key: str(types_of({"tcp": each, "udp": each})) for key, each in both.items()}
    assert found == expected
    assert shown(dedent(text).replace("\n", "\r\n"), name) == expected


JAILS = """\
[INCLUDES]
before = paths-debian.conf
[DEFAULT]
protocol = tcp
port = 0:65535
ssh_port = ssh
[sshd]
port = %(ssh_port)s,2222
[web]
port: http,https
# a comment
logpath = /var/log/a
          /var/log/b
[sip]
protocol = tcp,udp
port = 5060:5061
[other]
enabled = true
"""


def test_the_jails_of_fail2ban() -> None:
    assert shown(JAILS, "fail2ban", SERVICES) == {
        "sshd": "22/tcp,2222/tcp",
        "web": "80/tcp,443/tcp",
        "sip": "5060-5061/tcp,5060-5061/udp",
        "other": "0-65535/tcp",
    }
    with pytest.raises(PortSyntaxError, match="names require services=registry.SHIPPED"):
        ports_by_name(JAILS, "fail2ban")
    # Without [DEFAULT], the port is in another file.
    assert shown("[sshd]\nenabled = true", "jail.conf") == {}


SURICATA = """\
%YAML 1.1
---
vars:
  address-groups:
    HOME_NET: "any"
  port-groups:
    HTTP_PORTS: "80"
    SHELLCODE_PORTS: "!80"
    ORACLE_PORTS: 1521
    FILE_DATA_PORTS: "[$HTTP_PORTS,110,143]"
    SIP_PORTS: "[5060, 5061]"
"""


def test_the_variables_of_suricata() -> None:
    pytest.importorskip("yaml")
    assert shown(SURICATA, "suricata") == {
        "HTTP_PORTS": in_three("80"),
        "SHELLCODE_PORTS": in_three("0-79,81-65535"),
        "ORACLE_PORTS": in_three("1521"),
        "FILE_DATA_PORTS": in_three("80,110,143"),
        "SIP_PORTS": in_three("5060-5061"),
    }
    assert shown("vars: {}", "suricata") == shown("a: 1", "suricata") == {}
    for text, reason in [
        ("vars: 1", "vars must be a mapping, got int 1"),
        ("vars: {port-groups: [80]}", "port-groups must be a mapping, got list [80]"),
        ("vars: {port-groups: {A: [80]}}", "a variable must be a text or a number, got 'A': [80]"),
        ("vars: {port-groups: {A: true}}", "a variable must be a text or a number, got 'A': True"),
        ("vars:\n  port-groups:\n    A: !80 x", "a variable must be a text or a number, got 'A': "),
        ("vars: {port-groups: {A: ''}}", "expected a port, got the end, for 'A'"),
        ("vars: {port-groups: {A: $A}}", "a variable must not lead back to itself, got 'A'"),
    ]:
        with pytest.raises(PortSyntaxError) as caught:
            ports_by_name(text, "suricata")
        assert caught.value.reason.startswith(reason)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("squid", "acl a port", "expected a port or 'first-last', got nothing, for 'a'"),
        ("squid", 'acl a port "/etc/squid/ports"', "expected a port or 'first-last', got"),
        ("squid", "acl a port 0-65536", "port must be in 0..65535, got '65536', for 'a'"),
        ("haproxy", "listen a\nbind :0", "port must be in 1..65535, got '0'"),
        ("haproxy", "listen a\nbind *", "an address must end with ':port' or ':first-last', got"),
        ("haproxy", "listen a\nbind :80-", "an address must end with ':port' or ':first-last'"),
        ("haproxy", 'listen a\nbind ":$PORT"', "an address must not contain a variable or a"),
        ("haproxy", 'listen a\nbind ":80', "an address must not contain a variable or a"),
        ("haproxy", "listen a\nbind mars@:80", "expected an address after bind, got 'mars@:80'"),
        ("systemd-socket", "[Socket]\nListenStream=%i", "expected a port, 'address:port' or a"),
        ("systemd-socket", "[Socket]\nListenStream=0", "port must be in 1..65535, got '0'"),
        ("systemd-socket", "[Socket]\nListenStream=080", "port must have no leading zero, got"),
        ("systemd-socket", "[Socket]\nListenStream=80-90", "expected a port, 'address:port' or"),
        ("systemd-socket", "[Socket]\nSocketProtocol=tcp", "SocketProtocol must be sctp, udplite"),
        ("fail2ban", "port = 22", "expected 'option = value' of a section, got 'port = 22'"),
        ("fail2ban", "[a]\nport", "expected 'option = value' of a section, got 'port'"),
        ("fail2ban", "[a]\nport = any", "expected a port or 'first:last', got 'any'"),
        ("fail2ban", "[a]\nport =", "expected a port or 'first:last', got nothing, for 'a'"),
        ("fail2ban", "[a]\nport = 80\n 443", "expected a port or 'first:last', got '80 443'"),
        ("fail2ban", "[a]\nport = %(b)s", "expected an option of this file, got '%(b)s'"),
        ("fail2ban", "[a]\nport = %(port)s", "an option must not refer to itself, got"),
        ("fail2ban", "[a]\nport = 22\nprotocol = icmp", "expected a protocol with ports, got"),
        ("csf", 'TCP_IN = "80,http"', "expected a port or 'first:last', got 'http'"),
        ("csf", 'TCP_IN = "80', "expected a port or 'first:last', got '\"80'"),
        ("csf", 'TCP_IN = "80"\nTCP_IN = "81"', "each setting must appear once, got TCP_IN twice"),
        ("csf", 'TCP_IN = ":"', "a range must have both ends, got ':'; csf reads ':' as every"),
        ("snort", "ipvar HOME_NET any", "expected 'portvar NAME PORTS' or 'NAME_PORTS = ...'"),
        ("snort", "portvar A [80,$B]", "a variable must be defined, got 'B', for 'A'"),
        ("snort", "A_PORTS = [[ ]]", "expected a port or 'first:last', got nothing"),
        ("opnsense", "<a><alias><name>b</name><type>port</type></alias></a>", "expected a port"),
        ("opnsense", "not XML", "expected XML, got syntax error"),
        ("openwrt", "config rule\noption dest_port 80 90", "expected 'config', 'option' or"),
        ("openwrt", "config rule\noption dest_port '!80'", "expected a port or 'first-last', got"),
        ("openwrt", "config rule\noption dest_port 80\noption proto icmp", "expected a protocol"),
        ("windows", "Regelname: Web", "expected the output of 'netsh advfirewall firewall show"),
        ("windows", "Rule Name: a\nProtocol: TCP\nLocalPort: 80,x", "expected a port or"),
        ("windows", "Rule Name: a\nProtocol: TCP\nLocalPort: Any,80", "'Any' must be alone, got"),
        ("windows", '[{"InstanceID": "a"}]', "a filter must have the texts InstanceID and"),
        ("windows", "{}", "a filter must have the texts InstanceID and Protocol, got {}"),
        (
            "windows",
            '{"InstanceID": "a", "Protocol": "TCP", "LocalPort": null}',
            "LocalPort must be a text or a list of texts, got [None]",
        ),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused(name: str, text: str, reason: str) -> None:
    with pytest.raises(PortSyntaxError) as caught:
        ports_by_name(text, name)
    assert caught.value.reason.startswith(reason)


def test_aliases_of_opnsense_that_contain_themselves_or_are_too_deep() -> None:
    def config(*aliases: tuple[str, str]) -> str:
        inner = "".join(
            f"<alias><name>{name}</name><type>port</type><content>{content}</content></alias>"
            for name, content in aliases
        )
        return f"<aliases>{inner}</aliases>"

    for text, reason in [
        (config(("a", "b"), ("b", "a\n80")), "an alias must not contain itself, got 'a'"),
        (config(("a", "80"), ("a", "81")), "each alias must appear once, got 'a' twice"),
        (
            config(*((f"a{number}", f"a{number + 1}") for number in range(70)), ("a70", "80")),
            "aliases must be nested at most 64 deep, got more",
        ),
    ]:
        with pytest.raises(PortSyntaxError) as caught:
            ports_by_name(text, "opnsense")
        assert caught.value.reason == reason


# A configuration with one list, whose text is written by a dialect.
WRITTEN: dict[str, tuple[types.DialectName, str]] = {
    "squid": ("squid", "acl a port {}"),
    "fail2ban": ("fail2ban", "[a]\nport = {}"),
    "csf": ("csf", 'TCP_IN = "{}"'),
    "snort": ("suricata", "portvar A {}"),
    "opnsense": ("opnsense", "<alias><name>a</name><type>port</type><content>{}</content></alias>"),
    "openwrt": ("openwrt", "config rule a\noption proto tcp\noption dest_port '{}'"),
    "windows": ("netsh", "Rule Name: a\nProtocol: TCP\nLocalPort: {}"),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_written_is_read(name: str) -> None:
    random = Random(name)
    dialect, form = WRITTEN[name]
    for _ in range(50):
        ports = PortSet(
            PortRange(first, min(65535, first + random.choice((0, 0, 1, 500))))
            for first in random.sample(range(1, 65536), random.randint(1, 7))
        )
        text = "\n".join(dialects.render_rules(ports, dialect))
        (found,) = ports_by_name(form.format(text), name).values()
        assert found.tcp == ports


PIECES = st.sampled_from(
    [
        *(word for name, text, _ in READ for word in text.split(" ")),
        *(
            "\n",
            " ",
            "\n[Socket]\n",
            "80",
            "65536",
            "80-90",
            ":",
            "[",
            "]",
            "'",
            '"',
            "\\",
            "#",
            "%",
        ),
        *(
            "bind ",
            "acl a port ",
            "\nport = ",
            "\nconfig rule\n",
            "LocalPort: ",
            "$A",
            "{",
            "<",
            "]]",
        ),
    ]
)


@pytest.mark.parametrize("name", NAMES)
@given(pieces=st.lists(PIECES, max_size=12))
def test_any_text_is_read_or_refused(name: str, pieces: list[str]) -> None:
    if name == "suricata":
        pytest.importorskip("yaml")
    text = "".join(pieces)
    try:
        found = ports_by_name(text, name)
    except PortSyntaxError as error:
        start, stop = error.span
        # The end of the text counts as one more character.
        assert 0 <= start <= stop <= len(text) + 1
    else:
        assert all(isinstance(each, TransportPorts) for each in found.values())


def test_a_json_of_one_filter() -> None:
    entry = {"InstanceID": "a", "Protocol": "17", "LocalPort": "53"}
    assert shown(json.dumps(entry), "windows") == {"a": "53/udp"}
