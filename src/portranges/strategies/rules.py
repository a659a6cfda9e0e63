"""Texts of whole rulesets: a few rules in the format of a packet filter, a cloud or a container."""

from __future__ import annotations

import json
from dataclasses import dataclass

from hypothesis import strategies as st

from portranges import types
from portranges.errors import InvalidValueError
from portranges.ports import PortRange, Transport
from portranges.rulesets.catalog import find
from portranges.strategies.sets import port_ranges, ports

# Addresses of documentation (RFC 5737, RFC 3849), and every address.
_ANY4, _ANY6 = "0.0.0.0/0", "::/0"
_SOURCES4 = st.sampled_from((_ANY4, "192.0.2.0/24"))
_SOURCES6 = st.sampled_from((_ANY6, "2001:db8::/32"))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drawn:
    """What a rule of any format says about incoming packets."""

    allows: bool
    transport: Transport
    ports: PortRange
    source: str

    @property
    def is_v6(self) -> bool:
        return ":" in self.source

    @property
    def is_anywhere(self) -> bool:
        return self.source in (_ANY4, _ANY6)


def rules_of(name: str | None) -> st.SearchStrategy[str]:
    """Return a strategy for texts in a format, as for ``rulesets``."""
    if name is None:
        # Without an address of IPv6, a text for ip6tables is one for iptables as well.
        return st.one_of([_texts(name, 1) for name in _WRITERS if name != "ip6tables"])
    name = find(name).name
    if name not in _WRITERS:
        raise InvalidValueError("format must be one of portranges itself", repr(name))
    return _texts(name)


def _texts(name: str, least: int = 0) -> st.SearchStrategy[str]:
    sources = _SOURCES4
    if name == "ip6tables":
        sources = _SOURCES6
    elif name in _BOTH_FAMILIES:
        sources = _SOURCES4 | _SOURCES6
    rules = st.builds(
        _Drawn,
        allows=st.just(True) if name in _ONLY_ALLOW else st.sampled_from((True, False)),
        transport=st.sampled_from((Transport.TCP, Transport.UDP)),
        ports=st.one_of(ports(min_value=1).map(PortRange), port_ranges(min_value=1)),
        source=sources,
    )
    return st.lists(rules, min_size=least, max_size=5).map(_WRITERS[name])


def _span(ports: PortRange, sign: str = "-") -> str:
    """Return a range, with one number if it is one port."""
    return f"{ports.first}" if len(ports) == 1 else f"{ports.first}{sign}{ports.last}"


def _iptables(rules: list[_Drawn]) -> str:
    lines = ["*filter", ":INPUT DROP [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]"]
    for each in rules:
        source = "" if each.is_anywhere else f"-s {each.source} "
        match = f"-p {each.transport} -m {each.transport} --dport {_span(each.ports, ':')}"
        lines.append(f"-A INPUT {source}{match} -j {'ACCEPT' if each.allows else 'DROP'}")
    return "\n".join([*lines, "COMMIT", ""])


def _nft(rules: list[_Drawn]) -> str:
    lines = ["table inet filter {", "\tchain input {"]
    lines.append("\t\ttype filter hook input priority filter; policy drop;")
    for each in rules:
        source = f"{'ip6' if each.is_v6 else 'ip'} saddr {each.source} "
        match = f"{each.transport} dport {_span(each.ports)}"
        verdict = "accept" if each.allows else "drop"
        lines.append(f"\t\t{'' if each.is_anywhere else source}{match} {verdict}")
    return "\n".join([*lines, "\t}", "}", ""])


def _ufw(rules: list[_Drawn]) -> str:
    chains = ("ufw-user-input", "ufw-user-output", "ufw-user-forward")
    lines = ["*filter", *(f":{each} - [0:0]" for each in chains), "### RULES ###"]
    for each in rules:
        verdict, target = ("allow", "ACCEPT") if each.allows else ("deny", "DROP")
        span = _span(each.ports, ":")
        lines.append(
            f"### tuple ### {verdict} {each.transport} {span} {_ANY4} any {each.source} in"
        )
        multiport = "" if len(each.ports) == 1 else "-m multiport "
        option = "--dport" if len(each.ports) == 1 else "--dports"
        source = "" if each.is_anywhere else f"-s {each.source} "
        match = f"-p {each.transport} {source}{multiport}{option} {span}"
        lines.append(f"-A ufw-user-input {match} -j {target}")
    return "\n".join([*lines, "### END RULES ###", "COMMIT", ""])


def _ufw_status(rules: list[_Drawn]) -> str:
    lines = ["Status: active", "", f"{'To':26} {'Action':12}From", f"{'--':26} {'------':12}----"]
    for each in rules:
        target = f"{_span(each.ports, ':')}/{each.transport}" + (" (v6)" if each.is_v6 else "")
        origin = each.source
        if each.is_anywhere:
            origin = "Anywhere (v6)" if each.is_v6 else "Anywhere"
        elif each.is_v6:
            target = target.removesuffix(" (v6)")
        lines.append(f"{target:26} {'ALLOW IN' if each.allows else 'DENY IN':12}{origin:26}")
    return "\n".join([*lines, ""])


def _firewalld(rules: list[_Drawn]) -> str:
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<zone>", "  <short>Public</short>"]
    for each in rules:
        port = f'<port port="{_span(each.ports)}" protocol="{each.transport}"/>'
        if each.is_anywhere and each.allows:
            lines.append(f"  {port}")
            continue
        family = "ipv6" if each.is_v6 else "ipv4"
        source = f'<source address="{each.source}"/>'
        action = "<accept/>" if each.allows else "<drop/>"
        lines.append(f'  <rule family="{family}">{source}{port}{action}</rule>')
    return "\n".join([*lines, "</zone>", ""])


def _firewalld_list(rules: list[_Drawn]) -> str:
    plain = [f"{_span(each.ports)}/{each.transport}" for each in rules if each.allows]
    denied = [each for each in rules if not each.allows]
    lines = ["public (active)", "  target: default", "  services: ", f"  ports: {' '.join(plain)}"]
    lines.append("  rich rules: ")
    for each in denied:
        family = "ipv6" if each.is_v6 else "ipv4"
        port = f'port port="{_span(each.ports)}" protocol="{each.transport}"'
        lines.append(f'\trule family="{family}" source address="{each.source}" {port} drop')
    return "\n".join([*lines, ""])


def _aws(rules: list[_Drawn]) -> str:
    permissions = [
        {
            "IpProtocol": f"{each.transport}",
            "FromPort": each.ports.first,
            "ToPort": each.ports.last,
            "IpRanges": [] if each.is_v6 else [{"CidrIp": each.source}],
            "Ipv6Ranges": [{"CidrIpv6": each.source}] if each.is_v6 else [],
        }
        for each in rules
    ]
    group = {"GroupId": "sg-1", "IpPermissions": permissions, "IpPermissionsEgress": []}
    return _json({"SecurityGroups": [group]})


def _aws_nacl(rules: list[_Drawn]) -> str:
    entries = [
        {
            "Ipv6CidrBlock" if each.is_v6 else "CidrBlock": each.source,
            "Egress": False,
            "PortRange": {"From": each.ports.first, "To": each.ports.last},
            "Protocol": _number(each),
            "RuleAction": "allow" if each.allows else "deny",
            "RuleNumber": 100 + number,
        }
        for number, each in enumerate(rules)
    ]
    return _json({"NetworkAcls": [{"NetworkAclId": "acl-1", "Entries": entries}]})


def _cloudformation(rules: list[_Drawn]) -> str:
    ingress = [
        {
            "IpProtocol": f"{each.transport}",
            "FromPort": each.ports.first,
            "ToPort": each.ports.last,
            "CidrIpv6" if each.is_v6 else "CidrIp": each.source,
        }
        for each in rules
    ]
    properties = {"GroupDescription": "web", "SecurityGroupIngress": ingress}
    group = {"Type": "AWS::EC2::SecurityGroup", "Properties": properties}
    return _json({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Web": group}})


def _compose(rules: list[_Drawn]) -> str:
    mappings = [f"{_span(each.ports)}:{_span(each.ports)}/{each.transport}" for each in rules]
    return _json({"services": {"web": {"image": "web", "ports": mappings}}})


def _kubernetes(rules: list[_Drawn]) -> str:
    ingress = [
        {
            "from": [{"ipBlock": {"cidr": each.source}}],
            "ports": [
                {
                    "protocol": each.transport.upper(),
                    "port": each.ports.first,
                    **({} if len(each.ports) == 1 else {"endPort": each.ports.last}),
                }
            ],
        }
        for each in rules
    ]
    return _json(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "web", "namespace": "default"},
            "spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": ingress},
        }
    )


def _terraform(rules: list[_Drawn]) -> str:
    blocks = [
        {
            "cidr_blocks": [] if each.is_v6 else [each.source],
            "description": "",
            "from_port": each.ports.first,
            "ipv6_cidr_blocks": [each.source] if each.is_v6 else [],
            "prefix_list_ids": [],
            "protocol": f"{each.transport}",
            "security_groups": [],
            "self": False,
            "to_port": each.ports.last,
        }
        for each in rules
    ]
    resource = {
        "address": "aws_security_group.web",
        "mode": "managed",
        "type": "aws_security_group",
        "name": "web",
        "values": {"name": "web", "ingress": blocks, "egress": []},
    }
    values = {"root_module": {"resources": [resource]}}
    return _json({"format_version": "1.2", "terraform_version": "1.9.0", "values": values})


def _azure(rules: list[_Drawn]) -> str:
    return _json(
        [
            {
                "access": "Allow" if each.allows else "Deny",
                "destinationAddressPrefix": "*",
                "destinationPortRange": _span(each.ports),
                "direction": "Inbound",
                "name": f"rule-{number}",
                "priority": 100 + number,
                "protocol": each.transport.capitalize(),
                "sourceAddressPrefix": "*" if each.is_anywhere else each.source,
                "sourcePortRange": "*",
            }
            for number, each in enumerate(rules)
        ]
    )


def _gcp(rules: list[_Drawn]) -> str:
    return _json(
        [
            {
                "allowed" if each.allows else "denied": [
                    {"IPProtocol": f"{each.transport}", "ports": [_span(each.ports)]}
                ],
                "direction": "INGRESS",
                "disabled": False,
                "name": f"rule-{number}",
                "network": "global/networks/default",
                "priority": 1000 + number,
                "sourceRanges": [each.source],
            }
            for number, each in enumerate(rules)
        ]
    )


def _openstack(rules: list[_Drawn]) -> str:
    return _json(
        [
            {
                "direction": "ingress",
                "ethertype": "IPv6" if each.is_v6 else "IPv4",
                "id": f"rule-{number}",
                "port_range_max": each.ports.last,
                "port_range_min": each.ports.first,
                "protocol": f"{each.transport}",
                "remote_ip_prefix": each.source,
                "security_group_id": "web",
            }
            for number, each in enumerate(rules)
        ]
    )


def _number(rule: _Drawn) -> str:
    """Return the IP protocol number of the transport."""
    return "6" if rule.transport is Transport.TCP else "17"


def _json(data: object) -> str:
    return json.dumps(data, indent=2)


_WRITERS: types.Mapping[str, types.Callable[[list[_Drawn]], str]] = {
    "iptables": _iptables,
    "ip6tables": _iptables,
    "nft": _nft,
    "ufw": _ufw,
    "ufw-status": _ufw_status,
    "firewalld": _firewalld,
    "firewalld-list": _firewalld_list,
    "aws": _aws,
    "aws_nacl": _aws_nacl,
    "cloudformation": _cloudformation,
    "compose": _compose,
    "kubernetes": _kubernetes,
    "terraform": _terraform,
    "azure": _azure,
    "gcp": _gcp,
    "openstack": _openstack,
}
_BOTH_FAMILIES = _WRITERS.keys() - {"iptables", "ip6tables", "ufw"}
# Their rules can only allow.
_ONLY_ALLOW = frozenset(
    {"aws", "cloudformation", "compose", "kubernetes", "terraform", "openstack"}
)
