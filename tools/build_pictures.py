"""Write the pictures of the documentation, docs/pictures/*.svg, with ``portranges.diagrams``.

python tools/build_pictures.py           rewrite the pictures
python tools/build_pictures.py --check   change nothing; exit 1 if a picture differs
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

import growth_chart  # noqa: E402

from portranges import diagrams, rulesets, types  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER = ROOT / "docs" / "pictures"
_RULES = ROOT / "tests" / "data" / "rules" / "server.rules"
_BENCHMARKS = ROOT / "docs" / "reference" / "tables" / "benchmarks.md"
_SYSTEMS: tuple[types.SystemName, ...] = (
    "linux",
    "windows",
    "macos",
    "freebsd",
    "openbsd",
    "netbsd",
    "solaris",
    "aix",
)


def pictures() -> dict[str, str]:
    """Return the text of each picture by its name."""
    ranges = diagrams.ephemeral_ranges
    rules = rulesets.parse(_RULES.read_text("utf-8"))
    assigned = (diagrams.assigned("tcp"), diagrams.assigned("udp"))
    return {
        "number-line": diagrams.svg(
            [*diagrams.categories(), *assigned, *ranges()],
            title="Port 60454 on the number line",
            marks=[60454],
        ),
        "ephemeral-ranges": diagrams.svg(
            ranges(_SYSTEMS), title="Ephemeral ranges of systems", marks=[49152]
        ),
        "categories": diagrams.svg(
            [*diagrams.categories(), *assigned], title="Categories and assigned ports"
        ),
        "rule-file": diagrams.svg(
            [*ranges(), *diagrams.layers_of(rules, "reachable")],
            title="What a rule file lets other hosts reach",
        ),
        "growth": growth_chart.chart(_BENCHMARKS.read_text("utf-8")),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Rewrite or check the pictures; return the number of those that differ."""
    parser = argparse.ArgumentParser(description="Write the pictures of the documentation.")
    parser.add_argument(
        "--check", action="store_true", help="change nothing, exit 1 if a picture differs"
    )
    options = parser.parse_args(arguments)
    differing = 0
    for name, picture in pictures().items():
        path = FOLDER / f"{name}.svg"
        text = f"{picture}\n"
        if path.is_file() and path.read_text("utf-8") == text:
            continue
        differing += 1
        if options.check:
            print(f"{path.name} differs; run: python tools/build_pictures.py")
        else:
            FOLDER.mkdir(exist_ok=True)
            path.write_text(text, "utf-8", newline="\n")
            print(f"{path.name} rewritten")
    return differing


if __name__ == "__main__":
    sys.exit(min(main(), 1))
