"""tools/check_uses.py, on a small repository and a page."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from portranges import Confidence, PortSet, Source, Transport, uses

TOOLS = Path(__file__).parents[2] / "tools"
PAGE = "https://www.example.com/docs/ports.html"


@pytest.fixture(scope="module")
def tool() -> Any:
    sys.path.insert(0, str(TOOLS))
    try:
        return importlib.import_module("check_uses")
    finally:
        sys.path.remove(str(TOOLS))


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.com", "-C", str(folder)]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def use(document: str, section: str, fragment: str, name: str = "example") -> uses.Use:
    return uses.Use(
        name=name,
        ports=PortSet([8080]),
        transports=(Transport.TCP,),
        kind=uses.UseKind.PROGRAM,
        note="an example",
        since="",
        service="",
        confidence=Confidence.SOURCE,
        source=Source(document=document, section=section, checked="2026-11-30"),
        fragment=fragment,
    )


def service(document: str, section: str, fragment: str) -> uses.SensitiveService:
    return uses.SensitiveService(
        service="an open service",
        ports=PortSet([8080]),
        transports=(Transport.TCP,),
        why="it trusts everyone",
        confidence=Confidence.DOCUMENT,
        source=Source(document=document, section=section, checked="2026-11-30"),
        fragment=fragment,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the repository owner/name, whose last commit changed the port."""
    repository = tmp_path / "owner" / "name"
    repository.mkdir(parents=True)
    git(repository, "init", "-q")
    (repository / "server [1].c").write_text("#define\tPORT \t 8080\n", "utf-8")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "first")
    (repository / "server [1].c").write_text("#define PORT 9090\n", "utf-8")
    git(repository, "commit", "-q", "-a", "-m", "second")
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "www-example-com-docs-ports-html.txt").write_text(
        "The server listens on\n  port 8080.\n", "utf-8"
    )
    return tmp_path


def cited(folder: Path, revision: str = "HEAD~1") -> str:
    return "owner/name@" + git(folder / "owner" / "name", "rev-parse", "--short=12", revision)


def checked(
    tool: Any, monkeypatch: Any, capsys: Any, folder: Path, *rows: uses.Use | uses.SensitiveService
) -> tuple[int, list[str]]:
    monkeypatch.setattr(tool, "rows", lambda: rows)
    status = tool.main([str(folder)])
    return status, capsys.readouterr().out.splitlines()


def test_words_are_found_whatever_the_blanks(tool, monkeypatch, capsys, folder):
    rows = (
        use(cited(folder), "server [1].c", "#define PORT 8080"),
        use(cited(folder, "HEAD"), "server [1].c", "PORT 9090"),
        use(PAGE, "", "listens on port 8080"),
    )
    assert checked(tool, monkeypatch, capsys, folder, *rows) == (
        0,
        ["3 rows: 3 found, 0 not found, 0 not at hand, 0 without words"],
    )


def test_words_of_another_commit_or_page_are_not_found(tool, monkeypatch, capsys, folder):
    document = cited(folder, "HEAD")
    rows = (use(document, "server [1].c", "PORT 8080"), use(PAGE, "", "port 8081", "of a page"))
    assert checked(tool, monkeypatch, capsys, folder, *rows) == (
        1,
        [
            f"not found: 'PORT 8080' of example in {document}, server [1].c (checked 2026-11-30)",
            f"not found: 'port 8081' of of a page in {PAGE} (checked 2026-11-30)",
            "2 rows: 0 found, 2 not found, 0 not at hand, 0 without words",
        ],
    )


def test_the_words_of_services_that_should_not_be_reachable_are_checked(
    tool, monkeypatch, capsys, folder
):
    rows = (
        service(cited(folder), "server [1].c", "PORT 8080"),
        service(PAGE, "Ports", "port 8081"),
        service("RFC 1350", "Security Considerations", ""),
    )
    assert checked(tool, monkeypatch, capsys, folder, *rows) == (
        1,
        [
            f"not found: 'port 8081' of an open service in {PAGE}, Ports (checked 2026-11-30)",
            "3 rows: 1 found, 1 not found, 0 not at hand, 1 without words",
        ],
    )


def test_the_rows_are_the_uses_and_the_services_that_should_not_be_reachable(tool):
    assert tool.rows() == (*uses.rows(), *uses.not_for_internet())


def test_a_file_that_the_commit_does_not_have_is_not_found(tool, monkeypatch, capsys, folder):
    rows = (use(cited(folder), "client.c", "PORT 8080"),)
    status, lines = checked(tool, monkeypatch, capsys, folder, *rows)
    assert status == 1
    assert lines[-1] == "1 rows: 0 found, 1 not found, 0 not at hand, 0 without words"


def test_what_is_not_at_hand_is_no_difference(tool, monkeypatch, capsys, folder):
    rows = (
        use("owner/name@0123456789ab", "server [1].c", "PORT 8080"),
        use("owner/other@0123456789ab", "server [1].c", "PORT 8080"),
        use(PAGE + "#more", "", "port 8080"),
        use("RFC 4380", "2.7", "3544"),
        use(cited(folder), "server [1].c", ""),
    )
    assert checked(tool, monkeypatch, capsys, folder, *rows) == (
        0,
        ["5 rows: 0 found, 0 not found, 4 not at hand, 1 without words"],
    )


def test_a_file_that_a_snapshot_leaves_out_is_not_at_hand(tool, monkeypatch, capsys, folder):
    row = use(cited(folder), "server [1].c", "PORT 8080")
    blob = git(folder / "owner" / "name", "rev-parse", "HEAD~1:server [1].c")
    (folder / "owner" / "name" / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    assert checked(tool, monkeypatch, capsys, folder, row) == (
        0,
        ["1 rows: 0 found, 0 not found, 1 not at hand, 0 without words"],
    )


def test_a_bare_repository_is_read(tool, monkeypatch, capsys, folder):
    row = use(cited(folder), "server [1].c", "#define PORT 8080")
    bare = folder / "mirror"
    git(folder, "clone", "-q", "--bare", "owner/name", "mirror/owner/name")
    found = (0, ["1 rows: 1 found, 0 not found, 0 not at hand, 0 without words"])
    assert checked(tool, monkeypatch, capsys, bare, row) == found


def test_a_folder_inside_another_repository_is_not_read_as_that(tool, monkeypatch, capsys, folder):
    row = use(cited(folder).replace("owner/name", "more/name"), "server [1].c", "8080")
    inner = folder / "owner" / "name" / "inner"
    (inner / "more" / "name").mkdir(parents=True)
    assert checked(tool, monkeypatch, capsys, inner, row) == (
        0,
        ["1 rows: 0 found, 0 not found, 1 not at hand, 0 without words"],
    )


def test_the_sources_are_listed_once(tool, monkeypatch, capsys):
    rows = (
        use(PAGE, "", "8080"),
        use("owner/name@0123456789ab", "a.c", "8080"),
        use("owner/name@0123456789ab", "b.c", "8080"),
    )
    monkeypatch.setattr(tool, "rows", lambda: rows)
    assert tool.main(["--list"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{PAGE} -> www-example-com-docs-ports-html.txt",
        "owner/name@0123456789ab",
    ]


def test_a_sample_depends_on_its_seed_only(tool, capsys):
    def sample(*arguments: str) -> list[str]:
        assert tool.main(["--sample", *arguments]) == 0
        return capsys.readouterr().out.splitlines()

    first = sample("20", "--seed", "7")
    assert len(set(first)) == 20
    assert sample("20", "--seed", "7") == first
    assert sample("20", "--seed", "8") != first
    rows = tool.rows()
    names = {tool.name_of(row) for row in rows}
    assert all(line.split("\t")[1] in names for line in first)
    assert len(sample("100000")) == len(rows)


def test_no_two_pages_have_one_file(tool):
    pages = {row.source.document for row in tool.rows() if "@" not in row.source.document}
    assert len({tool.page_file(page).lower() for page in pages}) == len(pages)
