"""Read a whole file of another program: the functions that choose the reader of its format."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from portranges import checks, types
from portranges.errors import DataError, InvalidValueError, elide, got
from portranges.rulesets import documents, json_text, yaml_text
from portranges.rulesets.catalog import detect_data, detect_document, find
from portranges.rulesets.model import Format
from portranges.rulesets.ruleset import Ruleset


def parse(
    text: str,
    format: str | None = None,  # noqa: A002 - the users' word
    *,
    services: types.Services | None = None,
    variables: types.Mapping[str, str] | None = None,
    sets: str | None = None,
) -> Ruleset:
    """Return the rules in *text*, the content of a file.

    Args:
        text: What the tool wrote, unchanged. Data may be in JSON or, with the extra ``yaml``, in
            YAML. Several documents of YAML are one list.
        format: The name of the format; ``None`` to detect it.
        services: A registry of service names, such as ``portranges.registry.SHIPPED``; without
            it a rule with a name is skipped.
        variables: The values of variables in a compose file, for example from its ``.env`` file.
        sets: The output of ``ipset save`` on the machine of an iptables ruleset. Without it, a
            match with ``-m set`` holds for some packets.

    Raises:
        TypeError: An argument has the wrong type.
        UnknownNameError: *format* is unknown.
        InvalidValueError: The format is not detected or is a format of named lists, or the rules
            contradict each other, or *variables* or *sets* are given for a format without them.
        PortSyntaxError: The text is incomplete or does not have the form of a file of this
            format; ``.span`` is the place. A single rule that is not understood is skipped.
        MissingExtraError: The text is YAML, and PyYAML is not installed.
        DataError: The format is one of another package, which does not work.

    Complexity:
        Linear in the length of *text*.

    Example:
        >>> ruleset = parse('''*filter
        ... :INPUT DROP [0:0]
        ... -A INPUT -p tcp -m multiport --dports 22,443 -j ACCEPT
        ... COMMIT
        ... ''')
        >>> print(ruleset.format, ruleset.rules[0].ports, ruleset.rules[0].location)
        iptables 22/tcp,443/tcp line 3
    """
    text = checks.of_type("text", text, str)
    checks.services(services)
    row, document = detect_document(text) if format is None else (find(format), None)
    _check_variables(row, variables)
    if sets is not None:
        sets = checks.of_type("sets", sets, str)
        if not row.has_sets:
            rule = "sets must be None for a format without sets of ipset"
            raise InvalidValueError(rule, f"a text for {row.name!r}")
    if document is None and row.keys:
        # Data is in JSON or, if the format has no signs of plain text, in YAML.
        if documents.is_json(text):
            document = json_text.load(text)
        elif not row.signs:
            document = yaml_text.load(text)
    if document is None:
        module = _reader(row, "read_text")
        if sets is not None:
            further = types.cast("types.SetsReader", module)
            return _checked(further.read_text(text, row.name, services, sets), row)
        reader = types.cast("types.RulesetReader", module)
        return _checked(reader.read_text(text, row.name, services), row)
    return documents.located(_read_data(document.data, row, services, variables), document)


def from_data(
    data: object,
    format: str | None = None,  # noqa: A002 - the users' word
    *,
    services: types.Services | None = None,
    variables: types.Mapping[str, str] | None = None,
) -> Ruleset:
    """Return the rules in *data*, which a JSON or YAML parser returned.

    Args:
        data: The outermost object or list.
        format: The name of the format; ``None`` to detect it.
        services: A registry of service names, as for ``parse``.
        variables: The values of variables, as for ``parse``.

    Raises:
        TypeError: An argument has the wrong type.
        UnknownNameError: *format* is unknown.
        InvalidValueError: The format is not detected or is not a format of data, or the data does
            not have its form, is nested too deeply or has a number of more than 100 digits.
        DataError: The format is one of another package, which does not work.

    Complexity:
        Linear in the size of *data*.

    Example:
        >>> from_data({}, "iptables")
        Traceback (most recent call last):
        ...
        portranges.errors.InvalidValueError: format must be a format of data, got 'iptables'; \
parse() reads text
    """
    checks.services(services)
    documents.check_depth(data)
    row = detect_data(data) if format is None else find(format)
    if not row.keys:
        raise InvalidValueError(
            "format must be a format of data", f"{row.name!r}; parse() reads text"
        )
    _check_variables(row, variables)
    return _read_data(data, row, services, variables)


def _check_variables(row: Format, variables: types.Mapping[str, str] | None) -> None:
    if variables is None:
        return
    given = types.cast("object", variables)
    if not isinstance(given, Mapping):
        raise TypeError(f"variables must be a mapping, got {got(given)}")
    for item in types.cast("types.Mapping[object, object]", given).items():
        for each in item:
            checks.of_type("a name or a value of variables", types.cast("str", each), str)
    if not row.has_variables:
        rule = "variables must be None for a format without variables"
        raise InvalidValueError(rule, f"{len(variables)} for {row.name!r}")


def _read_data(
    data: object,
    row: Format,
    services: types.Services | None,
    variables: types.Mapping[str, str] | None,
) -> Ruleset:
    module = _reader(row, "read_data")
    if variables is not None:
        further = types.cast("types.VariablesReader", module)
        return _checked(further.read_data(data, row.name, services, variables), row)
    reader = types.cast("types.RulesetReader", module)
    return _checked(reader.read_data(data, row.name, services), row)


def _reader(row: Format, function: str) -> object:
    """Return the module that reads a format, which may be one of another package."""
    try:
        module = import_module(row.reader)
    except ImportError as error:
        raise _broken(row, f"{type(error).__name__} {elide(str(error))}") from error
    if not callable(getattr(module, function, None)):
        raise _broken(row, f"expected a function {function} in {row.reader}")
    return module


def _checked(found: Ruleset, row: Format) -> Ruleset:
    if not isinstance(found, Ruleset):
        raise _broken(row, f"expected a Ruleset, got {elide(found)}")
    return found


def _broken(row: Format, reason: str) -> DataError:
    return DataError(f"the reader of the format {row.name!r}", reason)
