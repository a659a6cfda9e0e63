"""Rules of clouds in every spelling, written from the schemas that the rows of the formats cite."""

from __future__ import annotations

from typing import Any

AZURE = {
    "access": "Allow",
    "description": "web",
    "destinationAddressPrefix": "*",
    "destinationAddressPrefixes": [],
    "destinationPortRange": "443",
    "destinationPortRanges": [],
    "direction": "Inbound",
    "etag": 'W/"1"',
    "id": "/subscriptions/s/resourceGroups/r/providers/Microsoft.Network"
    "/networkSecurityGroups/web/securityRules/https",
    "name": "https",
    "priority": 100,
    "protocol": "Tcp",
    "provisioningState": "Succeeded",
    "resourceGroup": "r",
    "sourceAddressPrefix": "*",
    "sourceAddressPrefixes": [],
    "sourcePortRange": "*",
    "sourcePortRanges": [],
    "type": "Microsoft.Network/networkSecurityGroups/securityRules",
}
AZURERM = {
    "access": "Allow",
    "description": "",
    "destination_address_prefix": "*",
    "destination_address_prefixes": [],
    "destination_application_security_group_ids": [],
    "destination_port_range": "443",
    "destination_port_ranges": [],
    "direction": "Inbound",
    "name": "https",
    "priority": 100,
    "protocol": "Tcp",
    "source_address_prefix": "*",
    "source_address_prefixes": [],
    "source_application_security_group_ids": [],
    "source_port_range": "*",
    "source_port_ranges": [],
}
POWERSHELL = {
    "Protocol": "Tcp",
    "SourcePortRange": ["*"],
    "DestinationPortRange": ["443"],
    "SourceAddressPrefix": ["*"],
    "DestinationAddressPrefix": ["*"],
    "Access": "Allow",
    "Priority": 100,
    "Direction": "Inbound",
    "ProvisioningState": "Succeeded",
    "SourceApplicationSecurityGroups": [],
    "DestinationApplicationSecurityGroups": [],
    "SourceApplicationSecurityGroupsText": "[]",
    "DestinationApplicationSecurityGroupsText": "[]",
    "Description": None,
    "Name": "https",
    "Etag": 'W/"1"',
    "Id": AZURE["id"],
}
GCP = {
    "allowed": [{"IPProtocol": "tcp", "ports": ["443"]}],
    "creationTimestamp": "2026-11-30T01:02:03.004-08:00",
    "description": "",
    "direction": "INGRESS",
    "disabled": False,
    "id": "1",
    "kind": "compute#firewall",
    "logConfig": {"enable": False},
    "name": "https",
    "network": "https://www.googleapis.com/compute/v1/projects/p/global/networks/default",
    "priority": 1000,
    "selfLink": "https://www.googleapis.com/compute/v1/projects/p/global/firewalls/https",
    "sourceRanges": ["0.0.0.0/0"],
}
OPENSTACK = {
    "created_at": "2026-11-30T01:02:03Z",
    "description": "",
    "direction": "ingress",
    "ethertype": "IPv4",
    "id": "1",
    "port_range_max": 443,
    "port_range_min": 443,
    "project_id": "p",
    "protocol": "tcp",
    "remote_address_group_id": None,
    "remote_group_id": None,
    "remote_ip_prefix": None,
    "revision_number": 0,
    "security_group_id": "web",
    "tags": [],
    "tenant_id": "p",
    "updated_at": "2026-11-30T01:02:03Z",
}
COLUMNS = {
    "ID": "1",
    "IP Protocol": "tcp",
    "Ethertype": "IPv4",
    "IP Range": "0.0.0.0/0",
    "Port Range": "443:443",
    "Direction": "ingress",
    "Remote Security Group": None,
    "Remote Address Group": None,
    "Security Group": "web",
}

AWS_GROUPS = {
    "SecurityGroups": [
        {
            "GroupId": "sg-1",
            "GroupName": "web",
            "Description": "servers",
            "OwnerId": "123456789012",
            "VpcId": "vpc-1",
            "SecurityGroupArn": "arn:aws:ec2:eu-central-1:123456789012:security-group/sg-1",
            "Tags": [],
            "IpPermissions": [
                {
                    "IpProtocol": "tcp",
                    "FromPort": 22,
                    "ToPort": 23,
                    "IpRanges": [
                        {"CidrIp": "0.0.0.0/0"},
                        {"CidrIp": "192.0.2.0/24", "Description": "office"},
                    ],
                    "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
                    "PrefixListIds": [{"PrefixListId": "pl-1"}],
                    "UserIdGroupPairs": [{"GroupId": "sg-2", "UserId": "123456789012"}],
                },
                {
                    "IpProtocol": "icmp",
                    "FromPort": 8,
                    "ToPort": -1,
                    "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
                },
                {"IpProtocol": "132", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
            ],
            "IpPermissionsEgress": [
                {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "Ipv6Ranges": None}
            ],
        }
    ]
}
AWS_RULES = {
    "SecurityGroupRules": [
        {
            "SecurityGroupRuleId": "sgr-1",
            "GroupId": "sg-1",
            "GroupOwnerId": "123456789012",
            "IsEgress": False,
            "IpProtocol": "udp",
            "FromPort": 53,
            "ToPort": 53,
            "CidrIpv6": "2001:db8::/32",
            "Tags": [],
        },
        {
            "GroupId": "sg-1",
            "IsEgress": True,
            "IpProtocol": "-1",
            "FromPort": -1,
            "ToPort": -1,
            "ReferencedGroupInfo": {"GroupId": "sg-2"},
        },
    ]
}
AWS_ACLS = {
    "NetworkAcls": [
        {
            "NetworkAclId": "acl-1",
            "Associations": [],
            "IsDefault": False,
            "OwnerId": "123456789012",
            "Tags": [],
            "VpcId": "vpc-1",
            "Entries": [
                {
                    "CidrBlock": "0.0.0.0/0",
                    "Egress": False,
                    "PortRange": {"From": 22, "To": 22},
                    "Protocol": "6",
                    "RuleAction": "allow",
                    "RuleNumber": 100,
                },
                {
                    "Ipv6CidrBlock": "::/0",
                    "Egress": True,
                    "Protocol": "-1",
                    "RuleAction": "deny",
                    "RuleNumber": 32768,
                },
            ],
        }
    ]
}

TERRAFORM_BLOCK = {
    "cidr_blocks": ["0.0.0.0/0", "192.0.2.0/24"],
    "description": "",
    "from_port": 22,
    "ipv6_cidr_blocks": ["::/0"],
    "prefix_list_ids": ["pl-1"],
    "protocol": "tcp",
    "security_groups": ["sg-2"],
    "self": True,
    "to_port": 23,
}
TERRAFORM_EVERYTHING = {
    "cidr_blocks": ["0.0.0.0/0"],
    "from_port": 0,
    "ipv6_cidr_blocks": [],
    "prefix_list_ids": [],
    "protocol": "-1",
    "security_groups": [],
    "self": False,
    "to_port": 0,
}
# Terraform does not write a value that is not known yet, such as the group of this rule.
TERRAFORM_RULE = {
    "cidr_blocks": None,
    "description": None,
    "from_port": 443,
    "ipv6_cidr_blocks": None,
    "prefix_list_ids": None,
    "protocol": "tcp",
    "self": False,
    "timeouts": None,
    "to_port": 444,
    "type": "ingress",
}
TERRAFORM_VPC_RULE = {
    "cidr_ipv4": None,
    "cidr_ipv6": "::/0",
    "description": None,
    "from_port": None,
    "ip_protocol": "-1",
    "prefix_list_id": None,
    "referenced_security_group_id": None,
    "security_group_id": "sg-1",
    "tags": None,
    "tags_all": {},
    "to_port": None,
}
TERRAFORM_ACL_BLOCK = {
    "action": "allow",
    "cidr_block": "0.0.0.0/0",
    "from_port": 80,
    "icmp_code": None,
    "icmp_type": None,
    "ipv6_cidr_block": "",
    "protocol": "tcp",
    "rule_no": 100,
    "to_port": 80,
}
TERRAFORM_ACL_RULE = {
    "cidr_block": None,
    "egress": True,
    "from_port": 53,
    "icmp_code": None,
    "icmp_type": None,
    "ipv6_cidr_block": "2001:db8::/32",
    "network_acl_id": "acl-1",
    "protocol": "17",
    "rule_action": "deny",
    "rule_number": 200,
    "to_port": 53,
}

TERRAFORM_KINDS: dict[str, dict[str, Any]] = {
    "aws_security_group": {
        "id": "sg-1",
        "ingress": [TERRAFORM_BLOCK],
        "egress": [TERRAFORM_EVERYTHING],
    },
    "aws_security_group_rule": TERRAFORM_RULE,
    "aws_vpc_security_group_ingress_rule": TERRAFORM_VPC_RULE,
    "aws_network_acl": {"ingress": [TERRAFORM_ACL_BLOCK], "egress": []},
    "aws_network_acl_rule": TERRAFORM_ACL_RULE,
}

AZURERM_VALUES: dict[str, Any] = {
    "access": "Allow",
    "description": None,
    "destination_address_prefix": "*",
    "destination_address_prefixes": None,
    "destination_application_security_group_ids": None,
    "destination_port_range": "443",
    "destination_port_ranges": None,
    "direction": "Inbound",
    "name": "https",
    "priority": 100,
    "protocol": "Tcp",
    "source_address_prefix": "10.0.0.0/8",
    "source_address_prefixes": None,
    "source_application_security_group_ids": None,
    "source_port_range": "*",
    "source_port_ranges": None,
}
# In a block, a list that is not set is empty.
AZURERM_BLOCK: dict[str, Any] = {
    key: [] if key.endswith("s") and value is None else value
    for key, value in AZURERM_VALUES.items()
}
AZURERM_RULE: dict[str, Any] = {
    **AZURERM_VALUES,
    "network_security_group_name": "web",
    "resource_group_name": "r",
    "timeouts": None,
}
GOOGLE_FIREWALL: dict[str, Any] = {
    "allow": [{"ports": ["443", "8000-8100"], "protocol": "tcp"}],
    "deny": [],
    "description": None,
    "destination_ranges": [],
    "direction": "INGRESS",
    "disabled": None,
    "log_config": [],
    "name": "https",
    "network": "default",
    "params": [],
    "priority": 1000,
    "source_ranges": ["0.0.0.0/0"],
    "source_service_accounts": None,
    "source_tags": None,
    "target_service_accounts": None,
    "target_tags": None,
    "timeouts": None,
}
GOOGLE_POLICY_RULE: dict[str, Any] = {
    "action": "allow",
    "deletion_policy": "DELETE",
    "description": None,
    "direction": "INGRESS",
    "disabled": None,
    "enable_logging": None,
    "firewall_policy": "edge",
    "match": [
        {
            "dest_address_groups": None,
            "dest_fqdns": None,
            "dest_ip_ranges": None,
            "dest_network_context": "",
            "dest_region_codes": None,
            "dest_threat_intelligences": None,
            "layer4_configs": [{"ip_protocol": "udp", "ports": ["53"]}],
            "src_address_groups": None,
            "src_fqdns": None,
            "src_ip_ranges": ["0.0.0.0/0"],
            "src_network_context": "",
            "src_networks": None,
            "src_region_codes": None,
            "src_secure_tags": [],
            "src_threat_intelligences": None,
        }
    ],
    "priority": 2147483647,
    "project": "p",
    "rule_name": None,
    "security_profile_group": None,
    "target_forwarding_rules": None,
    "target_secure_tags": [],
    "target_service_accounts": None,
    "target_type": "INSTANCES",
    "timeouts": None,
    "tls_inspect": None,
}
NEUTRON_RESOURCE: dict[str, Any] = {
    "description": "",
    "direction": "ingress",
    "ethertype": "IPv4",
    "port_range_max": 443,
    "port_range_min": 443,
    "protocol": "tcp",
    "region": "r",
    "remote_address_group_id": "",
    "remote_group_id": "",
    "remote_ip_prefix": "0.0.0.0/0",
    "security_group_id": "sg-1",
    "tenant_id": "t",
    "timeouts": None,
}
NOVA_BLOCK: dict[str, Any] = {
    "cidr": "0.0.0.0/0",
    "from_group_id": "",
    "from_port": 443,
    "id": "1",
    "ip_protocol": "tcp",
    "self": False,
    "to_port": 443,
}

CFN_RULE = {"IpProtocol": "tcp", "FromPort": "22", "ToPort": 22, "CidrIp": "0.0.0.0/0"}
CFN_ENTRY = {
    "NetworkAclId": {"Ref": "Acl"},
    "RuleNumber": "100",
    "Protocol": 6,
    "RuleAction": "allow",
    "Egress": "true",
    "CidrBlock": "0.0.0.0/0",
    "PortRange": {"From": "80", "To": 81},
}

AZURE_EFFECTIVE = {
    "networkSecurityGroup": {"id": "/subscriptions/s/x/networkSecurityGroups/web"},
    "association": {"subnet": {"id": "s"}},
    "effectiveSecurityRules": [
        {
            "access": "Allow",
            "destinationAddressPrefix": "0.0.0.0/0",
            "destinationAddressPrefixes": ["0.0.0.0/0"],
            "destinationPortRange": "22-22",
            "destinationPortRanges": ["22-22"],
            "direction": "Inbound",
            "expandedDestinationAddressPrefix": None,
            "expandedSourceAddressPrefix": ["192.0.2.0/24"],
            "name": "ssh",
            "priority": 100,
            "protocol": "Tcp",
            "sourceAddressPrefix": "VirtualNetwork",
            "sourceAddressPrefixes": ["VirtualNetwork"],
            "sourcePortRange": "0-65535",
            "sourcePortRanges": ["0-65535"],
        }
    ],
    "tagMap": {},
}
GCP_POLICY = {
    "kind": "compute#firewallPolicy",
    "name": "1",
    "displayName": "edge",
    "rules": [
        {
            "action": "allow",
            "direction": "INGRESS",
            "kind": "compute#firewallPolicyRule",
            "match": {
                "layer4Configs": [{"ipProtocol": "tcp", "ports": ["22"]}],
                "srcIpRanges": ["10.0.0.0/8"],
            },
            "priority": 1000,
            "targetServiceAccounts": ["a"],
        }
    ],
}
NOVA_GROUP = {
    "id": "1",
    "name": "web",
    "rules": [
        {
            "from_port": 22,
            "group": {},
            "id": "r",
            "ip_protocol": "tcp",
            "ip_range": {"cidr": "192.0.2.0/24"},
            "parent_group_id": "1",
            "to_port": 22,
        }
    ],
}
AZURE_ARM = {
    "id": "g",
    "name": "web",
    "properties": {
        "securityRules": [
            {"name": "https", "properties": {key: AZURE[key] for key in (
                "access", "destinationAddressPrefix", "destinationPortRange", "direction",
                "priority", "protocol", "sourceAddressPrefix", "sourcePortRange")}}
        ],
        "provisioningState": "Succeeded",
    },
}  # fmt: skip


def resource(kind: str, values: object, **fields: object) -> dict[str, object]:
    found = {"address": f"{kind}.x", "mode": "managed", "type": kind, "name": "x"}
    return found | {"values": values} | fields


def plan(*resources: object) -> dict[str, object]:
    module = {"resources": list(resources)}
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "planned_values": {"root_module": module},
    }


def template(kind: str, properties: object) -> dict[str, object]:
    return {"Resources": {"X": {"Type": kind, "Properties": properties}}}
