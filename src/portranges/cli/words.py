"""Arguments that name ports: numbers, ranges, service names, and lines of standard input."""

from __future__ import annotations

import sys
from contextlib import contextmanager

from portranges import types
from portranges.cli.output import print_note
from portranges.errors import InvalidValueError, SystemReadError, elide
from portranges.notation import is_name, item_spans
from portranges.ports import every_port_error, means_every_port
from portranges.portset import PortSet
from portranges.registry import SHIPPED, Registry


def has_name(word: str) -> bool:
    """Return whether *word* contains the name of a service instead of ports alone."""
    # A name contains a letter and no comma (RFC 6335, section 5.1).
    return any(character.isalpha() for character in word)


def refuse_every_port(word: str) -> None:
    """Raise PortSyntaxError if *word* means every port, such as ``all``."""
    if means_every_port(word):
        raise every_port_error("expected a port, a range or a service", word, 0, len(word))


def ports_of(word: str, services: types.Services = SHIPPED) -> PortSet:
    """Return the ports of *word*, a list of ports, ranges and service names."""
    if has_name(word):
        refuse_every_port(word)
        _, slash, transport = word.rpartition("/")
        if slash:
            raise InvalidValueError(
                "ports must be given without a transport here",
                f"{elide(word)}; omit {elide(slash + transport)}",
            )
        for start, stop in item_spans(word):
            if is_name(word[start:stop]):
                # An unknown name is an error with its suggestions as data.
                services.ports(word[start:stop])
    return PortSet.parse(word, services=services)


def ports_of_all(arguments: types.Iterable[str]) -> PortSet:
    """Return the ports of all *arguments* together.

    An empty argument is an error, for example from an unset shell variable.
    """
    ports = PortSet().union(*map(ports_of, arguments_or_lines(arguments)))
    if not ports:
        raise InvalidValueError("expected at least one port", "none")
    return ports


def arguments_or_lines(arguments: types.Iterable[str]) -> types.Iterator[str]:
    """Yield the arguments, replacing ``-`` by the lines of standard input."""
    for argument in arguments:
        if argument == "-":
            with standard_input() as stream:
                yield from without_comments(stream)
        else:
            yield argument


def without_comments(lines: types.Iterable[str]) -> types.Iterator[str]:
    """Yield *lines* without comments and outer blanks, unless nothing is left."""
    return filter(None, (line.partition("#")[0].strip() for line in lines))


def services_in(path: str) -> Registry:
    """Return the services in the file *path*, such as /etc/services or nmap-services.

    A note on standard error reports the lines that are skipped.
    """
    from portranges.registry.services_file import LONGEST_SERVICES

    try:
        # Comments may be in any encoding.
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            text = file.read(LONGEST_SERVICES + 1)
    except (OSError, ValueError) as error:
        # ValueError: the path contains a NUL character.
        reason = error.strerror if isinstance(error, OSError) else None
        raise SystemReadError(elide(path), reason or str(error)) from None
    registry = Registry.from_services(text, name=elide(path))
    if registry.source.section:
        print_note(f"{elide(path)}: {registry.source.section}")
    return registry


@contextmanager
def standard_input() -> types.Generator[types.TextIO, None, None]:
    """Provide standard input; raise SystemReadError if it cannot be read."""
    # None if the program was started without standard input.
    if sys.stdin is None:
        raise SystemReadError("standard input", "it is closed")
    try:
        yield sys.stdin
    except UnicodeDecodeError as error:
        raise SystemReadError("standard input", f"it is not {error.encoding} text") from None
    except OSError as error:
        raise SystemReadError("standard input", error.strerror or str(error)) from None
