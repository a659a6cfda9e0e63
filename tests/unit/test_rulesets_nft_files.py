"""Files for nft that people write: variables, commands and comments."""

from __future__ import annotations

import pytest

from portranges import PortSyntaxError, TransportPorts, rulesets
from portranges.rulesets import Action, Hook, Ruleset

BASE = "type filter hook input priority 0; policy drop;"


def read(text: str) -> Ruleset:
    ruleset = rulesets.parse(text, "nft")
    assert ruleset.skipped == ()
    return ruleset


def ports(text: str) -> str:
    return str(read(text).reachable().ports)


def reasons(text: str) -> list[str]:
    return [each.reason for each in rulesets.parse(text, "nft").skipped]


def chain(*rules: str) -> str:
    lines = "\n".join(rules)
    return f"table inet t {{\n chain in {{\n  {BASE}\n{lines}\n }}\n}}\n"


@pytest.mark.parametrize(
    "text",
    [
        "#!/usr/sbin/nft -f\n\nflush ruleset\n" + chain("tcp dport 22 accept"),
        "#!/usr/bin/env -S nft -f\ndefine X = 22\n" + chain("tcp dport $X accept"),
        "add table inet t\nadd chain inet t in\nadd rule inet t in accept\n",
        "table filter {\n}\n",
    ],
)
def test_the_format_is_detected(text: str) -> None:
    assert rulesets.parse(text).format == "nft"


@pytest.mark.parametrize(
    "definitions",
    [
        "define X = 22",
        "define X = { 22 }",
        "define X = { 22, # ssh; $Y\n }",
        "define A = 22\ndefine X = $A",
        "define A = 22; define X = { $A }",
        "define X = 23\nredefine X = 22",
    ],
)
@pytest.mark.parametrize("use", ["tcp dport $X accept", "tcp dport { $X, 80-90 } accept"])
def test_variables(definitions: str, use: str) -> None:
    expected = "22/tcp" + (",80-90/tcp" if "80" in use else "")
    assert ports(f"{definitions}\n{chain(use)}") == expected


def test_a_variable_in_other_places() -> None:
    text = """
define p = 10
define what = drop
define high = 8010
define eth = "eth0"
define web = { 80, 443 }
table inet t {
    set s {
        type inet_service
        elements = $web
    }
    chain in {
        type filter hook input priority $p; policy $what;
        tcp dport @s accept
        udp dport 8000-$high iifname $eth accept comment "$none"
    }
    chain nat { type nat hook prerouting priority dstnat; tcp dport 1 redirect to :$high; }
}
"""
    ruleset = read(text)
    assert ruleset.chains
    assert ruleset.chains[0].priority == -100
    assert ruleset.chains[-1].priority == 10
    assert str(ruleset.reachable().ports) == "80/tcp,443/tcp,8000-8010/udp"
    assert [each.text for each in ruleset.rules[1:]] == [
        'udp dport 8000-$high iifname $eth accept comment "$none"',
        "tcp dport 1 redirect to :$high",
    ]
    assert ruleset.rules[1].conditions == ('iifname "eth0"',)
    assert str(ruleset.rules[2].translated_ports) == "8010"


def test_a_variable_is_known_in_its_block() -> None:
    text = chain("define X = 22", "tcp dport $X accept") + chain("tcp dport $X accept")
    (found,) = rulesets.parse(text).skipped
    assert found.reason == "a variable must be defined before it is used, got '$X'"
    assert (found.text, found.could_accept, found.group) == (
        "tcp dport $X accept", True, "inet t in",
    )  # fmt: skip
    (found,) = rulesets.parse(chain("tcp dport $X drop")).skipped
    assert not found.could_accept


def test_a_definition_that_is_not_certain() -> None:
    text = "define X = 22\ndefine X = 23\nundefine Y\n" + chain("tcp dport $X accept")
    assert reasons(text) == [
        "a variable must be defined once in a block, got 'define X = 23'",
        "a variable must be defined before it is used, got '$X'",
    ]
    text = "define X = 22\nundefine X\n" + chain("tcp dport $X accept")
    assert reasons(text) == ["a variable must be defined before it is used, got '$X'"]
    assert reasons("define X =\n") == [
        "a definition must have a name and a value, got 'define X ='"
    ]
    text = chain("tcp dport @s accept") + "table inet t { set s { type a; elements = $X; }; }"
    assert reasons(text) == []
    assert not rulesets.parse(text).reachable().is_exact


def test_variables_do_not_multiply() -> None:
    lines = ["define a0 = { 22, 80, 443 }"]
    lines += [f"define a{at + 1} = {{ {', '.join([f'$a{at}'] * 9)} }}" for at in range(40)]
    text = "\n".join([*lines, chain("tcp dport $a40 accept", "tcp dport $a1 accept")])
    found = rulesets.parse(text)
    assert str(found.rules[-1].ports) == "22/tcp,80/tcp,443/tcp"
    assert found.skipped[0].reason.startswith("variables must not multiply the length of the file")
    assert found.reachable().ports == TransportPorts.full()


def test_an_unknown_variable_in_a_base_chain_is_an_error() -> None:
    with pytest.raises(PortSyntaxError, match="a variable must be defined before it is used"):
        rulesets.parse("table ip t { chain in { type filter hook input priority $p; } }", "nft")


def test_another_file_may_have_any_rules() -> None:
    for text in (
        'include "x"\n' + chain("tcp dport 22 accept"),
        chain('include "x"', "tcp dport 22 accept"),
    ):
        ruleset = rulesets.parse(text)
        (found,) = ruleset.skipped
        assert (found.text, found.could_accept) == ('include "x"', True)
        assert found.reason == "other files are not read, got 'include \"x\"'"
        assert ruleset.reachable().ports == TransportPorts.full()


def test_commands_that_add_something() -> None:
    ruleset = read(f"""
flush ruleset
add table inet t
add table t4
create chain inet t web
add set inet t s {{ type inet_service; flags interval; elements = {{ 22 }}; }}
add element inet t s {{ 80-81, 443 }}
add map inet t v {{ type inet_service : verdict ; }}
add element inet t v {{ 25:accept, 26 : jump web }}
add counter inet t c
add limit inet t l {{ rate 400/minute ; }}
add chain inet t in {{ {BASE} }}
add chain t4 in {{ type filter hook input priority 1 ; }}
add rule inet t in tcp dport @s counter name c accept
rule inet t in udp dport {{ 53,
    123 }} accept
add rule inet t in ct state vmap {{ established: accept, invalid: drop }}
add rule inet t in tcp dport vmap @v
add rule inet t web accept
add rule t4 in tcp dport 443 drop
""")
    assert str(ruleset.reachable().ports) == ("22/tcp,25-26/tcp,53/udp,80-81/tcp,123/udp,443/tcp")
    first = ruleset.rules[0]
    assert (first.location.line, first.group) == (14, "inet t in")
    assert first.text == "add rule inet t in tcp dport @s counter name c accept"
    assert ruleset.rules[-1].group == "ip t4 in"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("insert rule inet t in accept", "expected a table or a command that adds to one"),
        ("add rule inet t in position 3 accept", "expected a table or a command that adds to one"),
        (
            "replace rule inet t in handle 3 accept",
            "expected a table or a command that adds to one",
        ),
        ("list ruleset", "expected a table or a command that adds to one"),
        ("flush ruleset", "what was added before must not be removed"),
        ("flush table inet t", "what was added before must not be removed"),
        ("flush chain inet t in", "what was added before must not be removed"),
        ("delete chain inet t empty", "what was added before must not be removed"),
        ("delete rule inet t in handle 3", "what was added before must not be removed"),
        ("delete element inet t s { 22 }", "what was added before must not be removed"),
        ("add rule inet other in accept", "a rule must be in a chain of its table"),
    ],
)
def test_other_commands_are_skipped(command: str, reason: str) -> None:
    text = f"{chain('tcp dport 22 accept')}add chain inet t empty\n{command}\n"
    (found,) = rulesets.parse(text).skipped
    assert found.reason.startswith(f"{reason}, got ")
    assert (found.text, found.location.line, found.could_accept) == (command, 8, True)


def test_removing_nothing_is_not_skipped() -> None:
    before = "add table inet t\ndelete table inet t\nflush ruleset\ndestroy table ip x\n"
    text = before + "add chain inet t in\nflush chain inet t in\n" + chain("tcp dport 22 accept")
    assert ports(text) == "22/tcp"


def test_comments_that_people_write() -> None:
    text = chain(
        "tcp dport 22 accept # ssh, accept } {",
        "tcp dport {",
        "    80, # web",
        "    443 # tls }",
        "} accept",
        "# tcp dport 25 accept",
        "tcp dport 53 \\",
        "    accept",
    )
    assert ports(text) == "22/tcp,53/tcp,80/tcp,443/tcp"


def test_a_chain_without_a_name() -> None:
    ruleset = read(
        chain(
            "tcp dport 1-9 jump {",
            "  tcp dport 5 drop",
            "  tcp dport 6 goto { tcp dport 6 accept; }",
            "  accept",
            "}",
            "udp dport 53 accept",
        )
    )
    assert str(ruleset.reachable().ports) == "1-4/tcp,6-9/tcp,53/udp"
    assert [each.text for each in ruleset.rules] == [
        "tcp dport 1-9 jump {", "tcp dport 5 drop", "tcp dport 6 goto {", "tcp dport 6 accept",
        "accept", "udp dport 53 accept",
    ]  # fmt: skip
    assert [each.location.line for each in ruleset.rules] == [4, 5, 6, 6, 7, 9]
    assert ruleset.rules[0].action is Action.JUMP
    nested = chain("jump { " * 17 + "} " * 17)
    with pytest.raises(PortSyntaxError, match="chains must be nested at most 16 deep"):
        rulesets.parse(nested)


def test_spellings_that_people_use() -> None:
    text = """
table inet t{
  set s { type inet_service; elements={ 22 } }
  chain in { type filter hook input priority filter -5; policy drop
    tcp dport @s accept; ct state {established,related} accept
  }
  chain nat { type nat hook prerouting priority dstnat; tcp dport 1 redirect to 8080; }
  chain old { type nat hook output priority -100; policy accept
    tcp flags & (syn | ack ) == syn dnat 10.0.0.1:90
  }
}
"""
    ruleset = read(text)
    chains = {each.hook: each.priority for each in ruleset.chains or ()}
    assert chains == {Hook.INPUT: -5, Hook.PREROUTING: -100, Hook.OUTPUT: -100}
    assert [str(each.translated_ports) for each in ruleset.rules[2:]] == ["8080", "90"]


# -- hostile files --------------------------------------------------------------------------------


def test_a_map_does_not_become_too_many_rules() -> None:
    chains = "".join(f"chain c{at} {{ }}\n" for at in range(300))
    listed = ", ".join(f"{at} : jump c{at}" for at in range(300))
    text = chain(*["tcp dport vmap @v"] * 30).replace(
        "table inet t {", f"table inet t {{\n{chains}map v {{ elements = {{ {listed} }}\n}}", 1
    )
    found = rulesets.parse(text)
    assert len(found.rules) == 21 * 300
    assert len(found.skipped) == 9
    assert found.skipped[0].reason == (
        "maps must not produce this many rules in a file of this size, got 300 more of '@v'"
    )
    assert not found.reachable().is_exact


def test_a_set_is_examined_for_some_expressions() -> None:
    keys = ("tcp dport", "th dport", "tcp sport", "th sport", "udp dport")
    rules = [f"{one} . {other} @s accept" for one in keys for other in keys]
    text = chain(*rules).replace(
        "table inet t {", "table inet t {\nset s { elements = { 0-65535 . 0-65535 }\n}", 1
    )
    found = rulesets.parse(text)
    # The elements are every pair of ports, so that a rule is exact where they are known.
    applies = [each.applies.value for each in found.rules]
    assert applies[:16] == ["always"] * 16
    assert "maybe" in applies[16:]


def test_long_lists_of_bits_and_words() -> None:
    ruleset = read(
        chain(f"tcp flags {'syn,' * 50_000}syn accept", f"tcp dport {{{'7, ' * 9}}} drop")
    )
    assert len(ruleset.rules) == 2
    text = chain(f"tcp dport {{ {'5 ' * 50_000} }} accept")
    assert rulesets.parse(text).skipped[0].could_accept


@pytest.mark.parametrize("sign", ["{", '"a'])
def test_a_long_rule_that_does_not_end_is_refused(sign: str) -> None:
    with pytest.raises(PortSyntaxError, match="must (end|be closed)"):
        rulesets.parse(chain(f"tcp dport {sign * 50_001}"))


@pytest.mark.parametrize("sign", ["(", "jhash ", ". ", "$a "])
def test_a_long_rule_that_has_no_meaning_is_skipped(sign: str) -> None:
    (found,) = rulesets.parse(chain(f"tcp dport {sign * 50_000}")).skipped
    assert found.could_accept


def test_a_set_with_an_unknown_property_may_have_any_element() -> None:
    known = (
        "type inet_service; flags interval, timeout; size 9; timeout 1h; gc-interval 1m; "
        'policy memory; auto-merge; counter; comment "x"; elements = { 22 }'
    )
    text = """table ip f {{
        set s {{ {}; }}
        chain c {{ type filter hook input priority 0; policy drop; tcp dport @s accept; }}
    }}"""
    ruleset = rulesets.parse(text.format(known), "nft")
    assert (str(ruleset.reachable().ports), ruleset.skipped) == ("22/tcp", ())
    for more in ("zork 1", "zork { a; }"):
        ruleset = rulesets.parse(text.format(f"{known}; {more}"), "nft")
        (skipped,) = ruleset.skipped
        assert skipped.location.line == 2
        assert skipped.reason.startswith("expected a property of a set or a map, got 'zork")
        assert ruleset.reachable().ports >= TransportPorts.parse("0-65535/tcp")


@pytest.mark.parametrize("blank", [" ", "\t", "\\\n"])
def test_blanks_at_the_end_are_read_once(blank: str) -> None:
    """The number of steps would be the square of 200,000 otherwise."""
    assert rulesets.parse("table ip t {\n}\n" + blank * 200_000, "nft").rules == ()
