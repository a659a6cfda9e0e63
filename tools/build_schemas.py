"""Write the JSON schemas of the commands' ``--json`` output, one file per command.

The parts are written here by hand; closed sets of words come from the library. The tests compare
the output of every command with its schema, which allows no other keys.

    python tools/build_schemas.py           rewrite the files in src/portranges/cli/schemas
    python tools/build_schemas.py --check   change nothing; exit 1 if a file differs
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from portranges import Category, Confidence, Transport, cli  # noqa: E402
from portranges.advice import Severity  # noqa: E402
from portranges.cli.output import SCHEMA  # noqa: E402
from portranges.families import Family  # noqa: E402
from portranges.probe import (  # noqa: E402
    Age,
    Backend,
    BindVerdict,
    ChangeKind,
    ReasonKind,
    Scope,
    SocketState,
)
from portranges.registry import State  # noqa: E402
from portranges.reuse import Verdict  # noqa: E402
from portranges.rulesets.model import Action, Applies, Direction  # noqa: E402
from portranges.system import Field, OriginKind, TimeWaitReuse  # noqa: E402
from portranges.systems import Kind  # noqa: E402

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FOLDER = Path(cli.__file__).with_name("schemas")
DRAFT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, object]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "number"}
FLAG: Schema = {"type": "boolean"}
PORT: Schema = {"type": "integer", "minimum": 0, "maximum": 65535}


def words(values: Iterable[str]) -> Schema:
    """Return the schema of one word of a closed set."""
    return {"enum": [str(each) for each in values]}


def array(items: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


def of_any_name(values: Schema) -> Schema:
    """Return the schema of an object whose keys are names."""
    return {"type": "object", "additionalProperties": values}


def nullable(schema: Schema) -> Schema:
    """Return the schema of a value that may be null."""
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def record(optional: Mapping[str, Schema] | None = None, /, **required: Schema) -> Schema:
    """Return the schema of an object with these keys, *optional* ones included, and no others."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": [*required],
        "additionalProperties": False,
    }


def ref(name: str) -> Schema:
    """Return a reference to one of ``PARTS``."""
    return {"$ref": f"#/$defs/{name}"}


def texts(*names: str) -> dict[str, Schema]:
    """Return the keys *names*, each with a text."""
    return dict.fromkeys(names, TEXT)


TRANSPORT = words(Transport)
CONFIDENCE = words(Confidence)
PLACE: dict[str, Schema] = {"line": {"type": "integer", "minimum": 1}, "pointer": TEXT}
_FINDING: dict[str, Schema] = {
    "id": TEXT,
    "severity": words(Severity),
    "sentence": TEXT,
    "ports": ref("ports"),
    "source": TEXT,
}
_INTERVAL = record(low=NUMBER, high=NUMBER)
_PAIR: Schema = {**array(WHOLE), "minItems": 2, "maxItems": 2}

# What several schemas, or one schema several times, refer to.
PARTS: dict[str, Schema] = {
    "ports": {
        "description": "ports and ranges, such as 22,8000-8100",
        "type": "string",
        "pattern": "^([0-9]{1,5}(-[0-9]{1,5})?(,(?!$)|$))*$",
    },
    "transportPorts": {
        "description": "ports with transports, such as 22/tcp,53/udp",
        "type": "string",
        "pattern": "^([0-9]{1,5}(-[0-9]{1,5})?/(tcp|udp|sctp|dccp)(,(?!$)|$))*$",
    },
    "range": record(first=PORT, last=PORT),
    "finding": record(**_FINDING),
    "visibility": record(sockets=words(Scope), owners=words(Scope), reason=TEXT),
    "socket": record(
        transport=words(("tcp", "udp")),
        family=words(Family),
        address=TEXT,
        port=PORT,
        remote_address=nullable(TEXT),
        remote_port=nullable(PORT),
        state=words(SocketState),
        uid=nullable(WHOLE),
        inode=nullable(WHOLE),
        v6only=nullable(FLAG),
        expires_in=nullable(NUMBER),
        owners=array(
            record(pid=WHOLE, name=TEXT, uid=nullable(WHOLE), started_at=nullable(NUMBER))
        ),
    ),
    "place": record(PLACE, file=TEXT, text=TEXT),
    "error": record(
        {"text": TEXT, "position": _PAIR, "name": TEXT, "suggestions": array(TEXT)},
        type=TEXT,
        message=TEXT,
    ),
}

_MACHINE_HERE = record(
    {
        "error": TEXT,
        "range": ref("ports"),
        **dict.fromkeys(("allocated", "reserved", "excluded"), FLAG),
        **dict.fromkeys(("privileged", "may_bind"), nullable(FLAG)),
    },
    transport=TRANSPORT,
)
_TABLE: dict[str, Schema] = {
    "visibility": ref("visibility"),
    "backend": nullable(words(Backend)),
    "read_at": NUMBER,
    "sockets": array(ref("socket")),
}
_BIND_HERE = record(
    {"verdict": words(BindVerdict), "error": nullable(TEXT), "rule": TEXT},
    transport=words(("tcp", "udp")),
)
_STATES = ("unknown", "free", "listening", "bound", "ended", "self-connected", "connected")
_REPORT = record(
    {
        "here": record(
            verdict=words(_STATES),
            machine=array(_MACHINE_HERE),
            bind=array(_BIND_HERE),
            **_TABLE,
        ),
    },
    port=PORT,
    ports=ref("range"),
    brief=TEXT,
    category=words(Category),
    registry=array(
        record(
            transport=TRANSPORT,
            state=words(State),
            services=array(TEXT),
            descriptions=array(TEXT),
        )
    ),
    purpose=array(WHOLE),
    allocated_by=array(TEXT),
    skipped_by=array(TEXT),
    privileged_on=array(TEXT),
    browser_blocked=FLAG,
    uses=array(TEXT),
    not_for_internet=array(TEXT),
    judgement=array(WHOLE),
)
EXPLAIN = record(
    registry_source=TEXT,
    browser_source=TEXT,
    categories=of_any_name(
        record(
            **texts("label", "procedure", "source"),
            other_labels=array(TEXT),
            first=PORT,
            last=PORT,
            size=WHOLE,
        )
    ),
    systems=of_any_name(
        record(
            system=TEXT,
            ephemeral=nullable(record(ports=ref("ports"), source=TEXT)),
            privilege=nullable(record(note=TEXT, source=TEXT)),
        )
    ),
    uses=of_any_name(
        record(
            ports=ref("ports"),
            transports=array(TRANSPORT),
            **texts("kind", "note", "since", "service", "source", "fragment"),
            confidence=CONFIDENCE,
        )
    ),
    not_for_internet=of_any_name(
        record(
            ports=ref("ports"),
            transports=array(TRANSPORT),
            **texts("why", "source", "fragment"),
            confidence=CONFIDENCE,
        )
    ),
    remarks=array(record(**texts("text", "source"))),
    commands=array(
        record(**texts("system", "command", "shows", "source"), transports=array(TRANSPORT))
    ),
    reports=array(_REPORT),
)

_SYSTEM = record(
    name=TEXT,
    system=TEXT,
    kind=words(Kind),
    ports=nullable(ref("ports")),
    count=nullable(WHOLE),
    skipped=ref("ports"),
    transports=array(TRANSPORT),
    shares_ports_across_destinations=nullable(FLAG),
    time_wait=nullable(NUMBER),
    privileged_below=nullable(WHOLE),
    privileged_extra=ref("ports"),
    privileged_note=TEXT,
    read_with=array(TEXT),
    confidence=CONFIDENCE,
    source=TEXT,
)
_SETTINGS = record(
    name={"const": "here"},
    system=TEXT,
    transport=TRANSPORT,
    family=words(Family),
    effective=ref("ports"),
    count=WHOLE,
    configured=ref("ports"),
    reserved=ref("ports"),
    excluded=ref("ports"),
    unprivileged_start=nullable(WHOLE),
    time_wait=nullable(NUMBER),
    time_wait_reuse=nullable(words(TimeWaitReuse)),
    time_wait_reuse_after=nullable(NUMBER),
    time_wait_limit=nullable(WHOLE),
    fin_wait_2=nullable(NUMBER),
    port_step_width=nullable(WHOLE),
    origins={
        "type": "object",
        "propertyNames": words(Field),
        "additionalProperties": record(kind=words(OriginKind), **texts("place", "note", "source")),
    },
)

CONVERT = record(
    {"texts": array(TEXT), "data": {"description": "in the form of the other program"}},
    ports={"anyOf": [ref("ports"), ref("transportPorts")]},
    size=WHOLE,
    dialect=TEXT,
)

_DECISION = record(
    system=TEXT,
    verdict=words(Verdict),
    error=nullable(TEXT),
    rule=TEXT,
    reason=TEXT,
    blocker=nullable(TEXT),
    confidence=CONFIDENCE,
    source=TEXT,
)
_BIND = record(
    system=TEXT,
    socket=TEXT,
    verdict=words(BindVerdict),
    uid=WHOLE,
    privileged=nullable(FLAG),
    error=nullable(TEXT),
    rule=TEXT,
    reason=TEXT,
    confidence=CONFIDENCE,
    source=TEXT,
    holders=array(
        record(
            record=ref("socket"),
            count=WHOLE,
            verdict=words(BindVerdict),
            options=array(TEXT),
            why_no_owner=TEXT,
            rule=TEXT,
        )
    ),
    notes=array(TEXT),
    local=nullable(FLAG),
    range=ref("ports"),
    allocated=FLAG,
    reserved=FLAG,
    excluded=FLAG,
    requires_privilege=nullable(FLAG),
    with_reuse_address=nullable(words(BindVerdict)),
)

_LISTENER = record(
    port=PORT,
    transport=TRANSPORT,
    address=TEXT,
    processes=array(record(pid=WHOLE, name=TEXT)),
)
# Of ports a finding alone, of a rule file with its place.
AUDIT = array(record({"file": TEXT, **PLACE, "location": TEXT, "listener": _LISTENER}, **_FINDING))

_RULE = record(
    PLACE,
    file=TEXT,
    group=TEXT,
    direction=nullable(words(Direction)),
    families=array(words(Family)),
    action=words(Action),
    target=TEXT,
    ports=ref("transportPorts"),
    source_ports=ref("ports"),
    translated_ports=nullable(ref("ports")),
    conditions=array(TEXT),
    applies=words(Applies),
    services=array(TEXT),
    uses=array(TEXT),
    text=TEXT,
)
PORTS = record(
    format=TEXT,
    rules=array(_RULE),
    skipped=array(
        record(
            PLACE,
            file=TEXT,
            text=TEXT,
            reason=TEXT,
            could_accept=FLAG,
            direction=nullable(words(Direction)),
        )
    ),
)
DIFF = array(
    record(
        {
            "group": TEXT,
            "conditions": array(TEXT),
            "families": array(words(Family)),
        },
        direction=words(Direction),
        opened=ref("transportPorts"),
        closed=ref("transportPorts"),
        widened=ref("transportPorts"),
        added=array(ref("place")),
        removed=array(ref("place")),
    )
)

_CELL: dict[str, Schema] = {"state": words(State), "service": nullable(TEXT), "description": TEXT}
REGISTRY: Schema = {
    "anyOf": [
        record(
            text=TEXT,
            source=TEXT,
            rows=array(record(ports=ref("ports"), transport=nullable(TRANSPORT), **_CELL)),
        ),
        record(
            shipped=TEXT,
            file=TEXT,
            differences=array(
                record(
                    kind=words(("added", "changed", "removed")),
                    ports=ref("ports"),
                    transports=array(TRANSPORT),
                    before=array(record(**_CELL)),
                    after=array(record(**_CELL)),
                )
            ),
        ),
    ]
}

SUGGEST: Schema = {
    "anyOf": [
        {**ref("ports"), "description": "with --all: the suitable ports"},
        {**array(PORT), "description": "suggestions"},
        {
            **array(record(port=PORT, ports=ref("range"), findings=array(ref("finding")))),
            "description": "findings about the given ports",
        },
    ]
}

USAGE = record(
    transport=words(("tcp", "udp")),
    system=TEXT,
    ports=ref("ports"),
    size=WHOLE,
    in_use=WHOLE,
    share=NUMBER,
    held=WHOLE,
    free=WHOLE,
    connections=WHOLE,
    time_wait=WHOLE,
    time_wait_ports=WHOLE,
    self_connected=ref("ports"),
    destinations=array(
        record(
            source=TEXT,
            address=TEXT,
            port=PORT,
            connections=WHOLE,
            time_wait=WHOLE,
            reusable=WHOLE,
            limit=_PAIR,
            remaining=_PAIR,
        )
    ),
    visibility=ref("visibility"),
    read_at=NUMBER,
)
WATCH = record(
    kind=words(ChangeKind),
    at=NUMBER,
    previous_poll=nullable(NUMBER),
    seen_since=NUMBER,
    record=ref("socket"),
    before=nullable(ref("socket")),
)
LINGERING = record(
    older_than=NUMBER,
    ports=ref("ports"),
    read_at=NUMBER,
    note=TEXT,
    visibility=ref("visibility"),
    lingering=array(
        record(
            socket=ref("socket"),
            age=words(Age),
            seen_since=NUMBER,
            owner_started_at=nullable(NUMBER),
            reasons=array(
                record(
                    key=TEXT,
                    kind=words(ReasonKind),
                    text=TEXT,
                    source=nullable(TEXT),
                )
            ),
        )
    ),
)
CAPACITY = record(
    system=TEXT,
    tuned=FLAG,
    ports=ref("ports"),
    size=WHOLE,
    method=TEXT,
    destinations=WHOLE,
    sources=WHOLE,
    concurrent=_INTERVAL,
    time_wait=nullable(NUMBER),
    rate=nullable(_INTERVAL),
    ports_per_client=nullable(WHOLE),
    clients=nullable(_INTERVAL),
    questions=array(
        record(what=words(("rate", "connections", "clients")), wanted=NUMBER, fits=nullable(FLAG))
    ),
)

RESULTS: dict[str, Schema] = {
    "explain": EXPLAIN,
    "ephemeral": array({"anyOf": [_SYSTEM, _SETTINGS]}),
    "convert": CONVERT,
    "reuse": {"anyOf": [array(_DECISION), {**_BIND, "description": "with --here"}]},
    "audit": AUDIT,
    "ports": PORTS,
    "diff": DIFF,
    "registry": REGISTRY,
    "suggest": SUGGEST,
    "map": record(layers=array(record(label=TEXT, ports=TEXT)), marks=array(PORT)),
    "masks": array(record(value=PORT, mask=PORT, count=WHOLE)),
    "sql": record(sql=TEXT),
    "listening": record(**_TABLE),
    "usage": USAGE,
    "watch": {**WATCH, "description": "one object per line and change"},
    "lingering": LINGERING,
    "capacity": CAPACITY,
    "completion": record(script=TEXT),
}


def parts_of(schema: object) -> set[str]:
    """Return the names of ``PARTS`` that *schema* refers to, directly or through others."""
    found = set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(schema)))
    return found.union(*(parts_of(PARTS[name]) for name in found))


def schema_of(command: str) -> Schema:
    """Return the schema of everything that ``portranges COMMAND --json`` prints."""
    envelope: dict[str, Schema] = {"schema": {"const": SCHEMA}, "command": {"const": command}}
    answers = [record(**envelope, result=RESULTS[command]), record(**envelope, error=ref("error"))]
    return {
        "$schema": DRAFT,
        "$id": f"urn:portranges:schema:{SCHEMA}:{command}",
        "title": f"portranges {command} --json",
        "oneOf": answers,
        "$defs": {name: PARTS[name] for name in PARTS if name in parts_of(answers)},
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files, or with ``--check`` report which differ; return the exit code."""
    parser = argparse.ArgumentParser(description="Write the JSON schemas of the commands.")
    parser.add_argument("--check", action="store_true", help="change nothing")
    check = parser.parse_args(arguments).check
    differing = 0
    for command in RESULTS:
        file = FOLDER / f"{command}.json"
        text = json.dumps(schema_of(command), separators=(",", ":")) + "\n"
        if file.is_file() and file.read_text("utf-8") == text:
            continue
        differing += 1
        if check:
            print(f"{file.name} differs; run: python tools/build_schemas.py")
        else:
            file.write_text(text, "utf-8", newline="\n")
            print(f"{file.name} rewritten")
    return 1 if check and differing else 0


if __name__ == "__main__":
    sys.exit(main())
