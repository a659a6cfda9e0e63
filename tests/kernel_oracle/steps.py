"""A script on one port: steps, and how they are written.

A step's text is its letter, its slot and the rest, as in::

    o0t6v0RPu0        open slot 0: tcp, inet6, v6only 0, both options, uid 0
    o1u4-u1000d       open slot 1: udp, inet, no option, uid 1000, device lo
    b0@::1            bind slot 0 to this address and the script's port
    z0@::1            bind slot 0 to this address and port 0
    l0                listen
    k0                connect with AF_UNSPEC
    c0@::1/A          connect to peer A (or B; X refuses)
    a2@::1u0          a client dials the script's port; its connection becomes slot 2
    a2@::1u0<0        ... and slot 0 was the listener that got it
    s0R1              set SO_REUSEADDR (P SO_REUSEPORT, V IPV6_V6ONLY, N NO_PORT, U owner)
    x0f               close: f first, s second, r reset, u unanswered
    w0.3              wait
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PEERS = {"A": 61001, "B": 61002, "X": 61003}
HOWS = {"f": "first", "s": "second", "r": "reset", "u": "unanswered"}


@dataclass(frozen=True, slots=True)
class Step:
    """One step; which fields matter depends on ``op``."""

    op: str
    slot: int = 0
    tcp: bool = True
    v6: bool = False
    v6only: bool = False
    r: bool = False
    rp: bool = False
    uid: int = 0
    dev: bool = False
    addr: str = ""
    peer: str = ""
    via: int = -1
    option: str = ""
    value: int = 0
    how: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        """Return the step's text."""
        head = f"{self.op}{self.slot}"
        match self.op:
            case "o":
                family = f"6v{self.v6only:d}" if self.v6 else "4"
                options = "R" * self.r + "P" * self.rp or "-"
                return (
                    f"{head}{'t' if self.tcp else 'u'}{family}{options}u{self.uid}{'d' * self.dev}"
                )
            case "b" | "z":
                return f"{head}@{self.addr}"
            case "c":
                return f"{head}@{self.addr}/{self.peer}"
            case "a":
                via = f"<{self.via}" if self.via >= 0 else ""
                return f"{head}@{self.addr}u{self.uid}{via}"
            case "s":
                return f"{head}{self.option}{self.value}"
            case "x":
                return f"{head}{self.how}"
            case "w":
                return f"w{self.seconds:g}"
            case _:
                return head


_OPEN = re.compile(r"o(\d+)([tu])(4|6v([01]))(R?P?|-)u(\d+)(d?)")
_BIND = re.compile(r"([bz])(\d+)@([0-9a-f.:]+)")
_CONNECT = re.compile(r"c(\d+)@([0-9a-f.:]+)/([ABX])")
_ACCEPT = re.compile(r"a(\d+)@([0-9a-f.:]+)u(\d+)(?:<(\d+))?")
_SET = re.compile(r"s(\d+)([RPVNU])(\d+)")
_CLOSE = re.compile(r"x(\d+)([fsru])")
_LISTEN = re.compile(r"([lk])(\d+)")
_WAIT = re.compile(r"w([0-9.]+)")


def parse(text: str) -> Step:
    """Return the step that *text* writes."""
    if m := _OPEN.fullmatch(text):
        return Step(
            "o",
            int(m[1]),
            tcp=m[2] == "t",
            v6=m[3] != "4",
            v6only=m[4] == "1",
            r="R" in m[5],
            rp="P" in m[5],
            uid=int(m[6]),
            dev=bool(m[7]),
        )
    if m := _BIND.fullmatch(text):
        return Step(m[1], int(m[2]), addr=m[3])
    if m := _CONNECT.fullmatch(text):
        return Step("c", int(m[1]), addr=m[2], peer=m[3])
    if m := _ACCEPT.fullmatch(text):
        via = -1 if m[4] is None else int(m[4])
        return Step("a", int(m[1]), addr=m[2], uid=int(m[3]), via=via)
    if m := _SET.fullmatch(text):
        return Step("s", int(m[1]), option=m[2], value=int(m[3]))
    if m := _CLOSE.fullmatch(text):
        return Step("x", int(m[1]), how=m[2])
    if m := _LISTEN.fullmatch(text):
        return Step(m[1], int(m[2]))
    if m := _WAIT.fullmatch(text):
        return Step("w", seconds=float(m[1]))
    raise ValueError(f"no step: {text!r}")
