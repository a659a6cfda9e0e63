"""``portranges PORT --here``: who holds the port, and whether it can be bound now."""

from __future__ import annotations

import re
import sys
from types import SimpleNamespace

import pytest

from children import run
from envelope import result_of
from portranges import PortRangesError, explain
from portranges.cli import here_verdict
from portranges.probe import (
    BindVerdict,
    Owner,
    Scope,
    SocketRecord,
    SocketTable,
    Visibility,
)
from portranges.system import RECORDED_LINUX, read_settings

ALL = Visibility(sockets=Scope.ALL, owners=Scope.ALL)
SETTINGS = read_settings(machine=RECORDED_LINUX)
RANGE = f"range this machine does not allocate it: its ephemeral range is {SETTINGS.configured}"


def listener(pid=812, address="0.0.0.0"):
    owner = Owner(pid=pid, name="sshd", uid=0)
    return SocketRecord(
        transport="tcp", family="inet", address=address, port=80, state="listen", owners=(owner,)
    )


@pytest.fixture
def said(monkeypatch):
    """Return what is printed for given sockets and answers of each transport."""

    def of(records, answers, transport=None, port=80, visibility=ALL):
        table = SocketTable(records, visibility=visibility, read_at=0.0)
        monkeypatch.setattr(here_verdict, "owners", lambda port, transport: table)

        def answer_for(new, *, is_star, uid):
            assert (str(new.address), new.v6only, is_star, uid) == ("::", False, True, None)
            found = answers[new.transport]
            if isinstance(found, PortRangesError):
                raise found
            return here_verdict.BindAnswer(
                socket=new,
                system="linux",
                verdict=BindVerdict(found[0]),
                decision=SimpleNamespace(error=found[1], rule=SimpleNamespace(id="rule")),
                holders=(),
                settings=SETTINGS,
                addresses=None,
                notes=(),
            )

        monkeypatch.setattr(here_verdict, "answer_for", answer_for)
        lines = here_verdict.lines(port, transport, width=80)
        assert max(map(len, lines)) <= 80
        return " ".join(" ".join(lines).split())

    return of


YES, NO = ("allowed", None), ("refused", "EADDRINUSE")
MAY = ("unknown", "EADDRINUSE")


@pytest.mark.parametrize(
    ("answers", "text"),
    [
        ({"tcp": YES, "udp": YES}, "tcp, udp: yes"),
        (
            {"tcp": NO, "udp": YES},
            "tcp: no, bind() fails with EADDRINUSE; udp: yes "
            "(portranges reuse :80 --here explains)",
        ),
        (
            {"tcp": YES, "udp": NO},
            "tcp: yes; udp: no, bind() fails with EADDRINUSE "
            "(portranges reuse :80 --udp --here explains)",
        ),
        (
            {"tcp": ("refused", "EACCES"), "udp": ("refused", "EACCES")},
            "tcp, udp: no, bind() fails with EACCES (portranges reuse :80 --here explains)",
        ),
        # The sockets are not all visible, so the decision has no error.
        (
            {"tcp": MAY, "udp": ("unknown", None)},
            "tcp, udp: unknown, bind() may fail with EADDRINUSE "
            "(portranges reuse :80 --here explains)",
        ),
        (
            {"tcp": PortRangesError("it is unknown"), "udp": PortRangesError("it is unknown")},
            "tcp, udp: unknown, it is unknown (portranges reuse :80 --here explains)",
        ),
    ],
)
def test_whether_the_port_can_be_bound(said, answers, text):
    free = "here no TCP or UDP socket of this machine holds the port at the moment"
    of_range = "" if isinstance(answers["tcp"], PortRangesError) else f" {RANGE}"
    assert said([], answers) == f"{free} bind now {text}{of_range}"


def test_who_holds_the_port(said):
    only_udp = said([], {"udp": NO}, transport="udp")
    assert "(portranges reuse :80 --udp --here explains)" in only_udp
    text = said([listener()], {"tcp": NO}, transport="tcp")
    user = "user root" if sys.platform == "linux" else "user"
    assert text.startswith(f"here tcp listen 0.0.0.0:80; sshd (812), {user}")
    assert " bind now tcp: no, bind() fails with EADDRINUSE (portranges reuse :80 --here" in text
    # A listener needs no explanation.
    assert "until" not in text
    several = said([listener(pid) for pid in range(800, 805)], {"tcp": NO, "udp": YES})
    assert several.count("tcp listen") == 2
    assert " and 3 more bind now " in several


def test_a_socket_that_has_ended_is_explained(said):
    ended = SocketRecord(
        transport="tcp",
        family="inet",
        address="127.0.0.1",
        port=80,
        state="time-wait",
        remote_address="127.0.0.1",
        remote_port=50000,
        expires_in=59.0,
    )
    text = said([ended], {"tcp": NO, "udp": YES})
    assert text.startswith("here tcp time-wait 127.0.0.1:80 to 127.0.0.1:50000; no owner: ")
    assert " a connection has ended; the kernel will release the port bind now " in text


def test_sockets_that_cannot_be_seen(said):
    denied = Visibility(sockets=Scope.DENIED, owners=Scope.DENIED, reason="not root")
    text = said([], {"tcp": MAY, "udp": MAY}, visibility=denied)
    assert text.startswith(
        "here unknown: not all sockets are visible sockets cannot be read: not root bind now tcp, "
    )


def test_an_owner_that_cannot_be_seen_is_explained_once(said):
    hidden = Visibility(sockets=Scope.ALL, owners=Scope.OWN, reason="not root")
    record = SocketRecord(transport="tcp", family="inet6", address="::", port=80, state="listen")
    text = said([record], {"tcp": NO, "udp": YES}, visibility=hidden)
    assert text.startswith("here tcp listen ")
    assert text.count("not root") == 1


@pytest.mark.parametrize(("port", "transport"), [(0, None), (80, "sctp")])
def test_what_no_socket_can_be_bound_to_has_no_answer(said, port, transport):
    text = said([], {}, transport=transport, port=port)
    assert "bind now" not in text
    assert here_verdict.bind_data(port, transport) == []


def test_answers_as_data(said):
    said([], {"tcp": NO, "udp": PortRangesError("it is unknown")})
    assert here_verdict.bind_data(80, None) == [
        {"transport": "tcp", "verdict": "refused", "error": "EADDRINUSE", "rule": "rule"},
        {"transport": "udp", "error": "it is unknown"},
    ]


SCRIPT = r"""
import io
from contextlib import redirect_stdout
from portranges import cli

def said(*words):
    with redirect_stdout(io.StringIO()) as out:
        status = cli.main(words)
    return [status, out.getvalue()]

def work():
    if not PRIVATE:
        return None
    os.environ["TZ"] = "UTC"
    listener(port=8080)
    return {
        "verdict": said("8080", "8081", "--here"),
        "brief": said("8080", "8081/tcp", "--here", "--brief"),
        "json": said("8080", "--here", "--json"),
        "full": said("8080", "--here", "--full"),
        "many": said("8080-8095", "--here", "--brief"),
        "pid": os.getpid(),
    }
"""


@pytest.fixture(scope="module")
def printed():
    if sys.platform != "linux":
        pytest.skip("NOT CHECKED: needs the sockets of Linux")
    found = run(SCRIPT)
    if found is None:
        pytest.skip("NOT CHECKED: no network namespace may be made here")
    return found


def test_the_verdict_begins_with_this_machine(printed):
    status, out = printed["verdict"]
    assert status == 0
    first, second, more = out.split("\n\n")
    held = rf"here       tcp listen 127\.0\.0\.1:8080; \S+ \({printed['pid']}\)"
    assert re.match(held, first)
    assert "\nbind now   tcp: no, bind() fails with EADDRINUSE; udp: yes (portranges" in first
    assert first.endswith("\n" + explain(8080).verdict())
    assert second == (
        "here       no TCP or UDP socket of this machine holds the port at the moment\n"
        "bind now   tcp, udp: yes\n"
        "range      this machine does not allocate it: its ephemeral range is 32768-60999\n"
        + explain(8081).verdict()
    )
    assert more == "--full prints everything known\n"


def test_the_page_begins_and_ends_with_this_machine(printed):
    status, out = printed["full"]
    assert status == 0
    assert out.startswith("here       tcp listen 127.0.0.1:8080; ")
    assert f"\n\n{explain(8080)}\n\nHere, now " in out


def test_the_line_ends_with_this_machine(printed):
    status, out = printed["brief"]
    assert status == 0
    held, free = out.splitlines()
    assert held.startswith(f"{explain(8080).brief}; here: listening, ")
    assert held.endswith(f" ({printed['pid']})")
    assert free == f"{explain(8081, transport='tcp').brief}; here: free"
    status, out = printed["many"]
    assert [line.split()[0] for line in out.splitlines()] == [str(n) for n in range(8080, 8096)]


def test_json_has_whether_it_can_be_bound(printed):
    status, out = printed["json"]
    assert status == 0
    (report,) = result_of(out)["reports"]
    assert report["here"]["verdict"] == "listening"
    tcp, udp = report["here"]["bind"]
    assert (tcp["transport"], tcp["verdict"], tcp["error"]) == ("tcp", "refused", "EADDRINUSE")
    assert (udp["transport"], udp["verdict"], udp["error"]) == ("udp", "allowed", None)
