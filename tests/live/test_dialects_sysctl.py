"""ip_local_reserved_ports: written to the kernel's own file in a namespace, and read back."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap

import pytest

import dialect_manuals
from dialect_tools import edge_sets, needs, random_sets
from portranges import PortSet, dialects

ROW = dialects.lookup("reserved-ports")
SETS = edge_sets() + random_sets(6)

CHILD = textwrap.dedent(
    """
    import ctypes, json, os, sys
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(0x40000000):  # CLONE_NEWNET
        sys.exit(77)
    path = "/proc/sys/net/ipv4/ip_local_reserved_ports"
    answers = []
    for texts in json.load(sys.stdin):
        with open(path, "w") as file:
            file.write("\\n")
        written = []
        descriptor = os.open(path, os.O_WRONLY)
        try:
            for text in texts:
                written.append(os.write(descriptor, text.encode()) == len(text.encode()))
        except OSError:
            written.append(False)
        finally:
            os.close(descriptor)
        # One read with room for all: what does not fit into it is never shown.
        descriptor = os.open(path, os.O_RDONLY)
        answers.append([all(written), os.read(descriptor, 1 << 20).decode()])
        os.close(descriptor)
    print(json.dumps(answers))
    """
)


def reserved(groups: list[list[str]]) -> list[str | None]:
    """What the kernel shows after each group was written to one open file; None if refused."""
    needs("true")
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        input=json.dumps(groups),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip("NOT CHECKED: no network namespace may be made here")
    assert done.returncode == 0, done.stderr
    return [text if whole else None for whole, text in json.loads(done.stdout)]


def test_the_kernel_reserves_exactly_the_set_and_shows_the_same_text():
    groups = [dialects.render_rules(ports, "reserved-ports") for ports in SETS]
    answers = reserved(groups)
    assert [dialects.parse(text or "", "reserved-ports") for text in answers] == SETS
    assert answers == [f"{group[0]}\n" for group in groups]


def test_a_text_of_many_pages_is_written_in_parts():
    ports = PortSet(range(1, 65536, 2))
    texts = dialects.render_rules(ports, "reserved-ports")
    assert len(texts) > 40
    (answer,) = reserved([texts])
    assert dialects.parse(answer or "", "reserved-ports") == ports
    # In one write all but a page of it would be lost.
    assert reserved([[",".join(texts)]]) == [None]


def test_the_limit_is_a_page_less_a_byte():
    text = ",".join(map(str, range(10001, 20001, 2)))
    assert reserved([[text[:4095]], [text[:4096]]])[1] is None
    assert reserved([[text[:4095]]])[0] is not None
    assert max(map(len, dialects.render_rules(PortSet(range(1, 65536, 2)), ROW.name))) <= 4094


def test_the_empty_set_clears():
    texts = [dialects.render(PortSet([80]), ROW.name), dialects.render(PortSet(), ROW.name)]
    assert texts == ["80", "\n"]
    assert reserved([["\n"]]) == ["\n"]
    assert dialects.parse("\n", ROW.name) == dialects.parse("", ROW.name) == PortSet()


@pytest.mark.parametrize("odd", ROW.misread_texts, ids=lambda odd: odd.text)
def test_the_kernel_reads_the_misread_texts_as_the_row_says(odd):
    (answer,) = reserved([[odd.text]])
    assert (None if answer is None else PortSet.parse(answer.strip())) == odd.understood


def test_the_kernel_reads_a_trailing_comma():
    texts = dialect_manuals.read(ROW.name)
    assert reserved([[text] for text in texts]) == [f"{ports}\n" for ports in texts.values()]
