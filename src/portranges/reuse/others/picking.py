"""Which ports a machine tries, in which order, when the system chooses one.

The order comes from ``portranges.selection``; the machine's row of ``portranges.ephemeral`` names
the algorithm. Whether a port is free is decided by the system's own ``busy``.
"""

from __future__ import annotations

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


class Pickers:
    """The pickers of one machine, by transport and family.

    Two kinds of sockets share one if the system keeps one counter for both.
    """

    __slots__ = ("_pickers",)

    def __init__(self, profile: EphemeralProfile, ports: PortSet, rng: types.Rng) -> None:
        """Choose among *ports* as the system of *profile* does, with random bits from *rng*."""
        made: dict[tuple[object, ...], Picker] = {}
        self._pickers: dict[tuple[bool, bool], Picker] = {}
        for tcp in (True, False):
            row = algorithm_of(profile, tcp=tcp)
            for v6 in (False, True):
                # One picker for all kinds of socket that the system treats alike.
                key = (
                    row.name,
                    None if row.joins_transports else tcp,
                    v6 if row.splits_families else None,
                )
                if key not in made:
                    made[key] = Picker(ports, order_for(row, rng))
                self._pickers[tcp, v6] = made[key]

    def of(self, *, tcp: bool, v6: bool) -> Picker:
        """Return the picker of one kind of socket."""
        return self._pickers[tcp, v6]


def algorithm_of(profile: EphemeralProfile, *, tcp: bool) -> selection.Algorithm:
    """Return the algorithm that chooses the ports of TCP or UDP sockets."""
    name = profile.tcp_algorithm if tcp else profile.udp_algorithm
    row = selection.algorithm(name or _STAND_IN)
    return selection.algorithm(_STAND_IN) if row.walk is Walk.UNKNOWN else row
