"""``portranges listening``: the listening sockets of this machine."""

from __future__ import annotations

import sys

from portranges import types
from portranges.categories import Category
from portranges.cli.numbers import moment
from portranges.cli.output import WIDEST_TABLE, answer, columns
from portranges.cli.sockets import address, notes, owners_of, user
from portranges.errors import SystemReadError
from portranges.layout import table, wrapped
from portranges.portset import PortSet
from portranges.probe import Scope, SocketRecord, SocketTable, listeners
from portranges.records import as_data
from portranges.registry import services
from portranges.system import read_ephemeral


def add_arguments(add: types.Arguments) -> None:
    """Add the arguments of this command."""
    add.flag("--dynamic", "only sockets on Dynamic Ports or in the ephemeral range of this machine")
    add.transport()
    add.json()


def run(arguments: types.Namespace) -> int:
    """Print the listening sockets of this machine."""
    found = listeners(arguments.transport, owners=True)
    if found.visibility.sockets is Scope.DENIED:
        raise SystemReadError("the socket table", found.visibility.reason)
    records = sorted(found, key=_order)
    if arguments.dynamic:
        wanted = {each: _dynamic(each) for each in {record.transport for record in records}}
        records = [record for record in records if record.port in wanted[record.transport]]
    data = {**as_data(found, "visibility", "backend", "read_at"), "sockets": records}
    return answer(arguments, "listening", data, _lines(records, found))


def _order(record: SocketRecord) -> tuple[int, str, str, str]:
    return (record.port, record.transport, record.family, record.address)


def _dynamic(transport: types.Transport) -> PortSet:
    ephemeral = read_ephemeral(transport.value)
    return PortSet([Category.DYNAMIC.ports]) | ephemeral.ports


def _lines(records: list[SocketRecord], found: SocketTable) -> types.Iterator[str]:
    if records:
        heads = ("port", "", "address", "registered to", "owner", "user", "owner started")
        rows = (_row(record, found) for record in records)
        yield from table(
            heads,
            rows,
            width=columns(sys.stdout, WIDEST_TABLE),
            right=(0,),
            cuttable=((4,), (3,), (2,), (5,)),
        )
    else:
        yield "no listening sockets"
    for note in notes(found.visibility, records):
        yield ""
        yield from wrapped(note, columns(sys.stdout), below="  ")


def _row(record: SocketRecord, found: SocketTable) -> tuple[str, ...]:
    started = [each.started_at for each in record.owners if each.started_at is not None]
    uids = dict.fromkeys(each.uid for each in record.owners) or {record.uid: None}
    names = services(record.port, record.transport)
    return (
        str(record.port),
        record.transport.value,
        address(record),
        names[0] if names else "-",
        owners_of(record, found),
        ", ".join(filter(None, map(user, uids))) or "-",
        moment(min(started)) if started else "-",
    )
