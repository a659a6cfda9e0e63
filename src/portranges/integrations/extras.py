"""The error if the library that a module of this folder serves is not installed."""

from __future__ import annotations

from contextlib import contextmanager

from portranges import types
from portranges.errors import MissingExtraError


@contextmanager
def required(package: str) -> types.Generator[None, None, None]:
    """Raise MissingExtraError if the import of *package* inside the block does not find it.

    Args:
        package: The name to import, which is also the name of the extra.

    Raises:
        MissingExtraError: The package is not installed.

    Example:
        >>> with required("no_such_package"):
        ...     import no_such_package
        Traceback (most recent call last):
        ...
        portranges.errors.MissingExtraError: no_such_package is not installed; install it with: \
pip install 'portranges[no_such_package]'
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise MissingExtraError(package, package) from error
