"""Texts in rules that a tool reads differently from a person, as rows.

A row describes the text of a rule with regular expressions; ``misreadings`` searches for them. The
reader of the format has understood the rule as the tool does, but people may not.
"""

from __future__ import annotations

from dataclasses import dataclass

from portranges.checks import fields, filled, tuple_with
from portranges.records import always_checked
from portranges.rulesets.model import Action
from portranges.source import Source, cite

ACCEPTING = (Action.ACCEPT, Action.DELEGATE)
_TRANSLATING = (Action.TRANSLATE, Action.REDIRECT)
_DECIDING = (*ACCEPTING, *_TRANSLATING, Action.DROP, Action.REJECT)


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class Misreading:
    """A text that a tool reads differently from a person.

    Attributes:
        name: The key.
        formats: The formats of rulesets that may have it.
        pattern: A regular expression for the text of the rule, or for one of its conditions.
        words: Words of which every matching text contains at least one; ``()`` if there are none.
        also: A second regular expression that must match as well.
        without: A regular expression that must not match.
        group: A regular expression for the beginning of the rule's group.
        actions: What the rule does.
        opens: Whether the rule opens more than its text seems to.
        means: What the tool does, as a sentence; ``{0}`` is the text that the pattern matched, and
            ``{ports}`` the ports of the rule.
        source: The source of this fact.

    Raises:
        TypeError: A value has the wrong type.
        InvalidValueError: A text is empty.
    """

    name: str
    formats: tuple[str, ...]
    pattern: str
    words: tuple[str, ...] = ()
    also: str = ""
    without: str = ""
    group: str = ""
    actions: tuple[Action, ...] = _DECIDING
    opens: bool = False
    means: str
    source: Source

    def __post_init__(self) -> None:
        """Check the fields."""
        fields(self, name=filled, formats=tuple_with(str, least=1), pattern=filled, also=str)
        fields(
            self,
            words=tuple_with(str),
            without=str,
            group=str,
            actions=tuple_with(Action, least=1),
            opens=bool,
        )
        fields(self, means=filled, source=Source)


_IPTABLES = ("iptables", "ip6tables", "ufw")
_MULTIPORT = cite("iptables-extensions(8), iptables 1.8.9", "tcp, multiport")
_AWS = ("aws", "terraform", "cloudformation")
_CHECKED = "2026-11-30"
_EC2 = cite("boto/botocore@0e6e2404", "ec2/2016-11-15, IpPermission", checked=_CHECKED)
_EC2_ACL = cite("boto/botocore@0e6e2404", "CreateNetworkAclEntryRequest", checked=_CHECKED)
_PROTOCOL = r'"(?:IpProtocol|[Pp]rotocol|ip_protocol)": "?'
_FROM = r'"(?:FromPort|from_port|From)": "?'
_KUBERNETES = cite("kubernetes/api@10b39a39", "networking/v1/types.go")
_GCP = cite("Compute Engine API v1", "firewalls, allowed[].ports and sourceRanges")
_AZURE = cite("azure-mgmt-network 33.1.0", "SecurityRule")
_NEUTRON = cite("OpenStack Networking API v2.0", "Create security group rule")

ROWS = (
    # -- packet filters of Linux ------------------------------------------------
    Misreading(
        name="negated-ports",
        words=("!",),
        formats=_IPTABLES,
        pattern=r"! --(?:dports?|destination-ports?) \S+|\bdpts?:!\S+|\bdports +!\S+",
        actions=ACCEPTING,
        opens=True,
        means="the rule accepts every port except the ones in '{0}'",
        source=_MULTIPORT,
    ),
    Misreading(
        name="negated-ports-nft",
        words=("!=",),
        formats=("nft",),
        pattern=r'\bdport != |"op": ?"!=", ?"left": ?\{"payload": ?\{[^{}]*"field": ?"dport"',
        actions=ACCEPTING,
        opens=True,
        means="the rule accepts every port except those that it names",
        source=cite("nft(8), nftables 1.0.6", "EXPRESSIONS"),
    ),
    Misreading(
        name="either-port",
        words=("-ports ", "multiport ports "),
        formats=_IPTABLES,
        pattern=r"(?:--|\bmultiport )ports \S+",
        actions=ACCEPTING,
        opens=True,
        means="'{0}' matches the source port as well, so the rule accepts packets from these ports "
        "to any other",
        source=_MULTIPORT,
    ),
    Misreading(
        name="port-zero",
        words=("port 0", "dpt:0"),
        formats=_IPTABLES,
        pattern=r"--(?:dport|destination-port) 0(?![0-9:,])|\bdpt:0(?![0-9])",
        means="'{0}' matches only port 0, not every port",
        source=_MULTIPORT,
    ),
    Misreading(
        name="port-zero-nft",
        words=("dport 0",),
        formats=("nft",),
        pattern=r"\bdport 0(?![0-9x-])",
        means="'{0}' matches only port 0, not every port",
        source=cite("nft(8), nftables 1.0.6", "TCP HEADER EXPRESSION"),
    ),
    Misreading(
        name="open-end",
        words=(":",),
        formats=_IPTABLES,
        pattern=r"--(?:dport|destination-port)[ =](?:[0-9]+:(?![0-9])|:[0-9]+)",
        means="'{0}' has an open end, which means port 0 or port 65535",
        source=_MULTIPORT,
    ),
    Misreading(
        name="without-zero",
        actions=(Action.DROP, Action.REJECT),
        words=("1:65535",),
        formats=_IPTABLES,
        pattern=r"--(?:dports?|destination-ports?) 1:65535\b|\bdpts:1:65535\b",
        means="'{0}' leaves out port 0",
        source=_MULTIPORT,
    ),
    Misreading(
        name="every-transport",
        words=("th",),
        formats=("nft",),
        pattern=r'\bth dport\b|"protocol": ?"th", ?"field": ?"dport"',
        means="'th dport' matches TCP, UDP, SCTP and DCCP",
        source=cite("nft(8), nftables 1.0.6", "RAW PAYLOAD EXPRESSION, TRANSPORT HEADER"),
    ),
    Misreading(
        name="forwarded",
        formats=_IPTABLES,
        pattern=r"--to-destination (?!127\.|\[::1\])\S+|\bto:[0-9]\S*",
        actions=_TRANSLATING,
        means="these packets are forwarded to another host or container, so rules for packets to "
        "this host, such as the ones in INPUT and of ufw, do not apply to them",
        source=cite("iptables(8) and iptables-extensions(8), iptables 1.8.9", "nat, DNAT"),
    ),
    # -- their front ends -------------------------------------------------------
    Misreading(
        name="no-protocol",
        formats=("ufw-status",),
        pattern=r"^(?:\[ *[0-9]+\] )?[0-9]+(?= (?:\(v6\) )?(?:on \S+ )? *"
        r"(?:ALLOW|LIMIT|DENY|REJECT))",
        means="a port without a protocol means TCP and UDP",
        source=cite("ufw(8), ufw 0.36.2", "RULE SYNTAX"),
    ),
    Misreading(
        name="limit",
        formats=("ufw-status",),
        pattern=r" LIMIT(?: |$)",
        means="LIMIT accepts connections from an address until there were 6 attempts in 30 seconds",
        source=cite("ufw(8), ufw 0.36.2", "RULE SYNTAX, limit"),
    ),
    Misreading(
        name="zone-target",
        formats=("firewalld", "firewalld-list"),
        pattern=r'<(?:zone|policy)[^<>]* target="ACCEPT"|\btarget: ACCEPT\b',
        actions=ACCEPTING,
        means="the target ACCEPT accepts every packet, whichever ports are listed",
        source=cite("firewalld.zone(5), firewalld 1.3.3", "target"),
    ),
    Misreading(
        name="rich-rule",
        formats=("firewalld", "firewalld-list"),
        pattern=r"^(?:<rule\b|rule\b)",
        without=r"<(?:port|service|protocol|icmp|source-port|forward-port|masquerade)|"
        r"\b(?:port port|service name|protocol value|icmp-\w+ name|source-port port)=",
        actions=ACCEPTING,
        means="a rich rule without a port or a service accepts every port",
        source=cite("firewalld.richlanguage(5), firewalld 1.3.3"),
    ),
    # -- clouds -----------------------------------------------------------------
    Misreading(
        name="icmp-type",
        formats=_AWS,
        pattern=_PROTOCOL + r'(?:icmp|icmpv6|1|58)"?(?![0-9])',
        also=_FROM + "[0-9]",
        means="the two numbers are the ICMP type and code, not ports",
        source=_EC2,
    ),
    Misreading(
        name="ignored-ports",
        formats=_AWS,
        pattern=_PROTOCOL
        + r'(?!tcp|udp|icmp|all|6"?(?![0-9])|17"?(?![0-9])|1"?(?![0-9])|58"?(?![0-9])|-1)\w+',
        also=_FROM + "[1-9]",
        means="AWS ignores the ports of this protocol, so every packet of it matches",
        source=_EC2,
    ),
    Misreading(
        name="every-protocol",
        formats=(*_AWS, "aws_nacl"),
        pattern=_PROTOCOL + r'-1"?(?![0-9])',
        also=_FROM + "[1-9]",
        actions=ACCEPTING,
        opens=True,
        means="with protocol -1 AWS ignores the ports, so the rule accepts every port",
        source=_EC2,
    ),
    Misreading(
        name="zero-to-zero",
        formats=_AWS,
        pattern=_PROTOCOL + r'(?:tcp|udp|6|17)"?(?![0-9])',
        also=r'"(?:ToPort|to_port)": "?0(?![0-9])',
        means="a range from 0 to 0 means only port 0, not every port",
        source=_EC2,
    ),
    Misreading(
        name="zero-to-zero-nacl",
        formats=("aws_nacl", "cloudformation"),
        pattern=r'"To": "?0(?![0-9])',
        means="a range from 0 to 0 means only port 0, not every port",
        source=_EC2_ACL,
    ),
    Misreading(
        name="sender-chooses",
        formats=("azure", "terraform"),
        pattern=r'(?i)"source_?Port_?Ranges?": ?\[?"(?!\*|0-65535")[^"]+"',
        actions=ACCEPTING,
        opens=True,
        means="the ports in '{0}' are source ports, which the sender chooses",
        source=_AZURE,
    ),
    Misreading(
        name="ports-of-no-use",
        formats=("azure", "terraform"),
        pattern=r'(?i)"protocol": ?"(?:icmp|esp|ah)"',
        also=r'(?i)"destination_?Port_?Ranges?": ?\[?"[0-9]',
        means="the protocol has no ports, so the ports in the rule have no effect",
        source=_AZURE,
    ),
    Misreading(
        name="any-source",
        formats=("azure", "terraform"),
        pattern=r'(?i)"source_?Address_?Prefix(?:es)?": ?\[?"\*"',
        without=r'(?i)"direction": ?"outbound"',
        actions=ACCEPTING,
        means="'*' as the source means every address, including the internet",
        source=_AZURE,
    ),
    Misreading(
        name="no-ports-gcp",
        formats=("gcp", "terraform"),
        pattern=r'\{(?:"ports": ?(?:\[\]|null), ?)?"(?:IPProtocol|ipProtocol|protocol)": ?'
        r'"(?:tcp|udp|sctp|6|17|132)"(?:, ?"ports": ?(?:\[\]|null))?\}',
        actions=ACCEPTING,
        means="an entry without ports means every port of its protocol",
        source=_GCP,
    ),
    Misreading(
        name="no-source-gcp",
        formats=("gcp",),
        pattern=r'"direction": ?"INGRESS"',
        without=r'"(?:source(?:Ranges|Tags|ServiceAccounts)|src[A-Z]\w+)": ?(?:\[[{"]|")',
        actions=ACCEPTING,
        means="a rule without a source allows every address",
        source=_GCP,
    ),
    Misreading(
        name="no-ports-openstack",
        formats=("openstack",),
        pattern=r'"port_range_min": null',
        also=r'"protocol": "(?:tcp|udp|sctp|dccp|6|17|132|33)"',
        actions=ACCEPTING,
        means="a rule without port_range_min allows every port of its protocol",
        source=_NEUTRON,
    ),
    Misreading(
        name="zero-to-zero-openstack",
        formats=("terraform",),
        pattern=r'"port_range_min": 0(?![0-9])',
        also=r'"protocol": "(?:tcp|udp|sctp|dccp|6|17|132|33)"',
        actions=ACCEPTING,
        opens=True,
        means="in OpenStack resources, a range from 0 to 0 means every port",
        source=cite(
            "terraform-provider-openstack@27f26125",
            "openstack/resource_openstack_networking_secgroup_rule_v2.go",
        ),
    ),
    Misreading(
        name="no-protocol-openstack",
        formats=("openstack",),
        pattern=r'"protocol": null',
        without=r'"direction": "egress"',
        actions=ACCEPTING,
        means="a rule without a protocol allows every protocol and port",
        source=_NEUTRON,
    ),
    Misreading(
        name="icmp-type-openstack",
        formats=("openstack",),
        pattern=r'"protocol": "(?:icmp|icmpv6|ipv6-icmp|1|58)"',
        also=r'"port_range_min": [0-9]',
        means="port_range_min and port_range_max are the ICMP type and code, not ports",
        source=_NEUTRON,
    ),
    # -- containers -------------------------------------------------------------
    Misreading(
        name="no-ports-kubernetes",
        formats=("kubernetes",),
        group="NetworkPolicy .*gress$",
        pattern=r"^\{",
        without=r'"ports": ?\[\{',
        actions=ACCEPTING,
        means="a rule without ports allows every port",
        source=_KUBERNETES,
    ),
    Misreading(
        name="no-peers-kubernetes",
        formats=("kubernetes",),
        group="NetworkPolicy .*ingress$",
        pattern=r"^\{",
        without=r'"from": ?\[\{',
        actions=ACCEPTING,
        means="a rule without 'from' allows every source",
        source=_KUBERNETES,
    ),
    Misreading(
        name="tcp-only",
        formats=("kubernetes",),
        group="NetworkPolicy .*gress$",
        # Ports of services that use UDP; nearly every other rule is for TCP.
        pattern=r'\{"port": ?(?:53|6[789]|88|123|16[12]|500|514|1194|181[23]|3478|4500|5060'
        r"|51820)\}",
        means="a port without a protocol means TCP only, so UDP does not match",
        source=_KUBERNETES,
    ),
    Misreading(
        name="port-zero-cilium",
        formats=("kubernetes",),
        group="Cilium",
        pattern=r'"port": ?"0"',
        actions=ACCEPTING,
        opens=True,
        means="Cilium treats port 0 as every port",
        source=cite("cilium/cilium@3e1bfb8f", "pkg/policy/api/rule_validation.go"),
    ),
    Misreading(
        name="any-protocol-cilium",
        formats=("kubernetes",),
        group="Cilium",
        pattern=r'\{"port": ?"[1-9][0-9]*"(?:, ?"endPort": ?[0-9]+)?\}',
        means="a port without a protocol means TCP, UDP and SCTP",
        source=cite("cilium/cilium@02904c9b", "crds/v2/ciliumnetworkpolicies.yaml"),
    ),
    Misreading(
        name="node-port",
        formats=("kubernetes",),
        group="Service ",
        pattern=r'"nodePort": ?[0-9]+',
        actions=(*ACCEPTING, *_TRANSLATING),
        means="the port of '{0}' is open on every node of the cluster",
        source=cite("kubernetes/api@10b39a39", "core/v1/types.go, ServiceTypeNodePort"),
    ),
    Misreading(
        name="published",
        formats=("compose",),
        pattern=r"^",
        without=r"^host_ip: |^published: ",
        actions=_TRANSLATING,
        means="{ports} is published on every address of the host, and rules of ufw or of the chain "
        "INPUT do not apply to it",
        source=cite("Docker documentation", "Packet filtering and firewalls, Docker and ufw"),
    ),
    Misreading(
        name="exposed",
        formats=("compose",),
        pattern=r"^expose$",
        actions=ACCEPTING,
        means="'expose' publishes nothing: only other services can reach the port",
        source=cite("Compose Specification", "services, expose"),
    ),
)
