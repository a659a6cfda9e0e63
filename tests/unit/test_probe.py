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
    model,
    netlink,
    proc,
    watching,
    with_psutil,
)
from portranges.probe.counting import count
from portranges.probe.query import Query
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


def test_records_agree_in_what_every_backend_tells():
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
def test_a_record_is_copied_and_pickled_with_all_it_tells(way):
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
def test_what_is_no_record(more, error, message):
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


def test_a_record_of_psutil_is_pickled_without_its_handle():
    one = model.record_of((*record(80, state="listen")._row[:8], -4242, None, None))
    two = pickle.loads(pickle.dumps(one))
    assert (two, two.inode, two._row[8]) == (one, None, None)


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
def test_which_addresses_are_reached_from_where(address, loopback, wildcard):
    one = record(80, address=address, state="listen")
    assert (one.is_loopback, one.is_wildcard) == (loopback, wildcard)


def test_the_ends_are_written_as_in_a_url():
    one = record(80, ("2001:db8::1", 443), address="::1")
    assert (one.local, one.remote) == ("[::1]:80", "[2001:db8::1]:443")
    assert repr(one) == "<SocketRecord tcp [::1]:80 to [2001:db8::1]:443 established>"
    assert record(53, state="unconnected", transport="udp").remote == ""


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


def test_a_name_that_is_no_text_is_data_for_json():
    assert Owner(pid=1, name="a\udcffb").to_dict()["name"] == "a\\udcffb"


def test_a_table_is_asked_for_one_record_at_a_time():
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


def test_without_psutil_other_systems_are_told_how_to_get_it(monkeypatch):
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
def test_without_psutil_linux_answers_all_the_same(monkeypatch):
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


def test_wrong_arguments_are_told_at_the_call():
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


def test_where_the_system_tells_root_alone_own_sockets_are_told(monkeypatch):
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


def test_what_windows_and_solaris_tell_is_understood(monkeypatch):
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
def test_what_psutil_never_told_before_is_an_unexpected_output(monkeypatch, connection):
    with pytest.raises(UnexpectedOutputError, match="cannot read the socket table by psutil"):
        through(monkeypatch, Fake([connection]))


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), Fake.Error("broken")])
def test_what_psutil_cannot_do_is_denied_with_its_reason(monkeypatch, error):
    table = through(monkeypatch, Fake(error=error))
    assert (len(table), table.visibility.sockets, table.backend) == (0, "denied", None)
    assert "psutil: " in table.visibility.reason
    assert table.visibility.owners == "denied"


@pytest.mark.skipif(sys.platform != "linux", reason="the fallbacks are Linux's")
def test_each_backend_stands_in_for_the_one_before(monkeypatch):
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
def test_a_kernel_that_answers_strangely_is_passed_over(monkeypatch):
    def strange(query):
        raise UnexpectedOutputError("the socket table by sock_diag", "expected sense, got none")

    monkeypatch.setattr(backends.netlink, "read", strange)
    assert probe.sockets().backend == "proc"
    with pytest.raises(UnexpectedOutputError):
        probe.sockets(backend="netlink")


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own tables are Linux's")
@pytest.mark.parametrize("backend", ["netlink", "proc"])
def test_nothing_holds_port_0_which_means_any_to_the_kernel(backend):
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        assert len(probe.sockets("tcp", backend=backend)) > 0
        assert len(probe.owners(0, backend=backend)) == 0
        assert probe.Watcher(0, backend=backend).poll() == ()
        assert 0 not in probe.free_ports([0, 1], backend=backend)


def test_every_error_is_the_library_s_own():
    for name in ("MissingExtraError", "SystemReadError", "UnexpectedOutputError"):
        assert issubclass(getattr(portranges, name), PortRangesError)


# Parsers


def test_what_no_table_is_of():
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


def test_a_table_that_is_none():
    for text in ("", "\n", "sl", "sl remote_address", "  sl  local_address\n 0: 1 2 3"):
        with pytest.raises(UnexpectedOutputError):
            probe.parse_proc_net(text, "tcp", "inet")
    with pytest.raises(UnexpectedOutputError) as caught:
        probe.parse_proc_net("who knows", "udp", "inet6")
    assert str(caught.value) == (
        "cannot read the socket table from /proc/net/udp6: expected a header, got 'who knows'"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_socket_that_proc_tells_twice_is_one(monkeypatch):
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
def test_a_process_that_has_not_the_socket_any_more_gets_no_name():
    # The PID may have been reused: this process has no such socket.
    holders = proc.Holders(frozenset({7}), Scope.ALL)
    holders.found[7] = [(os.getpid(), 0)]
    assert proc.owners_of(holders) == {7: (Owner(pid=os.getpid()),)}


def test_a_name_that_the_kernel_cut_is_the_command_s_if_that_begins_so(monkeypatch):
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


def test_the_kernel_alone_is_believed(monkeypatch):
    done = struct.pack("=IHHIIi", 20, 3, 2, 1, 0, 0)
    link = Link((b"from a process", (4242, 0)), (done, (0, 0)))
    monkeypatch.setattr(netlink.socket, "socket", lambda *what: link)
    assert netlink.read(Query(transports=(Transport.TCP,))) == []
    assert link.answers == []
    link.answers = [(b"", (0, 0))]
    with pytest.raises(SystemReadError, match="it ended early"):
        netlink.read(Query(transports=(Transport.TCP,)))


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
    ],
)
def test_an_end_that_cannot_be_read_is_no_table(answer, rule):
    with pytest.raises(SystemReadError, match=rule):
        probe.parse_sock_diag(bytes.fromhex(answer), "udp", byteorder="little")


def test_an_end_may_carry_attributes_and_a_count():
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


def test_a_range_in_use_is_counted():
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
def test_ports_in_time_wait_that_are_used_again(address, far, is_loopback, reuse):
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
def test_the_kernel_gives_ports_in_time_wait_again():
    found = run(REUSE)
    if found is None:
        pytest.skip("NOT CHECKED: no network namespace may be made here")
    assert found["at once"] == [0, 0, 0]
    assert found["later"] == [0, 4, 4]
    assert found["used"] == [0, 0, 0]


def test_where_ports_are_not_shared_every_one_in_use_is_lost():
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


def test_bounds_of_the_rule_are_bounds_of_what_is_left():
    found = counted([record(40000, A)], ports=PortRange(40000, 40008), limit=Interval(8, 9))
    (only,) = found.destinations
    assert (only.limit, only.remaining) == (Interval(8, 9), Interval(7, 8))


def test_ports_that_the_system_never_hands_out_are_not_counted():
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


def test_which_change_it_is():
    listening, again = record(80, state="listen", inode=4), record(80, state="listen", inode=5)
    assert _kind(None, listening, first=True) == "found"
    assert _kind(None, listening, first=False) == "opened"
    assert _kind(listening, listening, first=False) is None
    # Another socket, of a process that is not visible: the port has been opened again.
    assert _kind(listening, again, first=False) == "owner changed"
    owned = record(80, state="listen", inode=4, owners=[Owner(pid=7)])
    assert _kind(listening, owned, first=False) == "owner changed"
    assert _kind(record(80, A), record(80, A, "close-wait"), first=False) == "state changed"


def test_looks_that_were_missed_are_not_made_up_for(monkeypatch):
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
def test_an_age_is_known_by_the_first_of_all_owners(monkeypatch, starts, age):
    found = tuple(Owner(pid=at + 1, started_at=start) for at, start in enumerate(starts))
    listener = record(60454, state="listen", inode=7, owners=found)
    table = SocketTable([listener], visibility=ALL, read_at=1000.0)
    monkeypatch.setattr(long_lived, "read", lambda query, backend: table)
    monkeypatch.setattr(long_lived, "_ephemeral_ports", lambda transports: ({}, ""))
    assert [each.age for each in probe.lingering(300.0)] == ([] if age is None else [age])


def test_a_clock_that_is_set_makes_nothing_old(monkeypatch):
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
