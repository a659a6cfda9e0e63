"""A recorded Linux machine, which the examples in the documentation read."""

from __future__ import annotations

from portranges import types
from portranges.system.model import Machine

# As Linux 6.18.44 wrote them, in a network namespace with a list of reserved ports, for a process
# without privileges; of its status, only the lines that are read.
_FILES = {
    "/proc/sys/net/ipv4/ip_local_port_range": "32768\t60999\n",
    "/proc/sys/net/ipv4/ip_local_reserved_ports": "40000-40003,40007\n",
    "/proc/sys/net/ipv4/ip_unprivileged_port_start": "1024\n",
    "/proc/sys/net/ipv4/tcp_tw_reuse": "2\n",
    "/proc/sys/net/ipv4/tcp_tw_reuse_delay": "1000\n",
    "/proc/sys/net/ipv4/tcp_max_tw_buckets": "131072\n",
    "/proc/sys/net/ipv4/tcp_fin_timeout": "60\n",
    "/proc/self/status": "Uid:\t1000\t1000\t1000\t1000\nCapEff:\t0000000000000000\n",
}


def _read_file(path: str) -> str:
    if path not in _FILES:
        raise FileNotFoundError(2, "No such file or directory", path)
    return _FILES[path]


def _run(command: types.Sequence[str]) -> str:
    raise FileNotFoundError(2, "No such file or directory", command[0])


RECORDED_LINUX = Machine(platform="linux", release="6.18.44", read_file=_read_file, run=_run)
