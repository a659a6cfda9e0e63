"""Asks the package of this tree: what differs from ``old.py`` because it was renamed.

Only names, arguments and forms are translated here, so that the answers can be compared. A
difference in an answer belongs in ``differences.py``, with its reason.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from envelope import completed
from frozen.old import Old

# A kernel was the name of a row; now it is a release number, and without a third one the last
# stable release of its series. These releases behave as those rows did.
_KERNELS = {"6.8": "6.11.3", "6.1": "6.1.113"}


# What was one word, Evidence, is a confidence and what was verified.
_VERIFIED = {"every port": "packets", "readback": "run", "acceptance": "parsed"}


def _evidence(row: Any) -> str:
    verified: str = row.evidence.verification.value
    word: str = row.evidence.confidence.value
    return _VERIFIED[verified] if word == "measured" else word


_OTHER_COMMANDS = ("explain", "ephemeral", "convert", "reuse", "masks", "sql", "capacity")

# Rows of flows and advice whose ids are new.
_IDS = {"privileged-client": "shown-privilege", "ephemeral": "handed-out"}


def _id(row: Any) -> str:
    found: str = row.id
    return _IDS.get(found, found)


# Each format of a setting had a function; now it is named by the setting and the system.
_TEXTS: dict[str, tuple[str, str, dict[str, str]]] = {
    "parse_aix_range": ("configured", "aix", {}),
    "parse_aix_time_wait": ("time_wait", "aix", {}),
    "parse_freebsd_reservedhigh": ("unprivileged_start", "freebsd", {}),
    "parse_ipadm_range": ("configured", "solaris", {}),
    "parse_linux_milliseconds": ("time_wait_reuse_after", "linux", {}),
    "parse_linux_number": ("time_wait_limit", "linux", {}),
    "parse_linux_port": ("unprivileged_start", "linux", {}),
    "parse_linux_range": ("configured", "linux", {}),
    "parse_linux_reserved": ("reserved", "linux", {}),
    "parse_linux_seconds": ("fin_wait_2", "linux", {}),
    "parse_linux_time_wait_reuse": ("time_wait_reuse", "linux", {}),
    "parse_msl": ("time_wait", "macos", {}),
    "parse_ndd_range": ("configured", "solaris", {"program": "ndd"}),
    "parse_netbsd_range": ("configured", "netbsd", {}),
    "parse_netsh_excluded": ("excluded", "windows", {}),
    "parse_netsh_range": ("configured", "windows", {}),
    "parse_openbsd_baddynamic": ("reserved", "openbsd", {}),
    "parse_openbsd_range": ("configured", "openbsd", {}),
    "parse_portrange": ("configured", "freebsd", {}),
    "parse_powershell_range": ("configured", "windows", {"program": "powershell"}),
    "parse_registry_time_wait": ("time_wait", "windows", {}),
    "parse_solaris_milliseconds": ("time_wait", "solaris", {}),
    "parse_solaris_port": ("unprivileged_start", "solaris", {}),
    "parse_solaris_ports": ("reserved", "solaris", {}),
}


def _fields_of(part: str, **fields: str) -> dict[tuple[str, str], str]:
    """Return where fields of a dialect are in a *part* of it; ``""`` is the same name."""
    return {("Dialect", old): f"{part}.{new or old}" for old, new in fields.items()}


class New(Old):
    """The package of this tree."""

    RENAMED_FIELDS: ClassVar[dict[tuple[str, str], str]] = {
        ("EphemeralProfile", "system"): "title",
        ("EphemeralProfile", "since"): "system.first_release",
        ("EphemeralProfile", "until"): "system.last_release",
        ("Algorithm", "system"): "title",
        ("PortReport", "handed_out_by"): "allocated_by",
        ("PortReport", "not_handed_out_by"): "not_allocated_by",
        **_fields_of("frame", need="rule", transports=""),
        **_fields_of("spacing", separator="", blanks="", blanks_separate=""),
        **_fields_of("brackets", opening="", closing="", bracketed="when"),
        **_fields_of("ranges", range_signs="signs", open_first="", open_last="", equal_ends=""),
        **_fields_of("ranges", quote="", quote_all="", range_needs_quote="needs_quote"),
        **_fields_of("limits", items="max_elements", slots="max_slots"),
        **_fields_of("limits", size="max_length", texts="max_texts"),
        **_fields_of("evidence", version="", sources=""),
        ("Dialect", "dashed_names"): "names.dashed",
        ("Dialect", "every"): "all_ports_word",
        ("Dialect", "combined"): "several_texts_mean",
        ("Dialect", "odd"): "misread_texts",
        ("Dialect", "limits"): "notes",
        ("DataForm", "items"): "max_elements",
        ("DataForm", "sources"): "evidence.sources",
        ("DataForm", "every"): "all_ports",
        ("DataForm", "limits"): "notes",
        ("Advice", "says"): "template",
    }
    COMPUTED_FIELDS: ClassVar[dict[tuple[str, str], Callable[[Any], Any]]] = {
        ("Dialect", "evidence"): _evidence,
        ("Dialect", "plain"): lambda row: row.wording.plain[0],
        ("Dialect", "negated"): lambda row: "".join(row.wording.negated[:1]),
        ("Dialect", "framed"): lambda row: "".join(row.frame.forms[:1]),
        ("Dialect", "also_framed"): lambda row: row.frame.forms[1:],
        ("Dialect", "names"): lambda row: row.names.lookup != "none",
        ("DataForm", "evidence"): _evidence,
        ("Advice", "id"): _id,
        ("Criterion", "id"): _id,
        ("Finding", "id"): _id,
        ("TransportState", "description"): lambda entry: "".join(entry.descriptions[:1]),
    }
    RENAMED_RECORDS: ClassVar[dict[str, str]] = {"MisreadText": "OddText"}
    WORDS: ClassVar[dict[str, dict[str, str]]] = {
        **Old.WORDS,
        "TransportRule": {"optional": "open"},
    }
    JSON_KEYS: ClassVar[dict[str, str]] = {
        "allocated_by": "handed_out_by",
        "not_allocated_by": "not_handed_out_by",
    }

    JSON_WORDS: ClassVar[dict[str, dict[str, str]]] = {**Old.JSON_WORDS, "id": _IDS}

    def ports_of_systems(self, names: tuple[str, ...]) -> Any:
        return self.ephemeral.ports(names)

    def handed_out_by(self) -> Any:
        return self.ephemeral.allocated_by

    def read_iana(self, path: Path) -> Any:
        return self.registry.Registry.read_iana(path)

    def known_uses(self) -> Any:
        return self.uses_module.rows()

    def uses_at(self) -> Any:
        return self.uses_module.lookup

    def clients(self, names: tuple[str, ...] | None) -> dict[str, Any]:
        return {} if names is None else {"systems": names}

    def systems_and_transports(
        self, systems: tuple[str, ...] | None, transports: tuple[str, ...] | None
    ) -> dict[str, Any]:
        more: dict[str, Any] = {}
        if systems is not None:
            more["systems"] = systems
        if transports is not None:
            more["transport"] = transports
        return more

    def parse_setting(self, name: str, texts: tuple[str, ...]) -> list[Any]:
        system = self.system

        def parse(text: str) -> Any:
            if name in _TEXTS:
                field, of, which = _TEXTS[name]
                return system.parse(text, field, of, **which)
            if name == "parse_sysctl":
                return system.text.parsed("sysctl", system.text.settings_in, text)
            if name == "parse_powershell_ranges":
                return system.text.parsed("", system.parse_windows.powershell_ranges, text)
            return getattr(system, name)(text)

        return self.each(parse, texts)

    def id_of(self, row: Any) -> str:
        return _id(row)

    def return_traffic(self, systems: tuple[str, ...]) -> list[Any]:
        # The old function is ephemeral.ports().
        return [str(self.ephemeral.ports(systems))]

    def rows_of_advice(self) -> Any:
        return self.advice.rows()

    def dialect_rows(self) -> Any:
        return self.dialects.rows()

    def dialect_of(self, name: str) -> Any:
        return self.dialects.lookup(name)

    def odd(self, row: Any) -> Any:
        return row.misread_texts

    def words(self, words: tuple[str, ...]) -> list[str]:
        # Some commands print less now, unless they are told to print everything.
        first = words[0] if words else "--"
        prints_all = first in ("suggest", "audit") or first not in _OTHER_COMMANDS
        other_form = {"--json", "--table", "--sources"} & {*words} or first.startswith("--")
        return [*words, "--full"] if prints_all and not other_form else list(words)

    def json_result(self, text: str) -> Any:
        envelope = json.loads(text)
        if "error" in envelope:
            return None
        if envelope["command"] == "explain":
            # The range of ports of a report is new; no question has a range that does not differ.
            reports = completed(envelope["result"])
            for report in reports:
                del report["ports"], report["brief"], report["not_for_internet"]
                for entry in report["registry"]:
                    entry["description"] = "".join(entry.pop("descriptions")[:1])
            return self.json_data(reports)
        if envelope["command"] == "suggest":
            for each in envelope["result"]:
                if isinstance(each, dict):
                    del each["ports"]
        return self.json_data(envelope["result"])

    def table(
        self,
        system: str,
        settings: tuple[tuple[str, Any], ...] | None,
        kernel: str | None,
        local: tuple[str, ...] | None,
        seed: int,
    ) -> Any:
        release = None if kernel is None else _KERNELS.get(kernel, kernel)
        return super().table(system, settings, release, local, seed)

    def align_draws(self, table: Any, system: str, seed: int) -> None:
        pass

    def order_of(
        self,
        system: str,
        transport: str,
        is_inet6: bool,
        algorithm: str,
        ports: str,
        seed: int,
        count: int,
    ) -> list[Any]:
        settings = (("ports", ports), ("udp_exhaustion", True))
        table = self.table(system, settings, None, None, seed)
        found: list[Any] = []
        for _ in range(count):
            handle = table.socket(transport, family="inet6" if is_inet6 else "inet")
            decision = table.bind(handle, "::1" if is_inet6 else "127.0.0.1", 0)
            port = table.describe(handle).port
            found.append(port if decision.allowed else "exhausted")
        return found
