"""Suggest a command for a mistyped or guessed one.

The default command reads its words as ports and service names, so a mistyped command would be
reported as an unknown service, or would be one: ``who`` is assigned to 513/udp.
"""

from __future__ import annotations

from portranges import types
from portranges.errors import UnknownNameError
from portranges.names import near
from portranges.registry import ports as service_ports

# Other names that users try, by the command that does the job.
_MEANT = {
    "explain --here": ("holder", "kill", "lsof", "owner", "pid", "process", "who"),
    "explain": ("describe", "info", "lookup", "service", "show", "what", "whatis"),
    "listening": ("list", "listen", "listeners", "ls", "netstat", "open", "ss"),
    "registry --search": ("apropos", "find", "grep", "search"),
    "suggest": ("choose", "free", "new", "pick", "random"),
    "reuse": ("bind", "can-bind", "conflict", "share"),
    "diff": ("changes", "compare"),
    "audit": ("check", "lint", "scan", "validate"),
    "ports": ("rules",),
    "convert": ("format", "from", "parse", "render", "to", "translate"),
    "ephemeral": ("dynamic", "local", "range", "ranges"),
    "usage": ("connections", "exhaustion", "stats", "used"),
    "watch": ("follow", "monitor", "tail"),
    "masks": ("cover", "cidr", "mask", "prefixes"),
    "--help": ("commands", "help"),
    "--version": ("version",),
}

_MOST = 3
_COMMAND_OF = {word: command for command, words in _MEANT.items() for word in words}


def check_command(words: types.Sequence[str], commands: types.Collection[str]) -> None:
    """Raise UnknownNameError if the first of *words* looks like one of the *commands*.

    The name of a service is read as one unless other words follow.
    """
    word = words[0]
    if not word[:1].isalpha() or {",", "/"} & {*word}:
        return
    meant = word.lower() if word.lower() in commands else _COMMAND_OF.get(word.lower())
    try:
        service_ports(word)
    except UnknownNameError as error:
        similar = (meant,) if meant else near(word, commands)
        if similar:
            # A command can have the name of a service.
            names = tuple(dict.fromkeys((*similar, *error.near)))[:_MOST]
            raise UnknownNameError("command or service", word, names) from None
    else:
        if meant and len(words) > 1:
            raise UnknownNameError("command", word, (meant,))
