"""A line chart of the benchmarks: how the time of a union grows with the number of ranges.

The figures are those of docs/reference/tables/benchmarks.md. Both axes are logarithmic.
"""

from __future__ import annotations

import math
import re
from html import escape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_SET = re.compile(
    r"^Sets of ([\d,]+) ranges, .*\n\n +(.*)\n-+\n(?:.+\n)*?union +(.*)$", re.MULTILINE
)
_UNITS = {"ns": 1.0, "us": 1e3, "ms": 1e6}
_WIDTH, _HEIGHT = 480, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 360, 50, 270
_TIMES = (
    (1e2, "100 ns"),
    (1e3, "1 us"),
    (1e4, "10 us"),
    (1e5, "100 us"),
    (1e6, "1 ms"),
    (1e7, "10 ms"),
    (1e8, "100 ms"),
)
_DASHES = ("", "7 3", "2 3", "9 3 2 3", "12 4", "4 2")
_STYLE = """\
.growth{--paper:#fff;--ink:#1b1f24;--faint:#57606a;--bar:#0969da;--rule:#d0d7de;
font:13px system-ui,sans-serif}
@media (prefers-color-scheme:dark){.growth{--paper:#0d1117;--ink:#e6edf3;--faint:#9aa4af;
--bar:#4c9aff;--rule:#3d444d}}
.growth text{fill:var(--ink)} .growth .faint{fill:var(--faint)}
.growth path{fill:none;stroke:var(--faint);stroke-width:1.5} .growth .rule{stroke:var(--rule)}
.growth .ours{stroke:var(--bar);stroke-width:3} .growth .title{font-size:15px;font-weight:600}"""


def times(page: str) -> dict[str, list[tuple[int, float]]]:
    """Return the number of ranges and the nanoseconds of a union, for each library."""
    found: dict[str, list[tuple[int, float]]] = {}
    for ranges, heads, cells in _SET.findall(page):
        ours, *ratios = re.split(r" {2,}", cells)
        number, unit = ours.split()
        own = float(number) * _UNITS[unit]
        values = [own, *(own * float(each.strip("x").replace(",", "")) for each in ratios)]
        for name, value in zip(heads.split(), values, strict=True):
            found.setdefault(name, []).append((int(ranges.replace(",", "")), value))
    return found


def chart(page: str) -> str:
    """Return the chart of the figures in *page* as SVG."""
    series = times(page)
    sizes = [size for size, _ in series["portranges"]]
    title = "Union of two sets, by the number of ranges"
    described = "; ".join(
        f"{name}: {_time(points[0][1])} at {points[0][0]:,} ranges, "
        f"{_time(points[-1][1])} at {points[-1][0]:,}"
        for name, points in series.items()
    )
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="growth" role="img" aria-label="{title}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" '
        'style="max-width:100%;height:auto">'
    )
    return "\n".join(
        [
            opening,
            f"<title>{title}</title>",
            f"<desc>{escape(described)}</desc>",
            f"<style>{_STYLE}</style>",
            f'<rect width="{_WIDTH}" height="{_HEIGHT}" rx="6" style="fill:var(--paper)"/>',
            f'<text x="12" y="24" class="title">{title}</text>',
            *_axes(sizes),
            *_lines(series, sizes),
            "</svg>",
        ]
    )


def _x(size: float, sizes: list[int]) -> float:
    share = math.log(size / sizes[0]) / math.log(sizes[-1] / sizes[0])
    return round(_LEFT + share * (_RIGHT - _LEFT), 1)


def _y(time: float) -> float:
    share = math.log(time / _TIMES[0][0]) / math.log(_TIMES[-1][0] / _TIMES[0][0])
    return round(_BOTTOM - share * (_BOTTOM - _TOP), 1)


def _axes(sizes: list[int]) -> Iterator[str]:
    for time, label in _TIMES:
        yield f'<path class="rule" d="M{_LEFT} {_y(time)}H{_RIGHT}"/>'
        place = f'x="{_LEFT - 6}" y="{_y(time) + 4}" text-anchor="end"'
        yield f'<text class="faint" {place}>{label}</text>'
    for size in sizes:
        x = _x(size, sizes)
        yield f'<path class="rule" d="M{x} {_TOP}V{_BOTTOM}"/>'
        yield f'<text class="faint" x="{x}" y="{_BOTTOM + 18}" text-anchor="middle">{size:,}</text>'
    middle = (_LEFT + _RIGHT) / 2
    yield f'<text class="faint" x="{middle}" y="{_BOTTOM + 38}" text-anchor="middle">ranges</text>'


def _lines(series: dict[str, list[tuple[int, float]]], sizes: list[int]) -> Iterator[str]:
    ends = sorted((_y(points[-1][1]), name) for name, points in series.items())
    below = -math.inf
    places: dict[str, float] = {}
    for y, name in ends:
        # Labels are 16 pixels apart.
        below = places[name] = max(y, below + 16)
    for (name, points), dashes in zip(series.items(), _DASHES, strict=True):
        line = "L".join(f"{_x(size, sizes)} {_y(time)}" for size, time in points)
        kind = ' class="ours"' if name == "portranges" else f' stroke-dasharray="{dashes}"'
        yield f'<path{kind} d="M{line}"/>'
        weight = ' font-weight="600"' if name == "portranges" else ""
        yield f'<text x="{_RIGHT + 8}" y="{places[name] + 4}"{weight}>{name}</text>'


def _time(value: float) -> str:
    limit, label = max((each for each in _TIMES if each[0] <= value), default=_TIMES[0])
    unit = label.split()[1]
    return f"{value / limit * float(label.split()[0]):.3g} {unit}"
