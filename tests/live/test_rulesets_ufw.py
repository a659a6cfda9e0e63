"""Random rules of ufw: what it keeps, what it shows and what the kernel has are read alike.

ufw runs in private mount and network namespaces, on a copy of its configuration.
"""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from random import Random, SystemRandom

import pytest

from dialect_tools import needs
from portranges import Family, Transport, rulesets
from portranges.rulesets import Action, Direction, Rule

CHILD = textwrap.dedent(
    """
    import ctypes, json, os, shutil, subprocess, sys, tempfile
    commands = json.load(sys.stdin)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x40020000):  # CLONE_NEWNET | CLONE_NEWNS
        sys.exit(77)
    def run(*command):
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr
    def must(*command):
        code, output, error = run(*command)
        if code:
            sys.exit(f"{command}: {output}{error}")
        return output
    must("mount", "--make-rprivate", "/")
    with tempfile.TemporaryDirectory() as own:
        for place in ("/etc/ufw", "/etc/default", "/run"):
            copy = own + place
            if place == "/run":
                os.makedirs(copy)
            else:
                shutil.copytree(place, copy, symlinks=True)
            must("mount", "--bind", copy, place)
        os.environ["LC_ALL"] = "C"
        must("ufw", "--force", "reset")
        must("ufw", "--force", "enable")
        for each in commands:
            run("ufw", *each)
        # A rule that ufw could not add to the running rules may be in the file all the same.
        must("ufw", "reload")
        found = {}
        for name in ("status", "status numbered", "status verbose"):
            found[name] = must("ufw", *name.split())
        for name in ("user.rules", "user6.rules"):
            with open(f"/etc/ufw/{name}") as file:
                found[name] = file.read()
        for name in ("iptables-save", "ip6tables-save"):
            found[name] = must(name)
        for place in ("/run", "/etc/default", "/etc/ufw"):
            must("umount", place)
    print(json.dumps(found))
    """
)


def commands(rng: Random, count: int) -> list[list[str]]:
    return [command(rng) for _ in range(count)]


def command(rng: Random) -> list[str]:
    """A rule in the extended syntax of ufw."""
    is_route = rng.random() < 0.2
    words = ["route"] if is_route else []
    words.append(rng.choice(("allow", "allow", "deny", "reject", "limit")))
    way = "in" if is_route else rng.choice(("in", "in", "out"))
    words.append(way)
    if rng.random() < 0.3:
        words += ["on", rng.choice(("eth0", "lo", "wg0"))]
        if is_route and rng.random() < 0.5:
            words += ["out", "on", "eth1"]
    if rng.random() < 0.2:
        words.append(rng.choice(("log", "log-all")))
    six = rng.random() < 0.3
    addresses = (
        ("any", "2001:db8::/32", "2001:db8::1") if six else ("any", "10.0.0.0/8", "192.0.2.1")
    )
    protocol = rng.choice(("tcp", "udp", "", "esp"))
    if protocol:
        words += ["proto", protocol]
    for end in ("from", "to"):
        words += [end, rng.choice(addresses)]
        if protocol != "esp" and rng.random() < (0.8 if end == "to" else 0.2):
            words += ["port", ports(rng, is_list=bool(protocol))]
    if rng.random() < 0.2:
        words += ["comment", rng.choice(("web", "ALLOW IN    22/tcp", "a # b (v6) (log)"))]
    return words


def ports(rng: Random, *, is_list: bool) -> str:
    first, last = sorted(rng.sample(range(1, 65536), 2))
    if not is_list or rng.random() < 0.5:
        return str(first)
    return rng.choice((f"{first}:{last}", f"22,{first}", f"80,443,{first}:{last}"))


def observed(several: list[list[str]]) -> dict[str, str]:
    needs("ufw", "iptables", "ip6tables", "mount", "umount")
    if not Path("/etc/default/ufw").exists():
        pytest.skip("NOT CHECKED: ufw has no configuration here")
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        input=json.dumps(several),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip("NOT CHECKED: no namespace may be made here")
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


def content(rule: Rule) -> tuple[object, ...]:
    return (rule.group, rule.ports, rule.source_ports, rule.action, rule.target, rule.families)


def matches(rules: list[Rule]) -> set[tuple[object, ...]]:
    """What each rule matches, one transport at a time: ufw writes a rule for each."""
    return {
        (transport, each.ports[transport], each.source_ports)
        for each in rules
        for transport in Transport
        if each.ports[transport]
    }


def compared(seed: int, count: int) -> int:
    """Compare what is read of each form; return how many rules ufw shows."""
    found = observed(commands(Random(seed), count))
    files = [rulesets.parse(found[name]) for name in ("user.rules", "user6.rules")]
    kernel = [rulesets.parse(found[name]) for name in ("iptables-save", "ip6tables-save")]
    for file, loaded in zip(files, kernel, strict=True):
        assert (file.format, file.skipped) == ("ufw", ())
        # ufw changes its chains for the log by itself; the kernel has the others unchanged.
        mine, own = (
            [
                content(each)
                for each in read.rules
                if "-user-" in each.group and "logging" not in each.group
            ]
            for read in (file, loaded)
        )
        assert sorted(map(str, mine)) == sorted(map(str, own)), seed
    shown = [rulesets.parse(found[name]) for name in found if name.startswith("status")]
    for each in shown:
        assert (each.format, each.skipped) == ("ufw-status", ())
        assert sorted(str(content(rule)) for rule in each.rules) == sorted(
            str(content(rule)) for rule in shown[0].rules
        )
    verbose = shown[0].rules
    # Each tuple is one line, and its rules together match what that line shows.
    tuples = sum(found[name].count("### tuple ###") for name in ("user.rules", "user6.rules"))
    assert len(verbose) == tuples
    for family, file in zip(Family, files, strict=True):
        for direction in Direction:
            for is_pass in (True, False):
                expected = [
                    each
                    for each in file.rules
                    if each.direction is direction
                    and "-user-" in each.group
                    and "logging" not in each.group
                    and (each.action is Action.ACCEPT or each.target.endswith("limit-accept"))
                    is is_pass
                    and (is_pass or each.action in (Action.DROP, Action.REJECT))
                ]
                listed = [
                    each
                    for each in verbose
                    if each.direction is direction
                    and each.families == (family,)
                    and (each.action is Action.ACCEPT) is is_pass
                ]
                label = (seed, family, direction, is_pass)
                assert (label, matches(listed)) == (label, matches(expected))
    return len(verbose)


@pytest.mark.slow
def test_every_form_of_the_rules_is_read_alike() -> None:
    assert compared(13, 40) > 20


@pytest.mark.slow
def test_every_form_of_new_rules_is_read_alike() -> None:
    assert compared(SystemRandom().getrandbits(32), 60) > 30
