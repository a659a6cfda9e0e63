"""ipset: random sets are made in a network namespace, saved and read back."""

from __future__ import annotations

from random import Random, SystemRandom

import pytest

from dialect_tools import in_namespace, needs
from portranges import Transport, TransportPorts
from portranges.rulesets import ports_by_name

pytestmark = pytest.mark.slow

HASHES = {"hash:ip,port": "", "hash:ip,port,ip": ",192.0.2.2", "hash:net,port": ""}


def compared(seed: int) -> None:
    needs("ipset")
    rng = Random(seed)
    expected: dict[str, TransportPorts] = {}
    setup: list[tuple[list[str], str]] = []
    for number in range(8):
        name = f"set{number}"
        ports = TransportPorts.empty()
        if rng.random() < 0.5:
            setup.append((["ipset", "create", name, "bitmap:port", "range", "0-65535"], ""))
            for _ in range(9):
                port = rng.randrange(65536)
                setup.append((["ipset", "-exist", "add", name, str(port)], ""))
                ports |= TransportPorts(tcp=[port], udp=[port])
        else:
            kind = rng.choice(list(HASHES))
            setup.append((["ipset", "create", name, kind, "timeout", "900"], ""))
            for _ in range(9):
                transport = rng.choice((Transport.TCP, Transport.UDP, Transport.SCTP))
                first = rng.randrange(65530)
                last = first + rng.choice((0, 0, 5))
                element = f"192.0.2.1,{transport}:{first}-{last}{HASHES[kind]}"
                setup.append((["ipset", "-exist", "add", name, element], ""))
                ports |= TransportPorts({transport: range(first, last + 1)})
            for other in ("icmp:echo-request", "gre:0"):
                setup.append((["ipset", "add", name, f"192.0.2.1,{other}{HASHES[kind]}"], ""))
        expected[name] = ports
    setup.append((["ipset", "create", "addresses", "hash:ip"], ""))
    setup.append((["ipset", "add", "addresses", "192.0.2.1"], ""))
    made, ((code, output, error),) = in_namespace(setup=setup, read=[(["ipset", "save"], "")])
    assert [each for each in made if each[0]] == []
    assert (code, error) == (0, "")
    assert ports_by_name(output, "ipset") == expected, seed


def test_saved_sets_are_read() -> None:
    compared(13)


def test_new_saved_sets_are_read() -> None:
    compared(SystemRandom().getrandbits(32))
