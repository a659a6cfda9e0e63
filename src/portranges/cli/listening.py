"""``portranges listening``: the listening sockets of this machine."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from portranges.categories import Category
from portranges.cli.layout import address, moment, notes, owners_of, user
from portranges.cli.output import columns, print_json, table
from portranges.errors import SystemReadError
from portranges.ports import Transport
from portranges.portset import PortSet
from portranges.probe import Scope, SocketRecord, SocketTable, listeners
from portranges.registry import services
from portranges.system import read_ephemeral

__all__ = ["add_arguments", "run"]


def add_arguments(parser: ArgumentParser) -> None:
    """Add the arguments of this command to *parser*."""
    parser.add_argument(
        "--dynamic",
        action="store_true",
        help="only on Dynamic Ports and in the ephemeral range of this machine",
    )
    parser.add_argument("--transport", choices=["tcp", "udp"], help="only this transport")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: Namespace) -> int:
    """Print the listening sockets of this machine."""
    found = listeners(arguments.transport, owners=True)
    if found.visibility.sockets is Scope.DENIED:
        raise SystemReadError("the socket table", found.visibility.reason)
    records = sorted(found, key=_order)
    if arguments.dynamic:
        wanted = {each: _dynamic(each) for each in {record.transport for record in records}}
        records = [record for record in records if record.port in wanted[record.transport]]
    if arguments.json:
        data = {**found.to_dict(), "sockets": [record.to_dict() for record in records]}
        print_json("listening", data)
        return 0
    if records:
        _print(records, found)
    else:
        print("no listening sockets")
    for note in notes(found.visibility, records):
        print(f"\n{note}")
    return 0


def _order(record: SocketRecord) -> tuple[int, str, str, str]:
    return (record.port, record.transport, record.family, record.address)


def _dynamic(transport: Transport) -> PortSet:
    ephemeral = read_ephemeral(transport.value)
    return PortSet([Category.DYNAMIC.ports]) | ephemeral.ports


def _print(records: list[SocketRecord], found: SocketTable) -> None:
    heads = ("port", "", "address", "registered to", "owner", "user", "owner started")
    rows: list[tuple[str, ...]] = []
    for record in records:
        started = [each.started_at for each in record.owners if each.started_at is not None]
        uids = dict.fromkeys(each.uid for each in record.owners) or {record.uid: None}
        names = services(record.port, record.transport)
        rows.append(
            (
                str(record.port),
                record.transport.value,
                address(record),
                names[0] if names else "-",
                owners_of(record, found),
                ", ".join(filter(None, map(user, uids))) or "-",
                moment(min(started)) if started else "-",
            )
        )
    for line in table(heads, rows, width=columns(sys.stdout), right=(0,), cuttable=(4, 3, 2, 5)):
        print(line)
