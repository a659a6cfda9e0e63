"""The ports that people ask about most: what their pages name, in which order, and what they deny.

The expectations are written from what operators find on these ports, not from the table. They hold
names, their order, and whether the registered service is called another one, but no sentence.
"""

from __future__ import annotations

import pytest

from portranges import explain

# Port: the names that the page must contain.
NAMES = {
    20: ["ftp-data"],
    21: ["ftp"],
    22: ["ssh", "SSH"],
    23: ["telnet", "Mirai"],
    25: ["smtp", "SMTP"],
    53: ["domain", "Pi-hole"],
    67: ["bootps", "DHCP server"],
    68: ["bootpc", "DHCP client"],
    69: ["tftp"],
    80: ["http", "nginx", "Apache HTTP Server"],
    88: ["kerberos", "Active Directory"],
    110: ["pop3", "Dovecot"],
    111: ["sunrpc", "rpcbind"],
    123: ["ntp", "Windows Time"],
    135: ["epmap", "Windows RPC"],
    137: ["netbios-ns", "NetBIOS name service"],
    139: ["netbios-ssn", "NetBIOS session service"],
    143: ["imap", "Dovecot"],
    161: ["snmp"],
    179: ["bgp", "Calico"],
    389: ["ldap", "Active Directory"],
    443: ["https", "nginx", "Apache HTTP Server"],
    445: ["microsoft-ds", "SMB"],
    464: ["kpasswd", "Active Directory"],
    465: ["submissions", "Mail submission"],
    514: ["shell", "syslog"],
    587: ["submission", "Mail submission"],
    631: ["ipp", "CUPS"],
    636: ["ldaps", "Active Directory"],
    853: ["domain-s", "AdGuard Home"],
    993: ["imaps", "Dovecot"],
    995: ["pop3s", "Dovecot"],
    1080: ["socks", "SOCKS proxy", "Shadowsocks"],
    1194: ["openvpn", "OpenVPN"],
    1433: ["ms-sql-s", "Microsoft SQL Server"],
    1521: ["Oracle Database"],
    1883: ["mqtt", "Mosquitto", "RabbitMQ"],
    2049: ["nfs", "NFS"],
    2375: ["docker", "Docker Engine API"],
    3000: ["Grafana", "Next.js", "Ruby on Rails", "Create React App", "Gitea"],
    3306: ["mysql", "MySQL", "MariaDB"],
    3389: ["ms-wbt-server", "Remote Desktop", "xrdp"],
    4200: ["Angular CLI"],
    5000: ["Flask", "Docker Registry", "AirPlay", "Synology"],
    5060: ["sip", "FreeSWITCH"],
    5173: ["Vite"],
    5353: ["mdns", "Bonjour", "Avahi"],
    5432: ["postgresql", "PostgreSQL"],
    5601: ["Kibana", "OpenSearch Dashboards"],
    5672: ["amqp", "RabbitMQ"],
    5900: ["rfb", "VNC"],
    6379: ["redis", "Redis", "Valkey"],
    6443: ["Kubernetes API server", "K3s"],
    7000: ["AirPlay", "Cassandra"],
    8000: ["Django", "Python http.server", "Splunk"],
    8080: ["http-alt", "Apache Tomcat", "Jenkins", "Spring Boot"],
    8443: ["Apache Tomcat", "UniFi"],
    8883: ["secure-mqtt", "Mosquitto", "EMQX"],
    8888: ["Jupyter"],
    9000: ["PHP-FPM", "MinIO", "SonarQube", "Portainer"],
    9090: ["Prometheus", "Cockpit"],
    9092: ["Apache Kafka"],
    9200: ["Elasticsearch", "OpenSearch"],
    11211: ["memcache", "Memcached"],
    25565: ["Minecraft"],
    27017: ["mongodb", "MongoDB"],
    32400: ["plex", "Plex Media Server"],
    51820: ["WireGuard"],
}

# The service that the port is registered for is the one that people expect.
RIGHTLY_NAMED = [
    *(20, 21, 22, 23, 25, 53, 67, 68, 69, 80, 88, 110, 111, 123, 135, 137, 139, 143, 161, 179, 389),
    *(443, 445, 464, 465, 514, 587, 631, 636, 853, 993, 995, 1080, 1194, 1433, 1883, 2049, 2375),
    *(3306, 3389, 5060, 5353, 5432, 5672, 5900, 6379, 8080, 8883, 11211, 27017, 32400),
]

# The registered service is hardly ever found there, and comes after what is.
MISNAMED = {
    1521: "ncube-lm",
    4200: "vrml-multi-use",
    5000: "commplex-main",
    5601: "esmagent",
    6443: "sun-sr-https",
    8000: "irdmi",
    8443: "pcsync-https",
    8888: "ddi-tcp-1",
    9000: "cslistener",
    9090: "websm",
    9092: "XmlIpcRegSvc",
    9200: "wap-wsp",
}

# IANA assigns no service to them.
UNREGISTERED = [5173, 25565, 51820]


def page_of(port: int) -> str:
    return " ".join(str(explain(port)).split())


def headline_of(port: int) -> str:
    return " ".join(str(explain(port)).split("\n\n")[0].split())


@pytest.mark.parametrize(("port", "names"), NAMES.items())
def test_the_page_names_what_people_find_there(port, names):
    page = page_of(port)
    assert [name for name in names if name not in page] == []


@pytest.mark.parametrize("port", RIGHTLY_NAMED)
def test_the_headline_keeps_the_service_that_is_really_there(port):
    report = explain(port)
    assert not report.is_misnamed
    headline = headline_of(port)
    assert NAMES[port][0] in headline.partition("assigned to ")[2]
    assert "another service" not in headline
    assert "other services" not in headline


@pytest.mark.parametrize(("port", "service"), MISNAMED.items())
def test_what_is_known_comes_before_a_service_that_nobody_runs(port, service):
    report = explain(port)
    assert report.is_misnamed
    headline = headline_of(port)
    assert "another service" in headline or "other services" in headline
    assert headline.index("known") < headline.index(service)
    section, _, registry = page_of(port).partition(" IANA ")
    assert [name for name in NAMES[port] if name not in section] == []
    assert service in registry


@pytest.mark.parametrize("port", UNREGISTERED)
def test_a_port_without_a_service_names_its_uses(port):
    report = explain(port)
    assert report.services == ()
    assert not report.is_misnamed
    assert {use.name.split()[0] for use in report.known_for} & {NAMES[port][0].split()[0]}
    assert "assigned to" not in headline_of(port)


def test_every_port_of_the_lists_has_expected_names():
    assert {*RIGHTLY_NAMED, *MISNAMED, *UNREGISTERED} <= set(NAMES)
    assert len(NAMES) >= 60
