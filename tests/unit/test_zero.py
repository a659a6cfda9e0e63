"""Port 0 is a port, and only an integer 0 is port 0, wherever a port is given."""

from __future__ import annotations

import ctypes
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction

import pytest

from portranges import (
    Category,
    Endpoint,
    MaskedPort,
    PortRange,
    PortSet,
    TransportPorts,
    check_port,
    classify,
    classify_many,
    explain,
    registry,
)


class Zero(IntEnum):
    NOTHING = 0


class Plain(int):
    pass


class Index:
    """Like numpy.int64(0): not an int, and false."""

    def __index__(self):
        return 0

    def __bool__(self):
        return False


ZEROS = [0, Zero.NOTHING, Plain(0), Index()]
NOT_ZEROS = [False, 0.0, -0.0, None, "", "0", b"", 0j, Decimal(0), Fraction(0), [], ctypes.c_int(0)]

# Each with whether its answer is that for port 0.
CALLS = {
    "check_port": (check_port, lambda found: type(found) is int and found == 0),
    "PortSet": (lambda zero: PortSet([zero]), lambda found: found == PortSet.parse("0")),
    "PortSet of two": (lambda zero: PortSet([80, zero]), lambda found: str(found) == "0,80"),
    "PortSet twice": (lambda zero: PortSet([zero, zero]), lambda found: found.to_int() == 1),
    "union": (lambda zero: PortSet().union([zero]), lambda found: found == PortSet.parse("0")),
    "in PortSet": (lambda zero: zero in PortSet.parse("0,80"), lambda found: found is True),
    "not in PortSet": (lambda zero: zero in PortSet.parse("80"), lambda found: found is False),
    "PortRange": (PortRange, lambda found: (found.first, found.last) == (0, 0)),
    "PortRange to": (lambda zero: PortRange(zero, zero), lambda found: len(found) == 1),
    "in PortRange": (lambda zero: zero in PortRange(0, 1), lambda found: found is True),
    "MaskedPort": (lambda zero: MaskedPort(zero, zero), lambda found: len(found) == 65536),
    "in MaskedPort": (lambda zero: zero in MaskedPort(0, 1), lambda found: found is True),
    "TransportPorts": (
        lambda zero: TransportPorts(tcp=[zero]),
        lambda found: str(found) == "0/tcp",
    ),
    "Endpoint": (lambda zero: Endpoint("::", zero), lambda found: str(found) == "[::]:0"),
    "default_port": (
        lambda zero: Endpoint.parse("[::1]", default_port=zero),
        lambda found: str(found) == "[::1]:0",
    ),
    "classify": (classify, lambda found: found is Category.SYSTEM),
    "classify_many": (lambda zero: classify_many([zero]), lambda found: len(found) == 1),
    "contains_many": (
        lambda zero: PortSet([0]).contains_many([zero]),
        lambda found: found == b"\1",
    ),
    "count_many": (lambda zero: PortSet([0]).count_many([zero]), lambda found: found == 1),
    "registry": (registry.lookup, lambda found: found == registry.lookup(0)),
    "explain": (explain, lambda found: found.port == 0),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("zero", ZEROS, ids=lambda zero: type(zero).__name__)
def test_a_zero_of_any_type_of_integer_is_port_0(name, zero):
    call, is_right = CALLS[name]
    assert is_right(call(zero))


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("value", NOT_ZEROS, ids=repr)
def test_no_other_false_value_is_port_0(name, value):
    call, _ = CALLS[name]
    with pytest.raises((TypeError, ValueError)) as caught:
        call(value)
    # None means that there is no default port.
    assert isinstance(caught.value, TypeError) or name == "default_port"


def test_the_empty_set_is_not_the_set_of_port_0():
    assert PortSet([0]) != PortSet() != PortSet.parse("0")
    assert len(PortSet([0])) == 1
    assert bool(PortSet([0]))
    assert PortSet([0]).ranges == (PortRange(0),)
    assert list(PortSet([0])) == [0]
