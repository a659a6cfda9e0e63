"""Split the text of ``nft list ruleset`` into tokens, and read the elements of sets and maps."""

from __future__ import annotations

import re
from dataclasses import dataclass

from portranges import types
from portranges.errors import PortSyntaxError, elide
from portranges.rulesets.model import Action
from portranges.rulesets.nft_model import Element, Unread, Verdict

# Blanks before a token are a part of its match, but not of its group. Without a match for those at
# the end, each of them would be tried.
_TOKEN = re.compile(
    r'(?:[ \t\r]++|\\\r?\n)*+(?:(?P<word>(?:[^\s{},;"#]|"[^"]*+")++)|(?P<mark>[{},])'
    r"|(?P<end>\n|;)|(?P<comment>#[^\n]*+)|(?P<wrong>[^ \t\r])|(?P<last>\Z))"
)

# What older releases of nft write instead of a match of iptables, and all that follows it.
HIDDEN = re.compile(r"#[ \t]*xt_")

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


@dataclass(slots=True)
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
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        start, stop = match.span(kind)
        if kind == "wrong":
            raise error_at("a quotation mark must be closed", text, start)
        if kind != "last":
            yield Token(kind, match[kind], start, stop)


def content_of(text: str) -> list[Token]:
    """Return the tokens of one statement. Line ends are between braces; comments are left out."""
    return [
        each
        for each in tokens_of(text)
        if each.kind in ("word", "mark") or (each.kind == "comment" and HIDDEN.match(each.text))
    ]


def error_at(rule: str, text: str, at: int) -> PortSyntaxError:
    """Return the error that *rule* is not met at this place of *text*."""
    stop = min(at + 20, len(text))
    found = elide(text[at:stop]) if at < stop else "the end of the text"
    return PortSyntaxError(f"{rule}, got {found}", text, (at, stop))


def words_of(tokens: types.Iterable[Token]) -> list[str]:
    """Return the texts of *tokens*, without quotation marks."""
    return [each.text.replace('"', "") for each in tokens]


def elements_of(tokens: list[Token]) -> list[Element]:
    """Return the elements between braces, which *tokens* begin and end with.

    A variable that is a set in a set adds its elements.
    """
    found: list[Element] = []
    current: list[Token] = []
    for token in tokens[1:]:
        text = token.text
        if text == "{":
            if current:
                raise Unread("an element must not contain braces, got an opening brace")
        elif text not in (",", "}"):
            current.append(token)
        elif current:
            found.append(_element(current))
            current = []
    return found


def _element(tokens: list[Token]) -> Element:
    if len(tokens) == 1 and tokens[0].text != "." and ":" not in tokens[0].text:
        return Element((tokens[0].text.replace('"', ""),))
    texts = [part for each in tokens for part in _around_colon(each.text)]
    middle = texts.index(":") if ":" in texts else len(texts)
    values = _concatenated(texts[:middle])
    if middle == len(texts):
        return Element(values)
    data = texts[middle + 1 :]
    words = [each.replace('"', "") for each in data]
    if words and words[0] in VERDICTS:
        return Element(values, verdict_of(words))
    return Element(values, _concatenated(data))


def _around_colon(text: str) -> list[str]:
    """Split ``established:``, which people write without a space, and ``22:accept``."""
    key, _, data = text.rpartition(":")
    if key and (data in VERDICTS or not (data or key.endswith(":"))):
        return [each for each in (key, ":", data) if each]
    return [text]


def _concatenated(texts: list[str]) -> tuple[str, ...]:
    parts: list[list[str]] = [[]]
    for place, text in enumerate(texts):
        if text == ".":
            parts.append([])
        elif text in _ANNOTATIONS and place:
            break
        else:
            parts[-1].append(text.replace('"', ""))
    found = tuple(map("".join, parts))
    if "" in found:
        raise Unread("an element must have a value, got none")
    return found


def verdict_of(words: list[str]) -> Verdict:
    """Return the verdict that *words* are."""
    action = VERDICTS[words[0]]
    has_target = action in (Action.JUMP, Action.GOTO)
    if len(words) != 1 + has_target:
        raise Unread(f"a rule must end after its verdict, got {elide(' '.join(words))}")
    return Verdict(action, words[1] if has_target else "")
