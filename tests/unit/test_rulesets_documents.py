"""JSON and YAML as data with lines: what is read, what is refused, and where each value is."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portranges import InvalidValueError, MissingExtraError, PortSyntaxError
from portranges.rulesets import documents, from_data, json_text, parse, yaml_text
from portranges.rulesets.documents import Opaque, pointer_to

yaml = pytest.importorskip("yaml")


def pointers(value: object, so_far: str = ""):
    yield so_far, value
    if isinstance(value, dict):
        for key, each in value.items():
            yield from pointers(each, so_far + pointer_to(key))
    elif isinstance(value, list):
        for at, each in enumerate(value):
            yield from pointers(each, so_far + pointer_to(at))


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
data = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.dictionaries(st.text("a/~b\n"), inner),
    max_leaves=12,
)


@given(data, st.sampled_from([None, 1]))
def test_json_is_read_as_by_the_standard_library(value: object, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    assert json_text.load(text).data == json.loads(text) == value


@given(
    st.recursive(st.just(0), lambda inner: st.lists(inner) | st.dictionaries(st.text("a/~"), inner))
)
def test_each_value_has_its_line(value: object) -> None:
    # Every value is on a line of its own, in the order in which they are found.
    text = json.dumps(value, indent=1)
    document = json_text.load(text)
    starts = [
        number
        for number, line in enumerate(text.split("\n"), 1)
        if line.strip(" ,") not in ("]", "}")
    ]
    assert [document.line(each) for each, _ in pointers(value)] == starts
    if json.dumps(value).find("{}") < 0 and isinstance(value, (list, dict)):
        by_yaml = yaml_text.load(text)
        assert by_yaml.data == value
        assert [by_yaml.line(each) for each, _ in pointers(value)] == starts


def test_a_pointer_that_leads_nowhere_has_the_line_of_its_last_part() -> None:
    document = json_text.load('\n{"a":\n[\n1]}')
    places = ["", "/a", "/a/0", "/a/1", "/a/x", "/b", "/a/0/0"]
    assert [document.line(each) for each in places] == [2, 2, 4, 2, 2, 2, 4]


def test_the_keys_of_a_pointer_are_escaped() -> None:
    assert pointer_to("a/b", "~1", 0) == "/a~1b/~01/0"
    long = "{" + ",\n".join(f'"{at}": [\n{at}]' for at in range(1000)) + "}"
    document = json_text.load(long)
    assert [document.line(f"/{at}/0") for at in range(1000)] == list(range(2, 2002, 2))
    assert document.line("/1000/0") == 1
    assert json_text.load('{"a/b": {"~1": [\n1]}}').line("/a~1b/~01/0") == 2
    assert yaml_text.load("a:\n  80: 1\n  true: 2").line("/a/80") == 2


DEEP = documents.MAX_DEPTH


@pytest.mark.parametrize(
    ("text", "reason", "marked"),
    [
        ("", "expected a value of JSON, got the end of the text in line 1", ""),
        ("[1,\n", "expected a value of JSON, got the end of the text in line 2", ""),
        ("[1,\n]", "expected a value of JSON, got ']' in line 2", "]"),
        ("[1 2]", "expected ',' or ']', got '2' in line 1", "2"),
        ('{"a": 1', "expected ',' or '}', got the end of the text in line 1", ""),
        ('{"a": 1,}', "expected a key in double quotes, got '}' in line 1", "}"),
        ("{a: 1}", "expected a key in double quotes, got 'a' in line 1", "a"),
        ('{"a" 1}', "expected ':', got '1' in line 1", "1"),
        ("[] []", "expected the end of the text, got '[' in line 1", "["),
        ("[NaN]", "expected a value of JSON, got 'NaN' in line 1", "NaN"),
        ("[-Infinity]", "expected a value of JSON, got '-Infinity' in line 1", "-Infinity"),
        ("[1e999]", "number must be finite, got '1e999' in line 1", "1e999"),
        ("[010]", "expected a value of JSON, got '010' in line 1", "010"),
        ("[+1]", "expected a value of JSON, got '+1' in line 1", "+1"),
        ("[\u0661]", "expected a value of JSON, got '\u0661' in line 1", "\u0661"),
        ('["a\nb"]', "expected a string of JSON that ends on its line, got '\"' in line 1", '"'),
        ('["\\x"]', "expected a string of JSON that ends on its line, got '\"' in line 1", '"'),
        (
            '{"a": 1,\n"b": 2,\n"a": 3}',
            "an object must not repeat a key, got 'a' twice, in line 1 and in line 3",
            '"a"',
        ),
        (
            "[" * (DEEP + 1),
            f"data must have at most {DEEP} levels, got more levels in line 1",
            "[",
        ),
    ],
)
def test_json_that_is_refused(text: str, reason: str, marked: str) -> None:
    with pytest.raises(PortSyntaxError) as caught:
        json_text.load(text)
    assert caught.value.reason == reason
    assert text[slice(*caught.value.span)] == marked


def test_a_long_number_is_refused() -> None:
    for load in (json_text.load, yaml_text.load):
        with pytest.raises(PortSyntaxError, match="number must have at most 100 characters, got "):
            load("[" + "1" * 5000 + "]")


@given(st.text('{}[],:"\\ \n01-+.eEtrufalsn\u00e9\ud800'))
def test_any_text_is_json_or_refused(text: str) -> None:
    try:
        found = json_text.load(text).data
    except PortSyntaxError as error:
        refused = error.reason
    else:
        assert found == json.loads(text)
        return
    if "twice" not in refused and "finite" not in refused and "NaN" not in refused:
        with pytest.raises(ValueError):
            json.loads(text)


def test_yaml_has_the_scalars_of_version_1_2() -> None:
    text = """
    text: [9022:22, yes, no, on, off, y, 1_000, 0b1, 2026-11-30, 1:2:3, "80", '8', a b, 0o8, -0x1]
    integer: [010, 0o17, 0xfF, -5, +5, 00]
    float: [1.5, 1e3, .5, 1.]
    bool: [true, True, FALSE]
    none: [null, ~, Null, ]
    tags: [!!str 22, !!int "22", ! 22, !!str true, !!null '']
    """
    assert yaml_text.load(text).data == {
        "text": [
            *("9022:22", "yes", "no", "on", "off", "y", "1_000", "0b1", "2026-11-30", "1:2:3"),
            *("80", "8", "a b", "0o8", "-0x1"),
        ],
        "integer": [10, 15, 255, -5, 5, 0],
        "float": [1.5, 1000.0, 0.5, 1.0],
        "bool": [True, True, False],
        "none": [None, None, None],
        "tags": ["22", 22, "22", "true", None],
    }
    special = yaml_text.load("[.inf, -.INF, .nan]").data
    assert str(special) == "[inf, -inf, nan]"


def test_other_tags_are_opaque() -> None:
    text = (
        "- !Ref Port\n- !GetAtt\n  - a\n- !Sub {a: 1}\n- !!int x\n- !!python/object:os.system ls\n"
    )
    prefix = "tag:yaml.org,2002:"
    assert yaml_text.load(text).data == [
        Opaque("!Ref", "Port"),
        Opaque("!GetAtt", ["a"]),
        Opaque("!Sub", {"a": 1}),
        Opaque(f"{prefix}int", "x"),
        Opaque(f"{prefix}python/object:os.system", "ls"),
    ]
    assert str(Opaque("!Ref", "Port")) == "!Ref Port"
    assert documents.text_of([Opaque("!Ref", "Port")]) == '["!Ref Port"]'


def test_several_documents_are_a_list() -> None:
    several = yaml_text.load("---\na: 1\n---\n---\nb: 2\n...\n---\n")
    assert several.data == [{"a": 1}, {"b": 2}]
    assert [several.line(each) for each in ("", "/0", "/1", "/1/b")] == [1, 2, 5, 5]
    one = yaml_text.load("---\n---\na: 1\n---\n")
    assert (one.data, one.line(""), one.line("/a")) == ({"a": 1}, 3, 3)
    assert yaml_text.load("").data == []


def test_aliases_and_merges() -> None:
    text = """\
base: &base
  a: 1
  b: [x]
one: *base
two:
  <<: *base
  b: 2
three:
  c: 3
  <<: [*base, {d: 4}]
four: [<<]
"""
    document = yaml_text.load(text)
    base = {"a": 1, "b": ["x"]}
    assert document.data == {
        "base": base,
        "one": base,
        "two": {"a": 1, "b": 2},
        "three": {"c": 3, "a": 1, "b": ["x"], "d": 4},
        "four": ["<<"],
    }
    places = ["/one", "/one/b/0", "/two/a", "/two/b", "/three/d", "/three/c"]
    assert [document.line(each) for each in places] == [4, 3, 2, 7, 10, 9]


LAUGHS = "a0: &a0 [x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)


MANY = "data with aliases must have at most 1000000 values and characters, got "


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [1\nb: }", "expected YAML, got ': }' in line 2"),
        ("a: \x00", "expected characters of YAML, got '\\x00' in line 1"),
        ("a:\n \ud800", "expected characters of YAML, got '\\ud800' in line 2"),
        (
            "a: 1\nb: 2\na: 3",
            "a mapping must not repeat a key, got 'a' twice, in line 1 and in line 3",
        ),
        ("1: a\n'1': b", "a mapping must not repeat a key, got '1' twice, in line 1 and in line 2"),
        ("a: *x", "an alias must follow its anchor, got '*x' in line 1"),
        ("a: &x 1\n---\na: *x", "an alias must follow its anchor, got '*x' in line 3"),
        ("a: &x [*x]", "an alias must not refer to what contains it, got '*x]' in line 1"),
        ("? [1]\n: 2", "a key must be a text or a number, got ']' in line 1"),
        ("? !a b\n: 2", "a key must be a text or a number, got '!a b' in line 1"),
        ("<<: 1\n", "'<<' must have a mapping or a list of them, got the end of a line in line 2"),
        (
            "[" * (DEEP + 1) + "]" * (DEEP + 1),
            f"data must have at most {DEEP} levels, got more levels in line 1",
        ),
        (LAUGHS, MANY),
        # A long text counts by its characters.
        ("- &a " + "x" * 1000 + "\n- *a" * 1000, f"{MANY}'*a' in line 1000"),
    ],
)
def test_yaml_that_is_refused(text: str, reason: str) -> None:
    with pytest.raises(PortSyntaxError) as caught:
        yaml_text.load(text)
    assert caught.value.reason.startswith(reason)
    assert text is LAUGHS or caught.value.reason == reason


@given(st.text("{}[],:\"'\\ \n01-.&*!<?|>#%at~\t\x00\ud800"))
def test_any_text_is_yaml_or_refused(text: str) -> None:
    with suppress(PortSyntaxError):
        document = yaml_text.load(text)
        assert all(document.line(each) >= 1 for each, _ in pointers(document.data))


def test_without_pyyaml_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(MissingExtraError) as caught:
        yaml_text.load("a: 1")
    assert str(caught.value) == (
        "PyYAML is not installed; install it with: pip install 'portranges[yaml]'"
    )


def test_yaml_is_imported_for_a_text_of_yaml_only() -> None:
    code = (
        "import sys; from portranges import rulesets; from portranges.rulesets import json_text\n"
        "rulesets.parse('*filter\\nCOMMIT\\n'); json_text.load('[1]'); print('yaml' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_data_that_is_too_deep() -> None:
    deep: object = []
    for _ in range(DEEP):
        deep = [deep] if isinstance(deep, dict) else {"a": deep}
    documents.check_depth(deep)
    loop: list[object] = []
    loop.append(loop)
    for value in ([deep], loop):
        with pytest.raises(InvalidValueError) as caught:
            documents.check_depth(value)
        assert str(caught.value) == f"data must have at most {DEEP} levels, got more levels"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "{{- if .Values.x }}\nkind: Service\n{{- end }}\n",
            "expected a key in double quotes, got '{' in line 1; '{{- if .Values.x }}' belongs to "
            "a template, which must be rendered first",
        ),
        (
            "kind: Service\nport: {{ .Values.port }}\n",
            "a key must be a text or a number, got '}}' in line 2; '{{ .Values.port }}' belongs "
            "to a template, which must be rendered first",
        ),
        ("a: [{{", "expected YAML, got the end of a line in line 1"),
    ],
)
def test_a_template_is_named(text: str, reason: str) -> None:
    with pytest.raises(PortSyntaxError) as caught:
        parse(text, "kubernetes")
    assert caught.value.reason == reason


def test_objects_of_json_may_be_documents_of_yaml() -> None:
    policy = json.dumps({"apiVersion": "v1", "kind": "Service", "spec": {"ports": [{"port": 80}]}})
    rules = parse(f"{policy}\n---\n{policy}\n", "kubernetes").rules
    assert [str(each.location) for each in rules] == [
        "line 1, /0/spec/ports/0",
        "line 3, /1/spec/ports/0",
    ]


@pytest.mark.parametrize(
    "data",
    [
        {"services": {"web": {"ports": [10**5000]}}},
        {"services": {"web": {10**5000: ["80"]}}},
        {"SecurityGroups": [{"GroupId": -(10**5000)}]},
    ],
)
def test_a_number_without_a_text_is_refused(data: object) -> None:
    with pytest.raises(InvalidValueError, match="^a number must have at most 100 digits"):
        from_data(data)
