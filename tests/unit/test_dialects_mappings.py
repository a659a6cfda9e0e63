"""Port mappings: the forms of docker, podman, Compose and kubectl."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portranges import (
    Endpoint,
    InvalidRangeError,
    InvalidValueError,
    PortRange,
    PortSet,
    PortSyntaxError,
    Transport,
    UnknownNameError,
    dialects,
)
from portranges.dialects import PortMapping

# Text, published ports, target ports, address, transport, canonical text.
GO = "docker/go-connections, nat/nat_test.go"
COMPOSE = "Compose file reference, ports, short syntax"
DOCKER = "docker documentation, Port publishing and mapping"
MAPPINGS = [
    ("80", None, "80", "", None, ":80", COMPOSE),
    ("3000-3005", None, "3000-3005", "", None, ":3000-3005", COMPOSE),
    ("8000:8000", "8000", "8000", "", None, "8000:8000", COMPOSE),
    ("9090-9091:8080-8081", "9090-9091", "8080-8081", "", None, "9090-9091:8080-8081", COMPOSE),
    ("49100:22", "49100", "22", "", None, "49100:22", COMPOSE),
    ("127.0.0.1:8001:8001", "8001", "8001", "127.0.0.1", None, "127.0.0.1:8001:8001", COMPOSE),
    (
        "127.0.0.1:5000-5010:5000-5010",
        "5000-5010",
        "5000-5010",
        "127.0.0.1",
        None,
        "127.0.0.1:5000-5010:5000-5010",
        COMPOSE,
    ),
    ("127.0.0.1::5000", None, "5000", "127.0.0.1", None, "127.0.0.1::5000", COMPOSE),
    ("6060:6060/udp", "6060", "6060", "", "udp", "6060:6060/udp", COMPOSE),
    ("127.0.0.1:8080:80/udp", "8080", "80", "127.0.0.1", "udp", "127.0.0.1:8080:80/udp", DOCKER),
    ("1234:1234/tcp", "1234", "1234", "", "tcp", "1234:1234/tcp", GO),
    ("3456:3456/sctp", "3456", "3456", "", "sctp", "3456:3456/sctp", GO),
    ("0.0.0.0:1234-1235:3333-3334/tcp", "1234-1235", "3333-3334", "0.0.0.0", "tcp", None, GO),
    ("[::1]:80:80", "80", "80", "::1", None, "[::1]:80:80", GO),
    ("[2001:4860:0:2001::68]::333", None, "333", "2001:4860:0:2001::68", None, None, GO),
    ("[::1]::6000/udp", None, "6000", "::1", "udp", "[::1]::6000/udp", GO),
    ("192.168.1.100::6000/udp", None, "6000", "192.168.1.100", "udp", None, GO),
    ("0:80", None, "80", "", None, ":80", "docker run: host port 0 is any free port"),
    (":80", None, "80", "", None, ":80", GO),
    ("80:80/UDP", "80", "80", "", "udp", "80:80/udp", GO),
    ("[0:0::1]:80:80", "80", "80", "::1", None, "[::1]:80:80", "the address in its usual form"),
    ("[127.0.0.1]:80:81", "80", "81", "127.0.0.1", None, "127.0.0.1:80:81", "ParsePortSpec"),
    ("[0.0.0.0]::80/udp", None, "80", "0.0.0.0", "udp", "0.0.0.0::80/udp", "ParsePortSpec"),
    ("20001-20100:10001-10100", "20001-20100", "10001-10100", "", None, None, DOCKER),
]


def range_of(text: str | None) -> PortRange | None:
    return None if text is None else PortRange.parse(text)


@pytest.mark.parametrize("form", ["docker", "podman", "compose"])
@pytest.mark.parametrize("row", MAPPINGS, ids=[row[0] for row in MAPPINGS])
def test_the_mappings_that_are_read(form, row):
    text, published, target, address, transport, canonical, source = row
    mapping = dialects.parse_mapping(text, form)
    assert mapping.published == range_of(published)
    assert mapping.target == range_of(target)
    assert mapping.address == address
    assert mapping.transport == transport
    assert str(mapping) == (canonical or text), source
    assert dialects.parse_mapping(str(mapping), form) == mapping


# Source: kubernetes/client-go, tools/portforward/portforward.go, parsePorts.
@pytest.mark.parametrize(
    ("text", "published", "target"),
    [
        ("5000", "5000", "5000"),
        ("8888:5000", "8888", "5000"),
        (":5000", None, "5000"),
        ("0:5000", None, "5000"),
    ],
)
def test_the_mappings_of_kubectl_that_are_read(text, published, target):
    mapping = dialects.parse_mapping(text, "kubectl")
    assert (mapping.published, mapping.target) == (range_of(published), range_of(target))
    assert dialects.parse_mapping(str(mapping), "kubectl") == mapping
    # The written form means the same to docker.
    assert dialects.parse_mapping(str(mapping)) == mapping


@pytest.mark.parametrize(
    ("text", "form", "reason"),
    [
        ("", "docker", "expected a port or 'first-last', got nothing"),
        ("80:", "docker", "expected a port or 'first-last', got nothing"),
        (
            "8000-9000:80",
            "docker",
            "host and container must have the same number of ports, got 1001 and 1; "
            "docker would choose one of them",
        ),
        (
            "1-3:1-2",
            "docker",
            "host and container must have the same number of ports, got 3 and 2",
        ),
        ("localhost:80:80", "docker", "expected an IP address, got 'localhost'"),
        ("[localhost]:80:80", "docker", "expected an IP address, got 'localhost'"),
        ("[]:80:80", "docker", "expected an IP address, got ''"),
        ("[127.1]:80:80", "docker", "expected an IP address, got '127.1'"),
        ("127.1:80:80", "docker", "expected an IP address, got '127.1'"),
        ("[fe80::1%eth0]:80:80", "docker", "expected an IP address, got 'fe80::1%eth0'"),
        (
            "::1:80:80",
            "docker",
            "expected 'address:host:container', with an IPv6 address in brackets, got '::1:80:80'",
        ),
        (
            "[::1]:80",
            "docker",
            "expected 'address:host:container', with an IPv6 address in brackets, got '[::1]:80'",
        ),
        ("80:80/icmp", "docker", "expected tcp, udp or sctp, got 'icmp'"),
        ("80:80/", "docker", "expected tcp, udp or sctp, got nothing"),
        ("80:80/", "kubectl", "kubectl does not accept a transport, got nothing"),
        ("80:80/tcp/udp", "docker", "expected tcp, udp or sctp, got 'tcp/udp'"),
        ("80:0", "docker", "port must be in 1..65535, got '0'; docker does not support port 0"),
        ("0-1:0-1", "docker", "port must be in 1..65535, got '0'; docker does not support port 0"),
        ("080:80", "docker", "port must have no leading zero, got '080'"),
        ("80:65536", "docker", "port must be in 0..65535, got '65536'"),
        (
            "90-80:90-80",
            "docker",
            "first must not be greater than last, got '90-80'; did you mean 80-90?",
        ),
        ("80:0", "kubectl", "port must be in 1..65535, got '0'; kubectl does not support port 0"),
        ("80:80/tcp", "kubectl", "kubectl does not accept a transport, got 'tcp'"),
        (
            "80-81:80-81",
            "kubectl",
            "expected a port, got '80-81'; this notation has no ranges",
        ),
        ("127.0.0.1:80:80", "kubectl", "expected two ports at most, got '127.0.0.1:80:80'"),
    ],
)
def test_the_mappings_that_are_refused(text, form, reason):
    with pytest.raises(PortSyntaxError) as caught:
        dialects.parse_mapping(text, form)
    assert caught.value.reason == reason
    assert caught.value.text == text


def test_parse_still_returns_the_published_ports():
    assert dialects.parse("20001-20100:10001-10100", "docker") == PortSet.parse("20001-20100")
    with pytest.raises(
        PortSyntaxError, match=r"^a set of ports has no address, .* or use parse_mapping\(\)\n"
    ):
        dialects.parse("127.0.0.1:8080:80/udp", "docker")
    with pytest.raises(PortSyntaxError, match="the host's port is required"):
        dialects.parse("0:80", "docker")


PORTS = st.builds(
    lambda first, size: PortRange(first, min(65535, first + size)),
    st.integers(1, 65535),
    st.integers(0, 300),
)


@given(
    target=PORTS,
    start=st.integers(0, 65535),
    address=st.sampled_from(["", "0.0.0.0", "127.0.0.1", "::", "fe80::1", "::ffff:10.0.0.1"]),
    transport=st.sampled_from([None, Transport.TCP, Transport.UDP, Transport.SCTP]),
)
def test_a_mapping_reads_back(target, start, address, transport):
    size = len(target) - 1
    published = PortRange(start, start + size) if 0 < start <= 65535 - size else None
    mapping = PortMapping(
        target=target,
        published=published,
        address=address and canonical(address),
        transport=transport,
    )
    assert dialects.parse_mapping(str(mapping)) == mapping
    assert pickle.loads(pickle.dumps(mapping)) == mapping


def canonical(address: str) -> str:
    return dialects.parse_mapping(
        f"[{address}]:1:1" if ":" in address else f"{address}:1:1"
    ).address


def test_a_mapping_is_valid_however_it_is_built():
    web = PortRange(80)
    with pytest.raises(InvalidRangeError, match="the same number of ports, got 2 and 1"):
        PortMapping(target=web, published=PortRange(80, 81))
    with pytest.raises(InvalidRangeError, match="must not contain port 0, got 0"):
        PortMapping(target=PortRange(0))
    with pytest.raises(InvalidValueError, match="address must be an IP address, got 'localhost'"):
        PortMapping(target=web, address="localhost")
    with pytest.raises(TypeError, match="target must be a PortRange"):
        PortMapping(target=80)
    with pytest.raises(TypeError, match="transport must be a Transport"):
        PortMapping(target=web, transport="tcp")
    with pytest.raises(TypeError, match="text must be a str, got int 80"):
        dialects.parse_mapping(80)
    with pytest.raises(UnknownNameError, match="unknown mapping form, got 'doker'; did you mean"):
        dialects.parse_mapping("80", "doker")


@pytest.mark.parametrize("text", ["::ffff:1.2.3.4", "::FFFF:102:304", "0:0:0:0:0:ffff:1.2.3.4"])
def test_an_address_has_the_spelling_of_an_endpoint_on_every_python(text):
    mapping = dialects.parse_mapping(f"[{text}]:8080:80")
    assert mapping.address == "::ffff:1.2.3.4" == Endpoint(text, 8080).host
    assert dialects.parse_mapping(str(mapping)) == mapping
