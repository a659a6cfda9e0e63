"""This machine: reading a file and running a command, which is all the I/O of the package.

A command runs without a shell, from the system's own folders and not from PATH, with empty input,
in the C locale, and with limits for its time and its output.
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

# The longest text that is read. The longest useful text is the list of reserved ports on Linux with
# every other port in it, 191,053 bytes. The limit must be below 4 MiB, for which Linux refuses to
# read a setting at all (ENOMEM).
OUTPUT_LIMIT = 1 << 20

# Seconds that a command may take. sysctl takes a hundredth of a second and netsh a tenth;
# PowerShell may take several seconds after the machine has started.
TIMEOUT = 20.0

# Seconds to wait for a killed command.
_GRACE = 2.0

_PIECE = 1 << 16

_UNIX_FOLDERS = ("/usr/sbin", "/sbin", "/usr/bin", "/bin")
_WINDOWS_FOLDERS = ("System32", r"System32\WindowsPowerShell\v1.0")


def read_file(path: str) -> str:
    """Return the text of the file *path*.

    Args:
        path: A file, such as one below /proc.

    Raises:
        OSError: It cannot be opened or read.
        SystemReadError: It has more than ``OUTPUT_LIMIT`` bytes.

    Source:
        Linux 6.18, measured: only the *first* read returns a list of ports. open().read()
        requests 8 KiB first and gets a list that ends in the middle of a number, without an
        error.

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
    """Return the standard output of *command*.

    Args:
        command: Its words; the first is the name of a program of the system, or a path.
        timeout: Seconds that it may take.
        limit: Bytes that it may print.

    Raises:
        FileNotFoundError: There is no such program.
        TimeoutError: It took too long and was killed.
        OSError: It cannot be run, for example for lack of permission.
        SystemReadError: It printed too much and was killed, or it failed.

    Example:
        >>> run(["no-such-program"])
        Traceback (most recent call last):
        ...
        FileNotFoundError: [Errno 2] No such file or directory: 'no-such-program'
    """
    process = _start(command)
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
        # It has closed its output, but is still running.
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
        message = decode(errors.data or output.data).strip()
        reason = f"exit status {process.returncode}"
        raise SystemReadError(what, f"{reason}, {elide(message)}" if message else reason)
    return decode(output.data)


def _start(command: types.Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 (the words are rows, not input)
        [_program(command[0]), *command[1:]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        env=_environment(os.environ),
        # A process group of its own, so that everything the command starts is killed with it.
        start_new_session=sys.platform != "win32",
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


class _Reader:
    """A thread that reads a pipe, up to a limit."""

    def __init__(
        self, pipe: types.IO[bytes] | None, limit: int, process: subprocess.Popen[bytes]
    ) -> None:
        """Start to read *pipe*; kill *process* if it prints more than *limit* bytes."""
        assert pipe is not None  # noqa: S101 (Popen creates it)
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
        # The thread closes the pipe, because a program that was not killed may keep the other end
        # open for longer than run() waits.
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
    """Kill *process*, and on Unix everything that it started, unless it has been waited for.

    Until then its PID cannot be reused. It may have ended while a process that it started still
    holds its output.
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
    """Return the path of the program *name* in the system's own folders."""
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
    """Return the environment *outside* with the C locale and without PowerShell's module path.

    Windows PowerShell finds its modules if the variable is not set. PowerShell 7 sets it for its
    child processes to paths with the wrong modules.
    """
    kept = {name: value for name, value in outside.items() if name.upper() != "PSMODULEPATH"}
    return {**kept, "LC_ALL": "C", "LANG": "C", "LANGUAGE": "C"}


def decode(data: bytes) -> str:
    r"""Return *data* as text in which all digits and signs are correct, whatever its encoding.

    The encoding is UTF-16 or UTF-8 by the byte order mark, else UTF-8 if the data is valid, else
    Latin-1. Latin-1 yields wrong letters for a label in a Windows code page, but no wrong digit
    and no wrong sign: the second bytes of the double-byte code pages (932, 936, 949, 950) are
    above the digits, the colon and the asterisk.

    Args:
        data: The content of a file or the output of a command.

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


# NS_GET_USERNS in include/uapi/linux/nsfs.h.
_GET_USER_NAMESPACE = 0xB701


def owns_network() -> bool:
    """Return whether capabilities of this process apply to its network namespace, on Linux.

    They do if the namespace belongs to the user namespace of the process, or to one below it. The
    kernel reveals no other owner.
    """
    import fcntl

    try:
        descriptor = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    except OSError:
        # Without namespaces there is only one owner.
        return True
    try:
        os.close(fcntl.ioctl(descriptor, _GET_USER_NAMESPACE))
    except PermissionError:
        return False
    except OSError:
        # The kernel is older than 4.9 and does not report the owner.
        return True
    finally:
        os.close(descriptor)
    return True


def _release() -> str:
    uname = getattr(os, "uname", None)
    return "" if uname is None else str(uname().release)


THIS_MACHINE = Machine(platform=sys.platform, release=_release(), read_file=read_file, run=run)
