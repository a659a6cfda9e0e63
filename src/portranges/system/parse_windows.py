"""Parsers of the output of netsh, PowerShell and reg on Windows, in any display language.

Labels are in the language of the system, and their padding differs between versions. Numbers are
therefore found by position: after a colon, or in two columns. English, French, Spanish, Korean
and Chinese texts were seen. Property names of PowerShell and names in the registry are the same
in all languages.
"""

from __future__ import annotations

import re

from portranges.errors import UnexpectedOutputError
from portranges.ports import LAST_PORT, PortRange, is_digits
from portranges.portset import PortSet
from portranges.system.model import Exclusion
from portranges.system.text import as_port, as_range, fail, nonblank_lines

__all__ = [
    "parse_netsh_excluded",
    "parse_netsh_exclusions",
    "parse_netsh_range",
    "parse_powershell_range",
    "parse_powershell_ranges",
    "parse_registry_time_wait",
]

_RANGE = "dynamic port range"
_EXCLUDED = "excluded port ranges"
_SETTINGS = "dynamic port ranges of PowerShell"
_REGISTRY = "TcpTimedWaitDelay"

# The colon after a European label, and the fullwidth colon after an East Asian one.
_COLON = re.compile("[:\uff1a]")
# The line below the two headings of the table; its width differs.
_RULE = re.compile(r"-{2,}[ \t]+-{2,}")
_ROW = re.compile(r"([0-9]+)[ \t]+([0-9]+)(?:[ \t]*(\*))?")
_DWORD = re.compile(
    r"TcpTimedWaitDelay[ \t]+REG_DWORD[ \t]+0x([0-9a-f]{1,8})", re.IGNORECASE | re.ASCII
)
_KEY = re.compile(
    r"HKEY_LOCAL_MACHINE\\SYSTEM\\\w+\\Services\\Tcpip\\Parameters", re.IGNORECASE | re.ASCII
)


def parse_netsh_range(text: str) -> PortRange:
    r"""Return the range that ``netsh int ipv4 show dynamicport tcp`` prints.

    Args:
        text: Two lines that end in a colon and a number, in any language; the first number is
            the first port, the second is the *number* of ports.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: There are not two such lines, or they do not form a range.

    Source:
        Microsoft KB929851; the texts in the tests of Datadog and Aspire,
        actions/runner-images#1442, microsoft/WSL#40984.

    Example:
        >>> parse_netsh_range(
        ...     "Protocol tcp Dynamic Port Range\n"
        ...     "---------------------------------\n"
        ...     "Start Port      : 49152\n"
        ...     "Number of Ports : 16384\n"
        ... )
        PortRange(first=49152, last=65535)
    """
    tails = [
        _COLON.split(line)[-1].strip()
        for line in nonblank_lines(text, _RANGE)
        if _COLON.search(line) is not None
    ]
    numbers = [tail for tail in tails if is_digits(tail)]
    if len(numbers) != 2:
        fail(_RANGE, "two numbers, each after a colon", text)
    return _counted(numbers[0], numbers[1], _RANGE)


def _counted(start: str, count: str, what: str) -> PortRange:
    first, number = as_port(start, what), as_port(count, what)
    if number == 0 or first + number - 1 > LAST_PORT:
        fail(what, "a first port and a number of ports up to 65535", f"{start} and {count}")
    return PortRange(first, first + number - 1)


def parse_netsh_exclusions(text: str) -> tuple[Exclusion, ...]:
    r"""Return the rows that ``netsh int ipv4 show excludedportrange protocol=tcp`` prints.

    Args:
        text: Two columns of dashes and below them a line of two ports for each range, in any
            language, with ``*`` after administered ones; then perhaps lines that begin with
            ``*``.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: The dashes are missing, or something else is below them.

    Source:
        The texts in docker/for-win#3171, microsoft/WSL#5306 (Spanish),
        cb-coffeehouse#81 (Korean); a page in Chinese of 2023.

    Example:
        >>> rows = parse_netsh_exclusions(
        ...     "Start Port    End Port\n"
        ...     "----------    --------\n"
        ...     "      5357        5357\n"
        ...     "     50000       50059     *\n"
        ... )
        >>> [(str(row.ports), row.administered) for row in rows]
        [('5357', False), ('50000-50059', True)]
    """
    lines = iter(nonblank_lines(text, _EXCLUDED))
    if not any(_RULE.fullmatch(line) for line in lines):
        fail(_EXCLUDED, "dashes below two headings", text)
    return tuple(_exclusion(line) for line in lines if not line.startswith("*"))


def _exclusion(line: str) -> Exclusion:
    row = _ROW.fullmatch(line)
    if row is None:
        fail(_EXCLUDED, "two ports", line)
    return Exclusion(ports=as_range((row[1], row[2]), _EXCLUDED), administered=row[3] is not None)


def parse_netsh_excluded(text: str) -> PortSet:
    r"""Return the ports in all rows of ``netsh int ipv4 show excludedportrange protocol=tcp``.

    See ``parse_netsh_exclusions`` for the format, its source and the errors.

    Args:
        text: The output of the command.

    Example:
        >>> parse_netsh_excluded("------    ------\n  5357    5357\n 50000   50059  *\n")
        PortSet.parse('5357,50000-50059')
    """
    return PortSet(row.ports for row in parse_netsh_exclusions(text))


def parse_powershell_ranges(text: str) -> dict[str, PortRange]:
    r"""Return the range of each template of ``Get-NetTCPSetting`` or ``Get-NetUDPSetting``.

    Args:
        text: Lines of ``Name : value``, as ``Format-List`` prints them. The template
            ``Automatic`` has no values, and UDP has no templates.

    Returns:
        The ranges by template, in the order of the text; the name is ``""`` if there is none.

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: A range is missing or incomplete.

    Source:
        Microsoft, Set-NetTCPSetting and Set-NetUDPSetting.

    Example:
        >>> parse_powershell_ranges(
        ...     "SettingName                   : Internet\n"
        ...     "DynamicPortRangeStartPort     : 49152\n"
        ...     "DynamicPortRangeNumberOfPorts : 16384\n"
        ... )
        {'Internet': PortRange(first=49152, last=65535)}
    """
    found: dict[str, PortRange] = {}
    name = start = ""
    for line in nonblank_lines(text, _SETTINGS):
        key, _, value = (part.strip() for part in line.partition(":"))
        if key == "SettingName":
            if start:
                fail(_SETTINGS, "a number of ports for each first port", text)
            name = value
        elif key == "DynamicPortRangeStartPort":
            if start:
                fail(_SETTINGS, "a number of ports for each first port", text)
            start = value
        elif key == "DynamicPortRangeNumberOfPorts" and (start or value):
            ports = _counted(start, value, _SETTINGS)
            if found.setdefault(name, ports) != ports:
                fail(_SETTINGS, f"one range of {name!r}", text)
            start = ""
    if start or not found:
        fail(_SETTINGS, "a first port and a number of ports", text)
    return found


def parse_powershell_range(text: str) -> PortRange:
    r"""Return the range that all templates of ``Get-NetTCPSetting`` have in common.

    See ``parse_powershell_ranges`` for the format, its source and the errors.

    Args:
        text: The output of the command.

    Raises:
        UnexpectedOutputError: Two templates differ. Which of them a connection uses then depends
            on the filters of the machine.

    Example:
        >>> parse_powershell_range(
        ...     "DynamicPortRangeStartPort     : 49152\n"
        ...     "DynamicPortRangeNumberOfPorts : 16384\n"
        ... )
        PortRange(first=49152, last=65535)
    """
    found = parse_powershell_ranges(text)
    first, *others = found.values()
    if any(other != first for other in others):
        shown = ", ".join(f"{name} {ports}" for name, ports in found.items())
        raise UnexpectedOutputError(_SETTINGS, f"expected one range of all templates, got {shown}")
    return first


def parse_registry_time_wait(text: str) -> float | None:
    r"""Return ``TcpTimedWaitDelay`` in seconds from the registry, or ``None`` if it is not set.

    Args:
        text: The output of ``reg query`` for the whole key: its name, and a line of ``name type
            value`` for each of its values. (For a single value that is not set, ``reg`` fails
            with a message in the system's language.)

    Raises:
        TypeError: *text* is not a ``str``.
        UnexpectedOutputError: The key's name is missing, or the value is not a REG_DWORD.

    Source:
        Microsoft cc938217, TcpTimedWaitDelay.

    Example:
        >>> parse_registry_time_wait(
        ...     "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters\n"
        ...     "    TcpTimedWaitDelay    REG_DWORD    0x1e\n"
        ... )
        30.0
    """
    lines = nonblank_lines(text, _REGISTRY)
    if not any(_KEY.fullmatch(line) for line in lines):
        fail(_REGISTRY, "the key's name", text)
    wanted = [line for line in lines if line.lower().split()[0] == "tcptimedwaitdelay"]
    if not wanted:
        return None
    match = _DWORD.fullmatch(wanted[0]) if len(wanted) == 1 else None
    if match is None:
        fail(_REGISTRY, "one REG_DWORD", wanted[0])
    return float(int(match[1], 16))
