"""Tables of services of machines and programs: /etc/services and nmap-services."""

from __future__ import annotations

import pickle
import socket
from pathlib import Path

import pytest

from portranges import DataError, InvalidValueError, PortSet, UnknownNameError, dialects, explain
from portranges.cli import main
from portranges.registry import Registry, State
from portranges.registry.services_file import LONGEST_SERVICES

SAMPLE = """\
# A comment, and an empty line

tcpmux\t\t1/tcp\t\t\t\t# TCP port  service multiplexer
http            80/tcp          www             # WorldWideWeb HTTP
kerberos        88/tcp          kerberos5 krb5 kerberos-sec
kerberos        88/udp          kerberos5 krb5 kerberos-sec
rtmp            1/ddp                           # an AppleTalk socket
whois++ 63/tcp
x11 6000/tcp x11-0
  X11:1\t6001/tcp\r
ours 60000/udp#comment
second 80/tcp www
"""
NMAP = """\
http\t80/tcp\t0.484143\t# World Wide Web HTTP
http\t80/sctp\t0.000000\t# www-http | www
unknown\t4/tcp\t0.000477
ibm-db2\t50000/tcp\t0.001317\t# (also Input Method?)
"""

FILES = [Path("/etc/services"), Path("/usr/share/nmap/nmap-services")]


def slow_reader(text):
    """{(port, transport): names} of a file that is known to be right, by another way."""
    found: dict[tuple[int, str], list[str]] = {}
    for line in text.splitlines():
        words = line.split("#")[0].split()
        if words:
            number, transport = words[1].split("/")
            names = [words[0], *words[2:]]
            if len(words) == 3 and words[2].replace(".", "").isdigit():
                names = [] if words[0] == "unknown" else [words[0]]
            here = found.setdefault((int(number), transport), [])
            here += [name for name in names if name not in here]
    return {key: names for key, names in found.items() if names and key[1] != "ddp"}


@pytest.mark.parametrize("text", [SAMPLE, NMAP], ids=["services", "nmap"])
def test_a_sample_is_read_as_the_slow_reader_reads_it(text):
    check_all(Registry.from_services(text), text)


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_table_of_this_machine(path):
    if not path.exists():
        pytest.skip(f"NOT CHECKED: there is no {path}")
    text = path.read_text("utf-8", "replace")
    check_all(Registry.from_services(text, name=str(path)), text)


def check_all(registry, text):
    expected = slow_reader(text)
    for transport in ("tcp", "udp", "sctp", "dccp"):
        named = PortSet(port for port, each in expected if each == transport)
        assert registry.assigned(transport) == named
        # Every port has one state, and a Dynamic port without a service is Dynamic.
        rest = [registry.reserved(transport), registry.unassigned(transport)]
        rest.append(registry.not_listed(transport))
        assert PortSet().union(*rest) == PortSet.parse("0-49151") - named
        for port in range(65536):
            names = tuple(expected.get((port, transport), ()))
            assert registry.services(port, transport) == names
            if names:
                assert registry.state(port, transport) is State.ASSIGNED
    by_name: dict[str, set[int]] = {}
    for (port, _), names in expected.items():
        for name in names:
            by_name.setdefault(name.lower(), set()).add(port)
    for name, ports in by_name.items():
        assert set(registry.ports(name)) == ports


def test_socket_finds_the_same_names_and_ports():
    path = Path("/etc/services")
    if not path.exists():
        pytest.skip(f"NOT CHECKED: there is no {path}")
    text = path.read_text("utf-8", "replace")
    registry = Registry.from_services(text)
    asked = 0
    for (port, transport), names in slow_reader(text).items():
        if transport in ("tcp", "udp"):
            for name in names:
                assert socket.getservbyname(name, transport) in registry.ports(name, transport)
                asked += 1
            assert socket.getservbyport(port, transport) == registry.services(port, transport)[0]
    assert asked > 100
    for name in ("nosuchservice", "http-alt-alt"):
        with pytest.raises(OSError, match="not found"):
            socket.getservbyname(name)
        with pytest.raises(UnknownNameError):
            registry.ports(name)


def test_aliases_comments_and_source_are_kept():
    registry = Registry.from_services(SAMPLE, name="/etc/services")
    assert registry.services(80, "tcp") == ("http", "www", "second")
    assert registry.ports("krb5") == registry.ports("KERBEROS") == PortSet([88])
    assert registry.lookup(1, "tcp")[0].description == "TCP port service multiplexer"
    assert registry.lookup(60000, "udp")[0].description == "comment"
    assert str(registry.source) == "/etc/services (checked unknown)"
    assert registry.snapshot is None
    assert registry.state(60000, "tcp") is State.DYNAMIC
    assert registry.state(80, "udp") is State.NOT_LISTED
    assert registry.state(81, "udp") is State.UNASSIGNED
    copied = pickle.loads(pickle.dumps(registry))
    assert copied.services(88, "udp") == registry.services(88, "udp")
    ours = registry.with_services({"web": [(80, "tcp")]})
    assert ours.services(80, "tcp") == ("web",)
    page = str(explain(60000, registry=registry))
    assert "Port 60000 is assigned to ours" in page
    assert "\nServices" in page
    assert "\nIANA  " not in page


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("http", "expected 'name port/transport', got 'http'"),
        ("http 80", "expected 'name port/transport', got 'http 80'"),
        ("http 80 tcp", "expected 'name port/transport', got 'http 80 tcp'"),
        ("http 80,tcp", "expected 'name port/transport', got 'http 80,tcp'"),
        ("http /tcp", "port must be decimal digits, got ''"),
        ("http 080/tcp", "port must have no leading zero, got '080'"),
        ("http 65536/tcp", "port must be in 0..65535, got '65536'"),
        ("http 0x50/tcp", "port must be decimal digits, got '0x50'"),
        ("http +80/tcp", "port must be decimal digits, got '+80'"),
        ("http \u0668\u0660/tcp", "port must be decimal digits, got"),
        ("http 80-90/tcp", "port must be decimal digits, got '80-90'"),
        ("http 80/", "expected a transport, got ''"),
        ("http 80/TCP", "expected a transport, got 'TCP'"),
        ("http 80/tcp/udp", "expected a transport, got 'tcp/udp'"),
        ("80 80/tcp", "expected a service name, got '80'"),
        ("http 80/tcp 8080/tcp", "expected a service name, got '8080/tcp'"),
        ("http 80/tcp w\u00e9b", "expected a service name, got 'w\u00e9b'"),
        ("http 80/tcp 0.5 www 2", "expected a service name, got '2'"),
        ("http\u00a080/tcp", "expected 'name port/transport', got"),
        ("\x00 80/tcp", "expected a service name, got"),
    ],
)
def test_a_line_of_another_form_is_an_error_with_its_number(line, reason):
    with pytest.raises(DataError) as caught:
        Registry.from_services(f"# first\nssh 22/tcp\n{line}\n", name="my table")
    assert str(caught.value).startswith(f"cannot use my table: line 3: {reason}")


@pytest.mark.parametrize("text", ["", "\n", "# nothing\n", "rtmp 1/ddp", "unknown 4/tcp 0.000477"])
def test_a_table_without_a_service_is_an_error(text):
    with pytest.raises(DataError, match=r"expected lines with a service, .*, got none$"):
        Registry.from_services(text)


@pytest.mark.slow
def test_arguments_and_limits():
    for wrong in (None, b"http 80/tcp", 80):
        with pytest.raises(TypeError, match="text must be a str"):
            Registry.from_services(wrong)
    with pytest.raises(TypeError, match="name must be a str"):
        Registry.from_services(SAMPLE, name=None)
    with pytest.raises(InvalidValueError, match="must not be empty"):
        Registry.from_services(SAMPLE, name="")
    with pytest.raises(DataError, match="at most 10000000 characters"):
        Registry.from_services("#" * (LONGEST_SERVICES + 1))
    with pytest.raises(DataError, match="at most 100000 services"):
        Registry.from_services("a 1/tcp\n" * 100_001)


class TestCommands:
    @pytest.fixture
    def table(self, tmp_path):
        path = tmp_path / "services"
        path.write_bytes(SAMPLE.encode() + b"caf 70/tcp # caf\xe9\n")
        return str(path)

    def test_convert(self, table, capsys):
        assert main(["convert", "{ krb5, 80 }", "--from", "nft", "--services", table]) == 0
        assert capsys.readouterr().out == "80,88\n"
        # IANA's table does not have this alias, and the file does not have this name.
        assert main(["convert", "krb5", "--from", "nft", "--names"]) == 2
        assert main(["convert", "https", "--from", "nft", "--services", table]) == 2
        assert main(["convert", "80", "--names", "--services", table]) == 2

    def test_explain(self, table, capsys):
        assert main(["krb5", "ours", "--services", table, "--table"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line.split()[:3] for line in lines[1:]] == [
            ["88", "system", "kerberos,"],
            ["60000", "dynamic", "ours"],
        ]
        assert main(["https", "--services", table]) == 1
        assert "unknown service, got 'https'" in capsys.readouterr().err

    def test_a_file_that_cannot_be_read(self, tmp_path, capsys):
        broken = tmp_path / "broken"
        broken.write_text("ssh 22/tcp\nhttp 80\n")
        for path, message in (
            (tmp_path / "none", "No such file"),
            (tmp_path, "Is a directory"),
            (broken, "line 2: expected 'name port/transport', got 'http 80'"),
            ("\0", "null byte"),
        ):
            for words in (["443"], ["convert", "443"]):
                assert main([*words, "--services", str(path)]) == 2
                assert message in capsys.readouterr().err


def test_a_tool_is_read_with_its_own_table():
    # nmap-services of nmap 7.93 has kerberos at 750/udp; IANA has it at 88.
    theirs = Registry.from_services("kerberos-sec 88/tcp 0.1\nkerberos 750/udp 0.2")
    assert dialects.parse("kerberos", "nmap", services=theirs, transport="udp") == PortSet([750])
