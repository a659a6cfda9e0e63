"""Reports as plain data: one report with all its facts, or many that share theirs.

The reports of all ports with all their facts would be a hundred megabytes, nearly all of it
repeated texts and sources. ``Facts`` collects each fact once, and the reports name it.
"""

from __future__ import annotations

from portranges import ephemeral, types
from portranges.categories import Category
from portranges.records import as_data, value_as_data
from portranges.report import rows
from portranges.report.model import BindRule, EphemeralRange, PortReport, Remark
from portranges.uses import SensitiveService, Use


def complete(report: PortReport) -> dict[str, types.Any]:
    """Return *report* with all its facts."""
    return {
        "port": report.port,
        "ports": _range(report.ports),
        "brief": report.brief,
        "category": {"name": report.category.value, **_category(report.category)},
        **as_data(
            report,
            "registry",
            "registry_source",
            "purpose",
            "allocated_by",
            "not_allocated_by",
            "bind_rules",
            "browser_blocked",
            "browser_source",
        ),
        "uses": [{"name": use.name, **_use(use)} for use in report.uses],
        "not_for_internet": [
            {"service": each.service, **_sensitive(each)} for each in report.not_for_internet
        ],
        **as_data(report, "commands", "judgement"),
    }


class Facts:
    """The facts of the reports that were added, each once.

    Example:
        >>> from portranges import explain
        >>> facts = Facts()
        >>> facts.add(explain(443, transport="tcp"))["category"]
        'system'
        >>> facts.to_dict()["categories"]["system"]["label"]
        'System Ports'
    """

    def __init__(self) -> None:
        """Begin without facts."""
        self._sources: dict[str, str] = {}
        # Records by name, converted at the end: most are added many times.
        self._categories: dict[str, Category] = {}
        self._ranges: dict[str, EphemeralRange] = {}
        self._rules: dict[str, BindRule] = {}
        self._uses: dict[str, Use] = {}
        self._sensitive: dict[str, SensitiveService] = {}
        self._remarks: dict[Remark, int] = {}

    def add(self, report: PortReport) -> dict[str, types.Any]:
        """Add the facts of *report*, and return the report, which refers to them.

        Args:
            report: The report.

        Returns:
            What distinguishes the report from others. Systems, categories and uses are named;
            remarks are numbers of elements of ``remarks``.

        Example:
            >>> from portranges import explain
            >>> Facts().add(explain(0))["purpose"]
            [0, 1]
        """
        self._sources = self._sources or as_data(report, "registry_source", "browser_source")
        self._categories[report.category.value] = report.category
        ranges = (*report.allocated_by, *report.not_allocated_by)
        self._ranges |= {entry.name: entry for entry in ranges}
        self._rules |= {rule.name: rule for rule in report.bind_rules}
        self._uses |= {use.name: use for use in report.uses}
        self._sensitive |= {each.service: each for each in report.not_for_internet}
        return {
            "port": report.port,
            "ports": _range(report.ports),
            "brief": report.brief,
            "category": report.category.value,
            **as_data(report, "registry"),
            "purpose": self._numbers(report.purpose),
            "allocated_by": [entry.name for entry in report.allocated_by],
            "skipped_by": [entry.name for entry in report.not_allocated_by if entry.skips_port],
            "privileged_on": [rule.name for rule in report.bind_rules if rule.privileged],
            "browser_blocked": report.browser_blocked,
            "uses": [use.name for use in report.uses],
            "not_for_internet": [each.service for each in report.not_for_internet],
            "judgement": self._numbers(report.judgement),
        }

    def to_dict(self) -> dict[str, types.Any]:
        """Return the facts.

        Returns:
            The facts by their names, and ``remarks`` in the order of their numbers. Commands
            contain ``{port}`` in place of the port; none applies to port 0.

        Example:
            >>> Facts().to_dict()["commands"][0]["command"]
            "ss -tuanp 'sport = :{port}'"
        """
        return {
            **self._sources,
            "categories": {name: _category(each) for name, each in self._categories.items()},
            "systems": {
                profile.name: self._system(profile)
                for profile in ephemeral.profiles(kind="host", current=True)
                if profile.name in {*self._ranges, *self._rules}
            },
            "uses": {name: _use(use) for name, use in self._uses.items()},
            "not_for_internet": {
                service: _sensitive(each) for service, each in self._sensitive.items()
            },
            "remarks": [as_data(remark) for remark in self._remarks],
            "commands": [
                {"system": each.system, "transports": value_as_data(of), **as_data(each)}
                for of, each in rows.INSPECT_COMMANDS
            ],
        }

    def _system(self, profile: ephemeral.EphemeralProfile) -> dict[str, object]:
        entry, rule = self._ranges.get(profile.name), self._rules.get(profile.name)
        return {
            "system": profile.title,
            "ephemeral": entry and as_data(entry, "ports", "source"),
            "privilege": rule and as_data(rule, "note", "source"),
        }

    def _numbers(self, remarks: types.Iterable[Remark]) -> list[int]:
        return [self._remarks.setdefault(each, len(self._remarks)) for each in remarks]


def _range(ports: types.PortRange) -> dict[str, int]:
    return {"first": ports.first, "last": ports.last}


def _category(category: Category) -> dict[str, types.Any]:
    return {
        **as_data(category, "label", "other_labels", "procedure"),
        **_range(category.ports),
        "size": len(category.ports),
        "source": str(category.source),
    }


def _use(use: Use) -> dict[str, types.Any]:
    return as_data(
        use,
        "ports",
        "transports",
        "kind",
        "note",
        "since",
        "service",
        "confidence",
        "source",
        "fragment",
    )


def _sensitive(service: SensitiveService) -> dict[str, types.Any]:
    return as_data(service, "ports", "transports", "why", "confidence", "source", "fragment")
