"""Texts of the tools' manuals and test suites, with the ports that they mean."""

from __future__ import annotations

from portranges import PortSet, dialects

# Dialect, source, text, ports. Where the tool is installed, tests/live runs it on each of these.
SYSTEMD = "systemd.resource-control(5), SocketBindAllow=, and src/test/test-parse-socket-bind.c"
NFT = "nft(8), and tests/py/inet/tcp.t; measured"
TCPDUMP = "pcap-filter(7); measured"
TSHARK = "wireshark-filter(4); measured"
PF = "pf.conf(5), OpenBSD, and sbin/pfctl/parse.y, port_item"
READ = [
    ("systemd", SYSTEMD, "ipv6:10000-65535", "10000-65535"),
    ("systemd", SYSTEMD, "1234", "1234"),
    ("systemd", SYSTEMD, "any", "0-65535"),
    ("systemd", SYSTEMD, "ipv4", "0-65535"),
    ("systemd", SYSTEMD, "ipv6", "0-65535"),
    ("systemd", SYSTEMD, "tcp", "0-65535"),
    ("systemd", SYSTEMD, "udp", "0-65535"),
    ("systemd", SYSTEMD, "ipv6:tcp", "0-65535"),
    ("systemd", SYSTEMD, "ipv4:udp:10000-65535", "10000-65535"),
    ("systemd", SYSTEMD, "ipv4:any", "0-65535"),
    ("systemd", SYSTEMD, "tcp:any", "0-65535"),
    ("systemd", SYSTEMD, "ipv4:6666", "6666"),
    ("systemd", SYSTEMD, "ipv6:6666-6667", "6666-6667"),
    ("systemd", SYSTEMD, "ipv4:tcp:6666", "6666"),
    ("systemd", SYSTEMD, "ipv4:tcp:80\nipv6:tcp:80", "80"),
    ("nft", NFT, "{ 80, 443, }", "80,443"),
    ("nft", NFT, "{80-90,}", "80-90"),
    ("nft", NFT, "eq 80", "80"),
    ("nft", NFT, "ne 80", "0-79,81-65535"),
    ("nft", NFT, "!=80", "0-79,81-65535"),
    ("nft", NFT, "lt 80", "0-79"),
    ("nft", NFT, "le 80", "0-80"),
    ("nft", NFT, "gt 80", "81-65535"),
    ("nft", NFT, "ge 80", "80-65535"),
    ("nft", NFT, "80 - 90", "80-90"),
    ("nft", NFT, "{ 80 - 90 }", "80-90"),
    ("nft", NFT, "!= 80 - 90", "0-79,91-65535"),
    ("nft", NFT, "== { 80, 443 }", "80,443"),
    ("nft", NFT, "== 80-90", "80-90"),
    ("nft", NFT, "eq { 80, 443 }", "80,443"),
    ("nft", NFT, "ne { 80, 443 }", "0-79,81-442,444-65535"),
    ("nft-set", NFT, "80, 90 - 95,", "80,90-95"),
    ("iptables", "iptables-extensions(8)", "-p tcp --destination-port 80", "80"),
    ("iptables", "iptables-extensions(8)", "! --destination-port 80", "0-79,81-65535"),
    ("iptables", "measured", "-p tcp --destination-port=80:90", "80-90"),
    ("iptables", "measured", "-p tcp --dport=80", "80"),
    ("iptables", "iptables(8)", "--protocol tcp --dport 80", "80"),
    ("iptables", "iptables(8)", "-p 6 --dport 80", "80"),
    ("iptables", "iptables(8)", "-p 132 --dport 80", "80"),
    ("iptables", "measured", "-p TCP --dport 80", "80"),
    ("iptables", "measured", "-m tcp -p tcp --dport 80", "80"),
    ("iptables", "iptables(8)", "-p tcp --match tcp --dport 80", "80"),
    ("iptables-multiport", "measured", "-p tcp -m multiport --dports=80,443", "80,443"),
    ("iptables-multiport", "measured", "-m multiport -p tcp --dports 80,443", "80,443"),
    ("iptables-multiport", "iptables(8)", "-p 17 --match multiport --dports 80", "80"),
    ("reserved-ports", "measured", "80,443,", "80,443"),
    ("reserved-ports", "measured", "80,\n", "80"),
    ("calico", "YAML 1.2, example 7.13", "[ 80, 443, ]", "80,443"),
    ("calico", "YAML 1.2, example 7.13", '["80:90" ,443]', "80-90,443"),
    ("ovs", "ovs-fields(7)", "tcp6,tp_dst=80", "80"),
    ("ovs", "ovs-fields(7)", "udp6,udp_dst=0x3e8/0xfff8", "1000-1007"),
    ("ufw", "ufw(8)", "53/any", "53"),
    ("ufw", "ufw(8), APPLICATION INTEGRATION", "53|80", "53,80"),
    ("ufw", "/etc/ufw/applications.d", "2049,111/tcp|2049,111/udp", "111,2049"),
    ("bpf", TCPDUMP, "tcp dst port 80 or 443", "80,443"),
    ("bpf", TCPDUMP, "tcp dst port (80 or 443)", "80,443"),
    ("bpf", TCPDUMP, "tcp dst port 80 || 443", "80,443"),
    ("bpf", TCPDUMP, "(tcp dst port 80) or (tcp dst port 443)", "80,443"),
    ("bpf", TCPDUMP, "tcp dst portrange 80-90 or 443", "80-90,443"),
    ("bpf", TCPDUMP, "tcp  dst  port  80", "80"),
    ("bpf", TCPDUMP, "((tcp dst port 80))", "80"),
    ("bpf", TCPDUMP, "tcp dst port 80 or (443)", "80,443"),
    ("bpf", TCPDUMP, "tcp dst portrange 80", "80"),
    ("bpf", TCPDUMP, "tcp dst port 80\nor 443", "80,443"),
    ("wireshark", TSHARK, "tcp.dstport eq 80", "80"),
    ("wireshark", TSHARK, "tcp.dstport==80", "80"),
    ("wireshark", TSHARK, "tcp.dstport === 80", "80"),
    ("wireshark", TSHARK, "tcp.dstport in {80 .. 90}", "80-90"),
    ("wireshark", TSHARK, "tcp.dstport in{80}", "80"),
    ("wireshark", TSHARK, "tcp.dstport ge 1990", "1990-65535"),
    ("wireshark", TSHARK, "tcp.dstport gt 1990", "1991-65535"),
    ("wireshark", TSHARK, "tcp.dstport lt 5", "0-4"),
    ("wireshark", TSHARK, "tcp.dstport le 5", "0-5"),
    ("nmap", "measured", "80,443,", "80,443"),
    ("nmap", "measured", "T:80,", "80"),
    ("haproxy", "configuration manual 2.6, 7.1.2; measured", "eq 80 443", "80,443"),
    ("haproxy", "configuration manual 2.6, 7.1.2; measured", "eq 80:90", "80-90"),
    ("pf", PF, "port { 22, > 1023 }", "22,1024-65535"),
    ("pf", PF, "port { 22 > 1023 }", "22,1024-65535"),
    ("pf", PF, "port { > 1023, 22 }", "22,1024-65535"),
    ("pf", PF, "port { 1000 >< 2000, 22, 80:90 }", "22,80-90,1001-1999"),
    ("pf", PF, "port { 1000 <> 2000 1500 }", "0-999,1500,2001-65535"),
    ("pf", PF, "port { >= 1024 <= 22 }", "0-22,1024-65535"),
    ("pf", PF, "port {22,>1023}", "22,1024-65535"),
    ("pf", PF, "port 1000><2000", "1001-1999"),
    ("pf", PF, "port { != 80 }", "0-79,81-65535"),
    ("pf", PF, "port !=80", "0-79,81-65535"),
    ("junos", "Junos OS documentation, an example", "destination-port [ 80 443 ];", "80,443"),
    ("junos", "Junos OS documentation, an example", "destination-port 80;", "80"),
    ("powershell", "Microsoft Learn, about_Arrays", "@('80','443')", "80,443"),
    ("powershell", "Microsoft Learn, about_Arrays", '@("80", "1000-2000")', "80,1000-2000"),
]


def read(name: str) -> dict[str, PortSet]:
    """The texts of one dialect, and what each means."""
    return {text: PortSet.parse(ports) for row, _, text, ports in READ if row == name}


def refused(name: str) -> list[str]:
    """The texts that the tool accepts, and that are refused on purpose."""
    texts = [each.text for each in dialects.lookup(name).refused_texts]
    # A variable or a set would have to be declared.
    return [text for text in texts if text[0] not in "@$"]
