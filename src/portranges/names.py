"""Rows by their names, and suggestions for a misspelt name.

``Index`` finds a row by its name or an alias. ``near`` finds the known names that a misspelt one
resembles; every ``UnknownNameError`` offers them. The caller supplies the lists of names.
"""

from __future__ import annotations

from portranges import types
from portranges.errors import UnknownNameError, got

# A longer text is not a misspelt name: service names have at most 15 characters. The limit
# keeps the comparison cheap for a text of ten megabytes.
_LONGEST = 64

_CUTOFF = 0.6
_MOST = 3
# A message can list this many names.
_FEW = 6


def near(name: str, known: types.Iterable[str]) -> tuple[str, ...]:
    """Return up to three of the *known* names that look like *name*, most similar first.

    Upper and lower case count as equal. Of two equally similar names, the one with the same
    first letter comes first, because few people mistype that letter.

    Args:
        name: The unknown name.
        known: The known names; the result spells them in the same way.

    Example:
        >>> near("htpp", ["ftp", "http", "https"])
        ('http', 'https')
    """
    if len(name) > _LONGEST:
        return ()
    # difflib loads re and collections, so it is imported only when a name is misspelt.
    from difflib import SequenceMatcher

    folded = name.lower()
    matcher = SequenceMatcher(b=folded, autojunk=False)
    ranked: list[tuple[float, bool, str]] = []
    for each in dict.fromkeys(known):
        matcher.set_seq1(each.lower())
        # The first two are upper bounds, and much cheaper.
        if matcher.real_quick_ratio() >= _CUTOFF and matcher.quick_ratio() >= _CUTOFF:
            likeness = matcher.ratio()
            if likeness >= _CUTOFF:
                ranked.append((-likeness, each[:1].lower() != folded[:1], each))
    return tuple(each for _, _, each in sorted(ranked)[:_MOST])


def unknown(kind: str, name: str, known: types.Iterable[str]) -> UnknownNameError:
    """Return the error for a *name* that is not *known*, with names that look like it.

    If none does, and there are at most six, the error lists them all.

    Example:
        >>> print(unknown("transport", "icmp", ["tcp", "udp", "sctp", "dccp"]))
        unknown transport, got 'icmp'; write one of 'tcp', 'udp', 'sctp', 'dccp'
    """
    names = tuple(known)
    similar = near(name, names)
    return UnknownNameError(kind, name, similar, () if similar or len(names) > _FEW else names)


class Index(dict[str, "types.T"]):
    """Values by name, where an unknown name raises an error with suggestions.

    ``index[name]`` and ``find(name)`` differ in one point: only ``find`` reports a *name*
    that is not a ``str`` in the words of the public functions.

    Attributes:
        kind: What the names are of, as ``"system"``.
        argument: The argument that such a name is, in the public functions.

    Example:
        >>> index = Index("animal", {"cat": 4, "hen": 2})
        >>> index["hen"]
        2
        >>> index.find("cart")
        Traceback (most recent call last):
        ...
        portranges.errors.UnknownNameError: unknown animal, got 'cart'; did you mean 'cat'?
    """

    __slots__ = ("argument", "kind")

    def __init__(
        self, kind: str, values: types.Mapping[str, types.T], *, argument: str = "name"
    ) -> None:
        """Keep *values* by their names."""
        super().__init__(values)
        self.kind: str = kind
        self.argument: str = argument

    @classmethod
    def of(
        cls, kind: str, rows: types.Iterable[types.Named], *, argument: str = "name"
    ) -> Index[types.Named]:
        """Return an index of *rows* by their names and aliases.

        Raises:
            ValueError: Two rows share a name or an alias.

        Example:
            >>> from portranges import systems
            >>> Index.of("system", systems.rows())["darwin"].name
            'macos'
        """
        found: dict[str, types.Named] = {}
        for row in rows:
            for name in (row.name, *row.aliases):
                if name in found:
                    raise ValueError(f"each {kind} must have its own names, got {name!r} twice")
                found[name] = row
        return Index(kind, found, argument=argument)

    def find(self, name: str) -> types.T:
        """Return the value of *name*.

        Raises:
            TypeError: *name* is not a ``str``.
            UnknownNameError: Nothing has that name; the error suggests similar ones.

        Example:
            >>> Index("animal", {"cat": 4}, argument="animal").find(b"cat")
            Traceback (most recent call last):
            ...
            TypeError: animal must be a str, got bytes b'cat'
        """
        if not isinstance(name, str):
            raise TypeError(f"{self.argument} must be a str, got {got(name)}")
        return self[str.__str__(name)]

    def __missing__(self, name: str) -> types.T:
        """Raise UnknownNameError."""
        raise unknown(self.kind, name, self)
