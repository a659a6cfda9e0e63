"""The records that say everything known about one port.

What lives here: PortReport and its parts, and their form as plain data.
What must not: how they are found (``build``), how they are laid out on a page
(``page``), or any fact.
"""

from __future__ import annotations

from dataclasses import dataclass

from portranges import types
from portranges.categories import Category
from portranges.ports import PortRange, Transport
from portranges.portset import PortSet
from portranges.report.page import render
from portranges.source import Source
from portranges.uses import Use

__all__ = [
    "BindRule",
    "EphemeralRange",
    "InspectCommand",
    "PortReport",
    "Remark",
    "TransportState",
]

# Version of the data form; it grows when a key changes its meaning or goes.
_SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportState:
    """What the IANA registry says of the port on one transport.

    Attributes:
        transport: The transport.
        state: The registry's state.
        services: Service names in registry order, the primary one first.
        description: The registry's words on the first name; ``""`` where the
            registry that was asked holds none (the shipped one holds none).

    Example:
        >>> from portranges import explain
        >>> explain(443).registry[0].services
        ('https',)
    """

    transport: Transport
    state: types.State
    services: tuple[str, ...]
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EphemeralRange:
    """A system, and the ports that it hands to outgoing connections by default.

    Attributes:
        name: The name of the profile in ``portranges.ephemeral``.
        system: The system's name in full.
        ports: Its range.
        skips_port: Whether the system passes over the port of the report
            although its range has it.
        source: Where the fact comes from.

    Example:
        >>> from portranges import explain
        >>> explain(60454).handed_out_by[0].name
        'linux'
    """

    name: str
    system: str
    ports: PortSet
    skips_port: bool
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class BindRule:
    """Who may bind the port on a system, by its defaults.

    Attributes:
        name: The name of the profile in ``portranges.ephemeral``.
        system: The system's name in full.
        privileged: Whether it takes a privilege.
        note: What the system's rule adds; may be ``""``.
        source: Where the fact comes from.

    Example:
        >>> from portranges import explain
        >>> explain(80).bind_rules[0].privileged
        True
    """

    name: str
    system: str
    privileged: bool
    note: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectCommand:
    """A command that shows who holds the port now.

    Attributes:
        system: The system it runs on.
        command: The command line, with the number filled in.
        shows: What it shows.
        source: Where the command's form comes from.

    Example:
        >>> from portranges import explain
        >>> explain(60454).commands[0].command
        "ss -tuanp 'sport = :60454'"
    """

    system: str
    command: str
    shows: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A sentence or two for a person, and where they come from.

    Attributes:
        text: The sentences.
        source: What they rest on.

    Example:
        >>> from portranges import explain
        >>> str(explain(60454).purpose[0].source.document)
        'RFC 6335'
    """

    text: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class PortReport:
    """Everything known about one port.

    ``str()`` of a report is its page, 80 columns wide; ``to_dict()`` is the
    same as plain data.

    Attributes:
        port: The port.
        category: Its category.
        registry: What the registry says, one entry a transport.
        purpose: What a port of this category is for.
        handed_out_by: Current systems that hand the port to outgoing
            connections by default, with their ranges.
        not_handed_out_by: Current systems that do not.
        bind_rules: Who may bind it, one entry a system whose rule is known.
        browser_blocked: Whether browsers refuse to connect to it.
        browser_source: Where that comes from.
        uses: Other known uses, the narrowest range first.
        commands: How to see who holds it now.
        judgement: What to make of what is found.

    Example:
        >>> from portranges import explain
        >>> report = explain(60454)
        >>> report.category.value, report.browser_blocked
        ('dynamic', False)
        >>> print(str(report).splitlines()[0])
        Port 60454
    """

    port: int
    category: Category
    registry: tuple[TransportState, ...]
    purpose: tuple[Remark, ...]
    handed_out_by: tuple[EphemeralRange, ...]
    not_handed_out_by: tuple[EphemeralRange, ...]
    bind_rules: tuple[BindRule, ...]
    browser_blocked: bool
    browser_source: Source
    uses: tuple[Use, ...]
    commands: tuple[InspectCommand, ...]
    judgement: tuple[Remark, ...]
    registry_source: Source

    def to_dict(self) -> dict[str, types.Any]:
        """Return the report as data that JSON can say.

        Returns:
            A dictionary of strings, numbers, booleans, lists and dictionaries,
            always with the same keys; ``schema`` is the version of the form.

        Example:
            >>> from portranges import explain
            >>> data = explain(443, transport="tcp").to_dict()
            >>> data["port"], data["category"]["name"]
            (443, 'system')
            >>> data["registry"]
            [{'transport': 'tcp', 'state': 'assigned', 'services': ['https'], 'description': ''}]
        """
        return {
            "schema": _SCHEMA,
            "port": self.port,
            "category": {
                "name": self.category.value,
                "label": self.category.label,
                "other_labels": list(self.category.other_labels),
                "procedure": self.category.procedure,
                **_range(self.category.ports),
                "size": len(self.category.ports),
                "source": str(self.category.source),
            },
            "registry": [
                {
                    "transport": entry.transport.value,
                    "state": entry.state.value,
                    "services": list(entry.services),
                    "description": entry.description,
                }
                for entry in self.registry
            ],
            "registry_source": str(self.registry_source),
            "purpose": [_remark(remark) for remark in self.purpose],
            "handed_out_by": [_ephemeral(entry) for entry in self.handed_out_by],
            "not_handed_out_by": [_ephemeral(entry) for entry in self.not_handed_out_by],
            "bind_rules": [
                {
                    "name": rule.name,
                    "system": rule.system,
                    "privileged": rule.privileged,
                    "note": rule.note,
                    "source": str(rule.source),
                }
                for rule in self.bind_rules
            ],
            "browser_blocked": self.browser_blocked,
            "browser_source": str(self.browser_source),
            "uses": [
                {
                    "name": use.name,
                    **_range(use.ports),
                    "transports": [transport.value for transport in use.transports],
                    "note": use.note,
                    "source": str(use.source),
                }
                for use in self.uses
            ],
            "commands": [
                {
                    "system": command.system,
                    "command": command.command,
                    "shows": command.shows,
                    "source": str(command.source),
                }
                for command in self.commands
            ],
            "judgement": [_remark(remark) for remark in self.judgement],
        }

    def page(self, *, sources: bool = False, width: int = 80, styled: bool = False) -> str:
        """Return the report as a page for a person.

        Args:
            sources: Whether each part names where it comes from.
            width: Columns that no line exceeds, an integer of at least 60. A command is
                never broken; one that is longer stands as it is.
            styled: Whether headings are bold, by terminal escape codes.

        Returns:
            Lines joined by line feeds, with none at the end.

        Raises:
            InvalidValueError: *width* is below 60.

        Example:
            >>> from portranges import explain
            >>> print(explain(60454).page(width=72)[:10])
            Port 60454
        """
        return render(self, sources=sources, width=width, styled=styled)

    def __str__(self) -> str:
        """Return the page, 80 columns wide, without styles."""
        return self.page()


def _range(ports: PortRange) -> dict[str, int]:
    return {"first": ports.first, "last": ports.last}


def _remark(remark: Remark) -> dict[str, str]:
    return {"text": remark.text, "source": str(remark.source)}


def _ephemeral(entry: EphemeralRange) -> dict[str, types.Any]:
    return {
        "name": entry.name,
        "system": entry.system,
        "ports": str(entry.ports),
        "skips_port": entry.skips_port,
        "source": str(entry.source),
    }
