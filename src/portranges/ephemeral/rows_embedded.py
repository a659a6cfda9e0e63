"""The ephemeral ranges of embedded stacks, unikernels, user-space stacks and small systems.

The best known of them, and gVisor, are in ``rows_stacks``.
"""

from __future__ import annotations

from functools import partial

from portranges.ephemeral.model import EphemeralProfile
from portranges.ports import Transport
from portranges.portset import PortSet
from portranges.source import Confidence, cite
from portranges.systems import lookup

_CONTIKI_NG = "contiki-ng/contiki-ng@9f80681d"
_HAIKU = "haiku/haiku@47136e71, src/add-ons/kernel/network/protocols"
_NETX_DUO = "eclipse-threadx/netxduo@bd5d12e9"
_NUTTX = "apache/nuttx@4ebc8a72"
_PICOTCP = "tass-belgium/picotcp@00bd6931"
_RIOT = "RIOT-OS/RIOT@c8bd52ff"

_from_source = partial(EphemeralProfile, confidence=Confidence.SOURCE)
_without_privileges = partial(
    _from_source, privileged_below=0, privileged_note="binding a port checks no privilege"
)

ROWS = (
    _from_source(
        system=lookup("haiku"),
        transports=(Transport.TCP,),
        ports=PortSet.parse("1024-65535"),
        algorithm=(
            "upwards from 40000 in steps of 1 to 32, which follow from the clock, at most once "
            "through all ports; then with two other steps and with 1. A number up to 1023 is "
            "raised by 1023, which makes 0 port 1023 and the others 1024-2046"
        ),
        shares_ports_across_destinations=False,
        sharing_note="a port that no endpoint is bound to",
        time_wait=120.0,
        time_wait_note="twice TCP_MAX_SEGMENT_LIFETIME, 60 s",
        privileged_below=1024,
        privileged_note="an explicit bind of TCP, unless the effective user is 0; UDP has no check",
        privileged_source=cite(_HAIKU, "tcp/EndpointManager.cpp:416"),
        exhaustion=(("bind(0) or connect()", "EADDRINUSE"),),
        sources=(
            cite(_HAIKU, "tcp/EndpointManager.cpp:133-134, 465-508"),
            cite(_HAIKU, "tcp/tcp.h:187, TCPEndpoint.cpp:1201"),
        ),
    ),
    _from_source(
        system=lookup("haiku-udp"),
        transports=(Transport.UDP,),
        ports=PortSet.parse("49152-65535"),
        algorithm="a random value at first, then sequential upwards",
        udp_algorithm="lwip",
        shares_ports_across_destinations=False,
        sharing_note="a port that no endpoint of the domain has",
        privileged_below=0,
        privileged_note="no check",
        privileged_source=cite(_HAIKU, "udp/udp.cpp"),
        sources=(cite(_HAIKU, "udp/udp.cpp:222-223, 281, 635-661"),),
    ),
    _without_privileges(
        system=lookup("netxduo"),
        ports=PortSet.parse("49152-65535"),
        algorithm="a random start for each socket, then upwards, with one wrap-around",
        tcp_algorithm="rfc6056-1",
        udp_algorithm="rfc6056-1",
        shares_ports_across_destinations=False,
        sharing_note="a client socket is bound first, to a port that no socket holds",
        time_wait=240.0,
        time_wait_note=(
            "twice NX_TCP_MAXIMUM_SEGMENT_LIFETIME (120 s) if the program keeps the socket; "
            "nx_tcp_client_socket_unbind() ends it at once"
        ),
        privileged_source=cite(_NETX_DUO, "common/src/nx_tcp_client_socket_bind.c"),
        exhaustion=(("nx_tcp_client_socket_bind() or nx_udp_socket_bind()", "NX_NO_FREE_PORTS"),),
        set_with=("NX_SEARCH_PORT_START and NX_MAX_PORT when compiling",),
        sources=(
            cite(_NETX_DUO, "common/inc/nx_api.h:548-559"),
            cite(
                _NETX_DUO,
                "common/src/nx_tcp_client_socket_bind.c:121, nx_udp_socket_bind.c:233, "
                "nx_tcp_free_port_find.c",
            ),
            cite(_NETX_DUO, "common/inc/nx_tcp.h:138, nx_tcp_client_socket_unbind.c:98"),
        ),
    ),
    _without_privileges(
        system=lookup("nuttx"),
        ports=PortSet.parse("4096-32000"),
        algorithm="a random value at first, then sequential upwards",
        tcp_algorithm="lwip",
        udp_algorithm="lwip",
        per_transport="one range, and a last port for each of TCP and UDP",
        shares_ports_across_destinations=False,
        sharing_note="connect() uses a port that no open connection of the address has",
        time_wait=120.0,
        time_wait_note="NET_TCP_WAIT_TIMEOUT, in seconds, when compiling",
        privileged_source=cite(_NUTTX, "net/tcp/tcp_conn.c tcp_selectport()"),
        exhaustion=(("TCP bind(0) or connect()", "EADDRINUSE"),),
        set_with=("NET_DEFAULT_MIN_PORT and NET_DEFAULT_MAX_PORT when compiling",),
        note="with NET_NAT, the ports that the translator uses are skipped",
        sources=(
            cite(_NUTTX, "net/Kconfig NET_DEFAULT_MIN_PORT 4096, NET_DEFAULT_MAX_PORT 32000"),
            cite(
                _NUTTX,
                "net/utils/utils.h:46-67, net/tcp/tcp_conn.c tcp_selectport(), "
                "net/udp/udp_conn.c udp_select_port()",
            ),
            cite(_NUTTX, "net/tcp/Kconfig NET_TCP_WAIT_TIMEOUT 120"),
        ),
    ),
    _without_privileges(
        system=lookup("contiki-ng"),
        ports=PortSet.parse("1025-31999"),
        algorithm=(
            "sequential upwards from 1025, with one counter for TCP and UDP; after 31999 it goes "
            "on at 4096, so 1025-4095 are used once after a start"
        ),
        shares_ports_across_destinations=False,
        sharing_note="uip_connect() uses a port that no connection has",
        time_wait=60.0,
        time_wait_note="UIP_TIME_WAIT_TIMEOUT, 120 ticks of half a second",
        privileged_source=cite(_CONTIKI_NG, "os/net/ipv6/uip6.c uip_connect(), uip_udp_new()"),
        note="a search does not end if every port is in use, which its few connections rule out",
        sources=(
            cite(_CONTIKI_NG, "os/net/ipv6/uip6.c:404, 420-442, 524-537"),
            cite(_CONTIKI_NG, "os/net/ipv6/uipopt.h:352, uip6.c:1056, tcpip.c:811"),
        ),
    ),
    _without_privileges(
        system=lookup("riot"),
        transports=(Transport.TCP,),
        ports=PortSet.parse("1024-65535"),
        algorithm="16 random bits, repeated until no connection has the port",
        tcp_algorithm="zephyr",
        time_wait=60.0,
        time_wait_note="twice CONFIG_GNRC_TCP_MSL_MS, 30 s",
        privileged_source=cite(_RIOT, "sys/net/gnrc/transport_layer/tcp/gnrc_tcp_fsm.c"),
        shares_ports_across_destinations=False,
        sharing_note="a port that no connection has",
        note=(
            "the intended range. In the version that was read, numbers below 1024 and 0 are used, "
            "too: the 'continue' that should reject them jumps to the condition of the loop"
        ),
        sources=(
            cite(
                _RIOT,
                "sys/net/gnrc/transport_layer/tcp/gnrc_tcp_fsm.c:71-84 _get_random_local_port()",
            ),
            cite(_RIOT, "sys/include/net/gnrc/tcp/config.h:62, gnrc_tcp_fsm.c:116"),
        ),
    ),
    _without_privileges(
        system=lookup("riot-udp"),
        transports=(Transport.UDP,),
        ports=PortSet.parse("49152-65535"),
        algorithm="RFC 6056 algorithm 2: a random port for each of at most 16,384 tries",
        udp_algorithm="rfc6056-2",
        shares_ports_across_destinations=False,
        sharing_note=(
            "with the module gnrc_sock_check_reuse a port that no socket has; without it, ports "
            "in use are not checked"
        ),
        privileged_source=cite(_RIOT, "sys/net/gnrc/sock/udp/gnrc_sock_udp.c sock_udp_create()"),
        exhaustion=(("sock_udp_create()", "EADDRINUSE"),),
        sources=(
            cite(
                _RIOT,
                "sys/net/gnrc/sock/udp/gnrc_sock_udp.c:83-95 _get_dyn_port(); "
                "sys/net/gnrc/sock/include/gnrc_sock_internal.h:41-56",
            ),
        ),
    ),
    _from_source(
        system=lookup("fuchsia"),
        version_note="Netstack3",
        ports=PortSet.parse("49152-65535"),
        sources=(
            cite(
                "gnoliyil/fuchsia@00369e6a (a copy of Fuchsia)",
                "src/connectivity/network/netstack3/core/src/transport/tcp/socket.rs "
                "EPHEMERAL_RANGE 49152..=65535",
                checked="2026-11-30",
            ),
        ),
    ),
    _from_source(
        system=lookup("serenityos"),
        ports=PortSet.parse("32768-60999"),
        algorithm="a random port, which is never the last one, then upwards with one wrap-around",
        exhaustion=(("UDP bind(0) or connect()", "EADDRINUSE"),),
        sources=(
            cite(
                "SerenityOS/serenity@04603237",
                "Kernel/Net/UDPSocket.cpp protocol_allocate_local_port()",
            ),
            cite(
                "SerenityOS/serenity@005176e4",
                "Kernel/Net/TCPSocket.cpp protocol_allocate_local_port(): the same range",
                checked="2026-11-30",
            ),
        ),
    ),
    _from_source(
        system=lookup("openthread"),
        ports=PortSet.parse("49152-65535"),
        algorithm="sequential upwards from 49152, with a counter for each of TCP and UDP",
        tcp_algorithm="bsd-sequential",
        udp_algorithm="bsd-sequential",
        sources=(
            cite(
                "openthread/openthread@85671842",
                "src/core/net/udp6.hpp kDynamicPortMin 49152, kDynamicPortMax 65535",
                checked="2026-11-30",
            ),
            cite(
                "openthread/openthread@9f6921cf",
                "src/core/net/tcp6.cpp mEphemeralPort",
                checked="2026-11-30",
            ),
        ),
    ),
    _without_privileges(
        system=lookup("picotcp"),
        ports=PortSet.parse("1024-65534"),
        algorithm=(
            "16 random bits, of which the remainder by 64511 is added to 1024, so 1024-2048 are "
            "twice as likely and 65535 is never used; repeated without end until a port is free"
        ),
        shares_ports_across_destinations=False,
        sharing_note="a port that no socket of the transport has",
        privileged_source=cite(_PICOTCP, "stack/pico_socket.c pico_socket_bind()"),
        sources=(cite(_PICOTCP, "stack/pico_socket.c pico_socket_high_port()"),),
    ),
    _from_source(
        system=lookup("cyclonetcp"),
        ports=PortSet.parse("49152-65535"),
        algorithm="a random value at first, then sequential upwards; ports in use are not skipped",
        tcp_algorithm="lwip",
        time_wait=4.0,
        time_wait_note="TCP_2MSL_TIMER, which can be changed when compiling",
        privileged_below=0,
        privileged_note="binding a port checks no privilege",
        privileged_source=cite(
            "Oryx-Embedded/CycloneTCP@a5bdd89f", "core/socket.c socketBind()", checked="2026-11-30"
        ),
        set_with=("SOCKET_EPHEMERAL_PORT_MIN and _MAX when compiling",),
        sources=(
            cite("Oryx-Embedded/CycloneTCP@00dff974", "core/socket.h, version 2.3.2"),
            cite(
                "Oryx-Embedded/CycloneTCP@a5bdd89f",
                "core/tcp.c tcpGetDynamicPort(); socket.h:66-76; tcp.h:200 TCP_2MSL_TIMER",
                checked="2026-11-30",
            ),
        ),
    ),
    _from_source(
        system=lookup("vpp"),
        ports=PortSet.parse("1024-65534"),
        algorithm=(
            "uniformly random, at most 64,511 tries; a port must be below the upper bound, 65535. "
            "If every try fails, the last port is used nevertheless"
        ),
        shares_ports_across_destinations=True,
        sharing_note="a port is in use only for one destination address and port",
        time_wait=10.0,
        time_wait_note="timewait-time of the section tcp of startup.conf",
        sources=(
            cite(
                "FDio/vpp@b575ec2c",
                "src/vnet/session/transport.c transport_alloc_local_port(); session.c:2285; "
                "src/vnet/tcp/tcp.c:1698 timewait_time",
                checked="2026-11-30",
            ),
            cite(
                "FDio/vpp@51d12138",
                "src/vnet/session/transport.c transport_alloc_local_port(): min 1024, max 65535",
            ),
        ),
    ),
    _from_source(
        system=lookup("mtcp"),
        transports=(Transport.TCP,),
        ports=PortSet.parse("1025-65535"),
        algorithm=(
            "a list for each core, upwards at first; a closed connection puts its port at the end. "
            "A core only has the ports whose replies the network card delivers to it"
        ),
        shares_ports_across_destinations=False,
        sharing_note="a pair of address and port is taken from the list while it is in use",
        sources=(
            cite("mtcp-stack/mtcp@521b3535", "mtcp/src/include/addr_pool.h MIN_PORT, MAX_PORT"),
            cite("mtcp-stack/mtcp@3643bda2", "mtcp/src/addr_pool.c"),
        ),
    ),
    _from_source(
        system=lookup("seastar"),
        transports=(Transport.TCP,),
        ports=PortSet.parse("41952-65535"),
        algorithm=(
            "uniformly random. With several cores it is repeated until replies reach the core and "
            "the port is free for the destination; with one core ports in use are not checked"
        ),
        shares_ports_across_destinations=True,
        sharing_note="a port is in use only for one destination address and port",
        note="only its own network stack, on DPDK; the first port is 41952 there, not 49152",
        sources=(cite("scylladb/seastar@05a0d8e2", "include/seastar/net/tcp.hh connect()"),),
    ),
    _from_source(
        system=lookup("osv"),
        ports=PortSet.parse("10000-65535"),
        algorithm=(
            "the same as freebsd up to 13: random, and for TCP sequential above 10 ports per "
            "second, for 45 s"
        ),
        tcp_algorithm="freebsd",
        udp_algorithm="freebsd",
        shares_ports_across_destinations=False,
        sharing_note="a port is unique per local address",
        exhaustion=(("bind(0) or connect()", "EADDRNOTAVAIL"),),
        sources=(
            cite("cloudius-systems/osv@0a1fd425", "bsd/sys/netinet/in_pcb.cc in_pcb_lport()"),
        ),
    ),
    _from_source(
        system=lookup("mirageos"),
        transports=(Transport.TCP,),
        ports=PortSet.parse("1025-65535"),
        algorithm=(
            "a random value at first, then sequential upwards; after 65535 it goes on at 10000"
        ),
        shares_ports_across_destinations=True,
        sharing_note="a port is in use only for one destination address and port",
        note="a search does not end if every port is in use for the destination",
        sources=(cite("mirage/mirage-tcpip@de904886", "src/tcp/flow.ml getid(), connect()"),),
    ),
    _from_source(
        system=lookup("includeos"),
        ports=PortSet.parse("49152-65535"),
        algorithm=(
            "a random value at first, then sequential upwards; if the next port is in use, the "
            "first free one of the range"
        ),
        exhaustion=(("bind(0) or connect()", "Port_error"),),
        sources=(cite("includeos/IncludeOS@0dcd8ed2", "api/net/port_util.hpp"),),
    ),
    _from_source(
        system=lookup("f-stack"),
        version_note="1.25; its network stack is the one of FreeBSD 13.0, changed for DPDK",
        ports=PortSet.parse("10000-65535"),
        algorithm=(
            "a random port above the first, then upwards, once around. With several processes "
            "connect() over IPv4 only uses a port whose replies the network card delivers to the "
            "process"
        ),
        shares_ports_across_destinations=False,
        sharing_note=(
            "connect() over IPv4 uses a port that no socket of the process has, unlike that of "
            "FreeBSD 13"
        ),
        time_wait=4.0,
        time_wait_note="net.inet.tcp.msl=2000 in its config.ini; 60 s without that line",
        exhaustion=(("bind(0) or connect()", "EADDRNOTAVAIL"),),
        set_with=("net.inet.ip.portrange.first and .last in config.ini",),
        sources=(
            cite(
                "F-Stack/f-stack@5cb586b5",
                "freebsd/netinet/in.h IPPORT_EPHEMERALFIRST 10000, IPPORT_EPHEMERALLAST 65535; "
                "in_pcb.c in_pcb_lport_dest(); tcp_timer.h TCPTV_MSL; config.ini",
                checked="2026-11-30",
            ),
        ),
    ),
    _from_source(
        system=lookup("plan9"),
        ports=PortSet.parse("32768-65535"),
        algorithm="RFC 6056 algorithm 2: a random port for each of at most 64 tries",
        socket_overrides="a remote address that ends in !r: 600-1023, in turn",
        shares_ports_across_destinations=False,
        sharing_note="a port that no conversation of the protocol has",
        exhaustion=(("connect or announce", "no ports available"),),
        sources=(
            cite(
                "9front/9front@0b849750",
                "sys/src/9/ip/devip.c unusedlport(), setlport(), lportinuse()",
                checked="2026-11-30",
            ),
        ),
    ),
    _from_source(
        system=lookup("asterinas"),
        ports=PortSet.parse("32768-60999"),
        algorithm="the lowest port that is free",
        per_transport="a port in use by one transport is not free for the other",
        shares_ports_across_destinations=False,
        sharing_note="a port that no socket of the local address has",
        note="the range of Linux, on top of a changed smoltcp",
        sources=(
            cite(
                "asterinas/asterinas@0557ff98",
                "kernel/libs/aster-bigtcp/src/iface/common.rs IP_LOCAL_PORT_START, "
                "IP_LOCAL_PORT_END, alloc_ephemeral_port()",
                checked="2026-11-30",
            ),
        ),
    ),
    _from_source(
        system=lookup("mongoose"),
        version_note="7.22",
        ports=PortSet.parse("32768-65535"),
        algorithm="a random value at first, then sequential upwards; ports in use are not skipped",
        per_transport="one counter for TCP and UDP",
        note="only its own network stack (MG_ENABLE_TCPIP); otherwise the system's",
        sources=(
            cite(
                "cesanta/mongoose@282ae0d9",
                "src/net_builtin.c MG_EPHEMERAL_PORT_BASE 32768, mg_tcpip_init(), "
                "mg_connect_resolved()",
                checked="2026-11-30",
            ),
        ),
    ),
    _from_source(
        system=lookup("uc-tcp-ip"),
        version_note="3.06.01",
        ports=PortSet.parse("49152-65534"),
        algorithm=(
            "a random value at first, then sequential upwards; a port in use, or 65535, is "
            "replaced by a new random one, however many draws this takes"
        ),
        shares_ports_across_destinations=False,
        sharing_note="a port that no connection of the transport has",
        set_with=("NET_SOCK_DFLT_PORT_NBR_RANDOM_BASE and _END when compiling",),
        note=("TIME_WAIT is twice NET_TCP_DFLT_TIMEOUT_CONN_MAX_SEG_SEC, which is 0 s by default"),
        sources=(
            cite(
                "weston-embedded/uC-TCP-IP@87d34187",
                "Source/net_sock.h:185-194; net_sock.c NetSock_RandomPortNbrGet(); net_tcp.h:150",
                checked="2026-11-30",
            ),
        ),
    ),
    _without_privileges(
        system=lookup("wiznet"),
        ports=PortSet.parse("49152-65519"),
        algorithm="sequential upwards from 49152; ports in use are not skipped",
        per_transport="one counter for TCP and UDP",
        privileged_source=cite(
            "Wiznet/ioLibrary_Driver@009940c1", "Ethernet/socket.c socket()", checked="2026-11-30"
        ),
        note="the chips have 4 or 8 sockets, and the library gives port 0 a number",
        sources=(
            cite(
                "Wiznet/ioLibrary_Driver@009940c1",
                "Ethernet/socket.c SOCK_ANY_PORT_NUM 0xC000, socket(): starts again after 0xFFEF",
                checked="2026-11-30",
            ),
        ),
    ),
)
