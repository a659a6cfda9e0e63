"""The rows of the systems, and how they are found."""

from __future__ import annotations

import re
from typing import Any

import pytest

from portranges import UnknownNameError, systems
from portranges.systems import COMMON, Kind, System, lookup, rows

by_name = pytest.mark.parametrize("row", rows(), ids=lambda row: row.name)


@by_name
def test_every_name_finds_its_row(row: System) -> None:
    names: tuple[Any, ...] = (row.name, *row.aliases)
    assert all(lookup(name) is row for name in names)
    for name in names:
        assert re.fullmatch(r"[a-z][a-z0-9./-]*", name)


@by_name
def test_every_row_is_well_formed(row: System) -> None:
    assert row.title == str(row) == row.title.strip()
    assert not row.title.endswith(".")
    assert not (row.last_release and row.is_current)
    assert row.is_current or row.kind is Kind.HOST


@by_name
def test_a_parent_is_a_row_and_no_row_is_its_own_ancestor(row: System) -> None:
    seen = {row.name}
    name: Any = row.parent
    while name:
        assert name not in seen
        seen.add(name)
        parent = lookup(name)
        assert parent.name == name
        name = parent.parent


def test_titles_are_unique() -> None:
    titles = [row.title for row in rows()]
    assert len(set(titles)) == len(titles)


def test_rows_are_in_order_of_their_kinds() -> None:
    kinds = [row.kind for row in rows()]
    assert kinds == sorted(kinds, key=list(Kind).index)


def test_the_common_systems_are_current_hosts() -> None:
    for name in COMMON:
        assert lookup(name).is_current
        assert lookup(name).kind is Kind.HOST


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("linus", "unknown system, got 'linus'; did you mean 'linux'?"),
        ("vxworks", "unknown system, got 'vxworks'"),
        ("", "unknown system, got ''"),
    ],
)
def test_an_unknown_name_is_refused(name: Any, message: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        lookup(name)
    assert str(caught.value) == message


def test_a_name_is_text() -> None:
    wrong: Any = 3
    with pytest.raises(TypeError, match=r"^name must be a str, got int 3$"):
        lookup(wrong)


def test_a_system_made_by_the_caller() -> None:
    kind: Any = "middlebox"
    mine = System(name="mine", title="My router", kind=kind)
    assert mine.kind is Kind.MIDDLEBOX
    assert mine.is_current
    assert mine.parent == ""
    assert mine not in systems.rows()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": 3}, "name must be a str, got int 3"),
        ({"name": ""}, "name must not be empty, got ''"),
        ({"title": ""}, "title must not be empty, got ''"),
        ({"aliases": "x"}, "aliases must be a tuple, got str 'x'"),
        ({"aliases": (3,)}, "each of aliases must be a str, got int 3"),
        ({"kind": "hots"}, "unknown kind, got 'hots'; did you mean 'host'?"),
        ({"is_current": 1}, "is_current must be a bool, got int 1"),
        ({"source": "RFC 1"}, "source must be a Source or None, got str 'RFC 1'"),
    ],
)
def test_wrong_values_are_refused(wrong: dict[str, Any], message: str) -> None:
    valid: dict[str, Any] = {"name": "mine", "title": "Mine"}
    with pytest.raises((TypeError, ValueError, UnknownNameError)) as caught:
        System(**{**valid, **wrong})
    assert str(caught.value) == message
