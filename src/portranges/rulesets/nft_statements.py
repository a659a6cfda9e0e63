"""Read the statements of a rule in the text of ``nft list ruleset``.

A rule that has anything unknown is refused as a whole.
"""

from __future__ import annotations

import re

from portranges import types
from portranges.errors import elide
from portranges.rulesets.iptables_options import action_of
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
from portranges.rulesets.nft_tokens import (
    VERDICTS,
    Token,
    content_of,
    elements_of,
    verdict_of,
    words_of,
)

# Keys of 'meta' that need no 'meta'.
_META = frozenset(
    {
        *("iif", "oif", "iifname", "oifname", "iiftype", "oiftype", "iifgroup", "oifgroup"),
        *("mark", "skuid", "skgid", "rtclassid", "cgroup", "nfproto", "l4proto", "pkttype"),
        *("cpu", "priority", "length", "protocol"),
    }
)
# The first words of other expressions.
_EXPRESSIONS = frozenset({"meta", "ct", "fib", "rt", "numgen", "symhash"}) | {
    *("jhash", "osf", "ipsec"),
}
_NAT_FLAGS = ("random", "fully-random", "persistent")
_RAW = re.compile(r"@(?:ll|nh|th|ih)")
_OPERATORS = ("&", "|", "^", "<<", ">>", "and", "or", "xor")
_COMPARISONS = frozenset({"==", "!=", "<", ">", "<=", ">=", "!"})


class RuleParser:
    """Reads one rule."""

    def __init__(self, text: str) -> None:
        """Split *text* into tokens."""
        self._tokens: list[Token] = content_of(text)
        self._source: str = text
        self._words: list[str] = words_of(self._tokens)
        self._at: int = 0
        self._found: list[Statement] = []
        self._is_in_hash: bool = False
        self._is_delegated: bool = False

    def read(self) -> list[Statement]:
        """Return the statements.

        Raises:
            Unread: A statement was not understood.
        """
        if self._tokens and self._tokens[-1].kind == "comment":
            text = self._tokens[-1].text
            raise Unread(f"expected a match that nft can show, got {elide(text)}")
        try:
            while self._at < len(self._words):
                self._read_statement()
        except Unread as unread:
            unread.is_harmless = is_harmless(self._tokens)
            raise
        return delegated(self._found) if self._is_delegated else self._found

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
        return self._source[self._tokens[start].start : self._tokens[self._at - 1].stop]

    def _unknown(self, start: int) -> Unread:
        text = " ".join(self._words[start : start + 4])
        return Unread(f"statement must be known, got {elide(text)}", is_local=False)

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

    def _read_counter(self, start: int) -> None:
        if self._take_if("name"):
            self._read_object(start)
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

    def _read_object(self, start: int) -> None:
        """Read the name of an object, or a map that has names."""
        if self._peek(1) in ("", *_STATEMENTS, *VERDICTS) or not self._is_expression():
            self._take()
        else:
            self._read_lookup(start)

    def _read_lookup(self, start: int) -> None:
        """Read an expression, or a lookup in a map, which not every packet is in."""
        keys, _ = self._expression(start)
        self._found += map(Requirement, keys)
        if self._take_if("map"):
            self._mapped(start)
            self._found.append(Condition(self._text(start)))

    def _read_limit(self, start: int) -> None:
        if self._take_if("name"):
            self._read_object(start)
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
            self._read_object(start)
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
        self._read_key(start)

    _read_update = _read_delete = _read_add

    def _read_meter(self, start: int) -> None:
        self._take()
        if self._take_if("size"):
            self._take()
        self._read_key(start)

    def _read_key(self, start: int) -> None:
        """Read the key of an element that a rule adds or removes."""
        first = self._at
        if self._take_if("{") and self._is_expression():
            keys, _ = self._expression(start)
            self._found += map(Requirement, keys)
        self._at = first
        self._braces(start)
        self._found.append(Condition(self._text(start)))

    def _read_xt(self, start: int) -> None:
        kind, name = self._take(), self._take()
        self._found += from_iptables(kind, name, self._text(start))

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

    def _read_queue(self, start: int) -> None:
        while self._take_if("num", "to", "flags", "bypass", "fanout", ","):
            if self._peek(-1) in ("num", "to"):
                if self._is_expression():
                    self._read_lookup(start)
                else:
                    self._take()
        self._found.append(Verdict(Action.DELEGATE))

    def _read_synproxy(self, start: int) -> None:
        if self._take_if("name"):
            self._read_object(start)
        while self._take_if("mss", "wscale", "timestamp", "sack-perm"):
            if self._peek(-1) in ("mss", "wscale"):
                self._take()
        self._found += [Requirement("tcp flags"), Verdict(Action.DELEGATE)]

    def _read_tproxy(self, start: int) -> None:
        self._take_if("ip", "ip6")
        if not self._take_if("to"):
            raise self._unknown(start)
        self._take()
        self._is_delegated = True
        self._found.append(Condition(self._text(start)))

    def _read_reset(self, start: int) -> None:
        if not (self._take_if("tcp") and self._take_if("option")):
            raise self._unknown(start)
        self._take()
        self._found.append(Requirement("tcp flags"))

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
        # People also write 'dnat 10.0.0.1'.
        if self._take_if("to") or self._peek() not in ("", "comment", *_NAT_FLAGS):
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
                # People also write the port without a colon.
                to = self._take().removeprefix(":")
            else:
                to = _ports_of_address(self._take())
        while self._take_if(*_NAT_FLAGS, ","):
            pass
        if self._peek() not in ("", "comment"):
            raise self._unknown(start)
        self._found.append(Translation(action, families, to, is_address))

    def _map(self, start: int) -> Map:
        keys, mask = self._expression(start)
        if not self._take_if("map"):
            raise self._unknown(start)
        return Map(keys, self._mapped(start), mask)

    def _mapped(self, start: int) -> tuple[Element, ...] | str:
        if self._peek().startswith("@"):
            return self._take()[1:]
        first = self._braces(start)
        return tuple(elements_of(self._tokens[first : self._at]))

    # -- matches --

    def _read_match(self, start: int) -> None:
        keys, mask = self._expression(start)
        if self._take_if("vmap"):
            looked_up = Map(keys, self._mapped(start), mask)
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
        self._found.append(found)

    def _read_set(self, keys: tuple[str, ...], start: int) -> None:
        if len(keys) != 1 or keys[0] not in HARMLESS_KEYS:
            text = self._text(start)
            raise Unread(
                f"a rule must not change what other rules match, got {elide(text)}", is_local=False
            )
        while True:
            if self._is_expression():
                self._read_lookup(start)
            elif self._peek() in ("map", "{", ""):
                raise self._unknown(start)
            else:
                self._value(("",))
            if not self._take_if(*_OPERATORS):
                return

    def _is_expression(self) -> bool:
        """Return whether an expression follows, and not a value."""
        word = self._peek().lstrip("(")
        is_raw = _RAW.fullmatch(word) is not None
        return is_raw or word in PAYLOADS or word in _META or word in _EXPRESSIONS

    def _value(self, keys: tuple[str, ...]) -> tuple[str, ...]:
        """Return a value; of bits, those that are set."""
        parts: list[str] = []
        for _ in keys:
            if parts and not self._take_if("."):
                raise self._unknown(self._at - 1)
            bits = [self._take().strip("()")]
            while self._take_if(",", "|"):
                bits.append(self._take().strip("()"))
            self._take_if(")")
            parts.append("|".join(bits))
            # nft writes this after a number for which it has no form.
            if self._take_if("[invalid"):
                self._take()
        return tuple(parts)

    def _expression(self, start: int) -> tuple[tuple[str, ...], str]:
        """Return the names of a concatenation, and the mask: ``?`` if it is not a simple one."""
        keys: list[str] = []
        mask = ""
        while True:
            if keys and not self._is_expression():
                # One part of a concatenation may be a constant.
                self._take()
                keys.append("?constant")
            else:
                keys.append(self._key(start))
            while self._peek() in _OPERATORS:
                sign = self._take()
                value = self._value(("",))[0]
                mask = value if sign in ("&", "and") and not mask and len(keys) == 1 else "?"
            if not self._take_if("."):
                return tuple(keys), "?" if mask and len(keys) > 1 else mask

    def _key(self, start: int) -> str:
        word = self._take().lstrip("(")
        if word == "meta":
            return f"meta {self._name()}"
        if word in _META:
            return f"meta {word}"
        if word == "ct":
            name = self._name()
            if name in ("original", "reply"):
                words = [name, self._name()]
                if words[-1] in ("ip", "ip6"):
                    words.append(self._take())
                name = " ".join(words)
            return f"ct {name}"
        if word in ("tcp", "ip", "sctp", "dccp") and self._peek() in ("option", "chunk"):
            words = [word, self._take(), self._take()]
            if self._peek() not in ("exists", "missing"):
                words.append(self._take())
            return " ".join(words) if word == "tcp" else f"?{words[0]} {words[1]}"
        if word == "socket" and self._take_if("cgroupv2"):
            self._take()
            return f"?socket {self._take()}"
        if word in PAYLOADS:
            return f"{word} {self._name()}"
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
            return f"?rt {self._name()}"
        if word in ("osf", "ipsec"):
            while self._take_if("ttl", "loose", "skip", "in", "out", "spnum", "ip", "ip6"):
                if self._peek(-1) == "spnum":
                    self._take()
            return f"?{word} {self._name()}"
        if _RAW.fullmatch(word) and self._take_if(","):
            for _ in range(2):
                self._take()
                self._take_if(",")
            return "?raw"
        raise self._unknown(start)

    def _name(self) -> str:
        """Return the name of a field, which may be the last word in parentheses."""
        return self._take().rstrip(")")

    def _modulus(self, name: str, start: int) -> str:
        if not self._take_if("mod"):
            raise self._unknown(start)
        self._take()
        while self._take_if("offset", "seed"):
            self._take()
        return name


def is_harmless(tokens: list[Token]) -> bool:
    """Return whether a rule ends in a drop for certain, so that it lets nothing pass."""
    # A word in quotation marks is a comment or a name.
    words = {each.text for each in tokens}
    return bool(words & {"drop", "reject"}) and not words & {
        *("accept", "jump", "goto", "vmap", "set", "dnat", "redirect", "queue", "tproxy"),
    }


_STATEMENTS = frozenset(
    {
        *("counter", "log", "comment", "notrack", "last", "flow", "limit", "quota", "add"),
        *("update", "delete", "meter", "xt", "reset", "synproxy", "tproxy", "reject"),
        *("queue", "masquerade", "snat", "redirect", "dnat"),
    }
)


def delegated(statements: list[Statement]) -> list[Statement]:
    """Return the statements of a rule with ``tproxy``, which looks for a socket.

    If it finds one, the rest of the rule is evaluated, and the packet may come to that socket
    instead of where it was sent to.

    Raises:
        Unread: The rule leads elsewhere.
    """
    found: list[Statement] = []
    for each in statements:
        if isinstance(each, (VerdictMap, Translation)) or (
            isinstance(each, Verdict) and each.target
        ):
            raise Unread("a rule with tproxy must not lead elsewhere", is_local=False)
        if not isinstance(each, Verdict):
            found.append(each)
    return [*found, Verdict(Action.DELEGATE)]


def from_iptables(kind: str, name: str, text: str) -> list[Statement]:
    """Return what a match or a target of iptables is, of which only the name is known.

    Raises:
        Unread: It may do anything.
    """
    if kind == "match":
        return [Condition(text)]
    action = action_of(name) if name not in ("CT", "NOTRACK") else None
    if kind != "target" or action in (None, Action.TRANSLATE, Action.REDIRECT):
        what = elide(f"xt {kind} {name}")
        raise Unread(f"expected a target that nft can show, got {what}", is_local=False)
    return [] if action is Action.CONTINUE else [Verdict(action)]


def _ports_of_address(text: str) -> str:
    """Return the ports behind an address, or a range of these, as ``10.0.0.1:80-90``."""
    if text.startswith("["):
        return text.rpartition("]")[2].removeprefix(":")
    return text.partition(":")[2] if text.count(":") == 1 else ""
