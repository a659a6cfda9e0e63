"""Translate a line of ``iptables -L`` into the options that iptables-save writes.

The list is for people: without ``-v`` it does not show interfaces, and each extension prints its
matches in its own words. The rest is returned unchanged, as a condition that some packets fulfil.
"""

from __future__ import annotations

import re

from portranges import types
from portranges.errors import elide
from portranges.ports import Transport
from portranges.rulesets.netfilter import STATES

CHAIN = re.compile(r"Chain ([^ \n]+) \((?:policy ([A-Z]+)|[0-9]+ references)[^)\n]*\)")

_WORD = re.compile(r"[^ \t]+")
_OPTIONS = {"--": [], "-f": ["-f"], "!f": ["!", "-f"]}
_PORTS = re.compile(r"(spt|dpt)s?:(!?[^ !]+)")
_FLAGS = re.compile(r"flags:(!?)(0x[0-9A-F]+|[A-Z,]+)/(0x[0-9A-F]+|[A-Z,]+)")
_FLAG_NAMES = ("FIN", "SYN", "RST", "PSH", "ACK", "URG")
_TRANSPORTS = frozenset(each.value for each in Transport)
_IPV6 = re.compile(r"!?(?:anywhere|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(?:/[0-9A-Fa-f:]+)?)")
# Older versions of iptables wrote flags behind the ports without a blank.
_GLUED = re.compile(r"\b(tcp|[sd]pts?:[^ ]{1,40}?)flags:(!?) ?(?=[0A-Z])")
_LISTS = frozenset({"dports", "sports", "ports"})
_STATES = frozenset({"state", "ctstate"})
_EVERY = frozenset({"*", "any", "anywhere", "0.0.0.0/0", "::/0"})


class Columns:
    """What the lines of a list have before the conditions.

    Attributes:
        before: The number of columns before the target: numbers and counters.
        has_interfaces: Whether interfaces are shown.
    """

    __slots__ = ("before", "has_interfaces")

    def __init__(self, heading: str) -> None:
        """Read the heading of a chain's list."""
        words = _WORD.findall(heading)
        self.before: int = words.index("target")
        self.has_interfaces: bool = "in" in words


def is_heading(line: str) -> bool:
    """Return whether *line* names the columns.

    Example:
        >>> is_heading("num   pkts bytes target     prot opt in     out     source")
        True
    """
    words = _WORD.findall(line)
    return {"target", "prot", "opt"} <= set(words[:6])


def translated(line: str, columns: Columns) -> tuple[str, str] | None:
    """Return the options that *line* means, and what is left of it.

    Returns:
        ``None`` if the line does not have the columns.

    Example:
        >>> columns = Columns("target     prot opt source               destination")
        >>> translated("web   6    --  0.0.0.0/0   !10.0.0.1   [goto]  tcp dpt:!22 mark 1", columns)
        ('! -d 10.0.0.1 -p 6 ! --dport 22 -g web', 'mark 1')
    """
    words = _WORD.findall(_GLUED.sub(r"\1 flags:\2", line))[columns.before :]
    found = _split(words, 2 if columns.has_interfaces else 0)
    if found is None:
        return None
    target, protocol, option, places, rest = found
    flags = ["-i", "-o", "-s", "-d"][-len(places) :]
    parts = list(_OPTIONS[option])
    for flag, value in (*zip(flags, places, strict=True), ("-p", protocol)):
        if value not in _EVERY and (flag, value) not in (("-p", "0"), ("-p", "all")):
            parts += _negatable(value, flag)
    matches = _Matches(rest, target)
    jump = ["-g" if matches.is_goto else "-j", target] if target else []
    return " ".join([*parts, *matches.options, *jump, *matches.of_target]), " ".join(matches.left)


def _split(words: list[str], interfaces: int) -> types.ListedColumns | None:
    """Return the target, the protocol, the option, interfaces with addresses, and the rest.

    The column of the target may be empty. Older versions of ip6tables left the options empty.
    """
    for before in (1, 0):
        width = before + 1 + interfaces
        target = words[0] if before and words else ""
        if words[before + 1 : before + 2] and words[before + 1] in _OPTIONS:
            places = words[before + 2 : width + 3]
            if len(places) == interfaces + 2:
                return target, words[before], words[before + 1], places, words[width + 3 :]
    without = [
        (
            words[0] if before else "",
            words[before],
            "--",
            words[before + 1 : width + 2],
            words[width + 2 :],
        )
        for before in (1, 0)
        for width in [before + 1 + interfaces]
        if len(words) >= width + 2 and all(map(_IPV6.fullmatch, words[width : width + 2]))
    ]
    return without[0] if len(without) == 1 else None


class _Matches:
    """The words after the columns: matches, and what the target adds.

    A comment, a name or a prefix may have any words, such as ``tcp dpt:22``. Words between
    quotation marks or the marks of a comment are not translated.
    """

    def __init__(self, words: list[str], target: str) -> None:
        self.target: str = target
        self.options: list[str] = []
        self.of_target: list[str] = []
        self.left: list[str] = []
        self.words: list[str] = words
        self.is_goto: bool = words[:1] == ["[goto]"]
        at = int(self.is_goto)
        while at < len(words):
            count = self.take(at)
            if not count:
                count = _opaque(words, at)
                self.left += words[at : at + count]
            at += count

    def take(self, at: int) -> int:
        """Translate the words from *at* on; return how many, or 0 if they are not known."""
        words = self.words
        word, *following = words[at : at + 3]
        if word in _TRANSPORTS:
            return self.take_ports(at)
        if word == "multiport" and len(following) == 2 and following[0] in _LISTS:
            kind, value = following
            self.options += ["-m", "multiport", *_negatable(value, f"--{kind}")]
            return 3
        if word == "!" and len(following) == 2:
            return self.take_state(*following, is_negated=True)
        if word in _STATES and following:
            return self.take_state(word, following[0], is_negated=False)
        if word == "/*":
            # A text with several of these marks is ambiguous.
            is_only = words.count("/*") == words.count("*/") == 1
            return words.index("*/") + 1 - at if is_only and "*/" in words[at:] else 0
        return self.take_target(word, following)

    def take_ports(self, at: int) -> int:
        """Translate a transport with its ports and flags."""
        count = 1
        for place in range(at + 1, len(self.words)):
            word = self.words[place]
            if match := _PORTS.fullmatch(word):
                option = "--sport" if match[1] == "spt" else "--dport"
                self.options += _negatable(match[2], option)
            elif match := _FLAGS.fullmatch(word):
                sign = ["!"] if match[1] else []
                self.options += [*sign, "--tcp-flags", _flags(match[2]), _flags(match[3])]
            else:
                break
            count += 1
        # A transport alone is a part of something else.
        return count if count > 1 else 0

    def take_state(self, name: str, states: str, *, is_negated: bool) -> int:
        if name not in _STATES or not STATES.issuperset(states.split(",")):
            return 0
        module = "conntrack" if name == "ctstate" else "state"
        self.options += ["-m", module, *(["!"] if is_negated else []), f"--{name}", states]
        return 3 if is_negated else 2

    def take_target(self, word: str, following: list[str]) -> int:
        if word == "reject-with" and self.target == "REJECT" and following:
            return 2
        if word == "redir" and self.target == "REDIRECT" and len(following) == 2:
            self.of_target += ["--to-ports", following[1]]
            return 3
        if word.startswith("to:") and self.target in ("DNAT", "SNAT"):
            option = "--to-destination" if self.target == "DNAT" else "--to-source"
            self.of_target += [option, word[3:]]
            return 1
        return int(word == "random" and self.target in ("DNAT", "REDIRECT", "SNAT"))


def _negatable(value: str, option: str) -> list[str]:
    """Return the words of an option whose value is negated by a sign before it."""
    return ["!", option, value[1:]] if value[0] == "!" else [option, value]


def _opaque(words: list[str], at: int) -> int:
    """Return the number of words to leave out: a word, a comment, or all after a quotation mark."""
    rest = len(words) - at
    if '"' in words[at]:
        return rest
    if words[at] == "/*":
        return rest - words[::-1].index("*/") if "*/" in words[at:] else rest
    return 1


def _flags(written: str) -> str:
    """Return the names of flags, which the list shows as a number with ``-n``."""
    if not written.startswith("0x"):
        return written
    bits = int(written[-4:].removeprefix("x"), 16)
    names = [name for place, name in enumerate(_FLAG_NAMES) if bits >> place & 1]
    return ",".join(names) or "NONE"


def chains_of(text: str) -> types.Iterator[tuple[int, str, str | None]]:
    r"""Yield the place, the name and the policy of each chain in a list; user chains have ``-``.

    Example:
        >>> list(chains_of("Chain INPUT (policy DROP)\n\nChain web (1 references)\n"))
        [(0, 'INPUT', 'DROP'), (27, 'web', '-')]
    """
    for match in re.finditer(rf"^{CHAIN.pattern}", text, re.MULTILINE):
        yield match.start(), match[1], match[2] or "-"


def unreadable(line: str) -> str:
    """Return why a line was skipped."""
    return f"expected the columns of 'iptables -L', got {elide(line)}"
