"""The types of the library as parameters and bodies of FastAPI."""

from __future__ import annotations

from typing import Annotated, Any, NewType

import pytest
from pydantic import BaseModel

from portranges import (
    Category,
    Endpoint,
    MaskedPort,
    Port,
    PortRange,
    PortSet,
    Transport,
    TransportPorts,
)

for package in ("fastapi", "httpx2", "python_multipart"):
    pytest.importorskip(package, reason=f"NOT CHECKED: {package} is not installed")
fastapi = pytest.importorskip("fastapi")
TestClient = pytest.importorskip("fastapi.testclient").TestClient

# FastAPI takes a dataclass for a body.
RangeParameter = NewType("RangeParameter", PortRange)
MaskParameter = NewType("MaskParameter", MaskedPort)
EndpointParameter = NewType("EndpointParameter", Endpoint)

# The annotation of a parameter, a value in a URL, and one that is refused.
PARAMETERS = [
    (Port, "443", "70000", "port must be in 0..65535, got '70000'", [0, 5]),
    (PortSet, "22,80-90", "22,x", "expected a port or 'first-last', got 'x'", [3, 4]),
    (TransportPorts, "22/tcp", "22/tpc", "unknown transport, got 'tpc'; did you mean", [3, 6]),
    (Transport, "udp", "UDP", "unknown transport, got 'UDP'; did you mean 'udp'?", None),
    (Category, "user", "users", "unknown category, got 'users'; did you mean 'user'?", None),
    (RangeParameter, "80-90", "x", "expected a port or 'first-last', got 'x'", [0, 1]),
    (MaskParameter, "0x8/0xfff8", "0x8-", "port must be decimal digits, got '0x8-'", [0, 4]),
    (EndpointParameter, "[::1]:80", "[::1]", "expected a port after the host, got '[::1]'", [5, 5]),
]  # fmt: skip


class Body(BaseModel):
    ports: PortSet
    range: PortRange | None = None
    allowed: TransportPorts = TransportPorts()


def client_of(annotation: Any) -> Any:
    app = fastapi.FastAPI()

    def answer(value):
        return {"value": value}

    answer.__annotations__ = {"value": annotation, "return": dict[str, annotation]}
    app.get("/query")(answer)
    app.get("/path/{value:path}")(answer)

    def of_header(value):
        return {"value": value}

    of_header.__annotations__ = {
        "value": Annotated[annotation, fastapi.Header()],
        "return": dict[str, annotation],
    }
    app.get("/header")(of_header)
    return TestClient(app)


@pytest.mark.parametrize(("annotation", "value", "wrong", "message", "span"), PARAMETERS)
def test_a_parameter_is_accepted_or_refused_with_its_place(annotation, value, wrong, message, span):
    client = client_of(annotation)
    requests = {
        "query": lambda text: client.get("/query", params={"value": text}),
        "path": lambda text: client.get(f"/path/{text}"),
        "header": lambda text: client.get("/header", headers={"value": text}),
    }
    for place, request in requests.items():
        good = request(value)
        assert good.status_code == 200
        assert str(good.json()["value"]) == value
        refused = request(wrong)
        assert refused.status_code == 422
        (error,) = refused.json()["detail"]
        assert error["loc"] == [place, "value"]
        assert error["msg"].startswith(message)
        assert error["ctx"].get("span") == span


@pytest.mark.parametrize(("annotation", "value", "wrong", "message", "span"), PARAMETERS)
def test_openapi_shows_the_pattern_and_the_description(annotation, value, wrong, message, span):
    paths = client_of(annotation).get("/openapi.json").json()["paths"]
    for path in ("/query", "/path/{value}", "/header"):
        (parameter,) = paths[path]["get"]["parameters"]
        schema = parameter["schema"]
        assert schema["description"].endswith(".")
        assert schema["examples"]
        assert {"pattern", "enum", "maximum"} & schema.keys()


def body_client() -> Any:
    app = fastapi.FastAPI()

    @app.post("/model")
    def of_model(body: Body) -> Body:
        return body

    @app.post("/ports")
    def of_ports(ports: Annotated[PortSet, fastapi.Body()]) -> PortSet:
        return ports

    @app.post("/range")
    def of_range(ports: PortRange) -> PortRange:
        return ports

    @app.post("/form")
    def of_form(ports: Annotated[PortSet, fastapi.Form()]) -> PortSet:
        return ports

    return TestClient(app)


def test_a_body_is_accepted_or_refused_with_its_place():
    client = body_client()
    answer = client.post(
        "/model", json={"ports": 22, "range": {"first": 1}, "allowed": {"tcp": [1]}}
    )
    assert answer.json() == {"ports": "22", "range": "1", "allowed": "1/tcp"}
    assert client.post("/ports", json=22).json() == "22"
    assert client.post("/ports", json=["22", 80]).json() == "22,80"
    assert client.post("/range", json="80-90").json() == "80-90"
    assert client.post("/form", data={"ports": "22,80"}).json() == "22,80"


@pytest.mark.parametrize("wrong", [22.5, True, None, {"tcp": 22}, 70000, [None], "22;80", [[22]]])
def test_a_wrong_body_is_answered_with_422(wrong):
    client = body_client()
    for path in ("/ports", "/range"):
        answer = client.post(path, json=wrong)
        assert answer.status_code == 422
        assert answer.json()["detail"][0]["loc"][0] == "body"
    answer = client.post("/model", json={"ports": [22, wrong]})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "ports", 1]


def test_openapi_of_a_body():
    client = body_client()
    schema = client.get("/openapi.json").json()["components"]["schemas"]["Body"]["properties"]
    assert schema["ports"]["description"].startswith("Ports and ranges of ports")
    assert schema["ports"]["pattern"].startswith("^(")
    assert schema["allowed"]["default"] == ""


def test_a_dataclass_as_a_parameter_requires_a_new_type():
    # If FastAPI accepts it one day, docs/reference/frameworks.md can be shorter.
    with pytest.raises(AssertionError):

        @fastapi.FastAPI().get("/")
        def answer(ports: Annotated[PortRange, fastapi.Query()]) -> PortRange:
            return ports


def test_a_port_with_a_tighter_bound():
    app = fastapi.FastAPI()

    @app.get("/")
    def answer(port: Annotated[Port, fastapi.Query(ge=1024)] = 8080) -> Port:
        return port

    client = TestClient(app)
    assert client.get("/").json() == 8080
    assert client.get("/?port=1024").json() == 1024
    for wrong in ("1023", "70000", "x", "08080"):
        assert client.get("/", params={"port": wrong}).status_code == 422
