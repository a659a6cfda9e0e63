"""``portranges registry --search postgres``: the rows of the registry that match a text.

With ``--compare FILE``, the differences between the registry and one of IANA's official files.
"""

from __future__ import annotations

import sys
from collections import Counter

from portranges import types
from portranges.cli.output import WIDEST_TABLE, answer, columns
from portranges.errors import InvalidValueError, SystemReadError, elide
from portranges.layout import labels, table, wrapped
from portranges.ports import Transport
from portranges.records import as_data
from portranges.registry import SHIPPED, Assignment, Difference, Registry

_FIELDS = ("state", "service", "description")


def add_arguments(add: types.Arguments) -> None:
    """Add the arguments of this command."""
    add.epilog(
        "Exit status: 0 = rows found, or no differences; 1 = no row, or differences; "
        "2 = usage error."
    )
    what = add.one_of()
    what.value("--search", "TEXT", "print the rows whose name or description contains all words")
    about = (
        "compare the registry with IANA's CSV or XML file, and print what the file adds, removes "
        "and changes"
    )
    what.value("--compare", "FILE", about)
    add.json()


def run(arguments: types.Namespace) -> int:
    """Search the registry, or compare it with the file in *arguments*."""
    if arguments.search is not None:
        return _search(arguments)
    if arguments.compare is not None:
        return _compare(arguments)
    raise InvalidValueError("registry requires --search or --compare", "neither")


def _search(arguments: types.Namespace) -> int:
    found = SHIPPED.search(arguments.search)
    rows = [as_data(row, "ports", "transport", *_FIELDS) for row in found]
    data = {"text": arguments.search, "source": SHIPPED.source, "rows": rows}
    return answer(arguments, "registry", data, _table(found), status=0 if found else 1)


def _table(found: tuple[Assignment, ...]) -> types.Iterator[str]:
    if not found:
        yield "no row matches"
        return
    transports: dict[tuple[str, str, str], list[str]] = {}
    for row in found:
        cells = (str(row.ports), row.service or f"({row.state})", row.description)
        transports.setdefault(cells, []).append(row.transport)
    rows = [
        (ports, ",".join(dict.fromkeys(of)), service, description)
        for (ports, service, description), of in transports.items()
    ]
    heads = ("ports", "transports", "service", "description")
    yield from table(heads, rows, width=columns(sys.stdout, WIDEST_TABLE), cuttable=((3,), (2,)))


def _compare(arguments: types.Namespace) -> int:
    try:
        file = Registry.read_iana(arguments.compare)
    except OSError as error:
        raise SystemReadError(elide(arguments.compare), error.strerror or str(error)) from None
    found = list(SHIPPED.compare(file))
    data = {
        "shipped": SHIPPED.source,
        "file": file.source,
        "differences": [_data(each) for each in found],
    }
    return answer(arguments, "registry", data, _differences(found, file), status=int(bool(found)))


def _data(difference: Difference) -> dict[str, types.Any]:
    return {
        **as_data(difference, "kind", "ports", "transports"),
        "before": [as_data(row, *_FIELDS) for row in difference.before],
        "after": [as_data(row, *_FIELDS) for row in difference.after],
    }


def _differences(found: types.Sequence[Difference], file: Registry) -> types.Iterator[str]:
    width = columns(sys.stdout)
    parts = [
        (f"{each.kind:<9}{_where(each)}" if not number else "", text)
        for each in found
        for number, text in enumerate(_texts(each))
    ]
    if parts:
        label_width = max(len(label) for label, _ in parts) + 2
        yield from labels(parts, label_width=label_width, width=width)
        yield ""
    kinds = Counter(each.kind for each in found)
    counts = ", ".join(f"{kinds[kind]:,} {kind}" for kind in ("added", "removed", "changed"))
    editions = f"shipped: {SHIPPED.source.section}; file: {file.source.section}"
    yield from wrapped(f"{counts} ({editions})", width)


def _where(difference: Difference) -> str:
    if len(difference.transports) == len(Transport):
        return str(difference.ports)
    return f"{difference.ports}/{','.join(difference.transports)}"


def _texts(difference: Difference) -> types.Iterator[str]:
    """Yield a line for each thing that differs."""
    before, after = difference.before, difference.after
    if not before or not after:
        for row in before or after:
            yield _as_text(row)
        return
    for name, of in (("state", _state), ("names", _names), ("description", _descriptions)):
        old, new = of(before), of(after)
        if old != new:
            yield f"{name}: {old} -> {new}"


def _as_text(row: Assignment) -> str:
    text = f"{row.state} to {row.service}" if row.service else str(row.state)
    return f"{text} ({row.description})" if row.description else text


def _state(rows: tuple[Assignment, ...]) -> str:
    return str(rows[0].state)


def _names(rows: tuple[Assignment, ...]) -> str:
    return ", ".join(filter(None, (row.service for row in rows))) or "none"


def _descriptions(rows: tuple[Assignment, ...]) -> str:
    return " | ".join(row.description or "none" for row in rows)
