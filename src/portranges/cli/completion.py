"""``portranges completion bash``: the script with which a shell completes commands and options.

shtab writes the script from the parser. It is under the MPL-2.0 and its scripts contain functions
of its own, so they are written on request and not shipped.
"""

from __future__ import annotations

from importlib import import_module

from portranges import dialects, ephemeral, reuse, rulesets, types
from portranges.cli.output import answer
from portranges.errors import MissingExtraError

_SHELLS = ("bash", "zsh", "fish")
_STATES = ("bound", "listening", "connected", "time-wait", "fin-wait-2")
_FILES = frozenset({"FILE", "OLD", "NEW", "PORTS|FILE", "RULE"})


def add_arguments(add: types.Arguments) -> None:
    """Add the arguments of this command."""
    add.words("shell", "SHELL", "bash, zsh or fish", nargs=None, choices=_SHELLS)
    add.json()


def run(arguments: types.Namespace) -> int:
    """Print the script."""
    script = _script(arguments.shell)
    return answer(arguments, "completion", {"script": script}, script.splitlines())


def _script(shell: str) -> str:
    try:
        shtab: types.Any = import_module("shtab")
    except ModuleNotFoundError as error:
        if error.name != "shtab":
            raise
        raise MissingExtraError("shtab", "completion") from error
    from portranges.cli import build_parser

    parser: types.Any = build_parser()
    (commands,) = (each.choices for each in parser._actions if each.dest == "command")
    for command, subparser in commands.items():
        for action in subparser._actions:
            action.choices = action.choices or _words(command, action)
            if action.choices is None and action.metavar in _FILES:
                action.complete = shtab.FILE
    # `portranges 443 --here` needs no command: the first one is the default.
    for action in next(iter(commands.values()))._actions:
        if action.option_strings and action.dest != "help":
            parser._add_action(action)
    script: str = shtab.complete(parser, shell=shell)
    return _with_default_command(script) if shell == "zsh" else script


def _with_default_command(zsh: str) -> str:
    """Return the script with the options of the default command after any other word.

    shtab has no default command. In bash and fish, the options of the whole program are enough.
    """
    line = "        {}) _arguments -C -s $_shtab_portranges_{}_options ;;\n"
    last = line.format("watch", "watch")
    return zsh.replace(last, last + line.format("*", "explain"))


def _words(command: str, action: types.Any) -> list[str] | None:
    """Return the names that an argument accepts, which the parser reads as free text."""
    option = next(iter(action.option_strings), action.dest)
    if command == "reuse" and option == "--system":
        return ["all", *reuse.systems()]
    if command == "reuse" and option == "--state":
        return [*_STATES]
    if option == "--system" or (command, option) == ("ephemeral", "names"):
        return [row.name for row in ephemeral.profiles()]
    if command == "convert" and option in ("--from", "--to"):
        return [row.name for row in dialects.rows()]
    if option == "--format":
        return [row.name for row in rulesets.formats()]
    return None
