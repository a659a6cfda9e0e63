"""The web page of a report, and ``portranges PORT --html``."""

from __future__ import annotations

import dataclasses
import re
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

import portranges
from portranges import PortRange, Source, explain, uses
from portranges.cli import main
from portranges.ephemeral import profiles
from portranges.report import Remark, explain_ranges, rows
from portranges.report.markup import cited
from portranges.report.web_page import render
from web_pages import faults, texts

# A port of every kind.
SAMPLE = [0, 1, 22, 80, 443, 1021, 1023, 1024, 2049, 3306, 4999, 5000, 6000, 8080, 9200, 20001]
SAMPLE += [32768, 47808, 49151, 49152, 51820, 60454, 61000, 65535]


@pytest.mark.parametrize("port", SAMPLE)
def test_a_page_is_well_formed_and_loads_nothing(port):
    assert faults(explain(port).to_html()) == []


@pytest.mark.parametrize("port", SAMPLE)
def test_the_first_sentence_is_the_one_of_the_verdict(port):
    report = explain(port)
    sentence = re.match(r".*?\.(?=\n|$)", report.verdict(width=10_000))[0]
    found = re.search(r'<p class="answer">(.*?)</p>', report.to_html())[1]
    assert texts(found) == sentence
    assert texts(report.to_html()).startswith(f"Port {port} Port {port} {sentence}")


@pytest.mark.parametrize("transport", ["tcp", "udp", "sctp", "dccp"])
@pytest.mark.parametrize("port", [0, 53, 443, 51820, 60454])
def test_a_page_about_one_transport(port, transport):
    page = explain(port, transport=transport).to_html()
    assert faults(page) == []
    assert f"<h1>Port {port}, {transport.upper()}</h1>" in page


def test_the_page_is_the_same_each_time():
    assert explain(8080).to_html() == explain(8080).to_html()


def test_every_fact_of_the_text_is_on_the_page():
    for port in SAMPLE:
        report = explain(port)
        page = texts(report.to_html())
        for remark in (*report.purpose, *report.judgement):
            assert remark.text in page
        for use in report.uses:
            assert f"{use.name} ({', '.join(use.transports)} {use.ports}): {use.note}" in page
        for each in report.commands:
            assert f"{each.command} Shows {each.shows}." in page
        for entry in (*report.allocated_by, *report.not_allocated_by):
            assert f"{entry.system} {entry.ports} " in page
        for rule in report.bind_rules:
            assert not rule.privileged or f"privileged only {rule.note}" in page
        for service in report.not_for_internet:
            assert f"{service.why}." in page


PAGE_OF_60454 = """
Port 60454
Port 60454
Port 60454 has no IANA registration; it lies in 49152-65535, the Dynamic Ports.
Used by programs with a wide range: mosh; Docker published ports on Windows; Docker published ports;
and 3 others
Allocated by default on Linux (32768-60999), Windows, macOS (49152-65535), FreeBSD (10000-65535)
and 44 others
Who may bind any user
What the number is for
The Dynamic Ports are the 16,384 numbers 49152-65535, also called Private Ports or Ephemeral Ports.
RFC 6335, sections 6 and 8.1.2
A system allocates dynamic ports to its own end of connections, each for as long as the connection
lasts. They do not identify services and cannot be registered. RFC 6335, section 8.1.2
There are 65,536 port numbers, but a host is not limited to 65,536 connections: a connection is
identified by both addresses, both ports and the transport, so many connections can share one port
as long as that combination is unique. RFC 6056, section 2.2
Registration
Registration
Transport State
tcp, udp, sctp, dccp no registration
IANA never assigns dynamic ports to services.
Known uses
The port is part of ranges that these use:
mosh (udp 60001-60999): the server of a mobile shell session, one port per session.
mobile-shell/mosh, network.h
Docker published ports on Windows (tcp, udp 60000-65000): container ports published without a host
port. moby/moby, portallocator_windows.go
Docker published ports (tcp, udp 49153-65535): only if the host's own ephemeral range cannot be
read. moby/moby, portallocator_unix.go
Samba RPC (tcp 49152-65535): RPC services without a port of their own, in all server roles.
samba-team/samba, rpcserverdynamicportrange.xml
Windows RPC (tcp 49152-65535): services of Windows and Active Directory; the endpoint mapper on 135
reports the port. MicrosoftDocs/SupportArticles-docs,
service-overview-and-network-port-requirements.md
TURN relays (tcp, udp 49152-65535): relayed addresses of calls and WebRTC sessions, on a TURN
server. RFC 8656, section 7.2
On each system
For an outgoing connection, and for a socket that binds port 0, a system allocates a port of its
ephemeral range.
Common systems
System Ephemeral range Allocates it Who may bind it
Linux 32768-60999 yes any user
Windows 49152-65535 yes any user
macOS 49152-65535 yes any user
FreeBSD 10000-65535 yes any user
Android 32768-60999 yes any user
iOS, iPadOS, tvOS, watchOS, visionOS 49152-65535 yes any user
All 57 systems, with notes and sources
"""

END_OF_60454 = """
Browsers and the internet
Browsers connect to it; it is not on their list of blocked ports. WHATWG Fetch Standard,
whatwg/fetch@586cd2a4, Port blocking
See which process holds it
On the machine, portranges 60454 --here shows the process and the settings for the port.
Linux
ss -tuanp 'sport = :60454'
Shows sockets on the port, in every state; as root, with the processes of all users.
lsof -nP -i :60454
Shows processes that use the port at either end; as root, of all users.
macOS
lsof -nP -i :60454
Shows processes that use the port at either end; with sudo, of all users.
netstat -anv | grep '[.]60454 '
Shows sockets with the port at either end, in every state, with process ids.
FreeBSD
sockstat -4 -6 -p 60454
Shows sockets and their processes.
Windows
netstat -ano | findstr /C:":60454 "
Shows sockets with the port at either end, in every state, with process ids.
Get-NetTCPConnection -LocalPort 60454
Shows TCP sockets with their OwningProcess.
Get-NetUDPEndpoint -LocalPort 60454 | fl Local*, Own*
Shows UDP sockets with their OwningProcess.
netsh interface ipv4 show excludedportrange protocol=tcp
Shows ports that bind() may refuse with WSAEACCES (10013) although no process holds them.
netsh interface ipv4 show excludedportrange protocol=udp
Shows the same for UDP.
When to worry
A process that listens on a dynamic port for more than a few minutes deserves a look: the number
does not identify a service, so clients must learn it in some other way. A published container
port, a call, an RPC service or a test server would explain it. Otherwise, find out which program
it is, who started it and who connects: a port that is not monitored is a good hiding place.
RFC 6335, sections 6 and 8.1.2
The local end of a connection on this port is normal on Linux, Windows, macOS and FreeBSD: the
system allocated the port, and releases it when the connection ends (after TIME_WAIT, on the side
that closed first). RFC 6056, section 2
"""


def words(text):
    return " ".join(text.split())


def test_the_text_of_the_page_that_the_project_started_from():
    page = texts(explain(60454).to_html())
    assert page.startswith(words(PAGE_OF_60454))
    assert words(END_OF_60454) in page
    assert page.endswith(
        "Registry: IANA, Service Name and Transport Protocol Port Number Registry, edition of "
        "2026-08-17. The other sources were last checked in 2026-11. Systems are described with "
        f"their default settings, which a machine may change. Written by portranges "
        f"{portranges.__version__}."
    )


def section(port, name):
    return texts(
        re.search(rf'<h2 id="{name}">.*?</section>', explain(port).to_html(), re.DOTALL)[0]
    )


@pytest.mark.parametrize(
    ("port", "beginning"),
    [
        (0, "No service has port 0."),
        (22, "Expect a listener only if you run the service."),
        (9200, "Expect a listener only if you run one. Tools that print names"),
        (1023, "IANA keeps the port reserved, so no registered service explains a listener"),
        (4999, "Expect a listener only if you run the service."),
        (47809, "Expect a listener only if you run the service."),
        (51820, "Expect a listener only if you run a program that uses the port by default."),
        (60454, "A process that listens on a dynamic port"),
    ],
)
def test_when_to_worry_fits_the_kind_of_port(port, beginning):
    assert section(port, "worry").startswith(f"When to worry {beginning}")


def test_a_listener_that_needs_a_privilege_is_more_serious():
    assert rows.PRIVILEGED_LISTENER.text in section(22, "worry")
    assert rows.PRIVILEGED_LISTENER.text not in section(3306, "worry")


def test_a_service_that_should_not_be_reachable_is_at_the_top_and_has_its_reason():
    report = explain(3306)
    page = texts(report.to_html())
    assert "Internet MySQL should not be reachable from the internet" in page
    assert "This service should not be reachable from the internet: MySQL (tcp 3306): " in page
    assert report.not_for_internet[0].why in page
    assert explain(3306, transport="udp").not_for_internet == ()
    several = explain(389)
    assert len(several.not_for_internet) == 1
    ports = next(explain_ranges(PortRange(137, 139)))
    assert [each.service for each in ports.not_for_internet] == ["NetBIOS"]


def test_a_misleading_name_comes_after_what_the_port_is_known_for():
    page = explain(9200).to_html()
    assert page.index('id="uses"') < page.index('id="registration"')
    page = explain(22).to_html()
    assert page.index('id="uses"') > page.index('id="registration"')


def test_many_uses_are_folded():
    page = explain(8080).to_html()
    assert f"<summary>And {len(explain(8080).known_for) - 10} others</summary>" in page
    assert "<summary>And" not in explain(22).to_html()


def test_a_use_that_only_others_state_is_marked():
    use = next(each for each in uses.rows() if each.confidence == "document")
    doubtful = dataclasses.replace(use, confidence=portranges.Confidence.REPORTED)
    report = dataclasses.replace(explain(22), uses=(doubtful,))
    assert "(stated by third parties only)." in texts(report.to_html())


def test_a_system_that_skips_the_port():
    profile = next(each for each in profiles("host", current=True) if each.skipped & each.ports)
    port = (profile.skipped & profile.ports).first
    assert f"{profile.title} {profile.ports} no, skipped" in texts(explain(port).to_html())


@pytest.mark.parametrize("port", [0, 22, 60454, 65535])
def test_the_port_is_on_the_number_line(port):
    page = explain(port).to_html()
    (picture,) = re.findall(r"<figure>(.*?)</figure>", page, re.DOTALL)
    assert f'aria-label="Port {port} on the number line"' in picture
    assert f">{port}</text>" in picture
    for words in ("Dynamic Ports", "Linux", "ephemeral 32768-60999", "Windows", "FreeBSD"):
        assert words in picture
    # The answer comes first.
    assert page.index('class="answer"') < page.index("<figure>") < page.index("<dl")


# Several ports.


def test_several_ports_are_parts_of_one_page():
    page = render(tuple(explain_ranges(PortRange(8000, 8003))))
    assert faults(page) == []
    for port in range(8000, 8004):
        assert f'<a href="#port-{port}">' in page
        assert f'<h2 id="port-{port}">Port {port}</h2>' in page
    assert page.count("<figure>") == 1
    assert ">these ports <" in page
    # What all have in common is there once.
    assert page.count('<h3 id="systems">') == 1
    assert page.count("See which process holds them") == 1
    assert "These are for 8000, and alike for the others." in page


def test_ports_that_do_not_differ_are_one_part():
    (report,) = explain_ranges(PortRange(49160, 49170))
    page = report.to_html()
    assert faults(page) == []
    assert "<h1>Ports 49160-49170</h1>" in page
    assert "Allocates them" in page


def test_a_port_for_one_transport_and_for_all_has_two_names():
    page = render((explain(53, transport="tcp"), explain(53)))
    assert faults(page) == []
    assert "<h1>Port 53</h1>" in page
    assert '<h2 id="port-53-tcp">Port 53, TCP</h2>' in page


def test_a_long_title_is_cut_between_ports():
    page = render([explain(port) for port in range(1, 100, 2)])
    assert "<h1>Ports 1, 3, 5, 7, 9, 11" in page
    assert re.search(r"<title>Ports [\d, ]+, \.\.\.</title>", page)


def test_port_0_alone_has_no_commands():
    page = render((explain(0), explain(0, transport="tcp")))
    assert faults(page) == []
    assert "<pre" not in page


# The command line.


def test_the_command_prints_the_page(capsys):
    assert main(["60454", "--html"]) == 0
    assert capsys.readouterr().out == explain(60454).to_html()


def test_the_command_accepts_names_ranges_and_transports(capsys):
    assert main(["ssh", "8000-8001", "53/udp", "--html"]) == 0
    page = capsys.readouterr().out
    assert faults(page) == []
    assert "<h1>Ports 22, 53, 8000-8001</h1>" in page
    assert '<h2 id="port-53-udp">' in page


def test_the_command_refuses_a_page_that_is_too_long(capsys):
    assert main(["1-1023", "--html"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        "portranges: --html prints at most 100 ports or ranges of ports that do not differ, got "
        "'1-1023'; --table has no limit\n"
    )


@pytest.mark.parametrize("other", ["--json", "--brief", "--full", "--table"])
def test_one_form_at_a_time(other, capsys):
    assert main(["22", "--html", other]) == 2
    assert "not allowed with argument" in capsys.readouterr().err


def test_a_page_is_not_about_this_machine(capsys):
    assert main(["22", "--html", "--here"]) == 2
    assert capsys.readouterr().err == (
        "portranges: --here requires another form, such as --full or --json, got --html\n"
    )


def test_sources_are_always_on_the_page(capsys):
    assert main(["22", "--html", "--sources"]) == 0
    assert capsys.readouterr().out == explain(22).to_html()


# Texts that do not behave.

HOSTILE = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            "</title></style></main>",
            '"\' onload=alert(1) x="',
            "javascript:alert(1)",
            'https://example.com/"><script>',
            "owner/name@0123456789 <b>",
            "RFC 1 <i>",
            "&lt;&#60;",
            "\x00\x1b[31m\ud800\u2028\ufffe",
            "-->",
            "]]>",
        ]
    ),
)


@given(HOSTILE.filter(bool), HOSTILE)
def test_hostile_texts_in_every_field_are_escaped(name, other):
    source = Source(document=name, section=other, checked=other or "2026-11")
    report = explain(9200)
    report = dataclasses.replace(
        report,
        registry=tuple(
            dataclasses.replace(each, services=(name, other), descriptions=(other,))
            for each in report.registry
        ),
        registry_source=source,
        browser_source=source,
        purpose=(Remark(text=other, source=source),),
        judgement=(Remark(text=name, source=source),),
        commands=tuple(
            dataclasses.replace(each, system=name, command=other, shows=name, source=source)
            for each in report.commands
        ),
        allocated_by=tuple(
            dataclasses.replace(each, system=other, source=source) for each in report.allocated_by
        ),
        bind_rules=tuple(
            dataclasses.replace(each, system=name, note=other, privileged=True, source=source)
            for each in report.bind_rules
        ),
        uses=tuple(
            dataclasses.replace(each, name=name, note=other, since=name, source=source)
            for each in report.uses
        ),
    )
    assert faults(report.to_html()) == []
    assert faults(render((report, explain(80)))) == []


def test_other_letters_of_a_registry_are_escaped_as_in_the_verdict():
    entry = dataclasses.replace(
        explain(22).registry[0], services=("caf\u00e9",), descriptions=("<\u1e9e>",)
    )
    page = dataclasses.replace(explain(22), registry=(entry,)).to_html()
    assert faults(page) == []
    assert "caf\\xe9 (<\\u1e9e>)" in texts(page)


# Links to sources.


@pytest.mark.parametrize(
    ("document", "section", "address", "shown"),
    [
        ("RFC 6335", "section 6", "https://www.rfc-editor.org/rfc/rfc6335#section-6", None),
        ("RFC 6335", "sections 6 and 7", "https://www.rfc-editor.org/rfc/rfc6335", None),
        ("a/b@01234567", "", "https://github.com/a/b/tree/01234567", "a/b"),
        ("a/b@01234567", "x/y.c", "https://github.com/a/b/blob/01234567/x/y.c", "a/b, y.c"),
        ("a/b@01234567", "Dockerfile", "https://github.com/a/b/blob/01234567/Dockerfile", None),
        ("a/b@01234567", "x.c:5", "https://github.com/a/b/blob/01234567/x.c#L5", "a/b, x.c:5"),
        (
            "a/b@01234567 (a fork)",
            "x.c:5-6, in f()",
            "https://github.com/a/b/blob/01234567/x.c#L5-L6",
            "a/b, x.c:5-6, in f()",
        ),
        ("a/b@01234567", "no such rule", "https://github.com/a/b/tree/01234567", None),
        ("a/b#12", "", "https://github.com/a/b/issues/12", None),
        ("https://example.com/x?a=1&b=2", "part", "https://example.com/x?a=1&b=2", None),
    ],
)
def test_a_source_is_a_link(document, section, address, shown):
    note = cited(Source(document=document, section=section, checked="2026-11"))
    assert address in note.replace("&amp;", "&")
    if shown:
        assert texts(note) == shown
    else:
        assert section in texts(note)


def test_several_documents_are_several_links():
    note = cited(Source(document="a/b#1, RFC 1 and ss(8)", section="here", checked="2026-11"))
    assert note.count("<a ") == 2
    assert texts(note) == "a/b#1, RFC 1 and ss(8), here"


@pytest.mark.parametrize(
    "document", ["bind(2)", "javascript:alert(1)", "ftp://example.com", "a/b@xyz"]
)
def test_other_documents_are_not_links(document):
    assert "<a " not in cited(Source(document=document, checked="2026-11"))


def test_the_version_is_the_one_of_the_package():
    with patch.object(portranges, "__version__", "9<9"):
        assert 'content="portranges 9&lt;9"' in explain(0).to_html()
