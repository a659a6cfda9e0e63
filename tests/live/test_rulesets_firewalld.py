"""firewalld: random zones are added to a copy of its configuration, listed and read back."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from random import Random

import pytest

from dialect_tools import needs
from portranges import rulesets
from portranges.rulesets import Rule, Ruleset

pytestmark = pytest.mark.slow


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    needs("firewall-offline-cmd")
    if not Path("/etc/firewalld").is_dir():
        pytest.skip("NOT CHECKED: firewalld has no configuration here")
    shutil.copytree("/etc/firewalld", tmp_path / "firewalld")
    return tmp_path / "firewalld"


def run(configuration: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["firewall-offline-cmd", "--system-config", str(configuration), *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def ports(rng: Random) -> str:
    first, last = sorted(rng.sample(range(65536), 2))
    return str(first) if rng.random() < 0.5 else f"{first}-{last}"


def items(rng: Random, count: int) -> list[tuple[str, str]]:
    """Pairs of an option and its value, of which each adds something to a zone."""
    makers = (
        lambda: ("port", f"{ports(rng)}/{transport(rng)}"),
        lambda: ("port", f"{ports(rng)}/{transport(rng)}"),
        lambda: ("source-port", f"{ports(rng)}/{transport(rng)}"),
        lambda: ("protocol", rng.choice(("gre", "sctp", "ah", "tcp"))),
        lambda: ("forward-port", f"port={ports(rng)}:proto=tcp:toport={rng.randint(1, 65535)}"),
        lambda: ("forward-port", f"port={ports(rng)}:proto=udp:toaddr=192.0.2.1"),
        lambda: ("icmp-block", rng.choice(("echo-reply", "redirect"))),
        lambda: ("rich-rule", rich(rng)),
        lambda: ("rich-rule", rich(rng)),
        lambda: ("rich-rule", rich(rng)),
    )
    return [rng.choice(makers)() for _ in range(count)]


def transport(rng: Random) -> str:
    return rng.choice(("tcp", "udp", "sctp", "dccp"))


def rich(rng: Random) -> str:
    words = ["rule"]
    if rng.random() < 0.4:
        words.append(f'priority="{rng.randint(-5, 5)}"')
    words.append(rng.choice(('family="ipv4"', 'family="ipv6"')))
    six = "ipv6" in words[-1]
    sign = rng.choice(("", " NOT"))
    address = rng.choice(("2001:db8::/32", "fd00::1") if six else ("10.0.0.0/8", "192.0.2.1"))
    words.append(f'source{sign} address="{address}"')
    matched = rng.choice(("port", "source-port", "protocol", "forward-port", ""))
    if matched == "protocol":
        words.append('protocol value="sctp"')
    elif matched:
        words.append(f'{matched} port="{ports(rng)}" protocol="{transport(rng)}"')
    if matched == "forward-port":
        words.append('to-port="8080"')
        return " ".join(words)
    if rng.random() < 0.4:
        words.append('log prefix="rule accept port" level="info" limit value="1/m"')
    words.append(rng.choice(("accept", "reject", "drop", 'accept limit value="2/s"')))
    return " ".join(words)


def content(rule: Rule) -> str:
    # A list does not keep the order of rules with one priority.
    conditions = tuple(each for each in rule.conditions if "same priority" not in each)
    return repr(
        (
            rule.ports,
            rule.source_ports,
            rule.translated_ports,
            rule.families,
            rule.action,
            rule.priority,
            bool(conditions) or rule.source_ports,
            conditions,
        )
    )


def contents(ruleset: Ruleset) -> list[str]:
    return sorted(map(content, ruleset.rules))


def compared(configuration: Path, seed: int, count: int) -> int:
    """Compare the XML with every list of one zone; return how many rules it has."""
    rng = Random(seed)
    zone = ("--zone=made",)
    run(configuration, "--new-zone=made")
    run(configuration, *zone, f"--set-target={rng.choice(('ACCEPT', 'DROP', 'default'))}")
    for option, value in items(rng, count):
        run(configuration, *zone, f"--add-{option}={value}")
    xml = rulesets.parse((configuration / "zones" / "made.xml").read_text("utf-8"))
    assert (xml.format, xml.skipped) == ("firewalld", ())
    listed = rulesets.parse(run(configuration, *zone, "--list-all").stdout)
    assert (listed.format, listed.skipped) == ("firewalld-list", ())
    assert {each.group.partition(" ")[0] for each in listed.rules} == {"made"}
    assert contents(listed) == contents(xml), seed
    every = rulesets.parse(run(configuration, "--list-all-zones").stdout)
    made = [content(each) for each in every.rules if each.group.startswith("made")]
    assert sorted(made) == contents(xml), seed
    for option, sign in (
        ("ports", "<port"),
        ("rich-rules", "<rule"),
        ("forward-ports", "<forward-port"),
    ):
        output = run(configuration, *zone, f"--list-{option}").stdout
        part = rulesets.parse(output, "firewalld-list")
        own = [content(each) for each in xml.rules if each.text.startswith(sign)]
        assert part.skipped == ()
        assert contents(part) == sorted(own), (seed, option)
    # An independent count: every line of the file that begins an item.
    text = (configuration / "zones" / "made.xml").read_text("utf-8")
    starts = (
        "<port",
        "<source-port",
        "<protocol",
        "<forward-port",
        "<icmp-block",
        "<rule",
        "<forward/>",
    )
    count = sum(line.startswith(tuple(f"  {each}" for each in starts)) for line in text.split("\n"))
    assert len(xml.rules) == count + ('<zone target="' in text)
    return count


def test_every_form_of_a_zone_is_read_alike(configuration: Path) -> None:
    assert compared(configuration, 13, 12) > 6


def test_every_form_of_more_zones_is_read_alike(configuration: Path) -> None:
    assert compared(configuration, 1130, 20) > 8


def test_the_services_that_are_shipped_are_read(configuration: Path) -> None:
    names = run(configuration, "--get-services").stdout.split()[:40]
    needed = [*names, "samba-client", "netbios-ns"]
    infos = "".join(run(configuration, f"--info-service={each}").stdout for each in needed)
    listed = f"zone\n  target: default\n  services: {' '.join(names)}\n{infos}"
    ruleset = rulesets.parse(listed)
    read = {each.text: each.ports for each in ruleset.rules}
    assert len(read) + len(ruleset.skipped) == len(names)
    for name in read:
        for line in infos.split(f"{name}\n  ports: ", 1)[1].split("\n")[0].split():
            port, _, word = line.partition("/")
            first = int(port.partition("-")[0])
            assert first in read[name][word]
