"""Strategies for the sockets of ``portranges.reuse``, of one system or of all."""

from __future__ import annotations

import dataclasses

from hypothesis import strategies as st

from portranges import reuse, types
from portranges.errors import InvalidSocketError
from portranges.ports import Transport

# Addresses of a socket: those of one machine that conflict, or do not, in every way.
_ADDRESSES = st.sampled_from(
    (
        *("127.0.0.1", "0.0.0.0", "192.0.2.1", "192.0.2.2"),  # noqa: S104 - not bound
        *("::1", "::", "2001:db8::1", "::ffff:192.0.2.1", "::ffff:0.0.0.0"),
    )
)
_OPTIONS = ("reuse_address", "reuse_port", "load_balance", "exclusive")
_UDP_STATES = (reuse.State.BOUND, reuse.State.UNBOUND, reuse.State.CONNECTED)
_TCP_STATES = (reuse.State.BOUND, *(each for each in reuse.State if each != reuse.State.BOUND))


def _with_option(name: str) -> reuse.Socket:
    fields: dict[str, types.Any] = {name: True}
    return reuse.Socket(transport="tcp", address="127.0.0.1", port=1, **fields)


def _is_of(system: types.ReuseSystemName, socket: reuse.Socket) -> bool:
    """Return whether the *system* can have the *socket*."""
    # A system compares only sockets with ports, and of one transport.
    held = dataclasses.replace(socket, port=1, state=reuse.State.BOUND)
    new = reuse.Socket(transport=socket.transport, address="127.0.0.1", port=1)
    try:
        reuse.can_bind(new, [held], system=system)
    except InvalidSocketError:
        return False
    return True


def sockets_of(
    system: types.ReuseSystemName | None, numbers: st.SearchStrategy[int]
) -> st.SearchStrategy[reuse.Socket]:
    """Return a strategy for the sockets of a system with drawn ports, as for ``sockets``."""
    if system is None:
        return _sockets(numbers, _OPTIONS)
    options = tuple(each for each in _OPTIONS if _is_of(system, _with_option(each)))
    # What remains are combinations, such as an option that another excludes.
    return _sockets(numbers, options).filter(lambda socket: _is_of(system, socket))


@st.composite
def _sockets(
    draw: st.DrawFn, numbers: st.SearchStrategy[int], options: tuple[str, ...]
) -> reuse.Socket:
    transport = draw(st.sampled_from((Transport.TCP, Transport.UDP)))
    address = draw(_ADDRESSES)
    states = _TCP_STATES if transport is Transport.TCP else _UDP_STATES
    fields: dict[str, types.Any] = {each: draw(st.booleans()) for each in options}
    if ":" in address:
        fields["v6only"] = draw(st.sampled_from((None, True, False)))
    return reuse.Socket(
        transport=transport,
        address=address,
        port=draw(numbers),
        uid=draw(st.sampled_from((0, 1000, 1001))),
        state=draw(st.sampled_from(states)),
        **fields,
    )
