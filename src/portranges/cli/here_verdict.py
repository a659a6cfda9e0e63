"""``portranges 8080 --here``: who holds the port now, and whether this process could bind it.

These lines come before the verdict on the port. ``here`` has the detailed section.
"""

from __future__ import annotations

from portranges import types
from portranges.cli import here
from portranges.cli.bind_here import answer_for
from portranges.cli.sockets import notes, owner
from portranges.errors import PortRangesError
from portranges.layout import grouped, labels
from portranges.probe import BindAnswer, BindVerdict, Scope, SocketTable, owners
from portranges.reuse import Socket

_LABEL = 11  # columns, as in the verdict of a report
_MOST = 2  # sockets that are listed individually

_PHRASES = {
    BindVerdict.ALLOWED: "yes",
    BindVerdict.REFUSED: "no, bind() fails with {}",
    BindVerdict.UNKNOWN: "unknown, bind() may fail with {}",
}


def brief(port: int, transport: str | None) -> str:
    """Return what holds *port* as a phrase: ``"here: listening, sshd (812)"``."""
    table = owners(port, here.probed(transport))
    names = dict.fromkeys(owner(each) for record in table for each in record.owners)
    return ", ".join([f"here: {here.state(table, transport)}", *names])


def lines(port: int, transport: str | None, *, width: int) -> list[str]:
    """Return who holds *port*, whether it can be bound, and whether the machine allocates it."""
    first, *others = _holders(owners(port, here.probed(transport)), transport)
    texts = [("here", first), *(("", text) for text in others)]
    answers = _answers(port, transport)
    texts += [("bind now", _bind(port, answers))] if answers else []
    ranges = dict.fromkeys(
        here.allocation(port, answer.settings)
        for answer in answers.values()
        if isinstance(answer, BindAnswer)
    )
    texts += [("range", text) for text in ranges]
    return [*labels(texts, label_width=_LABEL, width=width)]


def bind_data(port: int, transport: str | None) -> list[dict[str, types.Any]]:
    """Return for each transport whether *port* can be bound now, as data for JSON."""
    return [
        {"transport": each, "error": str(answer)}
        if isinstance(answer, PortRangesError)
        else {
            "transport": each,
            "verdict": answer.verdict.value,
            "error": answer.decision.error,
            "rule": answer.decision.rule.id,
        }
        for each, answer in _answers(port, transport).items()
    ]


def _holders(table: SocketTable, transport: str | None) -> types.Iterator[str]:
    yield from here.first_sockets(table, _MOST)
    # A listener needs no explanation, but a port that is free, or taken without one, does.
    if here.state(table, transport) in ("free", "unknown", "ended", "self-connected"):
        yield here.explained(table, transport)
    # Where only owners are hidden, the line of the socket gives the reason.
    if table.visibility.sockets is not Scope.ALL:
        yield from notes(table.visibility, table)


def _answers(port: int, transport: str | None) -> dict[str, BindAnswer | PortRangesError]:
    """Return, for each transport, whether a socket for every address could be bound now."""
    found: dict[str, BindAnswer | PortRangesError] = {}
    # Port 0 can always be bound, and says nothing about a port.
    for each in ("tcp", "udp") if port else ():
        if transport in (None, each):
            new = Socket(transport=each, address="::", port=port, v6only=False)
            try:
                found[each] = answer_for(new, is_star=True, uid=None)
            except PortRangesError as error:
                found[each] = error
    return found


def _bind(port: int, answers: dict[str, BindAnswer | PortRangesError]) -> str:
    """Return the answers as a phrase, once if they agree."""
    phrases = grouped((_phrase(answer), each) for each, answer in answers.items())
    text = "; ".join(f"{', '.join(names)}: {phrase}" for phrase, names in phrases.items())
    phrases.pop(_PHRASES[BindVerdict.ALLOWED], None)
    if not phrases:
        return text
    option = "" if any("tcp" in names for names in phrases.values()) else " --udp"
    return f"{text} (portranges reuse :{port}{option} --here explains)"


def _phrase(answer: BindAnswer | PortRangesError) -> str:
    if isinstance(answer, PortRangesError):
        return f"unknown, {answer}"
    return _PHRASES[answer.verdict].format(answer.decision.error or "EADDRINUSE")
