"""All rows of a registry: descriptions, iteration, search, and the comparison of two registries."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portranges import InvalidValueError, PortRange, Transport, registry
from portranges.registry import SHIPPED, Assignment, Difference, Registry, State
from portranges.registry.shipped import ShippedTable

HERE = Path(registry.__file__).parent
SAMPLES = Path(__file__).parents[1] / "data" / "iana"
LETTERS = {"t": "tcp", "u": "udp", "s": "sctp", "d": "dccp"}


# -- the slow twin: every description in a dictionary, by the words of the format -----


def read_slowly() -> dict[tuple[int, str], list[str]]:
    found: dict[tuple[int, str], list[str]] = {}
    for line in (HERE / "descriptions.tsv").read_text("utf-8").split("\n")[:-1]:
        span, letters, *texts = line.split("\t")
        bounds = [int(bound) for bound in span.split("-")]
        for port in range(bounds[0], bounds[-1] + 1):
            found |= {(port, LETTERS[letter]): texts for letter in letters}
    return found


TEXTS = read_slowly()


def every_row(of: Registry) -> list[Assignment]:
    """Every row that `lookup` returns, once, by the first port that has it."""
    found: dict[tuple[Any, ...], Assignment] = {}
    for span in of.spans():
        for at, row in enumerate(of.lookup(span.first)):
            # Equal rows of one cell are different rows of the file.
            others = of.lookup(span.first)[:at]
            key = (row.ports, row.transport, row.service, row.description, others.count(row))
            found.setdefault(key, row)
    return list(found.values())


SERVICES = """
http     80/tcp  www   # WorldWideWeb HTTP
http-alt 8080/tcp      # the other one
game     60000/udp     # a Dynamic port
"""
OURS = SHIPPED.with_services(
    {
        "billing": [(8443, "tcp"), (PortRange(6000, 6001), "tcp")],
        "render-farm": [(PortRange(60000, 60010), "udp"), (PortRange(6000, 6063), "udp")],
    }
)
REGISTRIES = {
    "shipped": SHIPPED,
    "csv": Registry.read_iana(SAMPLES / "sample.csv"),
    "xml": Registry.read_iana(SAMPLES / "sample.xml"),
    "services": Registry.from_services(SERVICES),
    "own": OURS,
    "own again": OURS.with_services({"new": [(PortRange(60000, 60002), "udp"), (80, "tcp")]}),
    "own in a file": Registry.read_iana(SAMPLES / "sample.csv").with_services(
        {"x": [(PortRange(225, 240), "tcp"), (7300, "udp")]}
    ),
}


class TestDescriptions:
    def test_every_row_has_the_description_of_the_table(self) -> None:
        count = 0
        for port in range(49152):
            for transport in Transport:
                rows = registry.lookup(port, transport)
                texts = TEXTS.get((port, transport.value), [""] * len(rows))
                assert [row.description for row in rows] == texts
                count += len(rows)
        assert count > 12_671

    @pytest.mark.parametrize(
        ("port", "transport", "service", "description"),
        [
            (0, "tcp", None, "Reserved"),
            (15, "tcp", None, "Unassigned [was netstat]"),
            (22, "udp", "ssh", "The Secure Shell (SSH) Protocol"),
            (22, "sctp", "ssh", "SSH"),
            (24, "tcp", None, "any private mail system"),
            (80, "tcp", "http", "World Wide Web HTTP"),
            (2049, "tcp", "shilp", ""),
            (2049, "tcp", "nfs", "Network File System - Sun Microsystems"),
            (3000, "tcp", "hbci", "HBCI"),
            (4413, "udp", "vision-mon-disc", "FORTÉ Vision Monitoring platform"),
            (5349, "udp", "stun-behaviors", "Reserved for a future enhancement of STUN-BEHAVIOR"),
            (5432, "tcp", "postgresql", "PostgreSQL Database"),
            (5543, "tcp", "qftest-lic-mcp", None),
            (6001, "udp", "x11", "X Window System"),
            (6400, "dccp", "boe-cms", "Business Objects CMS contact port"),
            (6666, "tcp", "ircu", "IRCU"),
            (8010, "sctp", None, "Reserved"),
            (49150, "tcp", "inspider", "InSpider System"),
            (49151, "dccp", None, "Reserved"),
        ],
    )
    def test_known_descriptions(
        self, port: int, transport: str, service: str | None, description: str | None
    ) -> None:
        (row,) = [row for row in registry.lookup(port, transport) if row.service == service]
        if description is not None:
            assert row.description == description
        else:
            assert row.description

    def test_the_sample_of_the_official_file_has_the_same(self) -> None:
        # These rows of the sample are not as they are today.
        changed = {(853, "tcp"), (5349, "udp"), (7775, "tcp"), (1023, "tcp")}
        compared = 0
        for row in REGISTRIES["xml"]:
            port = row.ports.first
            for ours in registry.lookup(port, row.transport):
                if ours.service == row.service and (port, row.transport.value) not in changed:
                    assert ours.description == row.description
                    compared += 1
        assert compared > 20

    def test_a_row_is_the_same_whether_its_description_was_read_or_not(self) -> None:
        def new() -> Assignment:
            return ShippedTable().cell(22, Transport.TCP).assignments[0]

        plain = Assignment(
            ports=PortRange(22),
            transport=Transport.TCP,
            state=State.ASSIGNED,
            service="ssh",
            description="The Secure Shell (SSH) Protocol",
        )
        assert new() == plain
        assert plain == new()
        assert hash(new()) == hash(plain)
        assert repr(new()) == repr(plain)
        assert copy.copy(new()) == copy.deepcopy(new()) == plain
        assert dataclasses.asdict(new()) == dataclasses.asdict(plain)
        assert dataclasses.replace(new(), service="x").description == plain.description
        for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
            assert pickle.loads(pickle.dumps(new(), protocol)) == plain
        assert new() != dataclasses.replace(plain, description="")

    def test_other_missing_attributes_are_errors(self) -> None:
        row = registry.lookup(22, "tcp")[0]
        for name in ("descripton", "_x", "__len__"):
            with pytest.raises(AttributeError) as caught:
                getattr(row, name)
            assert str(caught.value) == f"'Assignment' object has no attribute {name!r}"
            assert (caught.value.name, caught.value.obj) == (name, row)

    def test_a_description_cannot_be_set(self) -> None:
        row = ShippedTable().cell(22, Transport.TCP).assignments[0]
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(row, "description", "mine")  # noqa: B010


class TestIteration:
    @pytest.mark.parametrize("name", REGISTRIES)
    def test_every_row_comes_once_in_the_order_of_the_ports(self, name: str) -> None:
        of = REGISTRIES[name]
        rows = list(of)
        assert rows == every_row(of)
        assert len(of) == len(rows) > 0

    def test_the_number_of_rows(self) -> None:
        assert len(SHIPPED) == 12671
        assert next(iter(SHIPPED)).ports == PortRange(0)
        assert [row.service for row in SHIPPED if row.ports.first == 6000] == ["x11", "x11"]

    def test_own_services_replace_rows(self) -> None:
        rows = list(OURS)
        at_8443 = [(str(row.transport), row.service) for row in rows if 8443 in row.ports]
        assert at_8443 == [("tcp", "billing"), ("udp", "pcsync-https")]
        # x11 has other ports than these two for tcp, and none for udp.
        at_6000 = [(str(row.transport), row.service) for row in rows if 6000 in row.ports]
        assert sorted(at_6000) == [("tcp", "billing"), ("tcp", "x11"), ("udp", "render-farm")]
        assert rows[-1].service == "render-farm"

    def test_equal_rows_of_a_file_are_different_rows(self, tmp_path: Path) -> None:
        path = tmp_path / "services.csv"
        head, *_ = (SAMPLES / "sample.csv").read_text("utf-8").splitlines()
        row = "twice,7,tcp,a service,,,,,,,,"
        path.write_text(f"{head}\n{row}\n{row}\n")
        read = Registry.read_iana(path)
        assert list(read) == list(read.lookup(7, "tcp"))
        assert len(read) == 2

    def test_a_registry_is_true(self) -> None:
        assert bool(SHIPPED) is True

    def test_a_row_is_in_a_registry_and_a_port_cannot_be(self) -> None:
        (row,) = SHIPPED.lookup(8443, "tcp")
        assert row in SHIPPED
        assert row not in OURS
        assert OURS.lookup(8443, "tcp")[0] not in SHIPPED
        (x11,) = SHIPPED.lookup(6000, "tcp")
        assert x11 in OURS
        for value, got in ((443, "int 443"), ("http", "str 'http'")):
            with pytest.raises(TypeError, match=f"^row must be an Assignment, got {got}$"):
                _ = value in SHIPPED  # type: ignore[operator]


RANKED = """
a1 1/tcp # a mailbox
a2 2/tcp # your Mail, sir
e-mail 3/tcp
mailq 4/tcp # mail
mail 5/udp
MAIL 5/tcp # xx
b 6/tcp # nothing
mailr 4/tcp
"""


class TestSearch:
    def test_search_lists_the_best_match_first(self) -> None:
        made = Registry.from_services(RANKED)
        found = [(row.ports.first, row.service) for row in made.search("mail")]
        assert found == [
            (5, "MAIL"),
            (5, "mail"),
            (4, "mailq"),
            (4, "mailr"),
            (3, "e-mail"),
            (2, "a2"),
            (1, "a1"),
        ]

    def test_all_words_must_match_and_the_worst_one_counts_first(self) -> None:
        rows = "web 1/tcp # a server\nserver 2/tcp # the Web\nweb-server 3/tcp\nweb 4/tcp # a page"
        made = Registry.from_services(rows)
        for text in ("web server", "  SERVER\tWEB "):
            assert [row.ports.first for row in made.search(text)] == [3, 1, 2]

    @pytest.mark.parametrize(
        ("text", "first"),
        [
            ("postgres", "postgresql"),
            ("ssh", "ssh"),
            ("secure shell", "ssh"),
            ("x window", "x11"),
            ("forté", "vision-mon"),
            ("FORTÉ", "vision-mon"),
            ("c++", None),
            ("(ssh)", "ssh"),
            ("private mail", None),
            (".*", None),
        ],
    )
    def test_what_people_look_for(self, text: str, first: str | None) -> None:
        found = registry.search(text)
        assert [row.service for row in found[:1]] == ([first] if first else [None][: len(found)])

    def test_a_row_without_a_name_is_found_by_its_description(self) -> None:
        assert [row.ports.first for row in registry.search("private mail")] == [24, 24]

    @pytest.mark.parametrize("name", ["http", "nfs", "z39.50", "whois++", "sql*net", "x11", "stun"])
    def test_a_name_is_found_first(self, name: str) -> None:
        rows = registry.search(name.upper())
        exact = [row for row in SHIPPED if row.service and row.service.lower() == name]
        assert list(rows[: len(exact)]) == exact

    @pytest.mark.slow
    def test_every_row_is_found_by_its_name(self) -> None:
        by_name: dict[str, list[Assignment]] = {}
        for row in SHIPPED:
            if row.service is not None:
                by_name.setdefault(row.service.casefold(), []).append(row)
        from portranges.registry.contents import matching

        # The rows that cannot match are left out, which takes the time of one search for all.
        names = " ".join(by_name)
        for name, exact in by_name.items():
            assert name in names
            assert list(matching(exact, name)) == exact
        for name in sorted(by_name)[::400]:
            assert list(registry.search(name)[: len(by_name[name])]) == by_name[name]

    def test_a_name_with_a_space(self, tmp_path: Path) -> None:
        path = tmp_path / "services.csv"
        head, *_ = (SAMPLES / "sample.csv").read_text("utf-8").splitlines()
        path.write_text(f"{head}\nnet,1,tcp,assistant,,,,,,,,\nNet Assistant,2,tcp,,,,,,,,,\n")
        found = Registry.read_iana(path).search("net assistant")
        assert [row.ports.first for row in found] == [2, 1]

    def test_own_services_are_found(self) -> None:
        assert OURS.search("billing")[0].service == "billing"
        assert SHIPPED.search("render-farm") == ()
        assert [row.ports for row in OURS.search("PCSYNC-HTTPS")] == [PortRange(8443)]

    @given(st.text(max_size=12))
    def test_agrees_with_a_slow_reader(self, text: str) -> None:
        of = REGISTRIES["csv"]
        words = text.casefold().split()
        if not words:
            with pytest.raises(InvalidValueError):
                of.search(text)
            return
        expected = [
            row
            for row in of
            if all(
                word in (row.service or "").casefold() or word in row.description.casefold()
                for word in words
            )
        ]
        found = of.search(text)
        assert sorted(map(repr, found)) == sorted(map(repr, expected))

    def test_a_text_without_a_word_is_an_error(self) -> None:
        for text in ("", " ", "\t\n"):
            with pytest.raises(InvalidValueError) as caught:
                registry.search(text)
            assert str(caught.value) == f"text must have a word, got {text!r}"
        with pytest.raises(InvalidValueError) as caught:
            registry.search("a " * 51)
        assert str(caught.value) == "text must have at most 100 characters, got 102"
        for value, got in ((None, "NoneType None"), (80, "int 80"), (b"http", "bytes b'http'")):
            with pytest.raises(TypeError, match=f"^text must be a str, got {got}$"):
                registry.search(value)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def content(of: Registry, port: int, transport: Transport) -> list[tuple[Any, ...]]:
    return [(row.state, row.service, row.description) for row in of.lookup(port, transport)]


class TestCompare:
    @pytest.mark.parametrize("name", REGISTRIES)
    def test_a_registry_does_not_differ_from_itself(self, name: str) -> None:
        of = REGISTRIES[name]
        assert list(of.compare(pickle.loads(pickle.dumps(of)))) == []

    @pytest.mark.parametrize(
        ("old", "new"),
        [("shipped", "xml"), ("xml", "shipped"), ("shipped", "own"), ("own", "own again")],
    )
    def test_agrees_with_a_comparison_of_every_cell(self, old: str, new: str) -> None:
        before, after = REGISTRIES[old], REGISTRIES[new]
        found: dict[tuple[int, Transport], Difference] = {}
        for each in before.compare(after):
            for port in each.ports:
                for transport in each.transports:
                    assert (port, transport) not in found
                    found[port, transport] = each
        for port in range(65536):
            for transport in Transport:
                cells = [content(each, port, transport) for each in (before, after)]
                is_unassigned = all(
                    each.state(port, transport) == State.UNASSIGNED for each in (before, after)
                )
                differ = cells[0] != cells[1] and not (is_unassigned and [] in cells)
                assert ((port, transport) in found) == differ
                if differ:
                    each = found[port, transport]
                    texts = [
                        [(row.state, row.service, row.description) for row in rows]
                        for rows in (each.before, each.after)
                    ]
                    assert texts == cells

    def test_adjacent_ports_are_one_difference(self) -> None:
        ours = SHIPPED.with_services(
            {"own": [(PortRange(60000, 60009), each) for each in Transport]}
        )
        (added,) = SHIPPED.compare(ours)
        assert (added.kind, added.ports) == ("added", PortRange(60000, 60009))
        assert added.transports == tuple(Transport)
        (removed,) = ours.compare(SHIPPED)
        assert (removed.kind, removed.before, removed.after) == ("removed", added.after, ())

    def test_a_row_of_an_unassigned_port_does_not_count(self, tmp_path: Path) -> None:
        path = tmp_path / "services.csv"
        head, *_ = (SAMPLES / "sample.csv").read_text("utf-8").splitlines()
        row = ",60-70,,Unassigned,,,,,,,,"
        path.write_text(f"{head}\nssh,22,tcp,SSH,,,,,,,,\n")
        old = Registry.read_iana(path)
        path.write_text(f"{head}\nssh,22,tcp,SSH,,,,,,,,\n{row}\n")
        assert list(old.compare(Registry.read_iana(path))) == []
        path.write_text(
            f"{head}\nssh,22,tcp,SSH,,,,,,,,\n{row.replace('Una', 'Deprecated; una')}\n"
        )
        assert list(old.compare(Registry.read_iana(path))) == []

    def test_only_registries_are_compared(self) -> None:
        with pytest.raises(TypeError, match="^newer must be a Registry, got str 'x'$"):
            SHIPPED.compare("x")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
