"""The commands that README.md and the docs show are run, and their output is compared.

A block after "`NAME`:" is the content of a file. The files and commands of a page are written and
run in order, in one shell. A line `...` in an output matches any lines. `aws`, `nft` and `sudo` are
scripts that answer with recorded files, and `portranges` sees fixed sockets and settings.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import portranges
from portranges.cli import main
from portranges.rulesets import yaml_text

ROOT = Path(__file__).parents[2]
HOWTOS = sorted(ROOT.glob("docs/howto/*.md"))
PAGES = [
    page
    for page in (ROOT / "README.md", *sorted(ROOT.glob("docs/**/*.md")))
    if "```console\n" in page.read_text("utf-8")
]
DATA = ROOT / "tests" / "data" / "howto"

FILE = re.compile(r"`([^`\n]+)`:\n\n```(text|yaml|py)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.*(?:\n> .*)*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
BLOCK = re.compile(f"{FILE.pattern}|{CONSOLE.pattern}", re.MULTILINE | re.DOTALL)
# pytest prints how long it took.
TIME = re.compile(r"(?<= in )\d+\.\d\ds\b")
END = "-- end of a command --"

# With sockets of a machine that serves SSH and HTTPS, Redis, PostgreSQL for itself, and the HTTP
# server of a tutorial; and with the settings of a recorded machine. The user is alice.
PORTRANGES = """
import os, pwd, sys
from dataclasses import replace
from types import SimpleNamespace
from portranges.cli import main
from portranges.probe import Owner, Scope, SocketRecord, Visibility, listing
from portranges.probe.table import SocketTable
from portranges.system import RECORDED_LINUX, binding, read

STARTED = 1796030040  # 2026-11-30 09:14 UTC
SOCKETS = [("0.0.0.0", 22, "sshd", 812, 0), ("0.0.0.0", 443, "nginx", 1033, 0)]
SOCKETS += [("0.0.0.0", 6379, "redis-server", 977, 115), ("127.0.0.1", 5432, "postgres", 1201, 117)]
SOCKETS += [("127.0.0.1", 50000, "python3", 4711, 1000)]
RECORDS = [
    SocketRecord(transport="tcp", family="inet", address=address, port=port, state="listen",
                 uid=uid, owners=(Owner(pid=pid, name=name, uid=uid, started_at=STARTED),))
    for address, port, name, pid, uid in SOCKETS
]
USERS = {0: "root", 115: "redis", 117: "postgres", 1000: "alice"}

def table(query, backend=None):
    return SocketTable(
        [each for each in RECORDS
         if each.transport in query.transports and query.port in (None, each.port)],
        visibility=Visibility(sockets=Scope.ALL, owners=Scope.ALL),
        backend="netlink",
        read_at=STARTED + 60,
    )

FILES = {
    "/proc/sys/net/ipv4/ip_local_reserved_ports": "\\n",
    "/proc/thread-self/net/fib_trie": "Local:\\n |-- 127.0.0.0\\n  /8 host LOCAL\\n",
    "/proc/sys/net/ipv4/ip_nonlocal_bind": "0\\n",
    "/proc/sys/net/ipv6/ip_nonlocal_bind": "0\\n",
    "/proc/sys/net/ipv6/bindv6only": "0\\n",
}
read.THIS_MACHINE = binding.THIS_MACHINE = replace(
    RECORDED_LINUX, read_file=lambda path: FILES.get(path) or RECORDED_LINUX.read_file(path)
)
listing.read = listing.complete = table
os.geteuid = lambda: 1000
pwd.getpwuid = lambda uid: SimpleNamespace(pw_name=USERS[uid])
sys.exit(main())
"""

SCRIPTS = {
    "sudo": 'exec "$@"',
    "nft": f"""
case "$*" in
  "list ruleset") cat '{DATA / "rules.nft"}' ;;
  "-c -f "*) test -s "$3" ;;
esac""",
    "aws": f"""
exec '{sys.executable}' - "$*" '{DATA / "group.json"}' <<'END'
import json, sys
with open(sys.argv[2]) as file:
    answer = json.load(file)
if "IpPermissions" in sys.argv[1]:
    answer = answer["SecurityGroups"][0]["IpPermissions"]
print(json.dumps(answer, indent=4))
END""",
    # With CI, Hypothesis always draws the same and has no deadline.
    "pytest": f"export CI=true; exec '{sys.executable}' -m pytest -p no:cacheprovider \"$@\"",
    "python3": f"exec '{sys.executable}' \"$@\"",
}

BRANCH = """
git init -q . && git config user.email a@example.org && git config user.name a
git checkout -q -b main
git add firewall && git commit -q -m rules
git checkout -q -b mysql
sed -i '/--dport 22 /a -A INPUT -p tcp -m tcp --dport 3306 -j ACCEPT' firewall/rules.v4
git commit -q -a -m mysql
"""


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """Return a function that runs a script in a folder with the rules of a firewall."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("NOT CHECKED: bash is not installed")
    stubs, work = tmp_path / "bin", tmp_path / "work"
    stubs.mkdir()
    (work / "firewall").mkdir(parents=True)
    rules = ROOT / "tests" / "data" / "rules" / "server.rules"
    shutil.copy(rules, work / "firewall" / "rules.v4")
    (stubs / "with_sockets.py").write_text(PORTRANGES, "utf-8")
    command = f"exec '{sys.executable}' '{stubs / 'with_sockets.py'}' \"$@\""
    scripts = {**SCRIPTS, "portranges": command}
    for name, script in scripts.items():
        (stubs / name).write_text(f"#!/bin/sh\n{script}\n", "utf-8")
        (stubs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(stubs), prepend=":")
    monkeypatch.setenv("TZ", "UTC")
    # A number line is drawn with block characters where the output can have them.
    monkeypatch.setenv("PYTHONUTF8", "1")
    # The package under test, wherever it is.
    monkeypatch.setenv("PYTHONPATH", str(Path(portranges.__file__).parents[1]), prepend=":")

    def run(script):
        done = subprocess.run(
            [bash],
            input=script,
            cwd=work,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        return done.stdout

    run.folder = work
    return run


def script_of(block):
    """Return the script that writes the file of a block, or runs its commands."""
    name, _, content, commands = block.groups()
    if name:
        return f"mkdir -p {Path(name).parent}; cat > {name} <<'{END}'\n{content}{END}\n"
    # `$?` of the next command is the status of this one.
    return "".join(
        command.replace("\n> ", "\n") + f"\nstatus=$?; echo '{END}'; (exit $status)\n"
        for command, _ in COMMAND.findall(commands)
    )


def any_lines(expected):
    """Return the pattern of an output, in which the line `...` matches any lines."""
    lines = expected.splitlines(keepends=True)
    return re.compile(
        "".join("(?:.*\n)*" if line == "...\n" else re.escape(line) for line in lines)
    )


def commands_of(text):
    return [pair for block in CONSOLE.findall(text) for pair in COMMAND.findall(block)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_print_what_the_page_shows(page, shell):
    text = page.read_text(encoding="utf-8")
    if "pull-request" in page.stem:
        if shutil.which("git") is None:
            pytest.skip("NOT CHECKED: git is not installed")
        assert shell(BRANCH) == ""
    script = "".join(map(script_of, BLOCK.finditer(text)))
    output = TIME.sub("0.12s", shell(script)).split(f"{END}\n")
    assert output.pop() == ""
    expected = [expected for _, expected in commands_of(text)]
    shown = [
        want if any_lines(want).fullmatch(got) else got
        for want, got in zip(expected, output, strict=True)
    ]
    assert shown == expected


@pytest.mark.parametrize("folder", ["howto", "tutorials", "explanation", "reference/tables"])
def test_the_index_of_a_part_links_every_page(folder):
    pages = {page.name for page in (ROOT / "docs" / folder).glob("*.md")} - {"index.md"}
    index = (ROOT / "docs" / folder / "index.md").read_text(encoding="utf-8")
    assert pages <= set(re.findall(r"\]\(([^)#/]+)\)", index))


def recipes():
    """Every file in YAML that a how-to shows, with its name."""
    return {
        name: content
        for page in HOWTOS
        for name, language, content in FILE.findall(page.read_text(encoding="utf-8"))
        if language == "yaml"
    }


def test_the_recipes_are_yaml_and_their_commands_run(tmp_path, monkeypatch, capsys):
    found = recipes()
    assert len(found) == 5
    assert all(yaml_text.load(content).data for content in found.values())
    monkeypatch.chdir(tmp_path)
    Path("firewall").mkdir()
    shutil.copy(ROOT / "tests" / "data" / "rules" / "server.rules", "firewall/rules.v4")
    commands = re.findall(r"(portranges audit [^\n>]*)", "".join(found.values()))
    assert len(commands) == 2
    for command in commands:
        assert main(command.split()[1:]) == 0
    assert "no findings" in capsys.readouterr().out


def test_the_hook_of_the_recipe_exists():
    hooks = yaml_text.load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")).data
    (repository,) = yaml_text.load(recipes()[".pre-commit-config.yaml"]).data["repos"]
    assert {each["id"] for each in repository["hooks"]} == {each["id"] for each in hooks}
