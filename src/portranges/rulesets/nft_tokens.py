"""Split the text of ``nft list ruleset`` into tokens, and read the elements of sets and maps."""

from __future__ import annotations

import re
from dataclasses import dataclass

from portranges import types
from portranges.errors import PortSyntaxError, elide
from portranges.rulesets.model import Action
from portranges.rulesets.nft_model import Element, Unread, Verdict

_TOKEN = re.compile(
    r"[ \t\r]++|\\\r?\n|(?P<end>\n|;)|(?P<comment>#[^\n]*+)|(?P<mark>[{},])"
    r'|(?P<word>(?:[^\s{},;"#]|"[^"]*+")++)'
)

VERDICTS = {
    "accept": Action.ACCEPT,
    "drop": Action.DROP,
    "return": Action.RETURN,
    "continue": Action.CONTINUE,
    "jump": Action.JUMP,
    "goto": Action.GOTO,
}
# What follows the value of an element.
_ANNOTATIONS = frozenset(
    {"timeout", "expires", "comment", "counter", "limit", "quota", "last", "ct", "used"}
)


@dataclass(frozen=True, slots=True)
class Token:
    """A part of the text. Its kind is ``word``, ``mark``, ``end`` or ``comment``."""

    kind: str
    text: str
    start: int
    stop: int


def tokens_of(text: str) -> types.Iterator[Token]:
    """Yield the tokens of *text*.

    Raises:
        PortSyntaxError: A quotation mark is not closed.
    """
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise error_at("a quotation mark must be closed", text, at)
        if match.lastgroup is not None:
            yield Token(match.lastgroup, match[0], at, match.end())
        at = match.end()


def error_at(rule: str, text: str, at: int) -> PortSyntaxError:
    """Return the error that *rule* is not met at this place of *text*."""
    stop = min(at + 20, len(text))
    found = elide(text[at:stop]) if at < stop else "the end of the text"
    return PortSyntaxError(f"{rule}, got {found}", text, (at, stop))


def words_of(tokens: types.Iterable[Token]) -> list[str]:
    """Return the texts of *tokens*, without quotation marks."""
    return [each.text.replace('"', "") for each in tokens]


def elements_of(tokens: list[Token]) -> list[Element]:
    """Return the elements between braces, which *tokens* begin and end with."""
    found: list[Element] = []
    current: list[Token] = []
    for token in [*tokens[1:-1], None]:
        if token is not None and token.text in ("{", "}"):
            raise Unread("an element must not have braces, got one")
        if token is not None and token.text != ",":
            current.append(token)
        elif current:
            found.append(_element(current))
            current = []
    return found


def _element(tokens: list[Token]) -> Element:
    texts = [each.text for each in tokens]
    middle = texts.index(":") if ":" in texts else len(texts)
    values = _concatenated(tokens[:middle])
    if middle == len(texts):
        return Element(values)
    data = tokens[middle + 1 :]
    words = words_of(data)
    if words and words[0] in VERDICTS:
        return Element(values, verdict_of(words))
    return Element(values, _concatenated(data))


def _concatenated(tokens: list[Token]) -> tuple[str, ...]:
    parts: list[str] = [""]
    for place, token in enumerate(tokens):
        if token.text == ".":
            parts.append("")
        elif token.text in _ANNOTATIONS and place:
            break
        else:
            parts[-1] += token.text.replace('"', "")
    if "" in parts:
        raise Unread("an element must have a value, got none")
    return tuple(parts)


def verdict_of(words: list[str]) -> Verdict:
    """Return the verdict that *words* are."""
    action = VERDICTS[words[0]]
    has_target = action in (Action.JUMP, Action.GOTO)
    if len(words) != 1 + has_target:
        raise Unread(f"a rule must end after its verdict, got {elide(' '.join(words))}")
    return Verdict(action, words[1] if has_target else "")
