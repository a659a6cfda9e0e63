from __future__ import annotations

import dataclasses
import pickle

import pytest

from portranges import Source


def test_the_line_with_and_without_a_section() -> None:
    with_section = Source(document="RFC 6335", section="section 6", checked="2026-11")
    assert str(with_section) == "RFC 6335, section 6 (checked 2026-11)"
    assert str(Source(document="RFC 1", checked="2026-11-24")) == "RFC 1 (checked 2026-11-24)"


def test_it_is_a_value() -> None:
    source = Source(document="RFC 1", checked="2026-11")
    assert source == Source(document="RFC 1", section="", checked="2026-11")
    assert source != Source(document="RFC 2", checked="2026-11")
    assert len({source, pickle.loads(pickle.dumps(source))}) == 1


def test_it_never_changes() -> None:
    source = Source(document="RFC 1", checked="2026-11")
    with pytest.raises(dataclasses.FrozenInstanceError):
        source.document = "RFC 2"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def test_it_takes_names_only() -> None:
    with pytest.raises(TypeError):
        Source("RFC 1", "", "2026-11")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
