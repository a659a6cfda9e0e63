"""iptables: the matches of one rule, all of which must hold, with multiport or without.

Rules are alternatives, so several positive matches become several rules. Several negated matches
must be in one rule: as several rules they would match every packet. ``packing`` distributes the
ranges over the slots.
"""

from __future__ import annotations

from dataclasses import replace

from portranges import types
from portranges.dialects.elements import split_words
from portranges.dialects.model import Fault
from portranges.dialects.packing import pack_by_slots
from portranges.dialects.protocols import NUMBERS
from portranges.dialects.query import Cursor
from portranges.dialects.reading import check_not_empty, read_list
from portranges.dialects.rows_linux import IPTABLES
from portranges.dialects.writing import Request, example, framed, listed, worded
from portranges.errors import PortSyntaxError
from portranges.ports import Transport
from portranges.portset import PortSet

_LISTS = ("--dports", "--destination-ports")
_SINGLE = ("--dport", "--destination-port")
_PROTOCOL = ("-p", "--protocol")
_MODULE = ("-m", "--match")
_LONGEST = 32  # longer than any option


def read(at: Cursor) -> types.Iterator[types.Part]:
    """Yield the ports that all matches of one rule allow."""
    row = at.row
    words = _options(at)
    transport: Transport | None = None
    ports = PortSet.full()
    matches = 0
    negated = loaded = single = multiport = False
    for option in words:
        word = option.word(_LONGEST - 1)
        if word in _PROTOCOL and not matches and not negated:
            named = _transport(_argument(option, words))
            if transport not in (None, named):
                raise _unexpected(option)
            transport = named
        elif word in _MODULE and not negated and not loaded:
            argument = _argument(option, words)
            loaded = row is not IPTABLES and argument.text == "multiport"
            if not loaded:
                module = _module(argument)
                if transport not in (None, module):
                    raise _unexpected(argument)
                transport = module
        elif word == "!" and not negated:
            negated = True
        elif (word in _LISTS and loaded) or (
            # After '-m multiport' it would be an abbreviation of --dports.
            word in _SINGLE and not single and not loaded and not multiport
        ):
            argument = _argument(option, words)
            if not loaded:
                argument = _as_single(argument)
            found = read_list(argument, transport)
            ports &= ~found if negated else found
            matches += 1
            single, multiport = single or not loaded, multiport or loaded
            negated = loaded = False
        elif not matches and not loaded and not negated and next(words, None) is None:
            # The list alone, as other programs store it.
            ports = read_list(option, transport)
            matches += 1
        else:
            raise _unexpected(option)
    if not matches or negated or loaded:
        raise at.error(f"expected a text such as {example(row)!r}")
    check_not_empty(at, ports)
    yield transport, ports


def _options(at: Cursor) -> types.Iterator[Cursor]:
    """Yield the words, with an option and its value apart in ``--dport=80``."""
    for word in split_words(at):
        option, equals, _ = word.query.text[word.start : word.start + _LONGEST].partition("=")
        # iptables refuses '--protocol=tcp'.
        if equals and option in (*_LISTS, *_SINGLE):
            yield word.to(word.start + len(option))
            yield word.without(option + equals)
        else:
            yield word


def _as_single(at: Cursor) -> Cursor:
    """Return the same part, read as a text of the dialect without multiport."""
    return Cursor(replace(at.query, row=IPTABLES), *at.span)


def _unexpected(at: Cursor) -> PortSyntaxError:
    if at.row is IPTABLES and at.text in (*_LISTS, "--ports"):
        return _other_dialect(at)
    return at.refusal(f"expected a text such as {example(at.row)!r}")


def _other_dialect(at: Cursor) -> PortSyntaxError:
    return at.error("multiport must be read as 'iptables-multiport'")


def _argument(option: Cursor, words: types.Iterator[Cursor]) -> Cursor:
    """Return the next word, which is the value of *option*."""
    argument = next(words, None)
    if argument is None:
        raise option.error("an option must have a value", got=f"{option.text!r} alone")
    if argument.starts("!"):
        raise argument.refusal("'!' must precede the option", Fault.NEGATION)
    return argument


def _transport(at: Cursor) -> Transport:
    for transport in at.row.frame.transports:
        # iptables lowers the name.
        if at.text.isascii() and at.text.lower() == transport:
            return transport
    if at.text in NUMBERS:
        return NUMBERS[at.text]
    raise at.error(f"expected {', '.join(at.row.frame.transports)} after '-p'")


def _module(at: Cursor) -> Transport:
    """Return the transport whose own module is loaded."""
    for transport in at.row.frame.transports:
        if at.text == transport:
            return transport
    if at.row is IPTABLES and at.text == "multiport":
        raise _other_dialect(at)
    transports = at.row.frame.transports
    modules = transports if at.row is IPTABLES else ("multiport", *transports)
    raise at.error(f"expected {', '.join(modules)} after '-m'")


def write(request: Request) -> list[str]:
    """Return the fewest rules; a negation is one rule."""
    row = request.row
    matches: list[str] = []
    for part in pack_by_slots(request.named.ranges, row.limits.max_slots):
        # A single element does not need multiport, except in a negation.
        is_single = len(part) == 1 and not request.negated
        wording = IPTABLES.wording if is_single else row.wording
        matches.append(worded(wording, listed(row, part), negated=request.negated))
    if request.negated:
        matches = [" ".join(matches)]
    return [framed(row.frame, match, request.transport) for match in matches]
