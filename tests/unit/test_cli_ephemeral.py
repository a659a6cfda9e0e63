"""The command ``portranges ephemeral``: what it prints, without this machine."""

from __future__ import annotations

import argparse
import sys

import pytest

from envelope import result_of
from portranges import SystemReadError, UnknownNameError, ephemeral, system
from portranges.cli import ephemeral as command
from portranges.cli.arguments import Arguments
from portranges.system import Machine


def run(*words: str, machine: Machine | None = system.RECORDED_LINUX) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(Arguments(parser))
    return command.run(parser.parse_args(words), machine=machine)


HERE = """\
this machine: Linux, tcp, IPv4
  ephemeral           32768-39999,...    28,227 ports
  range               32768-60999        /proc/sys/net/ipv4/ip_local_port_range
  reserved            40000-40003,40007
                      /proc/sys/net/ipv4/ip_local_reserved_ports
  excluded            none               default: the system has no such list
  first unprivileged  1024
                      /proc/sys/net/ipv4/ip_unprivileged_port_start
  TIME_WAIT           60 s               default: no setting (TCP_TIMEWAIT_LEN)
  TIME_WAIT reuse     loopback           /proc/sys/net/ipv4/tcp_tw_reuse
    after             1 s                /proc/sys/net/ipv4/tcp_tw_reuse_delay
  TIME_WAIT at most   131,072            /proc/sys/net/ipv4/tcp_max_tw_buckets
  FIN_WAIT_2          60 s               /proc/sys/net/ipv4/tcp_fin_timeout
"""


def test_the_page_of_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--here") == 0
    assert capsys.readouterr().out == HERE


def test_systems_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("linux", "windows-2003", "smoltcp") == 0
    assert capsys.readouterr().out == (
        "name        ports          count  confidence\n"
        "linux       32768-60999   28,232  source\n"
        "windows-xp  1025-5000      3,976  document\n"
        "smoltcp     not fixed          -  source\n"
        "\n"
        "linux, privileged ports: 1-1023; a port below\n"
        "  net.ipv4.ip_unprivileged_port_start (default 1024, per network namespace)\n"
        "  requires CAP_NET_BIND_SERVICE; 0 removes the rule. It must not be above the\n"
        "  first port of the range. Since 20.10, Docker sets it to 0 in containers, but\n"
        "  not with host networking\n"
        "windows-xp, privileged ports: none; no port requires privilege\n"
        "smoltcp, privileged ports: none; no port requires privilege: nothing in the\n"
        "  source checks for one\n"
    )


def test_the_privileged_ports_of_named_hosts(capsys: pytest.CaptureFixture[str]) -> None:
    def rules(*words: str) -> str:
        assert run(*words) == 0
        _, _, below = capsys.readouterr().out.partition("\n\n")
        return " ".join(below.split())

    assert "solaris, privileged ports: 1-1023,2049,4045; smallest_nonpriv_port (1024" in rules(
        "solaris"
    )
    assert rules("aix").startswith("aix, privileged ports: unknown; ports can be added to")
    assert rules("hpux") == "hpux, privileged ports: unknown"
    # A translator binds no sockets.
    assert rules("nf-nat") == rules() == ""


def test_all_current_hosts(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    lines = capsys.readouterr().out.splitlines()
    names = [line.split()[0] for line in lines[1:]]
    assert names == [row.name for row in ephemeral.profiles("host", current=True)]


def test_systems_and_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("linux", "--here") == 0
    table, rule, here = capsys.readouterr().out.split("\n\n")
    assert table.startswith("name ")
    assert rule.startswith("linux, privileged ports: ")
    assert here == HERE


@pytest.mark.parametrize(
    "words", [(), ("--here",), tuple(row.name for row in ephemeral.profiles())]
)
def test_it_fits_80_columns(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 and line == line.rstrip() for line in lines)


def test_a_path_on_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert run("--here") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "    /proc/sys/net/ipv4/ip_local_reserved_ports" in lines
    assert " " * 22 + "/proc/sys/net/ipv4/tcp_tw_reuse" in lines
    assert max(map(len, lines)) <= 60


def test_the_rows_of_each_table_align(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    lines = capsys.readouterr().out.splitlines()
    column = lines[0].index("confidence")
    assert all(line[column - 2 : column] == "  " and line[column] != " " for line in lines)


def test_profiles_and_this_machine_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("linux", "smoltcp", "--here", "--json") == 0
    first, second, here = result_of(capsys.readouterr().out)
    assert first["name"] == "linux"
    assert first["ports"] == "32768-60999"
    assert first["count"] == 28232
    assert second["ports"] is None
    assert second["count"] is None
    settings = system.read_settings(machine=system.RECORDED_LINUX)
    assert here == {"name": "here", **settings.to_dict()}


def test_a_long_list_is_truncated(capsys: pytest.CaptureFixture[str]) -> None:
    def read_file(path: str) -> str:
        if path.endswith("ip_local_reserved_ports"):
            return ",".join(map(str, range(32769, 60000, 2))) + "\n"
        return system.RECORDED_LINUX.read_file(path)

    machine = Machine(platform="linux", read_file=read_file, run=system.RECORDED_LINUX.run)
    assert run("--here", machine=machine) == 0
    out = capsys.readouterr().out
    assert "  reserved            32769,32771,32773,...\n" in out
    assert all(len(line) <= 80 for line in out.splitlines())


def test_the_other_transport_and_family(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--here", "--transport", "udp", "--family", "inet6") == 0
    assert capsys.readouterr().out.startswith("this machine: Linux, udp, IPv6\n")


def test_an_unknown_system() -> None:
    with pytest.raises(UnknownNameError, match=r"^unknown system, got 'linus'"):
        run("linus")


def test_what_cannot_be_read_is_an_error_before_anything_is_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    machine = Machine(
        platform="darwin", read_file=system.RECORDED_LINUX.read_file, run=system.RECORDED_LINUX.run
    )
    with pytest.raises(SystemReadError, match=r"no such program on this system$"):
        run("linux", "--here", machine=machine)
    assert capsys.readouterr().out == ""


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")
def test_the_machine_that_runs_the_test(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--here", machine=None) == 0
    assert "ephemeral  " in capsys.readouterr().out
