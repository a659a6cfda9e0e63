"""Services that should not be reachable from the internet, by the port that they listen on.

A service is listed if its own documentation or the RFC of its protocol says so, or a common
hardening guide advises against exposing it. SSH is not listed, although guides restrict it, because
it was made for untrusted networks. Ports that many programs use, such as 3000 and 8080,
are not listed either, nor is RabbitMQ's management port, 15672: its manual counts it among the
ports of applications, which may be on public networks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from portranges.ports import Transport
from portranges.portset import PortSet
from portranges.source import Confidence, Source, cite


@dataclass(frozen=True, slots=True, kw_only=True)
class SensitiveService:
    """A service that should not be reachable from the internet.

    Attributes:
        service: The service, as its users call it.
        ports: The ports that it listens on by default.
        transports: The transports.
        why: Why it should not be reachable, as a clause.
        confidence: How the reason is known.
        source: Where the reason comes from.

    Example:
        >>> [row.service for row in not_for_internet() if 3389 in row.ports]
        ['Remote Desktop']
    """

    service: str
    ports: PortSet
    transports: tuple[Transport, ...]
    why: str
    confidence: Confidence
    source: Source


_UDP = (Transport.UDP,)
_BOTH = (Transport.TCP, Transport.UDP)

_SECURITY_HUB = cite("AWS Security Hub User Guide", "EC2.19")
_SMB = cite(
    "Microsoft Support",
    "Preventing SMB traffic from lateral connections and entering or leaving the network",
)
_AMPLIFICATION = cite("CISA TA14-017A", "UDP-Based Amplification Attacks")
_over_tcp = partial(SensitiveService, transports=(Transport.TCP,))

# By first port.
_ROWS = (
    _over_tcp(
        service="FTP",
        ports=PortSet.parse("20-21"),
        why="passwords and files cross the network in clear text",
        confidence=Confidence.STANDARD,
        source=cite("RFC 2577", "section 6"),
    ),
    _over_tcp(
        service="Telnet",
        ports=PortSet([23]),
        why="passwords and the session cross the network in clear text",
        confidence=Confidence.STANDARD,
        source=cite("RFC 4248", "section 3"),
    ),
    SensitiveService(
        service="TFTP",
        ports=PortSet([69]),
        transports=_UDP,
        why="the protocol has no login and no access control",
        confidence=Confidence.STANDARD,
        source=cite("RFC 1350", "Security Considerations"),
    ),
    SensitiveService(
        service="RPC portmapper",
        ports=PortSet([111]),
        transports=_BOTH,
        why="it lists the RPC services of the host, and amplifies attacks on other hosts",
        confidence=Confidence.MEMORY,
        source=_AMPLIFICATION,
    ),
    _over_tcp(
        service="Windows RPC",
        ports=PortSet([135]),
        why="it is the entry to the administrative services of Windows",
        confidence=Confidence.DOCUMENT,
        source=_SECURITY_HUB,
    ),
    SensitiveService(
        service="NetBIOS",
        ports=PortSet.parse("137-139"),
        transports=_BOTH,
        why="it serves names and files to the local network",
        confidence=Confidence.DOCUMENT,
        source=_SMB,
    ),
    SensitiveService(
        service="SNMP",
        ports=PortSet([161]),
        transports=_UDP,
        why="versions 1 and 2c authenticate with a community name in clear text",
        confidence=Confidence.STANDARD,
        source=cite("RFC 3410", "section 8.2"),
    ),
    SensitiveService(
        service="LDAP",
        ports=PortSet([389]),
        transports=_BOTH,
        why="passwords may cross the network in clear text, and over UDP it amplifies attacks on "
        "other hosts",
        confidence=Confidence.MEMORY,
        source=_AMPLIFICATION,
    ),
    _over_tcp(
        service="SMB",
        ports=PortSet([445]),
        why="it serves files to the local network, and worms spread through it",
        confidence=Confidence.DOCUMENT,
        source=_SMB,
    ),
    _over_tcp(
        service="rexec, rlogin and rsh",
        ports=PortSet.parse("512-514"),
        why="they authenticate by the client's address or a clear-text password",
        confidence=Confidence.STANDARD,
        source=cite("RFC 1282", "Security Considerations"),
    ),
    SensitiveService(
        service="IPMI",
        ports=PortSet([623]),
        transports=_UDP,
        why="it controls the hardware, and belongs to a management network",
        confidence=Confidence.DOCUMENT,
        source=cite("CISA TA13-207A", "Risks of Using IPMI"),
    ),
    _over_tcp(
        service="rsync",
        ports=PortSet([873]),
        why="the daemon does not encrypt, and a module without users is open to anyone",
        confidence=Confidence.DOCUMENT,
        source=cite("rsyncd.conf(5)"),
    ),
    SensitiveService(
        service="Microsoft SQL Server",
        ports=PortSet.parse("1433-1434"),
        transports=_BOTH,
        why="its vendor advises against connecting it to the internet directly",
        confidence=Confidence.DOCUMENT,
        source=cite("Microsoft Learn", "Security considerations for a SQL Server installation"),
    ),
    _over_tcp(
        service="Oracle Database",
        ports=PortSet([1521]),
        why="only application servers need to reach it",
        confidence=Confidence.REPORTED,
        source=cite(
            "prowler-cloud/prowler@be72a97a", "ec2_instance_port_oracle_exposed_to_internet"
        ),
    ),
    SensitiveService(
        service="NFS",
        ports=PortSet([2049]),
        transports=_BOTH,
        why="it trusts the user IDs that clients send",
        confidence=Confidence.DOCUMENT,
        source=cite("nfs(5)", "SECURITY CONSIDERATIONS"),
    ),
    _over_tcp(
        service="ZooKeeper",
        ports=PortSet([2181]),
        why="it is designed for a trusted network",
        confidence=Confidence.DOCUMENT,
        source=cite("ZooKeeper Administrator's Guide", "Things to Avoid"),
    ),
    _over_tcp(
        service="Docker API",
        ports=PortSet.parse("2375-2376"),
        why="anyone who can use it is root on the host, and 2375 has no authentication",
        confidence=Confidence.DOCUMENT,
        source=cite("Docker documentation", "Docker Engine security, Protect the daemon socket"),
    ),
    _over_tcp(
        service="etcd",
        ports=PortSet.parse("2379-2380"),
        why="access to it is root access to a Kubernetes cluster",
        confidence=Confidence.DOCUMENT,
        source=cite("Kubernetes documentation", "Operating etcd clusters for Kubernetes"),
    ),
    _over_tcp(
        service="MySQL",
        ports=PortSet([3306]),
        why="its manual forbids access from untrusted hosts",
        confidence=Confidence.DOCUMENT,
        source=cite("MySQL 8.4 Reference Manual", "Security Guidelines"),
    ),
    SensitiveService(
        service="Remote Desktop",
        ports=PortSet([3389]),
        transports=_BOTH,
        why="it is a login to the whole machine and a common target of attacks",
        confidence=Confidence.DOCUMENT,
        source=_SECURITY_HUB,
    ),
    _over_tcp(
        service="RabbitMQ between nodes, and epmd",
        ports=PortSet.parse("4369,25672"),
        why="only the nodes of the cluster and its command-line tools need to reach it",
        confidence=Confidence.DOCUMENT,
        source=cite(
            "rabbitmq/rabbitmq-website@29cb9ecf",
            "docs/networking.md, Port Access and Inter-node Communication",
        ),
    ),
    _over_tcp(
        service="PostgreSQL",
        ports=PortSet([5432]),
        why="only application servers need to reach it",
        confidence=Confidence.DOCUMENT,
        source=_SECURITY_HUB,
    ),
    _over_tcp(
        service="Kibana and OpenSearch Dashboards",
        ports=PortSet([5601]),
        why="they show and change the data of a cluster",
        confidence=Confidence.DOCUMENT,
        source=_SECURITY_HUB,
    ),
    _over_tcp(
        service="VNC",
        # Displays 0 to 9; few hosts have more.
        ports=PortSet.parse("5900-5909"),
        why="its password check is weak, and the session is not encrypted",
        confidence=Confidence.STANDARD,
        source=cite("RFC 6143", "section 9"),
    ),
    _over_tcp(
        service="CouchDB",
        ports=PortSet([5984]),
        why="only application servers need to reach it",
        confidence=Confidence.DOCUMENT,
        source=cite("Apache CouchDB documentation", "Cluster Set Up"),
    ),
    _over_tcp(
        service="WinRM",
        ports=PortSet.parse("5985-5986"),
        why="it runs commands for administrators, and on public networks the firewall of Windows "
        "admits only the same subnet",
        confidence=Confidence.DOCUMENT,
        source=cite(
            "MicrosoftDocs/PowerShell-Docs@5a5aebd9",
            "Security considerations for PowerShell Remoting using WinRM",
        ),
    ),
    _over_tcp(
        service="X11",
        ports=PortSet.parse("6000-6063"),
        why="anyone who reads the unencrypted cookie controls the display",
        confidence=Confidence.DOCUMENT,
        source=cite("Xsecurity(7)", "MIT-MAGIC-COOKIE-1"),
    ),
    _over_tcp(
        service="Redis",
        ports=PortSet([6379]),
        why="it is designed for trusted clients, and one command deletes all data",
        confidence=Confidence.DOCUMENT,
        source=cite("Redis documentation", "Redis security"),
    ),
    _over_tcp(
        service="Kubernetes API",
        ports=PortSet([6443]),
        why="it controls the cluster, and should be reached through a bastion host",
        confidence=Confidence.DOCUMENT,
        source=cite("kubernetes/website@02802dd6", "Security Checklist, Network security"),
    ),
    _over_tcp(
        service="Cassandra",
        ports=PortSet.parse("7000-7001,9042"),
        why="authentication is off by default",
        confidence=Confidence.DOCUMENT,
        source=cite("Apache Cassandra documentation", "Security"),
    ),
    _over_tcp(
        service="InfluxDB",
        ports=PortSet([8086]),
        why="authentication is off by default in version 1, and is not meant to keep attackers out",
        confidence=Confidence.DOCUMENT,
        source=cite(
            "influxdata/docs-v2@0967a8aa", "Authentication and authorization in InfluxDB (v1)"
        ),
    ),
    _over_tcp(
        service="Elasticsearch",
        ports=PortSet.parse("9200,9300"),
        why="anyone who reaches an unprotected node can change all data",
        confidence=Confidence.DOCUMENT,
        source=cite("Elasticsearch documentation", "Networking"),
    ),
    _over_tcp(
        service="kubelet",
        ports=PortSet.parse("10250,10255"),
        why="it controls the containers of a node, and anonymous requests may be allowed",
        confidence=Confidence.DOCUMENT,
        source=cite("Kubernetes documentation", "Kubelet authentication/authorization"),
    ),
    SensitiveService(
        service="memcached",
        ports=PortSet([11211]),
        transports=_BOTH,
        why="it does not defend itself, and over UDP it amplifies attacks on other hosts",
        confidence=Confidence.DOCUMENT,
        source=cite("memcached wiki", "ConfiguringServer"),
    ),
    _over_tcp(
        service="MongoDB",
        ports=PortSet.parse("27017-27019"),
        why="its manual restricts it to trusted networks",
        confidence=Confidence.DOCUMENT,
        source=cite("MongoDB Manual", "Network and Configuration Hardening"),
    ),
)


def not_for_internet() -> tuple[SensitiveService, ...]:
    """Return the services that should not be reachable from the internet.

    Returns:
        The rows, sorted by first port. A port that is not listed is not necessarily safe.

    Source:
        Each row names its own.

    Example:
        >>> from portranges import PortRange
        >>> opened = PortRange(3000, 4000)
        >>> [row.service for row in not_for_internet() if not row.ports.isdisjoint(opened)]
        ['MySQL', 'Remote Desktop']
    """
    return _ROWS
