"""The values in ``.env`` files: what 'docker compose config' prints for the same files."""

from __future__ import annotations

import pytest

from portranges import SystemReadError
from portranges.cli.env_file import variables_in


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        ("# a\n\n  # b\nA=1", {"A": "1"}),
        ("A=1\r\nexport B = 2 # c\r\n\tC: 3\r\n", {"A": "1", "B": "2", "C": "3"}),
        ("A=#c\nB=a#b\nC=9\t#c\nD=a # b # c", {"A": "#c", "B": "a#b", "C": "9\t#c", "D": "a"}),
        ("A=\nB=  \nC", {"A": "", "B": ""}),
        ("A='$B' # c\nB=\"x\ny\"", {"A": "$B", "B": "x\ny"}),
        ('A="a\\"b"\nB="a\\$b"\nC="a\\nb"', {"A": 'a"b', "B": "a$b", "C": "a\nb"}),
        (
            'A=1\nB=$A\nC="${A}"\nD=${E:-7}\nE=$$x',
            {"A": "1", "B": "1", "C": "1", "D": "7", "E": "$x"},
        ),
        ("A=a'b\nB=a=b\nA=2", {"A": "2", "B": "a=b"}),
    ],
)
def test_values(text: str, values: dict[str, str]) -> None:
    assert variables_in("f", text) == values


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("A=1\nB C", 2, "expected NAME=VALUE, got 'B C'"),
        ("\n\nA='1", 3, 'expected NAME=VALUE, got "A=\'1"'),
        ("=1", 1, "expected NAME=VALUE, got '=1'"),
        ('A="1" 2', 1, "expected NAME=VALUE, got 'A=\"1\" 2'"),
        ("A=1\nB=$C", 2, "a variable must have a default or a value, got '$C'"),
    ],
)
def test_what_is_refused(text: str, line: int, reason: str) -> None:
    with pytest.raises(SystemReadError) as caught:
        variables_in("f", text)
    assert str(caught.value).startswith(f"cannot read 'f', line {line}: {reason}")
