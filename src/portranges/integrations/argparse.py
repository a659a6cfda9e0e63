"""Functions for ``type=`` of argparse: a wrong argument ends with the message of the library.

The status is then 2, as argparse has it for every wrong argument.

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

from portranges.integrations import values

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

category = values.argument(values.category, ArgumentTypeError)
endpoint = values.argument(values.endpoint, ArgumentTypeError)
masked_port = values.argument(values.masked_port, ArgumentTypeError)
port = values.argument(values.port, ArgumentTypeError)
port_range = values.argument(values.port_range, ArgumentTypeError)
port_set = values.argument(values.port_set, ArgumentTypeError)
transport = values.argument(values.transport, ArgumentTypeError)
transport_ports = values.argument(values.transport_ports, ArgumentTypeError)
