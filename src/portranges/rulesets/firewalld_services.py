"""The services that firewalld ships, which zones and policies name instead of ports.

The table has one line per service: its name, then the fields that ``--info-service`` shows. It is
written by ``tools/build_firewalld_services.py``; ``rows_frontends`` has its release and source.
"""

from __future__ import annotations

from functools import cache

from portranges import types

COLUMNS = ("ports", "protocols", "source-ports", "destination", "includes")


def find(name: str) -> dict[str, str] | None:
    """Return the fields of a service that have a value; ``None`` if firewalld does not ship it.

    Example:
        >>> find("llmnr-udp")
        {'ports': '5355/udp', 'destination': 'ipv4:224.0.0.252 ipv6:ff02::1:3'}
    """
    row = _rows().get(name)
    if row is None:
        return None
    return {field: cell for field, cell in zip(COLUMNS, row.split("\t"), strict=False) if cell}


@cache
def _rows() -> dict[str, str]:
    # The module's own loader works from a zip file too.
    spec: types.Any = __spec__
    text: bytes = spec.loader.get_data(spec.origin.rpartition(".")[0] + ".tsv")
    split = [line.partition("\t") for line in text.decode("utf-8").splitlines()]
    return {name: rest for name, _, rest in split}
