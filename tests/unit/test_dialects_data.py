"""Ports as data: what is written, what is read, and what each cloud makes of it."""

from __future__ import annotations

import pytest
from hypothesis import given

from portranges import (
    InvalidPortError,
    InvalidRangeError,
    PortSet,
    PortSyntaxError,
    UnrepresentableError,
    dialects,
)
from portranges.strategies import port_sets

WEB = PortSet.parse("22,80,8000-8100")
FULL = PortSet.full()


@pytest.mark.parametrize("form", dialects.data_forms(), ids=lambda form: form.name)
def test_a_form_has_both_ways_a_source_and_its_limits(form):
    write = getattr(dialects, f"to_{form.name}")
    read = getattr(dialects, f"from_{form.name}")
    assert read(write(WEB)) == WEB
    assert form.evidence.sources
    assert form.all_ports
    with pytest.raises(UnrepresentableError) as caught:
        write(PortSet())
    assert caught.value.dialect == form.name
    with pytest.raises(TypeError):
        write([80])
    if form.lowest:
        with pytest.raises(UnrepresentableError, match="it contains port 0"):
            write(PortSet([0, 80]))
    else:
        assert read(write(FULL)) == FULL


@pytest.mark.parametrize("form", dialects.data_forms(), ids=lambda form: form.name)
@given(ports=port_sets().map(lambda ports: PortSet(ports.ranges[:300])))
def test_what_is_written_reads_back(form, ports):
    try:
        data = getattr(dialects, f"to_{form.name}")(ports)
    except UnrepresentableError:
        assert not ports or ports.first == 0 or form.name == "openstack"
    else:
        assert getattr(dialects, f"from_{form.name}")(data) == ports


def test_aws_is_written_as_one_permission_per_range():
    assert dialects.to_aws(WEB, transport="udp") == (
        {"IpProtocol": "udp", "FromPort": 22, "ToPort": 22},
        {"IpProtocol": "udp", "FromPort": 80, "ToPort": 80},
        {"IpProtocol": "udp", "FromPort": 8000, "ToPort": 8100},
    )
    with pytest.raises(UnrepresentableError, match="sctp is not supported"):
        dialects.to_aws(WEB, transport="sctp")


def test_trap_of_aws_minus_one_is_everything_and_zero_is_not_port_0():
    for ends in ({}, {"FromPort": -1, "ToPort": -1}, {"FromPort": 0, "ToPort": 0}):
        assert dialects.from_aws([{"IpProtocol": "-1", **ends}]) == FULL
    with pytest.raises(InvalidRangeError, match="every port is allowed"):
        dialects.from_aws([{"IpProtocol": "-1", "FromPort": 80, "ToPort": 80}])


def test_trap_of_aws_icmp_keeps_type_and_code_in_the_ports():
    rows = [
        {"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1},
        {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80},
    ]
    assert dialects.from_aws(rows, transport="tcp") == PortSet([80])
    with pytest.raises(InvalidRangeError, match="'IpProtocol' must be tcp, udp or -1"):
        dialects.from_aws(rows)


def test_trap_of_aws_ports_of_other_protocols_are_skipped():
    row = {"IpProtocol": "132", "FromPort": 80, "ToPort": 80}
    assert dialects.from_aws([row], transport="sctp") == FULL


def test_aws_is_read_for_one_transport_or_if_all_are_equal():
    rows = [
        {"IpProtocol": "6", "FromPort": 53, "ToPort": 53},
        {"IpProtocol": "udp", "FromPort": 53, "ToPort": 53},
    ]
    assert dialects.from_aws(rows) == PortSet([53])
    rows.append({"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80})
    assert dialects.from_aws(rows, transport="udp") == PortSet([53])
    with pytest.raises(InvalidRangeError) as caught:
        dialects.from_aws(rows)
    assert str(caught.value) == (
        "ports must be the same for every transport, got different ones for tcp and udp; "
        "choose one with transport="
    )
    assert dialects.from_aws([]) == PortSet()


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"IpProtocol": "tcp"}, InvalidRangeError),
        ({"IpProtocol": "tcp", "FromPort": 80}, InvalidRangeError),
        ({"IpProtocol": "tcp", "FromPort": 90, "ToPort": 80}, InvalidRangeError),
        ({"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65536}, InvalidPortError),
        ({"IpProtocol": "tcp", "FromPort": -1, "ToPort": -1}, InvalidPortError),
        ({"IpProtocol": "tcp", "FromPort": "80", "ToPort": "80"}, TypeError),
        ({"IpProtocol": "tcp", "FromPort": True, "ToPort": 80}, TypeError),
        ({"IpProtocol": 6, "FromPort": 80, "ToPort": 80}, TypeError),
        ({"IpProtocol": None}, InvalidRangeError),
        ({}, InvalidRangeError),
        ("tcp", TypeError),
    ],
)
def test_aws_rows_that_are_refused(row, error):
    with pytest.raises(error):
        dialects.from_aws([row])


# One entry of each form that is accepted, as the services' references show it.
ENTRIES = {
    "aws": {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 90},
    "aws_nacl": {"Protocol": "6", "PortRange": {"From": 80, "To": 90}},
    "azure": {"destinationPortRange": "80-90"},
    "gcp": {"IPProtocol": "tcp", "ports": ["80-90"]},
    "kubernetes": {"protocol": "TCP", "port": 80, "endPort": 90},
    "cilium": {"ports": [{"port": "80", "endPort": 90, "protocol": "TCP"}]},
    "openstack": {"protocol": "tcp", "port_range_min": 80, "port_range_max": 90},
    "digitalocean": {"protocol": "tcp", "ports": "80-90"},
}
# What else a user may have at hand: the objects around or beside the entry, other tools' names
# for it, and what the services' own command lines print.
OTHER_OBJECTS = {
    "terraform": {"protocol": "tcp", "from_port": 80, "to_port": 90},
    "cloudtrail": {"ipProtocol": "tcp", "fromPort": 80, "toPort": 90},
    "security group": {"GroupId": "sg-1", "IpPermissions": [ENTRIES["aws"]]},
    "network ACL": {"NetworkAclId": "acl-1", "Entries": [ENTRIES["aws_nacl"]]},
    "azure resource": {"name": "web", "properties": ENTRIES["azure"]},
    "azure SDK": {"destination_port_range": "80"},
    "gcp firewall": {"name": "web", "direction": "INGRESS", "allowed": [ENTRIES["gcp"]]},
    "admin network policy": {"portNumber": {"protocol": "TCP", "port": 80}},
    "service port": {"port": 80, "protocol": "TCP", "targetPort": 8080},
    "container port": {"containerPort": 80, "protocol": "TCP"},
    "network policy rule": {"ports": [ENTRIES["kubernetes"]], "from": []},
    "openstack CLI": {"IP Protocol": "tcp", "Port Range": "22:22"},
    "digitalocean firewall": {"name": "web", "inbound_rules": [ENTRIES["digitalocean"]]},
    "terraform digitalocean": {"protocol": "tcp", "port_range": "80-90"},
    "openstack group": {"id": "1", "security_group_rules": [ENTRIES["openstack"]]},
}


def _read(name, entry, **options):
    read = getattr(dialects, f"from_{name}")
    return read(entry if name == "azure" else [entry], **options)


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_must_have_a_key_that_the_reader_knows(name):
    assert set(ENTRIES) == {form.name for form in dialects.data_forms()}
    assert _read(name, ENTRIES[name]) == PortSet.parse("80-90")
    with pytest.raises(InvalidRangeError, match=r"^an entry must have .*, got \{\}$"):
        _read(name, {})
    (form,) = (form for form in dialects.data_forms() if form.name == name)
    for key in set(form.keys) - set(form.required):
        # A key that has no value to restrict the ports, or one that says nothing about them.
        with pytest.raises(InvalidRangeError, match=r"^an entry must have "):
            _read(name, {key: None})


@pytest.mark.parametrize("key", ["foo", "", "Ports", 80, None, ("port",), "portNumber"])
@pytest.mark.parametrize("name", ENTRIES)
def test_an_unknown_key_is_refused_beside_known_ones(name, key):
    for entry in ({key: "tcp"}, {**ENTRIES[name], key: "tcp"}):
        with pytest.raises(InvalidRangeError, match=r"^an entry must have only keys of "):
            _read(name, entry)


@pytest.mark.parametrize("other", [*ENTRIES, *OTHER_OBJECTS])
@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_of_another_object_is_refused(name, other):
    if name == other:
        return
    entry = {**ENTRIES, **OTHER_OBJECTS}[other]
    with pytest.raises(InvalidRangeError, match=r"^an entry must have ") as caught:
        _read(name, entry)
    if other in ENTRIES:
        assert f"which from_{other}() reads" in str(caught.value)
    else:
        assert "which from_" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "entry"),
    [
        ("aws_nacl", {"Protocol": "6", "PortRange": {"from": 80, "to": 90}}),
        ("cilium", {"ports": [{"port": "80", "end_port": 90}]}),
        ("cilium", {"ports": [{"portNumber": {"port": 80}}]}),
    ],
)
def test_an_unknown_key_inside_an_entry_is_refused(name, entry):
    with pytest.raises(InvalidRangeError, match=r"^an entry must have only keys of "):
        _read(name, entry)


@pytest.mark.parametrize(
    ("name", "key", "values", "wrong"),
    [
        ("aws", "IsEgress", (False, True), ("false", 1)),
        ("aws_nacl", "Egress", (False, True), ("true", 0)),
        ("aws_nacl", "RuleAction", ("allow", "deny"), ("Allow", True)),
        ("openstack", "direction", ("ingress", "egress"), ("INGRESS", 1)),
        ("digitalocean", "action", ("allow", "deny"), ("Allow", True)),
    ],
)
def test_entries_for_two_directions_or_actions_are_refused(name, key, values, wrong):
    entries = [{**ENTRIES[name], key: value} for value in values]
    read = getattr(dialects, f"from_{name}")
    for entry in entries:
        assert read([entry, entry], transport="tcp") == PortSet.parse("80-90")
    with pytest.raises(InvalidRangeError, match=f"select them by '{key}'|tried in order"):
        read(entries, transport="tcp")
    for value in (*wrong, 10**5000, [[]]):
        with pytest.raises(InvalidRangeError, match=f"^'{key}' must be "):
            read([{**ENTRIES[name], key: value}], transport="tcp")


def test_keys_of_another_service_are_named():
    with pytest.raises(InvalidRangeError) as caught:
        dialects.from_aws([ENTRIES["openstack"]])
    assert str(caught.value) == (
        "an entry must have only keys of AWS EC2 (IpPermissions of a security group), got "
        "'protocol'; these are keys of rules of a security group, which from_openstack() reads"
    )


def test_entries_must_be_an_iterable_of_mappings():
    for entries in ("tcp", b"tcp", 80, None, {"IpProtocol": "-1"}):
        for name in set(ENTRIES) - {"azure"}:
            with pytest.raises(
                TypeError, match=r"must be an iterable of mappings|must be a mapping"
            ):
                getattr(dialects, f"from_{name}")(entries)


def test_trap_of_a_network_acl_order_counts():
    allow = {"Protocol": "6", "PortRange": {"From": 80, "To": 90}, "RuleAction": "allow"}
    assert dialects.from_aws_nacl([allow]) == PortSet.parse("80-90")
    with pytest.raises(InvalidRangeError, match="they are tried in order, and do not form a set"):
        dialects.from_aws_nacl([allow, {**allow, "RuleAction": "deny"}])
    assert dialects.from_aws_nacl([{"Protocol": "-1"}]) == FULL
    with pytest.raises(InvalidRangeError, match="both ends"):
        dialects.from_aws_nacl([{"Protocol": "6"}])


def test_azure_has_exactly_one_of_two_properties():
    assert dialects.to_azure(PortSet([80])) == {"destinationPortRange": "80"}
    assert dialects.to_azure(FULL) == {"destinationPortRange": "0-65535"}
    assert dialects.to_azure(WEB) == {"destinationPortRanges": ["22", "80", "8000-8100"]}
    assert dialects.from_azure({"destinationPortRange": "*"}) == FULL
    for rule, error in (
        ({}, InvalidRangeError),
        ({"destinationPortRange": "80", "destinationPortRanges": ["443"]}, InvalidRangeError),
        ({"destinationPortRanges": ["*"]}, InvalidRangeError),
        ({"destinationPortRange": "90-80"}, PortSyntaxError),
        ({"destinationPortRange": "080"}, PortSyntaxError),
        ({"destinationPortRange": 80}, TypeError),
        ({"destinationPortRanges": "80"}, TypeError),
        ({"destinationPortRanges": 80}, TypeError),
        (["80"], TypeError),
    ):
        with pytest.raises(error):
            dialects.from_azure(rule)


def test_trap_of_gcp_an_entry_without_ports_is_for_every_port():
    assert dialects.to_gcp(FULL) == ({"IPProtocol": "tcp", "ports": ["0-65535"]},)
    assert dialects.from_gcp([{"IPProtocol": "tcp"}]) == FULL
    assert dialects.from_gcp([{"IPProtocol": "all"}], transport="udp") == FULL
    for entry, error in (
        ({"IPProtocol": "tcp", "ports": []}, InvalidRangeError),
        ({"IPProtocol": "tcp", "ports": "80"}, TypeError),
        ({"IPProtocol": "tcp", "ports": [80]}, TypeError),
        ({"IPProtocol": "tcp", "ports": ["80:90"]}, PortSyntaxError),
        ({"IPProtocol": "icmp"}, InvalidRangeError),
        ({"IPProtocol": None}, InvalidRangeError),
        ({"IPProtocol": "all", "ports": ["80"]}, InvalidRangeError),
        ({"ports": ["80"]}, InvalidRangeError),
    ):
        with pytest.raises(error):
            dialects.from_gcp([entry])


def test_kubernetes_has_end_port_for_a_range_only():
    assert dialects.to_kubernetes(WEB)[0] == {"protocol": "TCP", "port": 22}
    assert dialects.to_kubernetes(WEB)[2] == {"protocol": "TCP", "port": 8000, "endPort": 8100}


def test_trap_of_kubernetes_no_port_means_every_port_and_a_name_is_refused():
    assert dialects.from_kubernetes([]) == FULL
    assert dialects.from_kubernetes([{"protocol": "UDP"}]) == FULL
    assert dialects.from_kubernetes([{"port": 80, "endPort": 80}]) == PortSet([80])
    for entry, error in (
        ({"port": "http"}, InvalidRangeError),
        ({"port": "80", "endPort": 90}, InvalidRangeError),
        ({"endPort": 90}, InvalidRangeError),
        ({"endPort": 0}, InvalidRangeError),
        ({"port": 90, "endPort": 80}, InvalidRangeError),
        ({"port": 0}, InvalidRangeError),
        ({"port": 65536}, InvalidPortError),
        ({"port": 80, "protocol": "tcp"}, InvalidRangeError),
        ({"port": 80, "protocol": 6}, TypeError),
        ({"port": 80.0}, TypeError),
    ):
        with pytest.raises(error):
            dialects.from_kubernetes([entry])


def test_trap_of_cilium_forty_ports_and_port_0():
    ports = PortSet(range(1, 201, 2))
    data = dialects.to_cilium(ports)
    assert [len(entry["ports"]) for entry in data] == [40, 40, 20]
    assert dialects.from_cilium(data) == ports
    zero = {"port": "0", "protocol": "ANY"}
    assert dialects.from_cilium([{"ports": [zero]}]) == FULL
    one = {"port": "80", "endPort": 80}
    assert dialects.from_cilium([{"ports": [one]}]) == PortSet([80])
    for entry, error in (
        ({"port": "90", "endPort": 80}, InvalidRangeError),
        ({"port": "0", "endPort": 80}, InvalidRangeError),
        ({"port": "http"}, InvalidRangeError),
        ({"port": "080"}, PortSyntaxError),
        ({"port": 80}, TypeError),
        ({"port": "80", "protocol": "ICMP"}, InvalidRangeError),
    ):
        with pytest.raises(error):
            dialects.from_cilium([{"ports": [entry]}])
    for entries in ([], [{}], [{"ports": []}], [{"ports": [one] * 41}]):
        with pytest.raises(InvalidRangeError):
            dialects.from_cilium(entries)


def test_ports_of_every_transport_beside_those_of_one_require_a_transport():
    rows = [{"port": "53", "protocol": "ANY"}, {"port": "443", "protocol": "TCP"}]
    with pytest.raises(InvalidRangeError, match="different ones for tcp and all; choose one"):
        dialects.from_cilium([{"ports": rows}])
    assert dialects.from_cilium([{"ports": rows}], transport="tcp") == PortSet([53, 443])
    assert dialects.from_cilium([{"ports": rows}], transport="udp") == PortSet([53])


def test_trap_of_openstack_every_port_but_0_is_kept_as_every_port():
    with pytest.raises(UnrepresentableError) as caught:
        dialects.to_openstack(PortSet.parse("1-65535"))
    assert caught.value.reason == (
        "1-65535 is stored as a rule without ports, which includes port 0"
    )
    none = {"port_range_min": None, "port_range_max": None}
    assert dialects.from_openstack([{"protocol": "tcp", **none}]) == FULL
    assert dialects.from_openstack([{"protocol": None, **none}]) == FULL
    for rule, error in (
        ({"protocol": "tcp", "port_range_min": 80}, InvalidRangeError),
        ({"protocol": "tcp", "port_range_min": 0, "port_range_max": 80}, InvalidRangeError),
        ({"protocol": "tcp", "port_range_min": 90, "port_range_max": 80}, InvalidRangeError),
        ({"port_range_min": 80, "port_range_max": 80}, InvalidRangeError),
        ({"protocol": "icmp", "port_range_min": 8}, InvalidRangeError),
        ({"protocol": 6}, TypeError),
    ):
        with pytest.raises(error):
            dialects.from_openstack([rule])


def test_rules_for_both_directions_are_refused():
    inward = {"Protocol": "6", "PortRange": {"From": 80, "To": 90}, "Egress": False}
    outward = {**inward, "PortRange": {"From": 0, "To": 65535}, "Egress": True}
    assert dialects.from_aws_nacl([inward, inward]) == PortSet.parse("80-90")
    with pytest.raises(InvalidRangeError, match="must be for one direction, got 'False and True'"):
        dialects.from_aws_nacl([inward, outward])
    inward = {"direction": "ingress", "protocol": "tcp", "port_range_min": 80, "port_range_max": 80}
    outward = {"direction": "egress", "protocol": None}
    assert dialects.from_openstack([inward], transport="tcp") == PortSet([80])
    with pytest.raises(InvalidRangeError, match="got 'egress and ingress'; select them by"):
        dialects.from_openstack([inward, outward], transport="tcp")


def test_trap_of_openstack_any_is_every_protocol():
    none = {"port_range_min": None, "port_range_max": None}
    for protocol in ("any", "0"):
        assert dialects.from_openstack([{"protocol": protocol, **none}], transport="tcp") == FULL
        with pytest.raises(InvalidRangeError, match="a rule with ports must have a protocol"):
            dialects.from_openstack([{"protocol": protocol, "port_range_min": 80}])


def test_a_rule_of_dccp_is_not_skipped_if_dccp_is_selected():
    rule = {"protocol": "33", "port_range_min": 80, "port_range_max": 81}
    assert dialects.from_openstack([rule], transport="dccp") == PortSet([80, 81])
    assert dialects.from_gcp([{"IPProtocol": "33"}], transport="dccp") == FULL
    assert dialects.from_aws([{"IpProtocol": "33"}], transport="dccp") == FULL


@pytest.mark.parametrize("protocol", ["TCP", "Udp", "tcp ", "all ", "*", "", "1000", "\u0666"])
@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("aws", "IpProtocol"),
        ("aws_nacl", "Protocol"),
        ("gcp", "IPProtocol"),
        ("openstack", "protocol"),
    ],
)
def test_an_unknown_protocol_is_not_skipped(name, key, protocol):
    read = getattr(dialects, f"from_{name}")
    with pytest.raises(InvalidRangeError, match="to have ports, got"):
        read([{key: protocol}], transport="tcp")
    for portless in ("icmp", "esp", "50"):
        assert read([{key: portless}], transport="tcp") == PortSet()


# What has no ports, in the spelling of each service. The names are those that the references list;
# the numbers are of the IANA registry of protocol numbers.
PORTLESS = {
    "aws": ("IpProtocol", ("icmp", "icmpv6", "1", "50", "112", "255")),
    "aws_nacl": ("Protocol", ("1", "58", "112")),
    "gcp": ("IPProtocol", ("icmp", "esp", "ah", "ipip", "47", "112")),
    "openstack": ("protocol", ("icmp", "ipv6-icmp", "vrrp", "47", "112")),
    "digitalocean": ("protocol", ("icmp",)),
}


@pytest.mark.parametrize("name", PORTLESS)
def test_the_error_about_an_entry_without_ports_suggests_a_transport(name):
    key, protocols = PORTLESS[name]
    for protocol in protocols:
        entries = [ENTRIES[name], {key: protocol}]
        read = getattr(dialects, f"from_{name}")
        assert read(entries, transport="tcp") == PortSet.parse("80-90")
        with pytest.raises(InvalidRangeError) as caught:
            read(entries)
        assert str(caught.value).endswith(
            f"to have ports, got {protocol!r}; select a transport with transport= to ignore it"
        )


@pytest.mark.parametrize("name", PORTLESS)
@pytest.mark.parametrize("protocol", ["256", "999", "006", "017", "0132", "1112"])
def test_an_invalid_protocol_number_is_refused(name, protocol):
    key, _ = PORTLESS[name]
    with pytest.raises(InvalidRangeError, match=f"^'{key}' must be .*, got '{protocol}'$"):
        _read(name, {key: protocol}, transport="tcp")


@pytest.mark.parametrize("protocol", ["Icmp", "Esp", "Ah", "ICMP", "47", ""])
def test_an_azure_rule_without_ports_is_not_read_as_every_port(protocol):
    with pytest.raises(InvalidRangeError, match=r"protocol must be Tcp, Udp, \* to have ports"):
        dialects.from_azure({"protocol": protocol, "destinationPortRange": "*"})
    for known in ("Tcp", "TCP", "udp", "*"):
        assert dialects.from_azure({"protocol": known, "destinationPortRange": "*"}) == FULL
    with pytest.raises(TypeError):
        dialects.from_azure({"protocol": 6, "destinationPortRange": "*"})


# Entries of UDP whose ports cannot be read.
UNREADABLE = {
    "aws": {"IpProtocol": "udp", "FromPort": 53},
    "aws_nacl": {"Protocol": "17"},
    "gcp": {"IPProtocol": "udp", "ports": ["dns"]},
    "kubernetes": {"protocol": "UDP", "port": "dns"},
    "cilium": {"ports": [{"port": "dns", "protocol": "UDP"}]},
    "openstack": {"protocol": "udp", "port_range_min": 53},
    "digitalocean": {"protocol": "udp", "ports": "dns"},
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_ports_of_a_transport_that_was_not_selected_are_not_read(name):
    read = getattr(dialects, f"from_{name}")
    entries = [ENTRIES[name], UNREADABLE[name]]
    assert read(entries, transport="tcp") == PortSet.parse("80-90")
    for transport in (None, "udp"):
        with pytest.raises((InvalidRangeError, PortSyntaxError)):
            read(entries, transport=transport)


def test_an_entry_for_every_transport_is_always_read():
    with pytest.raises(InvalidRangeError, match="names are resolved in each pod"):
        dialects.from_cilium([{"ports": [{"port": "dns"}]}], transport="tcp")
    with pytest.raises(InvalidRangeError, match="every port is allowed"):
        dialects.from_aws([{"IpProtocol": "-1", "FromPort": 80, "ToPort": 80}], transport="tcp")
    with pytest.raises(InvalidRangeError, match="a rule with ports must have a protocol"):
        dialects.from_openstack([{"protocol": None, "port_range_min": 80}], transport="tcp")


def test_an_end_without_a_port_and_ports_that_are_null() -> None:
    with pytest.raises(InvalidRangeError, match=r"^endPort requires port, got "):
        dialects.from_kubernetes([{"protocol": "TCP", "endPort": 90}])
    with pytest.raises(InvalidRangeError, match=r"^an entry must have ports, got "):
        dialects.from_cilium([{"ports": None}])


def test_trap_of_digitalocean_zero_is_every_port():
    assert dialects.to_digitalocean(WEB, transport="udp") == (
        {"protocol": "udp", "ports": "22"},
        {"protocol": "udp", "ports": "80"},
        {"protocol": "udp", "ports": "8000-8100"},
    )
    for every in ("0", "all"):
        assert dialects.from_digitalocean([{"protocol": "udp", "ports": every}]) == FULL
    one_to_last = PortSet.parse("1-65535")
    assert dialects.from_digitalocean(dialects.to_digitalocean(one_to_last)) == one_to_last
    # The example of the API's reference.
    rules = [
        {"protocol": "tcp", "ports": "80", "sources": {"load_balancer_uids": ["4de7ac8b"]}},
        {"protocol": "tcp", "ports": "22", "sources": {"tags": ["gateway"]}},
        {"protocol": "icmp", "ports": "0", "sources": {"addresses": ["::/0"]}},
    ]
    assert dialects.from_digitalocean(rules[:2]) == PortSet([22, 80])
    assert dialects.from_digitalocean(rules, transport="tcp") == PortSet([22, 80])
    assert dialects.from_digitalocean([]) == PortSet()


@pytest.mark.parametrize(
    ("rule", "error", "message"),
    [
        ({}, InvalidRangeError, "a rule must have ports, got {'protocol': 'tcp'}"),
        ({"ports": 80}, TypeError, "'ports' must be a str, got int 80"),
        ({"ports": None}, InvalidRangeError, "a rule must have ports, got {'protocol': 'tcp'}"),
        ({"ports": ""}, PortSyntaxError, "expected a port or 'first-last', got ''"),
        ({"ports": "80,443"}, PortSyntaxError, "expected a port or 'first-last', got '80,443'"),
        ({"ports": "00"}, PortSyntaxError, "port must have no leading zero, got '00'"),
        ({"ports": "90-80"}, PortSyntaxError, "first must not be greater than last"),
        (
            {"ports": "0-80"},
            InvalidRangeError,
            "port must be in 1..65535, got {'protocol': 'tcp', 'ports': '0-80'}",
        ),
        ({"protocol": 6}, TypeError, "'protocol' must be a str, got int 6"),
        (
            {"protocol": "gre"},
            InvalidRangeError,
            "'protocol' must be tcp, udp or icmp, got 'gre'",
        ),
        (
            {"protocol": "TCP"},
            InvalidRangeError,
            "'protocol' must be tcp, udp or icmp, got 'TCP'",
        ),
    ],
)
def test_digitalocean_rules_that_are_refused(rule, error, message):
    with pytest.raises(error) as caught:
        dialects.from_digitalocean([{"protocol": "tcp", **rule}], transport="tcp")
    assert str(caught.value).startswith(message)


def test_rules_of_digitalocean_for_two_directions_or_actions_are_refused():
    inward = {"protocol": "tcp", "ports": "22", "sources": {"addresses": ["10.0.0.0/8"]}}
    outward = {"protocol": "tcp", "ports": "0", "destinations": {"addresses": ["::/0"]}}
    assert dialects.from_digitalocean([inward, inward]) == PortSet([22])
    assert dialects.from_digitalocean([outward]) == FULL
    for rules in ([inward, outward], [{**inward, "destinations": {}}]):
        with pytest.raises(InvalidRangeError) as caught:
            dialects.from_digitalocean(rules)
        assert str(caught.value) == (
            "rules must be for one direction, got 'inbound and outbound'; "
            "pass inbound_rules or outbound_rules"
        )
    # SDKs write the field of the other direction as null.
    assert dialects.from_digitalocean([{**inward, "destinations": None}]) == PortSet([22])
    # The API's default is to allow.
    for allow in (inward, {**inward, "action": None}, {**inward, "action": "allow"}):
        with pytest.raises(InvalidRangeError) as caught:
            dialects.from_digitalocean([allow, {**inward, "action": "deny"}])
        assert str(caught.value) == (
            "rules must all allow or all deny, got 'allow and deny'; select them by 'action'"
        )


def _outcome(name, entry):
    """What a reader makes of an entry: the ports, or the error and its rule."""
    try:
        return _read(name, entry)
    except (TypeError, InvalidRangeError) as error:
        return type(error), str(error).partition(", got ")[0]


@pytest.mark.parametrize(
    ("name", "key"), [(form.name, key) for form in dialects.data_forms() for key in form.keys]
)
def test_null_is_read_as_an_absent_key(name, key):
    (form,) = (form for form in dialects.data_forms() if form.name == name)
    for entry in ({}, ENTRIES[name], {each: ENTRIES[name].get(each) for each in form.keys}):
        without = {each: value for each, value in entry.items() if each != key}
        found = _outcome(name, {**without, key: None})
        if key in form.null_is_value:
            assert found != _outcome(name, {**without, key: "unknown"})
        else:
            assert found == _outcome(name, without)


@pytest.mark.parametrize(
    ("name", "entry", "key"),
    [
        ("aws_nacl", {"Protocol": "6", "PortRange": {"From": 80, "To": 90}}, "PortRange"),
        ("cilium", ENTRIES["cilium"], "ports"),
    ],
)
def test_null_inside_an_entry_is_read_as_an_absent_key(name, entry, key):
    (form,) = (form for form in dialects.data_forms() if form.name == name)
    held = entry[key]
    inner = held[0] if isinstance(held, list) else held
    for each in form.nested_keys:
        without = {other: value for other, value in inner.items() if other != each}
        nulled = {**without, each: None}
        absent, null = ([without], [nulled]) if isinstance(held, list) else (without, nulled)
        assert _outcome(name, {**entry, key: null}) == _outcome(name, {**entry, key: absent})


def test_trap_of_kubernetes_a_null_port_or_protocol_is_absent():
    assert dialects.from_kubernetes([{"protocol": None, "port": 80}]) == PortSet([80])
    assert dialects.from_kubernetes([{"protocol": "UDP", "port": None}]) == FULL
    assert dialects.from_kubernetes([{"port": 80, "endPort": None}]) == PortSet([80])
    for entry in ({"port": None}, {"protocol": None}, {"protocol": None, "port": None}):
        with pytest.raises(InvalidRangeError, match="^an entry must have protocol or port, got "):
            dialects.from_kubernetes([entry])
    rule = {"ports": [{"port": "80", "protocol": None, "endPort": None}], "rules": None}
    assert dialects.from_cilium([rule]) == PortSet([80])
    assert dialects.from_azure({"protocol": None, "destinationPortRange": "80"}) == PortSet([80])
    assert dialects.from_openstack([{"protocol": None}]) == FULL
