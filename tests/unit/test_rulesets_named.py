"""Named lists of ports: ipset sets, profiles of ufw, services of firewalld."""

from __future__ import annotations

from pathlib import Path

import pytest

from portranges import (
    InvalidValueError,
    PortSet,
    PortSyntaxError,
    TransportPorts,
    UnknownNameError,
    registry,
)
from portranges.rulesets import ports_by_name


def shown(text: str, name: str) -> dict[str, str]:
    return {key: str(ports) for key, ports in ports_by_name(text, name).items()}


SETS = """\
create web bitmap:port range 0-65535 comment
add web 443
add web 80 packets 0 bytes 0 comment "add x 5"
create h hash:ip,port family inet hashsize 1024 maxelem 65536 timeout 100 initval 0x4a957b96
add h 192.0.2.1,icmp:echo-request timeout 99
add h 192.0.2.1,udp:53 timeout 4
add h 192.0.2.1,sctp:7 timeout 99
add h 192.0.2.1,udplite:6 timeout 99
add h 192.0.2.1,tcp:80 timeout 99
add h 192.0.2.1,gre:0 timeout 99
create n hash:net,port,net family inet6 hashsize 1024 maxelem 65536
add n 2001:db8::/32,tcp:98,::1
add n 2001:db8::/32,tcp:99,::1 nomatch
create i hash:ip family inet
add i 1.2.3.4
create l list:set size 8
add l web
create empty hash:ip,port family inet
"""


def test_the_sets_of_ipset() -> None:
    assert shown(SETS, "ipset") == {
        "web": "80/tcp,80/udp,443/tcp,443/udp",
        "h": "7/sctp,53/udp,80/tcp",
        "n": "98/tcp",
        "empty": "",
    }
    assert shown(SETS.replace("\n", "\r\n"), "ipset-save") == shown(SETS, "ipset")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("add web 65536", "port must be in 0..65535, got '65536'"),
        ("add other 5", "a set must be created before an element is added, got 'other'"),
        ("create web hash:ip", "each set must be created once, got 'web' twice"),
        ("del web 80", "expected 'create SET TYPE' or 'add SET ELEMENT', got 'del web 80'"),
        ("add h 192.0.2.1", "expected an element of hash:ip,port, got '192.0.2.1'"),
        ("add h 192.0.2.1,tpc:5", "expected 'protocol:port', got 'tpc:5'"),
        ("add h 192.0.2.1,tcp:5:6", "expected 'protocol:port', got 'tcp:5:6'"),
        (
            "add web http",
            "expected a port or 'first-last', got 'http'; names require services=registry.SHIPPED",
        ),
    ],
)
def test_what_ipset_does_not_write_is_refused(line: str, reason: str) -> None:
    text = f"{SETS}{line}\n"
    with pytest.raises(PortSyntaxError) as caught:
        ports_by_name(text, "ipset")
    assert caught.value.reason == reason
    start, stop = caught.value.span
    assert text[start:stop] == line


PROFILE = """\
# a comment
[WWW Full]
title=Web Server (HTTP,HTTPS)
description = Web = server
ports: 80,443/tcp

[DNS]
title=DNS
description=DNS
ports=53
[Many]
Title=x
Description=y
Ports=80,443,8000:8100/tcp|5/udp|22
"""


def test_the_profiles_of_ufw() -> None:
    assert shown(PROFILE, "ufw-profiles") == {
        "WWW Full": "80/tcp,443/tcp",
        "DNS": "53/tcp,53/udp",
        "Many": "5/udp,22/tcp,22/udp,80/tcp,443/tcp,8000-8100/tcp",
    }
    assert shown("", "ufw-profiles") == {}


@pytest.mark.parametrize(
    ("old", "new", "reason", "place"),
    [
        (
            "ports=53\n",
            "",
            "a profile must have title, description, ports, got no ports for 'DNS'",
            "[DNS]",
        ),
        (
            "ports=53\n",
            "prots=53\n",
            "a profile must have title, description, ports, got no ports for 'DNS'",
            "[DNS]",
        ),
        (
            "ports=53",
            "ports=http",
            "expected a port or 'first:last', got 'http'; "
            "names require services=registry.SHIPPED, for 'DNS'",
            "[DNS]",
        ),
        (
            "ports=53",
            "ports=53|",
            "expected a port or 'first:last', got nothing, for 'DNS'",
            "[DNS]",
        ),
        ("[Many]", "[DNS]", "each profile must appear once, got 'DNS' twice", "[DNS]"),
        (
            "ports=53",
            "ports=53\nports=54",
            "expected one 'option=value' of a profile, got 'ports=54'",
            "ports=54",
        ),
        (
            "ports=53",
            "ports=53\n  54",
            "expected one 'option=value' of a profile, got '  54'",
            "  54",
        ),
        (
            "[WWW Full]",
            "",
            "expected one 'option=value' of a profile, got 'title=Web Server (HTTP,HTTPS)'",
            "title=Web Server (HTTP,HTTPS)",
        ),
    ],
)
def test_profiles_that_ufw_would_leave_out_are_refused(old, new, reason, place) -> None:
    text = PROFILE.replace(old, new)
    with pytest.raises(PortSyntaxError) as caught:
        ports_by_name(text, "ufw-profiles")
    assert caught.value.reason == reason
    start, stop = caught.value.span
    assert text[start:stop] == place


SERVICE = """\
<?xml version="1.0" encoding="utf-8"?>
<service>
  <short>x</short>
  <port protocol="tcp" port="80-90"/>
  <port protocol="udp" port="53"/>
  <protocol value="gre"/>
  <module name="nf_conntrack_netbios_ns"/>
  <destination ipv4="239.255.255.250"/>
</service>
"""


def test_a_service_of_firewalld() -> None:
    assert shown(SERVICE, "firewalld-service") == {"service": "53/udp,80-90/tcp"}
    assert shown(SERVICE.replace('"53"', '""').replace("udp", "ah"), "firewalld-service") == {
        "service": "80-90/tcp"
    }
    text = SERVICE.replace("gre", "sctp")
    found = ports_by_name(text, "firewalld-service")["service"]
    assert found.sctp == PortSet.full()


def test_a_service_of_firewalld_that_includes_others() -> None:
    text = SERVICE.replace('<protocol value="gre"/>', '<include service="samba"/>')
    assert shown(text, "firewalld-service") == {
        "service": "53/udp,80-90/tcp,137-138/udp,139/tcp,445/tcp"
    }


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('port="53"', "", "port must have port, got none"),
        ('port="53"', 'prot="53"', "port must have port, got none"),
        ('<protocol value="gre"/>', "<protocol/>", "protocol must have value, got none"),
        (
            '<protocol value="gre"/>',
            '<protocol value="rge"/>',
            "protocol must be a known name or 0..255, got 'rge'",
        ),
        (
            '<protocol value="gre"/>',
            '<include service="homemade"/>',
            "the ports of a service must be in the same text or in firewalld 2.5.0, got 'homemade'",
        ),
        (
            '<protocol value="gre"/>',
            '<include service="ws-discovery-client"/>',
            "a service must not have source ports, got '<include",
        ),
        ('<protocol value="gre"/>', "<include/>", None),
        ('<protocol value="gre"/>', '<source-port port="5" protocol="tcp"/>', None),
        ('<protocol value="gre"/>', "<prots/>", None),
        ('port="53"', 'port="http"', "expected a port or 'first-last', got 'http'; names require"),
        ('protocol="udp"', 'protocol="upd"', "expected a text such as '80/tcp', got '53/upd'"),
        ("service>", "zone>", "expected a service, got 'zone'"),
        ("<service>", "<!DOCTYPE service><service>", "XML must not declare a document type"),
    ],
)
def test_services_that_are_more_than_ports_are_refused(old: str, new: str, reason) -> None:
    with pytest.raises(PortSyntaxError) as caught:
        ports_by_name(SERVICE.replace(old, new), "firewalld-service")
    expected = reason or "expected a port or a protocol of a service, got '<"
    assert caught.value.reason.startswith(expected)


def test_names_need_a_registry() -> None:
    text = SERVICE.replace('port="53"', 'port="domain"')
    found = ports_by_name(text, "firewalld-service", services=registry.SHIPPED)
    assert found["service"].udp == PortSet([53])


def test_arguments_are_checked() -> None:
    with pytest.raises(UnknownNameError, match="unknown format, got 'ipsets'; did you mean 'ipset"):
        ports_by_name("", "ipsets")
    with pytest.raises(InvalidValueError) as caught:
        ports_by_name("", "iptables")
    message = "format must be a format of named lists, got 'iptables'; parse() reads it"
    assert str(caught.value) == message
    with pytest.raises(TypeError, match="text must be a str, got bytes b''"):
        ports_by_name(b"", "ipset")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="services must be a registry, got str 'x'"):
        ports_by_name("", "ipset", services="x")  # type: ignore[arg-type]


@pytest.mark.parametrize("folder", ["/usr/lib/firewalld/services", "/etc/ufw/applications.d"])
def test_the_files_that_are_installed_are_read(folder: str) -> None:
    files = [each for each in Path(folder).glob("*") if not each.name.startswith(".")]
    if not files:
        pytest.skip(f"NOT CHECKED: {folder} is empty")
    for file in files:
        text = file.read_text("utf-8")
        if file.suffix != ".xml":
            found = ports_by_name(text, "ufw-profiles")
            assert list(found) == [line[1:-1] for line in text.split("\n") if line.startswith("[")]
            assert all(found.values())
        elif "<include" not in text and "<source-port" not in text:
            ports = ports_by_name(text, "firewalld-service")["service"]
            assert isinstance(ports, TransportPorts)
            assert bool(ports) is (' port="' in text.replace(' port=""', ""))
