"""The ports that scanners try first are answered: by a known use, the registry or an allocator.

A list holds only port numbers, and names the place where it was read. A port of a list is answered
if a narrow use has it on that transport, if IANA's service is really found there (``REGISTERED``),
or if it is one of the first ports that a system allocates by itself (``ALLOCATED``). The rest is
``UNANSWERED``, with a reason; an entry that is no longer needed fails as well.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from portranges import PortSet, Transport, ephemeral, registry, uses


class PortList(NamedTuple):
    """The ports of one scanner and transport, and where the list was read."""

    name: str
    origin: str
    transport: Transport
    ports: PortSet


LISTS = (
    PortList(
        "nmap, the 200 most frequent",
        "nmap/nmap@db4aefddfa34 nmap-services",
        Transport.TCP,
        PortSet.parse(
            "1,3,7,9,13,17,19,21-23,25-26,37,53,79-82,88,100,106,110-111,113,119,135,139,"
            "143-144,179,199,254-255,280,311,389,427,443-445,464-465,497,513-515,543-544,"
            "548,554,587,593,625,631,636,646,787,808,873,902,990,993,995,1000,1022,"
            "1024-1033,1035-1041,1044,1048-1050,1053-1054,1056,1058-1059,1064-1066,1069,"
            "1071,1074,1080,1110,1234,1433,1494,1521,1720,1723,1755,1761,1801,1900,1935,"
            "1998,2000-2003,2005,2049,2103,2105,2107,2121,2161,2301,2383,2401,2601,2717,"
            "2869,2967,3000-3001,3128,3268,3306,3389,3689-3690,3703,3986,4000-4001,4045,"
            "4899,5000-5001,5003,5009,5050-5051,5060,5101,5120,5190,5357,5432,5555,5631,"
            "5666,5800,5900-5901,6000-6002,6004,6112,6646,6666,7000,7070,7937-7938,8000,"
            "8002,8008-8010,8031,8080-8081,8443,8888,9000-9001,9090,9100,9102,9999-10001,"
            "10010,32768,32771,49152-49157,50000"
        ),
    ),
    PortList(
        "nmap, the 100 most frequent",
        "nmap/nmap@db4aefddfa34 nmap-services",
        Transport.UDP,
        PortSet.parse(
            "7,9,17,19,49,53,67-69,80,88,111,120,123,135-139,158,161-162,177,427,443,445,"
            "497,500,514-515,518,520,593,623,626,631,996-999,1022-1023,1025-1030,1433-1434,"
            "1645-1646,1701,1718-1719,1812-1813,1900,2000,2048-2049,2222-2223,3283,3456,"
            "3703,4444,4500,5000,5060,5353,5632,9200,10000,17185,20031,30718,31337,"
            "32768-32769,32771,32815,33281,49152-49154,49156,49181-49182,49185-49186,49188,"
            "49190-49194,49200-49201,65024"
        ),
    ),
    PortList(
        "naabu, top 100",
        "projectdiscovery/naabu@115fa6846d49 pkg/runner/ports.go",
        Transport.TCP,
        PortSet.parse(
            "7,9,13,21-23,25-26,37,53,79-81,88,106,110-111,113,119,135,139,143-144,179,199,"
            "389,427,443-445,465,513-515,543-544,548,554,587,631,646,873,990,993,995,"
            "1025-1029,1110,1433,1720,1723,1755,1900,2000-2001,2049,2121,2717,3000,3128,"
            "3306,3389,3986,4899,5000,5009,5051,5060,5101,5190,5357,5432,5631,5666,5800,"
            "5900,6000-6001,6646,7070,8000,8008-8009,8080-8081,8443,8888,9100,9999-10000,"
            "32768,49152-49157"
        ),
    ),
    PortList(
        "fscan, main ports",
        "shadow1ng/fscan@016dfa788945 Common/Ports.go",
        Transport.TCP,
        PortSet.parse(
            "21-23,80-81,110,135,139,143,161,389,443,445,993,995,1433,1521,3306,5432,5672,"
            "6379,7001,8000,8080,8089,8443,9000,9092,9200,10051,11211,15672,27017,61616"
        ),
    ),
    PortList(
        "Metasploit, UDP sweep",
        "rapid7/metasploit-framework@03ad810cf8cb udp_sweep.rb",
        Transport.UDP,
        PortSet.parse("19,53,111,123,137,161,523,1434,1604,5093,5632"),
    ),
    PortList(
        "ZMap, UDP probes",
        "zmap/zmap examples/udp-probes, the names of the files",
        Transport.UDP,
        PortSet.parse(
            "53,111,123,137,161,177,389,443,520,523,623,1194,1604,1900,2362,3283,3389,3702,"
            "5060,5093,5351,5353,5632,5683,10001,11211,17185,27015,47808,53413"
        ),
    ),
)

# Services that are really found on the port that IANA registers for them.
REGISTERED = {
    Transport.TCP: {
        *("tcpmux", "echo", "discard", "daytime", "qotd", "chargen", "ftp", "time", "finger"),
        *("ident", "nntp", "smux", "svrloc", "retrospect", "login", "klogin", "kshell", "rtsp"),
        *("ldp", "ftps", "x25-svc-port", "apc-2161", "aol"),
    },
    Transport.UDP: {
        *("echo", "discard", "qotd", "chargen", "tacacs", "tftp", "epmap", "snmp", "snmptrap"),
        *("xdmcp", "svrloc", "microsoft-ds", "retrospect", "ntalk", "ms-wbt-server", "krb524"),
        "wap-wsp",
    },
}

# Ports that belong to whichever program asks first: the reserved ports downwards from 1023, which
# RPC services and clients of NFS bind, and the first ports of the ranges from 1024, 32768 and
# 49152.
ALLOCATED = {
    Transport.TCP: PortSet.parse(
        "1022,1024,1026-1033,1035-1041,1044,1048-1049,1053-1054,1056,1058-1059,"
        "1064-1066,1069,1071,1074,32768,49153-49157"
    ),
    Transport.UDP: PortSet.parse(
        "996-999,1022-1023,1025-1030,32768-32769,32815,49152-49154,49156,49181-49182,"
        "49185-49186,49188,49190-49194,49200-49201"
    ),
}
STARTS = (960, 1024, 32768, 49152)

NO_PROGRAM = "no program found whose default it is"
TCP_ONLY = "its service is found on TCP only"
UNANSWERED = {
    (Transport.TCP, 3): NO_PROGRAM,
    (Transport.TCP, 82): NO_PROGRAM,
    (Transport.TCP, 100): NO_PROGRAM,
    (Transport.TCP, 161): "SNMP agents listen on UDP; fscan tries the port on TCP as well",
    (Transport.TCP, 254): NO_PROGRAM,
    (Transport.TCP, 255): NO_PROGRAM,
    (Transport.TCP, 787): NO_PROGRAM,
    (Transport.TCP, 2717): NO_PROGRAM,
    (Transport.TCP, 3986): NO_PROGRAM,
    (Transport.TCP, 5120): "registered for Barracuda Backup, but no document of it was found",
    (Transport.UDP, 80): TCP_ONLY,
    (Transport.UDP, 120): NO_PROGRAM,
    (Transport.UDP, 136): NO_PROGRAM,
    (Transport.UDP, 139): TCP_ONLY,
    (Transport.UDP, 158): NO_PROGRAM,
    (Transport.UDP, 515): TCP_ONLY,
    (Transport.UDP, 593): TCP_ONLY,
    (Transport.UDP, 1433): TCP_ONLY,
    (Transport.UDP, 3456): NO_PROGRAM,
    (Transport.UDP, 3703): TCP_ONLY,
    (Transport.UDP, 33281): NO_PROGRAM,
    (Transport.UDP, 65024): NO_PROGRAM,
}


def has_narrow_use(port: int, transport: Transport) -> bool:
    return any(use.is_narrow and transport in use.transports for use in uses.lookup(port))


def is_registered(port: int, transport: Transport) -> bool:
    return not REGISTERED[transport].isdisjoint(registry.services(port, transport))


def is_answered(port: int, transport: Transport) -> bool:
    return (
        has_narrow_use(port, transport)
        or is_registered(port, transport)
        or port in ALLOCATED[transport]
    )


def unanswered(ports: PortSet, transport: Transport) -> list[int]:
    return [
        port
        for port in ports
        if not is_answered(port, transport) and (transport, port) not in UNANSWERED
    ]


def test_a_port_without_any_answer_is_reported():
    assert unanswered(PortSet([22, 4, 787]), Transport.TCP) == [4]


@pytest.mark.parametrize("each", LISTS, ids=lambda each: each.name)
def test_every_port_of_a_list_is_answered(each: PortList):
    assert unanswered(each.ports, each.transport) == []


@pytest.mark.parametrize(("name", "count"), [("the 200 most", 200), ("the 100 most", 100)])
def test_the_lists_of_nmap_are_complete(name: str, count: int):
    (found,) = [each for each in LISTS if name in each.name]
    assert len(found.ports) == count


def on_a_list(port: int, transport: Transport) -> bool:
    return any(each.transport is transport and port in each.ports for each in LISTS)


def test_what_is_listed_as_unanswered_has_no_answer_and_is_on_a_list():
    for (transport, port), reason in UNANSWERED.items():
        assert reason
        assert on_a_list(port, transport), port
        assert not is_answered(port, transport), port


def test_what_is_listed_as_allocated_has_no_narrow_use_but_an_allocator():
    for transport, ports in ALLOCATED.items():
        for port in ports:
            assert on_a_list(port, transport), port
            assert not has_narrow_use(port, transport), port
            assert not is_registered(port, transport), port
            assert any(start <= port < start + 64 for start in STARTS), port
            wide = [use for use in uses.lookup(port) if transport in use.transports]
            assert wide or ephemeral.allocated_by(port, transport, current=None), port


def test_every_registered_service_is_needed():
    for transport, names in REGISTERED.items():
        needed = {
            name
            for each in LISTS
            if each.transport is transport
            for port in each.ports
            if not has_narrow_use(port, transport)
            for name in registry.services(port, transport)
        }
        assert names <= needed, names - needed
