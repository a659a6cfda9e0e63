"""``portranges convert``: reading and writing other notations, from a shell."""

from __future__ import annotations

import io
import json
import sys

import pytest

from envelope import error_of, result_of
from portranges import PortSet, TransportPorts, dialects
from portranges.cli import convert, main

TEXT = "22,80,443,8000-8100"


@pytest.mark.parametrize("name", dialects.names())
def test_every_dialect_is_written_and_read_back(capsys, name):
    assert main(["convert", TEXT, "--to", name]) == 0
    written = capsys.readouterr().out
    texts = dialects.render_rules(PortSet.parse(TEXT), name)
    assert written == "".join(f"{text}\n" for text in texts)
    words = ["convert", written.removesuffix("\n"), "--from", name]
    assert main([*words, "--transport", "tcp"]) == 0
    assert capsys.readouterr().out == f"{TEXT}\n"
    # Without --transport, the ports have the transport that the text names.
    assert main(words) == 0
    transports = {str(PortSet.parse(TEXT)), str(TransportPorts(tcp=PortSet.parse(TEXT)))}
    assert capsys.readouterr().out.removesuffix("\n") in transports


FORMS = [form.name for form in dialects.data_forms()]
NAMING = [
    row.name
    for row in dialects.rows()
    if row.frame.rule is not dialects.TransportRule.NEVER or row.name == "portranges"
]
BOTH = "22/tcp,53/udp,8000-8100/tcp"


@pytest.mark.parametrize("source", [*NAMING, *FORMS])
def test_every_pair_keeps_the_transports(source, capsys):
    def converted(text, *words):
        status = main(["convert", text, *words])
        captured = capsys.readouterr()
        assert (status, captured.err) == (0, ""), (words, captured.err)
        return captured.out.removesuffix("\n")

    text = converted(BOTH, "--to", source)
    for target in (*NAMING, *FORMS):
        written = converted(text, "--from", source, "--to", target)
        assert converted(written, "--from", target) == BOTH
    for row in dialects.rows():
        if row.name not in NAMING:
            assert main(["convert", text, "--from", source, "--to", row.name]) == 2
            assert "cannot name a transport" in capsys.readouterr().err
            words = ["--from", source, "--to", row.name, "--transport", "udp"]
            assert converted(converted(text, *words), "--from", row.name) == "53"


def test_names_with_transports(capsys):
    assert main(["convert", "ssh/tcp,domain/udp, 80-90/tcp", "--names", "--to", "nft"]) == 0
    assert capsys.readouterr().out == "tcp dport { 22, 80-90 }\nudp dport 53\n"
    for text, message in (
        ("ssh/tcp,53", "expected 'port/transport' or 'first-last/transport', got '53'; write"),
        ("rsync/dccp", "a service must have a port of dccp, got 'rsync'"),
        ("ssh/tpc", "unknown transport, got 'tpc'; did you mean 'tcp'?"),
        ("shs/tcp", "unknown service, got 'shs'; did you mean"),
        ("/tcp", "expected a port or 'first-last', got ''"),
    ):
        assert main(["convert", text, "--names"]) == 2
        assert message in capsys.readouterr().err


class TestData:
    """JSON of clouds and orchestrators."""

    def test_a_security_group(self, capsys, monkeypatch):
        permissions = [
            {
                "IpProtocol": "tcp",
                "FromPort": 22,
                "ToPort": 22,
                "IpRanges": [{"CidrIp": "192.0.2.0/24"}],
            },
            {"IpProtocol": "udp", "FromPort": 53, "ToPort": 54},
            {"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1},
        ]
        monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(permissions)))
        assert main(["convert", "--from", "aws", "--to", "nft"]) == 0
        assert capsys.readouterr().out == "tcp dport 22\nudp dport 53-54\n"

    def test_json(self, capsys):
        assert main(["convert", "22/tcp", "--to", "gcp", "--json"]) == 0
        assert result_of(capsys.readouterr().out, "convert") == {
            "ports": "22/tcp",
            "size": 1,
            "dialect": "gcp",
            "data": [{"IPProtocol": "tcp", "ports": ["22"]}],
        }

    def test_without_a_transport_it_is_tcp(self, capsys):
        for words, protocol in (([], "tcp"), (["--transport", "udp"], "udp")):
            assert main(["convert", "22", "--to", "aws", *words]) == 0
            assert json.loads(capsys.readouterr().out)[0]["IpProtocol"] == protocol
        assert main(["convert", '[{"IpProtocol": "-1"}]', "--from", "aws"]) == 0
        assert capsys.readouterr().out == f"{TransportPorts.full()}\n"

    def test_rules_of_azure(self, capsys):
        def ask(*words):
            status = main(["convert", *words])
            return status, capsys.readouterr()

        assert ask("22", "--to", "azure")[1].out == '{\n  "destinationPortRange": "22"\n}\n'
        rule = '{"protocol": "*", "destinationPortRange": "22"}'
        four = "22/tcp,22/udp,22/sctp,22/dccp"
        assert ask(rule, "--from", "azure")[1].out == f"{four}\n"
        (written,) = json.loads(ask(four, "--to", "azure")[1].out)
        assert written == json.loads(rule)
        assert ask(rule, "--from", "azure", "--transport", "tcp")[1].out == "22\n"
        assert ask('{"destinationPortRange": "22"}', "--from", "azure")[1].out == "22\n"
        (named,) = json.loads(ask("22", "--to", "azure", "--transport", "udp")[1].out)
        assert named == {"protocol": "Udp", "destinationPortRange": "22"}
        mixed = f'[{rule[:-1]}, "access": "Allow"}}, {rule[:-1]}, "access": "Deny"}}]'
        status, captured = ask(mixed, "--from", "azure")
        assert status == 2
        assert "rules must all allow or all deny" in captured.err
        assert ask("5/sctp", "--to", "azure")[0] == 2
        assert "it is empty" in ask("[]", "--from", "aws", "--to", "gcp")[1].err
        assert "it is empty" in ask("[]", "--from", "aws", "--to", "azure")[1].err

    def test_yaml(self, capsys):
        text = "- {protocol: UDP, port: 53}\n- port: 8000\n  endPort: 8100\n"
        assert main(["convert", text, "--from", "kubernetes"]) == 0
        assert capsys.readouterr().out == "53/udp,8000-8100/tcp\n"

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ('[{"IpProtocol": "tcp", "FromPort": "22", "ToPort": 22}]', "port must be an integer"),
            ('{"SecurityGroups": []}', "must have only keys of AWS EC2"),
            ("[1]", "an entry must be a mapping, got int 1"),
            ("22", "entries must be an iterable of mappings, got int 22"),
            ('[{"IpProtocol": "tcp", "IpProtocol": "udp"}]', "an object must not repeat a key"),
            ("[]", "it is empty, and a rule without ports would match every port"),
            ('[{"IpProtocol": "icmp"}]', "it is empty"),
            ('[{"IpProtocol"', "got the end of the text"),
        ],
    )
    def test_what_is_refused(self, text, message, capsys):
        assert main(["convert", text, "--from", "aws", "--to", "nft"]) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert message in captured.err
        assert captured.err.count("\n") == 1

    @pytest.mark.parametrize(
        ("source", "text", "hint"),
        [
            (
                "aws",
                '{"SecurityGroups": []}',
                "got 'SecurityGroups'; this is a file of aws; 'portranges ports' lists its rules, "
                "and --query 'SecurityGroups[0].IpPermissions' or "
                "'SecurityGroupRules[?!IsEgress]' selects the entries to convert",
            ),
            (
                "azure",
                '{"securityRules": []}',
                "this is a file of azure; 'portranges ports' lists its rules, and --query",
            ),
            (
                "gcp",
                '[{"allowed": [], "direction": "INGRESS"}]',
                "this is a file of gcp; 'portranges ports' lists its rules\n",
            ),
            (
                "gcp",
                '{"SecurityGroups": []}',
                "this is a file of aws; 'portranges ports' lists its rules\n",
            ),
            (
                "iptables",
                "*filter",
                "; this is a file of iptables; 'portranges ports' lists its rules\n",
            ),
            (
                "portranges",
                "-P INPUT DROP\n",
                "; this is a file of iptables; 'portranges ports' lists its rules\n",
            ),
            ("portranges", "shopping", "unknown service, got 'shopping'; did you mean '"),
        ],
    )
    def test_a_whole_file_gets_a_hint(self, source, text, hint, capsys):
        assert main(["convert", text, "--from", source, "--to", "nft"]) == 2
        assert hint in capsys.readouterr().err

    @pytest.mark.parametrize("source", ["portranges", "aws"])
    def test_the_name_of_a_file_gets_a_hint(self, source, capsys, tmp_path, monkeypatch):
        (tmp_path / "rules.v4").touch()
        monkeypatch.chdir(tmp_path)
        assert main(["convert", "rules.v4", "--from", source, "--to", "nft"]) == 2
        hint = "; for the content of the file, use '< rules.v4'\n"
        assert capsys.readouterr().err.endswith(hint)

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (
                ["22", "--to", "aws", "--negated"],
                "--negated must be used with a dialect, not with data",
            ),
            (
                ["22", "--to", "aws", "--ternary"],
                "--ternary must be used with a dialect, not with data",
            ),
            (
                ["22", "--to", "opnstack"],
                "unknown dialect, got 'opnstack'; did you mean 'openstack'",
            ),
            ([BOTH, "--to", "nft", "--negated"], "a negation must be for the ports of one"),
            ([BOTH, "--transport", "sctp"], "expected ports for sctp, got ports for tcp and udp"),
            (["", "--to", "gcp"], "gcp cannot express this set: it is empty"),
            (["22/tcp,53"], "expected 'port/transport'"),
            (
                ["22,ssh", "--from", "iptables-multiport"],
                "expected a port or 'first:last', got 'ssh'; names require --names",
            ),
            (
                ["ssh", "--from", "nmap"],
                "got 'ssh'; names require --services with nmap's own table",
            ),
            (
                ["ssh", "--from", "nmap", "--names"],
                "write the number, or pass that table as --services",
            ),
        ],
    )
    def test_words_that_are_refused(self, words, message, capsys):
        assert main(["convert", *words]) == 2
        assert message in capsys.readouterr().err


def test_standard_input_is_read(capsys, monkeypatch):
    for ending in ("", "\n", "\r\n"):
        monkeypatch.setattr(sys, "stdin", io.StringIO("{ 22, 80-90 }" + ending))
        assert main(["convert", "--from", "nft"]) == 0
        assert capsys.readouterr().out == "22,80-90\n"


def test_lines_of_the_own_notation_are_read_as_by_other_commands(capsys, monkeypatch):
    text = "22,80 # web\n\n# all\r\n  8000-8100  \n80"
    for words in (["convert"], ["convert", "-", "--names"], ["masks", "-", "--form", "decimal"]):
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        assert main(words) == 0
        out = capsys.readouterr().out
        assert words[0] == "masks" or out == "22,80,8000-8100\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO("22\n80,1:2\n"))
    assert main(["convert", "--json"]) == 2
    error = error_of(capsys.readouterr().out)
    assert (error["text"], error["position"]) == ("80,1:2", [3, 6])
    # The empty set is an empty line, which is read back.
    assert main(["convert", ""]) == 0
    monkeypatch.setattr(sys, "stdin", io.StringIO(capsys.readouterr().out))
    assert main(["convert"]) == 0
    assert capsys.readouterr().out == "\n"


def test_lines_of_another_notation_have_its_meaning(capsys, monkeypatch):
    for name, text, ports in (
        ("nft", "{ 22,\n  80 }\n", "22,80"),
        ("iptables", "--dport 22\n--dport 80\n", "22,80"),
    ):
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        assert main(["convert", "--from", name]) == 0
        assert capsys.readouterr().out == f"{ports}\n"
    monkeypatch.setattr(sys, "stdin", io.StringIO("22\n80\n"))
    assert main(["convert", "--from", "nft"]) == 2


def test_endless_input_is_refused(capsys, monkeypatch):
    monkeypatch.setattr(convert, "_LONGEST_INPUT", 100)
    monkeypatch.setattr(sys, "stdin", io.StringIO("80," * 100))
    assert main(["convert", "-"]) == 2
    assert "at most 100 characters" in capsys.readouterr().err


def test_input_that_cannot_be_read_is_an_error_of_one_line(capsys, monkeypatch):
    octets = io.TextIOWrapper(io.BytesIO(b"80\xff"), encoding="utf-8")
    for stream, reason in ((None, "it is closed"), (octets, "it is not utf-8 text")):
        monkeypatch.setattr(sys, "stdin", stream)
        assert main(["convert", "--to", "nft"]) == 2
        assert capsys.readouterr().err == f"portranges: cannot read standard input: {reason}\n"


def test_names_are_read_on_request(capsys):
    assert main(["convert", "ssh,http", "--from", "iptables-multiport"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    words = ["convert", "ssh,http", "--from", "iptables-multiport", "--names"]
    assert main([*words, "--transport", "tcp"]) == 0
    assert capsys.readouterr().out == "22,80\n"


def test_convert_prints_json(capsys):
    # An alias is reported under its dialect's name.
    assert main(["convert", "1010-1023,1000-1009", "--to", "openvswitch", "--json"]) == 0
    data = result_of(capsys.readouterr().out)
    assert data["ports"] == "1000-1023"
    assert data["size"] == 24
    assert data["texts"] == list(dialects.render_rules(PortSet.parse("1000-1023"), "ovs"))


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["22;80"], 2, "expected a port or 'first-last', got '22;80'"),
        (["22", "--to", "ntf"], 2, "unknown dialect, got 'ntf'; did you mean 'nft'"),
        (["", "--to", "nft"], 2, "nft cannot express this set: it is empty"),
        (["010", "--from", "nft"], 2, "port must have no leading zero, got '010'"),
    ],
)
def test_an_unrepresentable_set_is_an_error_of_one_line(capsys, words, status, message):
    assert main(["convert", *words]) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"portranges: {message}")
    assert captured.err.count("\n") == 1


def test_a_word_with_a_line_break_does_not_break_the_line_of_error(capsys):
    assert main(["convert", "22", "a\nb"]) == 2
    assert capsys.readouterr().err == (
        "portranges: unrecognized arguments: a b; see portranges convert --help\n"
    )


@pytest.mark.parametrize(
    ("words", "out"),
    [
        (["ssh,https,8000-8100", "--names"], "22,443,8000-8100\n"),
        (["ssh, 53 ,domain", "--names", "--to", "nft"], "{ 22, 53 }\n"),
        (["80", "--names"], "80\n"),
        (["ssh,80", "--to", "nft"], "{ 22, 80 }\n"),
        (["ssh/tcp,53/udp"], "22/tcp,53/udp\n"),
        (["22\n80\n"], "22,80\n"),
        (["", "--names"], "\n"),
    ],
)
def test_names_are_accepted_in_the_default_notation(capsys, words, out):
    assert main(["convert", *words]) == 0
    assert capsys.readouterr() == (out, "")


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["shs"], 2, "unknown service, got 'shs'; did you mean"),
        (["shs", "--names"], 2, "unknown service, got 'shs'; did you mean"),
        (["ssh,,80"], 2, "expected a port or 'first-last', got nothing; omit the comma"),
        (["ssh,99999", "--names"], 2, "port must be in 0..65535, got '99999'"),
    ],
)
def test_names_that_are_refused_in_the_default_notation(capsys, words, status, message):
    assert main(["convert", *words]) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"portranges: {message}")


@pytest.mark.parametrize(
    ("words", "out"),
    [
        (["http,https,http-alt", "--names", "--without", "8080"], "80,443,591,8008"),
        (["8000-8100", "--without", "8080-8089,9000"], "8000-8079,8090-8100"),
        (["8000-8100", "--without", "http-alt", "--names"], "8000-8007,8009-8079,8081-8100"),
        (["22/tcp,53/tcp,53/udp", "--without", "53"], "22/tcp"),
        (["22/tcp,53/tcp,53/udp", "--without", "53/udp"], "22/tcp,53/tcp"),
        (["22/tcp,53/udp", "--without", "22", "--transport", "tcp"], ""),
        (["{ 22, 80 }", "--from", "nft", "--without", "22"], "80"),
        (["tcp dport 22", "--from", "nft", "--without", "80/tcp"], "22/tcp"),
        (["80", "--without", ""], "80"),
    ],
)
def test_ports_are_left_out(words, out, capsys):
    assert main(["convert", *words]) == 0
    assert capsys.readouterr() == (f"{out}\n", "")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["22,53", "--without", "53/udp"],
            "--without must not name a transport if the ports have none, got 53/udp",
        ),
        (["22", "--without", "x"], "unknown service, got 'x'"),
        (["22", "--without", "nope", "--names"], "unknown service, got 'nope'"),
    ],
)
def test_ports_to_leave_out_that_are_refused(words, message, capsys):
    assert main(["convert", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"portranges: {message}")
