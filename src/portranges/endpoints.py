"""Endpoint: a host and a port, as people and tools write them.

An endpoint is text: nothing is looked up in DNS or on this machine. A host has one spelling,
so two endpoints with the same host and port are equal however they were written.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from portranges import checks, types
from portranges.errors import InvalidValueError, PortSyntaxError, UnknownNameError, elide
from portranges.notation import NAMES
from portranges.ports import (
    check_port,
    check_transport,
    is_digits,
    means_every_port,
    parse_port_at,
)
from portranges.records import always_checked, as_field

__all__ = ["Endpoint"]

# RFC 1035, section 2.3.4; without the dot at the end.
_LONGEST_NAME = 253
_LONGEST_LABEL = 63
_LONGEST_ADDRESS = 45
# Interface names have up to 15 characters on Linux and the BSDs, and 31 on illumos.
_LONGEST_SCOPE = 31
# Longer than any service name, in the registry or in an /etc/services.
_LONGEST_SERVICE = 64

_LABEL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")
_NOT_IN_SCOPE = frozenset(" /:%[]")

_HOST_RULE = "host must be a name, an IPv4 or IPv6 address, or '*'"


@as_field
@always_checked
@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host and a port.

    Attributes:
        host: A name in lower case, an address in its shortest form and without brackets, or
            ``""`` for every address, which is written ``*``. The scope of an address follows
            it: ``fe80::1%eth0``. ``socket.getaddrinfo`` accepts a host in this form.
        port: 0 to 65535.

    Raises:
        TypeError: The host is not a ``str``, or the port not an integer.
        InvalidValueError: The host is not a name or an address.
        InvalidPortError: The port is outside 0 to 65535.

    Source:
        RFC 3986, section 3.2 (brackets); RFC 6874, section 2 (scopes in URIs); RFC 5952 (one
        form of an IPv6 address); RFC 1123, section 2.1 (names, with underscores as well).

    Example:
        >>> Endpoint("2001:DB8:0::1", 443)
        Endpoint(host='2001:db8::1', port=443)
        >>> print(Endpoint("2001:db8::1", 443), Endpoint("localhost", 80), Endpoint("", 8080))
        [2001:db8::1]:443 localhost:80 *:8080
    """

    host: str
    port: int

    def __post_init__(self) -> None:
        """Check the host and the port."""
        host = checks.of_type("host", self.host, str)
        canonical = _canonical(host)
        if canonical is None:
            raise InvalidValueError(_HOST_RULE, elide(host) + _hint(host))
        object.__setattr__(self, "host", canonical)
        object.__setattr__(self, "port", check_port(self.port))

    @classmethod
    def parse(
        cls,
        text: str,
        *,
        default_port: types.SupportsIndex | None = None,
        services: types.Services | None = None,
        transport: types.TransportLike | None = None,
        printed: bool = False,
    ) -> types.Self:
        """Return the endpoint written in *text*.

        Args:
            text: ``host:port``. The host is a name, an IPv4 address, an IPv6 address in
                brackets, or ``*`` or nothing for every address. A scope follows the address:
                ``[fe80::1%eth0]:80``, ``[fe80::1%25eth0]:80`` as in URIs, or as ss prints
                it, ``[fe80::1]%eth0:80`` and ``127.0.0.53%lo:53``.
            default_port: The port if *text* has none, 0 to 65535. If None, *text* must have one.
            services: A registry of names, such as ``portranges.registry.SHIPPED``. With None a
                port must be a number.
            transport: The transport by which a service name is looked up; None means any.
            printed: Whether to accept forms that appear only in the output of tools: an IPv6
                address without brackets before its port (``:::80``, ``::1:631``; netstat,
                Node.js and older releases of ss), and a dot before the port (``*.22``,
                ``127.0.0.1.53``; netstat of macOS and the BSDs). The last group is then always
                the port.

        Raises:
            TypeError: An argument has the wrong type.
            PortSyntaxError: *text* is anything else; ``.span`` is the place of the fault.
            InvalidPortError: *default_port* is outside 0 to 65535.
            UnknownNameError: *transport* is not one of the four.

        Complexity:
            Linear in the length of *text*.

        Example:
            >>> from portranges.registry import SHIPPED
            >>> Endpoint.parse("[::1]:https", services=SHIPPED)
            Endpoint(host='::1', port=443)
            >>> Endpoint.parse("db.example", default_port=5432)
            Endpoint(host='db.example', port=5432)
            >>> print(Endpoint.parse(":::80", printed=True))
            [::]:80
            >>> Endpoint.parse("::1:80")
            Traceback (most recent call last):
            ...
            portranges.errors.PortSyntaxError: an IPv6 address must be in brackets, because its \
last group could be the port, got '::1:80'; did you mean '[::1]:80'?
                ::1:80
                ~~~~~~
        """
        text = checks.of_type("text", text, str)
        checks.services(services)
        checks.flag("printed", printed)
        default = None if default_port is None else check_port(default_port)
        known = None if transport is None else check_transport(transport)
        host, end = _host_at(text, printed=printed)
        if default is not None and end + 1 >= len(text):
            return cls(host, default)
        return cls(host, _port_at(text, end, services, known))

    @property
    def address(self) -> IPv4Address | IPv6Address | None:
        """The address of the host.

        Returns:
            The address; an IPv6 address with its scope, an IPv4 address without. None if the
            host is a name or means every address.

        Example:
            >>> Endpoint.parse("[::1]:80").address
            IPv6Address('::1')
            >>> Endpoint.parse("localhost:80").address is None
            True
        """
        name, _, _ = self.host.partition("%")
        if ":" in name:
            return IPv6Address(self.host)
        return IPv4Address(name) if _ends_in_number(name) else None

    @property
    def scope(self) -> str | None:
        """The interface that the host is limited to.

        Returns:
            Its name or number, or None.

        Example:
            >>> Endpoint.parse("127.0.0.53%lo:53").scope
            'lo'
        """
        return self.host.partition("%")[2] or None

    def __str__(self) -> str:
        """Return the text form, such as ``"[::1]:80"`` or ``"*:80"``, which ``parse`` reads."""
        host, mark, scope = self.host.partition("%")
        if ":" not in host:
            return f"{host or '*'}{mark}{scope}:{self.port}"
        if scope.startswith("25") and scope != "25":
            # As it is, parse() would take these digits for the percent sign of a URI.
            mark = "%25"
        return f"[{host}{mark}{scope}]:{self.port}"

    def __format__(self, spec: str) -> str:
        """Return the text form, formatted as text."""
        return format(str(self), spec)


def _host_at(text: str, *, printed: bool) -> tuple[str, int]:
    """Return the host that *text* begins with, and the index of the separator before its port."""
    if text.startswith("["):
        return _bracketed(text)
    end = text.rfind(":")
    if printed:
        dot = text.rfind(".")
        if dot > end and (text[:dot] == "*" or _is_address(text[:dot])):
            end = dot
    if end < 0:
        end = len(text)
    host = text[:end]
    if ":" not in host or (printed and _is_address(host)):
        canonical = _canonical(host)
        if canonical is not None and (host or end < len(text)):
            return canonical, end
    elif _is_address(host) or _is_address(text):
        reason = (
            "an IPv6 address must be in brackets, because its last group could be the port, "
            f"got {elide(text)}"
        )
        if _is_address(host) and text[end + 1 :]:
            reason += f"; did you mean {elide(f'[{host}]{text[end:]}')}?"
        raise PortSyntaxError(reason, text, (0, len(text)))
    if end == len(text) and is_digits(text):
        hint = f"write {elide(':' + text)} for every address"
        reason = f"expected 'host:port', got {elide(text)}; {hint}"
        raise PortSyntaxError(reason, text, (0, end))
    raise PortSyntaxError(f"{_HOST_RULE}, got {elide(host)}{_hint(host)}", text, (0, end))


def _bracketed(text: str) -> tuple[str, int]:
    """Return the IPv6 address in brackets at the beginning, and where its port is separated."""
    close = text.find("]")
    if close < 0:
        raise PortSyntaxError(
            f"an IPv6 address must end with ']', got {elide(text)}", text, (0, len(text))
        )
    host = text[1:close]
    address, mark, scope = host.partition("%")
    if scope.startswith("25") and scope != "25":
        # RFC 6874, section 2: a percent sign is written %25 in a URI.
        scope = scope[2:]
    end = text.find(":", close)
    if end < 0:
        end = len(text)
    if not mark and text[close + 1 : close + 2] == "%":
        mark, scope = "%", text[close + 2 : end]
    elif end > close + 1:
        raise PortSyntaxError(
            f"expected ':' and a port after ']', got {elide(text[close + 1 :])}",
            text,
            (close + 1, len(text)),
        )
    canonical = _canonical(f"{address}{mark}{scope}") if ":" in address else None
    if canonical is None:
        raise PortSyntaxError(
            f"brackets must contain an IPv6 address, got {elide(text[:end])}", text, (0, end)
        )
    return canonical, end


def _port_at(
    text: str, end: int, services: types.Services | None, transport: types.Transport | None
) -> int:
    """Return the port after the separator at *end*."""
    word, span = text[end + 1 :], (end + 1, len(text))
    if not word:
        raise PortSyntaxError(
            f"expected a port after the host, got {elide(text)}", text, (end, len(text))
        )
    if means_every_port(word):
        raise PortSyntaxError(f"an endpoint must have one port, got {elide(word)}", text, span)
    # No service name contains a slash (RFC 6335, section 5.1).
    if "/" in word or not any(character.isalpha() for character in word[:_LONGEST_SERVICE]):
        if word.startswith("//"):
            raise PortSyntaxError(
                f"port must be decimal digits, got {elide(word)}; a URL is not an endpoint",
                text,
                span,
            )
        return parse_port_at(text, *span)
    if services is None:
        raise PortSyntaxError(f"port must be decimal digits, got {elide(word)}{NAMES}", text, span)
    if len(word) > _LONGEST_SERVICE:
        raise PortSyntaxError(f"expected a port or a service name, got {elide(word)}", text, span)
    try:
        ports = services.ports(word, transport)
    except UnknownNameError as error:
        raise PortSyntaxError(str(error), text, span) from None
    if len(ports) != 1:
        found = f"{ports}" if ports else "none"
        raise PortSyntaxError(
            f"a service name must have exactly one port, got {elide(word)} with {elide(found)}; "
            "write the number",
            text,
            span,
        )
    return ports.first


def _canonical(host: str) -> str | None:
    """Return *host* in the one form that ``Endpoint.host`` has, or None if it is not a host."""
    name, mark, scope = host.partition("%")
    if mark and not _is_scope(scope):
        return None
    if name in ("", "*"):
        return f"{mark}{scope}"
    if ":" in name or _ends_in_number(name):
        address = canonical_address(name)
        return None if address is None else f"{address}{mark}{scope}"
    return f"{name.lower()}{mark}{scope}" if _is_name(name) else None


def canonical_address(text: str) -> str | None:
    """Return an address without a scope in its one form, or None if it is not an address."""
    if len(text) > _LONGEST_ADDRESS:
        return None
    try:
        if ":" not in text:
            return str(IPv4Address(text))
        address = IPv6Address(text)
    except AddressValueError:
        return None
    # str() writes a mapped address with a dotted part from Python 3.13 on only.
    mapped = address.ipv4_mapped
    return str(address) if mapped is None else f"::ffff:{mapped}"


def _is_address(text: str) -> bool:
    name, mark, scope = text.partition("%")
    return (not mark or _is_scope(scope)) and canonical_address(name) is not None


def _is_scope(scope: str) -> bool:
    is_short = 0 < len(scope) <= _LONGEST_SCOPE
    return is_short and scope.isascii() and scope.isprintable() and not _NOT_IN_SCOPE & {*scope}


def _ends_in_number(name: str) -> bool:
    # Resolvers read such a name as an IPv4 address, also in forms such as 127.1 and 0x7f000001.
    label = name.removesuffix(".").rpartition(".")[2]
    return is_digits(label) or label[:2].lower() == "0x"


def _is_name(name: str) -> bool:
    if not name.isascii() or len(name) > _LONGEST_NAME + 1:
        return False
    labels = name.lower().removesuffix(".").split(".")
    return len(name.removesuffix(".")) <= _LONGEST_NAME and all(map(_is_label, labels))


def _is_label(label: str) -> bool:
    is_short = 0 < len(label) <= _LONGEST_LABEL
    return is_short and {*label} <= _LABEL and label[0] != "-" and label[-1] != "-"


def _hint(host: str) -> str:
    """Return a hint for the message about *host*, or an empty text."""
    if "://" in host:
        return "; a URL is not an endpoint"
    if host.startswith("["):
        return "; brackets are part of an endpoint's text, not of its host"
    if not host.isascii():
        return "; write an international name in its form xn--..."
    return ""
