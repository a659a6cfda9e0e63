"""Random rulesets of ufw: which packets arrive, and what is computed from each form of them.

``ufw_oracle`` makes them by ufw's own commands, and sends the packets.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import ufw_oracle
from dialect_tools import needs
from portranges import rulesets
from portranges.rulesets.ufw_shipped import profile

PROFILES = Path("/etc/ufw/applications.d")


def test_the_known_profiles_match_this_machine() -> None:
    needs("ufw")
    compared = 0
    for path in PROFILES.glob("*"):
        for name, ports in rulesets.ports_by_name(path.read_text("utf-8"), "ufw-profiles").items():
            known = profile(name)
            assert known in (None, ports), name
            compared += known is not None
    assert compared > 30


def test_packets_arrive_as_each_form_of_the_rules_shows() -> None:
    assert ufw_oracle.checked(13, 3).total() > 30


@pytest.mark.slow
def test_packets_arrive_as_each_form_of_more_rules_shows() -> None:
    found = ufw_oracle.checked(1130, 15)
    # Only this form has the policies.
    assert found["status verbose exact"] > 5
