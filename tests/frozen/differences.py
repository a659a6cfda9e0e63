"""The intended differences, each with its reason.

A row is called for each place at which two answers to one of its questions differ: ``applies``
gets the question, the path to the place (the names of fields and the numbers of elements, joined
by ``/``), and what both packages have there. The comparison fails for a difference that no row
covers, and for a row that covers none: then it is out of date.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

from frozen.plain import numbers_of
from frozen.questions.names import PROFILES

Applies: TypeAlias = Callable[[tuple[Any, ...], str, Any, Any], bool]


@dataclass(frozen=True)
class Difference:
    """A difference that is meant.

    Attributes:
        name: A short name.
        reason: Why the answers differ.
        asked: The names of the questions that it is about, separated by blanks.
        applies: Whether a difference is this one.
    """

    name: str
    reason: str
    asked: str
    applies: Applies

    def covers(self, question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
        """Return whether a difference is this one."""
        return question[0] in self.asked.split() and self.applies(question, path, old, new)


def _older_kernels(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    return (
        question[3] in ("6.8", "6.1")
        and path.endswith("/0/4")
        and (old, new) == ("memory", "source")
    )


def _option_of_6_1(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    return (
        question[3] == "6.1"
        and len(question[6]) == 2
        and path.startswith("1/0/")
        and (old, new)
        in ((False, True), ("ENOPROTOOPT", None), ("linux-no-option", "linux-option"))
    )


def _printed_address(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    # The old package refused all of these.
    words = question[1][int(path.partition("/")[0])]
    printed = r":|\*:|localhost:|[0-9a-f]*:[0-9a-f:]*:[0-9]+$"
    return words[0] == "reuse" and any(re.match(printed, word) for word in words[1:3])


def _without_a_range(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    return (old, new) == (
        ("error", "UnknownNameError", ("near", ())),
        ("error", "InvalidValueError"),
    )


def _windows_xp(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    return question[1] in ("windows-xp", "windows-2003") and _has_choice(question)


def _windows_dual_stack(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    """Whether it is about Windows and a dual-stack socket."""
    if question[0] == "rules":
        return old == "no answer" and path.startswith("windows") and "-any4" in path
    if not any(str(word).startswith("windows") for word in (question[1], *path.split("/"))):
        return False
    has_default_off = question[0] != "portability" and ("v6only", False) in (question[2] or ())
    return has_default_off or False in _v6only(question, path)


def _v6only(question: tuple[Any, ...], path: str) -> set[Any]:
    """Return the values of v6only of the sockets that an answer is about."""
    if question[0] in ("can_bind", "portability"):
        new, existing = question[-1][int(path.partition("/")[0])]
        return {each[4] for each in (new, *existing)}
    found = {step[5] for step in question[-1] if step[0] == "socket"}
    options = [dict(step[2]) for step in question[-1] if step[0] == "set_option"]
    return found | {each.get("v6only") for each in options}


_CALLS = (
    "has-port dropped tuple v6only-connect wrong-family chosen not-local connected "
    "connection-refused peer-port is-connected is-listening listening not-closed no-stream "
    "not-listening no-connection accepted option v6only-late no-option bind-exhausted "
    "connect-exhausted listen-unbound not-known"
).split()


def _calls_read(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    """Whether it is the text of a rule of a call, or how certain one is."""
    if question[0] == "rules":
        return any(f"-{name}" in path for name in _CALLS) and not path.startswith("linux")
    if question[0] == "commands":
        # The sources below the answer, of which the numbers are compared.
        # In JSON, each source and how certain it is.
        words = question[1][int(path.partition("/")[0])]
        read = (old == "memory" and new in ("source", "document", "inferred")) or (
            path.endswith(("/1", "/source"))
        )
        return words[0] == "reuse" and read
    return old == "memory" and new in ("source", "document", "inferred")


# The calls that answer, or change a socket, as they did not before.
_CHANGED_CALLS = {
    **dict.fromkeys(("freebsd", "freebsd-14", "freebsd-13", "openbsd"), ("accept", "connect")),
    "netbsd": ("listen", "connect"),
    **dict.fromkeys(("macos", "illumos", "solaris"), ("set_option", "connect")),
    **dict.fromkeys(("windows", "windows-2003", "windows-xp"), ("set_option",)),
}


def _calls_corrected(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    changed = _CHANGED_CALLS.get(question[1], ())
    return any(step[0] in changed for step in question[-1])


def _macos_ipv6(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    """Whether it is about an automatic port of an IPv6 socket, or a connection to itself."""
    if question[0] == "rules":
        return path.startswith("macos-") and path.endswith("/sentence")
    names = question[1] == "macos" and question[0] in ("run", "automatic_run", "order")
    return names and any(step[0] == "socket" and step[3] for step in question[-1])


def _macos_multicast(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    if question[0] == "portability" and "/macos/" not in path:
        return False
    if question[0] == "can_bind" and question[1] != "macos":
        return False
    # The new socket has SO_REUSEPORT and not SO_REUSEADDR.
    asked, _ = question[-1][int(path.partition("/")[0])]
    return "P" in asked[3] and "R" not in asked[3] and _is_multicast(asked[1])


def _is_multicast(address: str) -> bool:
    return address in ("239.1.1.1", "ff02::1", "::ffff:239.1.1.1")


def _windows_exhausted(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    if question[0] == "rules":
        windows = path.startswith("windows") and "-connect-exhausted" in path
        added = "-peer-port" in path or "linux-disconnected" in path
        return windows or (old == "no answer" and added)
    return (old, new) == ("memory", "reported") and question[1].startswith("windows")


_NO_HOSTS = frozenset({"239.1.1.1", "255.255.255.255", "ff02::1", "::ffff:239.1.1.1"})


def _no_ends(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    """Whether it is about an address that cannot be an end of a socket."""
    if question[0] == "rules":
        ends = ("bind-", "connect-", "any-destination", "v6only-connect", "wrong-family")
        return path.partition("-")[0] in _SYSTEMS and any(each in path for each in ends)
    if question[0] in ("can_bind", "portability"):
        asked, _ = question[-1][int(path.partition("/")[0])]
        return asked[1] in _NO_HOSTS
    # connect() of an IPv6 socket to another family.
    inet6 = any(step[0] == "socket" and step[3] for step in question[-1])
    return question[1] == "macos" and inet6


_SYSTEMS = frozenset("linux freebsd macos openbsd netbsd illumos solaris windows".split())


def _netbsd_families(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    is_choice = question[1] == "netbsd" and _has_choice(question)
    return is_choice and any(step[0] == "socket" and step[3] for step in question[6])


def _has_choice(question: tuple[Any, ...]) -> bool:
    """Return whether the system chooses among several ports; of one it can choose no other."""
    if question[0] == "order":
        return True
    ports: str = dict(question[2] or ()).get("ports", "0-65535")
    return len({*ports.split("-")}) > 1


def _own_dialect(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    is_own = question[1] == "portranges" and path.endswith("/evidence")
    return is_own and (old, new) == ("own", "source")


_LISTS = {"csf", "fail2ban", "opnsense", "openwrt"}


def _lists_of_more_programs(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    return tuple(each for each in new if each not in _LISTS) == old


def _place_in_a_mapping(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    return question[1] == "docker" and ("/span/" in path or path.endswith("/fault"))


_LIMITED = ("haproxy", "squid", "suricata", "netsh", "powershell", "nmap")


def _limits_of_tools(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    if question[1] not in _LIMITED:
        return False
    if question[0] == "dialect":
        return any(name in path for name in ("items", "size", "combined"))
    # Several lines are several texts now, or a text is longer than the tool reads.
    return "/span/" in path or isinstance(old, tuple) or isinstance(new, tuple)


def _notes_of_dialects(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    return "/limits" in path or "/sources" in path


# Dialects in which more texts are read, some with a grammar of their own.
_MORE_READ = (
    *("nft", "nft-set", "iptables", "iptables-multiport", "reserved-ports", "ovs", "ufw"),
    *("firewalld", "systemd", "bpf", "wireshark", "nmap", "haproxy", "pf", "junos"),
    *("powershell", "ipset"),
)


# Adjacent ports with rows that differ in their descriptions only.
_JOINED = ("14-16", "570-571", "2402-2403", "22004-22005")


def _described(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    if path.endswith("/ports"):
        return old in _JOINED
    return path.endswith("/description") and old == "" and isinstance(new, str) and new != ""


def _more_is_read(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    if question[1] not in _MORE_READ:
        return False
    if question[0] == "dialect":
        fields = ("also_framed", "operators", "grammar", "names", "opening", "closing", "bracketed")
        return any(name in path for name in fields)
    return "/span/" in path or (isinstance(old, tuple) and old[0] == "error")


def _many_connections(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    if path.endswith("/text"):
        return (old, new) == ("numbers 65535 65536", "numbers 65536")
    # The page of `portranges explain`.
    is_page = question[0] == "commands" and isinstance(old, str) and isinstance(new, str)
    return is_page and {*old.split()} - {*new.split()} == {"65535"} and "65536" in new


def _not_listed(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    if not path.endswith("/purpose") or len(old) != len(new) + 1:
        return False
    if question[0] == "explain":
        return question[2] is not None
    return "--transport" in question[1][int(path.partition("/")[0])]


def _more_in_reports(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    """Whether a report only has more commands or remarks."""
    if path.rpartition("/")[2] not in ("commands", "judgement", "purpose"):
        return False
    # docker/for-win#3171, tokio-rs/tokio#3405 and RFC 9114 are sources of the new ones only.
    is_new = [number in str(new) and number not in str(old) for number in ("3171", "3405", "9114")]
    return len(new) > len(old) and any(is_new)


def _systems_of_their_own(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    if question[1] == "windows-xp" and path.endswith("/until"):
        return (old, new) == ("Server 2003", "XP")
    if question[1] == "solaris" and "/aliases/" in path:
        # The same three in another order.
        return {old, new} <= {"illumos", "opensolaris", "sunos"}
    more = {"freebsd": {"freebsd-14", "freebsd-13"}, "ios": {"visionos"}, "lwip": {"esp-idf"}}
    return (
        path.endswith("/aliases")
        and isinstance(new, tuple)
        and set(new) - set(old) == more.get(question[1])
        and set(old) <= set(new)
    )


# Rows of which values were wrong, stale or missing.
_CORRECTED = frozenset(
    """windows-xp linux-2.6.24 linux-2.4-bigmem linux-2.4-lowmem freebsd-4.6 freebsd-2 dragonfly
    bsd-4.3 hpux nonstop zos qnx qnx-iopkt ios lwip lwip-udp zephyr freertos smoltcp
    gvisor openbsd""".split()
)
_CORRECTED_FIELDS = {
    "aliases", "system", "time_wait", "privileged_below", "privileged_extra", "set_with", "until"
}  # fmt: skip
# Texts, of which the numbers are compared.
_TEXTS_OF_ROWS = frozenset(
    "source sources privileged_source note exclusions algorithm socket_overrides".split()
)


def _field(path: str) -> str:
    return [*path.split("/"), ""][1]


def _corrected_rows(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    is_row = question[0] == "privileged" or _field(path) in _CORRECTED_FIELDS
    return question[1] in _CORRECTED and is_row


def _corrected_in_findings(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    sources_read_again = {"android", "azure-nat-gateway"}
    return not (_CORRECTED | sources_read_again).isdisjoint(question[2] or ())


def _corrected_in_reports(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    return "/source" in path or "/bind_rules" in path


def _known_time_wait(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    return question[1] in _CORRECTED


def _texts_of_rows(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    return _field(path) in _TEXTS_OF_ROWS or _field(path).endswith("_note")


def _more_rows(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    if question[0] == "aliases":
        return (old, new) == ("windows-xp", "windows-2000")
    return set(old) < set(new)


# Parts of a report with an entry for each system, whose first field is its name.
_BY_SYSTEM = {"handed_out_by", "not_handed_out_by", "bind_rules"}


def _new_systems(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    """Whether only systems were added that the frozen package does not know."""
    field = path.rpartition("/")[2]
    if not isinstance(new, tuple) or not (question[0] == "allocated_by" or field in _BY_SYSTEM):
        return False
    before, now = (
        [each if isinstance(each, str) else each[0][1] for each in rows] for rows in (old, new)
    )
    return before == [name for name in now if name in PROFILES]


@dataclass(frozen=True)
class _Use:
    """A line of the table of known uses."""

    name: str
    ports: frozenset[int]
    transports: frozenset[str]
    is_platform: bool
    numbers: frozenset[str]

    @property
    def is_narrow(self) -> bool:
        return len(self.ports) <= 100


def _ports(text: str) -> frozenset[int]:
    spans = [each.partition("-") for each in text.split(",") if each]
    return frozenset(
        port for first, _, last in spans for port in range(int(first), int(last or first) + 1)
    )


@cache
def _known() -> tuple[_Use, ...]:
    table = Path(__file__).parents[2] / "src/portranges/uses/known.tsv"
    return tuple(
        _Use(
            name,
            _ports(ports),
            frozenset(transports.split(",")),
            kind == "platform",
            frozenset(numbers_of(f"{name}, {transports} {ports}: {note}").split()),
        )
        for line in table.read_text(encoding="utf-8").splitlines()
        for ports, transports, kind, name, note, *_ in [line.split("\t")]
    )


# The known uses of the frozen package that have other ports now.
_CORRECTED_USES = frozenset({"mosh", "traceroute"})

# Its uses of more than 100 ports, to which advice objected: rresvport(), the NFS client, the RTP of
# Asterisk and of FreeSWITCH, traceroute.
_WIDE_USES = ("600-1023", "665-1023", "10000-20000", "16384-32768", "33434-33534")


def _uses_of_a_port(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    return set(old) & ({use.name for use in _known()} - _CORRECTED_USES) <= set(new)


def _uses(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    # One row more moves the others.
    return question[0] == "uses" or "uses" in path.split("/")


@cache
def _narrow(transports: tuple[str, ...]) -> frozenset[int]:
    """Return the ports of uses of at most 100 ports."""
    narrow = (use for use in _known() if use.is_narrow and use.transports & set(transports))
    return frozenset[int]().union(*(use.ports for use in narrow))


def _known_use_decides(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    """Whether a port has a known use, and the answer is another one than the opposite."""
    place, _, field = path.partition("/")
    if question[0] == "judge":
        pair, transport = question[1][int(place)], question[3]
    elif field or not isinstance(new, int):
        # An error.
        return False
    else:
        pair, transport = _flows(question[2], question[5])[int(place)], question[4]
    known = _narrow((transport,) if transport else ("tcp", "udp")).intersection(pair)
    if field == "2":
        return bool(known) and {old, new} <= {"undecided", "named", "known-use"}
    # If both have one, neither decides, although one had a use in the frozen package.
    return (bool(known) and old in (None, 0)) or (len(known) == 2 and new in (None, 0))


@lru_cache(maxsize=4)
def _flows(length: int, seed: int) -> list[tuple[int, int]]:
    """Return the flows of a question, as ``old.py`` makes them."""
    rng = Random(seed)
    first = [rng.choice((443, 53, rng.randrange(65536))) for _ in range(length)]
    second = [rng.choice((51514, 80, rng.randrange(65536))) for _ in range(length)]
    return list(zip(first, second, strict=True))


def _likely(transports: tuple[str, ...] | None) -> list[_Use]:
    """Return the uses to which advice objects."""
    asked = set(transports or ("tcp",))
    return [use for use in _known() if use.is_narrow or use.is_platform if use.transports & asked]


def _known_uses_in_advice(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    if question[0] == "listen_ports":
        if not (isinstance(old, str) and isinstance(new, str)):
            return False
        before, now = _ports(old), _ports(new)
        likely = frozenset[int]().union(*(use.ports for use in _likely(question[2])))
        return before - now <= likely and now - before <= _ports(",".join(_WIDE_USES))
    _, first, _, step, _, transports = question
    place, _, field = path.partition("/")
    port = first + int(place) * step
    if field:
        # Another use at this place. The numbers are all that is left of a sentence.
        of_uses = [use.numbers for use in _known() if port in use.ports]
        of_uses += [frozenset(use.split("-")) for use in _WIDE_USES]
        numbers = {*str(old).split(), *str(new).split()}
        return field.endswith("/sentence") and numbers <= {str(port)}.union(*of_uses)
    if old[:1] == ("error",):
        return False
    expected = sum(port in use.ports for use in _likely(transports))
    others, found = zip(*map(_findings, (old, new)), strict=True)
    return others[0] == others[1] and found[1] == expected


def _known_uses_in_commands(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    words = question[1][int(path.partition("/")[0])]
    if words[0] != "suggest":
        return False
    if path.count("/") == 1 and path.endswith("/0"):
        # The exit status: there is an objection now, and there was none.
        asked = {int(word) for word in words if word.isdecimal()}
        return (old, new) == (0, 1) and not asked.isdisjoint(_narrow(("tcp", "udp")))
    if path.endswith("/findings"):
        return _findings(old)[0] == _findings(new)[0]
    if "--json" not in words:
        # All that is left of the text are its numbers, which are not a set of ports any more.
        return str(old).startswith("numbers") and str(new).startswith("numbers")
    if "--for" in words:
        # The name orders all ports now, so that it keeps its ports when the table grows.
        return isinstance(old, int) and isinstance(new, int)
    if "--all" not in words:
        return False
    transports = tuple(word for word in words if word in ("tcp", "udp", "sctp", "dccp"))
    return _known_uses_in_advice(("listen_ports", None, transports), path, old, new)


def _findings(answer: Any) -> tuple[list[dict[str, Any]], int]:
    """Return the findings without known uses and sources, and the number of known uses."""
    findings = [dict(each) for each in answer]
    others = [each for each in findings if each["id"] != "known-use"]
    for each in others:
        del each["source"]
    return others, len(findings) - len(others)


_OPENED = (
    *("linux", "linux-connect", "linux-connect-range", "linux-bind", "linux-bind-reuse"),
    *("linux-udp", "linux-2.6.24-connect", "linux-2.6.24-bind", "bsd-sequential"),
    *("bsd-4.3", "freebsd-2", "dragonfly", "linux-2.2"),
)


def _facts_of_commands(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    """Whether it is about a fact that a page or a table of systems shows."""
    words = question[1][int(path.partition("/")[0])]
    if words[0] == "ephemeral" or not _CORRECTED.isdisjoint(words):
        return True
    if words[0] in ("suggest", "audit") and path.endswith("/source"):
        return True
    # glibc's rresvport() is a known use of 512 to 1023.
    if words[0] == "suggest" and any(
        each.isdecimal() and 512 <= int(each) <= 1023 for each in words
    ):
        return True
    # A page: portranges 60454, portranges http.
    is_page = words[0][:1].isdigit() or words[0] in ("http", "https", "domain", "nfs", "sql")
    return is_page and (isinstance(old, str) or path.endswith("/bind_rules"))


def _without_wsk(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    return (old, new) in {("windows-wsk", "windows-xp"), ("windows-xp", "no answer")}


_NF_NAT = ("nf-nat", "nf-nat-below-1024", "nf-nat-below-512")
_VENDORS = ("aws-nat-gateway", "azure-load-balancer", "azure-nat-gateway", "gcp-cloud-nat")


def _translators(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    if question[1] in _NF_NAT:
        return question[0] == "methods" or new > old
    return question[1] in _VENDORS and question[2:4] != (None, None) and old > new


def _capacity_command(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    words = question[1][int(path.partition("/")[0])]
    if words[0] != "capacity":
        return False
    if isinstance(new, tuple):
        added = {("clients", None), ("ports_per_client", None)}
        if old == tuple(each for each in new if each not in added):
            return True
    # A translator with its own ports; a system with a port space for each family.
    return bool({*words} & {*_NF_NAT, *_VENDORS, "macos", "ios", "netbsd", "lwip", "freertos"})


def _no_range_to_exclude_from(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    words = question[1][int(path.partition("/")[0])]
    return words[0] == "capacity" and old == ("error", "TypeError") and new[0] == 2


def _lines_and_names(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    if question[0] == "dialect":
        return question[1] == "portranges" and path.endswith("/names")
    if question[0] == "round_trip":
        # The question has no text: some of the mutated ones have a line break.
        return question[1] == "portranges"
    if question[0] == "parse":
        text = question[2][int(path.partition("/")[0])]
        return question[1] == "portranges" and ("\n" in text or question[4])
    return "\n" in question[1][int(path.partition("/")[0])]


def _nothing_drawn(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    return question[1] < 2 and (repr(old), repr(new)) == ("-0.0", "0.0")


def _self_connect(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    return new == ("error", "InvalidValueError") and old[:2] == ("error", "UnknownNameError")


def _unreadable_words(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    words = question[1][int(path.partition("/")[0])]
    return words[0] in ("masks", "sql", "suggest", "audit") and (old, new) == (1, 2)


def _source_of_a_form(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    return "/sources/" in path and (old, new) == ("IpPermission", "IpPermission, SecurityGroupRule")


def _gcp_all(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    entries = _entries_asked(question, path) if question[1] == "gcp" else []
    return new == ("error", "InvalidRangeError") and any(
        entry.get("IPProtocol") == "all" and "ports" in entry for entry in entries
    )


def _not_for_internet(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    if question[0] == "commands":
        if question[1][int(path.partition("/")[0])][0] != "audit":
            return False
        if isinstance(old, int):
            return (old, new) == (0, 1)
        if isinstance(old, str) and isinstance(new, str):
            return {*old.split()} <= {*new.split()}
    ids = {("id", "not-for-internet"), ("id", "among-replies")}
    if question[0] == "advice_rows":
        return old == "no answer" and not ids.isdisjoint(new)
    if not isinstance(old, tuple) or not isinstance(new, tuple):
        return False
    before, now = (
        [
            [field for field in each if field[:1] != ("source",)]
            for each in answer
            if isinstance(each, tuple) and ids.isdisjoint(each)
        ]
        for answer in (old, new)
    )
    return len(old) < len(new) and len(now) < len(new) and before == now


def _reserved_word(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    return question[1] == "select" and "InvalidValueError" in (new, new[1] if len(new) > 1 else "")


def _criteria(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    # The new criteria are the second one and the seventh; the others moved.
    return int(path.partition("/")[0]) > 0


# The keys of which an entry of a data form must have one.
_REQUIRED = {
    "aws": ("IpProtocol",),
    "aws_nacl": ("Protocol",),
    "azure": ("destinationPortRange", "destinationPortRanges"),
    "gcp": ("IPProtocol",),
    "kubernetes": ("protocol", "port"),
    "cilium": ("ports",),
    "openstack": ("protocol", "direction"),
}


def _entries_asked(question: tuple[Any, ...], path: str) -> list[dict[str, Any]]:
    entries = question[3][int(path.partition("/")[0])]
    if not isinstance(entries, tuple):
        return []
    marked = entries[1:] if entries[:1] == ("[]",) else (entries,)
    return [dict(entry[1:]) for entry in marked if isinstance(entry, tuple)]


def _key_missing(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    required = _REQUIRED[question[1]]
    lacking = any(
        not any(key in entry for key in required) for entry in _entries_asked(question, path)
    )
    return lacking and "InvalidRangeError" in (new, new[1] if isinstance(new, tuple) else "")


def _null_key(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    return "None" in repr(_entries_asked(question, path))


def _new_form(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    return old == "no answer" and ("name", "digitalocean") in new


def _not_selected(question: tuple[Any, ...], path: str, old: Any, new: Any) -> bool:
    # The old answer is the error of the entry, the new one is of the other entries.
    was_refused = isinstance(old, tuple) and old[0] == "error"
    return question[2] is not None and (
        was_refused or path.endswith(("/error", "/span/0", "/span/1"))
    )


DIFFERENCES: tuple[Difference, ...] = (
    Difference(
        name="command line: --excluded without a range",
        reason="it was a traceback",
        asked="commands",
        applies=_no_range_to_exclude_from,
    ),
    Difference(
        name="audit: services that are not for the internet",
        reason="a finding of its own, which did not exist",
        asked="audit advice_rows commands",
        applies=_not_for_internet,
    ),
    Difference(
        name="SQL: reserved words",
        reason="as the message says, a reserved word requires quotes",
        asked="sql_case",
        applies=_reserved_word,
    ),
    Difference(
        name="flows: fixed roles and known uses",
        reason="a criterion for protocols that fix both ports, which were undecided, and one for "
        "known uses, which were part of another",
        asked="criteria",
        applies=_criteria,
    ),
    Difference(
        name="data forms: a required key is missing",
        reason="an entry without any key that the reader knows was read as every port, or refused "
        "for the type of the missing value",
        asked="from_data",
        applies=_key_missing,
    ),
    Difference(
        name="data forms: ports of every protocol of Google Cloud",
        reason="ports beside the protocol 'all' were passed over, and every port returned",
        asked="from_data",
        applies=_gcp_all,
    ),
    Difference(
        name="data forms: ports of another transport",
        reason="an entry of a transport that was not selected is passed over, readable or not",
        asked="from_data",
        applies=_not_selected,
    ),
    Difference(
        name="data forms: a null value",
        reason="a key whose value is null is read as if it were absent",
        asked="from_data",
        applies=_null_key,
    ),
    Difference(
        name="data forms: DigitalOcean",
        reason="the rules of its firewalls are another form",
        asked="data_forms",
        applies=_new_form,
    ),
    Difference(
        name="ephemeral: releases and variants are systems of their own",
        reason="FreeBSD 13 and 14, Windows Server 2003, illumos have names in "
        "portranges.systems; the row of another system that holds for them finds them as well",
        asked="profile",
        applies=_systems_of_their_own,
    ),
    Difference(
        name="ephemeral: corrected values",
        reason="the sources were opened again; what changed is in the changelog",
        asked="profile privileged",
        applies=_corrected_rows,
    ),
    Difference(
        name="report: corrected systems",
        reason="more systems have a rule of who may bind, and sources were opened again",
        asked="explain methods why_not listen_ports audit",
        applies=_corrected_in_reports,
    ),
    Difference(
        name="capacity: TIME_WAIT",
        reason="it was wrong, or unknown although the sources of the rows have it",
        asked="rate",
        applies=_known_time_wait,
    ),
    Difference(
        name="settings: DragonFly and gVisor",
        reason="their rows have the boundary and the length of TIME_WAIT, which were missing",
        asked="read_settings",
        applies=lambda question, path, old, new: (
            question[1].startswith("dragonfly") or path.endswith("/time_wait") or old == "gvisor"
        ),
    ),
    Difference(
        name="advice and report: sections of RFC 6335",
        reason="what the ranges are for is in section 8.1.2",
        asked="explain advice_rows",
        applies=lambda question, path, old, new: "8.1.2" in str(new),
    ),
    Difference(
        name="settings: step width of Linux 7.1",
        reason="it is one setting more",
        asked="read_settings",
        applies=lambda question, path, old, new: path.endswith("/readings"),
    ),
    Difference(
        name="reuse: TIME_WAIT of Windows XP and Server 2003",
        reason="it is 120 s, not 240 s",
        asked="run automatic_run",
        applies=lambda question, path, old, new: (
            question[1] in ("windows-xp", "windows-2003") and "'advance'" in repr(question[-1])
        ),
    ),
    Difference(
        name="selection: RFC 6056 was read",
        reason="its algorithms were from memory",
        asked="algorithm",
        applies=lambda question, path, old, new: question[1].startswith("rfc6056"),
    ),
    Difference(
        name="advice: corrected systems",
        reason="sentences contain the titles of systems, of which some are rows of their own now",
        asked="audit",
        applies=_corrected_in_findings,
    ),
    Difference(
        name="ephemeral: sources and notes",
        reason="rows cite the documents that were opened again, and notes say what these say",
        asked="profile",
        applies=_texts_of_rows,
    ),
    Difference(
        name="ephemeral: more rows",
        reason="Windows 2000 has a row of its own, because its TIME_WAIT is longer",
        asked="profile_names aliases allocated_by",
        applies=_more_rows,
    ),
    Difference(
        name="ephemeral: systems that were not known",
        reason="more network stacks and translators have a row, and pages show them",
        asked="allocated_by explain commands",
        applies=_new_systems,
    ),
    Difference(
        name="uses: corrected ports",
        reason="mosh takes 60001-60999 and rresvport() of glibc 512-1023, as their sources say; "
        "there are more uses",
        asked="uses explain commands",
        applies=_uses,
    ),
    Difference(
        name="uses: more rows",
        reason="the table has more programs; those that the frozen package knows are still there",
        asked="uses_of",
        applies=_uses_of_a_port,
    ),
    Difference(
        name="flows: known uses",
        reason="the registry decides first; a known use, of which there are more, decides after it",
        asked="judge sides",
        applies=_known_use_decides,
    ),
    Difference(
        name="advice: known uses",
        reason="there are more, and one of more than 100 ports is an objection only if it is a "
        "platform's",
        asked="why_not listen_ports",
        applies=_known_uses_in_advice,
    ),
    Difference(
        name="command line: advice and known uses",
        reason="as for advice; with other ports to choose from, a name gets another one",
        asked="commands",
        applies=_known_uses_in_commands,
    ),
    Difference(
        name="command line: corrected facts",
        reason="pages and tables show the corrected rows",
        asked="commands",
        applies=_facts_of_commands,
    ),
    Difference(
        name="reuse: no sockets of the Windows kernel",
        reason="only drivers have them, so windows-wsk is no longer a system",
        asked="reuse_systems",
        applies=_without_wsk,
    ),
    Difference(
        name="older kernels: confidence",
        reason="the rows of the older kernels were from memory and are read in the source now",
        asked="run automatic_run",
        applies=_older_kernels,
    ),
    Difference(
        name="older kernels: IP_LOCAL_PORT_RANGE in 6.1",
        reason="the option came with 6.3 and was backported to 6.1.32, which the row did not know",
        asked="run",
        applies=_option_of_6_1,
    ),
    Difference(
        name="systems without a fixed range",
        reason="a system that is known but has no fixed range is a wrong value, no unknown name",
        asked="profile_ports judge sides audit why_not listen_ports return_traffic concurrent rate "
        "self_connect",
        applies=_without_a_range,
    ),
    Difference(
        name="Windows XP: the order of automatic ports",
        reason="one counter for TCP and UDP counts up, as selection and the row of ephemeral "
        "had it; PortTable chose at random",
        asked="automatic_run order",
        applies=_windows_xp,
    ),
    Difference(
        name="Windows: dual-stack sockets",
        reason="0.0.0.0 is a specific address beside a dual-stack ::, as Wine's tests found on "
        "Windows; before Vista there are no dual-stack sockets",
        asked="rules can_bind portability run automatic_run",
        applies=_windows_dual_stack,
    ),
    Difference(
        name="macOS: automatic ports of IPv6, connections to itself",
        reason="in6_pcbsetport() compares IPv6 sockets only, and with a reuse option those at "
        "exactly the address; only tcp_connect() refuses a connection to itself",
        asked="rules run automatic_run",
        applies=_macos_ipv6,
    ),
    Difference(
        name="macOS: SO_REUSEPORT at a multicast address",
        reason="if the new socket has no SO_REUSEADDR, the holder must have SO_REUSEPORT",
        asked="can_bind portability",
        applies=_macos_multicast,
    ),
    Difference(
        name="reuse: addresses that cannot be an end of a socket",
        reason="multicast and broadcast addresses, and connect() to another family on macOS; not "
        "asked any more: the wildcard as a peer, 127.0.0.2 where a new machine does not have it",
        asked="rules can_bind portability run automatic_run",
        applies=_no_ends,
    ),
    Difference(
        name="Windows: exhaustion; port 0 as a peer",
        reason="connect() has two errors if no port is left, which reports distinguish; port 0 "
        "is refused by a rule, except on Linux; disconnect() is new",
        asked="rules run automatic_run",
        applies=_windows_exhausted,
    ),
    Difference(
        name="reuse: calls in a wrong state were read",
        reason="their rules were from memory and cite sources and documents now",
        asked="rules can_bind portability run automatic_run commands",
        applies=_calls_read,
    ),
    Difference(
        name="NetBSD: a counter for each family",
        reason="IPv4 and IPv6 count down apart, as the row of ephemeral says; PortTable had one "
        "counter for both",
        asked="automatic_run",
        applies=_netbsd_families,
    ),
    Difference(
        name="reuse: calls in a wrong state were corrected",
        reason="the order of the tests of connect(), the errors after a refused connection, what "
        "accept() inherits and when options have an effect follow the sources that were read",
        asked="run automatic_run",
        applies=_calls_corrected,
    ),
    Difference(
        name="dialects: the evidence of the own notation",
        reason="it was a word of its own; the notation is defined by the source of this package",
        asked="dialect",
        applies=_own_dialect,
    ),
    Difference(
        name="dialects: lists of more programs",
        reason="the lists of ports of CSF, Fail2Ban, OPNsense and OpenWrt are dialects now",
        asked="dialect_names",
        applies=_lists_of_more_programs,
    ),
    Difference(
        name="dialects: the place of a fault in a mapping of docker",
        reason="the text is read as a mapping, from the right, and a fault in a part of it is "
        "reported there; a port alone is a text without the host's port, not an open range",
        asked="dialect parse round_trip odd_texts",
        applies=_place_in_a_mapping,
    ),
    Difference(
        name="dialects: limits of the tools",
        reason="HAProxy, squid, Suricata, nmap and the Windows firewall have limits, so that a set "
        "may need several texts, which were refused or not written",
        asked="dialect parse round_trip",
        applies=_limits_of_tools,
    ),
    Difference(
        name="dialects: notes and sources",
        reason="rows have more notes, and a source for each",
        asked="dialect",
        applies=_notes_of_dialects,
    ),
    Difference(
        name="dialects: texts of the tools' manuals",
        reason="the tools accept them, and they were refused without a documented reason; with "
        "grammars of their own, faults are reported in the part that has them",
        asked="dialect parse round_trip odd_texts",
        applies=_more_is_read,
    ),
    Difference(
        name="registry: descriptions",
        reason="the shipped rows had none; rows with different ones are not joined",
        asked="cells lookup_all own_services explain commands",
        applies=_described,
    ),
    Difference(
        name="numbers: integers of any width",
        reason="integers of another width than 16 bits were refused",
        asked="many",
        applies=lambda question, path, old, new: question[1] in ("array I", "array q"),
    ),
    Difference(
        name="report: text on many connections",
        reason="the remark says the same without the bounds of a port number",
        asked="explain commands",
        applies=_many_connections,
    ),
    Difference(
        name="report: a port that is not listed for the transport",
        reason="the remark that it is not assigned to any service is left out, because another "
        "transport may have it",
        asked="explain commands",
        applies=_not_listed,
    ),
    Difference(
        name="report: more remarks and commands",
        reason="a report says what HTTP/3 means for a port, when a client connects to itself and "
        "which ports Windows excludes",
        asked="explain commands",
        applies=_more_in_reports,
    ),
    Difference(
        name="report: remarks on a listener",
        reason="the last remark depends on whether the port is reserved or misnamed, a privileged "
        "port has one more, and port 0 has one",
        asked="explain commands",
        applies=lambda question, path, old, new: (
            path.endswith("judgement") and {*old[:-1]} <= {*new}
        ),
    ),
    Difference(
        name="command line: addresses as tools print them",
        reason="reuse accepts the endpoints that ss, netstat, lsof and Go print, such as *:8080 "
        "and ::1:80",
        asked="commands",
        applies=_printed_address,
    ),
    Difference(
        name="command line: words that cannot be read",
        reason="an unknown service name in these commands is a usage error, not the answer no",
        asked="commands",
        applies=_unreadable_words,
    ),
    Difference(
        name="numbers: a position outside a set",
        reason="the error is an IndexError of the library, with the size of the set",
        asked="sets",
        applies=lambda question, path, old, new: (
            old == ("error", "IndexError") and new[:2] == ("error", "InvalidPositionError")
        ),
    ),
    Difference(
        name="the neutral notation: lines and names",
        reason="it accepts one port per line, and the names of services",
        asked="parse_sets parse round_trip dialect",
        applies=_lines_and_names,
    ),
    Difference(
        name="capacity: fewer than two draws",
        reason="the probability of a collision was minus zero",
        asked="collisions",
        applies=_nothing_drawn,
    ),
    Difference(
        name="capacity: systems that may connect to themselves",
        reason="the system is known, and only this is not known about it",
        asked="self_connect",
        applies=_self_connect,
    ),
    Difference(
        name="command line: capacity",
        reason="JSON has the two numbers for a translator's clients; the rest as for capacity",
        asked="commands",
        applies=_capacity_command,
    ),
    Difference(
        name="data forms: a second class of Amazon's reference",
        reason="the reader accepts the keys of SecurityGroupRule as well, and names both",
        asked="data_forms",
        applies=_source_of_a_form,
    ),
    Difference(
        name="capacity: translators",
        reason="a translator with another range has the ports of that range, not its vendor's "
        "number; netfilter uses a port for each destination, which was unknown",
        asked="concurrent rate methods",
        applies=_translators,
    ),
    Difference(
        name="advice: more kinds of finding",
        reason="privileged, used and excluded ports of one machine are findings, between the "
        "others",
        asked="advice_rows",
        applies=lambda question, path, old, new: path.split("/")[0] not in {*"012345"},
    ),
    Difference(
        name="selection: sources with a commit",
        reason="FreeRTOS was from memory; FreeRTOS, Linux and 4.3BSD cite what was read",
        asked="algorithm",
        applies=lambda question, path, old, new: (
            question[1] in {"freertos", *_OPENED} and path.split("/")[1:2] == ["source"]
        ),
    ),
    Difference(
        name="capacity: another source address",
        reason="macOS, NetBSD, lwIP and FreeRTOS choose a port that no socket of the family "
        "holds, or none at all; it was unknown whether another source address helps",
        asked="concurrent rate methods",
        applies=lambda question, path, old, new: (
            question[1] in {"macos", "ios", "netbsd", "lwip", "lwip-udp", "freertos"}
            and (question[0] == "methods" or old > new)
        ),
    ),
    Difference(
        name="ephemeral: netsh interface in full",
        reason="the commands of Windows name the context 'interface', which 'int' abbreviates",
        asked="profile",
        applies=lambda question, path, old, new: (
            new == old.replace("netsh int ", "netsh interface ")
        ),
    ),
)
