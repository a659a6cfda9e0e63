"""Tables of services of machines and programs: /etc/services and nmap-services."""

from __future__ import annotations

import pickle
import socket
import subprocess
from pathlib import Path

import pytest

from portranges import (
    DataError,
    InvalidValueError,
    PortSet,
    UnknownNameError,
    advice,
    dialects,
    explain,
)
from portranges.cli import main
from portranges.errors import elide
from portranges.registry import SHIPPED, Registry, State
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
ours 61234/udp#comment
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
    near = {0, 65535} | {port + step for port, _ in expected for step in (-1, 0, 1)}
    for transport in ("tcp", "udp", "sctp", "dccp"):
        named = PortSet(port for port, each in expected if each == transport)
        assert registry.assigned(transport) == named
        # Every port has one state, and a Dynamic port without a service is Dynamic.
        rest = [registry.reserved(transport), registry.unassigned(transport)]
        rest.append(registry.not_listed(transport))
        assert PortSet().union(*rest) == PortSet.parse("0-49151") - named
        # The other ports have no name, for the sets are equal.
        for port in near:
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
    assert registry.lookup(61234, "udp")[0].description == "comment"
    assert str(registry.source) == "/etc/services (checked unknown)"
    assert registry.snapshot is None
    assert registry.state(61234, "tcp") is State.DYNAMIC
    assert registry.state(80, "udp") is State.NOT_LISTED
    assert registry.state(81, "udp") is State.NOT_LISTED
    copied = pickle.loads(pickle.dumps(registry))
    assert copied.services(88, "udp") == registry.services(88, "udp")
    ours = registry.with_services({"web": [(80, "tcp")]})
    assert ours.services(80, "tcp") == ("web",)
    page = str(explain(61234, registry=registry))
    assert "Port 61234 is assigned to ours" in page
    assert "\nServices" in page
    assert "\nIANA  " not in page


# Lines that are skipped, and why.
SKIPPED = [
    ("http", "expected 'name port/transport', got 'http'"),
    ("http 80", "expected 'name port/transport', got 'http 80'"),
    ("http 80 tcp", "expected 'name port/transport', got 'http 80 tcp'"),
    ("http 80,tcp", "expected 'name port/transport', got 'http 80,tcp'"),
    ("http 80 /tcp", "expected 'name port/transport', got 'http 80 /tcp'"),
    ("http /tcp", "port must be decimal digits, got ''"),
    ("http 080/tcp", "port must have no leading zero, got '080'"),
    ("http 010/tcp", "port must have no leading zero, got '010'"),
    ("http 65536/tcp", "port must be in 0..65535, got '65536'"),
    ("http 0x50/tcp", "port must be decimal digits, got '0x50'"),
    ("http +80/tcp", "port must be decimal digits, got '+80'"),
    ("http -1/tcp", "port must be decimal digits, got '-1'"),
    ("http 80x/tcp", "port must be decimal digits, got '80x'"),
    ("http \u0668\u0660/tcp", "port must be decimal digits, got"),
    ("http 80-90/tcp", "port must be decimal digits, got '80-90'"),
    ("http 80/", "expected a transport, got ''"),
    ("http 80/TCP", "expected a transport, got 'TCP'"),
    ("http 80//tcp", "expected a transport, got '/tcp'"),
    ("http 80/tcp/udp", "expected a transport, got 'tcp/udp'"),
    ("80 80/tcp", "expected a service name, got '80'"),
    ("http 80/tcp 8080/tcp", "expected a service name, got '8080/tcp'"),
    ("http 80/tcp 0.5 www 2", "expected a service name, got '2'"),
    ("http\u00a080/tcp", "expected 'name port/transport', got"),
    ("\x00 80/tcp", "expected a service name, got"),
    ("http 80/tcp w\x1bb", "expected a service name, got"),
    ("\ufeffhttp 80/tcp", "expected a service name, got"),
]


@pytest.mark.parametrize(("line", "reason"), SKIPPED)
def test_a_line_of_another_form_is_skipped(line, reason):
    registry = Registry.from_services(f"# first\nssh 22/tcp\n{line}\nsmtp 25/tcp\n", name="mine")
    assert registry.assigned("tcp") == PortSet([22, 25])
    assert str(registry.source) == "mine, line 3 skipped (checked unknown)"
    with pytest.raises(DataError) as caught:
        Registry.from_services(f"# first\n{line}\nssh 22\n", name="my table")
    assert str(caught.value).startswith(
        "cannot use my table: expected lines with a service, a port and a transport, got none; "
        f"line 2: {reason}"
    )


def test_several_skipped_lines_are_counted():
    text = "ssh 22/tcp\nhttp 80\n\n# rest\nsmtp 025/tcp\nrtmp 1/ddp\n"
    registry = Registry.from_services(text, name="mine")
    assert registry.source.section == "2 lines skipped, the first is line 2"
    ours = registry.with_services({"web": [(80, "tcp")]})
    assert ours.source.section == registry.source.section
    assert pickle.loads(pickle.dumps(registry)).source == registry.source


@pytest.mark.parametrize("first", ["", "#", "  # a comment"])
def test_a_byte_order_mark_before_a_comment_is_not_a_line(first):
    registry = Registry.from_services(f"\ufeff{first}\nssh 22/tcp\n", name="mine")
    assert registry.services(22, "tcp") == ("ssh",)
    assert registry.source.section == ""


# What glibc 2.36 reads: the port, the transport and the names of the line, or None.
GLIBC = {
    "plain 70/tcp": (70, "tcp", ("plain",)),
    "two 71/tcp second third # comment": (71, "tcp", ("two", "second", "third")),
    "  indented 72/tcp": (72, "tcp", ("indented",)),
    "tabs\t73/tcp\ta1\t a2": (73, "tcp", ("tabs", "a1", "a2")),
    "feed 74/tcp one\x0ctwo": (74, "tcp", ("feed", "one", "two")),
    "vertical\x0b75/tcp": (75, "tcp", ("vertical",)),
    "windows 76/udp alias\r": (76, "udp", ("windows", "alias")),
    "caf\u00e9 77/tcp \u20ac\u00e9": (77, "tcp", ("caf\u00e9", "\u20ac\u00e9")),
    "zero 0/tcp": (0, "tcp", ("zero",)),
    "onlyname": None,
    "noport /tcp": None,
    "eight 080/tcp": None,
    "nines 0000095/tcp": None,
    "blank 84 /tcp": None,
    "rest 88x/tcp": None,
    "range 80-90/tcp": None,
    "apple 1/ddp": (1, "ddp", ("apple",)),
}


def test_what_glibc_reads_is_read_and_what_it_skips_is_skipped():
    for line, answer in GLIBC.items():
        registry = Registry.from_services(f"ssh 22/tcp\n{line}\n")
        assert bool(registry.source.section) == (answer is None), line
        if answer is not None and answer[1] != "ddp":
            port, transport, names = answer
            assert registry.services(port, transport) == names
            assert all(registry.ports(name) == PortSet([port]) for name in names)
        else:
            assert registry.assigned("tcp") == PortSet([22])


# Numbers that C libraries read differently: by glibc 010 is 8 and 65536 is 0.
DIFFERENT = {"octal 010/tcp": 8, "hex 0x50/tcp": 80, "plus +81/tcp": 81, "large 65536/tcp": 0}


@pytest.mark.slow
def test_glibc_reads_the_lines_as_recorded(tmp_path):
    file = tmp_path / "services"
    file.write_text("".join(f"{line}\n" for line in (*GLIBC, *DIFFERENT)), encoding="utf-8")
    script = 'mount --bind "$0" /etc/services && exec getent services'
    try:
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", script, str(file)],
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("NOT CHECKED: no mount namespace, or no getent")
    read = {}
    for line in done.stdout.splitlines():
        name, place, *aliases = line.split()
        port, _, transport = place.partition("/")
        read[name] = (int(port), transport, (name, *aliases))
    assert read == {
        **{answer[2][0]: answer for answer in GLIBC.values() if answer},
        **{line.split()[0]: (port, "tcp", (line.split()[0],)) for line, port in DIFFERENT.items()},
    }


def test_a_port_that_a_table_does_not_list_is_not_unassigned():
    registry = Registry.from_services("http 80/tcp\nours 61234/udp")
    for transport in ("tcp", "udp", "sctp", "dccp"):
        assert registry.unassigned(transport) == PortSet()
        listed = PortSet([80]) if transport == "tcp" else PortSet()
        assert registry.not_listed(transport) == PortSet.parse("0-49151") - listed
        for port in (0, 79, 81, 49151):
            assert registry.state(port, transport) is State.NOT_LISTED
        assert registry.state(49152, transport) is State.DYNAMIC
    copied = pickle.loads(pickle.dumps(registry))
    assert copied.state(81, "tcp") is State.NOT_LISTED
    ours = registry.with_services({"web": [(81, "tcp")]})
    assert ours.state(81, "tcp") is State.ASSIGNED
    assert 81 not in ours.not_listed("tcp")
    assert 82 in ours.not_listed("tcp")
    # IANA's registry is complete.
    assert SHIPPED.state(4, "tcp") is State.UNASSIGNED


def test_the_page_of_a_port_that_a_table_does_not_list():
    registry = Registry.from_services("http 80/tcp", name="/etc/services")
    page = str(explain(83, registry=registry))
    assert page.startswith("Port 83\nPort 83 has no entry; it lies in 0-1023, the System Ports.")
    assert "\nServices      not listed, on every transport\n" in page
    assert "not assigned" not in page
    assert "unassigned" not in page
    udp = str(explain(80, transport="udp", registry=registry))
    assert udp.startswith("Port 80\nPort 80 has no entry; ")
    assert "\nServices      udp  not listed\n" in udp
    # IANA's registry: 3389 is assigned for TCP and UDP.
    assert "not assigned to any" not in " ".join(str(explain(3389, transport="sctp")).split())
    assert "Port 4 is not assigned; " in str(explain(4))
    assert "This port is not assigned to any service." in " ".join(str(explain(4)).split())


def test_advice_does_not_take_a_port_that_a_table_does_not_list_for_available():
    registry = Registry.from_services("http 80/tcp\nbilling 2000/udp")
    assert advice.listen_ports([], registry=registry) == PortSet()
    for port, reason in ((1999, "not in the table"), (2000, "assigned for another transport only")):
        sentences = [each.sentence for each in advice.why_not(port, [], registry=registry)]
        assert f"{port}/tcp is {reason}" in sentences


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


def test_the_number_of_services_in_a_table_is_limited(monkeypatch):
    monkeypatch.setattr("portranges.registry.services_file._MOST_ROWS", 2)
    lines = ["a 1/tcp", "# no service", "", "b 2/ddp"]
    assert Registry.from_services("\n".join(lines)).ports("a") == PortSet([1])
    with pytest.raises(DataError, match="expected at most 2 services, got more$"):
        Registry.from_services("\n".join([*lines, "c 3/tcp"]))
    monkeypatch.setattr("portranges.registry.services_file.LONGEST_SERVICES", 8)
    with pytest.raises(DataError, match="expected at most 8 characters, got more$"):
        Registry.from_services("ab 1/tcp\n")


class TestCommands:
    @pytest.fixture
    def table(self, tmp_path):
        path = tmp_path / "services"
        path.write_bytes(SAMPLE.encode() + b"caf 70/tcp # caf\xe9\n")
        return str(path)

    def test_convert_uses_the_names_of_the_file(self, table, capsys):
        assert main(["convert", "{ krb5, 80 }", "--from", "nft", "--services", table]) == 0
        assert capsys.readouterr().out == "80,88\n"
        # IANA's table does not have this alias, and the file does not have this name.
        assert main(["convert", "krb5", "--from", "nft", "--names"]) == 2
        assert main(["convert", "https", "--from", "nft", "--services", table]) == 2
        assert main(["convert", "80", "--names", "--services", table]) == 2

    def test_explain_uses_the_names_of_the_file(self, table, capsys):
        assert main(["krb5", "ours", "--services", table, "--table"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [line.split()[:3] for line in lines[1:]] == [
            ["88", "system", "kerberos,"],
            ["61234", "dynamic", "ours"],
        ]
        assert main(["https", "--services", table]) == 1
        assert "unknown service, got 'https'" in capsys.readouterr().err

    def test_a_file_that_cannot_be_read(self, tmp_path, capsys):
        broken = tmp_path / "broken"
        broken.write_text("# services\nhttp 80\n")
        for path, message in (
            (tmp_path / "none", "No such file"),
            (tmp_path, "Is a directory"),
            (broken, "got none; line 2: expected 'name port/transport', got 'http 80'"),
            ("\0", "null byte"),
        ):
            for words in (["443"], ["convert", "443"]):
                assert main([*words, "--services", str(path)]) == 2
                assert message in capsys.readouterr().err

    def test_skipped_lines_are_reported(self, tmp_path, capsys):
        path = tmp_path / "services"
        path.write_text("ssh 22/tcp\nhttp 080/tcp\nweb 81\n")
        for words in (["ssh", "--json"], ["convert", "ssh"]):
            assert main([*words, "--services", str(path)]) == 0
            captured = capsys.readouterr()
            assert "22" in captured.out
            assert captured.err == (
                f"portranges: {elide(str(path))}: 2 lines skipped, the first is line 2\n"
            )


def test_a_tool_is_read_with_its_own_table():
    # nmap-services of nmap 7.93 has kerberos at 750/udp; IANA has it at 88.
    theirs = Registry.from_services("kerberos-sec 88/tcp 0.1\nkerberos 750/udp 0.2")
    assert dialects.parse("kerberos", "nmap", services=theirs, transport="udp") == PortSet([750])
