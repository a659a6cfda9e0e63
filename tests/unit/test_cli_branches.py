"""Branches of the commands and of what all modules share that no other test takes."""

from __future__ import annotations

import builtins
import io
import os
import pickle
from argparse import ArgumentParser
from dataclasses import dataclass, replace

import pytest

from portranges import InvalidValueError, PortSet, SystemReadError, Transport, check_port, checks
from portranges.capacity import Interval
from portranges.cli import (
    ephemeral,
    here,
    lingering,
    listening,
    numbers,
    sockets,
    this_machine,
    usage,
    watch,
    words,
)
from portranges.cli.arguments import Arguments
from portranges.cli.output import PipeTolerantStream
from portranges.ports import check_transports
from portranges.probe import (
    Age,
    Destination,
    LingeringListener,
    LingeringListeners,
    Scope,
    SocketRecord,
    SocketTable,
    Usage,
    Visibility,
)
from portranges.records import always_checked
from portranges.system import RECORDED_LINUX, read_settings

ALL = Visibility(sockets=Scope.ALL, owners=Scope.ALL)
OWN = Visibility(sockets=Scope.ALL, owners=Scope.OWN, reason="not root")


def record(**more):
    values = {"transport": "tcp", "family": "inet", "address": "127.0.0.1", "port": 40000}
    return SocketRecord(**{**values, "state": "listen", **more})


def test_both_byte_orders_are_accepted():
    assert (checks.byteorder("little"), checks.byteorder("big")) == ("little", "big")


def test_an_empty_list_of_transports_is_refused():
    with pytest.raises(InvalidValueError, match=r"^transport must name at least one transport"):
        check_transports([])


def test_a_limit_is_shown_exactly_if_rounding_would_hide_the_difference():
    # Two floats that differ in the 17th digit read alike in every form.
    low = 1000000.1
    limit = Interval(low, low + 2e-10)
    assert not limit.is_exact
    assert numbers.beside(limit, low) == "1,000,000.1 to 1,000,000.1"


def test_settings_that_a_system_does_not_have_are_left_out():
    settings = replace(
        read_settings(machine=RECORDED_LINUX),
        time_wait_reuse=None,
        time_wait_reuse_after=None,
        time_wait_limit=None,
        fin_wait_2=None,
    )
    labels = [label for label, _, _ in ephemeral._values(settings)]
    assert labels == ["range", "reserved", "excluded", "first unprivileged", "TIME_WAIT"]


@pytest.mark.parametrize(("start", "text"), [(0, "0"), (1024, "1024"), (None, "unknown")])
def test_the_first_unprivileged_port_may_be_zero(start, text):
    settings = replace(read_settings(machine=RECORDED_LINUX), unprivileged_start=start)
    assert ("first unprivileged", text, "unprivileged_start") in ephemeral._values(settings)


@pytest.mark.parametrize(
    ("state", "transport", "verdict"),
    [("unconnected", "udp", "bound"), ("closed", "tcp", "bound"), ("listen", "tcp", "listening")],
)
def test_the_verdict_about_a_bound_socket(monkeypatch, state, transport, verdict):
    table = SocketTable([record(state=state, transport=transport)], visibility=ALL, read_at=0.0)
    monkeypatch.setattr(here, "owners", lambda port, transport: table)
    assert here.data(40000, machine=RECORDED_LINUX)["verdict"] == verdict


def test_the_time_until_a_socket_expires(monkeypatch):
    waiting = record(state="time-wait", remote_address="127.0.0.1", remote_port=80, expires_in=59.0)
    table = SocketTable([waiting], visibility=ALL, read_at=0.0)
    monkeypatch.setattr(here, "owners", lambda port, transport: table)
    assert ", in 59s" in " ".join(here.section(40000, machine=RECORDED_LINUX).split())


def test_a_user_is_a_number_without_a_database_of_users(monkeypatch):
    loaded = builtins.__import__

    def no_pwd(name, *more):
        if name == "pwd":
            raise ImportError(name)
        return loaded(name, *more)

    monkeypatch.setattr(builtins, "__import__", no_pwd)
    assert sockets.user(1000) == "1000"


def test_listeners_that_may_be_older_and_owners_of_unknown_age(monkeypatch, capsys):
    found = LingeringListeners(
        found=(
            LingeringListener(
                record=record(port=50000),
                age=Age.POSSIBLE,
                seen_since=0.0,
                owner_started_at=None,
                reasons=(),
            ),
        ),
        older_than=5.0,
        ports=PortSet([50000]),
        visibility=OWN,
        read_at=10.0,
        note="a note",
    )
    assert (len(found), found[0], found[-1]) == (1, *found, *found)
    monkeypatch.setattr("portranges.probe.lingering", lambda *asked, **more: found)
    parser = ArgumentParser()
    lingering.add_arguments(Arguments(parser))
    assert lingering.run(parser.parse_args([])) == 0
    out = capsys.readouterr().out
    assert "not seen before; the start of its owner is unknown" in " ".join(out.split())
    assert "\na note\nvisible: " in out


def test_a_note_about_owners_is_as_wide_as_the_page(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    seen = Visibility(sockets=Scope.ALL, owners=Scope.OWN, reason="9 of 96 processes are hidden")
    lines = [*listening._lines([record()], SocketTable([record()], visibility=seen, read_at=0.0))]
    assert lines[-3:] == [
        "",
        "visible: all sockets, owners: own processes only (9 of 96",
        "  processes are hidden)",
    ]


def test_a_watch_first_prints_which_sockets_cannot_be_read(capsys):
    watch._print_start(SocketTable([], visibility=OWN, read_at=0.0), 80)
    assert capsys.readouterr().out.endswith("no socket holds 80\n")
    denied = Visibility(sockets=Scope.DENIED, owners=Scope.DENIED, reason="not root")
    watch._print_start(SocketTable([], visibility=denied, read_at=0.0), 80)
    assert capsys.readouterr().out.endswith("\nsockets cannot be read: not root\n")


def test_sockets_of_sctp_are_not_read(monkeypatch):
    monkeypatch.setattr("portranges.probe.free_ports", lambda **_: pytest.fail("read"))
    settings = read_settings("sctp", machine=RECORDED_LINUX)
    assert settings.transport is Transport.SCTP
    assert this_machine.ports_in_use([settings]) == PortSet()
    assert this_machine.excluded_ports([settings]) == settings.excluded


@pytest.mark.parametrize("path", ["/nowhere/services", "a\0b"])
def test_a_file_of_services_that_cannot_be_read(path):
    with pytest.raises(SystemReadError, match=r"^cannot read '.*': ."):
        words.services_in(path)


class Closed(io.StringIO):
    """A stream whose reader leaves before it is flushed."""

    def __init__(self, descriptor):
        super().__init__()
        self.descriptor = descriptor

    def fileno(self):
        return self.descriptor

    def write(self, text):
        raise BrokenPipeError

    def flush(self):
        raise BrokenPipeError


def test_a_stream_without_a_reader_discards_what_is_written(tmp_path):
    with open(tmp_path / "out", "w") as file:  # noqa: PTH123
        stream = PipeTolerantStream(Closed(file.fileno()))
        assert stream.write("text") == 4
        stream.flush()
        os.write(file.fileno(), b"into nothing")
    assert (tmp_path / "out").read_text() == ""


def test_a_record_with_a_reduce_of_its_own_keeps_it():
    assert pickle.loads(pickle.dumps(Own(80))) == Own(80)
    assert Own(80).__reduce__() == (Own, (80,))
    assert not hasattr(Own(80), "__setstate__")


@always_checked
@dataclass(frozen=True)
class Own:
    port: int

    def __post_init__(self):
        check_port(self.port)

    def __reduce__(self):
        return Own, (self.port,)


def test_a_file_of_services_is_read(tmp_path):
    file = tmp_path / "services"
    file.write_bytes(b"mine 8443/tcp # caf\xe9\n")
    assert words.services_in(str(file)).ports("mine") == PortSet([8443])


@pytest.mark.parametrize("reusable", [0, 3])
def test_usage_explains_room_in_time_wait(reusable):
    settings = read_settings(machine=RECORDED_LINUX)
    destination = Destination(
        source="127.0.0.1",
        address="127.0.0.1",
        port=80,
        connections=4,
        time_wait=3,
        limit=Interval(10, 10),
        remaining=Interval(6, 6 + reusable),
        reusable=reusable,
    )
    found = Usage(
        transport=Transport.TCP,
        profile=settings.profile,
        ports=PortSet(settings.profile.ports),
        in_use=PortSet(),
        held=PortSet(),
        connections=4,
        time_wait=3,
        time_wait_ports=PortSet(),
        self_connected=PortSet(),
        destinations=(destination,),
        visibility=ALL,
        read_at=0.0,
    )
    page = "\n".join(usage._page(found, width=80, all_of_them=False))
    assert ("may use again (tcp_tw_reuse)" in page) is bool(reusable)
