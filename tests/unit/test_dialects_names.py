"""Service names in other programs' texts: where each program looks for their ports."""

from __future__ import annotations

import pytest

from portranges import (
    PortSet,
    PortSyntaxError,
    Transport,
    UnknownNameError,
    dialects,
    registry,
    types,
)
from portranges.registry import Registry


class Table:
    """A table of services as /etc/services has it, by name and transport."""

    def __init__(self, text: str) -> None:
        self.rows: dict[str, dict[str, set[int]]] = {}
        for line in text.splitlines():
            fields = line.partition("#")[0].split()
            if fields:
                port, transport = fields[1].split("/")
                for name in (fields[0], *fields[2:]):
                    self.rows.setdefault(name, {}).setdefault(transport, set()).add(int(port))

    def ports(self, service: str, transport: types.TransportLike | None = None) -> PortSet:
        if service not in self.rows:
            raise UnknownNameError("service", service)
        found = self.rows[service]
        return PortSet(
            port for each, ports in found.items() for port in ports if transport in (None, each)
        )


# Lines of Debian's /etc/services, but for the last two, which no such file has.
SERVICES = Table(
    """
    smtp     25/tcp   mail
    tftp     69/udp
    domain   53/tcp
    domain   53/udp
    shell    514/tcp  cmd syslog
    syslog   514/udp
    amqp     5672/tcp
    amqp     5672/sctp
    stream   9000/sctp
    two      1001/tcp
    two      1002/udp
    """
)

# The texts of a name in each dialect, with the transports that they may name.
FORMS = {
    "nft": ("{} dport NAME", "tcp udp sctp dccp"),
    "iptables": ("-p {} --dport NAME", "tcp udp sctp dccp"),
    "iptables-multiport": ("-p {} -m multiport --dports NAME", "tcp udp sctp dccp"),
    "bpf": ("{} dst port NAME", "tcp udp sctp"),
    "ufw": ("NAME/{}", "tcp udp"),
    "firewalld": ("NAME/{}", "tcp udp sctp dccp"),
}

# What the tools accept, as measured by tests/live/test_dialects_names.py; for pf, its source
# (sbin/pfctl/parse.y, getservice: TCP, then UDP), and likewise for OPNsense (Util.php,
# getservbyname) and fail2ban, whose action has the jail's transport. A name with two ports is
# ambiguous, so it is refused even where the tool takes the first.
ANSWERS = [
    ("nft", "tcp", "smtp tftp domain syslog amqp stream"),
    ("nft", "udp", "smtp tftp domain syslog amqp stream"),
    ("nft", "sctp", "smtp tftp domain syslog amqp stream"),
    ("nft", "dccp", "smtp tftp domain syslog amqp stream"),
    ("iptables", "tcp", "smtp domain syslog amqp two"),
    ("iptables", "udp", "tftp domain syslog two"),
    ("iptables", "sctp", "amqp stream"),
    ("iptables", "dccp", ""),
    ("iptables-multiport", "tcp", "smtp domain syslog amqp two"),
    ("iptables-multiport", "udp", "tftp domain syslog two"),
    ("iptables-multiport", "sctp", "amqp stream"),
    ("iptables-multiport", "dccp", ""),
    ("bpf", "tcp", "smtp domain syslog amqp"),
    ("bpf", "udp", "tftp domain syslog"),
    ("bpf", "sctp", "domain syslog"),
    ("ufw", "tcp", "smtp domain syslog amqp"),
    ("ufw", "udp", "tftp domain syslog"),
    ("firewalld", "tcp", "smtp tftp domain syslog amqp stream"),
    ("firewalld", "udp", "smtp tftp domain syslog amqp stream"),
    ("ipset", None, "smtp domain syslog amqp two"),
    ("pf", None, "smtp tftp domain syslog amqp"),
    ("nft-set", None, "smtp tftp domain syslog amqp stream"),
    ("fail2ban", None, "smtp tftp domain syslog amqp stream"),
    ("opnsense", None, "smtp tftp domain syslog amqp"),
]
PORTS = {"smtp": 25, "tftp": 69, "domain": 53, "syslog": 514, "amqp": 5672, "stream": 9000}


@pytest.mark.parametrize(("dialect", "transport", "accepted"), ANSWERS)
@pytest.mark.parametrize("name", [*PORTS, "two"])
def test_a_name_is_accepted_where_the_tool_accepts_it(dialect, transport, accepted, name):
    form, _ = FORMS.get(dialect, ("NAME", ""))
    text = form.format(transport).replace("NAME", name)
    if name not in accepted.split():
        with pytest.raises(PortSyntaxError, match="name must"):
            dialects.parse(text, dialect, services=SERVICES)
        return
    port = PORTS.get(name, 1002 if transport == "udp" else 1001)
    assert dialects.parse(text, dialect, services=SERVICES) == PortSet([port])


@pytest.mark.parametrize(
    ("name", "transports"),
    [("smtp", "tcp"), ("tftp", "udp"), ("domain", "tcp udp sctp"), ("amqp", "tcp")],
)
@pytest.mark.parametrize("transport", ["tcp", "udp", "sctp"])
@pytest.mark.parametrize(("dialect", "form"), [("bpf", "dst port {}"), ("ufw", "{}")])
def test_a_name_of_one_transport_limits_a_text_to_it(dialect, form, name, transports, transport):
    """Measured: ``tcpdump -d 'dst port smtp'`` and ``ufw allow smtp`` are for TCP only."""
    if dialect == "ufw" and transport == "sctp":
        return
    text = form.format(name)
    if transport in transports.split():
        found = dialects.parse(text, dialect, services=SERVICES, transport=transport)
        assert found == PortSet([PORTS[name]])
    else:
        with pytest.raises(PortSyntaxError, match=f"expected ports for {transport}"):
            dialects.parse(text, dialect, services=SERVICES, transport=transport)


def test_the_error_names_the_transport_that_has_the_name():
    with pytest.raises(PortSyntaxError) as caught:
        dialects.parse("udp dst port smtp", "bpf", services=SERVICES)
    assert caught.value.reason == (
        "a name must be one of udp, got 'smtp', which only tcp has; tcpdump rejects it"
    )
    assert caught.value.span == (13, 17)


def test_every_dialect_with_names_is_in_the_matrix():
    named = {
        row.name for row in dialects.rows() if row.names.lookup is not dialects.NameLookup.NONE
    }
    # The library's own notation does not belong to a tool; test_notation covers it.
    assert named - {"nmap", "cisco", "junos", "portranges"} == {
        dialect for dialect, _, _ in ANSWERS
    }
    for dialect, (_, transports) in FORMS.items():
        assert dialects.lookup(dialect).frame.transports == tuple(
            map(Transport, transports.split())
        )


# Tables of the tools' own. Sources: nmap-services of nmap 7.93; the context help of Cisco IOS;
# JUNOS 9.3 CLI reference, Port Names Supported by Services Interfaces.
NMAP = Registry.from_services("kerberos 750/tcp\nkerberos 750/udp\nms-sql-s 1433/tcp\nhttp 80/tcp")


def test_nmap_reads_a_name_of_its_own_table_only():
    for services in (registry.SHIPPED, registry.SHIPPED.with_services({"x": [(1, "tcp")]})):
        with pytest.raises(PortSyntaxError) as caught:
            dialects.parse("22,kerberos", "nmap", services=services)
        assert caught.value.reason.startswith(
            "a name must be one of nmap's own table, got 'kerberos'; write the number, or pass "
            "that table as services="
        )
        assert caught.value.span == (3, 11)
    assert dialects.parse("22,kerberos", "nmap", services=NMAP) == PortSet([22, 750])
    assert dialects.parse("T:ms-sql-s", "nmap", services=NMAP) == PortSet([1433])
    with pytest.raises(PortSyntaxError, match="names require services= with nmap's own table"):
        dialects.parse("kerberos", "nmap")


# Lines of nmap-services of nmap 7.93, and what ``nmap -sS -sU -sY -p`` scans: tcp, udp, sctp.
NMAP_LINES = Registry.from_services(
    """
    ssh          22/tcp    0.182286
    ssh          22/udp    0.003905
    ssh          22/sctp   0.000000
    domain       53/tcp    0.048463
    domain       53/udp    0.213496
    http         80/sctp   0.000000
    http         80/tcp    0.484143
    http         80/udp    0.035767
    http         8008/tcp  0.006843
    http-alt     591/tcp   0.000088
    http-alt     591/udp   0.000478
    http-alt     8000/tcp  0.013654
    http-alt     8000/udp  0.000330
    http-alt     8008/udp  0.000330
    http-alt     8080/udp  0.000991
    mit-ml-dev   83/tcp    0.001001
    mit-ml-dev   83/udp    0.000956
    mit-ml-dev   85/tcp    0.000678
    mit-ml-dev   85/udp    0.000725
    ajp13        8009/tcp  0.010642
    9pfs         564/tcp   0.000063
    X11          6000/tcp  0.005683
    """
)
SCANNED = [
    ("ssh", "22", "22", "22"),
    ("domain", "53", "53", None),
    ("http", "80,8008", "80", "80"),
    ("http-alt", "591,8000", "591,8000,8008,8080", None),
    ("mit-ml-dev", "83,85", "83,85", None),
    ("x11", "6000", None, None),
    ("ssh,http", "22,80,8008", "22,80", "22,80"),
    ("http,443", "80,443,8008", "80,443", "80,443"),
    ("443,mit-ml-dev", "83,85,443", "83,85,443", None),
    ("http,http", "80,8008", "80", "80"),
    ("U:domain,T:http", "80,8008", "53", None),
    ("T:http,53", "53,80,8008", None, None),
    ("U:http", None, "80", None),
    ("S:http", None, None, "80"),
    ("ajp13", "8009", None, None),
    ("U:ssh,T:22,ajp13", "22,8009", "22", None),
]


@pytest.mark.parametrize(("text", "tcp", "udp", "sctp"), SCANNED)
def test_a_name_of_nmap_means_all_its_ports(text, tcp, udp, sctp):
    for transport, ports in (("tcp", tcp), ("udp", udp), ("sctp", sctp)):
        if ports is None:
            with pytest.raises(PortSyntaxError):
                dialects.parse(text, "nmap", services=NMAP_LINES, transport=transport)
        else:
            found = dialects.parse(text, "nmap", services=NMAP_LINES, transport=transport)
            assert found == PortSet.parse(ports)
    # Without a transport it must be the same for all that the text is for, but for a name that
    # SCTP does not have.
    answers = {each for each in (tcp, udp, sctp) if each is not None}
    if len(answers) == 1:
        assert dialects.parse(text, "nmap", services=NMAP_LINES) == PortSet.parse(answers.pop())
    else:
        with pytest.raises(PortSyntaxError, match="different ones for .*; choose one with"):
            dialects.parse(text, "nmap", services=NMAP_LINES)


@pytest.mark.parametrize(
    ("text", "transport", "reason"),
    [
        ("U:ajp13", None, "a name must be one of udp, got 'ajp13'; nmap rejects it"),
        ("22,ajp13", "udp", "a name must be one of udp, got 'ajp13'; nmap rejects it"),
        ("9pfs", None, "a name must not begin with a digit, got '9pfs'; nmap rejects it"),
        ("80-http", None, "a name must not begin with a digit, got '80-http'; nmap rejects it"),
        ("HTTP", None, "a service name must be in lower case, got 'HTTP'"),
        ("htp", None, "unknown service, got 'htp'; did you mean 'http'?"),
        ("any", None, "expected a port or 'first-last', got 'any'; every port is written 0-65535"),
    ],
)
def test_a_name_that_nmap_refuses(text, transport, reason):
    with pytest.raises(PortSyntaxError) as caught:
        dialects.parse(text, "nmap", services=NMAP_LINES, transport=transport)
    assert caught.value.reason == reason


OWN = [
    ("cisco", "eq www", "80"),
    ("cisco", "eq cmd", "514"),
    ("cisco", "eq syslog", "514"),
    ("cisco", "eq ftp-data ftp", "20-21"),
    ("cisco", "range snmp snmptrap", "161-162"),
    ("cisco", "neq netbios-ss", "0-138,140-65535"),
    ("cisco", "gt non500-isakmp", "4501-65535"),
    ("junos", "destination-port [ ssh http https ]", "22,80,443"),
    ("junos", "destination-port kerberos-sec;", "88"),
    ("junos", "destination-port dhcp", "67"),
    ("junos", "destination-port-except cmd", "0-513,515-65535"),
]


@pytest.mark.parametrize(("name", "text", "ports"), OWN)
@pytest.mark.parametrize("services", [None, registry.SHIPPED, NMAP], ids=["none", "IANA", "nmap"])
def test_a_name_of_the_tools_own_table_needs_no_other(name, text, ports, services):
    assert dialects.parse(text, name, services=services) == PortSet.parse(ports)


def test_a_name_that_the_tool_does_not_know():
    for name, text, reason in (
        ("cisco", "eq http", "unknown name of Cisco IOS, got 'http'; did you mean 'tftp'?"),
        ("cisco", "eq dommain", "unknown name of Cisco IOS, got 'dommain'; did you mean 'domain'?"),
        ("junos", "ms-sql-s", "unknown name of Junos, got 'ms-sql-s'"),
    ):
        with pytest.raises(PortSyntaxError) as caught:
            dialects.parse(text, name, services=registry.SHIPPED)
        assert caught.value.reason == reason
    with pytest.raises(PortSyntaxError, match="a name must be one of tcp, got 'tftp'"):
        dialects.parse("eq tftp", "cisco", transport="tcp")
    assert dialects.parse("eq tftp", "cisco", transport="udp") == PortSet([69])


def test_the_tables_of_the_tools_have_one_port_for_each_name():
    for name, count in (("cisco", 52), ("junos", 61)):
        row = dialects.lookup(name)
        ports = {own.name: own.port for own in row.names.own}
        assert len(ports) == count
        assert all(ports[own.name] == own.port for own in row.names.own)
        assert len({(own.name, own.transports) for own in row.names.own}) == len(row.names.own)


# -- names with dashes, which are not ranges -------------------------------------

DASHED = Table("ms-sql-s 1433/tcp\nms-sql-s 1433/udp\nms 1/tcp\ns 2/tcp\nsql-s 3/tcp")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nft", "ms-sql-s"),
        ("nft", "{ 80, ms-sql-s }"),
        ("nft-set", "80, ms-sql-s"),
        ("nmap", "80,ms-sql-s"),
        ("nmap", "T:ms-sql-s"),
        ("pf", "port ms-sql-s"),
        ("pf", "port { 80 ms-sql-s }"),
        ("pf", "port >= ms-sql-s"),
        ("iptables", "--dport ms-sql-s"),
        ("iptables", "--dport 80:ms-sql-s"),
        ("iptables-multiport", "-m multiport --dports 80,ms-sql-s"),
        ("bpf", "dst port ms-sql-s"),
        ("ufw", "ms-sql-s"),
    ],
)
def test_a_name_with_dashes_is_not_a_range(name, text):
    ports = dialects.parse(text, name, services=DASHED)
    assert 1433 in ports
    assert not ports & PortSet([1, 2, 3])


@pytest.mark.parametrize("name", ["netbios-ssn", "kerberos-sec", "mobileip-agent"])
def test_a_name_of_junos_with_dashes_is_not_a_range(name):
    port = {"netbios-ssn": 139, "kerberos-sec": 88, "mobileip-agent": 434}[name]
    for text in (name, f"[ 22 {name} ]", f"destination-port {name}"):
        assert port in dialects.parse(text, "junos")


@pytest.mark.parametrize("name", ["ipset", "firewalld"])
def test_a_name_with_dashes_is_refused_where_the_tool_splits_it(name):
    text = "ms-sql-s/tcp" if name == "firewalld" else "ms-sql-s"
    with pytest.raises(PortSyntaxError) as caught:
        dialects.parse(text, name, services=DASHED)
    assert caught.value.reason == (
        f"a name must not contain '-', got 'ms-sql-s'; {name} splits it there"
    )
