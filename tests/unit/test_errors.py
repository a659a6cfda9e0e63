from __future__ import annotations

import copy
import pickle

import pytest

from hostile import VALUES
from portranges import errors
from portranges.errors import (
    DataError,
    InvalidPortError,
    InvalidPositionError,
    InvalidRangeError,
    InvalidSocketError,
    InvalidValueError,
    MissingExtraError,
    PortRangesError,
    PortRowsError,
    PortsExhaustedError,
    PortSyntaxError,
    RowSyntaxError,
    RowTypeError,
    SystemReadError,
    UnexpectedOutputError,
    UnknownNameError,
    UnrepresentableError,
    UnsupportedPlatformError,
    elide,
)

SAMPLES: list[tuple[PortRangesError, str]] = [
    (PortRangesError("reason"), "reason"),
    (InvalidPortError(70000), "port must be in 0..65535, got 70000"),
    (InvalidPortError(-1), "port must be in 0..65535, got -1"),
    (InvalidPortError(10**20 - 1), "port must be in 0..65535, got 99999999999999999999"),
    (InvalidPortError(10**20), "port must be in 0..65535, got 0x56bc75e2d63100000..."),
    (
        InvalidRangeError("first must not be greater than last", "9000-8000"),
        "first must not be greater than last, got 9000-8000",
    ),
    (InvalidPositionError(2, 2), "position must be in -2..1, got 2"),
    (InvalidPositionError(0, 0), "the empty set has no position, got 0"),
    (
        InvalidSocketError("uid must not be negative", "-1"),
        "uid must not be negative, got -1",
    ),
    (
        InvalidValueError("probability must be in 0..1", "2"),
        "probability must be in 0..1, got 2",
    ),
    (
        PortsExhaustedError("linux-connect", 5, 4, 0),
        "linux-connect found no port among 5: 4 in use, 0 excluded, 1 free but not tried",
    ),
    (
        PortSyntaxError("expected a port or 'first-last', got '44x3'", "80,44x3,81", (3, 7)),
        "expected a port or 'first-last', got '44x3'\n    80,44x3,81\n       ~~~~",
    ),
    (
        PortSyntaxError("port must be decimal digits, got ''", "", (0, 0)),
        "port must be decimal digits, got ''",
    ),
    (
        RowSyntaxError("port must be in 0..65535, got '70000'", "22,70000", (3, 8), 4),
        "rows[4]: port must be in 0..65535, got '70000'\n    22,70000\n       ~~~~~",
    ),
    (
        RowTypeError("port must be an integer, got NoneType None", 2),
        "rows[2]: port must be an integer, got NoneType None",
    ),
    (
        PortRowsError("each row must be a port", [RowTypeError("no text", 2)]),
        "each row must be a port (1 sub-exception)",
    ),
    (
        UnrepresentableError("nmap", "the empty set has no text"),
        "nmap cannot express this set: the empty set has no text",
    ),
    (UnknownNameError("dialect", "x"), "unknown dialect, got 'x'"),
    (UnknownNameError("kind", "x", (), ("a", "b")), "unknown kind, got 'x'; write one of 'a', 'b'"),
    (
        UnknownNameError("system", "linus", ("linux",)),
        "unknown system, got 'linus'; did you mean 'linux'?",
    ),
    (
        UnknownNameError("service", "htpp", ("http", "ftp")),
        "unknown service, got 'htpp'; did you mean 'http' or 'ftp'?",
    ),
    (
        DataError("ports.csv", "expected 12 columns, got 3"),
        "cannot use ports.csv: expected 12 columns, got 3",
    ),
    (
        SystemReadError("the port range", "permission denied"),
        "cannot read the port range: permission denied",
    ),
    (
        UnsupportedPlatformError("the port range", "no such file"),
        "cannot read the port range: no such file",
    ),
    (
        UnexpectedOutputError("sysctl", "expected two numbers, got 'x'"),
        "cannot read sysctl: expected two numbers, got 'x'",
    ),
    (
        MissingExtraError("psutil", "probe"),
        "psutil is not installed; install it with: pip install 'portranges[probe]'",
    ),
]

EACH_SAMPLE = pytest.mark.parametrize(
    ("error", "message"), SAMPLES, ids=[type(error).__name__ for error, _ in SAMPLES]
)


@EACH_SAMPLE
def test_the_message_of_each_error(error: PortRangesError, message: str) -> None:
    assert str(error) == message


@EACH_SAMPLE
def test_the_message_starts_in_lower_case_and_has_no_final_period(
    error: PortRangesError, message: str
) -> None:
    assert message[0].islower()
    assert not message.endswith(".") or message.endswith("...")


@EACH_SAMPLE
def test_copies_and_pickles_are_equal(error: PortRangesError, message: str) -> None:
    copies = [copy.copy(error), copy.deepcopy(error)]
    protocols = range(pickle.HIGHEST_PROTOCOL + 1)
    copies += [pickle.loads(pickle.dumps(error, protocol)) for protocol in protocols]
    for twin in copies:
        assert type(twin) is type(error)
        assert str(twin) == message
        # Two errors are equal only if they are the same object, also inside a group.
        assert repr(twin.args) == repr(error.args)
        assert vars(twin) == vars(error)


def test_an_integer_too_long_for_str_has_a_message() -> None:
    shown = "port must be in 0..65535, got 0x100000000000000000..."
    assert str(InvalidPortError(2**20000)) == shown
    shown = "port must be in 0..65535, got -0x10000000000000000..."
    assert str(InvalidPortError(-(2**20000))) == shown


def test_every_class_has_a_sample() -> None:
    public = {getattr(errors, name) for name in errors.__all__}
    assert {type(error) for error, _ in SAMPLES} == public


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (InvalidPortError, ValueError),
        (InvalidRangeError, ValueError),
        (PortSyntaxError, ValueError),
        (UnrepresentableError, ValueError),
        (UnknownNameError, LookupError),
        (MissingExtraError, ImportError),
        (UnsupportedPlatformError, SystemReadError),
        (UnexpectedOutputError, SystemReadError),
    ],
)
def test_errors_are_subclasses_of_builtin_exceptions(
    error: type[Exception], builtin: type[Exception]
) -> None:
    assert issubclass(error, builtin)


def test_every_error_is_a_portrangeserror_and_none_an_oserror() -> None:
    for name in errors.__all__:
        assert issubclass(getattr(errors, name), PortRangesError)
        assert not issubclass(getattr(errors, name), OSError)


def test_the_data_of_an_error() -> None:
    assert InvalidPortError(70000).value == 70000
    syntax = PortSyntaxError("reason", "80,x", (3, 4))
    assert (syntax.reason, syntax.text, syntax.span) == ("reason", "80,x", (3, 4))
    unknown = UnknownNameError("system", "linus", ("linux",))
    assert (unknown.kind, unknown.name, unknown.near) == ("system", "linus", ("linux",))
    assert (unknown.known, UnknownNameError("x", "y", known=("z",)).known) == ((), ("z",))
    missing = MissingExtraError("psutil", "probe")
    assert (missing.package, missing.extra) == ("psutil", "probe")


class TestElide:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ("", "''"),
            ("8_0", "'8_0'"),
            ("a" * 58, repr("a" * 58)),
            (None, "None"),
            (b"80", "b'80'"),
        ],
    )
    def test_short_values_are_shown_whole(self, value: object, text: str) -> None:
        assert elide(value) == text

    @pytest.mark.parametrize("size", [59, 60, 119, 120, 121, 10_000_000])
    def test_long_texts_are_shown_by_both_ends(self, size: int) -> None:
        assert elide("a" * (size - 3) + "xyz") == "'" + "a" * 39 + "..." + "a" * 8 + "xyz'"

    def test_other_long_values_are_shown_by_both_ends(self) -> None:
        shown = elide(list(range(1000)))
        assert shown.startswith("[0, 1, 2")
        assert shown.endswith("998, 999]")
        assert len(shown) == 55

    def test_a_value_too_deep_for_repr_is_shown_by_its_type(self) -> None:
        deep: list[object] = []
        for _ in range(100_000):
            deep = [deep]
        assert elide(deep) == "<list>"
        while deep:
            # Taken apart by hand: the interpreter would do it by recursion.
            deep = deep.pop()  # type: ignore[assignment]

    @pytest.mark.parametrize(
        "value",
        [10**5000, -(10**5000), [10**5000], (1, {2: 10**5000})],
        ids=["positive", "negative", "list", "nested"],
    )
    def test_an_integer_too_long_for_str_is_shown(self, value: object) -> None:
        shown = elide(value)
        assert 0 < len(shown) <= 60

    @pytest.mark.parametrize("kind", VALUES)
    def test_it_never_fails_and_fits_on_a_line(self, kind: str) -> None:
        shown = elide(VALUES[kind])
        assert 0 < len(shown) <= 600
        assert shown.isprintable()

    def test_a_value_whose_repr_fails_is_shown_by_its_type(self) -> None:
        assert elide(VALUES["raises ValueError"]) == "<Raises>"
        assert elide(VALUES["raises RecursionError"]) == "<Raises>"
        assert elide(VALUES["list of what raises"]) == "<list>"
        assert elide(VALUES["str subclass"]) == "<StrSubclass>"
        assert elide(VALUES["int subclass"]) == "80"
        assert elide(VALUES["prints"]).startswith(r"\x1b[31m\n\x1b[31m\n")


def marked(text: str, start: int, stop: int) -> tuple[str, str]:
    reason, line, mark = str(PortSyntaxError("reason", text, (start, stop))).split("\n")
    assert reason == "reason"
    assert line.startswith("    ")
    assert mark.startswith("    ")
    return line[4:], mark[4:]


class TestMarker:
    def test_it_marks_the_fault(self) -> None:
        assert marked("80,44x3,81", 3, 7) == ("80,44x3,81", "   ~~~~")

    def test_it_marks_a_place_without_width(self) -> None:
        assert marked("80,,81", 3, 3) == ("80,,81", "   ~")
        assert marked("80,", 3, 3) == ("80,", "   ~")

    def test_it_marks_the_escaped_form_of_what_cannot_be_printed(self) -> None:
        assert marked("80,\x00\n,81", 3, 5) == (r"80,\x00\x0a,81", "   ~~~~~~~~")
        assert marked("\x1b[2J,x", 5, 6) == (r"\x1b[2J,x", " " * 8 + "~")
        assert marked("\u0668,x", 2, 3) == (r"\u0668,x", " " * 7 + "~")
        assert marked("\U0001f600x", 1, 2) == (r"\U0001f600x", " " * 10 + "~")
        assert marked("\x7f\ud800x", 2, 3) == (r"\x7f\ud800x", " " * 10 + "~")

    def test_it_shows_a_piece_of_a_long_text(self) -> None:
        text = "1," * 100 + "x" + ",2" * 100
        line, mark = marked(text, 200, 201)
        assert line.startswith("...")
        assert line.endswith("...")
        assert len(line) <= 66
        assert line[mark.index("~")] == "x"
        assert mark.count("~") == 1

    def test_it_shows_both_ends_of_a_long_text_without_needless_dots(self) -> None:
        text = "x" + ",2" * 100
        line, mark = marked(text, 0, 1)
        assert line == text[:60] + "..."
        assert mark == "~"
        line, mark = marked(text + ",y", 202, 203)
        assert line.startswith("...")
        assert line.endswith(",y")
        assert mark == " " * (len(line) - 1) + "~"

    def test_a_long_fault_is_marked_in_part(self) -> None:
        line, mark = marked("x" * 1000, 0, 1000)
        assert line == "x" * 60 + "..."
        assert mark == "~" * 60

    @pytest.mark.parametrize("size", [59, 60, 61])
    def test_a_text_of_one_line_is_shown_whole(self, size: int) -> None:
        line, _ = marked("x" * size, 0, 1)
        assert line == ("x" * size if size <= 60 else "x" * 60 + "...")


def test_an_error_keeps_the_whole_text() -> None:
    text = "x" * 100_000
    error = PortSyntaxError("reason", text, (0, len(text)))
    assert error.text == text
    assert len(str(error)) < 200
