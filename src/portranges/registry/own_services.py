"""A site's own services, as ``Registry.with_services`` accepts them: pairs for each name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from portranges import types
from portranges.errors import elide, got
from portranges.ports import PortRange, check_transport
from portranges.registry.model import Assignment, State
from portranges.registry.service_names import check_service_name


def own_rows(services: types.OwnServices) -> Iterable[tuple[str, Assignment]]:
    """Yield a name and a row for each pair in *services*, after checking it."""
    if not isinstance(services, Mapping):
        raise TypeError(f"services must be a mapping, got {got(services)}")
    for name, pairs in services.items():
        check_service_name(name)
        for ports, transport in _pairs_of(name, pairs):
            row = Assignment(
                ports=ports if isinstance(ports, PortRange) else PortRange(ports),
                transport=check_transport(transport),
                state=State.ASSIGNED,
                service=name,
            )
            yield name, row


def _pairs_of(name: str, pairs: types.Any) -> Iterable[tuple[types.Any, types.Any]]:
    if isinstance(pairs, str) or not hasattr(pairs, "__iter__"):
        raise _no_pair(name, pairs)
    for pair in pairs:
        try:
            ports, transport = pair
        except (TypeError, ValueError):
            raise _no_pair(name, pair) from None
        yield ports, transport


def _no_pair(name: str, got: object) -> TypeError:
    return TypeError(
        f"each service needs pairs of ports and transport, got {elide(got)}; "
        f"write {{{name!r}: [(8443, 'tcp')]}}"
    )
