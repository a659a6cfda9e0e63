"""Write the table of the services that firewalld ships, from a directory with their XML files.

Run ``python tools/build_firewalld_services.py DIRECTORY`` with ``config/services`` of the release
that ``rulesets/rows_frontends.py`` names.
"""

from __future__ import annotations

import sys
from pathlib import Path

from portranges.rulesets.firewalld_services import COLUMNS
from portranges.rulesets.firewalld_xml import element_of

TABLE = Path(__file__).parents[1] / "src/portranges/rulesets/firewalld_services.tsv"


def row_of(path: Path) -> str:
    """Return the line of a service."""
    cells: dict[str, list[str]] = {name: [] for name in COLUMNS}
    for element in element_of(path.read_text("utf-8")).inner:
        of = element.attributes
        if element.name in ("port", "source-port") and of["port"]:
            cells[f"{element.name}s"].append(f"{of['port']}/{of['protocol']}")
        elif element.name in ("port", "protocol"):
            # Older files write a protocol as a port without a number.
            cells["protocols"].append(of.get("value") or of["protocol"])
        elif element.name == "destination":
            cells["destination"] += [f"{family}:{of[family]}" for family in sorted(of)]
        elif element.name == "include":
            cells["includes"].append(of["service"])
        elif element.name not in ("short", "description", "helper", "module"):
            raise SystemExit(f"{path.name}: unknown element {element.name}")
    return "\t".join((path.stem, *(" ".join(each) for each in cells.values()))).rstrip("\t")


def main(directory: str) -> None:
    """Write the table."""
    rows = [row_of(each) for each in sorted(Path(directory).glob("*.xml"))]
    TABLE.write_text("\n".join([*rows, ""]), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
