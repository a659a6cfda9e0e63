"""``portranges capacity --system linux --rate 500``: how many connections fit, and how fast."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from portranges import capacity, ephemeral, types
from portranges.capacity import Interval
from portranges.cli.arguments import number, whole_number
from portranges.cli.output import labelled, print_json
from portranges.errors import InvalidValueError
from portranges.portset import PortSet
from portranges.systems import Kind

__all__ = ["add_arguments", "run"]

# Smaller numbers need more than one decimal place.
_FEW = 10


def add_arguments(parser: types.ArgumentParser) -> None:
    """Add the arguments of this command to *parser*."""
    parser.add_argument(
        "--system", default="linux", metavar="NAME", help="the system (default: linux)"
    )
    parser.add_argument("--ports", metavar="RANGE", help="the ephemeral range, if not the default")
    parser.add_argument("--excluded", metavar="PORTS", help="ports that are never allocated")
    ways = ", ".join(method.name for method in capacity.methods("linux"))
    parser.add_argument(
        "--method",
        default="connect",
        help=f"how the local port is chosen; on Linux one of {ways} (default: connect)",
    )
    parser.add_argument(
        "--destinations",
        type=whole_number,
        default=1,
        metavar="N",
        help="the number of remote addresses and ports (default: 1)",
    )
    parser.add_argument(
        "--sources",
        "--addresses",
        type=whole_number,
        default=1,
        metavar="N",
        help="the number of local addresses, or of public addresses of a translator (default: 1)",
    )
    parser.add_argument(
        "--families",
        type=whole_number,
        default=1,
        metavar="N",
        help="2 if the local addresses are of IPv4 and IPv6 (default: 1)",
    )
    parser.add_argument(
        "--ports-per-client",
        type=whole_number,
        metavar="N",
        help="the ports that a translator assigns to each virtual machine or node",
    )
    parser.add_argument(
        "--clients",
        type=whole_number,
        metavar="N",
        help="check whether N clients have ports; requires --ports-per-client",
    )
    parser.add_argument(
        "--time-wait", type=number, metavar="SECONDS", help="TIME_WAIT, if not the default"
    )
    parser.add_argument(
        "--rate",
        type=number,
        metavar="N",
        help="check whether N connections per second fit",
    )
    parser.add_argument(
        "--connections",
        type=whole_number,
        metavar="N",
        help="check whether N connections fit at once",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    what: str
    wanted: float
    limit: Interval

    @property
    def fits(self) -> bool | None:
        """Whether it fits; None between the two bounds."""
        if self.wanted <= self.limit.low:
            return True
        return None if self.wanted <= self.limit.high else False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    profile: ephemeral.EphemeralProfile
    method: str
    destinations: int
    sources: int
    at_once: Interval
    waits: bool
    time_wait: float | None
    rate: Interval | None
    ports_per_client: int | None
    clients: Interval | None


def run(arguments: types.Namespace) -> int:
    """Print the capacity of a system; the status is 1 if a given number does not fit."""
    if arguments.clients is not None and arguments.ports_per_client is None:
        raise InvalidValueError(
            "--clients requires --ports-per-client", f"--clients {arguments.clients} without it"
        )
    answer = _answer(arguments)
    questions: list[_Question] = []
    if arguments.rate is not None:
        if not answer.waits:
            raise InvalidValueError(
                "--rate applies to TCP only; nothing else enters TIME_WAIT", answer.method
            )
        if answer.rate is None:
            raise InvalidValueError(
                f"--rate requires --time-wait, because that of {answer.profile.name} is unknown",
                "--rate without it",
            )
        questions.append(_Question(what="rate", wanted=arguments.rate, limit=answer.rate))
    if arguments.connections is not None:
        questions.append(
            _Question(what="connections", wanted=arguments.connections, limit=answer.at_once)
        )
    if arguments.clients is not None and answer.clients is not None:
        questions.append(_Question(what="clients", wanted=arguments.clients, limit=answer.clients))
    if arguments.json:
        print_json("capacity", _data(answer, questions))
    else:
        for label, text in _lines(answer, questions):
            for line in labelled(label, text, label_width=13):
                print(line)
    return 0 if all(question.fits for question in questions) else 1


def _answer(arguments: types.Namespace) -> _Answer:
    profile = ephemeral.profile(arguments.system)
    if arguments.ports is not None or arguments.excluded is not None:
        if arguments.ports is None and not profile.has_fixed_range:
            raise InvalidValueError(
                f"--excluded requires --ports, because {profile.name} has no fixed range",
                "--excluded without it",
            )
        ports = None if arguments.ports is None else PortSet.parse(arguments.ports)
        if ports is not None and not ports:
            raise InvalidValueError("--ports must have at least one port", "none")
        profile = profile.replace(
            ports=ports,
            excluded=None if arguments.excluded is None else PortSet.parse(arguments.excluded),
        )
    waits = all(
        method.waits for method in capacity.methods(profile) if method.name == arguments.method
    )
    time_wait = profile.time_wait if arguments.time_wait is None else arguments.time_wait
    if not waits:
        time_wait = None
    options: types.CapacityArguments = {
        "destinations": arguments.destinations,
        "sources": arguments.sources,
        "method": arguments.method,
        "families": arguments.families,
        "ports_per_client": arguments.ports_per_client,
    }
    return _Answer(
        profile=profile,
        method=arguments.method,
        destinations=arguments.destinations,
        sources=arguments.sources,
        at_once=capacity.concurrent(profile, **options),
        waits=waits,
        time_wait=time_wait,
        rate=None if time_wait is None else capacity.rate(profile, time_wait=time_wait, **options),
        ports_per_client=arguments.ports_per_client,
        clients=None
        if arguments.ports_per_client is None
        else capacity.clients(
            profile,
            ports_per_client=arguments.ports_per_client,
            addresses=arguments.sources,
        ),
    )


def _lines(answer: _Answer, questions: list[_Question]) -> types.Iterator[tuple[str, str]]:
    profile = answer.profile
    yield "system", profile.title + (", tuned" if profile.tuned else "")
    if profile.has_fixed_range:
        ports = f"{str(profile.ports).replace(',', ', ')} ({len(profile.ports):,})"
        yield "ports", ports if profile.ports else "none, because all of them are excluded"
    if profile.ports_per_address is not None:
        label = "" if profile.has_fixed_range else "ports"
        yield label, f"at most {profile.ports_per_address:,} per address and destination"
    start = _many(answer.sources, "source")
    if profile.kind is Kind.MIDDLEBOX:
        start = _many(answer.sources, "address", "addresses")
    ends = f"{_many(answer.destinations, 'destination')} from {start}"
    each = "" if answer.ports_per_client is None else "for each client "
    yield "at once", f"{_bounds(answer.at_once)} connections {each}by {answer.method}, to {ends}"
    if answer.clients is not None and answer.ports_per_client is not None:
        ports = _many(answer.ports_per_client, "port")
        yield "most clients", f"{_bounds(answer.clients)}, with {ports} each, on {start}"
    if answer.time_wait is None or answer.rate is None:
        yield "TIME_WAIT", "unknown" if answer.waits else "none"
    else:
        yield "TIME_WAIT", f"{answer.time_wait:g} s"
        each = "" if answer.ports_per_client is None else " for each client"
        yield "per second", f"{_bounds(answer.rate)}{each}, to {ends}, each closed by this side"
    for question in questions:
        verdict = {True: "fits", False: "does not fit", None: "may or may not fit"}[question.fits]
        limit = _beside(question.limit, question.wanted)
        yield question.what, f"{_exactly(question.wanted)} {verdict}: the limit is {limit}"
        if question.what == "clients" and not question.fits and answer.ports_per_client is not None:
            needed = capacity.addresses(
                profile,
                ports_per_client=answer.ports_per_client,
                clients=int(question.wanted),
            )
            yield "", f"addresses needed: {_bounds(needed)}"
        if question.what == "rate" and answer.time_wait is not None:
            waiting = capacity.time_wait_sockets(question.wanted, answer.time_wait)
            yield "", f"this rate keeps {waiting:,.0f} connections in TIME_WAIT"


def _bounds(value: Interval) -> str:
    if value.high == inf:
        return f"{_number(value.low)} or more"
    low, high = _number(value.low), _number(value.high)
    if value.is_exact:
        return low
    if low == high:
        # Two different bounds must not look equal.
        low, high = _closely(value.low), _closely(value.high)
    return f"{low} to {high}"


def _number(value: float) -> str:
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}" if value >= _FEW else f"{value:.3g}"


def _closely(value: float) -> str:
    return f"{value:,.6g}"


def _exactly(value: float) -> str:
    return f"{value:,.15g}"


def _beside(limit: Interval, wanted: float) -> str:
    """Return *limit*, rounded, but not to the other side of *wanted*."""
    ends = (limit.low,) if limit.is_exact else (limit.low, limit.high)
    texts: list[str] = []
    for shown in (_number, _closely, _exactly):
        texts = [shown(end) for end in ends]
        read = [float(text.replace(",", "")) for text in texts]
        sides = [wanted <= end for end in ends]
        if len({*read}) == len({*ends}) and [wanted <= each for each in read] == sides:
            break
    return " to ".join(texts)


def _many(count: int, noun: str, nouns: str = "") -> str:
    return f"{count:,} {noun if count == 1 else nouns or f'{noun}s'}"


def _data(answer: _Answer, questions: list[_Question]) -> dict[str, types.Any]:
    return {
        "system": answer.profile.name,
        "tuned": answer.profile.tuned,
        "ports": str(answer.profile.ports),
        "size": len(answer.profile.ports),
        "method": answer.method,
        "destinations": answer.destinations,
        "sources": answer.sources,
        "concurrent": _bounds_data(answer.at_once),
        "time_wait": answer.time_wait,
        "rate": None if answer.rate is None else _bounds_data(answer.rate),
        "ports_per_client": answer.ports_per_client,
        "clients": None if answer.clients is None else _bounds_data(answer.clients),
        "questions": [
            {"what": question.what, "wanted": question.wanted, "fits": question.fits}
            for question in questions
        ],
    }


def _bounds_data(value: Interval) -> dict[str, float]:
    return {"low": value.low, "high": value.high}
