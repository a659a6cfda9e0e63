"""Random rulesets of iptables, and what the kernel does with packets that meet them.

A child process makes two network namespaces with a veth pair between them, loads each ruleset with
the tool, saves it in every form, and sends a packet to each of some ports: from the other
namespace to this one, from the other through this one, and from this one. Rules of nft behind all
others record which arrive, by their source port, which no rule changes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest

from portranges import Family, PortSet, Transport, TransportPorts

PORTS = tuple(
    PortSet.parse(
        "0-1,21-23,25,52-54,79-81,90-91,443,1023-1025,5000,8079-8082,8090,32768,60999,65534-65535"
    )
)
TRANSPORTS = (Transport.TCP, Transport.UDP, Transport.SCTP, Transport.DCCP)
PROBES = tuple((transport, port) for transport in TRANSPORTS for port in PORTS)
SENT = TransportPorts(dict.fromkeys(TRANSPORTS, PORTS))
FIRST = {"in": 20000, "forward": 30000, "out": 40000}

# The options of each command that lists the rules, for iptables and for nft.
LISTS = (
    (
        *("-save", "-save -c", "-S", "-S -v", "-t nat -S", "-t mangle -S", "-t raw -S"),
        *("-L -n -v", "-L -n --line-numbers", "-L -n -v -x --line-numbers", "-L"),
        *("-t nat -L -n -v -x", "-t mangle -L -n -v", "-t raw -L -n -v"),
    ),
    tuple(
        f"{options} list ruleset" for options in ("", "-a", "-n -s", "-nn -y", "-S", "-j", "-j -n")
    ),
)

CHILD = textwrap.dedent(
    r"""
    import atexit, ctypes, itertools, json, os, re, shutil, socket, struct, subprocess, sys
    import tempfile, time
    order = json.load(sys.stdin)
    lock = tempfile.NamedTemporaryFile()
    os.environ["XTABLES_LOCKFILE"] = lock.name
    libc = ctypes.CDLL(None, use_errno=True)

    def new_namespace():
        if libc.unshare(0x40000000):  # CLONE_NEWNET
            sys.exit(77)
        return os.open("/proc/self/ns/net", os.O_RDONLY)

    def run(*command, text=""):
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def must(command, text=""):
        code, output, error = run(*command.split(), text=text)
        if code:
            sys.exit(f"{command}: {error}")
        return output

    # A tool with files of its own changes copies of them.
    if order["copies"]:
        if libc.unshare(0x20000):  # CLONE_NEWNS
            sys.exit(77)
        must("mount --make-rprivate /")
        own = tempfile.TemporaryDirectory()
        atexit.register(own.cleanup)
        for place in order["copies"]:
            shutil.copytree(place, own.name + place, symlinks=True, ignore_dangling_symlinks=True)
            must(f"mount --bind {own.name}{place} {place}")
            atexit.register(must, f"umount {place}")
    client, host = new_namespace(), new_namespace()
    must("ip link add v0 address 02:00:00:00:00:02 type veth peer name v1")
    must(f"ip link set v1 netns /proc/{os.getpid()}/fd/{client}")
    if True in order["six"]:
        # Packets to the link-local address are dropped until the kernel knows it to be unique.
        with open("/proc/sys/net/ipv6/conf/v0/accept_dad", "w") as file:
            file.write("0")
    must("ip link set lo up")
    must("ip link set v0 up")
    # There is no host at the other end, and so no address resolution.
    must("ip link add d0 type veth peer name d1")
    must(f"ip link set d1 netns /proc/{os.getpid()}/fd/{client}")
    must("ip link set d0 arp off up")
    for six in order["six"]:
        here, there = ("fd00:9::1/64", "fd00:8::1/64") if six else ("10.9.0.1/16", "10.8.0.1/16")
        version = "-6" if six else "-4"
        must(f"ip {version} addr add {here} dev v0" + (" nodad" if six else ""))
        must(f"ip {version} addr add {there} dev d0" + (" nodad" if six else ""))
    settings = ["net/ipv6/conf/all/forwarding=1"] * (True in order["six"])
    settings += [
        "net/ipv4/ip_forward=1", "net/ipv4/conf/all/rp_filter=0", "net/ipv4/conf/v0/rp_filter=0",
        "net/ipv4/conf/all/route_localnet=1"] * (False in order["six"])
    for setting in settings:
        name, _, value = setting.partition("=")
        with open(f"/proc/sys/{name}", "w") as file:
            file.write(value)
    background = [
        # They end with this process: PR_SET_PDEATHSIG, SIGTERM.
        subprocess.Popen(["sh", "-c", text], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, preexec_fn=lambda: libc.prctl(1, 15))
        for text in order["start"]
    ]

    def stop():
        for process in reversed(background):
            process.terminate()
            process.wait(30)

    atexit.register(stop)
    if order["ready"]:
        for _ in range(200):
            if run(*order["ready"].split())[0] == 0:
                break
            time.sleep(0.1)
    mac = b"\2\0\0\0\0\2"
    libc.setns(client, 0)
    must("ip link set v1 up")
    must("ip link set d1 up")
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.bind(("v1", 0))
    libc.setns(host, 0)
    # A frame of a type for experiments follows the packets of each ruleset. The kernel receives
    # what one processor sends in order, but perhaps late.
    processors = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {processors[os.getpid() % len(processors)]})
    last_frame = mac + b"\2\0\0\0\0\1\x88\xb5" + bytes(46)
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88B5))
    tap.bind(("v0", 0x88B5))
    tap.settimeout(30)
    local = {six: socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_RAW,
        socket.IPPROTO_RAW) for six in order["six"]}

    def ones(data):
        data += b"\0" * (len(data) % 2)
        total = sum(struct.unpack(f"!{len(data) // 2}H", data))
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        return ~total & 0xFFFF

    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)

    def crc32c(data):
        crc = 0xFFFFFFFF
        for byte in data:
            crc = (crc >> 8) ^ table[(crc ^ byte) & 0xFF]
        return struct.pack("<I", crc ^ 0xFFFFFFFF)

    NUMBERS = {"tcp": 6, "udp": 17, "sctp": 132, "dccp": 33}

    def packet(source, target, transport, sport, dport):
        pack, six = socket.inet_pton, ":" in source
        family = socket.AF_INET6 if six else socket.AF_INET
        source, target = pack(family, source), pack(family, target)
        number = NUMBERS[transport]
        if transport == "tcp":
            build = lambda c: struct.pack("!HHIIBBHHH", sport, dport, 1, 0, 0x50, 2, 1024, c, 0)
        elif transport == "udp":
            build = lambda c: struct.pack("!HHHH", sport, dport, 8, c)
        elif transport == "dccp":
            # A request, with a long sequence number and a service code.
            build = lambda c: struct.pack(
                "!HHBBHBBHIII", sport, dport, 5, 0, c, 0x01, 0, 0, 7, 0, 0)[:20]
        if transport == "sctp":
            head = struct.pack("!HHI", sport, dport, 0)
            init = struct.pack("!BBHIIHHI", 1, 0, 20, 1, 4096, 1, 1, 1)
            body = head + crc32c(head + b"\0" * 4 + init) + init
        else:
            body = build(0)
            pseudo = source + target + (struct.pack("!II", len(body), number) if six else
                struct.pack("!BBH", 0, number, len(body)))
            body = build(ones(pseudo + body))
        if six:
            return struct.pack("!IHBB", 6 << 28, len(body), number, 64) + source + target + body
        head = lambda c: struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), sport, 0, 64, number, c
            ) + source + target
        return head(ones(head(0))) + body

    must("nft -f -", text='''
    table inet oracle {
        set arrived { type inet_proto . inet_service; size 65535; flags dynamic; }
        set passed { type inet_proto . inet_service; size 65535; flags dynamic; }
        chain in { type filter hook input priority 1000;
            add @arrived { meta l4proto . th sport }; }
        chain out { type filter hook postrouting priority 1000;
            oifname "d0" add @passed { meta l4proto . th sport }; }
    }''')

    def recorded(name):
        output = json.loads(must(f"nft -j -n list set inet oracle {name}"))
        for item in output["nftables"]:
            for element in item.get("set", {}).get("elem", ()):
                element = element.get("elem", element)
                element = element.get("val", element)
                protocol, sport = element["concat"]
                yield [str(protocol), sport]

    def send(packet):
        six = packet[0] >> 4 == 6
        ether = mac + b"\x02\0\0\0\0\1" + (b"\x86\xdd" if six else b"\x08\0")
        wire.send(ether + packet)

    for target in {each[1] for each in order["further"]}:
        six, group = ":" in target, socket.inet_pton(
            socket.AF_INET6 if ":" in target else socket.AF_INET, target)
        if six and group[0] == 0xFF:
            local[six].setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                group + struct.pack("I", socket.if_nametoindex("v0")))
        elif not six and group[0] >> 4 == 14:
            local[six].setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                group + socket.inet_aton("10.9.0.1"))

    sets = ""
    if order["sets"]:
        must("ipset restore", text=order["sets"])
        sets = must("ipset save")
    results = []
    for serial, text in enumerate(order["rulesets"], start=256):
        if order["tool"] == "nft":
            for line in must("nft list tables").splitlines():
                if not line.endswith(" oracle"):
                    must(f"nft delete {line}")
        code, _, error = run(*order["load"].split(), text=text)
        # nft refuses some combinations of matches, and names the lines.
        while code and (bad := re.findall("/dev/stdin:([0-9]+):", error)):
            lines = text.split("\n")
            for number in map(int, bad):
                lines[number - 1] = ""
            if (shorter := "\n".join(lines)) == text:
                break
            text = shorter
            code, _, error = run(*order["load"].split(), text=text)
        if code:
            results.append({"error": error})
            continue
        must("nft flush set inet oracle arrived")
        must("nft flush set inet oracle passed")
        saved = [run(*command.split())[1] for command in order["list"]]
        for six, number in itertools.product(order["six"], range(order["peers"])):
            shift = number * len(order["probes"])
            if six:
                last = f"{number:x}:{serial:x}" if number else f"{serial:x}"
                peer, third = f"fd00:9::{last}", f"fd00:8::{last}"
                own, shift = ("fd00:9::1", "fd00:8::1"), shift + 5000
            else:
                last = f"{(serial >> 8) + number}.{serial & 255}"
                peer, third = f"10.9.{last}", f"10.8.{last}"
                own = ("10.9.0.1", "10.8.0.1")
            for place, (transport, port) in enumerate(order["probes"], start=shift):
                send(packet(peer, own[0], transport, 20000 + place, port))
                send(packet(peer, third, transport, 30000 + place, port))
                try:
                    message = packet(own[1], third, transport, 40000 + place, port)
                    local[six].sendto(message, (third, 0))
                except PermissionError:
                    pass  # dropped on the way out
        for each in order["further"]:
            send(packet(*each))
        wire.send(last_frame)
        tap.recv(100)
        results.append({"sets": sets, "saved": saved, "arrived": list(recorded("arrived")),
            "passed": list(recorded("passed"))})
    print(json.dumps(results))
    """
)


# What 'ipset restore' makes before rulesets are loaded. The addresses belong to this host and
# the one behind it.
SETS = """\
create ports bitmap:port range 0-65535
add ports 22
add ports 80-91
add ports 1023-5000
add ports 65535
create few bitmap:port range 20-100
add few 25
add few 53
create hosts hash:ip,port family FAMILY
add hosts OWN,tcp:80
add hosts OWN,udp:53-54
add hosts FAR,tcp:8080-8082
add hosts FAR,sctp:443
add hosts OWN,dccp:0
create pairs hash:ip,port,ip family FAMILY
add pairs OWN,tcp:80,OWN
add pairs OWN,udp:53,FAR
create nets hash:net,port family FAMILY
add nets NET,tcp:79-81
add nets NET,udp:53
add nets OWN,tcp:80 nomatch
create addresses hash:ip family FAMILY
add addresses OWN
create lists list:set size 8
add lists ports
"""


def sets_of(family: Family) -> str:
    """Return the sets for an address family."""
    words = (
        {"FAMILY": "inet6", "OWN": "fd00:9::1", "FAR": "fd00:8::9", "NET": "fd00::/12"}
        if family is Family.INET6
        else {"FAMILY": "inet", "OWN": "10.9.0.1", "FAR": "10.8.0.9", "NET": "10.0.0.0/8"}
    )
    text = SETS
    for word, value in words.items():
        text = text.replace(word, value)
    return text


@dataclass(frozen=True)
class Observed:
    """What the kernel did under one ruleset.

    ``saved`` is the output of each command that lists the rules; ``passed`` has, for each
    direction, the ports whose packet arrived.
    """

    saved: tuple[str, ...]
    passed: dict[str, TransportPorts]
    # Packets that a translation led another way than they were sent.
    astray: dict[str, TransportPorts]
    # The output of 'ipset save'.
    sets: str = ""


def observe(tool: str, family: Family, rulesets: Sequence[str]) -> list[Observed]:
    """Load each ruleset and return what happened; skip if the kernel lacks a part of the tool."""
    answers = run_child(
        {
            "tool": tool,
            "load": "nft -f -" if tool == "nft" else f"{tool}-restore",
            "list": [
                f"{tool} {options}".replace(" -save", "-save") for options in LISTS[tool == "nft"]
            ],
            "six": [family is Family.INET6],
            "sets": "" if tool == "nft" else sets_of(family),
            "rulesets": list(rulesets),
        }
    )
    errors = [
        (each["error"], text)
        for text, each in zip(rulesets, answers, strict=True)
        if "error" in each
    ]
    assert not errors, errors[0]
    return [seen(each, family) for each in answers]


def seen(answer: dict[str, Any], family: Family, peer: int = 0) -> Observed:
    """Return what happened to the packets of one peer."""
    arrived, passed = answer["arrived"], answer["passed"]
    return Observed(
        tuple(answer["saved"]),
        {
            "in": probed(arrived, "in", family, peer),
            "forward": probed(passed, "forward", family, peer),
            "out": probed(passed, "out", family, peer),
        },
        {
            "in": probed(arrived, "forward", family, peer),
            "forward": probed(passed, "in", family, peer),
        },
        answer["sets"],
    )


def run_child(order: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what happened under each ruleset of *order*.

    ``copies`` are directories that the child replaces with a copy, and ``further`` more packets to
    this host: source, target, transport and both ports. The commands of ``start`` run until the
    end, and the packets wait for ``ready`` to succeed. Several ``peers`` may send them.
    """
    default: dict[str, Any] = {
        "copies": [],
        "further": [],
        "sets": "",
        "start": [],
        "ready": "",
        "peers": 1,
    }
    order = {**default, "probes": PROBES, **order}
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        timeout=3000,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip("NOT CHECKED: no network namespace may be made here")
    assert done.returncode == 0, done.stderr
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


def probed(
    recorded: list[list[Any]], direction: str, family: Family, peer: int = 0
) -> TransportPorts:
    """Return the ports of those recorded packets that a peer sent in a direction."""
    names = {"6": "tcp", "17": "udp", "132": "sctp", "33": "dccp"}
    first = FIRST[direction] + (5000 if family is Family.INET6 else 0) + peer * len(PROBES)
    found: dict[str, list[int]] = {}
    for protocol, sport in recorded:
        place: int = sport - first
        if 0 <= place < len(PROBES) and names.get(protocol, protocol) == PROBES[place][0]:
            found.setdefault(PROBES[place][0], []).append(PROBES[place][1])
    return TransportPorts(found)


# -- random rulesets ----------------------------------------------------------------------------

BASES = {
    "raw": ("PREROUTING", "OUTPUT"),
    "mangle": ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
    "security": ("INPUT", "FORWARD", "OUTPUT"),
}


class Generator:
    """Makes rulesets that the tool loads."""

    def __init__(self, rng: Random, family: Family) -> None:
        self.rng = rng
        self.six = family is Family.INET6

    def ruleset(self) -> str:
        rng = self.rng
        busy = {"filter", *(table for table in BASES if rng.random() < 0.3)}
        return "".join(self.table(table, table in busy) for table in BASES)

    def table(self, table: str, is_busy: bool) -> str:
        rng = self.rng
        lines = [f"*{table}"]
        for base in BASES[table]:
            drops = (
                table != "nat" and is_busy and rng.random() < (0.6 if table == "filter" else 0.1)
            )
            lines.append(f":{base} {'DROP' if drops else 'ACCEPT'} [0:0]")
        users = [f"{table}{number}" for number in range(rng.randint(0, 3) if is_busy else 0)]
        lines += [f":{each} - [0:0]" for each in users]
        if is_busy:
            for base in BASES[table]:
                lines += [self.rule(table, base, base, users) for _ in range(rng.randint(0, 5))]
            for number, user in enumerate(users):
                later = users[number + 1 :]
                # Which base chains lead to a user chain decides what may be in it.
                lines += [self.rule(table, user, "", later) for _ in range(rng.randint(0, 4))]
        return "\n".join([*lines, "COMMIT", ""])

    def rule(self, table: str, chain: str, base: str, users: list[str]) -> str:
        protocol, match = self.ports()
        parts = [f"-A {chain}", protocol, match]
        several = [
            self.condition(base, protocol) for _ in range(self.rng.choice((0, 0, 0, 1, 1, 2)))
        ]
        # Only a module may be named twice.
        parts += {self.repeatable(each): each for each in several}.values()
        parts.append(self.target(table, base, protocol, match, users))
        return " ".join(filter(None, parts))

    @staticmethod
    def repeatable(condition: str) -> str:
        """What may be in a rule once: an option, a flag of TCP, or this condition of a module."""
        option = condition.removeprefix("! ").split()[0]
        if option == "-m":
            return condition
        return "flags" if option in ("--syn", "--tcp-flags") else option

    def port(self) -> int:
        return self.rng.choice(PORTS)

    def ports(self) -> tuple[str, str]:
        """A protocol and a match on ports."""
        rng = self.rng
        kind = rng.randrange(12)
        if kind < 2:
            return "", ""
        if kind == 2:
            return rng.choice(("! -p tcp", "! -p udp", "-p 1" if not self.six else "-p 58")), ""
        protocol = rng.choice(("tcp", "tcp", "tcp", "udp", "udp", "sctp", "dccp"))
        first, last = sorted((self.port(), self.port()))
        sign = rng.choice(("", "", "", "! "))
        one = f"{first}:{last}" if rng.random() < 0.6 else str(first)
        if one == "0:65535":
            sign = ""
        listed = ",".join(str(self.port()) for _ in range(rng.randint(1, 6)))
        match = rng.choice(
            (
                "",
                f"{sign}--dport {one}",
                f"{sign}--dport {one}",
                f"-m multiport {sign}--dports {listed}",
                f"-m multiport --dports {first},{min(last, 65534)}:65535",
                f"--sport {rng.choice(('1024:65535', '1:1023', '20005'))} {sign}--dport {one}",
                f"-m multiport --ports {listed}",
            )
        )
        return f"-p {protocol}", match

    def condition(self, base: str, protocol: str) -> str:
        rng = self.rng
        near, far, net = (
            ("fd00:9::/64", "2001:db8::/32", "fd00:8::/64")
            if self.six
            else ("10.9.0.0/16", "192.0.2.0/24", "10.8.0.0/16")
        )
        choices = [
            "-m state --state NEW",
            "-m state --state RELATED,ESTABLISHED",
            "-m conntrack --ctstate NEW,ESTABLISHED",
            "-m conntrack ! --ctstate NEW",
            "-m conntrack --ctstate INVALID",
            "-m conntrack ! --ctstate RELATED,ESTABLISHED",
            "-m conntrack --ctstate DNAT",
            "-m conntrack --ctstate NEW,UNTRACKED",
            "-m conntrack --ctstate UNTRACKED",
            f"-s {near}",
            f"! -s {near}",
            f"-s {far}",
            f"! -d {net}",
            "-m mark --mark 0x1",
            "-m limit --limit 5/min",
            "-m statistic --mode random --probability 0.5",
            '-m comment --comment "-j ACCEPT \\"quoted\\" -p tcp"',
            "-m comment --comment -j",
            "-m addrtype --dst-type LOCAL",
            "-m length --length 0:100",
            *("-m set --match-set ports dst", "-m set ! --match-set ports dst") * 2,
            "-m set --match-set ports dst,dst",
            "-m set --match-set ports src",
            "-m set --match-set few dst",
            "-m set ! --match-set few dst,src",
            "-m set --match-set hosts dst,dst",
            "-m set ! --match-set hosts dst,dst",
            "-m set --match-set hosts src,src",
            "-m set --match-set hosts dst",
            "-m set --match-set pairs dst,dst,dst",
            "-m set --match-set pairs dst,dst,src",
            "-m set --match-set nets dst,dst",
            "-m set ! --match-set nets dst,dst",
            "-m set --match-set nets dst,dst --return-nomatch",
            "-m set ! --match-set addresses src",
            "-m set --match-set lists dst",
        ]
        if base in ("PREROUTING", "INPUT", "FORWARD", ""):
            choices += ["-i lo", "! -i lo", "-i v0", "! -i v0"]
        if base in ("FORWARD", "OUTPUT", "POSTROUTING", ""):
            choices += ["-o lo", "! -o lo", "-o d0"]
        if protocol == "-p tcp":
            choices += ["--syn", "! --syn", "--tcp-flags SYN,ACK,FIN SYN", "--tcp-flags ALL NONE"]
        return rng.choice(choices)

    def target(self, table: str, base: str, protocol: str, match: str, users: list[str]) -> str:
        rng = self.rng
        choices = ["-j ACCEPT", "-j RETURN", "", *(f"-j {each}" for each in users)]
        choices += [f"-g {each}" for each in users[:1]]
        if table != "nat":
            choices += ["-j ACCEPT", "-j DROP", "-j DROP"]
        if table in ("filter", "security"):
            choices += ["-j ACCEPT", "-j LOG --log-prefix -j"]
        if table == "filter":
            choices += ["-j REJECT", "-j NFQUEUE --queue-num 5 --queue-bypass"]
        if table == "raw":
            choices.append("-j CT --notrack")
        if table == "mangle":
            choices.append("-j MARK --set-xmark 0x1/0xffffffff")
        if table == "nat" and base in ("PREROUTING", "OUTPUT"):
            # An address alone, as ports require one protocol.
            choices += [f"-j DNAT --to-destination {self.address(brackets=False)}", "-j REDIRECT"]
            if protocol in ("-p tcp", "-p udp", "-p sctp", "-p dccp"):
                first, last = sorted((self.port(), self.port()))
                to = f"{self.address(brackets=True)}:{max(first, 1)}"
                choices += [
                    f"-j REDIRECT --to-ports {max(first, 1)}",
                    f"-j REDIRECT --to-ports {max(first, 1)}-{max(last, 1)}",
                    f"-j DNAT --to-destination {to}",
                    f"-j DNAT --to-destination {to}-{max(last, 1)}",
                ]
        if table == "nat" and base == "POSTROUTING":
            choices.append("-j MASQUERADE")
        return rng.choice(choices)

    def address(self, *, brackets: bool) -> str:
        rng = self.rng
        if not self.six:
            return rng.choice(("10.9.0.1", "10.8.0.9"))
        found = rng.choice(("fd00:9::1", "fd00:8::9"))
        return f"[{found}]" if brackets else found
