"""Windows: the table of the Winsock page, cell by cell."""

from __future__ import annotations

from typing import Any

import pytest

from portranges import Confidence, PortSet
from portranges.errors import InvalidSocketError
from portranges.reuse import PortTable, rules
from portranges.reuse.model import Socket
from portranges.reuse.others import SystemSettings
from reuse_sockets import procedure

decide_bind = procedure("windows")

# First socket in rows, second in columns. I WSAEADDRINUSE, A WSAEACCES, . success;
# x/y same user / other user (Server 2003 and later, Vista and later).
SINCE_2003 = """
| first | D-W | D-S | R-W | R-S | E-W | E-S |
| D-W | I | ./A | A | ./A | I | ./A |
| D-S | . | I | . | A | I | I |
| R-W | I | ./A | . | . | I | ./A |
| R-S | . | I | . | . | I | I |
| E-W | I | A | A | A | I | A |
| E-S | . | I | . | A | I | I |
"""
# XP and older: first D or R, then first E.
XP_D_OR_R = "I I . . I I"
XP_E = "I I A A I I"

ERRORS = {"I": "WSAEADDRINUSE", "A": "WSAEACCES", ".": None}


def cells(text: str) -> dict[tuple[str, str], str]:
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.split("\n")]
    head, *body = [line for line in lines if len(line) == 7]
    return {
        (row[0], column): cell
        for row in body
        for column, cell in zip(head[1:], row[1:], strict=True)
    }


def sock(kind: str, *, family: str = "inet", **more: Any) -> Socket:
    """``"D-W"``: default, at the wildcard; and so on."""
    places = {"inet": ("0.0.0.0", "192.0.2.1"), "inet6": ("::", "2001:db8::1")}
    mode, place = kind.split("-")
    defaults: dict[str, Any] = {
        "transport": "tcp",
        "address": places[family][place == "S"],
        "port": 8080,
        "reuse_address": mode == "R",
        "exclusive": mode == "E",
        "uid": 1,
    }
    return Socket(**(defaults | more))


KINDS = ["D-W", "D-S", "R-W", "R-S", "E-W", "E-S"]


@pytest.mark.parametrize("family", ["inet", "inet6"])
@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("system", ["windows", "windows-2003"])
def test_every_cell_of_the_winsock_table(system, transport, family):
    table = cells(SINCE_2003)
    assert len(table) == 36
    for (first, second), cell in table.items():
        holder = sock(first, family=family, transport=transport)
        for uid, letter in ((1, cell[0]), (2, cell[-1])):
            new = sock(second, family=family, transport=transport, uid=uid)
            decision = procedure(system)(new, [holder])
            assert decision.error == ERRORS[letter], (first, second, uid)
            assert decision.confidence is Confidence.DOCUMENT
            assert decision.rule.id.startswith(f"{system}-{first.lower()}-{second.lower()}")
            assert decision.rule.id.endswith("-user") is ("/" in cell)


def test_every_cell_of_the_xp_table():
    for first in KINDS:
        letters = (XP_E if first[0] == "E" else XP_D_OR_R).split()
        for second, letter in zip(KINDS, letters, strict=True):
            for uid in (1, 2):
                decision = procedure("windows-xp")(sock(second, uid=uid), [sock(first)])
                assert decision.error == ERRORS[letter], (first, second)


def test_different_specific_addresses_never_conflict():
    for first in KINDS[1::2]:
        for second in KINDS[1::2]:
            new = sock(second, address="192.0.2.2")
            for name in ("windows", "windows-xp"):
                assert procedure(name)(new, [sock(first)]).rule.id == f"{name}-free"


def test_a_dual_stack_wildcard_is_tested_on_both_stacks():
    dual = sock("D-W", address="::", v6only=False)
    for holder in (
        sock("D-W", family="inet6", v6only=True),
        sock("D-W", address="::", v6only=False),
    ):
        assert decide_bind(dual, [holder]).error == "WSAEADDRINUSE"
        assert decide_bind(holder, [dual]).error == "WSAEADDRINUSE"
    # Either stack alone is enough to refuse, and neither decides for the other.
    assert decide_bind(dual, [sock("R-S"), sock("E-W", family="inet6")]).error == "WSAEADDRINUSE"
    assert decide_bind(dual, [sock("E-S"), sock("R-S", family="inet6")]).allowed
    assert decide_bind(dual, [sock("D-S"), sock("R-S", family="inet6")]).allowed


# The table tests_exclusive of test_reuseaddr() in Wine's dlls/ws2_32/tests/sock.c (Wine 10.17),
# which its tests assert on Windows, without broken(): the address and mode (D default,
# E SO_EXCLUSIVEADDRUSE) of the first and the second TCP socket, and the answer of the second
# bind(). Every AF_INET6 socket has IPV6_V6ONLY off.
TESTS_EXCLUSIVE = """
    0.0.0.0           E   127.0.0.1         D   WSAEACCES
    ::                E   127.0.0.1         D   WSAEACCES
    0.0.0.0           D   127.0.0.1         E   -
    0.0.0.0           E   127.0.0.1         E   WSAEACCES
    127.0.0.1         E   0.0.0.0           D   -
    127.0.0.1         D   0.0.0.0           E   WSAEADDRINUSE
    127.0.0.1         D   ::                E   WSAEADDRINUSE
    ::1               D   0.0.0.0           E   -
    ::1               E   127.0.0.1         E   -
    ::ffff:127.0.0.1  D   0.0.0.0           E   WSAEADDRINUSE
    ::                E   0.0.0.0           D   WSAEACCES
    ::                D   0.0.0.0           E   -
    0.0.0.0           D   0.0.0.0           E   WSAEADDRINUSE
    0.0.0.0           D   0.0.0.0           D   WSAEADDRINUSE
    ::                D   0.0.0.0           D   -
    ::ffff:0.0.0.0    D   0.0.0.0           D   WSAEADDRINUSE
    ::ffff:127.0.0.1  D   127.0.0.1         D   WSAEADDRINUSE
    127.0.0.1         D   ::ffff:127.0.0.1  D   WSAEADDRINUSE
    ::1               E   127.0.0.1         E   -
    127.0.0.1         E   127.0.0.1         D   WSAEADDRINUSE
    127.0.0.1         D   127.0.0.1         E   WSAEADDRINUSE
"""
# The same function asserts these for AF_INET and AF_INET6, as ANY and LOOPBACK here; the latter
# keep the default of IPV6_V6ONLY. R is SO_REUSEADDR.
TESTS_BY_FAMILY = """
    LOOPBACK  D   LOOPBACK  R   WSAEACCES
    LOOPBACK  R   LOOPBACK  D   WSAEADDRINUSE
    LOOPBACK  R   LOOPBACK  R   -
    ANY       D   LOOPBACK  D   -
    LOOPBACK  D   ANY       D   -
    ANY       D   ANY       D   WSAEADDRINUSE
"""


def wine_rows():
    for line in TESTS_EXCLUSIVE.strip().splitlines():
        yield (*line.split(), False)
    for names in ({"ANY": "0.0.0.0", "LOOPBACK": "127.0.0.1"}, {"ANY": "::", "LOOPBACK": "::1"}):
        for line in TESTS_BY_FAMILY.strip().splitlines():
            yield (*(names.get(word, word) for word in line.split()), None)


WINE_ROWS = list(wine_rows())


def test_every_row_of_wines_table_is_tested():
    assert len(WINE_ROWS) == 21 + 2 * 6


@pytest.mark.parametrize("row", WINE_ROWS)
def test_every_row_of_wines_table_agrees(row):
    first, first_mode, second, second_mode, answer, v6only = row
    holder, new = (
        sock(f"{mode}-W", address=address, v6only=v6only if ":" in address else None)
        for address, mode in ((first, first_mode), (second, second_mode))
    )
    expected = None if answer == "-" else answer
    assert decide_bind(new, [holder]).error == expected
    # And with the calls themselves.
    table = PortTable("windows", seed=1)
    errors = []
    for socket in (holder, new):
        handle = table.socket(
            "tcp",
            family=socket.family,
            v6only=socket.v6only,
            reuse_address=socket.reuse_address,
            exclusive=socket.exclusive,
        )
        errors.append(table.bind(handle, socket.address, 9375).error)
    assert errors == [None, expected]


@pytest.mark.parametrize("uid", [1, 2])
@pytest.mark.parametrize("second", "DRE")
@pytest.mark.parametrize("first", "DRE")
@pytest.mark.parametrize("any4", ["0.0.0.0", "::ffff:0.0.0.0"])
def test_beside_a_dual_stack_wildcard_the_ipv4_one_is_a_specific_address(any4, first, second, uid):
    """One rule for all modes, orders and users; rows of Wine's table fix three of its cells."""
    judge = procedure("windows")
    only = False if ":" in any4 else None

    def dual(mode, **more):
        return sock(f"{mode}-W", address="::", v6only=False, **more)

    def narrow(mode, **more):
        return sock(f"{mode}-W", address=any4, v6only=only, **more)

    def specific(mode, **more):
        return sock(f"{mode}-S", **more)

    decision = judge(narrow(second, uid=uid), [dual(first)])
    assert decision.error == judge(specific(second, uid=uid), [dual(first)]).error
    # Of these three only the first does not depend on the user.
    asserted = (first, second, uid) in {("E", "D", uid), ("D", "E", 1), ("D", "D", 1)}
    assert decision.confidence is (Confidence.REPORTED if asserted else Confidence.INFERRED)
    reverse = judge(dual(second, uid=uid), [narrow(first)])
    assert reverse.error == judge(dual(second, uid=uid), [specific(first)]).error
    assert reverse.confidence is Confidence.INFERRED


@pytest.mark.parametrize("system", ["windows-2003", "windows-xp"])
def test_before_vista_no_socket_is_dual_stack(system):
    """Microsoft, "Dual-Stack Sockets for IPv6 Winsock Applications"."""
    with pytest.raises(InvalidSocketError, match="IPV6_V6ONLY cannot be cleared"):
        procedure(system)(sock("D-W", address="::", v6only=False), [])


def test_ipv6_only_and_ipv4_sockets_do_not_conflict():
    v6 = sock("E-W", family="inet6")
    assert decide_bind(v6, [sock("E-W")]).allowed  # IPV6_V6ONLY is on by default
    assert decide_bind(sock("E-W"), [v6]).allowed


def test_a_mapped_address_counts_as_an_ipv4_address():
    mapped = sock("D-S", address="::ffff:192.0.2.1", v6only=False)
    assert decide_bind(mapped, [sock("D-S")]).error == "WSAEADDRINUSE"
    only = sock("D-S", address="::ffff:192.0.2.1", v6only=True)
    decision = decide_bind(only, [])
    assert decision.error == "WSAEADDRNOTAVAIL"
    assert decision.confidence is Confidence.MEMORY


def test_time_wait_does_not_block():
    for kind in KINDS:
        for second in KINDS:
            assert decide_bind(sock(second), [sock(kind, state="time-wait")]).allowed


def test_with_exclusive_use_a_port_is_busy_until_the_connection_is_inactive():
    for state in ("connected", "fin-wait-2"):
        connection = sock("E-S", state=state)
        assert decide_bind(sock("E-S"), [connection]).error == "WSAEADDRINUSE"
        assert decide_bind(sock("R-S"), [connection]).error == "WSAEACCES"


def test_reuse_address_takes_over_a_port():
    """SO_REUSEADDR on Windows is not what POSIX calls by that name."""
    holder = sock("R-S", state="listening")
    decision = decide_bind(sock("R-S", uid=2), [holder])
    assert decision.allowed
    assert decision.rule.id == "windows-r-s-r-s"


def test_an_excluded_range_refuses_without_a_holder():
    settings = SystemSettings(excluded=PortSet.parse("8000-8099"))
    decision = decide_bind(sock("E-W"), [], settings=settings)
    assert (decision.error, decision.rule.id) == ("WSAEACCES", "windows-excluded")
    assert decision.blocker is None
    assert decision.confidence is Confidence.REPORTED
    assert decide_bind(sock("E-W", port=8100), [], settings=settings).allowed
    with pytest.raises(InvalidSocketError, match="FreeBSD has no excluded port ranges"):
        procedure("freebsd")(sock("D-W"), [], settings=settings)


def test_no_port_needs_privilege():
    assert decide_bind(sock("D-W", port=80, uid=1000), []).allowed


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"reuse_port": True}, "Windows has no SO_REUSEPORT, got tcp 0.0.0.0:8080 with reuse_port"),
        ({"device": "lo"}, "Windows has no option that binds a socket to a device, got "),
        ({"load_balance": True}, "Windows has no SO_REUSEPORT_LB, got "),
        (
            {"exclusive": True, "reuse_address": True},
            "on Windows SO_REUSEADDR and SO_EXCLUSIVEADDRUSE exclude each other, got ",
        ),
    ],
)
def test_an_option_that_windows_does_not_have_is_refused(more, message):
    for new, existing in ((sock("D-W", **more), []), (sock("D-W"), [sock("D-W", **more)])):
        with pytest.raises(InvalidSocketError) as caught:
            decide_bind(new, existing)
        assert str(caught.value).startswith(message)


def test_a_rule_is_named_after_its_cell_and_describes_it():
    rows = {rule.id: rule for rule in rules("windows")}
    row = rows["windows-d-w-e-s-other-user"]
    assert row.error == "WSAEACCES"
    assert row.sentence == (
        "the holder is bound to the wildcard with no option, and the new socket of another user "
        "requests this address with SO_EXCLUSIVEADDRUSE"
    )
    assert rows["windows-d-w-e-s-same-user"].error is None
    # 36 cells, five of which have two users.
    cells = [name for name in rows if name.count("-") >= 4]
    beside = [name for name in cells if "-any4" in name]
    assert len(cells) - len(beside) == 36 + 5
    # 9 pairs of modes in two orders; the five cells have the dual-stack socket first.
    assert len(beside) == 2 * 9 + 5
    assert rows["windows-d-dual-e-any4-same-user"].sentence == (
        "the holder is bound to the dual-stack wildcard :: (wider than 0.0.0.0) with no option, "
        "and the new socket of the same user requests 0.0.0.0 with SO_EXCLUSIVEADDRUSE"
    )
