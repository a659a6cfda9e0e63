"""Where the values are in a text of unknown origin: lines, and values by name.

Each layout returns the values that it finds, as text. ``shapes`` makes numbers, ports and sets of
them. Every fault is a ``FormatError``, and every function takes time linear in the length of the
text; text above the limit is rejected without being parsed.
"""

from __future__ import annotations

from portranges import types
from portranges.checks import of_type
from portranges.errors import UnexpectedOutputError, elide

# The longest useful text is a list of every other port, 32,768 of them with commas: 191,053
# characters (measured on Linux 6.18). Five times as much is enough for `sysctl -a`.
TEXT_LIMIT = 1 << 20


class FormatError(Exception):
    """The reason why a text is not in the expected format; ``parsed`` adds what the text is."""


def fail(expected: str, got: object) -> types.NoReturn:
    """Raise the error that a text does not contain what was expected."""
    raise FormatError(f"expected {expected}, got {elide(got)}")


def parsed(what: str, parse: types.Callable[[str], types.T], text: str) -> types.T:
    """Return what *parse* makes of *text*, or raise UnexpectedOutputError about *what*."""
    try:
        return parse(text)
    except FormatError as error:
        raise UnexpectedOutputError(what, str(error)) from None


def nonblank_lines(text: str) -> list[str]:
    """Return the lines of *text* that are not blank, stripped.

    Every system's line ends are accepted, also doubled (CR CR LF, as Windows programs write to a
    pipe that translates line ends). A byte order mark is removed.
    """
    of_type("text", text, str)
    if len(text) > TEXT_LIMIT:
        raise FormatError(f"expected at most {TEXT_LIMIT:,} characters, got {len(text):,}")
    if "\0" in text:
        got = elide(text)
        hint = "was UTF-16 read as another encoding?"
        raise FormatError(f"expected text without NUL, got {got}; {hint}")
    text = text.removeprefix("\ufeff").replace("\r", "\n")
    return [line for part in text.split("\n") if (line := part.strip())]


def proc_value(text: str) -> list[str]:
    """Return the value in a file in /proc/sys/net/ipv4, or in the output of sysctl on Linux.

    A file contains the value and a line break. ``sysctl`` puts ``name = `` before the value,
    ``sysctl -n`` does not.
    """
    lines = nonblank_lines(text)
    if len(lines) != 1:
        fail("one line", text)
    name, sign, value = lines[0].partition("=")
    if not sign:
        return lines
    if not name.strip().startswith("net.ipv4."):
        fail("a name below net.ipv4", name.strip())
    return [value.strip()]


def proc_words(text: str) -> list[str]:
    """Return the words of such a value, which Linux separates by a TAB and gVisor by blanks."""
    return proc_value(text)[0].split()


def settings_in(text: str) -> dict[str, str]:
    """Return the settings in lines of ``name: value``, ``name=value`` or ``name = value``.

    Lines with neither sign, or with blanks in the name, are skipped, because some values span
    several lines, such as the XML that ``sysctl -a`` prints on FreeBSD. A name that occurs twice
    must have the same value both times.
    """
    found: dict[str, str] = {}
    for line in nonblank_lines(text):
        name, value = _pair(line)
        if name and found.setdefault(name, value) != value:
            fail(f"one value of {name}", f"{found[name]} and {value}")
    return found


def _pair(line: str) -> tuple[str, str]:
    places = [place for sign in ":=" if (place := line.find(sign)) > 0]
    if not places:
        return "", ""
    place = min(places)
    name = line[:place].rstrip()
    return ("", "") if len(name.split()) > 1 else (name, line[place + 1 :].lstrip())


def values(text: str, names: types.Iterable[str]) -> list[str]:
    """Return the values of *names*, in this order; each must be present.

    Other names are skipped: ``sysctl net.inet.ip.portrange`` also prints the high and the low pair,
    and ``sysctl -a`` prints everything.
    """
    found = settings_in(text)
    wanted = list(names)
    for name in wanted:
        if name not in found:
            fail(f"a line with {name}", text)
    return [found[name] for name in wanted]
