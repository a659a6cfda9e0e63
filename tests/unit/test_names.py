from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from portranges.errors import UnknownNameError
from portranges.names import Index, near


@dataclass(frozen=True)
class Row:
    name: str
    aliases: tuple[str, ...] = ()


FRUIT = (Row("apple", ("malus",)), Row("pear"))
INDEX = Index.of("fruit", FRUIT, argument="fruit")


def test_a_name_and_an_alias_find_the_same_row() -> None:
    assert INDEX.find("apple") is INDEX.find("malus") is INDEX["apple"] is FRUIT[0]
    assert list(INDEX) == ["apple", "malus", "pear"]
    assert "malus" in INDEX
    assert "plum" not in INDEX


def test_an_unknown_name_is_reported_with_similar_ones() -> None:
    for ask in (INDEX.find, INDEX.__getitem__):
        with pytest.raises(UnknownNameError) as caught:
            ask("aple")
        assert str(caught.value) == "unknown fruit, got 'aple'; did you mean 'apple'?"
        assert (caught.value.kind, caught.value.near) == ("fruit", ("apple",))


@pytest.mark.parametrize("name", [None, 3, b"apple", ["apple"], ("apple",)])
def test_a_name_that_is_not_text_is_a_typeerror(name: Any) -> None:
    with pytest.raises(TypeError, match=r"^fruit must be a str, got "):
        INDEX.find(name)


def test_the_argument_is_called_name_by_default() -> None:
    with pytest.raises(TypeError, match=r"^name must be a str, got int 3$"):
        Index.of("fruit", FRUIT).find(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_two_rows_cannot_share_a_name() -> None:
    with pytest.raises(ValueError, match=r"^each fruit must have its own names, got 'pear' twice$"):
        Index.of("fruit", [*FRUIT, Row("nashi", ("pear",))])


def test_an_index_of_anything() -> None:
    index = Index("number", {"one": 1, "two": 2})
    assert index.find("one") + index["two"] == 3


def test_near_returns_at_most_three_names_best_first() -> None:
    assert near("htpp", ["ftp", "http", "https"]) == ("http", "https")
    assert near("zzz", ["ftp", "http"]) == ()
    assert len(near("port1", [f"port{each}" for each in range(2, 9)])) == 3
    assert near("HTPP", ["http"]) == ("http",)


def test_near_prefers_the_same_first_letter() -> None:
    assert near("bat", ["cat", "bad"]) == ("bad", "cat")


def test_near_does_not_compare_long_texts() -> None:
    assert near("x" * 65, ["x" * 64]) == ()
