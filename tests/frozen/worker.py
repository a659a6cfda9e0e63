"""One of the two processes: asks one package all questions, and writes the answers.

Usage: worker.py SIDE FOLDER SEED SCALE AREA...

SIDE is old, new, or same, where two commits are compared. Then each package is asked by the
``new.py`` of its own commit, which knows its names, and the messages of errors count.

The answers of each chunk are one frame on standard output: four bytes with its length, then the
answers as ``marshal`` writes them. With ``--show AREA CHUNK PLACE`` in place of the areas it
writes the answers to one question in words, messages of errors included.
"""

from __future__ import annotations

import marshal
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any


def main() -> None:
    """Answer the questions."""
    side, folder, seed, scale, *areas = sys.argv[1:]
    here = Path(__file__).resolve().parent
    # The script's own folder is not needed, and its names are not top-level modules.
    sys.path[:1] = [folder, str(here.parent)]
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    import portranges

    if not Path(portranges.__file__).resolve().is_relative_to(Path(folder).resolve()):
        sys.exit(f"{folder} has no package portranges; {portranges.__file__} would be used")
    import frozen
    from frozen import plan

    every = plan.load()
    own = Path(folder).resolve().parent / "tests"
    if side == "same" and (own / "frozen/new.py").exists():
        # The questions, loaded above, are this tree's for both.
        frozen.__path__.insert(0, str(own / "frozen"))
        sys.path.insert(0, str(own))
    from frozen.new import New
    from frozen.old import Old

    package = Old() if side == "old" else New()
    if side == "same":
        _tell_messages(package)
    if areas[0] == "--show":
        _show(package, every[areas[1]].questions(int(areas[2]), seed)[int(areas[3])], out)
        return
    for name in areas:
        for chunk in every[name].numbers(float(scale)):
            questions = every[name].questions(chunk, seed)
            frame = marshal.dumps([_answer(package, question) for question in questions], 2)
            out.write(len(frame).to_bytes(4, "big") + frame)
    out.flush()


def _answer(package: Any, question: tuple[Any, ...]) -> list[Any]:
    # An older new.py may not know the question.
    known = hasattr(package, question[0])
    return package.answer(question) if known else [f"new.py has no {question[0]}()"]


def _tell_messages(package: Any) -> None:
    temporary = re.compile(rf"{re.escape(tempfile.gettempdir())}/\w+")

    def in_words(problem: Exception) -> str:
        return f"{type(problem).__name__}: {temporary.sub('FOLDER', str(problem))}"

    package.error = in_words


def _show(package: Any, question: tuple[Any, ...], out: Any) -> None:
    _tell_messages(package)
    marshal.dump(_answer(package, question), out, 2)
    out.flush()


if __name__ == "__main__":
    main()
