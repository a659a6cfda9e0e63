"""What all parsers share: lines, numbers and ports out of a text of unknown make.

What lives here: checks and small readers; every fault is an
UnexpectedOutputError.
What must not: the format of one system (the ``parse_*`` modules).

Each takes time linear in the text, and a text above the limit is refused
unread.
"""

from __future__ import annotations

from portranges import types
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
    "filled_lines",
    "only_line",
    "pairs",
    "values",
]

# The longest text that means something is a list of every other port, 32,768
# of them with commas: 191,053 characters (measured on Linux 6.18). Five times
# that leaves room for `sysctl -a`; what is longer did not come from here.
TEXT_LIMIT = 1 << 20

# A counter of 64 bits has 19 digits or 20. int() of what is longer takes time
# that grows with the square of the length.
_MOST_DIGITS = 20


def fail(what: str, expected: str, got: object) -> types.NoReturn:
    """Raise the error that *expected* was not found in the text of *what*."""
    raise UnexpectedOutputError(what, f"expected {expected}, got {elide(got)}")


def filled_lines(text: str, what: str) -> list[str]:
    """Return the lines of *text* that are not blank, without blanks at either end.

    Lines may end as on any system, also twice (CR CR LF, as Windows programs
    write into a pipe that translates line ends). A byte order mark is dropped.
    """
    if not isinstance(text, str):
        raise TypeError(f"text must be a str, got {type(text).__name__} {elide(text)}")
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
    """Return the one line of *text* that is not blank."""
    lines = filled_lines(text, what)
    if len(lines) != 1:
        fail(what, expected, text)
    return lines[0]


def pairs(text: str, what: str) -> dict[str, str]:
    """Return the ``name: value``, ``name=value`` and ``name = value`` lines.

    Lines without either sign, or with blanks in the name, are passed over: the
    values of some settings have several lines, as the XML that FreeBSD's
    ``sysctl -a`` prints. A name that comes twice must have the same value twice.
    """
    found: dict[str, str] = {}
    for line in filled_lines(text, what):
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
    """Return the values of *names* in the order asked; each must be there."""
    found = pairs(text, what)
    wanted = list(names)
    for name in wanted:
        if name not in found:
            fail(what, f"a line with {name}", text)
    return [found[name] for name in wanted]


def as_number(token: str, what: str, *, last: int = (1 << 64) - 1) -> int:
    """Return the decimal number that *token* says, from 0 to *last*."""
    plain = is_digits(token) and len(token) <= _MOST_DIGITS
    if not plain or (len(token) > 1 and token[0] == "0"):
        fail(what, "a number", token)
    number = int(token)
    if number > last:
        fail(what, f"a number of at most {last}", token)
    return number


def as_port(token: str, what: str) -> int:
    """Return the port number that *token* says."""
    return as_number(token, what, last=LAST_PORT)


def as_range(ports: types.Sequence[str], what: str, *, either_way: bool = False) -> PortRange:
    """Return the range of two *ports*; *either_way* takes them in any order."""
    if len(ports) != 2:
        fail(what, "two ports", " ".join(ports))
    low, high = (as_port(port, what) for port in ports)
    if low > high:
        if not either_way:
            fail(what, "a first port not above the last", f"{low} {high}")
        low, high = high, low
    return PortRange(low, high)


def as_port_set(token: str, what: str) -> PortSet:
    """Return the set of ports that *token*, a list with commas, says."""
    try:
        return PortSet.parse(token)
    except PortSyntaxError as error:
        raise UnexpectedOutputError(what, error.reason) from None
