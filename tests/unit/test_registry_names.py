from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portranges import PortSyntaxError
from portranges.names import near
from portranges.registry import SHIPPED, is_service_name
from portranges.registry.service_names import check_service_name

# The ABNF of RFC 6335, section 5.1, which leaves the length to the prose.
ABNF = re.compile(r"(?:[0-9]+-?)*[A-Za-z](?:-?[A-Za-z0-9])*")


class TestIsServiceName:
    @pytest.mark.parametrize(
        "name", ["a", "Z", "9p", "1-a", "http", "a-1-b-2", "123456789012-ab", "x" * 15, "0a"]
    )
    def test_valid_service_names(self, name: str) -> None:
        assert is_service_name(name)
        assert check_service_name(name) is name

    # Name, what it must do, and the marked part.
    WRONG = (
        ("", "have 1 to 15 characters", ""),
        ("x" * 16, "have 1 to 15 characters", "x"),
        ("23", "have a letter", "23"),
        ("6000-6063", "have a letter", "6000-6063"),
        ("-a", "not begin with '-'", "-"),
        ("a-", "not end with '-'", "-"),
        ("-", "not begin with '-'", "-"),
        ("a--b", "not have two '-' in a row", "--"),
        ("a_b", "have only ASCII letters, digits and '-'", "_"),
        ("z39.50", "have only ASCII letters, digits and '-'", "."),
        ("whois++", "have only ASCII letters, digits and '-'", "+"),
        ("a b", "have only ASCII letters, digits and '-'", " "),
        ("http\n", "have only ASCII letters, digits and '-'", "\n"),
        ("é", "have only ASCII letters, digits and '-'", "é"),
        ("a²", "have only ASCII letters, digits and '-'", "²"),
        ("a١", "have only ASCII letters, digits and '-'", "١"),
    )

    @pytest.mark.parametrize(("name", "rule", "marked"), WRONG)
    def test_invalid_service_names_are_refused_with_the_rule(
        self, name: str, rule: str, marked: str
    ) -> None:
        assert not is_service_name(name)
        with pytest.raises(PortSyntaxError) as caught:
            check_service_name(name)
        assert caught.value.reason == f"a service name must {rule}, got {name!r}"
        assert caught.value.text == name
        start, stop = caught.value.span
        assert name[start:stop] == marked

    @given(st.text(alphabet="aZ09--_ é", max_size=18))
    def test_agrees_with_the_abnf_of_the_rfc(self, name: str) -> None:
        assert is_service_name(name) == (len(name) <= 15 and ABNF.fullmatch(name) is not None)

    def test_old_names_of_the_registry(self) -> None:
        names = set(SHIPPED._table.names())
        assert len([name for name in names if not is_service_name(name)]) == 97

    @pytest.mark.parametrize("name", [None, 80, b"http"])
    def test_other_types_are_refused(self, name: Any) -> None:
        with pytest.raises(TypeError, match=r"^text must be a str, got "):
            is_service_name(name)
        with pytest.raises(TypeError, match=r"^a service name must be a str, got "):
            check_service_name(name)

    def test_ten_megabytes_are_not_a_service_name(self) -> None:
        assert not is_service_name("a" * 10_000_000)


class TestNear:
    KNOWN = ("linux", "windows", "macos", "FreeBSD", "netbsd")

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("linus", ("linux",)),
            ("LINUX", ("linux",)),
            ("freebsd", ("FreeBSD", "netbsd")),
            ("window", ("windows",)),
            ("zzzz", ()),
            ("", ()),
            ("l" * 65, ()),
        ],
    )
    def test_similar_names_are_found(self, name: str, expected: tuple[str, ...]) -> None:
        assert near(name, self.KNOWN) == expected

    def test_at_most_three(self) -> None:
        assert near("abcd", ["abcd1", "abcd2", "abcd3", "abcd4"]) == ("abcd1", "abcd2", "abcd3")

    def test_a_name_with_the_same_first_letter_comes_first(self) -> None:
        assert near("bat", ["cat", "bad", "aat"]) == ("bad", "aat", "cat")

    def test_no_known_names_give_no_suggestions(self) -> None:
        assert near("linux", ()) == ()

    def test_a_name_is_suggested_once(self) -> None:
        assert near("linux", ["linux", "linux"]) == ("linux",)

    @given(st.text(max_size=80), st.lists(st.text(max_size=20), max_size=10))
    def test_any_text_gives_at_most_three_known_names(self, name: str, known: list[str]) -> None:
        found = near(name, known)
        assert len(found) <= 3
        assert set(found) <= set(known)

    def test_ten_megabytes_resemble_no_name(self) -> None:
        # Compared letter by letter they would take hours.
        assert near("linux" * 2_000_000, self.KNOWN) == ()
