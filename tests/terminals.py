"""What a program wrote on a pseudo-terminal, whole.

Reading until Linux says EIO is not enough: where the last writer leaves in the
moment between the kernel's look for input and its look for writers, EIO comes
ahead of what was written (13 of 80,000 terminals, Linux 6.18). So the program's
end of the terminal is held open until the program has ended, and what is there
is read then. What a program writes has to fit the terminal's buffer: lines of
some 10 KiB in all.
"""

from __future__ import annotations

import os

__all__ = ["read_rest"]


def read_rest(terminal: int) -> bytes:
    """Return what is left to read on *terminal*, whose other end is still open."""
    os.set_blocking(terminal, False)
    output = b""
    while True:
        try:
            output += os.read(terminal, 65536)
        except BlockingIOError:
            return output
