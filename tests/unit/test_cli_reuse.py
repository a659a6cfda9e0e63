"""``portranges reuse`` and ``portranges capacity``."""

from __future__ import annotations

import pytest

from envelope import result_of
from portranges.cli import main

PAIR = ["reuse", "0.0.0.0:8080", "127.0.0.1:8080"]


def test_reuse_on_all_systems(capsys):
    assert main([*PAIR, "--reuse-address", "--listening"]) == 1
    out = capsys.readouterr().out
    assert all(len(line) <= 80 for line in out.splitlines())
    rows = {line.split()[0]: line.split()[1:] for line in out.split("\n\n")[1].splitlines()}
    assert rows["system"] == ["verdict", "error", "rule"]
    assert rows["linux"] == ["refused", "EADDRINUSE", "linux-listener"]
    assert rows["freebsd"] == ["allowed", "-", "freebsd-one-sided"]
    assert rows["windows"][0] == "allowed"
    assert "SO_REUSEADDR does not share a port with a listening socket" in " ".join(out.split())


def test_reuse_on_one_system(capsys):
    assert main([*PAIR, "--reuse-address", "--system", "linux"]) == 0
    assert "linux  allowed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ([], "EADDRINUSE"),
        (["--new-reuse-address"], "EADDRINUSE"),
        (["--existing-reuse-address"], "EADDRINUSE"),
        (["--existing-reuse-address", "--new-reuse-address"], None),
        (["--reuse-port"], None),
        (["--reuse-port", "--new-uid", "1000"], "EADDRINUSE"),
        (["--reuse-port", "--uid", "1000"], None),
        (["--reuse-port", "--uid", "1000", "--new-uid", "0"], "EADDRINUSE"),
        (["--reuse-port", "--uid", "1000", "--existing-uid", "0"], "EADDRINUSE"),
        (["--reuse-port", "--new-uid", "1000", "--state", "time-wait"], None),
        (["--existing-device", "eth0", "--new-device", "eth1"], None),
        (["--udp", "--reuse-address"], None),
    ],
)
def test_options_apply_to_the_socket_that_they_name(capsys, options, error):
    status = main([*PAIR, "--system", "linux", "--json", *options])
    (decision,) = result_of(capsys.readouterr().out)
    assert decision["error"] == error
    assert status == (error is not None)
    assert decision["system"] == "linux"
    assert decision["source"]


def test_ipv6_is_written_in_brackets(capsys):
    assert main(["reuse", "[::]:80", "[::1]:80", "--system", "linux", "--json"]) == 1
    assert result_of(capsys.readouterr().out)[0]["blocker"] == "tcp [::]:80"
    assert main(["reuse", "0.0.0.0:80", "[::]:80", "--new-v6only", "--system", "linux"]) == 0


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        # iproute2 6.1.0, `ss -tlnp` and `ss -tl`
        ("0.0.0.0:5000", "tcp 0.0.0.0:5000"),
        ("127.0.0.53%lo:53", "tcp 127.0.0.53:53 on lo"),
        ("127.0.0.53%lo:domain", "tcp 127.0.0.53:53 on lo"),
        ("[fe80::1234]%lo:546", "tcp [fe80::1234]:546 on lo"),
        ("*%lo:69", "tcp [::]:69 on lo, dual-stack"),
        ("*:5000", "tcp [::]:5000, dual-stack"),
        ("[::]:http", "tcp [::]:80"),
        ("[::ffff:127.0.0.1]:8443", "tcp [::ffff:127.0.0.1]:8443"),
        # net-tools 2.10, `netstat -tlnp` and `netstat -tl`; Node.js prints `:::80` as well
        (":::80", "tcp [::]:80"),
        ("::1:ipp", "tcp [::1]:631"),
        ("0.0.0.0:http", "tcp 0.0.0.0:80"),
        # freebsd/freebsd-src@005a443, usr.bin/netstat/inet.c, inetprint()
        ("127.0.0.1.53", "tcp 127.0.0.1:53"),
        ("*.22", "tcp [::]:22, dual-stack"),
        # lsof 4.95, and what people type
        ("localhost:5000", "tcp 127.0.0.1:5000"),
        # Go, net.Listen()
        (":8080", "tcp [::]:8080, dual-stack"),
        ("[fe80::1%eth0]:80", "tcp [fe80::1]:80 on eth0"),
        ("[fe80::1%25eth0]:80", "tcp [fe80::1]:80 on eth0"),
    ],
)
def test_addresses_that_tools_print_are_accepted(capsys, text, shown):
    assert main(["reuse", text, "--system", "linux"]) == 0
    assert f"new       {shown}\n" in capsys.readouterr().out
    assert main(["reuse", text, text, "--system", "linux"]) == 1
    assert f"existing  {shown}\nnew       {shown}\n" in capsys.readouterr().out


def test_an_interface_in_the_address_goes_before_the_option(capsys):
    words = ["reuse", "127.0.0.1%lo:80", "127.0.0.1:80", "--device", "eth0", "--system", "linux"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "existing  tcp 127.0.0.1:80 on lo\nnew       tcp 127.0.0.1:80 on eth0\n" in out


def test_a_star_is_dual_stack_unless_an_option_says_otherwise(capsys):
    assert main(["reuse", "0.0.0.0:80", "*:80", "--system", "linux"]) == 1
    assert main(["reuse", "0.0.0.0:80", "*:80", "--new-v6only", "--system", "linux"]) == 0
    assert "[::]:80, IPV6_V6ONLY" in capsys.readouterr().out


@pytest.mark.parametrize("star", ["*:80", ":80", "*.80"])
@pytest.mark.parametrize("system", ["openbsd", "windows-xp", "windows-2003"])
def test_a_star_is_two_sockets_without_dual_stack(capsys, star, system):
    assert main(["reuse", star]) == 0
    assert main(["reuse", star, "--system", system]) == 0
    out = capsys.readouterr().out
    note = f"on {system}: [::] and 0.0.0.0 instead of a dual-stack socket, which does not exist"
    assert note in " ".join(out.split())
    # It means both sockets, as the new one and as the existing one.
    for one in ("0.0.0.0:80", "[::]:80", star):
        for sockets in ([one, star], [star, one]):
            assert main(["reuse", *sockets, "--system", system, "--json"]) == 1
            (decision,) = result_of(capsys.readouterr().out)
            there = one if one != star else "[::]:80"
            assert decision["blocker"] == f"tcp {there}"
            assert main(["reuse", *sockets, "--json"]) == 1
            capsys.readouterr()
    assert main(["reuse", "0.0.0.0:80", star, "--v6only", "--system", system]) == 2
    assert main(["reuse", "0.0.0.0:80", star, "--new-v6only", "--system", system]) == 0
    assert "instead of" not in capsys.readouterr().out
    assert main(["reuse", star, "--dual-stack", "--system", system]) == 2
    assert "IPV6_V6ONLY cannot be cleared on " in capsys.readouterr().err


def test_a_star_on_all_systems(capsys):
    assert main(["reuse", "0.0.0.0:80", "*:80", "--json"]) == 1
    answers = {each["system"]: each for each in result_of(capsys.readouterr().out)}
    assert answers["openbsd"]["error"] == "EADDRINUSE"
    assert answers["freebsd"]["verdict"] == "allowed"
    assert main(["reuse", "127.0.0.1:81", "*:80"]) == 0
    assert "on openbsd: [::] and 0.0.0.0 instead of" in capsys.readouterr().out
    assert main(["reuse", "[::]:80", "--dual-stack"]) == 1


@pytest.mark.parametrize(
    "option",
    [
        "--existing-reuse-address",
        "--existing-reuse-port",
        "--existing-exclusive",
        "--existing-v6only",
        "--existing-dual-stack",
        "--existing-uid=0",
        "--existing-device=lo",
        "--listening",
        "--state=bound",
    ],
)
def test_an_option_requires_the_socket_that_it_is_about(capsys, option):
    assert main(["reuse", "127.0.0.1:80", option]) == 2
    name = option.partition("=")[0]
    rule = f"{name} requires an existing socket before the new one, got one socket"
    assert capsys.readouterr() == ("", f"portranges: {rule}\n")


@pytest.mark.parametrize(
    ("address", "message"),
    [
        *(
            (
                text,
                "local_addresses must be addresses of the machine, not a wildcard, multicast or "
                f"broadcast address, got {text}",
            )
            for text in ("::", "0.0.0.0", "::ffff:0.0.0.0", "224.0.0.1", "ff02::1")
        ),
        (
            "255.255.255.255",
            "local_addresses must be addresses of the machine, not a wildcard, multicast or "
            "broadcast address, got 255.255.255.255",
        ),
        ("::1%lo", "only a link-local address has a zone, got '::1%lo'"),
        ("::%lo", "only a link-local address has a zone, got '::%lo'"),
        ("x", "address must be an IPv4 or IPv6 address, got 'x'"),
    ],
)
def test_a_local_address_must_be_one_that_a_machine_can_have(capsys, address, message):
    assert main(["reuse", "127.0.0.1:80", "--local-address", address]) == 2
    assert capsys.readouterr() == ("", f"portranges: {message}\n")
    words = ["reuse", "[fe80::1]%lo:80", "--system", "linux", "--local-address"]
    assert main([*words, "fe80::1%lo"]) == 0
    assert main([*words, "fe80::2"]) == 1


def test_dual_stack_has_no_effect_at_a_specific_ipv6_address(capsys):
    # Linux 6.18: bind() sets IPV6_V6ONLY there, and 0.0.0.0 is free beside it.
    assert main(["reuse", "[::1]:80", "0.0.0.0:80", "--dual-stack", "--system", "linux"]) == 0
    assert "existing  tcp [::1]:80\n" in capsys.readouterr().out


def test_dual_stack_is_printed_where_it_is_not_the_default(capsys):
    both = ["0.0.0.0:8080", "[::]:8080"]
    for sockets, status in ((both, 0), (both[::-1], 1)):
        assert main(["reuse", *sockets, "--dual-stack", "--system", "freebsd"]) == status
        assert "[::]:8080, dual-stack" in capsys.readouterr().out
    assert main(["reuse", *both[::-1], "--system", "freebsd"]) == 0
    # An option for one side overrides the option for both.
    words = ["reuse", "[::]:8080", "[::ffff:127.0.0.1]:8080", "--v6only", "--new-dual-stack"]
    assert main([*words, "--system", "linux"]) == 0
    assert main(["reuse", "[::]:80", "--v6only", "--dual-stack"]) == 2


def test_sources_are_not_split(capsys):
    assert main(PAIR) == 1
    assert "illumos/illumos-gate@39707ee," in capsys.readouterr().out.split()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["reuse", "0.0.0.0:80", "0.0.0.0:80", "--listening", "--state", "time-wait"],
            "argument --state: not allowed with argument --listening",
        ),
        (["reuse", "8080"], "expected 'host:port', got '8080'; write ':8080' for every address"),
        (["reuse", "0.0.0.0"], "expected a port after the host, got '0.0.0.0'"),
        (["reuse", "2001:db8::1"], "an IPv6 address must be in brackets, because its last group"),
        (
            ["reuse", "example.com:80"],
            "a socket must have an IP address; only the name localhost is resolved, "
            "got 'example.com'",
        ),
        # A misspelt service is a usage error (2); 1 would mean that a bind is refused.
        (["reuse", "0.0.0.0:htpp"], "unknown service, got 'htpp'; did you mean 'htcp' or 'http'"),
        (
            ["reuse", "0.0.0.0:http-alt"],
            "a service name must have exactly one port, got 'http-alt'",
        ),
        (["reuse", "0.0.0.0:*"], "an endpoint must have one port, got '*'"),
        (["reuse", "0.0.0.0:080"], "port must have no leading zero, got '080'"),
        (
            ["reuse", "0.0.0.0:80", "0.0.0.0:80", "--udp", "--listening"],
            "a udp socket must be unbound, bound or connected, got 'listening'",
        ),
        (
            ["capacity", "--clients", "5"],
            "--clients requires --ports-per-client, got --clients 5 without it",
        ),
        (
            ["capacity", "--ports-per-client", "5"],
            "ports_per_client requires an address translator, such as gcp-cloud-nat, got linux",
        ),
        (["capacity", "--method", "nope"], "unknown method of linux, got 'nope'"),
        (["capacity", "--system", "linus"], "unknown system, got 'linus'; did you mean 'linux'"),
        (["reuse", "0.0.0.0:80", "--system", "linus"], "unknown system, got 'linus'; did you mean"),
        (
            ["capacity", "--rate=-5"],
            "argument --rate: expected a number from 0 to 999,999,999,999,999, got '-5'",
        ),
        (
            ["reuse", "0.0.0.0:80", "--uid=-1"],
            "argument --uid: expected a whole number from 0 to 999,999,999,999,999, got '-1'",
        ),
        (
            ["capacity", "--system", "zos", "--rate", "1"],
            "--rate requires --time-wait, because TIME_WAIT of zos is unknown, "
            "got --rate without it",
        ),
        (
            ["capacity", "--method", "udp", "--rate", "1"],
            "--rate applies to TCP only; nothing else enters TIME_WAIT, got udp",
        ),
        (["capacity", "--ports", "9-8"], "first must not be greater than last, got 9-8; "),
    ],
)
def test_impossible_arguments_are_an_error_of_one_line(capsys, words, message):
    assert main(words) in (1, 2)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"portranges: {message}")
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize("text", ["nan", "inf", "1_0", "-1", "1e3", "٣", ""])
def test_numbers_are_read_strictly(capsys, text):
    assert main(["capacity", f"--rate={text}"]) == 2
    assert "expected a number from 0 to 999,999,999,999,999, got " in capsys.readouterr().err


def test_a_rate_that_does_not_fit(capsys):
    assert main(["capacity", "--system", "linux", "--rate", "500"]) == 1
    out = capsys.readouterr().out
    assert "470.5, to 1 destination from 1 source, each closed by this side" in out
    assert "500 does not fit: the limit is 470.5" in out
    assert "this rate keeps 30,000 connections in TIME_WAIT" in out
    assert all(len(line) <= 80 for line in out.splitlines())


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (["--rate", "470"], 0),
        (["--rate", "500", "--ports", "1024-65535"], 0),
        (["--rate", "500", "--time-wait", "1"], 0),
        (["--rate", "941", "--sources", "2"], 0),
        (["--rate", "942", "--sources", "2"], 1),
        (["--rate", "1411", "--destinations", "3"], 0),
        (["--rate", "500", "--destinations", "3", "--method", "bind0"], 1),
        (["--system", "macos", "--rate", "600", "--destinations", "3"], 1),
        (["--connections", "28232"], 0),
        (["--connections", "28233"], 1),
        (["--connections", "56464", "--destinations", "2"], 0),
        (["--connections", "56464", "--destinations", "2", "--method", "bind0"], 1),
        (["--connections", "28232", "--excluded", "40000"], 1),
        (["--connections", "9", "--ports", "40000-40008"], 1),
        (["--system", "macos", "--connections", "16384"], 1),
        ("--system macos --connections 32766 --sources 2".split(), 1),
        ("--system macos --connections 32766 --sources 2 --families 2".split(), 0),
        ("--system gcp-cloud-nat --ports 1024-1087 --connections 64".split(), 0),
        ("--system gcp-cloud-nat --ports 1024-1087 --connections 65".split(), 1),
        ("--system gcp-cloud-nat --excluded 1024-1087 --connections 64448".split(), 0),
        ("--system gcp-cloud-nat --excluded 1024-1087 --connections 64449".split(), 1),
        ("--system gcp-cloud-nat --ports 1024-1087 --rate 0.53".split(), 0),
        ("--system gcp-cloud-nat --ports 1024-1087 --rate 0.54".split(), 1),
        ("--system gcp-cloud-nat --ports-per-client 64 --connections 65".split(), 1),
        ("--system gcp-cloud-nat --ports-per-client 64 --clients 1008".split(), 0),
        ("--system gcp-cloud-nat --ports-per-client 64 --clients 1009".split(), 1),
        ("--system gcp-cloud-nat --ports-per-client 64 --clients 2016 --addresses 2".split(), 0),
        (
            "--system azure-load-balancer --ports-per-client 4000 --clients 50 --sources 4".split(),
            0,
        ),
    ],
)
def test_the_status_says_whether_the_connections_fit(capsys, options, status):
    assert main(["capacity", *options]) == status
    assert capsys.readouterr().err == ""


def test_lines_fit_the_width_with_large_numbers(capsys):
    ports = ",".join(f"{first}-{first + 100}" for first in range(1024, 20000, 1200))
    many = [
        "--destinations",
        "999999999999",
        "--sources",
        "99999",
        "--connections",
        "9999999999999",
    ]
    for words in (
        ["capacity", "--ports", ports, *many],
        ["capacity", "--ports", "1024-2036", "--rate", "16.88"],
        ["reuse", *["[2001:db8:1111:2222:3333:4444:5555:6666]:65535"] * 2, "--system", "linux",
         "--reuse-address", "--reuse-port", "--uid", "4294967294", "--device", "interface-abcdef"],
    ):  # fmt: skip
        main(words)
        out = capsys.readouterr().out
        assert out
        assert all(len(line) <= 80 for line in out.splitlines())
    assert main(["capacity", "--ports", ports, *many]) in (0, 1)
    ends = capsys.readouterr().out.split("TIME_WAIT")[0].split()
    assert [text.rstrip(",") for text in ends if "-" in text] == ports.split(",")


def test_the_capacity_of_a_translator(capsys):
    words = "capacity --system gcp-cloud-nat --ports-per-client 65536 --clients 3 --addresses 2"
    assert main(words.split()) == 1
    assert capsys.readouterr().out == (
        "system       Google Cloud NAT\n"
        "ports        1024-65535 (64,512)\n"
        "             at most 64,512 per address and destination\n"
        "at once      65,536 connections for each client by connect, to 1 destination\n"
        "             from 2 addresses\n"
        "max clients  0 to 1, with 65,536 ports each, on 2 addresses\n"
        "TIME_WAIT    120 s\n"
        "per second   546.1 for each client, to 1 destination from 2 addresses, each\n"
        "             closed by this side\n"
        "clients      3 does not fit: the limit is 0 to 1\n"
        "             addresses needed: 4 or more\n"
    )
    assert main([*words.replace("65536", "64").split(), "--json"]) == 0
    data = result_of(capsys.readouterr().out)
    assert (data["ports_per_client"], data["clients"]) == (64, {"low": 2016, "high": 2016})
    assert main(["capacity", "--system", "azure-load-balancer"]) == 0
    assert "\nports        at most 64,000 per address and destination\n" in capsys.readouterr().out


def test_bounds_that_differ_are_printed_differently(capsys):
    main(["capacity", "--ports", "1024-2036"])
    assert "per second   16.8667 to 16.8833, to 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("rate", "ports", "said"),
    [
        ("470.5", "32768-60999", "470.5 fits: the limit is 470.5"),
        ("470.52", "32768-60999", "470.52 fits: the limit is 470.533"),
        ("470.54", "32768-60999", "470.54 does not fit: the limit is 470.5"),
        ("470.53332", "32768-60999", "470.53332 fits: the limit is 470.533333333333"),
        (
            "16.87",
            "1024-2036",
            "16.87 may or may not fit: the limit is 16.8667 to 16.8833",
        ),
        ("16.9", "1024-2036", "16.9 does not fit: the limit is 16.8667 to 16.8833"),
        ("3", "1024-2036", "3 fits: the limit is 16.8667 to 16.8833"),
    ],
)
def test_the_printed_numbers_are_consistent_with_the_verdict(capsys, rate, ports, said):
    assert main(["capacity", "--rate", rate, "--ports", ports]) == (" fits" not in said)
    assert said in " ".join(capsys.readouterr().out.split())


def test_no_socket_has_port_0(capsys):
    assert main(["capacity", "--ports", "0-65535"]) == 2
    rule = "a range must not contain port 0, which no socket has"
    assert capsys.readouterr().err == f"portranges: {rule}, got '0-65535'\n"


def test_a_range_without_ports_is_described_in_words(capsys):
    for words in (["--excluded", "0-65535"], ["--ports", "80-90", "--excluded", "80-90"]):
        assert main(["capacity", *words]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[1] == "ports        none, because all of them are excluded"
        assert lines[2].startswith("at once      0 connections")
    assert main(["capacity", "--ports", ""]) == 2
    assert capsys.readouterr().err == "portranges: --ports must have at least one port, got none\n"
    assert main(["capacity", "--excluded", ""]) == 0
    assert "32768-60999 (28,232)" in capsys.readouterr().out
    assert main(["capacity", "--system", "azure-load-balancer", "--excluded", "1"]) == 2
    assert capsys.readouterr().err == (
        "portranges: --excluded requires --ports, because azure-load-balancer has no fixed range, "
        "got --excluded without it\n"
    )


def test_control_codes_in_the_name_of_an_interface_are_escaped(capsys):
    words = ["reuse", "0.0.0.0:80", "--device", "a\n\x1b[31mb"]
    assert main(words) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "\x1b" not in told.err
    assert told.err.count("\n") == 1


def test_udp_has_no_time_wait(capsys):
    assert main(["capacity", "--method", "udp"]) == 0
    out = capsys.readouterr().out
    assert "TIME_WAIT    none\n" in out
    assert "a second" not in out


def test_capacity_as_data(capsys):
    assert main(["capacity", "--ports", "40000-40008", "--connections", "9", "--json"]) == 1
    data = result_of(capsys.readouterr().out)
    assert data["concurrent"] == {"low": 8, "high": 9}
    assert data["questions"] == [{"what": "connections", "wanted": 9, "fits": None}]
    assert data["tuned"] is True
