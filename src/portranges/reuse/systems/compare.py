"""One question to many systems.

What lives here: portability().
What must not: any rule of any system; the procedures are an argument.
"""

from __future__ import annotations

from portranges.errors import InvalidSocketError
from portranges.reuse.model import Confidence, Rule, Verdict, check_asks, decide
from portranges.reuse.systems import lookup
from portranges.reuse.systems.rows import cite

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from portranges.reuse.model import Decision, Procedure, Socket

__all__ = ["portability"]


def portability(
    new: Socket, existing: Iterable[Socket], *, procedures: Mapping[str, Procedure]
) -> dict[str, Decision]:
    """Return what each system says about *new* next to *existing*.

    A system that lacks an option which one of the sockets has, or does not let
    a socket have two of them at once, refuses: on it the program fails at
    setsockopt(), before bind().

    Args:
        new: The socket that asks; ``state="listening"`` for one that will
            listen.
        existing: The other sockets, in the order in which they were bound.
        procedures: The systems' rules by name.

    Returns:
        The decisions by the names, in their order.

    Raises:
        InvalidSocketError: *new* is connected.

    Complexity:
        Linear in the number of *existing*, for each system.

    Source:
        The decisions' own.

    Example:
        >>> from portranges.reuse.model import Socket
        >>> from portranges.reuse.systems import procedure
        >>> web = Socket(transport="tcp", address="0.0.0.0", port=8080, state="listening")
        >>> new = Socket(transport="tcp", address="127.0.0.1", port=8080, reuse_port=True)
        >>> names = ["freebsd", "solaris"]
        >>> answers = portability(new, [web], procedures={n: procedure(n) for n in names})
        >>> [(name, answer.rule.id) for name, answer in answers.items()]
        [('freebsd', 'freebsd-one-sided'), ('solaris', 'solaris-no-option')]
    """
    check_asks(new)
    held = tuple(existing)
    return {name: _answer(name, procedure, new, held) for name, procedure in procedures.items()}


def _answer(name: str, procedure: Procedure, new: Socket, existing: tuple[Socket, ...]) -> Decision:
    try:
        return procedure(new, existing, settings=None, local_addresses=None)
    except InvalidSocketError as error:
        both = lookup.system(name).option_both if name in lookup.SYSTEMS else None
        if both is not None and any(
            socket.reuse_address and socket.exclusive for socket in (new, *existing)
        ):
            # The system has both options, and not at once.
            return decide(both)
        return decide(_no_option(name), reason=error.rule)


def _no_option(name: str) -> Rule:
    prefix = "WSA" if name.startswith("windows") else ""
    return Rule(
        id=f"{name}-no-option",
        verdict=Verdict.REFUSED,
        error=f"{prefix}ENOPROTOOPT",
        sentence="the system has no such socket option",
        source=cite("POSIX.1-2017", "setsockopt: errors"),
        confidence=Confidence.MEMORY,
    )
