"""Strategies for the texts of other programs: port expressions, and whole files of rules.

The notations are imported when they are first used, because most tests draw ports only.
"""

from __future__ import annotations

from hypothesis import strategies as st

from portranges import types


def dialect_texts(dialect: types.DialectName) -> st.SearchStrategy[str]:
    """Return a strategy for texts in a dialect, each of which ``dialects.parse`` accepts.

    Draws what ``dialects.render_rules`` writes, with and without a transport and as a negation,
    and other spellings that the tool accepts: other words around the ports and other signs, open
    ranges, blanks, brackets, operators, repeated and unordered elements. Texts with service names
    or variables are not drawn. Shrinks towards a short text with a small port.

    Args:
        dialect: A name or an alias, such as ``"nft"``.

    Returns:
        A strategy for ``str``. A text of several lines has one text of the tool in each line.

    Raises:
        TypeError: *dialect* is not a ``str``.
        UnknownNameError: *dialect* is unknown.

    Example:
        >>> from hypothesis import find
        >>> find(dialect_texts("iptables"), lambda text: True)
        '--dport 0'
        >>> from hypothesis import given
        >>> from portranges import dialects
        >>> @given(dialect_texts("nft"))
        ... def test_it_has_ports(text):
        ...     assert dialects.parse(text, "nft")
        >>> test_it_has_ports()
    """
    from portranges.strategies.texts import texts_of

    return texts_of(dialect)


def rulesets(format: str | None = None) -> st.SearchStrategy[str]:  # noqa: A002
    """Return a strategy for whole texts of rules.

    Each text has up to five rules about incoming packets, for TCP or UDP, a port or a range, from
    every address or from a network. ``rulesets.parse`` reads all of it: ``skipped`` is empty.
    Shrinks towards no rules.

    Args:
        format: The name or an alias of a format of ``portranges.rulesets``. ``None`` means texts of
            all formats, with at least one rule, so that ``rulesets.detect`` finds the format.

    Raises:
        TypeError: *format* is not a ``str``.
        UnknownNameError: *format* is unknown.
        InvalidValueError: *format* is one that another package adds.

    Example:
        >>> from hypothesis import find
        >>> from portranges import rulesets as formats
        >>> def allows_ssh(text):
        ...     return 22 in formats.parse(text, "iptables").reachable().ports.tcp
        >>> text = find(rulesets("iptables"), allows_ssh)
        >>> formats.parse(text, "iptables").skipped
        ()
    """
    from portranges.strategies.rules import rules_of

    return rules_of(format)
