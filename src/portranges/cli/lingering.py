"""``portranges lingering --older-than 5m``: listeners that stay on dynamic ports."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser, Namespace

from portranges import types
from portranges.cli.layout import moment, notes, owner, parse_span, span, user
from portranges.cli.output import columns, labelled, print_json
from portranges.cli.watch import Counter
from portranges.probe import (
    Age,
    LingeringListener,
    LingeringListeners,
    ListenerHistory,
    Reason,
    lingering,
)

__all__ = ["add_arguments", "run"]

_LABEL = 15  # columns of the labels on the left
_LOOKS = 20  # while --observe waits
_SLOWEST = 10.0  # seconds


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of this command to *parser*."""
    parser.add_argument(
        "--older-than",
        type=parse_span,
        default=300.0,
        metavar="SPAN",
        help="such as 300, 5m or 2h (default: 5m)",
    )
    parser.add_argument("--transport", choices=["tcp", "udp"], help="only this transport")
    parser.add_argument(
        "--observe",
        action="store_true",
        help="observe for the time of --older-than, and show only what was present throughout",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: Namespace) -> int:
    """Print the listeners that linger."""
    found = _observed(arguments) if arguments.observe else _now(arguments, ListenerHistory())
    listeners = [each for each in found if not arguments.observe or each.age is Age.OBSERVED]
    if arguments.json:
        data = {**found.to_dict(), "lingering": [each.to_dict() for each in listeners]}
        print_json("lingering", data)
        return 0
    width = columns(sys.stdout)
    for each in listeners:
        for line in _lines(each, found, width):
            print(line)
        print()
    if not listeners:
        print(f"no listener on {_shown(found, width)} for longer than {span(found.older_than)}")
    elif any(each.age is not Age.OBSERVED for each in listeners):
        print("No system reports the age of a socket; --observe measures it.")
    for note in filter(
        None, (found.note, *notes(found.visibility, (each.record for each in listeners)))
    ):
        print(note)
    return 0


def _now(arguments: Namespace, history: ListenerHistory) -> LingeringListeners:
    return lingering(arguments.older_than, transport=arguments.transport, history=history)


def _observed(arguments: Namespace) -> LingeringListeners:
    history = ListenerHistory()
    counter = Counter(sys.stderr)
    interval = min(_SLOWEST, arguments.older_than / _LOOKS)
    _now(arguments, history)
    # Measured from the end of the first look, so that all it saw will be old enough.
    until = time.monotonic() + arguments.older_than
    try:
        while (left := until - time.monotonic()) > 0:
            counter.show(f"{len(history)} listeners; {span(left)} to go")
            time.sleep(min(interval, left))
            _now(arguments, history)
        # The last look of the loop may have been slightly too early.
        return _now(arguments, history)
    finally:
        counter.clear()


def _shown(found: LingeringListeners, width: int) -> str:
    text = str(found.ports)
    return text if len(text) < width // 2 else "the ephemeral range"


def _lines(each: LingeringListener, found: LingeringListeners, width: int) -> types.Iterator[str]:
    record = each.record
    yield f"{record.port}/{record.transport}  on {record.address}"
    owners = [
        f"{owner(who)}{f', user {user(who.uid)}' if who.uid is not None else ''}"
        for who in record.owners
    ]
    yield from _part("owner", "; ".join(owners) or "unknown", width)
    yield from _part("age", _age(each, found), width)
    yield from _reasons("concern", each.concerns, width)
    yield from _reasons("reassurance", each.reassurances, width)


def _age(each: LingeringListener, found: LingeringListeners) -> str:
    seen = found.read_at - each.seen_since
    text = f"seen for {span(seen)}" if each.age is Age.OBSERVED else "not seen before"
    if each.owner_started_at is None:
        return f"{text}; the start of its owner is unknown"
    started = span(found.read_at - each.owner_started_at)
    return f"{text}; its owner started {started} ago, {moment(each.owner_started_at)}"


def _reasons(label: str, reasons: tuple[Reason, ...], width: int) -> types.Iterator[str]:
    for reason in reasons:
        yield from _part(label, reason.text, width)
        label = ""


def _part(label: str, text: str, width: int) -> types.Iterator[str]:
    return labelled(f"  {label}", text, label_width=_LABEL, width=width)
