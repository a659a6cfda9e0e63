"""``portranges lingering --older-than 5m``: listeners that stay on dynamic ports."""

from __future__ import annotations

import sys
import time
from dataclasses import replace

from portranges import probe, types
from portranges.cli.numbers import moment, span, time_span
from portranges.cli.output import answer, columns
from portranges.cli.sockets import notes, owner_and_user
from portranges.cli.watch import Counter
from portranges.layout import labels, wrapped

_LABEL = 15  # columns of the labels on the left
_POLLS = 20  # while --observe waits
_SLOWEST = 10.0  # seconds


def add_arguments(add: types.Arguments) -> None:
    """Add the arguments of this command."""
    add.value("--older-than", "SPAN", "the minimum age, such as 300, 5m or 2h", time_span, "5m")
    add.transport()
    add.flag(
        "--observe",
        "observe for the time of --older-than, and list only the listeners that were present "
        "throughout",
    )
    add.json()


def run(arguments: types.Namespace) -> int:
    """Print the listeners that linger."""
    found = _observed(arguments) if arguments.observe else _now(arguments, probe.ListenerHistory())
    return answer(arguments, "lingering", found, _lines(found, columns(sys.stdout)))


def _now(arguments: types.Namespace, history: probe.ListenerHistory) -> probe.LingeringListeners:
    return probe.lingering(arguments.older_than, transport=arguments.transport, history=history)


def _observed(arguments: types.Namespace) -> probe.LingeringListeners:
    history = probe.ListenerHistory()
    counter = Counter(sys.stderr)
    interval = min(_SLOWEST, arguments.older_than / _POLLS)
    _now(arguments, history)
    # Measured from the end of the first poll, so that all it saw will be old enough.
    until = time.monotonic() + arguments.older_than
    try:
        while (left := until - time.monotonic()) > 0:
            counter.show(f"{len(history)} listeners; {span(left)} to go")
            time.sleep(min(interval, left))
            _now(arguments, history)
        # The last poll of the loop may have been slightly too early.
        found = _now(arguments, history)
    finally:
        counter.clear()
    return replace(found, found=tuple(each for each in found if each.age is probe.Age.OBSERVED))


def _lines(found: probe.LingeringListeners, width: int) -> types.Iterator[str]:
    for each in found:
        yield from _of_listener(each, found, width)
        yield ""
    if not len(found):
        ports = str(found.ports) if len(str(found.ports)) < width // 2 else "the ephemeral range"
        yield f"no listener on {ports} for longer than {span(found.older_than)}"
    elif any(each.age is not probe.Age.OBSERVED for each in found):
        yield "No system reports the age of a socket; --observe measures it."
    for note in (found.note, *notes(found.visibility, (each.record for each in found))):
        yield from wrapped(note, width, below="  ") if note else ()


def _of_listener(
    each: probe.LingeringListener, found: probe.LingeringListeners, width: int
) -> types.Iterator[str]:
    record = each.record
    yield f"{record.port}/{record.transport}  on {record.address}"
    owners = "; ".join(map(owner_and_user, record.owners)) or "unknown"
    parts = [("owner", owners), ("age", _age(each, found))]
    for label, reasons in (("concern", each.concerns), ("reassurance", each.reassurances)):
        parts += [("" if at else label, reason.text) for at, reason in enumerate(reasons)]
    yield from labels(
        ((f"  {label}", text) for label, text in parts), label_width=_LABEL, width=width
    )


def _age(each: probe.LingeringListener, found: probe.LingeringListeners) -> str:
    seen = found.read_at - each.seen_since
    text = f"seen for {span(seen)}" if each.age is probe.Age.OBSERVED else "not seen before"
    if each.owner_started_at is None:
        return f"{text}; the start of its owner is unknown"
    started = span(found.read_at - each.owner_started_at)
    return f"{text}; its owner started {started} ago, {moment(each.owner_started_at)}"
