"""Endpoint: the spellings that are accepted, the one that is printed, and the refusals."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

import pytest

from portranges import Endpoint, InvalidPortError, PortSyntaxError, UnknownNameError
from portranges.errors import InvalidValueError
from portranges.registry import SHIPPED

# Printed by tools for sockets that were opened for the purpose, with the address and the port
# that the socket had. Linux 6.18.
SS = {  # iproute2 6.1.0: `ss -tln`, then `ss -tl` and `ss -tlr`
    "10.9.8.7:22": ("10.9.8.7", 22),
    "127.0.0.53%lo:53": ("127.0.0.53%lo", 53),
    "0.0.0.0%lo:68": ("0.0.0.0%lo", 68),
    "0.0.0.0:5000": ("0.0.0.0", 5000),
    "[2001:db8::5]:443": ("2001:db8::5", 443),
    "[fe80::1234]%lo:546": ("fe80::1234%lo", 546),
    "*%lo:69": ("%lo", 69),
    "[::]:80": ("::", 80),
    "*:8080": ("", 8080),
    "[::ffff:127.0.0.1]:8443": ("::ffff:127.0.0.1", 8443),
    "[::1]:631": ("::1", 631),
    "10.9.8.7:ssh": ("10.9.8.7", 22),
    "127.0.0.53%lo:domain": ("127.0.0.53%lo", 53),
    "[2001:db8::5]:https": ("2001:db8::5", 443),
    "[::1]:ipp": ("::1", 631),
    "localhost:8443": ("localhost", 8443),
}
NETSTAT = {  # net-tools 2.10: `netstat -tln`, then `netstat -tl`
    "2001:db8::5:443": ("2001:db8::5", 443),
    "fe80::1234:546": ("fe80::1234", 546),
    ":::69": ("::", 69),
    ":::8080": ("::", 8080),
    "::1:631": ("::1", 631),
    "2001:db8::5:https": ("2001:db8::5", 443),
    "::1:ipp": ("::1", 631),
}
BSD = {  # freebsd/freebsd-src@005a443, usr.bin/netstat/inet.c, inetprint(): read, not run
    "*.22": ("", 22),
    "127.0.0.1.53": ("127.0.0.1", 53),
    "::1.631": ("::1", 631),
    "fe80::1%lo0.123": ("fe80::1%lo0", 123),
    "127.0.0.1.domain": ("127.0.0.1", 53),
}
LSOF = {  # lsof 4.95: `lsof -nP -iTCP`
    "*:5000": ("", 5000),
    "[fe80::1234]:546": ("fe80::1234", 546),
    "127.0.0.1:57848": ("127.0.0.1", 57848),
}


@pytest.mark.parametrize(("text", "found"), [*SS.items(), *LSOF.items()])
def test_the_forms_that_ss_and_lsof_print(text: str, found: tuple[str, int]) -> None:
    for printed in (False, True):
        endpoint = Endpoint.parse(text, services=SHIPPED, printed=printed)
        assert (endpoint.host, endpoint.port) == found
        assert Endpoint.parse(str(endpoint)) == endpoint == Endpoint(*found)


@pytest.mark.parametrize(("text", "found"), [*NETSTAT.items(), *BSD.items()])
def test_what_is_accepted_only_as_printed(text: str, found: tuple[str, int]) -> None:
    endpoint = Endpoint.parse(text, services=SHIPPED, printed=True)
    assert endpoint == Endpoint(*found)
    assert Endpoint.parse(str(endpoint)) == endpoint
    with pytest.raises(PortSyntaxError):
        Endpoint.parse(text, services=SHIPPED)


def test_only_the_address_can_be_a_host_before_a_dot() -> None:
    # A name contains dots itself.
    with pytest.raises(PortSyntaxError, match="expected a port after the host"):
        Endpoint.parse("www.22a", printed=True)
    assert Endpoint.parse("www.b", default_port=80, printed=True) == Endpoint("www.b", 80)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (":80", "*:80"),
        ("*:80", "*:80"),
        ("LocalHost:80", "localhost:80"),
        ("my_db:5432", "my_db:5432"),
        ("example.com.:80", "example.com.:80"),
        ("[2001:DB8:0:0::1]:80", "[2001:db8::1]:80"),
        ("[::ffff:7f00:1]:80", "[::ffff:127.0.0.1]:80"),
        ("[fe80::1%25eth0]:80", "[fe80::1%eth0]:80"),  # RFC 6874, section 2
        ("[fe80::1%eth0]:80", "[fe80::1%eth0]:80"),  # RFC 4007, section 11
        ("[fe80::1%3]:80", "[fe80::1%3]:80"),
        ("[fe80::1%25]:80", "[fe80::1%25]:80"),
        ("[fe80::1%2525]:80", "[fe80::1%25]:80"),
        ("[fe80::1%25251]:80", "[fe80::1%25251]:80"),
        ("127.0.0.1%251:80", "127.0.0.1%251:80"),
        ("a:0", "a:0"),
        ("a:65535", "a:65535"),
    ],
)
def test_one_spelling_is_printed(text: str, shown: str) -> None:
    endpoint = Endpoint.parse(text)
    assert str(endpoint) == shown == f"{endpoint}"
    assert Endpoint.parse(shown) == endpoint
    assert hash(Endpoint.parse(shown)) == hash(endpoint)
    assert f"{endpoint:>40}" == shown.rjust(40)


def test_host_port_scope_and_address_of_an_endpoint() -> None:
    endpoint = Endpoint.parse("[fe80::1%eth0]:80")
    assert (endpoint.host, endpoint.port, endpoint.scope) == ("fe80::1%eth0", 80, "eth0")
    assert endpoint.address == ipaddress.ip_address("fe80::1%eth0")
    assert Endpoint("127.0.0.53%lo", 53).address == ipaddress.ip_address("127.0.0.53")
    assert [Endpoint(host, 1).address for host in ("", "%lo", "localhost", "a.b")] == [None] * 4
    assert Endpoint("::1", 1).scope is None


ADDRESSES = (
    "0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1", "1::", "2001:db8::1", "::1.2.3.4",
    "::ffff:1.2.3.4", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:1.2.3.4", "FE80::ABCD", "0:0:0:0:0:0:0:0",
    "01.2.3.4", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.-4", "1::2::3", ":::", "12345::",
    "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::g", "::1.2.3", "::1.2.3.256", "1.2.3.4::", ":1", "1:",
    "127.1", "0x7f000001", "0x7f.1", "2130706433", "1.2.3.4.", "٣.1.1.1",
)  # fmt: skip


@pytest.mark.parametrize("text", ADDRESSES)
def test_addresses_are_those_of_ipaddress_and_inet_pton(text: str) -> None:
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    try:
        octets = socket.inet_pton(family, text)
    except (OSError, UnicodeEncodeError):
        with pytest.raises(InvalidValueError):
            Endpoint(text, 80)
        with pytest.raises(ValueError, match="."):
            ipaddress.ip_address(text)
        return
    address = Endpoint(text, 80).address
    assert address == ipaddress.ip_address(text)
    assert address is not None
    assert address.packed == octets
    assert socket.inet_pton(family, Endpoint(text, 80).host) == octets


@pytest.mark.parametrize(
    "text",
    [
        "localhost:80",
        "127.0.0.1:80",
        "[::1]:80",
        "example.com:65535",
        "a-b.c_d:0",
        "[2001:DB8::1]:1",
    ],
)
def test_endpoints_are_those_of_urllib(text: str) -> None:
    parts = urlsplit(f"//{text}")
    assert Endpoint.parse(text) == Endpoint(parts.hostname or "", parts.port or 0)
    # The printed form is valid in a URL, apart from a scope.
    again = urlsplit(f"http://{Endpoint.parse(text)}/")
    assert (again.hostname, again.port) == (Endpoint.parse(text).host, parts.port)


def test_the_default_port() -> None:
    for text in ("db.example", "db.example:", "10.0.0.1", "[::1]", "[::1]:", ":", "*"):
        assert Endpoint.parse(text, default_port=5432).port == 5432
        with pytest.raises(PortSyntaxError, match="expected a port after the host"):
            Endpoint.parse(text)
    assert Endpoint.parse("a:1", default_port=5432).port == 1
    assert Endpoint.parse("a", default_port=0).port == 0
    for wrong, error in ((65536, InvalidPortError), ("80", TypeError), (True, TypeError)):
        with pytest.raises(error):
            Endpoint.parse("a:1", default_port=wrong)


def test_service_names_are_looked_up() -> None:
    assert Endpoint.parse("a:DOMAIN", services=SHIPPED).port == 53
    # IANA: 512 is exec for TCP; UDP has comsat there.
    assert Endpoint.parse("a:exec", services=SHIPPED, transport="tcp").port == 512
    for text, transport, message in (
        ("a:exec", "udp", "must have exactly one port, got 'exec' with 'none'"),
        ("a:http-alt", "tcp", "got 'http-alt' with '591,8008,8080'; write the number"),
        ("a:htps", None, "unknown service, got 'htps'; did you mean 'https'"),
        ("a:" + "x" * 65, None, "expected a port or a service name, got 'xxx"),
    ):
        with pytest.raises(PortSyntaxError, match=".") as caught:
            Endpoint.parse(text, services=SHIPPED, transport=transport)
        assert message in caught.value.reason
        assert caught.value.span == (2, len(text))
    with pytest.raises(UnknownNameError):
        Endpoint.parse("a:1", transport="tpc")


BRACKETS = "an IPv6 address must be in brackets, because its last group could be the port, got "


@pytest.mark.parametrize(
    ("text", "reason", "span"),
    [
        ("::1:80", BRACKETS + "'::1:80'; did you mean '[::1]:80'?", (0, 6)),
        ("::1:", BRACKETS + "'::1:'", (0, 4)),
        (":::", BRACKETS + "':::'", (0, 3)),
        (":::80", BRACKETS + "':::80'; did you mean '[::]:80'?", (0, 5)),
        ("::1", BRACKETS + "'::1'", (0, 3)),
        ("1:2:3:4:5:6:7:8", BRACKETS + "'1:2:3:4:5:6:7:8'", (0, 15)),
        ("fe80::1%lo:8\x1b", BRACKETS + r"'fe80::1%lo:8\x1b'; did you mean '[fe80::1%lo]:8\x1b'?",
         (0, 13)),
        ("[::1", "an IPv6 address must end with ']', got '[::1'", (0, 4)),
        ("[::1]80", "expected ':' and a port after ']', got '80'", (5, 7)),
        ("[::1%a]%b:1", "expected ':' and a port after ']', got '%b:1'", (7, 11)),
        ("[127.0.0.1]:80", "brackets must contain an IPv6 address, got '[127.0.0.1]'", (0, 11)),
        ("[localhost]:80", "brackets must contain an IPv6 address, got '[localhost]'", (0, 11)),
        ("[::1%]:80", "brackets must contain an IPv6 address, got '[::1%]'", (0, 6)),
        ("[]:80", "brackets must contain an IPv6 address, got '[]'", (0, 2)),
        ("8080", "expected 'host:port', got '8080'; write ':8080' for every address", (0, 4)),
        ("", "host must be a name, an IPv4 or IPv6 address, or '*', got ''", (0, 0)),
        ("a b:1", "host must be a name, an IPv4 or IPv6 address, or '*', got 'a b'", (0, 3)),
        ("a..b:1", "host must be a name, an IPv4 or IPv6 address, or '*', got 'a..b'", (0, 4)),
        ("-a:1", "host must be a name, an IPv4 or IPv6 address, or '*', got '-a'", (0, 2)),
        ("a:b:1", "host must be a name, an IPv4 or IPv6 address, or '*', got 'a:b'", (0, 3)),
        ("u@h:1", "host must be a name, an IPv4 or IPv6 address, or '*', got 'u@h'", (0, 3)),
        ("http://a:1", "host must be a name, an IPv4 or IPv6 address, or '*', got 'http://a'; "
         "a URL is not an endpoint", (0, 8)),
        ("caf\u00e9:1", "host must be a name, an IPv4 or IPv6 address, or '*', got 'caf\u00e9'; "
         "write an international name in its form xn--...", (0, 4)),
        ("a:", "expected a port after the host, got 'a:'", (1, 2)),
        ("a", "expected a port after the host, got 'a'", (1, 1)),
        (
            "a:http",
            "port must be decimal digits, got 'http'; names require services=registry.SHIPPED",
            (2, 6),
        ),
        ("a:*", "an endpoint must have one port, got '*'", (2, 3)),
        ("a:any", "an endpoint must have one port, got 'any'", (2, 5)),
        ("https://x", "port must be decimal digits, got '//x'; a URL is not an endpoint", (6, 9)),
        ("a:080", "port must have no leading zero, got '080'", (2, 5)),
        ("a:65536", "port must be in 0..65535, got '65536'", (2, 7)),
        ("a: 80", "port must be decimal digits, got ' 80'", (2, 5)),
        ("a:\u0668", "port must be decimal digits, got '\u0668'", (2, 3)),
        ("a:8_0", "port must be decimal digits, got '8_0'", (2, 5)),
    ],
)  # fmt: skip
def test_texts_that_are_refused(text: str, reason: str, span: tuple[int, int]) -> None:
    with pytest.raises(PortSyntaxError) as caught:
        Endpoint.parse(text)
    assert (caught.value.reason, caught.value.span, caught.value.text) == (reason, span, text)


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("[::1]", "got '[::1]'; brackets are part of an endpoint's text, not of its host"),
        ("::1%eth 0", "got '::1%eth 0'"),
        ("::1%" + "e" * 32, "got '::1%" + "e" * 32 + "'"),
        ("1.2.3.4%", "got '1.2.3.4%'"),
        ("a" * 64, "got 'aaaa"),
        (".".join(["a" * 49] * 5) + ".aaaa", "got 'aaaa"),
        ("a.", None),
        ("x" * 63 + ".x.y", None),
        (".".join(["a" * 49] * 5) + ".aaa.", None),
    ],
)
def test_hosts_that_are_accepted_or_refused(host: str, message: str | None) -> None:
    if message is None:
        assert Endpoint(host, 1).host == host
        return
    with pytest.raises(InvalidValueError) as caught:
        Endpoint(host, 1)
    assert str(caught.value).startswith("host must be a name, an IPv4 or IPv6 address, or '*', ")
    assert message in str(caught.value)


@pytest.mark.parametrize("size", [10**5, 10**6])
@pytest.mark.parametrize("unit", ["a", "a.", "1", "1.", ":", "[", "]", "%", "%25", "1:", "*", "-"])
def test_long_texts_are_refused_with_a_short_message(unit: str, size: int) -> None:
    for text in (unit * size, f"{unit * size}:80", f"[{unit * size}]:80", f"a:{unit * size}"):
        for printed in (False, True):
            with pytest.raises(PortSyntaxError) as caught:
                Endpoint.parse(text, services=SHIPPED, printed=printed)
            assert len(str(caught.value)) < 600


@pytest.mark.parametrize("value", [None, 80, b"a:1", ["a:1"], ("a", 1)])
def test_only_text_is_parsed(value: object) -> None:
    with pytest.raises(TypeError, match="text must be a str, got "):
        Endpoint.parse(value)
    with pytest.raises(TypeError, match="printed must be a bool, got int 1"):
        Endpoint.parse("a:1", printed=1)
