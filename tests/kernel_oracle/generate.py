"""Makes the scripts: every ordered pair, random triples, random sequences."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from kernel_oracle.steps import Step, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

# Address, inet6, v6only. A specific IPv6 address makes its socket v6only.
PLACES = (
    ("0.0.0.0", False, False),
    ("127.0.0.1", False, False),
    ("127.0.0.2", False, False),
    ("::", True, False),
    ("::", True, True),
    ("::1", True, False),
    ("::ffff:127.0.0.1", True, False),
)
RARE_PLACES = (
    ("127.0.0.6", False, False),
    ("::1", True, True),
    ("::ffff:0.0.0.0", True, False),
    ("::ffff:127.0.0.1", True, True),
)
TCP_STATES = (
    "bound",
    "listening",
    "connected",
    "connected-mapped",
    "child",
    "child-mapped",
    "automatic",
    "time-wait",
    "time-wait-mapped",
    "time-wait-server",
    "fin-wait-2",
)
LINGERING = frozenset({"time-wait", "time-wait-mapped", "time-wait-server", "fin-wait-2"})
UDP_STATES = ("bound", "connected", "connected-mapped", "automatic")


def configurations(places: tuple[tuple[str, bool, bool], ...]) -> Iterator[Step]:
    """Yield a bind() step for each place, options, owner and device; slot 0."""
    for (addr, v6, v6only), r, rp, uid, dev in product(
        places, (False, True), (False, True), (0, 1000), (False, True)
    ):
        yield Step("b", addr=addr, v6=v6, v6only=v6only, r=r, rp=rp, uid=uid, dev=dev)


def opened(slot: int, config: Step, *, tcp: bool) -> Step:
    """Return the step that opens *config* as *slot*."""
    return replace(config, op="o", slot=slot, tcp=tcp, addr="")


def at(slot: int, config: Step, op: str = "b") -> Step:
    """Return the step that binds *slot* where *config* says."""
    return Step(op, slot, addr=config.addr)


def loopback(config: Step, *, mapped: bool = False) -> str:
    """Return the peer's address that suits *config*."""
    if not config.v6:
        return "127.0.0.1"
    return "::ffff:127.0.0.1" if mapped or config.addr.startswith("::ffff") else "::1"


def dialled(config: Step, *, mapped: bool = False) -> str:
    """Return the address that a client dials to reach a listener at *config*."""
    addr = config.addr.removeprefix("::ffff:")
    if addr == "::":
        return "127.0.0.1" if mapped else "::1"
    return "127.0.0.1" if addr == "0.0.0.0" else addr


def existing(config: Step, state: str, *, tcp: bool) -> list[Step] | None:
    """Return the steps that bring slot 0 to *state*; None where it makes no sense."""
    mapped = state.endswith("-mapped")
    if mapped and (config.addr != "::" or config.v6only):
        return None
    first = [opened(0, config, tcp=tcp), at(0, config)]
    connect = Step("c", 0, addr=loopback(config, mapped=mapped), peer="A")
    match state.removesuffix("-mapped"):
        case "bound":
            return first
        case "listening":
            return [*first, Step("l", 0)]
        case "connected":
            return [*first, connect]
        case "automatic":
            # Its address is the route's, so the wildcards represent all.
            if config.addr not in ("0.0.0.0", "::"):
                return None
            return [first[0], connect]
        case "child" | "time-wait-server":
            dial = Step("a", 1, addr=dialled(config, mapped=mapped), uid=0)
            steps = [*first, Step("l", 0), dial, Step("x", 0, how="r")]
            return steps if state.startswith("child") else [*steps, Step("x", 1, how="f")]
        case "time-wait":
            return [*first, connect, Step("x", 0, how="f")]
        case _:
            return [*first, connect, Step("x", 0, how="u")]


def questions(config: Step, *, tcp: bool, short: bool = False) -> list[Step]:
    """Return what a new socket of *config* asks, in turn: bind, listen, automatic ports."""
    end = Step("x", 5, how="r")
    steps = [opened(5, config, tcp=tcp), at(5, config)]
    if tcp:
        steps.append(Step("l", 5))
    if short:
        return steps
    steps += [end, opened(5, config, tcp=tcp), at(5, config, "z"), end]
    steps += [
        opened(5, config, tcp=tcp),
        Step("c", 5, addr=loopback(config), peer="A"),
        end,
    ]
    if tcp:
        steps += [opened(5, config, tcp=tcp), Step("l", 5), end]
    return steps


def pairs(rng: Random, *, tcp: bool, share: float) -> Iterator[list[Step]]:
    """Yield every ordered pair; of those that linger, and of rare places, a *share*.

    From a share of 4 on nothing is left out.
    """
    common = list(configurations(PLACES))
    rare = list(configurations(RARE_PLACES))
    marked = [(config, False) for config in common] + [(config, True) for config in rare]
    asked = [
        (
            is_rare,
            questions(config, tcp=tcp),
            # Automatic ports are the slow questions, so only a share is included.
            questions(config, tcp=tcp, short=True),
        )
        for config, is_rare in marked
    ]
    for state in TCP_STATES if tcp else UDP_STATES:
        for old, old_is_rare in marked:
            steps = existing(old, state, tcp=tcp)
            if steps is None:
                continue
            for new_is_rare, every_question, short in asked:
                sampled = state in LINGERING or old_is_rare or new_is_rare
                if sampled and rng.random() >= (share / 4 if state == "fin-wait-2" else share):
                    continue
                yield [*steps, *(short if rng.random() >= 6 * share else every_question)]


def tuples() -> Iterator[list[Step]]:
    """Yield two connections of one port: options, devices, addresses, destinations."""
    kinds = [
        Step("b", addr=addr, v6=":" in addr, v6only=v6only, r=r, rp=rp, dev=dev)
        for addr, v6only in (
            ("0.0.0.0", False),
            ("127.0.0.1", False),
            ("::", False),
            ("::", True),
            ("::1", False),
            ("::ffff:127.0.0.1", False),
        )
        for r, rp, dev in product((False, True), repeat=3)
    ]
    for old, new in product(kinds, kinds):
        mappings = (False, True) if new.addr == "::" and not new.v6only else (False,)
        for peer, mapped, bound in product("AB", mappings, (False, True)):
            steps = [opened(0, old, tcp=True)]
            if bound:
                steps.append(at(0, old))
            yield [
                *steps,
                Step("c", 0, addr=loopback(old, mapped=mapped), peer="A"),
                opened(1, new, tcp=True),
                at(1, new),
                Step("c", 1, addr=loopback(new, mapped=mapped), peer=peer),
            ]


# How a socket is bound to an IPv6 address and has no port, and what it does with
# IPV6_V6ONLY cleared: random sequences get there once in ten thousand.
_PORTLESS = ("s0N1 z0@::1", "z0@::1 c0@::1/X", "b0@::1 c0@::1/X")
_CLEARED = (
    "l0",
    "c0@::1/A",
    "c0@::1/A x0f",
    "c0@::ffff:127.0.0.1/A",
    "c0@::ffff:127.0.0.1/A x0f",
    "c0@::ffff:127.0.0.1/X",
    "c0@::ffff:127.0.0.1/X l0",
    "b0@::1",
    "b0@::ffff:127.0.0.1",
)


def cleared() -> Iterator[list[Step]]:
    """Yield a socket at ``::1`` that becomes dual-stack there, beside one before or after it."""
    first = [Step("o", v6=True, r=r, rp=rp) for r, rp in product((False, True), repeat=2)]
    others = [c for c in configurations((*PLACES, *RARE_PLACES)) if not c.uid and not c.dev]
    for way, doing, opens, other in product(_PORTLESS, _CLEARED, first, others):
        beside = [opened(1, other, tcp=True), at(1, other)]
        before = [opens, *map(parse, way.split()), parse("s0V0")]
        after = list(map(parse, doing.split()))
        yield [*before, *after, *beside]
        yield [*before, *beside, *after]


# A bind() that leaves no port, or one that a refused connect() takes away.
_FIRST = ("s0N1 z0@{}", "z0@{} c0@{peer}/X")


def bound_twice() -> Iterator[list[Step]]:
    """Yield a socket that bind()s, loses the port, bind()s elsewhere and connects, and others.

    The first address stays locked; random sequences get there once in ten thousand.
    """
    for v6, first, op in product((False, True), _FIRST, "bz"):
        places = ["0.0.0.0", "127.0.0.1", "127.0.0.2"]
        peers = ["127.0.0.1"]
        if v6:
            places = ["::", "::1", "::ffff:127.0.0.1", "::ffff:127.0.0.2"]
            peers = ["::1", "::ffff:127.0.0.1"]
        others = [place for place in (*PLACES, *RARE_PLACES) if not place[2]]
        for one, two, peer, last in product(places, places, peers, peers):
            words = f"{first.format(one, peer=peer)} {op}0@{two} c0@{peer}/X c0@{last}/A"
            steps = [Step("o", v6=v6), *map(parse, words.split())]
            for addr, other_v6, _ in others:
                beside = Step("o", 1, v6=other_v6)
                # Beside it before the last connect(), and after.
                yield [*steps[:-1], beside, Step("b", 1, addr=addr)]
                yield [*steps, beside, Step("b", 1, addr=addr)]


# What a socket does before connect() with AF_UNSPEC: {} is its own address, {peer} a peer.
_BEFORE = (
    "",
    "b0@{}",
    "z0@{}",
    "c0@{peer}/A",
    "b0@{} c0@{peer}/A",
    "z0@{} c0@{peer}/A",
    "s0N1 z0@{} c0@{peer}/A",
    "b0@{} c0@{peer}/X",
)
_BEFORE_TCP = ("b0@{} l0", "l0", "z0@{} l0", "s0N1 z0@{} l0")
_AFTER = ("", "b0@{}", "z0@{}", "c0@{peer}/A", "b0@{} c0@{peer}/B", "k0 c0@{peer}/A")


def disconnected(rng: Random, *, tcp: bool, share: float) -> Iterator[list[Step]]:
    """Yield a *share* of the sockets that dissolve a connection, with another beside them."""
    configs = list(configurations((*PLACES, *RARE_PLACES)))
    befores = (*_BEFORE, *_BEFORE_TCP) if tcp else _BEFORE
    for config, before, after in product(configs, befores, _AFTER):
        if rng.random() >= share:
            continue
        words = [
            text.format(config.addr, peer=loopback(config, mapped=rng.random() < 0.3))
            for text in (before, "k0", after)
        ]
        other = configs[int(rng.random() * len(configs))]
        if rng.random() < 0.5:
            other = replace(config, uid=other.uid, r=other.r, rp=other.rp)
        beside = [opened(1, other, tcp=tcp), at(1, other)]
        steps = [list(map(parse, text.split())) for text in words]
        # Beside it before the connection ends, after that, and at last.
        place = int(rng.random() * 3)
        steps.insert(place + 1, beside)
        yield [opened(0, config, tcp=tcp), *(step for part in steps for step in part)]


def _config(rng: Random, family: int | None) -> Step:
    if family is None:
        family = 6 if rng.random() < 0.5 else 4
    places = [
        place
        for place in (RARE_PLACES if rng.random() < 0.15 else PLACES)
        if place[1] is (family == 6)
    ]
    addr, v6, v6only = places[int(rng.random() * len(places))]
    return Step(
        "b",
        addr=addr,
        v6=v6,
        v6only=v6only,
        r=rng.random() < 0.65,
        rp=rng.random() < 0.6,
        uid=0 if rng.random() < 0.7 else 1000,
        dev=rng.random() < 0.15,
    )


def _family(rng: Random) -> int | None:
    x = rng.random()
    return 4 if x < 1 / 6 else 6 if x < 1 / 3 else None


def _setting(rng: Random, slot: int) -> Step:
    option = "RRPPVNU"[int(rng.random() * 7)]
    value = int(rng.random() < 0.5)
    return Step("s", slot, option=option, value=1000 * value if option == "U" else value)


def _connecting(rng: Random, slot: int, config: Step) -> Step:
    addr = loopback(config, mapped=rng.random() < 0.4)
    if rng.random() < 0.08 and config.v6:
        addr = "::1" if addr != "::1" else "::ffff:127.0.0.1"
    return Step("c", slot, addr=addr, peer="AABX"[int(rng.random() * 4)])


def triple(rng: Random, *, tcp: bool) -> list[Step]:
    """Return three sockets, each bound and perhaps more, and the questions of a fourth."""
    family = _family(rng)
    steps: list[Step] = []
    for slot in range(3):
        config = _config(rng, family)
        steps.append(opened(slot, config, tcp=tcp))
        x = rng.random()
        if x < 0.86:
            steps.append(at(slot, config))
        elif x < 0.9:
            steps.append(at(slot, config, "z"))
        if rng.random() < 0.15:
            steps.append(_setting(rng, slot))
        x = rng.random()
        if x < 0.3 and tcp:
            steps.append(Step("l", slot))
            if rng.random() < 0.2:
                steps.append(
                    Step(
                        "a",
                        10 + slot,
                        addr=dialled(config, mapped=rng.random() < 0.5),
                        uid=0 if rng.random() < 0.7 else 1000,
                    )
                )
        elif x < 0.5:
            steps.append(_connecting(rng, slot, config))
        if rng.random() < 0.12:
            steps.append(Step("x", slot, how="r"))
    return [*steps, *questions(_config(rng, family), tcp=tcp)]


def sequence(rng: Random, *, tcp: bool) -> list[Step]:
    """Return 10 to 30 random steps on one port."""
    family = _family(rng)
    crowd = not tcp and rng.random() < 0.3  # enough for the second chains
    steps: list[Step] = []
    configs: dict[int, Step] = {}
    for _ in range(10 + int(rng.random() * (41 if crowd else 21))):
        x = rng.random()
        if not configs or x < (0.6 if crowd else 0.35):
            slot = len(steps)
            config = _config(rng, family)
            if crowd:
                config = replace(
                    config,
                    r=rng.random() < 0.2,
                    rp=rng.random() < 0.9,
                    uid=0 if rng.random() < 0.85 else 1000,
                    dev=config.dev and config.uid != 0,
                )
            configs[slot] = config
            steps.append(opened(slot, config, tcp=tcp))
            if rng.random() < 0.1:
                steps.append(Step("s", slot, option="N", value=1))
            y = rng.random()
            if y < 0.75:
                steps.append(at(slot, config))
            elif y < 0.85:
                steps.append(at(slot, config, "z"))
            continue
        slot = list(configs)[int(rng.random() * len(configs))]
        config = configs[slot]
        if x < 0.5:
            steps.append(Step("l", slot) if tcp else _connecting(rng, slot, config))
        elif x < 0.68:
            steps.append(_connecting(rng, slot, config))
        elif x < 0.75:
            steps.append(_setting(rng, slot))
        elif x < 0.76:
            steps.append(Step("k", slot))
        elif x < 0.84 and tcp:
            child = len(steps)
            steps.append(
                Step(
                    "a",
                    child,
                    addr=dialled(config, mapped=rng.random() < 0.5),
                    uid=0 if rng.random() < 0.7 else 1000,
                )
            )
            configs[child] = config
        elif x < 0.88:
            steps.append(at(slot, config, "b" if rng.random() < 0.7 else "z"))
        else:
            y = rng.random()
            how = "f" if y < 0.35 else "s" if y < 0.5 else "u" if y < 0.55 else "r"
            steps.append(Step("x", slot, how=how))
            del configs[slot]
    return steps
