"""Runs a sequence of calls on PortTable, and calls can_bind for the bind() of a fresh socket."""

from __future__ import annotations

from dataclasses import dataclass, field

from kernel_oracle.steps import HOWS, PEERS, Step
from portranges import PortRange
from portranges.reuse import Close, Decision, Handle, LinuxSettings, PortTable, Socket, can_bind

PORT = 20000
SETTINGS = LinuxSettings(ip_local_port_range=PortRange(PORT, PORT))


@dataclass(slots=True)
class Pair:
    """The answers of can_bind and of the table to one bind() of a sequence."""

    index: int
    pair: Decision
    table: Decision


@dataclass(slots=True)
class Model:
    """One script on a table of its own."""

    settings: LinuxSettings = SETTINGS
    ask_pairs: bool = True
    pairs: list[Pair] = field(default_factory=list[Pair])

    def play(self, steps: list[Step]) -> list[str]:
        """Take the steps; return the answers, as the kernel writes them."""
        table = PortTable("linux", settings=self.settings, seed=1)
        slots: dict[int, Handle] = {}
        dials = 0
        answers: list[str] = []
        for index, step in enumerate(steps):
            decision: Decision | None = None
            actor = step.via if step.op == "a" else step.slot
            if step.op not in "ow" and actor not in slots:
                answers.append("no socket")  # the sides parted earlier
                continue
            match step.op:
                case "o":
                    slots[step.slot] = table.socket(
                        "tcp" if step.tcp else "udp",
                        family="inet6" if step.v6 else "inet",
                        v6only=step.v6only if step.v6 else None,
                        reuse_address=step.r,
                        reuse_port=step.rp,
                        uid=step.uid,
                        privileged=True,
                        device="lo" if step.dev else None,
                    )
                case "b":
                    pair = self._pair(table, slots[step.slot], step) if self.ask_pairs else None
                    decision = table.bind(slots[step.slot], step.addr, PORT)
                    if pair is not None:
                        self.pairs.append(Pair(index, pair, decision))
                case "z":
                    decision = table.bind(slots[step.slot], step.addr, 0)
                case "l":
                    decision = table.listen(slots[step.slot])
                case "k":
                    decision = table.disconnect(slots[step.slot])
                case "c":
                    decision = table.connect(
                        slots[step.slot], step.addr, PEERS[step.peer], refused=step.peer == "X"
                    )
                case "a":
                    v4 = ":" not in step.addr
                    near = step.addr
                    listener = slots[step.via]
                    if v4 and table.describe(listener).family == "inet6":
                        near = f"::ffff:{step.addr}"
                    far = "127.0.0.1" if v4 else "::1"
                    dials += 1
                    decision = table.accept(
                        listener, uid=step.uid, local=near, peer=(far, 61100 + dials)
                    )
                    if decision.handle is not None:
                        slots[step.slot] = decision.handle
                case "s":
                    decision = self._set(table, slots[step.slot], step)
                case "x":
                    table.close(slots.pop(step.slot), Close(HOWS[step.how]))
                case _:
                    table.advance(step.seconds)
            answers.append("ok" if decision is None or decision.allowed else decision.error or "?")
        return answers

    def _set(self, table: PortTable, handle: Handle, step: Step) -> Decision:
        on = bool(step.value)
        match step.option:
            case "R":
                return table.set_option(handle, reuse_address=on)
            case "P":
                return table.set_option(handle, reuse_port=on)
            case "V":
                return table.set_option(handle, v6only=on)
            case "N":
                return table.set_option(handle, bind_address_no_port=on)
            case _:
                return table.set_option(handle, uid=step.value)

    def _pair(self, table: PortTable, handle: Handle, step: Step) -> Decision | None:
        """Call can_bind if the step is the bind() of a fresh socket; otherwise return None."""
        now = table.describe(handle)
        if now.port or now.state != "unbound":
            return None
        new = Socket(
            transport=now.transport,
            address=step.addr,
            port=PORT,
            v6only=now.v6only,
            reuse_address=now.reuse_address,
            reuse_port=now.reuse_port,
            uid=now.uid,
            privileged=True,
            device=now.device,
        )
        return can_bind(new, table.holders(PORT, now.transport))
