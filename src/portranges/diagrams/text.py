"""The number line as text for a terminal."""

from __future__ import annotations

from portranges import checks, types
from portranges.diagrams.model import ALL, Layer, cell_of, cells, layers_from, marks_from
from portranges.errors import visible
from portranges.layout import WIDTH, cut

_LONGEST_LABEL = 24
_NARROWEST = 40
_WIDEST = 1000
_TICKS = (0, 16384, 32768, 49152, 65535)
# For a cell that is: empty, up to a third, up to two thirds, more, full.
_BLOCKS = " \N{LIGHT SHADE}\N{MEDIUM SHADE}\N{DARK SHADE}\N{FULL BLOCK}"
_ASCII = " .+*#"


def number_line(
    layers: types.Iterable[Layer],
    width: int = WIDTH,
    *,
    marks: types.Iterable[types.SupportsIndex] = (),
    ascii_only: bool = False,
) -> str:
    r"""Return a drawing of *layers*, one line each, below an axis from 0 to 65535.

    A cell is blank exactly if no port of it is in the layer, and has the darkest character
    exactly if all of them are.

    Args:
        layers: The layers, from top to bottom.
        width: The number of columns, 40 to 1000.
        marks: Ports to point at, on a line below the layers.
        ascii_only: Whether to shade with ``.+*#`` instead of block characters.

    Returns:
        Lines without trailing blanks, separated by ``\n``.

    Raises:
        TypeError: An argument has another type.
        InvalidPortError: A mark is outside 0..65535.
        InvalidValueError: *width* is out of bounds.

    Example:
        >>> from portranges import PortRange, PortSet
        >>> layer = Layer(label="web", ports=PortSet([80, PortRange(8000, 20000)]))
        >>> print(number_line([layer], 44, marks=[60454], ascii_only=True))
               0        16384    32768         65535
        web    .   +######.
        60454                                    ^
    """
    columns = checks.integer("width", width, least=_NARROWEST, most=_WIDEST)
    rows = layers_from(layers)
    ports = marks_from(marks)
    labels = [cut(visible(row.label), _LONGEST_LABEL) for row in rows]
    size = max(map(len, [*labels, *map(str, ports)]), default=0) + 2
    count = columns - size
    shades = _ASCII if checks.flag("ascii_only", ascii_only) else _BLOCKS
    lines = [" " * size + _axis(count)]
    lines += [
        label.ljust(size) + "".join(_shade(share, shades) for share in cells(row.ports, count))
        for label, row in zip(labels, rows, strict=True)
    ]
    lines += [f"{port:<{size}}{' ' * cell_of(port, count)}^" for port in ports]
    return "\n".join(line.rstrip() for line in lines)


def _axis(count: int) -> str:
    line = ""
    last = str(ALL - 1)
    for port in _TICKS[:-1]:
        at = cell_of(port, count)
        # A label needs a blank on both sides.
        if at >= len(line) + bool(line) and at + len(str(port)) < count - len(last):
            line = line.ljust(at) + str(port)
    return line.ljust(count - len(last)) + last


def _shade(share: float, shades: str) -> str:
    if share in (0.0, 1.0):
        return shades[-1] if share else shades[0]
    return shades[1 + int(share * 3)]
