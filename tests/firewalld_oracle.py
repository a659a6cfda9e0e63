"""Random zones, policies and services of firewalld, loaded by a daemon of their own.

``iptables_oracle`` makes the namespaces and sends the packets. Each peer is in a zone by its source
address, and the last one by its interface or because nothing else matches. A batch of zones is
loaded at once, because the daemon takes longer than the packets.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import iptables_oracle
from iptables_oracle import PORTS

ZONES = 6
# The last peer is in no zone by its address.
PEERS = ZONES + 1
TRANSPORTS = ("tcp", "tcp", "tcp", "udp", "udp", "sctp", "dccp")
# Services that every release since 1.0 defines alike.
SERVICES = (
    *("ssh", "http", "https", "dns", "dhcpv6-client", "mdns", "llmnr", "samba", "ipsec"),
    "ws-discovery",
)
OWN_SERVICES = ("own0", "own1", "own2", "own3")

_BUS = """\
<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen>\
<auth>EXTERNAL</auth><policy context="default"><allow send_destination="*" eavesdrop="true"/>\
<allow eavesdrop="true"/><allow own="*"/></policy></busconfig>"""
START = (
    f"""\
mount -t tmpfs tmpfs /run && mkdir /run/dbus && mount -t tmpfs tmpfs /var/log &&
echo '{_BUS}' >/run/bus.conf &&
exec dbus-daemon --config-file=/run/bus.conf --nofork --nopidfile""",
    """\
while ! [ -S /run/dbus/system_bus_socket ]; do sleep 0.05; done
exec firewalld --nofork --nopid --log-target file --log-file /var/log/firewalld""",
)
LOAD = """\
import json, pathlib, shutil, subprocess, sys
files = json.load(sys.stdin)
folder = pathlib.Path("/etc/firewalld")
for name in ("zones", "policies", "services"):
    shutil.rmtree(folder / name)
    (folder / name).mkdir()
for name, text in files.items():
    (folder / name).write_text(text)
done = subprocess.run(["firewall-cmd", "--reload"], capture_output=True, text=True)
log = pathlib.Path("/var/log/firewalld")
errors = [line for line in log.read_text().splitlines() if "ERROR" in line]
log.write_text("")
sys.exit(done.stderr + "\\n".join(errors) if errors or done.returncode else 0)
"""
LISTS = (
    "firewall-cmd --list-all-zones",
    "firewall-cmd --list-all-policies",
    "nft list table inet firewalld",
    "nft -j list table inet firewalld",
    *(f"firewall-cmd --info-service={name}" for name in OWN_SERVICES),
)


def answers(batches: Sequence[dict[str, str]], folder: Path) -> list[dict[str, Any]]:
    """Load each batch of files and return what the kernel did."""
    load = folder / "load.py"
    load.write_text(LOAD)
    found = iptables_oracle.run_child(
        {
            "tool": "firewalld",
            "load": f"{sys.executable} {load}",
            "list": LISTS,
            "six": [False, True],
            "rulesets": [json.dumps(each) for each in batches],
            "copies": ["/etc/firewalld"],
            "start": START,
            "ready": "firewall-cmd --state",
            "peers": PEERS,
        }
    )
    for files, answer in zip(batches, found, strict=True):
        assert "error" not in answer, (answer["error"], files)
    return found


class Generator:
    """Makes files that firewalld loads."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng

    def batch(self) -> dict[str, str]:
        """Return the files of one configuration, by their names."""
        rng = self.rng
        found = {f"services/{name}.xml": self.service(name) for name in OWN_SERVICES}
        for number in range(ZONES):
            sources = (
                f"10.9.{number + 1}.0/24",
                f"fd00:9::{number:x}:0/112" if number else "fd00:9::/112",
            )
            inner = "".join(f'\n  <source address="{each}"/>' for each in sources)
            found[f"zones/z{number}.xml"] = self.zone(inner)
        found["zones/public.xml"] = self.zone("")
        if rng.random() < 0.5:
            found["zones/wired.xml"] = self.zone('\n  <interface name="v0"/>')
        if rng.random() < 0.3:
            for number in range(rng.randint(1, 4)):
                found[f"policies/p{number}.xml"] = self.policy()
        return found

    def zone(self, members: str) -> str:
        rng = self.rng
        target = rng.choice(
            ("", "", "", "", ' target="ACCEPT"', ' target="DROP"', ' target="%%REJECT%%"')
        )
        items = [self.item() for _ in range(rng.randint(0, 9))]
        items += [self.rich() for _ in range(rng.choice((0, 0, 1, 3, 6)))]
        items += rng.sample(
            ("<forward/>", "<masquerade/>", "<icmp-block-inversion/>"), rng.choice((0, 0, 1, 2))
        )
        rng.shuffle(items)
        inner = "".join(f"\n  {each}" for each in dict.fromkeys(items))
        return f'<?xml version="1.0" encoding="utf-8"?>\n<zone{target}>{inner}{members}\n</zone>\n'

    def policy(self) -> str:
        rng = self.rng
        zones = [f"z{each}" for each in range(ZONES)]
        ingress, egress = rng.choice(
            (
                ("ANY", "HOST"),
                ("ANY", "HOST"),
                (" ".join(rng.sample(zones, 2)), "HOST"),
                ("public", "HOST"),
                ("HOST", "ANY"),
                ("HOST", "public"),
                ("ANY", "ANY"),
                (rng.choice(zones), "ANY"),
                ("ANY", "public"),
                (zones[0], zones[1]),
            )
        )
        target = rng.choice(("CONTINUE", "CONTINUE", "ACCEPT", "DROP", "REJECT"))
        priority = rng.choice((-1, -1, -15, 1, 7))
        items = [self.item(is_plain=True) for _ in range(rng.randint(0, 5))]
        items += [self.rich(is_plain=True) for _ in range(rng.randint(0, 2))]
        if (ingress, egress) == ("ANY", "HOST"):
            items += [self.forward_port(to_address="") for _ in range(rng.randint(0, 2))]
        elif ingress == "ANY" and egress == "ANY":
            items.append(self.forward_port(to_address="10.8.0.9"))
        items += [f'<ingress-zone name="{each}"/>' for each in ingress.split()]
        items += [f'<egress-zone name="{each}"/>' for each in egress.split()]
        inner = "".join(f"\n  {each}" for each in dict.fromkeys(items))
        return f'<policy target="{target}" priority="{priority}">{inner}\n</policy>\n'

    def service(self, name: str) -> str:
        rng = self.rng
        items = [self.port() for _ in range(rng.randint(0, 2))]
        if rng.random() < 0.3:
            items.append(self.port("source-port"))
        if rng.random() < 0.2:
            items.append(f'<protocol value="{rng.choice(("sctp", "gre", "udp"))}"/>')
        if rng.random() < 0.3:
            items.append(
                rng.choice(
                    (
                        '<destination ipv4="10.9.0.0/16"/>',
                        '<destination ipv4="224.0.0.1" ipv6="fd00:9::1"/>',
                    )
                )
            )
        # Services may include each other.
        others = [each for each in (*OWN_SERVICES, "http", "mdns") if each != name]
        if rng.random() < 0.4:
            items.append(f'<include service="{rng.choice(others)}"/>')
        if rng.random() < 0.2:
            items.append('<helper name="tftp"/>')
        return f"<service>{''.join(dict.fromkeys(items))}</service>"

    def number(self) -> str:
        rng = self.rng
        first, last = sorted(rng.sample(PORTS, 2))
        return rng.choice((str(first), str(first), f"{first}-{last}"))

    def port(self, name: str = "port") -> str:
        return f'<{name} port="{self.number()}" protocol="{self.rng.choice(TRANSPORTS)}"/>'

    def protocol(self) -> str:
        names = ("sctp", "dccp", "gre", "tcp", "udp", "17", "icmp", "udplite", "0")
        return f'<protocol value="{self.rng.choice(names)}"/>'

    def forward_port(self, to_address: str | None = None) -> str:
        rng = self.rng
        port = rng.choice((22, 80, 8080, 5000, "8079-8082", "52-54"))
        if to_address is None:
            near = ("", "", "10.9.0.1", "10.8.0.9", "fd00:9::1", "fd00:8::9")
            to_address = rng.choice(near)
        to = f' to-addr="{to_address}"' if to_address else ""
        if not to or rng.random() < 0.6:
            to = f' to-port="{port}"{to}'
        return f'<forward-port port="{self.number()}" protocol="{rng.choice(TRANSPORTS)}"{to}/>'

    def item(self, *, is_plain: bool = False) -> str:
        rng = self.rng
        kind = rng.randrange(9 if is_plain else 11)
        if kind < 4:
            return self.port()
        if kind == 4:
            return self.port("source-port")
        if kind == 5:
            return self.protocol()
        if kind < 8:
            return f'<service name="{rng.choice((*SERVICES, *OWN_SERVICES))}"/>'
        if kind == 8:
            return f'<icmp-block name="{rng.choice(("echo-reply", "redirect"))}"/>'
        return self.forward_port()

    def rich(self, *, is_plain: bool = False) -> str:
        rng = self.rng
        family = rng.choice(("", ' family="ipv4"', ' family="ipv6"'))
        six = "ipv6" in family
        priority = rng.choice(("", "", "", ' priority="-3"', ' priority="-1"', ' priority="2"'))
        parts: list[str] = []
        about = rng.choice(
            (
                "port",
                "port",
                "source-port",
                "protocol",
                "service",
                "none",
                "none",
                "icmp",
                "forward",
            )
        )
        if about == "forward" and is_plain:
            about = "port"
        # A rule without a family and with an address is not loaded, but does not stop the daemon.
        if rng.random() < (0.6 if family else 0.1):
            parts.append(self.address("source", six=six))
        elif rng.random() < 0.1:
            parts.append('<source mac="02:00:00:00:00:01"/>')
        if rng.random() < (0.2 if family and about != "service" else 0.03):
            parts.append(self.address("destination", six=six))
        is_tcp = about == "none"
        if about in ("port", "source-port"):
            parts.append(self.port(about))
            is_tcp = 'protocol="tcp"' in parts[-1]
        elif about == "protocol":
            parts.append(self.protocol())
        elif about == "service":
            parts.append(
                f'<service name="{rng.choice(("ssh", "http", "dns", "samba", *OWN_SERVICES))}"/>'
            )
        elif about == "icmp":
            parts.append('<icmp-type name="echo-request"/>')
        elif about == "forward":
            to = rng.choice(("", "fd00:9::1", "fd00:8::9") if six else ("", "10.9.0.1", "10.8.0.9"))
            parts.append(self.forward_port(to))
            return f"<rule{family}{priority}>{''.join(parts)}</rule>"
        limit = rng.choice(("", "", "", '<limit value="2/m"/>'))
        if rng.random() < 0.2:
            parts.append(f'<log prefix="accept &gt; " level="debug">{limit}</log>')
        reject = ""
        if family and rng.random() < 0.5:
            reject = ' type="icmp6-port-unreachable"' if six else ' type="icmp-host-prohibited"'
            if is_tcp:
                reject = ' type="tcp-reset"'
        action = rng.choice(("accept", "accept", "drop", f"reject{reject}", 'mark set="1"', ""))
        # A policy whose packets come from this host cannot mark them.
        if (about == "icmp" and action != "accept") or (is_plain and action.startswith("mark")):
            action = "drop"
        if action:
            parts.append(f"<{action}>{limit}</{action.split()[0]}>")
        elif not any("<log" in each for each in parts):
            parts.append("<drop/>")
        return f"<rule{family}{priority}>{''.join(parts)}</rule>"

    def address(self, name: str, *, six: bool) -> str:
        rng = self.rng
        if name == "source":
            known = ("fd00:9::/64", "fd00:9::2:0/112", "2001:db8::/32", "::/0")
            if not six:
                known = ("10.9.0.0/16", "10.9.3.0/24", "192.0.2.0/24", "0.0.0.0/0")
        else:
            known = ("fd00:9::1", "fd00:8::/64", "::/0")
            if not six:
                known = ("10.9.0.1", "10.8.0.0/255.255.0.0", "0.0.0.0/0")
        invert = rng.choice(("", "", ' invert="True"'))
        return f'<{name} address="{rng.choice(known)}"{invert}/>'
