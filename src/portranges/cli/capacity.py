"""``portranges capacity --system linux --rate 500``: how many connections fit, and how fast."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from portranges import capacity, ephemeral, types
from portranges.cli.numbers import beside, bounds, exactly, number, seconds, whole_number
from portranges.cli.output import answer, columns
from portranges.cli.words import ports_of
from portranges.errors import InvalidValueError
from portranges.layout import labels, many
from portranges.records import as_data
from portranges.systems import Kind

_VERDICTS = {True: "fits", False: "does not fit", None: "may or may not fit"}


def add_arguments(add: types.Arguments) -> None:
    """Add the arguments of this command."""
    add.value("--system", "NAME", "the system", default="linux")
    add.value("--ports", "RANGE", "the ephemeral range, if not the default")
    add.value("--excluded", "PORTS", "ports that are never allocated")
    ways = ", ".join(method.name for method in capacity.methods("linux"))
    how = f"how the local port is chosen; on Linux one of {ways}"
    add.value("--method", None, how, default="connect")
    add.value("--destinations", "N", "the number of remote addresses and ports", whole_number, 1)
    sources = "the number of local addresses, or of public addresses of a translator"
    add.value("--sources --addresses", "N", sources, whole_number, 1)
    families = "2 if the local addresses include both IPv4 and IPv6"
    add.value("--families", "N", families, whole_number, 1)
    per_client = "the number of ports that a translator assigns to each virtual machine or node"
    add.value("--ports-per-client", "N", per_client, whole_number)
    clients = "check whether the ports suffice for N clients; requires --ports-per-client"
    add.value("--clients", "N", clients, whole_number)
    add.value("--time-wait", "SECONDS", "the length of TIME_WAIT, if not the default", number)
    add.value("--rate", "N", "check whether N connections per second fit", number)
    add.value("--connections", "N", "check whether N connections fit at once", whole_number)
    add.json()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Limits:
    """What a system can do: the other limits are None if they do not apply or are unknown."""

    profile: ephemeral.EphemeralProfile
    waits: bool  # whether a connection ends in TIME_WAIT
    time_wait: float | None
    connections: types.Interval
    rate: types.Interval | None
    clients: types.Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """Whether a given number is within its limit."""

    what: str
    wanted: float
    limit: types.Interval

    @property
    def fits(self) -> bool | None:
        """Whether it fits; None between the two bounds."""
        if self.wanted <= self.limit.low:
            return True
        return None if self.wanted <= self.limit.high else False


def run(arguments: types.Namespace) -> int:
    """Print the capacity of a system; the status is 1 if a given number does not fit."""
    if arguments.clients is not None and arguments.ports_per_client is None:
        raise InvalidValueError(
            "--clients requires --ports-per-client", f"--clients {arguments.clients} without it"
        )
    limits = _limits(arguments)
    questions = _questions(arguments, limits)
    lines = labels(_texts(arguments, limits, questions), label_width=13, width=columns(sys.stdout))
    status = 0 if all(question.fits for question in questions) else 1
    return answer(arguments, "capacity", _data(arguments, limits, questions), lines, status=status)


def _profile(arguments: types.Namespace) -> ephemeral.EphemeralProfile:
    profile = ephemeral.profile(arguments.system)
    ports, excluded = (
        None if text is None else ports_of(text) for text in (arguments.ports, arguments.excluded)
    )
    if excluded is not None and ports is None and not profile.has_fixed_range:
        raise InvalidValueError(
            f"--excluded requires --ports, because {profile.name} has no fixed range",
            "--excluded without it",
        )
    if ports is not None and not ports:
        raise InvalidValueError("--ports must have at least one port", "none")
    return profile.replace(ports=ports, excluded=excluded)


def _limits(arguments: types.Namespace) -> _Limits:
    """Return what the system can do with the settings in *arguments*."""
    profile = _profile(arguments)
    # An unknown method is reported by `concurrent`.
    waits = all(
        method.waits for method in capacity.methods(profile) if method.name == arguments.method
    )
    time_wait = profile.time_wait if arguments.time_wait is None else arguments.time_wait
    options: types.CapacityArguments = {
        "destinations": arguments.destinations,
        "sources": arguments.sources,
        "method": arguments.method,
        "families": arguments.families,
        "ports_per_client": arguments.ports_per_client,
    }
    connections = capacity.concurrent(profile, **options)
    rate = clients = None
    if waits and time_wait is not None:
        rate = capacity.rate(profile, time_wait=time_wait, **options)
    if (each := arguments.ports_per_client) is not None:
        clients = capacity.clients(profile, ports_per_client=each, addresses=arguments.sources)
    return _Limits(
        profile=profile,
        waits=waits,
        time_wait=time_wait if waits else None,
        connections=connections,
        rate=rate,
        clients=clients,
    )


def _questions(arguments: types.Namespace, limits: _Limits) -> list[_Question]:
    if arguments.rate is not None and not limits.waits:
        raise InvalidValueError(
            "--rate applies to TCP only; nothing else enters TIME_WAIT", arguments.method
        )
    if arguments.rate is not None and limits.rate is None:
        raise InvalidValueError(
            f"--rate requires --time-wait, because TIME_WAIT of {limits.profile.name} is unknown",
            "--rate without it",
        )
    return [
        _Question(what=what, wanted=wanted, limit=limit)
        for what in ("rate", "connections", "clients")
        if (wanted := getattr(arguments, what)) is not None
        and (limit := getattr(limits, what)) is not None
    ]


def _texts(
    arguments: types.Namespace, limits: _Limits, questions: list[_Question]
) -> types.Iterator[tuple[str, str]]:
    """Yield the lines of the answer, each with its label."""
    profile, per_client = limits.profile, arguments.ports_per_client
    yield "system", profile.title + (", tuned" if profile.tuned else "")
    if profile.has_fixed_range:
        ports = f"{str(profile.ports).replace(',', ', ')} ({len(profile.ports):,})"
        yield "ports", ports if profile.ports else "none, because all of them are excluded"
    if profile.ports_per_address is not None:
        label = "" if profile.has_fixed_range else "ports"
        yield label, f"at most {profile.ports_per_address:,} per address and destination"
    # Users of a translator know its public addresses, not sources.
    start = many(arguments.sources, "source")
    if profile.kind is Kind.MIDDLEBOX:
        start = many(arguments.sources, "address", "addresses")
    ends = f"{many(arguments.destinations, 'destination')} from {start}"
    each = "" if per_client is None else "for each client "
    connections = bounds(limits.connections)
    yield "at once", f"{connections} connections {each}by {arguments.method}, to {ends}"
    if limits.clients is not None and per_client is not None:
        each_has = f"with {many(per_client, 'port')} each"
        yield "max clients", f"{bounds(limits.clients)}, {each_has}, on {start}"
    yield "TIME_WAIT", seconds(limits.time_wait) if limits.waits else "none"
    if limits.rate is not None:
        each = "" if per_client is None else " for each client"
        yield "per second", f"{bounds(limits.rate)}{each}, to {ends}, each closed by this side"
    for question in questions:
        yield from _verdict(question, limits, per_client)


def _verdict(
    question: _Question, limits: _Limits, per_client: int | None
) -> types.Iterator[tuple[str, str]]:
    limit = beside(question.limit, question.wanted)
    verdict = f"{_VERDICTS[question.fits]}: the limit is {limit}"
    yield question.what, f"{exactly(question.wanted)} {verdict}"
    if question.what == "clients" and not question.fits and per_client is not None:
        needed = capacity.addresses(
            limits.profile, ports_per_client=per_client, clients=int(question.wanted)
        )
        yield "", f"addresses needed: {bounds(needed)}"
    if question.what == "rate" and limits.time_wait is not None:
        waiting = capacity.time_wait_sockets(question.wanted, limits.time_wait)
        yield "", f"this rate keeps {waiting:,.0f} connections in TIME_WAIT"


def _data(
    arguments: types.Namespace, limits: _Limits, questions: list[_Question]
) -> dict[str, types.Any]:
    profile = limits.profile
    return {
        "system": profile.name,
        **as_data(profile, "tuned", "ports"),
        "size": len(profile.ports),
        **as_data(arguments, "method", "destinations", "sources"),
        "concurrent": as_data(limits.connections),
        "time_wait": limits.time_wait,
        "rate": limits.rate and as_data(limits.rate),
        "ports_per_client": arguments.ports_per_client,
        "clients": limits.clients and as_data(limits.clients),
        "questions": [as_data(question, "what", "wanted", "fits") for question in questions],
    }
