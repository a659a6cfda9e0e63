"""What every state machine has: the sockets by handle, the clock, and what lingers.

The calls of a program are in ``linux.machine`` and ``others.machine``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from heapq import heappop, heappush

from portranges import checks, types
from portranges.errors import InvalidSocketError, elide
from portranges.reuse.addresses import accepted_address, is_mapped, shown_number
from portranges.reuse.model import Decision, Handle, Rule, Socket, State, decide
from portranges.reuse.rulebook import RuleTable
from portranges.reuse.sock import SockBase
from portranges.source import Confidence

_LISTENING = State.LISTENING


class Clock:
    """The time, and the queue of closed connections that linger.

    ``lingering`` is their number. A connection that a new one with the same 4-tuple replaces
    stays in the queue, and the machine ignores it when its time is over.
    """

    __slots__ = ("_queue", "_turn", "lingering", "now")

    def __init__(self) -> None:
        """Start at 0 seconds."""
        self.now: float = 0.0
        self.lingering: int = 0
        self._queue: list[tuple[float, int, types.Any]] = []
        self._turn = 0

    def linger(self, sock: object, seconds: float) -> None:
        """Let *sock* linger for *seconds*."""
        self.lingering += 1
        # If two end at the same time, the earlier one comes first.
        self._turn += 1
        heappush(self._queue, (self.now + seconds, self._turn, sock))

    def advance(self, seconds: float) -> types.Iterator[types.Any]:
        """Let *seconds* pass, and yield each socket whose time is over."""
        self.now += seconds
        while self._queue and self._queue[0][0] <= self.now:
            yield heappop(self._queue)[2]


class Machine(ABC):
    """The sockets of a machine by handle; a system adds its calls.

    ``kind`` is the class of the system's records, and ``v6only`` is the default of IPV6_V6ONLY.
    ``rules`` are the system's rules, ``local_addresses`` the machine's addresses as numbers; None
    means every address.
    """

    def __init__(
        self,
        kind: type[SockBase],
        rules: RuleTable,
        local_addresses: frozenset[int] | None,
        *,
        v6only: bool,
    ) -> None:
        """Create a machine without sockets."""
        self.kind: type[SockBase] = kind
        self.rules: RuleTable = rules
        self.v6only: bool = v6only
        self.local_addresses = local_addresses
        self.clock: Clock = Clock()
        # By number: the hash of a record takes as long as a call.
        self._socks: dict[int, types.Any] = {}
        self._answers: dict[str, Decision] = {}
        self._confidence: Confidence | None = None

    def __len__(self) -> int:
        """Return the number of open sockets."""
        return len(self._socks)

    @property
    def now(self) -> float:
        """Seconds since the machine was created."""
        return self.clock.now

    @property
    def lingering(self) -> int:
        """The number of closed connections that linger."""
        return self.clock.lingering

    def socket(self, handle: Handle, **options: types.Any) -> None:
        """Create a socket; *options* are arguments of the system's record."""
        sock = self.kind(**options, default_v6only=self.v6only)
        self.check_options(sock)
        self._socks[handle.number] = sock

    @abstractmethod
    def check_options(self, sock: types.Any) -> None:
        """Raise if *sock* has an option that does not exist on the system."""

    def find(self, handle: Handle) -> types.Any:
        """Return the system's record of an open socket, or raise."""
        checks.of_type("handle", handle, Handle)
        sock = self._socks.get(handle.number)
        if sock is None:
            raise InvalidSocketError(
                "handle must belong to an open socket of this table", elide(handle)
            )
        return sock

    def find_for(self, handle: Handle, addr: int) -> types.Any:
        """Return the record of an open socket that can have *addr* at either end, or raise."""
        sock = self.find(handle)
        if not sock.v6 and not is_mapped(addr):
            raise InvalidSocketError("an inet socket requires an IPv4 address", shown_number(addr))
        return sock

    def is_inet6(self, handle: Handle) -> bool:
        """Return whether the socket is an AF_INET6 socket."""
        return types.cast("bool", self.find(handle).v6)

    def describe(self, handle: Handle) -> Socket:
        """Return the socket's address and options.

        On Linux, after a failed connect() has taken the port away, getsockname() still returns
        its number. Here it is 0, because another socket may take the port.
        """
        return types.cast("Socket", self.find(handle).public())

    def accept(
        self,
        handle: Handle,
        child_handle: Handle,
        *,
        uid: int,
        local: int | None,
        peer: tuple[int, int] | None,
    ) -> Decision:
        """Accept a connection from *peer* to the address *local*."""
        sock = self.find(handle)
        if not sock.tcp:
            return self.answer(self.rules.special("no-stream", "-accept", applies=True))
        if sock.state is not _LISTENING:
            return self.answer(self.rules["not-listening"])
        child = sock.unbound_copy(uid)
        child.port = sock.port
        child.set_addr(
            accepted_address(
                sock.addr,
                v6only=sock.v6only,
                local=local,
                peer=None if peer is None else peer[0],
                is_local=self.is_local,
            )
        )
        if not self.enter_child(child, sock, peer):
            return self.answer(self.rules["no-connection"])
        self._socks[child_handle.number] = child
        return decide(self.rules["accepted"], handle=child_handle, confidence=self._confidence)

    @abstractmethod
    def enter_child(
        self, child: types.Any, listener: types.Any, peer: tuple[int, int] | None
    ) -> bool:
        """Enter an accepted socket, or return False if another one has the same 4-tuple."""

    @abstractmethod
    def is_local(self, addr: int) -> bool:
        """Return whether *addr* is an address of the machine."""

    def answer(
        self, rule: Rule, *, reason: str | None = None, blocker: Socket | None = None
    ) -> Decision:
        """Return the decision of *rule*."""
        if reason is None and blocker is None:
            # Nearly every call ends here, and there are few different answers.
            made = self._answers.get(rule.id)
            if made is None:
                made = self._answers[rule.id] = decide(rule, confidence=self._confidence)
            return made
        return decide(rule, reason=reason, blocker=blocker, confidence=self._confidence)
