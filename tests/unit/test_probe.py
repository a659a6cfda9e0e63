"""The probe without this machine's sockets: records, counts, pairs, choices, refusals."""

from __future__ import annotations

import copy
import dataclasses
import os
import pickle
import re
import socket
import struct
import subprocess
import sys
from pathlib import Path

import pytest

import portranges
from children import run
from portranges import (
    MissingExtraError,
    PortRange,
    PortSet,
    SystemReadError,
    Transport,
    UnexpectedOutputError,
    UnknownNameError,
    UnsupportedPlatformError,
    ephemeral,
    probe,
)
from portranges.capacity import Interval
from portranges.errors import PortRangesError
from portranges.probe import (
    Owner,
    Scope,
    SocketRecord,
    SocketTable,
    Visibility,
    backends,
    long_lived,
    netlink,
    proc,
    watching,
    with_psutil,
)
from portranges.probe import row as col
from portranges.probe.counting import count
from portranges.probe.query import Query
from portranges.probe.record import record_of
from portranges.probe.watching import _is_same, _kind, _paired, _Seen
from portranges.system import RECORDED_LINUX, TimeWaitReuse, read_settings

ALL = Visibility(sockets=Scope.ALL, owners=Scope.ALL)
SOURCE = str(Path(portranges.__file__).parents[1])


def record(port, remote=None, state="established", address="127.0.0.1", **more):
    more.setdefault("transport", "tcp")
    if remote is not None:
        more |= {"remote_address": remote[0], "remote_port": remote[1]}
    family = "inet6" if ":" in address else "inet"
    return SocketRecord(family=family, address=address, port=port, state=state, **more)


def python(code):
    return subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {SOURCE!r})\n{code}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


# Records


def test_equality_ignores_what_only_some_backends_report():
    one = record(80, state="listen", inode=7, uid=0, v6only=None)
    assert one == record(80, state="listen")
    assert hash(one) == hash(record(80, state="listen"))
    for other in (
        record(81, state="listen"),
        record(80, state="closed"),
        record(80, state="listen", owners=[Owner(pid=1)]),
        record(80, state="listen", address="127.0.0.2"),
        record(80, ("127.0.0.1", 5)),
    ):
        assert one != other
    assert one != "tcp 127.0.0.1:80"


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_record_is_copied_and_pickled_with_all_attributes(way):
    one = record(80, state="listen", inode=7, uid=33, owners=[Owner(pid=5, name="a")])
    two = way(one)
    assert (two, two.inode, two.uid, two.to_dict()) == (one, 7, 33, one.to_dict())


@pytest.mark.parametrize(
    ("more", "error", "message"),
    [
        ({"transport": "sctp"}, ValueError, "transport must be tcp or udp, got 'sctp'"),
        ({"family": "ipv4"}, LookupError, "unknown family, got 'ipv4'"),
        ({"address": "::1"}, ValueError, "address must be an IPv4 address, got '::1'"),
        ({"address": "localhost"}, ValueError, "address must be an IPv4 address"),
        ({"address": "127.0.0.1\0"}, ValueError, "address must be an IPv4 address"),
        ({"address": None}, TypeError, "address must be a str, got NoneType None"),
        ({"port": 65536}, ValueError, "port must be in 0..65535"),
        ({"state": "idle"}, LookupError, "unknown state, got 'idle'"),
        ({"state": "unconnected"}, ValueError, "a TCP socket must not be unconnected"),
        (
            {"transport": "udp"},
            ValueError,
            "a UDP socket must be established or unconnected, got listen",
        ),
        ({"remote_port": 5}, ValueError, "remote_address and remote_port must be given together"),
        ({"remote_address": "::1", "remote_port": 5}, ValueError, "remote_address must be an IPv4"),
        ({"uid": -1}, ValueError, "uid must be at least 0, got -1"),
        ({"inode": "7"}, TypeError, "inode must be an integer, got str '7'"),
        ({"v6only": 1}, TypeError, "v6only must be a bool, got int 1"),
        ({"expires_in": float("nan")}, ValueError, "expires_in must not be negative, got nan"),
        ({"owners": ["init"]}, TypeError, "each owner must be an Owner, got str 'init'"),
    ],
)
def test_a_record_refuses_wrong_arguments(more, error, message):
    valid = {
        "transport": "tcp",
        "family": "inet",
        "address": "127.0.0.1",
        "port": 80,
        "state": "listen",
    }
    assert SocketRecord(**valid).port == 80
    with pytest.raises(error, match=re.escape(message)):
        SocketRecord(**{**valid, **more})


def test_an_address_may_have_a_zone():
    assert record(80, state="listen", address="fe80::1%eth0").local == "[fe80::1%eth0]:80"


def test_a_table_is_built_of_records_and_cannot_be_changed():
    owner = Owner(pid=5)
    table = SocketTable(
        [record(80, state="listen", owners=[owner]), record(81, state="listen")],
        visibility=ALL,
        read_at=1.5,
        backend="proc",
    )
    assert [each.port for each in table] == [80, 81]
    assert (table[0].owners, table.owners) == ((owner,), (owner,))
    assert table.backend is probe.Backend.PROC
    for twin in (copy.copy(table), copy.deepcopy(table), pickle.loads(pickle.dumps(table))):
        assert twin.to_dict() == table.to_dict()
    for name in ("visibility", "backend", "read_at", "owners", "records"):
        with pytest.raises(AttributeError):
            setattr(table, name, None)
    with pytest.raises(TypeError, match="each record must be a SocketRecord, got int 80"):
        SocketTable([80], visibility=ALL, read_at=0.0)
    with pytest.raises(TypeError, match="visibility must be a Visibility, got str 'all'"):
        SocketTable([], visibility="all", read_at=0.0)
    with pytest.raises(ValueError, match="read_at must not be negative"):
        SocketTable([], visibility=ALL, read_at=-1.0)
    with pytest.raises(LookupError, match="unknown backend, got 'procs'; did you mean 'proc'"):
        SocketTable([], visibility=ALL, read_at=0.0, backend="procs")


def test_a_record_of_psutil_is_pickled_without_its_pid():
    one = record_of((*record(80, state="listen")._row[: col.PID], 4242))
    two = pickle.loads(pickle.dumps(one))
    assert (two, two.inode, two._row[col.PID]) == (one, None, None)


def test_a_record_cannot_be_changed():
    one = record(80, state="listen")
    with pytest.raises((AttributeError, TypeError)):
        one.owners = ()
    with pytest.raises((AttributeError, TypeError)):
        one.port = 81


@pytest.mark.parametrize(
    ("address", "loopback", "wildcard"),
    [
        ("127.0.0.1", True, False),
        ("127.9.9.9", True, False),
        ("::1", True, False),
        ("::ffff:127.0.0.1", True, False),
        ("0.0.0.0", False, True),
        ("::", False, True),
        ("10.0.0.1", False, False),
        ("2001:db8::1", False, False),
        ("1270::1", False, False),
    ],
)
def test_loopback_and_wildcard_addresses(address, loopback, wildcard):
    one = record(80, address=address, state="listen")
    assert (one.is_loopback, one.is_wildcard) == (loopback, wildcard)


def test_ipv6_ends_are_written_in_brackets():
    one = record(80, ("2001:db8::1", 443), address="::1")
    assert (one.local, one.remote) == ("[::1]:80", "[2001:db8::1]:443")
    assert repr(one) == "<SocketRecord tcp [::1]:80 to [2001:db8::1]:443 established>"
    assert record(53, state="unconnected", transport="udp").remote == ""


def test_the_repr_of_a_table_has_its_visibility():
    partly = Visibility(sockets=Scope.OWN, owners=Scope.NOT_REQUESTED)
    table = SocketTable([record(80, state="listen")], visibility=partly, read_at=0.0)
    assert repr(table) == "<SocketTable 1 sockets; sockets of own processes only>"
    table = SocketTable([], visibility=Visibility(sockets=Scope.ALL, owners=Scope.OWN), read_at=0.0)
    assert repr(table) == "<SocketTable 0 sockets; all sockets, owners: own processes only>"


def test_why_there_is_no_owner():
    def why(visibility, **more):
        return SocketTable([], visibility=visibility, read_at=0.0).why_no_owner(record(80, **more))

    partly = Visibility(sockets=Scope.ALL, owners=Scope.OWN, reason="not root")
    unasked = Visibility(sockets=Scope.ALL, owners=Scope.NOT_REQUESTED)
    assert why(ALL, state="listen", owners=[Owner(pid=1)]) == ""
    assert why(unasked, state="listen") == "owners were not requested"
    assert why(partly, state="listen") == "not root"
    assert why(ALL, state="listen") == (
        "no process has it open: it belongs to the kernel, or its process has ended"
    )
    assert why(partly, state="time-wait") == "the kernel holds it until its timer expires"


def test_an_owner_with_a_name_that_is_not_utf_8_is_data_for_json():
    assert Owner(pid=1, name="a\udcffb").to_dict()["name"] == "a\\udcffb"


def test_a_table_is_indexed_by_one_integer():
    records = [record(port) for port in range(1, 12)]
    table = SocketTable(records, visibility=ALL, read_at=0.0)
    assert (table[0].port, table[-1].port) == (1, 11)
    with pytest.raises(IndexError):
        table[11]
    with pytest.raises(TypeError):
        table[:10]
    assert len(table.records[:10]) == 10


# Choices and refusals


def test_importing_the_probe_imports_no_psutil():
    done = python(
        "import portranges.probe\n"
        "print([name for name in ('psutil', 'asyncio', 'subprocess') if name in sys.modules])"
    )
    assert done.stdout == "[]\n", done.stderr


def test_without_psutil_other_systems_raise_with_a_hint(monkeypatch):
    monkeypatch.setitem(sys.modules, "psutil", None)
    monkeypatch.setattr(backends, "_PLATFORM", "darwin")
    for call in (
        probe.listeners,
        probe.connections,
        probe.sockets,
        probe.free_ports,
        lambda: probe.owners(80),
        lambda: probe.usage(system="macos"),
        lambda: next(probe.watch(80)),
        lambda: probe.Watcher(80).poll(),
    ):
        with pytest.raises(MissingExtraError) as caught:
            call()
        assert str(caught.value) == (
            "psutil is not installed; install it with: pip install 'portranges[probe]'"
        )


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own tables are Linux's")
def test_linux_needs_no_psutil(monkeypatch):
    monkeypatch.setitem(sys.modules, "psutil", None)
    assert probe.sockets().backend == "netlink"
    assert probe.sockets(backend="proc").backend == "proc"
    with pytest.raises(MissingExtraError):
        probe.sockets(backend="psutil")


def test_a_backend_of_another_system_is_refused(monkeypatch):
    monkeypatch.setattr(backends, "_PLATFORM", "win32")
    with pytest.raises(UnsupportedPlatformError) as caught:
        probe.sockets(backend="netlink")
    assert str(caught.value) == (
        "cannot read sockets by netlink: platform must be linux, got 'win32'"
    )


def test_wrong_arguments_are_refused_by_the_call_itself():
    with pytest.raises(UnknownNameError, match="unknown backend, got 'netlnk'; did you mean"):
        probe.sockets(backend="netlnk")
    with pytest.raises(TypeError, match="backend must be a str"):
        probe.sockets(backend=1)
    with pytest.raises(ValueError, match="transport must be tcp or udp, got 'sctp'"):
        probe.listeners("sctp")
    with pytest.raises(TypeError):
        probe.owners("80")
    for interval in (0, -1, float("nan"), float("inf"), 1_000_001, 10**400):
        with pytest.raises(ValueError, match="interval must be (greater than 0|in 0..1e.06), got"):
            probe.watch(80, interval)
    with pytest.raises(TypeError, match="polls must be an integer, got str"):
        probe.watch(80, polls="3")
    for polls in (0, -1):
        with pytest.raises(ValueError, match=f"polls must be at least 1, got {polls}"):
            probe.watch(80, polls=polls)
    with pytest.raises(TypeError, match="interval must be a number"):
        probe.watch(80, "1")
    with pytest.raises(portranges.InvalidPortError):
        probe.watch(70000)
    for older_than in (-1, float("nan"), float("inf"), -(10**400)):
        with pytest.raises(ValueError, match="older_than must (not be negative|be at most 1e)"):
            probe.lingering(older_than)
    with pytest.raises(TypeError, match="older_than must be a number"):
        probe.lingering("5m")
    with pytest.raises(TypeError, match="transport must be"):
        probe.usage(None)
    with pytest.raises(TypeError, match="system must be a system's name or an EphemeralProfile"):
        probe.usage(system=5)
    for system in ("smoltcp", ephemeral.profile("smoltcp")):
        with pytest.raises(ValueError, match="system must have a fixed ephemeral range, got 'smol"):
            probe.usage(system=system)


class Fake:
    """psutil as it behaves on systems that are not here: refusals, odd values."""

    class Error(Exception):
        pass

    class AccessDenied(Error):
        pass

    class Connection:
        def __init__(self, laddr, raddr=(), status="LISTEN", *, pid=None, kind=1):
            self.laddr, self.raddr, self.status = laddr, raddr, status
            self.pid, self.family, self.type = pid, 2, kind

    class One:
        def __init__(self, pid, connections=(), refused=False):
            self.pid, self.connections, self.refused = pid, connections, refused

        def net_connections(self, kind):
            if self.refused:
                raise Fake.AccessDenied
            return self.connections

    def __init__(self, connections=(), processes=(), error=None):
        self.connections, self.processes, self.error = connections, processes, error

    def net_connections(self, kind):
        if self.error is not None:
            raise self.error
        return self.connections

    def process_iter(self):
        return iter(self.processes)

    def Process(self, pid):
        raise Fake.Error("gone")


def through(monkeypatch, fake, **more):
    monkeypatch.setattr(with_psutil, "_psutil", lambda: fake)
    return backends.read(Query(owners=True, **more), "psutil")


def test_without_access_psutil_reports_own_sockets(monkeypatch):
    # As on macOS.
    mine = Fake.Connection(("127.0.0.1", 80))
    fake = Fake(
        error=Fake.AccessDenied(), processes=[Fake.One(1, refused=True), Fake.One(7, [mine])]
    )
    table = through(monkeypatch, fake)
    assert table.visibility.sockets == "own processes only"
    assert table.visibility.reason == "the system shows the sockets of other users to root only"
    assert [(each.port, [o.pid for o in each.owners]) for each in table] == [(80, [7])]
    monkeypatch.setattr(backends, "_PLATFORM", "darwin")
    with pytest.raises(SystemReadError, match="cannot read all sockets: the system shows"):
        probe.free_ports()


def test_states_of_windows_and_solaris_by_psutil(monkeypatch):
    connections = [
        Fake.Connection(("0.0.0.0", 135), ("0.0.0.0", 0), pid=900),
        Fake.Connection(("10.0.0.1", 50000), ("10.0.0.2", 443), "TIME_WAIT", pid=0),
        Fake.Connection(("10.0.0.1", 50001), ("10.0.0.2", 443), "DELETE_TCB", pid=4),
        Fake.Connection(("0.0.0.0", 5353), status="NONE", pid=5, kind=2),
        Fake.Connection((), status="CLOSE"),
    ]
    table = through(monkeypatch, Fake(connections))
    assert [(each.port, each.remote, each.state.value) for each in table] == [
        (135, "", "listen"),
        (50000, "10.0.0.2:443", "time-wait"),
        (50001, "10.0.0.2:443", "closed"),
        (5353, "", "unconnected"),
    ]
    assert [[o.pid for o in each.owners] for each in table] == [[900], [], [4], [5]]
    # The processes have ended, or may not be inspected.
    assert {owner.name for owner in table.owners} == {""}
    assert table.visibility.is_complete


@pytest.mark.parametrize(
    "connection",
    [
        Fake.Connection(("127.0.0.1", 80), status="SURPRISED"),
        Fake.Connection(("127.0.0.1", "80")),
        Fake.Connection(("127.0.0.1", 70000)),
        Fake.Connection((None, 80)),
    ],
)
def test_an_unknown_value_of_psutil_is_an_unexpected_output(monkeypatch, connection):
    with pytest.raises(UnexpectedOutputError, match="cannot read the socket table by psutil"):
        through(monkeypatch, Fake([connection]))


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), Fake.Error("broken")])
def test_a_failure_of_psutil_is_denied_with_its_reason(monkeypatch, error):
    table = through(monkeypatch, Fake(error=error))
    assert (len(table), table.visibility.sockets, table.backend) == (0, "denied", None)
    assert "psutil: " in table.visibility.reason
    assert table.visibility.owners == "denied"


@pytest.mark.skipif(sys.platform != "linux", reason="the fallbacks are Linux's")
def test_a_refused_backend_is_replaced_by_the_next(monkeypatch):
    def refuse(query):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(backends.netlink, "read", refuse)
    assert probe.sockets().backend == "proc"
    monkeypatch.setattr(backends.proc, "read", refuse)
    monkeypatch.setattr(with_psutil, "_psutil", Fake)
    assert probe.sockets().backend == "psutil"
    monkeypatch.setitem(sys.modules, "psutil", None)
    monkeypatch.undo()
    monkeypatch.setattr(backends.netlink, "read", refuse)
    monkeypatch.setattr(backends.proc, "read", refuse)
    monkeypatch.setitem(sys.modules, "psutil", None)
    table = probe.sockets()
    assert table.visibility.sockets == "denied"
    assert table.visibility.reason == (
        "netlink: permission denied; proc: permission denied; psutil: psutil is not installed; "
        "install it with: pip install 'portranges[probe]'"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="netlink is Linux's")
def test_an_unexpected_answer_of_netlink_is_replaced_by_proc(monkeypatch):
    def strange(query):
        raise UnexpectedOutputError("the socket table by sock_diag", "expected sense, got none")

    monkeypatch.setattr(backends.netlink, "read", strange)
    assert probe.sockets().backend == "proc"
    with pytest.raises(UnexpectedOutputError):
        probe.sockets(backend="netlink")


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own tables are Linux's")
@pytest.mark.parametrize("backend", ["netlink", "proc"])
def test_no_socket_has_port_0(backend):
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        assert len(probe.sockets("tcp", backend=backend)) > 0
        assert len(probe.owners(0, backend=backend)) == 0
        assert probe.Watcher(0, backend=backend).poll() == ()
        assert 0 not in probe.free_ports([0, 1], backend=backend)


def test_errors_of_the_probe_are_portranges_errors():
    for name in ("MissingExtraError", "SystemReadError", "UnexpectedOutputError"):
        assert issubclass(getattr(portranges, name), PortRangesError)


# Parsers


def test_parsers_refuse_unknown_transports_and_families():
    for parse in (
        lambda transport: probe.parse_proc_net("", transport, "inet"),
        lambda transport: probe.parse_sock_diag(b"", transport),
    ):
        with pytest.raises(ValueError, match="transport must be tcp or udp, got 'sctp'"):
            parse("sctp")
        with pytest.raises(UnknownNameError, match="unknown transport, got 'tpc'"):
            parse("tpc")
    for family in ("inet7", "ipv4"):
        with pytest.raises(UnknownNameError, match=f"unknown family, got '{family}'"):
            probe.parse_proc_net("", "tcp", family)
    with pytest.raises(TypeError, match="family must be a str, got int 4"):
        probe.parse_proc_net("", "tcp", 4)


@pytest.mark.parametrize("local", ["7F000001:1F9", "7F000001:1F9G", "7F0001:1F90", "7F00 01:1F90"])
def test_an_address_in_a_table_is_complete(local):
    head = "sl local_address\n"
    rest = " 00000000:0000 0A 00000000:00000000 00:00000000 00000000  33 0 5 1"
    with pytest.raises(UnexpectedOutputError, match=f"a line with a socket, got '0: {local} "):
        probe.parse_proc_net(f"{head}0: {local}{rest}", "tcp", "inet")
    line = f"{head}0: 7F000001:1F90{rest}"
    (found,) = probe.parse_proc_net(line, "tcp", "inet", byteorder="big")
    assert found.local == "127.0.0.1:8080"


def test_a_text_that_is_not_a_table_of_proc_net():
    for text in ("", "\n", "sl", "sl remote_address", "  sl  local_address\n 0: 1 2 3"):
        with pytest.raises(UnexpectedOutputError):
            probe.parse_proc_net(text, "tcp", "inet")
    with pytest.raises(UnexpectedOutputError) as caught:
        probe.parse_proc_net("who knows", "udp", "inet6")
    assert str(caught.value) == (
        "cannot read the socket table from /proc/net/udp6: expected a header, got 'who knows'"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_socket_that_proc_lists_twice_is_returned_once(monkeypatch):
    # One with an inode, and one in TIME_WAIT, which has none.
    listening, waiting = (
        f" 0: 0100007F:{port} 0100007F:{remote} {state} 0:0 00:0 0 0 0 {inode}\n"
        for port, remote, state, inode in (("0050", "0000", "0A", 7), ("C350", "0050", "06", 0))
    )
    other = waiting.replace("C350", "C351")
    text = "  sl  local_address\n" + listening + waiting + other + listening + waiting
    monkeypatch.setattr(proc, "_table", lambda transport, family: text * (family == "inet"))
    table = probe.sockets("tcp", backend="proc")
    assert [each.port for each in table] == [80, 50000, 50001]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_process_without_the_socket_gets_no_name():
    # The PID may have been reused: this process has no such socket.
    holders = proc.Holders(frozenset({7}), Scope.ALL)
    holders.found[7] = [(os.getpid(), 0)]
    assert proc.owners_of(holders) == {7: (Owner(pid=os.getpid()),)}


def test_a_truncated_name_is_completed_from_the_command_line(monkeypatch):
    command = "/opt/bin/a-server-with-a-long-name\0--port\0" + "80\0"
    monkeypatch.setattr(proc, "_text", lambda name: command)
    assert proc._long_name(1, "a-server-with-a") == "a-server-with-a-long-name"
    # It has chosen another name, or its name is complete.
    assert proc._long_name(1, "some-other-name") == "some-other-name"
    assert proc._long_name(1, "a-server") == "a-server"


class Link:
    """A socket of netlink that gives what was put into it."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        pass

    def settimeout(self, seconds):
        pass

    def bind(self, address):
        pass

    def send(self, data):
        pass

    def recvfrom(self, size):
        return self.answers.pop(0)


def test_netlink_messages_of_processes_are_ignored(monkeypatch):
    done = struct.pack("=IHHIIi", 20, 3, 2, 1, 0, 0)
    link = Link((b"from a process", (4242, 0)), (done, (0, 0)))
    monkeypatch.setattr(netlink.socket, "socket", lambda *what: link)
    assert netlink.read(Query(transports=(Transport.TCP,))) == []
    assert link.answers == []
    link.answers = [(b"", (0, 0))]
    with pytest.raises(SystemReadError, match="it ended early"):
        netlink.read(Query(transports=(Transport.TCP,)))


def answer_of(*, kind=20, family=2, state=10, length=88, extra=b"", remote=0, cookie=99):
    head = struct.pack("=IHHII", length, kind, 2, 1, 0)
    sockid = struct.pack(">HH", 80, remote) + bytes(36) + struct.pack("=IQ", 0, cookie)
    return head + bytes([family, state, 0, 0]) + sockid[:48] + bytes(88 - 16 - 4 - 48) + extra


DONE = struct.pack("=IHHIIi", 20, 3, 2, 1, 0, 0)


def test_sock_diag_messages_and_attributes():
    done = DONE
    (found,) = probe.parse_sock_diag(answer_of() + done, "tcp")
    assert (found.local, found.state, found.v6only) == ("0.0.0.0:80", "listen", None)
    # INET_DIAG_SKV6ONLY behind another attribute, which is padded to 4 bytes.
    attributes = struct.pack("=HHB3x", 5, 8, 1) + struct.pack("=HHB3x", 5, 11, 1)
    one = answer_of(family=10, length=88 + len(attributes), extra=attributes)
    (found,) = probe.parse_sock_diag(one + done, "tcp")
    assert (found.local, found.v6only) == ("[::]:80", True)
    # Without the attribute, and with one that is shorter than a header.
    for extra in (struct.pack("=HHB3x", 5, 8, 1), b"\x01\x00"):
        one = answer_of(family=10, length=88 + len(extra), extra=extra)
        (found,) = probe.parse_sock_diag(one + bytes(-len(one) % 4) + done, "tcp")
        assert found.v6only is None
    # Only the request for sockets without a remote address is about v6only.
    one = answer_of(family=10, length=88 + len(attributes), extra=attributes, remote=5)
    assert probe.parse_sock_diag(one + done, "tcp")[0].v6only is None
    # A message without a meaning between the others.
    noop = struct.pack("=IHHII", 16, 1, 2, 1, 0)
    assert len(probe.parse_sock_diag(noop + answer_of() + noop + done, "tcp")) == 1
    # Messages of one length that differ in the family.
    both = probe.parse_sock_diag(answer_of() + answer_of(family=10, cookie=98) + done, "tcp")
    assert [each.local for each in both] == ["0.0.0.0:80", "[::]:80"]


def test_every_answer_in_the_data_is_read():
    """For UDP each family is a request, and has an answer with an end."""
    first, second = answer_of() + DONE, answer_of(family=10, cookie=98) + DONE
    refused = struct.pack("=IHHIIi", 20, 3, 2, 1, 0, -2)
    for transport in ("tcp", "udp"):
        both = probe.parse_sock_diag(first + second, transport)
        assert [each.local for each in both] == ["0.0.0.0:80", "[::]:80"]
        assert probe.parse_sock_diag(DONE + second, transport) == both[1:]
        with pytest.raises(SystemReadError, match="no such file or directory"):
            probe.parse_sock_diag(first + refused, transport)


@pytest.mark.parametrize("answer", [b"", answer_of(), DONE + answer_of(family=10)])
def test_an_answer_without_its_end_is_not_a_table(answer):
    with pytest.raises(UnexpectedOutputError, match="expected an end of the answer, got none"):
        probe.parse_sock_diag(answer, "udp")


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        (answer_of(family=3) + DONE, "expected a family of 2 or 10, got 3"),
        (answer_of(state=0) + DONE, "expected a state of 1 to 13, got 0"),
        (answer_of(state=14) + DONE, "expected a state of 1 to 13, got 14"),
        (answer_of(length=87), "expected a message of 88 to 88 bytes, got 87"),
        (answer_of(length=92), "expected a message of 88 to 88 bytes, got 92"),
        (answer_of(length=2**32 - 1), "expected a message of 88 to 88 bytes, got 4294967295"),
        (answer_of(length=0), "expected a message of 88 to 88 bytes, got 0"),
        (answer_of()[:15], "expected a header of 16 bytes, got 15"),
        (answer_of() + b"\0", "expected a header of 16 bytes, got 1"),
        (answer_of(kind=19), "expected a message of type 1, 2, 3, 18 or 20, got 19"),
        (
            answer_of(family=10, length=92, extra=struct.pack("=HH", 3, 11)) + DONE,
            "expected an attribute of 4 to 4 bytes, got 3",
        ),
        (
            answer_of(family=10, length=92, extra=struct.pack("=HH", 5, 11)) + DONE,
            "expected an attribute of 4 to 4 bytes, got 5",
        ),
    ],
)
def test_a_hostile_answer_is_a_typed_error(answer, rule):
    with pytest.raises(UnexpectedOutputError) as caught:
        probe.parse_sock_diag(answer, "tcp")
    assert str(caught.value) == f"cannot read the socket table by sock_diag: {rule}"


# How each kind of message carries an errno: net/netlink/af_netlink.c, netlink_ack() and
# netlink_dump_done(). iproute2, lib/libnetlink.c, rtnl_dump_done() reads the latter alike, and
# refuses one without an errno.
@pytest.mark.parametrize("kind", [2, 3])
@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("order", ["little", "big"])
@pytest.mark.parametrize(
    ("errno", "reason"),
    [(2, "no such file or directory"), (12, "cannot allocate memory"), (1, "operation not perm")],
)
def test_a_refusal_of_the_kernel_has_its_reason(kind, transport, order, errno, reason):
    mark = {"little": "<", "big": ">"}[order]
    data = struct.pack(f"{mark}IHHIIi", 20, kind, 2, 1, 0, -errno)
    # With sockets before the end too: what the kernel had listed by then is not everything.
    socket_ = struct.pack(f"{mark}IHHII", 88, 20, 2, 1, 0) + b"\x02\x07" + bytes(70)
    for answer in (data, socket_ + data):
        with pytest.raises(SystemReadError, match=f"by sock_diag: {reason}"):
            probe.parse_sock_diag(answer, transport, byteorder=order)


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        ("10000000 0300 0200 01000000 00000000", "expected an end of 20 bytes or more, got 16"),
        ("10000000 0200 0200 01000000 00000000", "expected an error of 20 bytes or more, got 16"),
        ("12000000 0300 0200 01000000 00000000 feff", "expected an end of 20 bytes or more, got 1"),
        ("14000000 0300 0200 01000000 00000000 feff", "expected a message of 16 to 18 bytes"),
        ("14000000 0400 0200 01000000 00000000 00000000", "type 1, 2, 3, 18 or 20, got 4"),
        ("14000000 0200 0200 01000000 00000000 00000000", "error 0"),
        ("14000000 0200 0200 01000000 00000000 05000000", "error -5"),
        ("14000000 0200 0200 01000000 00000000 00000080", "error 2147483648"),
        ("14000000 0300 0200 01000000 00000000 00000080", "error 2147483648"),
        ("12000000 1400 0200 01000000 00000000 020a", "a message of 88 bytes, got 18"),
    ],
)
def test_an_end_message_that_cannot_be_read_is_refused(answer, rule):
    with pytest.raises(SystemReadError, match=rule):
        probe.parse_sock_diag(bytes.fromhex(answer), "udp", byteorder="little")


def test_an_end_message_may_have_attributes_and_a_count():
    # linux/netlink.h: NLM_F_ACK_TLVS allows attributes after the errno.
    done = struct.pack("=IHHIIiHHI", 28, 3, 0x202, 1, 0, 0, 8, 3, 0)
    assert probe.parse_sock_diag(done, "udp") == ()
    assert probe.parse_sock_diag(struct.pack("=IHHIIi", 20, 3, 2, 1, 0, 7), "udp") == ()


@pytest.mark.skipif(sys.platform != "linux", reason="the fallback is Linux's")
@pytest.mark.parametrize("kind", [2, 3])
def test_a_kernel_without_udp_diag_is_read_from_proc(monkeypatch, kind):
    real = netlink.add_blocks

    def refuse(data, blocks):
        assert real(data, {}) in (False, True)
        return real(struct.pack("=IHHIIi", 20, kind, 2, 1, 0, -2), blocks)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        monkeypatch.setattr(netlink, "add_blocks", refuse)
        table = probe.owners(port, "udp")
        assert (table.backend, [each.port for each in table]) == ("proc", [port])
        assert port not in probe.free_ports([port], "udp")
        with pytest.raises(SystemReadError, match="netlink: no such file or directory|no such"):
            probe.free_ports([port], "udp", backend="netlink")


# Counting


def rows(*records):
    return [each._row for each in records]


TEN = PortRange(40000, 40009)


def counted(records, profile="linux", *, transport="tcp", ports=TEN, limit=None):
    profile = ephemeral.profile(profile).replace(ports=ports)
    size = len(profile.ports)
    return count(
        rows(*records),
        transport=Transport(transport),
        profile=profile,
        visibility=ALL,
        read_at=0.0,
        limit=Interval(size, size) if limit is None else limit,
    )


A, B = ("10.0.0.9", 443), ("10.0.0.9", 80)


def test_usage_counts_ports_in_each_state():
    found = counted(
        [
            record(40000, A),
            record(40000, B),
            record(40001, A, "time-wait"),
            record(40002, B, "time-wait"),
            # Open to one destination and in TIME_WAIT to another: it is not released by itself.
            record(40000, ("10.0.0.8", 5), "time-wait"),
            record(40003, state="listen"),
            record(40003, ("10.0.0.7", 5)),
            record(40004, state="closed"),
            record(50000, A),
        ]
    )
    assert found.in_use == PortSet.parse("40000-40004")
    assert found.held == PortSet.parse("40003-40004")
    assert (found.connections, found.time_wait) == (5, 3)
    assert found.time_wait_ports == PortSet.parse("40001-40002")
    assert found.free == PortSet.parse("40005-40009")
    assert found.share == 0.5
    assert [(each.remote, each.connections, each.time_wait) for each in found.destinations] == [
        ("10.0.0.9:443", 2, 1),
        ("10.0.0.9:80", 2, 1),
        ("10.0.0.8:5", 1, 1),
    ]
    # 10 ports less those held, and less those towards the destination.
    assert [(each.remaining.low, each.remaining.high) for each in found.destinations] == [
        (5, 6),
        (5, 6),
        (5, 7),
    ]


def waiting_room(reuse, address, far, *, left=30.0, state="time-wait", delay=1.0, **more):
    """Return how many connections fit in a range of ten ports with three such sockets."""
    settings = read_settings(machine=RECORDED_LINUX)
    settings = dataclasses.replace(
        settings, time_wait_reuse=reuse, time_wait_reuse_after=delay, **more
    )
    found = count(
        rows(
            *(
                record(port, (far, 443), state, address=address, expires_in=left)
                for port in (40000, 40002, 40004)
            )
        ),
        transport=Transport.TCP,
        profile=ephemeral.profile("linux").replace(ports=TEN),
        visibility=ALL,
        read_at=0.0,
        limit=Interval(10, 10),
        settings=settings,
    )
    (only,) = found.destinations
    assert only.remaining.low == 7
    assert only.reusable == only.remaining.high - 7 == only.to_dict()["reusable"]
    return only.remaining.high


NEVER, ALWAYS, LOOPBACK = TimeWaitReuse


# Linux, net/ipv4/tcp_ipv4.c, tcp_twsk_unique(): with 2, either address of the connection must be a
# loopback address; with 1, any may be.
@pytest.mark.parametrize(
    ("address", "far", "is_loopback"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "127.9.9.9", True),
        ("10.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "10.0.0.1", True),
        ("::1", "::1", True),
        ("::ffff:127.0.0.1", "::ffff:127.0.0.1", True),
        ("10.0.0.1", "10.0.0.1", False),
        ("10.0.0.1", "192.0.2.1", False),
        ("2001:db8::1", "2001:db8::1", False),
        ("128.0.0.1", "126.0.0.1", False),
    ],
)
@pytest.mark.parametrize("reuse", [NEVER, ALWAYS, LOOPBACK, None])
def test_time_wait_reuse_on_loopback_and_elsewhere(address, far, is_loopback, reuse):
    may = reuse is ALWAYS or (reuse is LOOPBACK and is_loopback)
    assert waiting_room(reuse, address, far) == (10 if may else 7)


def test_a_port_is_used_again_after_the_delay_only():
    there = ("127.0.0.1", "127.0.0.1")
    # Of the 60 s, 1 s must have passed.
    for left, room in ((60.0, 7), (59.5, 7), (59.0, 10), (0.5, 10), (None, 10)):
        assert waiting_room(LOOPBACK, *there, left=left) == room
    assert waiting_room(LOOPBACK, *there, left=59.0, delay=2.0) == 7
    assert waiting_room(LOOPBACK, *there, left=60.0, delay=None) == 10
    assert waiting_room(LOOPBACK, *there, left=0.0, time_wait=None, delay=None) == 10
    for state in ("established", "fin-wait-2", "close-wait"):
        assert waiting_room(ALWAYS, *there, state=state) == 7


def test_a_port_that_also_has_an_open_connection_is_not_used_again():
    records = [
        record(40000, A, "time-wait", address="127.0.0.1"),
        record(40000, A, address="127.0.0.1", inode=7),
        record(40001, A, "time-wait", address="127.0.0.1"),
        record(40001, state="listen", address="127.0.0.1"),
        record(40002, A, "time-wait", address="127.0.0.1"),
    ]
    settings = read_settings(machine=RECORDED_LINUX)
    for profile, high in (("linux", 8), ("macos", 7)):
        found = count(
            rows(*records),
            transport=Transport.TCP,
            profile=ephemeral.profile(profile).replace(ports=TEN),
            visibility=ALL,
            read_at=0.0,
            limit=Interval(10, 10),
            settings=settings,
        )
        (only,) = found.destinations
        # 40001 has a listener, so its connection came from outside.
        assert (only.connections, only.reusable, only.remaining.high) == (3, 1, high)


REUSE = r"""
import socket

def work():
    if not PRIVATE:
        return None
    with open("/proc/sys/net/ipv4/ip_local_port_range", "w") as file:
        file.write("40000 40003")
    one = listener(port=5001)
    for _ in range(4):
        client, accepted = connected(one)
        client.close()
        accepted.close()
    until(lambda: probe.usage().time_wait == 4)
    def room():
        (only,) = probe.usage().destinations
        return [only.remaining.low, only.remaining.high, only.reusable]
    found = {"at once": room()}
    time.sleep(1.2)
    found["later"] = room()
    for _ in range(4):
        connected(one)
    found["used"] = room()
    return found
"""


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="NOT CHECKED: needs Linux and root"
)
def test_ports_in_time_wait_can_be_allocated_again():
    found = run(REUSE)
    if found is None:
        pytest.skip("NOT CHECKED: no network namespace may be made here")
    assert found["at once"] == [0, 0, 0]
    assert found["later"] == [0, 4, 4]
    assert found["used"] == [0, 0, 0]


def test_without_sharing_every_port_in_use_is_unavailable():
    records = [record(50000, A), record(50001, B)]
    found = counted(records, "macos", ports=PortRange(50000, 50009))
    assert [(each.remaining.low, each.remaining.high) for each in found.destinations] == [
        (8, 8),
        (8, 8),
    ]
    records = [record(40000, A, transport="udp"), record(40001, B, transport="udp")]
    found = counted(records, transport="udp")
    assert [(each.remaining.low, each.remaining.high) for each in found.destinations] == [
        (8, 8),
        (8, 8),
    ]


def test_a_mapped_address_is_the_same_destination():
    mapped = record(40001, ("::ffff:10.0.0.9", 443), address="::ffff:127.0.0.1")
    v6 = record(40002, ("::ffff:1", 443), address="::1")
    found = counted([record(40000, A), mapped, v6])
    assert [(each.source, each.remote, each.connections) for each in found.destinations] == [
        ("127.0.0.1", "10.0.0.9:443", 2),
        ("::1", "[::ffff:1]:443", 1),
    ]
    assert [each.remaining.high for each in found.destinations] == [8, 9]


def test_a_limit_with_bounds_leaves_a_remainder_with_bounds():
    found = counted([record(40000, A)], ports=PortRange(40000, 40008), limit=Interval(8, 9))
    (only,) = found.destinations
    assert (only.limit, only.remaining) == (Interval(8, 9), Interval(7, 8))


def test_skipped_ports_are_not_counted():
    found = count(
        rows(record(55555, state="listen")),
        transport=Transport.TCP,
        profile=ephemeral.profile("macos"),
        visibility=ALL,
        read_at=0.0,
        limit=Interval(1, 1),
    )
    assert found.ports == PortSet.parse("49152-55554,55556-65535")
    assert not found.in_use


def test_an_empty_range_is_full():
    found = counted([], ports=PortSet.empty())
    assert (found.share, len(found.free)) == (1.0, 0)


@pytest.mark.parametrize(
    ("used", "limit", "remaining"),
    [
        (2, Interval(2, 2), Interval(0, 0)),
        (3, Interval(2, 2), Interval(0, 0)),
        (2, Interval(2, 3), Interval(0, 1)),
        (3, Interval(2, 3), Interval(0, 0)),
        (1, Interval(2, 2), Interval(1, 1)),
        (0, Interval(0, 0), None),
    ],
)
def test_a_destination_with_no_port_left(used, limit, remaining):
    found = counted([record(40000 + each, A) for each in range(used)], limit=limit)
    assert [each.remaining for each in found.destinations] == ([remaining] if remaining else [])
    if remaining is not None:
        assert found.destinations[0].to_dict()["remaining"] == [remaining.low, remaining.high]


# inet_diag reports the inode 0 for a socket that no process has: in TIME_WAIT always, and in the
# states of closing (and SYN_RECV) after close(), or before accept().
@pytest.mark.parametrize(
    ("state", "inode", "is_held"),
    [
        ("time-wait", None, True),
        ("time-wait", 0, True),
        ("time-wait", 7, True),
        *[
            (state, inode, inode == 0)
            for state in ("fin-wait-1", "fin-wait-2", "closing", "last-ack", "syn-received")
            # None: psutil does not report it. A number: a process has the socket open.
            for inode in (None, 0, 7)
        ],
        *[
            (state, inode, False)
            for state in ("established", "close-wait", "syn-sent")
            for inode in (None, 0, 7)
        ],
    ],
)
def test_sockets_that_the_kernel_holds(state, inode, is_held):
    found = record(40000, A, state, inode=inode)
    assert found.is_held_by_kernel is is_held
    assert found.inode == (inode or None)
    table = SocketTable([found], visibility=ALL, read_at=0.0)
    assert ("timer" in table.why_no_owner(found)) is is_held


# Processes, in a /proc of our own. Linux, fs/proc/root.c and fs/proc/namespaces.c.


class Proc:
    """A folder like /proc, and what may not be done in it."""

    def __init__(self, folder, monkeypatch):
        self.folder = folder
        self.monkeypatch = monkeypatch
        monkeypatch.setattr(proc, "PROC", str(folder))
        self.add(1, {})

    def add(self, pid, sockets, **files):
        descriptors = self.folder / str(pid) / "fd"
        descriptors.mkdir(parents=True)
        for number, target in sockets.items():
            (descriptors / str(number)).symlink_to(target)
        for name, text in files.items():
            (self.folder / str(pid) / name).write_bytes(text)

    def see(self, namespace=0xEFFFFFFC, uid=1000):
        real = os.stat

        def stat(path, *args, **more):
            if str(path).endswith("ns/pid"):
                if isinstance(namespace, OSError):
                    raise namespace
                return os.stat_result((0, namespace, *[0] * 8))
            return real(path, *args, **more)

        self.monkeypatch.setattr(proc.os, "stat", stat)
        self.monkeypatch.setattr(proc.os, "geteuid", lambda: uid)
        return self


@pytest.fixture
def fake(tmp_path, monkeypatch):
    if sys.platform != "linux":
        pytest.skip("/proc is Linux's")
    return Proc(tmp_path, monkeypatch)


def test_holders_are_found_by_their_descriptors(fake):
    fake.see().add(7, {"3": "socket:[55]", "4": "pipe:[55]", "5": "socket:[66]", "6": "/a/b"})
    fake.add(12, {"9": "socket:[55]"})
    (fake.folder / "self").mkdir()
    holders = proc.holders_of([55, 66, 0])
    assert holders.found == {55: [(7, 3), (12, 9)], 66: [(7, 5)]}
    assert proc.holders_of([55]).scope is Scope.ALL
    assert proc.still_holds(55, 12, 9)
    assert not proc.still_holds(66, 12, 9)
    assert not proc.still_holds(55, 12, 8)


@pytest.mark.parametrize(("uid", "scope"), [(0, Scope.PARTIAL), (1000, Scope.OWN)])
def test_processes_that_may_not_be_inspected(fake, monkeypatch, uid, scope):
    fake.see(uid=uid).add(7, {"3": "socket:[55]"})
    fake.add(8, {})
    fake.add(9, {"3": "socket:[55]"})
    real = proc._inspect

    def inspect(pid, wanted, found):
        if pid == 8:
            raise PermissionError(13, "Permission denied")
        if pid == 9:
            raise ProcessLookupError(3, "No such process")
        real(pid, wanted, found)

    monkeypatch.setattr(proc, "_inspect", inspect)
    holders = proc.holders_of([55])
    assert (holders.scope, holders.found) == (scope, {55: [(7, 3)]})
    assert holders.reason == "1 of 4 processes cannot be inspected"


def test_the_scope_if_processes_are_hidden(fake):
    fake.see().add(7, {"3": "socket:[55]"})
    (fake.folder / "1" / "fd").rmdir()
    (fake.folder / "1").rmdir()
    holders = proc.holders_of([55])
    assert holders.scope is Scope.OWN
    assert holders.reason == "the processes of other users are hidden (hidepid)"


@pytest.mark.parametrize(
    ("namespace", "inodes", "uid", "scope"),
    [
        (0xEFFFFFFC, [55, 66], 1000, Scope.ALL),
        # The kernel has no PID namespaces.
        (FileNotFoundError(2, "No such file or directory"), [55, 66], 1000, Scope.ALL),
        (4026532000, [55], 1000, Scope.ALL),
        (4026532000, [55, 66], 1000, Scope.OWN),
        (4026532000, [55, 66], 0, Scope.PARTIAL),
        (PermissionError(13, "Permission denied"), [55, 66], 0, Scope.PARTIAL),
    ],
)
def test_the_scope_if_sockets_belong_to_other_pid_namespaces(fake, namespace, inodes, uid, scope):
    fake.see(namespace, uid).add(7, {"3": "socket:[55]"})
    holders = proc.holders_of(inodes)
    assert holders.scope is scope
    reason = "1 of 2 sockets have no process in this PID namespace"
    assert holders.reason == ("" if scope is Scope.ALL else reason)


def test_a_missing_proc_is_denied_with_its_reason(fake, monkeypatch):
    (fake.folder / "1" / "fd").rmdir()
    (fake.folder / "1").rmdir()
    holders = proc.holders_of([55])
    assert (holders.scope, holders.reason) == (
        Scope.DENIED,
        "no process is visible; is /proc mounted?",
    )
    monkeypatch.setattr(proc, "PROC", str(fake.folder / "missing"))
    holders = proc.holders_of([55])
    assert holders.scope is Scope.DENIED
    assert holders.reason.endswith("missing: no such file or directory")


STAT = b"7 (%s) S " + b"0 " * 18 + b"250 0\n"


def test_owners_from_stat_status_and_cmdline(fake):
    ticks = os.sysconf("SC_CLK_TCK")
    (fake.folder / "stat").write_bytes(b"cpu 1 2\nbtime 1000\n")
    assert proc.boot_time() == 1000.0
    long = b"a-name-of-15-by"
    fake.add(7, {}, stat=STAT % b"a) (b", status=b"Name:\ta\nUid:\t33\t0\t0\t0\n", cmdline=b"")
    fake.add(8, {}, stat=STAT % long, status=b"Name:\ta\n", cmdline=b"/bin/" + long + b"tes\0-x\0")
    fake.add(9, {}, stat=STAT % long, status=b"Uid:\tx\n", cmdline=b"other\0")
    fake.add(10, {}, stat=b"10 (short) S 0\n", status=b"Uid:\t5\t5\t5\t5\n", cmdline=b"")
    fake.add(11, {}, stat=b"", status=b"Uid:\t5\t5\t5\t5\n", cmdline=b"")
    started = 1000 + 250 / ticks
    assert proc.owner_of(7, 1000.0) == Owner(pid=7, name="a) (b", uid=33, started_at=started)
    assert proc.owner_of(7, None) == Owner(pid=7, name="a) (b", uid=33)
    # No line with a user.
    assert proc.owner_of(8, 1000.0) == Owner(pid=8, name=f"{long.decode()}tes", started_at=started)
    assert proc.owner_of(9, 1000.0) == Owner(pid=9, name=long.decode(), started_at=started)
    assert proc.owner_of(10, 1000.0) == Owner(pid=10, name="short")
    assert proc.owner_of(10, None) == Owner(pid=10, name="short", uid=5)
    assert proc.owner_of(11, None) == Owner(pid=11, uid=5)
    assert proc.owner_of(99, 1000.0) == Owner(pid=99)
    for text in (b"cpu 1\n", b"btime\n", b"btime x\n"):
        (fake.folder / "stat").write_bytes(text)
        assert proc.boot_time() is None
    (fake.folder / "stat").unlink()
    assert proc.boot_time() is None


def test_a_reused_pid_has_no_name(fake, monkeypatch):
    fake.see().add(7, {"3": "socket:[55]"}, stat=STAT % b"a", status=b"Uid:\t5\n", cmdline=b"")
    fake.add(8, {"4": "socket:[55]"}, stat=STAT % b"b", status=b"Uid:\t6\n", cmdline=b"")
    holders = proc.holders_of([55])
    assert proc.owners_of(holders) == {
        55: (Owner(pid=7, name="a", uid=5), Owner(pid=8, name="b", uid=6))
    }
    (fake.folder / "7" / "fd" / "3").unlink()
    assert proc.owners_of(holders) == {55: (Owner(pid=7), Owner(pid=8, name="b", uid=6))}


def test_tables_of_the_main_thread_and_without_ipv6(fake):
    header = b"  sl  local_address rem_address\n"
    line = b"0: 0100007F:1F90 00000000:0000 0A 0:0 00:00000000 0 33 0 5 1\n"
    (fake.folder / "net").mkdir()
    (fake.folder / "net" / "tcp").write_bytes(header + line)
    query = Query(transports=(Transport.TCP,))
    assert [row[col.PORT] for row in proc.read(query)] == [8080]
    folder = fake.folder / "thread-self" / "net"
    folder.mkdir(parents=True)
    (folder / "tcp").write_bytes(header + line.replace(b"1F90", b"1F91"))
    assert [row[col.PORT] for row in proc.read(query)] == [8081]
    with pytest.raises(FileNotFoundError):
        proc.read(Query(transports=(Transport.UDP,)))


# Pairs of polls


def paired(before, after):
    table = SocketTable(after, visibility=ALL, read_at=1.0)
    pairs, gone = _paired([_Seen(each, 0.0) for each in before], table)
    return [(now.inode, was.record.inode if was else None) for now, was in pairs], [
        was.record.inode for was in gone
    ]


def test_a_socket_is_paired_with_itself_first():
    def listen(inode):
        return record(80, state="listen", inode=inode)

    assert paired([listen(1), listen(2)], [listen(2), listen(1)]) == ([(2, 2), (1, 1)], [])
    # The kernel lists a new socket before the others that are alike.
    assert paired([listen(1)], [listen(2), listen(1)]) == ([(1, 1), (2, None)], [])
    assert paired([listen(1), listen(2)], [listen(2)]) == ([(2, 2)], [1])
    assert paired([listen(1)], [listen(3)]) == ([(3, 1)], [])
    assert paired([], [listen(1)]) == ([(1, None)], [])


def test_a_connection_after_time_wait_is_another_one():
    before = record(40000, A, "time-wait")
    assert not _is_same(before, record(40000, A, inode=5))
    assert _is_same(before, before)
    # Not accepted yet, then accepted: it gets its inode later.
    assert _is_same(record(40000, A), record(40000, A, inode=5))
    assert not _is_same(record(40000, A, inode=4), record(40000, A, inode=5))


def test_kinds_of_changes():
    listening, again = record(80, state="listen", inode=4), record(80, state="listen", inode=5)
    assert _kind(None, listening, first=True) == "found"
    assert _kind(None, listening, first=False) == "opened"
    assert _kind(listening, listening, first=False) is None
    # Another socket, of a process that is not visible: the port has been opened again.
    assert _kind(listening, again, first=False) == "owner changed"
    owned = record(80, state="listen", inode=4, owners=[Owner(pid=7)])
    assert _kind(listening, owned, first=False) == "owner changed"
    assert _kind(record(80, A), record(80, A, "close-wait"), first=False) == "state changed"


def test_missed_polls_are_not_made_up_for(monkeypatch):
    monkeypatch.setattr(watching.time, "monotonic", lambda: 100.0)
    assert watching.next_poll(99.5, 1.0) == (100.5, 0.5)
    assert watching.next_poll(90.0, 1.0) == (100.0, 0.0)


# Ages


@pytest.mark.parametrize(
    ("starts", "age"),
    [
        ([], "unknown"),
        ([None], "unknown"),
        ([999.0], None),
        ([999.0, 100.0], "possible"),
        ([100.0, None], "possible"),
        # The second may have had it open for long.
        ([999.0, None], "unknown"),
    ],
)
def test_the_age_by_the_starts_of_the_owners(monkeypatch, starts, age):
    found = tuple(Owner(pid=at + 1, started_at=start) for at, start in enumerate(starts))
    listener = record(60454, state="listen", inode=7, owners=found)
    table = SocketTable([listener], visibility=ALL, read_at=1000.0)
    monkeypatch.setattr(long_lived, "read", lambda query, backend: table)
    monkeypatch.setattr(long_lived, "_ephemeral_ports", lambda transports: ({}, ""))
    assert [each.age for each in probe.lingering(300.0)] == ([] if age is None else [age])


def test_setting_the_clock_does_not_change_ages(monkeypatch):
    clock = [50.0]
    monkeypatch.setattr(long_lived.time, "monotonic", lambda: clock[0])
    listener = record(60454, state="listen", inode=7)
    history = probe.ListenerHistory()

    def noted(wall):
        return history.update(SocketTable([listener], visibility=ALL, read_at=wall))

    assert noted(1000.0) == ((1000.0, 0.0),)
    clock[0] = 60.0
    assert noted(9_000_000.0) == ((1000.0, 10.0),)


def test_another_socket_on_the_same_port_is_seen_anew():
    history = probe.ListenerHistory()

    def noted(inode, wall):
        listener = record(60454, state="listen", inode=inode)
        ((since, _),) = history.update(SocketTable([listener], visibility=ALL, read_at=wall))
        return since

    assert [noted(7, 1.0), noted(7, 2.0), noted(8, 3.0), noted(8, 4.0)] == [1.0, 1.0, 3.0, 3.0]
    assert len(history) == 1
