"""``portranges registry``: search the registry, or compare it with an official file."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from envelope import error_of, result_of
from portranges import registry
from portranges.cli import main
from portranges.registry import SHIPPED
from portranges.registry.iana_columns import COLUMNS


def official(*changed: tuple[str, str, str, str], without: tuple[int, ...] = ()) -> str:
    """Return a CSV file with the rows of the shipped registry, apart from the *changed* ports."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    others = {int(port.partition("-")[0]) for _, port, *_ in changed} | {*without}
    for row in SHIPPED:
        if row.ports.first not in others:
            cells = (row.service or "", str(row.ports), str(row.transport), row.description)
            writer.writerow([*cells, *[""] * 8])
    for cells in changed:
        writer.writerow([*cells, *[""] * 8])
    # As in IANA's file, which has rows for the ports that are not assigned.
    writer.writerow(["", "48702-48999", "", "Unassigned", *[""] * 8])
    return text.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "official.csv"


def test_search_prints_the_best_rows_first(capsys):
    assert main(["registry", "--search", "postgres"]) == 0
    assert capsys.readouterr() == (
        "ports  transports  service     description\n"
        "5432   tcp,udp     postgresql  PostgreSQL Database\n"
        "8432   tcp         pgbackrest  PostgreSQL Backup\n",
        "",
    )


def test_a_row_without_a_name_has_its_state(capsys):
    assert main(["registry", "--search", "any private"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "24     tcp,udp     (assigned)  any private mail system"
    assert len(lines) == 8


def test_long_descriptions_are_cut_to_the_width(capsys):
    assert main(["registry", "--search", "the"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) == 80
    assert any(line.endswith("...") for line in lines)


def test_search_as_json_has_every_row(capsys):
    assert main(["registry", "--search", "postgres", "--json"]) == 0
    result = result_of(capsys.readouterr().out, "registry")
    assert (result["text"], result["source"]) == ("postgres", str(registry.source))
    assert [(each["ports"], each["transport"]) for each in result["rows"]] == [
        ("5432", "tcp"),
        ("5432", "udp"),
        ("8432", "tcp"),
    ]
    assert result["rows"][0] == {
        "ports": "5432",
        "transport": "tcp",
        "state": "assigned",
        "service": "postgresql",
        "description": "PostgreSQL Database",
    }


def test_nothing_found_is_the_answer_no(capsys):
    assert main(["registry", "--search", "zzzz"]) == 1
    assert capsys.readouterr() == ("no row matches\n", "")
    assert main(["registry", "--search", "zzzz", "--json"]) == 1
    assert result_of(capsys.readouterr().out, "registry")["rows"] == []


def test_the_same_file_has_no_differences(capsys, file):
    file.write_text(official(), encoding="utf-8", newline="")
    assert main(["registry", "--compare", str(file)]) == 0
    assert capsys.readouterr() == (
        "0 added, 0 removed, 0 changed (shipped: edition of 2026-08-17; file: edition\nunknown)\n",
        "",
    )
    assert main(["registry", "--compare", str(file), "--json"]) == 0
    assert result_of(capsys.readouterr().out, "registry")["differences"] == []


CHANGED = (
    ("billing", "8443", "tcp", "PCsync HTTPS"),
    ("pcsync-https", "8443", "udp", "another text, which is so long that it takes a second line"),
    ("", "5432", "tcp", "Reserved"),
    ("", "5432", "udp", "Reserved"),
    ("new", "48700", "", "a new service"),
    ("new", "48701", "", "a new service"),
)
COMPARED = """\
removed  17/tcp,udp     assigned to qotd (Quote of the Day)
changed  5432/tcp,udp   state: assigned -> reserved
                        names: postgresql -> none
                        description: PostgreSQL Database -> Reserved
changed  8443/tcp       names: pcsync-https -> billing
changed  8443/udp       description: PCsync HTTPS -> another text, which is so
                        long that it takes a second line
added    48700-48701    assigned to new (a new service)

1 added, 1 removed, 3 changed (shipped: edition of 2026-08-17; file: edition
unknown)
"""


def test_compare_prints_what_differs(capsys, file):
    file.write_text(official(*CHANGED, without=(17,)), encoding="utf-8", newline="")
    assert main(["registry", "--compare", str(file)]) == 1
    out = capsys.readouterr().out
    assert [line.split() for line in out.splitlines()] == [
        line.split() for line in COMPARED.splitlines()
    ]
    assert {line.index(line.split()[2]) for line in out.splitlines()[:2]} == {23}
    assert max(map(len, out.splitlines())) <= 80


def test_compare_as_json(capsys, file):
    file.write_text(official(*CHANGED, without=(17,)), encoding="utf-8", newline="")
    assert main(["registry", "--compare", str(file), "--json"]) == 1
    result = result_of(capsys.readouterr().out, "registry")
    assert result["shipped"] == str(registry.source)
    assert result["file"].endswith("edition unknown (checked unknown)")
    first, *_, last = result["differences"]
    assert first == {
        "kind": "removed",
        "ports": "17",
        "transports": ["tcp", "udp"],
        "before": [{"state": "assigned", "service": "qotd", "description": "Quote of the Day"}],
        "after": [],
    }
    assert (last["kind"], last["ports"], len(last["transports"])) == ("added", "48700-48701", 4)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "registry requires --search or --compare, got neither"),
        (["--search", " "], "text must have a word, got ' '"),
        (["--search", "x" * 101], "text must have at most 100 characters, got 101"),
        (["--compare", "/no/file"], "cannot read '/no/file': No such file or directory"),
    ],
)
def test_usage_errors(words, message, capsys):
    assert main(["registry", *words]) == 2
    assert capsys.readouterr() == ("", f"portranges: {message}\n")
    assert main(["registry", *words, "--json"]) == 2
    assert error_of(capsys.readouterr().out)["message"] == message


def test_a_file_that_is_not_the_registry(capsys, file):
    file.write_text("http 80/tcp\n")
    assert main(["registry", "--compare", str(file)]) == 2
    assert "expected the header of IANA's CSV" in capsys.readouterr().err
