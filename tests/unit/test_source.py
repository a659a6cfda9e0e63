from __future__ import annotations

import dataclasses
import pickle

import pytest

from portranges import Confidence, Source
from portranges.source import cite


def test_the_line_with_and_without_a_section() -> None:
    with_section = Source(document="RFC 6335", section="section 6", checked="2026-11")
    assert str(with_section) == "RFC 6335, section 6 (checked 2026-11)"
    assert str(Source(document="RFC 1", checked="2026-11-24")) == "RFC 1 (checked 2026-11-24)"


def test_it_is_a_value() -> None:
    source = Source(document="RFC 1", checked="2026-11")
    assert source == Source(document="RFC 1", section="", checked="2026-11")
    assert source != Source(document="RFC 2", checked="2026-11")
    assert len({source, pickle.loads(pickle.dumps(source))}) == 1


def test_it_is_immutable() -> None:
    source = Source(document="RFC 1", checked="2026-11")
    with pytest.raises(dataclasses.FrozenInstanceError):
        source.document = "RFC 2"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def test_it_accepts_keywords_only() -> None:
    with pytest.raises(TypeError):
        Source("RFC 1", "", "2026-11")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def test_cite_makes_a_source() -> None:
    assert cite("RFC 1") == Source(document="RFC 1", checked="2026-11")
    assert cite("RFC 1", "section 2", checked="2026-12-01") == Source(
        document="RFC 1", section="section 2", checked="2026-12-01"
    )


def test_every_value_must_be_text() -> None:
    with pytest.raises(TypeError, match=r"^document must be a str, got int 1$"):
        cite(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeError, match=r"^checked must be a str, got NoneType None$"):
        cite("RFC 1", checked=None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_every_confidence_has_a_meaning() -> None:
    meanings = {each.meaning for each in Confidence}
    assert len(meanings) == len(Confidence)
    assert {each.value for each in Confidence} == {each.name.lower() for each in Confidence}
    for meaning in meanings:
        assert meaning[0].islower()
        assert not meaning.endswith(".")
