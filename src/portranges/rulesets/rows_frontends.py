"""The formats of the programs that configure a packet filter for people, with their sources."""

from __future__ import annotations

from portranges.dialects.model import Evidence, Verification
from portranges.rulesets.model import Format
from portranges.source import Confidence, cite

_UFW = Evidence(
    confidence=Confidence.MEASURED,
    verification=Verification.READBACK,
    sources=(
        cite("ufw(8) and ufw-framework(8), ufw 0.36.2"),
        cite("ufw 0.36.2", "backend_iptables.py, get_status and _write_rules"),
        cite("run on Debian 12, Linux 6.18"),
    ),
    version="ufw 0.36.2",
)

FRONTENDS = (
    Format(
        name="ufw",
        aliases=("user.rules",),
        title="user.rules and user6.rules of ufw",
        reads=(
            "the rules for iptables-restore, as 'iptables' reads them, with -I as well",
            "the direction and the address family, from the names of ufw's chains",
            "'### tuple ###' comments only to report one without rules",
        ),
        leaves_out=(
            "policies, before.rules and after.rules: iptables-save shows them, and is evaluated",
            "a rule with -I is where the file has it, not first",
        ),
        signs=(r"^\*filter\n:ufw6?-user-input - ",),
        reader="portranges.rulesets.ufw",
        evidence=_UFW,
    ),
    Format(
        name="ufw-status",
        title="ufw status, also numbered and verbose",
        reads=(
            "ports, addresses, interfaces and protocols of both columns",
            "LIMIT, as a rule that accepts some packets",
        ),
        leaves_out=(
            "names of application profiles, except in 'ufw status verbose', which has their ports",
            "policies, before.rules and after.rules: iptables-save shows them, and is evaluated",
            "translated output: run ufw with LC_ALL=C",
        ),
        signs=(r"^Status: (?:active|inactive)$", r"^ *To +Action +From *$"),
        reader="portranges.rulesets.ufw_status",
        evidence=_UFW,
    ),
)
