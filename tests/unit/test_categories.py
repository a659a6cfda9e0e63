from __future__ import annotations

from typing import Any

import pytest

from portranges import Category, InvalidPortError, PortRange, classify


@pytest.mark.parametrize(
    ("port", "category"),
    [
        (0, Category.SYSTEM),
        (1023, Category.SYSTEM),
        (1024, Category.USER),
        (49151, Category.USER),
        (49152, Category.DYNAMIC),
        (60454, Category.DYNAMIC),
        (65535, Category.DYNAMIC),
    ],
)
def test_classify_at_the_borders(port: int, category: Category) -> None:
    assert classify(port) is category


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (True, "port must be an integer, got bool True"),
        (80.0, "port must be an integer, got float 80.0"),
        (None, "port must be an integer, got NoneType None"),
        ("80", "port must be an integer, got str '80'; parse_port() reads text"),
    ],
)
def test_classify_accepts_integers_only(value: Any, message: str) -> None:
    with pytest.raises(TypeError) as caught:
        classify(value)
    assert str(caught.value) == message


@pytest.mark.parametrize("port", [-1, 65536, -256, 2**64])
def test_classify_refuses_numbers_that_are_not_ports(port: int) -> None:
    with pytest.raises(InvalidPortError) as caught:
        classify(port)
    assert str(caught.value) == f"port must be in 0..65535, got {port}"


def test_classify_accepts_an_object_with_an_index() -> None:
    class Index:
        def __index__(self) -> int:
            return 60454

    assert classify(Index()) is Category.DYNAMIC


def test_the_three_categories_and_their_aliases() -> None:
    assert list(Category) == [Category.SYSTEM, Category.USER, Category.DYNAMIC]
    assert [category.value for category in Category] == ["system", "user", "dynamic"]
    assert Category.__members__.keys() - {category.name for category in Category} == {
        "WELL_KNOWN",
        "REGISTERED",
        "PRIVATE",
        "EPHEMERAL",
    }
    aliases = ("WELL_KNOWN", "REGISTERED", "PRIVATE", "EPHEMERAL")
    assert [Category[alias].name for alias in aliases] == ["SYSTEM", "USER", "DYNAMIC", "DYNAMIC"]


def test_a_category_is_its_text() -> None:
    assert f"{Category.DYNAMIC}" == "dynamic"
    assert Category("user") is Category.USER


@pytest.mark.parametrize(
    ("category", "ports", "label", "others", "procedure"),
    [
        (
            Category.SYSTEM,
            PortRange(0, 1023),
            "System Ports",
            ("Well Known Ports",),
            "IETF Review or IESG Approval",
        ),
        (
            Category.USER,
            PortRange(1024, 49151),
            "User Ports",
            ("Registered Ports",),
            "IETF Review, IESG Approval or Expert Review",
        ),
        (
            Category.DYNAMIC,
            PortRange(49152, 65535),
            "Dynamic Ports",
            ("Private Ports", "Ephemeral Ports"),
            "never assigned",
        ),
    ],
)
def test_the_facts_of_a_category(
    category: Category, ports: PortRange, label: str, others: tuple[str, ...], procedure: str
) -> None:
    assert category.ports == ports
    assert category.label == label
    assert category.other_labels == others
    assert category.procedure == procedure
    assert category.source.document == "RFC 6335"
