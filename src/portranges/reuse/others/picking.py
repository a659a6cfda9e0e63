"""Which ports a machine tries, in which order, when the system chooses one.

The order comes from ``portranges.selection``; the machine's row of ``portranges.ephemeral`` names
the algorithm. Whether a port is free is decided by the system's own ``busy``.
"""

from __future__ import annotations

from itertools import product

from portranges import selection, types
from portranges.ephemeral import EphemeralProfile
from portranges.portset import PortSet
from portranges.selection import Walk
from portranges.selection.orders import Order, order_for

# The order of a system that does not publish its own. It tries every port, which is all that
# the answers depend on.
_STAND_IN: types.AlgorithmName = "openbsd"


class Picker:
    """The choice of ports for one kind of socket."""

    __slots__ = ("_order", "_ports")

    def __init__(self, ports: PortSet, order: Order) -> None:
        """Choose among *ports*, in *order* over the range from their first to their last."""
        self._ports = ports
        self._order = order

    def candidates(self) -> types.Iterator[int]:
        """Yield every port once, in the order in which the system tries them."""
        ports = self._ports
        if not ports:
            return
        for port in self._order.candidates(ports.first, ports.last):
            if port in ports:
                yield port

    def chosen(self, port: int) -> None:
        """Remember that *port* was free and was taken."""
        self._order.chosen(port)


def pickers(
    profile: EphemeralProfile, ports: PortSet, rng: types.Rng
) -> dict[tuple[bool, bool], Picker]:
    """Return the pickers of one machine, by whether the socket is a TCP and an AF_INET6 socket.

    They choose among *ports* as the system of *profile* does, with random bits from *rng*. Two
    kinds of sockets share one if the system keeps one counter for both.
    """
    made: dict[tuple[object, ...], Picker] = {}
    found: dict[tuple[bool, bool], Picker] = {}
    for tcp, v6 in product((True, False), (False, True)):
        row = algorithm_of(profile, tcp=tcp)
        # One picker for all kinds of socket that the system treats alike.
        key = row.name, row.joins_transports or tcp, row.splits_families and v6
        if key not in made:
            made[key] = Picker(ports, order_for(row, rng))
        found[tcp, v6] = made[key]
    return found


def algorithm_of(profile: EphemeralProfile, *, tcp: bool) -> selection.Algorithm:
    """Return the algorithm that chooses the ports of TCP or UDP sockets."""
    name = profile.tcp_algorithm if tcp else profile.udp_algorithm
    row = selection.algorithm(name or _STAND_IN)
    return selection.algorithm(_STAND_IN) if row.walk is Walk.UNKNOWN else row
