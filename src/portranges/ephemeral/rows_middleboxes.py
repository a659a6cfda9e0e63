"""The ranges of address translators, load balancers and publishers of ports.

The ranges that hosts use for their own sockets are in the other ``rows_*`` modules.
"""

from __future__ import annotations

from functools import partial

from portranges.ephemeral.model import EphemeralProfile
from portranges.ports import Transport
from portranges.portset import PortSet
from portranges.source import MEASURED_ON_LINUX, Confidence, cite
from portranges.systems import lookup

_AWS_GUIDE = "Amazon VPC User Guide (amazon-vpc-user-guide@a16ab76)"
_NF_NAT_ALGORITHM = (
    "the original port is kept if it is free, and otherwise replaced by a port of the same class: "
    "the first free one of at most 248, which are 128, 64, 32, 16 and 8 ports from random starts"
)
_MOBY = "moby/moby@b985e231"

_from_document = partial(EphemeralProfile, confidence=Confidence.DOCUMENT)
_from_source = partial(EphemeralProfile, confidence=Confidence.SOURCE)
# Translators whose bounds follow from other facts, as ``confidence_note`` says.
_with_inferred_bounds = partial(
    EphemeralProfile, ports=PortSet.parse("1024-65535"), confidence=Confidence.INFERRED
)
_nf_nat = partial(
    _from_source,
    algorithm=_NF_NAT_ALGORITHM,
    exhaustion=(("a local sender", "EPERM: the packet is dropped"),),
    note="SNAT and MASQUERADE without a port range",
    sources=(
        cite(
            "danayer/linux-7.1.5@9d1745cf",
            "net/netfilter/nf_nat_core.c:628-640 nf_nat_l4proto_unique_tuple()",
            checked="2026-11-30",
        ),
        cite("Linux 3.0.27", "net/ipv4/netfilter/nf_nat_proto_common.c"),
        MEASURED_ON_LINUX,
    ),
    confidence_note="also measured on Linux 6.18, with UDP",
)

ROWS = (
    _from_document(
        system=lookup("aws-nat-gateway"),
        ports=PortSet.parse("1024-65535"),
        ports_per_address=55_000,
        note=(
            "55,000 simultaneous connections per destination and IPv4 address, not 64,512; up to 8 "
            "addresses of a zonal gateway, which is the only kind that the cited guide covers"
        ),
        sources=(
            cite(_AWS_GUIDE, "vpc-network-acls.md:187, Ephemeral ports"),
            cite(_AWS_GUIDE, "vpc-nat-gateway.md:39, 42"),
            cite("docs.amazonaws.cn nat-gateways-regional", "zonal and regional NAT gateways"),
        ),
        confidence_note="the cited guide is archived; its numbers were not found in a newer one",
    ),
    _from_document(
        system=lookup("aws-elb"),
        ports=PortSet.parse("1024-65535"),
        sources=(cite(_AWS_GUIDE, "vpc-network-acls.md:184, Ephemeral ports"),),
    ),
    _from_document(
        system=lookup("aws-lambda"),
        ports=PortSet.parse("1024-65535"),
        sources=(cite(_AWS_GUIDE, "vpc-network-acls.md:188, Ephemeral ports"),),
    ),
    _from_document(
        system=lookup("azure-load-balancer"),
        ports_per_address=64_000,
        note=(
            "default ports per virtual machine, by the size of the pool: 1-50: 1,024; 51-100: 512; "
            "101-200: 256; 201-400: 128; 401-800: 64; 801-1000: 32. The port of each "
            "load-balancing or inbound rule uses 8"
        ),
        sources=(cite("azure-docs@0021892f", "load-balancer-outbound-connections.md"),),
    ),
    _with_inferred_bounds(
        system=lookup("azure-nat-gateway"),
        ports_per_address=64_512,
        note="up to 16 addresses",
        sources=(
            cite(
                "azure.github.io PSRule.Rules.Azure, Azure.VNET.FirewallSubnetNAT",
                "64,512 ports per address, 16 addresses",
            ),
        ),
        confidence_note="about the bounds; the number of ports is from the vendor's document",
    ),
    _with_inferred_bounds(
        system=lookup("gcp-cloud-nat"),
        time_wait=120.0,
        time_wait_note="tcpTimeWaitTimeoutSec",
        ports_per_address=64_512,
        note=(
            "by default at least 64 ports per virtual machine with static allocation, 32 with "
            "dynamic allocation (the interface accepts a power of two from 32 on)"
        ),
        sources=(cite("cloud.google.com/nat/docs/ports-and-addresses"),),
        confidence_note=(
            "about the bounds; the number of ports is the vendor's, as quoted in the runbooks of "
            "GitLab"
        ),
    ),
    _with_inferred_bounds(
        system=lookup("cgn"),
        note="no block size is standardised; expect (ports - 1024) / subscribers",
        sources=(
            cite(
                "RFC 6888",
                "REQ-4: limits for each subscriber, configurable; REQ-14: few log entries; "
                "REQ-15: ports that are hard to guess",
            ),
            cite("RFC 7422", "section 2: blocks by an algorithm; step 1: without 0-1023"),
        ),
        confidence_note="about the bounds; both RFCs were read",
    ),
    EphemeralProfile(
        system=lookup("map-e"),
        ports=PortSet.parse("1024-65535"),
        note=(
            "with the default offset of 6. The router of each customer translates within its own "
            "part, PortSet.from_psid(6, LENGTH, PSID): 252 ports if 256 customers share the "
            "address. An offset of 4 begins at 4096, an offset of 0 at 0"
        ),
        sources=(
            cite("RFC 7597", "section 5.1"),
            cite("RFC 7599", "section 5: MAP-T has the same rules"),
        ),
        confidence=Confidence.STANDARD,
    ),
    EphemeralProfile(
        system=lookup("lw4o6"),
        note=(
            "no default; the provider assigns each router one contiguous part, "
            "PortSet.from_psid(0, LENGTH, PSID), and must not assign parts with well-known ports "
            "unless it is configured to"
        ),
        sources=(
            cite("RFC 7618", "section 9: the offset should be 0 for Lightweight 4over6"),
            cite("RFC 7596", "section 5.2"),
        ),
        confidence=Confidence.STANDARD,
        confidence_note="about the absence of a range",
    ),
    _nf_nat(
        system=lookup("nf-nat"),
        ports=PortSet.parse("1024-65535"),
        algorithm=f"{_NF_NAT_ALGORITHM}; with fully-random the original is never kept",
        exclusions="none: neither ip_local_port_range nor ip_local_reserved_ports applies",
    ),
    _nf_nat(
        system=lookup("nf-nat-below-1024"),
        ports=PortSet.parse("600-1023"),
        note=(
            "SNAT and MASQUERADE without a port range. A source port of 512-599 is kept if it is "
            "free, but never replaces another. The manual states 'below 1024', which is imprecise"
        ),
    ),
    _nf_nat(
        system=lookup("nf-nat-below-512"),
        ports=PortSet.parse("1-511"),
    ),
    _from_source(
        system=lookup("pf"),
        ports=PortSet.parse("50001-65535"),
        algorithm=(
            "a random port, then upwards to the end of the range, then downwards from the random "
            "port to its start; the original port is not preferred"
        ),
        exclusions="OpenBSD: net.inet.tcp.baddynamic and net.inet.udp.baddynamic",
        shares_ports_across_destinations=True,
        sharing_note="a port is in use only for the destination of its state",
        exhaustion=(
            ("FreeBSD, a new connection", "the packet is not translated"),
            ("OpenBSD, a new connection", "'NAT proxy port allocation failed'"),
        ),
        set_with=("nat-to ADDRESS port FIRST:LAST", "nat-to ADDRESS static-port"),
        note="OpenBSD and FreeBSD; ICMP identifiers are translated within 1-65535",
        sources=(
            cite(
                "openbsd/src@3a44df3c",
                "sbin/pfctl/pfctl_parser.h PF_NAT_PROXY_PORT_LOW 50001, PF_NAT_PROXY_PORT_HIGH "
                "65535",
            ),
            cite("openbsd/src@0c449d89", "sys/net/pf_lb.c (rev 1.12) pf_get_sport()"),
            cite("freebsd/freebsd-src@320c1116", "sys/netpfil/pf/pf_lb.c pf_get_translation()"),
        ),
    ),
    _from_source(
        system=lookup("libalias"),
        ports=PortSet.parse("32768-65535"),
        algorithm=(
            "random, at most 20 tries; with same_ports the first try is the original port, which "
            "may be outside the range"
        ),
        shares_ports_across_destinations=True,
        sharing_note="a port is in use only for the destination of its link",
        exhaustion=(("a new connection", "no alias: none of 20 tries was free"),),
        note=(
            "for natd, ppp and the nat of ipfw. Recent releases draw from a range that can be "
            "configured (aliasPortLower, aliasPortLength)"
        ),
        sources=(
            cite(
                "freebsd/freebsd-src@94757c21",
                "sys/netinet/libalias/alias_db.c ALIAS_PORT_BASE 0x8000, ALIAS_PORT_MASK 0x7fff, "
                "GET_NEW_PORT_MAX_ATTEMPTS 20",
            ),
        ),
    ),
    _from_source(
        system=lookup("docker-linux"),
        version_note=(
            "the machine's range since 2015-03-09 (0eb3544c43); from 2014-01-26 (303ed3c830) to "
            "then 49153-65535"
        ),
        algorithm="sequential after the last port",
        exclusions="ip_local_reserved_ports, only since 2026-06-12 (86626bb2ce, PR #52818)",
        note="the range is the machine's ip_local_port_range; 49153-65535 if it cannot be read",
        sources=(cite(_MOBY, "daemon/libnetwork/portallocator/*"),),
        confidence_note="about the absence of a fixed range",
    ),
    _from_source(
        system=lookup("docker-windows"),
        version_note="since 2019-04-22 (1909ecb27a)",
        ports=PortSet.parse("60000-65000"),
        sources=(cite(_MOBY, "daemon/libnetwork/portallocator/portallocator_windows.go"),),
    ),
    _from_source(
        system=lookup("docker-freebsd"),
        ports=PortSet.parse("49153-65535"),
        note=(
            "always the fallback: the name net.ip.portrange.hilast is misspelt, and the text "
            "'name: value' is read as a number"
        ),
        sources=(cite(_MOBY, "daemon/libnetwork/portallocator/portallocator_freebsd.go"),),
    ),
    _from_source(
        system=lookup("kubernetes-nodeport"),
        transports=(Transport.TCP, Transport.UDP, Transport.SCTP),
        ports=PortSet.parse("30000-32767"),
        note="ends one port below the range of Linux",
        sources=(
            cite(
                "kubernetes/kubernetes@20d537ed",
                "pkg/kubeapiserver/options/options.go DefaultServiceNodePortRange{30000, 2768}",
            ),
        ),
    ),
    _from_source(
        system=lookup("sunrpc"),
        ports=PortSet.parse("665-1023"),
        sources=(
            cite(
                "torvalds/linux@0d3ca07f",
                "include/linux/sunrpc/xprtsock.h:16-17",
                checked="2026-11-30",
            ),
        ),
    ),
    _from_source(
        system=lookup("bsd-rresvport"),
        ports=PortSet.parse("600-1023"),
        sources=(
            cite(
                "ilnp/ilnp-freebsd14@2f2a4162",
                "sys/netinet/in.h:339 IPPORT_RESERVEDSTART 600",
                checked="2026-11-30",
            ),
            cite(
                "apple-oss-distributions/xnu (xnu-11417.101.15)",
                "bsd/netinet/in.h:304 IPPORT_RESERVEDSTART 600",
                checked="2026-11-30",
            ),
        ),
    ),
)
