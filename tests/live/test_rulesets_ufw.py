"""Random rulesets of ufw: which packets arrive, and what is computed from each form of them.

``ufw_oracle`` makes them by ufw's own commands, and sends the packets.
"""

from __future__ import annotations

from random import SystemRandom

import pytest

import ufw_oracle


def test_packets_arrive_as_each_form_of_the_rules_shows() -> None:
    assert ufw_oracle.checked(13, 3).total() > 30


@pytest.mark.slow
def test_packets_arrive_as_each_form_of_new_rules_shows() -> None:
    found = ufw_oracle.checked(SystemRandom().getrandbits(32), 15)
    # Only this form has the policies.
    assert found["status verbose exact"] > 5
