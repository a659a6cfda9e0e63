"""What ``portranges.types`` offers: aliases, protocols and the names of ``typing``.

Nothing imports this module to run; ``types`` loads it when an annotation is evaluated. It
may therefore import every package. A name that is imported as itself is offered too, and so are
the words of ``_words``.
"""

from __future__ import annotations

import typing
from argparse import Namespace as Namespace
from array import array
from collections.abc import Callable as Callable
from collections.abc import Collection as Collection
from collections.abc import Generator as Generator
from collections.abc import Iterable as Iterable
from collections.abc import Iterator as Iterator
from collections.abc import Mapping as Mapping
from collections.abc import MutableSequence as MutableSequence
from collections.abc import Sequence as Sequence
from datetime import date as date
from enum import StrEnum
from ipaddress import IPv4Address as IPv4Address
from ipaddress import IPv6Address as IPv6Address
from os import PathLike as PathLike
from random import Random as Random
from re import Pattern as Pattern
from threading import Event as Event
from typing import IO as IO
from typing import Any as Any
from typing import BinaryIO as BinaryIO
from typing import Literal as Literal
from typing import NoReturn as NoReturn
from typing import Protocol as Protocol
from typing import Self as Self
from typing import SupportsIndex as SupportsIndex
from typing import TextIO as TextIO
from typing import TypeAlias as TypeAlias
from typing import TypedDict, runtime_checkable
from typing import TypeVar as TypeVar
from typing import Unpack as Unpack
from typing import cast as cast
from typing import final as final
from typing import overload as overload

from portranges._words import *
from portranges.capacity.model import Interval as Interval
from portranges.cli.arguments import Arguments as Arguments
from portranges.ephemeral import EphemeralProfile as EphemeralProfile
from portranges.errors import InvalidRangeError, InvalidSocketError, InvalidValueError
from portranges.families import Family as Family
from portranges.ports import PortRange as PortRange
from portranges.ports import Transport as Transport
from portranges.portset import PortSet as PortSet
from portranges.probe.record import Owner
from portranges.probe.row import SocketState as SocketState
from portranges.probe.table import Backend as Backend
from portranges.registry.model import Assignment as Assignment
from portranges.registry.model import Cell as Cell
from portranges.registry.model import Difference as Difference
from portranges.registry.model import State as State
from portranges.registry.registry import Registry as Registry
from portranges.report.model import PortReport as PortReport
from portranges.reuse.linux.settings import LinuxSettings as LinuxSettings
from portranges.reuse.model import Close as Close
from portranges.reuse.model import Decision as Decision
from portranges.reuse.model import Handle as Handle
from portranges.reuse.model import Options as Options
from portranges.reuse.model import Rule as Rule
from portranges.reuse.model import Socket as Socket
from portranges.reuse.model import State as ReuseState
from portranges.reuse.others.bind_rules import Context as Context
from portranges.reuse.others.settings import SystemSettings as SystemSettings
from portranges.reuse.others.sock import Sock as Sock
from portranges.rulesets.model import Direction
from portranges.rulesets.model import Location as Location
from portranges.rulesets.ruleset import Ruleset as Ruleset
from portranges.selection.model import Algorithm as Algorithm
from portranges.source import Confidence as Confidence
from portranges.source import Source as Source
from portranges.system.binding import BindSettings as BindSettings
from portranges.system.model import Field, TimeWaitReuse
from portranges.system.model import Machine as Machine
from portranges.system.model import MachineSettings as MachineSettings
from portranges.systems import Kind as Kind
from portranges.transport_ports import TransportPorts as TransportPorts

if typing.TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    IntArray: TypeAlias = array[int]
else:
    # collections.abc.Buffer, and array's own brackets, are new in Python 3.12.
    ReadableBuffer = bytes | bytearray | memoryview | array
    IntArray = array

T = TypeVar("T")
U = TypeVar("U")
# A mapping whose keys are a kind of str: the key of a Mapping is invariant.
StrKey = TypeVar("StrKey", bound=str)
Word = TypeVar("Word", bound=StrEnum)

ValueErrorKind: TypeAlias = (
    type[InvalidValueError] | type[InvalidSocketError] | type[InvalidRangeError]
)

StrPath: TypeAlias = str | PathLike[str]

# -- arguments of public functions ----------------------------------------------


@runtime_checkable
class SupportsArray(Protocol):
    """What numpy reads as an array: an array of its own, or a column of pandas, polars, pyarrow."""

    def __array__(self, *arguments: Any, **keywords: Any) -> Any:
        """Return a numpy array."""
        ...


TransportLike: TypeAlias = Transport | TransportName
TransportsLike: TypeAlias = TransportLike | Iterable[TransportLike]
TcpOrUdpLike: TypeAlias = Transport | TcpOrUdpName
PortItem: TypeAlias = SupportsIndex | PortRange | range | PortSet
PortItems: TypeAlias = Iterable[PortItem]
PortOperand: TypeAlias = PortSet | PortRange | set[int] | frozenset[int]
PortNumbers: TypeAlias = ReadableBuffer | Iterable[SupportsIndex | None] | SupportsArray
AnyPorts: TypeAlias = PortSet | PortRange | EphemeralProfile
RuleLike: TypeAlias = SupportsIndex | PortRange | PortSet
SystemLike: TypeAlias = SystemName | EphemeralProfile
SystemsLike: TypeAlias = SystemLike | Iterable[SystemLike]
KindLike: TypeAlias = Kind | Literal["host", "middlebox", "document"]
FamilyLike: TypeAlias = Family | FamilyName
AddressLike: TypeAlias = str | IPv4Address | IPv6Address
ReuseSettings: TypeAlias = LinuxSettings | SystemSettings
ReuseStateLike: TypeAlias = ReuseState | ReuseStateName
CloseLike: TypeAlias = Close | CloseName
AlgorithmLike: TypeAlias = Algorithm | AlgorithmName
BackendLike: TypeAlias = Backend | BackendName
SocketStateLike: TypeAlias = SocketState | SocketStateName
FieldLike: TypeAlias = Field | FieldName
DirectionLike: TypeAlias = Direction | DirectionName
RangeField: TypeAlias = Literal["configured", Field.CONFIGURED]
PortsField: TypeAlias = Literal["reserved", "excluded", Field.RESERVED, Field.EXCLUDED]
SettingValue: TypeAlias = PortRange | PortSet | TimeWaitReuse | float | None
OwnServices: TypeAlias = Mapping[str, Iterable[tuple[SupportsIndex | PortRange, str]]]
ReportAnswers: TypeAlias = Iterable[tuple[PortReport, TransportLike | None]]
RequestedPorts: TypeAlias = list[tuple[PortSet, TransportLike | None]]

# The destination for which a port is wanted: only plain values, because they must hash to the same
# number in every process for a seed to be reproducible.
_Part: TypeAlias = int | str | bytes | None
Destination: TypeAlias = _Part | tuple[_Part | tuple[_Part, ...], ...]


@runtime_checkable
class Rng(Protocol):
    """A source of random bits, such as random.Random or random.SystemRandom."""

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


Named = TypeVar("Named", bound=HasName)
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

Schema: TypeAlias = dict[str, Any]
SchemaHandler: TypeAlias = Callable[[Any], Any]
Part: TypeAlias = tuple[Transport | None, PortSet]
PortSets: TypeAlias = dict[Transport | None, PortSet]
Entry: TypeAlias = Mapping[str, Any]
UnreadPart: TypeAlias = tuple[Transport | None, Callable[[], PortSet]]
Span: TypeAlias = tuple[int, int]
PortCheck: TypeAlias = Callable[[SupportsIndex], int]
Chunk: TypeAlias = tuple[Any, bytes | None, Any]
ColumnReader: TypeAlias = Callable[[Any, Any, ByteOrder], Iterator[Chunk] | None]
PlanGroup: TypeAlias = tuple[list[int], list[list[int]]]
SearchKind: TypeAlias = tuple[object, ...]
FourTuple: TypeAlias = tuple[int, int, int, int]
OwnCells: TypeAlias = Mapping[Transport, Mapping[int, Cell]]
RowContents: TypeAlias = tuple[tuple[State, str | None, str], ...]
DifferingContent: TypeAlias = tuple[RowContents, RowContents]
FieldCheck: TypeAlias = type | Callable[[str, Any], object]
TextLayout: TypeAlias = Callable[[str], list[str]]
SettingParser: TypeAlias = Callable[[str], object]
AttributeBlocks: TypeAlias = dict[tuple[int, int], list[bytes]]
OwnersOfRows: TypeAlias = Mapping[Any, tuple[Owner, ...]]  # by inode or PID
ListedColumns: TypeAlias = tuple[str, str, str, list[str], list[str]]
RuleSource: TypeAlias = Source | tuple[Source, Confidence]
RuleRow: TypeAlias = tuple[str | None, str, Source] | tuple[str | None, str, Source, Confidence]
RuleRows: TypeAlias = Mapping[str, RuleRow]
CommonRows: TypeAlias = Mapping[str, tuple[str | None, str, str]]
BindOutcome: TypeAlias = tuple[Rule, Sock | None]
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


@runtime_checkable
class RulesetReader(Protocol):
    """A module that reads a format of rulesets."""

    def read_text(self, text: str, name: str, services: Services | None, /) -> Ruleset:
        """Return the ruleset in *text*, which has the format *name*."""
        ...

    def read_data(self, data: object, name: str, services: Services | None, /) -> Ruleset:
        """Return the ruleset in *data*; only for a format of data."""
        ...


@runtime_checkable
class VariablesReader(Protocol):
    """A module that reads a format of data whose values may contain variables."""

    def read_data(
        self, data: object, name: str, services: Services | None, variables: Mapping[str, str], /
    ) -> Ruleset:
        """Return the ruleset in *data*, with the values of its variables."""
        ...


@runtime_checkable
class SetsReader(Protocol):
    """A module that reads a format of text whose rules refer to sets of ipset."""

    def read_text(self, text: str, name: str, services: Services | None, sets: str, /) -> Ruleset:
        """Return the ruleset in *text*, with the contents of *sets*."""
        ...


@runtime_checkable
class PortListReader(Protocol):
    """A module that reads named lists of ports."""

    def read_ports(self, text: str, services: Services | None, /) -> dict[str, TransportPorts]:
        """Return the ports of each list in *text*."""
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
class SearchRows(Protocol):
    """``Registry.search``."""

    def __call__(self, text: str) -> tuple[Assignment, ...]: ...


@runtime_checkable
class CompareRegistries(Protocol):
    """``Registry.compare``."""

    def __call__(self, newer: Registry) -> Iterator[Difference]: ...


@runtime_checkable
class RegistryTable(Protocol):
    """The rows of a registry, whatever form they are held in.

    Arguments are checked before they come here.
    """

    def cell(self, port: int, transport: Transport) -> Cell:
        """Return what is known about *port*, 0 to 65535."""
        ...

    def spans(self) -> Iterator[tuple[int, int, Transport, State]]:
        """Yield each stretch of ports with a row: first, last, transport and state."""
        ...

    def named(self, name: str) -> Iterator[tuple[int, int, Transport]]:
        """Yield each stretch that has *name*, given in lower case, with its transport."""
        ...

    def names(self) -> Iterable[str]:
        """Return all names as they are spelt, in any order, possibly repeated."""
        ...

    def rows(self) -> Iterator[tuple[int, int, Assignment]]:
        """Yield the rows by port and transport: the first and the last port of a stretch, the row.

        The same row comes again for each other stretch that has it.
        """
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
    """A module that implements a command."""

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
    """A process, as psutil represents it."""

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
