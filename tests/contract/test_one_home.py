"""Mechanisms that are written once, and the modules that have them.

Each test names what would show a second implementation: a text, a call, a definition. If one
fails, use the mechanism that exists; a new row in a table of this file needs a reason.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain
from pathlib import Path

import pytest

import portranges
from portranges import registry, reuse, system, systems
from portranges.registry import shipped
from portranges.reuse.others.lookup import SYSTEMS as OTHERS
from portranges.selection.orders import Order
from portranges.system import parse_windows, shapes
from portranges.system.rows import READINGS

PACKAGE = Path(portranges.__file__).parent

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def modules() -> dict[str, tuple[ast.AST, ...]]:
    """The nodes of the syntax tree of every module, by its path in the package."""
    return {
        path.relative_to(PACKAGE).as_posix(): tuple(ast.walk(ast.parse(path.read_text("utf-8"))))
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def where(wanted: Callable[[ast.AST], bool], *, under: tuple[str, ...] = ("",)) -> set[str]:
    """The modules with a node that is *wanted*, among those whose path begins with *under*."""
    return {
        name
        for name, nodes in modules().items()
        if name.startswith(under) and any(map(wanted, nodes))
    }


def called(node: ast.AST) -> str:
    """The name of the function or method that *node* calls, or an empty text."""
    if not isinstance(node, ast.Call):
        return ""
    return getattr(node.func, "id", "") or getattr(node.func, "attr", "")


def defines(*names: str) -> Callable[[ast.AST], bool]:
    """A test for the definition of a function or class with one of the *names*."""
    return lambda node: isinstance(node, (*FUNCTIONS, ast.ClassDef)) and node.name in names


def arguments(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    every = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    return {each.arg for each in every}


# A text, and the only modules that may contain it.
HOMES = {
    # Output of the commands and of the page of a report; the text of a rule that is data; a drawn
    # file of rules.
    "json.dumps(": {"cli/output.py", "rulesets/documents.py", "strategies/rules.py"},
    # "schema" is a key of pydantic too.
    '"schema"': {"cli/output.py", "fields.py"},
    "import wrap": {"layout.py"},
    "break_on_hyphens": {"layout.py"},
    "WIDTH = 80": {"layout.py"},
    "get_terminal_size": {"cli/output.py"},
    "\\x1b[1m": {"report/page_layout.py"},
    'action="store_true"': {"cli/arguments.py"},
    "ArgumentTypeError": {"cli/numbers.py", "cli/watch.py", "integrations/argparse.py"},
    "file=sys.stderr": {"cli/output.py"},
    ',..."': {"layout.py"},
    # Records as data.
    "__dataclass_fields__": {"records.py"},
    # The text of a source.
    "(checked {": {"source.py"},
    # The ports of a text or of data that names transports.
    "must be the same for every transport": {"dialects/combining.py"},
}


@pytest.mark.parametrize("text", HOMES)
def test_a_text_is_in_its_home_only(text: str) -> None:
    found = {name for name in modules() if text in (PACKAGE / name).read_text("utf-8")}
    assert found == HOMES[text]


# A function or class, and the only modules that may define one of that name.
DEFINITIONS = {
    "Source": {"source.py"},
    "cite": {"source.py"},
    "Confidence": {"source.py"},
    "System": {"systems.py"},
    "Index": {"names.py"},
    "near": {"names.py"},
    "as_data": {"records.py"},
    "agreed": {"dialects/combining.py"},
    "decide_bind": {"reuse/others/pairs.py"},
    "Options": {"reuse/model.py"},
    "Clock": {"reuse/machine.py"},
    "describe": {"reuse/machine.py", "reuse/table.py"},
    "is_inet6": {"reuse/machine.py"},
}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_name_is_defined_in_its_home_only(name: str) -> None:
    # _types.py only declares.
    assert where(defines(name)) - {"_types.py"} == DEFINITIONS[name]


# How a free port is chosen: selection has the orders, reuse and capacity follow them.

DRAWS = {"choice", "getrandbits", "randbytes", "randint", "random", "randrange", "sample"}


def loops_over_ports(node: ast.AST) -> bool:
    return (
        isinstance(node, (ast.For, ast.comprehension))
        and called(node.iter) in {"range", "PortRange"}
        and "port" in ast.unparse(node.target)
    )


def test_only_selection_has_orders_of_ports() -> None:
    kinds = list(
        chain.from_iterable(each.__subclasses__() for each in (Order, *Order.__subclasses__()))
    )
    assert len(kinds) > 5
    assert {kind.__module__ for kind in kinds} == {"portranges.selection.orders"}
    assert where(defines("stretches")) == {"selection/orders.py"}
    # A machine's picker leaves out the ports that the system reserves.
    assert where(defines("candidates")) == {"selection/orders.py", "reuse/others/picking.py"}


def test_reuse_and_capacity_count_through_no_range_of_ports() -> None:
    # The cache goes through the stretches of an order.
    assert where(loops_over_ports, under=("reuse/", "capacity/", "probe/")) == set()


def test_random_bits_are_drawn_for_an_order_only() -> None:
    # Linux hands its source of bits and its counters to the orders of selection.
    found = where(lambda node: called(node) in DRAWS, under=("reuse/", "capacity/", "probe/"))
    assert found == {"reuse/linux/perturbation.py", "reuse/linux/tcp.py"}


# The names of systems.


def test_aliases_of_systems_are_in_one_table() -> None:
    # _words.py repeats the names for type checkers, and tests/contract/test_literals.py compares.
    aliases = {alias for row in systems.rows() for alias in row.aliases}
    # "darwin" and "sunos" are values of sys.platform, "lwip-tcp" is also an algorithm.
    allowed = {
        "darwin": {"system/rows.py"},
        "sunos": {"system/rows.py"},
        "lwip-tcp": {"ephemeral/model.py", "selection/rows.py"},
    }
    found: defaultdict[str, set[str]] = defaultdict(set)
    for name, nodes in modules().items():
        for node in nodes:
            value = node.value if isinstance(node, ast.Constant) else None
            if (
                isinstance(value, str)
                and value in aliases
                and name not in {"systems.py", "_words.py"}
            ):
                found[value].add(name)
    assert found == allowed


def test_a_name_or_alias_is_looked_up_by_an_index() -> None:
    # An Index compares the name with the aliases of each row; nothing else does.
    def reads_aliases(node: ast.AST) -> bool:
        return isinstance(node, ast.Starred) and ast.unparse(node.value).endswith(".aliases")

    assert where(reads_aliases) == {
        "names.py",
        "ephemeral/model.py",
        "reuse/decisions.py",
        # Which names an entry point must not have, and which belong to the other kind of format.
        "rulesets/catalog.py",
        "rulesets/named.py",
    }


def test_similar_names_are_suggested_in_few_places() -> None:
    # Beside the index: the checks of words, and transports, which have a check of their own.
    assert where(lambda node: called(node) == "unknown") == {"names.py", "checks.py", "ports.py"}
    # Services, which are found by a search; the names of a tool; mistyped commands.
    assert where(lambda node: called(node) == "near") == {
        "names.py",
        "registry/registry.py",
        "dialects/elements.py",
        "cli/guesses.py",
    }


# Provenance.


def test_only_cite_makes_the_source_of_a_row() -> None:
    # A registry that is read from a file has the file's name and date as its source.
    found = where(lambda node: called(node) == "Source")
    assert found == {"source.py", "registry/edition.py", "registry/registry.py"}


def test_the_usual_date_of_a_source_is_written_once() -> None:
    found = where(lambda node: isinstance(node, ast.Constant) and node.value == "2026-11")
    assert found == {"source.py"}


def test_no_package_has_a_helper_to_cite() -> None:
    def cites(node: ast.AST) -> bool:
        return (
            isinstance(node, FUNCTIONS)
            and {"document", "section"} <= arguments(node)
            and any(called(each) in {"Source", "cite"} for each in ast.walk(node))
        )

    assert where(cites) == {"source.py"}


# The calls of a socket, and the rules of a system.

OPTIONS = {
    "exclusive",
    "lb",
    "load_balance",
    "privileged",
    "r",
    "reuse_address",
    "reuse_port",
    "rp",
}


def test_the_options_of_a_socket_are_written_out_by_few_functions() -> None:
    found = [
        f"{name} {node.name}"
        for name, nodes in modules().items()
        for node in nodes
        if isinstance(node, FUNCTIONS) and len(OPTIONS & arguments(node)) >= 3
    ]
    assert sorted(found) == [
        "reuse/model.py __init__",
        "reuse/sock.py __init__",
        "reuse/table.py set_option",
        "reuse/table.py socket",
    ]


def test_no_system_decides_by_a_function_of_its_own() -> None:
    calls = where(lambda node: isinstance(node, ast.Name) and node.id == "decide_bind")
    assert calls == {"reuse/decisions.py"}
    for module, _ in OTHERS.values():
        nodes = modules()[f"reuse/others/{module}.py"]
        assert not any(isinstance(node, ast.Name) and node.id == "decide" for node in nodes)


def test_a_rule_is_a_row_of_a_table() -> None:
    made = where(lambda node: called(node) == "Rule")
    assert {name for name in made if name.startswith("reuse/")} == {"reuse/rulebook.py"}
    # The id of a rule is written where the row is: its name in a dictionary, and nowhere else.
    ids = {row.id for name in reuse.systems() for row in reuse.rules(name)}
    assert where(lambda node: isinstance(node, ast.Constant) and node.value in ids) == set()


# The registry.

BOUND = (
    "lookup", "state", "services", "ports", "assigned", "reserved", "unassigned", "not_listed"
)  # fmt: skip


@pytest.mark.parametrize("name", BOUND)
def test_a_function_of_the_registry_is_a_method_of_the_shipped_one(name: str) -> None:
    function = getattr(registry, name)
    assert function.__self__ is registry.SHIPPED
    assert function.__func__ is getattr(registry.Registry, name)
    assert getattr(shipped, name) == function


def test_the_registry_defines_no_function_beside_its_methods() -> None:
    # is_service_name() is about a text, not about a table.
    own = [name for name in registry.__all__ if inspect.isfunction(getattr(registry, name))]
    assert own == ["is_service_name"]


# Checks of arguments.


def template(node: ast.AST) -> str:
    """The text of a literal, with {} for each value in it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(template(each) or "{}" for each in node.values)
    return ""


def refusals() -> Iterator[tuple[str, str]]:
    """Yield the text of each error that a module raises, and the module."""
    for name, nodes in modules().items():
        for node in nodes:
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
                text = template(node.exc.args[0])
                if " " in text and called(node.exc) in {"TypeError", "InvalidValueError"}:
                    yield text, name


# Texts that several modules have, and why.
SHARED = {
    "system must have ports": "the two functions do not count the same ports",
    "{} must be a number, got {}": "see GENERAL",
    "{} must be {}, got {}": "see GENERAL",
}


def test_a_check_of_an_argument_is_written_once() -> None:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for text, name in refusals():
        found[text].add(name)
    assert {text for text, names in found.items() if len(names) > 1} == SHARED.keys()


# Checks of an argument of any name outside checks.py.
GENERAL = {
    "names.py": "checks uses it",
    "capacity/model.py": "the bound of an interval may be negative or infinite",
    "dialects/data_azure.py": "the name is the property of an object",
    "ephemeral/lookup.py": "a system is a name or a row",
    "rulesets/aws_rules.py": "the name is the key of a value in a file",
    "probe/record.py": "what an address must be depends on the family",
    "system/model.py": "only a machine has functions",
    "system/read.py": "the value of a setting is not an argument",
}


def test_a_check_of_any_argument_is_in_checks() -> None:
    general = re.compile(r"\{\} must (not )?be (an? |one |at |in |\{\}|empty|negative|callable)")
    found = {name for text, name in refusals() if general.match(text)}
    assert found - {"checks.py"} == GENERAL.keys()


# Records as data.


def test_to_dict_converts_no_attribute_by_itself() -> None:
    """``as_data`` converts attributes; a method adds what is not one, such as a count."""
    wrong: list[str] = []
    for name, nodes in modules().items():
        for function in nodes:
            if not (isinstance(function, ast.FunctionDef) and function.name == "to_dict"):
                continue
            for each in ast.walk(function):
                pairs = (
                    zip(each.keys, each.values, strict=True) if isinstance(each, ast.Dict) else ()
                )
                for key, value in pairs:
                    own = f"self.{key.value}" if isinstance(key, ast.Constant) else ""
                    if ast.unparse(value) in {own, f"{own}.value", f"str({own})"}:
                        wrong.append(f"{name}: {own}")
    assert wrong == []


def test_no_value_is_converted_for_json_elsewhere() -> None:
    names = {"asdict", "astuple"}

    def converts(node: ast.AST) -> bool:
        return isinstance(node, ast.ImportFrom) and bool(
            node.module == "dataclasses" and names & {each.name for each in node.names}
        )

    assert where(converts) == set()


# Ports, sets and ranges.


def test_a_range_is_made_a_set_by_the_constructor() -> None:
    # PortSet(x) accepts a range and a set, so that [x] is for a port only.
    def wraps(node: ast.AST) -> bool:
        if not (isinstance(node, (ast.If, ast.IfExp)) and called(node.test) == "isinstance"):
            return False
        tested = ast.unparse(node.test)
        inner = node.body if isinstance(node.body, list) else [node.body]
        return "PortRange" in tested and any(
            called(each) == "PortSet" and isinstance(each.args[0], (ast.List, ast.Tuple))
            for part in inner
            for each in ast.walk(part)
            if isinstance(each, ast.Call) and each.args
        )

    assert where(wraps) == set()


# Settings of a machine.


def test_a_setting_is_parsed_by_a_shape() -> None:
    assert [name for name in system.__all__ if name.startswith("parse")] == [
        "parse",
        "parse_netsh_exclusions",
    ]
    used = {getattr(getattr(row.parse, "func", row.parse), "__module__", "") for row in READINGS}
    assert used <= {shapes.__name__, parse_windows.__name__, "functools"}


def test_every_shape_is_used() -> None:
    text = (PACKAGE / "system/rows.py").read_text("utf-8") + (PACKAGE / "system/read.py").read_text(
        "utf-8"
    )
    public = [
        name
        for name, value in vars(shapes).items()
        if inspect.isfunction(value)
        and value.__module__ == shapes.__name__
        and not name.startswith(("_", "as_"))
    ]
    assert [name for name in public if name not in text] == []
