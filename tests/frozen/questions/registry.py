"""The IANA registry: every cell, every service, registries of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from frozen.plan import Question, area
from frozen.questions.names import TRANSPORTS, mutated, port, range_text

_SERVICES = (
    "http", "HTTP", "https", "www", "ssh", "domain", "domian", "ftp", "ftp-data", "http-alt",
    "nfs", "shilp", "mysql", "postgresql", "ms-sql-s", "amanda", "ntp", "snmp", "ldap", "kerberos",
    "x11", "git", "rsync", "sip", "rtsp", "", "-", "zzz", "microsoft-ds", "netbios-ssn", "imaps",
    "syslog", "tftp", "smtp", "submission", "bgp", "mdns", "ssdp", "vnc", "rfb", "mqtt", "amqp",
)  # fmt: skip


@area("registry: cells", 256, exhaustive=True)
def cells(chunk: int, rng: Random) -> Iterator[Question]:
    """Ask for every port and transport."""
    transport = TRANSPORTS[chunk % 4]
    first = chunk // 4 * 1024
    yield "cells", transport, first, first + 1023


@area("registry: services", 8)
def services(chunk: int, rng: Random) -> Iterator[Question]:
    """Ask for the ports of services, and for the sets of each state."""
    if chunk == 0:
        yield ("registry_facts",)
        for transport in (*TRANSPORTS, "icmp", ""):
            yield "registry_sets", transport
        yield "lookup_all", tuple(port(rng) for _ in range(300))
    # Near names of an unknown one take a hundred times as long as a known one.
    yield "service_ports", _SERVICES, (None, *TRANSPORTS)[chunk % 5]
    made = tuple(mutated(rng, rng.choice(_SERVICES)) for _ in range(15))
    yield "service_ports", made, rng.choice((None, "tcp"))
    yield "service_ports_of", tuple(port(rng) for _ in range(200))
    yield "service_names", tuple(mutated(rng, rng.choice(_SERVICES)) for _ in range(200))


@area("registry: own services", 10)
def own(chunk: int, rng: Random) -> Iterator[Question]:
    """Add services to the registry."""
    for _ in range(10):
        added = []
        for _ in range(rng.randint(1, 4)):
            name = rng.choice(("own", "http", "my-service", "x1", "bad name", "-x", "a" * 20))
            entries = tuple(
                (range_text(rng, 50), rng.choice((*TRANSPORTS, "tcp", "tcp", "icmp")))
                for _ in range(rng.randint(1, 3))
            )
            added.append((name, entries))
        yield "own_services", tuple(added), tuple(port(rng) for _ in range(20))


_HEADER = (
    "Service Name,Port Number,Transport Protocol,Description,Assignee,Contact,"
    "Registration Date,Modification Date,Reference,Service Code,Unauthorized Use Reported,"
    "Assignment Notes"
)


@area("registry: files", 8)
def files(chunk: int, rng: Random) -> Iterator[Question]:
    """Read files as IANA writes them, some with faults."""
    for _ in range(12):
        lines = [_HEADER]
        for _ in range(rng.randint(0, 12)):
            name = rng.choice(("http", "own", "", "x-y", "bad name"))
            ports = rng.choice((str(port(rng)), str(port(rng)), range_text(rng, 40), ""))
            transport = rng.choice(("tcp", "udp", "sctp", "dccp", "tcp", "", "icmp"))
            about = rng.choice(("Reserved", "Unassigned", "Some service", "a, b", ""))
            about = f'"{about}"' if "," in about else about
            date = rng.choice(("2011-08-16", "2005-08", "", "1999"))
            lines.append(f"{name},{ports},{transport},{about},[A],[A],{date},,[RFC1],,,")
        text = "\n".join(lines) + "\n"
        if rng.random() < 0.4:
            text = mutated(rng, text)
        yield "read_registry", text, tuple(port(rng) for _ in range(10))
