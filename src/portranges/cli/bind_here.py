"""``portranges reuse 0.0.0.0:8080 --here``: why this machine refuses a socket, or that it does not.

``probe.can_bind`` answers; this module prints its answers.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from ipaddress import IPv4Address

from portranges import types
from portranges.cli.here import allocation, described
from portranges.cli.output import columns
from portranges.cli.sockets import user
from portranges.layout import labels
from portranges.probe import BindAnswer, BindVerdict, Holder, can_bind
from portranges.reuse import has_dual_stack

_MOST = 5  # holders that are listed individually
_LABEL_WIDTH = 11


def answer_for(new: types.Socket, *, is_star: bool, uid: int | None) -> BindAnswer:
    """Return the answer for *new*, or for the two sockets that ``*`` means on some systems."""
    answer = can_bind(new, uid=uid)
    if not is_star or has_dual_stack(answer.system):
        return answer
    only = replace(new, v6only=None)
    answer = can_bind(only, uid=uid)
    if answer.verdict is not BindVerdict.ALLOWED:
        return answer
    return can_bind(replace(only, address=IPv4Address(0)), uid=uid)


def data(answer: BindAnswer) -> dict[str, types.Any]:
    """Return *answer* as data for JSON."""
    return {**answer.to_dict(), "with_reuse_address": _with_reuse_address(answer)}


def _with_reuse_address(answer: BindAnswer) -> str | None:
    """Return the verdict if the new socket also had SO_REUSEADDR; None if it would be the same."""
    if answer.verdict is BindVerdict.ALLOWED or answer.socket.reuse_address or not answer.holders:
        return None
    other = can_bind(replace(answer.socket, reuse_address=True), uid=answer.socket.uid)
    return None if other.verdict is answer.verdict else other.verdict.value


_VERDICTS = {
    BindVerdict.ALLOWED: "bind() would succeed now",
    BindVerdict.REFUSED: "bind() fails with {}",
    BindVerdict.UNKNOWN: "bind() may fail with {}",
}
_NETSH = "netsh interface {} show excludedportrange protocol={}"


def lines(answer: BindAnswer) -> types.Iterator[str]:
    """Yield the answer, the holders of the port and the settings of the machine for it."""
    yield from labels(_parts(answer), label_width=_LABEL_WIDTH, width=columns(sys.stdout))


def _parts(answer: BindAnswer) -> types.Iterator[tuple[str, str]]:
    socket, decision = answer.socket, answer.decision
    yield "new", f"{socket}, user {user(socket.uid)}"
    words = _VERDICTS[answer.verdict].format(decision.error or "EADDRINUSE")
    yield "answer", f"{answer.verdict}: {words}"
    yield "because", _reason(answer)
    yield "rule", f"{decision.rule.id} ({decision.confidence.value}: {decision.source})"
    conflicting = [each for each in answer.holders if each.verdict is not BindVerdict.ALLOWED]
    shown = conflicting or answer.holders
    for holder in shown[:_MOST]:
        yield "held by", _holder(holder)
    if len(shown) > _MOST:
        yield "", f"and {sum(each.count for each in shown[_MOST:]):,} more"
    other = _with_reuse_address(answer)
    if other is not None:
        yield "option", f"with SO_REUSEADDR: {other}{_DEPENDS if other == 'unknown' else ''}"
    if socket.port:
        for text in _machine(answer):
            yield "machine", text
    if answer.system.startswith("windows"):
        ip = "ipv6" if socket.family == "inet6" else "ipv4"
        yield "see also", f"{_NETSH.format(ip, socket.transport)} (excluded port ranges)"
    for note in answer.notes:
        yield "note", note


_DEPENDS = ", because it depends on the options of the socket that holds the port"


def _reason(answer: BindAnswer) -> str:
    if answer.verdict is BindVerdict.UNKNOWN and answer.holders and answer.holders[0].options:
        options = " and ".join(answer.holders[0].options)
        return (
            f"it depends on the value of {options} of the socket that holds the port, which the "
            "system does not show"
        )
    return answer.decision.reason


def _machine(answer: BindAnswer) -> types.Iterator[str]:
    """Yield what the settings of the machine mean for the port."""
    port, settings = answer.socket.port, answer.settings
    yield allocation(port, settings)
    if port in settings.reserved:
        yield "a reserved port is not allocated, but bind() may name it"
    if port in settings.effective:
        yield (
            "a client connection can hold the port at any time; reserve it "
            "(net.ipv4.ip_local_reserved_ports on Linux), or use one outside the range"
        )
    if settings.profile.is_privileged(port):
        privileged = answer.socket.privileged
        has = answer.socket.uid == 0 if privileged is None else privileged
        start = settings.unprivileged_start
        yield (
            f"ports below {start} require a privilege, which the user {'has' if has else 'lacks'}"
        )


def _holder(holder: Holder) -> str:
    text = described(holder.record, holder.why_no_owner)
    return text if holder.count == 1 else f"{text}; and {holder.count - 1:,} more like it"
