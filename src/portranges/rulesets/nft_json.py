"""Read the JSON of ``nft -j list ruleset`` into the records of ``nft_model``.

Its form is described in libnftables-json(5). A rule that has an unknown key is refused as a whole.
"""

from __future__ import annotations

from portranges import types
from portranges.errors import elide, got
from portranges.rulesets.documents import pointer_to, text_of
from portranges.rulesets.model import Action
from portranges.rulesets.nft_model import (
    FAMILIES,
    HARMLESS_KEYS,
    OTHER_FAMILIES,
    PAYLOADS,
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
    Values,
    Verdict,
    VerdictMap,
)
from portranges.rulesets.nft_statements import RuleParser, delegated, from_iptables

Object: types.TypeAlias = "dict[str, types.Any]"

_POLICIES = {"accept": Action.ACCEPT, "drop": Action.DROP}
_VERDICTS = {
    "accept": Action.ACCEPT,
    "drop": Action.DROP,
    "return": Action.RETURN,
    "continue": Action.CONTINUE,
}
_JUMPS = {"jump": Action.JUMP, "goto": Action.GOTO}
_REJECTS = {"tcp reset": "tcp", "icmp": "ip", "icmpv6": "ip6"}
_NEUTRAL = frozenset({"counter", "log", "notrack", "last", "flow"})
_CONDITIONS = frozenset({"limit", "quota", "ct count", "set", "map", "meter"})
_OBJECTS = frozenset({"counter", "limit", "quota"})
_BITS = frozenset({"&", "|", "^", "<<", ">>"})
_FLAGS = ("dormant", "owner", "persist")
_OPERATORS = frozenset({"==", "!=", "<", ">", "<=", ">=", "in", "!"})
_OTHERS = frozenset({"metainfo", "counter", "quota", "limit", "flowtable", "ct helper"}) | {
    *("ct timeout", "ct expectation", "secmark", "synproxy"),
}


def _object(value: object) -> Object:
    """Return *value*, whose keys are texts in JSON; an empty object if it is another value."""
    return types.cast("Object", value) if isinstance(value, dict) else {}


class JsonReader:
    """Reads a whole listing."""

    def __init__(self) -> None:
        """Start with an empty listing."""
        self.document: Document = Document()
        # JSON Pointer, text and reason.
        self.skipped: list[tuple[str, str, str]] = []

    def add(self, place: int, item: Object) -> None:
        """Read an object, the one at index *place*."""
        kind, value = next(iter(item.items()), ("", None))
        pointer = pointer_to("nftables", place, kind)
        try:
            if len(item) != 1 or not isinstance(value, dict):
                raise _expected("an object with one key, whose value is an object", item)
            self._add(kind, _object(types.cast("object", value)), pointer, text_of(item))
        except Unread as unread:
            self.skipped.append((pointer, text_of(item), unread.reason))

    def _add(self, kind: str, fields: Object, pointer: str, text: str) -> None:
        """Read an object of the given kind."""
        if kind in _OTHERS:
            return
        document = self.document
        family = _text(fields, "family")
        if family not in (*FAMILIES, *OTHER_FAMILIES):
            raise Unread(f"family must be known, got {elide(family)}")
        if kind == "table":
            name = _text(fields, "name")
            if _is_dormant(fields.get("flags", [])):
                document.dormant.add((family, name))
        elif kind == "rule":
            key = (family, _text(fields, "table"), _text(fields, "chain"))
            expr = _list(fields.get("expr"))
            self._note(key, expr)
            document.rules.append(RuleText(key, 0, pointer, text, expr))
        elif kind == "chain":
            key = (family, _text(fields, "table"), _text(fields, "name"))
            if key in document.chains:
                raise Unread(f"a chain must be declared once, got {elide(key[2])} again")
            document.chains[key] = _base(fields)
            document.places[key] = (0, pointer)
        elif kind in ("set", "map"):
            key = (family, _text(fields, "table"), _text(fields, "name"))
            try:
                document.sets[key] = [_element(each) for each in _list(fields.get("elem", []))]
            except Unread:
                document.open_sets.add(key)
        else:
            raise Unread(f"object must be known, got {elide(kind)}")

    def _note(self, key: tuple[str, str, str], expr: list[object]) -> None:
        """Record what a rule does to sets and to the tracking of connections."""
        for each in expr:
            statement = _object(each)
            if "notrack" in statement:
                self.document.is_tracked = False
            changed = _object(_object(_object(statement.get("mangle")).get("key")).get("ct"))
            if changed.get("key") == "zone":
                self.document.has_zones = True
            for kind in ("set", "map"):
                name = _object(statement.get(kind)).get(kind)
                if isinstance(name, str):
                    self.document.open_sets.add((*key[:2], name.removeprefix("@")))


def _expected(what: str, found: object) -> Unread:
    return Unread(f"expected {what}, got {got(found)}")


def _is_dormant(flags: object) -> bool:
    for flag in _listed(flags):
        # nft 1.0.6 writes only the first letters.
        known = [each for each in _FLAGS if flag and each.startswith(str(flag))]
        if not known:
            raise Unread(f"flag must be {' or '.join(_FLAGS)}, got {got(flag)}")
        if known == ["dormant"]:
            return True
    return False


def _text(fields: Object, name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise Unread(f"{name} must be a text, got {got(value)}")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise Unread(f"expected a list, got {got(value)}")
    return types.cast("list[object]", value)


def _listed(value: object) -> list[object]:
    return types.cast("list[object]", value) if isinstance(value, list) else [value]


def _base(fields: Object) -> Base | None:
    if fields.keys().isdisjoint(("hook", "type", "prio", "policy")):
        return None
    priority, policy = fields.get("prio"), fields.get("policy")
    if type(priority) is not int or abs(priority) > 10**10:
        raise Unread(f"prio must be an integer, got {got(priority)}")
    if policy not in ("accept", "drop"):
        raise Unread(f"policy must be accept or drop, got {got(policy)}")
    return Base(_text(fields, "type"), _text(fields, "hook"), priority, _POLICIES[policy])


# -- values -------------------------------------------------------------------------------------


def _only(value: object, *, what: str) -> tuple[str, types.Any]:
    fields = _object(value)
    if len(fields) != 1:
        raise Unread(f"{what} must be an object with one key, got {got(value)}")
    return next(iter(fields.items()))


def _scalar(value: object) -> str:
    """Return a value as the text form has it."""
    if isinstance(value, str) and value:
        return value
    if isinstance(value, bool):
        return "exists" if value else "missing"
    if isinstance(value, int) and abs(value) < 1 << 128:
        return str(int(value))
    if isinstance(value, list):
        return "|".join(map(_scalar, types.cast("list[object]", value)))
    kind, inner = _only(value, what="value")
    if kind == "range":
        return "-".join(map(_scalar, _list(inner)))
    if kind == "|":
        return "|".join(map(_scalar, _list(inner)))
    if kind == "prefix":
        prefix = _object(inner)
        return f"{_scalar(prefix.get('addr'))}/{_scalar(prefix.get('len'))}"
    raise Unread(f"value must be known, got {elide(kind)}")


def _values(value: object) -> tuple[str, ...]:
    fields = _object(value)
    if element := _object(fields.get("elem")):
        return _values(element.get("val"))
    if "concat" in fields:
        return tuple(map(_scalar, _list(fields["concat"])))
    return (_scalar(value),)


def _element(value: object) -> Element:
    """Return an element of a set, or of a map, which is a list of two."""
    if isinstance(value, list):
        pair = types.cast("list[object]", value)
        if len(pair) != 2:
            raise Unread(f"an element of a map must be a pair, got {len(pair)} values")
        data = pair[1]
        fields = _object(data)
        if fields and "concat" not in fields and "range" not in fields:
            return Element(_values(pair[0]), _verdict(fields))
        return Element(_values(pair[0]), _values(data))
    return Element(_values(value))


def _verdict(value: Object) -> Verdict:
    kind, inner = _only(value, what="verdict")
    if kind in _VERDICTS:
        return Verdict(_VERDICTS[kind])
    if kind in _JUMPS:
        return Verdict(_JUMPS[kind], _text(_object(inner), "target"))
    raise Unread(f"verdict must be known, got {elide(kind)}")


def _elements(data: object) -> tuple[Element, ...] | str:
    if isinstance(data, str):
        return data.removeprefix("@")
    kind, inner = _only(data, what="map")
    if kind != "set":
        raise Unread(f"a map must be a set of pairs, got {elide(kind)}")
    return tuple(map(_element, _list(inner)))


# -- rules --------------------------------------------------------------------------------------


def statements_of(expr: list[object]) -> list[Statement]:
    """Return the statements of a rule.

    Raises:
        Unread: A statement was not understood.
    """
    found: list[Statement] = []
    try:
        for each in expr:
            found += _statement(each)
        if any("tproxy" in _object(each) for each in expr):
            found = delegated(found)
    except Unread as unread:
        names = {name for each in expr for name in _object(each)}
        unread.is_harmless = bool(names & {"drop", "reject"}) and not names & {
            *("accept", "jump", "goto", "vmap", "mangle", "dnat", "redirect", "queue", "tproxy"),
        }
        raise
    return found


def _statement(value: object) -> list[Statement]:
    if isinstance(value, str):
        # nft writes a statement for which it has no JSON as text.
        return RuleParser(value).read()
    kind, inner = _only(value, what="statement")
    text = text_of(value)
    fields = _object(inner)
    if kind in _VERDICTS or kind in _JUMPS:
        return [_verdict(_object(value))]
    if kind in _OBJECTS and "map" in fields:
        lets_all_pass = kind == "counter"
        return [*_changed(inner), *(() if lets_all_pass else (Condition(text),))]
    if kind in _NEUTRAL:
        return []
    if kind in _CONDITIONS:
        key = fields.get("elem", fields.get("key"))
        return [*(_changed(_element_of(key)) if key else ()), Condition(text)]
    if kind == "xt":
        return from_iptables(str(fields.get("type")), str(fields.get("name")), text)
    if kind == "match":
        return [_match(fields, text)]
    if kind == "vmap":
        keys, mask = _keys(fields.get("key"))
        return [VerdictMap(Map(keys, _elements(fields.get("data")), mask), text)]
    if kind == "reject":
        key = _REJECTS.get(str(fields.get("type", "")), "")
        return [*([Requirement(key)] if key else []), Verdict(Action.REJECT)]
    if kind == "reset":
        return [Requirement("tcp flags")]
    if kind == "tproxy":
        return [Condition(text)]
    if kind == "synproxy":
        lookup = _changed(inner) if "map" in fields else []
        return [*lookup, Requirement("tcp flags"), Verdict(Action.DELEGATE)]
    if kind == "queue":
        return [Verdict(Action.DELEGATE)]
    if kind in ("masquerade", "snat"):
        return [Verdict(Action.ACCEPT)]
    if kind in ("redirect", "dnat"):
        return [_translation(kind, fields)]
    if kind == "mangle":
        keys, _ = _keys(fields.get("key"))
        if len(keys) == 1 and keys[0] in HARMLESS_KEYS:
            return [*_changed(fields.get("value"))]
        raise Unread(
            f"a rule must not change what other rules match, got {elide(text)}", is_local=False
        )
    if kind in ("ct helper", "ct timeout", "ct expectation", "secmark"):
        return _changed(inner)
    raise Unread(f"statement must be known, got {elide(kind)}", is_local=False)


def _element_of(value: object) -> object:
    """Return an element without its timeout and the like."""
    fields = _object(value)
    return _object(fields["elem"]).get("val") if "elem" in fields else value


def _changed(value: object) -> list[Statement]:
    """Return what a value requires of a packet, if it is computed from one."""
    fields = _object(value)
    if not fields:
        return []
    if looked_up := _object(fields.get("map")):
        return [*_changed(looked_up.get("key")), Condition(text_of(value))]
    kind, inner = next(iter(fields.items()))
    if kind == "concat" or kind in _BITS:
        return [found for each in _listed(inner) for found in _changed(each)]
    keys, _ = _keys(value)
    return [Requirement(key) for key in keys]


def _match(fields: Object, text: str) -> Match:
    if not {"op", "left", "right"} >= fields.keys() or len(fields) != 3:
        raise Unread(f"a match must have op, left and right, got {elide(text)}")
    op = fields["op"]
    if not isinstance(op, str) or op not in _OPERATORS:
        raise Unread(f"op must be known, got {got(op)}")
    keys, mask = _keys(fields["left"])
    right: object = fields["right"]
    if isinstance(right, str) and right.startswith("@"):
        return Match(keys, op, right[1:], text, is_set=True, mask=mask)
    if "set" in _object(right):
        listed = _listed(_object(right)["set"])
        values: Values = tuple([_element(each).values for each in listed])
        return Match(keys, op, values, text, is_set=True, mask=mask)
    return Match(keys, op, (_values(right),), text, mask=mask)


def _keys(value: object) -> tuple[tuple[str, ...], str]:
    """Return the names of a concatenation, and the mask: ``?`` if it is not a simple one."""
    kind, inner = _only(value, what="expression")
    if kind == "concat":
        # One part of a concatenation may be a constant.
        several = [_keys(each) if _object(each) else (("?constant",), "") for each in _list(inner)]
        is_masked = any(mask for _, mask in several)
        return tuple([key for keys, _ in several for key in keys]), "?" if is_masked else ""
    if kind in _BITS:
        operands = _list(inner)
        keys, mask = _keys(operands[0] if operands else None)
        is_plain = kind == "&" and not mask and len(operands) == 2
        return keys, _scalar(operands[1]) if is_plain else "?"
    fields = _object(inner)
    if kind == "payload" and "base" not in fields:
        protocol = _text(fields, "protocol")
        if protocol not in PAYLOADS:
            raise Unread(f"protocol must be known, got {elide(protocol)}")
        return (f"{protocol} {_text(fields, 'field')}",), ""
    if kind in ("meta", "ct"):
        direction = f"{fields['dir']} " if "dir" in fields else ""
        return (f"{kind} {direction}{_text(fields, 'key')}",), ""
    if kind == "tcp option":
        option = str(fields.get("name", ""))
        return (f"tcp option {option} {fields.get('field', '')}",), ""
    if kind in ("fib", "rt", "socket", "osf", "numgen", "jhash", "symhash", "payload", "exthdr"):
        return (f"?{kind}",), ""
    if kind in ("ip option", "sctp chunk", "dccp option", "ipsec", "tunnel"):
        return (f"?{kind}",), ""
    raise Unread(f"expression must be known, got {elide(kind)}")


def _translation(kind: str, fields: Object) -> Translation:
    action = Action.REDIRECT if kind == "redirect" else Action.TRANSLATE
    if not fields.keys() <= {"family", "addr", "port", "flags", "type_flags"}:
        raise Unread(f"{kind} must have known keys, got {elide(', '.join(map(str, fields)))}")
    family = fields.get("family", "inet")
    if family not in ("ip", "ip6", "inet"):
        raise Unread(f"family must be known, got {got(family)}")
    address, port = fields.get("addr"), fields.get("port")
    maps = [_object(each).get("map") for each in (address, port)]
    if all(maps):
        raise Unread(f"{kind} must have one map, got two")
    if any(maps):
        looked_up = _object(maps[0] or maps[1])
        keys, mask = _keys(looked_up.get("key"))
        to = Map(keys, _elements(looked_up.get("data")), mask)
        if maps[0] and port is not None:
            raise Unread(f"{kind} must have its ports in the map, got others")
        return Translation(action, FAMILIES[family], to, is_address=bool(maps[0]))
    return Translation(action, FAMILIES[family], "" if port is None else _scalar(port))
