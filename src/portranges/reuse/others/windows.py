"""Windows: the tables of the Winsock documentation.

A socket is D (default), R (SO_REUSEADDR) or E (SO_EXCLUSIVEADDRUSE), at W (a wildcard) or S (a
specific address, the same for both; different ones never overlap). There is no SO_REUSEPORT.
SO_REUSEADDR lets a program take over a port in use, unlike the option of that name in POSIX.
A dual-stack wildcard is checked on both stacks, and both must allow it. On the IPv4 stack it is
wider than 0.0.0.0, which counts as a specific address beside it: 0.0.0.0 behaves there as
127.0.0.1 does. TIME_WAIT does not conflict with bind().
"""

from __future__ import annotations

from functools import cache
from itertools import product

from portranges import types
from portranges.reuse.addresses import ANY4, Kind, is_mapped, is_wild, overlap
from portranges.reuse.model import Rule, State
from portranges.reuse.others.address_rules import AddressRule, Call
from portranges.reuse.others.bind_rules import (
    BindRules,
    Context,
    Via,
    check_address_kind,
    mapped_v6only,
    not_local,
)
from portranges.reuse.others.rows import call_rows
from portranges.reuse.others.sock import Sock
from portranges.reuse.rulebook import RuleTable
from portranges.source import Confidence, Source, cite

_WINSOCK = cite("MicrosoftDocs/win32@08f5ed2", "Using SO_REUSEADDR and SO_EXCLUSIVEADDRUSE")
_DYNAMIC = cite("Microsoft KB929851", "the dynamic port range")
_EXHAUSTION = cite(
    "Microsoft KB196271 (10055), KB319502 (10048)", "connect() from the last port of the range"
)
_EXHAUSTED = (
    "no port of the range is free for connect(): the error is WSAENOBUFS (10055) if no port or no "
    "buffer is left at all, and as often WSAEADDRINUSE (10048), because every port has a "
    "connection to this destination, most of them in TIME_WAIT"
)
_WINSOCK_ERRORS = cite("Windows Sockets Error Codes")
_CONNECT = cite("MicrosoftDocs/sdk-api@01397c9", "nf-winsock2-connect.md, connect function")


def _read(document: str, page: str) -> Source:
    return cite(f"MicrosoftDocs/{document}", page, checked="2026-11-30")


_API = "sdk-api@01397c9"
_BIND_PAGE = _read("sdk-api@023cd99", "nf-winsock2-bind.md")
_LISTEN_PAGE = _read(_API, "nf-winsock2-listen.md")
_CONNECT_PAGE = _read(_API, "nf-winsock2-connect.md")
_ACCEPT_PAGE = _read(_API, "nf-winsock2-accept.md")
_OPTION_PAGE = _read(_API, "nf-winsock-setsockopt.md")
_EXCLUSIVE_PAGE = _read("win32@2ec0df6", "so-exclusiveaddruse.md")
_ERROR_PAGE = _read("win32@27a9dfa", "windows-sockets-error-codes-2.md")
_WINE = cite(
    "Wine 10.17 (royel21/wine-10.17-custom@83661d6)",
    "dlls/ws2_32/tests/sock.c, test_reuseaddr, tests_exclusive",
)

# First socket in rows, second in columns. I is WSAEADDRINUSE, A WSAEACCES, a
# dot success; x/y is for the same user and for another.
_SINCE_2003 = """\
        D-W D-S R-W R-S E-W E-S
    D-W I   ./A A   ./A I   ./A
    D-S .   I   .   A   I   I
    R-W I   ./A .   .   I   ./A
    R-S .   I   .   .   I   I
    E-W I   A   A   A   I   A
    E-S .   I   .   A   I   I
"""

_XP = """\
        D-W D-S R-W R-S E-W E-S
    D-W I   I   .   .   I   I
    D-S I   I   .   .   I   I
    R-W I   I   .   .   I   I
    R-S I   I   .   .   I   I
    E-W I   I   A   A   I   I
    E-S I   I   A   A   I   I
"""

# Whether a stack is that of IPv4.
_STACKS = (True, False)
_MODES = {"D": "no option", "R": "SO_REUSEADDR", "E": "SO_EXCLUSIVEADDRUSE"}
# 4 is 0.0.0.0 and 6 a dual-stack ::, where the two meet.
_PLACES = {
    "W": "the wildcard",
    "S": "this address",
    "4": "0.0.0.0",  # noqa: S104
    "6": "the dual-stack wildcard :: (wider than 0.0.0.0)",
}
# What the words of the tables mean.
_ERRORS = {"I": "EADDRINUSE", "A": "EACCES", ".": None}
_AS_PLACES = str.maketrans("46", "SW")
_NAMES = {"W": "w", "S": "s", "4": "any4", "6": "dual"}
# The cells of 4 and 6 that Wine's tests assert on Windows, for one user.
_ASSERTED = frozenset({("E-6", "D-4"), ("D-6", "E-4"), ("D-6", "D-4")})


def _cells(text: str, *, has_dual_stack: bool) -> types.Iterator[tuple[str, types.RuleRow]]:
    """Yield the rules of a table: one for each cell, two for one that depends on the user."""
    columns, *lines = (line.split() for line in text.splitlines())
    cells = {
        (first, second): answer
        for first, *answers in lines
        for second, answer in zip(columns, answers, strict=True)
    }
    for (first, second), answer in cells.items():
        yield from _cell(first, second, answer, _WINSOCK)
    for wide, narrow in product(_MODES, _MODES) if has_dual_stack else ():
        for first, second in ((f"{wide}-6", f"{narrow}-4"), (f"{wide}-4", f"{narrow}-6")):
            answer = cells[first.translate(_AS_PLACES), second.translate(_AS_PLACES)]
            yield from _cell(first, second, answer, _WINE)


def _cell(
    first: str, second: str, answer: str, source: Source
) -> types.Iterator[tuple[str, types.RuleRow]]:
    same, slash, other = answer.partition("/")
    for user, word in (("same", same), ("other", other)) if slash else (("", same),):
        whose = {"same": " of the same user", "other": " of another user", "": ""}[user]
        sentence = (
            f"the holder is bound to {_PLACES[first[-1]]} with {_MODES[first[0]]}, and the new "
            f"socket{whose} requests {_PLACES[second[-1]]} with {_MODES[second[0]]}"
        )
        how = Confidence.DOCUMENT
        if source is _WINE:
            asserted = (first, second) in _ASSERTED and user != "other"
            how = Confidence.REPORTED if asserted else Confidence.INFERRED
        yield _name(first, second, user), (_ERRORS[word], sentence, source, how)


# judge() needs the same few names again and again.
@cache
def _name(first: str, second: str, user: str) -> str:
    """Return the name of a cell's rule, as ``"d-w-r-s-same-user"``."""
    sides = (f"{side[0].lower()}-{_NAMES[side[-1]]}" for side in (first, second))
    return "-".join(sides) + (f"-{user}-user" if user else "")


_MEMORY = Confidence.MEMORY
_DOCUMENT = Confidence.DOCUMENT
# The rules of every table, which follow the rules of its cells.
_OTHER_ROWS: types.RuleRows = {
    "excluded": (
        "EACCES",
        "the port is in an excluded port range (netsh interface ipv4 show excludedportrange "
        "protocol=tcp, or udp), which programs cannot bind to unless it is administered, marked *",
        cite("microsoft/WSL#5514", "error 10013 where no socket has the port"),
        Confidence.REPORTED,
    ),
    "listen-unbound": ("EINVAL", "listen() requires a bound socket", _LISTEN_PAGE, _DOCUMENT),
    "any-destination": (
        "EADDRNOTAVAIL",
        "a socket cannot connect to the wildcard address",
        _CONNECT,
        Confidence.DOCUMENT,
    ),
    "connect-broadcast": (
        "EACCES",
        "a UDP socket needs SO_BROADCAST to connect to a broadcast address",
        _CONNECT,
        Confidence.DOCUMENT,
    ),
    "bind-multicast": (
        "EADDRNOTAVAIL",
        "a socket cannot be bound to a multicast address; it joins the group and is "
        "bound to the wildcard or to an address of the machine",
        cite("nannou-org/citp#6, CCExtractor/ccextractor#668", "error 10049"),
        Confidence.REPORTED,
    ),
    "option-both": (
        "EINVAL",
        "SO_REUSEADDR and SO_EXCLUSIVEADDRUSE exclude each other",
        _WINSOCK_ERRORS,
        _MEMORY,
    ),
    **call_rows(
        {
            "picking": (_DYNAMIC, _MEMORY),
            "connect-exhausted": (_EXHAUSTION, Confidence.REPORTED),
            "chosen": (_BIND_PAGE, _DOCUMENT),
            "not-local": (_BIND_PAGE, _DOCUMENT),
            "mapped-v6only": (_WINSOCK_ERRORS, _MEMORY),
            "peer-port": (_ERROR_PAGE, _DOCUMENT),
            "bind": (_BIND_PAGE, _DOCUMENT),
            "connect": (_CONNECT_PAGE, _DOCUMENT),
            # The page says only "Addresses in the specified family cannot be used".
            "wrong-family": (_CONNECT_PAGE, Confidence.INFERRED),
            "v6only-connect": (_WINSOCK_ERRORS, _MEMORY),
            "refusal": (_CONNECT_PAGE, _DOCUMENT),
            "listen": (_LISTEN_PAGE, _DOCUMENT),
            "listening": (_LISTEN_PAGE, _MEMORY),
            "accept": (_ACCEPT_PAGE, _DOCUMENT),
            # "The newly created socket [...] has the same properties as socket s".
            "accepted": (_ACCEPT_PAGE, Confidence.INFERRED),
            "options": (_OPTION_PAGE, _DOCUMENT),
            "option": (_EXCLUSIVE_PAGE, _DOCUMENT),
            "v6only": (_WINSOCK_ERRORS, _MEMORY),
        },
        errors={
            "bind-exhausted": "ENOBUFS",
            "connect-exhausted": "ENOBUFS",
            "v6only-connect": "ENETUNREACH",
            "wrong-family": "EAFNOSUPPORT",
            "is-listening": "EINVAL",
            "not-closed": "EISCONN",
            "no-connection": "EWOULDBLOCK",
        },
        sentences={
            "connect-exhausted": _EXHAUSTED,
            "option": "the option is set; SO_REUSEADDR and SO_EXCLUSIVEADDRUSE have an effect only "
            "if they are set before the socket has a port",
            "listening": "listen() does not compare other sockets; the page states that listen() "
            "may fail with WSAEADDRINUSE if bind() requested the wildcard, but not under which "
            "conditions, so this is not modelled",
        },
        without={"dropped"},
    ),
}


def _meetings(
    new: Sock, holder: Sock, stacks: types.Iterable[bool] = _STACKS
) -> types.Iterator[tuple[int, int]]:
    """Yield the addresses of both on each of the *stacks* on which they overlap."""
    for v4 in stacks:
        requested, held = new.held_at(v4=v4), holder.held_at(v4=v4)
        if requested is not None and held is not None and overlap(requested, held):
            yield requested, held


def _place(sock: Sock, addr: int, other: Sock) -> str:
    mode = "E" if sock.exclusive else "R" if sock.r else "D"
    # Only on the IPv4 stack can one of two wildcards be :: and the other 0.0.0.0.
    if is_wild(addr) and ANY4 in (sock.addr, other.addr) and sock.is_dual is not other.is_dual:
        return f"{mode}-{'6' if sock.is_dual else '4'}"
    return f"{mode}-{'W' if is_wild(addr) else 'S'}"


def _excluded(sock: Sock, context: Context) -> Rule | None:
    excluded = sock.port in context.settings.excluded
    return context.system.rules["excluded"] if excluded else None


def _rules(name: types.SystemName, text: str, *, has_dual_stack: bool) -> RuleTable:
    """Return the rules of a table; *has_dual_stack* is whether IPV6_V6ONLY can be cleared.

    It can since Vista (MicrosoftDocs/win32, Dual-Stack Sockets for IPv6 Winsock Applications,
    0096be5).
    """
    rows = {
        "free": (None, "no socket conflicts", _WINSOCK, Confidence.DOCUMENT),
        **dict(_cells(text, has_dual_stack=has_dual_stack)),
        **_OTHER_ROWS,
    }
    return RuleTable(name, rows, prefix="WSA")


class Windows(BindRules):
    """The rules of Windows since Vista, with a rule for each cell of a table."""

    rules: RuleTable = _rules("windows", _SINCE_2003, has_dual_stack=True)
    checks: tuple[types.BindCheck, ...] = (mapped_v6only, check_address_kind, not_local, _excluded)
    options: frozenset[str] = frozenset({"exclusive"})
    v6only = True
    wide_loopback = True
    drops_refused = False
    # "must be set on the socket prior to the bind function being called to have any effect"
    reuse_until_bound = True
    address_rules: tuple[AddressRule, ...] = (
        AddressRule("any-destination", Call.CONNECT, (Kind.WILDCARD,)),
        AddressRule("connect-broadcast", Call.CONNECT, (Kind.BROADCAST,), tcp=False),
        AddressRule("bind-multicast", Call.BIND, (Kind.MULTICAST,)),
    )
    has_excluded = True

    def judge(self, new: Sock, holders: types.Sequence[Sock]) -> types.BindOutcome:
        """Look up the cell for each holder, on each stack of *new*."""
        shares = self.rules["free"]
        for holder in holders:
            if holder.state is State.TIME_WAIT:
                continue
            for requested, held in _meetings(new, holder):
                first, second = _place(holder, held, new), _place(new, requested, holder)
                user = "same" if new.uid == holder.uid else "other"
                general = self.rules.get(_name(first, second, ""))
                rule = general or self.rules[_name(first, second, user)]
                if rule.error is not None:
                    return rule, holder
                shares = rule
        return shares, None

    def busy(self, sock: Sock, holders: types.Sequence[Sock], via: Via | None) -> bool:
        """Return whether an automatic choice skips the port.

        How Windows chooses is not documented. Here a port is skipped if it is in use at an
        overlapping address, whatever the options are. Connections and TIME_WAIT count, because
        users report that they exhaust the ports.
        """
        stacks = _STACKS if via is None else (is_mapped(via.local),)
        return any(True for holder in holders for _ in _meetings(sock, holder, stacks))


class Windows2003(Windows):
    """The rules of Windows Server 2003, where IPV6_V6ONLY cannot be cleared."""

    rules: RuleTable = _rules("windows-2003", _SINCE_2003, has_dual_stack=False)
    v6only_fixed = True


class WindowsXp(Windows2003):
    """The rules of Windows XP."""

    rules: RuleTable = _rules("windows-xp", _XP, has_dual_stack=False)
