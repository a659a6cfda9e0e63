"""``portranges reuse 0.0.0.0:8080 127.0.0.1:8080``: whether the last socket may bind."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address

from portranges import reuse, types
from portranges.cli import files
from portranges.cli.numbers import whole_number
from portranges.cli.output import answer, columns, print_note
from portranges.cli.words import has_name
from portranges.endpoints import Endpoint
from portranges.errors import InvalidSocketError, InvalidValueError, elide
from portranges.layout import grouped, labels, wrapped
from portranges.portset import PortSet
from portranges.records import as_data
from portranges.registry import SHIPPED

# Each option exists three times, with one of these before its name.
_SIDES = {"": "all sockets", "existing-": "the existing sockets", "new-": "the new socket"}
_OPTIONS = {
    "reuse-address": "SO_REUSEADDR",
    "reuse-port": "SO_REUSEPORT",
    "exclusive": "SO_EXCLUSIVEADDRUSE, SO_EXCLBIND",
    "v6only": "IPV6_V6ONLY",
    "dual-stack": "IPV6_V6ONLY off, even if the system enables it by default",
}

# The most common cause of "access denied" on Windows; where no socket has the port.
_EXCLUDED = (
    "windows: if bind() fails with WSAEACCES (10013) and no socket has the port, it is usually in "
    "an excluded port range; `netsh interface ipv4 show excludedportrange protocol={}` lists "
    "them, and --excluded reads its output"
)

_SPLIT = "[::] and 0.0.0.0 instead of a dual-stack socket, which does not exist there"


def add_arguments(add: types.Arguments) -> None:
    """Add the arguments of this command."""
    add.words(
        "sockets",
        "ADDRESS:PORT",
        "existing sockets, then the new one, in any usual notation: "
        "0.0.0.0:80, [::1]:http, 127.0.0.53%%lo:53, :::80, localhost:80; *:80 and :80 are "
        "dual-stack, or [::]:80 and 0.0.0.0:80 on a system without dual-stack sockets",
    )
    add.flag("--udp", "UDP sockets (default: TCP)")
    where = add.one_of()
    where.value("--system", "NAME", f"one of {', '.join(reuse.systems())}", default="all")
    where.flag(
        "--here",
        "check whether the socket can be bound on this machine now, and if not, what holds the "
        "port",
    )
    add.value(
        "--excluded",
        "PORTS|FILE",
        "excluded port ranges of Windows: ports, or a file with the output of `netsh interface "
        "ipv4 show excludedportrange protocol=tcp`; - is standard input",
    )
    add.value(
        "--local-address",
        "ADDRESS",
        "an address of the machine; can be repeated; default: every non-loopback address, "
        "and the loopback addresses that the system has by default",
        action="append",
    )
    states = add.one_of()
    states.flag("--listening", "the existing sockets are listening")
    states.value(
        "--state",
        "STATE",
        "the state of the existing sockets: bound (default), listening, connected, "
        "time-wait or fin-wait-2",
    )
    for side, whose in _SIDES.items():
        for option, name in _OPTIONS.items():
            add.flag(f"--{side}{option}", f"{whose}: {name}")
        add.value(f"--{side}uid", "N", f"{whose}: user id", whole_number)
        add.value(f"--{side}device", "NAME", f"{whose}: interface")
    add.json("print JSON, a list with one object per system")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """A socket, and whether it was written as ``*``, which means both families."""

    socket: types.Socket
    is_star: bool

    def on(self, system: types.ReuseSystemName) -> tuple[types.Socket, ...]:
        """Return the sockets of a program that serves this address on *system*."""
        if not self.is_star or reuse.has_dual_stack(system):
            return (self.socket,)
        only = replace(self.socket, v6only=None)
        return only, replace(only, address=IPv4Address(0))


def run(arguments: types.Namespace) -> int:
    """Print the decision of each system; the status is 1 if one of them refuses."""
    *others, last = arguments.sockets
    if arguments.here:
        return _run_here(last, others, arguments)
    if not others:
        _check_without_existing(arguments)
    existing = [_socket(text, arguments, "existing") for text in others]
    new = _socket(last, arguments, "new")
    decisions = _decisions(new, existing, arguments)
    status = 0 if all(decision.allowed for decision in decisions.values()) else 1
    data = [_data(system, decision) for system, decision in decisions.items()]
    lines = _lines(new, existing, decisions, is_excluded_given=arguments.excluded is not None)
    return answer(arguments, "reuse", data, lines, status=status)


def _run_here(last: str, others: list[str], arguments: types.Namespace) -> int:
    """Print whether this machine would allow *last*; the status is 1 unless it would."""
    for option, is_given in (
        ("a second socket", others),
        ("--local-address", arguments.local_address),
        ("--excluded", arguments.excluded),
    ):
        if is_given:
            raise InvalidValueError(
                "--here accepts one socket, because it reads the others from this machine", option
            )
    _check_without_existing(arguments)
    new = _socket(last, arguments, "new")
    uid = arguments.new_uid if arguments.uid is None else arguments.uid
    # Only this option needs the modules that read the machine.
    from portranges.cli import bind_here

    found = bind_here.answer_for(new.socket, is_star=new.is_star, uid=uid)
    status = 0 if found.verdict == "allowed" else 1
    return answer(arguments, "reuse", bind_here.data(found), bind_here.lines(found), status=status)


def _check_without_existing(arguments: types.Namespace) -> None:
    existing = [f"existing-{each}" for each in (*_OPTIONS, "uid", "device")]
    for option in ("listening", "state", *existing):
        if _is_given(getattr(arguments, option.replace("-", "_"))):
            raise InvalidValueError(
                f"--{option} requires an existing socket before the new one", "one socket"
            )


def _is_given(value: object) -> bool:
    # Not `in`: a user id may be 0, which equals False.
    return value is not None and value is not False


def _decisions(
    new: _Written, existing: list[_Written], arguments: types.Namespace
) -> dict[types.ReuseSystemName, types.Decision]:
    local = arguments.local_address
    excluded = _excluded(arguments, new.socket.port)

    def decided(
        system: types.ReuseSystemName, new: types.Socket, existing: list[types.Socket]
    ) -> types.Decision:
        settings = None
        if excluded is not None and system.startswith("windows"):
            settings = reuse.SystemSettings(excluded=excluded)
        if arguments.system == "all":
            # One system reports an option that it does not have as an error; of all, it refuses.
            answers = reuse.portability(new, existing, systems=system, local_addresses=local)
            if settings is None or not answers[system].allowed:
                return answers[system]
        return reuse.can_bind(
            new, existing, system=system, settings=settings, local_addresses=local
        )

    decisions: dict[types.ReuseSystemName, types.Decision] = {}
    names = reuse.portability(new.socket) if arguments.system == "all" else [arguments.system]
    for name in names:
        system = types.cast("types.ReuseSystemName", name)
        held = [socket for each in existing for socket in each.on(system)]
        answers = [decided(system, socket, held) for socket in new.on(system)]
        decisions[system] = next((each for each in answers if not each.allowed), answers[0])
    return decisions


def _excluded(arguments: types.Namespace, port: int) -> PortSet | None:
    """Return the ports of ``--excluded`` that cannot be bound, or None without the option."""
    text = arguments.excluded
    if text is None:
        return None
    if arguments.system != "all" and not arguments.system.startswith("windows"):
        raise InvalidValueError("--excluded applies to Windows only", arguments.system)
    if text != "-" and not has_name(text) and not files.exists(text):
        return PortSet.parse(text)
    from portranges.system import parse_netsh_exclusions

    rows = parse_netsh_exclusions(files.read(text))
    if any(row.administered and port in row.ports for row in rows):
        print_note(
            f"{port} is an administered exclusion (*): it is not allocated, but can be bound"
        )
    return PortSet(row.ports for row in rows if not row.administered)


def _socket(text: str, arguments: types.Namespace, side: str) -> _Written:
    """Return the socket that *text* and the options of its *side* describe."""
    transport: types.TcpOrUdpName = "udp" if arguments.udp else "tcp"
    endpoint = Endpoint.parse(text, services=SHIPPED, transport=transport, printed=True)
    v6only = _v6only(arguments, side)
    host, _, _ = endpoint.host.partition("%")
    is_star = not host and v6only is None
    if not host:
        # What ss, lsof and Go write for a wildcard socket of both families.
        host, v6only = "::", v6only or False
    elif host == "localhost":
        host = "127.0.0.1"
    elif endpoint.address is None:
        raise InvalidSocketError(
            "a socket must have an IP address; only the name localhost is resolved",
            elide(host),
        )

    def value_of(option: str) -> types.Any:
        own = getattr(arguments, f"{side}_{option}")
        return own if _is_given(own) else getattr(arguments, option)

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
        socket = replace(socket, v6only=None)
    return _Written(socket=socket, is_star=is_star)


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
    new: _Written,
    existing: list[_Written],
    decisions: types.Mapping[types.ReuseSystemName, types.Decision],
    *,
    is_excluded_given: bool,
) -> types.Iterator[str]:
    """Yield the sockets, a table of the decisions, and the reasons."""
    parts = [("existing", _described(each.socket)) for each in existing]
    parts.append(("new", _described(new.socket)))
    split = [name for name in decisions if any(len(each.on(name)) > 1 for each in (*existing, new))]
    if split:
        parts.append(("", f"on {', '.join(split)}: {_SPLIT}"))
    width = columns(sys.stdout)
    yield from labels(parts, label_width=10, width=width)
    yield ""
    size = max(map(len, decisions)) + 2
    yield f"{'system':<{size}}verdict   error            rule"
    for system, decision in decisions.items():
        verdict = decision.verdict.value
        error = decision.error or "-"
        yield f"{system:<{size}}{verdict:<10}{error:<17}{decision.rule.id}"
    yield ""
    reasons = grouped(
        (f"{each.reason} ({each.confidence.value}: {each.source})", system)
        for system, each in decisions.items()
    )
    for reason, systems in reasons.items():
        text = f"{', '.join(systems)}: {reason}"
        yield "\n".join(wrapped(text, width, first="  ", below="  ")).lstrip()
    if not is_excluded_given and any(name.startswith("windows") for name in decisions):
        yield "\n".join(wrapped(_EXCLUDED.format(new.socket.transport), width, below="  "))


def _described(socket: types.Socket) -> str:
    options = {
        "SO_REUSEADDR": socket.reuse_address,
        "SO_REUSEPORT": socket.reuse_port,
        "exclusive": socket.exclusive,
        "IPV6_V6ONLY": socket.v6only,
        "dual-stack": socket.family == "inet6" and socket.v6only is False,
        f"uid {socket.uid}": socket.uid,
    }
    return ", ".join([str(socket), *(name for name, is_set in options.items() if is_set)])


def _data(system: str, decision: types.Decision) -> dict[str, types.Any]:
    return {
        "system": system,
        **as_data(decision, "verdict", "error"),
        "rule": decision.rule.id,
        **as_data(decision, "reason", "blocker", "confidence", "source"),
    }
