"""Lines, numbers and ports from text of unknown origin, for all parsers of the package.

Every fault is an UnexpectedOutputError. Each function takes time linear in the length of the
text, and text above the limit is refused without being parsed.
"""

from __future__ import annotations

from portranges import types
from portranges.checks import of_type
from portranges.errors import PortSyntaxError, UnexpectedOutputError, elide
from portranges.ports import LAST_PORT, PortRange, is_digits
from portranges.portset import PortSet

__all__ = [
    "TEXT_LIMIT",
    "as_number",
    "as_port",
    "as_port_set",
    "as_range",
    "fail",
    "nonblank_lines",
    "only_line",
    "settings_in",
    "values",
]

# The longest useful text is a list of every other port, 32,768 of them with commas: 191,053
# characters (measured on Linux 6.18). Five times as much is enough for `sysctl -a`.
TEXT_LIMIT = 1 << 20

# A 64-bit counter has at most 20 digits. int() takes quadratic time for longer text.
_MOST_DIGITS = 20


def fail(what: str, expected: str, got: object) -> types.NoReturn:
    """Raise the error that the text of *what* does not contain what was expected."""
    raise UnexpectedOutputError(what, f"expected {expected}, got {elide(got)}")


def nonblank_lines(text: str, what: str) -> list[str]:
    """Return the lines of *text* that are not blank, stripped.

    Every system's line ends are accepted, also doubled (CR CR LF, as Windows programs write to a
    pipe that translates line ends). A byte order mark is removed.
    """
    of_type("text", text, str)
    if len(text) > TEXT_LIMIT:
        reason = f"expected at most {TEXT_LIMIT:,} characters, got {len(text):,}"
        raise UnexpectedOutputError(what, reason)
    if "\0" in text:
        got = elide(text)
        reason = f"expected text without NUL, got {got}; was UTF-16 read as another encoding?"
        raise UnexpectedOutputError(what, reason)
    text = text.removeprefix("\ufeff").replace("\r", "\n")
    return [line for part in text.split("\n") if (line := part.strip())]


def only_line(text: str, what: str, expected: str) -> str:
    """Return the only line of *text* that is not blank."""
    lines = nonblank_lines(text, what)
    if len(lines) != 1:
        fail(what, expected, text)
    return lines[0]


def settings_in(text: str, what: str) -> dict[str, str]:
    """Return the settings in lines of ``name: value``, ``name=value`` or ``name = value``.

    Lines with neither sign, or with blanks in the name, are skipped, because some values span
    several lines, such as the XML that ``sysctl -a`` prints on FreeBSD. A name that occurs twice
    must have the same value both times.
    """
    found: dict[str, str] = {}
    for line in nonblank_lines(text, what):
        name, value = _pair(line)
        if name and found.setdefault(name, value) != value:
            fail(what, f"one value of {name}", f"{found[name]} and {value}")
    return found


def _pair(line: str) -> tuple[str, str]:
    places = [place for sign in ":=" if (place := line.find(sign)) > 0]
    if not places:
        return "", ""
    place = min(places)
    name = line[:place].rstrip()
    return ("", "") if len(name.split()) > 1 else (name, line[place + 1 :].lstrip())


def values(text: str, names: types.Iterable[str], what: str) -> list[str]:
    """Return the values of *names*, in this order; each must be present."""
    found = settings_in(text, what)
    wanted = list(names)
    for name in wanted:
        if name not in found:
            fail(what, f"a line with {name}", text)
    return [found[name] for name in wanted]


def as_number(token: str, what: str, *, last: int = (1 << 64) - 1) -> int:
    """Return *token* as a decimal number from 0 to *last*."""
    plain = is_digits(token) and len(token) <= _MOST_DIGITS
    if not plain or (len(token) > 1 and token[0] == "0"):
        fail(what, "a number", token)
    number = int(token)
    if number > last:
        fail(what, f"a number of at most {last}", token)
    return number


def as_port(token: str, what: str) -> int:
    """Return *token* as a port number."""
    return as_number(token, what, last=LAST_PORT)


def as_range(ports: types.Sequence[str], what: str, *, either_way: bool = False) -> PortRange:
    """Return the range between two *ports*, which *either_way* accepts in any order."""
    if len(ports) != 2:
        fail(what, "two ports", " ".join(ports))
    low, high = (as_port(port, what) for port in ports)
    if low > high:
        if not either_way:
            fail(what, "a first port not above the last", f"{low} {high}")
        low, high = high, low
    return PortRange(low, high)


def as_port_set(token: str, what: str) -> PortSet:
    """Return *token*, a list with commas, as a set of ports."""
    try:
        return PortSet.parse(token)
    except PortSyntaxError as error:
        raise UnexpectedOutputError(what, error.reason) from None
