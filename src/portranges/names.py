"""Known names that look like a misspelt one.

What lives here: ``near``, the hint of every UnknownNameError.
What must not: any list of names; the caller brings its own.
"""

from __future__ import annotations

from portranges import types

__all__ = ["near"]

# A name longer than this resembles nothing that anybody misspelt: a service
# name has at most 15 characters. The limit keeps the comparison cheap for
# whoever passes ten megabytes.
_LONGEST = 64

_CUTOFF = 0.6
_MOST = 3


def near(name: str, known: types.Iterable[str]) -> tuple[str, ...]:
    """Return up to three of the *known* names that look like *name*.

    Upper and lower case count as equal. Of two that look equally alike the
    one with the same first letter is nearer, as few mistype that one.

    Args:
        name: The name that is not known.
        known: The names that are.

    Returns:
        The alikes, best first, as *known* spells them; often none.

    Example:
        >>> near("htpp", ["ftp", "http", "https"])
        ('http', 'https')
    """
    if len(name) > _LONGEST:
        return ()
    # Only whoever mistypes pays for difflib, which loads re and collections.
    from difflib import SequenceMatcher

    wanted = name.lower()
    matcher = SequenceMatcher(b=wanted, autojunk=False)
    ranked: list[tuple[float, bool, str]] = []
    for each in dict.fromkeys(known):
        matcher.set_seq1(each.lower())
        # The first two are upper bounds, and much cheaper.
        if matcher.real_quick_ratio() >= _CUTOFF and matcher.quick_ratio() >= _CUTOFF:
            likeness = matcher.ratio()
            if likeness >= _CUTOFF:
                ranked.append((-likeness, each[:1].lower() != wanted[:1], each))
    return tuple(each for _, _, each in sorted(ranked)[:_MOST])
