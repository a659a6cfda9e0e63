"""Which addresses a machine has: by default those of a new machine.

Linux has a local route for all of 127.0.0.0/8, and Windows accepts all of it. The BSDs, macOS,
illumos and Solaris configure 127.0.0.1/8 on lo0 and look for exactly the address that bind() is
given (ifa_ifwithaddr(), ip_laddr_verify_v4()). All have ::1. Addresses of other interfaces are not
known, so that each is one of the machine unless the caller names them.
"""

from __future__ import annotations

import pytest

from envelope import result_of
from portranges.cli import main
from portranges.errors import InvalidSocketError
from portranges.reuse import PortTable, Socket, can_bind, portability, systems

WIDE = {"linux", "windows", "windows-2003", "windows-xp"}
# fe80::/10 needs a zone, which is a socket's device here.
ZONED = {"linux", "freebsd", "freebsd-14", "freebsd-13", "macos", "openbsd", "netbsd"}


def refused(name, address, local=None, **more):
    socket = Socket(transport="tcp", address=address, port=8080, **more)
    table = PortTable(name, local_addresses=local, seed=1)
    handle = table.socket("tcp", family=socket.family, **more)
    error = can_bind(socket, [], system=name, local_addresses=local).error
    assert table.bind(handle, address, 8080).error == error
    assert error in (None, "EADDRNOTAVAIL", "WSAEADDRNOTAVAIL", "EINVAL")
    return error is not None


@pytest.mark.parametrize("name", systems())
def test_addresses_that_can_be_bound_by_default(name):
    narrow = name not in WIDE
    assert not refused(name, "127.0.0.1")
    assert not refused(name, "::1")
    assert not refused(name, "192.0.2.1")
    assert not refused(name, "2001:db8::1")
    for other in ("127.0.0.2", "127.1.2.3", "127.255.255.255"):
        assert refused(name, other) is narrow
    assert refused(name, "fe80::1") is (name in ZONED)


@pytest.mark.parametrize("name", systems())
def test_named_addresses_are_the_only_ones_beside_loopback(name):
    local = ["192.0.2.1", "127.0.0.2", "fe80::1%lo0"]
    narrow = name not in WIDE
    assert not refused(name, "192.0.2.1", local)
    assert not refused(name, "127.0.0.2", local)
    assert refused(name, "127.0.0.3", local) is narrow
    assert refused(name, "192.0.2.2", local)
    assert refused(name, "2001:db8::1", local)
    assert refused(name, "fe80::1", local) is (name == "linux")
    assert not refused(name, "127.0.0.1", [])


@pytest.mark.parametrize("name", ["linux", "macos", "illumos"])
def test_the_device_is_the_zone(name):
    assert not refused(name, "fe80::1", device="lo0")


def test_portability_has_the_same_addresses():
    new = Socket(transport="tcp", address="127.0.0.2", port=8080)
    allowed = {name for name, answer in portability(new).items() if answer.allowed}
    assert allowed == {"linux", "windows"}
    assert all(a.allowed for a in portability(new, local_addresses=["127.0.0.2"]).values())
    new = Socket(transport="tcp", address="192.0.2.2", port=8080)
    assert not any(a.allowed for a in portability(new, local_addresses=["192.0.2.1"]).values())


def test_a_connection_comes_to_an_address_of_the_machine():
    for name, narrow in (("macos", True), ("linux", False)):
        table = PortTable(name)
        listener = table.socket("tcp")
        assert table.bind(listener, "0.0.0.0", 8080).allowed
        assert table.listen(listener).allowed
        if narrow:
            with pytest.raises(InvalidSocketError, match=r"127\.0\.0\.2; pass it in local_addr"):
                table.accept(listener, local="127.0.0.2")
        else:
            assert table.accept(listener, local="127.0.0.2").allowed


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--system", "macos"], "EADDRNOTAVAIL"),
        (["--system", "macos", "--local-address", "127.0.0.2"], None),
        (["--system", "macos", "--local-address", "10.0.0.1", "--local-address=127.0.0.2"], None),
        (["--system", "linux"], None),
        (["--system", "windows"], None),
        (["--system", "openbsd", "--local-address", "10.0.0.1"], "EADDRNOTAVAIL"),
    ],
)
def test_the_command_line_names_local_addresses(capsys, options, error):
    assert main(["reuse", "127.0.0.2:8080", "--json", *options]) == (error is not None)
    (decision,) = result_of(capsys.readouterr().out)
    assert decision["error"] == error


def test_the_command_line_passes_local_addresses_to_all_systems(capsys):
    assert main(["reuse", "192.0.2.5:8080", "--local-address", "192.0.2.5"]) == 0
    assert main(["reuse", "192.0.2.5:8080", "--local-address", "192.0.2.4"]) == 1
    assert main(["reuse", "192.0.2.5:8080", "--local-address", "somewhere"]) == 2
    assert "somewhere" in capsys.readouterr().err
