"""A Literal type lists exactly the words that its functions accept."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterable

import pytest

from portranges import (
    Family,
    capacity,
    dialects,
    ephemeral,
    flows,
    probe,
    reuse,
    rulesets,
    selection,
    system,
    systems,
    types,
)
from portranges.ephemeral.model import ALGORITHMS
from portranges.system.rows import READINGS

# Each alias in ``portranges.types``, and the words that are accepted at run time.
WORDS: dict[str, Callable[[], Iterable[str]]] = {
    "AlgorithmName": lambda: [
        name for row in selection.algorithms() for name in (row.name, *row.aliases)
    ],
    "BackendName": lambda: probe.Backend,
    "CloseName": lambda: reuse.Close,
    "DialectName": lambda: (name for row in dialects.rows() for name in (row.name, *row.aliases)),
    "DirectionName": lambda: rulesets.Direction,
    "FamilyName": lambda: Family,
    "FieldName": lambda: system.Field,
    "MappingFormName": lambda: [
        name for row in dialects.mapping_forms() for name in (row.name, *row.aliases)
    ],
    "MethodName": lambda: {
        method.name for row in ephemeral.profiles() for method in capacity.methods(row)
    },
    "Quote": lambda: ("", *flows.sql.CLOSING),
    "ReuseStateName": lambda: reuse.State,
    "ReuseSystemName": reuse.systems,
    "SettingProgram": lambda: {row.program for row in READINGS if row.program},
    "SocketStateName": lambda: probe.SocketState,
    "SystemName": lambda: [name for row in systems.rows() for name in (row.name, *row.aliases)],
    "TcpOrUdpName": lambda: probe.row.TRANSPORTS,
}


def test_rows_of_ephemeral_may_name_every_algorithm() -> None:
    assert sorted(ALGORITHMS) == sorted(["", *WORDS["AlgorithmName"]()])


@pytest.mark.parametrize("alias", WORDS)
def test_the_alias_lists_the_accepted_words(alias: str) -> None:
    words = [str(word) for word in WORDS[alias]()]
    assert sorted(typing.get_args(getattr(types, alias))) == sorted(words)
