"""The settings of this machine: its ephemeral range, its reserved and excluded ports and so on.

The ``parse_*`` functions are pure and work on every system. The ``read_*`` functions read this
machine, or another one that is given as a ``Machine``.
"""

from __future__ import annotations

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
from portranges.system.parse_bsd import (
    parse_freebsd_reservedhigh,
    parse_msl,
    parse_netbsd_range,
    parse_openbsd_baddynamic,
    parse_openbsd_range,
    parse_portrange,
    parse_sysctl,
)
from portranges.system.parse_linux import (
    parse_linux_may_bind,
    parse_linux_milliseconds,
    parse_linux_number,
    parse_linux_port,
    parse_linux_range,
    parse_linux_reserved,
    parse_linux_seconds,
    parse_linux_time_wait_reuse,
)
from portranges.system.parse_unix import (
    parse_aix_range,
    parse_aix_time_wait,
    parse_ipadm_range,
    parse_ndd_range,
    parse_solaris_milliseconds,
    parse_solaris_port,
    parse_solaris_ports,
)
from portranges.system.parse_windows import (
    parse_netsh_excluded,
    parse_netsh_exclusions,
    parse_netsh_range,
    parse_powershell_range,
    parse_powershell_ranges,
    parse_registry_time_wait,
)
from portranges.system.read import (
    read_configured,
    read_ephemeral,
    read_excluded,
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
    "Exclusion",
    "Field",
    "Machine",
    "MachineSettings",
    "Origin",
    "OriginKind",
    "TimeWaitReuse",
    "parse_aix_range",
    "parse_aix_time_wait",
    "parse_freebsd_reservedhigh",
    "parse_ipadm_range",
    "parse_linux_may_bind",
    "parse_linux_milliseconds",
    "parse_linux_number",
    "parse_linux_port",
    "parse_linux_range",
    "parse_linux_reserved",
    "parse_linux_seconds",
    "parse_linux_time_wait_reuse",
    "parse_msl",
    "parse_ndd_range",
    "parse_netbsd_range",
    "parse_netsh_excluded",
    "parse_netsh_exclusions",
    "parse_netsh_range",
    "parse_openbsd_baddynamic",
    "parse_openbsd_range",
    "parse_portrange",
    "parse_powershell_range",
    "parse_powershell_ranges",
    "parse_registry_time_wait",
    "parse_solaris_milliseconds",
    "parse_solaris_port",
    "parse_solaris_ports",
    "parse_sysctl",
    "read_configured",
    "read_ephemeral",
    "read_excluded",
    "read_may_bind_privileged",
    "read_reserved",
    "read_settings",
    "read_time_wait",
    "read_unprivileged_start",
]
