"""The variables of files written by hand: ``define X = 22`` and ``$X``.

nft replaces each variable by its value, so a text in which the values are written out means the
same.
"""

from __future__ import annotations

import re

from portranges.errors import elide
from portranges.rulesets.nft_model import Unread

# nft, src/scanner.l: string. A name may contain '-', so '$A-$B' is the variable 'A-' before '$B'.
_NAME = r"[A-Za-z_.][A-Za-z0-9/_.-]*+"
# Nothing is replaced between quotation marks and in comments.
_USE = re.compile(rf'"[^"]*+"|#[^\n]*+|\$({_NAME})')
_DEFINITION = re.compile(rf"(?:re)?define[ \t]++({_NAME})[ \t]*+=\s*+(.*)", re.DOTALL)


class Variables:
    """The variables of a file, by block.

    Values may contain variables, so that a short text can mean a very long one. What is written
    out is therefore limited to a multiple of the length of the file.
    """

    def __init__(self, length: int) -> None:
        """Start without variables, for a file of *length* characters."""
        # The value is None if it is not certain.
        self._scopes: list[dict[str, str | None]] = [{}]
        self._left: int = 8 * length

    def enter(self) -> None:
        """Begin a block. Its variables are unknown outside."""
        self._scopes.append({})

    def leave(self) -> None:
        """End a block."""
        self._scopes.pop()

    def define(self, text: str) -> None:
        """Define a variable.

        Raises:
            Unread: The value is unknown, or *text* is not a definition that nft accepts.
        """
        match = _DEFINITION.fullmatch(text)
        if match is None or not match[2]:
            raise Unread("a definition must have a name and a value")
        name, scope = match[1], self._scopes[-1]
        is_new = name not in scope or text.startswith("re")
        scope[name] = None
        if not is_new:
            raise Unread("a variable must be defined once in a block")
        scope[name] = self.written_out(match[2])

    def undefine(self, name: str) -> None:
        """Forget the variable *name*."""
        for scope in self._scopes:
            scope.pop(name, None)

    def written_out(self, text: str) -> str:
        """Return *text* with the value of each variable.

        Raises:
            Unread: A variable is unknown.
        """
        if "$" not in text:
            return text
        parts: list[str] = []
        at = 0
        for match in _USE.finditer(text):
            if match[1] is not None:
                value = self._value(match[1])
                if len(value) > self._left:
                    what = elide("$" + match[1])
                    raise Unread(f"variables must not multiply the length of the file, got {what}")
                self._left -= len(value)
                parts += (text[at : match.start()], value)
                at = match.end()
        return "".join([*parts, text[at:]])

    def _value(self, name: str) -> str:
        found = next((scope[name] for scope in reversed(self._scopes) if name in scope), None)
        if found is None:
            raise Unread(f"a variable must be defined before it is used, got {elide('$' + name)}")
        return found
