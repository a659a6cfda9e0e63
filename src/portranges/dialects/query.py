"""The text that is being read, with its dialect and the caller's options, and its errors.

All readers follow one rule: a text is read if the tool and a person agree on its meaning, and
refused if they may not. An error message reports what the tool would have understood, from the
row's ``misread_texts``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from portranges import types
from portranges.dialects.forms import Dialect
from portranges.dialects.model import Fault, MisreadText, NameLookup
from portranges.errors import PortSyntaxError, elide
from portranges.ports import Transport
from portranges.portset import PortSet

# Longer than any text for which there is a hint.
_LONGEST = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """The text that is being read, and how.

    Attributes:
        row: The dialect.
        text: The whole text; a ``Cursor`` is a part of it.
        services: A registry of service names; None if names are refused.
        transport: The transport that the caller selected, if any.
        variables: The texts of variables; None if variables are refused.
        resolved: The ports that a variable names, if any, and those that it excludes; None while
            its text is being read.
        depth: How many variables this text is nested in.
    """

    row: Dialect
    text: str
    services: types.Services | None = None
    transport: Transport | None = None
    variables: types.Mapping[str, str] | None = None
    resolved: dict[str, tuple[PortSet | None, PortSet] | None] = field(
        default_factory=dict[str, "tuple[PortSet | None, PortSet] | None"]
    )
    depth: int = 0

    def whole(self) -> Cursor:
        """Return the cursor of the whole text."""
        return Cursor(self, 0, len(self.text))


class Cursor:
    """A part of the text that is being read: ``query.text[start:stop]``.

    Readers pass it down, narrowed at each step, so that an error has the place in the whole
    text. It is not a dataclass, because one is made for each element of a list, and a frozen
    one would take three times as long to make.
    """

    __slots__ = ("query", "row", "start", "stop")

    def __init__(self, query: Query, start: int, stop: int) -> None:
        """Make the cursor of ``query.text[start:stop]``."""
        self.query: Query = query
        self.row: Dialect = query.row
        self.start: int = start
        self.stop: int = stop

    @property
    def text(self) -> str:
        """The part of the text."""
        return self.query.text[self.start : self.stop]

    @property
    def span(self) -> types.Span:
        """The place of the part, as errors have it."""
        return self.start, self.stop

    def __len__(self) -> int:
        """Return the number of characters."""
        return self.stop - self.start

    def word(self, longest: int) -> str:
        """Return the text, or ``""`` if it is longer than *longest*.

        A part may be as long as the whole text, and need not be copied to see that it is not
        a certain word.
        """
        return self.text if len(self) <= longest else ""

    def starts(self, prefix: str | tuple[str, ...]) -> bool:
        """Return whether the part starts with *prefix*, or one of several."""
        return self.query.text.startswith(prefix, self.start, self.stop)

    def ends(self, suffix: str) -> bool:
        """Return whether the part ends with *suffix*."""
        return self.query.text.endswith(suffix, self.start, self.stop)

    def find(self, sign: str) -> int:
        """Return where *sign* is first in the whole text, inside this part; otherwise -1."""
        return self.query.text.find(sign, self.start, self.stop)

    def to(self, stop: int) -> Cursor:
        """Return the part up to *stop*, a place in the whole text."""
        return Cursor(self.query, self.start, stop)

    def since(self, start: int) -> Cursor:
        """Return the part from *start* on, a place in the whole text."""
        return Cursor(self.query, start, self.stop)

    def without(self, prefix: str = "", suffix: str = "") -> Cursor:
        """Return the part between *prefix* and *suffix*, which it has."""
        return Cursor(self.query, self.start + len(prefix), self.stop - len(suffix))

    def trim(self, blanks: str | None = None) -> Cursor:
        """Return the part without *blanks* at its ends; by default, the blanks of the row."""
        blanks = self.row.spacing.blanks if blanks is None else blanks
        start, stop = trimmed(self.query.text, self.start, self.stop, blanks)
        if start == self.start and stop == self.stop:
            return self
        return Cursor(self.query, start, stop)

    def error(self, rule: str, *, got: str = "", hint: str = "") -> PortSyntaxError:
        """Return the error for a part that breaks *rule*.

        Args:
            rule: The rule.
            got: What was found, if that is not the text of the part.
            hint: What the message adds.
        """
        return PortSyntaxError(self._reason(rule, got, hint), self.query.text, self.span)

    def refusal(self, rule: str, *faults: Fault, got: str = "", hint: str = "") -> PortSyntaxError:
        """Return the same error, with what is known about such a text; see ``explained``."""
        return self.explained(self._reason(rule, got, hint), *faults)

    def _reason(self, rule: str, got: str, hint: str) -> str:
        return f"{rule}, got {got or elide(self.text)}{hint and f'; {hint}'}"

    def explained(self, reason: str, *faults: Fault) -> PortSyntaxError:
        """Return the error with *reason* and what is known about such a text.

        Args:
            reason: The rule, and what was found.
            faults: The kinds of misread text that it is. The message reports the tool's answer
                to the row's text of these kinds that resembles it most.
        """
        row, written = self.row, self.word(_LONGEST - 1)
        hint = _written_hint(row, written) or self.surplus_hint()
        misread = None if hint else _closest(row, written, faults)
        if misread is not None:
            if misread.means is None:
                answer = f"rejects {misread.text!r}"
            else:
                answer = f"reads {misread.text!r} as {_MEANINGS.get(misread.means, misread.means)}"
            hint = f"{row.tool} {answer}{misread.note and f' ({misread.note})'}"
        return PortSyntaxError(reason + (hint and f"; {hint}"), self.query.text, self.span)

    def surplus_hint(self) -> str:
        """Return the hint for a text that has more of a rule than the ports; otherwise ``""``."""
        row, text = self.row, self.query.text[:_LONGEST]
        introduction = {word.strip("'=:,") for word in row.place.split()}
        introduction.difference_update(row.frame.transports)
        first, *more = re.split("[ =:]", text.strip(), maxsplit=1)
        written = (row.wording.plain[0], *row.frame.forms[:1])
        words = [_before_match(form).rpartition("}")[2] for form in written]
        if row.place.startswith("after ") and (
            (more and first in introduction)
            or any(word.strip().isalpha() and self.start < text.find(word) for word in words)
        ):
            if _SOURCE.search(text):
                return _SOURCE_HINT
            return f"write only the part {row.place.partition(',')[0]}"
        return ""


def trimmed(text: str, start: int, stop: int, blanks: str) -> types.Span:
    """Return the span of ``text[start:stop]`` without *blanks* at its ends."""
    if blanks:
        while start < stop and text[start] in blanks:
            start += 1
        while start < stop and text[stop - 1] in blanks:
            stop -= 1
    return start, stop


_SOURCE = re.compile(
    r"\b(sports?|srcport|src_port|source-ports?|tp_src|(tcp|udp|sctp)_src|src)\b"
    r"|\bfrom [^ ]+ port\b"
)
_SOURCE_HINT = "source ports are not read, because a set is of destination ports"
_EITHER = re.compile(r"--ports\b|-m multiport --ports\b|(tcp|udp|sctp)\.port\b|port( [0-9]|$)")
_GLUED = re.compile(r"([a-z-]*[a-z])([0-9][0-9:.,-]*)")


def _written_hint(row: Dialect, written: str) -> str:
    """Return the hint for a text with a known mistake; ``""`` if there is none."""
    if _SOURCE.search(written):
        return _SOURCE_HINT
    if _EITHER.match(written) and "port" not in row.keywords:
        return "it matches source ports too"
    *_, last = ("", *written.split())
    glued = _GLUED.fullmatch(last)
    if glued and glued[1] in _words_before_ports(row):
        return f"a blank is missing after {glued[1]!r}"
    return ""


def _before_match(form: str) -> str:
    """Return what precedes the ports or the match in a form of the wording or the frame."""
    return re.split(r"\{(?:ports|match)\}", form)[0]


def _words_before_ports(row: Dialect) -> set[str]:
    """Return the words after which a port follows in the dialect."""
    forms = (*row.frame.forms, *row.wording.plain, *row.wording.negated)
    heads = (_before_match(form).split() for form in forms)
    words = {head[-1] for head in heads if head}
    return words | {operator.sign for operator in row.operators} | set(row.keywords)


def _closest(row: Dialect, written: str, faults: tuple[Fault, ...]) -> MisreadText | None:
    """Return the misread text of the row that resembles *written* most; None if none does."""
    fitting = [
        misread
        for misread in row.misread_texts
        if misread.fault in faults
        and (misread.means is not None or misread.note)
        and _fits(row, misread, written)
    ]
    # Prefer the example with the same number.
    return min(fitting, key=lambda each: not written or written not in each.text, default=None)


def _fits(row: Dialect, misread: MisreadText, written: str) -> bool:
    """Return whether a misread text is similar enough to *written* to explain it."""
    if misread.fault is Fault.NAME and row.names.lookup is NameLookup.NONE:
        return misread.text.casefold() == written.casefold()
    if misread.fault is Fault.OPERATOR:
        return misread.text.split()[0] == (written.split() or [""])[0]
    if misread.fault is Fault.OPEN:
        return _shape(written) in _shape(misread.text)
    return misread.fault is not Fault.PREFIX or _shape(misread.text) == _shape(written)


def _shape(text: str) -> str:
    """Return *text* with each word and each number as one letter or digit."""
    return re.sub("[A-Za-z]+", "a", re.sub("[0-9]+", "0", text))


_MEANINGS = {"": "no port", "0-65535": "every port"}
