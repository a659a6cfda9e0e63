"""Any text is an Endpoint or a PortSyntaxError, and what is printed is read again."""

from __future__ import annotations

import ipaddress
import string

from hypothesis import example, given
from hypothesis import strategies as st

from portranges import Endpoint, PortSyntaxError
from portranges.errors import InvalidValueError
from portranges.strategies import ports

LABELS = st.from_regex(r"[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,8}[a-zA-Z0-9_])?", fullmatch=True)
NAMES = st.lists(LABELS, min_size=1, max_size=4).map(".".join)
SCOPES = st.text(
    alphabet=sorted({*string.printable} - {*string.whitespace, *"/:%[]"}), min_size=1, max_size=31
)
V4 = st.integers(0, 2**32 - 1).map(lambda number: str(ipaddress.IPv4Address(number)))
V6 = st.one_of(
    st.integers(0, 2**128 - 1),
    # Few groups that are not zero, and mapped addresses.
    st.integers(0, 2**16 - 1).map(lambda number: number << 112 | number),
    st.integers(0, 2**32 - 1).map(lambda number: 0xFFFF << 32 | number),
)
SIGNS = st.text(alphabet="0123456789abf.:%[]*- 25", max_size=30)


def outcome(text: str, *, printed: bool = False) -> Endpoint | None:
    try:
        return Endpoint.parse(text, printed=printed)
    except PortSyntaxError as error:
        found = error
    start, stop = found.span
    assert 0 <= start <= stop <= len(text)
    assert found.text == text
    assert all(line.isprintable() for line in str(found).split("\n"))
    return None


@given(st.one_of(SIGNS, st.text(max_size=40)), st.booleans())
@example("::ffff:1.2.3.4:80", True)
@example("[::1%25]:80", False)
@example("[::1%252525]:80", False)
@example("%25:1", False)
def test_any_text_is_an_endpoint_or_an_error(text: str, printed: bool) -> None:
    endpoint = outcome(text, printed=printed)
    if endpoint is not None:
        assert Endpoint.parse(str(endpoint)) == endpoint
        assert Endpoint.parse(str(endpoint), printed=True) == endpoint
        assert Endpoint(endpoint.host, endpoint.port) == endpoint
        # What is accepted strictly means the same as printed.
        assert printed or outcome(text, printed=True) == endpoint


@given(st.one_of(NAMES, V4, st.just("*")), st.one_of(st.none(), SCOPES), ports())
def test_names_and_ipv4_addresses_round_trip(host: str, scope: str | None, port: int) -> None:
    whole = host if scope is None else f"{host}%{scope}"
    endpoint = outcome(f"{whole}:{port}")
    try:
        assert endpoint == Endpoint(whole, port)
    except InvalidValueError:
        # A name that ends in a number, such as a.1, is not an address.
        assert endpoint is None
        assert host.rpartition(".")[2][:1].isdigit()
        return
    assert endpoint is not None
    assert endpoint.scope == scope
    name = endpoint.host.partition("%")[0]
    assert name == ("" if host == "*" else host.lower())
    try:
        assert endpoint.address == ipaddress.IPv4Address(host)
    except ValueError:
        assert endpoint.address is None


@given(V6, st.one_of(st.none(), SCOPES), ports())
def test_ipv6_addresses_round_trip(number: int, scope: str | None, port: int) -> None:
    address = ipaddress.IPv6Address(number)
    zone = "" if scope is None else f"%{scope}"
    for spelling in (str(address), address.exploded, address.exploded.upper()):
        endpoint = Endpoint(f"{spelling}{zone}", port)
        assert endpoint.address == ipaddress.IPv6Address(f"{address}{zone}")
        assert endpoint.scope == scope
        assert Endpoint.parse(str(endpoint)) == endpoint
        assert Endpoint.parse(f"{spelling}{zone}:{port}", printed=True) == endpoint
        assert Endpoint.parse(f"[{spelling}]{zone}:{port}") == endpoint
        assert outcome(f"{spelling}{zone}:{port}") is None
        if scope is not None:
            # RFC 6874: the percent sign is %25 in a URI.
            assert Endpoint.parse(f"[{spelling}%25{scope}]:{port}") == endpoint
