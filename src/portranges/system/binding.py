"""What decides on this machine whether an address can be bound, apart from its port and sockets.

The settings that concern ports are in ``read``. Only Linux is read; elsewhere all values are
unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from portranges import types
from portranges.checks import fields, of_type, optional
from portranges.errors import SystemReadError, got, reason_of
from portranges.records import always_checked
from portranges.system.machine import THIS_MACHINE
from portranges.system.model import Machine
from portranges.system.shapes import number
from portranges.system.text import fail, nonblank_lines, parsed, proc_value

_V6ONLY = "/proc/sys/net/ipv6/bindv6only"
_NONLOCAL4 = "/proc/sys/net/ipv4/ip_nonlocal_bind"
_NONLOCAL6 = "/proc/sys/net/ipv6/ip_nonlocal_bind"
# These are in the namespace of the calling thread, /proc/net in the namespace of the main thread.
_ROUTES = "/proc/thread-self/net/fib_trie"
_ADDRESSES6 = "/proc/thread-self/net/if_inet6"

_LEAF = re.compile(r"\|-- ([0-9.]+)")
_ROUTE = re.compile(r"/([0-9]{1,2}) \w+ (LOCAL|BROADCAST)\b.*")
_INET6 = re.compile(r"([0-9a-f]{32}) [0-9a-f]{2,} [0-9a-f]{2} [0-9a-f]{2} ([0-9a-f]{2,}) +\S+")
_OPTIMISTIC, _TENTATIVE = 0x04, 0x40  # IFA_F_* in include/uapi/linux/if_addr.h


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class BindSettings:
    """Which addresses a socket of this machine can be bound to.

    Attributes:
        v6only: The default of IPV6_V6ONLY; None if unknown.
        nonlocal_ipv4: Whether every IPv4 address can be bound (ip_nonlocal_bind).
        nonlocal_ipv6: The same for IPv6.
        networks: The networks whose addresses can be bound, without wildcards and multicast:
            the machine's addresses, all of 127.0.0.0/8, and the broadcast addresses of its
            networks; None if unknown.

    Example:
        >>> from ipaddress import ip_address, ip_network
        >>> settings = BindSettings(networks=(ip_network("127.0.0.0/8"),))
        >>> settings.accepts(ip_address("127.0.0.7")), settings.accepts(ip_address("192.0.2.1"))
        (True, False)
    """

    v6only: bool | None = None
    nonlocal_ipv4: bool = False
    nonlocal_ipv6: bool = False
    networks: tuple[IPv4Network | IPv6Network, ...] | None = None

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, v6only=optional(bool), nonlocal_ipv4=bool, nonlocal_ipv6=bool)
        of_type("networks", self.networks, tuple, optional=True)
        for each in types.cast("tuple[object, ...]", self.networks or ()):
            if not isinstance(each, (IPv4Network, IPv6Network)):
                raise TypeError(f"networks must be networks of ipaddress, got {got(each)}")

    def accepts(self, address: IPv4Address | IPv6Address) -> bool | None:
        """Return whether *address* is the wildcard or in ``networks``; None if they are unknown.

        Args:
            address: An address; an IPv4-mapped one is looked up as its IPv4 address.

        Example:
            >>> from ipaddress import ip_address
            >>> BindSettings().accepts(ip_address("192.0.2.1")) is None
            True
        """
        if address.is_unspecified:
            return True
        if self.networks is None:
            return None
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        return any((mapped or address) in network for network in self.networks)


def read_bind_settings(*, machine: Machine | None = None) -> BindSettings:
    r"""Return which addresses a socket of the machine can be bound to.

    On Linux these are the settings in the network namespace of the calling thread. On other
    systems everything is unknown.

    Args:
        machine: The machine; this one if None.

    Raises:
        TypeError: *machine* has the wrong type.
        UnexpectedOutputError: A file has an unknown format.
        SystemReadError: A file could not be read; the error names it and the reason.

    Source:
        Linux net/ipv4/af_inet.c inet_addr_valid_or_nonlocal(), net/ipv4/fib_trie.c
        fib_trie_seq_show(), net/ipv6/addrconf.c if6_seq_show().

    Example:
        >>> from portranges import system
        >>> files = {
        ...     "/proc/sys/net/ipv6/bindv6only": "0\n",
        ...     "/proc/thread-self/net/fib_trie": "Local:\n |-- 192.0.2.2\n  /32 host LOCAL\n",
        ... }
        >>> def read_file(path):
        ...     if path in files:
        ...         return files[path]
        ...     raise FileNotFoundError(2, "No such file or directory")
        >>> here = system.Machine(platform="linux", read_file=read_file, run=read_file)
        >>> read_bind_settings(machine=here).networks
        (IPv4Network('192.0.2.2/32'),)
    """
    here = THIS_MACHINE if machine is None else of_type("machine", machine, Machine)
    if not here.platform.startswith(("linux", "android")):
        return BindSettings()
    routes = _read(here, _ROUTES, _networks4)
    addresses = _read(here, _ADDRESSES6, _networks6)
    return BindSettings(
        v6only=bool(_read(here, _V6ONLY, _number)),
        nonlocal_ipv4=bool(_read(here, _NONLOCAL4, _number)),
        nonlocal_ipv6=bool(_read(here, _NONLOCAL6, _number)),
        networks=None if routes is None else (*routes, *(addresses or ())),
    )


def _number(text: str) -> int:
    return number(text, proc_value)


def _read(machine: Machine, path: str, parse: types.Callable[[str], types.T]) -> types.T | None:
    """Return the value in the file *path*; None if the kernel does not have the file."""
    try:
        return parsed(path, parse, machine.read_file(path))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SystemReadError(path, reason_of(error)) from error


def _networks4(text: str) -> tuple[IPv4Network, ...]:
    """Return what the routing table "Local" has as an address of the machine, or as a broadcast.

    A leaf of the trie is followed by its routes, one for each prefix length.
    """
    found: dict[IPv4Network, None] = {}
    table = address = ""
    for line in nonblank_lines(text):
        if line.endswith(":"):
            table = line
        elif leaf := _LEAF.fullmatch(line):
            address = leaf[1]
        elif table == "Local:" and (route := _ROUTE.fullmatch(line)):
            try:
                found[IPv4Network(f"{address}/{route[1]}")] = None
            except ValueError:
                fail("a network", f"{address}/{route[1]}")
    # While lo is down, and no other interface is up, there is none.
    return tuple(found)


def _networks6(text: str) -> tuple[IPv6Network, ...]:
    """Return the addresses of the interfaces that are not tentative."""
    found: list[IPv6Network] = []
    for line in nonblank_lines(text):
        match = _INET6.fullmatch(line)
        if match is None:
            fail("an IPv6 address with its flags and interface", line)
        flags = int(match[2], 16)
        # The kernel does not bind an address while it checks that no other machine has it.
        if not flags & _TENTATIVE or flags & _OPTIMISTIC:
            found.append(IPv6Network(bytes.fromhex(match[1])))
    return tuple(found)
