"""Text for people: wrapped lines, labels, and tables.

The page of a report and the commands share these functions. They do not look at the terminal; the
caller passes the width.
"""

from __future__ import annotations

from textwrap import wrap

from portranges import types

WIDTH = 80

_LIST = frozenset("0123456789-,.()")  # of ports

_GAP = 2
_LEAST = 8  # the smallest width of a truncated column


def listed(names: types.Sequence[str]) -> str:
    """Return *names* as a phrase.

    Args:
        names: At least one word.

    Example:
        >>> listed(["Linux", "Windows", "macOS"]), listed(["Linux"])
        ('Linux, Windows and macOS', 'Linux')
    """
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def wrapped(text: str, width: int, *, first: str = "", below: str = "") -> list[str]:
    """Return *text* as lines of at most *width* columns, behind *first* and then behind *below*.

    Lines are not broken at hyphens or inside words, because a path or a commit must stay whole
    and a part of a number would be another port.

    Args:
        text: Words and single blanks.
        width: The maximum length of a line; only a longer word exceeds it.
        first: What the first line begins with.
        below: What the other lines begin with.

    Example:
        >>> wrapped("the range is 32768-60999", 20, below="  ")
        ['the range is', '  32768-60999']
    """
    return wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=below,
        break_long_words=False,
        break_on_hyphens=False,
    )


def labelled(label: str, text: str, *, label_width: int, width: int = WIDTH) -> list[str]:
    """Return *text* as lines, beside *label* in a column of *label_width*.

    Lists of ports that are longer than a line are broken after their commas.

    Args:
        label: The label of the first line.
        text: What ``wrapped`` accepts.
        label_width: The width of the column of labels.
        width: The maximum length of a line, with the column.

    Example:
        >>> labelled("ports", "22,80,443,8000-8100", label_width=7, width=18)
        ['ports  22, 80,', '       443,', '       8000-8100']
    """
    words = [
        # A shorter list stays whole, so that it can be copied.
        word.replace(",", ", ") if len(word) > width - label_width and {*word} <= _LIST else word
        for word in text.split(" ")
    ]
    return wrapped(" ".join(words), width, first=label.ljust(label_width), below=" " * label_width)


def labels(
    parts: types.Iterable[tuple[str, str]], *, label_width: int, width: int = WIDTH
) -> types.Iterator[str]:
    """Yield the lines of *parts*, each a label and its text.

    Args:
        parts: The labels and texts; a label may be empty.
        label_width: The width of the column of labels.
        width: The maximum length of a line, with the column.

    Example:
        >>> list(labels([("ports", "22, 80"), ("at once", "2 connections")], label_width=9))
        ['ports    22, 80', 'at once  2 connections']
    """
    for label, text in parts:
        yield from labelled(label, text, label_width=label_width, width=width)


def table(
    heads: types.Sequence[str],
    rows: types.Iterable[types.Sequence[str]],
    *,
    width: int = WIDTH,
    right: types.Collection[int] = (),
    cuttable: types.Sequence[types.Sequence[int]] = (),
    cut_first: types.Collection[int] = (),
    least: types.Sequence[int] = (),
) -> types.Iterator[str]:
    """Yield the lines of a table that is at most *width* columns wide.

    Args:
        heads: The heading of each column.
        rows: The rows, with as many cells each.
        width: The maximum width of the table.
        right: Indices of right-aligned columns.
        cuttable: Indices of columns that may be truncated, group by group. The widest column of a
            group is truncated first.
        cut_first: Indices of columns that are truncated at the beginning of a text.
        least: The minimum width of the first columns.

    Yields:
        The headings, then one line per row, without trailing blanks.

    Example:
        >>> list(table(("port", "owner"), [("22", "sshd"), ("443", "nginx")]))
        ['port  owner', '22    sshd', '443   nginx']
    """
    lines = [heads, *rows]
    sizes = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for at, size in enumerate(least):
        sizes[at] = max(sizes[at], size)
    # A cell may have millions of characters, and the loop takes one at a time.
    for at in {at for columns in cuttable for at in columns}:
        sizes[at] = min(sizes[at], max(width, _LEAST))
    excess = sum(sizes) + _GAP * (len(sizes) - 1) - width
    for columns in cuttable:
        while excess > 0 and max(sizes[at] for at in columns) > _LEAST:
            sizes[max(columns, key=sizes.__getitem__)] -= 1
            excess -= 1
    for line in lines:
        cells: list[str] = []
        for at, (cell, size) in enumerate(zip(line, sizes, strict=True)):
            text = cut(cell, size, at_start=at in cut_first)
            cells.append(text.rjust(size) if at in right else text.ljust(size))
        yield (" " * _GAP).join(cells).rstrip()


def grouped(names: types.Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return the names that share each text, both in the order of their first occurrence.

    Args:
        names: The texts, each with one name.

    Example:
        >>> grouped([("49152-65535", "macos"), ("10000-65535", "freebsd"), ("49152-65535", "ios")])
        {'49152-65535': ['macos', 'ios'], '10000-65535': ['freebsd']}
    """
    found: dict[str, list[str]] = {}
    for text, name in names:
        found.setdefault(text, []).append(name)
    return found


def cut(text: str, size: int, *, at_start: bool = False) -> str:
    """Return *text*, truncated to *size* characters with dots at the end.

    Args:
        text: Any text.
        size: The maximum length, at least 4.
        at_start: Whether to truncate the beginning instead.

    Example:
        >>> cut("ms-sql-server", 8), cut("inet filter input", 8, at_start=True)
        ('ms-sq...', '...input')
    """
    if len(text) <= size:
        return text
    return f"...{text[3 - size :]}" if at_start else f"{text[: size - 3]}..."


def cut_list(text: str, size: int) -> str:
    """Return *text*, a list of ports, truncated to *size* characters after one of its commas.

    A truncated number would be another port. If already the first range is too long, the result is
    empty.

    Args:
        text: Ports and ranges in the neutral notation.
        size: The maximum length.

    Example:
        >>> cut_list("22,80,8000-8100,9000", 16), cut_list("60000-61000/udp", 13)
        ('22,80,...', '')
    """
    if len(text) <= size:
        return text
    first = text[: size - 3].rpartition(",")[0]
    return f"{first},..." if first else ""


def many(count: int, noun: str, nouns: str = "") -> str:
    """Return *count* with the noun in the singular or plural.

    Args:
        count: How many there are.
        noun: The singular.
        nouns: The plural, unless that is the singular with an s.

    Example:
        >>> many(1, "port"), many(28232, "port"), many(2, "address", "addresses")
        ('1 port', '28,232 ports', '2 addresses')
    """
    return f"{count:,} {noun if count == 1 else nouns or f'{noun}s'}"
