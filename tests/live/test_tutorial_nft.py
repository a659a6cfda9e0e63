"""The rule file of the first tutorial: nft must accept it, before and after the fix."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dialect_tools import in_namespace, needs
from portranges import PortSet, dialects

PAGE = Path(__file__).parents[2] / "docs" / "tutorials" / "first-rule.md"


def test_nft_accepts_the_file_of_the_tutorial() -> None:
    needs("nft")
    page = PAGE.read_text(encoding="utf-8")
    (shown,) = re.findall(
        r"^\$ cat > firewall\.nft <<END\n(.*?)^> END$", page, re.MULTILINE | re.DOTALL
    )
    ports = dialects.render(PortSet.parse("22,80,443"), "nft")
    text = re.sub(r"\$\(.*?\)", ports, shown.replace("\n> ", "\n").removeprefix("> "))
    (old, new) = re.findall(r"sed -i 's\|(.*?)\|(.*?)\|'", page)[0]
    fixed = text.replace(old, new)
    assert ports in text
    assert fixed != text
    check = ["nft", "-c", "-f", "-"]
    wrong = text.replace("accept", "open")
    _, answers = in_namespace(read=[(check, each) for each in (text, fixed, wrong)])
    if "Operation not supported" in answers[0][2]:
        pytest.skip(f"NOT CHECKED: the kernel has no nftables: {answers[0][2]}")
    assert answers[:2] == [[0, "", ""], [0, "", ""]]
    assert answers[2][0] == 1
