"""Functions for ``type=`` of argparse: a wrong argument ends with the message of the library.

The exit status is then 2, as for every wrong argument in argparse.

Example:
    >>> from argparse import ArgumentParser
    >>> from portranges.integrations.argparse import port_set
    >>> parser = ArgumentParser()
    >>> _ = parser.add_argument("--ports", type=port_set, metavar="PORTS")
    >>> parser.parse_args(["--ports", "80,8000-8100"])
    Namespace(ports=PortSet.parse('80,8000-8100'))
"""

from __future__ import annotations

from argparse import ArgumentTypeError

from portranges import types, values
from portranges.categories import Category
from portranges.endpoints import Endpoint
from portranges.ports import MaskedPort, PortRange, Transport
from portranges.portset import PortSet
from portranges.transport_ports import TransportPorts

__all__ = [
    "category",
    "endpoint",
    "masked_port",
    "port",
    "port_range",
    "port_set",
    "transport",
    "transport_ports",
]

category: types.Callable[[str], Category] = values.argument(values.category, ArgumentTypeError)
endpoint: types.Callable[[str], Endpoint] = values.argument(values.endpoint, ArgumentTypeError)
masked_port: types.Callable[[str], MaskedPort] = values.argument(
    values.masked_port, ArgumentTypeError
)
port: types.Callable[[str], int] = values.argument(values.port, ArgumentTypeError)
port_range: types.Callable[[str], PortRange] = values.argument(values.port_range, ArgumentTypeError)
port_set: types.Callable[[str], PortSet] = values.argument(values.port_set, ArgumentTypeError)
transport: types.Callable[[str], Transport] = values.argument(values.transport, ArgumentTypeError)
transport_ports: types.Callable[[str], TransportPorts] = values.argument(
    values.transport_ports, ArgumentTypeError
)
