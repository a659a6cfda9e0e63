"""Read the text of ``nft list ruleset`` into the records of ``nft_model``.

The text is split into tokens; blocks, and statements in a block, follow from braces and line ends.
A rule that has anything unknown is refused as a whole.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum

from portranges import types
from portranges.errors import PortSyntaxError, elide
from portranges.rulesets.model import Action
from portranges.rulesets.netfilter import PRIORITIES, SOURCE_NAT
from portranges.rulesets.nft_model import (
    FAMILIES,
    OTHER_FAMILIES,
    Base,
    Condition,
    Document,
    Element,
    Map,
    Match,
    Requirement,
    RuleText,
    Statement,
    Translation,
    Unread,
    Verdict,
    VerdictMap,
)

_TOKEN = re.compile(
    r"[ \t\r]++|\\\r?\n|(?P<end>\n|;)|(?P<comment>#[^\n]*+)|(?P<mark>[{},])"
    r'|(?P<word>(?:[^\s{},;"#]|"[^"]*+")++)'
)
_HANDLE = re.compile(r"# handle [0-9]+[ \t\r]*")
_PRIORITY = re.compile(r"(?:([a-z]+)(?: ([+-]) ([0-9]{1,10}))?|(-?[0-9]{1,10}))")
_PRIORITIES = PRIORITIES | {"srcnat": SOURCE_NAT}

_BLOCKS = ("flowtable", "counter", "quota", "limit", "secmark", "synproxy", "ct", "meter")
_POLICIES = {"accept": Action.ACCEPT, "drop": Action.DROP}
_VERDICTS = {
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

# The first words of expressions: keys of 'meta' that need no 'meta', and headers with fields.
_META = frozenset(
    {
        *("iif", "oif", "iifname", "oifname", "iiftype", "oiftype", "iifgroup", "oifgroup"),
        *("mark", "skuid", "skgid", "rtclassid", "cgroup", "nfproto", "l4proto", "pkttype"),
        *("cpu", "priority", "length", "protocol"),
    }
)
PAYLOADS = frozenset(
    {
        *("tcp", "udp", "udplite", "sctp", "dccp", "th", "ip", "ip6", "icmp", "icmpv6"),
        *("igmp", "ah", "esp", "comp", "ether", "vlan", "arp", "hbh", "frag", "dst", "mh"),
        *("socket",),
    }
)
_COMPARISONS = frozenset({"==", "!=", "<", ">", "<=", ">=", "!"})
# Of these, a rule may set the value without an effect on where a packet goes.
HARMLESS_KEYS = frozenset(
    {
        *("meta mark", "meta priority", "meta nftrace", "meta secmark", "ct mark", "ct label"),
        *("ct zone", "ct event", "ct helper", "ct secmark", "ct timeout", "ct expectation"),
        *("ip dscp", "ip6 dscp", "ip ecn", "ip6 ecn", "tcp option maxseg size"),
    }
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    stop: int


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
        self._tokens: list[_Token] = list(self._split())
        self._at: int = 0

    def _split(self) -> types.Iterator[_Token]:
        at = 0
        while at < len(self.text):
            match = _TOKEN.match(self.text, at)
            if match is None:
                raise self._error("a quotation mark must be closed", at)
            if match.lastgroup is not None:
                yield _Token(match.lastgroup, match[0], at, match.end())
            at = match.end()

    def _error(self, rule: str, at: int) -> PortSyntaxError:
        stop = min(at + 20, len(self.text))
        found = elide(self.text[at:stop]) if at < stop else "the end of the text"
        return PortSyntaxError(f"{rule}, got {found}", self.text, (at, stop))

    def _line(self, at: int) -> int:
        return bisect_right(self._breaks, at - 1) + 1 if at else 1

    def read(self) -> Document:
        """Return the listing.

        Raises:
            PortSyntaxError: A block is not closed.
        """
        while tokens := self._statement(_Level.OUTERMOST):
            words = _words(tokens)
            if words[0] == "table" and words[-1] == "{":
                self._table(words[1:-1], tokens[0].start)
            elif not (words == ["flush", "ruleset"] and not self.document.chains):
                self._skip(tokens, "expected a table")
        return self.document

    def _skip(self, tokens: list[_Token], reason: str) -> None:
        first, last = tokens[0], tokens[-1]
        text = self.text[first.start : last.stop]
        self.skipped.append((self._line(first.start), text, f"{reason}, got {elide(text)}"))

    def _statement(self, level: _Level) -> list[_Token]:
        """Return the tokens up to the end of a statement or the brace that opens a block.

        There are none at the end of the block or the text.
        """
        found: list[_Token] = []
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
            words = _words(tokens)
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
            words = _words(tokens)
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
            if tokens[0].text == "elements" and _words(tokens[1:3]) == ["=", "{"]:
                try:
                    elements = _elements(tokens[2:])
                except Unread:
                    self.document.open_sets.add(key)
                else:
                    self.document.sets.setdefault(key, []).extend(elements)


def _words(tokens: types.Iterable[_Token]) -> list[str]:
    return [each.text.replace('"', "") for each in tokens]


# -- values -------------------------------------------------------------------------------------


def _elements(tokens: list[_Token]) -> list[Element]:
    """Return the elements between braces, which *tokens* begin and end with."""
    found: list[Element] = []
    current: list[_Token] = []
    for token in [*tokens[1:-1], None]:
        if token is not None and token.text in ("{", "}"):
            raise Unread("an element must not have braces, got one")
        if token is not None and token.text != ",":
            current.append(token)
        elif current:
            found.append(_element(current))
            current = []
    return found


def _element(tokens: list[_Token]) -> Element:
    texts = [each.text for each in tokens]
    middle = texts.index(":") if ":" in texts else len(texts)
    values = _concatenated(tokens[:middle])
    if middle == len(texts):
        return Element(values)
    data = tokens[middle + 1 :]
    words = _words(data)
    if words and words[0] in _VERDICTS:
        return Element(values, _verdict(words))
    return Element(values, _concatenated(data))


def _concatenated(tokens: list[_Token]) -> tuple[str, ...]:
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


def _verdict(words: list[str]) -> Verdict:
    action = _VERDICTS[words[0]]
    has_target = action in (Action.JUMP, Action.GOTO)
    if len(words) != 1 + has_target:
        raise Unread(f"a rule must end after its verdict, got {elide(' '.join(words))}")
    return Verdict(action, words[1] if has_target else "")


# -- rules --------------------------------------------------------------------------------------


class RuleParser:
    """Reads the tokens of one rule."""

    def __init__(self, tokens: list[_Token], text: str) -> None:
        """Store the tokens of *text*."""
        self._tokens: list[_Token] = tokens
        self._source: str = text
        self._words: list[str] = _words(tokens)
        self._at: int = 0
        self._found: list[Statement] = []
        self._is_in_hash: bool = False

    def read(self) -> list[Statement]:
        """Return the statements.

        Raises:
            Unread: A statement was not understood.
        """
        if any(each.kind == "comment" for each in self._tokens):
            text = self._tokens[-1].text
            raise Unread(f"a rule must have no comment but its handle, got {elide(text)}")
        try:
            while self._at < len(self._words):
                self._read_statement()
        except Unread as unread:
            unread.is_harmless = self._is_harmless()
            raise
        return self._found

    def _is_harmless(self) -> bool:
        # A word in quotation marks is a comment or a name.
        words = {each.text for each in self._tokens}
        return bool(words & {"drop", "reject"}) and not words & {
            *("accept", "jump", "goto", "vmap", "set", "dnat", "redirect", "queue", "tproxy"),
        }

    def _peek(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._words[at] if at < len(self._words) else ""

    def _take(self) -> str:
        if self._at == len(self._words):
            raise self._unknown(self._at - 1)
        self._at += 1
        return self._words[self._at - 1]

    def _take_if(self, *words: str) -> bool:
        if self._peek() in words:
            self._at += 1
            return True
        return False

    def _text(self, start: int) -> str:
        offset, taken = self._tokens[0].start, self._tokens[start : self._at]
        return self._source[taken[0].start - offset : taken[-1].stop - offset]

    def _unknown(self, start: int) -> Unread:
        text = " ".join(self._words[start : start + 4])
        return Unread(f"statement must be a known one, got {elide(text)}", is_local=False)

    def _read_statement(self) -> None:
        start, word = self._at, self._peek()
        reader = getattr(self, f"_read_{word}", None) if word in _STATEMENTS else None
        if word in _VERDICTS:
            words = [self._take()]
            if word in ("jump", "goto"):
                words.append(self._take())
            self._found.append(_verdict(words))
        elif reader is not None:
            self._at += 1
            reader(start)
        else:
            self._read_match(start)

    # -- statements without an effect --

    def _read_counter(self, _start: int) -> None:
        if self._take_if("name"):
            self._take()
        while self._take_if("packets", "bytes"):
            self._take()

    def _read_log(self, _start: int) -> None:
        while self._take_if("prefix", "level", "group", "snaplen", "queue-threshold", "flags"):
            self._take()
            while self._take_if(",", "options", "sequence"):
                pass

    def _read_comment(self, _start: int) -> None:
        self._take()

    def _read_notrack(self, _start: int) -> None:
        pass

    def _read_last(self, _start: int) -> None:
        if self._take_if("used"):
            self._take()

    def _read_flow(self, start: int) -> None:
        if not (self._take_if("add", "offload") and self._take().startswith("@")):
            raise self._unknown(start)

    # -- conditions --

    def _read_limit(self, start: int) -> None:
        if self._take_if("name"):
            self._take()
        elif self._take_if("rate"):
            self._take_if("over")
            self._take()
            if "/" in self._peek():
                self._take()
            if self._take_if("burst"):
                self._take()
                self._take()
        else:
            raise self._unknown(start)
        self._found.append(Condition(self._text(start)))

    def _read_quota(self, start: int) -> None:
        if self._take_if("name"):
            self._take()
        else:
            self._take_if("over", "until")
            self._take()
            self._take()
            if self._take_if("used"):
                self._take()
                self._take()
        self._found.append(Condition(self._text(start)))

    def _read_add(self, start: int) -> None:
        if not self._take().startswith("@"):
            raise self._unknown(start)
        self._braces(start)
        if self._take_if(":"):
            raise self._unknown(start)
        self._found.append(Condition(self._text(start)))

    _read_update = _read_delete = _read_add

    def _braces(self, start: int) -> int:
        """Pass the tokens between two braces; return the place of the first."""
        first = self._at
        if not self._take_if("{"):
            raise self._unknown(start)
        depth = 1
        while depth:
            depth += {"{": 1, "}": -1}.get(self._take(), 0)
        return first

    # -- ends --

    def _read_reject(self, start: int) -> None:
        if self._take_if("with"):
            kind = self._take()
            key = {"tcp": "tcp", "icmp": "ip", "icmpv6": "ip6", "icmpx": ""}.get(kind)
            if key is None:
                raise self._unknown(start)
            self._take_if("type")
            self._take()
            if key:
                self._found.append(Requirement(key))
        self._found.append(Verdict(Action.REJECT))

    def _read_queue(self, _start: int) -> None:
        while self._take_if("num", "to", "flags", "bypass", "fanout", ","):
            if self._peek(-1) in ("num", "to"):
                self._take()
        self._found.append(Verdict(Action.DELEGATE))

    def _read_masquerade(self, _start: int) -> None:
        self._at = len(self._words)
        self._found.append(Verdict(Action.ACCEPT))

    _read_snat = _read_masquerade

    def _read_redirect(self, start: int) -> None:
        self._translation(Action.REDIRECT, FAMILIES["inet"], start)

    def _read_dnat(self, start: int) -> None:
        families = FAMILIES["inet"]
        if self._peek() in ("ip", "ip6") and self._peek(1) in ("to", "addr", "prefix"):
            families = FAMILIES[self._take()]
        if self._take_if("addr"):
            while self._take_if(".", "port"):
                pass
        self._take_if("prefix")
        self._translation(Action.TRANSLATE, families, start)

    def _translation(self, action: Action, families: tuple[types.Any, ...], start: int) -> None:
        to: str | Map = ""
        is_address = False
        if self._take_if("to"):
            destination = self._peek()
            rest = self._words[self._at :]
            if "map" in rest:
                # An address may precede the key of a map of ports, as in ':tcp dport map @ports'.
                address, colon, key = destination.rpartition(":")
                is_address = not colon
                if colon:
                    if address.count(":") and not address.endswith("]"):
                        raise self._unknown(start)
                    self._words[self._at] = key
                    if not key:
                        self._at += 1
                to = self._map(start)
            elif action is Action.REDIRECT:
                if not destination.startswith(":"):
                    raise self._unknown(start)
                to = self._take()[1:]
            else:
                to = _ports_of_address(self._take())
        while self._take_if("random", "fully-random", "persistent", ","):
            pass
        if self._peek() not in ("", "comment"):
            raise self._unknown(start)
        self._found.append(Translation(action, families, to, is_address))

    def _map(self, start: int) -> Map:
        keys, _, _ = self._expression(start)
        if not self._take_if("map"):
            raise self._unknown(start)
        return Map(keys, self._mapped(start))

    def _mapped(self, start: int) -> tuple[Element, ...] | str:
        if self._peek().startswith("@"):
            return self._take()[1:]
        first = self._braces(start)
        return tuple(_elements(self._tokens[first : self._at]))

    # -- matches --

    def _read_match(self, start: int) -> None:
        keys, mask, is_known = self._expression(start)
        if self._take_if("vmap"):
            looked_up = Map(keys, self._mapped(start))
            self._found.append(VerdictMap(looked_up, self._text(start)))
            return
        if self._take_if("set"):
            self._read_set(keys, start)
            return
        if keys == ("ct count",):
            self._take_if("over")
            self._take()
            self._found.append(Condition(self._text(start)))
            return
        op = self._take() if self._peek() in _COMPARISONS else ""
        if self._peek() == "{":
            first = self._braces(start)
            elements = _elements(self._tokens[first : self._at])
            values = tuple([each.values for each in elements])
            if op not in ("", "==", "!="):
                raise self._unknown(start)
            found = Match(keys, op or "==", values, self._text(start), is_set=True, mask=mask)
        elif self._peek().startswith("@"):
            name = self._take()[1:]
            found = Match(keys, op or "==", name, self._text(start), is_set=True, mask=mask)
        else:
            value = self._value(keys)
            # The flags that a mask selects.
            if self._take_if("/"):
                mask, op = self._value(keys)[0], op or "=="
            has_bits = keys in (("tcp flags",), ("ct state",), ("ct status",))
            op = op or ("in" if has_bits else "==")
            found = Match(keys, op, (value,), self._text(start), mask=mask)
        if not is_known and found.op not in ("==", "!="):
            raise self._unknown(start)
        self._found.append(found)

    def _read_set(self, keys: tuple[str, ...], start: int) -> None:
        if len(keys) != 1 or keys[0] not in HARMLESS_KEYS:
            text = self._text(start)
            raise Unread(f"a rule must not change what decides, got {elide(text)}", is_local=False)
        if self._peek() in ("map", "{", ""):
            raise self._unknown(start)
        first = self._take()
        if first in (*PAYLOADS, "meta", "ct", "numgen", "jhash") or self._peek() in (
            *("map", "&", "|", "^", "and", "or", "xor", "<<", ">>"),
        ):
            raise self._unknown(start)

    def _value(self, keys: tuple[str, ...]) -> tuple[str, ...]:
        """Return a value; of bits, those that are set."""
        parts: list[str] = []
        for _ in keys:
            if parts and not self._take_if("."):
                raise self._unknown(self._at)
            parts.append(self._take().strip("()"))
            while self._take_if(",", "|"):
                parts[-1] += f"|{self._take().strip('()')}"
        return tuple(parts)

    def _expression(self, start: int) -> tuple[tuple[str, ...], str, bool]:
        """Return the names of a concatenation, the mask of one, and whether all are known."""
        keys: list[str] = []
        is_known = True
        while True:
            key = self._key(start)
            keys.append(key)
            is_known &= not key.startswith("?")
            mask = ""
            while self._peek() in ("&", "|", "^", "<<", ">>", "and", "or", "xor"):
                sign = self._take()
                value = self._value(("",))[0]
                mask = value if sign in ("&", "and") and not mask else "?"
            if not self._take_if("."):
                return tuple(keys), mask if len(keys) == 1 else "", is_known

    def _key(self, start: int) -> str:
        word = self._take()
        if word == "meta":
            return f"meta {self._take()}"
        if word in _META:
            return f"meta {word}"
        if word == "ct":
            name = self._take()
            if name in ("original", "reply"):
                words = [name, self._take()]
                if words[-1] in ("ip", "ip6"):
                    words.append(self._take())
                name = " ".join(words)
            return f"ct {name}"
        if word == "tcp" and self._peek() == "option":
            self._take()
            words = [self._take(), self._take()]
            return "tcp option " + " ".join(words)
        if word in PAYLOADS:
            return f"{word} {self._take()}"
        if word == "fib":
            self._take()
            while self._take_if("."):
                self._take()
            return f"?fib {self._take()}"
        if word == "numgen":
            self._take()
            return self._modulus("?numgen", start)
        if word == "symhash":
            return self._modulus("?symhash", start)
        if word == "jhash":
            if self._is_in_hash:
                raise self._unknown(start)
            self._is_in_hash = True
            self._expression(start)
            self._is_in_hash = False
            return self._modulus("?jhash", start)
        if word == "rt":
            return f"?rt {self._take()}"
        if re.fullmatch(r"@(?:ll|nh|th|ih)", word) and self._take_if(","):
            for _ in range(2):
                self._take()
                self._take_if(",")
            return "?raw"
        raise self._unknown(start)

    def _modulus(self, name: str, start: int) -> str:
        if not self._take_if("mod"):
            raise self._unknown(start)
        self._take()
        while self._take_if("offset", "seed"):
            self._take()
        return name


_STATEMENTS = frozenset(
    {
        *("counter", "log", "comment", "notrack", "last", "flow", "limit", "quota", "add"),
        *("update", "delete", "reject", "queue", "masquerade", "snat", "redirect", "dnat"),
    }
)


def _ports_of_address(text: str) -> str:
    """Return the ports behind an address, or a range of these, as ``10.0.0.1:80-90``."""
    if text.startswith("["):
        return text.rpartition("]")[2].removeprefix(":")
    return text.partition(":")[2] if text.count(":") == 1 else ""
