"""How the kernel's port rules changed from release to release.

Each row of ``CHANGES`` is one change of behaviour: the release that brought it, the stable
releases that it was backported to, and the commit. ``kernel()`` applies the rows to a
release number. The sysctls of a machine are in ``settings``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from portranges import checks
from portranges.errors import InvalidSocketError, elide
from portranges.ports import is_digits
from portranges.source import Confidence, Source, cite

# The release whose answers were compared with the model's, and the patch level from which its
# stable releases answer in the same way.
MEASURED = "6.18"
_MEASURED_FROM = (6, 18, 21)
OLDEST = "5.15"

_LONGEST_NUMBER = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of behaviour, with its commit.

    Attributes:
        name: The field of Kernel that is True from here on.
        first: The release that brought the change, as ``"6.18"``.
        backports: The first stable releases of older series that have it too, as
            ``"6.17.8"``.
        sentence: What the kernel does from then on.
        source: The commit.

    Example:
        >>> [change.first for change in CHANGES if change.name == "local_port_range"]
        ['6.3']
    """

    name: str
    first: str
    backports: tuple[str, ...] = ()
    sentence: str
    source: Source

    def is_in(self, version: tuple[int, ...]) -> bool:
        """Return whether the release *version* has the change.

        A version of two numbers means the last stable release of its series.
        """
        if version[:2] >= _numbers(self.first):
            return True
        for backport in map(_numbers, self.backports):
            if version[:2] == backport[:2]:
                return len(version) == 2 or version[2] >= backport[2]
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """The behaviour of one kernel release.

    Attributes:
        release: The release, as it was given.
        address_buckets: Whether bind() to a specific address looks only at sockets bound to
            that address or to a wildcard.
        local_port_range: Whether IP_LOCAL_PORT_RANGE exists.
        ignores_first_socket: Whether the first socket on a TCP port leaves the port's reuse flags
            clear. The code that sets them has been dead since then.
        own_range_in_single_steps: Whether connect() tries every port of a socket's own
            range in order, instead of the even and then the odd ones.
        keeps_fin_wait_2: Whether connect() without a port never replaces a connection in
            FIN_WAIT2.
        tw_reuse_delay: Whether tcp_tw_reuse_delay exists. Before, a connection was
            replaced if its TIME_WAIT began in an earlier second, here one second ago.
        connect_bind: Whether connect() can share a port again once the last socket that
            was bound to it has left.
        udp_wildcard_scans_all: Whether a UDP bind() to a wildcard address looks at every socket of
            the port, even if it has more than ten.
        port_step_width: Whether ip_local_port_step_width exists. If it is not 0, connect()
            goes through the range in steps of a random size.
        time_wait: Seconds in TIME_WAIT (TCP_TIMEWAIT_LEN). The kernel's timers round up,
            by up to 4 seconds at this length; the model does not.
        confidence: How the behaviour is known.

    Example:
        >>> kernel("6.6").local_port_range, kernel("5.15").local_port_range
        (True, False)
    """

    release: str
    address_buckets: bool
    local_port_range: bool
    ignores_first_socket: bool
    own_range_in_single_steps: bool
    keeps_fin_wait_2: bool
    tw_reuse_delay: bool
    connect_bind: bool
    udp_wildcard_scans_all: bool
    port_step_width: bool
    time_wait: float = 60.0
    confidence: Confidence


def _commit(commit: str, subject: str) -> Source:
    return cite(f"Linux commit {commit}", f'"{subject}"')


CHANGES: tuple[Change, ...] = (
    Change(
        name="address_buckets",
        first="6.1",
        sentence="bind() to a specific address compares only sockets at that address or at a "
        "wildcard, so that the IPv4 address 127.0.0.6 of a dual-stack socket connected over "
        "IPv6 does not conflict",
        source=_commit("28044fc1d495", "net: Add a bhash2 table hashed by port and address"),
    ),
    Change(
        name="local_port_range",
        first="6.3",
        backports=("6.1.32",),
        sentence="the socket option IP_LOCAL_PORT_RANGE exists",
        source=_commit("91d0b78c5177", "inet: Add IP_LOCAL_PORT_RANGE socket option"),
    ),
    Change(
        name="ignores_first_socket",
        first="6.8",
        sentence="the first socket bound to a TCP port no longer sets the flags that let later "
        "ones skip the check",
        source=_commit(
            "8002d44fe84d",
            "tcp: Check hlist_empty(&tb->bhash2) instead of hlist_empty(&tb->owners).",
        ),
    ),
    Change(
        name="own_range_in_single_steps",
        first="6.8",
        sentence="connect() of a socket with IP_LOCAL_PORT_RANGE tries every port of the range, "
        "not the even ones first",
        source=_commit("207184853dbd", "tcp/dccp: change source port selection at connect() time"),
    ),
    Change(
        name="keeps_fin_wait_2",
        first="6.12",
        backports=("6.11.3", "6.10.14", "6.6.55", "6.1.113", "5.15.168"),
        sentence="connect() that chooses a port does not replace a connection in FIN_WAIT2",
        source=_commit(
            "0d9e5df4a257",
            "tcp: avoid reusing FIN_WAIT2 when trying to find port in connect() process",
        ),
    ),
    Change(
        name="tw_reuse_delay",
        first="6.14",
        sentence="the sysctl tcp_tw_reuse_delay exists, and the age of a connection in "
        "TIME_WAIT is measured in milliseconds",
        source=_commit("ca6a6f93867a", "tcp: Add sysctl to configure TIME-WAIT reuse delay"),
    ),
    Change(
        name="connect_bind",
        first="6.18",
        backports=("6.17.8",),
        sentence="connect() can share a port again once the last bound socket has released it",
        source=_commit("d57f4b874946", "tcp: Update bind bucket state on port release"),
    ),
    Change(
        name="udp_wildcard_scans_all",
        first="7.0",
        backports=("6.19.11", "6.18.21", "6.12.80", "6.6.131", "6.1.168"),
        sentence="a UDP bind() to a wildcard address compares every socket of the port, even if "
        "the port has more than ten",
        source=_commit("e537dd15d0d4", "udp: Fix wildcard bind conflict check when using hash2"),
    ),
    Change(
        name="port_step_width",
        first="7.1",
        sentence="the sysctl ip_local_port_step_width exists, with which connect() tries ports in "
        "steps of a random size",
        source=_commit("7da62262ec96", "inet: add ip_local_port_step_width sysctl"),
    ),
)


# A program uses few releases, so each is resolved once.
@lru_cache(maxsize=64)
def _resolved(release: str) -> Kernel:
    version = _version(release)
    flags = {change.name: change.is_in(version) for change in CHANGES}
    return Kernel(release=release, confidence=_confidence(version), **flags)


def kernel(release: str) -> Kernel:
    """Return the behaviour of the kernel *release*.

    Args:
        release: A release number, as ``"6.12"`` or ``"6.12.80"``, from 5.15 on. Without a
            third number it means the last stable release of the series.

    Raises:
        InvalidSocketError: *release* is not a release number, or is older than 5.15.
        TypeError: *release* is not a ``str``.

    Example:
        >>> kernel("6.12").tw_reuse_delay, kernel("6.14").tw_reuse_delay
        (False, True)
        >>> kernel("6.12.79").udp_wildcard_scans_all, kernel("6.12.80").udp_wildcard_scans_all
        (False, True)
    """
    checks.of_type("kernel", release, str)
    return _resolved(release)


def _version(release: str) -> tuple[int, ...]:
    words = release.split(".")
    if not (len(words) in (2, 3) and all(map(_is_number, words))):
        raise InvalidSocketError(
            "kernel must be a release number such as '6.12' or '6.12.80', without a suffix",
            elide(release),
        )
    version = tuple(map(int, words))
    if version[:2] < _numbers(OLDEST):
        raise InvalidSocketError(f"kernel must be {OLDEST} or later", elide(release))
    return version


def _is_number(word: str) -> bool:
    return is_digits(word) and len(word) <= _LONGEST_NUMBER and word == str(int(word))


def _confidence(version: tuple[int, ...]) -> Confidence:
    measured = _MEASURED_FROM[: len(version)]
    if version[:2] == _MEASURED_FROM[:2] and version >= measured:
        return Confidence.MEASURED
    # Later sources were not read, apart from the commits above.
    later = version[:2] > _MEASURED_FROM[:2]
    return Confidence.INFERRED if later else Confidence.SOURCE


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(map(int, release.split(".")))
