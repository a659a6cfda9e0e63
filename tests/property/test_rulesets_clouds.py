"""Laws of the readers of cloud rules: nothing is lost, and every pointer leads to its entry."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from portranges import PortRangesError, PortSet, dialects, rulesets
from portranges.strategies import port_sets

AZURE = {
    "access": "Allow",
    "direction": "Inbound",
    "priority": 100,
    "protocol": "Udp",
    "sourcePortRange": "*",
    "sourceAddressPrefix": "*",
    "destinationAddressPrefix": "*",
}
GCP = {"direction": "EGRESS", "priority": 1}
OPENSTACK = {"direction": "ingress", "ethertype": "IPv6"}

# The containers of a list of rules, with the pointer to the list.
CONTAINERS: dict[str, tuple[tuple[str, Any], ...]] = {
    "azure": (
        ("", lambda rules: rules),
        ("/securityRules", lambda rules: {"name": "a", "securityRules": rules}),
        ("/value/0/securityRules", lambda rules: {"value": [{"securityRules": rules}]}),
        ("/0/properties/securityRules", lambda rules: [{"properties": {"securityRules": rules}}]),
    ),
    "gcp": (("", lambda rules: rules), ("/items", lambda rules: {"items": rules})),
    "openstack": (
        ("/security_group_rules", lambda rules: {"security_group_rules": rules}),
        ("/0/rules", lambda rules: [{"name": "a", "rules": rules}]),
        ("/security_groups/0/rules", lambda rules: {"security_groups": [{"rules": rules}]}),
    ),
}  # fmt: skip


def entries(name: str, ports: PortSet) -> list[dict[str, Any]]:
    """Return rules for *ports*, as the library writes them."""
    if name == "azure":
        return [{**AZURE, **dialects.to_azure(ports)}]
    if name == "gcp":
        return [{**GCP, "allowed": list(dialects.to_gcp(ports, transport="udp"))}]
    written = dialects.to_openstack(ports, transport="udp")
    return [{**OPENSTACK, **each} for each in written]


def value_at(data: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        data = data[int(key)] if isinstance(data, list) else data[key]
    return data


def is_text_of(text: str, value: Any) -> bool:
    return text == value if isinstance(value, str) else json.loads(text) == value


@pytest.mark.parametrize("name", CONTAINERS)
@given(ports=port_sets())
def test_what_is_written_is_read(name: str, ports: PortSet) -> None:
    assume(ports and not (name == "openstack" and (0 in ports or len(ports) == 65535)))
    ruleset = rulesets.from_data(entries(name, ports), name)
    assert ruleset.skipped == ()
    found = PortSet.empty().union(*(each.ports.udp for each in ruleset.rules))
    assert found == ports
    assert all(len(each.ports) == len(each.ports.udp) for each in ruleset.rules)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-1, 70000), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


@st.composite
def damaged(draw: st.DrawFn, name: str) -> Any:
    """Return a rule of which some keys were removed, replaced or added, or any value."""
    entry = dict(entries(name, PortSet.parse("443"))[0])
    for _ in range(draw(st.integers(0, 2))):
        key = draw(st.sampled_from((*entry, "x"))) if entry else "x"
        if draw(st.booleans()):
            entry.pop(key, None)
        else:
            entry[key] = draw(JSON)
    # Anything but a list or a group, which would be more than one rule.
    return draw(st.one_of(st.just(entry), st.just(entry), st.integers(), st.none()))


@pytest.mark.parametrize("name", CONTAINERS)
@given(data=st.data())
def test_every_rule_is_read_or_skipped_at_its_place(name: str, data: st.DataObject) -> None:
    rules = data.draw(st.lists(damaged(name), max_size=4))
    prefix, container = data.draw(st.sampled_from(CONTAINERS[name]))
    whole = container(rules)
    ruleset = rulesets.from_data(whole, name)
    found = [*ruleset.rules, *ruleset.skipped]
    assert sorted(each.location.pointer for each in found) == [
        f"{prefix}/{place}" for place in range(len(rules))
    ]
    for each in found:
        assert is_text_of(each.text, value_at(whole, each.location.pointer))
    text = json.dumps(whole, indent=1)
    parsed = rulesets.parse(text, name)
    lines = text.split("\n")
    for before, after in zip(found, [*parsed.rules, *parsed.skipped], strict=True):
        assert before.location.pointer == after.location.pointer
        line = lines[after.location.line - 1].strip()
        assert json.dumps(value_at(whole, after.location.pointer), indent=1).startswith(
            line.removesuffix(",")
        )


@pytest.mark.parametrize("name", CONTAINERS)
@given(data=JSON)
def test_any_data_is_read_or_refused(name: str, data: Any) -> None:
    try:
        ruleset = rulesets.from_data(data, name)
    except PortRangesError:
        return
    assert ruleset.rules == ()
    for each in ruleset.skipped:
        assert is_text_of(each.text, value_at(data, each.location.pointer))
