"""The commands audit, ports and diff about rule files: output, refusals, exit status."""

from __future__ import annotations

import io
import json
import os
import re
import time
from contextlib import redirect_stderr
from pathlib import Path
from threading import Thread

import pytest

from envelope import result_of
from portranges import __version__
from portranges.cli import main, progress, reachable
from portranges.probe import Owner, Scope, SocketRecord, SocketTable, Visibility

SERVER = (Path(__file__).parents[1] / "data" / "rules" / "server.rules").read_text("utf-8")
MYSQL = "-A INPUT -p tcp -m tcp --dport 3306 -j ACCEPT\n"
WHY = (
    "3306/tcp exposes MySQL, which should not be reachable from the internet: its manual forbids "
    "access from untrusted hosts"
)


def with_rule(rule):
    return SERVER.replace("COMMIT\n", f"{rule}COMMIT\n")


@pytest.fixture
def run(capsys, tmp_path, monkeypatch):
    """Run a command in a folder with rule files: (status, output, errors)."""
    monkeypatch.chdir(tmp_path)
    files = {"server.rules": SERVER, "mysql.rules": with_rule(MYSQL), "plain": SERVER}
    for name, text in files.items():
        Path(name).write_text(text, "utf-8")

    def call(*words):
        status = main(words)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


class TestAudit:
    def test_a_file_without_faults(self, run):
        assert run("audit", "server.rules") == (0, "no findings\n", "")

    def test_a_finding_has_the_place_as_compilers_print_it(self, run):
        line = f"mysql.rules:10: warning: {WHY} (not-for-internet)\n"
        assert run("audit", "mysql.rules") == (1, line, "")
        assert run("audit", "server.rules", "mysql.rules")[1] == line
        assert run("audit", "mysql.rules", "--sources")[1].startswith(f"{line}    [")

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1"])
    def test_a_file_in_another_encoding(self, run, encoding):
        comment = "# caf\u00e9\n" if encoding == "latin-1" else "# \u2192\n"
        Path("x.rules").write_bytes((comment + with_rule(MYSQL)).encode(encoding))
        assert run("audit", "x.rules")[1] == f"x.rules:11: warning: {WHY} (not-for-internet)\n"

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are needed")
    def test_a_pipe_is_read_once(self, run):
        os.mkfifo("pipe.rules")
        writer = Thread(target=Path("pipe.rules").write_text, args=(SERVER, "utf-8"))
        writer.start()
        assert run("audit", "pipe.rules") == (0, "no findings\n", "")
        writer.join()

    def test_the_variables_of_compose_files(self, run):
        Path("c.json").write_text('{"services": {"a": {"ports": ["${PORT}:6379"]}}}', "utf-8")
        Path(".env").write_text("# ports\nPORT=6379 # redis\n", "utf-8")
        status, out, _ = run("audit", "--env-file", ".env", "c.json", "server.rules")
        assert status == 1
        assert "c.json:1: warning: /services/a/ports/0: 6379/tcp exposes Redis, " in out
        assert "skipped-opening" not in out
        assert "6379/tcp" in run("ports", "c.json", "--env-file", ".env")[1]
        assert run("diff", "c.json", "c.json", "--env-file", ".env")[0] == 0
        Path(".env").write_text("A=1\nB C\n", "utf-8")
        assert run("ports", "c.json", "--env-file", ".env") == (
            2,
            "",
            "portranges: cannot read '.env', line 2: expected NAME=VALUE, got 'B C'\n",
        )

    def test_the_sets_of_iptables(self, run):
        rule = "-A INPUT -p tcp -m set --match-set web dst -j ACCEPT\n"
        Path("x.rules").write_text(with_rule(rule), "utf-8")
        sets = "create web bitmap:port range 0-65535\nadd web 3306\n"
        Path("sets").write_text(sets, "utf-8")
        assert "not-for-internet" not in run("audit", "x.rules")[1]
        found = run("audit", "--sets", "sets", "server.rules", "x.rules")
        assert found[1] == f"x.rules:10: warning: {WHY} (not-for-internet)\n"
        assert run("diff", "x.rules", "x.rules", "--sets", "sets")[0] == 0
        Path("sets").write_text(sets + "add web 70000\n", "utf-8")
        assert run("ports", "x.rules", "--sets", "sets") == (
            2,
            "",
            "portranges: cannot read 'sets', line 3: port must be in 0..65535, got '70000'\n",
        )

    def test_notes_do_not_change_the_status(self, run):
        Path("x.rules").write_text(with_rule("-A INPUT -i wg0 -j ACCEPT\n"), "utf-8")
        assert run("audit", "x.rules") == (
            0,
            "x.rules:10: note: the rule opens all ports to packets that meet its conditions "
            "(opens-all-if)\n",
            "",
        )

    def test_json(self, run):
        status, output, _ = run("audit", "mysql.rules", "--json")
        (found,) = result_of(output, "audit")
        assert status == 1
        assert found.pop("source")
        assert found == {
            "file": "mysql.rules",
            "line": 10,
            "id": "not-for-internet",
            "severity": "warning",
            "sentence": WHY,
            "ports": "3306",
            "location": "line 10",
        }

    def test_truncated_json_of_standard_input(self, run, monkeypatch):
        monkeypatch.setattr("sys.stdin", io.StringIO('{"SecurityGroups": [{"GroupId"'))
        assert run("audit", "-") == (
            2,
            "",
            "portranges: cannot read '-', line 1: expected ':', got the end of the text in "
            "line 1\n",
        )

    def test_standard_input_is_a_file_if_it_has_the_form_of_one(self, run, monkeypatch):
        monkeypatch.setattr("sys.stdin", io.StringIO(with_rule(MYSQL)))
        assert run("audit", "-") == (1, f"-:10: warning: {WHY} (not-for-internet)\n", "")
        monkeypatch.setattr("sys.stdin", io.StringIO("22\n80\n"))
        assert run("audit", "-") == (0, "no findings\n", "")

    def test_a_format_makes_every_argument_a_file(self, run):
        assert run("audit", "--format", "iptables", "plain") == (0, "no findings\n", "")
        status, _, errors = run("audit", "--format", "iptable", "plain")
        assert (status, errors) == (
            2,
            "portranges: unknown format, got 'iptable'; did you mean 'iptables' or 'ip6tables' or "
            "'iptables-save'?\n",
        )

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["./none"], "cannot read './none': No such file or directory"),
            (["./a\0b"], "cannot read './a\\x00b': embedded null byte"),
            (
                ["22", "server.rules"],
                "rules must be either files or ports, got 'server.rules' with '22'",
            ),
            (
                ["cut.rules"],
                "cannot read 'cut.rules', line 5: each table must end with COMMIT, "
                "got the end of the text",
            ),
        ],
    )
    def test_what_cannot_be_read(self, run, words, message):
        Path("cut.rules").write_text("\n".join(SERVER.split("\n")[:5]), "utf-8")
        status, output, errors = run("audit", *words)
        assert (status, output, errors) == (2, "", f"portranges: {message}\n")

    def test_an_unknown_form(self, run):
        Path("x.rules").write_text("permit ip any any", "utf-8")
        status, output, errors = run("audit", "x.rules")
        assert (status, output) == (2, "")
        assert errors.startswith(
            "portranges: cannot read 'x.rules': text must have the form of a known format, got "
            "'permit ip any any'; name the format if it is one of iptables, ip6tables"
        )

    def test_a_word_that_is_no_service_is_a_file_if_there_is_one(self, run):
        assert run("audit", "plain") == (0, "no findings\n", "")
        Path("ssh").write_text(with_rule(MYSQL), "utf-8")
        assert run("audit", "ssh")[0] == 0
        assert run("audit", "./ssh")[0] == 1
        status, _, errors = run("audit", "a" * 300)
        assert (status, errors[:34]) == (2, "portranges: unknown service, got '")

    def test_a_place_in_data_has_the_pointer_before_the_sentence(self, run):
        Path("plan.json").write_text('{"services": {"db": {"ports": ["${PORT}:80"]}}}', "utf-8")
        first, whole = run("audit", "plan.json")[1].splitlines()
        assert first.startswith("plan.json:1: warning: /services/db/ports/0: not understood, ")
        assert first.endswith(" (skipped-opening)")
        assert whole.startswith("plan.json: note: ")

    def test_control_codes_in_a_file_are_escaped(self, run):
        Path("x.rules").write_text(with_rule("-A INPUT -j \x1b[31m\u202e\n"), "utf-8")
        for command in ("audit", "ports"):
            output = run(command, "x.rules")[1]
            assert output.replace("\n", "").isprintable()


class TestHere:
    @pytest.fixture(autouse=True)
    def sockets(self, monkeypatch):
        def socket(port, address, family="inet", transport="tcp", **more):
            return SocketRecord(
                transport=transport,
                family=family,
                address=address,
                port=port,
                state="listen" if transport == "tcp" else "unconnected",
                **more,
            )

        records = [
            socket(22, "0.0.0.0", owners=(Owner(pid=812, name="sshd"),)),
            socket(80, "::", "inet6", v6only=False, owners=(Owner(pid=9, name="nginx"),)),
            socket(443, "::", "inet6", v6only=True, owners=(Owner(pid=9, name="nginx"),)),
            socket(443, "127.0.0.1", owners=(Owner(pid=7, name="proxy"),)),
            socket(22, "0.0.0.0", transport="udp", owners=(Owner(pid=7, name="other"),)),
            socket(8080, "0.0.0.0", owners=(Owner(pid=5, name="java"),)),
        ]
        self.scope = Scope.ALL
        monkeypatch.setattr(
            reachable,
            "listeners",
            lambda transport, owners: SocketTable(
                records,
                visibility=Visibility(sockets=self.scope, owners=Scope.ALL),
                read_at=0.0,
            ),
        )

    def test_the_listeners_that_packets_reach(self, run):
        assert run("audit", "--here", "server.rules") == (
            0,
            "server.rules:8: note: 22/tcp on 0.0.0.0 is reachable: sshd (812) "
            "(reachable-listener)\n"
            "server.rules:9: note: 80/tcp on * is reachable: nginx (9) (reachable-listener)\n",
            "",
        )

    def test_a_condition_is_left_open(self, run):
        Path("x.rules").write_text(SERVER.replace("INPUT -p", "INPUT -i eth0 -p"), "utf-8")
        assert (
            "22/tcp on 0.0.0.0 may be reachable: sshd (812)"
            in (run("audit", "--here", "x.rules")[1])
        )

    def test_rules_of_the_other_family(self, run):
        output = run("audit", "--here", "server.rules", "--format", "ip6tables")[1]
        assert [line.split(" note: ")[1][:12] for line in output.splitlines()] == [
            "80/tcp on * ",
            "443/tcp on :",
        ]

    def test_json_has_the_socket_and_the_processes(self, run):
        found = result_of(run("audit", "--here", "server.rules", "--json")[1], "audit")
        assert [(each["line"], each["listener"]) for each in found] == [
            (
                8,
                {
                    "port": 22,
                    "transport": "tcp",
                    "address": "0.0.0.0",
                    "processes": [{"pid": 812, "name": "sshd"}],
                },
            ),
            (
                9,
                {
                    "port": 80,
                    "transport": "tcp",
                    "address": "::",
                    "processes": [{"pid": 9, "name": "nginx"}],
                },
            ),
        ]

    def test_only_a_port_without_conditions_is_reachable_for_certain(self, run):
        Path("x.rules").write_text(with_rule("-A INPUT -i eth0 -p tcp --dport 8080 -j ACCEPT\n"))
        lines = run("audit", "--here", "x.rules")[1].splitlines()
        assert [line.split(": ")[2] for line in lines] == [
            "22/tcp on 0.0.0.0 is reachable",
            "80/tcp on * is reachable",
            "8080/tcp on 0.0.0.0 may be reachable",
        ]

    def test_a_redirected_port(self, run):
        nat = (
            "*nat\n:PREROUTING ACCEPT [0:0]\n"
            "-A PREROUTING -p tcp -m tcp --dport 443 -j REDIRECT --to-ports 8080\nCOMMIT\n"
        )
        raw = "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp --dport 8080 -j DROP\nCOMMIT\n"
        accept = "-A INPUT -p tcp -m tcp --dport 8080 -j ACCEPT\n"
        Path("x.rules").write_text(nat + with_rule(accept))
        assert "8080/tcp on 0.0.0.0 is reachable: java" in run("audit", "--here", "x.rules")[1]
        Path("x.rules").write_text(raw + nat + with_rule(accept))
        assert (
            "x.rules:7: note: 8080/tcp on 0.0.0.0 may be reachable through 443/tcp: java (5) "
            "(reachable-listener)\n"
        ) in run("audit", "--here", "x.rules")[1]

    def test_rules_of_one_family_do_not_open_the_other(self, run):
        Path("x.nft").write_text(
            "table inet filter {\n  chain input {\n"
            "    type filter hook input priority filter; policy drop;\n"
            "    meta nfproto ipv6 tcp dport 22 accept\n"
            "    ip6 saddr ::/0 tcp dport 443 accept\n  }\n}\n"
        )
        output = run("audit", "--here", "x.nft")[1]
        assert "22/tcp" not in output
        assert "443/tcp on :: " in output

    def test_without_chains_everything_is_reachable(self, run):
        Path("x.nft").write_text("table inet filter {\n}\n", "utf-8")
        lines = run("audit", "--here", "x.nft")[1].splitlines()
        assert len([line for line in lines if " is reachable: " in line]) == 5

    def test_rules_without_an_evaluation_may_open_what_they_accept(self, run):
        permission = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
        group = {
            "GroupId": "sg-1",
            "IpPermissions": [{**permission, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}],
            "IpPermissionsEgress": [{**permission, "FromPort": 8080, "ToPort": 8080}],
        }
        Path("sg.json").write_text(json.dumps({"SecurityGroups": [group]}), "utf-8")
        lines = run("audit", "--here", "sg.json")[1].splitlines()
        found = [line for line in lines if "(reachable-listener)" in line]
        assert len(found) == 1
        assert found[0].endswith(
            "22/tcp on 0.0.0.0 may be reachable: sshd (812) (reachable-listener)"
        )

    def test_what_cannot_be_seen_is_noted(self, run):
        self.scope = Scope.OWN
        status, output, errors = run("audit", "--here", "server.rules")
        assert status == 0
        assert "22/tcp on 0.0.0.0 is reachable: sshd (812)" in output
        assert errors == "portranges: visible: sockets of own processes only, owners: all\n"

    def test_sockets_that_cannot_be_read(self, run):
        self.scope = Scope.DENIED
        status, _, errors = run("audit", "--here", "server.rules")
        assert status == 2
        assert errors.startswith("portranges: cannot read the socket table: ")


class TestProgress:
    """What is shown on the terminal while a file is read."""

    @pytest.fixture
    def errors(self, monkeypatch):
        stream = io.StringIO()
        stream.isatty = lambda: True
        monkeypatch.setenv("COLUMNS", "60")
        monkeypatch.setattr(progress, "_INTERVAL", 0.01)
        return stream

    def test_the_seconds_are_shown_and_erased(self, errors):
        with redirect_stderr(errors), progress.progress("reading rules.v4"):
            wait_for(lambda: errors.getvalue().count("\r") > 1)
        text = errors.getvalue()
        assert text.startswith("\rreading rules.v4: 0 s\rreading rules.v4: ")
        assert text.endswith("\r" + " " * len("reading rules.v4: 0 s") + "\r")

    def test_an_error_and_an_interrupt_erase_it(self, errors):
        for kind in (ValueError, KeyboardInterrupt):
            errors.truncate(0)
            with pytest.raises(kind):
                self.fail_after_a_while(errors, kind)
            assert errors.getvalue().endswith(" \r")

    def fail_after_a_while(self, errors, kind):
        with redirect_stderr(errors), progress.progress("reading"):
            wait_for(errors.getvalue)
            raise kind

    def test_a_long_or_odd_name_fits_the_line(self, errors):
        with redirect_stderr(errors), progress.progress("reading \x1b[31m" + "x" * 100):
            wait_for(errors.getvalue)
        line = errors.getvalue().split("\r")[1]
        assert len(line) < 60
        assert line.startswith("reading \\x1b[31mxxx")
        assert line.endswith("...: 0 s")

    def test_nothing_is_shown_for_a_moment_or_without_a_terminal(self, errors, monkeypatch):
        errors.isatty = lambda: False
        with redirect_stderr(errors), progress.progress("reading"):
            time.sleep(0.05)
        monkeypatch.setattr(progress, "_INTERVAL", 60.0)
        errors.isatty = lambda: True
        with redirect_stderr(errors), progress.progress("reading"):
            pass
        assert errors.getvalue() == ""


def wait_for(condition):
    deadline = time.monotonic() + 30
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert condition()


class TestPorts:
    def test_the_table(self, run):
        status, output, errors = run("ports", "server.rules")
        assert (status, errors) == (0, "")
        assert [line.rstrip() for line in output.splitlines()] == TABLE

    def test_json(self, run):
        result = result_of(run("ports", "server.rules", "--json")[1], "ports")
        assert result["format"] == "iptables"
        assert result["skipped"] == []
        assert result["rules"][2] == {
            "file": "server.rules",
            "line": 8,
            "group": "filter INPUT",
            "direction": "in",
            "families": ["inet"],
            "action": "accept",
            "target": "",
            "ports": "22/tcp",
            "source_ports": "0-65535",
            "translated_ports": None,
            "conditions": [],
            "applies": "always",
            "services": ["ssh"],
            "uses": ["SSH"],
            "text": "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT",
        }

    def test_a_rule_without_ports(self, run):
        Path("x.rules").write_text(with_rule("-A INPUT -p icmp -j ACCEPT\n"), "utf-8")
        assert run("ports", "x.rules")[1].splitlines()[-1].split()[:3] == ["10", "-", "accept"]

    def test_what_was_not_understood(self, run):
        Path("x.rules").write_text("-P INPUT DROP\n-A INPUT -j HOMEMADE\n", "utf-8")
        assert run("ports", "x.rules") == (
            1,
            "no rules\n\n1 rule not understood:\n  2: target must be a chain of the table or a "
            "known target, got 'HOMEMADE'\n",
            "",
        )
        result = result_of(run("ports", "x.rules", "--json")[1], "ports")
        assert result["skipped"][0]["could_accept"] is True

    @pytest.mark.parametrize("width", [40, 60, 80, 120])
    def test_the_width_of_the_terminal(self, run, monkeypatch, width):
        rules = "-A INPUT -s 192.0.2.0/24 -p tcp -m multiport --dports 22,80,443,3306 -j ACCEPT\n"
        Path("x.rules").write_text(with_rule(rules * 2), "utf-8")
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setattr("sys.stdout.isatty", lambda: True)
        lines = run("ports", "x.rules")[1].splitlines()
        assert max(map(len, lines)) <= max(width, 60)
        assert "\x1b" not in "".join(lines)
        if width == 120:
            assert "ssh, http, " in lines[-1]
            assert lines[-1].endswith("-s 192.0.2.0/24")

    def test_a_narrow_terminal_shows_whole_ranges_and_the_ends_of_chains(self, run, monkeypatch):
        rules = [
            ":DOCKER-USER - [0:0]",
            "-A INPUT -s 192.0.2.0/24 -p udp -m udp --dport 60000:61000 -j DOCKER-USER",
            "-A DOCKER-USER -p tcp -m multiport --dports 30000:32767,40000:41000 -j RETURN",
        ]
        Path("x.rules").write_text(with_rule("\n".join([*rules, ""])), "utf-8")
        monkeypatch.setenv("COLUMNS", "60")
        monkeypatch.setattr("sys.stdout.isatty", lambda: True)
        *_, jump, back = run("ports", "x.rules")[1].splitlines()
        assert jump.split() == [
            "11",
            "60000-61000/udp",
            "jump",
            "...",
            "-",
            "...INPUT",
            "-s",
            "19...",
        ]
        assert back.split() == ["12", "3,769", "ports", "return", "-", "...-USER", "-"]
        monkeypatch.setenv("COLUMNS", "80")
        assert "jump DOCKER-USER  -" in run("ports", "x.rules")[1]

    def test_a_place_on_a_single_line_is_the_end_of_the_pointer(self, run):
        Path("x.json").write_text('{"services": {"db": {"ports": ["8080:80"]}}}', "utf-8")
        _, head, row = ("", *run("ports", "x.json")[1].splitlines())
        assert head.split()[0] == "place"
        assert row.startswith("/services/db/ports/0  8080/tcp  translate to 80  ")
        assert "db, in" in row
        long = {"services": {"a-service-with-a-rather-long-name-of-48-characters": {"ports": [80]}}}
        Path("x.json").write_text(json.dumps(long), "utf-8")
        assert ".../ports/0" in run("ports", "x.json")[1]
        Path("x.json").write_text(json.dumps(long, indent=1).replace("80", '80,\n"90"'), "utf-8")
        assert re.findall(r"^([0-9]+) ", run("ports", "x.json")[1], re.MULTILINE) == ["5", "6"]
        Path("x.json").write_text(json.dumps(long, indent=1), "utf-8")
        assert run("ports", "x.json")[1].splitlines()[-1].startswith("5 ")


class TestDiff:
    def test_what_was_opened(self, run):
        assert run("diff", "server.rules", "mysql.rules") == (
            1,
            f"in: opened 3306/tcp\n  + mysql.rules:10: {MYSQL}",
            "",
        )

    def test_what_was_closed(self, run):
        assert run("diff", "mysql.rules", "server.rules") == (
            0,
            f"in: closed 3306/tcp\n  - mysql.rules:10: {MYSQL}",
            "",
        )

    def test_what_was_opened_to_more_packets(self, run):
        Path("old.rules").write_text(with_rule("-A INPUT -i wg0 -j ACCEPT\n"), "utf-8")
        Path("new.rules").write_text(with_rule(f"-A INPUT -i wg0 -j ACCEPT\n{MYSQL}"), "utf-8")
        status, output, _ = run("diff", "old.rules", "new.rules")
        assert (status, output) == (
            1,
            "in: may have opened 3306/tcp to more packets\n"
            "  + new.rules:11: -A INPUT -p tcp -m tcp --dport 3306 -j ACCEPT\n",
        )
        (change,) = result_of(run("diff", "old.rules", "new.rules", "--json")[1], "diff")
        assert (change["opened"], change["widened"]) == ("", "3306/tcp")
        assert run("diff", "new.rules", "old.rules")[0] == 0

    def test_no_difference(self, run):
        expected = (
            0,
            "no port was opened or closed, and none was found that is open to more packets\n",
            "",
        )
        assert run("diff", "server.rules", "plain") == expected

    def test_json(self, run):
        status, output, _ = run("diff", "server.rules", "mysql.rules", "--json")
        assert status == 1
        assert result_of(output, "diff") == [
            {
                "direction": "in",
                "opened": "3306/tcp",
                "closed": "",
                "widened": "",
                "added": [{"file": "mysql.rules", "line": 10, "text": MYSQL.rstrip()}],
                "removed": [],
            }
        ]

    def test_the_families_of_a_group(self, run):
        def save(name, *ranges):
            permission = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, **dict(ranges)}
            permissions = {"IpPermissions": [permission], "IpPermissionsEgress": []}
            group = {"GroupId": "sg-1", **permissions}
            Path(name).write_text(json.dumps({"SecurityGroups": [group]}), "utf-8")

        four = ("IpRanges", [{"CidrIp": "0.0.0.0/0"}])
        six = ("Ipv6Ranges", [{"CidrIpv6": "::/0"}])
        save("old.json", four)
        save("new.json", four, six)
        status, output, _ = run("diff", "old.json", "new.json")
        lines = output.splitlines()
        assert (status, lines[0]) == (1, "sg-1 ingress, in, IPv6: opened 80/tcp")
        assert [line for line in lines if 'CidrIp"' in line] == []
        (change,) = result_of(run("diff", "old.json", "new.json", "--json")[1], "diff")
        assert change["families"] == ["inet6"]
        save("old.json")
        text = run("diff", "old.json", "new.json")[1]
        assert text.startswith("sg-1 ingress, in: opened 80/tcp\n")

    def test_rules_without_an_evaluation(self, run):
        for name, port in (("old", "127.0.0.1:5432:5432"), ("new", "5432:5432")):
            text = json.dumps({"services": {"db": {"ports": [port]}}})
            Path(f"{name}.json").write_text(text, "utf-8")
        note = "what is reachable was not compared: 'compose' has no evaluation\n"
        assert run("diff", "old.json", "new.json") == (
            1,
            f"db, in: opened 5432/tcp\n  + new.json:1: /services/db/ports/0: 5432:5432\n{note}",
            "",
        )
        nothing = f"no difference in what the rules accept and deny\n{note}"
        assert run("diff", "new.json", "new.json") == (0, nothing, "")
        (change,) = result_of(run("diff", "old.json", "new.json", "--json")[1], "diff")
        assert (change["group"], change["conditions"]) == ("db", [])
        assert run("diff", "server.rules", "new.json")[0] == 2

    def test_standard_input(self, run, monkeypatch):
        monkeypatch.setattr("sys.stdin", io.StringIO(SERVER))
        assert run("diff", "-", "mysql.rules")[1].startswith("in: opened 3306/tcp\n")
        assert run("diff", "-", "-") == (
            2,
            "",
            "portranges: only one of the files may be standard input, got '-' twice\n",
        )


class TestSarif:
    """The keys that the schema of SARIF 2.1.0 requires, and the places."""

    @pytest.fixture(autouse=True)
    def files(self, run):
        Path("a b.rules").write_text(with_rule(MYSQL + "-A INPUT -j {X}\n"), "utf-8")
        Path("compose.json").write_text('{"services": {"d": {"ports": ["${P}:80"]}}}', "utf-8")
        self.names = ("a b.rules", "./compose.json", "server.rules")

    @pytest.fixture
    def log(self, run):
        status, output, errors = run("audit", "--sarif", *self.names)
        assert (status, errors) == (1, "")
        return json.loads(output)

    def test_the_log(self, log):
        (only,) = log.pop("runs")
        schema = "https://json.schemastore.org/sarif-2.1.0.json"
        assert log == {"$schema": schema, "version": "2.1.0"}
        assert only.keys() == {"tool", "columnKind", "results"}
        driver = only["tool"]["driver"]
        assert (driver["name"], driver["version"]) == ("portranges", __version__)

    def test_every_object_has_keys_of_the_standard_with_values_of_their_types(self, log):
        """The keys that are written, as sarif-schema-2.1.0.json of OASIS defines them."""
        text = {"text": str}
        place = {
            "physicalLocation": {"artifactLocation": {"uri": str}, "region": {"startLine": int}},
            "logicalLocations": [{"fullyQualifiedName": str}],
        }
        result = {
            "ruleId": str,
            "ruleIndex": int,
            "level": ("none", "note", "warning", "error"),
            "message": text,
            "locations": [place],
        }
        rule = {
            "id": str,
            "shortDescription": text,
            "fullDescription": text,
            "help": text,
            "defaultConfiguration": {"level": ("none", "note", "warning", "error")},
        }
        driver = {"name": str, "version": str, "rules": [rule]}
        kinds = ("utf16CodeUnits", "unicodeCodePoints")
        run = {"tool": {"driver": driver}, "columnKind": kinds, "results": [result]}

        def check(value, schema):
            if isinstance(schema, dict):
                assert value
                for key, each in value.items():
                    check(each, schema[key])
            elif isinstance(schema, list):
                for each in value:
                    check(each, schema[0])
            elif isinstance(schema, tuple):
                assert value in schema
            else:
                assert type(value) is schema

        check(log, {"$schema": str, "version": ("2.1.0",), "runs": [run]})

    def test_every_rule_is_described_once_and_is_used(self, log):
        (only,) = log["runs"]
        rules, results = only["tool"]["driver"]["rules"], only["results"]
        ids = [rule["id"] for rule in rules]
        assert len(set(ids)) == len(ids)
        assert {result["ruleId"] for result in results} == set(ids)
        assert all(ids[result["ruleIndex"]] == result["ruleId"] for result in results)
        for rule in rules:
            for key in ("shortDescription", "fullDescription", "help"):
                assert rule[key]["text"]

    def test_the_results_are_the_findings(self, run, log):
        found = result_of(run("audit", "--json", *self.names)[1], "audit")
        results = log["runs"][0]["results"]
        assert [each["level"] for each in results] == [each["severity"] for each in found]
        assert [each["ruleId"] for each in results] == [each["id"] for each in found]
        for result, each in zip(results, found, strict=True):
            (place,) = result["locations"]
            physical = place["physicalLocation"]
            assert physical["region"] == {"startLine": each.get("line", 1)}
            names = [name["fullyQualifiedName"] for name in place.get("logicalLocations", ())]
            assert names == ([each["pointer"]] if "pointer" in each else [])

    def test_names_of_files_are_uris(self, run, log):
        def uris(log):
            places = [each["locations"][0] for each in log["runs"][0]["results"]]
            return {each["physicalLocation"]["artifactLocation"]["uri"] for each in places}

        assert uris(log) == {"a%20b.rules", "compose.json"}
        path = Path("a b.rules").absolute()
        _, output, _ = run("audit", "--sarif", str(path))
        assert uris(json.loads(output)) == {path.as_uri()}

    def test_braces_are_doubled(self, log):
        texts = [each["message"]["text"] for each in log["runs"][0]["results"]]
        assert any("got '{{X}}'" in text for text in texts)

    def test_no_findings(self, run):
        status, output, _ = run("audit", "--sarif", "server.rules")
        (only,) = json.loads(output)["runs"]
        assert status == 0
        assert only["results"] == only["tool"]["driver"]["rules"] == []

    def test_ports_have_no_place(self, run):
        status, output, errors = run("audit", "--sarif", "22")
        assert (status, output) == (2, "")
        assert errors.startswith("portranges: --sarif requires rule files")


TABLE = [
    "place  ports           action  services  group         conditions",
    "6      all             accept  -         filter INPUT  -i lo",
    "7      all             accept  -         filter INPUT  -m conntrack --ctstate...",
    "8      22/tcp          accept  ssh       filter INPUT  -",
    "9      80/tcp,443/tcp  accept  http,...  filter INPUT  -",
]


def test_the_hook_runs_the_audit(run):
    text = (Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text("utf-8")
    (entry,) = re.findall(r"^  entry: portranges (.*)$", text, re.MULTILINE)
    (files,) = re.findall(r"^  files: (.*)$", text, re.MULTILINE)
    assert re.search(files, "rules.v4")
    assert run(*entry.split(), "mysql.rules")[0] == 1
