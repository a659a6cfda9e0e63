"""How ``portranges.system`` reads files and runs commands, with real ones.

The commands run this Python with code that misbehaves in one way or another.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from portranges import SystemReadError
from portranges.system import THIS_MACHINE, machine

if TYPE_CHECKING:
    from pathlib import Path

UNIX = pytest.mark.skipif(sys.platform == "win32", reason="needs a Unix")


def python(code: str, *, timeout: float = 30.0, limit: int = machine.OUTPUT_LIMIT) -> str:
    return machine.run([sys.executable, "-I", "-c", code], timeout=timeout, limit=limit)


class TestRun:
    def test_returns_what_is_printed(self) -> None:
        assert python("print('a'); import sys; print('b', file=sys.stderr)").split() == ["a"]

    def test_there_is_no_shell(self) -> None:
        words = [sys.executable, "-I", "-c", "import sys; print(sys.argv[1])", "$HOME;*|`x`"]
        assert machine.run(words).strip() == "$HOME;*|`x`"

    def test_standard_input_is_empty(self) -> None:
        # pytest itself has an empty input too, so something is put there.
        ready, done = os.pipe()
        os.write(done, b"y")
        os.close(done)
        before = os.dup(0)
        os.dup2(ready, 0)
        try:
            said = python("import sys; print(repr(sys.stdin.read()))")
        finally:
            os.dup2(before, 0)
            os.close(before)
            os.close(ready)
        assert said.strip() == "''"

    def test_the_locale_is_c(self) -> None:
        code = "import os; print(os.environ['LC_ALL'], os.environ['LANG'], os.environ['LANGUAGE'])"
        assert python(code).split() == ["C", "C", "C"]

    def test_a_module_path_of_powershell_7_is_not_passed_on(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PSModulePath", "elsewhere")
        code = "import os; print([name for name in os.environ if name.upper() == 'PSMODULEPATH'])"
        assert python(code).strip() == "[]"

    def test_a_program_is_not_searched_in_path(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        program = tmp_path / "portranges-impostor"
        program.write_text("#!/bin/sh\necho 1\n", encoding="ascii")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.chdir(tmp_path)
        with pytest.raises(FileNotFoundError):
            machine.run([program.name])

    @pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
    def test_a_program_is_found_in_the_system_s_folders(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", "")
        assert machine.run(["uname"]).strip() == "Linux"

    def test_a_missing_program(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            machine.run(["portranges-no-such-program"])
        with pytest.raises(FileNotFoundError):
            machine.run([str(tmp_path / "missing")])

    @UNIX
    def test_a_program_that_may_not_be_run(self, tmp_path: Path) -> None:
        program = tmp_path / "program"
        program.write_text("#!/bin/sh\n", encoding="ascii")
        program.chmod(0o644)
        with pytest.raises(PermissionError):
            machine.run([str(program)])

    def test_a_failure_reports_the_status_and_the_output(self) -> None:
        with pytest.raises(SystemReadError) as caught:
            python("import sys; print('out'); sys.exit('unknown oid')")
        assert caught.value.reason == "exit status 1, 'unknown oid'"
        with pytest.raises(SystemReadError) as caught:
            python("import sys; print('only here'); sys.exit(3)")
        assert caught.value.reason == "exit status 3, 'only here'"
        with pytest.raises(SystemReadError) as caught:
            python("import sys; sys.exit(3)")
        assert caught.value.reason == "exit status 3"

    def test_a_command_that_takes_too_long_is_killed(self) -> None:
        with pytest.raises(TimeoutError, match=r"^took longer than 0\.3 s$"):
            python("import time; time.sleep(60)", timeout=0.3)

    @UNIX
    def test_its_child_processes_are_killed_too(self) -> None:
        # The command itself is gone at once; its child holds the output.
        code = (
            "import subprocess, sys; "
            "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"
        )
        with pytest.raises(TimeoutError):
            python(code, timeout=1.0)
        assert not [each for each in threading.enumerate() if "_read" in each.name]

    @pytest.mark.slow
    @UNIX
    def test_a_process_that_left_its_group_is_not_waited_for(self, tmp_path: Path) -> None:
        file = tmp_path / "pid"
        code = (
            "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', "
            "'import time; time.sleep(60)'], start_new_session=True); "
            f"open({str(file)!r}, 'w').write(str(child.pid))"
        )
        # On an overloaded machine, the command may be killed before it has begun.
        for timeout in (1.0, 4.0, 16.0):
            with pytest.raises(TimeoutError):
                python(code, timeout=timeout)
            if file.exists() and file.read_text(encoding="ascii"):
                break
        # It has both outputs still, for a thread waits for each.
        readers = [each for each in threading.enumerate() if "_read" in each.name]
        assert len(readers) == 2
        os.kill(int(file.read_text(encoding="ascii")), signal.SIGKILL)
        for reader in readers:
            reader.join()

    @UNIX
    def test_a_command_that_closes_its_output_and_runs_on_is_killed(self) -> None:
        code = "import os, time; os.close(1); os.close(2); time.sleep(60)"
        with pytest.raises(TimeoutError):
            python(code, timeout=1.0)

    @pytest.mark.parametrize("descriptor", [1, 2])
    def test_a_command_that_prints_too_much_is_killed(self, descriptor: int) -> None:
        code = f"import os\nwhile True: os.write({descriptor}, b'x' * 65536)"
        with pytest.raises(SystemReadError) as caught:
            python(code)
        assert caught.value.reason == "expected at most 1,048,576 bytes of output, got more"

    def test_exactly_the_limit_is_not_too_much(self) -> None:
        assert len(python("print('x' * 999, end='')", limit=999)) == 999
        with pytest.raises(SystemReadError):
            python("print('x' * 1000, end='')", limit=999)

    def test_a_hundred_megabytes_are_not_kept(self) -> None:
        with pytest.raises(SystemReadError):
            python("import sys; sys.stdout.write('1' * 100_000_000)")

    @pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")  # noqa: PTH112
    def test_no_file_descriptor_is_left_open(self) -> None:
        python("")
        gc.collect()
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
        for code in ("raise SystemExit(1)", "print('x' * 1000)", "import time; time.sleep(9)"):
            with pytest.raises((SystemReadError, TimeoutError)):
                python(code, timeout=0.5, limit=100)
        assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


class TestReadFile:
    def test_the_text_is_returned_unchanged(self, tmp_path: Path) -> None:
        file = tmp_path / "file"
        file.write_bytes(b"32768\t60999\r\n")
        assert machine.read_file(str(file)) == "32768\t60999\r\n"

    def test_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            machine.read_file(str(tmp_path / "file"))

    def test_a_folder_is_not_read_as_a_file(self, tmp_path: Path) -> None:
        with pytest.raises(OSError, match=r"directory|denied"):
            machine.read_file(str(tmp_path))

    @pytest.mark.skipif(sys.platform == "win32", reason="needs a Unix")
    def test_a_pipe_without_a_writer(self, tmp_path: Path) -> None:
        pipe = str(tmp_path / "pipe")
        os.mkfifo(pipe)
        assert machine.read_file(pipe) == ""

    def test_a_file_that_is_too_long(self, tmp_path: Path) -> None:
        file = tmp_path / "file"
        with file.open("wb") as stream:
            stream.truncate(100_000_000)
        with pytest.raises(SystemReadError) as caught:
            machine.read_file(str(file))
        assert caught.value.reason == "expected at most 1,048,576 bytes, got more"

    def test_a_file_of_exactly_the_limit(self, tmp_path: Path) -> None:
        file = tmp_path / "file"
        file.write_bytes(b"x" * machine.OUTPUT_LIMIT)
        assert len(machine.read_file(str(file))) == machine.OUTPUT_LIMIT


class TestDecode:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    def test_an_encoding_with_a_byte_order_mark(self, encoding: str) -> None:
        text = "Port de démarrage : 49152\r\n启动端口 : 1\r\n"
        assert machine.decode(text.encode(encoding)) == text

    @pytest.mark.parametrize(
        ("text", "encoding"),
        [
            ("Port de démarrage : 49152", "cp850"),
            ("Начальный порт : 49152", "cp866"),
            ("開始ポート : 49152", "cp932"),
            ("启动端口 : 49152", "cp936"),
            ("시작 포트 : 49152", "cp949"),
            ("起始連接埠 : 49152", "cp950"),
        ],
    )
    def test_signs_and_digits_of_a_code_page_survive(self, text: str, encoding: str) -> None:
        decoded = machine.decode(text.encode(encoding))
        assert decoded.endswith(" : 49152")
        for sign in ":0123456789*":
            assert decoded.count(sign) == text.count(sign)

    def test_no_two_byte_code_page_hides_a_digit_or_a_sign(self) -> None:
        signs = b":0123456789*-\r\n\t "
        for encoding in ("cp932", "cp936", "cp949", "cp950"):
            for lead in range(0x81, 0xFF):
                for sign in signs:
                    text = bytes((lead, sign)).decode(encoding, "replace")
                    assert text.endswith(chr(sign))

    def test_any_bytes_are_text(self) -> None:
        assert machine.decode(bytes(range(256)))
        assert machine.decode(b"\xff\xfe\x00") == "\ufffd"


def test_this_machine_is_the_one_that_runs_python() -> None:
    assert THIS_MACHINE.platform == sys.platform
    assert THIS_MACHINE.run is machine.run
    assert THIS_MACHINE.read_file is machine.read_file


@pytest.mark.parametrize("folder", ["System32", r"System32\WindowsPowerShell\v1.0"])
def test_a_program_of_windows_is_in_a_folder_of_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("SYSTEMROOT", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="No such file or directory: 'netsh'"):
        machine.run(["netsh"])
    program = tmp_path / folder / "netsh.exe"
    program.parent.mkdir(parents=True)
    program.touch()
    assert machine._program("netsh") == str(program)


def test_without_groups_of_processes_the_command_alone_is_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(os, "killpg", raising=False)
    with pytest.raises(TimeoutError):
        python("import time; time.sleep(60)", timeout=0.1)
