"""Layer: one line of a drawing, and how its ports fall into cells of equal size."""

from __future__ import annotations

from dataclasses import dataclass

from portranges import checks, types
from portranges.ports import PortRange
from portranges.portset import PortSet
from portranges.records import always_checked

ALL = 65536


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One line of a drawing.

    Attributes:
        label: The name of the line, at least one character.
        ports: The ports that are drawn.
        detail: A short text after the label, for example the ports as text; ``""`` if absent.
        stands_out: Whether a picture draws the layer in the second colour.

    Raises:
        TypeError: A field has another type.
        InvalidValueError: The label is empty.

    Example:
        >>> Layer(label="web", ports=PortSet([80, 443])).ports
        PortSet.parse('80,443')
    """

    label: str
    ports: PortSet
    detail: str = ""
    stands_out: bool = False

    def __post_init__(self) -> None:
        """Check the fields."""
        checks.fields(self, label=checks.filled, ports=PortSet, detail=str, stands_out=checks.flag)


def layers_from(layers: types.Iterable[Layer]) -> tuple[Layer, ...]:
    """Return *layers* as a tuple, or raise TypeError for anything else."""
    return checks.one_or_many("layers", layers, Layer, what="a Layer")


def marks_from(marks: types.Iterable[types.SupportsIndex]) -> tuple[int, ...]:
    """Return the ports *marks*, sorted and without duplicates."""
    return tuple(PortSet(marks))


def cells(ports: PortSet, count: int) -> list[float]:
    """Return the share of each of *count* cells of the number line that is in *ports*.

    Example:
        >>> cells(PortSet.parse("0-16383,65535"), 4)
        [1.0, 0.0, 0.0, 6.103515625e-05]
    """
    spans = [PortRange(*span(index, count)) for index in range(count)]
    return [len(ports & each) / len(each) for each in spans]


def span(index: int, count: int) -> tuple[int, int]:
    """Return the first and the last port of cell *index* of *count* cells."""
    return index * ALL // count, (index + 1) * ALL // count - 1


def cell_of(port: int, count: int) -> int:
    """Return the index of the cell that contains *port*.

    Example:
        >>> cell_of(65535, 64), span(cell_of(60454, 64), 64)
        (63, (60416, 61439))
    """
    index = port * count // ALL
    # Cells of unequal size: the bounds are rounded.
    return index if port <= span(index, count)[1] else index + 1
