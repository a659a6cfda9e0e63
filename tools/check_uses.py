"""Open the sources of ``portranges.uses`` again, and look for the words that each row keeps.

It downloads nothing. Clone the repositories that the rows cite to ``DIR/OWNER/NAME`` (bare or not),
save the pages as ``DIR/pages/NAME.txt``, and run

    python tools/check_uses.py DIR

``--list`` prints what is needed: a repository with its commits, or a page with the name of its
file. ``--sample N --seed K`` prints N random rows, for a person to read again. The exit status is
1 if the words of a row are not in its source; a source that is not in DIR is only counted.
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

    from portranges.uses import Use

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


def text_of(use: Use, folder: Path) -> str | None:
    """Return the text of a row's source, or None if it is not in *folder*."""
    cited = _REPOSITORY.fullmatch(use.source.document)
    if cited is None:
        page = folder / "pages" / page_file(use.source.document)
        return page.read_text("utf-8") if page.exists() else None
    repository, commit = cited.groups()
    if not (folder / repository).exists():
        return None
    shown = subprocess.run(  # noqa: S603 - git, with the arguments of a row
        ["git", "-C", folder / repository, "show", f"{commit}:{use.source.section}"],  # noqa: S607
        capture_output=True,
        check=False,
    )
    return shown.stdout.decode("utf-8", "replace") if shown.returncode == 0 else None


def has_words(text: str, words: str) -> bool:
    r"""Return whether *text* contains *words*, whatever its blanks.

    Example:
        >>> has_words("#define\tPORT  80", "#define PORT 80"), has_words("", "80")
        (True, False)
    """
    return words in re.sub(r"\s+", " ", text)


def main(argv: Sequence[str] | None = None) -> int:
    """Compare the rows and print what differs."""
    parser = argparse.ArgumentParser(description="Compare the known uses with their sources.")
    parser.add_argument("folder", type=Path, help="where repositories and pages are")
    parser.add_argument("--list", action="store_true", help="print the sources and end")
    parser.add_argument("--sample", type=int, metavar="N", help="print N rows and end")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    args = parser.parse_args(argv)
    rows = uses.rows()
    if args.list:
        cited = {use.source.document for use in rows}
        for document in sorted(cited):
            print(document if "@" in document else f"{document} -> {page_file(document)}")
        return 0
    if args.sample is not None:
        for use in random.Random(args.seed).sample(rows, args.sample):  # noqa: S311
            print(f"{use.ports}\t{use.name}\t{use.source}\t{use.fragment}")
        return 0
    texts = [(use, text_of(use, args.folder)) for use in rows]
    missing = [use for use, text in texts if text is None]
    differing = [
        use for use, text in texts if text is not None and not has_words(text, use.fragment)
    ]
    for use in differing:
        print(f"not found: {use.fragment!r} of {use.name} in {use.source}")
    found = len(rows) - len(missing) - len(differing)
    print(
        f"{len(rows)} rows: {found} found, {len(differing)} not found, {len(missing)} not at hand"
    )
    return int(bool(differing))


if __name__ == "__main__":
    sys.exit(main())
