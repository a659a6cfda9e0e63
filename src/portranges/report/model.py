"""PortReport and its parts.

``build`` fills the records, ``page`` lays them out, and ``data`` converts them to plain data.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portranges import types
from portranges.categories import Category
from portranges.uses import SensitiveService, Use, UseKind, not_for_internet

# A development server usually runs on its default, and a program may have been moved. A convention
# that is not registered is often the example of one manual; one that is registered is the service
# itself, and comes before all kinds.
_RANKS = {
    UseKind.DEVELOPER: 1,
    UseKind.PROGRAM: 2,
    UseKind.PLATFORM: 2,
    UseKind.MALWARE: 3,
    UseKind.CONVENTION: 4,
}

# A range of this size is allocated from, not searched from its first port.
_WIDE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportState:
    """The port in the IANA registry, for one transport.

    Attributes:
        transport: The transport.
        state: The registry's state.
        services: Service names in registry order, the primary one first.
        descriptions: The registry's description of each name, or of the row without a name; ``""``
            if it has none. Empty if there is no row.

    Example:
        >>> from portranges import explain
        >>> entry = explain(443).registry[0]
        >>> entry.services, entry.descriptions
        (('https',), ('http protocol over TLS/SSL',))
    """

    transport: types.Transport
    state: types.State
    services: tuple[str, ...]
    descriptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EphemeralRange:
    """A system and its ephemeral range.

    Attributes:
        name: The name of the profile in ``portranges.ephemeral``.
        system: The system's title.
        ports: Its default range.
        skips_port: Whether the system never allocates the port of the report although it is
            in the range.
        source: Where the fact comes from.

    Example:
        >>> from portranges import explain
        >>> explain(60454).allocated_by[0].name
        'linux'
    """

    name: str
    system: str
    ports: types.PortSet
    skips_port: bool
    source: types.Source


@dataclass(frozen=True, slots=True, kw_only=True)
class BindRule:
    """Who may bind the port on a system with default settings.

    Attributes:
        name: The name of the profile in ``portranges.ephemeral``.
        system: The system's title.
        privileged: Whether binding requires a privilege.
        note: Details of the system's rule, or ``""``.
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
    source: types.Source


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectCommand:
    """A command that shows which process holds the port.

    Attributes:
        system: The system it runs on.
        command: The command line for this port.
        shows: What it shows.
        source: Where the command is documented.

    Example:
        >>> from portranges import explain
        >>> explain(60454).commands[0].command
        "ss -tuanp 'sport = :60454'"
    """

    system: str
    command: str
    shows: str
    source: types.Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One or two sentences and their source.

    Attributes:
        text: The sentences.
        source: Where they come from.

    Example:
        >>> from portranges import explain
        >>> str(explain(60454).purpose[0].source.document)
        'RFC 6335'
    """

    text: str
    source: types.Source


@dataclass(frozen=True, slots=True, kw_only=True)
class PortReport:
    """Everything known about one port, or about adjacent ports that do not differ.

    ``brief`` is one line, ``verdict()`` a few, and ``str()`` the page, 80 columns wide, which
    begins with the verdict. ``to_html()`` returns a web page, ``to_dict()`` all facts as plain
    data.

    Attributes:
        port: The port; the first one if the report is about several.
        ports: The ports that the report is about: adjacent ports whose reports differ only in
            ``commands``, which are those for the first port. Only ``explain_ranges`` returns more
            than one.
        category: Its category.
        registry: The state in the registry, one entry per transport.
        purpose: What a port of this category is for.
        allocated_by: Current systems whose ephemeral range contains the port.
        not_allocated_by: Current systems whose ephemeral range does not.
        bind_rules: Who may bind it, one entry per system whose rule is known.
        browser_blocked: Whether browsers refuse to connect to it.
        browser_source: The source of that list.
        uses: Other known uses, the narrowest range first.
        commands: Commands that show which process holds it.
        judgement: How to interpret what they show.

    Example:
        >>> from portranges import explain
        >>> report = explain(60454)
        >>> report.category.value, report.browser_blocked
        ('dynamic', False)
        >>> print(str(report).splitlines()[0])
        Port 60454
    """

    port: int
    ports: types.PortRange
    category: Category
    registry: tuple[TransportState, ...]
    purpose: tuple[Remark, ...]
    allocated_by: tuple[EphemeralRange, ...]
    not_allocated_by: tuple[EphemeralRange, ...]
    bind_rules: tuple[BindRule, ...]
    browser_blocked: bool
    browser_source: types.Source
    uses: tuple[Use, ...]
    commands: tuple[InspectCommand, ...]
    judgement: tuple[Remark, ...]
    registry_source: types.Source

    @property
    def services(self) -> tuple[str, ...]:
        """The service names in the registry, of all transports.

        Example:
            >>> from portranges import explain
            >>> explain(3000).services
            ('hbci', 'remoteware-cl')
        """
        names = (name for entry in self.registry for name in entry.services)
        return tuple(dict.fromkeys(names))

    @property
    def uses_by_relevance(self) -> tuple[Use, ...]:
        """The uses, the most relevant ones first.

        First come narrow ranges, and programs that begin at this port and take a later one if it
        is in use. Among these, uses that are registered for the port come first, then smaller
        ranges. Of the same size, a registered convention comes before development servers, then
        programs and platforms, malware, and other conventions.

        Example:
            >>> from portranges import explain
            >>> [use.name for use in explain(6000).uses_by_relevance][:2]
            ['X11', 'Neo4j cluster']
        """
        services = self.services

        def relevance(use: Use) -> tuple[bool, bool, int, int]:
            is_other = use.service not in services
            is_service = use.kind is UseKind.CONVENTION and not is_other
            rank = 0 if is_service else _RANKS[use.kind]
            return not self._suggests(use), is_other, len(use.ports), rank

        return tuple(sorted(self.uses, key=relevance))

    @property
    def known_for(self) -> tuple[Use, ...]:
        """The uses that the port suggests, without wide ranges that merely contain it.

        Example:
            >>> from portranges import explain
            >>> [use.name for use in explain(9200).known_for]
            ['Boundary controller API', 'OpenSearch', 'Elasticsearch']
            >>> explain(60454).known_for
            ()
        """
        return tuple(use for use in self.uses_by_relevance if self._suggests(use))

    @property
    def is_misnamed(self) -> bool:
        """Whether the port is registered, but all that it is known for are other services.

        Example:
            >>> from portranges import explain
            >>> explain(9200).is_misnamed, explain(22).is_misnamed
            (True, False)
        """
        known = [use for use in self.uses if self._suggests(use)]
        # The registered name of a use may be that of another of its ports, as imap of 143 and 993.
        return bool(self.services and known) and not any(use.service for use in known)

    @property
    def not_for_internet(self) -> tuple[SensitiveService, ...]:
        """The services on the port that should not be reachable from the internet.

        Example:
            >>> from portranges import explain
            >>> [each.service for each in explain(3306).not_for_internet]
            ['MySQL']
        """
        transports = {entry.transport for entry in self.registry}
        return tuple(
            each
            for each in not_for_internet()
            if not (each.ports.isdisjoint(self.ports) or transports.isdisjoint(each.transports))
        )

    def _suggests(self, use: Use) -> bool:
        """Return whether the port suggests *use*."""
        if use.is_narrow:
            return True
        begins_here = use.ports.first == self.ports.first == self.ports.last
        return begins_here and use.kind is UseKind.PROGRAM and len(use.ports) < _WIDE

    @property
    def brief(self) -> str:
        """The report as one line.

        It names the registered services, or what the port is known for instead, the category, and
        the common systems on which the port is privileged or allocated by default.

        Example:
            >>> from portranges import explain
            >>> print(explain(5432).brief)
            5432 is assigned to postgresql (PostgreSQL Database); user port
            >>> print(explain(22).brief.partition("; ")[2])
            system port; privileged on linux, macos, freebsd; blocked by browsers
        """
        from portranges.report.summary import brief

        return brief(self)

    def verdict(self, *, width: int = 80, styled: bool = False) -> str:
        """Return the most important facts about the port, in about six lines.

        Args:
            width: The maximum length of a line, at least 60.
            styled: Whether the first sentence is bold, with terminal escape codes.

        Returns:
            Lines joined by line feeds, without one at the end. The first says what the port is. The
            others, each with a label, list its services with their descriptions, known uses, the
            systems that allocate it by default, and who may bind it. The page begins with the same
            lines.

        Raises:
            InvalidValueError: *width* is below 60.

        Example:
            >>> from portranges import explain
            >>> print(explain(5432).verdict())
            Port 5432 is assigned to postgresql; it lies in 1024-49151, the User Ports.
            assigned   tcp, udp: postgresql (PostgreSQL Database)
            used by    PostgreSQL
            allocated  not on linux, windows, macos and freebsd, but on 16 other systems
            bind       any user
        """
        from portranges.report.summary import verdict

        return "\n".join(verdict(self, width=width, styled=styled))

    def to_dict(self) -> dict[str, types.Any]:
        """Return the report as JSON-compatible data.

        Returns:
            A dictionary of strings, numbers, booleans, lists and dictionaries, always with
            the same keys. ``port`` is the first port, and ``ports`` has the first and the last one
            that the report is about.

        Example:
            >>> from portranges import explain
            >>> data = explain(443, transport="tcp").to_dict()
            >>> data["port"], data["category"]["name"]
            (443, 'system')
            >>> data["registry"][0]["services"], data["registry"][0]["descriptions"]
            (['https'], ['http protocol over TLS/SSL'])
        """
        from portranges.report.data import complete

        return complete(self)

    def page(self, *, sources: bool = False, width: int = 80, styled: bool = False) -> str:
        """Return the report as a page of text.

        Args:
            sources: Whether to list the sources of every section.
            width: The maximum length of a line, at least 60. Only a command line and a word that
                does not fit, such as a path in a source, may be longer.
            styled: Whether headings are bold, with terminal escape codes.

        Returns:
            Lines joined by line feeds, without one at the end.

        Raises:
            InvalidValueError: *width* is below 60.

        Example:
            >>> from portranges import explain
            >>> print(explain(60454).page(width=72)[:10])
            Port 60454
        """
        from portranges.report.page import render

        return render(self, sources=sources, width=width, styled=styled)

    def to_html(self) -> str:
        """Return the report as a web page in one file.

        The page has no scripts, loads nothing, follows the light or dark scheme of the reader and
        can be printed. It links to the sources.

        Returns:
            An HTML document in ASCII, the same one each time.

        Example:
            >>> from portranges import explain
            >>> page = explain(60454).to_html()
            >>> page.splitlines()[0], "<h1>Port 60454</h1>" in page
            ('<!DOCTYPE html>', True)
        """
        from portranges.report.web_page import render

        return render((self,))

    def __repr__(self) -> str:
        """Return the one line of ``brief``: a report has thousands of characters."""
        return f"<PortReport {self.brief}>"

    def _repr_html_(self) -> str:
        """Return a picture of the port on the number line, and the verdict, for notebooks."""
        from portranges.diagrams import display

        return display.of_port(self.port, self.verdict())

    def _repr_pretty_(self, printer: types.Any, _cycle: bool) -> None:  # noqa: FBT001
        """Print the verdict, for IPython."""
        printer.text(self.verdict())

    def __rich_repr__(self) -> Iterator[str]:
        """Yield the one line of ``brief``, for rich."""
        yield self.brief

    def __str__(self) -> str:
        """Return the page, 80 columns wide, without styles."""
        return self.page()


# rich then prints <PortReport ...>: the line is not an argument of the constructor.
setattr(PortReport.__rich_repr__, "angular", True)  # noqa: B010 - as for PortSet
