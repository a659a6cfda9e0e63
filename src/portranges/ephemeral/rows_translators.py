"""The ranges of firewalls, address translators of clusters, and user-mode networks.

Clouds, netfilter, pf and publishers of ports are in ``rows_middleboxes``.
"""

from __future__ import annotations

from functools import partial

from portranges.ephemeral.model import EphemeralProfile
from portranges.portset import PortSet
from portranges.source import Confidence, cite
from portranges.systems import lookup

_BY_DESTINATION = "a port is in use only for one destination address and port"
_PASST = "passt(1) of 2023-03-09"

_from_document = partial(EphemeralProfile, confidence=Confidence.DOCUMENT)
_from_source = partial(EphemeralProfile, confidence=Confidence.SOURCE)

ROWS = (
    _from_document(
        system=lookup("aws-regional-nat-gateway"),
        note=(
            "allocates more public addresses by itself if connections to one destination need "
            "more ports (autoScalingIps); how many ports it uses per address was not found, "
            "unlike the 55,000 of a zonal gateway"
        ),
        sources=(cite("Amazon EC2 API Reference", "NatGateway: autoScalingIps"),),
        confidence_note="about the absence of a number",
    ),
    _from_document(
        system=lookup("azure-firewall"),
        ports_per_address=2_496,
        note="per address and instance; up to 250 addresses, so 1,248,000 ports of two instances",
        sources=(
            cite("PSRule for Azure, Azure.VNET.FirewallSubnetNAT", "2,496 ports, 250 addresses"),
        ),
    ),
    _from_source(
        system=lookup("cilium"),
        ports=PortSet.parse("32768-65535"),
        algorithm=(
            "the original port is kept if it is in the range and free; otherwise a random port, "
            "then the next ones; 32 or 128 tries in all, by release and kernel. A random port is "
            "never 65535"
        ),
        shares_ports_across_destinations=True,
        sharing_note=_BY_DESTINATION,
        exhaustion=(("a new connection", "DROP_NAT_NO_MAPPING: the packet is dropped"),),
        set_with=("--node-port-range: the range begins after it",),
        note=(
            "masquerading by eBPF; it begins after the NodePort range, 30000-32767, and without "
            "NodePort at the first port of ip_local_port_range"
        ),
        sources=(
            cite("cilium/cilium@00025c98", "pkg/datapath/linux/config/config.go"),
            cite(
                "cilium/cilium@18cde1cf",
                "bpf/lib/nat.h SNAT_COLLISION_RETRIES, snat_v4_new_mapping()",
            ),
        ),
    ),
    _from_source(
        system=lookup("kube-proxy"),
        ports=PortSet.parse("1024-65535"),
        algorithm=(
            "MASQUERADE of netfilter: with --random-fully, which kube-proxy adds if iptables knows "
            "it, every port is drawn at random; without it the original port is kept if it is free"
        ),
        note="see nf-nat, also for source ports below 1024; --random-fully avoids that two "
        "connections that start at once draw the same port",
        sources=(
            cite(
                "kubernetes/kubernetes pkg/proxy/iptables/proxier.go (commit not recorded)",
                "HasRandomFully()",
            ),
        ),
    ),
    _from_document(
        system=lookup("fortios"),
        version_note="since 4.2.9 and 4.3.2; before them 28672-61440",
        ports=PortSet.parse("5117-65532"),
        algorithm=(
            "sequential; with port-preserve the original port first. Since 7.6.1 port-random draws "
            "a random one"
        ),
        shares_ports_across_destinations=True,
        sharing_note=f"{_BY_DESTINATION} of a protocol",
        ports_per_address=60_416,
        note=(
            "a source port below 1024 is replaced by one of 512-1023. A chassis divides the range "
            "among its blades"
        ),
        sources=(
            cite("Fortinet Technical Note FD34348 (article 191770)", "0x13FD to 0xFFFC"),
            cite("Fortinet Technical Tip 380483", "NAT Port selection process criteria"),
            cite("Fortinet Technical Tip 195865", "source ports below 1024"),
            cite("FortiGate 4.0 MR1 Administration Guide", "page 412, the pool per destination"),
        ),
    ),
    _from_document(
        system=lookup("cisco-asa"),
        version_note="dynamic PAT; flat since 8.4(3), but not in 8.5(1) and 8.6(1)",
        ports=PortSet.parse("1024-65535"),
        algorithm="the original port if it is free, otherwise a port of the same part",
        shares_ports_across_destinations=False,
        sharing_note="with 'extended' each destination address and port has its own ports",
        set_with=(
            "pat-pool POOL flat",
            "pat-pool POOL flat include-reserve",
            "pat-pool POOL extended",
        ),
        note=(
            "the part of source ports from 1024 on; 0-511 and 512-1023 are replaced within "
            "themselves, unless 'flat' uses 1024-65535 for all, or 1-65535 with 'include-reserve'"
        ),
        sources=(
            cite(
                "Cisco ASA Series Firewall CLI Configuration Guide",
                "chapter 5, Configuring Twice NAT, pages 5-12 and 5-15",
            ),
        ),
    ),
    _from_document(
        system=lookup("junos-source-nat"),
        ports=PortSet.parse("1024-65535"),
        algorithm=("sequential upwards from 1024 (round robin), or random with random-allocation"),
        set_with=("port range low FIRST high LAST", "port automatic random-allocation"),
        note="Next Gen Services (USF) of MX routers; for SRX no default was found",
        sources=(
            cite("Junos OS documentation, Next Gen Services", "range (Source NAT)"),
            cite("Junos OS CLI Reference", "port (Services NAT)"),
        ),
    ),
    _from_document(
        system=lookup("palo-alto"),
        shares_ports_across_destinations=True,
        sharing_note=(
            "2, 4 or 8 times, depending on the model, if the destinations differ (oversubscription)"
        ),
        ports_per_address=64_000,
        note=(
            "approximately 64,000 sessions per address; an address is chosen by a hash of the "
            "client's. The range is not published"
        ),
        sources=(
            cite("PAN-OS 12.1 web interface help", "NAT Translated Packet tab"),
            cite("PAN-OS 9.1 Administrator's Guide", "Dynamic IP and Port NAT Oversubscription"),
        ),
    ),
    _from_document(
        system=lookup("jool"),
        ports=PortSet.parse("61001-65535"),
        set_with=("jool pool4 add ADDRESS FIRST-LAST --tcp",),
        note="stateful NAT64 with an empty pool4; it avoids the ports of Linux, up to 61000",
        sources=(
            cite(
                "NICMx/Jool@eddd73af",
                "docs/en/usr-flags-pool4.md, Empty pool4",
                checked="2026-11-30",
            ),
        ),
    ),
    _from_source(
        system=lookup("ovs"),
        ports=PortSet.parse("1024-65535"),
        algorithm="by default in the class of the original port",
        note=(
            "ct(nat) of the userspace datapath; source ports below 512 become 1-511, those from "
            "512 to 1023 become 600-1023, as in netfilter"
        ),
        sources=(
            cite(
                "openvswitch/ovs@ba5ca284",
                "lib/conntrack.c nat_select_range_tuple(): MIN_NAT_EPHEMERAL_PORT 1024, "
                "MAX_NAT_EPHEMERAL_PORT 65535",
            ),
            cite(
                "openvswitch/ovs@d6a632a9",
                "lib/conntrack.c set_sport_range(): the classes 1-511 and 600-1023",
                checked="2026-11-30",
            ),
        ),
    ),
    _from_source(
        system=lookup("vpp-nat44"),
        ports=PortSet.parse("1024-65535"),
        algorithm=(
            "the client's own port if it lies in the part of the worker thread; otherwise, or if "
            "it is taken, a random one of that part; at most 10 tries (ED_PORT_ALLOC_ATTEMPTS)"
        ),
        note="endpoint-dependent NAT44; 1024-65535 is divided among the worker threads",
        sources=(
            cite(
                "FDio/vpp@b575ec2c",
                "src/plugins/nat/nat44-ed/nat44_ed_in2out.c "
                "nat_ed_alloc_addr_and_port_with_snat_address()",
                checked="2026-11-30",
            ),
        ),
    ),
    _from_document(
        system=lookup("passt"),
        note=(
            "has no range: it opens sockets of the host for its guest, whose kernel chooses their "
            "ports. With -t all it forwards the ports that are not ephemeral"
        ),
        sources=(cite(_PASST, "description; options -t and -u"),),
        confidence_note="about the absence of a range",
    ),
    _from_document(
        system=lookup("windows-ce-nat"),
        ports=PortSet.parse("1025-3000"),
        read_with=("HKLM\\Comm\\IPNAT, ReservedPortsStart and ReservedPortsEnd",),
        read_output=("each a REG_DWORD, 0x401 and 0xBB8 by default",),
        set_with=("ReservedPortsStart and ReservedPortsEnd (REG_DWORD)",),
        sources=(cite("Microsoft, Windows Embedded CE 6.0, IP NAT Registry Settings (2008)"),),
    ),
    _from_document(
        system=lookup("virtualbox-nat"),
        note=(
            "has no range: it sends the guest's data through the host's operating system, as an "
            "application of the host, whose kernel chooses the ports"
        ),
        sources=(cite("VirtualBox User Manual", "Network Address Translation (NAT)"),),
        confidence_note="about the absence of a range",
    ),
    _from_source(
        system=lookup("tayga"),
        note=(
            "has no range: it replaces addresses one for one, and keeps ports. Hosts share an IPv4 "
            "address only if another translator, such as nf-nat, follows"
        ),
        sources=(
            cite(
                "apalrd/tayga@8a028c78",
                "docs/README.md, Stateless versus Stateful NAT64; nat64.c",
                checked="2026-11-30",
            ),
        ),
        confidence_note="about the absence of a range",
    ),
    _from_source(
        system=lookup("libslirp"),
        note=(
            "has no range: it opens sockets of the host for its guest, whose kernel chooses their "
            "ports"
        ),
        sources=(
            cite(
                "qemu/qemu@003f8dbc",
                "slirp/tcp_subr.c tcp_fconnect(): connect() without bind(); before libslirp was a "
                "project of its own",
                checked="2026-11-30",
            ),
            cite(
                "rootless-containers/slirp4netns@9996a4e0",
                "main.c:1055: binds port 0 for --outbound-addr",
                checked="2026-11-30",
            ),
        ),
        confidence_note="about the absence of a range",
    ),
    _from_source(
        system=lookup("gvisor-tap-vsock"),
        note=(
            "has no range: it connects as a program of the host, whose kernel chooses the ports; "
            "towards the guest it has the stack gvisor"
        ),
        sources=(
            cite(
                "containers/gvisor-tap-vsock@00ec0d41",
                "pkg/services/forwarder/tcp.go TCP(): net.Dial",
                checked="2026-11-30",
            ),
        ),
        confidence_note="about the absence of a range",
    ),
)
