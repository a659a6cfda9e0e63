"""explain() and the page of a port: every fact, its source, its layout."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import date
from itertools import pairwise
from operator import attrgetter

import pytest

from portranges import (
    Category,
    InvalidPortError,
    PortRange,
    PortReport,
    PortSet,
    Transport,
    UnknownNameError,
    ephemeral,
    explain,
    registry,
    uses,
)
from portranges.registry import SHIPPED, State
from portranges.report import explain_ranges, rows
from portranges.uses import BROWSER_BLOCKED

# A port of every kind: edges of the categories and of systems' ranges, with
# and without names, reserved, blocked by browsers, used by something else.
SAMPLE = [
    *(0, 1, 2, 22, 24, 80, 443, 512, 1021, 1023, 1024, 2049, 3000, 4999, 5000, 5001, 5900),
    *(6000, 6665, 8010, 8080, 8282, 9999, 10000, 10080, 16000, 20001, 30000, 32767, 32768),
    *(33434, 34567, 40000, 49150, 49151, 49152, 49153, 51820, 60000, 60454, 60999, 61000),
    *(61001, 65024, 65025, 65534, 65535),
]


def names(entries):
    return {entry.name for entry in entries}


def text_of(page):
    """Return the page as one line, as if it had never been wrapped."""
    return " ".join(page.split())


class TestPort60454:
    """The page that the project started from."""

    report = explain(60454)
    page = text_of(str(report))

    def test_its_category(self):
        assert self.report.category is Category.DYNAMIC
        assert "Dynamic Ports, 49152-65535, 16,384 numbers" in self.page
        assert "also called Private Ports or Ephemeral Ports" in self.page

    def test_it_has_no_registration(self):
        assert {entry.state for entry in self.report.registry} == {State.DYNAMIC}
        assert not any(entry.services for entry in self.report.registry)
        assert "IANA never assigns dynamic ports to services" in self.page

    def test_its_purpose(self):
        assert "There are 65,536 port numbers" in self.page
        assert (
            "a connection is identified by both addresses, both ports and the transport, so many "
            "connections can share one port as long as that combination is unique."
        ) in self.page
        # No claim that so many ports allow so many connections.
        assert "65,535" not in self.page

    def test_the_systems_that_allocate_it(self):
        assert names(self.report.allocated_by) >= {"linux", "windows", "macos", "freebsd"}
        assert "openbsd" in names(self.report.not_allocated_by)
        assert "32768-60999 linux" in self.page
        assert "and on windows-exchange2010 (6005-65534); solaris, aix, zephyr and" in self.page
        # The systems that do not allocate it are not common.
        assert "not on 10000" not in self.page
        assert "portranges ephemeral lists all systems" in self.page

    def test_who_may_bind_it(self):
        assert not any(rule.privileged for rule in self.report.bind_rules)
        assert "any user, on every system whose rule is known" in self.page

    def test_browsers_and_other_uses(self):
        assert not self.report.browser_blocked
        assert "mosh (udp 60001-60999)" in self.page

    @pytest.mark.parametrize(
        "command",
        [
            "ss -tuanp 'sport = :60454'",
            "lsof -nP -i :60454",
            "netstat -anv | grep '[.]60454 '",
            'netstat -ano | findstr /C:":60454 "',
            "Get-NetTCPConnection -LocalPort 60454",
            "Get-NetUDPEndpoint -LocalPort 60454",
        ],
    )
    def test_the_commands_that_find_its_holder(self, command):
        assert command in str(self.report)

    def test_how_to_interpret_a_holder(self):
        assert "The local end of a connection on this port is normal" in self.page
        assert "listens on a dynamic port for more than a few minutes deserves a look" in self.page

    def test_its_headline(self):
        assert str(self.report).splitlines()[:2] == [
            "Port 60454",
            "Port 60454 has no IANA registration; it lies in 49152-65535, the Dynamic Ports.",
        ]


def test_who_may_bind_where_no_system_lets_any_user():
    report = explain(80)
    rule = next(each for each in report.bind_rules if each.privileged)
    page = dataclasses.replace(report, bind_rules=(dataclasses.replace(rule, note=""),)).page()
    assert f"\n\nWho may bind  privileged  {rule.name}\n\nBrowsers " in page


def test_the_notes_of_common_systems_only():
    page = explain(80).page()
    assert "privileged  linux, macos, freebsd, android, wsl2," in page
    section = text_of(page.partition("\nWho may bind ")[2].partition("\n\n")[0])
    noted = [rule for rule in explain(80).bind_rules if rule.privileged and rule.note]
    for rule in noted:
        is_common = rule.name in ("linux", "macos", "freebsd")
        assert (f"{rule.name}: {rule.note}" in section) is is_common
    assert section.endswith(" portranges ephemeral NAME shows the rule of another system")
    # Only Solaris protects 2049.
    page = text_of(explain(2049).page())
    assert "solaris: smallest_nonpriv_port (1024" in page
    assert "portranges ephemeral NAME" not in page


@pytest.mark.parametrize("port", SAMPLE)
def test_the_report_agrees_with_the_packages_that_it_uses(port):
    report = explain(port)
    assert report.port == port
    assert port in report.category.ports
    assert [entry.transport for entry in report.registry] == list(Transport)
    for entry in report.registry:
        assert entry.state is registry.state(port, entry.transport)
        assert entry.services == registry.services(port, entry.transport)
    assert names(report.allocated_by) == names(ephemeral.allocated_by(port))
    known = {row.name for row in ephemeral.profiles("host", current=True) if row.has_fixed_range}
    assert names(report.allocated_by) | names(report.not_allocated_by) == known
    assert names(report.allocated_by) & names(report.not_allocated_by) == set()
    for rule in report.bind_rules:
        assert rule.privileged == ephemeral.profile(rule.name).is_privileged(port)
    assert report.browser_blocked == (port in BROWSER_BLOCKED)
    assert report.uses == uses.lookup(port)


@pytest.mark.parametrize("port", SAMPLE)
@pytest.mark.parametrize("sources", [False, True])
@pytest.mark.parametrize("width", [60, 67, 80])
def test_a_page_keeps_to_its_width(port, sources, width):
    report = explain(port)
    page = report.page(sources=sources, width=width)
    commands = {command.command for command in report.commands}
    for line in page.splitlines():
        assert line.isascii()
        assert line == line.rstrip()
        # A command, an address or a path is not broken, so that it can be copied.
        is_command = width < 80 and line.strip() in commands
        assert len(line) <= width or is_command or " " not in line.strip().strip("[]"), line


@pytest.mark.parametrize("port", SAMPLE)
def test_a_page_names_every_part_of_the_report(port):
    report = explain(port)
    page = text_of(report.page(sources=True))
    for row in registry.lookup(port, "tcp"):
        assert (row.service or str(row.state)) in page
        assert row.description in page or row.state == "reserved"
    for part in (*report.purpose, *report.judgement):
        assert text_of(part.text) in page
        assert f"[{part.source}]" in page
    for use in report.uses:
        assert use.name in page
        assert str(use.source) in page
    for use in report.uses_by_relevance[:10]:
        assert f"{use.name} ({', '.join(use.transports)} {use.ports}): {use.note}" in page
    for entry in report.allocated_by:
        assert entry.name in page
    for entry in (*report.allocated_by, *report.not_allocated_by):
        assert str(entry.source) in page
    for rule in report.bind_rules:
        assert str(rule.source) in page
    assert str(report.registry_source) in page
    assert str(report.browser_source) in page


def test_sources_are_shown_on_request_only():
    assert "checked 2026" not in explain(443).page()
    assert "checked 2026" in explain(443).page(sources=True)


def test_headings_are_bold_on_request_only():
    assert "\x1b" not in explain(443).page()
    styled = explain(443).page(styled=True)
    assert styled.startswith("\x1b[1mPort 443\x1b[0m\n")
    assert styled.replace("\x1b[1m", "").replace("\x1b[0m", "") == explain(443).page()


def test_a_page_has_a_minimum_width():
    with pytest.raises(ValueError, match="^width must be at least 60, got 59$"):
        explain(443).page(width=59)
    for width in (float("nan"), 80.0, "80", True, None):
        with pytest.raises(TypeError, match="^width must be an integer, got "):
            explain(443).page(width=width)


@pytest.mark.parametrize("port", SAMPLE)
def test_the_data_form_is_json_and_complete(port):
    report = explain(port)
    data = report.to_dict()
    assert json.loads(json.dumps(data)) == data
    assert data.keys() == explain(60454).to_dict().keys()
    fields = set(PortReport.__dataclass_fields__)
    assert fields <= data.keys()
    for key in (
        *("allocated_by", "not_allocated_by", "uses", "not_for_internet", "bind_rules"),
        "commands",
    ):
        assert len(data[key]) == len(getattr(report, key))
        assert all(entry["source"] for entry in data[key])


def test_a_service_that_should_not_be_reachable_from_the_internet():
    report = explain(3306)
    (row,) = (each for each in uses.not_for_internet() if 3306 in each.ports)
    assert report.not_for_internet == (row,)
    text = f"Internet MySQL (tcp 3306) should not be reachable from the internet: {row.why}"
    assert text in text_of(report.page())
    assert f"[MySQL: {row.source}]" in text_of(report.page(sources=True))
    assert "Internet " not in str(explain(60454))
    (entry,) = report.to_dict()["not_for_internet"]
    assert entry == {
        "service": "MySQL",
        "ports": "3306",
        "transports": ["tcp"],
        "why": row.why,
        "confidence": row.confidence.value,
        "source": str(row.source),
        "fragment": row.fragment,
    }
    assert explain(3306, transport="udp").not_for_internet == ()


def test_the_ports_of_a_report_have_the_same_services_not_for_the_internet():
    for report in explain_ranges(PortRange(1, 6000)):
        for port in (report.ports.first, report.ports.last):
            assert explain(port).not_for_internet == report.not_for_internet


def test_the_data_of_a_use_has_all_its_fields():
    (row,) = (each for each in uses.lookup(5432) if each.name == "PostgreSQL")
    (use,) = (each for each in explain(5432).to_dict()["uses"] if each["name"] == "PostgreSQL")
    assert use == {
        "name": "PostgreSQL",
        "ports": "5432",
        "transports": ["tcp"],
        "kind": "program",
        "note": row.note,
        "since": row.since,
        "service": "postgresql",
        "confidence": row.confidence.value,
        "source": str(row.source),
        "fragment": row.fragment,
    }
    assert use.keys() == uses.Use.__dataclass_fields__.keys()


def test_a_report_of_one_transport():
    report = explain(34567, transport="udp")
    assert [(entry.transport, entry.services) for entry in report.registry] == [
        (Transport.UDP, ("edi_service",))
    ]
    assert explain(34567, transport=Transport.UDP) == report
    # lwIP has a row for each of the two.
    assert "lwip" not in names(explain(60454, transport="udp").allocated_by)
    assert "lwip" in names(explain(60454, transport="tcp").allocated_by)
    assert "mosh" not in {use.name for use in explain(60454, transport="tcp").uses}


def test_another_registry_can_be_used():
    ours = SHIPPED.with_services({"billing": [(60454, "tcp")]})
    report = explain(60454, registry=ours)
    assert report.registry[0].services == ("billing",)
    page = text_of(report.page(sources=True))
    assert "tcp assigned to billing" in page
    assert "IANA never assigns dynamic ports to services" in page
    assert ours.snapshot == date(2026, 8, 17)
    assert report.registry_source != explain(60454).registry_source
    assert "Port Number Registry, with the caller's own services, edition of 2026-08-17" in page


def test_descriptions_of_a_full_registry_are_shown(iana_sample):
    report = explain(22, registry=iana_sample)
    assert report.registry[0].descriptions == ("The Secure Shell (SSH) Protocol",)
    assert "assigned to ssh (The Secure Shell (SSH) Protocol)" in text_of(str(report))


@pytest.fixture
def iana_sample(request):
    path = request.config.rootpath / "tests" / "data" / "iana" / "sample.csv"
    return registry.Registry.read_iana(path)


PRIVILEGED = {
    # port: systems where it takes a privilege, and where it does not
    0: ((), ("linux", "macos", "freebsd", "solaris", "windows")),
    80: (("linux", "macos", "freebsd", "openbsd", "netbsd", "solaris"), ("windows", "ios")),
    1023: (("linux", "solaris"), ("windows",)),
    1024: ((), ("linux", "macos", "freebsd", "solaris", "windows")),
    2049: (("solaris",), ("linux", "windows")),
    4045: (("solaris",), ("linux", "windows")),
}


@pytest.mark.parametrize("port", PRIVILEGED)
def test_who_may_bind_it(port):
    rules = {rule.name: rule.privileged for rule in explain(port).bind_rules}
    privileged, free = PRIVILEGED[port]
    assert {name for name in rules if rules[name]} >= set(privileged)
    assert not any(rules[name] for name in free)
    assert all(rules[name] for name in privileged)


@pytest.mark.parametrize("port", [80, 3000, 50000])
def test_how_a_port_is_assigned_is_in_section_8_1_2(port):
    assert str(explain(port).purpose[0].source).startswith("RFC 6335, section 8.1.2 ")


@pytest.mark.parametrize(
    ("port", "systems"),
    [
        (3000, ""),
        (5353, ""),
        (5432, ""),
        (8080, ""),
        (1025, ""),
        (9999, ""),
        (10000, "FreeBSD"),
        (15000, "FreeBSD"),
        (40000, "Linux and FreeBSD"),
        (50000, "Linux, Windows, macOS and FreeBSD"),
        (55555, "Linux, Windows and FreeBSD"),
        (61000, "Windows, macOS and FreeBSD"),
    ],
)
def test_only_systems_that_allocate_a_port_make_it_the_end_of_a_connection(port, systems):
    report = explain(port)
    first, *_ = [remark.text for remark in report.judgement]
    names = {"Linux": "linux", "Windows": "windows", "macOS": "macos", "FreeBSD": "freebsd"}
    for title, name in names.items():
        row = ephemeral.profile(name)
        assert (title in systems) == (port in row.ports and port not in row.skipped)
    if systems:
        assert f"this port is normal on {systems}: the system allocated the port" in first
        assert "listener" not in first
    else:
        assert first == (
            "With their default settings, Linux, Windows, macOS and FreeBSD do not allocate this "
            "port. There, a connection with this local port was accepted by a listener, or its "
            "program bound the port."
        )
        assert "the system allocated the port" not in text_of(report.page())


@pytest.mark.parametrize("port", [22, 80, 443, 500])
def test_no_remark_on_ends_of_connections_where_no_system_allocates_the_port(port):
    report = explain(port)
    assert not report.allocated_by
    assert report.judgement == (rows.PRIVILEGED_LISTENER, rows.SERVICE_LISTENER)


@pytest.mark.parametrize(
    ("port", "remark"),
    [
        (443, rows.SERVICE_LISTENER),
        (9200, rows.MISNAMED_LISTENER),
        (1023, rows.RESERVED_LISTENER),
        (49151, rows.RESERVED_LISTENER),
        (47809, rows.SERVICE_LISTENER),
        (51820, rows.KNOWN_DYNAMIC_LISTENER),
        (65535, rows.DYNAMIC_LISTENER),
    ],
)
def test_the_last_remark_is_about_a_listener(port, remark):
    assert explain(port).judgement[-1] == remark


def test_ports_of_one_report_have_the_same_remarks():
    # A use that begins at a port says more about it than about the ports after it.
    for first in (1025, 5900, 6000, 6881, 8000, 27000):
        for report in explain_ranges(PortRange(first, first + 20)):
            assert {explain(port).judgement for port in report.ports} == {report.judgement}


def test_the_rule_of_binding_has_a_source_of_its_own():
    rules = {rule.name: rule.source for rule in explain(80).bind_rules}
    assert "4548b683b781" in str(rules["linux"])


def test_port_0_has_no_commands():
    report = explain(0)
    assert report.commands == ()
    page = text_of(str(report))
    assert "bind() treats it as a request for any free port" in page
    assert "Find holder" not in page
    assert "Flow exporters write it for packets without ports" in page


def test_a_crowded_port_has_ten_uses_in_full_and_the_names_of_the_others():
    report = explain(8000)
    first, others = report.uses_by_relevance[:10], report.uses_by_relevance[10:]
    assert len(others) >= 10
    page = text_of(report.page())
    assert f"and {len(others)} others: {'; '.join(use.name for use in others)} Category" in page
    assert [use.name in page for use in first] == [True] * 10
    assert not any(use.note in page for use in others if len(use.note) > 30)
    ports = sorted({use.ports.first for use in uses.rows()})
    eleven = next(port for port in ports if len(uses.lookup(port)) == 11)
    assert "and 1 other: " in text_of(explain(eleven).page())
    assert "Known uses none known to this library" in text_of(explain(40000).page())


@pytest.mark.parametrize("port", [*SAMPLE, 5432, 6379, 8000, 9200, 25565, 27015])
def test_the_most_telling_uses_come_first(port):
    report = explain(port)
    found = report.uses_by_relevance
    assert sorted(use.name for use in found) == sorted(use.name for use in report.uses)
    assert found[: len(report.known_for)] == report.known_for
    for one, other in pairwise(report.known_for):
        registered = [use.service in report.services for use in (one, other)]
        if registered[0] == registered[1]:
            assert len(one.ports) <= len(other.ports)
        else:
            assert registered == [True, False]
    for use in report.uses:
        if use not in report.known_for:
            assert not use.is_narrow
            assert use.ports.first != port or len(use.ports) >= 1000 or use.kind != "program"


# Programs and platforms are sorted by name.
REGISTERED = [{"convention"}, {"developer"}, {"program", "platform"}, {"malware"}]
OTHERS = [{"developer"}, {"program", "platform"}, {"malware"}, {"convention"}]


@pytest.mark.parametrize(
    ("port", "is_registered", "order"),
    [
        (443, True, REGISTERED),
        (1080, True, REGISTERED),
        (8080, True, REGISTERED),
        (4444, False, OTHERS),
        (5000, False, OTHERS),
        (9000, False, OTHERS),
    ],
)
def test_kinds_of_uses_have_an_order(port, is_registered, order):
    report = explain(port)
    found = [
        use
        for use in report.known_for
        if len(use.ports) == 1 and (use.service in report.services) == is_registered
    ]
    ranks = [next(at for at, kinds in enumerate(order) if use.kind in kinds) for use in found]
    keys = [(rank, use.name.lower()) for rank, use in zip(ranks, found, strict=True)]
    assert keys == sorted(keys)
    assert len({use.kind for use in found}) > 1


def test_the_example_of_a_manual_comes_after_the_programs():
    names = [use.name for use in explain(3000).known_for]
    assert names.index("Grafana") < names.index("Open WebUI in Docker")


def test_a_program_that_takes_the_first_free_port_is_known_for_its_first():
    def known(port):
        return [use.name for use in explain(port).known_for]

    assert "Elasticsearch" in known(9200)
    assert "Elasticsearch" not in known(9201)
    # A convention of this size, and a program that allocates from its range.
    assert "rresvport() of glibc" not in known(512)
    assert "I2P network" not in known(9111)
    # A report about several ports is not about the first one.
    assert known(21500) == ["Consul exposed checks"]
    (report,) = explain_ranges(PortRange(21500, 21505))
    assert report.known_for == ()


HEADLINES = [
    (22, "is assigned to ssh; it lies in 0-1023, the System Ports."),
    (443, "is assigned to https; it lies in 0-1023, the System Ports."),
    (5432, "is assigned to postgresql; it lies in 1024-49151, the User Ports."),
    (
        9200,
        "is known for Boundary controller API, OpenSearch and Elasticsearch, but is assigned to "
        "another service, wap-wsp; it lies in 1024-49151, the User Ports.",
    ),
    (
        1521,
        "is known for Oracle Database listener, but is assigned to another service, ncube-lm; it "
        "lies in 1024-49151, the User Ports.",
    ),
    (
        25565,
        "is not assigned, but is known for Minecraft Java Edition and Minecraft query; it lies in "
        "1024-49151, the User Ports.",
    ),
    (
        50051,
        "has no IANA registration, but is known for TRON gRPC and Weaviate gRPC; it lies in "
        "49152-65535, the Dynamic Ports.",
    ),
    (1023, "is reserved; it lies in 0-1023, the System Ports."),
    # What follows the comma in "K3s API server, local access" is left out.
    (
        6444,
        "is known for K3s API server, but is assigned to other services, sge-qmaster and "
        "sge_qmaster; it lies in 1024-49151, the User Ports.",
    ),
]


@pytest.mark.parametrize(("port", "headline"), HEADLINES)
def test_the_headline_names_what_the_port_is_known_for(port, headline):
    assert text_of(explain(port).page()).startswith(f"Port {port} Port {port} {headline} ")


@pytest.mark.parametrize(
    ("port", "headline"),
    [
        (8000, "has {} known uses, but is assigned to another service, irdmi; it lies in "),
        (3000, "has {} known uses, but is assigned to other services, hbci and remoteware-cl; it "),
        (8080, "is assigned to http-alt, and has {} known uses; it lies in "),
        (27015, "is not assigned, but has {} known uses; it lies in "),
    ],
)
def test_the_headline_counts_many_uses(port, headline):
    report = explain(port)
    assert len(report.known_for) > 3
    begin = headline.format(len(report.known_for))
    assert text_of(report.page()).startswith(f"Port {port} Port {port} {begin}")


def test_the_headline_of_several_ports():
    def begin(ports):
        (report,) = explain_ranges(PortRange.parse(ports))
        return " ".join(report.page().splitlines()[1:3])

    assert begin("60201-60205").startswith("Ports 60201-60205 have no IANA registration; they lie")
    assert begin("6007-6009").startswith("Ports 6007-6009 are assigned to x11; they lie in 1024-4")
    assert begin("4511-4519").startswith(
        "Ports 4511-4519 are not assigned, but are known for LocalStack external services; they l"
    )


def test_a_page_says_since_when_a_default_holds():
    assert "clients and peers (since version 2.0-beta17; 5000 before) " in text_of(
        explain(1194).page()
    )


def test_uses_follow_the_registry_unless_they_are_only_wide_ranges():
    def order(port):
        labels = ("Known uses", "IANA", "Purpose", "Browsers", "Find holder")
        page = explain(port).page()
        return sorted(labels, key=lambda label: page.index(f"\n{label} "))

    assert order(9200) == ["Known uses", "IANA", "Purpose", "Browsers", "Find holder"]
    assert order(443) == ["IANA", "Known uses", "Purpose", "Browsers", "Find holder"]
    assert order(60454) == ["IANA", "Purpose", "Browsers", "Known uses", "Find holder"]
    assert order(40000) == order(60454)


def test_uses_come_first_where_the_registered_name_is_another_service():
    for port, is_misnamed in ((9200, True), (8000, True), (22, False), (993, False), (24, False)):
        report = explain(port)
        assert report.is_misnamed is is_misnamed
        page = report.page()
        assert (page.index("\nKnown uses ") < page.index("\nIANA ")) is is_misnamed
    # Whether a name misleads depends on the registry.
    ours = SHIPPED.with_services({"billing": [(25565, "tcp")]})
    assert explain(25565, registry=ours).is_misnamed
    assert not explain(25565, registry=ours, transport="udp").is_misnamed


def test_common_systems_come_first_in_the_list_of_allocating_systems():
    page = explain(8000).page()
    text = text_of(page)
    assert "unbound sockets, on no common system, but on windows-exchange2010 (6005-65534)" in text
    assert (
        "not on 32768-60999 linux, android 49152-65535 windows, macos, ios 10000-65535 freebsd "
        "portranges ephemeral lists all systems"
    ) in text
    report = explain(60454)
    alone = dataclasses.replace(report, allocated_by=report.allocated_by[:1], not_allocated_by=())
    assert "sockets, on 32768-60999 linux portranges ephemeral lists" in text_of(alone.page())
    for port in (3000, 8000, 25565, 40000, 50000, 55555, 60454):
        _, _, section = explain(port).page().partition("\nAllocated ")
        assert section.partition("\n\n")[0].count("\n") <= 13
    text = text_of(explain(60454).page())
    assert "; zos, freertos, haiku and 2 more (1024-65535); " in text
    assert re.search(r"; and \d+ more portranges ephemeral lists all systems", text)


@pytest.mark.parametrize(
    ("port", "transport", "systems"),
    [
        (60454, "tcp", ("linux", "windows")),
        (60454, "udp", ("windows",)),
        (40000, None, ("linux",)),
        (61000, None, ("windows",)),
        (20000, None, ()),
        (8080, None, ()),
        (443, None, ()),
    ],
)
def test_what_can_keep_a_service_from_its_port(port, transport, systems):
    texts = [remark.text for remark in explain(port, transport=transport).judgement]
    itself = [each for each in texts if "can be connected to itself" in each]
    excluded = [each for each in texts if "WSAEACCES (10013)" in each]
    assert (len(itself), len(excluded)) == ("linux" in systems, "windows" in systems)


@pytest.mark.parametrize(
    ("port", "transport", "text"),
    [
        (443, None, "On UDP, the port is used for HTTP/3, which runs over QUIC"),
        (443, "udp", "On UDP, the port is used for HTTP/3, which runs over QUIC"),
        (443, "tcp", ""),
        (80, "udp", "a client cannot use it to open an http URI directly"),
        (80, "tcp", ""),
        (8443, None, ""),
    ],
)
def test_what_http_3_means_for_a_port(port, transport, text):
    purpose = explain(port, transport=transport).purpose
    said = [remark for remark in purpose if "HTTP/3" in remark.text]
    assert [text in remark.text for remark in said] == [True] * bool(text)
    assert all(str(remark.source).startswith("RFC 9114, section") for remark in said)


@pytest.mark.parametrize(
    ("port", "begin"),
    [
        (22, "Expect a listener only if you run the service. Neither a registration nor a known"),
        (1021, "Expect a listener only if you run the service. Neither a registration nor a kno"),
        (25565, "Expect a listener only if you run one. The port is not assigned, so the number"),
        (60454, "A process that listens on a dynamic port for more than a few minutes deserves "),
    ],
)
def test_what_a_listener_means(port, begin):
    assert explain(port).judgement[-1].text.startswith(begin)


def test_a_system_that_skips_the_port():
    page = text_of(str(explain(55555)))
    assert "macos (which skips it)" in page
    assert "macos" in names(explain(55555).not_allocated_by)


@pytest.mark.parametrize(("port", "said"), [(8010, True), (80, False), (24, False), (4, True)])
def test_whether_a_page_says_that_a_port_is_not_assigned(port, said):
    assert ("This port is not assigned to any service." in text_of(str(explain(port)))) is said


def test_commands_are_those_of_the_transport():
    assert not explain(80, transport="sctp").commands
    udp = [command.command for command in explain(80, transport="udp").commands]
    assert any("Get-NetUDPEndpoint" in command for command in udp)
    assert not any("Get-NetTCPConnection" in command for command in udp)


@pytest.mark.parametrize(
    ("port", "said"),
    [
        # One description for several names is written once.
        (80, "tcp, udp assigned to http, www, www-http (World Wide Web HTTP) sctp assigned to"),
        (2049, "tcp, udp assigned to shilp, nfs (Network File System - Sun Microsystems) sctp"),
        (3000, "tcp, udp assigned to hbci (HBCI), remoteware-cl (RemoteWare Client) sctp, dccp"),
        (5432, "tcp, udp assigned to postgresql (PostgreSQL Database) sctp, dccp not listed"),
        # A row without a name.
        (24, "tcp, udp assigned (any private mail system) sctp, dccp not listed"),
        (15, "tcp unassigned (Unassigned [was netstat]) udp unassigned sctp, dccp not listed"),
        # The description repeats the state.
        (0, "tcp, udp reserved: not available for regular assignment sctp, dccp not listed"),
        (4413, "tcp assigned to vision-mon (FORT\\xc9 Vision Monitoring platform) udp"),
        (514, "tcp assigned to shell (cmd like exec, but automatic authentication is performed"),
    ],
)
def test_the_description_is_beside_the_service_name(port, said):
    assert f"IANA {said}" in text_of(explain(port).page())


def test_every_name_has_its_description_in_the_data():
    (tcp, *_) = explain(2049).to_dict()["registry"]
    described = "Network File System - Sun Microsystems"
    assert tcp == {
        "transport": "tcp",
        "state": "assigned",
        "services": ["shilp", "nfs"],
        "descriptions": ["", described],
    }
    (reserved,) = explain(1023, transport="tcp").registry
    assert reserved.descriptions == ("Reserved",)
    (unlisted,) = explain(80, transport="dccp").registry
    assert unlisted.descriptions == ()


def test_control_codes_of_a_registry_file_are_escaped():
    ours = SHIPPED.with_services({"billing": [(80, "tcp")]})
    report = explain(80, registry=ours)
    evil = dataclasses.replace(
        report.registry[0], services=("bill\x1b[31m",), descriptions=("caf\u00e9",)
    )
    page = dataclasses.replace(report, registry=(evil,)).page()
    assert page.isascii()
    assert "\x1b" not in page
    assert "bill\\x1b[31m (caf\\xe9)" in page


def test_wrong_arguments_are_refused():
    with pytest.raises(InvalidPortError, match=r"^port must be in 0\.\.65535, got 65536$"):
        explain(65536)
    with pytest.raises(TypeError, match="got str '80'"):
        explain("80")
    with pytest.raises(UnknownNameError, match="^unknown transport, got 'tpc'; did you mean 'tcp'"):
        explain(80, transport="tpc")
    with pytest.raises(TypeError, match="^registry must be a Registry, got str 'x'$"):
        explain(80, registry="x")
    with pytest.raises(TypeError, match="transport must be a Transport or its value, got int 6"):
        explain(80, transport=6)


@pytest.mark.slow
def test_ports_of_all_kinds_have_a_page():
    for port in range(0, 65536, 61):
        assert str(explain(port)).startswith(f"Port {port}\n")


# What a report says apart from its port.
_facts = attrgetter(*(PortReport.__dataclass_fields__.keys() - {"port", "ports", "commands"}))


RANGES = [
    PortRange(0, 120),
    PortRange(980, 1100),
    PortRange(5890, 6100),
    PortRange(9990, 10010),
    PortRange(49100, 49200),
    PortRange(60990, 61400),
    PortRange(65500, 65535),
]
OURS = registry.SHIPPED.with_services({"ours": [(PortRange(1000, 1010), "tcp"), (61010, "udp")]})


@pytest.mark.parametrize("ports", RANGES, ids=str)
@pytest.mark.parametrize("transport", [None, "tcp", "sctp"])
@pytest.mark.parametrize("table", [None, OURS], ids=["IANA", "ours"])
def test_a_report_of_a_range_is_the_report_of_each_port(ports, transport, table):
    check_ranges(ports, transport, table)


@pytest.mark.slow
def test_a_report_of_a_range_is_the_report_of_each_port_of_all():
    check_ranges(PortRange(0, 65535), None, None)


def check_ranges(ports, transport, table):
    reports = list(explain_ranges(ports, transport=transport, registry=table))
    assert [port for report in reports for port in report.ports] == list(ports)
    for report in reports:
        assert report.port == report.ports.first
        said = _facts(report)
        for port in report.ports:
            alone = explain(port, transport=transport, registry=table)
            assert alone.ports == PortRange(port)
            assert _facts(alone) == said
            if port == report.port:
                assert alone.commands == report.commands
    # No range could be longer.
    for one, other in pairwise(reports):
        assert _facts(one) != _facts(other)


def test_the_ranges_of_a_set_are_apart():
    found = explain_ranges(PortSet.parse("60001-60002,60005,60004"))
    assert [str(report.ports) for report in found] == ["60001-60002", "60004-60005"]
    assert list(explain_ranges(PortSet())) == []
    with pytest.raises(TypeError, match="ports must be a PortRange"):
        list(explain_ranges(80))
    page = str(next(explain_ranges(PortRange(19, 19))))
    assert page == str(explain(19))


def test_spans_of_a_registry_have_equal_rows_and_cover_every_port():
    for table in (registry.SHIPPED, OURS):
        spans = table.spans()
        assert [port for span in spans for port in span] == list(range(65536))
        for span in spans[::37]:
            rows = {
                tuple((row.transport, row.state, row.service) for row in table.lookup(port))
                for port in (span.first, (span.first + span.last) // 2, span.last)
            }
            assert len(rows) == 1


VERDICTS = {
    22: """\
Port 22 is assigned to ssh; it lies in 0-1023, the System Ports.
assigned   tcp, udp: ssh (The Secure Shell (SSH) Protocol); sctp: ssh (SSH)
used by    SSH
allocated  never, as far as ephemeral ranges are known
bind       privileged on linux, macos and freebsd, not on windows
browsers   refuse to connect""",
    512: """\
Port 512 is assigned to exec, comsat and biff; it lies in 0-1023, the System
Ports.
assigned   tcp: exec (remote process execution; authentication perfor...); udp:
           comsat, biff (used by mail system to notify users of new mail...)
used by    programs with a wide range: rresvport() of glibc
allocated  never, as far as ephemeral ranges are known
bind       privileged on linux, macos and freebsd, not on windows
browsers   refuse to connect""",
    1024: """\
Port 1024 is reserved; it lies in 1024-49151, the User Ports.
allocated  not on linux, windows, macos and freebsd, but on 11 other systems
bind       any user
note       The port is at the edge of its range and reserved so that the range
           can be extended.""",
    2049: """\
Port 2049 is assigned to shilp and nfs; it lies in 1024-49151, the User Ports.
assigned   tcp, udp: shilp, nfs (Network File System - Sun Microsystems); sctp:
           nfs (Network File System)
used by    NFS
allocated  not on linux, windows, macos and freebsd, but on 16 other systems
bind       any user, except on 2 less common systems
browsers   refuse to connect""",
    50000: """\
Port 50000 has no IANA registration, but is known for Jenkins inbound agents,
Talos Linux apid and IBM Db2; it lies in 49152-65535, the Dynamic Ports.
allocated  by default on linux (32768-60999), windows, macos (49152-65535),
           freebsd (10000-65535) and 44 others
bind       any user""",
}


@pytest.mark.parametrize(("port", "text"), VERDICTS.items())
def test_the_verdict(port, text):
    report = explain(port)
    assert report.verdict() == text
    # A page begins with it.
    assert report.page().startswith(f"Port {port}\n{text}\n\nCategory ")


@pytest.mark.parametrize("port", SAMPLE)
@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_verdict_is_short(port, width):
    lines = explain(port).verdict(width=width).splitlines()
    assert len(lines) <= (13 if width < 80 else 9)
    assert all(line.isascii() and line == line.rstrip() for line in lines)
    assert max(map(len, lines)) <= width


def test_a_verdict_counts_what_it_leaves_out():
    ours = SHIPPED.with_services({name: [(61234, "tcp")] for name in ("a1", "b2", "c3", "d4")})
    report = explain(61234, registry=ours)
    assert "assigned   tcp: a1, b2, c3 and 1 other\n" in report.verdict()
    of_8080 = explain(8080)
    named, _, count = text_of(of_8080.verdict()).partition(" used by ")[2].partition("; and ")
    assert named == "; ".join(use.name for use in of_8080.known_for[:3])
    assert count.startswith(f"{len(of_8080.known_for) - 3} others ")
    common = ("linux", "windows", "macos", "freebsd")
    for port in (8080, 10000, 40000, 60454):
        report = explain(port)
        other = [entry for entry in report.allocated_by if entry.name not in common]
        said = text_of(report.verdict())
        for entry in report.allocated_by:
            if entry.name in common:
                assert re.search(rf"\b{entry.name}\b[^()]* \({entry.ports}\)", said)
        assert f" {len(other)} other" in said


def test_the_first_sentence_of_a_verdict_is_bold_on_request_only():
    report = explain(8080)
    assert "\x1b" not in report.verdict()
    first, second, third, *_ = report.verdict(styled=True).splitlines()
    assert first.startswith("\x1b[1mPort 8080 is ")
    assert first.endswith(second[-4:])
    assert third.startswith("assigned ")


def test_a_verdict_has_a_minimum_width():
    with pytest.raises(ValueError, match="^width must be at least 60, got 59$"):
        explain(443).verdict(width=59)


BRIEF = {
    0: "0 is reserved; system port; blocked by browsers",
    22: "22 is assigned to ssh (The Secure Shell (SSH) Protocol); system port; "
    "privileged on linux, macos, freebsd; blocked by browsers",
    80: "80 is assigned to http, www and www-http; system port; "
    "privileged on linux, macos, freebsd",
    9200: "9200 is known for Boundary controller API, OpenSearch and Elasticsearch, but is "
    "assigned to another service, wap-wsp (WAP connectionless session service); user port",
    40000: "40000 is assigned to safetynetp (SafetyNET p); user port; allocated on linux, freebsd",
    60454: "60454 has no IANA registration; dynamic port; "
    "allocated on linux, windows, macos, freebsd",
}


@pytest.mark.parametrize(("port", "text"), BRIEF.items())
def test_the_brief_form(port, text):
    report = explain(port)
    assert report.brief == text
    assert report.to_dict()["brief"] == text


@pytest.mark.parametrize("descriptions", [(), ("",), ("HTTPS", "another")])
def test_an_entry_with_another_number_of_descriptions_is_shown(descriptions):
    report = explain(443)
    entry = dataclasses.replace(report.registry[0], descriptions=descriptions)
    report = dataclasses.replace(report, registry=(entry,))
    shown = " (HTTPS)" if any(descriptions) else ""
    assert report.brief.startswith(f"443 is assigned to https{shown}; system port")
    assert f"assigned   tcp: https{shown}\n" in report.verdict()
    assert repr(report) == f"<PortReport {report.brief}>"
    assert str(report)


def test_the_brief_form_of_several_ports():
    ours = SHIPPED.with_services({"x": [(port, "tcp") for port in (60201, 60202)]})
    (report,) = explain_ranges(PortRange(60201, 60202), registry=ours)
    assert report.brief.startswith("60201-60202 are assigned to x; dynamic ports; allocated on ")


@pytest.mark.parametrize("port", SAMPLE)
def test_the_brief_form_is_one_line(port):
    text = explain(port).brief
    assert text.isascii()
    assert text.isprintable()
    assert text.startswith(f"{port} ")
    assert len(text) < 250


def test_a_page_spells_the_command_that_lists_excluded_ports_in_full():
    page = str(explain(50000))
    assert "netsh interface ipv4 show excludedportrange protocol=tcp" in page
    assert "netsh interface ipv4 add excludedportrange" in " ".join(page.split())
    assert "netsh int " not in page
