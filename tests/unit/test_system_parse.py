"""The parsers of ``portranges.system``: recorded texts, pitfalls, and arbitrary text.

They are pure functions, so that these tests run on every system.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portranges import (
    PortRange,
    PortSet,
    UnexpectedOutputError,
    UnknownNameError,
    UnsupportedPlatformError,
    ephemeral,
    types,
)
from portranges.system import Exclusion, Field, TimeWaitReuse, parse, parse_netsh_exclusions
from portranges.system.parse_windows import powershell_ranges
from portranges.system.rows import READINGS
from portranges.system.text import parsed, settings_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from portranges.system.model import Reading

RECORDED = Path(__file__).parents[1] / "recorded"


def recorded(name: str) -> str:
    return (RECORDED / f"{name}.txt").read_bytes().decode("utf-8")


TEXTS = {
    str(path.relative_to(RECORDED).with_suffix("").as_posix()): path.read_bytes().decode("utf-8")
    for path in sorted(RECORDED.glob("*/*.txt"))
}


def parser(field: types.FieldName, of: types.SystemName, **which: Any) -> Callable[[str], Any]:
    return partial(parse, field=field, system=of, **which)


aix_range = parser("configured", "aix")
aix_time_wait = parser("time_wait", "aix")
reservedhigh = parser("unprivileged_start", "freebsd")
ipadm_range = parser("configured", "solaris")
linux_milliseconds = parser("time_wait_reuse_after", "linux")
linux_number = parser("time_wait_limit", "linux")
linux_port = parser("unprivileged_start", "linux")
linux_range = parser("configured", "linux")
linux_reserved = parser("reserved", "linux")
linux_seconds = parser("fin_wait_2", "linux")
linux_reuse = parser("time_wait_reuse", "linux")
msl = parser("time_wait", "macos")
ndd_range = parser("configured", "solaris", program="ndd")
netbsd_range = parser("configured", "netbsd")
netsh_excluded = parser("excluded", "windows")
netsh_range = parser("configured", "windows")
baddynamic = parser("reserved", "openbsd")
openbsd_range = parser("configured", "openbsd")
portrange = parser("configured", "freebsd")
powershell_range = parser("configured", "windows", program="powershell")
registry_time_wait = parser("time_wait", "windows")
solaris_milliseconds = parser("time_wait", "solaris")
solaris_port = parser("unprivileged_start", "solaris")
solaris_ports = parser("reserved", "solaris")
inet6 = parser("configured", "netbsd", family="inet6")
aix_udp = parser("configured", "aix", transport="udp")
bad_udp = parser("reserved", "openbsd", transport="udp")
sysctl_settings = partial(parsed, "sysctl", settings_in)
templates = partial(parsed, "PowerShell", powershell_ranges)

PARSERS: list[Callable[[str], object]] = [
    aix_range, aix_time_wait, reservedhigh, ipadm_range, linux_milliseconds, linux_number,
    linux_port, linux_range, linux_reserved, linux_seconds, linux_reuse, msl, ndd_range,
    netbsd_range, netsh_excluded, netsh_range, baddynamic, openbsd_range, portrange,
    powershell_range, registry_time_wait, solaris_milliseconds, solaris_port, solaris_ports,
    inet6, aix_udp, bad_udp, parse_netsh_exclusions, sysctl_settings, templates,
]  # fmt: skip

HUGE = "1" * 100_000_000

IANA = PortRange(49152, 65535)
UPPER = PortRange(32768, 65535)

EXPECTED: list[tuple[str, Callable[[str], object], object]] = [
    ("linux/proc", linux_range, PortRange(32768, 60999)),
    ("linux/sysctl", linux_range, PortRange(32768, 60999)),
    ("linux/sysctl_n", linux_range, PortRange(32768, 60999)),
    ("linux/gvisor_proc", linux_range, PortRange(16000, 65535)),
    ("linux/gvisor_static", linux_range, PortRange(16000, 65535)),
    ("linux/reserved_empty", linux_reserved, PortSet.empty()),
    ("linux/reserved", linux_reserved, PortSet.parse("40000-40003,40007")),
    ("linux/reserved_sysctl_empty", linux_reserved, PortSet.empty()),
    ("freebsd/sysctl", portrange, PortRange(10000, 65535)),
    ("freebsd/sysctl_e", sysctl_settings, {"net.inet.ip.portrange.first": "10000"}),
    ("macos/portrange", portrange, IANA),
    ("macos/msl", msl, 30.0),
    ("openbsd/sysctl", openbsd_range, PortRange(1024, 49151)),
    (
        "openbsd/baddynamic",
        baddynamic,
        PortSet([587, 749, 750, 871, 2049]),
    ),
    ("netbsd/sysctl", netbsd_range, IANA),
    ("netbsd/sysctl_inet6", inet6, IANA),
    ("aix/no", aix_range, UPPER),
    ("aix/no", aix_udp, UPPER),
    ("aix/no_indented", aix_range, PortRange(11000, 65000)),
    ("aix/no_indented", aix_udp, PortRange(11000, 65000)),
    ("aix/no_timewait", aix_time_wait, 15.0),
    ("solaris/ndd", ndd_range, UPPER),
    ("solaris/ipadm", ipadm_range, UPPER),
    ("solaris/ipadm_extra_priv_ports", solaris_ports, PortSet([2049, 4045])),
    ("windows/netsh_en", netsh_range, IANA),
    ("windows/netsh_en_26200", netsh_range, PortRange(1024, 15000)),
    ("windows/netsh_fr", netsh_range, IANA),
    ("windows/netsh_zh", netsh_range, IANA),
    (
        "windows/excluded_en",
        parse_netsh_exclusions,
        (
            Exclusion(ports=PortRange(5357)),
            Exclusion(ports=PortRange(49879, 49978)),
            Exclusion(ports=PortRange(50000, 50059), administered=True),
            Exclusion(ports=PortRange(50060, 50159)),
        ),
    ),
    (
        "windows/excluded_en",
        netsh_excluded,
        PortSet.parse("5357,49879-49978,50000-50159"),
    ),
    (
        "windows/excluded_ko",
        netsh_excluded,
        PortSet.parse("5357,13543-13642,50000-50059"),
    ),
    (
        "windows/excluded_es",
        netsh_excluded,
        PortSet.parse("1025-1224,5357,50000-50059"),
    ),
    (
        "windows/excluded_zh",
        netsh_excluded,
        PortSet.parse("50000-50059,54364-54463,60791-60890"),
    ),
    ("windows/excluded_udp_en", netsh_excluded, PortSet.parse("56030-56229")),
    (
        "windows/get_nettcpsetting",
        templates,
        {"Datacenter": PortRange(49152, 65509)},
    ),
    ("windows/get_nettcpsetting", powershell_range, PortRange(49152, 65509)),
    ("windows/reg_query", registry_time_wait, 30.0),
]

ALL = pytest.mark.parametrize(("name", "parse", "value"), EXPECTED)


def refused(parse: Callable[[str], object], text: str) -> str:
    """Return the message of the only error that is allowed."""
    with pytest.raises(UnexpectedOutputError) as caught:
        parse(text)
    message = str(caught.value)
    assert message.startswith("cannot read ")
    assert not message.endswith(".")
    assert len(message) < 400
    return message


def allowed(parse: Callable[[str], object], text: str) -> None:
    message = ""
    try:
        parse(text)
    except UnexpectedOutputError as error:
        message = str(error)
    assert len(message) < 400


class TestRecorded:
    def test_every_recorded_text_is_tested(self) -> None:
        assert {name for name, _, _ in EXPECTED} == set(TEXTS)

    def test_the_readme_has_the_origin_of_each_text(self) -> None:
        page = (RECORDED / "README.md").read_text(encoding="utf-8")
        assert all(f"| `{name}.txt` | " in page for name in TEXTS)

    @ALL
    def test_the_value_of_the_recorded_text(
        self, name: str, parse: Callable[[str], object], value: object
    ) -> None:
        assert parse(recorded(name)) == value

    @pytest.mark.parametrize("line_end", ["\r\n", "\r", "\r\r\n", " \n", "\n\n"])
    @ALL
    def test_any_line_end(
        self, name: str, parse: Callable[[str], object], value: object, line_end: str
    ) -> None:
        assert parse(recorded(name).replace("\n", line_end)) == value

    @ALL
    def test_with_a_byte_order_mark(
        self, name: str, parse: Callable[[str], object], value: object
    ) -> None:
        assert parse("\ufeff" + recorded(name)) == value

    @ALL
    def test_utf_16_read_as_latin_1_is_refused(
        self, name: str, parse: Callable[[str], object], value: object
    ) -> None:
        text = recorded(name).encode("utf-16-le").decode("latin-1")
        assert "was UTF-16 read as another encoding?" in refused(parse, text)

    @ALL
    def test_a_text_decoded_with_a_wrong_code_page(
        self, name: str, parse: Callable[[str], object], value: object
    ) -> None:
        assert parse(recorded(name).encode().decode("latin-1")) == value

    @ALL
    def test_without_the_last_line_end(
        self, name: str, parse: Callable[[str], object], value: object
    ) -> None:
        assert parse(recorded(name).rstrip()) == value

    @ALL
    def test_a_truncated_text_gives_a_value_or_an_error(
        self, name: str, parse: Callable[[str], object], value: object
    ) -> None:
        text = recorded(name)
        for size in range(len(text)):
            allowed(parse, text[:size])
            allowed(parse, text[size:])


@pytest.mark.parametrize("parse", PARSERS)
class TestAnyText:
    @settings(deadline=None)
    @given(text=st.text())
    @example(text="")
    @example(text="\n")
    @example(text="\0")
    @example(text="0" * 5000)
    @example(text="٣٢٧٦٨\t٦٠٩٩٩\n")
    @example(text="-1 5")
    @example(text="=:")
    @example(text="\x85\x1c\u2028")
    def test_any_text_gives_a_value_or_unexpected_output(
        self, parse: Callable[[str], object], text: str
    ) -> None:
        allowed(parse, text)

    @pytest.mark.slow
    @settings(deadline=None)
    @given(
        name=st.sampled_from(sorted(TEXTS)),
        place=st.integers(0, 400),
        size=st.integers(0, 20),
        patch=st.text("0123456789\t\n\r:=*- ,ax\0é") | st.text(),
    )
    def test_a_changed_recording_gives_a_value_or_unexpected_output(
        self, parse: Callable[[str], object], name: str, place: int, size: int, patch: str
    ) -> None:
        text = TEXTS[name]
        allowed(parse, text[:place] + patch + text[place + size :])

    def test_bytes_are_a_type_error(self, parse: Callable[[str], object]) -> None:
        with pytest.raises(TypeError, match="text must be a str, got bytes b'80'"):
            parse(b"80")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    def test_a_hundred_megabytes_are_refused_without_parsing(
        self, parse: Callable[[str], object]
    ) -> None:
        message = refused(parse, HUGE)
        assert "expected at most 1,048,576 characters, got 100,000,000" in message

    @pytest.mark.parametrize(
        "piece",
        ["a", "1", " ", "1 ", "1,", "1-", "\t", "\n", "\r", ":", "=", "a: 1\n", "--- ", "*"],
    )
    def test_the_time_is_linear_in_the_length(
        self, parse: Callable[[str], object], piece: str
    ) -> None:
        # Time quadratic in this length would be minutes, and the test would hang.
        allowed(parse, piece * ((1 << 18) // len(piece)))


class TestWhichText:
    """Which text ``parse`` reads, by its arguments."""

    @pytest.mark.parametrize("row", READINGS, ids=lambda row: f"{row.system} {row.place}")
    def test_every_row_is_reached(self, row: Reading) -> None:
        with pytest.raises(UnexpectedOutputError) as caught:
            parse(
                "\0",
                row.field,
                row.system,
                transport=row.transport or "tcp",
                family=row.family or "inet",
                program=row.program or None,
            )
        title = ephemeral.profile(row.system).title
        assert str(caught.value).startswith(
            f"cannot read the {row.field.label} of {title}: expected text without NUL, got '\\x00'"
        )

    @pytest.mark.parametrize(
        "of",
        ["linux", "android", "wsl2-mirrored", "linux-2.2", ephemeral.profile("linux")],
    )
    def test_variants_and_profiles(self, of: types.SystemLike) -> None:
        assert parse("1\t2\n", Field.CONFIGURED, of) == PortRange(1, 2)

    def test_an_alias_of_a_system(self) -> None:
        assert parse("1\n2\n", "configured", "illumos", program="ndd") == PortRange(1, 2)

    def test_the_program_that_is_preferred_is_the_default(self) -> None:
        text = recorded("windows/netsh_en")
        assert parse(text, "configured", "windows", program="netsh") == IANA
        assert netsh_range(text) == IANA
        with pytest.raises(UnexpectedOutputError, match="expected a first port and a number"):
            powershell_range(text)

    @pytest.mark.parametrize(
        ("field", "of", "which", "message"),
        [
            ("excluded", "linux", {}, "the excluded ports of Linux: no way to read it for tcp"),
            ("configured", "lwip", {}, "the ephemeral range of lwIP, TCP: no way to read it for"),
            ("configured", "aix", {"transport": "sctp"}, "the ephemeral range of AIX: no way to"),
        ],
    )
    def test_settings_without_a_known_text(
        self, field: types.FieldName, of: types.SystemName, which: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(UnsupportedPlatformError, match=f"^cannot read {message}"):
            parse("", field, of, **which)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"field": "configure"}, "unknown field, got 'configure'; did you mean 'configured'?"),
            ({"system": "linus"}, "unknown system, got 'linus'; did you mean 'linux'?"),
            ({"transport": "tpc"}, "unknown transport, got 'tpc'; did you mean 'tcp'?"),
            ({"family": "inet5"}, "unknown family, got 'inet5'; did you mean 'inet' or 'inet6'?"),
            ({"program": "ipadm"}, "unknown program, got 'ipadm'"),
            (
                {"system": "windows", "program": "nets"},
                "unknown program, got 'nets'; did you mean 'netsh'?",
            ),
        ],
    )
    def test_unknown_words_are_refused(self, arguments: dict[str, Any], message: str) -> None:
        with pytest.raises(UnknownNameError) as caught:
            parse(**{"text": "", "field": "configured", "system": "linux", **arguments})
        assert str(caught.value).startswith(message)

    @pytest.mark.parametrize("name", ["field", "system", "transport", "family", "program"])
    def test_arguments_of_another_type_are_refused(self, name: str) -> None:
        given: dict[str, Any] = {"text": "", "field": "configured", "system": "windows"}
        with pytest.raises(TypeError, match=f"{name} must be .*, got int 4"):
            parse(**{**given, name: 4})


class TestLinux:
    def test_a_range_with_blanks_or_a_tab(self) -> None:
        for between in ("\t", " ", "   ", "\t\t"):
            assert linux_range(f"1024{between}65535\n") == PortRange(1024, 65535)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "\n",
            "32768\n",
            "32768\t60999\t1\n",
            "32768,60999\n",
            "60999\t32768\n",
            "32768\t65536\n",
            "32768\t-1\n",
            "032768\t60999\n",
            "+32768\t60999\n",
            "3_2768\t60999\n",
            "32768\n60999\n",
            "net.ipv4.ip_local_port_range = \n",
            "net.ipv4.ip_local_port_range\t32768\n",
            "kernel.pid_max = 32768\t60999\n",
            "sysctl: cannot stat /proc/sys/net/ipv4/ip_local_port_range: No such file\n",
        ],
    )
    def test_a_range_that_is_refused(self, text: str) -> None:
        refused(linux_range, text)

    def test_no_reserved_ports(self) -> None:
        # The file on gVisor is empty.
        assert linux_reserved("") == PortSet.empty()

    @pytest.mark.parametrize(
        "text", ["1,2 ,3\n", "5-3\n", "8080,\n", "65536\n", "80 81\n", "80\n81\n"]
    )
    def test_a_list_of_reserved_ports_that_is_refused(self, text: str) -> None:
        refused(linux_reserved, text)

    def test_the_longest_list_of_reserved_ports(self) -> None:
        odd = ",".join(map(str, range(1, 65536, 2)))
        assert len(odd) == 191_052
        assert len(linux_reserved(odd + "\n")) == 32768

    def test_the_numbers_of_tcp_tw_reuse(self) -> None:
        words = [linux_reuse(f"{number}\n") for number in range(3)]
        assert words == [TimeWaitReuse.NEVER, TimeWaitReuse.ALWAYS, TimeWaitReuse.LOOPBACK]
        assert refused(linux_reuse, "3\n") == (
            "cannot read the reuse of TIME_WAIT of Linux: expected 0, 1 or 2, got 3"
        )

    def test_seconds_and_milliseconds(self) -> None:
        assert linux_seconds("60\n") == 60.0
        assert linux_milliseconds("1000\n") == 1.0


class TestBSD:
    @pytest.mark.parametrize(
        "text",
        [
            "net.inet.ip.portrange.first: 49152\nnet.inet.ip.portrange.last: 65535\n",
            "net.inet.ip.portrange.first=49152\nnet.inet.ip.portrange.last=65535\n",
            "net.inet.ip.portrange.first = 49152\nnet.inet.ip.portrange.last = 65535\n",
        ],
    )
    def test_each_sign_between_name_and_value(self, text: str) -> None:
        assert portrange(text) == IANA

    def test_the_high_pair_is_skipped(self) -> None:
        text = recorded("macos/portrange").replace("first: 49152\nnet", "first: 20000\nnet")
        assert text.index("hifirst") < text.index(".first")
        assert portrange(text).first == 20000

    def test_a_first_port_above_the_last(self) -> None:
        text = "net.inet.ip.portrange.first: 65535\nnet.inet.ip.portrange.last: 49152\n"
        assert portrange(text) == IANA

    def test_one_of_the_two_is_missing(self) -> None:
        assert refused(portrange, recorded("freebsd/sysctl_e")) == (
            "cannot read the ephemeral range of FreeBSD: "
            "expected a line with net.inet.ip.portrange.last, "
            "got 'net.inet.ip.portrange.first=10000\\n'"
        )

    def test_a_name_with_two_values(self) -> None:
        text = recorded("openbsd/sysctl") + "net.inet.ip.portfirst=2000\n"
        assert refused(openbsd_range, text) == (
            "cannot read the ephemeral range of OpenBSD: "
            "expected one value of net.inet.ip.portfirst, got '1024 and 2000'"
        )

    def test_the_output_of_sysctl_a(self) -> None:
        text = (
            "kern.version: FreeBSD 14.1-RELEASE\n    root@releng1:/usr/obj\n\n"
            "vm.loadavg: { 0.10 0.20 0.30 }\n"
            'kern.geom.confxml: <mesh>\n  <class id="0x1">\n  </class>\n  <class id="0x2">\n'
            + recorded("freebsd/sysctl")
        )
        assert portrange(text) == PortRange(10000, 65535)

    def test_the_range_of_the_other_family_is_skipped(self) -> None:
        refused(inet6, recorded("netbsd/sysctl"))
        refused(netbsd_range, recorded("netbsd/sysctl_inet6"))

    def test_the_list_of_the_other_transport_is_skipped(self) -> None:
        refused(bad_udp, recorded("openbsd/baddynamic"))

    def test_an_empty_list_of_bad_ports(self) -> None:
        assert baddynamic("net.inet.tcp.baddynamic=\n") == PortSet.empty()

    def test_port_0_and_the_next_port_without_a_separator(self) -> None:
        # sysctl.c omits the comma after port 0: refusing the text is better than port 1.
        refused(baddynamic, "net.inet.tcp.baddynamic=01,7\n")

    def test_the_first_unprivileged_port_of_freebsd(self) -> None:
        name = "net.inet.ip.portrange.reservedhigh"
        assert reservedhigh(f"{name}: 1023\n") == 1024
        assert reservedhigh(f"{name}: 0\n") == 1
        assert reservedhigh(f"{name}: 65535\n") == 65536


class TestWindows:
    def test_the_second_number_of_netsh_is_a_count(self) -> None:
        assert netsh_range("a : 1000\nb : 1\n") == PortRange(1000)

    def test_a_fullwidth_colon(self) -> None:
        assert netsh_range("開始ポート：49152\nポート数：16384\n") == IANA

    def test_a_colon_in_a_label(self) -> None:
        text = "Protocole : tcp\nPort : début : 49152\nNombre : 16384\n"
        assert netsh_range(text) == IANA

    @pytest.mark.parametrize(
        "text",
        [
            "a : 49152\n",
            "a : 49152\nb : \n",
            "a : 49152\nb : 16384\nc : 1\n",
            "a : 49152\nb : 0\n",
            "a : 49152\nb : 16385\n",
            "a : 49152\nb : 16.384\n",
            "a : 49 152\nb : 16384\n",
            "a : 65536\nb : 1\n",
            "The system cannot find the file specified.\n",
            "Le fichier spécifié est introuvable.\n",
        ],
    )
    def test_a_range_of_netsh_that_is_refused(self, text: str) -> None:
        refused(netsh_range, text)

    def test_a_table_without_exclusions(self) -> None:
        text = (
            "Start Port    End Port\n----------    --------\n\n* - Administered port exclusions.\n"
        )
        assert parse_netsh_exclusions(text) == ()

    def test_a_star_next_to_the_port(self) -> None:
        (row,) = parse_netsh_exclusions("---  ---\n1 2*\n")
        assert row.administered

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "      5357        5357\n",
            "----------------------\n 5357 5357\n",
            "---  ---\n5357\n",
            "---  ---\n5357 5357 5357\n",
            "---  ---\n5357 535\n",
            "---  ---\n5357 65536\n",
            "---  ---\n5357 5357 +\n",
            "---  ---\nAccess is denied.\n",
        ],
    )
    def test_a_table_of_exclusions_that_is_refused(self, text: str) -> None:
        refused(parse_netsh_exclusions, text)

    def test_powershell_templates_that_differ(self) -> None:
        text = (
            "SettingName : Internet\nDynamicPortRangeStartPort : 49152\n"
            "DynamicPortRangeNumberOfPorts : 16384\n\n"
            "SettingName : Datacenter\nDynamicPortRangeStartPort : 1024\n"
            "DynamicPortRangeNumberOfPorts : 100\n"
        )
        assert templates(text) == {
            "Internet": IANA,
            "Datacenter": PortRange(1024, 1123),
        }
        assert refused(powershell_range, text) == (
            "cannot read the ephemeral range of Windows: expected one range of all templates, "
            "got Internet 49152-65535, Datacenter 1024-1123"
        )

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "SettingName : Automatic\nDynamicPortRangeStartPort : \n",
            "DynamicPortRangeStartPort : 49152\n",
            "DynamicPortRangeNumberOfPorts : 16384\n",
            "DynamicPortRangeStartPort : 49152\nDynamicPortRangeNumberOfPorts : \n",
            "DynamicPortRangeStartPort : 1\n" * 2 + "DynamicPortRangeNumberOfPorts : 3\n",
            "DynamicPortRangeStartPort : 1\nSettingName : x\nDynamicPortRangeNumberOfPorts : 3\n",
        ],
    )
    def test_a_powershell_template_without_one_of_its_numbers(self, text: str) -> None:
        refused(templates, text)

    def test_a_powershell_template_with_two_ranges(self) -> None:
        one = "SettingName : x\nDynamicPortRangeStartPort : {}\nDynamicPortRangeNumberOfPorts : 9\n"
        refused(templates, one.format(1) + one.format(2))

    def test_the_registry_without_the_value(self) -> None:
        text = recorded("windows/reg_query")
        lines = [line for line in text.split("\n") if "TcpTimedWaitDelay" not in line]
        assert registry_time_wait("\n".join(lines)) is None

    @pytest.mark.parametrize("line", ["REG_SZ    0x1e", "REG_DWORD    30", "REG_DWORD"])
    def test_the_registry_with_another_value(self, line: str) -> None:
        text = recorded("windows/reg_query").replace("REG_DWORD    0x1e", line)
        refused(registry_time_wait, text)

    def test_an_error_of_reg_is_not_the_absence_of_the_value(self) -> None:
        refused(registry_time_wait, "ERROR: Access is denied.\n")


class TestUnix:
    def test_ndd_with_and_without_empty_lines(self) -> None:
        assert ndd_range("9000\n65535\n") == PortRange(9000, 65535)
        assert ndd_range("9000\n\n\n65535\n") == PortRange(9000, 65535)

    @pytest.mark.parametrize("text", ["32768\n", "32768 65535\n", "1\n2\n3\n", "?\n?\n"])
    def test_a_range_of_ndd_that_is_refused(self, text: str) -> None:
        refused(ndd_range, text)

    def test_extra_priv_ports_of_ipadm_and_ndd(self) -> None:
        for text in ("2049,4045\n", "2049 \n4045 \n", "2049\n\n4045\n"):
            assert solaris_ports(text) == PortSet([2049, 4045])
        for text in ("", "\n", "--\n"):
            assert solaris_ports(text) == PortSet.empty()

    @pytest.mark.parametrize("text", ["2049,\n", "2049-4045\n", "?\n", "ipadm: unknown property\n"])
    def test_extra_priv_ports_that_are_refused(self, text: str) -> None:
        refused(solaris_ports, text)

    def test_a_property_that_ipadm_does_not_know(self) -> None:
        assert refused(solaris_port, "?\n") == (
            "cannot read the first unprivileged port of Solaris, illumos: "
            "expected a number, got '?'"
        )


def test_digits_of_other_scripts_are_refused() -> None:
    refused(linux_range, "٣٢٧٦٨\t٦٠٩٩٩\n")
    refused(netsh_range, "a : ٤٩١٥٢\nb : ١٦٣٨٤\n")


def test_a_number_of_a_million_digits_is_refused_at_once() -> None:
    refused(linux_number, "9" * 1_000_000)
