"""Read the text of ``nft list ruleset``, or a file that nft loads, into records of ``nft_model``.

Blocks, and statements in a block, follow from braces and line ends. The statements of a rule are
read by ``nft_statements``. Of the commands of a file, those that add something are read.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from enum import Enum

from portranges import types
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
from portranges.rulesets.nft_tokens import (
    HIDDEN,
    Token,
    content_of,
    elements_of,
    error_at,
    tokens_of,
    words_of,
)
from portranges.rulesets.nft_variables import Variables

_Key: types.TypeAlias = "tuple[str, str, str]"

_PRIORITY = re.compile(r"(?:([a-z]+)(?: ?([+-]) ?([0-9]{1,10}))?|(-? ?[0-9]{1,10}))")
# The family bridge, whose chains are not read, has the name "out" as well.
_PRIORITIES = PRIORITIES | {"srcnat": SOURCE_NAT, "out": 100}

# Objects that decide nothing by themselves. Some of them are written without a block.
_OBJECTS = frozenset({"flowtable", "counter", "quota", "limit", "secmark", "synproxy", "ct"})
_OPENERS = _OBJECTS | {"table", "chain", "set", "map", "meter"}
# What a set or a map has besides its elements; the last ones are done for each element.
_OF_SETS = frozenset(
    {
        *("type", "typeof", "flags", "size", "timeout", "gc-interval", "policy", "auto-merge"),
        *("comment", "counter", "quota", "limit", "last", "ct"),
    }
)
# Linux, include/net/netfilter/nf_tables.h: NFT_JUMP_STACK_SIZE
_DEEPEST = 16
_VARIABLES = ("define", "redefine", "undefine")
_REMOVALS = ("flush", "delete", "destroy")
_POLICIES = {"accept": Action.ACCEPT, "drop": Action.DROP}


class _Level(Enum):
    """Where a statement is; a brace opens a block outside all tables, or in a table."""

    OUTERMOST = "outermost"
    TABLE = "table"
    BLOCK = "block"


class TextReader:
    """Reads a whole listing or file."""

    def __init__(self, text: str) -> None:
        """Store *text*."""
        self.text: str = text
        self.document: Document = Document()
        # What is not understood: line, text and reason.
        self.skipped: list[tuple[int, str, str]] = []
        self._breaks: list[int] = [match.start() for match in re.finditer("\n", text)]
        self._tokens: types.Iterator[Token] = tokens_of(text)
        # A token that was read too early.
        self._next: Token | None = None
        self._variables: Variables = Variables(len(text))
        self._depth: int = 0
        # The tables that have chains or sets, the chains that have rules, and the sets that have
        # elements.
        self._filled: set[tuple[str, ...]] = set()

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
            if not self._read_common(tokens):
                self._read_command(tokens)
        return self.document

    def _skip(self, tokens: list[Token], reason: str) -> None:
        text = self._text(tokens)
        self.skipped.append((self._line(tokens[0].start), text, f"{reason}, got {elide(text)}"))

    def _text(self, tokens: list[Token]) -> str:
        return self.text[tokens[0].start : tokens[-1].stop]

    def _statement(self, level: _Level) -> list[Token]:
        """Return the tokens up to the end of a statement or the brace that opens a block.

        There are none at the end of the block or the text.
        """
        found: list[Token] = []
        depth = 0
        while (token := self._next or next(self._tokens, None)) is not None:
            self._next = None
            text = token.text
            if token.kind == "word":
                found.append(token)
            elif token.kind == "end":
                if found and not depth:
                    return found
            elif token.kind == "comment":
                if found and not depth and HIDDEN.match(text):
                    found.append(token)
            elif text == "}" and not depth:
                if found:
                    self._next = token
                    return found
                if level is _Level.OUTERMOST:
                    raise self._error("expected a table", token.start)
                return []
            else:
                found.append(token)
                depth += {"{": 1, "}": -1}.get(text, 0)
                if depth == 1 and text == "{" and _opens(found, level):
                    return found
        if depth or level is not _Level.OUTERMOST:
            raise self._error("each block must end with '}'", len(self.text))
        return found

    def _statements(self, level: _Level) -> types.Iterator[list[Token]]:
        """Yield the statements of a block, apart from those that any block may have."""
        self._variables.enter()
        while tokens := self._statement(level):
            if not self._read_common(tokens):
                yield tokens
        self._variables.leave()

    def _read_common(self, tokens: list[Token]) -> bool:
        """Read a statement that any block may have; return whether it is one."""
        word = tokens[0].text
        if word == "include":
            self._skip(tokens, "other files are not read")
        elif word == "undefine" and len(tokens) == 2:
            self._variables.undefine(tokens[1].text)
        elif word in _VARIABLES:
            try:
                self._variables.define(self._text(tokens))
            except Unread as unread:
                self._skip(tokens, unread.reason)
        else:
            return False
        return True

    # -- commands --

    def _read_command(self, tokens: list[Token]) -> None:
        words = words_of(tokens)
        verb = words.pop(0) if words[0] in ("add", "create", "insert", *_REMOVALS) else ""
        opens = words[-1:] == ["{"] and _opens(tokens, _Level.OUTERMOST)
        kind = words[0] if words else ""
        if verb in _REMOVALS:
            self._remove(kind, words[1:], tokens)
        elif kind == "table" and (opens or len(words) < 4):
            key = self._table_of(words[1:-1] if opens else words[1:], tokens[0].start)
            if opens:
                self._table(key)
        elif kind in _OBJECTS:
            if opens:
                self._pass_block()
        elif verb == "insert" or not self._add(kind, words[1:], opens, tokens):
            if opens:
                self._pass_block()
            self._skip(tokens, "expected a table or a command that adds to one")

    def _add(self, kind: str, words: list[str], opens: bool, tokens: list[Token]) -> bool:  # noqa: FBT001
        """Read a command that adds to a table; return whether it is one."""
        if words[:1] and words[0] not in (*FAMILIES, *OTHER_FAMILIES):
            words = ["ip", *words]
        if len(words) < 3:
            return False
        first = len(tokens) - len(words) + 3
        key = (words[0], words[1], words[2])
        rest = words[3:]
        if kind == "chain" and rest in ([], ["{"]):
            self._declare(key, tokens)
            if opens:
                self._chain(key)
        elif kind in ("set", "map") and opens and len(rest) == 1:
            self._set(key)
        elif kind == "element" and rest[:1] == ["{"]:
            self._add_elements(key, tokens[first:])
        elif kind == "rule" and rest and rest[0] not in ("handle", "position", "index"):
            self._rule(key, tokens, tokens[first:])
        else:
            return False
        return True

    def _remove(self, kind: str, words: list[str], tokens: list[Token]) -> None:
        """Skip a command that removes something, unless there is nothing to remove."""
        if words[:1] and words[0] not in (*FAMILIES, *OTHER_FAMILIES):
            words = ["ip", *words]
        is_empty = kind in ("table", "chain", "set", "map") and tuple(words) not in self._filled
        if kind == "ruleset":
            is_empty = not self._filled
        elif kind == "chain" and tokens[0].text != "flush":
            is_empty = is_empty and tuple(words) not in self.document.places
        if not is_empty:
            self._skip(tokens, "what was added before must not be removed")

    def _pass_block(self) -> None:
        for _ in self._statements(_Level.BLOCK):
            pass

    # -- blocks --

    def _table_of(self, header: list[str], start: int) -> tuple[str, str]:
        if len(header) == 1:
            header = ["ip", *header]
        if len(header) != 2 or header[0] not in (*FAMILIES, *OTHER_FAMILIES):
            raise self._error("expected 'table', a family and a name", start)
        return header[0], header[1]

    def _table(self, table: tuple[str, str]) -> None:
        for tokens in self._statements(_Level.TABLE):
            words = words_of(tokens)
            if words[0] == "chain" and words[2:] == ["{"]:
                key = (*table, words[1])
                self._declare(key, tokens)
                self._chain(key)
            elif words[0] in ("set", "map") and words[2:] == ["{"]:
                self._set((*table, words[1]))
            elif words[0] in _OBJECTS or words[0] == "meter":
                if words[-1] == "{":
                    self._pass_block()
            elif words[0] == "flags":
                self._filled.add(table)
                if "dormant" in words:
                    self.document.dormant.add(table)
            elif words[0] != "comment":
                if words[-1] == "{":
                    self._pass_block()
                self._skip(tokens, "expected a chain, a set or a map")

    def _declare(self, key: _Key, tokens: list[Token]) -> None:
        self._filled.add(key[:2])
        self.document.chains.setdefault(key, None)
        if key not in self.document.places:
            self.document.places[key] = (self._line(tokens[0].start), "")

    def _chain(self, key: _Key) -> None:
        chains = self.document.chains
        for tokens in self._statements(_Level.BLOCK):
            word = tokens[0].text
            base = chains[key]
            if word == "type":
                chains[key] = self._base(tokens)
            elif word == "policy" and base is not None and len(tokens) == 2:
                policy = self._written_out(tokens).split()[1]
                if policy not in _POLICIES:
                    raise self._error("policy must be accept or drop", tokens[0].start)
                base.policy = _POLICIES[policy]
            elif word != "comment":
                self._rule(key, tokens, tokens)

    def _written_out(self, tokens: list[Token]) -> str:
        try:
            return self._variables.written_out(self._text(tokens))
        except Unread as unread:
            raise self._error(unread.reason.partition(", got ")[0], tokens[0].start) from None

    def _base(self, tokens: list[Token]) -> Base:
        # type filter hook input [device lo] priority filter
        words = self._written_out(tokens).replace('"', "").split()
        if "priority" in words[4:] and words[2] == "hook":
            match = _PRIORITY.fullmatch(" ".join(words[words.index("priority") + 1 :]))
            if match is not None and (match[4] or match[1] in _PRIORITIES):
                number = int((match[4] or str(_PRIORITIES[match[1]])).replace(" ", ""))
                number += int(f"{match[2] or '+'}{match[3] or 0}")
                return Base(words[1], words[3], number)
        raise self._error("expected 'type', 'hook' and 'priority'", tokens[0].start)

    def _rule(self, key: _Key, tokens: list[Token], content: list[Token]) -> None:
        """Add a rule, of which *content* is what follows the name of the chain."""
        self._filled.add(key)
        text = self._text(tokens)
        own = text if content is tokens else self._text(content)
        inner = (*key[:2], f"{key[2]} {{{len(self.document.chains)}}}")
        is_open = len(content) > 1 and content[-2].text in ("jump", "goto")
        if is_open and own[-1] == "{":
            own = f'{own[:-1]}"{inner[2]}"'
        found: str | Unread
        try:
            found = self._variables.written_out(own)
        except Unread as unread:
            found = unread
        if "notrack" in own or "zone" in own or "@" in own:
            self._note(key, words_of(content))
        self.document.rules.append(RuleText(key, self._line(tokens[0].start), "", text, found))
        if is_open and text[-1] == "{":
            self._nested(inner, tokens)

    def _nested(self, key: _Key, tokens: list[Token]) -> None:
        """Read a chain without a name, which is written after 'jump'."""
        if self._depth == _DEEPEST:
            raise self._error("chains must be nested at most 16 deep", tokens[0].start)
        self._depth += 1
        self._declare(key, tokens)
        self._chain(key)
        self._depth -= 1

    def _note(self, key: _Key, words: list[str]) -> None:
        """Record what a rule does to sets and to the tracking of connections."""
        for word, after in zip(words, [*words[1:], ""], strict=True):
            if word == "notrack":
                self.document.is_tracked = False
            elif word == "zone" and after == "set":
                self.document.has_zones = True
            elif word in ("add", "update", "delete") and after.startswith("@"):
                self.document.open_sets.add((*key[:2], after[1:]))

    def _set(self, key: _Key) -> None:
        self._filled.add(key[:2])
        for tokens in self._statements(_Level.BLOCK):
            words = [each.text for each in tokens[:2]]
            if words[0] == "elements=" or words == ["elements", "="]:
                self._add_elements(key, tokens[1 if words[0] == "elements=" else 2 :])
            elif words[0] not in _OF_SETS:
                if tokens[-1].text == "{":
                    self._pass_block()
                self.document.open_sets.add(key)
                self._skip(tokens, "expected a property of a set or a map")

    def _add_elements(self, key: _Key, tokens: list[Token]) -> None:
        self._filled.add(key)
        try:
            if any("$" in each.text for each in tokens):
                tokens = content_of(self._variables.written_out(self._text(tokens)))
            found = elements_of(tokens)
        except Unread:
            self.document.open_sets.add(key)
        else:
            self.document.sets.setdefault(key, []).extend(found)


def _opens(tokens: list[Token], level: _Level) -> bool:
    """Return whether the brace that *tokens* end with opens a block, as it does after 'chain'."""
    if len(tokens) > 1 and tokens[-2].text in ("jump", "goto"):
        return True
    word = tokens[0].text
    if word in ("add", "create") and len(tokens) > 1:
        word = tokens[1].text
    return level is not _Level.BLOCK and word in _OPENERS
