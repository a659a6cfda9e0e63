"""The service names that network devices know themselves, with their sources.

They are few, and some differ from IANA's: ``cmd`` is ``shell`` there, and ``www`` is ``http``.
"""

from __future__ import annotations

from portranges.dialects.model import BOTH, OwnName
from portranges.ports import Transport

__all__ = ["CISCO_IOS", "JUNOS"]


def _names(text: str, *transports: Transport) -> tuple[OwnName, ...]:
    """Return the names of a text such as ``"bgp 179, chargen 19"``."""
    rows = (row.split() for row in text.split(","))
    return tuple(OwnName(name=name, port=int(port), transports=transports) for name, port in rows)


# The context help of IOS, after 'permit tcp any any eq ?' and 'permit udp any any eq ?'.
CISCO_IOS = _names(
    """
    bgp 179, chargen 19, cmd 514, daytime 13, discard 9, domain 53, drip 3949, echo 7, exec
    512, finger 79, ftp 21, ftp-data 20, gopher 70, hostname 101, ident 113, irc 194, klogin
    543, kshell 544, login 513, lpd 515, nntp 119, pim-auto-rp 496, pop2 109, pop3 110, smtp
    25, sunrpc 111, tacacs 49, talk 517, telnet 23, time 37, uucp 540, whois 43, www 80
    """,
    Transport.TCP,
) + _names(
    """
    biff 512, bootpc 68, bootps 67, discard 9, dnsix 195, domain 53, echo 7, isakmp 500,
    mobile-ip 434, nameserver 42, netbios-dgm 138, netbios-ns 137, netbios-ss 139,
    non500-isakmp 4500, ntp 123, pim-auto-rp 496, rip 520, snmp 161, snmptrap 162, sunrpc
    111, syslog 514, tacacs 49, talk 517, tftp 69, time 37, who 513, xdmcp 177
    """,
    Transport.UDP,
)

# Juniper, Port Names Supported by Services Interfaces, and match conditions of firewall filters.
# The names hold for TCP and UDP. The older manual misspells 'exec' as 'excc'.
JUNOS = _names(
    """
    afs 1483, bgp 179, biff 512, bootpc 68, bootps 67, cmd 514, cvspserver 2401, dhcp 67,
    domain 53, eklogin 2105, ekshell 2106, exec 512, finger 79, ftp 21, ftp-data 20, http
    80, https 443, ident 113, imap 143, kerberos-sec 88, klogin 543, kpasswd 761, krb-prop
    754, krbupdate 760, kshell 544, ldap 389, ldp 646, login 513, mobileip-agent 434,
    mobilip-mn 435, msdp 639, netbios-dgm 138, netbios-ns 137, netbios-ssn 139, nfsd 2049,
    nntp 119, ntalk 518, ntp 123, pop3 110, pptp 1723, printer 515, radacct 1813, radius
    1812, rip 520, rkinit 2108, smtp 25, snmp 161, snmptrap 162, snpp 444, socks 1080, ssh
    22, sunrpc 111, syslog 514, tacacs 49, tacacs-ds 65, talk 517, telnet 23, tftp 69, timed
    525, who 513, xdmcp 177
    """,
    *BOTH,
)
