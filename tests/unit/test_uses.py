"""Known uses and the ports that browsers refuse."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from portranges import Confidence, InvalidPortError, PortRange, PortSet, Transport, registry, uses
from portranges.uses import BROWSER_BLOCKED, BROWSER_BLOCKED_SOURCE

# The list of the Fetch standard, one by one (whatwg/fetch@586cd2a4, 2026-07-02).
FETCH_BAD_PORTS = [
    *(0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87),
    *(95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143),
    *(161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556),
    *(563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190),
    *(5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080),
]


def test_browsers_refuse_exactly_the_ports_of_the_fetch_standard():
    assert len(FETCH_BAD_PORTS) == 83
    assert list(BROWSER_BLOCKED) == FETCH_BAD_PORTS
    assert "Fetch" in BROWSER_BLOCKED_SOURCE.document


def test_every_row_has_a_source_a_phrase_and_a_transport():
    for use in uses.rows():
        assert use.source.document
        assert use.source.checked >= "2026-11"
        assert use.note
        assert not use.note.endswith(".")
        assert len(use.note) <= 130
        assert use.transports
        assert list(use.transports) == [each for each in Transport if each in use.transports]
        texts = (use.name, use.note, use.since, use.source.document, use.source.section)
        assert all(text == " ".join(text.split()) for text in (*texts, use.fragment))


def test_every_row_keeps_words_of_its_source_and_names_a_commit():
    for use in uses.rows():
        assert 0 < len(use.fragment) <= 80, use.name
        if "@" in use.source.document:
            assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{8,40}", use.source.document), use.name
            assert use.source.section, use.name
            assert use.confidence in (Confidence.SOURCE, Confidence.DOCUMENT), use.name


# Rows whose words have no number that is one of the ports, and the words or "" if there are none.
WITHOUT_NUMBER = {
    "Asterisk RTP": "",
    "Kubernetes NodePort": "",
    "TURN relays": "",
    "Windows RPC": "",
    # Half of IPPORT_RESERVED, which is 1024.
    "rresvport() of glibc": "if (*alport < IPPORT_RESERVED / 2)",
    # The cluster port is the port for commands plus 10000.
    "Redis Cluster bus": "# to the default value, 0, it will be bound to the command port + 10000.",
    "Valkey cluster bus": "#define CLUSTER_PORT_INCR 10000 "
    "/* Cluster port = baseport + PORT_INCR */",
    # 33434.
    "traceroute": "u_short port = 32768+666;",
}


def numbers_of(words: str) -> set[int]:
    """Return the numbers in *words*: decimal, with separators of thousands, or hexadecimal."""
    joined = re.sub(r"(?<=\d)[,_ ](?=\d{3}(?!\d))", "", words)
    decimal = {int(each) for text in (words, joined) for each in re.findall(r"\d+", text)}
    return decimal | {int(each, 16) for each in re.findall(r"(?i)0x([0-9a-f]+)", words)}


def test_the_words_of_a_row_have_one_of_its_ports():
    assert numbers_of("PORT_1 = 0x1F90, 61_000 or 8,443") >= {8080, 61000, 8443}
    assert numbers_of("ports 80,443") == {80, 443, 80443}
    for use in uses.rows():
        if WITHOUT_NUMBER.get(use.name) != use.fragment:
            assert not numbers_of(use.fragment).isdisjoint(use.ports), use.name


def test_a_row_with_a_service_is_registered_under_that_name():
    for use in uses.rows():
        if use.service:
            names = {name for port in use.ports for name in registry.services(port)}
            assert use.service in names, use.name


def test_rows_are_in_order_and_named_once():
    keys = [(use.ports.first, len(use.ports), use.name.lower()) for use in uses.rows()]
    assert keys == sorted(keys)
    names = [use.name for use in uses.rows()]
    assert len(set(names)) == len(names)


def test_uses_agrees_with_a_search_of_all_rows():
    expected: list[set[str]] = [set() for _ in range(65536)]
    for use in uses.rows():
        for port in use.ports:
            expected[port].add(use.name)
    for port in range(65536):
        found = uses.lookup(port)
        assert {use.name for use in found} == expected[port]
        sizes = [len(use.ports) for use in found]
        assert sizes == sorted(sizes)


def test_the_file_is_read_by_the_first_question_only():
    code = (
        "import portranges.advice, portranges.cli, portranges.flows; "
        "import portranges.uses.known as known; "
        "from portranges import explain; before = known._lines.cache_info().misses; "
        "explain(80); known.lookup(80); known.rows(); "
        "print(before, known._lines.cache_info().misses)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "0 1\n"


def test_the_table_takes_less_than_a_megabyte_and_its_records_are_not_kept():
    code = (
        "import gc, tracemalloc; from portranges import uses; tracemalloc.start(); "
        "uses.lookup(5432); first, _ = tracemalloc.get_traced_memory(); rows = uses.rows(); "
        "every, _ = tracemalloc.get_traced_memory(); del rows; gc.collect(); "
        "kept, _ = tracemalloc.get_traced_memory(); "
        "print(200_000 < first < 1_000_000, every > 2_000_000, kept < 2_000_000)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "True True True\n"


@pytest.mark.parametrize(
    ("port", "name"),
    [
        (60454, "mosh"),
        (60001, "mosh"),
        (60999, "mosh"),
        (512, "rresvport() of glibc"),
        (550, "rresvport() of glibc"),
        (1023, "rresvport() of the BSDs"),
        (30000, "Kubernetes NodePort"),
        (32767, "Kubernetes NodePort"),
        (6000, "X11"),
        (6063, "X11"),
        (20000, "Asterisk RTP"),
        (32768, "FreeSWITCH RTP"),
        (33434, "traceroute"),
        (51820, "WireGuard"),
    ],
)
def test_the_uses_of_known_ports(port, name):
    assert name in [use.name for use in uses.lookup(port)]


@pytest.mark.parametrize(
    ("port", "name"),
    [
        (60000, "mosh"),
        (61000, "mosh"),
        (511, "rresvport() of glibc"),
        (599, "rresvport() of the BSDs"),
    ],
)
def test_ports_that_a_program_never_tries(port, name):
    assert name not in [use.name for use in uses.lookup(port)]


def test_turn_cites_its_current_rfc():
    (turn,) = [use for use in uses.rows() if use.name == "TURN relays"]
    assert str(turn.source).startswith("RFC 8656, section 7.2 ")
    assert turn.ports == PortSet([PortRange(49152, 65535)])


def test_mosh_uses_only_udp():
    (mosh,) = [use for use in uses.rows() if use.name == "mosh"]
    assert mosh.transports == (Transport.UDP,)


def test_a_value_that_is_not_a_port_is_refused():
    with pytest.raises(InvalidPortError, match=r"^port must be in 0\.\.65535, got 65536$"):
        uses.lookup(65536)
    with pytest.raises(TypeError, match="port must be an integer, got str '80'"):
        uses.lookup("80")


# AWS Security Hub User Guide, control EC2.19, as of 2026-11.
EC2_19 = {
    *(20, 21, 22, 23, 25, 110, 135, 143, 445, 1433, 1434, 3000, 3306, 3389, 4333, 5000, 5432),
    *(5500, 5601, 8080, 8088, 8888, 9200, 9300),
}
# SSH and mail are made for the internet; the others are the ports of many programs.
EC2_19_ONLY = {22, 25, 110, 143, 3000, 4333, 5000, 5500, 8080, 8088, 8888}


def test_the_ports_of_hardening_guides_are_not_for_the_internet():
    listed = {port for row in uses.not_for_internet() for port in row.ports}
    assert EC2_19 - listed == EC2_19_ONLY
    # Docker documentation; Kubernetes ports and protocols; Redis, memcached and MongoDB manuals.
    assert {2375, 2376, 2379, 2380, 10250, 6379, 11211, 27017, 27018, 27019} <= listed
    # Microsoft Support, "Preventing SMB traffic"; RFC 6143; Xserver(1): 6000 + display.
    assert {137, 138, 139, 445, 5900, 5901, 6000, 6063} <= listed
    # PowerShell, Kubernetes, InfluxDB and RabbitMQ documentation.
    assert {5985, 5986, 6443, 8086, 4369, 25672} <= listed
    # RabbitMQ's production guidelines: the ports of client libraries, HTTP API included, may be on
    # public networks.
    assert {22, 53, 80, 123, 443, 853, 1194, 5672, 15672, 51820}.isdisjoint(listed)
    # Ports that several unrelated programs use.
    assert {81, 2222, 3000, 5050, 5555, 8080, 8888, 9090, 9100, 10001}.isdisjoint(listed)


def test_rows_of_sensitive_services_are_in_order_and_do_not_overlap():
    rows = uses.not_for_internet()
    assert len(rows) >= 76
    assert [row.ports.first for row in rows] == sorted(row.ports.first for row in rows)
    assert sum(len(row.ports) for row in rows) == len({port for row in rows for port in row.ports})
    assert len({row.service for row in rows}) == len(rows)
    for row in rows:
        assert row.why
        assert not row.why.endswith(".")
        assert row.source.checked >= "2026-11"
        assert set(row.transports) <= {Transport.TCP, Transport.UDP}
        assert isinstance(row.confidence, Confidence)
        assert row.confidence is not Confidence.MEMORY
        assert len(row.fragment) <= 80
        assert row.fragment == " ".join(row.fragment.split())


def test_sensitive_services_from_a_file_or_a_page_keep_words_of_it():
    for row in uses.not_for_internet():
        document = row.source.document
        if "@" in document:
            assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{12}", document), row.service
            assert row.source.section
        if "@" in document or "://" in document:
            assert len(re.findall(r"[^\W\d_]{2,}", row.fragment)) >= 3, row.service
            assert re.fullmatch(r"\d{4}-\d\d-\d\d", row.source.checked), row.service


def test_the_ports_of_sensitive_services_have_a_use_or_a_registered_name():
    for row in uses.not_for_internet():
        for port in row.ports:
            known = any(use.is_narrow for use in uses.lookup(port))
            assert known or registry.services(port), (row.service, port)


@pytest.mark.parametrize(
    ("port", "service"),
    [
        # CISA TA14-017A: amplifiers.
        *((17, "Quote of the Day"), (111, "RPC portmapper"), (389, "LDAP"), (1900, "SSDP")),
        # CISA's advisories for control systems.
        *((102, "Siemens S7"), (502, "Modbus"), (20000, "DNP3"), (20256, "Unitronics PCOM")),
        *((44818, "EtherNet/IP"), (47808, "BACnet")),
        # Prowler, ec2_instance_port_*_exposed_to_internet.
        *((636, "LDAP over TLS"), (2484, "Oracle Database"), (9092, "Kafka")),
        *((7199, "Cassandra and ScyllaDB"), (9160, "Cassandra and ScyllaDB")),
        # The manuals of the programs.
        *((4505, "Salt master"), (4822, "Guacamole guacd"), (8265, "Ray dashboard")),
        *((8983, "Solr"), (9229, "Node.js inspector"), (19999, "Netdata")),
    ],
)
def test_the_service_that_a_guide_names_is_listed(port, service):
    assert [row.service for row in uses.not_for_internet() if port in row.ports] == [service]
