"""The parsers of ``portranges.system``: recorded texts, pitfalls, and arbitrary text.

They are pure functions, so that these tests run on every system.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from portranges import PortRange, PortSet, UnexpectedOutputError, system
from portranges.system import Exclusion, TimeWaitReuse

if TYPE_CHECKING:
    from collections.abc import Callable

RECORDED = Path(__file__).parents[1] / "recorded"


def recorded(name: str) -> str:
    return (RECORDED / f"{name}.txt").read_bytes().decode("utf-8")


TEXTS = {
    str(path.relative_to(RECORDED).with_suffix("").as_posix()): path.read_bytes().decode("utf-8")
    for path in sorted(RECORDED.glob("*/*.txt"))
}

inet6 = partial(system.parse_netbsd_range, family="inet6")
aix_udp = partial(system.parse_aix_range, transport="udp")
bad_udp = partial(system.parse_openbsd_baddynamic, transport="udp")

PARSERS: list[Callable[[str], object]] = [
    *(getattr(system, name) for name in system.__all__ if name.startswith("parse_")),
    inet6,
    aix_udp,
    bad_udp,
]

HUGE = "1" * 100_000_000

IANA = PortRange(49152, 65535)
UPPER = PortRange(32768, 65535)

EXPECTED: list[tuple[str, Callable[[str], object], object]] = [
    ("linux/proc", system.parse_linux_range, PortRange(32768, 60999)),
    ("linux/sysctl", system.parse_linux_range, PortRange(32768, 60999)),
    ("linux/sysctl_n", system.parse_linux_range, PortRange(32768, 60999)),
    ("linux/gvisor_proc", system.parse_linux_range, PortRange(16000, 65535)),
    ("linux/gvisor_static", system.parse_linux_range, PortRange(16000, 65535)),
    ("linux/reserved_empty", system.parse_linux_reserved, PortSet.empty()),
    ("linux/reserved", system.parse_linux_reserved, PortSet.parse("40000-40003,40007")),
    ("linux/reserved_sysctl_empty", system.parse_linux_reserved, PortSet.empty()),
    ("freebsd/sysctl", system.parse_portrange, PortRange(10000, 65535)),
    ("freebsd/sysctl_e", system.parse_sysctl, {"net.inet.ip.portrange.first": "10000"}),
    ("macos/portrange", system.parse_portrange, IANA),
    ("macos/msl", system.parse_msl, 30.0),
    ("openbsd/sysctl", system.parse_openbsd_range, PortRange(1024, 49151)),
    (
        "openbsd/baddynamic",
        system.parse_openbsd_baddynamic,
        PortSet([587, 749, 750, 871, 2049]),
    ),
    ("netbsd/sysctl", system.parse_netbsd_range, IANA),
    ("netbsd/sysctl_inet6", inet6, IANA),
    ("aix/no", system.parse_aix_range, UPPER),
    ("aix/no", aix_udp, UPPER),
    ("aix/no_indented", system.parse_aix_range, PortRange(11000, 65000)),
    ("aix/no_indented", aix_udp, PortRange(11000, 65000)),
    ("aix/no_timewait", system.parse_aix_time_wait, 15.0),
    ("solaris/ndd", system.parse_ndd_range, UPPER),
    ("solaris/ipadm", system.parse_ipadm_range, UPPER),
    ("solaris/ipadm_extra_priv_ports", system.parse_solaris_ports, PortSet([2049, 4045])),
    ("windows/netsh_en", system.parse_netsh_range, IANA),
    ("windows/netsh_en_26200", system.parse_netsh_range, PortRange(1024, 15000)),
    ("windows/netsh_fr", system.parse_netsh_range, IANA),
    ("windows/netsh_zh", system.parse_netsh_range, IANA),
    (
        "windows/excluded_en",
        system.parse_netsh_exclusions,
        (
            Exclusion(ports=PortRange(5357)),
            Exclusion(ports=PortRange(49879, 49978)),
            Exclusion(ports=PortRange(50000, 50059), administered=True),
            Exclusion(ports=PortRange(50060, 50159)),
        ),
    ),
    (
        "windows/excluded_en",
        system.parse_netsh_excluded,
        PortSet.parse("5357,49879-49978,50000-50159"),
    ),
    (
        "windows/excluded_ko",
        system.parse_netsh_excluded,
        PortSet.parse("5357,13543-13642,50000-50059"),
    ),
    (
        "windows/excluded_es",
        system.parse_netsh_excluded,
        PortSet.parse("1025-1224,5357,50000-50059"),
    ),
    (
        "windows/excluded_zh",
        system.parse_netsh_excluded,
        PortSet.parse("50000-50059,54364-54463,60791-60890"),
    ),
    ("windows/excluded_udp_en", system.parse_netsh_excluded, PortSet.parse("56030-56229")),
    (
        "windows/get_nettcpsetting",
        system.parse_powershell_ranges,
        {"Datacenter": PortRange(49152, 65509)},
    ),
    ("windows/get_nettcpsetting", system.parse_powershell_range, PortRange(49152, 65509)),
    ("windows/reg_query", system.parse_registry_time_wait, 30.0),
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
    def test_every_recorded_text_is_asked_for(self) -> None:
        assert {name for name, _, _ in EXPECTED} == set(TEXTS)

    def test_the_readme_tells_where_each_comes_from(self) -> None:
        page = (RECORDED / "README.md").read_text(encoding="utf-8")
        assert all(f"| `{name}.txt` | " in page for name in TEXTS)

    @ALL
    def test_gives_the_value(
        self, name: str, parse: Callable[[str], object], value: object
    ) -> None:
        assert parse(recorded(name)) == value

    @pytest.mark.parametrize("line_end", ["\r\n", "\r", "\r\r\n", " \n", "\n\n"])
    @ALL
    def test_whatever_the_line_ends(
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
    def test_read_in_a_wrong_code_page(
        self, name: str, parse: Callable[[str], object], value: object
    ) -> None:
        assert parse(recorded(name).encode().decode("latin-1")) == value

    @ALL
    def test_without_the_last_line_end(
        self, name: str, parse: Callable[[str], object], value: object
    ) -> None:
        assert parse(recorded(name).rstrip()) == value

    @ALL
    def test_cut_anywhere_is_a_value_or_an_error(
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
    def test_a_value_or_the_one_error(self, parse: Callable[[str], object], text: str) -> None:
        allowed(parse, text)

    @pytest.mark.slow
    @settings(deadline=None)
    @given(
        name=st.sampled_from(sorted(TEXTS)),
        place=st.integers(0, 400),
        size=st.integers(0, 20),
        patch=st.text("0123456789\t\n\r:=*- ,ax\0é") | st.text(),
    )
    def test_a_changed_recording(
        self, parse: Callable[[str], object], name: str, place: int, size: int, patch: str
    ) -> None:
        text = TEXTS[name]
        allowed(parse, text[:place] + patch + text[place + size :])

    def test_what_is_no_text_is_a_type_error(self, parse: Callable[[str], object]) -> None:
        with pytest.raises(TypeError, match="text must be a str, got bytes b'80'"):
            parse(b"80")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    def test_a_hundred_megabytes_are_refused_unread(self, parse: Callable[[str], object]) -> None:
        message = refused(parse, HUGE)
        assert "expected at most 1,048,576 characters, got 100,000,000" in message

    @pytest.mark.parametrize(
        "piece",
        ["a", "1", " ", "1 ", "1,", "1-", "\t", "\n", "\r", ":", "=", "a: 1\n", "--- ", "*"],
    )
    def test_time_grows_with_the_length_alone(
        self, parse: Callable[[str], object], piece: str
    ) -> None:
        # Time quadratic in this length would be minutes, and the test would hang.
        allowed(parse, piece * ((1 << 18) // len(piece)))


class TestLinux:
    def test_blanks_or_tab(self) -> None:
        for between in ("\t", " ", "   ", "\t\t"):
            assert system.parse_linux_range(f"1024{between}65535\n") == PortRange(1024, 65535)

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
    def test_no_range(self, text: str) -> None:
        refused(system.parse_linux_range, text)

    def test_nothing_at_all_is_the_empty_list(self) -> None:
        # The file on gVisor is empty.
        assert system.parse_linux_reserved("") == PortSet.empty()

    @pytest.mark.parametrize(
        "text", ["1,2 ,3\n", "5-3\n", "8080,\n", "65536\n", "80 81\n", "80\n81\n"]
    )
    def test_no_list(self, text: str) -> None:
        refused(system.parse_linux_reserved, text)

    def test_the_longest_list_there_is(self) -> None:
        odd = ",".join(map(str, range(1, 65536, 2)))
        assert len(odd) == 191_052
        assert len(system.parse_linux_reserved(odd + "\n")) == 32768

    def test_reuse_words(self) -> None:
        words = [system.parse_linux_time_wait_reuse(f"{number}\n") for number in range(3)]
        assert words == [TimeWaitReuse.NEVER, TimeWaitReuse.ALWAYS, TimeWaitReuse.LOOPBACK]
        assert refused(system.parse_linux_time_wait_reuse, "3\n") == (
            "cannot read tcp_tw_reuse: expected 0, 1 or 2, got 3"
        )

    def test_units(self) -> None:
        assert system.parse_linux_seconds("60\n") == 60.0
        assert system.parse_linux_milliseconds("1000\n") == 1.0


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
        assert system.parse_portrange(text) == IANA

    def test_the_high_pair_comes_first_and_is_not_meant(self) -> None:
        text = recorded("macos/portrange").replace("first: 49152\nnet", "first: 20000\nnet")
        assert text.index("hifirst") < text.index(".first")
        assert system.parse_portrange(text).first == 20000

    def test_a_first_port_above_the_last(self) -> None:
        text = "net.inet.ip.portrange.first: 65535\nnet.inet.ip.portrange.last: 49152\n"
        assert system.parse_portrange(text) == IANA

    def test_one_of_the_two_is_missing(self) -> None:
        assert refused(system.parse_portrange, recorded("freebsd/sysctl_e")) == (
            "cannot read port range: expected a line with net.inet.ip.portrange.last, "
            "got 'net.inet.ip.portrange.first=10000\\n'"
        )

    def test_a_name_with_two_values(self) -> None:
        text = recorded("openbsd/sysctl") + "net.inet.ip.portfirst=2000\n"
        assert refused(system.parse_openbsd_range, text) == (
            "cannot read port range: expected one value of net.inet.ip.portfirst, "
            "got '1024 and 2000'"
        )

    def test_all_settings_at_once(self) -> None:
        text = (
            "kern.version: FreeBSD 14.1-RELEASE\n    root@releng1:/usr/obj\n\n"
            "vm.loadavg: { 0.10 0.20 0.30 }\n"
            'kern.geom.confxml: <mesh>\n  <class id="0x1">\n  </class>\n  <class id="0x2">\n'
            + recorded("freebsd/sysctl")
        )
        assert system.parse_portrange(text) == PortRange(10000, 65535)

    def test_the_other_family_is_not_taken(self) -> None:
        refused(inet6, recorded("netbsd/sysctl"))
        refused(system.parse_netbsd_range, recorded("netbsd/sysctl_inet6"))

    def test_the_other_transport_is_not_taken(self) -> None:
        refused(bad_udp, recorded("openbsd/baddynamic"))

    def test_no_bad_port(self) -> None:
        assert system.parse_openbsd_baddynamic("net.inet.tcp.baddynamic=\n") == PortSet.empty()

    def test_port_0_and_the_next_one_run_together(self) -> None:
        # sysctl.c omits the comma after port 0: refusing the text is better than port 1.
        refused(system.parse_openbsd_baddynamic, "net.inet.tcp.baddynamic=01,7\n")

    def test_the_boundary_of_freebsd(self) -> None:
        name = "net.inet.ip.portrange.reservedhigh"
        assert system.parse_freebsd_reservedhigh(f"{name}: 1023\n") == 1024
        assert system.parse_freebsd_reservedhigh(f"{name}: 0\n") == 1
        assert system.parse_freebsd_reservedhigh(f"{name}: 65535\n") == 65536


class TestWindows:
    def test_the_second_number_is_a_count(self) -> None:
        assert system.parse_netsh_range("a : 1000\nb : 1\n") == PortRange(1000)

    def test_a_wide_colon(self) -> None:
        assert system.parse_netsh_range("開始ポート：49152\nポート数：16384\n") == IANA

    def test_a_colon_in_a_label(self) -> None:
        text = "Protocole : tcp\nPort : début : 49152\nNombre : 16384\n"
        assert system.parse_netsh_range(text) == IANA

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
    def test_no_range(self, text: str) -> None:
        refused(system.parse_netsh_range, text)

    def test_no_exclusion(self) -> None:
        text = (
            "Start Port    End Port\n----------    --------\n\n* - Administered port exclusions.\n"
        )
        assert system.parse_netsh_exclusions(text) == ()

    def test_the_star_may_touch(self) -> None:
        (row,) = system.parse_netsh_exclusions("---  ---\n1 2*\n")
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
    def test_no_table(self, text: str) -> None:
        refused(system.parse_netsh_exclusions, text)

    def test_templates_that_differ(self) -> None:
        text = (
            "SettingName : Internet\nDynamicPortRangeStartPort : 49152\n"
            "DynamicPortRangeNumberOfPorts : 16384\n\n"
            "SettingName : Datacenter\nDynamicPortRangeStartPort : 1024\n"
            "DynamicPortRangeNumberOfPorts : 100\n"
        )
        assert system.parse_powershell_ranges(text) == {
            "Internet": IANA,
            "Datacenter": PortRange(1024, 1123),
        }
        assert refused(system.parse_powershell_range, text) == (
            "cannot read dynamic port ranges of PowerShell: expected one range of all templates, "
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
    def test_half_a_template(self, text: str) -> None:
        refused(system.parse_powershell_ranges, text)

    def test_a_template_with_two_ranges(self) -> None:
        one = "SettingName : x\nDynamicPortRangeStartPort : {}\nDynamicPortRangeNumberOfPorts : 9\n"
        refused(system.parse_powershell_ranges, one.format(1) + one.format(2))

    def test_the_registry_without_the_value(self) -> None:
        text = recorded("windows/reg_query")
        lines = [line for line in text.split("\n") if "TcpTimedWaitDelay" not in line]
        assert system.parse_registry_time_wait("\n".join(lines)) is None

    @pytest.mark.parametrize("line", ["REG_SZ    0x1e", "REG_DWORD    30", "REG_DWORD"])
    def test_the_registry_with_another_value(self, line: str) -> None:
        text = recorded("windows/reg_query").replace("REG_DWORD    0x1e", line)
        refused(system.parse_registry_time_wait, text)

    def test_an_error_of_reg_is_not_the_absence_of_the_value(self) -> None:
        refused(system.parse_registry_time_wait, "ERROR: Access is denied.\n")


class TestUnix:
    def test_an_empty_line_between(self) -> None:
        assert system.parse_ndd_range("9000\n65535\n") == PortRange(9000, 65535)
        assert system.parse_ndd_range("9000\n\n\n65535\n") == PortRange(9000, 65535)

    @pytest.mark.parametrize("text", ["32768\n", "32768 65535\n", "1\n2\n3\n", "?\n?\n"])
    def test_no_range(self, text: str) -> None:
        refused(system.parse_ndd_range, text)

    def test_the_lists_of_both_programs(self) -> None:
        for text in ("2049,4045\n", "2049 \n4045 \n", "2049\n\n4045\n"):
            assert system.parse_solaris_ports(text) == PortSet([2049, 4045])
        for text in ("", "\n", "--\n"):
            assert system.parse_solaris_ports(text) == PortSet.empty()

    @pytest.mark.parametrize("text", ["2049,\n", "2049-4045\n", "?\n", "ipadm: unknown property\n"])
    def test_no_list(self, text: str) -> None:
        refused(system.parse_solaris_ports, text)

    def test_an_unknown_property(self) -> None:
        assert refused(system.parse_solaris_port, "?\n") == (
            "cannot read port: expected a number, got '?'"
        )


def test_digits_of_other_scripts_are_no_digits() -> None:
    refused(system.parse_linux_range, "٣٢٧٦٨\t٦٠٩٩٩\n")
    refused(system.parse_netsh_range, "a : ٤٩١٥٢\nb : ١٦٣٨٤\n")


def test_a_number_of_a_million_digits_is_refused_at_once() -> None:
    refused(system.parse_linux_number, "9" * 1_000_000)
