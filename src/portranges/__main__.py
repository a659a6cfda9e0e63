"""``python -m portranges`` and the console script ``portranges``."""

from __future__ import annotations

import sys

__all__ = ["main"]

_INTERRUPTED = 130  # 128 + SIGINT, as shells report it


def main() -> int:
    """Run the command line with the arguments of this process.

    Returns:
        0 if answered, 1 if answered "no", 2 for a usage error, 130 if interrupted.
    """
    try:
        # Loading takes most of the time of a short command, so Ctrl-C often arrives here.
        from portranges.cli import main as run

        return run()
    except KeyboardInterrupt:
        return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
