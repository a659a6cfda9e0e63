"""The number line as an SVG picture.

Text has a fixed size, and bars are paths in a coordinate system of ports. The picture has its own
background, so that it is legible on any page; its colours follow the scheme of the reader.
"""

from __future__ import annotations

from html import escape

from portranges import checks, types
from portranges.diagrams.model import ALL, Layer, cells, layers_from, marks_from, span
from portranges.errors import visible
from portranges.layout import cut

WIDTH = 480

_MARGIN = 12
_INSIDE = WIDTH - 2 * _MARGIN
_TITLE, _ROW, _BAR, _AXIS = 30, 38, 12, 34
_LONGEST = 56  # characters of a label and its detail in a line
_LONGEST_TITLE = 52
_TICKS = ((0, "start"), (16384, "middle"), (32768, "middle"), (49152, "middle"), (65535, "end"))
# More ranges than this look solid at this size, so their density is drawn in cells.
_MOST_RANGES = 128
_CELLS = 128
_LEVELS = 4

# The contrast of all texts with the background is at least 4.5, of bars at least 3.
_STYLE = """\
.portranges-picture{--paper:#fff;--ink:#1b1f24;--faint:#57606a;--bar:#0969da;--other:#a83c00;
--rule:#d0d7de;font:15px system-ui,sans-serif}
@media (prefers-color-scheme:dark){.portranges-picture{--paper:#0d1117;--ink:#e6edf3;
--faint:#9aa4af;--bar:#4c9aff;--other:#ff9b52;--rule:#3d444d}}
.portranges-picture text{fill:var(--ink);stroke:var(--paper);stroke-width:4px;paint-order:stroke}
.portranges-picture .faint{fill:var(--faint);font-size:13px}
.portranges-picture .title{font-weight:600}"""


def svg(
    layers: types.Iterable[Layer],
    *,
    title: str = "Ports 0 to 65535",
    marks: types.Iterable[types.SupportsIndex] = (),
) -> str:
    """Return a picture of *layers* as an SVG element.

    The element can be part of an HTML page or a file of its own. It is 480 pixels wide and can be
    scaled. It has its title as alternative text and a description that lists the layers, and it
    contains neither scripts nor references. A layer of more than 128 ranges is drawn in 128
    cells: the more ports of a cell are in the layer, the more opaque it is.

    Args:
        layers: The layers, from top to bottom.
        title: The title.
        marks: Ports at which a line crosses all layers.

    Returns:
        The text of the element. It is the same for the same arguments. It is ASCII, and other
        letters are character references.

    Raises:
        TypeError: An argument has another type.
        InvalidPortError: A mark is outside 0..65535.
        InvalidValueError: The title is empty.

    Example:
        >>> from portranges.diagrams import categories
        >>> svg(categories(), title="The categories of ports").startswith("<svg ")
        True
    """
    rows = layers_from(layers)
    ports = marks_from(marks)
    heading = visible(checks.filled("title", title))
    top = _TITLE + 18 * len(ports)
    bottom = top + _ROW * len(rows)
    height = bottom + _AXIS
    picture = "\n".join(
        [
            _opening(heading, height),
            f"<title>{escape(heading)}</title>",
            f"<desc>{escape(_description(rows, ports))}</desc>",
            f"<style>{_STYLE}</style>",
            f'<rect width="{WIDTH}" height="{height}" rx="6" style="fill:var(--paper)"/>',
            _text(_MARGIN, 21, cut(heading, _LONGEST_TITLE), "title"),
            *_axis(top, bottom),
            *(_bar(row, top + _ROW * at) for at, row in enumerate(rows)),
            *(_mark(port, at, bottom) for at, port in enumerate(ports)),
            # The outline of a label hides the lines below it.
            *(_label(row, top + _ROW * at) for at, row in enumerate(rows)),
            "</svg>",
        ]
    )
    # A file in another encoding than UTF-8 would not be well formed.
    return picture.encode("ascii", "xmlcharrefreplace").decode()


def _opening(title: str, height: int) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" class="portranges-picture" role="img" '
        f'aria-label="{escape(title)}" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" style="max-width:100%;height:auto">'
    )


def _x(port: float) -> str:
    """Return the place of *port* on the line, in pixels."""
    return f"{_MARGIN + port * _INSIDE / ALL:.1f}".removesuffix(".0")


def _text(x: object, y: int, words: str, kind: str = "", anchor: str = "start") -> str:
    kind = f' class="{kind}"' if kind else ""
    anchor = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text x="{x}" y="{y}"{kind}{anchor}>{escape(words)}</text>'


def _axis(top: int, bottom: int) -> types.Iterator[str]:
    places = "".join(f"M{_x(port)} {top}V{bottom + 6}" for port, _ in _TICKS)
    yield f'<path d="{places}" style="stroke:var(--rule)"/>'
    for port, anchor in _TICKS:
        yield _text(_x(port), bottom + 22, str(port), "faint", anchor)


def _label(layer: Layer, top: int) -> str:
    label = cut(visible(layer.label), _LONGEST)
    detail = visible(layer.detail)
    if len(label) + len(detail) >= _LONGEST:
        # A shortened list of ports could be taken for the whole list.
        detail = ""
    more = f' <tspan class="faint">{escape(detail)}</tspan>' if detail else ""
    return f'<text x="{_MARGIN}" y="{top + 15}">{escape(label)}{more}</text>'


def _bar(layer: Layer, top: int) -> str:
    colour = "--other" if layer.stands_out else "--bar"
    return (
        f'<svg x="{_MARGIN}" y="{top + 21}" width="{_INSIDE}" height="{_BAR}" '
        f'viewBox="0 0 {ALL} 1" preserveAspectRatio="none" '
        f'style="fill:var({colour});stroke:var({colour})">'
        f'<path d="M0 1H{ALL}" style="stroke:var(--rule)" vector-effect="non-scaling-stroke"/>'
        f"{''.join(_shapes(layer))}</svg>"
    )


def _shapes(layer: Layer) -> types.Iterator[str]:
    ranges = layer.ports.ranges
    if len(ranges) <= _MOST_RANGES:
        # The stroke makes a single port as wide as a pixel.
        if ranges:
            parts = "".join(_box(each.first, each.last) for each in ranges)
            yield f'<path d="{parts}" vector-effect="non-scaling-stroke"/>'
        return
    shares = cells(layer.ports, _CELLS)
    for level in range(1, _LEVELS + 1):
        found = [at for at, share in enumerate(shares) if -(-share * _LEVELS // 1) == level]
        if found:
            parts = "".join(_box(*span(at, _CELLS)) for at in found)
            yield f'<path d="{parts}" style="stroke:none" opacity="{level / _LEVELS}"/>'


def _box(first: int, last: int) -> str:
    size = last + 1 - first
    return f"M{first} 0h{size}v1h-{size}z"


def _mark(port: int, at: int, bottom: int) -> str:
    y = _TITLE + 18 * at + 13
    x = _x(port + 0.5)
    # On the side with more room.
    anchor, step = ("end", -5) if port > ALL // 2 else ("start", 5)
    return (
        f'<path d="M{x} {y - 11}V{bottom}" '
        'style="stroke:var(--ink);stroke-width:1.5;stroke-dasharray:4 2"/>'
        + _text(f"{float(x) + step:.1f}", y, str(port), "title", anchor)
    )


def _description(layers: tuple[Layer, ...], marks: tuple[int, ...]) -> str:
    parts = [
        f"{visible(each.label)}: {visible(each.detail) or f'{len(each.ports):,} ports'}"
        for each in layers
    ]
    parts += [f"marked: {port}" for port in marks]
    return "; ".join(parts) or "no ports"
