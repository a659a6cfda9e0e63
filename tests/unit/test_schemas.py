"""What ``--json`` prints is what the schemas of the commands describe, and nothing else."""

from __future__ import annotations

import json
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from envelope import faults
from portranges.cli import build_parser, main

SCHEMAS = files("portranges.cli") / "schemas"
RULES = str(Path(__file__).parents[1] / "data" / "rules" / "server.rules")
GROUP = str(Path(__file__).parents[1] / "data" / "howto" / "group.json")
IANA = Path(__file__).parents[1] / "data" / "iana"

OLD = "*filter\n:INPUT DROP\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n"
NEW = OLD.replace("--dport 22", "--dport 3306") + "-A INPUT -j HOMEMADE\n"

COMMANDS = """
explain 443
explain 60454 0 8080 55555 6000
explain https ssh 22/tcp 65000/sctp
explain 1-1023
explain 8080 --here
explain 443 --transport dccp --here
ephemeral
ephemeral linux windows aws-nat-gateway cgn solaris zos rfc6335 wsl2
ephemeral --here --transport udp --family inet6
convert 22,80-90 --to nft
convert 22/tcp,53/udp --to nft
convert 22/tcp,53/udp --to aws
convert 22,80 --to kubernetes --transport tcp
convert 22,80-90 --to ovs --ternary
reuse 0.0.0.0:80 [::]:80
reuse 0.0.0.0:80 127.0.0.1:80 --reuse-port
reuse 0.0.0.0:80 127.0.0.1:80 --system windows --state time-wait
reuse 0.0.0.0:50001 --system windows --excluded 50000-50059
reuse 0.0.0.0:80 --here
reuse [::]:0 --here --udp
reuse 203.0.113.1:80 --here --uid 1000
audit 22 8000-8010 0-65535 8000
audit RULES GROUP NEW
audit RULES --here
ports RULES
ports GROUP
ports NEW
diff OLD NEW
diff NEW OLD
diff GROUP GROUP
registry --search postgres
registry --search nosuchword
suggest
suggest --all
suggest --here --count 3
suggest --for a-name
suggest 8080 50000 6000-6010 22
suggest 8080 --here
masks 22,80-90
masks 1000-2000 --form hex
sql port
sql port 22,443
sql port --label web=80,443 --label other=22
listening
listening --dynamic
usage
usage --transport udp
lingering --older-than 0
completion bash
capacity
capacity --rate 4000 --connections 9
capacity --system zos
capacity --method udp
capacity --system azure-load-balancer
capacity --system gcp-cloud-nat --ports-per-client 64 --clients 2000 --addresses 2
""".strip().splitlines()

ERRORS = """
explain nosuchservice
explain 22,,
explain 70000
reuse 0.0.0.0:http-alt
reuse 0.0.0.0:80 --bad
ephemeral linus
ports nosuchfile.rules
convert 22 --to nftt
""".strip().splitlines()


def test_every_command_has_a_schema() -> None:
    (commands,) = (each.choices for each in build_parser()._actions if each.dest == "command")
    assert commands is not None
    found = {Path(str(each)).stem: each for each in SCHEMAS.iterdir()}
    assert set(found) == set(commands)
    for name, file in found.items():
        schema = json.loads(file.read_text("utf-8"))
        Draft202012Validator.check_schema(schema)
        assert schema["$id"] == f"urn:portranges:schema:1:{name}"
        assert schema["title"] == f"portranges {name} --json"


def test_every_object_of_a_schema_is_closed() -> None:
    def open_objects(schema: object) -> list[object]:
        if isinstance(schema, list):
            return [found for each in schema for found in open_objects(each)]
        if not isinstance(schema, dict):
            return []
        nested = [found for each in schema.values() for found in open_objects(each)]
        is_open = schema.get("type") == "object" and "additionalProperties" not in schema
        return [*nested, schema] if is_open else nested

    for file in SCHEMAS.iterdir():
        assert open_objects(json.loads(file.read_text("utf-8"))) == []


@pytest.mark.parametrize("words", COMMANDS)
def test_the_output_has_the_form_of_the_schema(words, capsys, tmp_path):
    for name, text in (("OLD", OLD), ("NEW", NEW)):
        (tmp_path / name).write_text(text, encoding="utf-8")
        words = words.replace(name, str(tmp_path / name))
    words = words.replace("RULES", RULES).replace("GROUP", GROUP)
    if sys.platform != "linux" and any(each in words for each in ("--here", "listening", "usage")):
        pytest.skip("needs the settings and sockets of Linux")
    assert main([*words.split(), "--json"]) in (0, 1)
    data = json.loads(capsys.readouterr().out)
    assert data["command"] == words.split()[0]
    assert "result" in data
    if words.startswith("explain"):
        # The reports of all ports take seconds.
        data["result"]["reports"] = data["result"]["reports"][::23]
    assert faults(data) == []


@pytest.mark.parametrize("words", ERRORS)
def test_an_error_has_the_form_of_the_schema(words, capsys):
    assert main([*words.split(), "--json"]) in (1, 2)
    data = json.loads(capsys.readouterr().out)
    assert "error" in data
    assert faults(data) == []


def test_a_change_has_the_form_of_the_schema(capsys):
    from children import run

    # The first poll reports the sockets that are there.
    script = (
        "from portranges import cli\n"
        "def work():\n"
        "    port = listener().getsockname()[1]\n"
        "    import io\n"
        "    from contextlib import redirect_stdout\n"
        "    with redirect_stdout(io.StringIO()) as out:\n"
        "        cli.main(['watch', str(port), '--polls', '1', '--json'])\n"
        "    return out.getvalue()\n"
    )
    lines = run(script).splitlines()
    assert lines
    for line in lines:
        data = json.loads(line)
        assert data["command"] == "watch"
        assert faults(data) == []


def test_a_comparison_has_the_form_of_the_schema(capsys, tmp_path):
    text = (
        "Service Name,Port Number,Transport Protocol,Description,Assignee,Contact,Registration Date"
        ",Modification Date,Reference,Service Code,Unauthorized Use Reported,Assignment Notes\n"
        "ssh,22,tcp,Another text,,,,,,,,\n"
    )
    file = tmp_path / "iana.csv"
    file.write_text(text, encoding="utf-8")
    assert main(["registry", "--compare", str(file), "--json"]) in (0, 1)
    data = json.loads(capsys.readouterr().out)
    assert {each["kind"] for each in data["result"]["differences"]} == {"changed", "removed"}
    assert faults(data) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data["result"].update(more=1), "'more' was unexpected"),
        (lambda data: data["result"].pop("sql"), "'sql' is a required property"),
        (lambda data: data["result"].update(sql=1), "1 is not of type 'string'"),
        (lambda data: data.update(schema=2), "1 was expected"),
        (lambda data: data.update(command="masks"), "'sql' was expected"),
    ],
)
def test_another_form_is_a_fault(capsys, change, message):
    assert main(["sql", "port", "22", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    change(data)
    command = data.get("command")
    found = faults(data, command="sql")
    assert command in ("sql", "masks")
    assert any(message in each for each in found)
