"""This machine: how a file is read and a command is run. All the I/O there is.

What lives here: THIS_MACHINE, and the bounds of what it reads.
What must not: which file or command (``rows``), what a text means (the
``parse_*`` modules).

A command is run without a shell, from the system's own folders rather than
from PATH, with nothing to read, in the C locale, for a limited time, and only
so much of its output is taken.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from portranges import types
from portranges.errors import SystemReadError, elide
from portranges.system.model import Machine

__all__ = ["OUTPUT_LIMIT", "THIS_MACHINE", "TIMEOUT", "decode", "read_file", "run"]

# The longest text that is read. The list of reserved ports of Linux is the
# longest that makes sense: 191,053 bytes where every other port is in it. It
# must be below 4 MiB, where Linux refuses to read a setting at all (ENOMEM).
OUTPUT_LIMIT = 1 << 20

# Seconds that a command may take. sysctl and netsh take a hundredth and a
# tenth of one; PowerShell may take several after a start of the machine.
TIMEOUT = 20.0

# Seconds that a killed command gets to go.
_GRACE = 2.0

_PIECE = 1 << 16

_UNIX_FOLDERS = ("/usr/sbin", "/sbin", "/usr/bin", "/bin")
_WINDOWS_FOLDERS = ("System32", r"System32\WindowsPowerShell\v1.0")


def read_file(path: str) -> str:
    """Return the text of the file *path*.

    Args:
        path: A file, such as one below /proc.

    Returns:
        The text, as ``decode`` makes it.

    Raises:
        OSError: It cannot be opened or read.
        SystemReadError: It has more than ``OUTPUT_LIMIT`` bytes.

    Source:
        Linux 6.18, measured: a list of ports is handed out by the *first* read
        alone. open().read() asks for 8 KiB first and gets a list that ends in
        the middle of a number, without an error.

    Example:
        >>> read_file("/no/such/file")
        Traceback (most recent call last):
        ...
        FileNotFoundError: [Errno 2] No such file or directory: '/no/such/file'
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        data = b""
        while piece := os.read(descriptor, OUTPUT_LIMIT + 1 - len(data)):
            data += piece
            if len(data) > OUTPUT_LIMIT:
                raise SystemReadError(path, f"expected at most {OUTPUT_LIMIT:,} bytes, got more")
    finally:
        os.close(descriptor)
    return decode(data)


def run(
    command: types.Sequence[str], *, timeout: float = TIMEOUT, limit: int = OUTPUT_LIMIT
) -> str:
    """Return what *command* prints.

    Args:
        command: Its words; the first is the name of a program of the system,
            or a path.
        timeout: Seconds that it may take.
        limit: Bytes that it may print.

    Returns:
        Its standard output, as ``decode`` makes it.

    Raises:
        FileNotFoundError: There is no such program.
        TimeoutError: It took too long, and was killed.
        OSError: It cannot be run, as where permission is missing.
        SystemReadError: It printed too much, and was killed; or it failed.

    Example:
        >>> run(["no-such-program"])
        Traceback (most recent call last):
        ...
        FileNotFoundError: [Errno 2] No such file or directory: 'no-such-program'
    """
    windows = sys.platform == "win32"
    process = subprocess.Popen(  # noqa: S603 (the words are rows, not input)
        [_program(command[0]), *command[1:]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        env=_environment(os.environ),
        # A group of its own, so that what the command starts ends with it.
        start_new_session=not windows,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    what = " ".join(command)
    deadline = time.monotonic() + timeout
    readers = (_Reader(process.stdout, limit, process), _Reader(process.stderr, limit, process))
    output, errors = readers
    late = True
    try:
        for reader in readers:
            reader.thread.join(_left(deadline))
        if not any(reader.thread.is_alive() for reader in readers):
            process.wait(_left(deadline))
            late = False
    except subprocess.TimeoutExpired:
        # It has closed its output, and stays.
        pass
    finally:
        _end(process)
        for reader in readers:
            reader.thread.join(_GRACE)
    if output.overflow or errors.overflow:
        raise SystemReadError(what, f"expected at most {limit:,} bytes of output, got more")
    if late:
        raise TimeoutError(f"took longer than {timeout:g} s")
    if process.returncode != 0:
        said = decode(errors.data or output.data).strip()
        reason = f"exit status {process.returncode}"
        raise SystemReadError(what, f"{reason}, {elide(said)}" if said else reason)
    return decode(output.data)


class _Reader:
    """A thread that takes what comes out of a pipe, up to a limit."""

    def __init__(
        self, pipe: types.IO[bytes] | None, limit: int, process: subprocess.Popen[bytes]
    ) -> None:
        """Start to read *pipe*; end *process* when it gives more than *limit*."""
        assert pipe is not None  # noqa: S101 (Popen was asked for it)
        self.data = b""
        self.overflow = False
        self._pipe = pipe
        self._limit = limit
        self._process = process
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        pieces: list[bytes] = []
        size = 0
        # The thread closes the pipe: a program that got away may hold the
        # other end for longer than anybody waits for it.
        with self._pipe:
            while piece := self._pipe.read(_PIECE):
                size += len(piece)
                if size > self._limit:
                    self.overflow = True
                    _end(self._process)
                    break
                pieces.append(piece)
        self.data = b"".join(pieces)


def _left(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill *process*, and on Unix all that it started, unless it has been waited for.

    As long as nobody has waited for it, its number is nobody else's. It may be
    gone, while something that it started holds its output.
    """
    if process.returncode is not None:
        return
    killpg = getattr(os, "killpg", None)
    with contextlib.suppress(OSError):
        if killpg is None:
            process.kill()
        else:
            killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE)


def _program(name: str) -> str:
    """Return the path of the system's own program *name*."""
    if Path(name).is_absolute():
        return name
    if sys.platform == "win32":
        root = Path(os.environ.get("SYSTEMROOT", r"C:\Windows"))
        paths = [root / folder / f"{name}.exe" for folder in _WINDOWS_FOLDERS]
    else:
        paths = [Path(folder, name) for folder in _UNIX_FOLDERS]
    for path in paths:
        if path.is_file():
            return str(path)
    raise FileNotFoundError(2, "No such file or directory", name)


def _environment(outside: types.Mapping[str, str]) -> dict[str, str]:
    """Return *outside* in the C locale, and without PowerShell's module path.

    Windows PowerShell finds its modules when the variable is not set; the one
    that PowerShell 7 leaves to its children names the wrong ones.
    """
    kept = {name: value for name, value in outside.items() if name.upper() != "PSMODULEPATH"}
    return {**kept, "LC_ALL": "C", "LANG": "C", "LANGUAGE": "C"}


def decode(data: bytes) -> str:
    r"""Return *data* as text, whatever its encoding: digits and signs are right.

    Args:
        data: What a file held or a command printed.

    Returns:
        UTF-16 or UTF-8 by its byte order mark, else UTF-8 where it is that,
        else Latin-1. The last makes wrong letters of a label in a code page of
        Windows, but no wrong digit and no wrong sign: the second bytes of the
        two-byte code pages (932, 936, 949, 950) are above the digits, the
        colon and the star.

    Example:
        >>> decode("Port de démarrage : 49152".encode("cp850")).endswith(" : 49152")
        True
        >>> decode("\ufeff80".encode("utf-16-le"))
        '80'
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _release() -> str:
    uname = getattr(os, "uname", None)
    return "" if uname is None else str(uname().release)


THIS_MACHINE = Machine(platform=sys.platform, release=_release(), read_file=read_file, run=run)
