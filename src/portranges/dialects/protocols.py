"""IP protocols: the numbers of those with ports, and the names of those without."""

from __future__ import annotations

from portranges.ports import Transport, is_digits

# Source: IANA, Assigned Internet Protocol Numbers.
NUMBERS = {
    "6": Transport.TCP,
    "17": Transport.UDP,
    "33": Transport.DCCP,
    "132": Transport.SCTP,
}

# By the names that AWS, Google Cloud and OpenStack use.
_PORTLESS = (
    *("ah", "egp", "esp", "gre", "icmp", "icmpv6", "igmp", "ipip", "ospf", "pgm", "rsvp"),
    *("ipv6-encap", "ipv6-frag", "ipv6-icmp", "ipv6-nonxt", "ipv6-opts", "ipv6-route"),
    *("udplite", "vrrp"),
)


def is_portless(protocol: str) -> bool:
    """Return whether *protocol* is the name of one without ports, or the number of any.

    Whether a number is that of a transport is for the caller to look up. With a leading zero
    it would not be found, so such a number is not accepted.
    """
    if not is_digits(protocol):
        return protocol in _PORTLESS
    return len(protocol) <= 3 and int(protocol) <= 255 and protocol == str(int(protocol))
