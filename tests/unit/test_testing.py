"""Free and reserved ports: what they are kept from, and that sockets decide."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import itertools
import socket
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from portranges import (
    Category,
    InvalidValueError,
    PortRange,
    PortSet,
    PortsExhaustedError,
    SystemReadError,
    UnknownNameError,
    advice,
    ephemeral,
    registry,
    reuse,
    system,
    testing,
    uses,
)
from portranges.errors import PortRangesError
from portranges.testing import FreePorts, ReservedPort

PLACES = {socket.AF_INET: ("127.0.0.1", "0.0.0.0"), socket.AF_INET6: ("::1", "::")}
KINDS = (socket.SOCK_STREAM, socket.SOCK_DGRAM)
HAS_IPV6 = socket.AF_INET6 in {testing._FAMILIES[each] for each in FreePorts([1])._families}


@contextlib.contextmanager
def bound(
    port: int, address: str = "127.0.0.1", kind: int = socket.SOCK_STREAM, **options: bool
) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, kind) as made:
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, not options.pop("dual", False))
        for option, value in options.items():
            made.setsockopt(socket.SOL_SOCKET, getattr(socket, option), value)
        made.bind((address, port))
        yield made


def is_free(port: int) -> bool:
    try:
        return FreePorts([port])() == port
    except PortsExhaustedError:
        return False


@pytest.fixture(scope="module")
def free() -> FreePorts:
    return FreePorts()


def test_a_free_port_can_be_bound_everywhere(free: FreePorts) -> None:
    port = free()
    for family, addresses in PLACES.items():
        if family == socket.AF_INET6 and not HAS_IPV6:
            continue
        for kind, address in itertools.product(KINDS, addresses):
            with bound(port, address, kind):
                pass


def test_a_free_port_suits_a_service_of_this_machine(free: FreePorts) -> None:
    left = PortSet(free._left)
    assert len(left) > 100
    settings = [
        system.read_settings(transport, family=family)
        for transport in ("tcp", "udp")
        for family in ("inet", "inet6")
    ]
    for each in settings:
        assert not left & each.profile.ports
        assert not left & (each.reserved | each.excluded)
        assert left.first >= (each.unprivileged_start or 0)
    assert not left & (uses.BROWSER_BLOCKED | Category.SYSTEM.ports | Category.DYNAMIC.ports)
    assert left <= registry.SHIPPED.unassigned("tcp") & registry.SHIPPED.unassigned("udp")


def test_the_settings_of_the_machine_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    here = system.RECORDED_LINUX
    monkeypatch.setattr(system, "read_settings", partial(system.read_settings, machine=here))
    reserved = system.read_reserved(machine=here)
    assert reserved
    assert PortSet(FreePorts()._left) == advice.listen_ports(
        [system.read_ephemeral(machine=here)], ("tcp", "udp"), excluded=reserved
    )


def test_reserved_and_excluded_ports_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    some = sorted(FreePorts()._left)[:20]

    class Settings:
        profile = ephemeral.profile("linux")
        reserved = PortSet(some[:10])
        excluded = PortSet(some[10:])

    monkeypatch.setattr(system, "read_settings", lambda *args, **kwargs: Settings)
    assert not PortSet(FreePorts()._left) & PortSet(some)


def test_without_settings_the_usual_systems_count(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise SystemReadError("the ephemeral range", "permission denied")

    monkeypatch.setattr(system, "read_settings", fail)
    found = PortSet(FreePorts()._left)
    assert found == advice.listen_ports(transport=("tcp", "udp"))
    for name in ("linux", "windows", "macos"):
        assert not found & ephemeral.profile(name).ports


def test_a_machine_that_allocates_every_port_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    class Settings:
        profile = ephemeral.profile("linux").replace(ports=PortRange(1024, 65535))
        reserved = excluded = PortSet()

    monkeypatch.setattr(system, "read_settings", lambda *args, **kwargs: Settings)
    with pytest.raises(InvalidValueError) as caught:
        FreePorts()
    assert str(caught.value) == (
        "a port for tests must be outside the ephemeral range of the machine, got 1024-65535"
    )


def test_no_port_is_returned_twice(free: FreePorts) -> None:
    ports = [free() for _ in range(500)]
    assert len(set(ports)) == 500
    assert ports != sorted(ports)


def test_several_threads_get_different_ports() -> None:
    free, found = FreePorts(), list[int]()

    def take() -> None:
        found.extend(free() for _ in range(50))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(set(found)) == 400


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0", "127.0.0.2", "::1", "::"])
@pytest.mark.parametrize("options", [{}, {"SO_REUSEADDR": True}, {"SO_REUSEPORT": True}])
def test_a_port_in_use_is_not_free(
    free: FreePorts, kind: int, address: str, options: dict[str, bool]
) -> None:
    if (":" in address and not HAS_IPV6) or (address == "127.0.0.2" and sys.platform != "linux"):
        pytest.skip("NOT CHECKED: this machine lacks the address")
    if not all(hasattr(socket, each) for each in options):
        pytest.skip("NOT CHECKED: this system lacks the option")
    port = free()
    assert is_free(port)
    with bound(port, address, kind, **options) as one:
        assert not is_free(port)
        if kind == socket.SOCK_STREAM:
            one.listen()
            assert not is_free(port)
    assert is_free(port)


@pytest.mark.skipif(not HAS_IPV6, reason="NOT CHECKED: this machine has no IPv6")
def test_a_port_of_a_dual_stack_socket_is_not_free(free: FreePorts) -> None:
    port = free()
    with bound(port, "::", dual=True) as one:
        one.listen()
        assert not is_free(port)


@pytest.mark.skipif(sys.platform != "linux", reason="NOT CHECKED: TIME_WAIT is the kernel's")
def test_a_port_in_time_wait_is_not_free(free: FreePorts) -> None:
    port = free()
    with bound(port) as listener:
        listener.listen()
        with socket.create_connection(("127.0.0.1", port)):
            listener.accept()[0].close()
    assert not is_free(port)


def new_sockets(name: str, transport: str) -> list[reuse.Socket]:
    """The sockets with which a port is tested on the system *name*."""
    exclusive = name.startswith("windows")
    four = reuse.Socket(transport=transport, address="0.0.0.0", port=8000, exclusive=exclusive)
    six = reuse.Socket(
        transport=transport, address="::", port=8000, v6only=True, exclusive=exclusive
    )
    return [four, six]


def old_sockets(transport: str) -> Iterator[reuse.Socket]:
    places = [("127.0.0.1", None), ("192.0.2.1", None), ("0.0.0.0", None), ("::1", None)]
    places += [("2001:db8::1", None), ("::", True), ("::", False)]
    states = ["bound", "listening"] if transport == "tcp" else ["bound"]
    flags = itertools.product((False, True), repeat=3)
    for (address, v6only), state, (any_time, shared, alone) in itertools.product(
        places, states, list(flags)
    ):
        with contextlib.suppress(PortRangesError):
            yield reuse.Socket(
                transport=transport,
                address=address,
                port=8000,
                v6only=v6only,
                state=state,
                reuse_address=any_time,
                reuse_port=shared,
                exclusive=alone,
            )


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("name", reuse.systems())
def test_on_every_system_the_test_finds_every_socket(name: str, transport: str) -> None:
    count = 0
    for old in old_sockets(transport):
        try:
            decisions = [
                reuse.can_bind(new, [old], system=name) for new in new_sockets(name, transport)
            ]
        except PortRangesError:  # the system does not have the option
            continue
        count += 1
        assert not all(each.allowed for each in decisions), old
    assert count >= 10


def test_a_range_can_be_exhausted(free: FreePorts) -> None:
    ports = {free(), free(), free()}
    small = FreePorts(ports)
    assert repr(small) == "<FreePorts 3 ports>"
    assert {small(), small(), small()} == ports
    assert repr(small) == "<FreePorts 0 ports>"
    for _ in range(2):
        with pytest.raises(PortsExhaustedError) as caught:
            small()
        assert str(caught.value) == "free_port found no port among 3: 3 in use, 0 excluded"
    with pytest.raises(PortsExhaustedError):
        small.reserve()


def test_port_0_is_never_returned() -> None:
    with pytest.raises(PortsExhaustedError) as caught:
        FreePorts([0])()
    assert str(caught.value) == "free_port found no port among 0: 0 in use, 0 excluded"


@pytest.mark.parametrize("among", ["8000", 8000, [70000]])
def test_what_is_no_set_of_ports_is_refused(among: object) -> None:
    with pytest.raises((TypeError, PortRangesError)):
        FreePorts(among)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_a_shared_folder_keeps_processes_apart(tmp_path: Path, free: FreePorts) -> None:
    ports = PortSet(free() for _ in range(40))
    one, other = (FreePorts(ports, shared_folder=folder) for folder in (tmp_path, str(tmp_path)))
    taken = [each() for _ in range(10) for each in (one, other)]
    assert len(set(taken)) == 20
    assert {int(path.name) for path in tmp_path.iterdir()} >= set(taken)
    rest = len(ports) - 20
    assert len({one() for _ in range(rest)} | set(taken)) == 40
    with pytest.raises(PortsExhaustedError):
        other()


def test_a_port_that_may_not_be_bound_is_not_free(
    free: FreePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free()

    def refuse(self: socket.socket, address: tuple[str, int]) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    free = FreePorts([port])
    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(PortsExhaustedError):
        free()


def test_an_error_that_is_not_about_the_port_is_raised(
    free: FreePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: socket.socket, address: tuple[str, int]) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(OSError, match="Too many open files"):
        free()
    # Not taken for a machine without networks, either.
    with pytest.raises(OSError, match="Too many open files"):
        FreePorts([8000])()


def test_a_machine_without_ipv6(free: FreePorts, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free()
    monkeypatch.setitem(testing._FAMILIES, testing.Family.INET6, 9999)
    here = FreePorts([port])
    assert here._families == (testing.Family.INET,)
    with here.reserve() as reserved:
        assert reserved.port == port
        assert reserved.socket.family == socket.AF_INET
        with pytest.raises(InvalidValueError) as caught:
            reserved.socket_for("udp", family="inet6")
    assert str(caught.value) == "the socket must be one of tcp inet, udp inet, got udp inet6"


@pytest.mark.skipif(not HAS_IPV6, reason="NOT CHECKED: this machine has no IPv6")
def test_a_machine_without_ipv4(free: FreePorts, monkeypatch: pytest.MonkeyPatch) -> None:
    port = free()
    monkeypatch.setitem(testing._FAMILIES, testing.Family.INET, 9999)
    with FreePorts([port]).reserve() as reserved:
        assert reserved.socket.getsockname()[:2] == ("::1", reserved.port)


def test_a_reserved_port_has_every_socket(free: FreePorts) -> None:
    with free.reserve() as reserved:
        assert repr(reserved) == f"<ReservedPort {reserved.port}>"
        assert reserved.socket is reserved.socket_for("tcp", family="inet")
        for name, kind in zip(("tcp", "udp"), KINDS, strict=True):
            four = reserved.socket_for(name)
            assert (four.family, four.type) == (socket.AF_INET, kind)
            assert four.getsockname() == ("127.0.0.1", reserved.port)
            if HAS_IPV6:
                six = reserved.socket_for(name, family="inet6")
                assert (six.family, six.type) == (socket.AF_INET6, kind)
                assert six.getsockname()[:2] == ("::1", reserved.port)
    assert reserved.is_released
    assert repr(reserved) == f"<ReservedPort {reserved.port}, released>"
    reserved.release()
    assert is_free(reserved.port)


def test_a_reserved_port_is_not_free_until_it_is_released(free: FreePorts) -> None:
    reserved = free.reserve()
    assert not is_free(reserved.port)
    for address, kind in itertools.product(("127.0.0.1", "0.0.0.0"), KINDS):
        with pytest.raises(OSError) as caught, bound(reserved.port, address, kind):
            pass
        assert caught.value.errno == errno.EADDRINUSE
    reserved.release()
    assert is_free(reserved.port)


def test_the_socket_of_a_reserved_port_serves(free: FreePorts) -> None:
    with free.reserve() as reserved:
        reserved.socket.listen()
        with socket.create_connection(("127.0.0.1", reserved.port)) as client:
            server, _ = reserved.socket.accept()
            with server:
                server.sendall(b"hello")
                assert client.recv(5) == b"hello"


def test_asyncio_serves_on_the_socket(free: FreePorts) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        writer.close()

    async def ask(reserved: ReservedPort) -> bytes:
        async with await asyncio.start_server(echo, sock=reserved.socket):
            reader, writer = await asyncio.open_connection("127.0.0.1", reserved.port)
            writer.write(b"hello\n")
            answer = await reader.readline()
            writer.close()
            await writer.wait_closed()
            return answer

    with free.reserve() as reserved:
        assert asyncio.run(ask(reserved)) == b"hello\n"


@pytest.mark.skipif(sys.platform != "linux", reason="NOT CHECKED: the rules are Linux's")
def test_a_server_with_so_reuseaddr_can_start_on_a_reserved_port(free: FreePorts) -> None:
    with free.reserve() as reserved:
        with bound(reserved.port, "0.0.0.0", SO_REUSEADDR=True) as server:
            server.listen()
            with socket.create_connection(("127.0.0.1", reserved.port)):
                server.accept()[0].close()
        # And again, while the connection lingers.
        with bound(reserved.port, SO_REUSEADDR=True) as server:
            server.listen()


@pytest.mark.skipif(sys.platform != "linux", reason="NOT CHECKED: the rules are Linux's")
def test_a_server_with_the_reserved_socket_can_be_restarted(free: FreePorts) -> None:
    with free.reserve() as reserved:
        reserved.socket.listen()
        with socket.create_connection(("127.0.0.1", reserved.port)):
            reserved.socket.accept()[0].close()
    with bound(reserved.port, SO_REUSEADDR=True) as server:
        server.listen()


def test_so_reuseaddr_is_not_set_on_windows(
    free: FreePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    # There it would let every other process take the port. SO_KEEPALIVE shows what is set.
    one = FreePorts([free()])
    monkeypatch.setattr(testing.sys, "platform", "win32")
    monkeypatch.setattr(testing, "_EXCLUSIVE", socket.SO_KEEPALIVE)
    with one.reserve() as reserved:
        sockets = list(reserved._sockets.values())
        assert [each.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) for each in sockets] == [
            0
        ] * len(sockets)
        assert all(each.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) for each in sockets)


def test_a_port_that_is_bound_in_between_is_passed_over(
    free: FreePorts, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = free(), free()
    one = FreePorts([first, second])
    one._left[:] = [second, first]
    made = list[socket.socket]()

    def late(port: int, families: object) -> ReservedPort:
        if port == first:
            made.append(socket.create_server(("127.0.0.1", port)))
        return ReservedPort(port, one._families)

    monkeypatch.setattr(testing, "ReservedPort", late)
    with one.reserve() as reserved:
        assert reserved.port == second
    made[0].close()


def open_files() -> int:
    """The number of open files of this process, where the system shows it."""
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def test_a_failed_reservation_leaves_no_socket_open(free: FreePorts) -> None:
    port = free()
    before = open_files()
    # Only the last of the sockets fails: the others must be closed again.
    with bound(port, "::1" if HAS_IPV6 else "127.0.0.1", socket.SOCK_DGRAM):
        with pytest.raises(OSError, match="in use"):
            ReservedPort(port, FreePorts([port])._families)
        assert not is_free(port)
    assert open_files() == before


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ({"transport": "sctp"}, InvalidValueError),
        ({"transport": "tpc"}, UnknownNameError),
        ({"family": "inet4"}, UnknownNameError),
        ({"transport": 6}, TypeError),
        ({"family": 4}, TypeError),
    ],
)
def test_a_socket_that_is_not_held_is_refused(
    free: FreePorts, words: dict[str, str], error: type[Exception]
) -> None:
    with free.reserve() as reserved, pytest.raises(error):
        reserved.socket_for(**words)


def test_a_range_is_accepted(free: FreePorts) -> None:
    port = free()
    assert FreePorts(PortRange(port))() == port
