"""What is read of the zones of firewalld, as XML and as firewall-cmd lists them."""

from __future__ import annotations

import pytest

from portranges import (
    Family,
    PortSet,
    PortSyntaxError,
    TransportPorts,
    UnknownNameError,
    registry,
    rulesets,
)
from portranges.rulesets import Action, Applies, Direction, Rule, Ruleset, Skipped

ALL = TransportPorts.full()
NOTHING = TransportPorts.empty()
TCP = TransportPorts(tcp=PortSet.full())
ONE = TransportPorts.parse("1-9/tcp")
BOTH = (Family.INET, Family.INET6)


def zone(inner: str, head: str = "<zone>") -> str:
    kind = head[1:].split(maxsplit=1)[0].rstrip(">")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{head}\n{inner}\n</{kind}>\n'


def only(inner: str, head: str = "<zone>") -> Rule:
    ruleset = rulesets.parse(zone(inner, head))
    assert (ruleset.format, ruleset.skipped) == ("firewalld", ())
    (rule,) = ruleset.rules
    assert (rule.location.line, rule.text) == (3, inner)
    return rule


def skipped(inner: str) -> Skipped:
    ruleset = rulesets.parse(zone(inner))
    assert ruleset.rules == ()
    (found,) = ruleset.skipped
    assert (found.location.line, found.text) == (3, inner)
    return found


@pytest.mark.parametrize(
    ("inner", "ports"),
    [
        ('<port port="22" protocol="tcp"/>', "22/tcp"),
        ("<port protocol='udp' port='80-90'></port>", "80-90/udp"),
        ('<port port="5" protocol="sctp" />', "5/sctp"),
        ('<protocol value="gre"/>', ""),
        ('<protocol value="dccp"/>', "0-65535/dccp"),
        ('<rule><port port="22" protocol="tcp"/><accept/></rule>', "22/tcp"),
    ],
)
def test_the_ports_that_a_zone_accepts(inner: str, ports: str) -> None:
    rule = only(inner)
    assert rule.ports == TransportPorts.parse(ports)
    assert (rule.action, rule.direction, rule.group) == (Action.ACCEPT, Direction.IN, "zone")
    assert (rule.families, rule.applies, rule.conditions) == (BOTH, Applies.ALWAYS, ())


def test_source_ports_make_a_rule_apply_to_some_packets() -> None:
    rule = only('<source-port port="99" protocol="udp"/>')
    assert (rule.source_ports, rule.applies) == (PortSet([99]), Applies.MAYBE)
    assert rule.ports == TransportPorts(udp=PortSet.full())


@pytest.mark.parametrize(
    ("attributes", "action", "new", "families"),
    [
        ('to-port="2222"', Action.REDIRECT, PortSet([2222]), (Family.INET,)),
        ('to-port="8000-8010"', Action.REDIRECT, PortSet.parse("8000-8010"), (Family.INET,)),
        ('to-addr="10.0.0.1"', Action.TRANSLATE, None, (Family.INET,)),
        ('to-port="1" to-addr="2001:db8::1"', Action.TRANSLATE, PortSet([1]), (Family.INET6,)),
    ],
)
def test_forward_ports(attributes, action, new, families) -> None:
    rule = only(f'<forward-port port="22" protocol="tcp" {attributes}/>')
    assert (rule.ports, rule.action) == (TransportPorts.parse("22/tcp"), action)
    assert (rule.translated_ports, rule.families) == (new, families)
    assert (rule.group, rule.direction) == ("zone (nat)", None)


def test_a_rule_with_a_forward_port_names_the_family() -> None:
    port = '<forward-port port="22" protocol="tcp" to-port="2222"/>'
    rule = only(f'<rule family="ipv6">{port}</rule>')
    assert (rule.action, rule.families) == (Action.REDIRECT, (Family.INET6,))


@pytest.mark.parametrize(
    ("inner", "ports", "action", "conditions"),
    [
        (
            '<source address="10.0.0.0/8"/><reject type="icmp-host-prohibited"/>',
            ALL,
            Action.REJECT,
            ('source address="10.0.0.0/8"',),
        ),
        (
            '<source address="10.0.0.1" invert="True"/><port port="1" protocol="tcp"/><drop/>',
            TransportPorts.parse("1/tcp"),
            Action.DROP,
            ('source NOT address="10.0.0.1"',),
        ),
        (
            '<destination ipset="x"/><log prefix="a > b"/><audit/><accept><limit value="2/s"/>'
            "</accept>",
            ALL,
            Action.ACCEPT,
            ('destination ipset="x"', 'limit value="2/s"'),
        ),
        ('<source mac="00:11:22:33:44:55"/><mark set="1"/>', ALL, Action.CONTINUE, None),
        ('<icmp-type name="redirect"/><accept/>', NOTHING, Action.ACCEPT, None),
        ('<icmp-block name="redirect"/>', NOTHING, Action.REJECT, None),
        ("<masquerade/>", ALL, Action.CONTINUE, ()),
        ('<tcp-mss-clamp value="pmtu"/>', ALL, Action.CONTINUE, ()),
        (
            '<source mac="00:11:22:33:44:55"/><log><limit value="1/m"/></log>',
            ALL,
            Action.CONTINUE,
            None,
        ),
        ('<source mac="00:11:22:33:44:55"/><reject type="tcp-reset"/>', TCP, Action.REJECT, None),
        ('<port port="1-9" protocol="tcp"/><reject type="tcp-reset"/>', ONE, Action.REJECT, ()),
        ('<protocol value="0"/><drop/>', NOTHING, Action.DROP, ()),
        ('<source address="0.0.0.0/0"/><drop/>', ALL, Action.DROP, ()),
    ],
)
def test_rich_rules(inner: str, ports, action, conditions) -> None:
    rule = only(f'<rule family="ipv4">{inner}</rule>')
    assert (rule.ports, rule.action, rule.families) == (ports, action, (Family.INET,))
    if conditions is not None:
        assert rule.conditions == conditions
    assert rule.applies is (Applies.MAYBE if rule.conditions else Applies.ALWAYS)


def test_rich_rules_without_a_priority_deny_before_they_accept() -> None:
    port = '<port port="1" protocol="tcp"/>'
    inner = "\n".join(
        [
            f'<rule priority="1">{port}<drop/></rule>',
            f"<rule>{port}<accept/></rule>",
            f"<rule>{port}<drop/></rule>",
            f"<rule>{port}<log/></rule>",
            f'<rule priority="-1">{port}<accept/></rule>',
            f'<rule priority="-32768">{port}<accept/></rule>',
            port,
        ]
    )
    ruleset = rulesets.parse(zone(inner, '<zone target="DROP">'))
    order = sorted(ruleset.rules, key=lambda each: each.priority)
    assert [each.location.line for each in order] == [8, 7, 6, 5, 4, 9, 3, 2]


@pytest.mark.parametrize(
    ("head", "action", "way"),
    [
        ('<zone target="ACCEPT">', Action.ACCEPT, Direction.IN),
        ('<zone version="1" target="%%REJECT%%">', Action.REJECT, Direction.IN),
        ('<policy target="DROP" priority="-1">', Action.DROP, Direction.FORWARD),
    ],
)
def test_the_target_is_a_rule(head: str, action: Action, way: Direction) -> None:
    (rule,) = rulesets.parse(zone("<short>x</short>", head)).rules
    assert (rule.ports, rule.action, rule.direction, rule.text) == (ALL, action, way, head)
    assert rule.location.line == 2


@pytest.mark.parametrize(
    ("zones", "way"),
    [
        ('<ingress-zone name="ANY"/><egress-zone name="HOST"/>', Direction.IN),
        ('<ingress-zone name="HOST"/><egress-zone name="ANY"/>', Direction.OUT),
        ('<ingress-zone name="public"/><egress-zone name="dmz"/>', Direction.FORWARD),
    ],
)
def test_the_zones_of_a_policy_are_its_direction(zones: str, way: Direction) -> None:
    text = zone(f'{zones}<port port="1" protocol="tcp"/>', '<policy target="CONTINUE">')
    (rule,) = rulesets.parse(text).rules
    assert rule.direction is way


NEEDS_FAMILY = (
    "a rule with an address, a forward-port or a type of reject must have a family, got none"
)
NEEDS_SOMETHING = "a rule must have an element, an address or a priority, got none"


@pytest.mark.parametrize(
    ("inner", "reason"),
    [
        (
            '<service name="homemade"/>',
            "the ports of a service must be in the same text or in firewalld 2.5.0, "
            "got 'homemade'; 'firewall-cmd --info-service' shows them, or pass them as services=",
        ),
        ("<service/>", "service must have name, got none"),
        ('<port port="22"/>', "port must have protocol, got none"),
        ('<port protocol="tcp"/>', "port must have port, got none"),
        (
            '<port prot="22" port="22" protocol="tcp"/>',
            "port must have only port, protocol, got 'prot'",
        ),
        ('<prot port="22" protocol="tcp"/>', "expected an element of a zone, got 'prot'"),
        ("<accept/>", "expected an element of a zone, got 'accept'"),
        ('<port port="22" protocol="tpc"/>', "expected a text such as '80/tcp', got '22/tpc'"),
        (
            '<port port="http" protocol="tcp"/>',
            "expected a port or 'first-last', got 'http'; names require services=registry.SHIPPED",
        ),
        ('<protocol value="tpc"/>', "protocol must be a known name or 0..255, got 'tpc'"),
        (
            '<forward-port port="1" protocol="tcp"/>',
            "forward-port must have to-port or to-addr, got neither",
        ),
        ("<rule><accept/><drop/></rule>", "a rule must have one action, got accept and drop"),
        (
            '<rule><protocol value="ah"/><masquerade/></rule>',
            "a rule must have one element, got protocol and masquerade",
        ),
        (
            "<rule><masquerade/><accept/></rule>",
            "a rule with masquerade must have no action, got accept",
        ),
        (
            '<rule><port port="1" protocol="tcp"/></rule>',
            "a rule must have an action or a log, got neither",
        ),
        ("<rule/>", "a rule must have an action or a log, got neither"),
        ('<rule family="ip"><accept/></rule>', "family must be ipv4 or ipv6, got 'ip'"),
        (
            '<rule priority="40000"><accept/></rule>',
            "priority must be in -32768..32767, got '40000'",
        ),
        (
            "<rule><source/><accept/></rule>",
            "source must have an address, a mac or an ipset, got none",
        ),
        (
            '<rule><sourc address="10.0.0.1"/><accept/></rule>',
            "expected an element of a rule, got 'sourc'",
        ),
        (
            '<rule><source adress="10.0.0.1"/><accept/></rule>',
            "source must have only address, mac, ipset, invert, family, got 'adress'",
        ),
        (
            '<rule family="ipv6"><forward-port port="1" protocol="tcp" to-addr="10.0.0.1"/></rule>',
            "a rule must have one family, got ipv6 and the other one",
        ),
        ("<rule><accept/></rule>", NEEDS_SOMETHING),
        ('<rule family="ipv4"><log/></rule>', NEEDS_SOMETHING),
        ('<rule><source address="10.0.0.1"/><accept/></rule>', NEEDS_FAMILY),
        ('<rule><destination ipset="x"/><accept/></rule>', NEEDS_FAMILY),
        ('<rule><forward-port port="1" protocol="tcp" to-port="2"/></rule>', NEEDS_FAMILY),
        ('<rule><protocol value="ah"/><reject type="tcp-reset"/><accept/></rule>', None),
        (
            '<rule><protocol value="ah"/><audit/></rule>',
            "a rule with audit must accept, reject or drop, got none of them",
        ),
        (
            '<rule family="ipv4"><source address="::1"/><accept/></rule>',
            "address must be one of ipv4, got '::1'",
        ),
        (
            '<rule family="ipv6"><source address="fe80::1/200"/><accept/></rule>',
            "address must be one of ipv6, got 'fe80::1/200'",
        ),
        (
            '<rule><protocol value="ah"/><accept><limit value="1/w"/></accept></rule>',
            "a limit must have the form '1/m', got '1/w'",
        ),
        (
            "<rule><accept><log/></accept></rule>",
            "accept must not contain 'log'",
        ),
    ],
)
def test_what_is_not_understood_is_skipped(inner: str, reason: str | None) -> None:
    found = skipped(inner)
    reason = reason or "a rule must have one action, got reject and accept"
    assert (found.reason, found.could_accept) == (reason, True)


def test_a_rule_that_only_drops_could_not_accept() -> None:
    assert not skipped('<rule family="ip"><drop/></rule>').could_accept
    assert not skipped("<icmp-block/>").could_accept


def test_names_of_ports_need_a_registry() -> None:
    text = zone('<port port="https" protocol="tcp"/>')
    (rule,) = rulesets.parse(text, services=registry.SHIPPED).rules
    assert rule.ports == TransportPorts.parse("443/tcp")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<zone>", "expected XML, got no element found"),
        ("<zone></policy>", "expected XML, got mismatched tag"),
        ("<zone>&x;</zone>", "expected XML, got undefined entity"),
        ("<zone/><zone/>", "expected XML, got junk after document element"),
        ("", "expected XML, got no element found"),
        ("<service/>", "expected a zone or a policy, got 'service'"),
        (
            '<!DOCTYPE zone [<!ENTITY a "b">]><zone>&a;</zone>',
            "XML must not declare a document type, got one",
        ),
        (
            '<!DOCTYPE zone SYSTEM "file:///etc/passwd"><zone/>',
            "XML must not declare a document type, got one",
        ),
        ("<a>" * 17, "elements must be nested at most 16 deep, got 'a'"),
        ("<zone>\ud800</zone>", "expected XML, got a surrogate"),
    ],
)
def test_other_texts_are_refused(text: str, reason: str) -> None:
    with pytest.raises(PortSyntaxError) as caught:
        rulesets.parse(text, "firewalld")
    assert caught.value.reason == reason


def test_the_place_of_an_error_is_its_line() -> None:
    text = "<zone>\n<port\n</zone>\n"
    with pytest.raises(PortSyntaxError) as caught:
        rulesets.parse(text)
    start, stop = caught.value.span
    assert text[start:stop] == "</zone>"


def test_a_text_that_is_too_long_is_refused() -> None:
    with pytest.raises(PortSyntaxError, match="text must have at most 16777216 characters, got"):
        rulesets.parse("<zone>" + " " * 2**24 + "</zone>")


# -- lists ----------------------------------------------------------------------------------------

LIST = """\
public (default, active)
  target: default
  icmp-block-inversion: no
  interfaces: eth7
  sources: 10.0.0.0/8
  services: samba ssh
  ports: 80-90/tcp 53/udp
  protocols: gre
  forward: yes
  masquerade: no
  forward-ports:
	port=22:proto=tcp:toport=2222:toaddr=
	port=23-25:proto=udp:toport=:toaddr=10.0.0.1
  source-ports: 99/udp
  icmp-blocks: echo-reply
  rich rules:
	rule priority="-5" family="ipv6" source NOT address="2001:db8::/32" port \
port="1-2" protocol="udp" reject
	rule service name="ssh" log prefix="a accept" level="info" limit \
value="1/m" accept limit value="2/s"
ssh
  ports: 22/tcp
  protocols:
  source-ports:
  modules:
  destination:
  includes:
  helpers:
samba
  ports: 139/tcp 445/tcp
  modules:
  destination: ipv4:10.0.0.1
  includes: ssh

trusted
  target: ACCEPT
"""


@pytest.mark.parametrize("end", ["", " "])
def test_a_list_of_zones(end: str) -> None:
    # firewall-cmd writes a space after the colon of an empty field.
    ruleset = rulesets.parse(LIST.replace(":\n", f":{end}\n"))
    assert (ruleset.format, ruleset.skipped) == ("firewalld-list", ())
    found = [
        (each.location.line, each.group, each.text[:9], str(each.ports), each.action)
        for each in ruleset.rules
    ]
    everything = str(ALL)
    assert found == [
        (6, "public", "samba", "139/tcp,445/tcp", Action.ACCEPT),
        (6, "public", "samba", "22/tcp", Action.ACCEPT),
        (6, "public", "ssh", "22/tcp", Action.ACCEPT),
        (7, "public", "80-90/tcp", "80-90/tcp", Action.ACCEPT),
        (7, "public", "53/udp", "53/udp", Action.ACCEPT),
        (8, "public", "gre", "", Action.ACCEPT),
        (9, "public (forward)", "forward: ", everything, Action.ACCEPT),
        (12, "public (nat)", "port=22:p", "22/tcp", Action.REDIRECT),
        (13, "public (nat)", "port=23-2", "23-25/udp", Action.TRANSLATE),
        (14, "public", "99/udp", "0-65535/udp", Action.ACCEPT),
        (15, "public", "echo-repl", "", Action.REJECT),
        (17, "public", "rule prio", "1-2/udp", Action.REJECT),
        (18, "public", "rule serv", "22/tcp", Action.ACCEPT),
        (34, "trusted", "target: A", everything, Action.ACCEPT),
    ]
    assert ruleset.rules[0].conditions == ("destination ipv4:10.0.0.1",)
    assert ruleset.rules[0].families == (Family.INET,)
    assert ruleset.rules[1].conditions == ()
    assert ruleset.rules[11].conditions == ('source NOT address="2001:db8::/32"',)
    assert ruleset.rules[11].families == (Family.INET6,)
    assert ruleset.rules[12].conditions == ('limit value="2/s"',)


def test_other_files_with_a_target_are_not_lists_of_firewalld() -> None:
    assert rulesets.detect(LIST).name == "firewalld-list"
    with pytest.raises(ValueError, match="text must have the form of a known format"):
        rulesets.detect("build:\n  target: default-stage\n")


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("80-90/tcp 53/udp\n", ["80-90/tcp", "53/udp"]),
        (
            "port=22:proto=tcp:toport=2222:toaddr=\nport=5:proto=udp:toport=:toaddr=::1",
            ["22/tcp", "5/udp"],
        ),
        (
            'rule port port="1" protocol="tcp" accept\nrule protocol value="ah" drop\n',
            ["1/tcp", ""],
        ),
    ],
)
def test_lists_of_one_kind(text: str, ports: list[str]) -> None:
    ruleset = rulesets.parse(text, "firewalld-list")
    assert ruleset.skipped == ()
    assert [str(each.ports) for each in ruleset.rules] == ports
    assert {each.group for each in ruleset.rules} <= {"zone", "zone (nat)"}
    # The rest of the zone is not in the text.
    found = ruleset.reachable()
    assert (found.ports, found.is_exact) == (ALL, False)


@pytest.mark.parametrize(
    ("line", "text", "reason"),
    [
        (
            "  prots: 22/tcp",
            "  prots: 22/tcp",
            "expected a field of a zone, a policy or a service, got 'prots'",
        ),
        ("  ports: 22", "22", "expected 'port/protocol', got '22'"),
        ("  ports: 22/tpc", "22/tpc", "expected a text such as '80/tcp', got '22/tpc'"),
        (
            "  forward-ports: port=1",
            "port=1",
            "expected 'port=...:proto=...:toport=...:toaddr=...', got 'port=1'",
        ),
        (
            '  rich rules: rule log prefix="x',
            'rule log prefix="x',
            "a quotation mark must be closed, got 'rule log prefix=\"x'",
        ),
        (
            '  rich rules: rule port port="1" port="2" protocol="tcp" accept',
            'rule port port="1" port="2" protocol="tcp" accept',
            "port must have only port, protocol, got 'port again'",
        ),
        (
            "  masquerade: maybe",
            "  masquerade: maybe",
            "expected a field of a zone, a policy or a service, got 'masquerade'",
        ),
        ("\tstray", "\tstray", "expected an item of a zone, got '\\tstray'"),
        ("two words", "two words", "expected an item of a zone, got 'two words'"),
        ("dmz", "dmz", "fields must follow a heading, got only 'dmz'"),
        (
            "  target: ALLOW",
            "target: ALLOW",
            "target must be ACCEPT, DROP, REJECT, CONTINUE, default or %%REJECT%%, got 'ALLOW'",
        ),
    ],
)
def test_items_that_are_not_understood(line: str, text: str, reason: str) -> None:
    ruleset = rulesets.parse(f"public\n  target: default\n{line}\n")
    assert ruleset.rules == ()
    (found,) = ruleset.skipped
    assert (found.location.line, found.text, found.reason) == (3, text, reason)
    assert found.could_accept


def listed(services: str, definitions: str) -> Ruleset:
    return rulesets.parse(f"public\n  target: default\n  services: {services}\n{definitions}")


def test_services_may_include_each_other() -> None:
    defined = "a\n  ports: 1/tcp\n  includes: b\nb\n  ports: 2/tcp\n  includes: a\n"
    (rule,) = listed("a", defined).rules
    assert rule.ports == TransportPorts.parse("1-2/tcp")
    chain = "".join(f"s{at}\n  includes: s{at + 1} s{at + 1}\n" for at in range(300))
    (found,) = listed("s0", chain).skipped
    assert found.reason == "a service must include at most 256 others, got 's0'"
    (rule,) = listed("s60", chain.replace("s300", "ssh")).rules
    assert rule.ports == TransportPorts.parse("22/tcp")


def test_a_service_has_a_rule_for_each_condition() -> None:
    defined = (
        "a\n  ports: 1/tcp 2/udp\n  protocols: sctp\n  source-ports: 5/tcp 6/tcp 7/udp\n"
        "  destination: ipv4:192.0.2.1 ipv6:2001:db8::1\n  includes: ssh b\n"
        "b\n  ports: 3/tcp\n  modules: ftp\n"
    )
    ruleset = listed("a", defined)
    assert ruleset.skipped == ()
    own = TransportPorts.parse("1/tcp,2/udp,0-65535/sctp")
    found = [
        (each.ports, str(each.source_ports), each.families, each.conditions)
        for each in ruleset.rules
    ]
    assert len(found) == 9
    for family, condition in (
        (Family.INET, "destination ipv4:192.0.2.1"),
        (Family.INET6, "destination ipv6:2001:db8::1"),
    ):
        assert (own, "0-65535", (family,), (condition,)) in found
        assert (TCP, "5", (family,), (condition,)) in found
        assert (TransportPorts(udp=PortSet.full()), "7", (family,), (condition,)) in found
    assert (TransportPorts.parse("3/tcp,22/tcp"), "0-65535", BOTH, ()) in found
    assert {each.text for each in ruleset.rules} == {"a"}


def test_services_that_open_nothing_are_rules_too() -> None:
    rule = only('<rule family="ipv4"><service name="dhcpv6-client"/><accept/></rule>')
    assert (rule.ports, rule.families) == (NOTHING, (Family.INET,))
    (rule,) = listed("a", "a\n  ports: \n  helpers: ftp\n").rules
    assert (rule.ports, rule.applies) == (NOTHING, Applies.ALWAYS)


def test_the_services_of_firewalld_are_known() -> None:
    names = ("ssh", "samba", "vrrp", "freeipa-4", "mdns", "tftp-client")
    text = zone("\n".join(f'<service name="{each}"/>' for each in names))
    ruleset = rulesets.parse(text)
    found = {each.text[15:-3]: str(each.ports) for each in ruleset.rules}
    assert found == {
        "ssh": "22/tcp",
        "samba": "137-138/udp,139/tcp,445/tcp",
        "vrrp": "",
        "freeipa-4": "80/tcp,88/tcp,88/udp,389/tcp,443/tcp,464/tcp,464/udp,636/tcp",
        "mdns": "5353/udp",
    }
    (skip,) = ruleset.skipped
    assert (skip.text, skip.could_accept) == ('<service name="tftp-client"/>', True)
    # Those of the text come first.
    (rule,) = listed("ssh", "ssh\n  ports: 2222/tcp\n  modules: \n").rules
    assert rule.ports == TransportPorts.parse("2222/tcp")


def test_services_that_are_given_come_first() -> None:
    given = {"own": TransportPorts.parse("1-5/udp,9/tcp"), "ssh": TransportPorts.parse("2222/tcp")}
    services = rulesets.NamedServices(given)
    text = zone("".join(f'<service name="{each}"/>' for each in ("own", "ssh", "http")))
    ruleset = rulesets.parse(text, services=services)
    assert [str(each.ports) for each in ruleset.rules] == ["1-5/udp,9/tcp", "2222/tcp", "80/tcp"]
    # They are names of ports as well.
    (rule,) = rulesets.parse(zone('<port port="ssh" protocol="tcp"/>'), services=services).rules
    assert str(rule.ports) == "2222/tcp"
    assert services.ports("own") == PortSet.parse("1-5,9")
    assert services.ports("own", "sctp") == PortSet()
    with pytest.raises(UnknownNameError, match="unknown service, got 'other'"):
        services.ports("other")
    assert repr(services) == "<NamedServices: 2>"


@pytest.mark.parametrize(
    ("ports", "message"),
    [
        ([], "ports must be a mapping, got list"),
        ({1: TransportPorts.empty()}, "a name must be a str, got int"),
        ({"a": "22/tcp"}, "ports must be a TransportPorts, got str"),
    ],
)
def test_services_that_are_given_are_checked(ports, message) -> None:
    with pytest.raises(TypeError, match=message):
        rulesets.NamedServices(ports)


# -- evaluation -----------------------------------------------------------------------------------


def reach(text: str, direction: str = "in") -> tuple[str, bool]:
    found = rulesets.parse(text).reachable(direction)
    return ("all" if found.ports == ALL else str(found.ports), found.is_exact)


SSH = '<service name="ssh"/>'
TO_22 = '<forward-port port="80" protocol="tcp" to-port="22"/>'
DROP_80 = "<rule family='ipv4'><port port='80' protocol='tcp'/><drop/></rule>"
ABROAD = '<forward-port port="80" protocol="tcp" to-addr="192.0.2.1"/>'


@pytest.mark.parametrize(
    ("head", "inner", "ports", "is_exact"),
    [
        ("<zone>", "", "", True),
        ("<zone>", SSH, "22/tcp", True),
        ('<zone target="ACCEPT">', SSH, "all", True),
        ('<zone target="DROP">', SSH, "22/tcp", True),
        ('<zone target="ALLOW">', SSH, "all", False),
        ("<zone>", "<rule><service name='ssh'/><drop/></rule>" + SSH, "", True),
        ("<zone>", SSH + "<rule priority='1'><service name='ssh'/><drop/></rule>", "22/tcp", True),
        ("<zone>", '<rule priority="-1"><accept/></rule>', "all", True),
        ("<zone>", '<source-port port="5" protocol="udp"/>', "0-65535/udp", False),
        ("<zone>", "<service name='homemade'/>", "all", False),
        ("<zone>", "<rule family='ipv4'><source ipset='x'/><drop/></rule>" + SSH, "22/tcp", False),
        ("<zone>", '<service name="mdns"/>', "5353/udp", False),
        # What is forwarded is not filtered, even if its new port is closed.
        ("<zone>", TO_22, "80/tcp", True),
        ("<zone>", TO_22 + DROP_80, "80/tcp", True),
        ("<zone>", ABROAD, "80/tcp", False),
        ("<zone>", "<forward/><masquerade/><icmp-block-inversion/>", "", True),
        ("<zone>", '<forward-port port="80" protocol="tcp"/>', "all", False),
        ("<zone>", "<future/>", "all", False),
    ],
)  # fmt: skip
def test_what_a_zone_lets_reach_this_host(head, inner, ports, is_exact) -> None:
    assert reach(zone(inner, head)) == (ports, is_exact)


@pytest.mark.parametrize(
    ("head", "inner", "ports", "is_exact"),
    [
        ("<zone>", SSH, "", True),
        ("<zone>", "<forward/>", "all", False),
        ("<zone>", ABROAD, "80/tcp", False),
        ("<zone>", TO_22, "", True),
        ('<zone target="ACCEPT">', "", "all", True),
        ('<zone target="DROP">', "<masquerade/>", "", True),
        ("<zone>", "<future/>", "all", False),
    ],
)
def test_what_a_zone_lets_through(head, inner, ports, is_exact) -> None:
    assert reach(zone(inner, head), "forward") == (ports, is_exact)
    assert reach(zone(SSH), "out") == ("all", True)


def policy(ingress: str, egress: str, target: str, inner: str = SSH) -> str:
    zones = f'<ingress-zone name="{ingress}"/><egress-zone name="{egress}"/>'
    return zone(zones + inner, f'<policy target="{target}">')


@pytest.mark.parametrize(
    ("zones", "target", "direction", "ports", "is_exact"),
    [
        # What is left belongs to zones that are in other files.
        (("ANY", "HOST"), "CONTINUE", "in", "all", False),
        (("ANY", "HOST"), "DROP", "in", "22/tcp", True),
        (("public", "HOST"), "DROP", "in", "all", False),
        (("ANY", "HOST"), "ACCEPT", "in", "all", True),
        (("ANY", "HOST"), "DROP", "forward", "all", False),
        (("HOST", "ANY"), "REJECT", "out", "22/tcp", True),
        (("HOST", "ANY"), "CONTINUE", "out", "all", True),
        (("HOST", "ANY"), "REJECT", "in", "all", False),
        (("ANY", "ANY"), "DROP", "forward", "22/tcp", True),
    ],
)
def test_what_a_policy_decides(zones, target, direction, ports, is_exact) -> None:
    assert reach(policy(*zones, target), direction) == (ports, is_exact)


def test_a_policy_that_is_disabled_decides_nothing() -> None:
    assert reach(policy("ANY", "HOST", "DROP", "<disable/>")) == ("all", False)


def block(heading: str, *fields: str) -> str:
    return "\n  ".join((heading, *fields)) + "\n\n"


PUBLIC = ("target: default", "ports: 22/tcp 80/tcp")
WORK = ("target: default", "interfaces: eth1", "ports: 22/tcp 99/tcp")


def test_the_packets_of_several_zones() -> None:
    text = block("public (default)", *PUBLIC) + block("work (active)", *WORK)
    ruleset = rulesets.parse(text)
    found = ruleset.reachable()
    assert (str(found.ports), found.is_exact) == ("22/tcp,80/tcp,99/tcp", False)
    assert [each.text for each in found.because] == ["work (active)"]
    assert found.because[0].conditions == ("interfaces: eth1",)
    assert [each.text for each in ruleset.deciding_rules(99, "tcp")] == ["99/tcp"]
    assert reach(text.replace(" 80/tcp", "").replace(" 99/tcp", "")) == ("22/tcp", True)


def test_zones_without_packets() -> None:
    trusted = block("trusted", "target: ACCEPT", "interfaces: ")
    assert reach(block("public (default)", *PUBLIC) + trusted) == ("22/tcp,80/tcp", True)
    # Without a mark, the default zone may be any.
    assert reach(block("public (active)", *PUBLIC) + trusted) == ("all", False)
    assert reach(block("public", *PUBLIC) * 2) == ("22/tcp,80/tcp", True)


def test_forwarded_ports_of_several_zones() -> None:
    to_22 = "forward-ports: port=5:proto=tcp:toport=22:toaddr="
    text = block("public (default)", "target: default", to_22) + block("work (active)", *WORK)
    assert reach(text) == ("5/tcp,22/tcp,99/tcp", False)
    assert reach(block("public (default)", "target: default", to_22)) == ("5/tcp", True)


HOST = ("ingress-zones: ANY", "egress-zones: HOST")


@pytest.mark.parametrize(
    ("priority", "target", "ports", "is_exact"),
    [
        ("-1", "CONTINUE", "80/tcp", True),
        ("-1", "DROP", "", True),
        ("-1", "ACCEPT", str(ALL - TransportPorts.parse("22/tcp")), True),
        ("1", "CONTINUE", "22/tcp,80/tcp", True),
        ("1", "ACCEPT", "all", True),
        ("2", "DROP", "22/tcp,80/tcp", True),
    ],
)
def test_policies_are_before_or_after_the_zones(priority, target, ports, is_exact) -> None:
    rule = 'rich rules: rule port port="22" protocol="tcp" drop'
    fields = (f"priority: {priority}", f"target: {target}", *HOST, rule)
    text = block("public (default)", *PUBLIC) + block("first (active)", *fields)
    assert reach(text) == (ports, is_exact)
    disabled = block("first (active, disabled)", *fields, "disable: yes")
    assert reach(block("public (default)", *PUBLIC) + disabled) == ("22/tcp,80/tcp", True)


def test_a_list_of_an_old_release_has_no_target() -> None:
    text = block("public (default, active)", "interfaces: eth0", "services: ssh", "rich rules: ")
    ruleset = rulesets.parse(text, "firewalld-list")
    assert (str(ruleset.rules[0].ports), ruleset.skipped) == ("22/tcp", ())
    assert not ruleset.reachable().is_exact


@pytest.mark.parametrize(
    ("rules", "ports", "is_exact"),
    [
        (("accept", "drop"), "22/tcp", False),
        (("drop", "accept"), "22/tcp", False),
        (("drop", "reject"), "", True),
        (("accept", "accept"), "22/tcp", True),
        (("accept", 'log prefix="x"'), "22/tcp", True),
    ],
)
def test_rich_rules_of_one_priority_are_listed_in_any_order(rules, ports, is_exact) -> None:
    port = 'port port="22" protocol="tcp"'
    lines = [f'\trule priority="-1" {port} {each}' for each in rules]
    text = block("public (default)", "target: default", "rich rules: ")
    assert reach("\n".join([text.rstrip("\n"), *lines])) == (ports, is_exact)


def test_a_forward_port_comes_before_one_of_a_rich_rule() -> None:
    rich = f'<rule family="ipv4">{TO_22}</rule>'
    assert reach(zone(rich + ABROAD), "forward") == ("80/tcp", False)
    assert reach(zone(rich + ABROAD)) == ("80/tcp", False)
    assert reach(zone(ABROAD.replace("to-addr", "to-port").replace("192.0.2.1", "22"))) == (
        "80/tcp",
        True,
    )
