"""One question to many systems.

What lives here: portability().
What must not: any rule of any system; the systems are an argument.
"""

from __future__ import annotations

from portranges import types
from portranges.reuse.model import Decision, RefusedOption, Socket, check_asks, decide

__all__ = ["portability"]


def portability(
    new: Socket,
    existing: types.Iterable[Socket],
    *,
    systems: types.Mapping[
        str, tuple[types.Procedure, types.Callable[[Socket], RefusedOption | None]]
    ],
) -> dict[str, Decision]:
    """Return what each system says about *new* next to *existing*.

    A system that lacks an option which one of the sockets has, or does not let
    a socket have two of them at once, refuses: on it the program fails at
    setsockopt(), before bind().

    Args:
        new: The socket that asks; ``state="listening"`` for one that will
            listen.
        existing: The other sockets, in the order in which they were bound.
        systems: By name each one's rule, and what it says of a socket's options.

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
        >>> from portranges.reuse.others import procedure, system
        >>> web = Socket(transport="tcp", address="0.0.0.0", port=8080, state="listening")
        >>> new = Socket(transport="tcp", address="127.0.0.1", port=8080, reuse_port=True)
        >>> names = ["freebsd", "windows"]
        >>> each = {name: (procedure(name), system(name).refused_option) for name in names}
        >>> answers = portability(new, [web], systems=each)
        >>> [answer.rule.id for answer in answers.values()]
        ['freebsd-one-sided', 'windows-no-option']
    """
    check_asks(new)
    held = tuple(existing)
    return {
        name: _answer(procedure, refused_option, new, held)
        for name, (procedure, refused_option) in systems.items()
    }


def _answer(
    procedure: types.Procedure,
    refused_option: types.Callable[[Socket], RefusedOption | None],
    new: Socket,
    existing: tuple[Socket, ...],
) -> Decision:
    for socket in (new, *existing):
        refusal = refused_option(socket)
        if refusal is not None:
            return decide(refusal.row, reason=refusal.wrong)
    return procedure(new, existing, settings=None, local_addresses=None)
