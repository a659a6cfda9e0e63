"""Each tool at its limit, and one beyond it."""

from __future__ import annotations

import subprocess

import pytest

from dialect_tools import as_recorded, in_namespace, needs, odd_ports
from portranges import PortSet, dialects

pytestmark = pytest.mark.slow


def accepts(*command: str) -> bool:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    bad = ("ERROR:", "FATAL:", "Bungled")
    return done.returncode == 0 and not any(word in done.stderr for word in bad)


def test_haproxy_reads_64_words_of_a_line(tmp_path):
    row = dialects.lookup("haproxy")
    as_recorded(row, "haproxy", "-v")
    path = tmp_path / "haproxy.cfg"
    head = "frontend f\n mode http\n timeout client 9s\n bind :1\n"
    tail = " http-request deny if x\n"
    for count in (row.limits.max_elements, row.limits.max_elements + 1):
        ports = " ".join(map(str, odd_ports(count)))
        path.write_text(f"{head} acl x dst_port {ports}\n{tail}")
        assert accepts("haproxy", "-c", "-f", str(path)) is (count == row.limits.max_elements)
    lines = "\n".join(
        f" acl x dst_port {text}" for text in dialects.render_rules(odd_ports(200), row.name)
    )
    path.write_text(f"{head}{lines}\n{tail}")
    assert accepts("haproxy", "-c", "-f", str(path))


def test_squid_reads_8191_characters_of_a_line(tmp_path):
    row = dialects.lookup("squid")
    as_recorded(row, "squid", "--version")
    path = tmp_path / "squid.conf"
    head = f"acl {'n' * 63} port "
    assert len(head) + row.limits.max_length == 8191
    ports = " ".join(map(str, odd_ports(1352)))
    for beyond in (0, 1):
        text = ports + " " * (row.limits.max_length - len(ports) - 6 + beyond) + " 65535"
        assert len(text) == row.limits.max_length + beyond
        path.write_text(f"{head}{text}\nhttp_port 3128\n")
        # What is left, "5", is a line of its own.
        assert accepts("squid", "-k", "parse", "-f", str(path)) is (beyond == 0)
    texts = dialects.render_rules(odd_ports(5000), row.name)
    path.write_text("\n".join(f"{head}{text}" for text in texts) + "\nhttp_port 3128\n")
    assert accepts("squid", "-k", "parse", "-f", str(path))


def test_nmap_is_started_with_the_longest_list():
    row = dialects.lookup("nmap")
    needs("nmap")
    head = ["nmap", "-n", "-Pn", "--host-timeout", "1ms", "-sS", "-p"]
    first, rest = "T:80,", ",".join(map(str, odd_ports(21844)))
    text = first + " " * (row.limits.max_length + 2 - len(first) - len(rest)) + rest
    assert len(text) == row.limits.max_length + 2
    shorter = text.replace("  ", "", 1)
    assert dialects.parse(shorter, "nmap") == PortSet([80]) | odd_ports(21844)
    assert accepts(*head, text, "127.0.0.1")
    with pytest.raises(OSError, match="Argument list too long"):
        accepts(*head, text + " ", "127.0.0.1")


@pytest.mark.parametrize("name", ["iptables-multiport", "ufw"])
def test_a_match_has_as_many_slots_as_the_row_says(name):
    needs("iptables", "ufw")
    row = dialects.lookup(name)
    for count in (row.limits.max_slots, row.limits.max_slots + 1):
        ports = ",".join(map(str, odd_ports(count)))
        command = ["ufw", "--dry-run", "allow", f"{ports}/tcp"]
        if name != "ufw":
            command = f"iptables -A OUTPUT -p tcp -m multiport --dports {ports}".split()
        ((code, _, _),), _ = in_namespace(setup=[(command, "")], stop=False)
        assert (code == 0) is (count == row.limits.max_slots)


@pytest.mark.parametrize("form", ["tcp dport { %s }", "a set"])
def test_nft_has_no_limit(form):
    needs("nft")
    every_second = PortSet(range(1, 65536, 2))
    text = dialects.render(every_second, "nft-set")
    script = "add table ip t\nadd chain ip t c\n"
    if form == "a set":
        script += "add set ip t s { type inet_service; flags interval; }\n"
        script += f"add element ip t s {{ {text} }}\n"
    else:
        script += f"add rule ip t c {form % text}\n"
    ((code, _, error),), _ = in_namespace(setup=[(["nft", "-f", "-"], script)])
    assert code == 0, error
