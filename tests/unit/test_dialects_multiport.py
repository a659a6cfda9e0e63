"""iptables: every refusal of a rule, with its message and its place."""

from __future__ import annotations

import pytest

from portranges import PortRange, PortSet, PortSyntaxError, dialects

EXAMPLE = "expected a text such as '-m multiport --dports 80', got "
REFUSED = [
    ("", EXAMPLE + "''", ""),
    ("-p", "an option must have a value, got '-p' alone", "-p"),
    ("-p tcp -m", "an option must have a value, got '-m' alone", "-m"),
    ("-m multiport --dports", "an option must have a value, got '--dports' alone", "--dports"),
    ("--dport", "an option must have a value, got '--dport' alone", "--dport"),
    ("-m multiport --dports ! 80", "'!' must precede the option, got '!'", "!"),
    ("--dport ! 80", "'!' must precede the option, got '!'", "!"),
    ("-p icmp --dport 80", "expected tcp, udp, sctp, dccp after '-p', got 'icmp'", "icmp"),
    ("-p 1 --dport 80", "expected tcp, udp, sctp, dccp after '-p', got '1'", "1"),
    ("-p tcp", EXAMPLE + "'-p tcp'", "-p tcp"),
    ("-p tcp -m tcp", EXAMPLE + "'-p tcp -m tcp'", "-p tcp -m tcp"),
    ("-m multiport", EXAMPLE + "'-m multiport'", "-m multiport"),
    ("--dport 80 !", EXAMPLE + "'--dport 80 !'", "--dport 80 !"),
    ("--dport 80 -m multiport", EXAMPLE + "'--dport 80 -m multiport'", "--dport 80 -m multiport"),
    ("! ! --dport 80", EXAMPLE + "'!'", "!"),
    ("! -p tcp --dport 80", EXAMPLE + "'-p'", "-p"),
    ("! -m multiport --dports 80", EXAMPLE + "'-m'", "-m"),
    ("-p tcp -p udp --dport 80", EXAMPLE + "'-p'", "-p"),
    ("-p tcp -m udp --dport 80", EXAMPLE + "'udp'", "udp"),
    ("--dport 80 -p tcp", EXAMPLE + "'-p'", "-p"),
    ("--dports 80", EXAMPLE + "'--dports'", "--dports"),
    ("-m multiport -m multiport --dports 80", EXAMPLE + "'-m'", "-m"),
    ("-m multiport --dport 80", EXAMPLE + "'--dport'", "--dport"),
    ("-m multiport --dports 80 --dport 443", EXAMPLE + "'--dport'", "--dport"),
    ("-m multiport --dports 80 --dports 443", EXAMPLE + "'--dports'", "--dports"),
    ("--dport 80 --dport 443", EXAMPLE + "'--dport'", "--dport"),
    ("80 443", EXAMPLE + "'80'", "80"),
    ("! 80", EXAMPLE + "'80'", "80"),
    ("-m multiport 80", EXAMPLE + "'80'", "80"),
    (
        "-p tcp -m state --dport 80",
        "expected multiport, tcp, udp, sctp, dccp after '-m', got",
        "state",
    ),
    ("--dport 80,443", "expected a port or 'first:last', got '80,443'", "80,443"),
    ("-m multiport --dports 80:", "a range must have both ends, got '80:'", "80:"),
    ("-m multiport --dports 80,,443", "expected a port or 'first:last', got nothing", ""),
    ("-m multiport --dports 80,", "expected a port or 'first:last', got nothing", ""),
    ("-m multiport --dports 90:80", "first must not be greater than last, got '90:80'; ", "90:80"),
    (
        "-m multiport --dports 80 -m multiport ! --dports 80",
        "the text must match at least one port, got",
        "-m multiport --dports 80 -m multiport ! --dports 80",
    ),
    (
        "--dport 80 -m multiport --dports 81",
        "the text must match at least one port, got",
        "--dport 80 -m multiport --dports 81",
    ),
]


@pytest.mark.parametrize(("text", "reason", "place"), REFUSED)
def test_a_rule_of_multiport_is_refused(text, reason, place):
    with pytest.raises(PortSyntaxError) as caught:
        dialects.parse(text, "iptables-multiport")
    assert caught.value.reason.startswith(reason)
    assert text[slice(*caught.value.span)] == place


@pytest.mark.parametrize(
    ("text", "ports", "transport"),
    [
        ("-p tcp -p tcp --dport 80", "80", "tcp"),
        ("-p tcp -m tcp -m multiport --dports 80 -m tcp --dport 80", None, None),
        ("-p udp -m udp -m multiport --dports 80,90:95", "80,90-95", "udp"),
        ("-m sctp --dport 80", "80", "sctp"),
        ("-p dccp -m multiport ! --dports 1:65535", "0", "dccp"),
        ("! --dport 80 -m multiport --dports 80:90", "81-90", None),
    ],
)
def test_the_transport_of_a_rule(text, ports, transport):
    if ports is None:
        with pytest.raises(PortSyntaxError):
            dialects.parse(text, "iptables-multiport")
        return
    assert dialects.parse(text, "iptables-multiport") == PortSet.parse(ports)
    for each in ("tcp", "udp", "sctp", "dccp"):
        if transport in (None, each):
            found = dialects.parse(text, "iptables-multiport", transport=each)
            assert found == PortSet.parse(ports)
        else:
            with pytest.raises(PortSyntaxError, match=f"expected ports for {each}, got ports for"):
                dialects.parse(text, "iptables-multiport", transport=each)


def test_a_range_that_is_written_port_by_port_saves_a_rule():
    def sizes(count, length):
        ports = PortSet([PortRange(at, at + length - 1) for at in range(0, count * 10, 10)])
        rules = dialects.render_rules(ports, "iptables-multiport")
        return [len(dialects.parse(rule, "iptables-multiport")) for rule in rules]

    # Each rule has seven ranges and, in its odd slot, a port of the range that is left.
    assert sizes(22, 3) == [22, 22, 22]
    # A range of four ports does not fit in three odd slots.
    assert sizes(22, 4) == [28, 28, 28, 4]


def test_a_range_of_two_ports_fills_the_odd_slots_of_two_rules():
    # A rule has room for 15 ports, of which a range takes two.
    pairs = PortSet(range(10, 160, 10)) | PortSet(range(11, 161, 10))
    assert dialects.render_rules(pairs, "iptables-multiport") == (
        "-m multiport --dports 10:11,20:21,30:31,40:41,50:51,60:61,70:71,150",
        "-m multiport --dports 80:81,90:91,100:101,110:111,120:121,130:131,140:141,151",
    )


def test_only_ranges_of_two_ports_are_split_if_that_saves_no_rule():
    ports = PortSet([PortRange(10, 11), *(PortRange(n, n + 2) for n in range(20, 160, 10))])
    assert dialects.render_rules(ports, "iptables-multiport") == (
        "-m multiport --dports 10,20:22,30:32,40:42,50:52,60:62,70:72,80:82",
        "-m multiport --dports 11,90:92,100:102,110:112,120:122,130:132,140:142,150:152",
    )
