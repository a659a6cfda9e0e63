"""What is read of the zones of firewalld, as XML and as firewall-cmd lists them."""

from __future__ import annotations

import pytest

from portranges import Family, PortSet, PortSyntaxError, TransportPorts, registry, rulesets
from portranges.rulesets import Action, Applies, Direction, Rule, Skipped

ALL = TransportPorts.full()
NOTHING = TransportPorts.empty()
BOTH = (Family.INET, Family.INET6)


def zone(inner: str, head: str = "<zone>") -> str:
    kind = head[1:].split(maxsplit=1)[0].rstrip(">")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{head}\n{inner}\n</{kind}>\n'


def only(inner: str, head: str = "<zone>") -> Rule:
    ruleset = rulesets.parse(zone(inner, head))
    assert (ruleset.format, ruleset.skipped, ruleset.chains) == ("firewalld", (), None)
    (rule,) = ruleset.rules
    assert (rule.location.line, rule.text) == (3, inner)
    return rule


def skipped(inner: str) -> Skipped:
    ruleset = rulesets.parse(zone(inner))
    assert ruleset.rules == ()
    (found,) = ruleset.skipped
    assert (found.location.line, found.text, found.group) == (3, inner, "zone")
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
        ('to-port="2222"', Action.REDIRECT, PortSet([2222]), BOTH),
        ('to-port="8000-8010"', Action.REDIRECT, PortSet.parse("8000-8010"), BOTH),
        ('to-addr="10.0.0.1"', Action.TRANSLATE, None, (Family.INET,)),
        ('to-port="1" to-addr="2001:db8::1"', Action.TRANSLATE, PortSet([1]), (Family.INET6,)),
    ],
)
def test_forward_ports(attributes, action, new, families) -> None:
    rule = only(f'<forward-port port="22" protocol="tcp" {attributes}/>')
    assert (rule.ports, rule.action) == (TransportPorts.parse("22/tcp"), action)
    assert (rule.translated_ports, rule.families) == (new, families)


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
        ('<log><limit value="1/m"/></log>', ALL, Action.CONTINUE, ()),
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


@pytest.mark.parametrize(
    ("inner", "reason"),
    [
        (
            '<service name="ssh"/>',
            "the ports of a service must be in the same text, got 'ssh'; "
            "'firewall-cmd --info-service' shows them",
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
            "expected a port or 'first-last', got 'http'; names require services=",
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
        (
            "<rule><accept><log/></accept></rule>",
            "accept must not contain 'log', got it",
        ),
    ],
)
def test_what_is_not_understood_is_skipped(inner: str, reason: str) -> None:
    found = skipped(inner)
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
    assert (ruleset.format, ruleset.skipped, ruleset.chains) == ("firewalld-list", (), None)
    found = [
        (each.location.line, each.group, each.text[:9], str(each.ports), each.action)
        for each in ruleset.rules
    ]
    everything = str(ALL)
    assert found == [
        (6, "public", "samba", "22/tcp,139/tcp,445/tcp", Action.ACCEPT),
        (6, "public", "ssh", "22/tcp", Action.ACCEPT),
        (7, "public", "80-90/tcp", "80-90/tcp", Action.ACCEPT),
        (7, "public", "53/udp", "53/udp", Action.ACCEPT),
        (8, "public", "gre", "", Action.ACCEPT),
        (12, "public", "port=22:p", "22/tcp", Action.REDIRECT),
        (13, "public", "port=23-2", "23-25/udp", Action.TRANSLATE),
        (14, "public", "99/udp", "0-65535/udp", Action.ACCEPT),
        (15, "public", "echo-repl", "", Action.REJECT),
        (17, "public", "rule prio", "1-2/udp", Action.REJECT),
        (18, "public", "rule serv", "22/tcp", Action.ACCEPT),
        (34, "trusted", "target: A", everything, Action.ACCEPT),
    ]
    assert ruleset.rules[0].conditions == ("destination ipv4:10.0.0.1",)
    assert ruleset.rules[9].conditions == ('source NOT address="2001:db8::/32"',)
    assert ruleset.rules[9].families == (Family.INET6,)
    assert ruleset.rules[10].conditions == ('limit value="2/s"',)


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
    assert {each.group for each in ruleset.rules} == {"zone"}


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


def test_services_that_include_each_other_are_skipped() -> None:
    defined = "a\n  modules: \n  includes: b\nb\n  includes: a\n"
    text = f"public\n  target: default\n  services: a\n{defined}"
    (found,) = rulesets.parse(text).skipped
    assert found.reason == "a service must not include itself, got 'a'"
    chain = "".join(f"s{at}\n  includes: s{at + 1}\n" for at in range(40))
    (found,) = rulesets.parse(f"public\n  target: default\n  services: s0\n{chain}").skipped
    assert found.reason == "services must be included at most 32 deep, got 's32'"


def test_services_that_share_what_they_include_are_read_once() -> None:
    # Each includes the next one twice: without a memory this would take 2 ** 30 steps.
    chain = "".join(f"s{at}\n  includes: s{at + 1} s{at + 1}\n" for at in range(30))
    end = "s30\n  ports: 5/tcp\n  modules: \n"
    (rule,) = rulesets.parse(f"public\n  target: default\n  services: s0\n{chain}{end}").rules
    assert rule.ports == TransportPorts.parse("5/tcp")
