"""The commands about this machine: layout, times, and what they say of a child's sockets."""

from __future__ import annotations

import io
import os
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

import pytest

import terminals
from children import run
from envelope import result_of
from portranges import PortRange, PortSet, SystemReadError, Transport, ephemeral, layout, probe
from portranges.advice import listen_ports
from portranges.capacity import Interval
from portranges.cli import (
    audit,
    here,
    lingering,
    listening,
    numbers,
    sockets,
    suggest,
    usage,
    watch,
)
from portranges.cli.arguments import Arguments
from portranges.probe import (
    Age,
    Change,
    ChangeKind,
    LingeringListener,
    LingeringListeners,
    Owner,
    Scope,
    SocketRecord,
    SocketTable,
    Visibility,
)
from portranges.probe.counting import count
from portranges.system import RECORDED_LINUX, Machine, read_settings


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("300", 300), ("5m", 300), ("1.5h", 5400), ("2d", 172800), ("0.25s", 0.25)],
)
def test_a_time_span_is_parsed(text, seconds):
    assert numbers.time_span(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "m", "5 m", "-1", "1e3", "1_0", "\u0661m", "5M", ".5", "5.", "1h30m", "9" * 400, "inf"],
)
def test_a_text_that_is_not_a_time_span_is_refused(text):
    with pytest.raises(ArgumentTypeError, match="expected seconds or a number with s, m, h or d"):
        numbers.time_span(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (4.25, "4.25s"), (59.9, "59.9s"), (60, "1m 0s"), (3725, "1h 2m"), (1e6, "11d 13h")],
)
def test_a_time_span_is_printed(seconds, text):
    assert numbers.span(seconds) == text


def test_a_table_fits_and_aligns():
    rows = [("1", "x" * 60, "short"), ("65535", "y", "z" * 40)]
    heads = ("port", "who", "what")
    lines = list(layout.table(heads, rows, width=60, right=(0,), cuttable=((1,), (2,))))
    assert max(map(len, lines)) <= 60
    assert [line[:5] for line in lines] == [" port", "    1", "65535"]
    starts = [line.find(word) for line, word in zip(lines, ["who", "xxx", "y"], strict=True)]
    assert starts == [7, 7, 7]


@pytest.mark.parametrize("width", [9, 20, 60])
def test_the_length_of_a_cell_that_is_cut_makes_no_difference(width):
    short, long = (
        list(
            layout.table(
                ("place", "text", "more"),
                [("1", "x" * length, "y" * length)],
                width=width,
                cuttable=((0,), (1, 2)),
            )
        )
        for length in (200, 2_000)
    )
    assert short == long


def test_the_widest_column_of_a_table_is_cut():
    rows = [("a" * 30, "b" * 12, "c" * 40)]
    (_, line) = layout.table(("x", "y", "z"), rows, width=46, cuttable=((0, 1, 2),), cut_first=(2,))
    assert line.split() == ["aaaaaaaaaaaa...", "bbbbbbbbbbbb", "...cccccccccccc"]


def test_control_codes_in_a_name_are_escaped():
    assert sockets.owner(Owner(pid=7, name="a\x1b[2Jb\udcff")) == "a?[2Jb? (7)"
    assert sockets.owner(Owner(pid=7)) == "? (7)"


def test_one_socket_for_both_families_is_a_star():
    def shown(v6only):
        return sockets.address(
            SocketRecord(
                transport="tcp",
                family="inet6",
                address="::",
                port=80,
                state="listen",
                v6only=v6only,
            )
        )

    assert (shown(False), shown(True), shown(None)) == ("*", "::", "::")


def test_dynamic_ports_are_those_of_the_rfc_and_of_this_machine(monkeypatch, capsys):
    records = [
        SocketRecord(transport="tcp", family="inet", address="10.0.0.1", port=port, state="listen")
        for port in (50000, 80, 40000, 61000, 20000)
    ]
    seen = Visibility(sockets=Scope.ALL, owners=Scope.ALL)
    table = SocketTable(records, visibility=seen, read_at=0.0)
    monkeypatch.setattr(listening, "listeners", lambda transport, owners: table)
    monkeypatch.setattr(listening, "read_ephemeral", lambda transport: ephemeral.profile("linux"))
    assert listening.run(Namespace(transport=None, dynamic=True, json=False)) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["port", "40000", "50000", "61000"]


def test_observing_lists_only_sockets_that_were_open_all_the_time(monkeypatch, capsys):
    seen = Visibility(sockets=Scope.ALL, owners=Scope.ALL)
    both = [
        LingeringListener(
            record=SocketRecord(
                transport="tcp", family="inet", address="127.0.0.1", port=port, state="listen"
            ),
            age=age,
            seen_since=0.0,
            owner_started_at=0.0,
            reasons=(),
        )
        for port, age in ((50000, Age.OBSERVED), (50001, Age.POSSIBLE))
    ]
    found = LingeringListeners(
        found=tuple(both),
        older_than=0.01,
        ports=PortSet([PortRange(49152, 65535)]),
        visibility=seen,
        read_at=10.0,
    )
    monkeypatch.setattr(probe, "lingering", lambda *asked, **more: found)

    def told(observe):
        asked = Namespace(older_than=0.01, transport=None, observe=observe, json=True)
        assert lingering.run(asked) == 0
        return [each["socket"]["port"] for each in result_of(capsys.readouterr().out)["lingering"]]

    assert told(observe=False) == [50000, 50001]
    assert told(observe=True) == [50000]


def test_usage_shows_the_beginning_of_long_lists():
    rows = [
        SocketRecord(
            transport="tcp",
            family="inet",
            address="10.0.0.1",
            port=40001 + at * 2,
            remote_address="10.0.0.2",
            remote_port=1000 + at,
            state="established",
        )._row
        for at in range(12)
    ]
    profile = ephemeral.profile("linux").replace(
        ports=PortRange(40000, 40099), excluded=PortSet(range(40000, 40100, 2))
    )
    seen = Visibility(sockets=Scope.ALL, owners=Scope.NOT_REQUESTED)
    found = count(
        rows,
        transport=Transport.TCP,
        profile=profile,
        visibility=seen,
        read_at=0.0,
        limit=Interval(50, 50),
    )
    _, ranges, *_ = few = list(usage._page(found, width=60, all_of_them=False))
    assert ranges == "  40001,40003,40005,40007,40009,40011,40013,40015,40017,..."
    assert few[-1] == "and 2 more; --all lists them"
    every = list(usage._page(found, width=60, all_of_them=True))
    assert every[-1].startswith("10.0.0.2:1011")
    assert len(every) == len(few) + 1
    assert max(map(len, few + every)) <= 60


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("shown", ["", "port 80: 1 socket"])
def test_an_interrupt_at_any_time_clears_the_counter(shown):
    terminal = Terminal()
    counter = watch.Counter(terminal)
    counter.show(shown)
    # What a terminal shows of the key.
    terminal.write("^C")
    counter.clear(interrupted=True)
    assert terminal.getvalue() == f"{shown}^C\r{' ' * len(shown)}  \r"
    pipe = io.StringIO()
    watch.Counter(pipe).clear(interrupted=True)
    assert pipe.getvalue() == ""


def test_a_counter_and_the_key_behind_it_fit_a_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    terminal = Terminal()
    watch.Counter(terminal).show("x" * 100)
    assert len(terminal.getvalue() + "^C") == 79


def test_a_change_shows_its_owner_beside_long_addresses(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    record = SocketRecord(
        transport="tcp",
        family="inet6",
        address="2001:db8:1111:2222:3333:4444:5555:6666",
        port=60454,
        remote_address="2001:db8:1111:2222:3333:4444:5555:7777",
        remote_port=48854,
        state="established",
        owners=[Owner(pid=4242, name="a-program")],
    )
    change = Change(kind=ChangeKind.OPENED, record=record, at=0.0, seen_since=0.0)
    seen = Visibility(sockets=Scope.ALL, owners=Scope.ALL)
    line = watch._line(change, SocketTable([record], visibility=seen, read_at=0.0))
    assert line.endswith("  established  a-program (4242)")
    assert watch._fitted(line, io.StringIO()) == line
    first, *rest = watch._fitted(line, Terminal()).split("\n")
    assert first.endswith("tcp [2001:db8:1111:2222:3333:4444:5555:6666]:60454 -")
    assert rest == [
        " " * 25 + "[2001:db8:1111:2222:3333:4444:5555:7777]:48854",
        " " * 25 + "established  a-program (4242)",
    ]


@pytest.mark.parametrize("text", ["0", "0.0s", "12d", "9999999999999999999d"])
def test_an_interval_out_of_bounds_is_refused(text):
    with pytest.raises(ArgumentTypeError, match="expected more than 0 seconds, up to 1,000,000"):
        watch._interval(text)
    assert watch._interval("11d") == 950_400


@pytest.mark.parametrize(
    ("sockets", "transport", "verdict", "text"),
    [
        ("all", None, "free", "no TCP or UDP socket of this machine holds the port at the moment"),
        ("all", "udp", "free", "no UDP socket of this machine holds the port at the moment"),
        ("all", "sctp", "unknown", "unknown: not all sockets are visible"),
        (
            "own processes only",
            None,
            "unknown",
            "unknown: not all sockets are visible visible: sockets of own "
            "processes only, owners: own processes only (not root)",
        ),
        (
            "denied",
            "tcp",
            "unknown",
            "unknown: not all sockets are visible sockets cannot be read: not root",
        ),
    ],
)
def test_a_port_is_free_only_if_all_sockets_are_visible(
    monkeypatch, sockets, transport, verdict, text
):
    reason = "" if sockets == "all" else "not root"
    seen = Visibility(sockets=Scope(sockets), owners=Scope(sockets), reason=reason)
    table = SocketTable([], visibility=seen, read_at=0.0)
    monkeypatch.setattr(here, "owners", lambda port, transport: table)
    assert here.data(80, transport, machine=RECORDED_LINUX)["verdict"] == verdict
    words = " ".join(here.section(80, transport, machine=RECORDED_LINUX).split())
    assert words == (
        f"Here, now {text} this machine does not allocate it: its ephemeral range is 32768-60999 "
        "this process cannot bind it without a privilege: ports below 1024 require one "
        "(/proc/sys/net/ipv4/ip_unprivileged_port_start)"
    )


NO_TABLE = SocketTable([], visibility=Visibility(sockets=Scope.ALL, owners=Scope.ALL), read_at=0.0)
IPV4 = "/proc/sys/net/ipv4/"
PORTRANGE = "sysctl net.inet.ip.portrange.first net.inet.ip.portrange.last"
REG_QUERY = (Path(__file__).parents[1] / "recorded/windows/reg_query.txt").read_text("utf-8")
EXCLUDED = "netsh interface ipv4 show excludedportrange protocol={}"


def machine(platform, texts):
    def say(key):
        if key not in texts:
            raise FileNotFoundError(2, "No such file or directory", key)
        return texts[key]

    return Machine(platform=platform, read_file=say, run=lambda words: say(" ".join(words)))


def linux(**changed):
    texts = {
        IPV4 + "ip_local_port_range": "32768\t60999\n",
        IPV4 + "ip_local_reserved_ports": "40000\n",
        IPV4 + "ip_unprivileged_port_start": "1024\n",
        IPV4 + "tcp_tw_reuse": "2\n",
        IPV4 + "tcp_tw_reuse_delay": "1000\n",
        IPV4 + "tcp_max_tw_buckets": "131072\n",
        IPV4 + "tcp_fin_timeout": "60\n",
        "/proc/self/status": "CapEff:\t0000000000000000\n",
    }
    return machine("linux", texts | changed)


WINDOWS = machine(
    "win32",
    {
        "netsh interface ipv4 show dynamicport tcp": "a : 49152\nb : 16384\n",
        "netsh interface ipv4 show dynamicport udp": "a : 50000\nb : 1000\n",
        EXCLUDED.format("tcp"): "a    b\n----------    --------\n  50000    50059\n",
        EXCLUDED.format("udp"): "a    b\n----------    --------\n",
        r"reg query HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters": REG_QUERY,
    },
)
SOLARIS = machine(
    "sunos5",
    {
        text: value
        for transport in ("tcp", "udp")
        for text, value in {
            f"ndd /dev/{transport} {transport}_smallest_anon_port {transport}_largest_anon_port": (
                "32768\n\n65535\n"
            ),
            f"ndd /dev/{transport} {transport}_extra_priv_ports": "5000 \n",
            f"ndd /dev/{transport} {transport}_smallest_nonpriv_port": "2000\n",
            f"ndd /dev/{transport} {transport}_time_wait_interval": "60000\n",
            "id -u": "100\n",
        }.items()
    },
)


def freebsd(user):
    return machine(
        "freebsd14",
        {
            PORTRANGE: "net.inet.ip.portrange.first: 10000\nnet.inet.ip.portrange.last: 65535\n",
            "sysctl net.inet.ip.portrange.reservedhigh": "net.inet.ip.portrange.reservedhigh: 79\n",
            "sysctl net.inet.tcp.msl": "net.inet.tcp.msl: 30000\n",
            "id -u": f"{user}\n",
        },
    )


MACOS = machine(
    "darwin",
    {
        PORTRANGE: "net.inet.ip.portrange.first: 49152\nnet.inet.ip.portrange.last: 65535\n",
        "sysctl net.inet.tcp.msl": "net.inet.tcp.msl: 15000\n",
        "id -u": "501\n",
    },
)
WIDE = linux(**{IPV4 + "ip_local_port_range": "1024\t65535\n"})
CAPABLE = linux(**{"/proc/self/status": "Uid:\t33\nCapEff:\t0000000000000400\n"})
FROM_80 = linux(**{IPV4 + "ip_unprivileged_port_start": "80\n"})
START = f"({IPV4}ip_unprivileged_port_start)"

# What each machine is made of is above: its own settings, in the formats of tests/recorded.
SETTINGS = [
    (WIDE, 10254, None, "this machine allocates it to clients: its ephemeral range is 1024-65535"),
    (linux(), 10254, None, "this machine does not allocate it: its ephemeral range is 32768-60999"),
    (linux(), 40001, "tcp", "this machine allocates it to clients: its ephemeral range is 32768-6"),
    (linux(), 40000, None, "this machine does not allocate it, because it is reserved: its ephem"),
    (linux(), 80, None, f"this process cannot bind it without a privilege: ports below 1024 require"
                        f" one {START}"),
    (CAPABLE, 80, None, f"this process has the privilege to bind it: ports below 1024 require one "
                        f"{START}"),
    (FROM_80, 79, None, f"without a privilege: ports below 80 require one {START}"),
    (WINDOWS, 50001, "tcp", "this machine excludes it, and most such ports cannot be bound: "),
    (WINDOWS, 49152, None, "TCP: this machine allocates it to clients: its ephemeral range is 49152"
                           "-65535 TCP: any user of this machine may bind it (no port requires a pr"
                           "ivilege) UDP: this machine does not allocate it: its ephemeral range is"
                           " 50000-50999"),
    (SOLARIS, 1999, None, "this process cannot bind it without a privilege: ports below 2000 "
                          "require one (ndd"),
    (SOLARIS, 5000, "tcp", "this process cannot bind it without a privilege: the port is listed "),
    (freebsd(1001), 79, None, "this process cannot bind it without a privilege: ports below 80 re"),
    (freebsd(0), 79, None, "this process has the privilege to bind it: ports below 80 require one"),
    (MACOS, 80, None, "cannot bind it without a privilege: ports below 1024 require one (fixed; bin"
                      "ding 0.0.0.0 or :: requires no privilege)"),
]  # fmt: skip


@pytest.mark.parametrize(("of", "port", "transport", "text"), SETTINGS)
def test_the_settings_of_this_machine(monkeypatch, of, port, transport, text):
    monkeypatch.setattr(here, "owners", lambda port, transport: NO_TABLE)
    assert text in " ".join(here.section(port, transport, machine=of).split())
    for each in here.data(port, transport, machine=of)["machine"]:
        settings = read_settings(each["transport"], machine=of)
        assert each["allocated"] is (port in settings.profile.ports)
        assert each["range"] == str(settings.configured)
        if "this process" in text:
            assert each["privileged"] is settings.profile.is_privileged(port) is True
            assert each["may_bind"] is ("has the privilege" in text)


NO_PRIVILEGES = linux(**{IPV4 + "ip_unprivileged_port_start": "0\n"})
NDD = "(ndd /dev/tcp tcp_smallest_nonpriv_port)"


@pytest.mark.parametrize(
    ("of", "port", "text"),
    [
        (FROM_80, 80, f": only ports below 80 require a privilege {START}"),
        (NO_PRIVILEGES, 80, f" {START}"),
        (WINDOWS, 80, " (no port requires a privilege)"),
        (freebsd(1001), 80, ": only ports below 80 require a privilege (sysctl net.inet.ip.portr"),
        (SOLARIS, 2000, f": only ports below 2000 require a privilege {NDD}"),
        (SOLARIS, 2049, f": only ports below 2000 require a privilege {NDD}"),
    ],
)
def test_a_port_that_needs_no_privilege_here(monkeypatch, of, port, text):
    monkeypatch.setattr(here, "owners", lambda port, transport: NO_TABLE)
    section = " ".join(here.section(port, "tcp", machine=of).split())
    assert f"any user of this machine may bind it{text}" in section
    (found,) = here.data(port, "tcp", machine=of)["machine"]
    assert (found["privileged"], found["may_bind"]) == (False, True)


@pytest.mark.parametrize(("of", "port"), [(linux(), 0), (WINDOWS, 50001), (linux(), 80)])
def test_not_every_port_can_be_bound_by_any_user(monkeypatch, of, port):
    monkeypatch.setattr(here, "owners", lambda port, transport: NO_TABLE)
    assert "may bind it" not in here.section(port, "tcp", machine=of)


def test_settings_that_cannot_be_read(monkeypatch):
    monkeypatch.setattr(here, "owners", lambda port, transport: NO_TABLE)
    text = " ".join(here.section(80, machine=machine("linux", {})).split())
    reason = "cannot read the ephemeral range from /proc/sys/net/ipv4/ip_local_port_range: no such"
    assert text.startswith(
        f"Here, now no TCP or UDP socket of this machine holds the port at the moment {reason}"
    )
    (found,) = here.data(80, "tcp", machine=machine("linux", {}))["machine"]
    assert found["error"].startswith(reason)
    unknown = machine(
        "aix7",
        {
            "no -o tcp_ephemeral_low -o tcp_ephemeral_high": (
                "tcp_ephemeral_low = 32768\ntcp_ephemeral_high = 65535\n"
            ),
            "no -o tcp_timewait": "tcp_timewait = 1\n",
        },
    )
    (found,) = here.data(80, "tcp", machine=unknown)["machine"]
    assert (found["privileged"], found["may_bind"]) == (None, None)


class Suggesting:
    """What ``suggest`` and ``audit`` print about a machine with given sockets."""

    def __init__(self, monkeypatch, capsys):
        self.capsys = capsys
        self.free = PortSet(range(1, 65536))
        monkeypatch.setattr(probe, "free_ports", lambda transport: self.free)

    def __call__(self, command, words, of):
        parser = ArgumentParser()
        command.add_arguments(Arguments(parser))
        status = command.run(parser.parse_args(words.split()), machine=of)
        return status, " ".join(self.capsys.readouterr().out.split())


@pytest.fixture
def told(monkeypatch, capsys):
    return Suggesting(monkeypatch, capsys)


def test_suggest_uses_the_settings_of_this_machine(told):
    # FreeBSD's range begins at 10000.
    free = (listen_ports("linux") & PortRange(10000, 10999)).last
    text = f"warning: {free} is inside the ephemeral range of this machine, 1024-39999,40001-65535"
    assert told(suggest, f"--here {free}", WIDE) == (1, text)
    assert told(suggest, f"--here {free}", linux()) == (0, f"good: no known objection to {free}")
    assert told(suggest, f"{free}", WIDE)[0] == 0
    assert told(suggest, "--here --all", WIDE) == (1, "")
    assert told(suggest, f"--here --system freebsd {free}", linux())[0] == 1
    start = linux(**{IPV4 + "ip_unprivileged_port_start": "11000\n"})
    text = f"warning: {free} requires a privilege to bind on this machine"
    assert told(suggest, f"--here {free}", start) == (1, text)
    assert not PortSet.parse(told(suggest, "--here --all", start)[1]) & PortRange(0, 10999)
    text = "80 requires a privilege to bind on this machine"
    assert text in told(suggest, "--here 80", linux())[1]
    assert "privilege to bind" not in told(suggest, "--here 80", FROM_80)[1]
    text = f"warning: {free} is in use on the machine"
    told.free = PortSet(range(1, 65536)) - PortSet([free])
    assert told(suggest, f"--here {free}", linux()) == (1, text)
    assert free not in PortSet.parse(told(suggest, "--here --all", linux())[1])
    assert told(suggest, f"{free}", linux())[0] == 0


def test_suggest_leaves_out_what_windows_excludes(told):
    ports = PortSet.parse(told(suggest, "--here --all", EXCLUDING)[1])
    assert ports
    assert not ports & PortRange(20000, 20999)
    free = (listen_ports("windows") & PortRange(20000, 20999)).first
    text = f"warning: {free} is excluded on the machine"
    assert told(suggest, f"--here {free}", EXCLUDING) == (1, text)
    told.free = PortSet(range(1, 65536)) - PortSet([free])
    text = f"warning: {free} is in use on the machine {text}"
    assert told(suggest, f"--here {free}", EXCLUDING) == (1, text)


EXCLUDING = machine(
    "win32",
    {
        "netsh interface ipv4 show dynamicport tcp": "a : 49152\nb : 16384\n",
        EXCLUDED.format("tcp"): "a    b\n----------    --------\n  20000    20999\n",
        r"reg query HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters": REG_QUERY,
    },
)


def test_suggest_if_the_sockets_cannot_be_read(monkeypatch, told, capsys):
    def refuse(transport):
        raise SystemReadError("all sockets", "not root")

    monkeypatch.setattr(probe, "free_ports", refuse)
    parser = ArgumentParser()
    suggest.add_arguments(Arguments(parser))
    free = listen_ports().last
    assert suggest.run(parser.parse_args(["--here", f"{free}"]), machine=linux()) == 0
    captured = capsys.readouterr()
    assert captured.out == f"good:    no known objection to {free}\n"
    assert captured.err == (
        "portranges: cannot determine which ports are in use: cannot read all sockets: not root\n"
    )


def test_audit_uses_the_settings_of_this_machine(told):
    text = (
        "warning: 32768-39999,40001-65535 of the ephemeral range of this machine is open, but "
        "1024-32767 is not"
    )
    assert text in told(audit, "--here 32768-65535", WIDE)[1]
    assert "is not: about" not in told(audit, "--here 32768-60999", linux())[1]
    assert (
        "ephemeral range of macOS" in told(audit, "--here --system macos 60000-65535", linux())[1]
    )


MACHINE = r"""
import contextlib, io, os, socket

def said(words):
    from portranges.cli import main
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        status = main(words.split())
    return [status, " ".join(out.getvalue().split())]

def bound(port):
    with socket.socket() as sock:
        try:
            sock.bind(("127.0.0.1", port))
        except OSError as error:
            return error.errno
    return 0

def work():
    if not PRIVATE:
        return None
    with open("/proc/sys/net/ipv4/ip_local_port_range", "w") as file:
        file.write("1024 65535")
    found = {"wide": said("suggest --here 10254"), "page": said("10254 --here"),
             "root": said("80 --here --full"), "root bound": bound(80)}
    def as_user():
        become(65534)
        return [said("80 --here --full"), bound(80)]
    found["user"], found["user bound"] = fork(as_user)[1]
    return found
"""


def test_a_machine_with_other_settings():
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("NOT CHECKED: a network namespace takes Linux and root")
    found = run(MACHINE)
    if found is None:
        pytest.skip("NOT CHECKED: no network namespace may be made here")
    assert found["wide"][0] == 1
    assert "10254 is inside the ephemeral range of this machine, 1024-65535" in found["wide"][1]
    text = "this machine allocates it to clients: its ephemeral range is 1024-65535"
    assert text in found["page"][1]
    for user, bound, now, text in (
        (
            "root",
            0,
            "yes",
            "this process has the privilege to bind it: ports below 1024 require one",
        ),
        (
            "user",
            13,
            "no, bind() fails with EACCES",
            "this process cannot bind it without a privilege: ports below 1024 require",
        ),
    ):
        assert text in found[user][1]
        assert f"bind now tcp, udp: {now} " in found[user][1]
        assert found[f"{user} bound"] == bound


def test_a_page_lists_ten_sockets_with_their_owners(monkeypatch):
    records = [
        record_of(port=443, remote_address="127.0.0.2", remote_port=40000 + each)
        for each in range(11)
    ]
    owners = [Owner(pid=7, name="a", uid=4294967294, started_at=0.0), Owner(pid=8)]
    records.append(
        SocketRecord(
            transport="tcp", family="inet", address="127.0.0.1", port=443, state="listen",
            uid=33, owners=owners,
        )
    )  # fmt: skip
    seen = Visibility(sockets=Scope.ALL, owners=Scope.ALL)
    table = SocketTable(records, visibility=seen, read_at=0.0)
    monkeypatch.setattr(here, "owners", lambda port, transport: table)
    text = " ".join(here.section(443, "tcp", width=200, machine=RECORDED_LINUX).split())
    started = numbers.moment(0.0)
    # The owners are the processes that have it open, not the creator of the socket.
    assert f"127.0.0.1:443; a (7), user 4294967294, started {started}; ? (8) tcp" in text
    assert "user 33" not in text
    assert text.count("tcp established") == 9
    assert "and 2 more this machine" in text
    assert "no owner: no process has it open: it belongs to the kernel" in text


@pytest.mark.parametrize(
    ("uid", "owners", "shown"),
    [
        (None, [], "-"),
        (4294967294, [], "4294967294"),
        (None, [Owner(pid=7, name="a")], "-"),
        # The users of the processes are shown, even if they are unknown.
        (4294967294, [Owner(pid=7, name="a")], "-"),
        (4294967294, [Owner(pid=7, name="a", uid=4294967293)], "4294967293"),
        (None, [Owner(pid=7, uid=4294967293), Owner(pid=8)], "4294967293"),
        (
            None,
            [Owner(pid=7, uid=4294967293), Owner(pid=8, uid=4294967292)],
            "4294967293, 4294967292",
        ),
    ],
)
def test_the_user_of_a_listening_socket(monkeypatch, capsys, uid, owners, shown):
    socket = SocketRecord(
        transport="tcp", family="inet", address="127.0.0.1", port=29998, state="listen", uid=uid,
        owners=owners,
    )  # fmt: skip
    seen = Visibility(sockets=Scope.ALL, owners=Scope.ALL)
    table = SocketTable([socket], visibility=seen, read_at=0.0)
    monkeypatch.setattr(listening, "listeners", lambda transport, owners: table)
    monkeypatch.setenv("COLUMNS", "120")
    listening.run(Namespace(transport=None, dynamic=False, json=False))
    head, line, *_ = capsys.readouterr().out.splitlines()
    column = head.index("user")
    assert line[column : head.index("owner started")].strip() == shown


def test_the_output_if_there_is_nothing_to_list(monkeypatch, capsys):
    monkeypatch.setattr(listening, "listeners", lambda transport, owners: NO_TABLE)
    assert listening.run(Namespace(transport=None, dynamic=False, json=False)) == 0
    assert capsys.readouterr().out == "no listening sockets\n"
    denied = Visibility(sockets=Scope.DENIED, owners=Scope.DENIED, reason="not root")
    table = SocketTable([], visibility=denied, read_at=0.0)
    monkeypatch.setattr(listening, "listeners", lambda transport, owners: table)
    with pytest.raises(SystemReadError, match="cannot read the socket table: not root"):
        listening.run(Namespace(transport=None, dynamic=False, json=False))


class Polls:
    """A watcher whose polls are given."""

    def __init__(self, *polls):
        self.rest = list(polls)
        self.polls = 0
        self.table = None

    def poll(self):
        self.table, found = self.rest.pop(0)
        self.polls += 1
        if isinstance(found, BaseException):
            raise found
        return found


def test_watch_prints_each_kind_of_change(monkeypatch, capsys):
    seen = Visibility(sockets=Scope.ALL, owners=Scope.ALL)
    one, other = record_of(port=443, remote_port=5), record_of(port=443, state="listen")
    table = SocketTable([one, other], visibility=seen, read_at=0.0)
    changes = [
        Change(kind=ChangeKind.OPENED, record=one, at=10.0, seen_since=10.0),
        Change(kind=ChangeKind.STATE_CHANGED, record=one, at=10.0, seen_since=0.0),
        Change(kind=ChangeKind.CLOSED, record=other, at=10.0, previous_poll=8.0, seen_since=0.0),
    ]
    polls = Polls((NO_TABLE, []), (table, changes))
    monkeypatch.setattr(watch, "Watcher", lambda port, transport: polls)
    words = Namespace(port=443, transport=None, json=False, polls=2, interval=0.001)
    assert watch.run(words) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert first.endswith("  no socket holds 443")
    assert [line.split("  ", 2)[1] for line in lines] == ["opened", "state changed", "closed"]
    assert lines[0].endswith("127.0.0.1:443 - 127.0.0.1:5  established  [unknown]")
    assert lines[1].endswith("127.0.0.1:443 - 127.0.0.1:5  established")
    assert lines[2].endswith("127.0.0.1:443  seen for 8s")


def test_an_interrupt_ends_a_watch(monkeypatch, capsys):
    polls = Polls((NO_TABLE, KeyboardInterrupt()))
    monkeypatch.setattr(watch, "Watcher", lambda port, transport: polls)
    words = Namespace(port=443, transport=None, json=False, polls=None, interval=0.001)
    assert watch.run(words) == 0
    assert capsys.readouterr().out == ""


def record_of(transport="tcp", address="127.0.0.1", port=40000, state="established", **more):
    family = "inet6" if ":" in address else "inet"
    remote = {"remote_address": address, "remote_port": port, **more}
    if state in ("listen", "closed"):
        remote = {}
    return SocketRecord(
        transport=transport, family=family, address=address, port=port, state=state, **remote
    )


OTHER_END = record_of(port=443, remote_address="127.0.0.1", remote_port=40000)


# RFC 9293, section 3.5: a simultaneous open with itself. One socket has equal ends, two do not.
@pytest.mark.parametrize(
    ("records", "verdict"),
    [
        ([record_of()], "self-connected"),
        ([record_of(address="::1")], "self-connected"),
        ([record_of(address="::ffff:127.0.0.1")], "self-connected"),
        ([record_of(address="10.0.0.1")], "self-connected"),
        ([record_of(state="close-wait")], "self-connected"),
        ([record_of(), record_of(remote_port=443), OTHER_END], "self-connected"),
        ([record_of(state="time-wait")], "ended"),
        ([record_of(), record_of(state="listen", address="10.0.0.1")], "listening"),
        ([record_of(remote_port=443), OTHER_END], "connected"),
        ([record_of(remote_address="127.0.0.2")], "connected"),
        # A connected UDP socket that sends to itself was made so on purpose.
        ([record_of(transport="udp")], "connected"),
    ],
)
def test_a_socket_that_is_connected_to_itself(monkeypatch, records, verdict):
    seen = Visibility(sockets=Scope.ALL, owners=Scope.ALL)
    table = SocketTable(records, visibility=seen, read_at=0.0)
    monkeypatch.setattr(here, "owners", lambda port, transport: table)
    assert here.data(40000, machine=RECORDED_LINUX)["verdict"] == verdict
    text = " ".join(here.section(40000, machine=RECORDED_LINUX).split())
    assert ("Both ends are one socket" in text) is (verdict == "self-connected")
    assert ("reserve the port (net.ipv4.ip_local_reserved_ports" in text) is (
        verdict == "self-connected"
    )
    itself = [each for each in records if each.is_self_connected]
    assert text.count("(itself)") == len(itself)
    change = Change(kind=ChangeKind.OPENED, record=records[0], at=0.0, seen_since=0.0)
    assert ("(itself)" in watch._line(change, table)) is records[0].is_self_connected
    found = count(
        [each._row for each in records if each.transport == "tcp"],
        transport=Transport.TCP,
        profile=ephemeral.profile("linux"),
        visibility=seen,
        read_at=0.0,
        limit=Interval(28232, 28232),
    )
    ports = PortSet([40000] if verdict == "self-connected" else [])
    assert found.self_connected == ports
    assert found.to_dict()["self_connected"] == str(ports)
    lines = list(usage._page(found, width=80, all_of_them=False))
    line = f"  connected to themselves{1:>14}"
    assert (line in lines) is bool(ports)


ITSELF = r"""
import contextlib, io, socket

def work():
    if not PRIVATE:
        return None
    with open("/proc/sys/net/ipv4/ip_local_port_range", "w") as file:
        file.write("40000 40001")
    from portranges.cli import here
    found = {}
    for family, address in ((V4, "127.0.0.1"), (V6, "::1")):
        with socket.socket(family, TCP) as sock:
            sock.connect((address, 40000))
            assert sock.getsockname() == sock.getpeername()
            # The socket before is in TIME_WAIT.
            (record,) = [r for r in probe.owners(40000, "tcp") if r.state == "established"]
            found[address] = [record.is_self_connected, here.data(40000)["verdict"],
                              str(probe.usage().self_connected)]
    return found
"""


def test_a_client_that_connects_to_itself():
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("NOT CHECKED: a network namespace takes Linux and root")
    found = run(ITSELF)
    if found is None:
        pytest.skip("NOT CHECKED: no network namespace may be made here")
    for address in ("127.0.0.1", "::1"):
        assert found[address] == [True, "self-connected", "40000"]


def test_every_command_has_a_run_function_and_arguments():
    for module in (listening, usage, watch):
        assert callable(module.run)
        assert callable(module.add_arguments)
    assert callable(here.section)


COMMANDS = r"""
import argparse, contextlib, importlib, io, pty, threading
from portranges.cli.arguments import Arguments

def said(name, *words):
    module = importlib.import_module("portranges.cli." + name)
    parser = argparse.ArgumentParser(prog=name)
    module.add_arguments(Arguments(parser))
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        status = module.run(parser.parse_args(words))
    return [status, out.getvalue()]

def work():
    if not PRIVATE:
        return None
    one = listener(address="0.0.0.0", port=60454)
    listener(V6, "::", 60455, v6only=False)
    listener(port=2222)
    client, accepted = connected(one, "127.0.0.1")
    client.close()
    accepted.close()
    until(lambda: any(r.state == "time-wait" for r in probe.connections("tcp")))
    from portranges.cli import here
    found = {
        "listening": said("listening"),
        "json": said("listening", "--json", "--transport", "tcp"),
        "watch": said("watch", "60454", "--polls", "2", "--interval", "0.01"),
        "watch json": said("watch", "60454", "--polls", "1", "--json"),
        "nothing": said("watch", "7", "--polls", "1"),
        "here": here.section(60454, width=72),
        "styled": here.section(7, styled=True),
        "data": here.data(60454),
        "sctp": here.data(60454, "sctp")["verdict"],
        "ended": here.data(client_port(one))["verdict"],
    }
    with contextlib.suppress(ModuleNotFoundError):
        found["dynamic"] = said("listening", "--dynamic")
        found["usage"] = said("usage")
        found["usage json"] = said("usage", "--json")
        found["lingering"] = said("lingering", "--older-than", "0.05")
        found["observed"] = said("lingering", "--older-than", "0.2s", "--observe",
                                 "--transport", "tcp")
        found["lingering json"] = said("lingering", "--older-than", "0", "--json")
        found["none"] = said("lingering", "--older-than", "9d")
    return found

def client_port(one):
    return next(r.port for r in probe.connections("tcp") if r.state == "time-wait")
"""


@pytest.fixture(scope="module")
def said():
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("NOT CHECKED: a network namespace takes Linux and root")
    found = run(COMMANDS)
    if found is None:
        pytest.skip("NOT CHECKED: no network namespace may be made here")
    return found


def lines_of(said, command):
    status, text = said[command]
    assert status == 0
    assert text.isascii()
    lines = text.splitlines()
    assert max(map(len, lines), default=0) <= 80
    assert lines == [line.rstrip() for line in lines]
    return lines


def test_listening_is_a_table_by_port(said):
    head, *rows = lines_of(said, "listening")
    assert head.split()[:2] == ["port", "address"]
    assert [row.split()[:3] for row in rows[:3]] == [
        ["2222", "tcp", "127.0.0.1"],
        ["60454", "tcp", "0.0.0.0"],
        ["60455", "tcp", "*"],
    ]
    assert "EtherNet-IP-1" in rows[0] or "rockwell" in rows[0].lower()
    assert all("python" in row for row in rows[:3])


def test_listening_as_data(said):
    data = result_of(said["json"][1])
    assert data["sockets"]
    assert [each["port"] for each in data["sockets"]] == [2222, 60454, 60455]
    assert data["sockets"][0]["owners"][0]["name"].startswith("python")
    assert data["visibility"]["sockets"] == "all"


def test_watch_prints_one_line_per_change_and_no_counter_into_a_pipe(said):
    lines = lines_of(said, "watch")
    assert len(lines) == 1
    assert "  found          tcp 0.0.0.0:60454  listen  python" in lines[0]
    (line,) = lines_of({"x": [0, ""]}, "x") or [said["watch json"][1]]
    assert result_of(line)["kind"] == "found"
    assert said["nothing"][1].endswith("  no socket holds 7\n")


def test_here_is_a_section_of_the_page(said):
    lines = said["here"].split("\n")
    assert lines[0] == "Here, now     a process listens on it until it closes the socket"
    assert lines[1].startswith(" " * 14 + "tcp listen 0.0.0.0:60454; python")
    assert max(map(len, lines)) <= 72
    assert said["styled"].startswith(
        "\x1b[1mHere, now     \x1b[0mno TCP or UDP socket of this machine holds the port at the "
        "moment\n"
    )
    assert said["data"]["verdict"] == said["sctp"] == "listening"
    assert said["ended"] == "ended"
    assert said["data"]["sockets"][0]["port"] == 60454


def test_usage_is_a_page(said):
    if "usage" not in said:
        pytest.skip("portranges.system or portranges.capacity is not there")
    lines = lines_of(said, "usage")
    assert lines[0] == "tcp ephemeral range of this machine: 28,232 ports"
    assert lines[1] == "  32768-60999"
    assert "connections from the range            1" in lines
    assert any(line.startswith("127.0.0.1:60454  127.0.0.1") for line in lines)
    data = result_of(said["usage json"][1])
    assert (data["in_use"], data["held"], data["time_wait"]) == (3, 2, 1)
    assert len(lines_of(said, "dynamic")) == 3


def test_lingering_prints_what_is_known_about_the_age(said):
    if "lingering" not in said:
        pytest.skip("portranges.system is not there")
    lines = lines_of(said, "lingering")
    assert lines[0] == "60454/tcp  on 0.0.0.0"
    assert any(
        line.startswith("  age          not seen before; its owner started") for line in lines
    )
    assert "No system reports the age of a socket; --observe measures it." in lines
    observed = lines_of(said, "observed")
    assert [line for line in observed if "/tcp" in line] == [
        "60454/tcp  on 0.0.0.0",
        "60455/tcp  on ::",
    ]
    # As long as the look took: 0.2 s, and more on a machine that has much to do.
    ages = [line.split() for line in observed if line.startswith("  age  ")]
    assert [(each[1:3], 0.2 <= numbers.time_span(each[3].rstrip(";"))) for each in ages] == [
        (["seen", "for"], True)
    ] * 2
    data = result_of(said["lingering json"][1])
    assert [each["socket"]["port"] for each in data["lingering"]] == [60454, 60455]
    assert lines_of(said, "none") == ["no listener on 32768-65535 for longer than 9d 0h"]


TERMINAL = r"""
import pty
sys.path.append(ARGUMENTS[0])
from terminals import read_rest
def work():
    port = listener().getsockname()[1]
    ours, theirs = pty.openpty()
    pid = os.fork()
    if pid == 0:
        os.login_tty(os.dup(theirs))
        os.environ["TERM"] = "xterm"
        # A shell starts what it runs in the background with SIGINT ignored.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        from portranges.cli import watch
        from portranges.cli.arguments import Arguments
        import argparse
        parser = argparse.ArgumentParser()
        watch.add_arguments(Arguments(parser))
        os._exit(watch.run(parser.parse_args([str(port), "--interval", "0.05"])))
    children.append(pid)
    output = b""
    while output.count(b"watched for") < 3:
        output += os.read(ours, 4096)
    # As Ctrl-C does it.
    os.write(ours, b"\x03")
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    children.remove(pid)
    output += read_rest(ours)
    return {"port": port, "output": output.decode(), "status": status}
"""


@pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")
def test_the_counter_on_a_terminal_is_removed_by_an_interrupt():
    found = run(TERMINAL, str(Path(terminals.__file__).parent))
    assert found["status"] == 0
    first, *rest = found["output"].split("\r\n")
    port = found["port"]
    assert f"found          tcp 127.0.0.1:{port}  listen" in first
    counters = "\r\n".join(rest).split("\r")
    assert any(text.startswith(f"port {port}: 1 socket, 0 changes") for text in counters)
    assert "\x1b" not in found["output"]
    # What is left on the line is blank. The kernel sends the signal before it shows
    # the key, so a quick program has cleared the line by then (7 of 80,000 times).
    assert counters[-1].strip() in ("", "^C")
