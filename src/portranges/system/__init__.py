"""The settings of this machine: its ephemeral range, its reserved and excluded ports and so on.

``parse`` finds the value of a setting in a copied text, and works on every system. The
``read_*`` functions read this machine, or another one that is given as a ``Machine``.
"""

from __future__ import annotations

from portranges.system.binding import BindSettings, read_bind_settings
from portranges.system.machine import THIS_MACHINE
from portranges.system.model import (
    Exclusion,
    Field,
    Machine,
    MachineSettings,
    Origin,
    OriginKind,
    TimeWaitReuse,
)
from portranges.system.parse_windows import parse_netsh_exclusions
from portranges.system.parsing import parse
from portranges.system.read import (
    read_configured,
    read_ephemeral,
    read_excluded,
    read_exclusions,
    read_may_bind_privileged,
    read_reserved,
    read_settings,
    read_time_wait,
    read_unprivileged_start,
)
from portranges.system.recorded import RECORDED_LINUX

__all__ = [
    "RECORDED_LINUX",
    "THIS_MACHINE",
    "BindSettings",
    "Exclusion",
    "Field",
    "Machine",
    "MachineSettings",
    "Origin",
    "OriginKind",
    "TimeWaitReuse",
    "parse",
    "parse_netsh_exclusions",
    "read_bind_settings",
    "read_configured",
    "read_ephemeral",
    "read_excluded",
    "read_exclusions",
    "read_may_bind_privileged",
    "read_reserved",
    "read_settings",
    "read_time_wait",
    "read_unprivileged_start",
]
