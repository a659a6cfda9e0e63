"""``python -m portranges``: the same as the console script ``portranges``."""

from __future__ import annotations

import sys

from portranges.cli import main

if __name__ == "__main__":
    sys.exit(main())
