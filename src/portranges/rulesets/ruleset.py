"""Ruleset: the rules of a file, and the questions that they answer.

The computation is in ``evaluation``. A ruleset is made by a format's reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from portranges import checks, types
from portranges.checks import fields, filled, optional, tuple_with
from portranges.errors import InvalidValueError, elide
from portranges.families import Family
from portranges.ports import check_port, check_transport
from portranges.records import always_checked
from portranges.rulesets.evaluation import Evaluation, find_loop
from portranges.rulesets.model import Chain, Direction, Rule, Skipped
from portranges.transport_ports import TransportPorts


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Reachable:
    r"""The ports that new packets may reach.

    Attributes:
        ports: The ports that a client sends to. Every port that a packet can reach is among them.
        is_exact: Whether ``ports`` is exact. It is if, for each port and address family, either
            every new packet arrives or none does.
        because: The rules that some packets match and others do not, and what was skipped, if
            they make the result inexact: first the implied rules, then the rules of the file, then
            what was skipped.

    Raises:
        TypeError: A value has the wrong type.
        InvalidValueError: An exact result has a reason not to be.

    Example:
        >>> from portranges import rulesets
        >>> text = "-P INPUT DROP\n-A INPUT -i eth0 -p tcp --dport 22 -j ACCEPT"
        >>> found = rulesets.parse(text, "iptables").reachable()
        >>> print(found.ports, found.is_exact, found.because[0].conditions)
        22/tcp False ('-i eth0',)
    """

    ports: TransportPorts
    is_exact: bool
    because: tuple[Rule | Skipped, ...] = ()

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, ports=TransportPorts, is_exact=bool, because=tuple)
        checks.one_or_many("because", self.because, (Rule, Skipped), what="rules")
        if self.is_exact and self.because:
            raise InvalidValueError("an exact result must have no reasons", f"{len(self.because)}")


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    r"""The rules of a file.

    Every rule of the file is in ``rules`` or in ``skipped``.

    Attributes:
        format: The name of the format.
        rules: The rules, in the order of the file.
        skipped: What was not understood.
        chains: How the rules are evaluated; ``None`` if the format has no evaluation that was
            compared with its tool.
        implied: Rules that the tool adds to the file's own, evaluated before rules of the same
            chain and priority. Their location is the line that they follow from.

    Raises:
        TypeError: A value has the wrong type.
        InvalidValueError: A rule is in an unknown chain, or a chain leads back to itself.

    Example:
        >>> from portranges import rulesets
        >>> text = "-P INPUT DROP\n-A INPUT -p tcp --dport 22 -j ACCEPT"
        >>> ruleset = rulesets.parse(text, "iptables")
        >>> print(ruleset.reachable().ports)
        22/tcp
        >>> ruleset.chains[0].name
        'filter INPUT'
    """

    format: str
    rules: tuple[Rule, ...]
    skipped: tuple[Skipped, ...] = ()
    chains: tuple[Chain, ...] | None = None
    implied: tuple[Rule, ...] = ()

    def __repr__(self) -> str:
        """Return the format and how many rules there are: all of them would fill screens."""
        counts = f"{len(self.rules)} rules, {len(self.skipped)} skipped"
        return f"<Ruleset {self.format}: {counts}>"

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, format=filled, rules=tuple_with(Rule), skipped=tuple_with(Skipped))
        fields(self, chains=optional(tuple_with(Chain)), implied=tuple_with(Rule))
        if self.chains is None:
            return
        by_name = {chain.name: chain for chain in self.chains}
        if len(by_name) < len(self.chains):
            raise InvalidValueError("chains must have different names", "a name twice")
        jumps: dict[str, list[Rule]] = {name: [] for name in by_name}
        for rule in (*self.implied, *self.rules):
            for name in filter(None, (rule.group, rule.target)):
                if name not in by_name:
                    rule_ = "the group and the target of a rule must be chains"
                    raise InvalidValueError(rule_, f"{elide(name)}, {rule.location}")
            if rule.target:
                jumps[rule.group].append(rule)
                source, target = by_name[rule.group], by_name[rule.target]
                if target.hook is not None or set(source.families) != set(target.families):
                    rule_ = "a jump must lead to a chain without a hook, for the same families"
                    raise InvalidValueError(rule_, f"{elide(rule.target)}, {rule.location}")
        if loop := find_loop(jumps):
            place = jumps[loop][0].location
            raise InvalidValueError(
                "a chain must not jump back to itself", f"{elide(loop)}, {place}"
            )

    def _repr_html_(self) -> str:
        """Return a picture of the ports that the rules open, for notebooks."""
        from portranges.diagrams import display

        return display.of_rules(self)

    def reachable(self, direction: types.DirectionLike = "in") -> Reachable:
        """Return the ports that a new packet may reach.

        A new packet opens a connection; a match on established connections or the loopback
        interface does not apply to it. Any other condition is assumed to hold if the rule accepts
        and to fail if the rule drops, so no reachable port is missing. Ports are those that the
        client sends to: the translated ports decide what happens to them.

        Args:
            direction: ``"in"`` for packets from other hosts to this one, ``"out"`` for those from
                this host, ``"forward"`` for those that pass through it.

        Raises:
            TypeError: *direction* is not a ``str``.
            UnknownNameError: It is unknown.
            InvalidValueError: The format has no evaluation; see ``chains``.

        Complexity:
            Linear in the number of rules.

        Example:
            >>> from portranges import rulesets
            >>> text = '''*nat
            ... :PREROUTING ACCEPT [0:0]
            ... -A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080
            ... COMMIT
            ... *filter
            ... :INPUT DROP [0:0]
            ... -A INPUT -p tcp -m tcp --dport 8080 -j ACCEPT
            ... COMMIT
            ... '''
            >>> print(rulesets.parse(text).reachable().ports)
            80/tcp,8080/tcp
        """
        way = checks.member("direction", direction, Direction)
        ports = undecided = TransportPorts.empty()
        because: dict[int, Rule | Skipped] = {}
        everything: tuple[Rule | Skipped, ...] = (*self.implied, *self.rules, *self.skipped)
        for evaluation in self._evaluations(way):
            found = evaluation.run(TransportPorts.full())
            both = found.passed & found.lost
            ports, undecided = ports | found.passed, undecided | both
            if both:
                because.update((id(each), each) for each in evaluation.undecided_by(both))
        return Reachable(
            ports=ports,
            is_exact=not undecided,
            because=tuple(each for each in everything if id(each) in because),
        )

    def deciding_rules(
        self,
        port: types.SupportsIndex,
        transport: types.TransportLike,
        *,
        direction: types.DirectionLike = "in",
    ) -> tuple[Rule, ...]:
        r"""Return the rules that may decide whether a new packet to a port arrives.

        Args:
            port: The port that the client sends to.
            transport: Its transport.
            direction: As for ``reachable``.

        Returns:
            The rules that accept, drop or translate such packets, in the order of evaluation.
            There are none if only policies decide.

        Raises:
            TypeError: An argument has the wrong type.
            InvalidPortError: *port* is outside 0 to 65535.
            UnknownNameError: *transport* or *direction* is unknown.
            InvalidValueError: The format has no evaluation; see ``chains``.

        Complexity:
            Linear in the number of rules.

        Example:
            >>> from portranges import rulesets
            >>> text = "-P INPUT DROP\n-A INPUT -p tcp --dport 20:23 -j ACCEPT"
            >>> rule, = rulesets.parse(text, "iptables").deciding_rules(22, "tcp")
            >>> print(rule.location)
            line 2
        """
        way = checks.member("direction", direction, Direction)
        packets = TransportPorts({check_transport(transport): [check_port(port)]})
        return tuple(self._verdicts(way, packets))

    def _certain(self, direction: Direction) -> TransportPorts:
        """Return the ports that every new packet of some address family reaches."""
        certain = TransportPorts.empty()
        for evaluation in self._evaluations(direction):
            found = evaluation.run(TransportPorts.full())
            certain |= found.passed - found.lost
        return certain

    def _verdicts(self, direction: Direction, packets: TransportPorts) -> list[Rule]:
        """Return the rules that may decide about *packets*, in the order of evaluation."""
        found = {
            id(rule): rule
            for evaluation in self._evaluations(direction)
            for rule in evaluation.verdicts(packets)
        }
        return list(found.values())

    def _evaluations(self, direction: Direction) -> Iterator[Evaluation]:
        """Yield the evaluation of each address family that the ruleset has chains for."""
        chains = self.chains
        if chains is None:
            raise InvalidValueError(
                "format must have an evaluation that was compared with its tool", elide(self.format)
            )
        used = {family for chain in chains for family in chain.families}
        # Without any chain nothing is filtered.
        rules = (*self.implied, *self.rules)
        for family in [each for each in Family if each in used] or [Family.INET]:
            yield Evaluation(chains, rules, self.skipped, direction, family)
