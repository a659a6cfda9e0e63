"""The functions of ``portranges.system``, with other machines than this one.

A machine is two functions, so that nothing is patched: each test defines the content of its files
and the output of its commands.
"""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from portranges import (
    Family,
    PortRange,
    PortSet,
    SystemReadError,
    Transport,
    UnexpectedOutputError,
    UnknownNameError,
    UnsupportedPlatformError,
    ephemeral,
    system,
)
from portranges.system import Field, Machine, OriginKind, TimeWaitReuse
from portranges.system.rows import PLATFORMS, READINGS, UNREAD

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

RECORDED = Path(__file__).parents[1] / "recorded"
IPV4 = "/proc/sys/net/ipv4/"
RANGE = IPV4 + "ip_local_port_range"
RESERVED = IPV4 + "ip_local_reserved_ports"
START = IPV4 + "ip_unprivileged_port_start"

LINUX = {
    RANGE: "32768\t60999\n",
    RESERVED: "\n",
    START: "1024\n",
    IPV4 + "tcp_tw_reuse": "2\n",
    IPV4 + "tcp_tw_reuse_delay": "1000\n",
    IPV4 + "tcp_max_tw_buckets": "131072\n",
    IPV4 + "tcp_fin_timeout": "60\n",
    IPV4 + "ip_local_port_step_width": "0\n",
}


def recorded(name: str) -> str:
    return (RECORDED / f"{name}.txt").read_bytes().decode("utf-8")


def machine(platform: str, texts: Mapping[str, str | Exception], *, release: str = "") -> Machine:
    """Return a machine with these files and commands, and no others."""

    def say(key: str) -> str:
        text = texts.get(key, FileNotFoundError(2, "No such file or directory", key))
        if isinstance(text, Exception):
            raise text
        return text

    def run(command: Sequence[str]) -> str:
        assert not isinstance(command, str)
        return say(" ".join(command))

    return Machine(platform=platform, release=release, read_file=say, run=run)


def linux(**changed: str | Exception | None) -> Machine:
    """Return a Linux machine with some files of other text, or without them."""
    texts: dict[str, str | Exception] = dict(LINUX)
    for name, text in changed.items():
        if text is None:
            del texts[IPV4 + name]
        else:
            texts[IPV4 + name] = text
    return machine("linux", texts, release="6.18.44")


NETSH = "netsh interface {} show dynamicport {}"
EXCLUDED = "netsh interface {} show excludedportrange protocol={}"
REG = r"reg query HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters"
POWERSHELL = (
    "powershell -NoProfile -NonInteractive -Command Get-Net{}Setting | Format-List "
    "SettingName,DynamicPortRangeStartPort,DynamicPortRangeNumberOfPorts"
)
EMPTY_TABLE = "a    b\n----------    --------\n"

WINDOWS: dict[str, str] = {
    NETSH.format("ipv4", "tcp"): recorded("windows/netsh_fr"),
    NETSH.format("ipv4", "udp"): "a : 50000\nb : 1000\n",
    NETSH.format("ipv6", "tcp"): recorded("windows/netsh_zh"),
    NETSH.format("ipv6", "udp"): "a : 60000\nb : 255\n",
    EXCLUDED.format("ipv4", "tcp"): recorded("windows/excluded_ko"),
    EXCLUDED.format("ipv4", "udp"): recorded("windows/excluded_udp_en"),
    EXCLUDED.format("ipv6", "tcp"): EMPTY_TABLE,
    EXCLUDED.format("ipv6", "udp"): EMPTY_TABLE,
    REG: recorded("windows/reg_query"),
}

OPENBSD = {
    "sysctl net.inet.ip.portfirst net.inet.ip.portlast": recorded("openbsd/sysctl"),
    "sysctl net.inet.tcp.baddynamic": recorded("openbsd/baddynamic"),
    "sysctl net.inet.udp.baddynamic": "net.inet.udp.baddynamic=623,664,2049\n",
}
PORTRANGE = "sysctl net.inet.ip.portrange.first net.inet.ip.portrange.last"
FREEBSD = {
    PORTRANGE: recorded("freebsd/sysctl"),
    "sysctl net.inet.ip.portrange.reservedhigh": "net.inet.ip.portrange.reservedhigh: 79\n",
    "sysctl net.inet.tcp.msl": "net.inet.tcp.msl: 30000\n",
}
MACOS = {PORTRANGE: recorded("macos/portrange"), "sysctl net.inet.tcp.msl": recorded("macos/msl")}
NETBSD = {
    "sysctl net.inet.ip.anonportmin net.inet.ip.anonportmax": recorded("netbsd/sysctl"),
    "sysctl net.inet6.ip6.anonportmin net.inet6.ip6.anonportmax": (
        "net.inet6.ip6.anonportmin = 50000\nnet.inet6.ip6.anonportmax = 50009\n"
    ),
}
DRAGONFLY = {
    PORTRANGE: "net.inet.ip.portrange.first: 1024\nnet.inet.ip.portrange.last: 5000\n",
    "sysctl net.inet.tcp.msl": "net.inet.tcp.msl: 30000\n",
}
IPADM = {
    "ipadm show-prop -c -o property,current -p smallest_anon_port,largest_anon_port tcp": (
        recorded("solaris/ipadm")
    ),
    "ipadm show-prop -c -o current -p extra_priv_ports tcp": (
        recorded("solaris/ipadm_extra_priv_ports")
    ),
    "ipadm show-prop -c -o current -p smallest_nonpriv_port tcp": "1024\n",
    "ipadm show-prop -c -o current -p _time_wait_interval tcp": "60000\n",
}
NDD = {
    "ndd /dev/tcp tcp_smallest_anon_port tcp_largest_anon_port": recorded("solaris/ndd"),
    "ndd /dev/tcp tcp_extra_priv_ports": "2049 \n4045 \n",
    "ndd /dev/tcp tcp_smallest_nonpriv_port": "1024\n",
    "ndd /dev/tcp tcp_time_wait_interval": "240000\n",
}
AIX = {
    "no -o tcp_ephemeral_low -o tcp_ephemeral_high": recorded("aix/no_indented"),
    "no -o udp_ephemeral_low -o udp_ephemeral_high": recorded("aix/no"),
    "no -o tcp_timewait": recorded("aix/no_timewait"),
}

MACHINES = {
    "linux": machine("linux", LINUX, release="6.18.44"),
    "macos": machine("darwin", MACOS, release="24.1.0"),
    "freebsd": machine("freebsd14", FREEBSD, release="14.1-RELEASE"),
    "openbsd": machine("openbsd7", OPENBSD, release="7.5"),
    "netbsd": machine("netbsd10", NETBSD, release="10.0"),
    "dragonfly": machine("dragonfly6", DRAGONFLY, release="6.4-RELEASE"),
    "windows": machine("win32", WINDOWS),
    "solaris": machine("sunos5", IPADM, release="5.11"),
    "aix": machine("aix", AIX, release="2"),
}

EVERY = pytest.mark.parametrize("name", MACHINES)


class TestEverySystem:
    def test_every_platform_has_a_recorded_machine(self) -> None:
        assert {*MACHINES, "android"} == {name for _, name in PLATFORMS}

    @EVERY
    def test_effective_is_configured_without_reserved_and_excluded(self, name: str) -> None:
        settings = system.read_settings(machine=MACHINES[name])
        assert settings.system == name
        assert settings.effective == settings.profile.ports
        assert settings.profile.tuned
        assert settings.profile.name == name
        inside = PortSet([settings.configured])
        assert settings.effective == inside - settings.reserved - settings.excluded

    @EVERY
    def test_each_value_has_an_origin(self, name: str) -> None:
        settings = system.read_settings(machine=MACHINES[name])
        origins = settings.origins
        for field in Field:
            value = getattr(settings, field.value)
            if field.value in origins:
                origin = origins[field.value]
                assert (value is None) == (origin.kind is OriginKind.UNKNOWN)
                assert (origin.kind is OriginKind.READ) == bool(origin.place)
                assert bool(origin.note) == (origin.kind is not OriginKind.READ)
                assert (origin.source is not None) == (origin.kind is OriginKind.READ)
            else:
                assert value is None
        assert origins["configured"].kind is OriginKind.READ
        assert list(origins) == [field.value for field in Field if field.value in origins]

    @EVERY
    def test_the_functions_agree_with_the_record(self, name: str) -> None:
        there = MACHINES[name]
        settings = system.read_settings(machine=there)
        profile = dataclasses.replace(
            system.read_ephemeral(machine=there), privileged_below=settings.unprivileged_start
        )
        assert profile == settings.profile
        assert system.read_configured(machine=there) == settings.configured
        for read, field in (
            (system.read_reserved, "reserved"),
            (system.read_excluded, "excluded"),
            (system.read_unprivileged_start, "unprivileged_start"),
            (system.read_time_wait, "time_wait"),
        ):
            known = settings.origins[field].kind in (OriginKind.READ, OriginKind.DEFAULT)
            if known:
                assert read(machine=there) == getattr(settings, field)
            else:
                with pytest.raises(SystemReadError, match=r"^cannot read the "):
                    read(machine=there)

    @EVERY
    def test_settings_are_pickled_hashed_and_data(self, name: str) -> None:
        settings = system.read_settings(machine=MACHINES[name])
        assert pickle.loads(pickle.dumps(settings)) == settings
        assert hash(settings) == hash(system.read_settings(machine=MACHINES[name]))
        assert set(settings.to_dict()) == {
            "system",
            "transport",
            "family",
            "effective",
            "count",
            "origins",
            *(field.value for field in Field),
        }

    @EVERY
    def test_a_missing_file_or_program_is_named_in_the_error(self, name: str) -> None:
        there = dataclasses.replace(MACHINES[name], read_file=nothing, run=nothing)
        for read in (system.read_ephemeral, system.read_configured, system.read_settings):
            with pytest.raises(SystemReadError) as caught:
                read(machine=there)
            assert any(
                row.place in str(caught.value)
                for row in READINGS
                if row.system == name and row.field is Field.CONFIGURED
            )
            assert isinstance(caught.value.__cause__, FileNotFoundError)

    @EVERY
    @pytest.mark.parametrize(
        ("failure", "words"),
        [
            (PermissionError(13, "Permission denied", "x"), "permission denied"),
            (TimeoutError("took longer than 20 s"), "took longer than 20 s"),
            (OSError(5, "Input/output error"), "input/output error"),
            (SystemReadError("x", "exit status 1, 'no'"), "exit status 1, 'no'"),
        ],
    )
    def test_a_failure_has_its_reason(self, name: str, failure: Exception, words: str) -> None:
        def fail(_: object) -> str:
            raise failure

        there = dataclasses.replace(MACHINES[name], read_file=fail, run=fail)
        with pytest.raises(SystemReadError) as caught:
            system.read_configured(machine=there)
        message = str(caught.value)
        assert message.startswith("cannot read the ephemeral range ")
        assert message.endswith(f": {words}")
        assert type(caught.value) is SystemReadError

    @EVERY
    @pytest.mark.parametrize("text", ["", "\n", "nonsense\n", "\0", "1" * (1 << 21)])
    def test_nonsense_is_unexpected_output(self, name: str, text: str) -> None:
        def say(_: object) -> str:
            return text

        there = dataclasses.replace(MACHINES[name], read_file=say, run=say)
        with pytest.raises(UnexpectedOutputError) as caught:
            system.read_ephemeral(machine=there)
        assert str(caught.value).startswith("cannot read the ephemeral range ")


def nothing(key: object) -> str:
    raise FileNotFoundError(2, "No such file or directory", str(key))


class TestRows:
    def test_each_value_is_read_or_listed_as_unreadable(self) -> None:
        asked = (
            Field.CONFIGURED,
            Field.RESERVED,
            Field.EXCLUDED,
            Field.UNPRIVILEGED_START,
            Field.TIME_WAIT,
        )
        read = {(row.system, row.field) for row in READINGS}
        shipped = {(row.system, row.field) for row in UNREAD}
        for name in MACHINES:
            for field in asked:
                assert (name, field) in read | shipped
        # In both: the default that applies if the registry says that the value is not set.
        assert read & shipped == {("windows", Field.TIME_WAIT)}

    def test_a_row_has_a_file_or_a_command(self) -> None:
        assert all(bool(row.file) != bool(row.command) for row in READINGS)
        assert all(str(row.source) for row in READINGS)
        assert all(row.kind is not OriginKind.READ and row.note for row in UNREAD)

    def test_no_command_changes_anything(self) -> None:
        for row in READINGS:
            assert not {"-w", "-set", "set", "set-prop", "add", "-p tcp"} & set(row.command)
            assert all("=" not in word or "protocol=" in word for word in row.command)


class TestLinux:
    def test_all_settings_of_linux(self) -> None:
        there = linux(
            ip_local_port_range="20000\t20099\n",
            ip_local_reserved_ports="80,20010-20019\n",
            ip_unprivileged_port_start="0\n",
            tcp_tw_reuse="0\n",
        )
        settings = system.read_settings(machine=there)
        assert settings.configured == PortRange(20000, 20099)
        assert settings.reserved == PortSet.parse("80,20010-20019")
        assert settings.effective == PortSet.parse("20000-20009,20020-20099")
        assert settings.unprivileged_start == 0
        assert settings.time_wait == 60.0
        assert settings.time_wait_reuse is TimeWaitReuse.NEVER
        assert settings.time_wait_reuse_after == 1.0
        assert settings.time_wait_limit == 131072
        assert settings.fin_wait_2 == 60.0
        assert settings.port_step_width == 0
        assert settings.profile.transports == ephemeral.profile("linux").transports

    def test_an_old_kernel_without_the_later_files(self) -> None:
        there = linux(
            ip_local_port_range="32768\t61000\n",
            ip_local_reserved_ports=None,
            ip_unprivileged_port_start=None,
            tcp_tw_reuse_delay=None,
        )
        there = dataclasses.replace(there, release="2.6.32-754.el6.x86_64")
        settings = system.read_settings(machine=there)
        assert settings.system == "linux-2.6.24"
        assert settings.reserved == PortSet.empty()
        assert str(settings.origins["reserved"]) == (
            f"default: {RESERVED}; no such file: Linux has had the list since 2.6.35"
        )
        assert settings.time_wait_reuse_after is None
        assert settings.origins["time_wait_reuse_after"].kind is OriginKind.UNKNOWN

    @pytest.mark.parametrize(
        ("text", "width", "origin"),
        [
            ("1000\n", 1000, "read: {}"),
            (None, None, "unknown: {}; no such file: Linux has had the setting since 7.1"),
        ],
    )
    def test_the_step_width_of_linux_7_1(
        self, text: str | None, width: int | None, origin: str
    ) -> None:
        settings = system.read_settings(machine=linux(ip_local_port_step_width=text))
        assert settings.port_step_width == width
        place = "/proc/sys/net/ipv4/ip_local_port_step_width"
        assert str(settings.origins["port_step_width"]) == origin.format(place)
        assert settings.to_dict()["port_step_width"] == width

    def test_an_old_kernel_has_the_fixed_boundary(self) -> None:
        there = linux(ip_unprivileged_port_start=None)
        assert system.read_unprivileged_start(machine=there) == 1024

    @pytest.mark.parametrize(
        "read",
        [
            system.read_ephemeral,
            system.read_configured,
            system.read_reserved,
            system.read_unprivileged_start,
            system.read_settings,
        ],
    )
    def test_without_proc_every_function_raises(self, read: Callable[..., object]) -> None:
        with pytest.raises(SystemReadError) as caught:
            read(machine=machine("linux", {}))
        assert str(caught.value).startswith("cannot read the ")
        assert "/proc/sys/net/ipv4/ip_" in str(caught.value)
        assert str(caught.value).endswith(": no such file; is /proc mounted?")

    def test_an_unreadable_file_is_not_a_missing_one(self) -> None:
        there = linux(ip_local_reserved_ports=PermissionError(13, "Permission denied"))
        with pytest.raises(SystemReadError) as caught:
            system.read_ephemeral(machine=there)
        assert str(caught.value) == (
            f"cannot read the reserved ports from {RESERVED}: permission denied"
        )

    def test_the_error_shows_the_text_of_the_file(self) -> None:
        with pytest.raises(UnexpectedOutputError) as caught:
            system.read_configured(machine=linux(ip_local_port_range="all\n"))
        assert str(caught.value) == (
            f"cannot read the ephemeral range from {RANGE}: expected two ports, got 'all'"
        )

    @pytest.mark.parametrize(
        ("platform", "release", "name"),
        [
            ("linux", "6.18.44", "linux"),
            ("linux", "4.2.0", "linux"),
            ("linux", "4.1.52", "linux-2.6.24"),
            ("linux", "3.10.0-1160.el7.x86_64", "linux-2.6.24"),
            ("linux", "2.6.24", "linux-2.6.24"),
            ("linux", "2.6.18-8.el5", "linux-2.4-bigmem"),
            ("linux", "2.2.26", "linux-2.2"),
            ("linux", "2.0.40", "linux-2.2"),
            ("linux", "5.15.153.1-microsoft-standard-WSL2", "wsl2"),
            ("linux", "", "linux"),
            ("linux", "unheard-of", "linux"),
            ("linux2", "6.1", "linux"),
            ("android", "4.4.1", "android"),
        ],
    )
    def test_the_release_selects_the_row(self, platform: str, release: str, name: str) -> None:
        there = machine(platform, LINUX, release=release)
        assert system.read_ephemeral(machine=there).name == name

    @pytest.mark.parametrize("text", ["16000 65535\n", "16000   65535"])
    def test_gvisor_is_recognized_by_the_blanks_in_its_files(self, text: str) -> None:
        there = machine("linux", {RANGE: text, RESERVED: ""}, release="4.4.0")
        settings = system.read_settings(machine=there)
        assert settings.system == "gvisor"
        assert settings.effective == ephemeral.profile("gvisor").ports
        assert settings.time_wait == 60.0
        assert settings.origins["time_wait"].kind is OriginKind.DEFAULT

    def test_the_range_applies_to_sctp(self) -> None:
        assert system.read_configured("sctp", machine=linux()) == PortRange(32768, 60999)


class TestWindows:
    @pytest.mark.parametrize(
        ("transport", "family", "configured", "excluded"),
        [
            ("tcp", "inet", "49152-65535", "5357,13543-13642,50000-50059"),
            ("udp", "inet", "50000-50999", "56030-56229"),
            ("tcp", "inet6", "49152-65535", ""),
            ("udp", "inet6", "60000-60254", ""),
        ],
    )
    def test_settings_of_each_transport_and_family(
        self, transport: Transport, family: Family, configured: str, excluded: str
    ) -> None:
        there = MACHINES["windows"]
        settings = system.read_settings(transport, family=family, machine=there)
        assert str(settings.configured) == configured
        assert str(settings.excluded) == excluded
        assert settings.profile.transports == (transport,)
        assert settings.time_wait == 30.0
        assert settings.unprivileged_start == 0
        assert not settings.effective & settings.excluded

    def test_time_wait_that_is_not_set(self) -> None:
        text = recorded("windows/reg_query").replace("TcpTimedWaitDelay", "Other")
        there = machine("win32", {**WINDOWS, REG: text})
        settings = system.read_settings(machine=there)
        assert settings.time_wait == ephemeral.profile("windows").time_wait
        origin = settings.origins["time_wait"]
        assert origin.kind is OriginKind.DEFAULT
        assert str(origin) == f"default: {REG}; TcpTimedWaitDelay is not set"

    @pytest.mark.parametrize("netsh", [None, "この言語は初めてです。\n"])
    def test_powershell_if_netsh_is_missing_or_not_understood(self, netsh: str | None) -> None:
        texts = {**WINDOWS, POWERSHELL.format("TCP"): recorded("windows/get_nettcpsetting")}
        del texts[NETSH.format("ipv4", "tcp")]
        if netsh is not None:
            texts[NETSH.format("ipv4", "tcp")] = netsh
        settings = system.read_settings(machine=machine("win32", texts))
        assert settings.configured == PortRange(49152, 65509)
        assert settings.origins["configured"].place == POWERSHELL.format("TCP")

    def test_neither_netsh_nor_powershell(self) -> None:
        texts = {NETSH.format("ipv4", "tcp"): "?\n"}
        with pytest.raises(UnexpectedOutputError) as caught:
            system.read_configured(machine=machine("win32", texts))
        assert str(caught.value) == (
            "cannot read the ephemeral range with 'netsh interface ipv4 show dynamicport tcp': "
            "expected two numbers, each after a colon, got '?\\n'"
        )

    def test_an_unknown_format_is_reported_before_a_missing_program(self) -> None:
        texts = {POWERSHELL.format("TCP"): "?\n"}
        with pytest.raises(UnexpectedOutputError, match="with 'powershell .*got '"):
            system.read_configured(machine=machine("win32", texts))

    def test_a_command_that_fails_is_not_replaced_by_another(self) -> None:
        texts: dict[str, str | Exception] = {
            NETSH.format("ipv6", "tcp"): SystemReadError("netsh", "exit status 1"),
            POWERSHELL.format("TCP"): recorded("windows/get_nettcpsetting"),
        }
        with pytest.raises(SystemReadError, match=r"show dynamicport tcp': exit status 1$"):
            system.read_configured(family="inet6", machine=machine("win32", texts))

    def test_windows_has_no_range_for_sctp(self) -> None:
        with pytest.raises(UnsupportedPlatformError) as caught:
            system.read_ephemeral("sctp", machine=MACHINES["windows"])
        assert str(caught.value) == (
            "cannot read the ephemeral range of Windows: no way to read it for sctp is known"
        )


class TestOthers:
    def test_all_settings_of_freebsd(self) -> None:
        settings = system.read_settings(machine=MACHINES["freebsd"])
        assert settings.effective == PortSet.parse("10000-65535")
        assert settings.unprivileged_start == 80
        assert settings.time_wait == 60.0

    @pytest.mark.parametrize(
        ("release", "name"),
        [
            ("14.1-RELEASE", "freebsd"),
            ("8.0-RELEASE", "freebsd"),
            ("7.4-STABLE", "freebsd-4.6"),
            ("4.6-RELEASE", "freebsd-4.6"),
            ("4.5-RELEASE", "freebsd-2"),
        ],
    )
    def test_the_release_of_freebsd_selects_the_row(self, release: str, name: str) -> None:
        there = dataclasses.replace(MACHINES["freebsd"], release=release)
        assert system.read_ephemeral(machine=there).name == name

    def test_macos_never_allocates_its_restricted_port(self) -> None:
        settings = system.read_settings(machine=MACHINES["macos"])
        assert settings.excluded == PortSet([55555])
        assert settings.effective == PortSet.parse("49152-55554,55556-65535")
        assert settings.time_wait == 30.0

    def test_openbsd_keeps_lists_for_each_transport(self) -> None:
        there = MACHINES["openbsd"]
        assert 587 in system.read_reserved("tcp", machine=there)
        assert 587 not in system.read_reserved("udp", machine=there)
        assert 587 not in system.read_ephemeral("tcp", machine=there).ports
        assert 587 in PortSet([system.read_configured(machine=there)]) | PortRange(587)

    def test_netbsd_keeps_a_range_for_each_family(self) -> None:
        there = MACHINES["netbsd"]
        assert system.read_configured(machine=there) == PortRange(49152, 65535)
        assert system.read_configured(family="inet6", machine=there) == PortRange(50000, 50009)
        assert system.read_settings(machine=there).origins["reserved"].kind is OriginKind.ASSUMED
        with pytest.raises(SystemReadError) as caught:
            system.read_reserved(machine=there)
        assert str(caught.value) == (
            "cannot read the reserved ports of NetBSD: "
            "anonportalgo.reserve is a bitmap that sysctl cannot print"
        )

    def test_solaris_10_has_only_ndd(self) -> None:
        settings = system.read_settings(machine=machine("sunos5", NDD, release="5.10"))
        assert settings.effective == PortSet.parse("32768-65535")
        assert settings.reserved == PortSet([2049, 4045])
        assert settings.time_wait == 240.0
        assert settings.origins["configured"].place.startswith("ndd /dev/tcp ")

    def test_aix_keeps_a_range_for_each_transport(self) -> None:
        there = MACHINES["aix"]
        assert system.read_configured("tcp", machine=there) == PortRange(11000, 65000)
        assert system.read_configured("udp", machine=there) == PortRange(32768, 65535)
        assert system.read_time_wait(machine=there) == 15.0

    @pytest.mark.parametrize("platform", ["emscripten", "wasi", "ios", "cygwin", "hp-ux11", ""])
    def test_unsupported_platforms_are_refused(self, platform: str) -> None:
        for read in (
            system.read_ephemeral,
            system.read_configured,
            system.read_reserved,
            system.read_excluded,
            system.read_unprivileged_start,
            system.read_time_wait,
            system.read_settings,
        ):
            with pytest.raises(UnsupportedPlatformError) as caught:
                read(machine=machine(platform, LINUX))
            assert str(caught.value) == (
                "cannot read the settings of this platform: it must be one of aix, android, "
                "dragonfly, "
                f"freebsd, linux, macos, netbsd, openbsd, solaris, windows, got {platform!r}"
            )


class TestQuestions:
    def test_unknown_transports_and_families_are_refused(self) -> None:
        with pytest.raises(UnknownNameError, match=r"^unknown transport, got 'tcpp'; did you mean"):
            system.read_ephemeral("tcpp", machine=linux())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        with pytest.raises(UnknownNameError, match=r"^unknown family, got 'inet5'; did you mean"):
            system.read_ephemeral(family="inet5", machine=linux())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        with pytest.raises(TypeError, match="family must be a str, got int 4"):
            system.read_ephemeral(family=4, machine=linux())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

    def test_every_port_may_be_reserved(self) -> None:
        there = linux(ip_local_reserved_ports="1-65535\n")
        profile = system.read_ephemeral(machine=there)
        assert not profile.ports
        assert profile.has_fixed_range

    def test_a_range_of_one_port(self) -> None:
        there = linux(ip_local_port_range="40000\t40000\n")
        assert system.read_ephemeral(machine=there).ports == PortSet([40000])

    def test_the_other_packages_accept_the_profile(self) -> None:
        profile = system.read_ephemeral(machine=linux(ip_local_port_range="20000\t20009\n"))
        assert ephemeral.ports(profile) == PortSet.parse("20000-20009")


class TestFailures:
    """Solaris has two ways to each value; the errors name the one that says most."""

    IPADM_RANGE = next(key for key in IPADM if "anon" in key)
    NDD_RANGE = next(key for key in NDD if "anon" in key)

    @pytest.mark.parametrize(
        ("ipadm", "ndd", "kind", "text"),
        [
            (None, None, SystemReadError, f"with '{IPADM_RANGE}': no such program"),
            ("odd\n", None, UnexpectedOutputError, f"with '{IPADM_RANGE}': expected"),
            (None, "odd\n", UnexpectedOutputError, f"with '{NDD_RANGE}': expected"),
            ("odd\n", "odder\n", UnexpectedOutputError, f"with '{NDD_RANGE}': expected"),
            # Another failure than a missing program is final.
            (OSError(13, "Denied"), "32768\n65535\n", SystemReadError, "': denied"),
            (None, OSError(13, "Denied"), SystemReadError, f"with '{NDD_RANGE}': denied"),
        ],
    )
    def test_which_of_several_failures_is_raised(
        self,
        ipadm: str | Exception | None,
        ndd: str | Exception | None,
        kind: type[Exception],
        text: str,
    ) -> None:
        texts: dict[str, str | Exception] = {}
        for key, value in ((self.IPADM_RANGE, ipadm), (self.NDD_RANGE, ndd)):
            if value is not None:
                texts[key] = value
        for read in (system.read_settings, system.read_ephemeral, system.read_configured):
            with pytest.raises(SystemReadError) as caught:
                read(machine=machine("sunos5", texts))
            assert type(caught.value) is kind
            assert text in str(caught.value)

    @pytest.mark.parametrize(
        ("missing", "field"),
        [
            ("ip_local_port_range", "the ephemeral range"),
            ("ip_local_reserved_ports", "the reserved ports"),
            ("ip_unprivileged_port_start", "the first unprivileged port"),
            ("tcp_tw_reuse", "the reuse of TIME_WAIT"),
            ("tcp_max_tw_buckets", "the limit of TIME_WAIT sockets"),
        ],
    )
    def test_the_first_failure_is_reported(self, missing: str, field: str) -> None:
        order = ["ip_local_port_range", "ip_local_reserved_ports", "ip_unprivileged_port_start",
                 "tcp_tw_reuse", "tcp_max_tw_buckets"]  # fmt: skip
        # This file and all that are read after it.
        odd: dict[str, str | Exception | None] = dict.fromkeys(
            order[order.index(missing) :], "odd\n"
        )
        with pytest.raises(UnexpectedOutputError) as caught:
            system.read_settings(machine=linux(**odd))
        assert str(caught.value).startswith(f"cannot read {field} from {IPV4}{missing}: expected")


class TestPrivileges:
    """CapEff is a mask; CAP_NET_BIND_SERVICE is bit 10 (include/uapi/linux/capability.h)."""

    STATUS = "/proc/self/status"

    @pytest.mark.parametrize(
        ("mask", "may"),
        [
            ("0000000000000000", False),
            ("0000000000000400", True),
            ("00000000000003ff", False),
            ("fffffffffffffbff", False),
            ("000001ffffffffff", True),
            ("400", True),
        ],
    )
    @pytest.mark.parametrize("platform", ["linux", "android"])
    def test_linux_needs_the_capability(self, platform: str, mask: str, may: bool) -> None:
        text = f"Name:\tsh\nUid:\t0\t0\t0\t0\nCapPrm:\t0000000000000400\nCapEff:\t{mask}\n"
        there = machine(platform, {self.STATUS: text})
        assert system.read_may_bind_privileged(machine=there) is may

    @pytest.mark.parametrize(
        "text",
        ["", "Name:\tsh\n", "CapEff:\t\n", "CapEff:\tg\n", "CapEff:\t0x400\n", "CapEff:\t-1\n",
         "CapEff:\t" + "0" * 17, "CapEff:\t0\nCapEff:\t0\n"],
    )  # fmt: skip
    def test_a_status_file_without_exactly_one_mask_is_refused(self, text: str) -> None:
        with pytest.raises(UnexpectedOutputError) as caught:
            system.read_may_bind_privileged(machine=machine("linux", {self.STATUS: text}))
        assert str(caught.value).startswith("cannot read the privileges of this process: expected")

    @pytest.mark.parametrize("platform", ["darwin", "freebsd14", "openbsd7", "netbsd10", "sunos5"])
    @pytest.mark.parametrize(("user", "may"), [("0", True), ("1001", False)])
    def test_on_other_systems_only_root_may_bind_privileged_ports(
        self, platform: str, user: str, may: bool
    ) -> None:
        there = machine(platform, {"id -u": f"{user}\n"})
        assert system.read_may_bind_privileged(machine=there) is may

    def test_windows_requires_no_privilege(self) -> None:
        assert system.read_may_bind_privileged(machine=machine("win32", {}))

    def test_privileges_that_cannot_be_read(self) -> None:
        for platform in ("linux", "darwin"):
            with pytest.raises(SystemReadError) as caught:
                system.read_may_bind_privileged(machine=machine(platform, {}))
            assert str(caught.value) == (
                "cannot read the privileges of this process: no such file or directory"
            )
        with pytest.raises(UnexpectedOutputError):
            system.read_may_bind_privileged(machine=machine("darwin", {"id -u": "root\n"}))

    def test_the_profile_has_the_boundary_of_the_machine(self) -> None:
        profile = system.read_settings(machine=linux(ip_unprivileged_port_start="80\n")).profile
        assert (profile.is_privileged(79), profile.is_privileged(80)) == (True, False)
        profile = system.read_settings(machine=machine("freebsd14", FREEBSD)).profile
        assert (profile.is_privileged(79), profile.is_privileged(80)) == (True, False)
        solaris = {**NDD, "ndd /dev/tcp tcp_extra_priv_ports": "5000 \n"}
        profile = system.read_settings(machine=machine("sunos5", solaris)).profile
        assert [profile.is_privileged(each) for each in (80, 2049, 5000)] == [True, False, True]


def test_the_recorded_machine_has_no_command_and_no_other_file() -> None:
    with pytest.raises(FileNotFoundError, match="No such file or directory"):
        system.RECORDED_LINUX.run(["sysctl", "-a"])
    with pytest.raises(FileNotFoundError, match="No such file or directory: '/proc/version'"):
        system.RECORDED_LINUX.read_file("/proc/version")
