"""What a notebook shows for a set, for rules and for a report: a picture and a line of text."""

from __future__ import annotations

from html import escape

from portranges import types
from portranges.diagrams.layers import assigned, categories, ephemeral_ranges, layers_of
from portranges.diagrams.picture import svg
from portranges.errors import visible
from portranges.layout import cut_list
from portranges.portset import PortSet
from portranges.rulesets import Ruleset
from portranges.transport_ports import TransportPorts

_LONGEST = 2000  # characters below a picture


def of_set(ports: PortSet | TransportPorts) -> str:
    """Return *ports* as a picture with its text below.

    Example:
        >>> of_set(PortSet([80])).endswith("<p><code>80</code></p>")
        True
    """
    count = len(ports)
    title = f"{count:,} port{'s' if count != 1 else ''}"
    text = cut_list(str(ports), _LONGEST)
    return _shown(svg([*categories(), *layers_of(ports)], title=title), text, "code")


def of_rules(ruleset: Ruleset) -> str:
    """Return the ports that *ruleset* opens as a picture, with its numbers below."""
    evaluated = ruleset.chains is not None
    label = "reachable" if evaluated else "accepted"
    title = f"Ports that other hosts can reach, {ruleset.format}"
    title = title if evaluated else f"Ports that rules accept, {ruleset.format}"
    text = f"{len(ruleset.rules):,} rules, {len(ruleset.skipped):,} skipped"
    return _shown(svg([*categories(), *layers_of(ruleset, label)], title=title), text, "span")


def of_port(port: int, text: str) -> str:
    """Return *port* on the number line, with *text* below."""
    layers = [*categories(), assigned("tcp"), assigned("udp"), *ephemeral_ranges()]
    return _shown(svg(layers, title=f"Port {port}", marks=[port]), text, "pre")


def _shown(picture: str, text: str, element: types.Literal["code", "pre", "span"]) -> str:
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    lines = "\n".join(map(visible, text.split("\n")))
    words = f"<{element}>{escape(lines)}</{element}>"
    return f"{picture}\n{words if element == 'pre' else f'<p>{words}</p>'}"
