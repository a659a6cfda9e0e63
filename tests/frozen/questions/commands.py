"""Command lines: exit status, JSON, and the numbers in a text."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from frozen.plan import Question, area
from frozen.questions.names import DIALECTS, METHODS, PROFILES, mutated, port, range_text, set_text

_SERVICES = ("http", "https", "domain", "domian", "nfs", "zzz", "sql")
_SOCKETS = (
    "0.0.0.0:80",
    "127.0.0.1:8080",
    "[::]:8080",
    "*:8080",
    "8080",
    "[::1]:80",
    "x:80",
    ":80",
)


def _ports(rng: Random) -> str:
    return set_text(rng, empty=0)[:100].rstrip(",-") if rng.random() < 0.5 else range_text(rng)


def _system(rng: Random) -> str:
    return rng.choice(PROFILES) if rng.random() < 0.95 else "linus"


def _explain(rng: Random) -> list[str]:
    words = [rng.choice((str(port(rng)), str(port(rng)), rng.choice(_SERVICES)))]
    if rng.random() < 0.3:
        words.append(rng.choice((str(port(rng)), "80-82", "x", "70000")))
    if rng.random() < 0.3:
        words += ["--transport", rng.choice(("tcp", "udp", "sctp", "icmp"))]
    words += rng.choice(([], ["--sources"], ["--table"], ["--json"], ["--json"]))
    return words


def _ephemeral(rng: Random) -> list[str]:
    return ["ephemeral", *(_system(rng) for _ in range(rng.randrange(3)))]


def _convert(rng: Random) -> list[str]:
    words = ["convert", _ports(rng), "--to", rng.choice((*DIALECTS, "ntf"))]
    if rng.random() < 0.2:
        words += ["--transport", rng.choice(("tcp", "udp", "sctp"))]
    if rng.random() < 0.2:
        words.append("--negated")
    return words


def _reuse(rng: Random) -> list[str]:
    words = ["reuse", rng.choice(_SOCKETS), rng.choice(_SOCKETS)]
    for flag in ("--udp", "--listening", "--reuse-address", "--new-reuse-address", "--reuse-port"):
        if rng.random() < 0.2:
            words.append(flag)
    return words


def _audit(rng: Random) -> list[str]:
    words = ["audit", *(_ports(rng) for _ in range(rng.randint(1, 3)))]
    if rng.random() < 0.5:
        words += ["--system", _system(rng)]
    return words


def _suggest(rng: Random) -> list[str]:
    words = ["suggest"]
    # A suggestion without a name is random.
    way = rng.random()
    if way < 0.6:
        words += [str(port(rng)) for _ in range(rng.randint(1, 3))]
    elif way < 0.8:
        words += ["--for", rng.choice(("billing", "x")), "--count", str(rng.randint(0, 9))]
    else:
        words.append("--all")
    if rng.random() < 0.3:
        words += ["--system", _system(rng)]
    return words


def _masks(rng: Random) -> list[str]:
    words = ["masks", _ports(rng)]
    if rng.random() < 0.3:
        words.append("--ternary")
    if rng.random() < 0.3:
        words += ["--form", rng.choice(("hex", "bits", "decimal", "x"))]
    return words


def _sql(rng: Random) -> list[str]:
    words = ["sql", rng.choice(("dport", "t.dport", "dst port", "user"))]
    if rng.random() < 0.4:
        words.append(_ports(rng))
    if rng.random() < 0.3:
        words += ["--label", f"web={_ports(rng)}"]
    if rng.random() < 0.3:
        words += ["--system", _system(rng)]
    return words


def _capacity(rng: Random) -> list[str]:
    words = ["capacity", "--system", _system(rng)]
    if rng.random() < 0.3:
        words += ["--ports", range_text(rng)]
    if rng.random() < 0.2:
        words += ["--excluded", range_text(rng)]
    if rng.random() < 0.4:
        words += ["--method", rng.choice(METHODS)]
    if rng.random() < 0.4:
        words += ["--destinations", str(rng.randint(0, 30))]
    if rng.random() < 0.3:
        words += ["--sources", str(rng.randint(0, 5))]
    if rng.random() < 0.5:
        words += ["--rate", rng.choice(("1", "500", "471.5", "-1"))]
    if rng.random() < 0.2:
        words += ["--time-wait", rng.choice(("30", "0", "240.5"))]
    return words


_MAKERS = (_explain, _ephemeral, _convert, _reuse, _audit, _suggest, _masks, _sql, _capacity)


@area("command lines", 60)
def commands(chunk: int, rng: Random) -> Iterator[Question]:
    """Run commands; none reads this machine."""
    asked = []
    for make in _MAKERS:
        for _ in range(3):
            words = make(rng)
            if rng.random() < 0.4 and "--json" not in words:
                words.append("--json")
            if rng.random() < 0.05:
                words.append(mutated(rng, rng.choice(words)))
            asked.append(tuple(words))
    if chunk == 0:
        asked += [(), ("--version",), ("--help",), ("nothing",), ("explain",), ("convert", "80")]
    yield "commands", tuple(asked)
