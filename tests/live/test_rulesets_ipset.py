"""ipset: random sets are made in a network namespace, saved, and read back.

The kernel is the oracle: its list in XML shows each element, and ``ipset test`` whether a bitmap
has a port. Run this file with a seed and a number of files to try more of them than the tests do.
"""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from random import Random

import pytest

from dialect_tools import in_namespace, needs
from portranges import PortSet, TransportPorts
from portranges.rulesets import ports_by_name

pytestmark = pytest.mark.slow

KINDS = (
    *("bitmap:port", "hash:ip,port", "hash:ip,port,ip", "hash:net,port", "hash:ip,port,net"),
    *("hash:net,port,net", "list:set", "hash:ip", "hash:net"),
)
NAMES = ("web", "db-", "a.b", 'q"', "s\\", "é", "-x", "add", "create")
COMMENTS = ("web tcp:22", "add x 192.0.2.1,tcp:9 nomatch", "nomatch", "a b")
COMMENT = re.compile(r"<comment>.*?</comment>")


class Generator:
    """Makes the lines of a file, of which ipset may refuse some."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.six = False
        self.kinds: dict[str, str] = {}

    def lines(self) -> list[str]:
        found: list[str] = []
        for number in range(self.rng.randint(1, 6)):
            found += self.set(f"{self.rng.choice(NAMES)}{number}")
        return found

    def set(self, name: str) -> list[str]:
        rng = self.rng
        self.six, kind = rng.random() < 0.4, rng.choice(KINDS)
        first, last = sorted((rng.randrange(65536), rng.randrange(65536)))
        if rng.random() < 0.5:
            first, last = 0, 65535
        options = {
            "bitmap:port": f"range {first}-{last}",
            "list:set": f"size {rng.randint(4, 16)}",
        }.get(kind, f"family {'inet6' if self.six else 'inet'} maxelem 4096")
        further = [
            each for each in ("timeout 600", "counters", "comment", "skbinfo") if rng.random() < 0.3
        ]
        # A list of sets may have those that precede it.
        members = [each for each, other in self.kinds.items() if other != "list:set"]
        self.kinds[name] = kind
        lines = [" ".join(["create", name, kind, options, *further])]
        for _ in range(rng.randint(0, 9)):
            if kind == "bitmap:port":
                port = rng.randint(first, last)
                element = f"{port}-{min(last, port + rng.choice((0, 3, 300)))}"
            elif kind == "list:set":
                element = rng.choice(members or ["none"])
            else:
                element = ",".join(map(self.part, kind.partition(":")[2].split(",")))
            lines.append(" ".join(["add", name, element, *self.extras(kind, further)]))
        return lines

    def part(self, kind: str) -> str:
        """A part of an element: an address, a network, or a protocol and a port."""
        rng = self.rng
        if kind == "port":
            if rng.random() < 0.3:
                icmp = "icmpv6:128/0" if self.six else "icmp:echo-request"
                return rng.choice((icmp, "gre:0", "dccp:0", "47:0"))
            port = rng.choice((0, 22, 443, 65534, rng.randrange(65536)))
            last = min(65535, port + rng.choice((0, 1, 20)))
            protocol = rng.choice(("tcp:", "udp:", "sctp:", "udplite:", "", "17:"))
            return f"{protocol}{port}-{last}" if last > port else f"{protocol}{port}"
        if self.six:
            address = f"2001:db8:{rng.randrange(65536):x}::{rng.randrange(1, 65536):x}"
            return f"{address}/{rng.choice((32, 64, 128))}" if kind == "net" else address
        address = f"10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
        return f"{address}/{rng.choice((8, 24, 32))}" if kind == "net" else address

    def extras(self, kind: str, further: list[str]) -> list[str]:
        rng = self.rng
        found: list[str] = []
        if "timeout 600" in further:
            found.append(f"timeout {rng.choice((0, 500))}")
        if "counters" in further:
            found.append(f"packets {rng.randrange(99)} bytes {rng.randrange(9999)}")
        if "comment" in further:
            found.append(f'comment "{rng.choice(COMMENTS)}"')
        if "net" in kind and rng.random() < 0.2:
            found.append("nomatch")
        return found


def shown(listed: str) -> dict[str, TransportPorts]:
    """Return the ports of each set with ports in the output of ``ipset list -o xml``."""
    found: dict[str, TransportPorts] = {}
    for each in ET.fromstring(COMMENT.sub("", listed)).iter("ipset"):
        kind = each.findtext("type", "")
        if "port" not in kind:
            continue
        ports: dict[str, list[int]] = {name: [] for name in ("tcp", "udp", "sctp", "dccp")}
        for member in each.iter("member"):
            element = member.findtext("elem", "")
            if member.find("nomatch") is not None:
                continue
            if kind == "bitmap:port":
                ports["tcp"].append(int(element))
                ports["udp"].append(int(element))
            else:
                protocol, _, port = element.split(",")[1].partition(":")
                if protocol in ports:
                    ports[protocol].append(int(port))
        # The kernel does not read ports of DCCP.
        dccp = PortSet.full() if ports.pop("dccp") else PortSet.empty()
        found[each.get("name", "")] = TransportPorts(ports, dccp=dccp)
    return found


def compared(seed: int) -> int:
    """Compare one file; return how many ports were tested."""
    needs("ipset")
    rng = Random(seed)
    generator = Generator(rng)
    # Lines are restored one by one, because ipset stops at one that it refuses.
    setup = [(["ipset", "-exist", "restore"], f"{line}\n") for line in generator.lines()]
    bitmaps = [name for name, kind in generator.kinds.items() if kind == "bitmap:port"]
    tests = [(name, rng.randrange(65536)) for name in bitmaps for _ in range(5)]
    _, ((code, saved, error), (_, listed, _), *tested) = in_namespace(
        setup=setup,
        stop=False,
        read=[
            (["ipset", "save"], ""),
            (["ipset", "list", "-o", "xml"], ""),
            *[(["ipset", "test", name, str(port)], "") for name, port in tests],
        ],
    )
    assert (code, error) == (0, "")
    found = ports_by_name(saved, "ipset")
    assert found == shown(listed), seed
    # A set that ipset refused is not there to be tested.
    made = [
        (name, port, status == 0)
        for (name, port), (status, _, _) in zip(tests, tested, strict=True)
        if name in found
    ]
    for name, port, has in made:
        assert ((port, "tcp") in found[name]) == has, (seed, name, port)
    return len(made)


@pytest.mark.parametrize("seed", [*range(19), 3580421546])
def test_saved_sets_are_read(seed: int) -> None:
    compared(seed)


if __name__ == "__main__":
    start, count = map(int, sys.argv[1:])
    total = sum(compared(start + at) for at in range(count))
    sys.stdout.write(f"{count} files from seed {start}, {total} ports tested\n")
