"""Random rulesets of ufw, and whether packets arrive as each form of them shows.

ufw makes the rulesets by its own commands, in a mount namespace with copies of its files and in a
network namespace with interfaces to another one (``iptables_oracle``). Run this file with a seed
and a number of rulesets to try more of them than the tests do.
"""

from __future__ import annotations

import sys
import textwrap
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest

import iptables_oracle
from dialect_tools import needs
from iptables_oracle import PORTS, SENT, probed
from portranges import Family, TransportPorts, rulesets
from portranges.rulesets import Action, Direction, Hook, Ruleset
from portranges.rulesets.evaluation import Evaluation, Result

STATUS = ("status verbose", "status", "status numbered")
FILES = ("user.rules", "user6.rules")
LISTS = (
    *(f"env LC_ALL=C ufw {each}" for each in STATUS),
    *(f"cat /etc/ufw/{each}" for each in FILES),
    "iptables-save",
    "ip6tables-save",
)
COPIES = ("/etc/ufw", "/etc/default", "/run")
NOTHING = TransportPorts.empty()

PROFILES = textwrap.dedent(
    """\
    [Two Ways]
    title=For tests
    description=Ports of two transports
    ports=80,443/tcp|53:54/udp

    [Plain]
    title=For tests
    description=A port of both transports
    ports=5000
    """
)

# Profiles of ufw itself.
KNOWN = ("DNS", "SSH", "'WWW Full'")

# Packets that before.rules accepts: source, target, transport, source port, destination port.
SHIPPED = (
    ("10.9.0.9", "10.9.0.1", "udp", 67, 68),
    ("10.9.0.9", "224.0.0.251", "udp", 61001, 5353),
    ("10.9.0.9", "239.255.255.250", "udp", 61002, 1900),
    ("fe80::9", "fe80::ff:fe00:2", "udp", 547, 546),
    ("fe80::9", "ff02::fb", "udp", 61003, 5353),
    ("fe80::9", "ff02::f", "udp", 61004, 1900),
)


class Generator:
    """Makes scripts of ufw's commands."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng

    def script(self) -> str:
        rng = self.rng
        is_active = rng.random() < 0.95
        forwards = int(rng.random() < 0.7 or not is_active)
        six = rng.choice(("yes", "yes", "yes", "no"))
        lines = [
            "export LC_ALL=C",
            "ufw --force disable",
            "cp /usr/share/ufw/iptables/user.rules /usr/share/ufw/iptables/user6.rules /etc/ufw/",
            f"cat > /etc/ufw/applications.d/tests <<'END'\n{PROFILES}END",
            f"sed -i 's/^IPV6=.*/IPV6={six}/; s/^IPT_SYSCTL=.*/IPT_SYSCTL=/' /etc/default/ufw",
            f"echo {forwards} > /proc/sys/net/ipv4/ip_forward",
            f"echo {forwards} > /proc/sys/net/ipv6/conf/all/forwarding",
            f"ufw logging {rng.choice(('off', 'low', 'low', 'medium', 'high', 'full'))}",
        ]
        for group, usual in (("incoming", "deny"), ("outgoing", "allow"), ("routed", "deny")):
            policy = rng.choice((usual, usual, "allow", "deny", "reject"))
            lines.append(f"ufw default {policy} {group}")
        # ufw refuses some rules, such as one that is for no family.
        lines += [f"ufw {self.rule()} || true" for _ in range(rng.randint(0, 7))]
        return "\n".join([*lines, "ufw --force enable" if is_active else "", ""])

    def rule(self) -> str:
        rng = self.rng
        place = rng.choice(("", "", "", "", "insert 1", "prepend"))
        action = rng.choice(("allow", "allow", "allow", "deny", "deny", "reject", "limit"))
        if rng.random() < 0.2:
            listed = f"{self.ports()}/{self.transport()}"
            target = rng.choice((self.port(), listed, "ssh", "Plain", *KNOWN))
            way = rng.choice(("", "in ", "out "))
            return f"{place} {action} {way}{target}"
        if rng.random() < 0.05:
            target = rng.choice(("'Two Ways'", "in on v0", "out on d0", "in on lo"))
            return f"{place} {action} {target}"
        is_route = rng.random() < 0.25
        way = "in" if is_route else rng.choice(("in", "in", "in", "out"))
        words = ["route" * is_route, place, action]
        if is_route:
            words += [f"in on {self.interface()}"] * (rng.random() < 0.3)
            words += [f"out on {self.interface()}"] * (rng.random() < 0.3)
        else:
            words += [way, f"on {self.interface()}" if rng.random() < 0.3 else ""]
        words.append(rng.choice(("", "", "", "log", "log-all")))
        portless = rng.choice(("esp", "ah", "gre", "igmp", "ipv6", "vrrp"))
        protocol = rng.choice(("tcp", "tcp", "udp", "", "", portless))
        if rng.random() < 0.15:
            # A profile has its own protocols.
            profile = rng.choice(("'Two Ways'", "Plain", *KNOWN))
            words.append(f"to {self.address()} app {profile}")
            return " ".join(filter(None, words))
        words.append(f"proto {protocol}" if protocol else "")
        for end, share in (("from", 0.1), ("to", 0.8)):
            words.append(f"{end} {self.address()}")
            if protocol != portless and rng.random() < share:
                words.append(f"port {self.ports() if protocol else self.port()}")
        if rng.random() < 0.1:
            words.append("comment 'a # b (v6) ALLOW IN    22/tcp'")
        return " ".join(filter(None, words))

    def interface(self) -> str:
        return self.rng.choice(("v0", "d0", "lo", "wg0", "v+", "+"))

    def transport(self) -> str:
        return self.rng.choice(("tcp", "udp"))

    def address(self) -> str:
        several = ("10.9.0.0/16", "10.9.0.1", "192.0.2.1", "10.8.0.0/16", "0.0.0.0/0")
        several6 = ("fd00:9::/64", "fd00:9::1", "2001:db8::1", "fd00:8::/64", "::/0")
        return self.rng.choice((*["any"] * 8, *several, *several6))

    def port(self) -> str:
        return str(self.rng.choice([each for each in PORTS if each]))

    def ports(self) -> str:
        rng = self.rng
        first, last = sorted(rng.sample([each for each in PORTS if each], 2))
        listed = ",".join(self.port() for _ in range(rng.randint(2, 6)))
        return rng.choice((str(first), f"{first}:{last}", listed, f"{listed},{first}:{last}"))


def observed(scripts: list[str]) -> list[dict[str, Any]]:
    """Return what ufw shows and which packets arrive, for each of *scripts*."""
    needs("ufw", "iptables", "ip6tables", "nft", "ip", "mount", "umount")
    if not Path("/etc/default/ufw").exists():
        pytest.skip("NOT CHECKED: ufw has no configuration here")
    return iptables_oracle.run_child(
        {
            "tool": "ufw",
            "load": "sh -e -s",
            "list": LISTS,
            "six": [False, True],
            "rulesets": scripts,
            "copies": COPIES,
            "further": SHIPPED,
        }
    )


def checked(seed: int, count: int) -> Counter[str]:
    """Compare *count* rulesets; return how many answers of each kind there were."""
    generator = Generator(Random(seed))
    scripts = [generator.script() for _ in range(count)]
    found: Counter[str] = Counter()
    for number, (script, answer) in enumerate(zip(scripts, observed(scripts), strict=True)):
        label = f"seed {seed}, ruleset {number}"
        assert "error" not in answer, (label, script, answer)
        try:
            found.update(compared(answer))
        except AssertionError as error:
            error.add_note(f"{label}\n{script}\n" + "\n".join(answer["saved"][:5]))
            raise
        assert arrived_as_shipped(answer), (label, script)
    return found


def compared(answer: dict[str, Any]) -> Iterator[str]:
    """Yield the kind of each answer that the packets confirm."""
    names: tuple[str, ...] = (*STATUS, *FILES, *Family)
    saved: dict[str, str] = dict(zip(names, answer["saved"], strict=True))
    arrived = {
        (family, direction): probed(
            answer["passed" if direction != "in" else "arrived"], direction, family
        )
        for family in Family
        for direction in ("in", "forward", "out")
    }
    has_six = ":ufw6-user-input " in saved[Family.INET6]
    families: dict[str, tuple[Family, ...]] = dict.fromkeys(STATUS, tuple(Family))
    if ":ufw-user-input " in saved[Family.INET]:
        families["user.rules"] = (Family.INET,)
    if has_six:
        families["user6.rules"] = (Family.INET6,)
    kernel = {
        family: rulesets.parse(saved[family], name)
        for family, name in zip(Family, ("iptables", "ip6tables"), strict=True)
    }
    verbose = rulesets.parse(saved["status verbose"])
    forwards = "disabled (routed)" not in saved["status verbose"]
    for form, several in families.items():
        ruleset = rulesets.parse(saved[form])
        assert ruleset.format == ("ufw-status" if form in STATUS else "ufw")
        for each in ruleset.skipped:
            assert form in STATUS[1:], each
            assert "application profiles" in each.reason, each
        for direction in ("in", "forward", "out"):
            whole = ruleset.reachable(direction)
            # Whether the kernel forwards packets at all is not one of the rules.
            is_known = direction != "forward" or forwards or form == "status verbose"
            sent = NOTHING
            for family in several:
                sent |= arrived[family, direction]
                packets = arrived[family, direction]
                agrees(ruleset, kernel[family], direction, family, packets, if_exact=is_known)
            assert (form, direction, sent - whole.ports) == (form, direction, NOTHING)
            if whole.is_exact and is_known:
                assert (form, direction, sent) == (form, direction, whole.ports & SENT)
            yield f"{form} {'exact' if whole.is_exact else 'inexact'}"
    # Every rule of a file was read: ufw makes several from each tuple, and shows one line for it.
    tuples = 0
    for form in (each for each in FILES if each in families):
        lines = saved[form].split("\n")
        tuples += sum(each.startswith("### tuple ### ") for each in lines)
        written = [n for n, each in enumerate(lines, 1) if each.startswith(("-A ", "-I "))]
        assert [each.location.line for each in rulesets.parse(saved[form]).rules] == written
    assert len(verbose.rules) == tuples
    # Each form has the same rules, apart from the policy.
    for form, several in families.items():
        ruleset = rulesets.parse(saved[form])
        for direction in () if ruleset.skipped else ("in", "forward", "out"):
            if direction == "forward" and not forwards:
                continue
            for family in several:
                one, other = (
                    evaluated(with_policy(each, Action.DROP), direction, family)
                    for each in (ruleset, verbose)
                )
                label = (form, direction, family)
                assert (label, other.passed - one.passed) == (label, NOTHING)
                assert (label, other.lost - one.lost) == (label, NOTHING)
                # The ports of a profile, which only the verbose form shows, may be others.
                if not any(
                    "profile " in each for rule in ruleset.rules for each in rule.conditions
                ):
                    assert (label, one.passed, one.lost) == (label, other.passed, other.lost)


def agrees(
    ruleset: Ruleset,
    kernel: Ruleset,
    direction: str,
    family: Family,
    arrived: TransportPorts,
    *,
    if_exact: bool,
) -> None:
    """Compare the evaluation of one family with what iptables-save shows, and with packets."""
    own, saved = (evaluated(each, direction, family) for each in (ruleset, kernel))
    where = (ruleset.format, direction, family)
    assert (where, saved.passed - own.passed) == (where, NOTHING)
    # The ports that are not undecided behave as computed.
    assert (where, arrived - own.passed) == (where, NOTHING)
    if if_exact:
        assert (where, (SENT - arrived) & own.passed - own.lost) == (where, NOTHING)
    if all(chain.policy is not Action.DELEGATE for chain in on_way(ruleset, direction, family)):
        has_rules = any(family in each.families for each in ruleset.rules)
        if not ruleset.skipped and (family is Family.INET or has_rules):
            assert (where, own.passed) == (where, saved.passed)


def evaluated(ruleset: Ruleset, direction: str, family: Family) -> Result:
    return Evaluation(
        ruleset.chains or (),
        (*ruleset.implied, *ruleset.rules),
        ruleset.skipped,
        Direction(direction),
        family,
    ).run(TransportPorts.full())


HOOKS = {"in": Hook.INPUT, "forward": Hook.FORWARD, "out": Hook.OUTPUT}


def on_way(ruleset: Ruleset, direction: str, family: Family) -> list[Any]:
    return [
        chain
        for chain in ruleset.chains or ()
        if chain.hook is HOOKS[direction] and family in chain.families
    ]


def with_policy(ruleset: Ruleset, policy: Action) -> Ruleset:
    chains = [
        each if each.hook is None else replace(each, policy=policy) for each in ruleset.chains or ()
    ]
    return replace(ruleset, chains=tuple(chains))


def arrived_as_shipped(answer: dict[str, Any]) -> bool:
    """Return whether the packets arrived that before.rules accepts, as ufw ships it."""
    arrived = {tuple(each) for each in answer["arrived"]}
    ipv6_is_off = ":INPUT DROP" in answer["saved"][-1] and ":ufw6-" not in answer["saved"][-1]
    return all(
        (ipv6_is_off and ":" in source) or {("17", sport), ("udp", sport)} & arrived
        for source, _, _, sport, _ in SHIPPED
    )


if __name__ == "__main__":
    seed, count = map(int, islice(sys.argv[1:], 2))
    total: Counter[str] = Counter()
    # A few at a time, because the first one that fails ends its batch.
    for first in range(0, count, 5):
        try:
            total += checked(seed + first, min(5, count - first))
        except AssertionError:
            total["FAILED"] += 1
            traceback.print_exc()
        sys.stdout.write(f"seed {seed}: {min(first + 5, count)} rulesets, {dict(total)}\n")
        sys.stdout.flush()
