"""The ports that scanners of cloud configurations and warnings of public bodies name.

A list holds only port numbers, and names the place where it was read. A port of a list is one of
``not_for_internet``, or ``docs/reference/uses.md`` explains why it is not. It also has a narrow use
or a registered service.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from portranges import PortSet, registry, uses

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "uses.md"

LISTS = {
    # checks named UnrestrictedIngress, AccessRestricted, NACLInbound and InboundRulePort
    "Checkov, bridgecrewio/checkov@03d5fdad8d61": "20-22,80,3306,3389",
    # checks/cloud/azure/network/sensitive_port_exposed_to_network.rego, and SSH and RDP
    "Trivy, aquasecurity/trivy-checks@80e538226970": (
        "20-23,25,53,110,135,139,143,161,389,636,993,995,1433,1521,3306,3389,5432,6379"
    ),
    # the examples of c7n/resources/vpc.py that remove rules
    "Cloud Custodian, cloud-custodian/cloud-custodian@df800e9e94d0": "22,3389,8080",
    # the rule sets of AWS, Azure and GCP
    "ScoutSuite, nccgroup/ScoutSuite@7909f2fc6186": (
        "21-23,25,53,1433,1521,2049,3306,3389,5432,27017,54322"
    ),
    # plugins named open*.js, for all clouds
    "CloudSploit, aquasecurity/cloudsploit@4b5bbd809f1e": (
        "20-23,25,53,80,135,137-139,161,389,443,445,636,1433-1434,1521-1522,2375-2376,2483,3306,"
        "3389,4333,4505-4506,5432,5500,5601,5900,6379,7000-7001,7199,8020,8080,9042,9160,9200,"
        "9300,11211,27017-27019,50070,50470"
    ),
    # the checks of EC2, and ec2_high_risk_ports
    "Prowler, prowler-cloud/prowler@3e000faa3109": (
        "20-23,25,88,110,135,139,143,389,445,464,636,749-750,1433-1434,1521,2483-2484,3000,3306,"
        "3389,4333,5000,5432,5500,5601,6379,7000-7001,7199,8080,8088,8888,9042,9092,9160,9200,"
        "9300,11211,27017-27018"
    ),
    # findings OPEN_*_PORT, as programs that read them list the ports
    "Google Security Health Analytics": (
        "21-23,25,53,80,110,137-139,389,445,636,1521,2483-2484,3306,3389,5432,6379,7000-7001,7199,"
        "8888,9042,9090,9160,9200,9300,11211,11214-11215,27017-27019,61620-61621"
    ),
    # the protocols that the directive names, at their registered ports
    "CISA, Binding Operational Directive 23-02": "21-23,69,80,161,443,445,513-514,3389,5900,6000",
    "Microsoft Defender for Cloud, just-in-time access": "22,3389,5985-5986",
    "Alibaba Cloud Firewall, remote maintenance": "22,3389,50000",
    # services that the page on open server services names
    "BSI, CERT-Bund Reports": "53,111,123,137,161,389,1900",
    # the pages of single reports that were read
    "Shadowserver": "427,3702,4786",
}


def named_by_the_page() -> PortSet:
    """The ports in the first column of the table of services that are not listed."""
    section = PAGE.read_text("utf-8").partition("| Services | Why they are not listed |")[2]
    rows = section.partition("\n\n")[0].splitlines()[2:]
    return PortSet(
        int(port) for row in rows for port in re.findall(r"\b\d{2,5}\b", row.split("|")[1])
    )


@pytest.mark.parametrize("name", LISTS)
def test_a_port_that_a_list_names_is_not_for_the_internet_or_the_page_says_why(name: str):
    listed = PortSet(port for row in uses.not_for_internet() for port in row.ports)
    assert not PortSet.parse(LISTS[name]) - listed - named_by_the_page()


@pytest.mark.parametrize("name", LISTS)
def test_a_port_that_a_list_names_is_answered(name: str):
    assert [
        port
        for port in PortSet.parse(LISTS[name])
        if not any(use.is_narrow for use in uses.lookup(port)) and not registry.services(port)
    ] == []


def test_the_page_names_no_port_that_is_listed():
    named = named_by_the_page()
    assert {22, 4840, 61621} <= set(named)
    assert not any(port in named for row in uses.not_for_internet() for port in row.ports)
