"""The tables of docs/reference/tables/reuse.md, generated from the answers of ``portranges.reuse``.

``build_docs`` writes them into the page.
"""

from __future__ import annotations

from functools import partial

import doc_table

from portranges import Confidence
from portranges.reuse import Socket, portability, rules, systems
from portranges.reuse.linux.kernels import CHANGES
from portranges.reuse.model import shown_address
from portranges.reuse.others.lookup import SYSTEMS, system
from portranges.reuse.others.rows import CALLS
from portranges.systems import lookup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeAlias

    from portranges.reuse import Decision, Rule
    from portranges.types import ReuseStateName, ReuseSystemName, TcpOrUdpName

    # A head, and rows of as many cells.
    Table: TypeAlias = tuple[Sequence[str], Sequence[Sequence[str]]]

__all__ = ["TABLES", "kernels", "older", "own_rules", "pairs", "systems_known", "windows"]

_ALLOWED = "allowed"
_TODAY: tuple[ReuseSystemName, ...] = (
    "linux",
    "freebsd",
    "macos",
    "openbsd",
    "netbsd",
    "illumos",
    "solaris",
    "windows",
)
_USER, _ANOTHER = 1000, 1001
_PORT = 8080


def _socket(
    address: str,
    *,
    reuse_address: bool = False,
    reuse_port: bool = False,
    exclusive: bool = False,
    v6only: bool | None = None,
    uid: int = _USER,
    state: ReuseStateName = "bound",
    transport: TcpOrUdpName = "tcp",
) -> Socket:
    return Socket(
        transport=transport,
        address=address,
        port=_PORT,
        reuse_address=reuse_address,
        reuse_port=reuse_port,
        exclusive=exclusive,
        v6only=v6only,
        uid=uid,
        state=state,
    )


def _plain() -> Iterator[tuple[Socket, Socket]]:
    wild, one, two = "0.0.0.0", "127.0.0.1", "127.0.0.2"  # noqa: S104 - nothing is bound
    yield _socket(one), _socket(two)
    yield _socket(wild), _socket(wild)
    yield _socket(one), _socket(one)
    yield _socket(wild), _socket(one)
    yield _socket(one), _socket(wild)


def _reuse_address() -> Iterator[tuple[Socket, Socket]]:
    wild, one = "0.0.0.0", "127.0.0.1"  # noqa: S104 - nothing is bound
    for first, second in ((wild, wild), (one, one), (wild, one), (one, wild)):
        yield _socket(first), _socket(second, reuse_address=True)
        yield _socket(first, reuse_address=True), _socket(second)
        yield _socket(first, reuse_address=True), _socket(second, reuse_address=True)
        yield (
            _socket(first, reuse_address=True, state="listening"),
            _socket(second, reuse_address=True),
        )
    yield (
        _socket(one, reuse_address=True, transport="udp"),
        _socket(one, reuse_address=True, transport="udp"),
    )


def _reuse_port() -> Iterator[tuple[Socket, Socket]]:
    wild, one = "0.0.0.0", "127.0.0.1"  # noqa: S104 - nothing is bound
    yield _socket(wild, reuse_port=True), _socket(wild, reuse_port=True)
    yield _socket(wild, reuse_port=True, state="listening"), _socket(wild, reuse_port=True)
    yield _socket(wild, reuse_port=True), _socket(wild, reuse_port=True, uid=_ANOTHER)
    yield _socket(one, reuse_port=True), _socket(one, reuse_port=True, uid=_ANOTHER)
    yield _socket(one, reuse_port=True), _socket(one, reuse_port=True, uid=0)
    yield _socket(one), _socket(one, reuse_port=True)
    yield _socket(one, reuse_port=True), _socket(one)
    yield _socket(one, reuse_port=True), _socket(wild, reuse_port=True)
    yield _socket(one, reuse_port=True), _socket(one, reuse_address=True)
    yield (
        _socket(one, reuse_port=True, transport="udp"),
        _socket(one, reuse_port=True, transport="udp"),
    )


def _connections() -> Iterator[tuple[Socket, Socket]]:
    wild, here = "0.0.0.0", "192.0.2.1"  # noqa: S104 - nothing is bound
    states: tuple[ReuseStateName, ...] = ("connected", "time-wait")
    for state in states:
        yield _socket(here, state=state), _socket(wild)
        yield _socket(here, state=state), _socket(wild, reuse_address=True)
        yield _socket(here, reuse_address=True, state=state), _socket(wild)
        yield _socket(here, reuse_address=True, state=state), _socket(wild, reuse_address=True)
    yield _socket(here, state="time-wait"), _socket(wild, reuse_port=True)
    yield (
        _socket(here, reuse_port=True, uid=_ANOTHER, state="time-wait"),
        _socket(wild, reuse_port=True),
    )


def _dual_stack() -> Iterator[tuple[Socket, Socket]]:
    wild, one = "0.0.0.0", "127.0.0.1"  # noqa: S104 - nothing is bound
    both, six = _socket("::", v6only=False), _socket("::", v6only=True)
    yield _socket(wild), _socket("::")
    yield _socket("::"), _socket(wild)
    yield _socket(wild), both
    yield both, _socket(wild)
    yield _socket(wild), six
    yield six, _socket(wild)
    yield both, six
    yield _socket(one), both
    yield both, _socket(one)
    yield _socket("::1"), both
    yield _socket("::ffff:127.0.0.1", v6only=False), _socket(one)
    yield (
        _socket(wild, reuse_address=True),
        _socket("::", v6only=False, reuse_address=True),
    )
    yield (
        _socket("::", v6only=False, reuse_address=True),
        _socket(wild, reuse_address=True),
    )


def _exclusive() -> Iterator[tuple[Socket, Socket]]:
    wild, one = "0.0.0.0", "127.0.0.1"  # noqa: S104 - nothing is bound
    yield _socket(one, exclusive=True), _socket(one, reuse_address=True)
    yield _socket(one, reuse_address=True), _socket(one, exclusive=True)
    yield _socket(wild, exclusive=True), _socket(one)
    yield _socket(one), _socket(wild, exclusive=True)
    yield _socket(one, exclusive=True), _socket(wild)
    yield _socket(wild), _socket(one, exclusive=True)
    yield _socket(wild), _socket(one, exclusive=True, uid=_ANOTHER)
    yield _socket(wild), _socket(one, uid=_ANOTHER)
    yield _socket(one), _socket(one, reuse_address=True, uid=_ANOTHER)


_PAIRS = {
    "plain": _plain,
    "reuse-address": _reuse_address,
    "reuse-port": _reuse_port,
    "connections": _connections,
    "dual-stack": _dual_stack,
    "exclusive": _exclusive,
}


def pairs(topic: str) -> Table:
    """Return the answers of the current systems for the pairs of *topic*."""
    answers = [(old, new, portability(new, [old])) for old, new in _PAIRS[topic]()]
    names = list(answers[0][2])
    return (
        ("Existing socket", "New socket", *names),
        [(_side(old), _side(new), *map(_answer, said.values())) for old, new, said in answers],
    )


def older() -> Table:
    """Return the pairs for which an older version answers differently."""
    versions = [name for name in systems() if not lookup(name).is_current]
    families = {name.partition("-")[0] for name in versions}
    newest = [name for name in SYSTEMS if name in families]
    shown: set[str] = {*newest, *versions}
    columns: list[ReuseSystemName] = [name for name in SYSTEMS if name in shown]
    rows: list[tuple[str, ...]] = []
    for make in _PAIRS.values():
        for old, new in make():
            today = portability(new, [old])
            if any(today[name].rule.id.endswith("-no-option") for name in newest):
                continue
            decisions = portability(new, [old], systems=columns)
            said = {name: _answer(decision) for name, decision in decisions.items()}
            if any(said[name] != said[name.partition("-")[0]] for name in versions):
                rows.append((_side(old), _side(new), *said.values()))
    return ("Existing socket", "New socket", *columns), rows


def windows(name: ReuseSystemName) -> Table:
    """Return the table of the Winsock documentation, from the rules of *name*."""
    kinds = [f"{option}-{place}" for option in "dre" for place in "ws"]
    answers = {row.id.removeprefix(f"{name}-"): _error(row) for row in rules(name)}

    def cell(pair: str) -> str:
        if pair in answers:
            return answers[pair]
        return " / ".join(answers[f"{pair}-{whose}-user"] for whose in ("same", "other"))

    return (
        ("First, second", *map(_kind, kinds)),
        [(_kind(first), *(cell(f"{first}-{second}") for second in kinds)) for first in kinds],
    )


def systems_known() -> Table:
    """Return a row for each system: options, default of IPV6_V6ONLY, sources."""
    rows: list[tuple[str, ...]] = [
        ("linux", "Linux", "SO_REUSEPORT, a device", "off", _known("linux"), _documents("linux"))
    ]
    for name in SYSTEMS:
        row = system(name)
        default = "on, cannot be cleared" if row.v6only_fixed else "on" if row.v6only else "off"
        options = ", ".join(word for key, word in _OPTIONS.items() if key in row.options)
        rows.append((name, row.title, options, default, _known(name), _documents(name)))
    head = ("Name", "System", "Options", "IPV6_V6ONLY", "Rules about two sockets", "Source")
    return head, rows


def kernels() -> Table:
    """Return the changes between the kernel releases that ``PortTable`` knows."""
    return (
        ("Since", "Backported to", "Change", "Source"),
        [
            (
                change.first,
                ", ".join(change.backports),
                change.sentence,
                f"{change.source.document.removeprefix('Linux ')}, {change.source.section}",
            )
            for change in CHANGES
        ],
    )


def own_rules(name: ReuseSystemName) -> Table:
    """Return the rules of a system, without those that every system has."""
    return (
        ("Rule", "Answer", "Meaning", "Known", "Where"),
        [
            (
                row.id,
                _error(row),
                row.sentence,
                row.confidence.value,
                row.source.section or row.source.document,
            )
            for row in rules(name)
            if row in _own(name)
        ],
    )


# The options of a Socket that do not exist on every system.
_OPTIONS = {
    "reuse_port": "SO_REUSEPORT",
    "load_balance": "SO_REUSEPORT_LB",
    "exclusive": "exclusive use",
    "device": "a device",
}
_CALLS = tuple(CALLS)


def _name(row: Rule, system_name: str) -> str:
    return row.id.removeprefix(f"{system_name}-")


def _own(name: ReuseSystemName) -> list[Rule]:
    """Return the rules of a system that are not about calls in general."""
    mine = [row for row in rules(name) if _name(row, name) not in _CALLS]
    # The cells of the Winsock table have a table of their own.
    return [row for row in mine if not row.sentence.startswith("the holder has ")]


def _known(name: ReuseSystemName) -> str:
    about_two = [row for row in rules(name) if _name(row, name) not in _CALLS]
    words = dict.fromkeys(row.confidence for row in about_two)
    common = max(words, key=lambda word: sum(row.confidence is word for row in about_two))
    return common.value


def _documents(name: ReuseSystemName) -> str:
    hearsay = (Confidence.MEMORY, Confidence.REPORTED)
    named = [row.source.document for row in rules(name) if row.confidence not in hearsay]
    return "; ".join(dict.fromkeys(named))


def _side(socket: Socket) -> str:
    """Return a socket as a table's cell."""
    host = shown_address(socket.address)
    if socket.address.version == 6:
        host = f"[{host}]"
    if socket.v6only is not None:
        host += " IPv6 only" if socket.v6only else " dual-stack"
    words = [f"UDP {host}" if socket.transport == "udp" else host]
    words += [
        word
        for word, applies in (
            (socket.state.value, socket.state.value != "bound"),
            ("SO_REUSEADDR", socket.reuse_address),
            ("SO_REUSEPORT", socket.reuse_port),
            ("exclusive", socket.exclusive),
            ("another user", socket.uid == _ANOTHER),
            ("root", socket.uid == 0),
        )
        if applies
    ]
    return ", ".join(words)


def _answer(decision: Decision) -> str:
    for ending, word in _BEFORE_BIND.items():
        if decision.rule.id.endswith(ending):
            return word
    return _error(decision.rule)


# By the ending of the rule: failures of setsockopt(), before bind().
_BEFORE_BIND = {
    "-no-option": "no option",
    "-not-known": "not known",
    "-v6only-late": "no dual-stack",
}


def _error(rule: Rule) -> str:
    return rule.error or _ALLOWED


def _kind(kind: str) -> str:
    option, _, place = kind.partition("-")
    word = {"d": "no option", "r": "SO_REUSEADDR", "e": "SO_EXCLUSIVEADDRUSE"}[option]
    return f"{word}, {'wildcard' if place == 'w' else 'address'}"


def _page(table: Callable[[], Table]) -> Callable[[], str]:
    return lambda: doc_table.table(*table())


_PAGE = "docs/reference/tables/reuse.md"

TABLES: tuple[tuple[str, str, Callable[[], str]], ...] = (
    *((_PAGE, f"pairs-{topic}", _page(partial(pairs, topic))) for topic in _PAIRS),
    (_PAGE, "older", _page(older)),
    (_PAGE, "windows", _page(partial(windows, "windows"))),
    (_PAGE, "systems", _page(systems_known)),
    (_PAGE, "kernels", _page(kernels)),
    *((_PAGE, f"rules-{name}", _page(partial(own_rules, name))) for name in _TODAY),
)
