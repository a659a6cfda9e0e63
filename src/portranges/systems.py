"""Operating systems, network stacks and translators: one row for each that the library knows.

A row has the name of a system, the releases that the name means and what it is a release or variant
of. The packages that evaluate a system have a row of the same name for what it does: its range in
``portranges.ephemeral``, its order of choice in ``portranges.selection``, its rules for ``bind()``
in ``portranges.reuse``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portranges import checks, types
from portranges.names import Index
from portranges.records import always_checked
from portranges.source import Source, cite

__all__ = ["COMMON", "Kind", "System", "lookup", "rows"]

# The systems that functions assume if the caller names none.
COMMON: tuple[types.SystemName, ...] = ("linux", "windows", "macos")


class Kind(StrEnum):
    """What a row describes.

    Attributes:
        HOST: An operating system or a network stack, which allocates ports to its own sockets.
        MIDDLEBOX: A component that allocates ports besides the system's default range: address
            translation, a load balancer, published ports, a client with its own range.
        DOCUMENT: A standard or a vendor's page that states a range for others.

    Example:
        >>> Kind("middlebox")
        <Kind.MIDDLEBOX: 'middlebox'>
    """

    HOST = "host"
    MIDDLEBOX = "middlebox"
    DOCUMENT = "document"


@always_checked
@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """An operating system, a network stack or a translator, in the releases that a name means.

    Attributes:
        name: The name in every package, as ``"linux"``. A plain name is the newest release;
            an older one has a suffix if something about it differs.
        title: The name for display, as ``"Linux"``.
        aliases: Other names that every function accepts.
        kind: Host, middlebox, or a document about others.
        parent: The name of the system that this is a release or a variant of; ``""`` if none.
        first_release: The first release that the name is known to mean; ``""`` if unknown.
        last_release: The last one; ``""`` if no later one differs.
        is_current: Whether it is in use today, in its newest release. Older releases are not,
            nor are interfaces that ordinary programs do not use.
        source: Where the releases come from; None if the sources of the other packages' rows cover
            them.

    Raises:
        TypeError: A value has the wrong type.
        InvalidValueError: ``name`` or ``title`` is empty.
        UnknownNameError: ``kind`` is not one of the kinds.

    Example:
        >>> from portranges import systems
        >>> linux = systems.lookup("linux-2.6.24")
        >>> linux.title, linux.parent, linux.is_current
        ('Linux 2.6.24 to 4.1', 'linux', False)
    """

    name: str
    title: str
    aliases: tuple[str, ...] = ()
    kind: Kind = Kind.HOST
    parent: str = ""
    first_release: str = ""
    last_release: str = ""
    is_current: bool = True
    source: Source | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        checks.fields(
            self,
            name=checks.filled,
            title=checks.filled,
            parent=str,
            first_release=str,
            last_release=str,
            aliases=checks.tuple_with(str),
            is_current=bool,
            source=checks.optional(Source),
        )
        object.__setattr__(self, "kind", checks.member("kind", self.kind, Kind))

    def __str__(self) -> str:
        """Return the title."""
        return self.title


def lookup(name: types.SystemName) -> System:
    """Return the row of the system *name*.

    Args:
        name: A name or an alias, in lower case.

    Returns:
        The row; an alias gives the same object as the name.

    Raises:
        TypeError: *name* is not a ``str``.
        UnknownNameError: No row has that name; the error suggests similar ones.

    Example:
        >>> lookup("darwin").title
        'macOS'
        >>> lookup("linus")
        Traceback (most recent call last):
        ...
        portranges.errors.UnknownNameError: unknown system, got 'linus'; did you mean 'linux'?
    """
    return _INDEX.find(name)


def rows() -> tuple[System, ...]:
    """Return the rows of all systems.

    Returns:
        The rows in a fixed order, hosts family by family, then middleboxes, then documents.

    Example:
        >>> [row.name for row in rows() if row.parent == "linux" and row.kind == "host"][-3:]
        ['android', 'wsl2', 'wslc']
    """
    return _ROWS


def _host(name: str, title: str, *aliases: str, **facts: types.Any) -> System:
    return System(name=name, title=title, aliases=aliases, **facts)


def _older(
    parent: str, name: str, title: str, first: str = "", last: str = "", **facts: types.Any
) -> System:
    return _host(
        name,
        title,
        parent=parent,
        first_release=first,
        last_release=last,
        is_current=False,
        **facts,
    )


def _middlebox(name: str, title: str, *aliases: str, parent: str = "") -> System:
    return _host(name, title, *aliases, kind=Kind.MIDDLEBOX, parent=parent)


def _document(name: str, title: str, *aliases: str) -> System:
    return _host(name, title, *aliases, kind=Kind.DOCUMENT)


_ROWS: tuple[System, ...] = (
    # -- Linux, and what runs its kernel ------------------------------------------
    _host(
        "linux",
        "Linux",
        "linux-4.2",
        first_release="4.2",
        source=cite("torvalds/linux commit 07f4c90062f8", "2015-05-24, the default range"),
    ),
    _older(
        "linux",
        "linux-2.6.24",
        "Linux 2.6.24 to 4.1",
        "2.6.24",
        "4.1",
        source=cite(
            "0x88888888/Linux2.6.24-comments@cf79f6a3",
            "net/ipv4/inet_connection_sock.c:35",
            checked="2026-11-30",
        ),
    ),
    _older("linux", "linux-2.4-bigmem", "Linux 2.4 to 2.6.23, large hash table", "2.4", "2.6.23"),
    _older("linux", "linux-2.4-lowmem", "Linux 2.4 to 2.6.23, small hash table", "2.4", "2.6.23"),
    _older(
        "linux",
        "linux-2.2",
        "Linux 2.2",
        "2.1.68",
        "2.3.x",
        source=cite("mkerrisk/man-pages@ae6b2218", "man7/ip.7: since Linux 2.2, precisely 2.1.68"),
    ),
    _host("android", "Android", parent="linux"),
    _host("wsl2", "WSL 2 (NAT mode)", "wsl2-nat", parent="linux"),
    _host("wsl2-mirrored", "WSL 2 (mirrored mode)", parent="wsl2"),
    _host(
        "wslc",
        "WSL Containers",
        parent="linux",
        first_release="2026-04-30",
        source=cite("microsoft/WSL commit 358ab87d4", "2026-04-30"),
    ),
    # -- Windows ------------------------------------------------------------------
    _host(
        "windows",
        "Windows",
        "windows-vista",
        "windows-7",
        "windows-8",
        "windows-10",
        "windows-11",
        "windows-2008",
        "windows-2012",
        "windows-2016",
        "windows-2019",
        "windows-2022",
        "windows-2025",
        first_release="Vista",
        source=cite("Microsoft KB929851"),
    ),
    _older("windows", "windows-xp", "Windows XP", last="XP"),
    _older("windows-xp", "windows-2000", "Windows 2000", last="2000"),
    _older("windows-xp", "windows-2003", "Windows Server 2003", last="Server 2003"),
    _older("windows", "windows-exchange2007", "Windows Server 2008 with Exchange 2007"),
    _host("windows-exchange2010", "Windows with Exchange 2010 or later", parent="windows"),
    _host(
        "windows-devbox",
        "Windows with a range changed by Visual Studio or Hyper-V",
        parent="windows",
    ),
    # -- the BSDs and Apple's systems ---------------------------------------------
    _host(
        "macos",
        "macOS",
        "darwin",
        "osx",
        first_release="10.0",
        source=cite("apple-oss-distributions/xnu", "xnu-123.5, of Mac OS X 10.0"),
    ),
    _host(
        "ios",
        "iOS, iPadOS, tvOS, watchOS, visionOS",
        "ipados",
        "tvos",
        "watchos",
        "visionos",
        parent="macos",
    ),
    _host(
        "freebsd",
        "FreeBSD",
        "freebsd-8",
        first_release="8.0",
        source=cite("RFC 6056", "appendix A.1: FreeBSD 8.0; not confirmed as the first"),
    ),
    _older("freebsd", "freebsd-14", "FreeBSD 14", "14.0", "14"),
    _older("freebsd", "freebsd-13", "FreeBSD 13", "13.0", "13"),
    _older(
        "freebsd",
        "freebsd-4.6",
        "FreeBSD 4.6 to 7.x",
        "4.6",
        "7.x",
        source=cite("Wikipedia, Ephemeral port", "the IANA range since 4.6"),
    ),
    _older("freebsd", "freebsd-2", "FreeBSD 2.1 to 4.5", "2.1", "4.5"),
    _host(
        "openbsd",
        "OpenBSD",
        first_release="4.2",
        source=cite("RFC 6056", "appendix A.4: OpenBSD 4.2; earlier ones were not looked at"),
    ),
    _host(
        "netbsd",
        "NetBSD",
        first_release="5.0.1",
        source=cite("RFC 6056", "appendix A.3: NetBSD 5.0.1; earlier ones were not looked at"),
    ),
    _host("dragonfly", "DragonFly BSD", "dragonflybsd"),
    _older("", "bsd-4.3", "4.3BSD and 4.4BSD", "4.3BSD", "4.4BSD-Lite2"),
    # -- commercial Unixes and mainframes -----------------------------------------
    _host("solaris", "Solaris", "sunos", first_release="8"),
    _host("illumos", "illumos", "opensolaris", parent="solaris"),
    _host("aix", "AIX", first_release="5"),
    _host("hpux", "HP-UX", "hp-ux", first_release="11i"),
    _host("openvms", "OpenVMS TCP/IP Services", "tru64-openvms", first_release="5"),
    _host("nonstop", "HP NonStop", first_release="G06"),
    _host("zos", "z/OS Communications Server", "z/os"),
    # -- network stacks -----------------------------------------------------------
    _host("qnx", "QNX (io-sock)", "qnx-iosock", first_release="7.1"),
    _older("qnx", "qnx-iopkt", "QNX (io-pkt)", "6.4", "7.1"),
    _host(
        "lwip",
        "lwIP, TCP",
        "lwip-tcp",
        "esp-idf",
        "nanos",
        "mbed-os",
        "unikraft",
        first_release="1.4.0",
        source=cite("lwip-tcpip/lwip commit 33d6dcec", "bug #33048"),
    ),
    _host("lwip-udp", "lwIP, UDP", parent="lwip", first_release="1.4.0"),
    _older(
        "lwip",
        "lwip-old",
        "lwIP before 1.4.0",
        "1.0",
        "1.3.2",
        source=cite("lwip-tcpip/lwip", "the tags STABLE-1_0_0 to STABLE-1_3_2"),
    ),
    _host("zephyr", "Zephyr"),
    _host("freertos", "FreeRTOS+TCP"),
    _host("smoltcp", "smoltcp"),
    _host("gvisor", "gVisor"),
    # -- more network stacks, and small systems ------------------------------------
    _host("haiku", "Haiku, TCP"),
    _host("haiku-udp", "Haiku, UDP", parent="haiku"),
    _host("netxduo", "NetX Duo"),
    _host("nuttx", "NuttX"),
    _host("contiki-ng", "Contiki-NG"),
    _host("riot", "RIOT, TCP"),
    _host("riot-udp", "RIOT, UDP", parent="riot"),
    _host("fuchsia", "Fuchsia"),
    _host("serenityos", "SerenityOS"),
    _host("openthread", "OpenThread"),
    _host("picotcp", "picoTCP"),
    _host("cyclonetcp", "CycloneTCP"),
    _host("vpp", "VPP, host stack"),
    _host("mtcp", "mTCP"),
    _host("seastar", "Seastar, native stack"),
    _host("osv", "OSv"),
    _host("mirageos", "MirageOS"),
    _host("includeos", "IncludeOS"),
    _host("f-stack", "F-Stack", parent="freebsd-13"),
    _host("plan9", "Plan 9 (9front)"),
    _host("asterinas", "Asterinas"),
    _host("mongoose", "Mongoose, built-in stack"),
    _host("uc-tcp-ip", "uC/TCP-IP"),
    _host("wiznet", "WIZnet ioLibrary"),
    # -- boot loaders and firmware --------------------------------------------------
    _host("ipxe", "iPXE"),
    _host("u-boot", "U-Boot, TCP"),
    _host("edk2", "EDK II (UEFI), TCP", "uefi"),
    _host("edk2-udp", "EDK II (UEFI), UDP over IPv4", parent="edk2"),
    _host("grub", "GRUB, TCP", "grub2"),
    _host("grub-udp", "GRUB, UDP", parent="grub"),
    # -- translators, load balancers, clients with their own range ----------------
    _middlebox("aws-nat-gateway", "AWS NAT gateway"),
    _middlebox("aws-elb", "AWS Elastic Load Balancing, towards its targets"),
    _middlebox("aws-lambda", "AWS Lambda"),
    _middlebox("azure-load-balancer", "Azure Load Balancer, outbound"),
    _middlebox("azure-nat-gateway", "Azure NAT Gateway"),
    _middlebox("gcp-cloud-nat", "Google Cloud NAT"),
    _middlebox("cgn", "Carrier-grade NAT"),
    _middlebox("map-e", "MAP-E and MAP-T, all customers of an address", "map-t"),
    _middlebox("lw4o6", "Lightweight 4over6, all customers of an address"),
    _middlebox("nf-nat", "Linux netfilter, source port 1024 and above", parent="linux"),
    _middlebox("nf-nat-below-1024", "Linux netfilter, source port 512 to 1023", parent="linux"),
    _middlebox("nf-nat-below-512", "Linux netfilter, source port below 512", parent="linux"),
    _middlebox("pf", "pf, nat-to of the BSDs"),
    _middlebox("libalias", "libalias, nat of ipfw", "ipfw", parent="freebsd"),
    _middlebox("docker-linux", "Docker, published ports on Linux", parent="linux"),
    _middlebox("docker-windows", "Docker, published ports on Windows", parent="windows"),
    _middlebox("docker-freebsd", "Docker, published ports on FreeBSD", parent="freebsd"),
    _middlebox("kubernetes-nodeport", "Kubernetes NodePort"),
    _middlebox(
        "sunrpc", "Linux sunrpc, reserved ports of an NFS client", "nfs-client", parent="linux"
    ),
    _middlebox("bsd-rresvport", "BSD IP_PORTRANGE_LOW and rresvport()"),
    # -- firewalls, clusters and user-mode networks -------------------------------
    _middlebox("aws-regional-nat-gateway", "AWS regional NAT gateway"),
    _middlebox("azure-firewall", "Azure Firewall"),
    _middlebox("cilium", "Cilium, masquerading by eBPF"),
    _middlebox("kube-proxy", "kube-proxy, masquerading"),
    _middlebox("fortios", "FortiOS", "fortigate"),
    _middlebox("cisco-asa", "Cisco ASA, dynamic PAT"),
    _middlebox("junos-source-nat", "Junos Next Gen Services, source NAT"),
    _middlebox("palo-alto", "PAN-OS, dynamic IP and port", "pan-os"),
    _middlebox("jool", "Jool, stateful NAT64"),
    _middlebox("ovs", "Open vSwitch, ct(nat)"),
    _middlebox("vpp-nat44", "VPP NAT44"),
    _middlebox("passt", "passt and pasta", "pasta"),
    _middlebox("windows-ce-nat", "Windows CE, NAT"),
    _middlebox("virtualbox-nat", "VirtualBox NAT"),
    _middlebox("tayga", "TAYGA, stateless NAT64"),
    _middlebox("libslirp", "libslirp, user-mode network of QEMU", "slirp4netns"),
    _middlebox("gvisor-tap-vsock", "gvisor-tap-vsock, network of Podman machine"),
    # -- documents about others ---------------------------------------------------
    _document("iana", "IANA dynamic ports", "rfc6335"),
    _document("rfc6056", "RFC 6056 recommendation"),
    _document("aws-docs-linux", "AWS page on network ACLs: Linux clients"),
    _document("aws-docs-windows-2003", "AWS page on network ACLs: Windows up to Server 2003"),
    _document("aws-docs-windows", "AWS page on network ACLs: Windows from Server 2008"),
)

_INDEX = Index.of("system", _ROWS)
