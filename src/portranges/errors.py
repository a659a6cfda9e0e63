"""Every exception of the library.

What lives here: the exception classes, their data and their texts.
What must not: any check that decides whether to raise one.

Rules of a text: lower case, no final period; first the rule, then
``got {value!r}``, then a hint. Every exception keeps what it was made of in
``args``, so that it pickles and copies, and derives from PortRangesError.
A wrong type stays a TypeError and has no class here.
"""

from __future__ import annotations

__all__ = [
    "DataError",
    "InvalidPortError",
    "InvalidRangeError",
    "InvalidSocketError",
    "InvalidValueError",
    "MissingExtraError",
    "PortRangesError",
    "PortSyntaxError",
    "PortsExhaustedError",
    "SystemReadError",
    "UnexpectedOutputError",
    "UnknownNameError",
    "UnrepresentableError",
    "UnsupportedPlatformError",
]

# What a message shows of a text that came from outside. A line of a terminal
# holds the excerpt and its indentation; whoever sent ten megabytes gets them
# back in .text, not on the screen.
_EXCERPT = 60

# Integers are shown in full up to this many digits.
_LONG = 20


def elide(value: object) -> str:
    """Return ``repr(value)``, shortened in the middle when it is long."""
    if isinstance(value, int) and not isinstance(value, bool):
        return _integer(value)
    if isinstance(value, str) and len(value) > 2 * _EXCERPT:
        value = value[:_EXCERPT] + value[-_EXCERPT:]
        text = repr(value)
    else:
        try:
            text = repr(value)
        except (ValueError, RecursionError):
            # It has a number in it that is too long for str(), or is too deep.
            return f"<{type(value).__name__}>"
        if len(text) <= _EXCERPT:
            return text
    return f"{text[:40]}...{text[-12:]}"


class PortRangesError(Exception):
    """Base of every error of the library; never raised itself.

    Example:
        >>> issubclass(PortSyntaxError, PortRangesError)
        True
    """


class InvalidPortError(PortRangesError, ValueError):
    """An integer that is no port number.

    Example:
        >>> print(InvalidPortError(70000))
        port must be in 0..65535, got 70000
    """

    def __init__(self, value: int) -> None:
        """Keep the refused integer as ``value``."""
        super().__init__(value)
        self.value = value

    def __str__(self) -> str:
        """Return the message."""
        return f"port must be in 0..65535, got {elide(self.value)}"


class _BrokenRuleError(PortRangesError, ValueError):
    """What the errors share that say which rule was broken, and by what."""

    def __init__(self, rule: str, got: str) -> None:
        """Keep the broken ``rule`` and what was ``got`` instead."""
        super().__init__(rule, got)
        self.rule = rule
        self.got = got

    def __str__(self) -> str:
        """Return the message."""
        return f"{self.rule}, got {self.got}"


class InvalidRangeError(_BrokenRuleError):
    """Two ports, or a ``range`` or a mask, that make no set of ports.

    Example:
        >>> print(InvalidRangeError("first must not be greater than last", "9000-8000"))
        first must not be greater than last, got 9000-8000
    """


class InvalidSocketError(_BrokenRuleError):
    """A socket, or a question about one, that cannot be.

    What a system itself would answer is a refused decision, with the system's
    own error; this is for what no system can be asked.

    Example:
        >>> print(InvalidSocketError("uid must not be negative", "-1"))
        uid must not be negative, got -1
    """


class InvalidValueError(_BrokenRuleError):
    """A number or a choice outside what it may be: a probability of 2, no draws.

    Example:
        >>> print(InvalidValueError("probability must be in 0..1", "2"))
        probability must be in 0..1, got 2
    """


class PortSyntaxError(PortRangesError, ValueError):
    """A text that is not what a parser reads.

    Attributes:
        reason: The rule that the text breaks, and what was found.
        text: The whole text, untouched.
        span: First and one past the last index of the fault in ``text``.

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
        """Keep ``reason``, ``text`` and ``span``."""
        super().__init__(reason, text, span)
        self.reason = reason
        self.text = text
        self.span = span

    def __str__(self) -> str:
        """Return the reason, the text and a line that marks the place."""
        if not self.text:
            return self.reason
        line, mark = _marked(self.text, *self.span)
        return f"{self.reason}\n    {line}\n    {mark}"


class PortsExhaustedError(PortRangesError):
    """No port is left, or none that the algorithm comes upon.

    Attributes:
        algorithm: The name of the algorithm that looked for one.
        size: How many ports the range has.
        in_use: How many of them are in use, towards the destination where
            ports are shared across destinations.
        excluded: How many of them are kept from being handed out.
        free: How many are neither; more than 0 where the algorithm gives up
            before it has seen every port, as Linux does in a range of odd size.

    Example:
        >>> print(PortsExhaustedError("linux-connect", 5, 4, 0))
        linux-connect found no port among 5: 4 in use, 0 excluded, 1 free but not tried
    """

    def __init__(self, algorithm: str, size: int, in_use: int, excluded: int) -> None:
        """Keep the ``algorithm`` and the numbers."""
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
    """A set of ports that another program's syntax cannot say.

    Example:
        >>> print(UnrepresentableError("nmap", "the empty set has no text"))
        nmap cannot say this set: the empty set has no text
    """

    def __init__(self, dialect: str, reason: str) -> None:
        """Keep the ``dialect`` and the ``reason``."""
        super().__init__(dialect, reason)
        self.dialect = dialect
        self.reason = reason

    def __str__(self) -> str:
        """Return the message."""
        return f"{self.dialect} cannot say this set: {self.reason}"


class UnknownNameError(PortRangesError, LookupError):
    """A name that no row has: a service, a system, a dialect.

    Attributes:
        kind: What the name should have been, as ``"service"``.
        name: The name that was asked for.
        near: Known names that look alike, best first; may be empty.

    Example:
        >>> print(UnknownNameError("system", "linus", ("linux",)))
        unknown system, got 'linus'; did you mean 'linux'?
    """

    def __init__(self, kind: str, name: str, near: tuple[str, ...] = ()) -> None:
        """Keep ``kind``, ``name`` and ``near``."""
        super().__init__(kind, name, near)
        self.kind = kind
        self.name = name
        self.near = near

    def __str__(self) -> str:
        """Return the message, with the near names as the hint."""
        message = f"unknown {self.kind}, got {elide(self.name)}"
        if not self.near:
            return message
        return f"{message}; did you mean {' or '.join(map(repr, self.near))}?"


class DataError(PortRangesError):
    """A file of facts that is not what its reader expects.

    Example:
        >>> print(DataError("ports.csv", "expected 12 columns, got 3"))
        cannot use ports.csv: expected 12 columns, got 3
    """

    def __init__(self, resource: str, reason: str) -> None:
        """Keep the ``resource`` (a file's name) and the ``reason``."""
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
        """Keep ``what`` was asked for and the ``reason`` it was not had."""
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
    """A file or a command that said something its parser does not know.

    Example:
        >>> issubclass(UnexpectedOutputError, SystemReadError)
        True
    """


class MissingExtraError(PortRangesError, ImportError):
    """An optional part whose package is not installed.

    Example:
        >>> print(MissingExtraError("psutil", "probe"))
        psutil is not installed; install it with: pip install 'portranges[probe]'
    """

    def __init__(self, package: str, extra: str) -> None:
        """Keep the missing ``package`` and the ``extra`` that brings it."""
        super().__init__(package, extra)
        self.package = package
        self.extra = extra

    def __str__(self) -> str:
        """Return the message, with the command that mends it."""
        return (
            f"{self.package} is not installed; "
            f"install it with: pip install 'portranges[{self.extra}]'"
        )


def _integer(value: int) -> str:
    # str() of an integer of more than 4,300 digits raises ValueError, and
    # nobody wants to read one of forty.
    if -(10**_LONG) < value < 10**_LONG:
        return str(int(value))
    return f"{int(value):#x}"[:20] + "..."


def _marked(text: str, start: int, stop: int) -> tuple[str, str]:
    """Return an excerpt of *text* and a line of tildes below ``[start:stop]``."""
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
    """Return *text* in printable ASCII, everything else escaped."""
    # Escaped, so that a line break or a terminal's control code in the text
    # neither moves the marker nor reaches the terminal.
    return text.encode("ascii", "backslashreplace").decode().translate(_ESCAPES)


_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(32), 127)}
