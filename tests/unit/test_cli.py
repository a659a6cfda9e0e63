"""The command line, as its user sees it: output, errors, exit status."""

from __future__ import annotations

import json
import os
import pty
import socket
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from envelope import completed, result_of
from portranges import PortRange, PortSet, __version__, cli, explain
from portranges.__main__ import main as run_program
from portranges.cli import build_parser, main
from portranges.report import explain_ranges
from terminals import read_rest


def run(*words, **environment):
    """Run the command in a process of its own, without this one's terminal."""
    return subprocess.run(
        [sys.executable, "-m", "portranges", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
        timeout=60,
    )


def on_a_terminal(*words, **environment):
    """Run the command on a pseudo-terminal and return what it wrote."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "portranges", *words],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", **environment},
    ) as process:
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    output = read_rest(ours)
    os.close(theirs)
    os.close(ours)
    assert process.returncode == 0
    return output.decode()


MORE = "\n\n--full prints everything known; --here looks at this machine\n"


@pytest.mark.parametrize("words", [["60454"], ["explain", "60454"]])
def test_a_port_prints_its_verdict(words, capsys):
    assert main(words) == 0
    assert capsys.readouterr() == (explain(60454).verdict() + MORE, "")


def test_several_ports_print_a_verdict_each(capsys):
    assert main(["443/tcp", "7995-7997"]) == 0
    reports = [explain(443, transport="tcp"), *explain_ranges(PortRange(7995, 7997))]
    assert len(reports) == 3
    out = capsys.readouterr().out
    assert out == "\n\n".join(report.verdict() for report in reports) + MORE


def test_full_prints_the_page(capsys):
    assert main(["60454", "--full"]) == 0
    assert capsys.readouterr() == (str(explain(60454)) + "\n", "")


def test_brief_prints_a_line_per_port(capsys):
    assert main(["8080", "7995-7997,443/tcp", "20-40", "64990-65535", "--brief"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        explain(8080).brief,
        *(explain(port).brief for port in range(7995, 7998)),
        explain(443, transport="tcp").brief,
        *(explain(port).brief for port in [*range(20, 41), *range(64990, 65536)]),
    ]


def test_several_ports_ranges_and_names_are_printed_in_the_given_order(capsys):
    assert main(["https", "8000-8003", "22,443", "--json"]) == 0
    data = result_of(capsys.readouterr().out)["reports"]
    assert [entry["port"] for entry in data] == [443, 8000, 8001, 8002, 8003, 22]


def test_json_has_the_facts_of_the_reports(capsys):
    assert main(["60454", "443", "0", "55555", "--json"]) == 0
    data = completed(result_of(capsys.readouterr().out, "explain"))
    assert data == [explain(port).to_dict() for port in (60454, 443, 0, 55555)]
    assert main(["60454/tcp", "443/sctp", "--json"]) == 0
    *_, sctp = completed(result_of(capsys.readouterr().out))
    alone = explain(443, transport="sctp").to_dict()
    # Systems that have a range for TCP only do not allocate the port for SCTP either.
    assert sctp.pop("not_allocated_by") != alone.pop("not_allocated_by")
    assert sctp == alone


def test_json_has_every_fact_once(capsys):
    assert main(["0-65535", "--json"]) == 0
    out = capsys.readouterr().out
    result = result_of(out)
    reports = result["reports"]
    # More known uses mean more reports. With the facts of its uses and systems instead of their
    # names, a report would have several thousand characters.
    assert len(out) < 1_100 * len(reports)
    assert {name for each in reports for name in each["uses"]} == set(result["uses"])
    assert sum(each["ports"]["last"] - each["ports"]["first"] + 1 for each in reports) == 65536
    systems = result["systems"].values()
    for source in {each["ephemeral"]["source"] for each in systems if each["ephemeral"]}:
        assert out.count(json.dumps(source)) < 10
    # One line per report.
    lines = [line.removesuffix(",") for line in out.splitlines() if line.startswith('{"port"')]
    assert list(map(json.loads, lines)) == reports


def test_transport_limits_the_report_to_one_transport(capsys):
    assert main(["443", "--transport", "udp", "--json"]) == 0
    (entry,) = result_of(capsys.readouterr().out)["reports"]
    assert [row["transport"] for row in entry["registry"]] == ["udp"]


def test_a_service_name_is_looked_up_on_the_transport(capsys):
    # Port 512 is exec on TCP and comsat on UDP.
    assert main(["exec", "--transport", "tcp"]) == 0
    assert capsys.readouterr().out.startswith("Port 512 is assigned to exec; ")
    for words in (["exec", "--transport", "udp"], ["exec/udp"]):
        assert main(words) == 1
        assert capsys.readouterr() == ("", "portranges: unknown udp service, got 'exec'\n")


def test_a_transport_may_follow_the_port(capsys):
    assert main(["443/udp,ssh/tcp", "80", "--json"]) == 0
    data = result_of(capsys.readouterr().out)["reports"]
    assert [(entry["port"], len(entry["registry"])) for entry in data] == [
        (443, 1),
        (22, 1),
        (80, 4),
    ]
    assert main(["443/ucp"]) == 2
    assert capsys.readouterr().err.startswith("portranges: unknown transport, got 'ucp'")


@pytest.mark.parametrize(
    ("text", "hint"),
    [("udp/53", "; write 53/udp"), ("tcp/80-90", "; write 80-90/tcp"), ("udp/tcp", "")],
)
def test_a_transport_before_the_port_is_an_error_that_shows_the_order(text, hint, capsys):
    assert main([text]) == 2
    rule = "expected 'port/transport' or 'first-last/transport'"
    assert capsys.readouterr() == ("", f"portranges: {rule}, got '{text}'{hint}\n")


@pytest.mark.parametrize(
    ("option", "form"), [("here", "table"), ("sources", "table"), ("sources", "brief")]
)
def test_an_option_that_a_form_has_no_place_for_is_refused(option, form, capsys):
    assert main(["443", f"--{option}", f"--{form}"]) == 2
    rule = f"--{option} requires another form, such as --full or --json"
    assert capsys.readouterr() == ("", f"portranges: {rule}, got --{form}\n")


def test_sources_make_pages_of_any_number_of_ports(capsys):
    assert main(["20-30", "--sources"]) == 0
    assert capsys.readouterr().out.count("[RFC 6335") >= 11


NAMED = """
import socket
with open("/proc/self/comm", "wb") as file:
    file.write("caf\u00e9\u65e5".encode())
sock = socket.socket()
sock.bind(("127.0.0.1", 0))
sock.listen()
print(sock.getsockname()[1], flush=True)
input()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a process names itself on Linux")
def test_a_process_name_in_another_script_prints_no_traceback():
    with subprocess.Popen(
        [sys.executable, "-c", NAMED], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        port = process.stdout.readline().strip()
        # Wide enough for the owner, whatever else listens.
        words = ("listening", "--transport", "tcp")
        table = run(*words, PYTHONIOENCODING="ascii", COLUMNS="200")
        page = run(port, "--here", "--full", PYTHONIOENCODING="ascii")
        data = run(port, "--here", "--json", PYTHONIOENCODING="ascii")
        process.communicate("\n")
    for done in (table, page, data):
        assert (done.returncode, done.stderr) == (0, "")
    assert f"caf?? ({process.pid})" in table.stdout
    (owner,) = result_of(data.stdout)["reports"][0]["here"]["sockets"][0]["owners"]
    assert owner["name"] == "caf\u00e9\u65e5"


def test_an_interrupt_while_a_command_is_loaded_prints_no_traceback(monkeypatch):
    def interrupted(name):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_load", interrupted)
    monkeypatch.setattr(sys, "argv", ["portranges", "listening"])
    assert run_program() == 130
    with pytest.raises(KeyboardInterrupt):
        main(["listening"])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("form", ["--json", "--table", "--full", "--brief"])
def test_a_full_disk_is_an_error_of_one_line(form):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "portranges", "443", form],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "portranges: cannot write: No space left on device\n"


@pytest.mark.skipif(os.name != "posix", reason="descriptors are closed by a shell")
def test_closed_streams_print_no_traceback():
    command = f"{sys.executable} -m portranges"
    done = subprocess.run(
        f"{command} 80 >&-", shell=True, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == "portranges: there is no standard output\n"
    done = subprocess.run(
        f"{command} 70000 2>&-", shell=True, capture_output=True, text=True, check=False
    )
    assert done.stdout == ""


def test_many_ports_make_a_table(capsys):
    assert main(["20-30"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == "port category registered to allocated by default on".split()
    assert [line.split()[0] for line in lines[1:]] == [str(port) for port in range(20, 31)]
    assert all(len(line) <= 80 for line in lines)


def test_a_table_names_the_common_systems_and_counts_the_others(capsys):
    assert main(["22", "8080", "40000", "60454", "--table"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for line, port, names in zip(
        lines[1:],
        (22, 8080, 40000, 60454),
        ([], [], ["linux", "freebsd"], ["linux", "windows", "macos", "freebsd"]),
        strict=True,
    ):
        others = len(explain(port).allocated_by) - len(names)
        cells = [*names, *([f"+{others}"] if others else [])]
        assert line.endswith(f"  {', '.join(cells) or '-'}")


def test_pages_of_many_ports_are_printed_on_request(capsys):
    assert main(["20-30", "--full"]) == 0
    out = capsys.readouterr().out
    titles = [line for line in out.splitlines() if line.startswith("Port ") and ";" not in line]
    assert titles == [f"Port {port}" for port in range(20, 31)]


def test_a_long_table_has_a_line_for_ports_that_do_not_differ(capsys):
    assert main(["0-4095", "--transport", "tcp"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    ranges = [PortRange.parse(line.split()[0]) for line in lines[1:]]
    assert PortSet(ranges) == PortSet.parse("0-4095")
    assert sum(map(len, ranges)) == 4096
    assert len(ranges) < 3900
    # Each line says what a table of that port alone says, and neighbours differ.
    cells = [line.split(None, 1)[1] for line in lines[1:]]
    for one, other in pairwise(cells):
        assert one != other
    assert main([*map(str, range(300, 400)), "--transport", "tcp", "--table"]) == 0
    alone = capsys.readouterr().out.splitlines()[1:]
    cell_of = {port: cell for ports, cell in zip(ranges, cells, strict=True) for port in ports}
    for line in alone:
        port, rest = line.split(None, 1)
        assert cell_of[int(port)].split() == rest.split()


@pytest.mark.parametrize(
    "words",
    [
        ["49000-65535", "0-48999"],
        pytest.param(["0-65535"], marks=pytest.mark.slow),
        pytest.param(["--table", "0-65535"], marks=pytest.mark.slow),
    ],
)
def test_a_table_of_all_ports_fits_the_terminal(words, capsys):
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert 5000 < len(lines) < 8000
    widths = {line.index("user" if " user " in line else "dynamic") for line in lines[-2000:]}
    assert len(widths) <= 2


def test_adjacent_ports_that_do_not_differ_are_one_page(capsys):
    assert main(["60201-60205", "--full"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Ports 60201-60205"
    assert lines[1].startswith("Ports 60201-60205 have no IANA registration; they lie in ")
    assert not any(line.startswith("---") for line in lines)
    assert main(["22-23", "--full"]) == 0
    titles = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Port ")]
    assert [title for title in titles if ";" not in title] == ["Port 22", "Port 23"]


def test_adjacent_ports_that_do_not_differ_are_one_object(capsys):
    assert main(["60001-60005", "60003-60006", "443", "--json"]) == 0
    result = result_of(capsys.readouterr().out)["reports"]
    assert [(each["port"], each["ports"]) for each in result] == [
        (60001, {"first": 60001, "last": 60005}),
        (60006, {"first": 60006, "last": 60006}),
        (443, {"first": 443, "last": 443}),
    ]
    assert all(each.keys() == result[0].keys() for each in result)


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["70000"], 2, "port must be in 0..65535, got '70000'"),
        (
            ["9000-8000"],
            2,
            "first must not be greater than last, got 9000-8000; did you mean 8000-9000?",
        ),
        (["htps"], 1, "unknown service, got 'htps'; did you mean 'https' or 'htcp' or 'http'?"),
        (["-1"], 2, "expected a port or 'first-last', got '-1'"),
        ([""], 2, "expected a port or 'first-last', got ''"),
        (["80,"], 2, "expected a port or 'first-last', got ''"),
        (["80 81"], 2, "expected a port or 'first-last', got '80 81'; write 80,81"),
        (["8_0"], 2, "expected a port or 'first-last', got '8_0'"),
        (["٨٠"], 2, "expected a port or 'first-last', got '٨٠'; write 80"),
        ([" 80"], 2, "expected a port or 'first-last', got ' 80'; write 80"),
        (["080"], 2, "port must have no leading zero, got '080'; write 80"),
        (["+80"], 2, "expected a port or 'first-last', got '+80'; write 80"),
        (["0x50"], 2, "expected a port or 'first-last', got '0x50'; write 80"),
        (["80 to 90"], 2, "expected a port or 'first-last', got '80 to 90'; write 80-90"),
    ],
)
def test_an_error_is_short_and_goes_to_standard_error(capsys, words, status, message):
    assert main(words) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"portranges: {message}\n"


@pytest.mark.parametrize("words", [[], ["80", "--transport", "ip"], ["80", "--jsno"]])
def test_wrong_usage_is_status_2(capsys, words):
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("portranges: ")
    assert captured.err.endswith("; see portranges --help\n")
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "status", "command", "error"),
    [
        (
            ["convert", "80,1:2", "--json"],
            2,
            "convert",
            {
                "type": "PortSyntaxError",
                "message": "expected a port or 'first-last', got '1:2'; write 1-2",
                "text": "80,1:2",
                "position": [3, 6],
            },
        ),
        (
            ["htpps", "--json"],
            1,
            "explain",
            {
                "type": "UnknownNameError",
                "message": "unknown service, got 'htpps'; "
                "did you mean 'https' or 'htcp' or 'http'?",
                "name": "htpps",
                "suggestions": ["https", "htcp", "http"],
            },
        ),
        (
            ["usage", "--json", "--transport", "x"],
            2,
            "usage",
            {
                "type": "UsageError",
                "message": "argument --transport: invalid choice: 'x' (choose from 'tcp', 'udp'); "
                "see portranges usage --help",
            },
        ),
        (
            ["sql", "p", "80", "--otherwise", "x", "--json"],
            2,
            "sql",
            {
                "type": "InvalidValueError",
                "message": "ports must be used without labels, got both",
            },
        ),
    ],
)
def test_an_error_with_json_is_an_envelope(capsys, words, status, command, error):
    assert main(words) == status
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    data = json.loads(captured.out)
    message = captured.err.removeprefix("portranges: ").rstrip("\n")
    if error["type"] != "UsageError":  # The words of a usage error are argparse's.
        assert message == error["message"]
    assert data == {"schema": 1, "command": command, "error": {**error, "message": message}}


@pytest.mark.parametrize("words", [["explain", "--help"], ["443", "--help"]])
def test_help_of_a_command(capsys, words):
    assert main(words) == 0
    help_text = capsys.readouterr().out
    assert "service name" in help_text
    assert all(len(line) <= 80 for line in help_text.splitlines())


def test_help_and_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"portranges {__version__}\n"
    assert main(["--help"]) == 0
    help_text = capsys.readouterr().out
    assert "explain" in help_text
    assert all(len(line) <= 80 for line in help_text.splitlines())


def test_the_parser_is_available_to_completion_tools():
    parser = build_parser()
    assert parser.prog == "portranges"
    assert parser.parse_args(["explain", "443", "--json"]).json


def test_the_module_runs_and_a_pipe_gets_no_escape_codes():
    result = run("60454")
    assert result.returncode == 0
    assert result.stderr == ""
    assert result.stdout == explain(60454).verdict() + MORE
    assert "\x1b" not in result.stdout


def test_a_terminal_gets_bold_headings_unless_no_color_is_set():
    assert "\x1b[1m" in on_a_terminal("60454", NO_COLOR="")
    assert "\x1b" not in on_a_terminal("60454", NO_COLOR="1")
    assert "\x1b" not in on_a_terminal("60454", NO_COLOR="", TERM="dumb")


@pytest.mark.parametrize(
    ("given", "width"), [("40", 60), ("72", 72), ("500", 120), ("0", 80), ("x", 80)]
)
def test_the_width_follows_columns(given, width, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", given)
    report = explain(60454)
    assert main(["60454"]) == 0
    assert capsys.readouterr().out.startswith(report.verdict(width=width) + "\n")
    assert main(["60454", "--full"]) == 0
    assert capsys.readouterr().out == report.page(width=width) + "\n"


@pytest.mark.parametrize(
    "words",
    [
        ["8000-8100"],
        ["ephemeral", "linux", "solaris", "windows"],
        ["suggest", "50000"],
        ["audit", "49152-65535"],
        ["sql", "port", "1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31"],
        ["capacity", "--system", "linux", "--rate", "400"],
        ["reuse", "0.0.0.0:80", "[::]:80"],
        ["registry", "--search", "shell"],
    ],
)
@pytest.mark.parametrize("width", [60, 120])
def test_every_command_follows_the_width(words, width, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    main(words)
    usual = capsys.readouterr().out
    monkeypatch.setenv("COLUMNS", str(width))
    main(words)
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= width
    # Each of them has lines that are cut or wrapped.
    assert width == 120 or out != usual


def test_a_page_is_readable_where_only_ascii_can_be_written():
    result = run("60454", "--sources", PYTHONIOENCODING="ascii")
    assert result.returncode == 0
    assert result.stdout.isascii()


def test_a_reader_that_closes_the_pipe_early_causes_no_error():
    read, write = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-m", "portranges", "0-65535", "--table"],
        stdout=write,
        stderr=subprocess.PIPE,
    ) as process:
        os.close(write)
        assert os.read(read, 4)
        os.close(read)
        assert process.stderr is not None
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_an_unknown_service_has_status_1():
    result = run("no-such-thing")
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1


def test_here_limits_the_sockets_to_the_transport_after_the_port(capsys):
    """With a socket of this test's own on the port, on loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert main([f"{port}/tcp,{port}/udp", "--here", "--json"]) == 0
        tcp, udp = result_of(capsys.readouterr().out)["reports"]
        held = [entry["here"]["sockets"] for entry in (tcp, udp)]
        assert [each["transport"] for each in held[0]] == ["tcp"]
        assert not any(each["transport"] == "tcp" for each in held[1])
        assert main([f"{port}/tcp", "--here"]) == 0
        assert capsys.readouterr().out.startswith(f"here       tcp listen 127.0.0.1:{port}; ")
