"""The ephemeral ranges of boot loaders and firmware, which have network stacks of their own."""

from __future__ import annotations

from functools import partial

from portranges.ephemeral.model import EphemeralProfile
from portranges.ports import Transport
from portranges.portset import PortSet
from portranges.source import Confidence, cite
from portranges.systems import lookup

_READ = "2026-11-30"
_EDK2_TCP = "NetworkPkg/TcpDxe"
_EDK2_UDP = "MdeModulePkg/Universal/Network/Udp4Dxe"
_IPXE = "ipxe/ipxe@0ab2277c"
_U_BOOT = "u-boot/u-boot@6073c36b"

_from_source = partial(EphemeralProfile, confidence=Confidence.SOURCE)
_without_privileges = partial(
    _from_source, privileged_below=0, privileged_note="binding a port checks no privilege"
)
# Red Hat's fork is the one that is on GitHub.
_grub = partial(
    _from_source,
    algorithm=(
        "sequential upwards, from the same port after every start; ports in use are not skipped. "
        "After 65535 comes 0, and then 1"
    ),
)

ROWS = (
    _without_privileges(
        system=lookup("ipxe"),
        ports=PortSet.parse("1025-65535"),
        algorithm=(
            "a random start of 16 bits, then upwards, once around; a start below 1025 becomes "
            "1025, which is 1,026 times as likely as any other port"
        ),
        socket_overrides="TCPIP_BIND_PRIVILEGED, which NFS uses: 1-1023",
        shares_ports_across_destinations=False,
        sharing_note="a port that no connection of the transport has",
        time_wait=240.0,
        time_wait_note="twice TCP_MSL, 2 minutes",
        privileged_source=cite(_IPXE, "src/net/tcpip.c tcpip_bind()", checked=_READ),
        exhaustion=(("opening a connection", "EADDRINUSE"),),
        sources=(
            cite(
                _IPXE,
                "src/net/tcpip.c tcpip_bind(): [1,1023] or [1025,65535]; src/net/tcp.c, udp.c; "
                "src/include/ipxe/tcp.h TCP_MSL",
                checked=_READ,
            ),
        ),
    ),
    _from_source(
        system=lookup("u-boot"),
        version_note="CONFIG_NET_LEGACY, the default; with CONFIG_NET_LWIP it has the stack lwip",
        transports=(Transport.TCP,),
        ports=PortSet.parse("1024-17407"),
        algorithm="1024 + milliseconds since the start % 16384; ports in use are not checked",
        per_transport=(
            "every UDP protocol has its own: DNS the same as TCP, TFTP 1024-4095, SNTP "
            "10000-14095, NFS 1000"
        ),
        sources=(
            cite(
                _U_BOOT,
                "net/tcp.c:63-77 RANDOM_PORT_START 1024, RANDOM_PORT_RANGE 0x4000; net/dns.c, "
                "tftp.c, sntp.c, nfs.c; net/Kconfig NET_LWIP",
                checked=_READ,
            ),
        ),
    ),
    _without_privileges(
        system=lookup("edk2"),
        transports=(Transport.TCP,),
        ports=PortSet.parse("1025-65535"),
        algorithm=(
            "a random first port of 1025-2048 after every start, then sequential upwards, past "
            "ports in use"
        ),
        per_family="a counter for each, with the same first port",
        shares_ports_across_destinations=False,
        sharing_note="a port that no connection of the local address has",
        privileged_source=cite(
            "tianocore/edk2@04199e7b", f"{_EDK2_TCP}/TcpDispatcher.c TcpBind()", checked=_READ
        ),
        exhaustion=(("Configure()", "EFI_OUT_OF_RESOURCES"),),
        sources=(
            cite(
                "tianocore/edk2@04199e7b", f"{_EDK2_TCP}/TcpDispatcher.c TcpBind()", checked=_READ
            ),
            cite(
                "tianocore/edk2@04f9c0f1",
                f"{_EDK2_TCP}/TcpDriver.c: TCP_PORT_KNOWN + Random % TCP_PORT_KNOWN",
                checked=_READ,
            ),
            cite(
                "tianocore/edk2@04d8e5f0",
                f"{_EDK2_TCP}/TcpDriver.h: TCP_PORT_KNOWN 1024, TCP_PORT_USER_RESERVED 65535",
                checked=_READ,
            ),
        ),
    ),
    _from_source(
        system=lookup("edk2-udp"),
        version_note="read in files of 2014 and 2016",
        transports=(Transport.UDP,),
        ports=PortSet.parse("1024-65535"),
        algorithm="sequential upwards, past ports in use",
        shares_ports_across_destinations=False,
        sharing_note="a port that no instance of the local address has",
        exhaustion=(("Configure()", "EFI_OUT_OF_RESOURCES"),),
        sources=(
            cite("tianocore/edk2@01b5ac88", f"{_EDK2_UDP}/Udp4Impl.c Udp4Bind()", checked=_READ),
            cite(
                "tianocore/edk2@04d8e5f0",
                f"{_EDK2_UDP}/Udp4Impl.h: UDP4_PORT_KNOWN 1024",
                checked=_READ,
            ),
        ),
    ),
    _grub(
        system=lookup("grub"),
        transports=(Transport.TCP,),
        ports=PortSet.parse("21550-65535"),
        sources=(
            cite(
                "rhboot/grub2@58591672 (a vendor's fork)",
                "grub-core/net/tcp.c grub_net_tcp_open(): in_port = 21550",
                checked=_READ,
            ),
        ),
    ),
    _grub(
        system=lookup("grub-udp"),
        transports=(Transport.UDP,),
        ports=PortSet.parse("25300-65535"),
        sources=(
            cite(
                "rhboot/grub2@e453a4a6 (a vendor's fork)",
                "grub-core/net/udp.c grub_net_udp_open(): in_port = 25300",
                checked=_READ,
            ),
        ),
    ),
)
