"""Read what iptables-save, ip6tables-save, ``iptables -S`` and ``iptables -L`` write.

A line is a rule, declares a table or a chain, or is skipped with a reason. Each rule is read by
``iptables_rule``; ``iptables_list`` translates a line of ``iptables -L`` for it.
"""

from __future__ import annotations

import re

from portranges import types
from portranges.errors import PortSyntaxError, elide
from portranges.families import Family
from portranges.rulesets import ipset_save
from portranges.rulesets.iptables_list import (
    CHAIN,
    Columns,
    chains_of,
    is_heading,
    translated,
    unreadable,
)
from portranges.rulesets.iptables_rule import RuleReader, Unread
from portranges.rulesets.model import (
    Action,
    Applies,
    Chain,
    Direction,
    Hook,
    Location,
    Rule,
    Skipped,
)
from portranges.rulesets.netfilter import TABLES, both, hook_of, priority_of
from portranges.rulesets.ruleset import Ruleset
from portranges.rulesets.translated import pass_translated
from portranges.transport_ports import TransportPorts

_FAMILIES = {"iptables": Family.INET, "ip6tables": Family.INET6}
_DIRECTIONS = {
    Hook.INPUT: Direction.IN,
    Hook.FORWARD: Direction.FORWARD,
    Hook.OUTPUT: Direction.OUT,
}
_POLICIES = {"ACCEPT": Action.ACCEPT, "DROP": Action.DROP}

# Packets that are not tracked have no state NEW.
_UNTRACKED = re.compile(r"--notrack\b|\bNOTRACK\b")
_ZONES = re.compile(r"\bCT (?! *--notrack)")
# The copies that TEE makes are not tracked.
_COPIES = re.compile(r"\bTEE\b")
# Rules may change what is in these sets.
_CHANGED_SET = re.compile(r"\b(?:add|del)-set ([^ \n]+)")
_USED_CHAIN = re.compile(r"^(?:\[[0-9]+:[0-9]+\] )?-[PA] ([^ \n]+)", re.MULTILINE)
_COUNTERS = re.compile(r"\[[0-9]+:[0-9]+\] ")
_WARNINGS = {
    # iptables-nft writes these where a table has rules that only nft can show, and where rules of
    # iptables-legacy exist as well.
    "is incompatible, use 'nft' tool": "the rules of this table are not in the file",
    "tables present, use": "there are further rules, which are not in the file",
}


def read_text(
    text: str, name: str, services: types.Services | None, sets: str | None = None
) -> Ruleset:
    """Return the ruleset in *text*, which has the format *name*.

    Raises:
        PortSyntaxError: A table is incomplete, repeated or unknown, or *sets* is not the output
            of ``ipset save``.
        InvalidValueError: A chain leads back to itself.
    """
    ports = {} if sets is None else ipset_save.read_sets(sets, services)
    if ports:
        for changed in _CHANGED_SET.findall(text):
            ports.pop(changed.strip('"'), None)
    return _Reader(text, name, services, ports).read()


class _Reader:
    """The state between the lines of a file."""

    def __init__(
        self,
        text: str,
        name: str,
        services: types.Services | None,
        sets: types.Mapping[str, tuple[str, TransportPorts]],
    ) -> None:
        self.text: str = text
        self.name: str = name
        self.families: tuple[Family, ...] = (_FAMILIES[name],)
        self.chains: dict[str, Chain] = {}
        self.rules: list[Rule] = []
        self.skipped: list[Skipped] = []
        self.tables: set[str] = set()
        self.table: str = ""
        # Without a line '*table', the text is from 'iptables -S', which shows one table.
        self.has_tables: bool = re.search(r"^\*", text, re.MULTILINE) is not None
        if not self.has_tables:
            self.table = _guessed_table(text)
        has_copies = _COPIES.search(text) is not None
        self.reader: RuleReader = RuleReader(
            services,
            sets,
            is_tracked=_UNTRACKED.search(text) is None and not has_copies,
            has_zones=_ZONES.search(text) is not None,
            has_copies=has_copies,
        )
        # In the output of 'iptables -L', the chain of the following lines, and their columns.
        self.chain: str = ""
        self.columns: Columns | None = None
        self.is_list: bool = not self.has_tables and next(chains_of(text), None) is not None
        if self.is_list:
            self.add_listed_chains()

    def add_listed_chains(self) -> None:
        """Add all chains of a list, because a rule may jump to a chain that is listed later."""
        for start, name, policy in chains_of(self.text):
            span = (start, start + len(f"Chain {name}"))
            if f"{self.table} {name}" in self.chains:
                rule = "each chain must be listed once, and one table at a time"
                raise self.error(rule, f"{elide(name)} twice", *span)
            if not self.add_chain(name, policy):
                raise self.error(f"expected a chain of the table {self.table}", elide(name), *span)

    def read(self) -> Ruleset:
        start, number = 0, 0
        while start < len(self.text):
            number += 1
            end = self.text.find("\n", start)
            stop = len(self.text) if end < 0 else end
            self.read_line(self.text[start:stop].removesuffix("\r"), number, start)
            start = stop + 1
        if self.has_tables and self.table:
            last = len(self.text.rstrip())
            raise self.error("each table must end with COMMIT", "the end of the text", last, last)
        rules, chains = pass_translated(self.rules, self.skipped, self.chains.values())
        return Ruleset(
            format=self.name,
            rules=rules,
            skipped=tuple(self.skipped),
            chains=chains,
        )

    def read_line(self, line: str, number: int, start: int) -> None:
        """Read a line, which begins at *start* in the text."""
        sign = line[:1]
        if self.is_list:
            self.read_listed(line, number)
        elif sign in ("-", "["):
            self.read_command(line, number)
        elif sign == "#":
            for words, reason in _WARNINGS.items():
                if words in line:
                    self.skip(line, number, reason, could_accept=False)
        elif sign == "*":
            self.begin_table(line[1:].rstrip(" \t"), start, len(line))
        elif sign == ":" and self.table:
            self.declare(line, number)
        elif line.rstrip(" \t") == "COMMIT" and self.has_tables:
            if not self.table:
                raise self.error("a table must precede COMMIT", elide(line), start, start + 6)
            self.table = ""
        elif line.strip(" \t"):
            self.skip(line, number, f"expected a rule, a chain or a table, got {elide(line)}")

    def read_listed(self, line: str, number: int) -> None:
        """Read a line of ``iptables -L``."""
        if heading := CHAIN.match(line):
            self.chain, self.columns = heading[1], None
        elif self.columns is None and is_heading(line):
            self.columns = Columns(line)
        elif line.strip(" \t"):
            found = None if self.columns is None else translated(line, self.columns)
            if found is None or self.columns is None:
                self.skip(line, number, unreadable(line))
            else:
                # Without interfaces, a rule for the loopback interface looks as one for all.
                is_complete = self.columns.has_interfaces and not found[1]
                self.read_rule(line, number, self.chain, *found, is_complete=is_complete)

    def begin_table(self, table: str, start: int, length: int) -> None:
        span = (start, start + length)
        if self.table:
            raise self.error("each table must end with COMMIT", elide(f"*{table}"), *span)
        if table not in TABLES:
            raise self.error(f"table must be {', '.join(TABLES)}", elide(table), *span)
        if table in self.tables:
            raise self.error("each table must appear once", f"{elide(table)} twice", *span)
        self.tables.add(table)
        self.table = table

    def error(self, rule: str, got: str, start: int, stop: int) -> PortSyntaxError:
        return PortSyntaxError(f"{rule}, got {got}", self.text, (start, stop))

    def declare(self, line: str, number: int) -> None:
        """Read the declaration of a chain, such as ``:INPUT DROP [0:0]``."""
        name, _, rest = line[1:].partition(" ")
        policy = rest.partition(" ")[0]
        known = self.chains.get(f"{self.table} {name}")
        if known is not None and known.policy is not Action.DELEGATE:
            # The tool would empty the chain here.
            self.skip(line, number, f"a chain must be declared once, got {elide(name)} again")
        elif not name or not self.add_chain(name, policy):
            self.skip(line, number, f"expected ':chain policy [packets:bytes]', got {elide(line)}")

    def add_chain(self, name: str, policy: str | None) -> bool:
        """Add a chain of the table; return whether it may have that policy.

        Without a line that declares it, the policy of a built-in chain is unknown.
        """
        key = f"{self.table} {name}"
        hook = hook_of(self.table, name)
        if hook is None:
            action = Action.RETURN
            if policy not in ("-", None):
                return False
        else:
            action = Action.DELEGATE if policy is None else _POLICIES.get(policy, Action.RETURN)
            if action is Action.RETURN:
                return False
        if policy is None and key in self.chains:
            return True
        self.chains[key] = Chain(
            name=key,
            hook=hook,
            priority=0 if hook is None else priority_of(self.table, hook),
            policy=action,
            families=self.families,
            translates=self.table == "nat",
        )
        return True

    def read_command(self, line: str, number: int) -> None:
        """Read a rule, or a line by which ``iptables -S`` declares a chain."""
        counters = _COUNTERS.match(line)
        command = line[counters.end() :] if counters else line
        word, _, rest = command.partition(" ")
        name, _, options = rest.partition(" ")
        if not self.table:
            self.skip(line, number, f"a rule must be in a table, got {elide(line)}")
        elif word == "-A" and name:
            self.add_chain(name, None)
            self.read_rule(line, number, name, options)
        elif word == "-N" and name and not self.has_tables and hook_of(self.table, name) is None:
            self.add_chain(name, None)
        elif not (
            word == "-P" and not self.has_tables and self.add_chain(name, options.split(" ")[0])
        ):
            self.skip(line, number, f"only -A, -N and -P are read, got {elide(line)}")

    def read_rule(
        self,
        line: str,
        number: int,
        name: str,
        options: str,
        further: str = "",
        *,
        is_complete: bool = True,
    ) -> None:
        """Read a rule of a chain.

        Args:
            line: The line.
            number: Its number.
            name: The chain.
            options: The options, as iptables-save writes them.
            further: A condition that is not among them.
            is_complete: Whether there is no further condition.
        """
        key = f"{self.table} {name}"
        hook = self.chains[key].hook
        try:
            read = self.reader.read(options, self.table, self.chains)
        except Unread as unread:
            self.skip(line, number, unread.reason, could_accept=unread.could_accept, group=key)
            return
        if not is_complete:
            read["applies"] = both(read["applies"], Applies.MAYBE)
            read["conditions"] += (further,) if further else ()
        self.rules.append(
            Rule(
                **read,
                families=self.families,
                direction=None if hook is None else _DIRECTIONS.get(hook),
                group=key,
                location=Location(line=number),
                text=line,
            )
        )

    def skip(
        self, line: str, number: int, reason: str, *, could_accept: bool = True, group: str = ""
    ) -> None:
        self.skipped.append(
            Skipped(
                location=Location(line=number),
                text=line,
                reason=reason,
                could_accept=could_accept,
                group=group,
            )
        )


def _guessed_table(text: str) -> str:
    """Return the table that ``iptables -S`` or ``-L`` shows, by its built-in chains."""
    used = {*_USED_CHAIN.findall(text), *(name for _, name, _ in chains_of(text))}
    if not used & {"PREROUTING", "POSTROUTING"}:
        return "filter"
    if "FORWARD" in used:
        return "mangle"
    return "nat" if "POSTROUTING" in used else "raw"
