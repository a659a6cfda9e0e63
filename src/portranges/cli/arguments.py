"""Declarations of arguments: short forms, and the arguments that several commands have."""

from __future__ import annotations

from portranges import types
from portranges.systems import COMMON


class Arguments:
    """Adds arguments to a parser, or to a group of arguments that exclude each other."""

    def __init__(self, parser: types.Any) -> None:
        """Add to *parser*."""
        self._parser = parser

    def one_of(self) -> Arguments:
        """Return a group of arguments that exclude each other."""
        return Arguments(self._parser.add_mutually_exclusive_group())

    def flag(self, name: str, about: str) -> None:
        """Add an option without a value."""
        self._parser.add_argument(name, action="store_true", help=about)

    def value(
        self,
        names: str,
        metavar: str | None,
        about: str,
        kind: types.Callable[[str], object] | None = None,
        default: object = None,
        **more: types.Any,
    ) -> None:
        """Add an option with a value; blanks separate its names."""
        # A default that is text is read by `kind`, too: the help shows it as users write it.
        if default is not None:
            about += f" (default: {default})"
        self._parser.add_argument(
            *names.split(), metavar=metavar, help=about, type=kind, default=default, **more
        )

    def choice(
        self,
        name: str,
        choices: types.Iterable[str],
        about: str,
        default: str | None = None,
        **more: types.Any,
    ) -> None:
        """Add an option whose value is one of *choices*, which the help lists."""
        # In an error, argparse shows the repr of each.
        self.value(name, None, about, default=default, choices=[*map(str, choices)], **more)

    def words(
        self, name: str, metavar: str, about: str, nargs: str | None = "+", **more: types.Any
    ) -> None:
        """Add positional arguments, or a single one if *nargs* is None."""
        self._parser.add_argument(name, nargs=nargs, metavar=metavar, help=about, **more)

    def epilog(self, text: str) -> None:
        """Set the text at the end of the help."""
        self._parser.epilog = text

    def json(self, about: str = "print JSON") -> None:
        """Add ``--json``."""
        self.flag("--json", about)

    def transport(
        self, about: str = "only this transport", of: types.Iterable[str] = ("tcp", "udp")
    ) -> None:
        """Add ``--transport``; only the probe and the system know fewer than all of them."""
        self.choice("--transport", of, about)

    def services(self, about: str) -> None:
        """Add ``--services``, the file that ``words.services_in`` reads."""
        self.value("--services", "FILE", about)

    def systems(self, about: str) -> None:
        """Add ``--system`` and ``--here``, which ``this_machine.systems_of`` reads."""
        several = f"{about}; can be repeated (default: {', '.join(COMMON)})"
        self.value("--system", "NAME", several, action="append")
        self.flag(
            "--here",
            "use this machine's settings instead of the default systems; combine with --system to "
            "add others",
        )

    def findings(self, *, sarif: bool = False) -> None:
        """Add the output options of findings."""
        self.flag("--sources", "print the source of every finding")
        self.flag(
            "--full", "print every finding; by default, only one of each kind if there are many"
        )
        formats = self.one_of() if sarif else self
        formats.json()
        if sarif:
            formats.flag("--sarif", "print SARIF 2.1.0; for rule files only")
