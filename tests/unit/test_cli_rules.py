"""The commands audit, suggest, masks and sql: output, refusals, exit status."""

from __future__ import annotations

import io
import os
import re
import sqlite3
from argparse import ArgumentParser
from pathlib import Path

import pytest

from envelope import result_of
from portranges import (
    InvalidValueError,
    PortRange,
    PortSet,
    PortSyntaxError,
    SystemReadError,
    UnknownNameError,
    advice,
    flows,
)
from portranges.advice import listen_ports
from portranges.cli import audit, main, masks, sql, suggest
from portranges.cli.arguments import Arguments


@pytest.fixture
def ask(capsys):
    """Run a command as the command line does: (status, lines, errors)."""

    def run(command, *words):
        parser = ArgumentParser(prog="portranges", allow_abbrev=False)
        command.add_arguments(Arguments(parser))
        status = command.run(parser.parse_args(words))
        captured = capsys.readouterr()
        return status, captured.out.splitlines(), captured.err

    return run


@pytest.mark.parametrize("command", [suggest, masks])
def test_an_empty_argument_is_refused(ask, command):
    with pytest.raises(InvalidValueError, match="^expected at least one port, got none$"):
        ask(command, "")


@pytest.mark.parametrize("command", [audit, suggest, masks, sql])
def test_help_fits_a_terminal(command, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    parser = ArgumentParser(prog="portranges command")
    command.add_arguments(Arguments(parser))
    with pytest.raises(SystemExit):
        parser.parse_args(["--help"])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80


class TestAudit:
    def test_findings_are_printed_with_their_severity(self, ask):
        status, lines, _ = ask(audit, "22", "8100-8200", "8150", "49152-65535")
        assert status == 1
        assert lines == [
            "error:   rule 3 (8150) has no effect: rule 2 (8100-8200) already matches all of",
            "         its ports",
            "warning: all dynamic ports are open, 49152-65535",
            "warning: 49152-60999 of the ephemeral range of Linux is open, but 32768-49151 is",
            "         not: about 58 % of its connections get no reply",
        ]

    def test_the_status_is_0_without_warnings_and_errors(self, ask):
        assert ask(audit, "22,https") == (0, ["no findings"], "")
        status, lines, _ = ask(audit, "8100-8200", "8200-8250")
        assert status == 0
        assert lines == ["note:    rule 2 (8200-8250) overlaps earlier rules in 8200"]

    def test_the_status_depends_on_the_systems(self, ask):
        assert ask(audit, "50000-60000", "--system", "windows-2003")[0] == 0
        assert ask(audit, "50000-60000", "--system", "windows-2003", "--system", "linux")[0] == 1

    def test_sources_are_printed_on_request(self, ask):
        _, lines, _ = ask(audit, "0-65535", "--sources")
        assert lines[1] == "         [NIST SP 800-41 rev. 1 (checked 2026-11)]"
        assert all(len(line) <= 80 for line in lines)

    def test_many_findings_of_a_kind_are_one(self, ask):
        status, lines, _ = ask(audit, "1-49151")
        assert status == 1
        assert len(lines) < 10
        exposed = [each for each in advice.audit(PortRange(1, 49151)) if "exposes " in str(each)]
        count = len(PortSet().union(*(each.ports for each in exposed)))
        text = " ".join(" ".join(lines).split())
        assert f"; {len(exposed) - 1} more like this, on {count} ports: 17,19-21,23," in text
        _, lines, _ = ask(audit, "1-49151", "--full")
        text = " ".join(" ".join(lines).split())
        assert all(each.sentence in text for each in exposed)
        _, lines, _ = ask(audit, "1-49151", "--json")
        found = [each.to_dict() for each in advice.audit(PortRange(1, 49151))]
        assert result_of("\n".join(lines)) == found
        # Three of a kind are printed.
        assert " more like this" not in "".join(ask(audit, "20-23")[1])

    def test_json_has_every_finding(self, ask):
        _, lines, _ = ask(audit, "0-65535", "--json")
        found = advice.audit(PortSet.full())
        assert result_of("\n".join(lines)) == [each.to_dict() for each in found]

    def test_rules_from_standard_input(self, ask, monkeypatch):
        text = "22  # remote shell\n\n# web\n80,443\n  22\n"
        monkeypatch.setattr("sys.stdin", io.StringIO(text))
        status, lines, _ = ask(audit, "-")
        assert status == 1
        assert lines == [
            "error:   rule 3 (22) has no effect: rule 1 (22) already matches all of its ports"
        ]

    def test_standard_input_with_a_comment_in_any_encoding(self, ask, monkeypatch):
        octets = io.BytesIO(b"22  # f\xfcr ssh\n")
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(octets, encoding="utf-8"))
        assert ask(audit, "-")[0] == 0

    def test_standard_input_that_cannot_be_read_is_refused(self, ask, monkeypatch):
        monkeypatch.setattr("sys.stdin", None)
        with pytest.raises(SystemReadError, match="cannot read standard input: it is closed"):
            ask(audit, "22", "-")
        with Path(os.devnull).open("w") as stream:
            monkeypatch.setattr("sys.stdin", stream)
            with pytest.raises(SystemReadError, match="not readable"):
                ask(audit, "-")

    def test_rules_that_cannot_be_read_are_refused(self, ask):
        with pytest.raises(PortSyntaxError):
            ask(audit, "22;80")
        for word in ("http,", ",http", "http,,ssh", "http, ,22"):
            with pytest.raises(PortSyntaxError, match="got nothing"):
                ask(audit, word)
        with pytest.raises(UnknownNameError, match="unknown service, got 'htpps'"):
            ask(audit, "22,htpps")
        with pytest.raises(UnknownNameError, match="unknown system"):
            ask(audit, "22", "--system", "linus")


class TestSuggest:
    def test_suggestions_are_listen_ports(self, ask):
        status, lines, _ = ask(suggest, "--count", "20", "--transport", "udp")
        assert status == 0
        ports = listen_ports(transport=["udp"])
        assert len(set(lines)) == 20
        assert all(int(line) in ports for line in lines)

    def test_a_name_gets_the_same_port_each_time(self, ask):
        once = ask(suggest, "--for", "billing")
        assert once == ask(suggest, "--for", "billing")
        assert once[1] != ask(suggest, "--for", "shipping")[1]

    def test_a_name_keeps_its_ports_when_others_become_unsuitable(self, ask):
        before = ask(suggest, "--for", "billing", "--count", "200")[1]
        fewer = listen_ports(["linux", "windows", "macos", "freebsd"], ["tcp", "udp"])
        words = [f"--system={name}" for name in ("linux", "windows", "macos", "freebsd")]
        after = ask(suggest, "--for", "billing", *words, "--transport=tcp", "--transport=udp")[1]
        assert all(int(port) in fewer for port in after)
        left = [port for port in before if int(port) in fewer]
        assert left
        assert after[: len(left)] == left[:5]

    def test_all_prints_every_listen_port(self, ask):
        assert ask(suggest, "--all", "--system", "openbsd")[1] == [str(listen_ports(["openbsd"]))]
        (line,) = ask(suggest, "--all", "--json")[1]
        assert PortSet.parse(result_of(line)) == listen_ports()

    def test_json_is_a_list_of_ports(self, ask):
        _, lines, _ = ask(suggest, "--json", "--count", "3", "--for", "x")
        assert [str(port) for port in result_of("\n".join(lines))] == ask(
            suggest, "--count", "3", "--for", "x"
        )[1]

    def test_objections_to_given_ports(self, ask):
        free = listen_ports().last
        status, lines, _ = ask(suggest, "8080", f"{free}")
        assert status == 1
        assert lines[0] == "warning: 8080/tcp is assigned to http-alt"
        assert lines[1].startswith("note:    8080 is used by ")
        more = sum(each.id == "known-use" for each in advice.why_not(8080)) - 1
        assert lines[2].endswith(f"; {more} more like this")
        assert len(lines) == 4
        assert lines[-1] == f"good:    no known objection to {free}"
        assert ask(suggest, f"{free}")[0] == 0

    def test_objections_to_given_ports_as_json(self, ask):
        free = listen_ports().last
        _, lines, _ = ask(suggest, f"8080,{free}", "--json")
        assert result_of("\n".join(lines)) == [
            {
                "port": port,
                "ports": {"first": port, "last": port},
                "findings": [each.to_dict() for each in advice.why_not(port)],
            }
            for port in (8080, free)
        ]

    def test_every_objection_on_request(self, ask):
        _, lines, _ = ask(suggest, "8080", "--full")
        found = advice.why_not(8080)
        text = " ".join(" ".join(lines).split())
        assert text == " ".join(f"{each.severity}: {each.sentence}" for each in found)
        _, lines, _ = ask(suggest, "41121-41124", "--full", "--system", "linux")
        assert lines == [
            "warning: 41121/tcp is assigned to tentacle",
            "warning: 41121 is inside the ephemeral range of Linux, 32768-60999",
            "warning: 41122-41124 is inside the ephemeral range of Linux, 32768-60999",
        ]

    def test_the_objections_to_a_range(self, ask):
        status, lines, _ = ask(suggest, "49152-65535", "--transport", "sctp")
        assert status == 1
        assert lines[:5] == [
            "none:    every port in 49152-65535 has an objection",
            "warning: 49152-65535 is among the dynamic ports, which cannot identify a service",
            "warning: 49152-60999 is inside the ephemeral range of Linux, 32768-60999",
            "warning: 49152-65535 is inside the ephemeral range of Windows, 49152-65535",
            "warning: 49152-65535 is inside the ephemeral range of macOS, 49152-65535",
        ]
        status, lines, _ = ask(suggest, "8000-9000")
        assert status == 1
        assert len(lines) < 15
        good = listen_ports() & PortRange(8000, 9000)
        text = " ".join(" ".join(lines).split())
        begin = f"good: no known objection to {len(good)} of the 1,001 ports in 8000-9000: "
        assert text.startswith(f"{begin}{', '.join(str(good).split(',')[:9])}, ")
        assigned = advice.why_not(8000)[0].sentence
        count = sum(
            any(each.id == "assigned" for each in advice.why_not(port))
            for port in range(8000, 9001)
        )
        assert re.search(rf"warning: {assigned}; \d+ more like this, on {count} ports: 8000-", text)

    def test_each_range_is_answered(self, ask):
        _, lines, _ = ask(suggest, "49151", "41121-41122", "41125-41126", "--system", "linux")
        assert lines == [
            "none:    every port in 41121-41122 has an objection",
            "warning: 41121/tcp is assigned to tentacle",
            "warning: 41121-41122 is inside the ephemeral range of Linux, 32768-60999",
            "none:    every port in 41125-41126 has an objection",
            "warning: 41125-41126 is inside the ephemeral range of Linux, 32768-60999",
            "warning: 49151/tcp is reserved by IANA",
            "warning: 49151 is inside the ephemeral range of Linux, 32768-60999",
        ]

    def test_a_range_of_ports_with_the_same_objections_is_one_object(self, ask):
        _, lines, _ = ask(suggest, "41121-41124", "--json", "--system", "linux")
        result = result_of("\n".join(lines))
        assert [(each["port"], each["ports"]) for each in result] == [
            (41121, {"first": 41121, "last": 41121}),
            (41122, {"first": 41122, "last": 41124}),
        ]
        assert result[1]["findings"][0]["ports"] == "41122-41124"

    @pytest.mark.parametrize("count", ["0", "-1", "x", "65537", "٣", "1_0"])
    def test_a_count_out_of_bounds_is_refused(self, ask, count, capsys):
        with pytest.raises(SystemExit):
            ask(suggest, f"--count={count}")
        assert "expected a number from 1 to 65536" in capsys.readouterr().err


class TestMasks:
    def test_prefixes_by_default(self, ask):
        assert ask(masks, "1000-1023,80") == (
            0,
            ["0x50/0xffff", "0x3e8/0xfff8", "0x3f0/0xfff0"],
            "",
        )

    def test_ternary_masks_are_fewer(self, ask):
        _, lines, _ = ask(masks, "1-65534", "--ternary")
        assert len(lines) == 16
        assert len(ask(masks, "1-65534")[1]) == 30

    @pytest.mark.parametrize(
        ("form", "line"),
        [
            ("hex", "0x50/0xfffe"),
            ("full", "0x0050/0xfffe"),
            ("decimal", "80/65534"),
            ("bits", "000000000101000x"),
        ],
    )
    def test_each_form_of_a_mask(self, ask, form, line):
        assert ask(masks, "80-81", "--form", form)[1] == [line]

    def test_json_has_value_mask_and_count(self, ask):
        _, lines, _ = ask(masks, "80-81", "443", "--json")
        assert result_of("\n".join(lines)) == [
            {"value": 80, "mask": 65534, "count": 2},
            {"value": 443, "mask": 65535, "count": 1},
        ]

    def test_a_service_and_standard_input(self, ask, monkeypatch):
        assert ask(masks, "https")[1] == ["0x1bb/0xffff"]
        monkeypatch.setattr("sys.stdin", io.StringIO("80\n81\n"))
        assert ask(masks, "-")[1] == ["0x50/0xfffe"]


class TestSql:
    def test_categories_by_default(self, ask):
        status, lines, _ = ask(sql, "dport")
        assert status == 0
        assert lines == [
            "CASE",
            "  WHEN dport BETWEEN 0 AND 1023 THEN 'system'",
            "  WHEN dport BETWEEN 1024 AND 49151 THEN 'user'",
            "  WHEN dport BETWEEN 49152 AND 65535 THEN 'dynamic'",
            "  ELSE 'unknown' END",
        ]

    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            (["p", "22,8000-8100,https"], ("p", PortSet.parse("22,443,8000-8100"))),
            (["f.p", "22"], (("f", "p"), PortSet([22]))),
        ],
    )
    def test_a_set_or_labels_give_the_expression_of_sql_case(self, ask, words, expected):
        assert " ".join(" ".join(ask(sql, *words)[1]).split()) == flows.sql_case(*expected)

    def test_json_has_it_on_one_line(self, ask):
        _, lines, _ = ask(sql, "p", "--json")
        assert result_of("\n".join(lines)) == {"sql": flows.sql_case("p")}

    def test_labels_and_systems_in_any_quotes(self, ask):
        words = ["a  WHEN b", "--label", "it's  ELSE=80,443", "--system", "linux"]
        _, lines, _ = ask(sql, *words, "--otherwise", "rest", "--quote", "double")
        assert lines == [
            "CASE",
            """  WHEN "a  WHEN b" IN (80, 443) THEN 'it''s  ELSE'""",
            """  WHEN "a  WHEN b" BETWEEN 32768 AND 60999 THEN 'linux'""",
            "  ELSE 'rest' END",
        ]

    def test_a_doubled_mark_does_not_end_a_name(self, ask):
        name = "a] WHEN b"
        _, lines, _ = ask(sql, name, "80", "--quote", "bracket")
        assert lines[1] == "  WHEN [a]] WHEN b] = 80 THEN 1"

    def test_lines_are_narrow_and_mean_the_same(self, ask):
        ports = PortSet(range(1, 3000, 7)) | PortSet(range(5000, 9000, 3)).union(
            *(range(first, first + 5) for first in range(10000, 12000, 50))
        )
        _, lines, _ = ask(sql, "p", str(ports))
        assert max(map(len, lines)) <= 80
        with sqlite3.connect(":memory:") as connection:
            connection.execute("CREATE TABLE f (p INTEGER)")
            connection.executemany("INSERT INTO f VALUES (?)", [(port,) for port in range(20000)])
            rows = connection.execute(f"SELECT {chr(10).join(lines)} FROM f ORDER BY p").fetchall()
        connection.close()
        assert [bool(answer) for (answer,) in rows] == [port in ports for port in range(20000)]

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["p", "--label", "web"], "a label must have the form LABEL=PORTS, got 'web'"),
            (
                ["p", "80", "--otherwise", "x"],
                "ports must be used without labels, got both",
            ),
            (
                ["p", "--label", "web=80", "--label", "web=443"],
                "a label must be given once, with all of its ports, got 'web'",
            ),
            (
                ["p", "--label", "linux=80", "--system", "linux"],
                "a label must be given once, with all of its ports, got 'linux'",
            ),
            (
                ["p", "80", "--system", "linux"],
                "ports must be used without labels, got both",
            ),
            (
                ["p\\", "--quote", "double"],
                "column must not contain a backslash or a control character, got 'p\\\\'",
            ),
        ],
    )
    def test_wrong_usage_is_refused(self, ask, words, message):
        with pytest.raises(InvalidValueError) as caught:
            ask(sql, *words)
        assert str(caught.value) == message

    def test_a_name_that_needs_quotes(self, ask):
        with pytest.raises(InvalidValueError, match=r"^a column without quotes must be ASCII"):
            ask(sql, "dst port")

    def test_unknown_names_are_refused(self, ask):
        with pytest.raises(UnknownNameError):
            ask(sql, "p", "--system", "linus")
        with pytest.raises(PortSyntaxError):
            ask(sql, "p", "--label", "web=80;443")


# Commands that take ports, with a place for one more argument, and their status without a fault.
# An unknown service is an answer for the first two only.
PORT_COMMANDS = {
    "explain": (["explain"], 1),
    "the default": ([], 1),
    "audit": (["audit", "22"], 2),
    "masks": (["masks"], 2),
    "sql": (["sql", "port"], 2),
    "sql --label": (["sql", "port", "--label"], 2),
    "suggest": (["suggest"], 2),
    "convert": (["convert", "--from", "nft", "--names"], 2),
    "reuse": (["reuse"], 2),
    "watch": (["watch"], 2),
    "capacity": (["capacity", "--ports"], 2),
}


@pytest.mark.parametrize("command", PORT_COMMANDS)
@pytest.mark.parametrize(
    "text",
    ["nosuchservice", "22/tcp", "80,22/udp", "22,nosuchservice", "70000", "9-1", "22,,80", "x=y"],
)
def test_an_argument_that_cannot_be_read_is_a_usage_error(command, text, capsys):
    words, status = PORT_COMMANDS[command]
    text = f"{'web=' if 'label' in command else ''}{text}"
    if status == 1 and "/" in text:
        assert main([*words, text, "--table"]) == 0
        return
    unknown = "nosuchservice" in text or text == "x=y"
    assert main([*words, text]) == (status if unknown else 2)
    assert capsys.readouterr().err.startswith("portranges: ")


def test_a_transport_of_a_rule_is_named(capsys):
    assert main(["audit", "22/tcp"]) == 2
    assert capsys.readouterr().err == (
        "portranges: ports must be given without a transport here, got '22/tcp'; omit '/tcp'\n"
    )


@pytest.mark.parametrize("lines", ["", "\n", " \n\n"])
def test_audit_without_rules_is_an_error(lines, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(lines.encode())))
    assert main(["audit", "-"]) == 2
    assert capsys.readouterr().err == (
        "portranges: standard input must contain a rule, got no line\n"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["80", "--for", "web"], "--for applies only when ports are chosen, got --for with PORT"),
        (
            ["80", "--count", "3"],
            "--count applies only when ports are chosen, got --count with PORT",
        ),
        (["--all", "--for", "a"], "--for applies only when ports are chosen, got --for with --all"),
        (
            ["--all", "--count", "3"],
            "--count applies only when ports are chosen, got --count with --all",
        ),
        (["80", "--all"], "--all must be used without ports, got --all with PORT"),
        (["--for", ""], "--for must have a name, got ''"),
        (["--for", " "], "--for must have a name, got ' '"),
    ],
)
def test_suggest_refuses_options_without_a_meaning(words, message, capsys):
    assert main(["suggest", *words]) == 2
    assert capsys.readouterr().err == f"portranges: {message}\n"


def test_a_name_may_have_bytes_that_are_not_utf_8(capsys):
    assert main(["suggest", "--for", "\udcff"]) == 0
    assert len(capsys.readouterr().out.split()) == 5
