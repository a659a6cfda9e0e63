"""Whether this machine allows a bind: its addresses, its sockets, and ``reuse --here``."""

from __future__ import annotations

import io
import re
import sys
from ipaddress import IPv4Network, IPv6Network, ip_address

import pytest

from children import run
from envelope import error_of, result_of
from portranges import (
    InvalidSocketError,
    PortSet,
    SystemReadError,
    UnexpectedOutputError,
    probe,
    system,
)
from portranges.cli import bind_here, main
from portranges.probe import (
    Backend,
    BindVerdict,
    Owner,
    Scope,
    SocketRecord,
    SocketTable,
    Visibility,
    binding,
)
from portranges.reuse import Socket
from portranges.system import BindSettings, Machine
from portranges.system.machine import owns_network

TRIE = """\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 198.51.100.0
        /24 link UNICAST
     |-- 203.0.113.9
        /32 host LOCAL
Local:
  +-- 0.0.0.0/0 3 0 5
     +-- 127.0.0.0/8 2 0 2
        |-- 127.0.0.0
           /8 host LOCAL
        |-- 127.0.0.1
           /32 host LOCAL
     |-- 198.51.100.0
        /24 link UNICAST
        /28 host LOCAL
     |-- 198.51.100.255
        /32 link BROADCAST
"""
INET6 = """\
00000000000000000000000000000001 01 80 10 80       lo
fe800000000000000000000000000001 02 40 20 80     eth0
20010db8000000000000000000000005 02 40 00 40     eth0
20010db8000000000000000000000006 02 40 00 44     eth0
"""
FOLDER = "/proc/thread-self/net/"
SYSCTL = "/proc/sys/net/"
FILES = {
    FOLDER + "fib_trie": TRIE,
    FOLDER + "if_inet6": INET6,
    SYSCTL + "ipv6/bindv6only": "0\n",
    SYSCTL + "ipv4/ip_nonlocal_bind": "0\n",
    SYSCTL + "ipv6/ip_nonlocal_bind": "0\n",
    SYSCTL + "ipv4/ip_local_port_range": "32768\t60999\n",
    SYSCTL + "ipv4/ip_local_reserved_ports": "40000\n",
    SYSCTL + "ipv4/ip_unprivileged_port_start": "1024\n",
    SYSCTL + "ipv4/tcp_tw_reuse": "2\n",
    SYSCTL + "ipv4/tcp_tw_reuse_delay": "1000\n",
    SYSCTL + "ipv4/tcp_max_tw_buckets": "131072\n",
    SYSCTL + "ipv4/tcp_fin_timeout": "60\n",
    "/proc/self/status": "CapEff:\t0000000000000000\n",
}


def machine(platform="linux", release="6.18.0", files=FILES, **changed):
    texts = files | {name.replace("__", "/"): text for name, text in changed.items()}

    def read(key):
        if texts.get(key) is None:
            raise FileNotFoundError(2, "No such file or directory", key)
        return texts[key]

    return Machine(
        platform=platform, release=release, read_file=read, run=lambda words: read(" ".join(words))
    )


def without(*names):
    return machine(files=FILES | dict.fromkeys(names))


def test_the_addresses_that_linux_binds():
    settings = system.read_bind_settings(machine=machine())
    assert settings.networks == (
        IPv4Network("127.0.0.0/8"),
        IPv4Network("127.0.0.1/32"),
        IPv4Network("198.51.100.0/28"),
        IPv4Network("198.51.100.255/32"),
        IPv6Network("::1/128"),
        IPv6Network("fe80::1/128"),
        # The one before it is tentative, and this one is optimistic.
        IPv6Network("2001:db8::6/128"),
    )
    for address, is_accepted in {
        "127.9.9.9": True,
        "198.51.100.15": True,
        "198.51.100.16": False,
        "203.0.113.9": False,
        "::ffff:127.0.0.1": True,
        "::ffff:203.0.113.9": False,
        "2001:db8::5": False,
        "2001:db8::6": True,
        "0.0.0.0": True,
        "::": True,
    }.items():
        assert settings.accepts(ip_address(address)) is is_accepted, address


def test_what_linux_does_not_have_is_unknown_or_off():
    bare = without(*[name for name in FILES if name.startswith((FOLDER, SYSCTL + "ipv6"))])
    assert system.read_bind_settings(machine=bare) == BindSettings(v6only=False)
    # Without IPv6 there is no list of its addresses.
    settings = system.read_bind_settings(machine=without(FOLDER + "if_inet6"))
    assert settings.networks is not None
    assert settings.accepts(ip_address("::1")) is False
    assert system.read_bind_settings(machine=machine("darwin")) == BindSettings()
    assert BindSettings().accepts(ip_address("192.0.2.1")) is None


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (FOLDER + "fib_trie", "Local:\n|-- 1.2.3.4\n/33 host LOCAL\n", "expected a network, got"),
        (FOLDER + "fib_trie", "Local:\n/32 host LOCAL\n", "expected a network, got '/32'"),
        (FOLDER + "if_inet6", "1 2 3\n", "expected an IPv6 address with its flags and interface"),
        (SYSCTL + "ipv6/bindv6only", "x\n", "expected a number, got 'x'"),
    ],
)
def test_another_format_is_an_error(name, text, message):
    with pytest.raises(UnexpectedOutputError, match=re.escape(message)):
        system.read_bind_settings(machine=machine(files=FILES | {name: text}))


def test_a_file_that_may_not_be_read_is_an_error():
    def read(path):
        raise PermissionError(13, "Permission denied", path)

    closed = Machine(platform="linux", read_file=read, run=read)
    with pytest.raises(SystemReadError, match="fib_trie: permission denied"):
        system.read_bind_settings(machine=closed)
    with pytest.raises(TypeError, match="networks must be networks of ipaddress, got str"):
        BindSettings(networks=("127.0.0.0/8",))


@pytest.mark.skipif(sys.platform != "linux", reason="namespaces of Linux")
@pytest.mark.parametrize(
    ("error", "owns"),
    [(PermissionError(1, "x"), False), (OSError(25, "x"), True), (None, True)],
)
def test_the_owner_of_the_network_namespace(monkeypatch, error, owns):
    import fcntl
    import os

    def ioctl(descriptor, request):
        if error is not None:
            raise error
        return os.dup(descriptor)

    monkeypatch.setattr(fcntl, "ioctl", ioctl)
    assert owns_network() is owns


@pytest.mark.skipif(sys.platform != "linux", reason="namespaces of Linux")
def test_a_kernel_without_namespaces_has_one_owner(monkeypatch):
    def missing(path, flags):
        raise FileNotFoundError(2, "No such file or directory", path)

    monkeypatch.setattr("portranges.system.machine.os.open", missing)
    assert owns_network() is True


def record(state="listen", address="127.0.0.1", **more):
    family = "inet6" if ":" in address else "inet"
    values = {"uid": 1000, "inode": 7, "transport": "tcp", "port": 8080, **more}
    return SocketRecord(family=family, address=address, state=state, **values)


REMOTE = {"remote_address": "127.0.0.1", "remote_port": 9}


@pytest.fixture
def answer(monkeypatch):
    def ask(new, *records, of=None, scope=Scope.ALL, backend=Backend.NETLINK, **more):
        visibility = Visibility(
            sockets=scope, owners=Scope.ALL, reason="" if scope == "all" else "x"
        )
        table = SocketTable(records, visibility=visibility, read_at=0.0, backend=backend)
        monkeypatch.setattr(binding, "owners", lambda port, transport: table)
        return probe.can_bind(new, machine=of or machine(), **more)

    return ask


def tcp(address="0.0.0.0", port=8080, **options):
    return Socket(transport="tcp", address=address, port=port, **options)


def test_a_port_that_is_free(answer):
    found = answer(tcp())
    assert (found.verdict, found.decision.rule.id) == (BindVerdict.ALLOWED, "linux-free")
    assert (found.holders, found.notes, found.system) == ((), (), "linux")
    assert found.socket.privileged is False


def test_the_hidden_options_that_matter_are_named(answer):
    waiting = record("time-wait", uid=None, inode=None, **REMOTE)
    assert answer(tcp(), waiting).verdict is BindVerdict.REFUSED
    found = answer(tcp(reuse_address=True), waiting, waiting)
    assert found.verdict is BindVerdict.UNKNOWN
    (holder,) = found.holders
    assert (holder.count, holder.options) == (2, ("SO_REUSEADDR",))
    assert holder.why_no_owner == "the kernel holds it until its timer expires"
    # A listener never shares its port by SO_REUSEADDR, whatever its own options are.
    found = answer(tcp(reuse_address=True), record())
    assert (found.verdict, found.decision.rule.id) == (BindVerdict.REFUSED, "linux-listener")
    assert found.holders[0].options == ()
    # A socket without any option does not share, and the reason claims nothing about the holder.
    found = answer(tcp(), record())
    assert found.decision.rule.id == "linux-no-sharing"
    both = {"reuse_port": True, "reuse_address": True}
    assert answer(tcp(**both), record(), uid=1000).holders[0].options == ("SO_REUSEPORT",)
    assert answer(tcp(**both), record(), uid=1001).decision.rule.id == "linux-uid"


def test_ipv6_only_of_a_connection_is_hidden(answer):
    remote = {"remote_address": "::1", "remote_port": 9}
    found = answer(tcp(), record("established", "::1", **remote))
    assert (found.verdict, found.holders[0].options) == (BindVerdict.UNKNOWN, ("IPV6_V6ONLY",))


def test_an_interface_is_hidden(answer):
    found = answer(tcp(device="eth0"), record())
    assert (found.verdict, found.holders[0].options) == (BindVerdict.UNKNOWN, ("SO_BINDTODEVICE",))


def test_the_sockets_that_conflict_come_first_and_connections_being_set_up_do_not_count(answer):
    beside = record(address="::1", v6only=True)
    half = record("syn-received", inode=None, **REMOTE)
    conflict = record("established", owners=[Owner(pid=7, name="client")], **REMOTE)
    found = answer(tcp(), half, beside, conflict)
    assert [each.record for each in found.holders] == [conflict, beside]
    assert found.to_dict()["holders"][0]["record"]["owners"][0]["pid"] == 7


def test_addresses_and_privileges_decide_before_other_sockets(answer):
    assert answer(tcp("203.0.113.9"), record()).decision.error == "EADDRNOTAVAIL"
    assert answer(tcp("203.0.113.9"), record()).holders == ()
    assert answer(tcp(port=80)).decision.rule.id == "linux-privileged"
    assert answer(tcp(port=80), uid=0).verdict is BindVerdict.ALLOWED
    root = machine(files=FILES | {"/proc/self/status": "CapEff:\t0000000000000400\n"})
    assert answer(tcp(port=80), of=root).verdict is BindVerdict.ALLOWED
    everywhere = machine(files=FILES | {SYSCTL + "ipv4/ip_nonlocal_bind": "1\n"})
    assert answer(tcp("203.0.113.9"), of=everywhere).verdict is BindVerdict.ALLOWED
    assert answer(tcp("2001:db8::1"), of=everywhere).verdict is BindVerdict.REFUSED
    assert answer(tcp("::ffff:203.0.113.9"), of=everywhere).verdict is BindVerdict.ALLOWED
    # lo is down.
    down = machine(files=FILES | {FOLDER + "fib_trie": "\n", FOLDER + "if_inet6": ""})
    for address in ("127.0.0.1", "::1"):
        assert answer(tcp(address), of=down).decision.rule.id == "linux-not-local"
    assert answer(tcp("127.0.0.1", 80), of=down).decision.rule.id == "linux-not-local"
    assert answer(tcp("::1", 80), of=down).decision.rule.id == "linux-privileged"


def test_what_may_make_the_answer_wrong(answer):
    found = answer(tcp(), scope=Scope.OWN)
    assert found.verdict is BindVerdict.UNKNOWN
    assert found.notes == ("not all sockets are visible: x",)
    hidden = "a TCP socket that is bound, but neither listens nor is connected, is not visible"
    assert answer(tcp(), backend=Backend.PROC).notes == (hidden,)
    assert answer(tcp(), of=machine(release="6.7.12")).notes == (hidden,)
    udp = Socket(transport="udp", address="::", port=53000)
    assert answer(udp, backend=Backend.PROC).notes == ()
    found = answer(tcp("203.0.113.9"), of=without(FOLDER + "fib_trie"))
    assert found.verdict is BindVerdict.ALLOWED
    assert found.notes == (
        "the addresses of this machine are unknown, so every address counts as local",
    )


TABLE = "a    b\n----------    --------\n{}"
NETSH = "netsh interface {} show excludedportrange protocol={}"
EXCLUSIONS = TABLE.format("  50000    50059     *\n  50100    50199\n")
WINDOWS = {
    **{
        f"netsh interface {ip} show dynamicport {transport}": "a : 49152\nb : 16384\n"
        for ip in ("ipv4", "ipv6")
        for transport in ("tcp", "udp")
    },
    NETSH.format("ipv4", "tcp"): EXCLUSIONS,
    NETSH.format("ipv4", "udp"): TABLE.format(""),
    NETSH.format("ipv6", "tcp"): TABLE.format(""),
    r"reg query HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters": (
        "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters\n"
    ),
}


def test_excluded_ports_of_windows(answer):
    there = machine("win32", "", WINDOWS)
    excluded = answer(tcp(port=50150), of=there, backend=Backend.PSUTIL)
    assert excluded.decision.error == "WSAEACCES"
    assert excluded.decision.rule.id == "windows-excluded"
    assert answer(tcp(port=50001), of=there).verdict is BindVerdict.ALLOWED
    assert answer(tcp("::", 50150), of=there).verdict is BindVerdict.ALLOWED
    udp = Socket(transport="udp", address="0.0.0.0", port=50150)
    assert answer(udp, of=there).verdict is BindVerdict.ALLOWED
    lines = "\n".join(bind_here.lines(excluded))
    assert "netsh interface ipv4 show excludedportrange protocol=tcp" in lines
    rows = system.read_exclusions(machine=there)
    assert [(str(row.ports), row.administered) for row in rows] == [
        ("50000-50059", True),
        ("50100-50199", False),
    ]
    assert system.read_exclusions("udp", machine=there) == ()
    with pytest.raises(SystemReadError, match="no such program on this system"):
        system.read_exclusions("udp", family="inet6", machine=there)


def test_the_reason_of_another_system_claims_nothing_about_hidden_options(answer):
    there = machine("win32", "", WINDOWS)
    found = answer(tcp("127.0.0.1"), record(), of=there, backend=Backend.PSUTIL)
    assert found.decision.reason == (
        "conflicts with tcp 127.0.0.1:8080 listening, whatever its options are"
    )
    found = answer(tcp("127.0.0.1", reuse_address=True), record(), of=there)
    assert (found.verdict, found.holders[0].options) == (BindVerdict.UNKNOWN, ("SO_REUSEADDR",))


def test_a_socket_that_cannot_exist_is_an_error(answer):
    with pytest.raises(InvalidSocketError, match="a Linux socket has no exclusive option"):
        answer(tcp(exclusive=True))
    with pytest.raises(TypeError, match="new must be a Socket"):
        probe.can_bind("0.0.0.0:80")
    plan9 = machine("plan9")
    with pytest.raises(SystemReadError, match="the settings of this platform"):
        answer(tcp(), of=plan9)


SCRIPT = r"""
from portranges import cli
def work():
    if not PRIVATE:
        return None
    listener(port=8080)
    os.environ["TZ"] = "UTC"
    import io
    from contextlib import redirect_stdout
    with redirect_stdout(io.StringIO()) as out:
        code = cli.main(ARGUMENTS)
    return [code, out.getvalue(), os.getpid()]
"""


def here(*words):
    found = run(SCRIPT, "reuse", *words, "--here")
    if found is None:
        pytest.skip("needs a network namespace")
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="needs the sockets of Linux")
class TestCommand:
    def test_why_a_port_cannot_be_bound(self):
        status, out, pid = here("0.0.0.0:8080", "--uid", "0")
        assert status == 1
        out = re.sub(r"started \S+ [0-9:]+", "started THEN", " ".join(out.split()))
        assert re.sub(r" \(measured: .*?\)\) ", " (SOURCE) ", out) == (
            "new tcp 0.0.0.0:8080, user root "
            "answer refused: bind() fails with EADDRINUSE "
            "because conflicts with tcp 127.0.0.1:8080 listening; the sockets have no reuse option "
            "in common "
            "rule linux-no-sharing (SOURCE) "
            f"held by tcp listen 127.0.0.1:8080; {_python()} ({pid}), user {_user()}, started THEN "
            "machine this machine does not allocate it: its ephemeral range is 32768-60999"
        )

    def test_a_port_that_can_be_bound(self):
        status, out, _ = here("0.0.0.0:40001", "--uid", "0")
        assert status == 0
        assert "answer     allowed: bind() would succeed now\n" in out
        assert "a client connection can hold the port at any time" in out
        assert all(len(line) <= 80 for line in out.splitlines())

    def test_an_option_that_would_help(self):
        status, out, _ = here("0.0.0.0:8080", "--reuse-port")
        assert status == 1
        assert "answer     unknown: bind() may fail with EADDRINUSE\n" in out
        assert "it depends on the value of SO_REUSEPORT of the socket" in out

    def test_json_has_the_verdict_and_the_holders(self):
        status, out, pid = here("127.0.0.1:8080", "--json", "--uid", "1000")
        data = result_of(out, "reuse")
        assert status == 1
        assert (data["verdict"], data["error"], data["uid"]) == ("refused", "EADDRINUSE", 1000)
        assert [each["pid"] for each in data["holders"][0]["record"]["owners"]] == [pid]
        assert (data["local"], data["allocated"], data["requires_privilege"]) == (
            True,
            False,
            False,
        )


def _python():
    return run("def work(): return open('/proc/self/comm').read().strip()")


def _user():
    import getpass

    return getpass.getuser()


@pytest.mark.parametrize(
    ("words", "got"),
    [
        (["127.0.0.1:80", "127.0.0.1:80"], "a second socket"),
        (["127.0.0.1:80", "--local-address", "192.0.2.1"], "--local-address"),
        (["127.0.0.1:80", "--excluded", "80"], "--excluded"),
    ],
)
def test_here_reads_everything_else_itself(capsys, words, got):
    assert main(["reuse", *words, "--here"]) == 2
    rule = "--here accepts one socket, because it reads the others from this machine"
    assert capsys.readouterr() == ("", f"portranges: {rule}, got {got}\n")


def test_a_star_is_two_sockets_where_there_is_no_dual_stack(monkeypatch):
    asked = []

    def ask(new, uid=None):
        asked.append((str(new.address), new.v6only))
        return binding.BindAnswer(
            socket=new, system="openbsd", verdict=next(verdicts), decision=None, holders=(),
            settings=None, addresses=BindSettings(), notes=(),
        )  # fmt: skip

    monkeypatch.setattr(bind_here, "can_bind", ask)
    star = tcp("::", v6only=False)
    verdicts = iter([BindVerdict.UNKNOWN, BindVerdict.ALLOWED, BindVerdict.REFUSED])
    found = bind_here.answer_for(star, is_star=True, uid=None)
    assert found.verdict is BindVerdict.REFUSED
    assert asked == [("::", False), ("::", None), ("0.0.0.0", None)]
    verdicts = iter([BindVerdict.UNKNOWN, BindVerdict.REFUSED])
    assert bind_here.answer_for(star, is_star=True, uid=None).verdict is BindVerdict.REFUSED
    verdicts = iter([BindVerdict.ALLOWED])
    assert bind_here.answer_for(star, is_star=False, uid=None).socket is star


class TestExcluded:
    def test_ports_that_windows_excludes(self, capsys):
        words = ["reuse", "0.0.0.0:50001", "--system", "windows", "--excluded"]
        assert main([*words, "50000-50059"]) == 1
        out = capsys.readouterr().out
        assert "windows  refused   WSAEACCES        windows-excluded\n" in out
        assert "netsh interface ipv4 show excludedportrange protocol=tcp" in " ".join(out.split())
        assert main([*words, "50060-50159"]) == 0
        assert "--excluded reads its output" not in capsys.readouterr().out
        assert main(words[:-1]) == 0
        assert "--excluded reads its output" in " ".join(capsys.readouterr().out.split())
        assert main([*words[:-1], "--udp"]) == 0
        assert "excludedportrange protocol=udp`" in " ".join(capsys.readouterr().out.split())

    def test_the_output_of_netsh(self, capsys, tmp_path, monkeypatch):
        file = tmp_path / "excluded.txt"
        file.write_text(EXCLUSIONS, "utf-8")
        words = ["reuse", "--system", "windows", "--json", "--excluded"]
        assert main([*words, str(file), "0.0.0.0:50150"]) == 1
        (decision,) = result_of(capsys.readouterr().out)
        assert (decision["error"], decision["rule"]) == ("WSAEACCES", "windows-excluded")
        monkeypatch.setattr(sys, "stdin", io.StringIO(EXCLUSIONS))
        assert main([*words, "-", "0.0.0.0:50001"]) == 0
        captured = capsys.readouterr()
        assert result_of(captured.out)[0]["verdict"] == "allowed"
        assert captured.err == (
            "portranges: 50001 is an administered exclusion (*): it is not allocated, but can be "
            "bound\n"
        )

    def test_the_encodings_of_windows(self, capsys, tmp_path, monkeypatch):
        # PowerShell writes UTF-16. cmd writes the code page of the console, in which the "ü" of
        # German is no character of the code page of other programs.
        text = EXCLUSIONS.replace("Protocol", "für Protocol")
        words = ["reuse", "--system", "windows", "0.0.0.0:50150", "--excluded"]
        for encoding in ("utf-8-sig", "utf-16", "cp850"):
            file = tmp_path / encoding
            file.write_bytes(text.encode(encoding))
            assert main([*words, str(file)]) == 1
            stdin = io.TextIOWrapper(io.BytesIO(text.encode(encoding)), encoding="cp1252")
            monkeypatch.setattr(sys, "stdin", stdin)
            assert main([*words, "-"]) == 1
            assert capsys.readouterr().err == ""

    def test_of_all_systems_only_windows_has_it(self, capsys):
        words = ["reuse", "0.0.0.0:50001", "--excluded", "50000-50059", "--json"]
        assert main(words) == 1
        data = {each["system"]: each["rule"] for each in result_of(capsys.readouterr().out)}
        assert data.pop("windows") == "windows-excluded"
        assert {rule.rpartition("-")[2] for rule in data.values()} == {"free"}
        # A socket that a system does not have is refused before the port is compared.
        assert main([*words, "--reuse-port"]) == 1
        data = {each["system"]: each["rule"] for each in result_of(capsys.readouterr().out)}
        assert data["windows"] == "windows-no-option"

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            ("--system linux --excluded 1", "--excluded applies to Windows only, got linux"),
            ("--excluded 1:", "expected a port or 'first-last', got '1:'; write 1-65535"),
            ("--excluded x", "cannot read 'x': No such file or directory"),
            ("--here --system linux", "argument --system: not allowed with argument --here"),
        ],
    )
    def test_a_wrong_option_is_a_usage_error(self, capsys, words, message):
        assert main(["reuse", "0.0.0.0:80", *words.split()]) == 2
        assert capsys.readouterr().err.startswith(f"portranges: {message}")

    def test_a_text_that_netsh_does_not_print(self, capsys, monkeypatch):
        monkeypatch.setattr(sys, "stdin", io.StringIO("50000-50059\n"))
        assert main(["reuse", "0.0.0.0:80", "--excluded", "-", "--json"]) == 2
        error = error_of(capsys.readouterr().out)
        assert error["type"] == "UnexpectedOutputError"
        assert "expected dashes below two headings" in error["message"]


def test_the_settings_of_windows_accept_excluded_ports():
    from portranges import reuse

    settings = reuse.SystemSettings(excluded=PortSet.parse("50100-50199"))
    decision = reuse.can_bind(tcp(port=50150), system="windows", settings=settings)
    assert decision.error == "WSAEACCES"
