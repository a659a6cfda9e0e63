"""Open the sources of ``portranges.uses`` again, and look for the words that each row keeps.

It downloads nothing. Clone the repositories that the rows cite to ``DIR/OWNER/NAME`` (bare or not),
save the pages as ``DIR/pages/NAME.txt``, and run

    python tools/check_uses.py DIR

``--list`` prints what is needed: a repository with its commit, or a page with the name of its
file. ``--sample N --seed K`` prints N random rows, for a person to read again. The exit status is
1 if the words of a row are not in its source, or if the commit does not have the file. Sources
that are not in DIR, and rows without words, are only counted. The rows are those of ``uses.rows``
and of ``uses.not_for_internet``.
"""

from __future__ import annotations

import argparse
import random
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from portranges import uses  # noqa: E402 - the checkout's own, installed or not

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from portranges.uses import SensitiveService, Use

    Row = Use | SensitiveService

_REPOSITORY = re.compile(r"([\w.-]+/[\w.-]+)@([0-9a-f]{8,40})")


def page_file(document: str) -> str:
    """Return the name of the file that holds a page.

    Example:
        >>> page_file("https://www.example.com/docs/ports.html#tcp")
        'www-example-com-docs-ports-html-tcp.txt'
    """
    return (
        re.sub(r"[^A-Za-z0-9]+", "-", document.partition("://")[2] or document).strip("-") + ".txt"
    )


def text_of(use: Row, folder: Path) -> str | None:
    """Return the text of a row's source, or None if it is not in *folder*.

    The text of a file that its commit does not have is ``""``.
    """
    cited = _REPOSITORY.fullmatch(use.source.document)
    if cited is None:
        page = folder / "pages" / page_file(use.source.document)
        return page.read_text("utf-8", "replace") if page.exists() else None
    repository, commit = folder / cited[1], cited[2]
    path = use.source.section
    listed = _git(repository, "ls-tree", "--full-tree", commit, "--", path)
    if not listed:
        return listed
    # None if the snapshot leaves out the file, as some do with large ones.
    return _git(repository, "cat-file", "blob", f"{commit}:{path}")


def _git(repository: Path, *arguments: str) -> str | None:
    """Return what git prints, or None if it fails."""
    # Named, because git would look for a repository in the folders above as well.
    work_tree = repository / ".git"
    git_dir = work_tree if work_tree.exists() else repository
    done = subprocess.run(  # noqa: S603 - git, with the arguments of a row
        ["git", "--literal-pathspecs", f"--git-dir={git_dir}", *arguments],  # noqa: S607
        capture_output=True,
        check=False,
    )
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def has_words(text: str, words: str) -> bool:
    r"""Return whether *text* contains *words*, whatever its blanks.

    Example:
        >>> has_words("#define\tPORT  80", "#define PORT 80"), has_words("", "80")
        (True, False)
    """
    return words in re.sub(r"\s+", " ", text)


def rows() -> tuple[Row, ...]:
    """Return the known uses, then the services that should not be reachable from the internet."""
    return (*uses.rows(), *uses.not_for_internet())


def name_of(row: Row) -> str:
    """Return the name of a use, or the service."""
    return row.name if isinstance(row, uses.Use) else row.service


def main(argv: Sequence[str] | None = None) -> int:
    """Compare the rows and print what differs."""
    parser = argparse.ArgumentParser(
        description="Compare the rows of portranges.uses with their sources."
    )
    parser.add_argument("folder", type=Path, nargs="?", default=Path(), help="the folder DIR")
    parser.add_argument("--list", action="store_true", help="print the sources")
    parser.add_argument("--sample", type=int, metavar="N", help="print N random rows")
    parser.add_argument("--seed", type=int, default=1, help="seed of the sample (default: 1)")
    args = parser.parse_args(argv)
    read = rows()
    if args.list:
        cited = {use.source.document for use in read}
        for document in sorted(cited):
            print(document if "@" in document else f"{document} -> {page_file(document)}")
        return 0
    if args.sample is not None:
        for use in random.Random(args.seed).sample(read, min(args.sample, len(read))):  # noqa: S311
            print(f"{use.ports}\t{name_of(use)}\t{use.source}\t{use.fragment}")
        return 0
    with_words = [use for use in read if use.fragment]
    texts = [(use, text_of(use, args.folder)) for use in with_words]
    missing = [use for use, text in texts if text is None]
    differing = [
        use for use, text in texts if text is not None and not has_words(text, use.fragment)
    ]
    for use in differing:
        print(f"not found: {use.fragment!r} of {name_of(use)} in {use.source}")
    found = len(with_words) - len(missing) - len(differing)
    print(
        f"{len(read)} rows: {found} found, {len(differing)} not found, {len(missing)} not at hand, "
        f"{len(read) - len(with_words)} without words"
    )
    return int(bool(differing))


if __name__ == "__main__":
    sys.exit(main())
