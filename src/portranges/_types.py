"""What ``portranges.types`` offers: aliases, protocols and the names of ``typing``.

Nothing imports this module to run; ``types`` loads it when an annotation is evaluated. It
may therefore import every package.
"""

from __future__ import annotations

from argparse import Namespace
from array import array
from collections.abc import (
    AsyncIterator,
    Callable,
    Collection,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from datetime import date
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from os import PathLike
from random import Random
from threading import Event
from typing import (
    IO,
    Any,
    BinaryIO,
    Literal,
    NoReturn,
    Protocol,
    Self,
    SupportsIndex,
    TextIO,
    TypeAlias,
    TypedDict,
    TypeVar,
    Unpack,
    cast,
    final,
    overload,
    runtime_checkable,
)

from portranges.capacity.model import Interval
from portranges.cli.arguments import Arguments
from portranges.ephemeral import EphemeralProfile
from portranges.errors import InvalidSocketError, InvalidValueError
from portranges.families import Family
from portranges.ports import PortRange, Transport
from portranges.portset import PortSet
from portranges.probe.record import Owner
from portranges.probe.row import SocketState
from portranges.probe.table import Backend
from portranges.registry.model import Assignment, Cell, State
from portranges.report.model import PortReport
from portranges.reuse.linux.settings import LinuxSettings
from portranges.reuse.model import Close, Decision, Handle, Options, Rule, Socket
from portranges.reuse.model import State as ReuseState
from portranges.reuse.others.record import Context
from portranges.reuse.others.settings import SystemSettings
from portranges.reuse.others.sock import Sock
from portranges.selection.model import Algorithm
from portranges.source import Confidence, Source
from portranges.system.model import Field, Machine, MachineSettings, TimeWaitReuse
from portranges.systems import Kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _typeshed import ReadableBuffer
else:
    # collections.abc.Buffer, and array's own brackets, are new in Python 3.12.
    ReadableBuffer = bytes | bytearray | memoryview | array

__all__ = [
    "IO",
    "AddressLike",
    "Algorithm",
    "AlgorithmLike",
    "AlgorithmName",
    "Any",
    "AnyPorts",
    "Arguments",
    "AskedPorts",
    "Assignment",
    "AssignmentsOfPort",
    "AsyncIterator",
    "AttributeBlocks",
    "Backend",
    "BackendLike",
    "BackendName",
    "BinaryIO",
    "BindCheck",
    "ByteOrder",
    "Callable",
    "CapacityArguments",
    "Cell",
    "Close",
    "CloseLike",
    "CloseName",
    "Collection",
    "Command",
    "CommonRows",
    "Confidence",
    "Context",
    "Counters",
    "Decision",
    "Destination",
    "DialectName",
    "Draw",
    "Entry",
    "EphemeralProfile",
    "Event",
    "Family",
    "FamilyLike",
    "FamilyName",
    "FieldCheck",
    "FieldLike",
    "FieldName",
    "Filling",
    "FourTuple",
    "Generator",
    "Handle",
    "HasName",
    "IPv4Address",
    "IPv6Address",
    "IntArray",
    "Interval",
    "Iterable",
    "Iterator",
    "Kind",
    "KindLike",
    "LinuxSettings",
    "Literal",
    "Machine",
    "MachineMaker",
    "MachineSettings",
    "Mapping",
    "MappingFormName",
    "MethodName",
    "Named",
    "Namespace",
    "NoReturn",
    "Nothing",
    "Options",
    "Origin",
    "Outcome",
    "OwnCells",
    "OwnServices",
    "OwnersOfRows",
    "Part",
    "PathLike",
    "Plan",
    "PlanGroup",
    "PortCheck",
    "PortItem",
    "PortItems",
    "PortNumbers",
    "PortRange",
    "PortReport",
    "PortSet",
    "PortSets",
    "PortsField",
    "PortsOfService",
    "PortsOfTransport",
    "Protocol",
    "Psutil",
    "PsutilConnection",
    "PsutilProcess",
    "Quote",
    "Random",
    "RangeField",
    "ReadableBuffer",
    "RegistryTable",
    "ReportAnswers",
    "ReuseMachine",
    "ReuseSettings",
    "ReuseState",
    "ReuseStateLike",
    "ReuseStateName",
    "ReuseSystemName",
    "Rfc6056Name",
    "Rng",
    "Rule",
    "RuleLike",
    "RuleRow",
    "RuleRows",
    "SearchKind",
    "Self",
    "Sequence",
    "Services",
    "ServicesOfPort",
    "SettingParser",
    "SettingProgram",
    "SettingValue",
    "Sock",
    "Socket",
    "SocketState",
    "SocketStateLike",
    "SocketStateName",
    "Source",
    "Span",
    "State",
    "StateOfPort",
    "StrKey",
    "StrPath",
    "SupportsIndex",
    "SystemLike",
    "SystemName",
    "SystemSettings",
    "SystemsLike",
    "T",
    "TcpOrUdpLike",
    "TcpOrUdpName",
    "TextIO",
    "TextLayout",
    "Transport",
    "TransportLike",
    "TransportName",
    "TransportsLike",
    "TupleKey",
    "TypeAlias",
    "TypeVar",
    "U",
    "Unpack",
    "UnreadPart",
    "ValueErrorKind",
    "WhichText",
    "Word",
    "cast",
    "date",
    "final",
    "overload",
]

if TYPE_CHECKING:
    IntArray: TypeAlias = array[int]
else:
    IntArray = array

T = TypeVar("T")
U = TypeVar("U")
# A mapping whose keys are a kind of str: the key of a Mapping is invariant.
StrKey = TypeVar("StrKey", bound=str)
Word = TypeVar("Word", bound=StrEnum)
Named = TypeVar("Named", bound="HasName")

ValueErrorKind: TypeAlias = type[InvalidValueError] | type[InvalidSocketError]

StrPath: TypeAlias = str | PathLike[str]

# -- arguments of public functions ----------------------------------------------

TransportName: TypeAlias = Literal["tcp", "udp", "sctp", "dccp"]
TransportLike: TypeAlias = Transport | TransportName
TransportsLike: TypeAlias = TransportLike | Iterable[TransportLike]
TcpOrUdpName: TypeAlias = Literal["tcp", "udp"]
TcpOrUdpLike: TypeAlias = Transport | TcpOrUdpName
PortItem: TypeAlias = SupportsIndex | PortRange | range | PortSet
PortItems: TypeAlias = Iterable[PortItem]
PortNumbers: TypeAlias = ReadableBuffer | Iterable[SupportsIndex]
AnyPorts: TypeAlias = PortSet | PortRange | EphemeralProfile
RuleLike: TypeAlias = SupportsIndex | PortRange | PortSet
SystemName: TypeAlias = Literal[
    "linux",
    "linux-4.2",
    "linux-2.6.24",
    "linux-2.4-bigmem",
    "linux-2.4-lowmem",
    "linux-2.2",
    "android",
    "wsl2",
    "wsl2-nat",
    "wsl2-mirrored",
    "wslc",
    "windows",
    "windows-vista",
    "windows-7",
    "windows-8",
    "windows-10",
    "windows-11",
    "windows-2008",
    "windows-2012",
    "windows-2016",
    "windows-2019",
    "windows-2022",
    "windows-2025",
    "windows-xp",
    "windows-2000",
    "windows-2003",
    "windows-exchange2007",
    "windows-devbox",
    "macos",
    "darwin",
    "osx",
    "ios",
    "ipados",
    "tvos",
    "watchos",
    "freebsd",
    "freebsd-8",
    "freebsd-14",
    "freebsd-13",
    "freebsd-4.6",
    "freebsd-2",
    "openbsd",
    "netbsd",
    "dragonfly",
    "dragonflybsd",
    "bsd-4.3",
    "solaris",
    "sunos",
    "illumos",
    "opensolaris",
    "aix",
    "hpux",
    "hp-ux",
    "openvms",
    "tru64-openvms",
    "nonstop",
    "zos",
    "z/os",
    "qnx",
    "qnx-iosock",
    "qnx-iopkt",
    "lwip",
    "lwip-tcp",
    "lwip-udp",
    "lwip-old",
    "zephyr",
    "freertos",
    "smoltcp",
    "gvisor",
    "aws-nat-gateway",
    "aws-elb",
    "aws-lambda",
    "azure-load-balancer",
    "azure-nat-gateway",
    "gcp-cloud-nat",
    "cgn",
    "nf-nat",
    "nf-nat-below-1024",
    "nf-nat-below-512",
    "docker-linux",
    "docker-windows",
    "docker-freebsd",
    "kubernetes-nodeport",
    "sunrpc",
    "nfs-client",
    "bsd-rresvport",
    "iana",
    "rfc6335",
    "rfc6056",
    "aws-docs-linux",
    "aws-docs-windows-2003",
    "aws-docs-windows",
]
SystemLike: TypeAlias = SystemName | EphemeralProfile
SystemsLike: TypeAlias = SystemLike | Iterable[SystemLike]
KindLike: TypeAlias = Kind | Literal["host", "middlebox", "document"]
FamilyName: TypeAlias = Literal["inet", "inet6"]
FamilyLike: TypeAlias = Family | FamilyName
AddressLike: TypeAlias = str | IPv4Address | IPv6Address
ReuseSystemName: TypeAlias = Literal[
    "linux",
    "freebsd",
    "freebsd-14",
    "freebsd-13",
    "macos",
    "openbsd",
    "netbsd",
    "illumos",
    "solaris",
    "windows",
    "windows-2003",
    "windows-xp",
]
ReuseSettings: TypeAlias = LinuxSettings | SystemSettings
ReuseStateName: TypeAlias = Literal[
    "unbound", "bound", "listening", "connected", "fin-wait-2", "time-wait"
]
ReuseStateLike: TypeAlias = ReuseState | ReuseStateName
CloseName: TypeAlias = Literal["first", "second", "reset", "unanswered"]
CloseLike: TypeAlias = Close | CloseName
AlgorithmName: TypeAlias = Literal[
    "rfc6056-1",
    "rfc6056-2",
    "rfc6056-3",
    "rfc6056-4",
    "rfc6056-5",
    "linux-connect",
    "linux-connect-range",
    "linux-bind",
    "linux-bind-reuse",
    "linux-udp",
    "linux-2.6.24-connect",
    "linux-2.6.24-bind",
    "freebsd",
    "openbsd",
    "macos-tcp",
    "macos",
    "ios-tcp",
    "macos-udp",
    "ios-udp",
    "netbsd",
    "solaris",
    "illumos",
    "bsd-sequential",
    "bsd-4.3",
    "freebsd-2",
    "dragonfly",
    "linux-2.2",
    "windows",
    "windows-xp",
    "gvisor",
    "lwip",
    "lwip-tcp",
    "lwip-udp",
    "zephyr",
    "freertos",
]
AlgorithmLike: TypeAlias = Algorithm | AlgorithmName
Nothing: TypeAlias = Literal[""]
Rfc6056Name: TypeAlias = Literal["rfc6056-1", "rfc6056-2", "rfc6056-3", "rfc6056-4", "rfc6056-5"]
MethodName: TypeAlias = Literal[
    "connect",
    "bind-no-port",
    "connect-range",
    "bind0",
    "bind0-reuse",
    "bind0-autobind-reuse",
    "bind-explicit",
    "udp",
]
Filling: TypeAlias = Literal["random", "self"]
BackendName: TypeAlias = Literal["netlink", "proc", "psutil"]
BackendLike: TypeAlias = Backend | BackendName
SocketStateName: TypeAlias = Literal[
    "listen",
    "syn-sent",
    "syn-received",
    "established",
    "fin-wait-1",
    "fin-wait-2",
    "close-wait",
    "closing",
    "last-ack",
    "time-wait",
    "closed",
    "unconnected",
]
MappingFormName: TypeAlias = Literal["compose", "docker", "kubectl", "podman", "port-forward"]
SocketStateLike: TypeAlias = SocketState | SocketStateName
FieldName: TypeAlias = Literal[
    "configured",
    "reserved",
    "excluded",
    "unprivileged_start",
    "time_wait",
    "time_wait_reuse",
    "time_wait_reuse_after",
    "time_wait_limit",
    "fin_wait_2",
]
FieldLike: TypeAlias = Field | FieldName
RangeField: TypeAlias = Literal["configured", Field.CONFIGURED]
PortsField: TypeAlias = Literal["reserved", "excluded", Field.RESERVED, Field.EXCLUDED]
SettingProgram: TypeAlias = Literal["ipadm", "ndd", "netsh", "no", "powershell", "reg", "sysctl"]
SettingValue: TypeAlias = PortRange | PortSet | TimeWaitReuse | float | None
ByteOrder: TypeAlias = Literal["little", "big"]
DialectName: TypeAlias = Literal[
    "bpf",
    "calico",
    "cisco",
    "cisco-ios",
    "docker",
    "firewalld",
    "flower",
    "haproxy",
    "ios",
    "ip_local_reserved_ports",
    "ipset",
    "iptables",
    "iptables-multiport",
    "juniper",
    "junos",
    "libpcap",
    "multiport",
    "netsh",
    "neutral",
    "nft",
    "nft-set",
    "nftables",
    "nmap",
    "openvswitch",
    "ovs",
    "pf",
    "portranges",
    "powershell",
    "reserved-ports",
    "snort",
    "squid",
    "suricata",
    "systemd",
    "tc-flower",
    "tcpdump",
    "tshark",
    "ufw",
    "windows",
    "wireshark",
]
Quote: TypeAlias = Literal["", '"', "`", "["]
OwnServices: TypeAlias = Mapping[str, Iterable[tuple[SupportsIndex | PortRange, str]]]
ReportAnswers: TypeAlias = Iterable[tuple[PortReport, TransportLike | None]]
AskedPorts: TypeAlias = list[tuple[PortSet, TransportLike | None]]

# What a port is wanted towards. Only plain values, because they must hash to the same
# number in every process for a seed to be reproducible.
_Part: TypeAlias = int | str | bytes | None
Destination: TypeAlias = _Part | tuple[_Part | tuple[_Part, ...], ...]


@runtime_checkable
class Rng(Protocol):
    """A source of random bits: random.Random, random.SystemRandom."""

    def getrandbits(self, k: int, /) -> int:
        """Return an integer of *k* random bits."""
        ...


@runtime_checkable
class HasName(Protocol):
    """A row with a name, and perhaps with aliases."""

    @property
    def name(self) -> str: ...
    @property
    def aliases(self) -> tuple[str, ...]: ...


Draw: TypeAlias = Callable[[int], int]


@runtime_checkable
class Counters(Protocol):
    """The counters of Linux's connect(), and the hash that chooses one."""

    def offset(self, destination: Destination, /) -> tuple[int, int]:
        """Return the offset of a destination, and the number of its counter."""
        ...

    def add(self, cell: int, steps: int, /) -> None:
        """Increase a counter."""
        ...

    def rekey(self) -> None:
        """Draw another secret key."""
        ...


@runtime_checkable
class Services(Protocol):
    """An object that knows the ports of a service, such as ``portranges.registry.Registry``."""

    def ports(self, service: str, transport: TransportLike | None = None) -> PortSet:
        """Return the ports, or raise UnknownNameError."""
        ...


# -- inside the packages --------------------------------------------------------

Part: TypeAlias = tuple[Transport | None, PortSet]
PortSets: TypeAlias = dict[Transport | None, PortSet]
Entry: TypeAlias = Mapping[str, Any]
UnreadPart: TypeAlias = tuple[Transport | None, Callable[[], PortSet]]
Span: TypeAlias = tuple[int, int]
PortCheck: TypeAlias = Callable[[SupportsIndex], int]
PlanGroup: TypeAlias = tuple[list[int], list[list[int]]]
SearchKind: TypeAlias = tuple[object, ...]
FourTuple: TypeAlias = tuple[bool, int, int, int, int]
TupleKey: TypeAlias = tuple[int, int, int, int]
OwnCells: TypeAlias = Mapping[Transport, Mapping[int, Cell]]
FieldCheck: TypeAlias = type | Callable[[str, Any], object]
TextLayout: TypeAlias = Callable[[str], list[str]]
SettingParser: TypeAlias = Callable[[str], object]
AttributeBlocks: TypeAlias = dict[tuple[int, int], list[bytes]]
OwnersOfRows: TypeAlias = Mapping[Any, tuple[Owner, ...]]  # by inode or PID; None has none
Origin: TypeAlias = Source | tuple[Source, Confidence]
RuleRow: TypeAlias = tuple[str | None, str, Source] | tuple[str | None, str, Source, Confidence]
RuleRows: TypeAlias = Mapping[str, RuleRow]
CommonRows: TypeAlias = Mapping[str, tuple[str | None, str, str]]
Outcome: TypeAlias = tuple[Rule, Sock | None]
BindCheck: TypeAlias = Callable[[Sock, Context], Rule | None]


@runtime_checkable
class Plan(Protocol):
    """A table, prepared for one way of looking up many ports."""

    name: str
    table: bytes

    def answer(self, octets: bytes, low: int) -> bytes:
        """Return the table's value for each port of *octets*.

        Byte *low* (0 or 1) of each two is the low one.
        """
        ...


# The methods of a registry, as functions of ``portranges.registry``.


@runtime_checkable
class AssignmentsOfPort(Protocol):
    """``Registry.lookup``."""

    def __call__(
        self, port: SupportsIndex, transport: TransportLike | None = None
    ) -> tuple[Assignment, ...]: ...


@runtime_checkable
class StateOfPort(Protocol):
    """``Registry.state``."""

    def __call__(self, port: SupportsIndex, transport: TransportLike) -> State: ...


@runtime_checkable
class ServicesOfPort(Protocol):
    """``Registry.services``."""

    def __call__(
        self, port: SupportsIndex, transport: TransportLike | None = None
    ) -> tuple[str, ...]: ...


@runtime_checkable
class PortsOfService(Protocol):
    """``Registry.ports``."""

    def __call__(self, service: str, transport: TransportLike | None = None) -> PortSet: ...


@runtime_checkable
class PortsOfTransport(Protocol):
    """``Registry.assigned`` and its siblings."""

    def __call__(self, transport: TransportLike) -> PortSet: ...


@runtime_checkable
class RegistryTable(Protocol):
    """The rows of a registry, whatever form they are held in.

    Arguments are checked before they come here.
    """

    def cell(self, port: int, transport: Transport) -> Cell:
        """Return what is known about *port*, 0 to 65535."""
        ...

    def spans(self) -> Iterator[tuple[int, int, Transport, State]]:
        """Yield every stretch of ports with a row: first, last, whose, and which state."""
        ...

    def named(self, name: str) -> Iterator[tuple[int, int, Transport]]:
        """Yield every stretch that has *name*, given in lower case."""
        ...

    def names(self) -> Iterable[str]:
        """Return all names as they are spelt, in any order, perhaps repeated."""
        ...


@runtime_checkable
class ReuseMachine(Protocol):
    """A system's state machine, behind PortTable.

    Addresses are integers of 128 bits, IPv4 as ``::ffff:a.b.c.d``.
    """

    def __len__(self) -> int: ...
    @property
    def now(self) -> float: ...
    @property
    def lingering(self) -> int: ...
    def is_inet6(self, handle: Handle) -> bool: ...
    def describe(self, handle: Handle) -> Socket: ...
    def holders(self, port: int, *, tcp: bool) -> Iterator[Socket]: ...
    def socket(self, handle: Handle, **options: Any) -> None: ...
    def bind(self, handle: Handle, addr: int, port: int) -> Decision: ...
    def listen(self, handle: Handle) -> Decision: ...
    def connect(
        self, handle: Handle, dst: int, dport: int, *, source: int | None, refused: bool
    ) -> Decision: ...
    def accept(
        self,
        handle: Handle,
        child_handle: Handle,
        *,
        uid: int,
        local: int | None,
        peer: tuple[int, int] | None,
    ) -> Decision: ...
    def set_option(self, handle: Handle, options: Options) -> Decision: ...
    def disconnect(self, handle: Handle) -> Decision: ...
    def close(self, handle: Handle, how: Close) -> None: ...
    def advance(self, seconds: float) -> None: ...


@runtime_checkable
class Command(Protocol):
    """A module that is a command."""

    def add_arguments(self, add: Arguments) -> None:
        """Add the command's arguments."""
        ...

    def run(self, arguments: Namespace) -> int:
        """Do what *arguments* ask for, and return the exit status."""
        ...


@runtime_checkable
class PsutilConnection(Protocol):
    """A socket, as psutil reports it; psutil has changed the place of its own types before."""

    @property
    def family(self) -> int: ...
    @property
    def type(self) -> int: ...
    @property
    def laddr(self) -> Sequence[object]: ...
    @property
    def raddr(self) -> Sequence[object]: ...
    @property
    def status(self) -> str: ...


@runtime_checkable
class PsutilProcess(Protocol):
    """A process, as psutil has it."""

    @property
    def pid(self) -> int: ...
    def name(self) -> str: ...
    def create_time(self) -> float: ...
    def net_connections(self, kind: str = ...) -> Iterable[PsutilConnection]: ...


@runtime_checkable
class Psutil(Protocol):
    """The part of psutil that is used."""

    Error: type[Exception]
    AccessDenied: type[Exception]

    def net_connections(self, kind: str = ...) -> Iterable[PsutilConnection]: ...
    def process_iter(self) -> Iterator[PsutilProcess]: ...
    def Process(self, pid: int) -> PsutilProcess: ...  # noqa: N802 (psutil's name)


MachineMaker: TypeAlias = Callable[
    [ReuseSettings | None, str | None, frozenset[int] | None, Random], ReuseMachine
]


class WhichText(TypedDict, total=False):
    """Which of a system's texts ``system.parse`` reads."""

    transport: TransportLike
    family: FamilyLike
    program: SettingProgram | None


class CapacityArguments(TypedDict):
    """What every function of ``portranges.capacity`` accepts."""

    destinations: int
    sources: int
    method: MethodName
    families: int
    ports_per_client: int | None
