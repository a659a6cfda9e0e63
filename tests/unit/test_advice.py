"""Advice: which port to use, what is wrong with rules, what two sets differ in."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portranges import (
    InvalidPortError,
    InvalidRangeError,
    InvalidValueError,
    PortRange,
    PortSet,
    Transport,
    UnknownNameError,
    UnrepresentableError,
    ephemeral,
    registry,
    uses,
)
from portranges.advice import (
    Severity,
    audit,
    diff,
    first_cover,
    listen_ports,
    rows,
    sysctl_reserved,
    why_not,
    why_not_ranges,
)
from portranges.uses import BROWSER_BLOCKED

PORTS = st.integers(0, 65535)
RANGES = st.builds(
    lambda first, size: PortRange(first, min(65535, first + size)),
    PORTS,
    st.sampled_from([0, 1, 10, 1000, 20000, 65535]),
)
RULES = st.one_of(PORTS, RANGES, st.lists(RANGES, max_size=4).map(PortSet))


def ids(findings):
    return [found.id for found in findings]


class TestListenPorts:
    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("systems", "transports", "step"),
        [
            (("linux", "windows", "macos"), ("tcp",), 1),
            ((), ("udp",), 13),
            (("freebsd", "openbsd"), ("tcp", "udp"), 13),
            (("linux",), ("sctp",), 13),
        ],
    )
    def test_a_port_is_listed_exactly_if_there_is_no_objection(self, systems, transports, step):
        ports = listen_ports(systems, transports)
        for port in range(0, 65536, step):
            assert (port in ports) is (why_not(port, systems, transports) == ())

    def test_each_condition_by_itself(self):
        ports = listen_ports()
        assert ports
        for port in ports:
            assert 1024 <= port <= 49151
            assert registry.state(port, "tcp") == "unassigned"
            assert not 32768 <= port <= 65535
            assert port not in BROWSER_BLOCKED
        for use in uses.rows():
            if (len(use.ports) <= 100 or use.kind == "platform") and "tcp" in use.transports:
                assert ports.isdisjoint(use.ports), use.name

    def test_more_systems_or_transports_leave_fewer_ports(self):
        assert listen_ports() <= listen_ports(["linux"]) <= listen_ports([])
        assert listen_ports([], ["tcp", "udp"]) <= listen_ports([], ["udp"])

    def test_one_system_or_transport_needs_no_list(self):
        assert listen_ports("openbsd") == listen_ports(["openbsd"]) == listen_ports(("openbsd",))
        linux = ephemeral.profile("linux")
        assert listen_ports(linux, "udp") == listen_ports(iter([linux]), iter(["udp"]))
        assert listen_ports(transport=None) == listen_ports(transport=list(Transport))
        assert why_not(10080, "freebsd") == why_not(10080, ["freebsd"])
        assert audit(PortRange(49152, 65535), "linux") == audit(
            [PortRange(49152, 65535)], ["linux"]
        )

    def test_a_tuned_machine_and_a_sites_own_registry(self):
        tuned = ephemeral.profile("linux").replace(ports=PortRange(1024, 29000))
        assert listen_ports([tuned]).first > 29000
        port = listen_ports().last
        ours = registry.SHIPPED.with_services({"billing": [(port, "tcp")]})
        assert listen_ports(registry=ours) == listen_ports() - PortSet([port])

    def test_privileged_and_unavailable_ports_of_a_machine(self):
        linux = ephemeral.profile("linux")
        strict = dataclasses.replace(linux, privileged_below=11000)
        # 80 is the default of some programs as well.
        of_80 = ["system-port", "assigned"]
        free = (listen_ports() & PortRange(1024, 10999)).last
        assert ids(why_not(free, strict)) == ["privileged"]
        assert why_not(11000, strict, in_use=[10999], excluded=[11001]) == why_not(11000, linux)
        assert listen_ports(strict) == listen_ports(linux) - PortRange(0, 10999)
        lax = dataclasses.replace(linux, privileged_below=0)
        assert ids(why_not(80, lax))[:3] == ids(why_not(80, linux))[:3] == [*of_80, "known-use"]
        tuned = linux.replace(ports=PortRange(40000, 50000))
        assert ids(why_not(80, tuned))[:3] == [*of_80, "privileged"]
        tuned = dataclasses.replace(tuned, privileged_below=80)
        assert why_not(80, tuned) == why_not(80, lax)
        listed = dataclasses.replace(linux, privileged_extra=PortSet([free]))
        assert ids(why_not(free, listed)) == ["privileged"]
        assert listen_ports(linux) - listen_ports(listed) == PortSet([free])
        taken = PortSet([free, PortRange(11000, 11005)])
        for name, found in (("in_use", "in-use"), ("excluded", "excluded")):
            assert listen_ports(**{name: taken}) == listen_ports() - taken
            assert ids(why_not(free, **{name: taken})) == [found]
            assert ids(why_not(443, **{name: [443]}))[:3] == [*of_80, found]
            with pytest.raises(TypeError):
                listen_ports(**{name: 5})
        assert ids(why_not(free, in_use=taken, excluded=taken)) == ["in-use", "excluded"]

    @pytest.mark.parametrize(
        "options",
        [
            {},
            {
                "systems": ["freebsd", "solaris"],
                "transport": ["udp", "sctp"],
                "in_use": [22, 9000, 9001],
                "excluded": [PortRange(50000, 50010)],
                "registry": registry.SHIPPED.with_services({"billing": [(9003, "udp")]}),
            },
        ],
    )
    def test_ranges_have_the_objections_of_their_ports(self, options):
        found = list(why_not_ranges(PortSet.full(), **options))
        assert PortSet(ports for ports, _ in found) == PortSet.full()
        assert sum(len(ports) for ports, _ in found) == 65536

        def without_ports(against, ports):
            text = str(ports)
            return [(each.id, each.sentence.removeprefix(text), each.source) for each in against]

        before = None
        for ports, against in found:
            assert all(each.ports == PortSet([ports]) for each in against)
            objections = without_ports(against, ports)
            # Otherwise the two are one range.
            assert objections != before
            before = objections
            for port in {ports.first, (ports.first + ports.last) // 2, ports.last}:
                assert without_ports(why_not(port, **options), port) == objections

    def test_the_ranges_of_a_set(self):
        ports = PortSet.parse("9000,41121-41124,49151-49152")
        found = list(why_not_ranges(ports, "linux"))
        assert [str(each) for each, _ in found] == [
            "9000", "41121", "41122-41124", "49151", "49152",
        ]  # fmt: skip
        assert str(found[2][1][0]) == (
            "warning: 41122-41124 is inside the ephemeral range of Linux, 32768-60999 (ephemeral)"
        )
        assert list(why_not_ranges(PortSet())) == []
        assert list(why_not_ranges(PortRange(9000))) == [(PortRange(9000), why_not(9000))]
        with pytest.raises(TypeError, match="^ports must be a PortRange, got int"):
            next(why_not_ranges(80))

    def test_findings_of_the_registry_follow_the_transports(self):
        assert ids(why_not(16384, [], ["sctp", "udp"]))[:2] == ["reserved", "assigned"]
        assert ids(why_not(16384, [], ["udp", "sctp"]))[:2] == ["assigned", "reserved"]

    def test_what_is_refused(self):
        with pytest.raises(TypeError, match="^systems must be a system's name or an Ephemeral"):
            listen_ports(80)
        with pytest.raises(TypeError, match="^transport must be a Transport or several, got int"):
            listen_ports(["linux"], 6)
        with pytest.raises(InvalidValueError, match="^transport must name at least one transport"):
            listen_ports(["linux"], [])
        with pytest.raises(UnknownNameError, match="unknown system, got 'linus'"):
            listen_ports(["linus"])
        with pytest.raises(UnknownNameError, match="unknown transport, got 'ip'"):
            listen_ports(transport=["ip"])
        with pytest.raises(InvalidPortError):
            why_not(65536)


@pytest.mark.parametrize(
    ("port", "lines"),
    [
        (
            0,
            [
                'error: port 0 cannot be listened on: bind() treats it as "any free port" '
                "(port-zero)",
                "warning: 0 is among the system ports, which most systems reserve for privileged "
                "programs (system-port)",
                "warning: 0/tcp is reserved by IANA (reserved)",
                "warning: 0 is blocked by browsers (browser-blocked)",
            ],
        ),
        (
            24,
            [
                "warning: 24 is among the system ports, which most systems reserve for privileged "
                "programs (system-port)",
                "warning: 24/tcp is assigned to an unnamed use (assigned)",
            ],
        ),
        (
            49151,
            [
                "warning: 49151/tcp is reserved by IANA (reserved)",
                "warning: 49151 is inside the ephemeral range of Linux, 32768-60999 (ephemeral)",
            ],
        ),
        (listen_ports().last, []),
    ],
)
def test_why_not_lists_the_objections(port, lines):
    found = [str(each) for each in why_not(port)]
    assert found[: len(lines)] == lines
    # The known uses are last. Which ports have one changes with every new row.
    assert all(line.endswith("(known-use)") for line in found[len(lines) :])


def test_why_not_names_each_narrow_use_and_what_a_platform_reserves():
    for port in (24, 5432, 8333, 10250, 31000):
        likely = [
            use
            for use in uses.lookup(port)
            if "tcp" in use.transports and (len(use.ports) <= 100 or use.kind == "platform")
        ]
        assert likely
        found = [each for each in why_not(port) if each.id == "known-use"]
        assert [(each.severity, each.source) for each in found] == [
            ("note", use.source) for use in likely
        ]
        assert [each.sentence for each in found] == [
            f"{port} is used by {use.name}, {'/'.join(use.transports)} {use.ports}: {use.note}"
            for use in likely
        ]


def test_a_dynamic_port_is_advised_against_whatever_the_systems():
    assert ids(why_not(61500, systems=[]))[0] == "dynamic"
    assert ids(why_not(61500)).count("ephemeral") == 2


def test_a_port_that_another_transport_has():
    # 8282 is reserved for SCTP by a row, 443 is assigned, 23 has no row.
    assert ids(why_not(8282, [], ["sctp"])) == ["reserved"]
    (found,) = [each for each in why_not(23, [], ["sctp"]) if each.id == "reserved"]
    assert found.sentence == "23/sctp is assigned for another transport only"


def not_for_internet(ports, replies=None, system=""):
    """The findings of the services in *ports*; the *replies* of a system are among them."""
    return [
        (
            f"note: {row.ports} of {row.service} is open with the whole ephemeral range of "
            f"{system}: {row.why} (among-replies)"
        )
        if replies and row.ports <= PortSet([replies])
        else (
            f"warning: {row.ports} exposes {row.service}, which should not be reachable from the "
            f"internet: {row.why} (not-for-internet)"
        )
        for row in uses.not_for_internet()
        if row.ports <= PortSet([ports])
    ]


class TestAudit:
    @pytest.mark.parametrize(
        ("rules", "lines"),
        [
            ([], []),
            ([PortSet.parse("22,80,443")], []),
            ([22, 80, PortRange(8100, 8200)], []),
            (PortSet(), ["error: the rule has no port (empty-rule)"]),
            (
                [80, PortSet(), 80],
                [
                    "error: rule 2 has no port (empty-rule)",
                    "error: rule 3 (80) has no effect: rule 1 (80) already matches "
                    "all of its ports (shadowed)",
                ],
            ),
            (
                [PortRange(1, 5), PortRange(6, 9), PortRange(4, 7)],
                [
                    "error: rule 3 (4-7) has no effect: earlier rules already match all of its "
                    "ports (shadowed)"
                ],
            ),
            (
                [PortRange(8100, 8200), PortRange(8150, 8250)],
                ["note: rule 2 (8150-8250) overlaps earlier rules in 8150-8200 (overlaps)"],
            ),
            (PortSet.full(), ["warning: all ports are open (opens-all)"]),
            (PortRange(1, 65535), ["warning: all ports are open (opens-all)"]),
            (
                PortRange(1024, 65535),
                [
                    "warning: all dynamic ports are open, 49152-65535 (opens-dynamic)",
                    *not_for_internet(PortRange(1024, 65535), PortRange(32768, 60999), "Linux"),
                ],
            ),
            (
                PortRange(0, 1023),
                [
                    "warning: 0-1023 opens 1024 system ports at once (exposes-system)",
                    "note: port 0 is open, but no program can listen on it (has-port-zero)",
                    *not_for_internet(PortRange(0, 1023)),
                ],
            ),
            (PortRange(80, 89), []),
            (
                PortRange(80, 90),
                ["warning: 80-90 opens 11 system ports at once (exposes-system)"],
            ),
        ],
    )
    def test_rules_with_each_finding(self, rules, lines):
        assert [str(found) for found in audit(rules)] == lines

    def test_a_range_that_cuts_a_system_in_two(self):
        dynamic, cut = audit(PortRange(49152, 65535))
        assert dynamic.id == "opens-dynamic"
        assert str(cut) == (
            "warning: 49152-60999 of the ephemeral range of Linux is open, but 32768-49151 is not: "
            "about 58 % of its connections get no reply (cuts-ephemeral)"
        )
        assert cut.ports == PortSet.parse("49152-60999")
        assert cut.source == ephemeral.profile("linux").source

    def test_services_inside_an_ephemeral_range_do_not_cut_it(self):
        assert audit([44800, PortRange(50000, 50100)]) == ()
        assert ids(audit(PortRange(50000, 50999), ["linux"])) == ["cuts-ephemeral"]
        assert audit(PortRange(50000, 50998), ["linux"]) == ()

    @pytest.mark.parametrize("system", ["linux", "windows", "macos", "freebsd", "openbsd"])
    def test_a_whole_ephemeral_range_does_not_cut_its_own_system(self, system):
        assert "cuts-ephemeral" not in ids(audit(ephemeral.ports(system), [system]))

    def test_a_rule_may_leave_out_ports_that_the_system_skips(self):
        system = ephemeral.profile("macos")
        assert system.skipped
        assert ids(audit(system.ports - system.skipped, [system])) == []

    @given(st.lists(RULES, max_size=8))
    @example([0, 1, PortRange(0, 1)])
    def test_shadowed_and_overlaps_agree_with_a_slow_implementation(self, rules):
        sets = [set(PortSet([rule])) for rule in rules]
        expected = []
        before: set[int] = set()
        for index, ports in enumerate(sets):
            if not ports:
                expected.append(("empty-rule", index, ports))
            elif ports <= before:
                expected.append(("shadowed", index, ports))
            elif ports & before:
                expected.append(("overlaps", index, ports & before))
            before |= ports
        found = [each for each in audit(rules, []) if each.id in {one for one, *_ in expected}]
        assert [(each.id, set(each.ports)) for each in found] == [
            (one, ports) for one, _, ports in expected
        ]
        for each, (one, index, ports) in zip(found, expected, strict=True):
            if one == "shadowed":
                alone = [at for at in range(index) if ports <= sets[at]]
                cover = f": rule {alone[0] + 1} (" if alone else ": earlier rules already match"
                assert cover in each.sentence

    @pytest.mark.parametrize("row", uses.not_for_internet(), ids=lambda row: row.service)
    def test_a_service_that_is_not_for_the_internet(self, row):
        for ports in (row.ports, row.ports | PortSet([443, 50000])):
            (found,) = audit([ports], [])
            assert (found.id, found.severity) == ("not-for-internet", Severity.WARNING)
            assert (found.ports, found.source) == (row.ports, row.source)
            assert found.sentence == (
                f"{row.ports} exposes {row.service}, which should not be reachable from the "
                f"internet: {row.why}"
            )
        for port in row.ports:
            assert ids(audit([port], [])) == ["not-for-internet"]
            assert audit([port], [])[0].ports == PortSet([port])
            inside = [each.ports for each in audit(PortRange(port - 4, port + 4), [])]
            assert any(port in ports for ports in inside)

    def test_services_inside_a_range_are_found_one_by_one(self):
        found = audit(PortRange(3000, 4000))
        assert [str(each.ports) for each in found] == ["3031", "3306", "3389", "3632", "3702"]
        # That everything is open says it already.
        assert ids(audit(PortSet.full())) == ["opens-all"]

    @pytest.mark.parametrize(
        ("rules", "systems", "lines"),
        [
            ("32768-60999", ["linux"], ["note 44818", "note 47808"]),
            # Another port, and a service outside the range, are reported as ever.
            ("3306,32768-60999", ["linux"], ["warning 3306", "note 44818", "note 47808"]),
            # The range may be opened by several rules.
            ("32768-44817 44818-60999", ["linux"], ["note 44818", "note 47808"]),
            # Not the whole range, or the range of a system that is not given.
            ("32768-60998", ["linux"], ["warning 44818", "warning 47808"]),
            ("32768-60999", ["windows"], ["warning 44818", "warning 47808"]),
            ("32768-60999", [], ["warning 44818", "warning 47808"]),
            ("32768-65535", ["windows", "linux"], ["note 44818", "note 47808"]),
        ],
    )
    def test_services_inside_a_range_for_replies_are_notes(self, rules, systems, lines):
        found = audit([PortSet.parse(rule) for rule in rules.split()], systems)
        services = [each for each in found if each.id in {"not-for-internet", "among-replies"}]
        assert [f"{each.severity} {each.ports}" for each in services] == lines
        for each in services:
            (row,) = [row for row in uses.not_for_internet() if row.ports >= each.ports]
            assert each.source == row.source
            assert (each.id == "among-replies") is (each.severity is Severity.NOTE)

    def test_a_service_that_is_partly_inside_a_range_for_replies(self):
        # No system has this range; it cuts the ports of Cassandra in two.
        profile = dataclasses.replace(ephemeral.profile("linux"), ports=PortSet.parse("7001-9100"))
        row = next(row for row in uses.not_for_internet() if 7199 in row.ports)
        rule = PortRange(7000, 9200)
        found = audit(rule, profile)
        of_row = [(each.id, str(each.ports)) for each in found if each.source == row.source]
        assert of_row == [("among-replies", "7001,7199,9042"), ("not-for-internet", "7000,9160")]

    def test_a_long_rule_is_named_by_its_beginning(self):
        found = audit([PortSet(range(0, 200, 2)), 100])[0]
        assert found.sentence.startswith("rule 2 (100) has no effect: rule 1 (0,2,4,")
        assert ",...) already matches" in found.sentence

    def test_what_is_refused(self):
        with pytest.raises(TypeError) as caught:
            audit("22,80")
        assert str(caught.value) == (
            "rules must be a PortSet, a PortRange, or an iterable of rules, got str '22,80'"
        )
        with pytest.raises(TypeError, match="^port must be an integer, got str '22'"):
            audit(["22"])
        with pytest.raises(TypeError, match="got int 22$"):
            audit(22)
        with pytest.raises(InvalidPortError):
            audit([70000])


class TestFirstCover:
    @given(st.lists(RULES, max_size=8), RULES)
    def test_it_is_the_first_rule_with_all_ports(self, rules, wanted):
        ports = set(PortSet([wanted]))
        having = [index for index, rule in enumerate(rules) if ports <= set(PortSet([rule]))]
        assert first_cover(rules, wanted) == (having[0] if having else None)

    def test_no_rules_have_no_cover(self):
        assert first_cover([], 80) is None


@given(st.lists(RULES, max_size=5), st.lists(RULES, max_size=5))
def test_applying_a_difference_to_the_old_set_gives_the_new_one(old, new):
    before, after = PortSet(old), PortSet(new)
    change = diff(before, after)
    assert before - change.removed | change.added == after
    assert change.added.isdisjoint(before)
    assert change.removed <= before
    assert bool(change) is (before != after)
    assert diff(after, before).added == change.removed


def test_a_difference_as_text():
    assert str(diff([22, 80], [80, 443])) == "+443 -22"
    assert str(diff([80], [80, 443])) == "+443"
    assert str(diff([22, 80], [80])) == "-22"
    assert str(diff([80], [80])) == ""


class TestSysctl:
    def test_the_line_of_a_set(self):
        assert sysctl_reserved([8080]) == "net.ipv4.ip_local_reserved_ports=8080"
        assert sysctl_reserved(PortSet.parse("9000,40000-40010")) == (
            "net.ipv4.ip_local_reserved_ports=9000,40000-40010"
        )

    def test_what_is_refused(self):
        with pytest.raises(UnrepresentableError) as caught:
            sysctl_reserved([])
        assert str(caught.value) == "sysctl cannot express this set: the setting cannot be empty"
        with pytest.raises(UnrepresentableError) as caught:
            sysctl_reserved(range(30000, 40000, 2))
        assert str(caught.value) == (
            "sysctl cannot express this set: the kernel reads 4094 characters at once, and "
            "it needs 29999"
        )
        for ports in (PortSet.full(), PortRange(1024, 65535)):
            with pytest.raises(InvalidRangeError) as refused:
                sysctl_reserved(ports)
            assert (
                str(refused.value)
                == f"at least one port must be left to allocate, got {PortSet(ports)}"
            )

    def test_a_text_of_the_longest_length_that_the_kernel_reads(self):
        longest = PortSet([9001, 9003, 9005, *range(30000, 30000 + 2 * 680, 2)])
        assert len(str(longest)) == 4094
        assert sysctl_reserved(longest).endswith(str(longest))
        longer = PortSet([9001, 9003, *range(30000, 30000 + 2 * 681, 2)])
        assert len(str(longer)) == 4095
        with pytest.raises(UnrepresentableError):
            sysctl_reserved(longer)


def test_every_row_is_well_formed():
    found = rows()
    assert len({row.id for row in found}) == len(found)
    for row in found:
        assert row.severity in Severity
        assert not row.template.endswith(".")
        assert row.reason.endswith(".")
        assert row.source.checked >= "2026-11"


def test_a_finding_is_a_record():
    (found,) = [each for each in why_not(8333) if "Bitcoin, tcp 8333" in each.sentence]
    assert pickle.loads(pickle.dumps(found)) == copy.copy(found) == found
    assert found.to_dict() == {
        "id": "known-use",
        "severity": "note",
        "sentence": "8333 is used by Bitcoin, tcp 8333: peers of the main network",
        "ports": "8333",
        "source": str(found.source),
    }


def test_an_iterator_of_systems_is_read_once() -> None:
    tuned = dataclasses.replace(ephemeral.profile("linux"), privileged_below=5000, tuned=True)
    for port in (80, 1028, 40000):
        assert why_not(port, iter([tuned])) == why_not(port, [tuned])
        assert (port in listen_ports(iter([tuned]))) is not bool(why_not(port, [tuned]))


@pytest.mark.parametrize("name", ["system-port", "dynamic"])
def test_the_rules_of_the_two_outer_ranges_are_in_section_8_1_2(name: str) -> None:
    (row,) = [row for row in rows() if row.id == name]
    assert (row.source.document, row.source.section) == ("RFC 6335", "section 8.1.2")
