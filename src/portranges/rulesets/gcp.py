"""Read the VPC firewall rules and the firewall policies of Google Cloud.

gcloud and the Compute Engine API write them alike. Terraform has other keys, which are translated.
"""

from __future__ import annotations

import re

from portranges import types
from portranges.checks import flag, integer, of_type
from portranges.dialects import from_gcp
from portranges.errors import InvalidValueError, elide
from portranges.families import Family
from portranges.ports import Transport
from portranges.rulesets.cloud import (
    addresses_of,
    choice,
    conditions_of,
    each_item,
    in_order,
    texts_of,
)
from portranges.rulesets.model import Action, Applies, Direction
from portranges.rulesets.objects import Gathered, Node
from portranges.rulesets.ruleset import Ruleset
from portranges.rulesets.terraform_resource import UNKNOWN, Resource, unknown
from portranges.transport_ports import TransportPorts

_NETWORK, _POLICY = "network", "firewall policy"
_DIRECTIONS = {"INGRESS": Direction.IN, "EGRESS": Direction.OUT}
_ACTIONS = {"allowed": Action.ACCEPT, "denied": Action.DROP}
_LAST_PRIORITY = 65535

_SOURCES = ("sourceTags", "sourceServiceAccounts")
_TARGETS = ("targetTags", "targetServiceAccounts")
_ABOUT = ("description", "creationTimestamp", "kind", "name", "id", "selfLink")
_KEYS = (
    *("allowed", "denied", "direction", "priority", "disabled", "network", *_ABOUT),
    *("sourceRanges", "destinationRanges", *_SOURCES, *_TARGETS),
    *("logConfig", "enableLogging", "params"),
)

# With goto_next, the rules of the next policy or network decide, and with the last another program.
_POLICY_ACTIONS = {
    "allow": Action.ACCEPT,
    "deny": Action.DROP,
    "goto_next": Action.RETURN,
    "apply_security_profile_group": Action.DELEGATE,
}
_MATCHES = {
    side: (
        f"{side}IpRanges",
        tuple(
            f"{side}{end}"
            for end in (
                *("AddressGroups", "Fqdns", "NetworkContext", "NetworkType", "RegionCodes"),
                *("ThreatIntelligences", "Networks", "SecureTags"),
            )
        ),
    )
    for side in ("src", "dest")
}
_KEYS_OF_MATCH = (
    "layer4Configs",
    *(key for one, others in _MATCHES.values() for key in (one, *others)),
)
_POLICY_TARGETS = (
    *("targetForwardingRules", "targetResources", "targetSecureTags", "targetServiceAccounts"),
    "targetType",
)
_KEYS_OF_POLICY_RULE = (
    *("action", "direction", "disabled", "match", "priority", *_POLICY_TARGETS),
    *("description", "enableLogging", "kind", "ruleName", "ruleTupleCount"),
    *("securityProfileGroup", "tlsInspect"),
)
_KEYS_OF_POLICY = (
    *("rules", "associations", "displayName", "fingerprint", "parent", "policySource"),
    *("policyType", "priority", "region", "ruleTupleCount", "selfLinkWithId", "shortName", "type"),
    *_ABOUT,
)
# Words that do not restrict a rule.
_DEFAULTS = ("INSTANCES", "UNSPECIFIED")
_LAST_POLICY_PRIORITY = 2**31 - 1

# An answer about one network has both kinds of rules.
_ANSWERS = ("items", "firewalls", "firewallPolicys")

# Terraform spells most keys as the API does, but in snake case. Source: terraform-provider-google,
# resource_compute_firewall.go and resource_compute_network_firewall_policy_rule.go.
_TERRAFORM = {"allow": "allowed", "deny": "denied"}
_TERRAFORM_OTHERS = (
    *("id", "project", "region", "timeouts", "deletion_policy", "firewall_policy"),
    "creation_timestamp",
)
_UNDERSCORE = re.compile(r"_([a-z0-9])")
_FIREWALL_CONDITIONS = (
    *("direction", "disabled", "sourceRanges", "destinationRanges", *_SOURCES, *_TARGETS),
)
_MATCHES_OF_TERRAFORM = (
    *(f"{side}IpRanges" for side in _MATCHES),
    *(f"{side}{end}" for side in _MATCHES for end in ("AddressGroups", "Fqdns", "RegionCodes")),
    *(f"{side}{end}" for side in _MATCHES for end in ("NetworkContext", "ThreatIntelligences")),
    *("srcNetworks", "srcSecureTags"),
)


def read_data(data: object, name: str, services: types.Services | None) -> Ruleset:
    """Return the ruleset in *data*, which has the format *name*.

    Raises:
        InvalidValueError: The data is neither a list nor an answer of the API nor an item of one.
    """
    del services  # Ports are numbers.
    found = Gathered(name)
    expected = "a list of firewall rules, an answer of the API, or a firewall policy"
    for item in each_item(
        found,
        name,
        data,
        expected,
        answers=_ANSWERS,
        others=("kind", "id", "selfLink"),
        # Some rules could not be listed, or further ones exist.
        more=("warning", "nextPageToken"),
    ):
        with found.skipping(item):
            entry = item.all_fields("a rule")
            if "rules" in entry:
                _add_policy(found, item)
            elif "match" in entry:
                _add_policy_rule(found, item, _POLICY)
            else:
                _add_rule(found, item)
    return found.ruleset()


# -- VPC firewall rules ---------------------------------------------------------------------------


def _add_rule(
    found: Gathered,
    node: Node,
    entry: types.Entry | None = None,
    *,
    open_keys: tuple[str, ...] = (),
) -> None:
    """Add a rule; *entry* is what it is in the spelling of the API."""
    spelt = node if entry is None else Node(entry, node.pointer)
    could_accept = "denied" not in spelt.entry or "allowed" in spelt.entry
    with found.skipping(node, could_accept=could_accept):
        needed = ("priority",) if "direction" in open_keys else ("direction", "priority")
        rule = spelt.values("a rule", _KEYS, needed)
        given = [key for key in _ACTIONS if key in rule]
        if len(given) != 1:
            shown = " and ".join(given) or "neither"
            raise InvalidValueError("a rule must have either 'allowed' or 'denied'", shown)
        families, conditions = _families(rule)
        conditions += conditions_of(rule, (*_TARGETS, "disabled"))
        found.add(
            node,
            _last_part(rule, "network") or _NETWORK,
            _ports(given[0], rule[given[0]]),
            families=families,
            action=_ACTIONS[given[0]],
            direction=None if "direction" in open_keys else choice(rule, "direction", _DIRECTIONS),
            priority=integer("priority", rule["priority"], most=_LAST_PRIORITY),
            applies=_applies(rule),
            conditions=(*conditions, *map(unknown, open_keys)),
        )


def _applies(rule: types.Entry) -> Applies:
    is_disabled = "disabled" in rule and flag("disabled", rule["disabled"])
    return Applies.NEVER if is_disabled else Applies.ALWAYS


def _ports(key: str, value: object) -> TransportPorts:
    """Return the ports of ``allowed``, ``denied`` or ``layer4Configs``."""
    entries = [each.value for each in Node(value, "").items(key)]
    if not entries:
        raise InvalidValueError("a rule must allow or deny something", f"an empty {key}")
    return TransportPorts(
        {
            each: from_gcp(types.cast("list[types.Entry]", entries), transport=each)
            for each in Transport
        }
    )


def _families(entry: types.Entry) -> tuple[tuple[Family, ...], tuple[str, ...]]:
    """Return the families of a rule, and its conditions on addresses.

    A packet must come from one of the ranges, or from a machine with one of the tags. Without
    any of these, a rule is about every address.
    """
    return _matched(entry, (("sourceRanges", _SOURCES), ("destinationRanges", ())))


def _matched(
    entry: types.Entry, sides: types.Iterable[tuple[str, tuple[str, ...]]]
) -> tuple[tuple[Family, ...], tuple[str, ...]]:
    """Return the families and conditions of ranges of addresses, with what they are combined.

    One condition has both, because a packet may have to match only one of them.
    """
    families = frozenset(Family)
    conditions: tuple[str, ...] = ()
    for key, others in sides:
        ranges = texts_of(entry, key)
        if names := conditions_of(entry, others):
            # Machines with a tag have addresses of both families.
            conditions += ("; ".join((*conditions_of(entry, (key,)), *names)),)
        elif ranges:
            found, is_complete = addresses_of(*ranges)
            families &= found
            if not is_complete:
                conditions += conditions_of(entry, (key,))
    return in_order(families), conditions


def _last_part(entry: types.Entry, key: str) -> str:
    """Return the name of a network or a policy, which is the end of its address."""
    return of_type(key, entry[key], str).rpartition("/")[2] if key in entry else ""


# -- Firewall policies ----------------------------------------------------------------------------


def _add_policy(found: Gathered, node: Node) -> None:
    entry = node.all_fields("a firewall policy")
    names = [entry[key].value for key in ("displayName", "shortName", "name") if key in entry]
    group = next((each for each in names if isinstance(each, str) and each), _POLICY)
    # Rules about the mirroring of packets do not decide whether a packet passes.
    known = (*_KEYS_OF_POLICY, "packetMirroringRules")
    found.skip_unknown(node, group, "a firewall policy", known)
    with found.skipping(entry["rules"], group):
        for each in entry["rules"].items("rules"):
            _add_policy_rule(found, each, group)


def _add_policy_rule(
    found: Gathered,
    node: Node,
    group: str,
    entry: types.Entry | None = None,
    *,
    open_keys: tuple[str, ...] = (),
) -> None:
    """Add a rule of a policy; *entry* is what it is in the spelling of the API."""
    spelt = node if entry is None else Node(entry, node.pointer)
    could_accept = spelt.entry.get("action") != "deny"
    with found.skipping(node, group, could_accept=could_accept):
        needed = ("action", "direction", "match", "priority")
        values = _without_defaults(spelt.values("a rule", _KEYS_OF_POLICY_RULE, needed))
        match = Node(values["match"], "").values("match", _KEYS_OF_MATCH, ("layer4Configs",))
        families, conditions = _matched(_without_defaults(match), _MATCHES.values())
        conditions += conditions_of(values, (*_POLICY_TARGETS, "disabled"))
        found.add(
            node,
            group,
            _ports("layer4Configs", _with_protocol(match["layer4Configs"])),
            families=families,
            action=choice(values, "action", _POLICY_ACTIONS),
            direction=choice(values, "direction", _DIRECTIONS),
            priority=integer("priority", values["priority"], most=_LAST_POLICY_PRIORITY),
            applies=_applies(values),
            conditions=(*conditions, *map(unknown, open_keys)),
        )


def _without_defaults(entry: types.Entry) -> types.Entry:
    return {key: each for key, each in entry.items() if each not in _DEFAULTS}


def _with_protocol(value: object) -> object:
    """Return the ``layer4Configs`` of a policy with the key that VPC firewall rules have."""
    if not isinstance(value, list):
        return value
    configs: list[object] = []
    for each in types.cast("list[object]", value):
        entry = Node(each, "").values("a config", ("ipProtocol", "ports"), ("ipProtocol",))
        configs.append({"IPProtocol": entry.pop("ipProtocol"), **entry})
    return configs


# -- Terraform ------------------------------------------------------------------------------------


def add_firewall(found: Gathered, resource: Resource) -> None:
    """Add the rule of a ``google_compute_firewall``."""
    node = resource.node
    with found.skipping(node):
        resource.check_known(("allow", "deny"))
        entry = _in_api_spelling(node)
        for key in _ACTIONS:
            if entry.get(key) == []:
                del entry[key]
            elif key in entry:
                entry[key] = _configs(Node(entry[key], ""), "protocol", "IPProtocol")
        if "direction" not in entry and not resource.is_unknown("direction"):
            # The provider leaves it to the API.
            entry["direction"] = "INGRESS"
        open_keys = _open_keys(resource, entry, _FIREWALL_CONDITIONS)
        _add_rule(found, node, entry, open_keys=open_keys)


def add_policy_resource(found: Gathered, resource: Resource) -> None:
    """Add the rule of a ``google_compute_network_firewall_policy_rule`` or one like it."""
    node = resource.node
    with found.skipping(node):
        entry = _in_api_spelling(node)
        matches = Node(entry.get("match"), "").items("match")
        if len(matches) != 1:
            raise InvalidValueError("a rule must have one match", f"{len(matches)} of them")
        match = entry["match"] = _in_api_spelling(matches[0])
        configs = Node(match.get("layer4Configs"), "")
        match["layer4Configs"] = _configs(configs, "ip_protocol", "ipProtocol")
        open_keys = (
            *_open_keys(resource.block(matches[0]), match, _MATCHES_OF_TERRAFORM),
            *_open_keys(resource, entry, (*_POLICY_TARGETS, "disabled")),
        )
        group = str(node.entry.get("firewall_policy") or _POLICY).rpartition("/")[2]
        _add_policy_rule(found, node, group, entry, open_keys=open_keys)


def _open_keys(
    resource: Resource, entry: dict[str, types.Any], keys: types.Iterable[str]
) -> tuple[str, ...]:
    """Return the *keys* that are known only after apply, and remove them from *entry*."""
    found = tuple(key for key in keys if resource.is_unknown(_in_snake_case(key)))
    for key in found:
        entry.pop(key, None)
    return found


def _in_snake_case(key: str) -> str:
    return re.sub("[A-Z]", lambda found: "_" + found[0].lower(), key)


def _in_api_spelling(node: Node) -> dict[str, types.Any]:
    """Return the values of a resource or a block that are set, with the keys of the API."""
    found: dict[str, types.Any] = {}
    for key, each in node.all_fields("a rule").items():
        if key != key.lower():
            raise InvalidValueError("a rule must have only keys of Terraform", elide(key))
        if key not in _TERRAFORM_OTHERS:
            camel = _UNDERSCORE.sub(lambda match: match[1].upper(), key)
            found[_TERRAFORM.get(key, camel)] = each.value
    return found


def _configs(node: Node, protocol: str, name: str) -> list[dict[str, object]]:
    """Return blocks of a protocol and its ports, whose protocol is called *name*.

    Without ports, a block is about every port, so they must be known.
    """
    found: list[dict[str, object]] = []
    for each in node.items(protocol):
        entry = each.values("a config", (protocol, "ports"), (protocol,))
        if "ports" not in each.entry:
            raise InvalidValueError("the plan must show ports", f"a value {UNKNOWN}")
        ports: object = entry.get("ports")
        is_every = ports is None or ports == []
        found.append({name: entry[protocol], **({} if is_every else {"ports": ports})})
    return found
