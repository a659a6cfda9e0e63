"""Every exception of the library.

All of them derive from PortRangesError and keep their arguments in ``args``, so they can be
pickled and copied. A message is in lower case without a final period: the rule, then
``got {value!r}``, then a hint. A wrong type raises the built-in TypeError.
"""

from __future__ import annotations

from portranges import types

__all__ = [
    "DataError",
    "InvalidPortError",
    "InvalidPositionError",
    "InvalidRangeError",
    "InvalidSocketError",
    "InvalidValueError",
    "MissingExtraError",
    "PortRangesError",
    "PortRowsError",
    "PortSyntaxError",
    "PortsExhaustedError",
    "RowSyntaxError",
    "RowTypeError",
    "SystemReadError",
    "UnexpectedOutputError",
    "UnknownNameError",
    "UnrepresentableError",
    "UnsupportedPlatformError",
]

# How many characters of a text a message shows, so that the excerpt fits on a line of a terminal
# with its indentation. The whole text is in .text.
_EXCERPT = 60

# Integers are shown in full up to this many digits.
_LONG = 20


def elide(value: object) -> str:
    """Return ``repr(value)`` on one line, shortened in the middle if it is long.

    It never raises, and the result is short and printable whatever *value* is.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        # The value itself: a subclass may override comparison and text.
        return _integer(int.__index__(value))
    if isinstance(value, str) and str.__len__(value) > 2 * _EXCERPT:
        value = str.__str__(value)
        text = repr(value[:_EXCERPT] + value[-_EXCERPT:])
    else:
        try:
            text = str.__str__(repr(value))
        except Exception:  # noqa: BLE001 - a __repr__ from outside can raise anything
            # Or it contains a number that is too long for str(), or is nested too deeply.
            return f"<{type(value).__name__}>"
    if len(text) > _EXCERPT:
        text = f"{text[:40]}...{text[-12:]}"
    return visible(text)


def got(value: object) -> str:
    """Return how the message of a TypeError shows *value*: its type and its ``repr``."""
    return f"{type(value).__name__} {elide(value)}"


def reason_of(error: OSError) -> str:
    """Return the message of *error*, with a lower-case first letter."""
    text = error.strerror or str(error) or type(error).__name__
    return text[:1].lower() + text[1:]


# Ports below 60 on which containers often listen: FTP, SSH, Telnet, SMTP, WHOIS, TACACS, DNS.
_PUBLISHED = (20, 21, 22, 23, 25, 43, 49, 53)


def base_60(number: int, containers: tuple[int, ...] = _PUBLISHED) -> str:
    """Return the hint that *number* is a port mapping which YAML read as an integer.

    YAML 1.1 reads ``9022:22`` without quotes as 9022 * 60 + 22. Nearly every number above 65535
    could be a mapping of some ports, so the hint requires a likely one.

    Args:
        number: A number that is not a port.
        containers: The ports that the second side may be, each in 1..59.

    Returns:
        The hint, starting with ``"; "``; ``""`` if the first side would not be a port, or the
        second would not be one of *containers*.
    """
    host, container = divmod(number, 60)
    if not 0 < host <= 65535 or container not in containers:
        return ""
    return f"; YAML reads {host}:{container} without quotes as {number}, to base 60"


class PortRangesError(Exception):
    """The base class of every error of the library; it is never raised itself.

    Example:
        >>> issubclass(PortSyntaxError, PortRangesError)
        True
    """


class InvalidPortError(PortRangesError, ValueError):
    """An integer outside 0..65535.

    Attributes:
        value: The rejected integer.
        position: Its index among many ports, or None.

    Example:
        >>> print(InvalidPortError(70000))
        port must be in 0..65535, got 70000
        >>> print(InvalidPortError(70000, 3))
        port must be in 0..65535, got 70000 at position 3
    """

    def __init__(self, value: int, position: int | None = None) -> None:
        """Store the rejected integer and its ``position``."""
        super().__init__(value, *(() if position is None else (position,)))
        self.value = value
        self.position = position

    def __str__(self) -> str:
        """Return the message."""
        place = "" if self.position is None else f" at position {self.position}"
        return f"port must be in 0..65535, got {elide(self.value)}{place}{base_60(self.value)}"


class _BrokenRuleError(PortRangesError, ValueError):
    """The base class of errors that consist of a broken rule and the value that broke it."""

    def __init__(self, rule: str, got: str) -> None:
        """Store the broken ``rule`` and what was ``got`` instead."""
        super().__init__(rule, got)
        self.rule = rule
        self.got = got

    def __str__(self) -> str:
        """Return the message."""
        return f"{self.rule}, got {self.got}"


class InvalidRangeError(_BrokenRuleError):
    """Bounds, a ``range`` or a mask that do not describe a set of ports.

    Example:
        >>> print(InvalidRangeError("first must not be greater than last", "9000-8000"))
        first must not be greater than last, got 9000-8000
    """


class InvalidPositionError(PortRangesError, IndexError):
    """A position that a set of ports does not have.

    Attributes:
        position: The position.
        size: The number of ports in the set.

    Example:
        >>> print(InvalidPositionError(5, 2))
        position must be in -2..1, got 5
    """

    def __init__(self, position: int, size: int) -> None:
        """Store the ``position`` and the ``size`` of the set."""
        super().__init__(position, size)
        self.position = position
        self.size = size

    def __str__(self) -> str:
        """Return the message."""
        if not self.size:
            return f"the empty set has no position, got {elide(self.position)}"
        rule = f"position must be in {-self.size}..{self.size - 1}"
        return f"{rule}, got {elide(self.position)}"


class InvalidSocketError(_BrokenRuleError):
    """A socket that cannot exist, or a query that no system could answer.

    If a system would answer with an error of its own, the result is a refused decision
    instead.

    Example:
        >>> print(InvalidSocketError("uid must not be negative", "-1"))
        uid must not be negative, got -1
    """


class InvalidValueError(_BrokenRuleError):
    """A number or a choice that is not allowed, such as a probability of 2.

    Example:
        >>> print(InvalidValueError("probability must be in 0..1", "2"))
        probability must be in 0..1, got 2
    """


class PortSyntaxError(PortRangesError, ValueError):
    """A text that a parser does not accept.

    Attributes:
        reason: The rule that the text breaks, and what was found instead.
        text: The whole text, unchanged.
        span: The first index of the fault in ``text``, and one past the last.

    Example:
        >>> from portranges import PortSet
        >>> PortSet.parse("80,44x3,8000-8099")
        Traceback (most recent call last):
        ...
        portranges.errors.PortSyntaxError: expected a port or 'first-last', got '44x3'
            80,44x3,8000-8099
               ~~~~
    """

    def __init__(self, reason: str, text: str, span: tuple[int, int]) -> None:
        """Store ``reason``, ``text`` and ``span``."""
        super().__init__(reason, text, span)
        self.reason = reason
        self.text = text
        self.span = span

    def __str__(self) -> str:
        """Return the reason, an excerpt of the text and a line that marks the fault."""
        if not self.text:
            return self.reason
        line, mark = _marked(self.text, *self.span)
        return f"{self.reason}\n    {line}\n    {mark}"


class RowSyntaxError(PortSyntaxError):
    """A row of a list that ``PortSet.parse_rows`` does not accept.

    Attributes:
        reason: The rule that the row breaks, and what was found instead.
        text: The whole row; the digits of a number.
        span: The first index of the fault in ``text``, and one past the last.
        index: The place of the row in the list, from 0.

    Example:
        >>> print(RowSyntaxError("port must be in 0..65535, got '70000'", "22,70000", (3, 8), 4))
        rows[4]: port must be in 0..65535, got '70000'
            22,70000
               ~~~~~
    """

    def __init__(self, reason: str, text: str, span: tuple[int, int], index: int) -> None:
        """Store ``reason``, ``text``, ``span`` and ``index``."""
        super().__init__(reason, text, span)
        # The arguments that a copy is made with.
        ValueError.__init__(self, reason, text, span, index)
        self.index = index

    def __str__(self) -> str:
        """Return the message, with the place of the row."""
        return f"rows[{self.index}]: {super().__str__()}"


class RowTypeError(PortRangesError, TypeError):
    """A row of a list that is neither text nor ports.

    Attributes:
        reason: The rule that the row breaks, and what was found instead.
        index: The place of the row in the list, from 0.

    Example:
        >>> print(RowTypeError("port must be an integer, got NoneType None", 2))
        rows[2]: port must be an integer, got NoneType None
    """

    def __init__(self, reason: str, index: int) -> None:
        """Store ``reason`` and ``index``."""
        super().__init__(reason, index)
        self.reason = reason
        self.index = index

    def __str__(self) -> str:
        """Return the message, with the place of the row."""
        return f"rows[{self.index}]: {self.reason}"


class PortRowsError(PortRangesError, ExceptionGroup[Exception]):
    """All errors of a list of rows, each with the place of its row as ``index``.

    ``except*`` selects errors by their class; ``except PortRowsError`` gets all of them.

    Example:
        >>> group = PortRowsError("each row must be a port", [RowTypeError("no text", 2)])
        >>> print(group)
        each row must be a port (1 sub-exception)
    """

    def derive(self, excs: types.Sequence[types.Any], /) -> types.Any:
        """Return a group of some of the errors; ``split`` and ``except*`` call it.

        Args:
            excs: The errors.

        Example:
            >>> group = PortRowsError("each row must be a port", [RowTypeError("no text", 2)])
            >>> group.derive(group.exceptions) == group, type(group.subgroup(TypeError)).__name__
            (False, 'PortRowsError')
        """
        return PortRowsError(self.message, excs)


class PortsExhaustedError(PortRangesError):
    """No port is free, or the algorithm did not try the free ones.

    Attributes:
        algorithm: The name of the algorithm.
        size: The number of ports in the range.
        in_use: How many of them are in use. If destinations can share a port, only ports in
            use towards this destination count.
        excluded: How many of them must not be allocated.
        free: How many are left. It is more than 0 if the algorithm gives up before it has
            tried every port, as Linux does in a range of odd size.

    Example:
        >>> print(PortsExhaustedError("linux-connect", 5, 4, 0))
        linux-connect found no port among 5: 4 in use, 0 excluded, 1 free but not tried
    """

    def __init__(self, algorithm: str, size: int, in_use: int, excluded: int) -> None:
        """Store the ``algorithm`` and the numbers."""
        super().__init__(algorithm, size, in_use, excluded)
        self.algorithm = algorithm
        self.size = size
        self.in_use = in_use
        self.excluded = excluded
        self.free: int = size - in_use - excluded

    def __str__(self) -> str:
        """Return the message, with the numbers."""
        rest = f", {self.free} free but not tried" if self.free else ""
        return (
            f"{self.algorithm} found no port among {self.size}: "
            f"{self.in_use} in use, {self.excluded} excluded{rest}"
        )


class UnrepresentableError(PortRangesError, ValueError):
    """A set of ports that the syntax of another program cannot express.

    Example:
        >>> print(UnrepresentableError("nmap", "the empty set has no text"))
        nmap cannot express this set: the empty set has no text
    """

    def __init__(self, dialect: str, reason: str) -> None:
        """Store the ``dialect`` and the ``reason``."""
        super().__init__(dialect, reason)
        self.dialect = dialect
        self.reason = reason

    def __str__(self) -> str:
        """Return the message."""
        return f"{self.dialect} cannot express this set: {self.reason}"


class UnknownNameError(PortRangesError, LookupError):
    """An unknown name of a service, a system, a dialect or the like.

    Attributes:
        kind: What the name should have been, such as ``"service"``.
        name: The unknown name.
        near: Known names that look like it, the best first; may be empty.
        known: All names, if none looks like it and they are few; otherwise empty.

    Example:
        >>> print(UnknownNameError("system", "linus", ("linux",)))
        unknown system, got 'linus'; did you mean 'linux'?
        >>> print(UnknownNameError("category", "low", known=("system", "user", "dynamic")))
        unknown category, got 'low'; write one of 'system', 'user', 'dynamic'
    """

    def __init__(
        self, kind: str, name: str, near: tuple[str, ...] = (), known: tuple[str, ...] = ()
    ) -> None:
        """Store ``kind``, ``name``, ``near`` and ``known``."""
        super().__init__(kind, name, near, known)
        self.kind = kind
        self.name = name
        self.near = near
        self.known = known

    def __str__(self) -> str:
        """Return the message, with the near names or the few that exist as the hint."""
        message = f"unknown {self.kind}, got {elide(self.name)}"
        if self.near:
            return f"{message}; did you mean {' or '.join(map(repr, self.near))}?"
        if self.known:
            one_of = "one of " if len(self.known) > 1 else ""
            return f"{message}; write {one_of}{', '.join(map(repr, self.known))}"
        return message


class DataError(PortRangesError):
    """A data file that does not have the expected form.

    Example:
        >>> print(DataError("ports.csv", "expected 12 columns, got 3"))
        cannot use ports.csv: expected 12 columns, got 3
    """

    def __init__(self, resource: str, reason: str) -> None:
        """Store the ``resource`` (the name of the file) and the ``reason``."""
        super().__init__(resource, reason)
        self.resource = resource
        self.reason = reason

    def __str__(self) -> str:
        """Return the message."""
        return f"cannot use {self.resource}: {self.reason}"


class SystemReadError(PortRangesError):
    """A setting of this machine that could not be read.

    Example:
        >>> print(SystemReadError("the port range", "permission denied"))
        cannot read the port range: permission denied
    """

    def __init__(self, what: str, reason: str) -> None:
        """Store ``what`` was to be read, and the ``reason`` why it could not be."""
        super().__init__(what, reason)
        self.what = what
        self.reason = reason

    def __str__(self) -> str:
        """Return the message."""
        return f"cannot read {self.what}: {self.reason}"


class UnsupportedPlatformError(SystemReadError):
    """A setting that the library cannot read on this platform.

    Example:
        >>> issubclass(UnsupportedPlatformError, SystemReadError)
        True
    """


class UnexpectedOutputError(SystemReadError):
    """Content of a file, or output of a command, that its parser does not understand.

    Example:
        >>> issubclass(UnexpectedOutputError, SystemReadError)
        True
    """


class MissingExtraError(PortRangesError, ImportError):
    """An optional part of the library needs a package that is not installed.

    Example:
        >>> print(MissingExtraError("psutil", "probe"))
        psutil is not installed; install it with: pip install 'portranges[probe]'
    """

    def __init__(self, package: str, extra: str) -> None:
        """Store the missing ``package`` and the ``extra`` that installs it."""
        super().__init__(package, extra)
        self.package = package
        self.extra = extra

    def __str__(self) -> str:
        """Return the message, with the command that installs the package."""
        return (
            f"{self.package} is not installed; "
            f"install it with: pip install 'portranges[{self.extra}]'"
        )


def _integer(value: int) -> str:
    # str() of an integer of more than 4,300 digits raises ValueError, and a number of forty
    # digits is not readable either.
    if -(10**_LONG) < value < 10**_LONG:
        return str(value)
    return f"{value:#x}"[:20] + "..."


def _marked(text: str, start: int, stop: int) -> tuple[str, str]:
    """Return an excerpt of *text*, and a line with tildes below ``text[start:stop]``."""
    stop = min(max(stop, start + 1), start + _EXCERPT)
    low = max(0, start - (_EXCERPT - (stop - start)) // 2)
    high = min(len(text), max(stop, low + _EXCERPT))
    head = printable(text[low:start])
    body = printable(text[start:stop])
    tail = printable(text[stop:high])
    before = "..." if low > 0 else ""
    after = "..." if high < len(text) else ""
    line = f"{before}{head}{body}{tail}{after}"
    return line, " " * (len(before) + len(head)) + "~" * max(1, len(body))


def printable(text: str) -> str:
    """Return *text* with everything but printable ASCII escaped."""
    # A line break or a control code in the text must not move the marker, nor reach the
    # terminal.
    return text.encode("ascii", "backslashreplace").decode().translate(_ESCAPES)


def visible(text: str) -> str:
    """Return *text* with everything escaped that is not printable, such as control codes."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(32), 127)}
