"""Read the VPC firewall rules of Google Cloud, as gcloud and the Compute Engine API return them."""

from __future__ import annotations

from portranges import types
from portranges.checks import flag, integer, of_type
from portranges.dialects import from_gcp
from portranges.errors import InvalidValueError
from portranges.families import Family
from portranges.ports import Transport
from portranges.rulesets.aws_rules import as_object, check_keys, list_of
from portranges.rulesets.cloud import (
    Collector,
    addresses_of,
    choice,
    conditions_of,
    in_order,
    texts_of,
    wrong_data,
)
from portranges.rulesets.documents import text_of
from portranges.rulesets.model import Action, Applies, Direction, Location, Rule
from portranges.rulesets.ruleset import Ruleset
from portranges.transport_ports import TransportPorts

_NETWORK = "network"
_DIRECTIONS = {"INGRESS": Direction.IN, "EGRESS": Direction.OUT}
_ACTIONS = {"allowed": Action.ACCEPT, "denied": Action.DROP}
_SOURCES = ("sourceTags", "sourceServiceAccounts")
_TARGETS = ("targetTags", "targetServiceAccounts")
_LAST_PRIORITY = 65535

_KEYS = (
    *("allowed", "denied", "direction", "priority", "disabled", "network", "name", "id"),
    *("sourceRanges", "destinationRanges", *_SOURCES, *_TARGETS),
    *("description", "creationTimestamp", "kind", "selfLink", "logConfig", "enableLogging"),
    "params",
)
_PAGE = ("kind", "id", "items", "selfLink", "warning", "nextPageToken")
# Further rules exist, or some could not be listed.
_INCOMPLETE = ("warning", "nextPageToken")


def read_data(data: object, name: str, services: types.Services | None) -> Ruleset:
    """Return the ruleset that *data* is, as the format *name*.

    Raises:
        InvalidValueError: The data is neither a list nor an answer of the API with one.
    """
    del services  # Ports are numbers.
    found = Collector(_rule, _could_accept)
    page = as_object(data)
    if isinstance(data, list):
        found.add_rules(types.cast("object", data), (), "")
    elif page is not None and "items" in page:
        found.skip_unknown(page, (), _PAGE, "a list of firewall rules")
        found.check_complete(page, _INCOMPLETE)
        found.add_rules(page["items"], ("items",), "")
    else:
        raise wrong_data("a list of firewall rules, or an object with 'items'", data)
    return found.ruleset(name)


def _could_accept(entry: types.Entry) -> bool:
    return "denied" not in entry or "allowed" in entry


def _rule(entry: types.Entry, group: str, location: Location) -> Rule:
    check_keys("a rule", entry, _KEYS, ("direction", "priority"))
    given = [key for key in _ACTIONS if entry.get(key) is not None]
    if len(given) != 1:
        raise InvalidValueError("a rule must have either 'allowed' or 'denied'", _listed(given))
    is_disabled = entry.get("disabled") is not None and flag("disabled", entry["disabled"])
    families, conditions = _families(entry)
    conditions += conditions_of(entry, (*_TARGETS, "disabled"))
    applies = Applies.MAYBE if conditions else Applies.ALWAYS
    return Rule(
        ports=_ports(given[0], entry[given[0]]),
        families=families,
        action=_ACTIONS[given[0]],
        direction=choice(entry, "direction", _DIRECTIONS),
        group=_network(entry) or group or _NETWORK,
        priority=integer("priority", entry["priority"], most=_LAST_PRIORITY),
        applies=Applies.NEVER if is_disabled else applies,
        conditions=conditions,
        location=location,
        text=text_of(entry),
    )


def _listed(keys: list[str]) -> str:
    return " and ".join(keys) or "neither"


def _ports(key: str, value: object) -> TransportPorts:
    """Return the ports of ``allowed`` or ``denied``."""
    entries = types.cast("list[types.Entry]", list_of(key, value))
    if not entries:
        raise InvalidValueError("a rule must allow or deny something", f"an empty {key}")
    return TransportPorts({each: from_gcp(entries, transport=each) for each in Transport})


def _families(entry: types.Entry) -> tuple[tuple[Family, ...], tuple[str, ...]]:
    """Return the families of a rule, and its conditions on addresses.

    A packet must come from one of the ranges, or from a machine with one of the tags. Without
    any of these, a rule is about every address.
    """
    families = frozenset(Family)
    conditions: tuple[str, ...] = ()
    for key, others in (("sourceRanges", _SOURCES), ("destinationRanges", ())):
        ranges = texts_of(entry, key)
        names = [other for other in others if texts_of(entry, other)]
        if not ranges and not names:
            continue
        if names:
            # Machines with a tag have addresses of both families.
            conditions += conditions_of(entry, (key, *others))
            continue
        found, is_complete = addresses_of(*ranges)
        families &= found
        if not is_complete:
            conditions += conditions_of(entry, (key,))
    return in_order(families), conditions


def _network(entry: types.Entry) -> str:
    """Return the name of the network, which is the end of its address."""
    if entry.get("network") is None:
        return ""
    return of_type("network", entry["network"], str).rpartition("/")[2]
