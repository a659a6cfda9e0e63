"""The limits of each program: how long a text may be, and what happens one beyond."""

from __future__ import annotations

import pytest

from dialect_tools import odd_ports
from portranges import PortSet, PortSyntaxError, UnrepresentableError, dialects

# The number of elements, slots, characters or texts, and where it is from. Those that a tool
# enforces here are measured by tests/live/test_dialects_limits.py.
LIMITS = {
    "iptables": ("max_elements", 1, "iptables-extensions(8)"),
    "iptables-multiport": ("max_slots", 15, "iptables-extensions(8), multiport"),
    "ipset": ("max_elements", 1, "ipset(8)"),
    "reserved-ports": ("max_length", 4094, "kernel/sysctl.c, proc_do_large_bitmap"),
    "ovs": ("max_elements", 1, "ovs-fields(7)"),
    "tc-flower": ("max_elements", 1, "tc-flower(8)"),
    "ufw": ("max_slots", 15, "ufw(8)"),
    "firewalld": ("max_elements", 1, "firewall-cmd(1)"),
    "systemd": ("max_texts", 128, "src/core/socket-bind.c, SOCKET_BIND_MAX_RULES"),
    "nmap": ("max_length", 131_069, "execve(2), MAX_ARG_STRLEN"),
    "suricata": ("max_length", 1025, "src/detect-engine-port.c, address[1024]"),
    "squid": ("max_length", 8118, "measured: 8,191 characters in a line"),
    "haproxy": ("max_elements", 61, "include/haproxy/defaults.h, MAX_LINE_ARGS"),
    "docker": ("max_elements", 1, "docker-run(1)"),
    "fail2ban": ("max_slots", 15, "iptables-extensions(8), multiport"),
    "opnsense": ("max_elements", 1, "AliasContentField.php, getItems"),
    "cisco": ("max_elements", 1, "one entry each, because lists are for named access lists"),
    "netsh": ("max_elements", 1000, "[MS-FASP] 2.2.13"),
    "powershell": ("max_elements", 1000, "[MS-FASP] 2.2.13"),
}
# Measured up to every second port, 32,768 elements, or 20,000 for tshark, whose argument has the
# limit that nmap's has; the grammars of pf and Calico have no limit, Junos documents none, and csf
# and OpenWrt make a rule of each element.
UNLIMITED = {
    *("nft", "nft-set", "bpf", "wireshark", "pf", "junos", "calico", "portranges"),
    *("csf", "openwrt"),
}


def test_every_dialect_is_listed_with_or_without_limits():
    assert {*LIMITS, *UNLIMITED} == {*dialects.names()}
    for row in dialects.rows():
        limits = {
            name: getattr(row.limits, name)
            for name in ("max_elements", "max_slots", "max_length", "max_texts")
        }
        expected = {
            name: LIMITS[row.name][1] for name in limits if LIMITS.get(row.name, "")[:1] == (name,)
        }
        if row.name == "systemd":
            expected["max_elements"] = 1
        assert {name: value for name, value in limits.items() if value} == expected


@pytest.mark.parametrize("name", ["haproxy", "netsh", "powershell", "iptables-multiport", "ufw"])
def test_one_element_above_the_limit_starts_another_text(name):
    _, most, _ = LIMITS[name]
    (text,) = dialects.render_rules(odd_ports(most), name)
    assert dialects.parse(text, name) == odd_ports(most)
    texts = dialects.render_rules(odd_ports(most + 1), name)
    assert len(texts) == 2
    assert dialects.parse("\n".join(texts), name) == odd_ports(most + 1)
    row = dialects.lookup(name)
    beyond = text.replace("10001", f"10000{row.spacing.separator}10001", 1)
    if row.ranges.quote_all:
        beyond = text.replace("'10001'", "'10000','10001'", 1)
    with pytest.raises(PortSyntaxError, match=f"a list must have at most {most}"):
        dialects.parse(beyond, name)


@pytest.mark.parametrize("name", ["squid", "suricata", "reserved-ports"])
def test_a_list_that_is_too_long_becomes_two(name):
    _, most, _ = LIMITS[name]
    around = 2 if name == "suricata" else 0
    count = (most - around + 1) // 6
    (text,) = dialects.render_rules(odd_ports(count), name)
    assert most - 6 < len(text) <= most
    texts = dialects.render_rules(odd_ports(count + 1), name)
    assert len(texts) == 2
    assert max(map(len, texts)) <= most
    assert dialects.parse("\n".join(texts), name) == odd_ports(count + 1)


@pytest.mark.parametrize("name", ["squid", "suricata", "nmap"])
def test_a_list_that_is_too_long_is_refused(name):
    _, most, _ = LIMITS[name]
    row = dialects.lookup(name)
    opening, closing = row.brackets.opening, row.brackets.closing
    room = most - len(opening) - len(closing)
    items = ["10001"] * (room // 6)
    first = f"{opening}10001{row.spacing.separator}"
    rest = row.spacing.separator.join(items[1:]) + closing
    text = first + " " * (most - len(first) - len(rest)) + rest
    assert dialects.parse(text, name) == PortSet([10001])
    longer = first + " " * (most + 1 - len(first) - len(rest)) + rest
    with pytest.raises(PortSyntaxError) as caught:
        dialects.parse(longer, name)
    assert caught.value.reason == f"a list must have at most {most} characters, got {most + 1}"


def test_a_negation_that_does_not_fit_is_refused():
    for name, count in (("suricata", 180), ("iptables", 2)):
        with pytest.raises(UnrepresentableError) as caught:
            dialects.render(~odd_ports(count), name, negated=True)
        assert caught.value.reason == f"a negation of {count} ranges does not fit into one text"
    text = "!" + dialects.render(odd_ports(170), "suricata")
    assert dialects.parse(text, "suricata") == ~odd_ports(170)


def test_a_list_that_must_be_one_is_refused():
    every_second = PortSet(range(1, 65536, 2))
    with pytest.raises(UnrepresentableError) as caught:
        dialects.render_rules(every_second, "nmap")
    assert caught.value.reason == (
        "its list may have 131069 characters, and 32768 ranges do not fit"
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(UNLIMITED))
def test_no_other_dialect_has_a_limit(name):
    every_second = PortSet(range(1, 65536, 2))
    assert dialects.parse(dialects.render(every_second, name), name) == every_second
