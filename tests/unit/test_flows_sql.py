"""The SQL of categories and sets: its text, and what engines make of it.

SQLite comes with Python and proves every expression on every port. The other
engines are run if they are installed; a skip names each one that is not.
"""

from __future__ import annotations

import json
import random
import sqlite3
import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portranges import InvalidValueError, PortRange, PortSet, classify, ephemeral
from portranges.cli import main
from portranges.flows import sql_case
from portranges.flows.reserved_words import RESERVED

NO_PORTS = [None, -1, 65536, -32768, 2**31]
ROWS = [*range(65536), *NO_PORTS]


def in_sqlite(expression, rows, column='"p"'):
    with sqlite3.connect(":memory:") as connection:
        connection.execute(f"CREATE TABLE flows (n INTEGER PRIMARY KEY, {column} BIGINT)")
        connection.executemany(
            f"INSERT INTO flows ({column}) VALUES (?)", [(port,) for port in rows]
        )
        answers = connection.execute(f"SELECT {expression} FROM flows ORDER BY n").fetchall()
    connection.close()
    return [answer for (answer,) in answers]


def in_duckdb(expression, rows):
    duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed: its SQL is not tried")
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed: DuckDB is not tried")
    with duckdb.connect() as connection:
        flows = pyarrow.table(
            {"n": range(len(rows)), "p": pyarrow.array(rows, pyarrow.int64())},
        )
        connection.register("flows", flows)
        answers = connection.execute(f"SELECT {expression} FROM flows ORDER BY n").fetchall()
    return [answer for (answer,) in answers]


def in_polars(expression, rows):
    polars = pytest.importorskip("polars", reason="Polars is not installed: its SQL is not tried")
    frame = polars.DataFrame({"p": rows}, schema={"p": polars.Int64})
    return frame.select(polars.sql_expr(expression).alias("answer"))["answer"].to_list()


def in_clickhouse(expression, rows):
    chdb = pytest.importorskip("chdb", reason="chdb is not installed: ClickHouse is not tried")
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as file:
        for n, port in enumerate(rows):
            value = "\\N" if port is None else port
            file.write(f"{n}\t{value}\n")
        file.flush()
        found = chdb.query(
            f"SELECT {expression} FROM file('{file.name}', 'TSV', 'n UInt32, p Nullable(Int64)') "
            "ORDER BY n SETTINGS max_query_size=10000000, max_ast_elements=10000000, "
            "max_expanded_ast_elements=10000000",
            "JSONCompactEachRow",
        )
    return [json.loads(line)[0] for line in str(found).splitlines()]


ENGINES = {
    "sqlite": in_sqlite,
    "duckdb": in_duckdb,
    "polars": in_polars,
    "clickhouse": in_clickhouse,
}


def in_set(ports, rows=ROWS):
    """What a set should say of each row, by a loop."""
    return [None if port is None or not 0 <= port <= 65535 else int(port in ports) for port in rows]


SETS = {
    "empty": PortSet(),
    "full": PortSet.full(),
    "one": PortSet([443]),
    "edges": PortSet([0, 65535]),
    "two together": PortSet([80, 81]),
    "a firewall's": PortSet.parse("22,80,443,8000-8100"),
    "linux": PortSet.parse("32768-60999"),
    "300 ranges": PortSet(
        PortRange(first, first + 50) for first in random.Random(1).sample(range(65000), 300)
    ),
    "most singles": PortSet(range(1, 65536, 2)),
}


@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
def test_categories_of_every_port(engine):
    expected = [
        "unknown" if port is None or not 0 <= port <= 65535 else classify(port).value
        for port in ROWS
    ]
    assert engine(sql_case("p"), ROWS) == expected


@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
@pytest.mark.parametrize("ports", SETS.values(), ids=SETS)
def test_sets_of_every_port(engine, ports):
    assert engine(sql_case("p", ports), ROWS) == in_set(ports)


@pytest.mark.slow
@pytest.mark.parametrize("engine", [in_sqlite, in_duckdb, in_clickhouse])
def test_the_most_ranges_that_a_set_can_have(engine):
    # Polars takes a minute to read so many, SQLite as long to go through them
    # for each port.
    ports = PortSet(range(65535)) - PortSet(range(0, 65536, 3))
    rows = [*random.Random(2).sample(range(65536), 1000), 0, 65534, 65535, *NO_PORTS]
    assert len(ports.ranges) == 21845
    assert engine(sql_case("p", ports), rows) == in_set(ports, rows)


@pytest.mark.parametrize("engine", ENGINES.values(), ids=ENGINES)
def test_labels_of_every_port(engine):
    expression = sql_case(
        "p",
        {
            "it's web": PortSet.parse("80,443,8000-8100"),
            "rfc6335": PortRange(0, 1023),
            "linux": ephemeral.profile("linux"),
            "nobody": PortSet(),
            "café, 100 %": PortRange(61000),
        },
        otherwise="other; --",
    )

    def label(port):
        if port in (80, 443) or (port is not None and 8000 <= port <= 8100):
            return "it's web"
        if port is None:
            return "other; --"
        if 0 <= port <= 1023:
            return "rfc6335"
        if 32768 <= port <= 60999:
            return "linux"
        return "café, 100 %" if port == 61000 else "other; --"

    assert engine(expression, ROWS) == [label(port) for port in ROWS]


@given(
    st.lists(
        st.integers(0, 65535)
        | st.builds(
            lambda first, size: PortRange(first, min(65535, first + size)),
            st.integers(0, 65535),
            st.integers(0, 5000),
        ),
        max_size=20,
    ).map(PortSet)
)
def test_any_set_in_sqlite(ports):
    edges = sorted(
        {
            edge
            for each in ports.ranges
            for edge in (each.first - 1, each.first, each.last, each.last + 1)
        }
        | {0, 65535}
    )
    expected = [int(edge in ports) if 0 <= edge <= 65535 else None for edge in edges]
    assert in_sqlite(sql_case("p", ports), edges) == expected


class TestText:
    def test_the_text_for_all_other_ports_may_be_empty(self):
        assert sql_case("p", otherwise="").endswith(" ELSE '' END")

    def test_the_case_of_the_categories(self):
        assert sql_case("p") == (
            "CASE WHEN p BETWEEN 0 AND 1023 THEN 'system' "
            "WHEN p BETWEEN 1024 AND 49151 THEN 'user' "
            "WHEN p BETWEEN 49152 AND 65535 THEN 'dynamic' ELSE 'unknown' END"
        )

    @pytest.mark.parametrize(
        ("ports", "condition"),
        [
            (PortSet([443]), "p = 443"),
            (PortSet([22, 443]), "p IN (22, 443)"),
            (PortSet.parse("1-2"), "p BETWEEN 1 AND 2"),
            (PortRange(7, 9), "p BETWEEN 7 AND 9"),
            (PortSet.parse("1-2,5"), "p = 5 OR p BETWEEN 1 AND 2"),
            (PortSet(), "1 = 0"),
            (ephemeral.profile("linux"), "p BETWEEN 32768 AND 60999"),
        ],
    )
    def test_the_case_of_a_set(self, ports, condition):
        assert sql_case("p", ports) == (
            f"CASE WHEN {condition} THEN 1 WHEN p BETWEEN 0 AND 65535 THEN 0 ELSE NULL END"
        )

    def test_many_ranges_are_chained_in_parentheses(self):
        ports = PortSet(PortRange(first, first + 1) for first in range(0, 1000, 4))
        text = sql_case("p", ports)
        assert text.count("(") == text.count(")") == 3

    @pytest.mark.parametrize(
        ("column", "quote", "name"),
        [
            ("dport", "", "dport"),
            ("_Dst2", "", "_Dst2"),
            (("f", "dport"), "", "f.dport"),
            ("dst port", '"', '"dst port"'),
            ("dst port", "`", "`dst port`"),
            ("dst port", "[", "[dst port]"),
            ("null", '"', '"null"'),
            ('a"b', '"', '"a""b"'),
            ("a`b", "`", "`a``b`"),
            ("a]b[", "[", "[a]]b[]"),
            ("a.b", '"', '"a.b"'),
            (("my table", "p"), "`", "`my table`.`p`"),
        ],
    )
    def test_columns_and_quotes(self, column, quote, name):
        assert sql_case(column, PortSet([1]), quote=quote).startswith(f"CASE WHEN {name} = 1 ")

    @pytest.mark.parametrize("quote", ['"', "`", "["])
    @pytest.mark.parametrize(
        "column",
        ['x" OR 1=1 --', "x` OR 1=1 --", "x] OR 1=1 --", "'; DROP TABLE flows; --", "ü", "select"],
    )
    def test_a_quoted_name_may_contain_any_character(self, quote, column):
        # SQLite takes all three quotes, but no doubled bracket.
        if quote == "[":
            column = column.replace("]", ")")
        name = {'"': '"{}"', "`": "`{}`", "[": "[{}]"}[quote].format(
            column.replace(quote, 2 * quote) if quote != "[" else column
        )
        expression = sql_case(column, PortSet([80]), quote=quote)
        assert in_sqlite(expression, [80, 81], name) == [1, 0]


class TestRefusals:
    BARE = (
        "a column without quotes must be ASCII letters, digits and underscores, and not a "
        "reserved word, got {!r}; pass quote='\"' or the engine's own"
    )

    @pytest.mark.parametrize(
        "column",
        ["", "dst port", "p;", "p) --", "1p", "p-1", 'p"', "a.b", "ü", "p\n", "NULL", "User"],
    )
    def test_an_unquoted_name_that_is_not_an_identifier(self, column):
        with pytest.raises(ValueError) as caught:
            sql_case(column)
        assert str(caught.value) == self.BARE.format(column)

    @pytest.mark.parametrize("text", ["a\\", "a\0b", "a\nb", "\x7f", "a\u2028b"])
    def test_a_backslash_or_control_character_in_quotes(self, text):
        message = " must not contain a backslash or a control character, got " + repr(text)
        for quote in ('"', "`", "["):
            with pytest.raises(ValueError) as caught:
                sql_case(text, quote=quote)
            assert str(caught.value) == "column" + message
        with pytest.raises(ValueError) as caught:
            sql_case("p", {text: PortSet([1])})
        assert str(caught.value) == "label" + message
        with pytest.raises(ValueError) as caught:
            sql_case("p", otherwise=text)
        assert str(caught.value) == "label" + message

    @pytest.mark.parametrize(
        ("arguments", "kind", "message"),
        [
            (
                ("p", "22,80"),
                TypeError,
                "ports must be a PortSet, a PortRange, an EphemeralProfile or a mapping of labels "
                "to these, got str '22,80'",
            ),
            (
                ("p", {"web": [80]}),
                TypeError,
                "the ports of a label must be a PortSet, a PortRange or an EphemeralProfile, "
                "got list [80]",
            ),
            (("p", {80: PortSet()}), TypeError, "label must be a str, got int 80"),
            ((80,), TypeError, "column must be a str or a tuple of str, got int 80"),
            ((("a", 1),), TypeError, "column must be a str or a tuple of str, got tuple ('a', 1)"),
            (("p", {}), ValueError, "a mapping must have at least one label, got {}"),
            (((),), ValueError, "column must have a name, got ()"),
            (
                ("p", ephemeral.profile("smoltcp")),
                ValueError,
                "a profile must have a fixed range, got smoltcp",
            ),
        ],
    )
    def test_a_wrong_argument_is_refused_with_its_rule(self, arguments, kind, message):
        with pytest.raises(kind) as caught:
            sql_case(*arguments)
        assert str(caught.value) == message

    def test_an_unknown_quote_or_an_empty_name(self):
        with pytest.raises(ValueError) as caught:
            sql_case("p", quote="'")
        assert str(caught.value) == "quote must be '', '\"', '`' or '[', got \"'\""
        with pytest.raises(ValueError, match=r"^column must have a name, got ''$"):
            sql_case("", quote='"')

    def test_a_text_for_the_other_ports_of_a_set(self):
        with pytest.raises(TypeError) as caught:
            sql_case("p", PortSet([1]), otherwise="x")
        assert (
            str(caught.value)
            == "otherwise must be None for a set, for which the expression is 1 or 0"
        )


# All keywords of SQLite (its documentation, "SQLite Keywords", 147 of them), most of which it also
# accepts as names.
SQLITE_KEYWORDS = """
abort action add after all alter always analyze and as asc attach autoincrement before begin
between by cascade case cast check collate column commit conflict constraint create cross current
current_date current_time current_timestamp database default deferrable deferred delete desc
detach distinct do drop each else end escape except exclude exclusive exists explain fail filter
first following for foreign from full generated glob group groups having if ignore immediate in
index indexed initially inner insert instead intersect into is isnull join key last left like
limit match materialized natural no not nothing notnull null nulls of offset on or order others
outer over partition plan pragma preceding primary query raise range recursive references regexp
reindex release rename replace restrict returning right rollback row rows savepoint select set
table temp temporary then ties to transaction trigger unbounded union unique update using vacuum
values view virtual when where window with without
""".split()


@pytest.mark.parametrize("word", [*SQLITE_KEYWORDS, "rowid", "port", "dport", "service", "source"])
def test_a_word_without_quotes_is_a_column_or_refused(word):
    ports = PortSet([80])
    quoted = f'"{word}"'
    assert in_sqlite(sql_case(word, ports, quote='"'), [80, 81], quoted) == [1, 0]
    for name in (word, word.upper(), ("flows", word)):
        if word in RESERVED:
            with pytest.raises(InvalidValueError, match="a reserved word"):
                sql_case(name, ports)
        else:
            assert in_sqlite(sql_case(name, ports), [80, 81], quoted) == [1, 0]


@pytest.mark.parametrize(
    "word", ["select", "from", "where", "user", "Null", "ORDER", "table", "case"]
)
def test_a_reserved_word_requires_quotes(word):
    with pytest.raises(InvalidValueError) as caught:
        sql_case(word)
    assert str(caught.value) == (
        "a column without quotes must be ASCII letters, digits and underscores, and not a reserved "
        f"word, got {word!r}; pass quote='\"' or the engine's own"
    )
    assert sql_case(word, quote="`").startswith(f"CASE WHEN `{word}` BETWEEN")


def test_the_command_refuses_a_reserved_word(capsys):
    assert main(["sql", "select"]) == 2
    assert "not a reserved word, got 'select'" in capsys.readouterr().err
    assert main(["sql", "select", "22", "--quote", "double"]) == 0


def test_the_names_of_columns_of_flow_logs_are_not_reserved():
    # NetFlow and IPFIX exporters, Zeek, Suricata, VPC flow logs.
    names = "port sport dport src_port dst_port srcport dstport sourceTransportPort l4_dst_port"
    for name in [
        *names.split(),
        "service",
        "source",
        "destination",
        "server_port",
        "peer",
        "flows",
    ]:
        assert sql_case(name).startswith(f"CASE WHEN {name} BETWEEN")
