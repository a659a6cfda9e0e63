"""Rules of ufw and firewalld: each line of the input is a rule, is skipped, or has another role."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from portranges import PortRangesError, TransportPorts, rulesets

WORDS = ("Anywhere", "22", "80,443/tcp", "10.0.0.0/8", " on eth0", " (v6)", "WWW Full", "/udp", ":")


@st.composite
def status_lines(draw: st.DrawFn) -> str:
    """A line that looks like one of ``ufw status``, mostly."""
    to, origin = (draw(st.lists(st.sampled_from(WORDS), max_size=3).map("".join)) for _ in range(2))
    action = draw(st.sampled_from(("ALLOW", "DENY IN", "LIMIT OUT", "ALLOW FWD", "PERMIT", "")))
    rest = draw(st.sampled_from(("", " (log)", " (log, out)", " # ALLOW", " ()")))
    return f"{draw(st.sampled_from(('', '[ 1] ')))}{to:26} {action:12}{origin:26}{rest}"


@given(st.lists(st.one_of(status_lines(), st.text())))
def test_every_line_of_ufw_status_is_read_or_skipped(several: list[str]) -> None:
    lines = "\n".join(several).split("\n")
    ruleset = rulesets.parse("\n".join(lines), "ufw-status")
    found = {each.location.line: each for each in (*ruleset.rules, *ruleset.skipped)}
    assert len(found) == len(ruleset.rules) + len(ruleset.skipped)
    roles = ("Status: ", "Logging: ", "Default: ", "New profiles: ", "To ", "-- ")
    for number, line in enumerate(lines, 1):
        if number in found:
            assert found[number].text == line.removesuffix("\r")
        else:
            assert not line.strip() or line.lstrip().startswith(roles)


@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                (
                    "### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in",
                    "### tuple ### deny any any 0.0.0.0/0 any 0.0.0.0/0 in",
                    "-A ufw-user-input -p tcp --dport 22 -j ACCEPT",
                    "-I ufw-user-input -j DROP",
                    "-I ufw-user-input 3 -j DROP",
                    "-A ufw-user-input -j ufw-missing",
                    "### RULES ###",
                    "",
                )
            ),
            st.text(st.characters(exclude_characters="\n\r*"), max_size=9),
        )
    )
)
def test_every_line_of_user_rules_is_read_or_skipped(several: list[str]) -> None:
    lines = ["*filter", ":ufw-user-input - [0:0]", *several, "COMMIT", ""]
    try:
        ruleset = rulesets.parse("\n".join(lines), "ufw")
    except PortRangesError:
        assert "COMMIT" in map(str.strip, several)
        return
    found = {each.location.line: each for each in (*ruleset.rules, *ruleset.skipped)}
    assert len(found) == len(ruleset.rules) + len(ruleset.skipped)
    for number, line in enumerate(lines, 1):
        if number in found:
            assert found[number].text == line
        else:
            assert not line.strip() or line.strip() == "COMMIT" or line[0] in ":*#"
            if line.startswith("### tuple ###"):
                following = next(each for each in lines[number:] if each.strip())
                assert following.startswith(("-A ", "-I "))


ITEMS = (
    '<port port="22" protocol="tcp"/>',
    '<port port="22" protocol="tpc"/>',
    '<source-port port="5-6" protocol="udp"/>',
    '<service name="ssh"/>',
    '<forward-port port="1" protocol="tcp" to-port="2"/>',
    "<masquerade/>",
    '<rule family="ipv4"><source address="10.0.0.1"/><accept/></rule>',
    "<rule>\n<drop/>\n</rule>",
    "<rule><accept/><reject/></rule>",
    "<unknown/>",
    "<forward/>",
)
SETTINGS = ("<short>a</short>", '<interface name="eth0"/>', "<!-- <port/> -->", "")


@given(st.lists(st.sampled_from(ITEMS + SETTINGS)))
def test_every_element_of_a_zone_is_read_or_skipped(several: list[str]) -> None:
    ruleset = rulesets.parse("\n".join(["<zone>", *several, "</zone>"]), "firewalld")
    found = {each.location.line: each for each in (*ruleset.rules, *ruleset.skipped)}
    assert len(found) == len(ruleset.rules) + len(ruleset.skipped)
    line = 2
    expected = {}
    for each in several:
        if each in ITEMS:
            expected[line] = each
        line += each.count("\n") + 1
    assert {at: each.text for at, each in found.items()} == expected


FIELDS = (
    "  ports: 22/tcp 80-90/udp",
    "  ports: 22/tpc x",
    "  services: ssh",
    "  source-ports: ",
    "  protocols: gre",
    "  forward-ports: ",
    "\tport=22:proto=tcp:toport=23:toaddr=",
    "  rich rules: ",
    '\trule port port="1" protocol="tcp" accept',
    '\trule port port="1',
    'rule protocol value="ah" accept',
    "22/tcp 23/tcp",
    "  masquerade: yes",
    "  masquerade: no",
    "  target: DROP",
    "  target: default",
    "  interfaces: eth0",
    "  unknown: 1",
    "public (active)",
    "  modules: ",
    "",
)


@given(st.lists(st.one_of(st.sampled_from(FIELDS), st.text(max_size=9))))
def test_every_item_of_a_list_is_read_or_skipped(several: list[str]) -> None:
    lines = "\n".join(several).split("\n")
    ruleset = rulesets.parse("\n".join(lines), "firewalld-list")
    found = [(each.location.line, each.text) for each in (*ruleset.rules, *ruleset.skipped)]
    # A block without a target that has modules is the definition of a service.
    is_plain = "  modules: " not in lines
    for number, line in enumerate(lines, 1):
        here = [text for at, text in found if at == number]
        for text in here:
            assert text.strip() in line
        if is_plain and line.startswith("  ports: "):
            words = line.split()[1:]
            assert here in (words, [line])
        elif line.startswith(("\t", "rule ", "22/tcp ", "  unknown")):
            assert here or not line.strip(" \t")


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    for name in ("ufw", "ufw-status", "firewalld", "firewalld-list"):
        try:
            ruleset = rulesets.parse(text, name)
        except PortRangesError:
            continue
        ruleset.reachable()
    for name in ("ipset", "ufw-profiles", "firewalld-service"):
        try:
            found = rulesets.ports_by_name(text, name)
        except PortRangesError:
            continue
        assert all(found)


@given(st.dictionaries(st.integers(0, 99), st.sets(st.integers(0, 65535), min_size=1)))
def test_every_element_of_a_set_is_in_its_list(sets: dict[int, set[int]]) -> None:
    saved, profiles = [], []
    for number, ports in sets.items():
        saved.append(f"create s{number} hash:ip,port family inet")
        saved += [f"add s{number} 192.0.2.1,udp:{port}" for port in ports]
        profiles += [f"[p{number}]", "title=x", "description=x"]
        profiles.append("ports=" + "|".join(f"{port or 1}/udp" for port in ports))
    found = rulesets.ports_by_name("\n".join(saved), "ipset")
    assert found == {f"s{each}": TransportPorts(udp=ports) for each, ports in sets.items()}
    found = rulesets.ports_by_name("\n".join(profiles), "ufw-profiles")
    assert found == {
        f"p{each}": TransportPorts(udp=[port or 1 for port in ports])
        for each, ports in sets.items()
    }
