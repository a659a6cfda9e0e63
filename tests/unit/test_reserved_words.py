"""Words by which other programs mean every port, wherever ports can be written."""

from __future__ import annotations

import pytest

from portranges import (
    PortRange,
    PortSet,
    PortSyntaxError,
    TransportPorts,
    dialects,
    parse_port,
    registry,
)
from portranges.cli import main

WORDS = ["any", "all", "*", "ANY", "All"]
WRITTEN = "every port is written 0-65535, or 1-65535 without port 0"


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize(
    ("parse", "form"),
    [
        (parse_port, "{}"),
        (PortRange.parse, "{}"),
        (PortSet.parse, "{}"),
        (PortSet.parse, "22,{}"),
        (TransportPorts.parse, "{}/tcp"),
        (TransportPorts.parse, "53/udp,{}/tcp"),
        (lambda text: dialects.parse(text, "portranges"), "{}"),
    ],
)
def test_the_error_names_the_neutral_form(parse, form, word):
    with pytest.raises(PortSyntaxError) as caught:
        parse(form.format(word))
    assert caught.value.reason.endswith(f"got {word!r}; {WRITTEN}")
    assert caught.value.text[slice(*caught.value.span)] == word


@pytest.mark.parametrize("word", WORDS)
def test_ports_per_transport_without_a_transport(word):
    with pytest.raises(PortSyntaxError, match="every port is written 0-65535/tcp or 0-65535/udp"):
        TransportPorts.parse(word)


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("command", [[], ["audit"], ["masks"], ["suggest"], ["convert"]])
@pytest.mark.parametrize("form", ["{}", "22,{}"])
def test_the_command_line_names_it_instead_of_a_service(capsys, command, form, word):
    assert main([*command, form.format(word)]) == 2
    error = capsys.readouterr().err
    assert WRITTEN in error
    assert "did you mean" not in error


@pytest.mark.parametrize("word", ["any", "all", "*"])
@pytest.mark.parametrize(
    ("name", "form", "written"),
    [
        ("nft", "{}", "0-65535"),
        ("nft", "{{ 22, {} }}", "0-65535"),
        ("nft-set", "{}", "0-65535"),
        ("iptables", "--dport {}", "0:65535"),
        ("iptables-multiport", "-m multiport --dports {}", "0:65535"),
        ("ipset", "{}", "0-65535"),
        ("ovs", "tcp,tp_dst={}", "omitting the ports"),
        ("ufw", "{}/tcp", "1:65535"),
        ("firewalld", "{}/tcp", "0-65535"),
        ("bpf", "dst port {}", "0-65535"),
        ("bpf", "{}", "'dst portrange 0-65535'"),
        ("squid", "{}", "0-65535"),
        ("haproxy", "{}", "1:65535"),
        ("docker", "{}", "1-65535"),
        ("pf", "port {}", "0:65535"),
        ("cisco", "{}", "'range 0 65535'"),
        ("junos", "destination-port {}", "0-65535"),
        ("firewalld", "{}", "'0-65535/tcp'"),
        ("tc-flower", "{}", "'ip_proto tcp dst_port 1-65535'"),
        ("tc-flower", "ip_proto tcp dst_port {}", "1-65535"),
        ("wireshark", "{}", "'tcp.dstport in {0..65535}'"),
        ("wireshark", "tcp.dstport in {{{}}}", "0..65535"),
        ("calico", "{}", "'[\"1:65535\"]'"),
        ("calico", "[{}]", '"1:65535"'),
        ("ovs", "{}", "omitting the ports"),
    ],
)
def test_a_dialect_names_its_own_form(name, form, written, word):
    with pytest.raises(PortSyntaxError) as caught:
        dialects.parse(form.format(word), name, services=registry.SHIPPED)
    assert f"every port is {'expressed by' if 'omit' in written else 'written'} {written}" in (
        caught.value.reason
    )
    assert "did you mean" not in caught.value.reason


@pytest.mark.parametrize(
    ("name", "word", "other"),
    [
        ("netsh", "any", "all"),
        ("powershell", "Any", "all"),
        ("suricata", "any", "all"),
        ("systemd", "any", "*"),
    ],
)
def test_a_dialect_with_such_a_word_names_it(name, word, other):
    assert dialects.parse(word, name) == PortSet.full()
    with pytest.raises(PortSyntaxError, match=f"every port is written '{word}'"):
        dialects.parse(other, name)


def test_a_longer_word_can_be_a_service():
    for word in ("anyx", "allx"):
        with pytest.raises(PortSyntaxError, match="unknown service"):
            dialects.parse(word, "nft", services=registry.SHIPPED)
