"""Functions for ``parser=`` of typer's options and arguments, and an annotated port.

Example:
    >>> from typing import Annotated
    >>> import typer
    >>> from portranges import PortSet
    >>> from portranges.integrations.typer import Port, port_set
    >>> app = typer.Typer()
    >>> @app.command()
    ... def serve(
    ...     port: Port = 8080,
    ...     allow: Annotated[PortSet, typer.Option(parser=port_set, metavar="PORTS")] = "80,443",
    ... ) -> None:
    ...     print(port, allow)
    >>> app(["--allow", "8000-8100"], standalone_mode=False)
    8080 8000-8100
"""

from __future__ import annotations

from typing import Annotated

from portranges import types, values
from portranges.categories import Category
from portranges.endpoints import Endpoint
from portranges.integrations.extras import required
from portranges.ports import MaskedPort, PortRange, Transport
from portranges.portset import PortSet
from portranges.transport_ports import TransportPorts

with required("typer"):
    import typer

__all__ = [
    "Port",
    "category",
    "endpoint",
    "masked_port",
    "port",
    "port_range",
    "port_set",
    "transport",
    "transport_ports",
]

category: types.Callable[[str], Category] = values.argument(values.category, typer.BadParameter)
endpoint: types.Callable[[str], Endpoint] = values.argument(values.endpoint, typer.BadParameter)
masked_port: types.Callable[[str], MaskedPort] = values.argument(
    values.masked_port, typer.BadParameter
)
port: types.Callable[[str], int] = values.argument(values.port, typer.BadParameter)
port_range: types.Callable[[str], PortRange] = values.argument(
    values.port_range, typer.BadParameter
)
port_set: types.Callable[[str], PortSet] = values.argument(values.port_set, typer.BadParameter)
transport: types.Callable[[str], Transport] = values.argument(values.transport, typer.BadParameter)
transport_ports: types.Callable[[str], TransportPorts] = values.argument(
    values.transport_ports, typer.BadParameter
)

Port = Annotated[int, typer.Option(parser=port, metavar="PORT")]
