"""Settings of machines: the texts of their files and commands, and what is made of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random

from frozen.plan import Question, area
from frozen.questions.names import mutated, port

_RECORDED = Path(__file__).resolve().parents[2] / "recorded"

# Each parser, with the recorded texts that it reads; a text in brackets is the text itself.
_PARSERS = {
    "parse_aix_range": "aix/no aix/no_indented",
    "parse_aix_time_wait": "aix/no_timewait",
    "parse_freebsd_reservedhigh": "[net.inet.ip.portrange.reservedhigh:1023]",
    "parse_ipadm_range": "solaris/ipadm",
    "parse_linux_milliseconds": "[1000]",
    "parse_linux_number": "[131072]",
    "parse_linux_port": "[1024]",
    "parse_linux_range": "linux/proc linux/sysctl linux/sysctl_n linux/gvisor_proc "
    "linux/gvisor_static",
    "parse_linux_reserved": "linux/reserved linux/reserved_empty linux/reserved_sysctl_empty",
    "parse_linux_seconds": "[60]",
    "parse_linux_time_wait_reuse": "[2]",
    "parse_msl": "macos/msl",
    "parse_ndd_range": "solaris/ndd",
    "parse_netbsd_range": "netbsd/sysctl",
    "parse_netsh_excluded": "windows/excluded_en windows/excluded_es windows/excluded_ko "
    "windows/excluded_udp_en windows/excluded_zh",
    "parse_netsh_exclusions": "windows/excluded_en windows/excluded_ko",
    "parse_netsh_range": "windows/netsh_en windows/netsh_en_26200 windows/netsh_fr "
    "windows/netsh_zh",
    "parse_openbsd_baddynamic": "openbsd/baddynamic",
    "parse_openbsd_range": "openbsd/sysctl",
    "parse_portrange": "macos/portrange freebsd/sysctl",
    "parse_powershell_range": "windows/get_nettcpsetting",
    "parse_powershell_ranges": "windows/get_nettcpsetting",
    "parse_registry_time_wait": "windows/reg_query",
    "parse_solaris_milliseconds": "[60000]",
    "parse_solaris_port": "[1024]",
    "parse_solaris_ports": "solaris/ipadm_extra_priv_ports",
    "parse_sysctl": "freebsd/sysctl_e freebsd/sysctl openbsd/sysctl",
}

# By platform: parts of the names of files and commands, with the text that they give.
_MACHINES = {
    "linux": {
        "ip_local_port_range": "linux/proc",
        "ip_local_reserved_ports": "linux/reserved",
        "ip_unprivileged_port_start": "[1024]",
        "tcp_tw_reuse_delay": "[1000]",
        "tcp_tw_reuse": "[2]",
        "tcp_max_tw_buckets": "[131072]",
        "tcp_fin_timeout": "[60]",
    },
    "darwin": {"portrange.first": "macos/portrange", "tcp.msl": "macos/msl"},
    "freebsd13": {
        "portrange.first": "freebsd/sysctl",
        "tcp.msl": "[net.inet.tcp.msl:30000]",
        "reservedhigh": "[net.inet.ip.portrange.reservedhigh:1023]",
    },
    "openbsd7": {"portfirst": "openbsd/sysctl", "baddynamic": "openbsd/baddynamic"},
    "netbsd10": {"inet.ip.anonport": "netbsd/sysctl", "inet6.ip6": "netbsd/sysctl_inet6"},
    "dragonfly6": {"portrange.first": "freebsd/sysctl", "tcp.msl": "macos/msl"},
    "sunos5": {
        "ipadm show-prop -c -o property,current": "solaris/ipadm",
        "smallest_anon_port": "solaris/ndd",
        "extra_priv_ports": "solaris/ipadm_extra_priv_ports",
        "smallest_nonpriv_port": "[1024]",
        "time_wait_interval": "[60000]",
    },
    "aix7": {"ephemeral": "aix/no", "timewait": "aix/no_timewait"},
    "win32": {
        "show dynamicport": "windows/netsh_en",
        "powershell": "windows/get_nettcpsetting",
        "excludedportrange": "windows/excluded_en",
        "reg query": "windows/reg_query",
    },
    "plan9": {},
}


@cache
def _text(name: str) -> str:
    if name.startswith("["):
        return name[1:-1].replace(":", ": ") + "\n"
    return (_RECORDED / f"{name}.txt").read_bytes().decode()


def _renumbered(rng: Random, text: str) -> str:
    """Return *text* with other numbers."""
    return re.sub(r"\b\d+\b", lambda _: str(port(rng)) if rng.random() < 0.5 else _[0], text)


@area("settings: texts", 20)
def texts(chunk: int, rng: Random) -> Iterator[Question]:
    """Read the texts of files and commands, with faults in them."""
    for name, recorded in _PARSERS.items():
        given = [_text(each) for each in recorded.split()]
        made = [mutated(rng, rng.choice(given)) for _ in range(8)]
        made += [_renumbered(rng, rng.choice(given)) for _ in range(8)]
        yield "parse_setting", name, ("", *given, *made)


@area("settings: machines", 20)
def machines(chunk: int, rng: Random) -> Iterator[Question]:
    """Read all settings of a machine, with some missing and some unreadable."""
    for platform, places in _MACHINES.items():
        for _ in range(6):
            given = []
            for part, recorded in places.items():
                text = _text(recorded)
                way = rng.random()
                if way < 0.1:
                    continue
                if way < 0.5:
                    text = mutated(rng, text) if way < 0.15 else _renumbered(rng, text)
                given.append((part, text))
            transport = rng.choice(("tcp", "tcp", "udp", "sctp", "dccp"))
            release = rng.choice(("", "6.18.44", "10.0.19045"))
            family = rng.choice(("inet", "inet", "inet6"))
            yield "read_settings", platform, release, tuple(given), transport, family
