from __future__ import annotations

import csv
import io
import pickle
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portranges import DataError, PortRange, PortSet, Transport, UnknownNameError
from portranges.registry import SHIPPED, Assignment, Registry, State, iana_csv, iana_xml, official
from portranges.registry.iana_columns import COLUMNS
from portranges.registry.official import state_of

DATA = Path(__file__).parent.parent / "data" / "iana"
CSV = DATA / "sample.csv"
XML = DATA / "sample.xml"
TRANSPORTS = ("tcp", "udp", "sctp", "dccp")
ALL = tuple(Transport)

HEADER = ",".join(COLUMNS)
NAMESPACE = 'xmlns="http://www.iana.org/assignments"'
ROOT = f'<registry {NAMESPACE} id="service-names-port-numbers">'


def answers(asked: Registry) -> list[tuple[Assignment, ...]]:
    return [asked.lookup(port) for port in range(65536)]


SAMPLE = Registry.read_iana(CSV)


@cache
def sample_answers() -> list[tuple[Assignment, ...]]:
    return answers(SAMPLE)


@pytest.fixture(params=[CSV, XML], ids=["csv", "xml"])
def sample(request: pytest.FixtureRequest) -> Registry:
    return Registry.read_iana(request.param)


class TestSample:
    def test_the_xml_has_the_same_data(self) -> None:
        assert answers(Registry.read_iana(XML)) == sample_answers()

    def test_the_date_of_the_edition(self) -> None:
        assert Registry.read_iana(XML).snapshot == date(2026, 8, 17)
        assert Registry.read_iana(CSV).snapshot is None

    def test_the_state_and_services_of_every_cell(self) -> None:
        # Of the CSV; the XML says the same.
        # Port or ports, and the state and names of each transport; "-" is no
        # row, where the port has some.
        expected: list[tuple[int, int, str, str, str, str]] = [
            (0, 0, "reserved", "reserved", "-", "-"),
            (2, 2, "reserved", "-", "-", "-"),
            (4, 4, "unassigned", "-", "-", "-"),
            (15, 15, "unassigned", "-", "-", "-"),
            (22, 22, "ssh", "-", "-", "-"),
            (24, 24, "assigned", "-", "-", "-"),
            (80, 80, "http www www-http", "-", "http", "-"),
            (225, 241, "reserved", "reserved", "reserved", "reserved"),
            (359, 359, "reserved", "-", "-", "-"),
            (585, 585, "-", "unassigned", "-", "-"),
            (853, 853, "dns-secured", "-", "-", "-"),
            (1021, 1021, "-", "exp1", "-", "-"),
            (1113, 1113, "-", "-", "-", "ltp-deepspace"),
            (3986, 3986, "mapper-ws-ethd mapper-ws_ethd", "-", "-", "-"),
            (5349, 5349, "-", "stun-behaviors", "-", "-"),
            (6000, 6063, "x11", "-", "-", "-"),
            (6400, 6400, "boe-cms", "boe-cms", "boe-cms", "boe-cms"),
            (7300, 7303, "swx", "swx", "swx", "swx"),
            # Rows with a transport win over the range of 7748-7776.
            (7775, 7775, "nuts-x", "reserved", "-", "-"),
        ]
        by_port = {
            port: texts for first, last, *texts in expected for port in range(first, last + 1)
        }
        for port in range(65536):
            for transport, text in zip(TRANSPORTS, by_port.get(port, [""] * 4), strict=True):
                state = SAMPLE.state(port, transport)
                services = SAMPLE.services(port, transport)
                if text == "" or text in {"reserved", "unassigned", "assigned"}:
                    without = "unassigned" if port <= 49151 else "dynamic"
                    assert (state, services) == (text or without, ())
                elif text == "-":
                    assert (state, services) == ("not-listed", ())
                else:
                    assert (state, services) == ("assigned", tuple(text.split()))

    def test_all_texts_of_a_row(self, sample: Registry) -> None:
        assert sample.lookup(1113, "dccp") == (
            Assignment(
                ports=PortRange(1113),
                transport=Transport.DCCP,
                state=State.ASSIGNED,
                service="ltp-deepspace",
                description="Licklider Transmission Protocol",
                registered="2013-11-12",
                modified="2014-02-21",
                reference="[RFC-ietf-dtn-ltp-01][https://example.org/ltp][LTP, the page]"
                "[ISO/IEC 13818-6 MPEG-2 DSM-CC]",
                service_code="7107696",
            ),
        )

    def test_the_note_and_dates_of_a_row(self, sample: Registry) -> None:
        def row(port: int, transport: str, at: int = 0) -> Assignment:
            return sample.lookup(port, transport)[at]

        assert (
            row(2, "tcp").note
            == "De-assigned on 2025-02-13, previously compressnet by[Bernie_Volz]"
        )
        assert row(2, "tcp").modified == "2025-02-13"
        assert row(2, "tcp").service is None
        assert row(22, "tcp").note == "Defined TXT keys: u=<username> p=<password>"
        assert row(22, "tcp").registered == "1995-10"
        assert row(24, "tcp").description == "any private mail system"
        assert (row(80, "tcp").assignee, row(80, "tcp").contact) == ("[IESG]", "[IETF_Chair]")
        assert row(80, "tcp", 1).assignee == row(80, "tcp", 1).contact == "[Tim_Berners_Lee]"
        assert row(80, "tcp", 1).note.startswith('This entry is an alias to "http". This entry')
        assert row(80, "sctp").contact == "[Randall_Stewart][Lars_Eggert]"
        assert row(853, "tcp").reference == "[RFC8765, Section 6.1][RFC7858, Appendix A]"
        assert row(853, "tcp").description == "DNS, see also [RFC8310]"
        assert row(585, "udp").note == "Use of 585 is not recommended, use 993 instead."
        assert row(1021, "udp").reference == "[1][RFC4727][RFC6335]"
        assert row(3986, "tcp").description == (
            "MAPPER workstation server IANA assigned this well-formed service name as a "
            'replacement for "mapper-ws_ethd".'
        )
        assert row(6003, "tcp").ports == PortRange(6000, 6063)
        assert row(6003, "tcp").unauthorized_use == "Known Unauthorized Use on port 6003"
        assert row(7775, "tcp").assignee == "[Ariën_Huisken]"

    def test_a_row_without_transport_applies_to_all_four(self, sample: Registry) -> None:
        rows = sample.lookup(6400)
        assert [row.transport for row in rows] == list(Transport)
        assert {row.ports for row in rows} == {PortRange(6400)}

    def test_two_rows_without_transport_are_both_returned(self, sample: Registry) -> None:
        assert [row.ports for row in sample.lookup(7776, "udp")] == [
            PortRange(7748, 7776),
            PortRange(7776),
        ]
        assert sample.state(7776, "udp") == State.UNASSIGNED

    def test_the_ports_of_names(self, sample: Registry) -> None:
        assert sample.ports("SWX", "dccp") == PortSet([PortRange(7300, 7303)])
        assert sample.ports("x11") == PortSet([PortRange(6000, 6063)])
        assert sample.ports("x11", "udp") == PortSet()
        with pytest.raises(UnknownNameError) as caught:
            sample.ports("1password")
        assert caught.value.near == ()
        with pytest.raises(UnknownNameError) as caught:
            sample.ports("mapper-ws-eth")
        assert caught.value.near == ("mapper-ws-ethd", "mapper-ws_ethd")

    def test_the_sets_of_each_state(self, sample: Registry) -> None:
        assert sample.reserved("udp") == PortSet.parse("0,225-241,7775")
        assert sample.not_listed("dccp") == PortSet.parse(
            "0,2,4,15,22,24,80,359,585,853,1021,3986,5349,6000-6063,7775"
        )
        for transport in TRANSPORTS:
            sets = (
                sample.assigned(transport),
                sample.reserved(transport),
                sample.unassigned(transport),
                sample.not_listed(transport),
            )
            assert PortSet().union(*sets) == PortSet(range(49152))
            assert sum(map(len, sets)) == 49152

    def test_a_registry_is_pickled(self, sample: Registry) -> None:
        restored = pickle.loads(pickle.dumps(sample.with_services({"app": [(80, "tcp")]})))
        assert restored.services(80, "tcp") == ("app",)
        assert restored.lookup(22) == sample.lookup(22)
        assert restored.snapshot == sample.snapshot

    def test_the_path_may_be_a_str(self) -> None:
        assert Registry.read_iana(str(CSV)).services(22, "tcp") == ("ssh",)

    @pytest.mark.parametrize("name", ["registry.xml", "registry.txt", "registry"])
    def test_the_file_name_does_not_matter(self, tmp_path: Path, name: str) -> None:
        for file in (CSV, XML):
            (tmp_path / name).write_bytes(file.read_bytes())
            assert Registry.read_iana(tmp_path / name).services(22, "tcp") == ("ssh",)


def sample_rows() -> list[list[str]]:
    return list(csv.reader(io.StringIO(CSV.read_text(encoding="utf-8"), newline="")))


def written(rows: list[list[str]], **how: Any) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, **how).writerows(rows)
    return text.getvalue()


VARIANTS: dict[str, Callable[[], bytes]] = {
    "lf": lambda: written(sample_rows(), lineterminator="\n").encode(),
    "crlf, with lf in quotes": lambda: written(sample_rows()).encode(),
    "crlf everywhere": lambda: CSV.read_bytes().replace(b"\n", b"\r\n"),
    "all quoted": lambda: written(sample_rows(), quoting=csv.QUOTE_ALL).encode(),
    "byte order mark": lambda: b"\xef\xbb\xbf" + CSV.read_bytes(),
    "empty lines at the end": lambda: CSV.read_bytes() + b"\n\r\n",
    "no line end at the end": lambda: CSV.read_bytes().rstrip(),
    "columns turned round": lambda: written([row[::-1] for row in sample_rows()]).encode(),
    "former name of a column": lambda: CSV.read_bytes().replace(
        b"Unauthorized Use Reported", b"Known Unauthorized Uses"
    ),
}


class TestCsvForms:
    @pytest.mark.slow
    @pytest.mark.parametrize("variant", VARIANTS)
    def test_variants_of_the_csv_have_the_same_data(self, tmp_path: Path, variant: str) -> None:
        (tmp_path / "x.csv").write_bytes(VARIANTS[variant]())
        assert answers(Registry.read_iana(tmp_path / "x.csv")) == sample_answers()


@pytest.mark.slow
class TestXmlForms:
    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b"\n", b"\r\n"),
            (b"<?xml version='1.0' encoding='UTF-8'?>\n", b""),
            (b"<?xml version='1.0'", b"\xef\xbb\xbf<?xml version='1.0'"),
            (b"ssh</name>", b"s<!-- not a name -->sh</name>"),
            (b"ssh</name>", b"<![CDATA[ssh]]></name>"),
            (b"ssh</name>", b"&#115;sh</name>"),
            (b"<name>ssh</name>", b"<name>ssh</name><later>than this reader<a/></later>"),
            (b"<people>", b"<later><record><name>no row</name></record></later><people>"),
            (b'xmlns="', b'xmlns:other="x" xmlns="'),
        ],
    )
    def test_variants_of_the_xml_have_the_same_data(
        self, tmp_path: Path, old: bytes, new: bytes
    ) -> None:
        assert old in XML.read_bytes()
        (tmp_path / "x.xml").write_bytes(XML.read_bytes().replace(old, new))
        assert answers(Registry.read_iana(tmp_path / "x.xml")) == sample_answers()

    def test_small_chunks_give_the_same_data(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(iana_xml, "_CHUNK", 7)
        assert answers(Registry.read_iana(XML)) == sample_answers()

    def test_unusual_nesting_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "x.xml").write_text(
            f"{ROOT}<record><number>7</number><protocol>tcp</protocol><assignee/>"
            '<xref type="person" data="A"/>'
            '<note><xref type="text">a<xref type="text">b</xref>c</xref></note>'
            "</record></registry>"
        )
        (row,) = Registry.read_iana(tmp_path / "x.xml").lookup(7)
        # An empty assignee is one, and says that there is none.
        assert (row.assignee, row.contact) == ("", "[A]")
        assert row.state is State.ASSIGNED


class TestStateOf:
    @pytest.mark.parametrize(
        ("service", "description", "state"),
        [
            ("http", "World Wide Web", "assigned"),
            ("stun-behaviors", "Reserved for a future enhancement of STUN-BEHAVIOR", "assigned"),
            ("x", "Unassigned", "assigned"),
            ("", "Reserved", "reserved"),
            ("", "RESERVED", "reserved"),
            ("", "  Reserved\n - IANA", "reserved"),
            ("", "IANA  Reserved", "reserved"),
            ("", "Unassigned", "unassigned"),
            ("", "unassigned", "unassigned"),
            ("", "Unassigned [was netstat]", "unassigned"),
            ("", "(unassigned) Possibly assigned", "unassigned"),
            ("", "De-registered", "unassigned"),
            ("", "Removed", "unassigned"),
            ("", "Deprecated", "unassigned"),
            ("", "De-Commissioned Port", "unassigned"),
            ("", "Decomissioned Port 04/14/00, ms", "unassigned"),
            ("", "any private mail system", "assigned"),
            ("", "Possibly used by Sun Solaris????", "assigned"),
            ("", "", "assigned"),
        ],
    )
    def test_the_wordings_of_each_state(self, service: str, description: str, state: str) -> None:
        assert state_of(service, description) == state


def shipped_as_csv() -> str:
    """Return the shipped table as IANA would write it: a row a cell, or a name."""
    rows: list[list[str]] = [[*COLUMNS]]
    words = {State.ASSIGNED: "any private service", State.RESERVED: "Reserved"}
    without_row = PortSet.full().intersection(*map(SHIPPED.unassigned, ALL))
    rows.extend(["", f"{ports}", "", "Unassigned", *[""] * 8] for ports in without_row.ranges)
    for port in PortSet(range(49152)) - without_row:
        for transport in ALL:
            state = SHIPPED.state(port, transport)
            if state is not State.NOT_LISTED:
                rows.extend(
                    [name, f"{port}", f"{transport}", words.get(state, "Unassigned"), *[""] * 8]
                    for name in SHIPPED.services(port, transport) or ("",)
                )
    return written(rows)


class TestWholeRegistry:
    @pytest.mark.slow
    def test_the_reader_agrees_with_the_shipped_table(self, tmp_path: Path) -> None:
        (tmp_path / "all.csv").write_text(shipped_as_csv(), newline="")
        read = Registry.read_iana(tmp_path / "all.csv")
        for transport in ALL:
            assert read.reserved(transport) == SHIPPED.reserved(transport)
            assert read.unassigned(transport) == SHIPPED.unassigned(transport)
            assert read.not_listed(transport) == SHIPPED.not_listed(transport)
            assert read.assigned(transport) == SHIPPED.assigned(transport)
            for port in SHIPPED.assigned(transport):
                assert read.services(port, transport) == SHIPPED.services(port, transport)
        for name in set(SHIPPED._table.names()):
            assert read.ports(name) == SHIPPED.ports(name)


def row(**columns: str) -> str:
    """Return a CSV row: name=, port=, transport=, description=."""
    given = [columns.get(each, "") for each in ("name", "port", "transport", "description")]
    return ",".join([*given, *[""] * 8])


def record(number: str = "7", inside: str = "") -> str:
    return f"<record><number>{number}</number>{inside}</record>"


GOT_HEADER = "expected the header of IANA's CSV, 'Service Name' to 'Assignment Notes', got "
GOT_ROOT = (
    "expected <registry id='service-names-port-numbers'> "
    "in the namespace http://www.iana.org/assignments, got "
)
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">'
    + "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1 or str()};" * 10}">' for n in range(1, 10))
    + f"]>{ROOT}<title>&lol9;</title></registry>"
)
EXTERNAL = f'<!DOCTYPE registry [<!ENTITY x SYSTEM "file:///etc/passwd">]>{ROOT}&x;</registry>'

REFUSED: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "expected IANA's CSV or XML file, got an empty one"),
    "another CSV": ("a,b,c\n1,2,3\n", GOT_HEADER + "'a,b,c'"),
    "the CSV of another registry": (
        "Decimal,Keyword,Protocol,IPv6 Extension Header,Reference\n0,HOPOPT,,Y,[RFC8200]\n",
        GOT_HEADER + "'Decimal,Keyword,Protocol,IPv6 Extension Header,Reference'",
    ),
    "no header": (
        row(name="http", port="80", transport="tcp"),
        GOT_HEADER + "'http,80,tcp,,,,,,,,,'",
    ),
    "a column missing": (HEADER.rpartition(",")[0] + "\n", GOT_HEADER + "..."),
    "a column twice": (HEADER.replace("Contact", "Assignee") + "\n", GOT_HEADER + "..."),
    "a thirteenth column": (HEADER + ",More\n", GOT_HEADER + "..."),
    "text": ("see https://www.iana.org\n", GOT_HEADER + "'see https://www.iana.org'"),
    "JSON": ('{"http": 80}\n', GOT_HEADER + "..."),
    "header alone": (HEADER + "\n", "expected rows with a port number, got none"),
    "rows without a port": (
        f"{HEADER}\n{row(name='1password', transport='tcp')}\n",
        "expected rows with a port number, got none",
    ),
    "13 columns": (
        f"{HEADER}\n{row(port='1')}\n{row(port='2')},\n",
        "row 3: expected 12 columns, got 13",
    ),
    "a cut row": (f"{HEADER}\nhttp,80,tc", "row 2: expected 12 columns, got 3"),
    "a cut text": (f'{HEADER}\nhttp,80,tcp,"World', "row 2: invalid CSV, unexpected end of data"),
    "a stray quote": (
        f'{HEADER}\nhttp,80,tcp,"World" Wide,,,,,,,,\n',
        "row 2: invalid CSV, ',' expected after '\"'",
    ),
    "a bad port": (
        f"{HEADER}\n{row(port='1')}\n{row(port='eighty')}\n",
        "row 3: expected a port or 'first-last', got 'eighty'",
    ),
    "a negative port": (
        f"{HEADER}\n{row(port='-1')}\n",
        "row 2: expected a port or 'first-last', got '-1'",
    ),
    "a port with zeros": (
        f"{HEADER}\n{row(port='080')}\n",
        "row 2: port must have no leading zero, got '080'; write 80",
    ),
    "digits of another script": (
        f"{HEADER}\n{row(port='٨٠')}\n",
        "row 2: expected a port or 'first-last', got '٨٠'; write 80",
    ),
    "a great port": (
        f"{HEADER}\n{row(port='70000')}\n",
        "row 2: port must be in 0..65535, got ...",
    ),
    "a dynamic port": (
        f"{HEADER}\n{row(port='49152')}\n",
        "row 2: ports must be in 0..49151, got 49152",
    ),
    "a dynamic range": (
        f"{HEADER}\n{row(port='49151-49152')}\n",
        "row 2: ports must be in 0..49151, got 49151-49152",
    ),
    "a reversed range": (
        f"{HEADER}\n{row(port='90-80')}\n",
        "row 2: first must not be greater than last, got 90-80; did you mean 80-90?",
    ),
    "a bad transport": (
        f"{HEADER}\n{row(port='80', transport='icmp')}\n",
        "row 2: transport must be tcp, udp, sctp, dccp or empty, got 'icmp'",
    ),
    "a transport in capitals": (
        f"{HEADER}\n{row(port='80', transport='TCP')}\n",
        "row 2: transport must be tcp, udp, sctp, dccp or empty, got 'TCP'",
    ),
    "binary": (bytes(range(256)), "expected IANA's CSV or XML file in UTF-8, got other bytes"),
    "gzip": (
        b"\x1f\x8b\x08\x00\xff\xff",
        "expected IANA's CSV or XML file in UTF-8, got other bytes",
    ),
    "nothing but zeros": (bytes(100), GOT_HEADER + "..."),
    "UTF-16": (
        HEADER.encode("utf-16"),
        "expected IANA's CSV or XML file in UTF-8, got other bytes",
    ),
    "latin-1 in a row": (
        f"{HEADER}\n{row(port='1', description='é')}\n".encode("latin-1"),
        "expected IANA's CSV or XML file in UTF-8, got other bytes",
    ),
    "a web page": (
        "<!DOCTYPE html><html><body>Not Found</body></html>",
        "expected IANA's XML without a document type, got <!DOCTYPE html>",
    ),
    "a web page without a type": ("<html><body/></html>", GOT_ROOT + "'<html>' in none"),
    "XHTML": (
        '<html xmlns="http://www.w3.org/1999/xhtml"/>',
        GOT_ROOT + "'<html>' in 'http://www.w3.org/1999/xhtml'",
    ),
    "the XML of another registry": (
        f'<registry {NAMESPACE} id="protocol-numbers"/>',
        GOT_ROOT + "\"<registry id='protocol-numbers'>\" in 'http://www.iana.org/assignments'",
    ),
    "without namespace": (
        '<registry id="service-names-port-numbers"/>',
        GOT_ROOT + "\"<registry id='service-names-port-numbers'>\" in none",
    ),
    "a billion laughs": (
        LAUGHS,
        "expected IANA's XML without a document type, got <!DOCTYPE lolz>",
    ),
    "an external entity": (
        EXTERNAL,
        "expected IANA's XML without a document type, got <!DOCTYPE registry>",
    ),
    "an unknown entity": (
        f"{ROOT}&x;</registry>",
        "invalid XML, undefined entity: line 1, column ...",
    ),
    "cut XML": (
        f"{ROOT}{record()}",
        "invalid XML, no element found: line 1, column ...",
    ),
    "crossed tags": (
        f"{ROOT}<record></registry>",
        "invalid XML, mismatched tag: line 1, column ...",
    ),
    "two roots": (
        f"{ROOT}{record()}</registry><a/>",
        "invalid XML, junk after document element: line 1, column ...",
    ),
    "XML without records": (f"{ROOT}</registry>", "expected rows with a port number, got none"),
    "a bad port in XML": (
        f"{ROOT}{record()}{record('x')}</registry>",
        "record 2: expected a port or 'first-last', got 'x'",
    ),
    "a bad transport in XML": (
        f"{ROOT}{record(inside='<protocol>ip</protocol>')}</registry>",
        "record 1: transport must be tcp, udp, sctp, dccp or empty, got 'ip'",
    ),
    "two numbers in XML": (
        f"{ROOT}{record(inside='<number>8</number>')}</registry>",
        "record 1: expected one <number>, got two",
    ),
    "two assignees in XML": (
        f"{ROOT}{record(inside='<assignee/><assignee/>')}</registry>",
        "record 1: expected one <assignee>, got two",
    ),
    "a bad date in XML": (
        f"{ROOT}<updated>yesterday</updated></registry>",
        "expected a date in <updated>, got 'yesterday'",
    ),
    "latin-1 in XML": (
        f"<?xml version='1.0' encoding='latin-1'?>{ROOT}é</registry>".encode("latin-1"),
        "invalid XML, not well-formed (invalid token): line 1, column ...",
    ),
}


class TestRefused:
    @pytest.mark.parametrize("case", REFUSED)
    def test_a_file_that_is_not_the_registry(self, tmp_path: Path, case: str) -> None:
        content, reason = REFUSED[case]
        path = tmp_path / "file"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(DataError) as caught:
            Registry.read_iana(path)
        assert caught.value.resource == str(path)
        if reason.endswith("..."):
            assert caught.value.reason.startswith(reason.removesuffix("..."))
        else:
            assert caught.value.reason == reason
        assert str(caught.value) == f"cannot use {path}: {caught.value.reason}"
        assert "\n" not in caught.value.reason

    def test_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            Registry.read_iana(tmp_path / "none.csv")

    @pytest.mark.parametrize("path", [0, None, b"x.csv", True])
    def test_a_value_that_is_not_a_path(self, path: Any) -> None:
        with pytest.raises(TypeError, match=r"^path must be a path, got "):
            Registry.read_iana(path)

    def test_too_many_rows(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(official, "_MOST_ROWS", 5)
        with pytest.raises(DataError, match=r": expected at most 5 rows, got more$"):
            Registry.read_iana(CSV)
        with pytest.raises(DataError, match=r": expected at most 5 rows, got more$"):
            Registry.read_iana(XML)

    def test_too_many_ports(self, tmp_path: Path) -> None:
        path = tmp_path / "x.csv"
        path.write_text("\n".join([HEADER, *[row(port="0-49151")] * 7]))
        with pytest.raises(
            DataError, match=r": expected at most 300000 ports on all rows, got more$"
        ):
            Registry.read_iana(path)

    def test_too_large_a_file(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(iana_csv, "LARGEST_FILE", 1000)
        monkeypatch.setattr(iana_xml, "LARGEST_FILE", 1000)
        with pytest.raises(DataError, match=r": expected at most 1000 characters, got more$"):
            Registry.read_iana(CSV)
        with pytest.raises(DataError, match=r": expected at most 1000 bytes, got more$"):
            Registry.read_iana(XML)

    def test_too_long_a_line(self, tmp_path: Path) -> None:
        path = tmp_path / "x.csv"
        path.write_text(HEADER + "\n" + "x" * 200_000)
        with pytest.raises(DataError, match=r": expected lines of at most 100000 characters"):
            Registry.read_iana(path)

    def test_a_quote_that_never_ends(self, tmp_path: Path) -> None:
        path = tmp_path / "x.csv"
        path.write_text(HEADER + '\nhttp,80,tcp,"' + "x\n" * 200_000)
        with pytest.raises(DataError, match=r"row 2: invalid CSV, field larger than field limit"):
            Registry.read_iana(path)

    @given(st.binary(max_size=300))
    def test_any_bytes_are_read_or_refused(
        self, tmp_path_factory: pytest.TempPathFactory, content: bytes
    ) -> None:
        path = tmp_path_factory.mktemp("any") / "file"
        for start in (b"", HEADER.encode() + b"\n", ROOT.encode()):
            path.write_bytes(start + content)
            try:
                Registry.read_iana(path)
            except DataError as error:
                assert error.resource == str(path)  # noqa: PT017 -- it may also be read

    @given(st.data())
    def test_a_damaged_file_is_read_or_refused(
        self, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
    ) -> None:
        path = tmp_path_factory.mktemp("any") / "file"
        content = bytearray(data.draw(st.sampled_from([CSV, XML])).read_bytes())
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(0, len(content) - 1))
            content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        path.write_bytes(content)
        try:
            Registry.read_iana(path).lookup(80)
        except DataError as error:
            assert error.resource == str(path)  # noqa: PT017 -- it may also be read


class TestMixedStates:
    def test_the_strongest_of_several_states_counts(self, tmp_path: Path) -> None:
        path = tmp_path / "x.csv"
        path.write_text(
            "\n".join(
                [
                    HEADER,
                    row(port="7", description="Unassigned"),
                    row(port="7", description="Reserved"),
                    row(port="8", description="Reserved"),
                    row(name="app", port="8", description="Reserved"),
                ]
            )
        )
        read = Registry.read_iana(path)
        assert read.state(7, "tcp") == State.RESERVED
        assert read.state(8, "tcp") == State.ASSIGNED
        assert read.services(8, "tcp") == ("app",)
        assert read.reserved("udp") == PortSet([7])
        assert read.assigned("udp") == PortSet([8])

    def test_a_repeated_name_counts_once(self, tmp_path: Path) -> None:
        path = tmp_path / "x.csv"
        path.write_text("\n".join([HEADER, row(name="app", port="7"), row(name="app", port="7-8")]))
        read = Registry.read_iana(path)
        assert read.services(7, "tcp") == ("app",)
        assert len(read.lookup(7, "tcp")) == 2
        assert read.ports("app") == PortSet([7, 8])

    def test_an_empty_line_is_skipped(self, tmp_path: Path) -> None:
        path = tmp_path / "x.csv"
        path.write_text("\n".join([HEADER, "", row(name="app", port="7"), ""]))
        assert Registry.read_iana(path).ports("app") == PortSet([7])

    def test_an_element_that_is_not_a_column_is_skipped(self, tmp_path: Path) -> None:
        path = tmp_path / "x.xml"
        inside = "<name>app</name><colour>7</colour><colour>8</colour>"
        path.write_text(ROOT + record("7", inside) + "</registry>")
        assert Registry.read_iana(path).ports("app") == PortSet([7])

    def test_a_name_may_have_spaces(self, tmp_path: Path) -> None:
        # An edition of 2014 has "Apple Remote Desktop (Net Assistant)" on 3283.
        path = tmp_path / "x.csv"
        path.write_text("\n".join([HEADER, row(name="Net Assistant", port="3283")]))
        assert Registry.read_iana(path).ports("net assistant") == PortSet([3283])


class TestHostileXml:
    """Files that would take endless memory or time from a trusting reader."""

    HEAD = (
        '<?xml version="1.0"?>\n<registry xmlns="http://www.iana.org/assignments"'
        ' id="service-names-port-numbers">'
    )

    def refuse(self, tmp_path: Path, body: str, message: str) -> None:
        path = tmp_path / "hostile.xml"
        path.write_text(self.HEAD + body)
        with pytest.raises(DataError, match=message):
            Registry.read_iana(path)

    def test_deep_nesting(self, tmp_path: Path) -> None:
        self.refuse(tmp_path, "<a>" * 100_000, "expected at most 16 levels of elements")

    def test_a_record_with_endless_references(self, tmp_path: Path) -> None:
        body = "<record><number>1</number>" + '<xref type="rfc" data="rfc1"/>' * 100_000
        self.refuse(tmp_path, body, "record 1: expected at most 100000 characters")

    def test_an_endless_text(self, tmp_path: Path) -> None:
        body = "<record><description>" + "x " * 100_000
        self.refuse(tmp_path, body, "record 1: expected at most 100000 characters")

    @pytest.mark.parametrize("token", ['<record date="', "<!--"])
    def test_an_endless_token(self, tmp_path: Path, token: str) -> None:
        self.refuse(tmp_path, token + "x" * 4_000_000, "expected tags and comments of at most")

    def test_a_long_comment_late_in_a_file_is_read(self, tmp_path: Path) -> None:
        # A newer expat defers such a token, and then reports no place.
        path = tmp_path / "long.xml"
        early = f"<title>{'x ' * 600_000}</title><!--{'c' * 400_000}-->"
        path.write_text(self.HEAD + early + "<record><number>7</number></record></registry>")
        assert len(Registry.read_iana(path).lookup(7)) == 4

    @pytest.mark.parametrize("attribute", ["date", "updated"])
    def test_a_long_date(self, tmp_path: Path, attribute: str) -> None:
        body = f'<record {attribute}="{"x" * 200_000}"/>'
        self.refuse(tmp_path, body, "record 1: expected at most 100000 characters")

    @pytest.mark.parametrize("element", ["<a{}/>", '<a b{}="" />', '<a xmlns:b{}="x"/>'])
    def test_endless_names(self, tmp_path: Path, element: str) -> None:
        body = "".join(map(element.format, range(20_000)))
        self.refuse(tmp_path, body, "expected at most 1000 names of elements and attributes")

    def test_a_note_with_endless_line_breaks(self, tmp_path: Path) -> None:
        body = "<record><note>" + "<br/>" * 200_000
        self.refuse(tmp_path, body, "record 1: expected at most 100000 characters")


def test_a_path_with_a_nul_is_refused() -> None:
    with pytest.raises(DataError, match="a path must not contain a NUL character"):
        Registry.read_iana("\0")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_registry_of_a_file_pickles_with_every_protocol(protocol: int) -> None:
    path = Path(__file__).parents[1] / "data" / "iana" / "sample.csv"
    registry = Registry.read_iana(path)
    twin = pickle.loads(pickle.dumps(registry, protocol))
    for port in range(0, 49152, 11):
        assert twin.lookup(port) == registry.lookup(port)
    assert pickle.loads(pickle.dumps(SHIPPED, protocol)).services(443, "tcp") == ("https",)


@pytest.mark.parametrize("transport", [[], {}, 6, None, b"tcp"])
def test_a_transport_is_a_text(transport: Any) -> None:
    with pytest.raises(TypeError, match="^transport must be a Transport or its value, got "):
        SHIPPED.state(80, transport)


def test_threads_may_share_a_registry() -> None:
    from concurrent.futures import ThreadPoolExecutor

    # A registry of its own, whose memory is empty: 256 cells of it are kept.
    shared = pickle.loads(pickle.dumps(SHIPPED)).with_services({})
    ports = list(range(0, 2000, 3))
    expected = [(SHIPPED.state(port, "tcp"), SHIPPED.services(port, "udp")) for port in ports]

    def ask(_: int) -> list[tuple[State, tuple[str, ...]]]:
        return [(shared.state(port, "tcp"), shared.services(port, "udp")) for port in ports]

    with ThreadPoolExecutor(8) as pool:
        assert all(answer == expected for answer in pool.map(ask, range(16)))


def test_the_package_answers_from_a_zip_file(tmp_path: Path) -> None:
    import subprocess
    import sys
    import zipfile

    import portranges

    package = Path(portranges.__file__).parent
    archive = tmp_path / "portranges.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for path in package.rglob("*"):
            if path.suffix in (".py", ".tsv"):
                made.write(path, Path("portranges") / path.relative_to(package))
    code = (
        f"import sys; sys.path.insert(0, {str(archive)!r})\n"
        "import portranges; from portranges import registry\n"
        "assert '.zip' in portranges.__file__\n"
        "print(registry.services(443, 'tcp'), len(str(portranges.explain(60454))) > 1000)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stdout == "('https',) True\n", done.stderr
