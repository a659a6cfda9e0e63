"""The syntax of a service name: RFC 6335, section 5.1.

97 older names in IANA's registry break the rule (``z39.50``, ``whois++``), so the readers of
the registry do not apply it.
"""

from __future__ import annotations

from portranges import checks
from portranges.errors import PortSyntaxError, elide

_LONGEST = 15


def is_service_name(text: str) -> bool:
    """Return whether *text* may be registered as a service name.

    A service name has 1 to 15 ASCII letters, digits and hyphens, at least one
    letter, no hyphen at either end and no two in a row.

    Args:
        text: Any text.

    Returns:
        Whether the syntax is valid, whether or not the name is registered.

    Raises:
        TypeError: *text* is not a ``str``.

    Source:
        RFC 6335, section 5.1.

    Example:
        >>> is_service_name("http-alt"), is_service_name("edi_service")
        (True, False)
    """
    checks.of_type("text", text, str)
    return _fault(text) is None


def check_service_name(text: str) -> str:
    """Return *text* if it is a service name, or raise.

    Args:
        text: Any text.

    Returns:
        The same text.

    Raises:
        TypeError: *text* is not a ``str``.
        PortSyntaxError: *text* breaks the rule; the error reports the position.

    Source:
        RFC 6335, section 5.1.

    Example:
        >>> check_service_name("edi_service")
        Traceback (most recent call last):
        ...
        portranges.errors.PortSyntaxError: a service name must have only ASCII letters, digits \
and '-', got 'edi_service'
            edi_service
               ~
    """
    checks.of_type("a service name", text, str)
    fault = _fault(text)
    if fault is not None:
        rule, start, stop = fault
        raise PortSyntaxError(f"a service name must {rule}, got {elide(text)}", text, (start, stop))
    return text


def _fault(text: str) -> tuple[str, int, int] | None:
    """Return the rule that *text* breaks and the place, or None."""
    size = len(text)
    if not 1 <= size <= _LONGEST:
        return f"have 1 to {_LONGEST} characters", _LONGEST if size else 0, size
    for at, character in enumerate(text):
        if not (character.isascii() and character.isalnum()) and character != "-":
            return "have only ASCII letters, digits and '-'", at, at + 1
    if text[0] == "-":
        return "not begin with '-'", 0, 1
    if text[-1] == "-":
        return "not end with '-'", size - 1, size
    if "--" in text:
        at = text.index("--")
        return "not have two '-' in a row", at, at + 2
    if text.replace("-", "").isdigit():
        return "have a letter", 0, size
    return None
