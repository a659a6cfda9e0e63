"""Family: the version of IP that a socket or a setting is for."""

from __future__ import annotations

from enum import StrEnum


class Family(StrEnum):
    """An address family, in the words of the socket API.

    An IPv6 socket may serve IPv4 as well.

    Attributes:
        INET: IPv4.
        INET6: IPv6.

    Example:
        >>> Family("inet6")
        <Family.INET6: 'inet6'>
    """

    INET = "inet"
    INET6 = "inet6"
