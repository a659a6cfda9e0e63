"""The texts that netsh, PowerShell and reg print on Windows, in any display language.

Labels are in the language of the system, and their padding differs between versions. Numbers are
therefore found by position: after a colon, or in two columns. English, French, Spanish, Korean
and Chinese texts were seen. Property names of PowerShell and names in the registry are the same
in all languages.
"""

from __future__ import annotations

import re

from portranges.ports import LAST_PORT, PortRange, is_digits
from portranges.portset import PortSet
from portranges.system.model import Exclusion
from portranges.system.shapes import as_port, as_range
from portranges.system.text import FormatError, fail, nonblank_lines, parsed

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


def netsh_range(text: str) -> PortRange:
    """Return the range that ``netsh interface ipv4 show dynamicport tcp`` prints.

    In any language, two lines end in a colon and a number: the first port, and the *number* of
    ports.

    Source:
        Microsoft KB929851; the texts in the tests of Datadog and Aspire,
        actions/runner-images#1442, microsoft/WSL#40984.
    """
    tails = [_COLON.split(line)[-1].strip() for line in nonblank_lines(text) if _COLON.search(line)]
    numbers = [tail for tail in tails if is_digits(tail)]
    if len(numbers) != 2:
        fail("two numbers, each after a colon", text)
    return _counted(*numbers)


def _counted(start: str, count: str) -> PortRange:
    first, number = as_port(start), as_port(count)
    if number == 0 or first + number - 1 > LAST_PORT:
        fail("a first port and a number of ports up to 65535", f"{start} and {count}")
    return PortRange(first, first + number - 1)


def parse_netsh_exclusions(text: str) -> tuple[Exclusion, ...]:
    r"""Return the rows that ``netsh interface ipv4 show excludedportrange protocol=tcp`` prints.

    ``parse`` with the field ``"excluded"`` returns their ports as one set.

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
    return parsed("excluded port ranges", _exclusions, text)


def _exclusions(text: str) -> tuple[Exclusion, ...]:
    lines = iter(nonblank_lines(text))
    if not any(_RULE.fullmatch(line) for line in lines):
        fail("dashes below two headings", text)
    return tuple(_exclusion(line) for line in lines if not line.startswith("*"))


def _exclusion(line: str) -> Exclusion:
    row = _ROW.fullmatch(line)
    if row is None:
        fail("two ports", line)
    return Exclusion(ports=as_range((row[1], row[2])), administered=row[3] is not None)


def excluded_ports(text: str) -> PortSet:
    """Return the ports in all rows of that table."""
    return PortSet(row.ports for row in _exclusions(text))


def powershell_ranges(text: str) -> dict[str, PortRange]:
    """Return the range of each template of ``Get-NetTCPSetting`` or ``Get-NetUDPSetting``.

    ``Format-List`` prints lines of ``Name : value``. The template ``Automatic`` has no values. UDP
    has no templates, and its range has the name ``""``.

    Source:
        Microsoft, Set-NetTCPSetting and Set-NetUDPSetting.
    """
    found: dict[str, PortRange] = {}
    name = start = ""
    for line in nonblank_lines(text):
        key, _, value = (part.strip() for part in line.partition(":"))
        if start and key in ("SettingName", "DynamicPortRangeStartPort"):
            fail("a number of ports for each first port", text)
        if key == "SettingName":
            name = value
        elif key == "DynamicPortRangeStartPort":
            start = value
        elif key == "DynamicPortRangeNumberOfPorts" and (start or value):
            ports = _counted(start, value)
            if found.setdefault(name, ports) != ports:
                fail(f"one range of {name!r}", text)
            start = ""
    if start or not found:
        fail("a first port and a number of ports", text)
    return found


def powershell_range(text: str) -> PortRange:
    """Return the range that all templates have in common.

    If two differ, the filters of the machine decide which of them a connection uses.
    """
    found = powershell_ranges(text)
    first, *others = found.values()
    if any(other != first for other in others):
        shown = ", ".join(f"{name} {ports}" for name, ports in found.items())
        raise FormatError(f"expected one range of all templates, got {shown}")
    return first


def registry_time_wait(text: str) -> float | None:
    """Return ``TcpTimedWaitDelay`` in seconds from the registry, or ``None`` if it is not set.

    The text is the output of ``reg query`` for the whole key: its name, and a line of ``name type
    value`` for each value. For a single value that is not set, ``reg`` fails with a message in the
    system's language.
    """
    lines = nonblank_lines(text)
    if not any(_KEY.fullmatch(line) for line in lines):
        fail("the key's name", text)
    wanted = [line for line in lines if line.lower().split()[0] == "tcptimedwaitdelay"]
    if not wanted:
        return None
    match = _DWORD.fullmatch(wanted[0]) if len(wanted) == 1 else None
    if match is None:
        fail("one REG_DWORD", wanted[0])
    return float(int(match[1], 16))
