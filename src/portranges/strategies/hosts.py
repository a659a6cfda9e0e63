"""Strategies for objects with an address or a name: endpoints, sockets and services.

The registry and the rules of the systems are imported when they are first used, because most tests
draw ports only.
"""

from __future__ import annotations

import re

from hypothesis import strategies as st

from portranges import types
from portranges.checks import of_type
from portranges.endpoints import Endpoint
from portranges.strategies.sets import ports

_LAST = 65535

_USUAL_HOSTS = ("localhost", "", "0.0.0.0", "127.0.0.1", "::", "::1")  # noqa: S104 - not bound
_LABELS = st.from_regex(r"[a-z]([a-z0-9_-]{0,9}[a-z0-9])?", fullmatch=True)
_SCOPES = st.sampled_from(("", "%eth0", "%2", "%lo"))
_HOSTS = st.one_of(
    st.sampled_from(_USUAL_HOSTS),
    st.lists(_LABELS, min_size=1, max_size=4).map(".".join),
    st.ip_addresses(v=4).map(str),
    st.tuples(st.ip_addresses(v=6).map(str), _SCOPES).map("".join),
)

# RFC 6335, section 5.1. The first ones are the simplest.
_NAME_CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789-ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NAME_TEXTS = st.lists(st.sampled_from(_NAME_CHARACTERS), max_size=15).map("".join)


def endpoints(
    *, min_value: int = 0, max_value: int = _LAST, category: str | None = None
) -> st.SearchStrategy[Endpoint]:
    """Return a strategy for ``Endpoint`` objects.

    Draws names, addresses of IPv4 and IPv6, also with a scope, and the host that means every
    address. Shrinks towards ``localhost`` and a small port.

    Args:
        min_value: The smallest port to draw, 0 to 65535.
        max_value: The greatest port to draw, inclusive.
        category: Draw only ports from this category of RFC 6335: a ``Category``,
            or its value as a ``str``.

    Raises:
        TypeError: A bound is not an ``int``, or the category is not a ``str``.
        InvalidValueError: A bound is outside 0 to 65535, the category is unknown, or
            there is no port to draw.

    Example:
        >>> from hypothesis import find
        >>> find(endpoints(), lambda endpoint: endpoint.port > 80)
        Endpoint(host='localhost', port=81)
    """
    numbers = ports(min_value=min_value, max_value=max_value, category=category)
    return st.builds(Endpoint, _HOSTS, numbers)


def service_names(*, registry: types.Registry | None = None) -> st.SearchStrategy[str]:
    """Return a strategy for names of services.

    Shrinks towards ``"a"``, or towards the first name of the registry.

    Args:
        registry: Draw only names that have a port in this registry, such as
            ``portranges.registry.SHIPPED``. ``None`` means any name that RFC 6335 allows: 1 to 15
            letters, digits and hyphens, with a letter, and no hyphen at an end or beside
            another.

    Raises:
        TypeError: *registry* is not a ``Registry``.

    Source:
        RFC 6335, section 5.1.

    Example:
        >>> from hypothesis import find
        >>> find(service_names(), lambda name: True)
        'a'
        >>> from portranges.registry import SHIPPED
        >>> find(service_names(registry=SHIPPED), lambda name: True)
        'tcpmux'
    """
    if registry is None:
        return _NAME_TEXTS.map(_as_name)
    from portranges.registry import Registry

    of_type("registry", registry, Registry)
    return st.sampled_from([*dict.fromkeys(row.service for row in registry if row.service)])


def _as_name(text: str) -> str:
    """Return a name that RFC 6335 allows, the same if *text* is one."""
    name = re.sub("--+", "-", text).strip("-")
    if any(each.isalpha() for each in name):
        return name
    return f"{name[:14]}a"


def sockets(
    *,
    system: types.ReuseSystemName | None = None,
    min_value: int = 0,
    max_value: int = _LAST,
    category: str | None = None,
) -> st.SearchStrategy[types.Socket]:
    """Return a strategy for the ``Socket`` objects of ``portranges.reuse``.

    The addresses are few, so that two sockets often conflict if their ports are equal. Shrinks
    towards a bound TCP socket at 127.0.0.1 without options.

    Args:
        system: Draw only sockets that this system can have, by its name in
            ``reuse.systems()``. ``None`` means every socket, with the options of all systems,
            some of which ``reuse.can_bind`` refuses for each system.
        min_value: The smallest port to draw, 0 to 65535; 0 means that the socket has none.
        max_value: The greatest port to draw, inclusive.
        category: Draw only ports from this category of RFC 6335: a ``Category``,
            or its value as a ``str``.

    Raises:
        TypeError: A bound is not an ``int``, or *category* or *system* is not a ``str``.
        InvalidValueError: A bound is outside 0 to 65535, the category is unknown, or
            there is no port to draw.
        UnknownNameError: *system* is unknown.

    Example:
        >>> from hypothesis import find
        >>> print(find(sockets(min_value=80), lambda socket: socket.address.version == 6))
        tcp [::1]:80
        >>> from portranges import reuse
        >>> new = find(sockets(system="macos", min_value=80), lambda socket: socket.reuse_port)
        >>> reuse.can_bind(new, system="macos").allowed
        True
    """
    from portranges.strategies.held import sockets_of

    return sockets_of(system, ports(min_value=min_value, max_value=max_value, category=category))
