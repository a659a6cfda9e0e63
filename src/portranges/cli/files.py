"""Files of rules as arguments: which arguments are files, and the ruleset in one."""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from contextlib import contextmanager
from io import BytesIO, TextIOWrapper
from pathlib import Path

from portranges import rulesets, types
from portranges.cli.output import first_line
from portranges.cli.progress import progress
from portranges.cli.words import has_name, standard_input
from portranges.errors import (
    InvalidValueError,
    PortSyntaxError,
    SystemReadError,
    UnknownNameError,
    elide,
    visible,
)
from portranges.ports import Transport
from portranges.registry import SHIPPED
from portranges.registry import ports as service_ports
from portranges.rulesets.catalog import find


def add_format(add: types.Arguments) -> None:
    """Add ``--format``, the format of the files."""
    names = ", ".join(each.name for each in rulesets.formats())
    add.value("--format", "NAME", f"the format, one of {names} (default: detected)")
    add.value(
        "--env-file", "FILE", "a file with the values of variables in compose files, such as .env"
    )
    add.value("--sets", "FILE", "the output of 'ipset save', for iptables rules")


class Reader:
    """Reads rule files according to the options."""

    def __init__(self, arguments: types.Namespace) -> None:
        """Read the files of variables and of sets.

        Raises:
            UnknownNameError: The format is unknown.
            SystemReadError: The file of variables or of sets cannot be read.
        """
        self._format: str | None = arguments.format
        self._variables: dict[str, str] | None = None
        self._sets: str | None = None
        if self._format is not None:
            find(self._format)
        if arguments.env_file is not None:
            from portranges.cli.env_file import variables_in

            self._variables = variables_in(arguments.env_file, read(arguments.env_file))
        if arguments.sets is not None:
            self._sets = read(arguments.sets)
            with _errors_of(arguments.sets, self._sets):
                rulesets.ports_by_name(self._sets, "ipset", services=SHIPPED)

    def ruleset(self, name: str, text: str) -> rulesets.Ruleset:
        """Return the rules in *text*, the content of the file *name*.

        Services may have the names of the IANA registry.
        """
        variables, sets = self._variables, self._sets
        with _errors_of(name, text), progress(f"reading {name}"):
            # One file of variables or sets is for all files that can have them.
            if variables is not None or sets is not None:
                row = rulesets.detect(text) if self._format is None else find(self._format)
                variables = variables if row.has_variables else None
                sets = sets if row.has_sets else None
            return rulesets.parse(
                text, self._format, services=SHIPPED, variables=variables, sets=sets
            )


@contextmanager
def _errors_of(name: str, text: str) -> types.Generator[None]:
    """Name the file, and the line if there is one, in the errors of a reader."""
    try:
        yield
    except PortSyntaxError as error:
        line = text.count("\n", 0, error.span[0]) + 1
        raise SystemReadError(f"{elide(name)}, line {line}", first_line(error)) from None
    except InvalidValueError as error:
        raise SystemReadError(elide(name), first_line(error)) from None


def is_file(word: str) -> bool:
    """Return whether *word* is the name of a file instead of ports or a service."""
    if not has_name(word):
        return False
    if {*"/."} & {*word}:
        return word.rpartition("/")[2] not in [*Transport]
    try:
        service_ports(word)
    except UnknownNameError:
        return exists(word)
    return False


def exists(word: str) -> bool:
    """Return whether there is a file of this name."""
    try:
        return Path(word).is_file()
    except OSError:
        # No file has a name that is too long.
        return False


def read(name: str) -> str:
    """Return the content of a file; ``-`` is standard input."""
    if name == "-":
        with standard_input() as stream:
            # A stream of text has no buffer, and one that is only written raises its own error.
            binary = getattr(stream, "buffer", None) if stream.readable() else None
            return stream.read() if binary is None else _decoded(binary.read())
    try:
        with open(name, "rb") as file:  # noqa: PTH123
            return _decoded(file.read())
    except (OSError, ValueError) as error:
        # ValueError: the path contains a NUL character.
        reason = error.strerror if isinstance(error, OSError) else None
        raise SystemReadError(elide(name), reason or str(error)) from None


def _decoded(data: bytes) -> str:
    # PowerShell writes UTF-16. Otherwise, comments may be in any encoding.
    encoding = "utf-16" if data[:2] in (BOM_UTF16_LE, BOM_UTF16_BE) else "utf-8-sig"
    with TextIOWrapper(BytesIO(data), encoding=encoding, errors="replace") as text:
        return text.read()


def place(name: str, location: rulesets.Location | None) -> str:
    """Return the file and the line, as compilers print them: ``rules.v4:12``."""
    line = f":{location.line}" if location is not None and location.line else ""
    return f"{visible(name)}{line}"


def about(location: rulesets.Location | None, text: str) -> str:
    """Return *text* behind the JSON Pointer, for a place that has one.

    The file may be a single line of JSON.
    """
    pointer = "" if location is None else location.pointer
    return visible(f"{pointer}: {text}" if pointer else text)


def place_data(name: str, location: rulesets.Location | None) -> dict[str, object]:
    """Return where something is, as data for JSON."""
    data: dict[str, object] = {"file": name}
    if location is not None:
        data |= {"line": location.line} if location.line else {}
        data |= {"pointer": location.pointer} if location.pointer else {}
    return data
