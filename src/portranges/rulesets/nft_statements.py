"""Read the statements of a rule in the text of ``nft list ruleset``.

A rule that has anything unknown is refused as a whole.
"""

from __future__ import annotations

import re

from portranges import types
from portranges.errors import elide
from portranges.rulesets.model import Action
from portranges.rulesets.nft_model import (
    FAMILIES,
    HARMLESS_KEYS,
    PAYLOADS,
    Condition,
    Element,
    Map,
    Match,
    Requirement,
    Statement,
    Translation,
    Unread,
    Verdict,
    VerdictMap,
)
from portranges.rulesets.nft_tokens import VERDICTS, Token, elements_of, verdict_of, words_of

# Keys of 'meta' that need no 'meta'.
_META = frozenset(
    {
        *("iif", "oif", "iifname", "oifname", "iiftype", "oiftype", "iifgroup", "oifgroup"),
        *("mark", "skuid", "skgid", "rtclassid", "cgroup", "nfproto", "l4proto", "pkttype"),
        *("cpu", "priority", "length", "protocol"),
    }
)
_COMPARISONS = frozenset({"==", "!=", "<", ">", "<=", ">=", "!"})


class RuleParser:
    """Reads the tokens of one rule."""

    def __init__(self, tokens: list[Token], text: str) -> None:
        """Store the tokens of *text*."""
        self._tokens: list[Token] = tokens
        self._source: str = text
        self._words: list[str] = words_of(tokens)
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
        if word in VERDICTS:
            words = [self._take()]
            if word in ("jump", "goto"):
                words.append(self._take())
            self._found.append(verdict_of(words))
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
        return tuple(elements_of(self._tokens[first : self._at]))

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
            elements = elements_of(self._tokens[first : self._at])
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
