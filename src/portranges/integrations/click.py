"""Types of click's options and arguments.

Example:
    >>> import click
    >>> from portranges.integrations.click import PORT_SET
    >>> @click.command()
    ... @click.option("--ports", type=PORT_SET, default="80,443")
    ... def show(ports):
    ...     print(len(ports), ports)
    >>> show(["--ports", "8000-8100"], standalone_mode=False)
    101 8000-8100
"""

# ParamType is generic in newer versions of click only.
# mypy: disable-error-code="type-arg"
# pyright: reportInvalidTypeArguments=false

from __future__ import annotations

from portranges import types, values
from portranges.categories import Category
from portranges.integrations.extras import required
from portranges.ports import Transport

with required("click"):
    import click
    from click.shell_completion import CompletionItem

__all__ = [
    "CATEGORY",
    "ENDPOINT",
    "MASKED_PORT",
    "PORT",
    "PORT_RANGE",
    "PORT_SET",
    "TRANSPORT",
    "TRANSPORT_PORTS",
    "PortsParam",
]


TYPE_CHECKING = False
if TYPE_CHECKING:
    _ParamType = click.ParamType[types.Any]
else:
    _ParamType = click.ParamType


class PortsParam(_ParamType):
    """The type of an option or an argument, made by one of the functions of ``values``.

    Attributes:
        name: What the help shows, in capitals.
        words: The only words that are accepted; empty means any text.

    Example:
        >>> from portranges.values import port_set
        >>> PortsParam("web ports", port_set).convert("80,443", None, None)
        PortSet.parse('80,443')
    """

    def __init__(
        self, name: str, read: types.Callable[[object], object], words: tuple[str, ...] = ()
    ) -> None:
        """Store the name, the function that reads an argument, and the words."""
        self.name = name
        self.words = words
        self._read = read

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> types.Any:
        """Return *value*, a text or a default, as an object; a wrong one is a usage error.

        Args:
            value: What was typed, or the default.
            param: The option or argument, for the message.
            ctx: The context, for the message.

        Raises:
            click.BadParameter: The value is not accepted, with the message of the library.
        """
        try:
            return self._read(value)
        except (TypeError, ValueError, LookupError) as error:
            self.fail(str(error), param, ctx)

    def get_metavar(
        self,
        param: click.Parameter,  # noqa: ARG002 - the names are click's
        ctx: click.Context | None = None,  # noqa: ARG002
    ) -> str | None:
        """Return the words as click shows a choice, or None for the name.

        Args:
            param: The option or argument.
            ctx: The context, which click passes from 8.2 on.
        """
        return f"[{'|'.join(self.words)}]" if self.words else None

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> list[CompletionItem]:
        """Return the words that begin with what was typed.

        Args:
            ctx: The context.
            param: The option or argument.
            incomplete: What was typed.
        """
        return [CompletionItem(word) for word in self.words if word.startswith(incomplete)]

    def __repr__(self) -> str:
        """Return the name, in capitals."""
        return self.name.upper()


CATEGORY = PortsParam("category", values.category, tuple(Category))
ENDPOINT = PortsParam("host:port", values.endpoint)
MASKED_PORT = PortsParam("value/mask", values.masked_port)
PORT = PortsParam("port", values.port)
PORT_RANGE = PortsParam("first-last", values.port_range)
PORT_SET = PortsParam("ports", values.port_set)
TRANSPORT = PortsParam("transport", values.transport, tuple(Transport))
TRANSPORT_PORTS = PortsParam("ports/transport", values.transport_ports)
