"""Ranges that documents state for other systems: standards and pages of cloud vendors.

They do not show what any system allocates.
"""

from __future__ import annotations

from portranges.ephemeral.model import EphemeralProfile
from portranges.ports import Transport
from portranges.portset import PortSet
from portranges.source import Confidence, cite
from portranges.systems import lookup

_AWS_GUIDE = "Amazon VPC User Guide (amazon-vpc-user-guide@a16ab76)"

ROWS = (
    EphemeralProfile(
        system=lookup("iana"),
        transports=tuple(Transport),
        ports=PortSet.parse("49152-65535"),
        note="never assigned by IANA; every system chooses its own ephemeral range",
        sources=(cite("RFC 6335", "section 6"),),
        confidence=Confidence.STANDARD,
    ),
    EphemeralProfile(
        system=lookup("rfc6056"),
        transports=tuple(Transport),
        ports=PortSet.parse("1024-65535"),
        note="except for the ports that the machine needs for itself",
        sources=(
            cite("RFC 6056", "section 3.2"),
            cite("FreeRTOS/FreeRTOS-Plus-TCP@27a96812", "FreeRTOS_Sockets.c quotes it"),
        ),
        confidence=Confidence.STANDARD,
    ),
    EphemeralProfile(
        system=lookup("aws-docs-linux"),
        ports=PortSet.parse("32768-61000"),
        note=(
            "wrong for kernels from 4.2 (2015) on, whose range ends at 60999; harmless in a "
            "filter, which allows one port too many"
        ),
        sources=(cite(_AWS_GUIDE, "vpc-network-acls.md:183, Ephemeral ports"),),
        confidence=Confidence.DOCUMENT,
        confidence_note="contradicted by the source of Linux",
    ),
    EphemeralProfile(
        system=lookup("aws-docs-windows-2003"),
        ports=PortSet.parse("1025-5000"),
        sources=(cite(_AWS_GUIDE, "vpc-network-acls.md:185, Ephemeral ports"),),
        confidence=Confidence.DOCUMENT,
    ),
    EphemeralProfile(
        system=lookup("aws-docs-windows"),
        ports=PortSet.parse("49152-65535"),
        sources=(cite(_AWS_GUIDE, "vpc-network-acls.md:186, Ephemeral ports"),),
        confidence=Confidence.DOCUMENT,
    ),
)
