"""Names and values that the questions use, as they were in the frozen package.

A name that has changed since is translated by ``new.py``, not here.
"""

from __future__ import annotations

from random import Random

TRANSPORTS = ("tcp", "udp", "sctp", "dccp")

PROFILES = tuple(
    """linux linux-2.6.24 linux-2.4-bigmem linux-2.4-lowmem linux-2.2 android wsl2 wsl2-mirrored
    wslc windows windows-xp windows-exchange2007 windows-devbox macos ios freebsd freebsd-4.6
    freebsd-2 openbsd netbsd dragonfly bsd-4.3 solaris aix hpux openvms nonstop zos qnx qnx-iopkt
    lwip lwip-udp lwip-old zephyr freertos smoltcp gvisor aws-nat-gateway aws-elb aws-lambda
    azure-load-balancer azure-nat-gateway gcp-cloud-nat cgn nf-nat nf-nat-below-1024
    nf-nat-below-512 docker-linux docker-windows docker-freebsd kubernetes-nodeport sunrpc
    bsd-rresvport iana rfc6056 aws-docs-linux aws-docs-windows-2003 aws-docs-windows""".split()
)
PROFILE_ALIASES = tuple(
    """linux-4.2 wsl2-nat windows-vista windows-7 windows-8 windows-10 windows-11 windows-2008
    windows-2012 windows-2016 windows-2019 windows-2022 windows-2025 windows-2000 windows-2003
    darwin osx ipados tvos watchos freebsd-8 dragonflybsd illumos opensolaris sunos hp-ux
    tru64-openvms z/os qnx-iosock lwip-tcp nfs-client rfc6335""".split()
)
ALGORITHMS = tuple(
    """rfc6056-1 rfc6056-2 rfc6056-3 rfc6056-4 rfc6056-5 linux-connect linux-connect-range
    linux-bind linux-bind-reuse linux-udp linux-2.6.24-connect linux-2.6.24-bind freebsd openbsd
    macos-tcp macos-udp netbsd solaris bsd-sequential windows windows-xp gvisor lwip zephyr
    freertos""".split()
)
ALGORITHM_ALIASES = tuple(
    "macos ios-tcp ios-udp illumos bsd-4.3 freebsd-2 dragonfly linux-2.2 lwip-tcp lwip-udp".split()
)
REUSE_SYSTEMS = tuple(
    """linux freebsd freebsd-14 freebsd-13 macos openbsd netbsd illumos solaris windows
    windows-2003 windows-xp""".split()
)
METHODS = tuple(
    """connect bind-no-port connect-range bind0 bind0-reuse bind0-autobind-reuse bind-explicit
    udp""".split()
)
DIALECTS = tuple(
    """nft nft-set iptables iptables-multiport ipset reserved-ports ovs tc-flower ufw firewalld
    systemd bpf wireshark nmap suricata squid haproxy docker pf cisco junos netsh powershell
    calico portranges""".split()
)
DIALECT_ALIASES = tuple(
    """nftables multiport ip_local_reserved_ports openvswitch flower tcpdump libpcap tshark snort
    ios cisco-ios juniper windows neutral""".split()
)

# Ports at which something begins or ends.
EDGES = tuple(
    map(
        int,
        """0 1 2 7 22 53 79 80 81 443 511 512 600 665 1023 1024 1025 2048 2049 3389 4096 5000 5001
        8080 9999 10000 16383 16384 32767 32768 32769 49151 49152 60999 61000 65533 65534
        65535""".split(),
    )
)


def port(rng: Random) -> int:
    """Return a port, often one at an edge."""
    return rng.choice(EDGES) if rng.random() < 0.4 else rng.randrange(65536)


def range_text(rng: Random, widest: int = 65535) -> str:
    """Return a range as text."""
    first = port(rng)
    last = min(65535, first + int(widest * rng.random() ** 4))
    return str(first) if first == last else f"{first}-{last}"


def set_text(rng: Random, *, empty: float = 0.02) -> str:
    """Return a set as text: one port, some ranges, many single ports, a mask's ports."""
    kind = rng.random()
    if kind < empty:
        return ""
    if kind < 0.25:
        return str(port(rng))
    if kind < 0.75:
        return ",".join(range_text(rng) for _ in range(rng.randint(1, 6)))
    if kind < 0.85:
        start = rng.randrange(60000)
        step = rng.choice((2, 3, 16))
        return ",".join(map(str, range(start, start + step * rng.randint(2, 40), step)))
    if kind < 0.95:
        size = 1 << rng.randint(0, 12)
        first = rng.randrange(65536 // size) * size
        return f"{first}-{first + size - 1}"
    if kind < 0.97:
        return "0-65535"
    return ",".join(range_text(rng, 200) for _ in range(rng.randint(15, 60)))


_LETTERS = "0123456789,-:/ \t\n!.xabeftcpudh{}[]<>=\"'~\u0663+"


def mutated(rng: Random, text: str) -> str:
    """Return *text* with a few letters left out, put in, exchanged or doubled."""
    for _ in range(rng.randint(1, 3)):
        at = rng.randint(0, len(text))
        way = rng.randrange(5)
        if way == 0:
            text = text[:at] + text[at + 1 :]
        elif way == 1:
            text = text[:at] + rng.choice(_LETTERS) + text[at:]
        elif way == 2:
            text = text[:at] + rng.choice(_LETTERS) + text[at + 1 :]
        elif way == 3:
            stop = at + rng.randint(1, 8)
            text = text[:stop] + text[at:]
        else:
            stop = at + rng.randint(1, 8)
            text = text[:at] + text[at:stop][::-1] + text[stop:]
    return text
