"""Run the examples of the public functions with the types of all arguments and results checked.

``python type_checked.py beartype`` prints the examples that fail, the calls that accept an object
of a wrong type, and how many of each were tried. It is a program of its own, because it changes
the classes of the package.
"""

from __future__ import annotations

import doctest
import importlib
import inspect
import json
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import beartype
import beartype.roar
import typeguard
from hypothesis import settings

from package_modules import INTERNAL, module_names, offered

CHECKS: dict[str, Callable[[Any], Any]] = {
    # An int is a float, as for type checkers.
    "beartype": beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True)),
    "typeguard": typeguard.typechecked,
}

# What an example of a strategy draws must not depend on chance or on an earlier run.
settings.register_profile("examples", derandomize=True, database=None)
settings.load_profile("examples")

REFUSALS = (beartype.roar.BeartypeCallHintViolation, typeguard.TypeCheckError)

# typeguard checks every assignment in a loop over the whole registry: these take minutes.
SLOW = {
    "portranges.registry.model.Difference",
    "portranges.registry.model.Difference.kind",
    "portranges.registry.registry.Registry.compare",
    "portranges.registry.registry.Registry.search",
    "portranges.registry.registry.Registry.spans",
    "portranges.report.build.explain_ranges",
}


class Runner(doctest.DocTestRunner):
    """Runs examples; where an example shows an error, the checker may refuse the argument."""

    def __init__(self) -> None:
        super().__init__(optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
        self.failed: list[str] = []

    def report_failure(self, out: Any, test: Any, example: Any, got: str) -> None:
        is_refused = "BeartypeCallHintParamViolation" in got or "TypeCheckError" in got
        if example.exc_msg is None or not is_refused:
            self.failed.append(f"{test.name}: {example.source}{got}")

    def report_unexpected_exception(self, out: Any, test: Any, example: Any, exc_info: Any) -> None:
        if issubclass(exc_info[0], REFUSALS) and "except" in example.source:
            return
        text = "".join(traceback.format_exception_only(*exc_info[:2]))
        self.failed.append(f"{test.name}: {example.source}{text}")


def public() -> Iterator[Any]:
    """The listed functions and classes of the modules that users import."""
    for name in ["portranges", *fronts()]:
        module = importlib.import_module(name)
        for each in offered(module):
            value = getattr(module, each)
            is_ours = getattr(value, "__module__", "").startswith("portranges")
            if is_ours and (inspect.isfunction(value) or inspect.isclass(value)):
                if "<locals>" not in value.__qualname__:
                    yield value


def fronts() -> list[str]:
    return [
        name
        for name in module_names()
        if (name.count(".") == 1 or name.startswith("portranges.integrations."))
        and "._" not in name
        and name.split(".")[1] not in {*INTERNAL, "cli", "types"}
        and name != "portranges.integrations.extras"
    ]


def main(checker: str) -> None:
    check = CHECKS[checker]
    modules = [importlib.import_module(name) for name in module_names() if "._" not in name]
    # A checked function has other globals, and doctest would not find it in its module.
    tests = [
        (module, test)
        for module in modules
        if not module.__name__.startswith("portranges.cli")
        for test in doctest.DocTestFinder().find(module)
        if test.examples and not (checker == "typeguard" and test.name in SLOW)
    ]
    checked: dict[Any, Any] = {}
    for value in public():
        if value not in checked:
            checked[value] = check(value)
    for module in modules:
        for name, value in vars(module).copy().items():
            if inspect.isfunction(value) and value in checked:
                setattr(module, name, checked[value])
    runner = Runner()
    for module, test in tests:
        test.globs = vars(module).copy()
        runner.run(test, out=lambda _: None)
    functions = [each for each in checked if inspect.isfunction(each) and takes_a_type(each)]
    sys.stdout.write(
        json.dumps(
            {
                "failed": runner.failed,
                "accepted": [
                    f"{each.__module__}.{each.__name__}"
                    for each in functions
                    if accepts_object(checked[each])
                ],
                "examples": len(tests),
                "checked": len(checked),
                "functions": len(functions),
            }
        )
    )


def takes_a_type(function: Any) -> bool:
    """Whether the first argument is required and not of any type, and checked by the call."""
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        return False
    first = next(iter(inspect.signature(function).parameters.values()), None)
    anything = ("object", "types.Any", "Any", object, Any)
    return first is not None and first.default is first.empty and first.annotation not in anything


def accepts_object(function: Any) -> bool:
    """Whether *function* runs if every required argument is a plain object."""
    required = [
        each.name
        for each in inspect.signature(function).parameters.values()
        if each.default is each.empty and each.kind is not each.VAR_KEYWORD
    ]
    try:
        function(**{name: object() for name in required})
    except REFUSALS:
        return False
    except Exception:  # noqa: BLE001 - another error shows that the argument was not refused
        return True
    return True


if __name__ == "__main__":
    main(sys.argv[1])
