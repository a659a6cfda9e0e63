from __future__ import annotations

import copy
import hashlib
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import FrozenInstanceError, fields
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import portranges
from portranges import (
    DataError,
    InvalidPortError,
    PortRange,
    PortSet,
    PortSyntaxError,
    Transport,
    UnknownNameError,
    registry,
)
from portranges.registry import SHIPPED, Assignment, Registry, State, edition
from portranges.registry.shipped import ShippedTable

TABLE = Path(registry.__file__).parent / "ports.tsv"
DESCRIPTIONS = TABLE.parent / "descriptions.tsv"
TRANSPORTS = ("tcp", "udp", "sctp", "dccp")


# -- the slow twin: every cell in a dictionary, by the words of the format -----------

Twin = dict[tuple[int, str], tuple[str, tuple[str, ...]]]


def read_slowly() -> Twin:
    letters = {"t": "tcp", "u": "udp", "s": "sctp", "d": "dccp"}
    states = {"A": "assigned", "R": "reserved", "U": "unassigned"}
    rows: Twin = {}
    for line in TABLE.read_text(encoding="ascii").split("\n")[:-1]:
        span, transports, state, *names = line.split("\t")
        bounds = [int(bound) for bound in span.split("-")]
        for port in range(bounds[0], bounds[-1] + 1):
            for letter in transports:
                assert (port, letters[letter]) not in rows
                rows[port, letters[letter]] = (
                    states[state],
                    tuple(names[0].split(" ")) if names else (),
                )
    cells: Twin = {}
    listed = {port for port, _ in rows}
    for port in range(65536):
        for transport in TRANSPORTS:
            if port > 49151:
                without = "dynamic"
            else:
                without = "not-listed" if port in listed else "unassigned"
            cells[port, transport] = rows.get((port, transport), (without, ()))
    return cells


TWIN = read_slowly()


class TestShippedTable:
    @pytest.mark.parametrize(
        ("path", "known"),
        [
            (
                TABLE,
                (
                    131250,
                    7054,
                    "9bf4cd8b519ec15ada0369c654156f4189ee0ce33bb81c07b5cd067da550ea2f",
                ),
            ),
            (
                DESCRIPTIONS,
                (
                    199771,
                    7008,
                    "e3032fa07abd1ed8cb6f34ddbeda1203f43acb170bcd2d40822bdec752a127b2",
                ),
            ),
        ],
    )
    def test_is_the_table_whose_hash_is_known(
        self, path: Path, known: tuple[int, int, str]
    ) -> None:
        data = path.read_bytes()
        found = len(data), data.count(b"\n"), hashlib.sha256(data).hexdigest()
        assert found == known == edition.FILES[path.name]
        assert set(edition.FILES) == {"ports.tsv", "descriptions.tsv"}

    def test_each_line_of_descriptions_belongs_to_one_line_of_the_table(self) -> None:
        names: dict[tuple[str, str], int] = {}
        for line in TABLE.read_text("ascii").splitlines():
            span, letters, _, *of = line.split("\t")
            names |= {(span, letter): len(of[0].split(" ")) if of else 1 for letter in letters}
        seen: set[tuple[str, str]] = set()
        for line in DESCRIPTIONS.read_text("utf-8").splitlines():
            span, letters, *texts = line.split("\t")
            assert any(texts)
            assert all(" ".join(text.split()) == text for text in texts)
            for letter in letters:
                assert len(texts) == names[span, letter]
                assert (span, letter) not in seen
                seen.add((span, letter))
        assert len(seen) > 12_000

    def test_its_licence_is_beside_it(self) -> None:
        assert "CC0 1.0" in (TABLE.parent / "LICENSE-IANA.txt").read_text(encoding="ascii")

    def test_its_edition_is_the_date_of_its_source(self) -> None:
        assert registry.snapshot == SHIPPED.snapshot == edition.DATE == date(2026, 8, 17)
        assert registry.source.section == "edition of 2026-08-17"
        assert all(len(digest) == 64 for _, digest in edition.MADE_FROM)

    @pytest.mark.slow
    def test_every_cell_agrees_with_a_slow_reader(self) -> None:
        wrong: list[object] = []
        for (port, transport), (state, names) in TWIN.items():
            got_state = registry.state(port, transport)
            got_names = registry.services(port, transport)
            rows = registry.lookup(port, transport)
            has_row = state in {"assigned", "reserved", "unassigned"} and (
                state != "unassigned" or (port, transport) in UNASSIGNED_BY_ROW
            )
            expected = (names or (None,)) if has_row else ()
            if (got_state.value, got_names) != (state, names):
                wrong.append((port, transport, got_state, got_names))
            if tuple(row.service for row in rows) != expected:
                wrong.append((port, transport, rows))
            wrong.extend(
                (port, transport, row)
                for row in rows
                if port not in row.ports or row.state != state or row.transport != transport
            )
        assert wrong == []

    def test_every_set_agrees_with_a_slow_reader(self) -> None:
        asked = {
            "assigned": registry.assigned,
            "reserved": registry.reserved,
            "unassigned": registry.unassigned,
            "not-listed": registry.not_listed,
        }
        for transport in TRANSPORTS:
            for state, ask in asked.items():
                expected = {
                    port
                    for (port, its), cell in TWIN.items()
                    if its == transport and cell[0] == state
                }
                assert set(ask(transport)) == expected

    def test_the_four_sets_divide_the_ports_that_are_not_dynamic(self) -> None:
        for transport in TRANSPORTS:
            sets = [
                registry.assigned(transport),
                registry.reserved(transport),
                registry.unassigned(transport),
                registry.not_listed(transport),
            ]
            assert PortSet().union(*sets) == PortSet(range(49152))
            assert sum(map(len, sets)) == 49152

    @pytest.mark.slow
    def test_the_ports_of_every_name_agree_with_a_slow_reader(self) -> None:
        expected: dict[str, dict[str, set[int]]] = {}
        for (port, transport), (_, names) in TWIN.items():
            for name in names:
                expected.setdefault(name, {}).setdefault(transport, set()).add(port)
        assert len(expected) == 6341
        for name, by_transport in expected.items():
            assert set(registry.ports(name)) == set().union(*by_transport.values())
            assert set(registry.ports(name.upper(), "udp")) == by_transport.get("udp", set())
            assert set(registry.ports(name.lower(), "sctp")) == by_transport.get("sctp", set())

    @pytest.mark.parametrize(
        ("transport", "counts"),
        [
            ("tcp", (6155, 250, 42730, 17)),
            ("udp", (5764, 635, 42734, 19)),
            ("sctp", (278, 44, 42714, 6116)),
            ("dccp", (199, 44, 42712, 6197)),
        ],
    )
    def test_the_number_of_ports_in_each_state(
        self, transport: str, counts: tuple[int, ...]
    ) -> None:
        assert counts == (
            len(registry.assigned(transport)),
            len(registry.reserved(transport)),
            len(registry.unassigned(transport)),
            len(registry.not_listed(transport)),
        )

    @pytest.mark.parametrize(
        ("port", "transport", "state", "services"),
        [
            (0, "tcp", "reserved", ()),
            (0, "sctp", "not-listed", ()),
            (2, "udp", "reserved", ()),
            (4, "tcp", "unassigned", ()),
            (4, "sctp", "not-listed", ()),
            (24, "udp", "assigned", ()),
            (80, "udp", "assigned", ("http", "www", "www-http")),
            (80, "sctp", "assigned", ("http",)),
            (1021, "dccp", "assigned", ("exp1",)),
            (2049, "tcp", "assigned", ("shilp", "nfs")),
            (2049, "sctp", "assigned", ("nfs",)),
            (5543, "tcp", "assigned", ("qftest-lic-mcp",)),
            (6000, "tcp", "assigned", ("x11",)),
            (6063, "udp", "assigned", ("x11",)),
            (6064, "udp", "assigned", ("ndl-ahp-svc",)),
            (7775, "sctp", "not-listed", ()),
            (8010, "dccp", "reserved", ()),
            (8282, "tcp", "assigned", ("libelle",)),
            (8282, "udp", "assigned", ("libelle-disc",)),
            (8282, "sctp", "reserved", ()),
            (25565, "tcp", "unassigned", ()),
            (34567, "tcp", "assigned", ("dhanalakshmi",)),
            (34567, "udp", "assigned", ("edi_service",)),
            (49150, "tcp", "assigned", ("inspider",)),
            (49150, "udp", "reserved", ()),
            (49151, "dccp", "reserved", ()),
            (49152, "tcp", "dynamic", ()),
            (65535, "dccp", "dynamic", ()),
        ],
    )
    def test_the_state_and_services_of_known_ports(
        self, port: int, transport: str, state: str, services: tuple[str, ...]
    ) -> None:
        assert registry.state(port, transport) == state
        assert registry.services(port, transport) == services

    def test_a_row_contains_its_range(self) -> None:
        (row,) = registry.lookup(6010, "tcp")
        assert row == Assignment(
            ports=PortRange(6000, 6063),
            transport=Transport.TCP,
            state=State.ASSIGNED,
            service="x11",
            description="X Window System",
        )

    def test_the_first_and_last_port_of_a_small_table(self) -> None:
        table = ShippedTable()
        vars(table._lines)["text"] = b"7\tt\tA\techo\n9-11\tt\tR\n"
        states = [table.cell(port, each).state.value for port in range(6, 13) for each in Transport]
        assert states[::4] == [
            "unassigned",
            "assigned",
            "unassigned",
            "reserved",
            "reserved",
            "reserved",
            "unassigned",
        ]
        assert states[1::4] == [
            "unassigned" if state == "unassigned" else "not-listed" for state in states[::4]
        ]

    def test_a_truncated_file_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, (size, lines, digest) in edition.FILES.items():
            monkeypatch.setitem(edition.FILES, name, (size + 1, lines, digest))
        broken = Registry(ShippedTable())
        with pytest.raises(DataError) as caught:
            broken.state(80, "tcp")
        assert str(caught.value) == (
            "cannot use ports.tsv: expected 131251 bytes, got 131250; reinstall"
        )
        with pytest.raises(DataError) as caught:
            ShippedTable().description(registry.lookup(80, "tcp")[0])
        assert str(caught.value) == (
            "cannot use descriptions.tsv: expected 199772 bytes, got 199771; reinstall"
        )

    @pytest.mark.parametrize("step", [1, -1, 7919])
    def test_the_order_of_questions_does_not_matter(self, step: int) -> None:
        # All are odd: every port is asked for, and 7919 is far from the port before.
        table = ShippedTable()
        for at in range(65536):
            port = at * step % 65536
            cell = table.cell(port, Transport.UDP)
            assert (cell.state.value, cell.services) == TWIN[port, "udp"]


UNASSIGNED_BY_ROW = {
    (port, transport)
    for (port, transport), (state, _) in TWIN.items()
    if state == "unassigned"
    # Without a line, all four transports of a port are unassigned.
    and any(TWIN[port, other][0] != "unassigned" for other in TRANSPORTS)
}


class TestLookup:
    def test_three_names_are_three_rows_in_order(self) -> None:
        rows = registry.lookup(80, "tcp")
        assert [row.service for row in rows] == ["http", "www", "www-http"]
        assert {row.ports for row in rows} == {PortRange(80)}
        assert {row.transport for row in rows} == {Transport.TCP}

    def test_all_transports_come_in_order(self) -> None:
        rows = registry.lookup(9)
        assert [(row.transport.value, row.service) for row in rows] == [
            ("tcp", "discard"),
            ("udp", "discard"),
            ("sctp", "discard"),
            ("dccp", "discard"),
        ]
        assert rows == sum((registry.lookup(9, each) for each in Transport), ())

    def test_a_port_without_a_row_has_no_assignments(self) -> None:
        assert registry.lookup(50000) == registry.lookup(25565) == ()

    def test_the_shipped_rows_have_no_text_but_the_description(self) -> None:
        texts = [field.name for field in fields(Assignment)][5:]
        assert len(texts) == 8
        assert all(getattr(row, text) == "" for row in registry.lookup(22) for text in texts)

    def test_a_row_is_immutable(self) -> None:
        (row,) = registry.lookup(22, "tcp")
        with pytest.raises(FrozenInstanceError):
            row.service = "mine"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
        assert pickle.loads(pickle.dumps(row)) == copy.deepcopy(row) == row
        assert hash(row) == hash(copy.copy(row))


class TestState:
    def test_the_values_of_the_states(self) -> None:
        assert [state.value for state in State] == [
            "assigned",
            "reserved",
            "unassigned",
            "dynamic",
            "not-listed",
        ]

    def test_a_state_is_text(self) -> None:
        assert f"{State.NOT_LISTED}" == "not-listed"


WITH_A_TRANSPORT: list[Callable[[Any], object]] = [
    lambda transport: registry.lookup(80, transport),
    lambda transport: registry.state(80, transport),
    lambda transport: registry.services(80, transport),
    lambda transport: registry.ports("http", transport),
    registry.assigned,
    registry.reserved,
    registry.unassigned,
    registry.not_listed,
]


class TestArguments:
    @pytest.mark.parametrize("ask", [registry.lookup, registry.state, registry.services])
    @pytest.mark.parametrize(
        ("port", "error", "message"),
        [
            (True, TypeError, "port must be an integer, got bool True"),
            (1.0, TypeError, "port must be an integer, got float 1.0"),
            ("80", TypeError, "port must be an integer, got str '80'; parse_port() reads text"),
            (-1, InvalidPortError, "port must be in 0..65535, got -1"),
            (65536, InvalidPortError, "port must be in 0..65535, got 65536"),
        ],
    )
    def test_a_value_that_is_not_a_port_is_refused(
        self, ask: Any, port: object, error: type[Exception], message: str
    ) -> None:
        ask(1, "tcp")
        with pytest.raises(error) as caught:
            ask(port, "tcp")
        assert str(caught.value) == message

    @pytest.mark.parametrize("ask", WITH_A_TRANSPORT)
    def test_an_unknown_transport_is_refused(self, ask: Any) -> None:
        with pytest.raises(UnknownNameError) as caught:
            ask("TCP")
        assert str(caught.value) == "unknown transport, got 'TCP'; did you mean 'tcp'?"
        assert caught.value.__cause__ is caught.value.__context__ is None
        with pytest.raises(
            TypeError, match=r"^transport must be a Transport or its value, got int 6$"
        ):
            ask(6)

    def test_services_of_all_transports_have_each_name_once(self) -> None:
        assert registry.services(512) == ("exec", "comsat", "biff")
        for port in range(0, 49152, 11):
            names = [name for each in Transport for name in registry.services(port, each)]
            assert registry.services(port) == tuple(dict.fromkeys(names))

    @pytest.mark.parametrize("ask", [registry.state, registry.assigned])
    def test_a_transport_is_needed(self, ask: Any) -> None:
        arguments = (None,) if ask is registry.assigned else (80, None)
        with pytest.raises(
            TypeError, match=r"^transport must be a Transport or its value, got NoneType None$"
        ):
            ask(*arguments)

    def test_an_object_with_an_index_is_a_port(self) -> None:
        class Foreign:
            def __index__(self) -> int:
                return 443

        assert registry.services(Foreign(), Transport.TCP) == ("https",)

    def test_an_error_has_no_context(self) -> None:
        with pytest.raises(InvalidPortError) as caught:
            registry.state(70000, "tcp")
        assert caught.value.__context__ is None


class TestPorts:
    def test_the_case_of_a_name_does_not_matter(self) -> None:
        assert registry.ports("HTTPS") == registry.ports("https") == PortSet([443])
        assert registry.ports("ETHERNET/ip-1") == PortSet([2222])

    def test_any_name_of_a_port(self) -> None:
        assert registry.ports("www-http") == PortSet([80])
        assert registry.ports("nfs", "udp") == PortSet([2049])

    def test_a_service_with_many_ports(self) -> None:
        assert registry.ports("http-alt") == PortSet([591, 8008, 8080])
        assert registry.ports("x11") == PortSet([PortRange(6000, 6063)])

    def test_a_name_of_another_transport_has_no_ports(self) -> None:
        assert registry.ports("x11", "sctp") == PortSet()
        assert registry.ports("libelle", "udp") == PortSet()

    @pytest.mark.parametrize(
        "name",
        ["htttp", "HTTPS-", "", " http", "http www", "tu", "A", "80", "http\n81", "\tA\thttp"],
    )
    def test_an_unknown_name_is_refused(self, name: str) -> None:
        with pytest.raises(UnknownNameError) as caught:
            registry.ports(name)
        assert caught.value.kind == "service"
        assert caught.value.name == name
        assert set(caught.value.near) <= NAMES
        assert len(caught.value.near) <= 3

    def test_the_error_suggests_similar_names(self) -> None:
        with pytest.raises(UnknownNameError) as caught:
            registry.ports("domian")
        assert str(caught.value) == (
            "unknown service, got 'domian'; did you mean 'domain' or 'domiq' or 'domain-s'?"
        )
        assert isinstance(caught.value, LookupError)
        assert caught.value.__context__ is None

    @pytest.mark.parametrize("name", ["\u212aerberos", "http\u0130", "ｈｔｔｐ", "http\x00", "ﬁle"])
    def test_only_ascii_letters_have_two_cases(self, name: str) -> None:
        with pytest.raises(UnknownNameError):
            registry.ports(name)

    def test_ten_megabytes_are_an_unknown_name(self) -> None:
        with pytest.raises(UnknownNameError) as caught:
            registry.ports("http" * 2_500_000)
        assert caught.value.near == ()
        assert len(str(caught.value)) < 100

    @pytest.mark.parametrize("name", [None, 80, b"http", ["http"]])
    def test_other_types_are_refused(self, name: Any) -> None:
        with pytest.raises(TypeError, match=r"^service must be a str, got "):
            registry.ports(name)

    @given(st.text(max_size=20))
    def test_any_text_is_known_or_unknown(self, name: str) -> None:
        known = name.isascii() and name.lower() in LOWER_NAMES
        if known:
            assert registry.ports(name)
        else:
            with pytest.raises(UnknownNameError):
                registry.ports(name)


NAMES = {name for _, names in TWIN.values() for name in names}
LOWER_NAMES = {name.lower() for name in NAMES}


class TestMemory:
    def test_the_memory_is_bounded(self) -> None:
        asked = Registry(ShippedTable())
        for name in sorted(NAMES)[:1000]:
            asked.ports(name)
        for port in range(5000):
            asked.state(port, "tcp")
        assert len(asked._named) <= 256
        assert sum(map(len, asked._memory.values())) <= 256 * 4

    def test_answers_do_not_depend_on_the_memory(self) -> None:
        asked = Registry(ShippedTable())
        ports = [80, 443, 22, 80, 50000, 8010, 443] * 200
        for port in ports:
            assert asked.services(port, "tcp") == TWIN[port, "tcp"][1]


class TestWithServices:
    def test_replaces_a_cell_and_nothing_else(self) -> None:
        ours = SHIPPED.with_services({"billing": [(8443, "tcp")]})
        assert ours.services(8443, "tcp") == ("billing",)
        assert ours.services(8443, "udp") == SHIPPED.services(8443, "udp") == ("pcsync-https",)
        assert SHIPPED.services(8443, "tcp") == ("pcsync-https",)
        assert ours.ports("pcsync-https") == PortSet([8443])
        assert ours.ports("pcsync-https", "tcp") == PortSet()
        assert ours.snapshot == SHIPPED.snapshot

    def test_a_name_that_lost_its_last_cell_is_unknown(self) -> None:
        ours = SHIPPED.with_services({"billing": [(8443, "tcp"), (8443, "udp")]})
        with pytest.raises(UnknownNameError):
            ours.ports("pcsync-https")

    def test_lookup_returns_the_new_rows(self) -> None:
        ours = SHIPPED.with_services({"web": [(PortRange(8000, 8002), Transport.TCP)]})
        assert ours.lookup(8001, "tcp") == (
            Assignment(
                ports=PortRange(8000, 8002),
                transport=Transport.TCP,
                state=State.ASSIGNED,
                service="web",
            ),
        )
        assert [row.service for row in ours.lookup(8001)] == ["web", "vcom-tunnel"]

    def test_a_known_name_gets_more_ports(self) -> None:
        ours = SHIPPED.with_services({"HTTP": [(8081, "tcp")]})
        assert ours.ports("http") == PortSet([80, 8081])
        assert ours.services(8081, "tcp") == ("HTTP",)

    def test_the_first_name_is_the_primary_one(self) -> None:
        ours = SHIPPED.with_services({"b-b": [(9999, "tcp")], "a-a": [(9999, "tcp")]})
        assert ours.services(9999, "tcp") == ("b-b", "a-a")
        assert ours.ports("a-a") == ours.ports("b-b") == PortSet([9999])

    def test_a_repeated_cell_counts_once(self) -> None:
        ours = SHIPPED.with_services({"app": [(9999, "tcp"), (PortRange(9998, 9999), "tcp")]})
        assert ours.services(9999, "tcp") == ("app",)
        assert ours.services(9998, "tcp") == ("app",)

    def test_later_ones_replace_earlier_ones(self) -> None:
        first = SHIPPED.with_services({"old": [(9999, "tcp")], "kept": [(9998, "udp")]})
        second = first.with_services({"new": [(9999, "tcp")]})
        assert second.services(9999, "tcp") == ("new",)
        assert second.services(9998, "udp") == ("kept",)
        assert first.services(9999, "tcp") == ("old",)

    def test_a_port_with_a_service_is_assigned(self) -> None:
        ours = SHIPPED.with_services(
            {"app": [(51820, "udp"), (0, "tcp"), (25565, "tcp"), (23, "sctp"), (80, "tcp")]}
        )
        for port, transport, before in [
            (51820, "udp", "dynamic"),
            (0, "tcp", "reserved"),
            (25565, "tcp", "unassigned"),
            (23, "sctp", "not-listed"),
            (80, "tcp", "assigned"),
        ]:
            assert SHIPPED.state(port, transport) == before
            assert ours.state(port, transport) == "assigned"
            assert port in ours.assigned(transport)
            for ask in (ours.reserved, ours.unassigned, ours.not_listed):
                assert port not in ask(transport)
        # The other transports of the port are what they were.
        assert ours.state(25565, "udp") == "unassigned"
        assert ours.state(51820, "tcp") == "dynamic"

    @pytest.mark.slow
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["app-1", "app-2", "http"]),
                st.integers(0, 65535),
                st.sampled_from(TRANSPORTS),
            ),
            max_size=6,
        )
    )
    def test_sets_agree_with_states_and_names_with_ports(
        self, rows: list[tuple[str, int, str]]
    ) -> None:
        services: dict[str, list[tuple[int, str]]] = {}
        for name, port, transport in rows:
            services.setdefault(name, []).append((port, transport))
        ours = SHIPPED.with_services(services)
        asked = {
            State.ASSIGNED: ours.assigned,
            State.RESERVED: ours.reserved,
            State.UNASSIGNED: ours.unassigned,
            State.NOT_LISTED: ours.not_listed,
        }
        for port in {80, 443, *(port for _, port, _ in rows)}:
            for transport in TRANSPORTS:
                found = {state for state, ask in asked.items() if port in ask(transport)}
                assert (found or {State.DYNAMIC}) == {ours.state(port, transport)}
                for name in ("app-1", "app-2", "http"):
                    if name in services or name == "http":
                        assert (port in ours.ports(name, transport)) == (
                            name in ours.services(port, transport)
                        )

    @pytest.mark.parametrize(
        ("services", "message"),
        [
            (
                [("app", [(1, "tcp")])],
                "services must be a mapping, got list [('app', [(1, 'tcp')])]",
            ),
            ({1: [(1, "tcp")]}, "a service name must be a str, got int 1"),
            ({"app": 8443}, "each service needs pairs of ports and transport, got 8443"),
            (
                {"app": "8443/tcp"},
                "each service needs pairs of ports and transport, got '8443/tcp'",
            ),
            ({"app": (8443, "tcp")}, "each service needs pairs of ports and transport, got 8443"),
            (
                {"app": [(1, 2, 3)]},
                "each service needs pairs of ports and transport, got (1, 2, 3)",
            ),
            (
                {"app": [("1", "tcp")]},
                "port must be an integer, got str '1'; parse_port() reads text",
            ),
            ({"app": [(1, 6)]}, "transport must be a Transport or its value, got int 6"),
        ],
    )
    def test_wrong_types_are_refused(self, services: Any, message: str) -> None:
        with pytest.raises(TypeError) as caught:
            SHIPPED.with_services(services)
        hint = "; write {'app': [(8443, 'tcp')]}" if "pairs" in message else ""
        assert str(caught.value) == message + hint
        assert caught.value.__cause__ is None

    def test_wrong_values_are_refused(self) -> None:
        with pytest.raises(InvalidPortError):
            SHIPPED.with_services({"app": [(65536, "tcp")]})
        with pytest.raises(UnknownNameError):
            SHIPPED.with_services({"app": [(1, "icmp")]})
        with pytest.raises(PortSyntaxError) as caught:
            SHIPPED.with_services({"my_app": [(1, "tcp")]})
        assert str(caught.value) == (
            "a service name must have only ASCII letters, digits and '-', got 'my_app'\n"
            "    my_app\n"
            "      ~"
        )

    def test_no_services_change_nothing(self) -> None:
        ours = SHIPPED.with_services({})
        assert ours.assigned("tcp") == SHIPPED.assigned("tcp")


class TestCopies:
    def test_the_shipped_registry_is_pickled_without_its_data(self) -> None:
        restored = pickle.loads(pickle.dumps(SHIPPED))
        assert restored.services(443, "tcp") == ("https",)
        assert restored._table is SHIPPED._table
        assert len(pickle.dumps(SHIPPED)) < 400

    def test_a_registry_with_own_services_is_pickled(self) -> None:
        ours = SHIPPED.with_services({"billing": [(8443, "tcp")]})
        restored = pickle.loads(pickle.dumps(ours))
        assert restored.services(8443, "tcp") == ("billing",)
        assert restored.snapshot == ours.snapshot
        assert repr(restored) == repr(ours) == "<Registry snapshot=2026-08-17 own=1>"

    def test_a_copy_is_the_same_object(self) -> None:
        assert copy.copy(SHIPPED) is copy.deepcopy(SHIPPED) is SHIPPED
        assert copy.deepcopy(SHIPPED._table) is SHIPPED._table

    def test_a_registry_is_immutable(self) -> None:
        with pytest.raises(AttributeError):
            SHIPPED.snapshot = None  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
        with pytest.raises(AttributeError):
            SHIPPED.other = 1  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


def run(code: str, path: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout.strip()


SOURCE = Path(portranges.__file__).parent.parent


class TestLoading:
    def test_import_reads_nothing_and_loads_nothing_heavy(self) -> None:
        code = (
            "import sys; before = set(sys.modules); import portranges.registry as registry\n"
            "heavy = {'csv', 'pyexpat', 'xml', 'difflib', 'importlib.resources', 'json', 'typing',"
            " 'socket', 'pathlib', 'portranges.registry.official'}\n"
            "table = registry.SHIPPED._table\n"
            "files = table._lines, table._descriptions\n"
            "read = [each for each in files if 'text' in vars(each)]\n"
            "print(sorted(heavy & (set(sys.modules) - before)), read)"
        )
        assert run(code, SOURCE) == "[] []"

    def test_the_descriptions_are_read_when_one_is_needed(self) -> None:
        code = (
            "from portranges import advice, flows, registry\n"
            "from portranges.registry.shipped import TABLE\n"
            "def is_read(): return 'text' in vars(TABLE._descriptions)\n"
            "rows = [row for port in range(0, 49152, 7) for row in registry.lookup(port)]\n"
            "registry.state(80, 'tcp'), registry.services(80), registry.ports('http')\n"
            "registry.assigned('tcp'), registry.reserved('udp'), len(registry.SHIPPED)\n"
            "registry.SHIPPED.spans(), list(registry.SHIPPED), rows[0].service\n"
            "flows.server_port(50000, 443), advice.audit([registry.ports('http')])\n"
            "before = is_read()\n"
            "print(before, rows[0].description, is_read())"
        )
        assert run(code, SOURCE) == "False Reserved True"

    def test_the_memory_of_the_first_answers(self) -> None:
        code = (
            "import tracemalloc\n"
            "from portranges import registry\n"
            "tracemalloc.start()\n"
            "registry.lookup(443)\n"
            "first = tracemalloc.get_traced_memory()[1]\n"
            "registry.lookup(443)[0].description\n"
            "print(first < 300_000, first > 131_250, tracemalloc.get_traced_memory()[1] > 331_000)"
        )
        assert run(code, SOURCE) == "True True True"

    def test_the_top_level_does_not_load_the_registry(self) -> None:
        code = "import sys, portranges\nprint('portranges.registry' in sys.modules)"
        assert run(code, SOURCE) == "False"

    def test_the_tables_are_loaded_from_a_zip_file(self, tmp_path: Path) -> None:
        archive = tmp_path / "portranges.zip"
        with zipfile.ZipFile(archive, "w") as zipped:
            for file in sorted((SOURCE / "portranges").rglob("*")):
                if file.suffix in {".py", ".tsv"}:
                    zipped.write(file, file.relative_to(SOURCE))
        code = (
            "from portranges import registry, uses\n"
            "print(registry.services(443, 'tcp'), uses.lookup(5173)[0].ports)"
        )
        assert run(code, archive) == "('https',) 5173"


class TestPublicNames:
    def test_all_is_sorted_and_every_name_exists(self) -> None:
        # Constants first, as the linter sorts.
        assert registry.__all__ == sorted(
            registry.__all__, key=lambda name: (not name.isupper(), name.islower(), name)
        )
        assert all(hasattr(registry, name) for name in registry.__all__)
