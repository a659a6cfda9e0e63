"""``portranges reuse 0.0.0.0:8080 127.0.0.1:8080``: whether the last socket may bind."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv6Address

from portranges import reuse, types
from portranges.cli.arguments import whole_number
from portranges.cli.output import labelled, print_json
from portranges.endpoints import Endpoint
from portranges.errors import InvalidSocketError, elide
from portranges.registry import SHIPPED
from portranges.reuse import Decision, Socket

__all__ = ["add_arguments", "run"]

# Each option exists three times: for all sockets, for the existing ones, for the new one.
_OPTIONS = {
    "reuse-address": "SO_REUSEADDR",
    "reuse-port": "SO_REUSEPORT",
    "exclusive": "SO_EXCLUSIVEADDRUSE, SO_EXCLBIND",
    "v6only": "IPV6_V6ONLY",
    "dual-stack": "IPV6_V6ONLY off, even if the system enables it by default",
}


def add_arguments(parser: types.ArgumentParser) -> None:
    """Add the arguments of this command to *parser*."""
    parser.add_argument(
        "sockets",
        nargs="+",
        metavar="ADDRESS:PORT",
        help="existing sockets, then the new one, as people write them or tools print them: "
        "0.0.0.0:80, [::1]:http, 127.0.0.53%%lo:53, :::80, localhost:80; *:80 and :80 are "
        "dual-stack",
    )
    parser.add_argument("--udp", action="store_true", help="UDP sockets (default: TCP)")
    parser.add_argument(
        "--system",
        default="all",
        metavar="NAME",
        help=f"one of {', '.join(reuse.systems())} (default: all)",
    )
    parser.add_argument(
        "--local-address",
        action="append",
        metavar="ADDRESS",
        help="an address of the machine, may be repeated; default: every non-loopback address, "
        "and the loopback addresses of a new machine",
    )
    states = parser.add_mutually_exclusive_group()
    states.add_argument(
        "--listening", action="store_true", help="the existing sockets are listening"
    )
    states.add_argument(
        "--state",
        metavar="STATE",
        help="the state of the existing sockets: bound (default), listening, connected, "
        "time-wait or fin-wait-2",
    )
    for side, whose in (
        ("", "all sockets"),
        ("existing-", "the existing sockets"),
        ("new-", "the new socket"),
    ):
        for option, name in _OPTIONS.items():
            parser.add_argument(f"--{side}{option}", action="store_true", help=f"{whose}: {name}")
        parser.add_argument(
            f"--{side}uid", type=whole_number, metavar="N", help=f"{whose}: user id"
        )
        parser.add_argument(f"--{side}device", metavar="NAME", help=f"{whose}: interface")
    parser.add_argument(
        "--json", action="store_true", help="print JSON, a list with one object per system"
    )


def run(arguments: types.Namespace) -> int:
    """Print the decision of each system; the status is 1 if one of them refuses."""
    *others, last = arguments.sockets
    existing = [_socket(text, arguments, "existing") for text in others]
    new = _socket(last, arguments, "new")
    decisions = _decisions(new, existing, arguments)
    if arguments.json:
        print_json("reuse", [_data(*item) for item in decisions.items()])
    else:
        for line in _lines(new, existing, decisions):
            print(line)
    return 0 if all(decision.allowed for decision in decisions.values()) else 1


def _decisions(
    new: Socket, existing: list[Socket], arguments: types.Namespace
) -> types.Mapping[str, Decision]:
    system, local = arguments.system, arguments.local_address
    if system == "all":
        return reuse.portability(new, existing, local_addresses=local)
    name = types.cast("types.ReuseSystemName", system)
    return {system: reuse.can_bind(new, existing, system=name, local_addresses=local)}


def _socket(text: str, arguments: types.Namespace, side: str) -> Socket:
    transport: types.TcpOrUdpName = "udp" if arguments.udp else "tcp"
    endpoint = Endpoint.parse(text, services=SHIPPED, transport=transport, printed=True)
    v6only = _v6only(arguments, side)
    host, _, _ = endpoint.host.partition("%")
    if not host:
        # What ss, lsof and Go write for a wildcard socket of both families.
        host, v6only = "::", v6only or False
    elif host == "localhost":
        host = "127.0.0.1"
    elif endpoint.address is None:
        raise InvalidSocketError(
            "a socket must have an IP address; names other than localhost are not looked up",
            elide(host),
        )

    def value_of(option: str) -> types.Any:
        own = getattr(arguments, f"{side}_{option}")
        # Not `in`: a user id may be 0, which equals False.
        return getattr(arguments, option) if own is None or own is False else own

    state: types.ReuseStateName = "bound"
    if side == "existing":
        state = arguments.state or ("listening" if arguments.listening else "bound")
    socket = reuse.Socket(
        transport=transport,
        address=host,
        port=endpoint.port,
        v6only=v6only,
        reuse_address=value_of("reuse_address"),
        reuse_port=value_of("reuse_port"),
        exclusive=value_of("exclusive"),
        uid=value_of("uid") or 0,
        device=endpoint.scope or value_of("device"),
        state=state,
    )
    bound = socket.address
    is_plain = isinstance(bound, IPv6Address) and bound.ipv4_mapped is None
    if socket.v6only is False and is_plain and not bound.is_unspecified:
        # The option is set before bind(), which serves only IPv6 at such an address anyway.
        return replace(socket, v6only=None)
    return socket


def _v6only(arguments: types.Namespace, side: str) -> bool | None:
    for prefix in (f"{side}_", ""):
        only: bool = getattr(arguments, f"{prefix}v6only")
        dual: bool = getattr(arguments, f"{prefix}dual_stack")
        if only and dual:
            raise InvalidSocketError("a socket must be IPv6-only or dual-stack", "both")
        if only or dual:
            return only
    return None


def _lines(
    new: Socket, existing: list[Socket], decisions: types.Mapping[str, Decision]
) -> types.Iterator[str]:
    for label, socket in [*(("existing", each) for each in existing), ("new", new)]:
        yield from labelled(label, _described(socket), label_width=10)
    yield ""
    width = max(map(len, decisions)) + 2
    yield f"{'system':<{width}}verdict   error            rule"
    for system, decision in decisions.items():
        verdict = decision.verdict.value
        error = decision.error or "-"
        yield f"{system:<{width}}{verdict:<10}{error:<17}{decision.rule.id}"
    yield ""
    shared: dict[str, list[str]] = {}
    for system, decision in decisions.items():
        text = f"{decision.reason} ({decision.confidence.value}: {decision.source})"
        shared.setdefault(text, []).append(system)
    for text, systems in shared.items():
        first, *rest = labelled("", f"{', '.join(systems)}: {text}", label_width=2)
        yield first.strip()
        yield from rest


def _described(socket: Socket) -> str:
    options = [
        name
        for name, is_set in (
            ("SO_REUSEADDR", socket.reuse_address),
            ("SO_REUSEPORT", socket.reuse_port),
            ("exclusive", socket.exclusive),
            ("IPV6_V6ONLY", socket.v6only),
            ("dual-stack", socket.family == "inet6" and socket.v6only is False),
            (f"uid {socket.uid}", socket.uid),
        )
        if is_set
    ]
    return ", ".join([str(socket), *options])


def _data(system: str, decision: Decision) -> dict[str, types.Any]:
    return {
        "system": system,
        "verdict": decision.verdict.value,
        "error": decision.error,
        "rule": decision.rule.id,
        "reason": decision.reason,
        "blocker": None if decision.blocker is None else str(decision.blocker),
        "confidence": decision.confidence.value,
        "source": str(decision.source),
    }
