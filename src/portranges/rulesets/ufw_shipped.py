"""What ufw reads from files besides the user's rules: before.rules and application profiles.

These are the files as they are shipped, because neither the user's rules nor ``ufw status`` show
them. A changed file is therefore not seen.
"""

from __future__ import annotations

from portranges import types
from portranges.families import Family
from portranges.rulesets.iptables_rule import RuleReader
from portranges.rulesets.model import Direction, Location, Rule
from portranges.rulesets.ufw_profiles import profile_ports
from portranges.source import cite
from portranges.transport_ports import TransportPorts

SOURCE = cite("ufw 0.36.2", "before.rules and before6.rules", checked="2026-11-30")

# Rules that cannot decide about a new packet between two hosts are left out: those for the loopback
# interface, for known connections, for invalid packets, for ICMP and for routing headers of type 0.
# So is after.rules, which leads some ports to the policy.
_BEFORE_INPUT = {
    Family.INET: (
        # DHCP, multicast DNS, UPnP
        "-A ufw-before-input -p udp --sport 67 --dport 68 -j ACCEPT",
        "-A ufw-before-input -p udp -d 224.0.0.251 --dport 5353 -j ACCEPT",
        "-A ufw-before-input -p udp -d 239.255.255.250 --dport 1900 -j ACCEPT",
    ),
    Family.INET6: (
        "-A ufw6-before-input -p udp -s fe80::/10 --sport 547 -d fe80::/10 --dport 546 -j ACCEPT",
        "-A ufw6-before-input -p udp -d ff02::fb --dport 5353 -j ACCEPT",
        "-A ufw6-before-input -p udp -d ff02::f --dport 1900 -j ACCEPT",
    ),
}


def before_input(family: Family, group: str, location: Location) -> types.Iterator[Rule]:
    """Yield the rules that may accept a new packet to this host before the user's rules do.

    Example:
        >>> rules = before_input(Family.INET, "incoming", Location(line=3))
        >>> [str(rule.ports) for rule in rules]
        ['68/udp', '5353/udp', '1900/udp']
    """
    reader = RuleReader(None, {}, is_tracked=True)
    for text in _BEFORE_INPUT[family]:
        _, _, options = text.split(" ", 2)
        yield Rule(
            **reader.read(options, "filter", {}),
            families=(family,),
            direction=Direction.IN,
            group=group,
            location=location,
            text=text,
        )


PROFILES_SOURCE = cite(
    "ufw 0.36.2, packages of Debian 12, and apache2-utils of Ubuntu",
    "/etc/ufw/applications.d",
    checked="2026-11-30",
)

_PROFILES = {
    # ufw
    "AIM": "5190/tcp",
    "Bonjour": "5353/udp|5298",
    "CIFS": "137,138/udp|139,445/tcp",
    "DNS": "53",
    "Deluge": "6881:6891/tcp",
    "IMAP": "143/tcp",
    "IMAPS": "993/tcp",
    "IPP": "631",
    "KTorrent": "6881/tcp|4444/udp",
    "Kerberos Admin": "749/tcp",
    "Kerberos Full": "88,749/tcp|464/udp",
    "Kerberos KDC": "88",
    "Kerberos Password": "464/udp",
    "LDAP": "389/tcp",
    "LDAPS": "636/tcp",
    "LPD": "515/tcp",
    "MSN": "1863|6891:6900/tcp|6901",
    "MSN SSL": "443/tcp",
    "Mail submission": "587/tcp",
    "NFS": "2049,111/tcp|2049,111/udp",
    "POP3": "110/tcp",
    "POP3S": "995/tcp",
    "PeopleNearby": "5353/udp|5298",
    "SMTP": "25/tcp",
    "SSH": "22/tcp",
    "Socks": "1080/tcp",
    "Telnet": "23/tcp",
    "Transmission": "51413",
    "Transparent Proxy": "8081/tcp",
    "VNC": "5900/tcp",
    "WWW": "80/tcp",
    "WWW Cache": "8080/tcp",
    "WWW Full": "80,443/tcp",
    "WWW Secure": "443/tcp",
    "XMPP": "5222/tcp|5269/tcp",
    "Yahoo": "5050",
    "qBittorrent": "6881/tcp",
    "svnserve": "3690/tcp",
    # packages of Debian and Ubuntu
    "Apache": "80/tcp",
    "Apache Full": "80,443/tcp",
    "Apache Secure": "443/tcp",
    "Bind9": "53",
    "CUPS": "631",
    "Dovecot IMAP": "143/tcp",
    "Dovecot POP3": "110/tcp",
    "Dovecot Secure IMAP": "993/tcp",
    "Dovecot Secure POP3": "995/tcp",
    "Nginx Full": "80,443/tcp",
    "Nginx HTTP": "80/tcp",
    "Nginx HTTPS": "443/tcp",
    "OpenSSH": "22/tcp",
    "Postfix": "25/tcp",
    "Postfix SMTPS": "465/tcp",
    "Postfix Submission": "587/tcp",
    "Samba": "137,138/udp|139,445/tcp",
    "Squid": "2048,3128,3130,3401,4827/tcp",
    "mosh": "60000:61000/udp",
    "syncthing": "22000|21027/udp",
    "syncthing-gui": "8384/tcp",
}


def profile(name: str) -> TransportPorts | None:
    """Return the ports of an application profile; ``None`` if it is not known.

    Example:
        >>> print(profile("Nginx Full"))
        80/tcp,443/tcp
    """
    ports = _PROFILES.get(name)
    return None if ports is None else profile_ports(ports, None)
