"""Read the text of ``nft list ruleset`` into the records of ``nft_model``.

Blocks, and statements in a block, follow from braces and line ends. The statements of a rule are
read by ``nft_statements``.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from enum import Enum

from portranges.errors import PortSyntaxError, elide
from portranges.rulesets.model import Action
from portranges.rulesets.netfilter import PRIORITIES, SOURCE_NAT
from portranges.rulesets.nft_model import (
    FAMILIES,
    OTHER_FAMILIES,
    Base,
    Document,
    RuleText,
    Unread,
)
from portranges.rulesets.nft_tokens import Token, elements_of, error_at, tokens_of, words_of

_HANDLE = re.compile(r"# handle [0-9]+[ \t\r]*")
_PRIORITY = re.compile(r"(?:([a-z]+)(?: ([+-]) ([0-9]{1,10}))?|(-?[0-9]{1,10}))")
_PRIORITIES = PRIORITIES | {"srcnat": SOURCE_NAT}

_BLOCKS = ("flowtable", "counter", "quota", "limit", "secmark", "synproxy", "ct", "meter")
_POLICIES = {"accept": Action.ACCEPT, "drop": Action.DROP}


class _Level(Enum):
    """Where a statement is; a brace opens a block outside all tables, or in a table."""

    OUTERMOST = "outermost"
    TABLE = "table"
    BLOCK = "block"


class TextReader:
    """Reads a whole listing."""

    def __init__(self, text: str) -> None:
        """Split *text* into tokens."""
        self.text: str = text
        self.document: Document = Document()
        # What is not in a table, and what is not understood in one: line, text, reason, chain.
        self.skipped: list[tuple[int, str, str]] = []
        self._breaks: list[int] = [match.start() for match in re.finditer("\n", text)]
        self._tokens: list[Token] = list(tokens_of(text))
        self._at: int = 0

    def _error(self, rule: str, at: int) -> PortSyntaxError:
        return error_at(rule, self.text, at)

    def _line(self, at: int) -> int:
        return bisect_right(self._breaks, at - 1) + 1 if at else 1

    def read(self) -> Document:
        """Return the listing.

        Raises:
            PortSyntaxError: A block is not closed.
        """
        while tokens := self._statement(_Level.OUTERMOST):
            words = words_of(tokens)
            if words[0] == "table" and words[-1] == "{":
                self._table(words[1:-1], tokens[0].start)
            elif not (words == ["flush", "ruleset"] and not self.document.chains):
                self._skip(tokens, "expected a table")
        return self.document

    def _skip(self, tokens: list[Token], reason: str) -> None:
        first, last = tokens[0], tokens[-1]
        text = self.text[first.start : last.stop]
        self.skipped.append((self._line(first.start), text, f"{reason}, got {elide(text)}"))

    def _statement(self, level: _Level) -> list[Token]:
        """Return the tokens up to the end of a statement or the brace that opens a block.

        There are none at the end of the block or the text.
        """
        found: list[Token] = []
        depth = 0
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            if token.text == "}" and not depth:
                if found:
                    break
                if level is _Level.OUTERMOST:
                    raise self._error("expected a table", token.start)
                self._at += 1
                return []
            self._at += 1
            if token.kind == "comment":
                # In a rule, nft writes what it cannot show as a comment.
                if found and not depth and not _HANDLE.fullmatch(token.text):
                    found.append(token)
                continue
            if token.kind == "end":
                if found and not depth:
                    break
                continue
            found.append(token)
            if token.text == "{":
                if not depth and (
                    level is _Level.TABLE
                    or (level is _Level.OUTERMOST and found[0].text == "table")
                ):
                    return found
                depth += 1
            elif token.text == "}":
                depth -= 1
        else:
            if depth or level is not _Level.OUTERMOST:
                raise self._error("each block must end with '}'", len(self.text))
        return found

    def _table(self, header: list[str], start: int) -> None:
        if len(header) == 1:
            header = ["ip", *header]
        if len(header) != 2 or header[0] not in (*FAMILIES, *OTHER_FAMILIES):
            raise self._error("expected 'table', a family and a name", start)
        family, name = header
        while tokens := self._statement(_Level.TABLE):
            words = words_of(tokens)
            if words[0] == "chain" and words[2:] == ["{"]:
                key = (family, name, words[1])
                self.document.places.setdefault(key, (self._line(tokens[0].start), ""))
                self._chain(key)
            elif words[0] in ("set", "map") and words[2:] == ["{"]:
                self._set((family, name, words[1]))
            elif words[0] in _BLOCKS and words[-1] == "{":
                while self._statement(_Level.BLOCK):
                    pass
            elif words[0] == "flags":
                if "dormant" in words:
                    self.document.dormant.add((family, name))
            elif words[0] != "comment":
                if words[-1] == "{":
                    while self._statement(_Level.BLOCK):
                        pass
                self._skip(tokens, "expected a chain, a set or a map")

    def _chain(self, key: tuple[str, str, str]) -> None:
        chains = self.document.chains
        chains.setdefault(key, None)
        while tokens := self._statement(_Level.BLOCK):
            words = words_of(tokens)
            base = chains[key]
            if words[0] == "type":
                chains[key] = self._base(words, tokens[0].start)
            elif words[0] == "policy" and base is not None and len(words) == 2:
                if words[1] not in _POLICIES:
                    raise self._error("policy must be accept or drop", tokens[0].start)
                base.policy = _POLICIES[words[1]]
            elif words[0] != "comment":
                first, last = tokens[0], tokens[-1]
                text = self.text[first.start : last.stop]
                self._note(key, words)
                self.document.rules.append(RuleText(key, self._line(first.start), "", text, tokens))

    def _base(self, words: list[str], start: int) -> Base:
        # type filter hook input [device lo] priority filter
        if "priority" in words[4:] and words[2] == "hook":
            match = _PRIORITY.fullmatch(" ".join(words[words.index("priority") + 1 :]))
            if match is not None and (match[4] or match[1] in _PRIORITIES):
                number = int(match[4] or _PRIORITIES[match[1]])
                number += int(f"{match[2] or '+'}{match[3] or 0}")
                return Base(words[1], words[3], number)
        raise self._error("expected 'type', 'hook' and 'priority'", start)

    def _note(self, key: tuple[str, str, str], words: list[str]) -> None:
        """Record what a rule does to sets and to the tracking of connections."""
        for word, after in zip(words, [*words[1:], ""], strict=True):
            if word == "notrack":
                self.document.is_tracked = False
            elif word in ("add", "update") and after.startswith("@"):
                self.document.open_sets.add((*key[:2], after[1:]))

    def _set(self, key: tuple[str, str, str]) -> None:
        while tokens := self._statement(_Level.BLOCK):
            if tokens[0].text == "elements" and words_of(tokens[1:3]) == ["=", "{"]:
                try:
                    elements = elements_of(tokens[2:])
                except Unread:
                    self.document.open_sets.add(key)
                else:
                    self.document.sets.setdefault(key, []).extend(elements)
