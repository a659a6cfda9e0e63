"""The rows of the ephemeral wing, and the questions to them."""

from __future__ import annotations

import copy
import csv
import dataclasses
import pickle
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portranges import (
    Confidence,
    InvalidPortError,
    InvalidValueError,
    PortRange,
    PortSet,
    Source,
    Transport,
    UnknownNameError,
    ephemeral,
    systems,
)
from portranges.ephemeral import EphemeralProfile
from portranges.systems import Kind, System

ROOT = Path(__file__).resolve().parents[2]
ROWS = ephemeral.profiles()
FIXED = [row for row in ROWS if row.has_fixed_range]
LINUX = ephemeral.profile("linux")

with (ROOT / "tests/data/ephemeral/collected.tsv").open(encoding="utf-8", newline="") as file:
    file.readline()
    COLLECTED = list(csv.DictReader(file, delimiter="\t"))

# The words of the collection.
COLLECTED_WORDS = {
    Confidence.MEASURED: "measured",
    Confidence.SOURCE: "verified in source",
    Confidence.DOCUMENT: "vendor doc",
    Confidence.STANDARD: "standard",
    Confidence.REPORTED: "secondary",
    Confidence.INFERRED: "inferred",
    Confidence.MEMORY: "from memory",
}

# What a caller without a type checker may pass.
WRONG: Any = {"int": 3, "kind": "hosts", "transport": "tcpp", "text": "1024-65535"}


def key(value: Any) -> str:
    return value.name if isinstance(value, EphemeralProfile) else value["collected"]


by_name = pytest.mark.parametrize("row", ROWS, ids=key)
collected = pytest.mark.parametrize("entry", COLLECTED, ids=key)


def names(rows: Iterable[EphemeralProfile]) -> list[str]:
    return [row.name for row in rows]


# The rows against what was collected.


@collected
def test_every_collected_range_is_a_row(entry: dict[str, str]) -> None:
    if entry["row"] == "-":
        assert entry["confidence"] == "not found"
        with pytest.raises(UnknownNameError):
            ephemeral.profile(entry["collected"])
        return
    row = ephemeral.profile(entry["row"])
    assert row.name == entry["row"]
    if entry["first"] and entry["last"]:
        assert row.ports == PortSet([PortRange(int(entry["first"]), int(entry["last"]))])
    else:
        assert not row.has_fixed_range
    assert len(row.sources) >= int(entry["sources"])


@collected
def test_every_row_keeps_the_collected_confidence(entry: dict[str, str]) -> None:
    if entry["row"] == "-":
        return
    row = ephemeral.profile(entry["row"])
    word = COLLECTED_WORDS[row.confidence]
    assert word in entry["confidence"]
    if entry["confidence"] != word:
        assert row.confidence_note


def test_every_row_was_collected() -> None:
    assert sorted(names(ROWS)) == sorted(entry["row"] for entry in COLLECTED if entry["row"] != "-")


def test_ids_of_the_collected_hosts_are_names_or_aliases() -> None:
    for entry in COLLECTED:
        if entry["row"] != "-" and ephemeral.profile(entry["row"]).kind is Kind.HOST:
            assert ephemeral.profile(entry["collected"]).name == entry["row"]


@by_name
def test_every_row_has_dated_sources(row: EphemeralProfile) -> None:
    assert row.sources
    assert row.source is row.sources[0]
    assert len(set(row.sources)) == len(row.sources)
    for source in row.sources:
        assert isinstance(source, Source)
        assert source.document
        assert re.fullmatch(r"20\d\d-\d\d(-\d\d)?", source.checked)


@by_name
def test_every_row_is_well_formed(row: EphemeralProfile) -> None:
    assert isinstance(row.confidence, Confidence)
    assert isinstance(row.kind, Kind)
    assert systems.lookup(row.name) is row.system
    assert not row.tuned
    assert row.transports
    assert list(row.transports) == [each for each in Transport if each in row.transports]
    assert len(row.ports.ranges) <= 1
    assert 0 not in row.ports
    assert row.skipped <= row.ports
    assert len(row.read_with) == len(row.read_output)
    assert row.time_wait is None or 1 <= row.time_wait <= 240
    assert row.privileged_below in {None, 0, 1024}
    assert all(call and error for call, error in row.exhaustion)
    assert (row.ports_per_address is None) or row.kind is Kind.MIDDLEBOX
    assert row.has_fixed_range or row.note


@by_name
def test_texts_are_phrases(row: EphemeralProfile) -> None:
    texts = [getattr(row, field.name) for field in dataclasses.fields(row) if field.type == "str"]
    texts += (row.title, *row.aliases, *row.read_with, *row.read_output, *row.set_with)
    texts += [text for pair in row.exhaustion for text in pair]
    texts += [text for source in row.sources for text in (source.document, source.section)]
    assert row.version_note in texts
    for text in texts:
        assert text == text.strip()
        assert "  " not in text
        assert "\n" not in text
        assert not text.endswith(".")


@by_name
def test_every_number_has_a_note(row: EphemeralProfile) -> None:
    if row.kind is Kind.HOST and row.shares_ports_across_destinations is not None:
        assert row.sharing_note
    if row.time_wait is not None:
        assert row.time_wait_note
    if row.privileged_below is not None:
        assert row.privileged_note


def test_names_and_aliases_are_unique_and_typable() -> None:
    keys = [key for row in ROWS for key in (row.name, *row.aliases)]
    assert len(set(keys)) == len(keys)
    for key in keys:
        assert re.fullmatch(r"[a-z][a-z0-9./-]*", key)


def test_every_confidence_word_has_a_meaning() -> None:
    for word in Confidence:
        assert word.meaning
        assert not word.meaning.endswith(".")


# Facts on which other packages and users depend.


@pytest.mark.parametrize(
    ("name", "ports", "size"),
    [
        ("linux", "32768-60999", 28_232),
        ("windows", "49152-65535", 16_384),
        ("macos", "49152-65535", 16_384),
        ("freebsd", "10000-65535", 55_536),
        ("openbsd", "1024-49151", 48_128),
        ("netbsd", "49152-65535", 16_384),
        ("dragonfly", "1024-5000", 3_977),
        ("solaris", "32768-65535", 32_768),
        ("lwip", "49152-65534", 16_383),
        ("linux-2.6.24", "32768-61000", 28_233),
        ("kubernetes-nodeport", "30000-32767", 2_768),
        ("rfc6056", "1024-65535", 64_512),
    ],
)
def test_the_ephemeral_range_of_each_system(name: str, ports: str, size: int) -> None:
    assert str(ephemeral.profile(name).ports) == ports
    assert len(ephemeral.profile(name).ports) == size


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("linux", 60),
        ("freebsd", 60),
        ("macos", 30),
        ("openbsd", 60),
        ("netbsd", 60),
        ("windows", 120),
        ("windows-xp", 120),
        ("windows-2003", 120),
        ("windows-2000", 240),
        ("solaris", 60),
        ("gcp-cloud-nat", 120),
        ("linux-2.6.24", 60),
        ("linux-2.4-bigmem", 60),
        ("linux-2.4-lowmem", 60),
        ("linux-2.2", None),
        ("freebsd-4.6", 60),
        ("freebsd-2", None),
        ("dragonfly", 60),
        ("bsd-4.3", 60),
        ("hpux", 60),
        ("lwip", 120),
        ("zephyr", 1.5),
        ("smoltcp", 10),
        ("gvisor", 60),
        ("freertos", None),
        ("aix", None),
        ("zos", None),
        ("nonstop", None),
    ],
)
def test_the_length_of_time_wait_on_each_system(name: str, seconds: float | None) -> None:
    assert ephemeral.profile(name).time_wait == seconds


@pytest.mark.parametrize(
    ("name", "shares"),
    [
        ("linux", True),
        ("freebsd", True),
        ("dragonfly", True),
        ("illumos", True),
        ("gvisor", True),
        ("macos", False),
        ("ios", False),
        ("openbsd", False),
        ("netbsd", False),
        ("windows", False),
        ("lwip", False),
        ("aix", None),
    ],
)
def test_which_systems_share_a_port_across_destinations(name: str, shares: bool | None) -> None:
    assert ephemeral.profile(name).shares_ports_across_destinations is shares


@pytest.mark.parametrize(
    ("name", "boundary"),
    [
        ("linux", 1024),
        ("macos", 1024),
        ("ios", 0),
        ("windows", 0),
        ("windows-xp", 0),
        ("linux-2.6.24", 1024),
        ("linux-2.4-bigmem", None),
        ("freebsd-4.6", 1024),
        ("freebsd-2", 1024),
        ("dragonfly", 1024),
        ("nonstop", 1024),
        ("zos", 0),
        ("lwip", 0),
        ("lwip-udp", 0),
        ("freertos", 0),
        ("smoltcp", 0),
        ("gvisor", 0),
        ("zephyr", None),
        ("aix", None),
    ],
)
def test_the_privileged_boundary_of_each_system(name: str, boundary: int | None) -> None:
    assert ephemeral.profile(name).privileged_below == boundary


def test_notes_that_qualify_a_number() -> None:
    assert "loopback" in ephemeral.profile("netbsd").time_wait_note
    assert "specific address" in ephemeral.profile("macos").privileged_note
    assert "wrong" in ephemeral.profile("aws-docs-linux").note


def test_time_wait_of_windows_names_both_of_the_vendors_values() -> None:
    row = ephemeral.profile("windows")
    assert "120 s" in row.time_wait_note
    assert "4 minutes" in row.time_wait_note
    assert "is used, because" in row.time_wait_note
    cited = [str(source) for source in row.sources]
    assert any("TcpTimedWaitDelay" in text for text in cited)
    assert any("4 minutes" in text for text in cited)


def test_macos_restricts_a_port_since_its_release_11() -> None:
    macos, ios = ephemeral.profile("macos"), ephemeral.profile("visionos")
    assert ios is ephemeral.profile("ios")
    assert "55555, since xnu-7195 (macOS 11)" in macos.exclusions
    assert "6153" not in macos.exclusions
    assert "62743 since xnu-6153, and 55555 since xnu-7195" in ios.exclusions
    assert macos.skipped < ios.skipped


@pytest.mark.parametrize(
    ("order", "threshold", "expected"),
    [
        *((order, 5, PortRange(32768, 61000)) for order in (5, 6, 10)),
        *((order, 4, PortRange(32768, 61000)) for order in (4, 5)),
        *((order, 5, PortRange(1024, 4999)) for order in (2, 3, 4)),
        *((order, 4, PortRange(1024, 4999)) for order in (2, 3)),
        (1, 4, PortRange(2048, 4999)),
        (0, 5, PortRange(3072, 4999)),
    ],
)
def test_the_rows_of_linux_2_4_follow_from_tcp_init(
    order: int, threshold: int, expected: PortRange
) -> None:
    first, last = 1024, 4999
    # if (order > 4), later: if (order >= 4)
    if order >= threshold:
        first, last = 32768, 61000
    elif order < 3:
        first = 1024 * (3 - order)
    assert PortRange(first, last) == expected
    name = "linux-2.4-bigmem" if last == 61000 else "linux-2.4-lowmem"
    row = ephemeral.profile(name)
    assert PortSet([expected]) <= row.ports
    assert f"of order {5 if last == 61000 else 4} or" in row.version_note
    assert str(first) in f"{row.ports} {row.note}"


def test_lwip_starts_at_1_after_the_seed_65535() -> None:
    def tcp_new_port(tcp_port: int) -> int:
        tcp_port = (tcp_port + 1) & 0xFFFF
        return 0xC000 if tcp_port == 0xFFFF else tcp_port

    seeds = {((draw & 0x3FFF) + 0xC000) & 0xFFFF for draw in range(65536)}
    assert len(seeds) == 16384
    assert {tcp_new_port(seed) for seed in seeds - {0xFFFF}} == {*range(0xC000, 0xFFFF)}
    found = [0xFFFF]
    while len(found) < 4:
        found.append(tcp_new_port(found[-1]))
    # 0 means that there is no port.
    assert found == [0xFFFF, 0, 1, 2]
    assert "1, 2, 3 and so on" in ephemeral.profile("lwip").algorithm


def test_qnx_7_1_has_the_network_stack_of_netbsd_by_default() -> None:
    assert systems.lookup("qnx-iopkt").last_release == "7.1"
    assert str(ephemeral.profile("qnx-iopkt").ports) == "49152-65535"
    assert "the default of 7.1 is io-pkt" in ephemeral.profile("qnx").version_note


def test_the_range_of_gvisor_can_be_written() -> None:
    (command,) = ephemeral.profile("gvisor").set_with
    assert "ip_local_port_range" in command


def test_no_source_says_that_it_was_not_opened() -> None:
    for name in ("azure-nat-gateway", "netbsd", "cgn", "zos"):
        row = ephemeral.profile(name)
        assert "not recorded" not in row.source.document
        assert "memory" not in row.confidence_note
        assert "not checked" not in row.privileged_note


# profile()


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("windows-2003", "windows-xp"),
        ("windows-11", "windows"),
        ("illumos", "solaris"),
        ("darwin", "macos"),
        ("hp-ux", "hpux"),
        ("wsl2-nat", "wsl2"),
        ("lwip-tcp", "lwip"),
        ("rfc6335", "iana"),
    ],
)
def test_an_alias_gives_the_same_row(alias: str, name: str) -> None:
    assert ephemeral.profile(alias) is ephemeral.profile(name)
    assert alias in ephemeral.profile(name).aliases


@by_name
def test_every_name_finds_its_row(row: EphemeralProfile) -> None:
    assert all(ephemeral.profile(key) is row for key in (row.name, *row.aliases))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("linus", "unknown system, got 'linus'; did you mean 'linux'?"),
        (
            "Linux",
            "unknown system, got 'Linux'; did you mean 'linux' or 'linux-2.2' or 'linux-4.2'?",
        ),
        ("", "unknown system, got ''"),
        ("vxworks", "unknown system, got 'vxworks'"),
    ],
)
def test_an_unknown_name_is_refused(name: str, message: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        ephemeral.profile(name)
    assert str(caught.value) == message
    assert caught.value.kind == "system"
    assert caught.value.name == name


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (5, "name must be a str, got int 5"),
        (None, "name must be a str, got NoneType None"),
        (LINUX, "name must be a str, got EphemeralProfile <EphemeralProfile linux: 32768-60999>"),
    ],
)
def test_a_name_is_a_text(name: Any, message: str) -> None:
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        ephemeral.profile(name)


# profiles()


def test_profiles_are_split_by_kind_and_age() -> None:
    for kind in Kind:
        assert ephemeral.profiles(kind) == tuple(row for row in ROWS if row.kind is kind)
        assert ephemeral.profiles(kind.value) == ephemeral.profiles(kind)
    for current in (True, False):
        assert ephemeral.profiles(current=current) == tuple(
            row for row in ROWS if row.is_current is current
        )
    assert ephemeral.profiles("host", current=True)[0] is LINUX
    assert len(ROWS) == len(ephemeral.profiles(current=True)) + len(
        ephemeral.profiles(current=False)
    )


def test_older_rows_are_of_hosts() -> None:
    assert {row.kind for row in ephemeral.profiles(current=False)} == {Kind.HOST}


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(UnknownNameError) as caught:
        ephemeral.profiles(WRONG["kind"])
    assert str(caught.value) == "unknown kind, got 'hosts'; did you mean 'host'?"
    assert caught.value.__suppress_context__
    with pytest.raises(TypeError, match=r"^kind must be a str, got int 3$"):
        ephemeral.profiles(WRONG["int"])


# ports()


def test_ports_for_a_filter() -> None:
    assert str(ephemeral.ports(["linux", "windows", "macos"])) == "32768-65535"
    assert str(ephemeral.ports("linux")) == "32768-60999"
    assert str(ephemeral.ports(("windows-2003", "kubernetes-nodeport"))) == "1025-5000,30000-32767"


def test_ports_accepts_profiles() -> None:
    tuned = LINUX.replace(ports=PortRange(20000, 20009))
    assert str(ephemeral.ports([tuned, "windows"])) == "20000-20009,49152-65535"
    assert ephemeral.ports(LINUX.replace(excluded=LINUX.ports)) == PortSet.empty()


def test_ports_keeps_a_port_that_only_the_current_system_skips() -> None:
    assert 55555 in ephemeral.ports("macos")


@pytest.mark.parametrize("name", ["smoltcp", "wsl2-mirrored", "windows-devbox", "docker-linux"])
def test_ports_refuses_a_system_without_a_fixed_range(name: str) -> None:
    for system in (name, ephemeral.profile(name)):
        with pytest.raises(InvalidValueError) as caught:
            ephemeral.ports(["linux", system])
        rule = "systems must have a fixed ephemeral range"
        assert str(caught.value) == f"{rule}, got {name!r}, which has none"


def test_ports_refuses_no_system_and_no_name() -> None:
    with pytest.raises(
        InvalidValueError, match=r"^systems must name at least one system, got none$"
    ):
        ephemeral.ports([])
    rule = "systems must be a system's name or an EphemeralProfile, or an iterable of them"
    with pytest.raises(TypeError, match=f"^{rule}, got int 3$"):
        ephemeral.ports(WRONG["int"])
    with pytest.raises(TypeError, match=f"^{rule}, got int 3 in it$"):
        ephemeral.ports([WRONG["int"]])
    with pytest.raises(UnknownNameError, match=r"^unknown system, got 'linus'; did you mean"):
        ephemeral.ports(["linux", "linus"])


fixed_names = st.sampled_from(names(FIXED))


@pytest.mark.slow
@given(st.lists(fixed_names, min_size=1), st.lists(fixed_names, min_size=1))
def test_ports_is_a_union(some: list[str], others: list[str]) -> None:
    together = ephemeral.ports([*some, *others])
    assert together == ephemeral.ports(some) | ephemeral.ports(iter(others))
    assert together == ephemeral.ports([*reversed(others), *some, *others])
    assert set(together) == {
        port for name in some + others for port in ephemeral.profile(name).ports
    }


# allocated_by()


def test_the_systems_that_allocate_60454() -> None:
    found = names(ephemeral.allocated_by(60454))
    assert {"linux", "windows", "macos", "freebsd"} <= set(found)
    assert "openbsd" not in found
    assert found[0] == "linux"
    assert "windows-xp" not in found
    assert "linux-2.6.24" not in found
    assert "linux-2.6.24" in names(ephemeral.allocated_by(60454, current=None))


def test_the_edges_of_linux() -> None:
    for port, handed in [(32767, False), (32768, True), (60999, True), (61000, False)]:
        assert (LINUX in ephemeral.allocated_by(port)) is handed


def test_a_skipped_port_is_not_allocated() -> None:
    assert "macos" in names(ephemeral.allocated_by(55554))
    assert {"macos", "ios"}.isdisjoint(names(ephemeral.allocated_by(55555)))
    assert "ios" not in names(ephemeral.allocated_by(61314))
    assert "macos" in names(ephemeral.allocated_by(61314))


def test_allocated_by_transport() -> None:
    assert "lwip" not in names(ephemeral.allocated_by(65535))
    assert "lwip-udp" in names(ephemeral.allocated_by(65535, "udp"))
    assert "lwip-udp" not in names(ephemeral.allocated_by(65535, Transport.TCP))
    assert "linux" in names(ephemeral.allocated_by(40000, "sctp"))
    with pytest.raises(UnknownNameError) as caught:
        ephemeral.allocated_by(80, WRONG["transport"])
    assert str(caught.value) == "unknown transport, got 'tcpp'; did you mean 'tcp'?"
    with pytest.raises(TypeError, match=r"^transport must be a Transport or its value, got int 3$"):
        ephemeral.allocated_by(80, WRONG["int"])


def test_allocated_by_checks_the_port() -> None:
    with pytest.raises(InvalidPortError, match=r"^port must be in 0\.\.65535, got 70000$"):
        ephemeral.allocated_by(70000)
    with pytest.raises(TypeError, match=r"^port must be an integer, got bool True$"):
        ephemeral.allocated_by(port=True)


@pytest.mark.slow
def test_allocated_by_for_every_port() -> None:
    bounds = [
        (row, int(entry["first"]), int(entry["last"]))
        for row in ROWS
        for entry in COLLECTED
        if entry["row"] == row.name and entry["first"] and entry["last"]
    ]
    for port in range(65536):
        # The slow twin: compares bounds, row by row.
        expected = [
            row
            for row, first, last in bounds
            if row.kind == "host"
            and row.is_current
            and first <= port <= last
            and not (port == 55555 and row.name == "macos")
            and not (row.name == "ios" and port in {55555, 61314, 61315, 62742, 62743})
        ]
        assert list(ephemeral.allocated_by(port)) == expected


@given(
    st.integers(0, 65535),
    st.sampled_from([None, *Transport]),
    st.sampled_from([None, *Kind]),
    st.sampled_from([None, True, False]),
)
def test_allocated_by_selects_among_profiles(
    port: int, transport: Transport | None, kind: Kind | None, current: bool | None
) -> None:
    found = ephemeral.allocated_by(port, transport, kind=kind, current=current)
    candidates = ephemeral.profiles(kind, current=current)
    assert set(found) <= set(candidates)
    for row in candidates:
        handed = port in row.ports - row.skipped
        suits = transport is None or transport in row.transports
        assert (row in found) is (handed and suits)


# The record.


@by_name
def test_a_profile_is_a_value(row: EphemeralProfile) -> None:
    for twin in (copy.copy(row), copy.deepcopy(row), pickle.loads(pickle.dumps(row))):
        assert twin == row
        assert hash(twin) == hash(row)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(row, "system", None)  # noqa: B010 - a checker refuses the assignment


def test_repr_is_short() -> None:
    assert repr(LINUX) == "<EphemeralProfile linux: 32768-60999>"
    assert repr(ephemeral.profile("smoltcp")) == "<EphemeralProfile smoltcp: no fixed range>"
    assert repr(LINUX.replace(ports=())) == "<EphemeralProfile linux, tuned: no port>"


def test_a_profile_made_by_the_caller() -> None:
    mine = EphemeralProfile(
        system=System(name="mine", title="Mine"),
        ports=PortSet([PortRange(2000, 2999)]),
        sources=(Source(document="my manual", checked="2026-11-24"),),
        confidence=Confidence.DOCUMENT,
    )
    assert (mine.name, mine.title, mine.aliases) == ("mine", "Mine", ())
    assert mine.kind is Kind.HOST
    assert mine.is_current
    assert mine.has_fixed_range
    assert mine.transports == (Transport.TCP, Transport.UDP)
    assert ephemeral.ports(mine) == mine.ports


@pytest.mark.parametrize(
    "ports",
    [
        PortRange(40000, 40003),
        PortSet.parse("40000-40003"),
        range(40000, 40004),
        [40003, 40000, PortRange(40001, 40002)],
    ],
)
def test_replace_accepts_the_same_ports_as_a_set(ports: Any) -> None:
    tuned = LINUX.replace(ports=ports)
    assert str(tuned.ports) == "40000-40003"
    assert tuned.tuned
    assert tuned.has_fixed_range
    kept = [
        field.name for field in dataclasses.fields(tuned) if field.name not in {"ports", "tuned"}
    ]
    assert all(getattr(tuned, name) == getattr(LINUX, name) for name in kept)
    excluding = LINUX.replace(excluded=ports)
    assert excluding.ports == LINUX.ports - PortRange(40000, 40003)
    assert str(LINUX.ports) == "32768-60999"


def test_replace_excludes_from_the_new_range() -> None:
    tuned = LINUX.replace(ports=PortRange(1024, 2000), excluded=[80, 1433, 3306])
    assert str(tuned.ports) == "1024-1432,1434-2000"
    again = tuned.replace(excluded=PortRange(1500, 65535))
    assert str(again.ports) == "1024-1432,1434-1499"


def test_replace_without_arguments_is_the_profile() -> None:
    assert LINUX.replace() is LINUX


def test_replace_keeps_what_is_left_of_skipped() -> None:
    macos = ephemeral.profile("macos")
    assert macos.replace(ports=PortRange(50000, 60000)).skipped == macos.skipped
    assert not macos.replace(ports=PortRange(50000, 50010)).skipped
    assert not macos.replace(excluded=[55555]).skipped


def test_replace_can_exclude_everything() -> None:
    nothing = LINUX.replace(excluded=PortSet.full())
    assert not nothing.ports
    assert nothing.has_fixed_range


def test_replace_gives_a_range_to_a_system_that_has_none() -> None:
    mirrored = ephemeral.profile("wsl2-mirrored")
    assert mirrored.replace(ports=PortRange(44619, 48714)).has_fixed_range
    with pytest.raises(
        TypeError, match=r"^replace\(\) requires ports, because wsl2-mirrored has no fixed range$"
    ):
        mirrored.replace(excluded=[80])


def test_replace_refuses_a_text() -> None:
    with pytest.raises(TypeError, match=r"parse\(\)"):
        LINUX.replace(ports=WRONG["text"])
    with pytest.raises(InvalidPortError):
        LINUX.replace(excluded=[65536])


def range_at(low: int, size: int) -> PortRange:
    return PortRange(low, min(65535, low + size))


port_sets = st.lists(
    st.builds(range_at, st.integers(0, 65535), st.integers(0, 30000)), max_size=4
).map(PortSet)


@given(st.sampled_from(FIXED), port_sets, port_sets)
def test_replaced_ports_are_without_excluded_ones(
    row: EphemeralProfile, effective: PortSet, excluded: PortSet
) -> None:
    tuned = row.replace(ports=effective, excluded=excluded)
    assert tuned.ports == effective - excluded
    assert tuned == row.replace(ports=effective).replace(excluded=excluded)
    assert tuned.skipped == row.skipped & tuned.ports
    assert row.replace(excluded=excluded).ports == row.ports - excluded


# The page.


def build_docs(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "tools/build_docs.py"), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_tables_of_the_page_are_those_of_the_rows() -> None:
    done = build_docs("--check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_page_that_differs_is_found_and_rewritten(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    page = tmp_path / "docs/reference/tables/systems.md"
    original = (ROOT / "docs/reference/tables/systems.md").read_text(encoding="utf-8")
    page.write_text(original.replace("32768-60999", "32768-61000"), encoding="utf-8")
    damaged = page.read_text(encoding="utf-8")
    done = build_docs("--check", "--root", str(tmp_path))
    assert done.returncode == 1
    name = "docs/reference/tables/systems.md"
    assert done.stdout == f"{name} differs from the rows; run: python tools/build_docs.py\n"
    assert page.read_text(encoding="utf-8") == damaged
    assert build_docs("--root", str(tmp_path)).returncode == 0
    rows = re.findall(r"^\| \[linux\].*$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) == 1
    assert "32768-60999" in rows[0]


def test_the_page_has_a_section_for_every_row() -> None:
    page = (ROOT / "docs/reference/tables/systems.md").read_text(encoding="utf-8")
    anchors = {
        heading.replace(".", "") for heading in re.findall(r"^### (.+)$", page, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) == anchors
    assert re.findall(r"^### (.+)$", page, re.MULTILINE) == names(ROWS)


def test_the_rule_of_privilege_has_its_source_where_it_is_known() -> None:
    for row in ephemeral.profiles():
        assert (row.privileged_source is None) is (row.privileged_below is None), row.name


@pytest.mark.parametrize(
    ("name", "port", "expected"),
    [
        ("linux", 0, False),
        ("linux", 1, True),
        ("linux", 80, True),
        ("linux", 1023, True),
        ("linux", 1024, False),
        ("solaris", 2049, True),
        ("solaris", 2050, False),
        ("solaris", 4045, True),
        ("windows", 80, False),
        ("ios", 80, False),
        ("aix", 80, None),
    ],
)
def test_whether_a_port_is_privileged(name: str, port: int, expected: bool | None) -> None:
    assert ephemeral.profile(name).is_privileged(port) is expected


@pytest.mark.parametrize("current", [1, 0, "x", 1.0])
def test_current_is_a_bool(current: Any) -> None:
    with pytest.raises(TypeError, match="^current must be a bool or None, got "):
        ephemeral.profiles(current=current)
