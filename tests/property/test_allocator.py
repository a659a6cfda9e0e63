"""Allocator against a slow model: a set of ports in use, by random operations."""

from __future__ import annotations

import random
from typing import ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from portranges import types
from portranges.errors import InvalidValueError, PortsExhaustedError
from portranges.selection import Allocator, algorithm
from selection_oracle import NAMES, REDRAWN, Full, Twin

_DESTINATIONS = st.sampled_from(["a", "b", "c"])

# These may give up although a port is free, by chance or by their scan.
_MAY_GIVE_UP = {"rfc6056-2", "rfc6056-5", "freertos", "linux-connect", "linux-bind"} | {
    "linux-bind-reuse"
}


class Machine(RuleBasedStateMachine):
    """Any algorithm on a small set, shared or not; the model is a dict of sets."""

    @initialize(
        name=st.sampled_from(sorted(NAMES)),
        ports=st.sets(st.integers(50000, 50012), min_size=1),
        excluded=st.sets(st.integers(49999, 50013), max_size=3),
        shared=st.booleans(),
        seed=st.integers(0, 2**32),
    )
    def start(
        self,
        name: types.AlgorithmName,
        ports: set[int],
        excluded: set[int],
        shared: bool,
        seed: int,
    ) -> None:
        self.name = name
        self.usable = ports - excluded
        self.size = len(ports)
        self.odd = (max(ports) - min(ports) + 1) % 2 == 1
        self.shared = shared
        self.held: dict[str, set[int]] = {"a": set(), "b": set(), "c": set()}
        self.allocator = Allocator(
            ports, name, excluded=excluded, shared=shared, rng=random.Random(seed)
        )

    def busy(self, destination: str) -> set[int]:
        if self.shared:
            return self.held[destination]
        return {port for held in self.held.values() for port in held}

    @rule(destination=_DESTINATIONS)
    def allocate(self, destination: str) -> None:
        free = self.usable - self.busy(destination)
        try:
            port = self.allocator.allocate(destination)
        except PortsExhaustedError as error:
            self.refused(error, destination, free)
        else:
            assert port in free
            assert self.allocator.probes >= 1
            self.held[destination].add(port)

    def refused(self, error: PortsExhaustedError, destination: str, free: set[int]) -> None:
        assert error.size == self.size
        assert error.in_use == len(self.busy(destination))
        assert error.excluded == self.size - len(self.usable)
        assert error.free == len(free)
        assert not free or self.name in _MAY_GIVE_UP
        if free and self.name.startswith("linux"):
            # One port at most, and in ranges of odd size only: of two halves
            # that are scanned on their own one has an even size.
            assert self.odd
            assert len(free) == 1

    @rule(destination=_DESTINATIONS, port=st.integers(50000, 50012))
    def take(self, destination: str, port: int) -> None:
        if port in self.usable - self.busy(destination):
            self.allocator.take(port, destination)
            self.held[destination].add(port)
        else:
            with pytest.raises(InvalidValueError):
                self.allocator.take(port, destination)

    @rule(destination=_DESTINATIONS, port=st.integers(50000, 50012))
    def release(self, destination: str, port: int) -> None:
        if port in self.busy(destination):
            self.allocator.release(port, destination)
            for held in self.held.values() if not self.shared else [self.held[destination]]:
                held.discard(port)
        else:
            with pytest.raises(InvalidValueError):
                self.allocator.release(port, destination)

    @rule()
    def release_all(self) -> None:
        for destination, held in self.held.items():
            for port in sorted(held):
                self.allocator.release(port, destination)
            held.clear()
        assert self.allocator.in_use == 0
        assert self.allocator.free == len(self.usable)
        assert not self.allocator._tables
        assert not self.allocator._uses

    @rule()
    def rekey(self) -> None:
        self.allocator.rekey()

    @invariant()
    def counts(self) -> None:
        if not hasattr(self, "allocator"):
            return
        assert self.allocator.in_use == sum(map(len, self.held.values()))
        anywhere = {port for held in self.held.values() for port in held}
        assert self.allocator.free == len(self.usable - anywhere)
        for destination in self.held:
            free = self.usable - self.busy(destination)
            assert self.allocator.free_towards(destination) == len(free)


TestAllocatorAgainstSets = Machine.TestCase


class TwinMachine(RuleBasedStateMachine):
    """A scanning algorithm finds port by port what its slow twin finds."""

    scans: ClassVar[list[str]] = [name for name in sorted(NAMES) if name not in REDRAWN]

    @initialize(
        name=st.sampled_from(scans),
        low=st.integers(1024, 65500),
        size=st.integers(1, 30),
        holes=st.sets(st.integers(0, 29), max_size=4),
        seed=st.integers(0, 2**32),
    )
    def start(
        self, name: types.AlgorithmName, low: int, size: int, holes: set[int], seed: int
    ) -> None:
        ports = set(range(low, low + size))
        excluded = {low + hole for hole in holes} & ports
        # Few and long chains, for the twin walks through them all in vain.
        cells = {"cells": 256} if name == "linux-udp" else {}
        row = algorithm(name).replace(**cells)
        self.twin = Twin(name, ports, excluded, seed=seed, **cells)
        self.allocator = Allocator(ports, row, excluded=excluded, rng=random.Random(seed))

    @rule(destination=st.sampled_from([None, "a", "b"]))
    def allocate(self, destination: str | None) -> None:
        try:
            expected = self.twin.allocate(destination)
        except Full:
            with pytest.raises(PortsExhaustedError):
                self.allocator.allocate(destination)
        else:
            assert self.allocator.allocate(destination) == expected
            assert self.allocator.probes == self.twin.probes

    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        if self.twin.busy:
            port = data.draw(st.sampled_from(sorted(self.twin.busy)))
            self.twin.busy.discard(port)
            self.allocator.release(port)


TestAllocatorAgainstTwin = TwinMachine.TestCase
