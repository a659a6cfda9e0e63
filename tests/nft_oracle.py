"""Random rulesets of nft. ``iptables_oracle`` loads and lists them, and sends the packets."""

from __future__ import annotations

from random import Random

from iptables_oracle import PORTS
from portranges import Family

HOOKS = ("prerouting", "input", "forward", "output", "postrouting")
TRANSPORTS = ("tcp", "tcp", "tcp", "udp", "udp", "sctp", "dccp")
FILTER_PRIORITIES = (
    *("filter", "filter", "filter - 5", "filter + 10", "raw", "-350", "mangle", "security", "-202"),
    *("-99", "-103", "srcnat + 3", "500"),
)


class Generator:
    """Makes rulesets that nft loads."""

    def __init__(self, rng: Random, family: Family) -> None:
        self.rng = rng
        self.six = family is Family.INET6
        self.ip = "ip6" if self.six else "ip"

    def ruleset(self) -> str:
        return "\n".join(self.table(number) for number in range(self.rng.choice((1, 1, 2, 3))))

    def table(self, number: int) -> str:
        rng = self.rng
        family = rng.choice((self.ip, "inet", "inet"))
        self.is_inet = family == "inet"
        self.drops = number == 0
        lines = [f"table {family} t{number} {{"]
        # With a dormant table, 'nft -j' 1.0.6 may crash.
        if number and rng.random() < 0.15:
            lines.append("flags dormant")
        users = [f"user{each}" for each in range(rng.randint(0, 3))]
        lines += self.sets()
        # A chain must exist before a rule leads to it.
        for place in reversed(range(len(users))):
            lines.append(self.chain(users[place], "", "", users[place + 1 :]))
        for each in range(rng.randint(1, 5)):
            hook = rng.choice((*HOOKS, "input", "input", "output", "forward"))
            if rng.random() < 0.25 and hook != "forward":
                side = "src" if hook in ("input", "postrouting") else "dst"
                # The priorities srcnat and dstnat are names only at some hooks.
                priority = {"src": 100, "dst": -100}[side] + rng.choice((0, 0, -5, 7))
                base = f"type nat hook {hook} priority {priority}; policy accept;"
                lines.append(self.chain(f"nat{each}", base, f"nat {hook}", []))
            else:
                priority = rng.choice(FILTER_PRIORITIES)
                if hook != "postrouting":
                    priority = priority.replace("srcnat + 3", "30")
                policy = "drop" if self.drops and rng.random() < 0.5 else "accept"
                base = f"type filter hook {hook} priority {priority}; policy {policy};"
                lines.append(self.chain(f"base{each}", base, hook, users))
        return "\n".join([*lines, "}"])

    def sets(self) -> list[str]:
        rng = self.rng
        listed = ", ".join(self.intervals())
        first, second = rng.sample(PORTS, 2)
        to = self.address()
        address = "ipv6_addr" if self.six else "ipv4_addr"
        return [
            f"set ports {{ type inet_service; flags interval; elements = {{ {listed} }} }}",
            f'set few {{ type inet_service; elements = {{ {first} comment "a }} b", {second} }} }}',
            "set pairs { type inet_proto . inet_service; flags interval; elements = { "
            f"tcp . {first}, udp . {min(first, second)}-{max(first, second)} }} }}",
            "map verdicts { type inet_service : verdict; elements = { "
            f"{first} : accept, {second} : drop }} }}",
            "set seen { type inet_service; size 1024; flags dynamic,timeout; timeout 1m; }",
            f"set hosts {{ type {address} . inet_service; flags interval; elements = {{ "
            f"{'fd00:9::/64' if self.six else '10.9.0.0/16'} . "
            f"{min(first, second)}-{max(first, second)} }} }}",
            f"map nowhere {{ type inet_service : {address}; }}",
            "counter hits { }",
            "limit few_a_minute { rate 5/minute; }",
            f"map moved {{ type inet_service : inet_service; elements = {{ {first} : 8080 }} }}",
            f"map homes {{ type inet_service : {address} . inet_service; "
            f"elements = {{ {first} : {to} . 8081, {second} : {to} . 443 }} }}",
        ]

    def chain(self, name: str, base: str, hook: str, users: list[str]) -> str:
        rng = self.rng
        rules = [self.rule(hook, users) for _ in range(rng.randint(0, 6))]
        return "\n".join([f"chain {name} {{", base, *rules, "}"])

    def intervals(self) -> list[str]:
        """Some ports and ranges that do not overlap."""
        rng = self.rng
        bounds = sorted(rng.sample(PORTS, 2 * rng.randint(1, 4)))
        pairs = zip(bounds[::2], bounds[1::2], strict=True)
        return [rng.choice((str(a), f"{a}-{b}")) for a, b in pairs]

    def rule(self, hook: str, users: list[str]) -> str:
        rng = self.rng
        transport, match = self.ports()
        parts = [
            match,
            *(self.condition(hook, transport) for _ in range(rng.choice((0, 0, 0, 1, 1, 2)))),
        ]
        rng.shuffle(parts)
        if match:
            # A match on the protocol comes first, so that nft accepts translated ports.
            parts.remove(match)
            parts.insert(0, match)
        if rng.random() < 0.2:
            parts.append(
                rng.choice(("counter", 'log prefix "accept" level debug', "meta mark set 0x1"))
            )
        parts.append(self.end(hook, transport, users))
        if rng.random() < 0.2:
            parts.append('comment "drop; } # accept"')
        found = " ".join(filter(None, parts))
        return found if found and not found.startswith("comment") else "counter"

    def ports(self) -> tuple[str, str]:
        """A transport, if there is one, and a match on ports."""
        rng = self.rng
        kind = rng.randrange(15)
        sign = rng.choice(("", "", "", "!= "))
        first, last = sorted(rng.sample(PORTS, 2))
        if kind < 2:
            return "", ""
        if kind == 2:
            return "", rng.choice(
                ("meta l4proto != tcp", "meta l4proto { udp, sctp }", "meta l4proto icmp")
            )
        if kind == 3:
            th = f"th dport {sign}{{ {', '.join(self.intervals())} }}"
            return "tcp", f"meta l4proto {rng.choice(('{ tcp, udp }', 'tcp', '!= udp'))} {th}"
        if kind == 4:
            pairs = f"{{ tcp . {first}, udp . {first}-{last}, sctp . {last} }}"
            return "", f"meta l4proto . th dport {sign}{rng.choice((pairs, '@pairs'))}"
        if kind == 5:
            protocol = "ip6 nexthdr" if self.six else "ip protocol"
            return "", f"{protocol} {sign}{rng.choice(('tcp', 'udp', '{ tcp, dccp }'))}"
        if kind == 6:
            protocol = "ip6 nexthdr" if self.six else "ip protocol"
            return "tcp", rng.choice(
                (
                    f"{protocol} . th dport {sign}{{ tcp . {first}, udp . {first}-{last} }}",
                    f"{self.ip} saddr . tcp dport {sign}@hosts",
                    f'iifname . tcp dport {sign}{{ "v0" . {first}-{last}, "lo" . {first} }}',
                    f"tcp dport . tcp sport {sign}{{ {first} . 1-65535, {last} . 20000-30000 }}",
                    f"ct state . tcp dport {{ new . {first}, established . {last} }}",
                )
            )
        transport = rng.choice(TRANSPORTS)
        several = f"{{ {', '.join(self.intervals())} }}"
        value = rng.choice(
            (
                str(first),
                f"{first}-{last}",
                several,
                several,
                f"{sign}@ports",
                f"{sign}@few",
                f"< {last}",
                f">= {first}",
                f"& 0xff00 == {first & 0xFF00}",
                f"!= {first}",
                f"!= {first}-{last}",
                f"!= {several}",
            )
        )
        source = rng.choice(("1024-65535", "!= 1-1023", "< 1024"))
        return transport, rng.choice(
            (
                f"{transport} dport {value}",
                f"{transport} dport {value}",
                f"meta l4proto {transport}",
                f"{transport} sport {source} {transport} dport {first}",
            )
        )

    def condition(self, hook: str, transport: str) -> str:
        rng = self.rng
        near, far, net, everywhere = (
            ("fd00:9::/64", "2001:db8::/32", "fd00:8::/64", "::/0")
            if self.six
            else ("10.9.0.0/16", "192.0.2.0/24", "10.8.0.0/16", "0.0.0.0/0")
        )
        choices = [
            "ct state new",
            "ct state established,related",
            "ct state { new, established }",
            "ct state != new",
            "ct state invalid",
            "ct state ! established,related",
            "ct state != { established, related }",
            "ct state new,untracked",
            "ct state untracked",
            "ct status dnat",
            f"{self.ip} saddr {near}",
            f"{self.ip} saddr != {near}",
            f"{self.ip} saddr {far}",
            f"{self.ip} daddr != {net}",
            f"{self.ip} saddr {everywhere}",
            f"{self.ip} daddr != {everywhere}",
            "meta mark 0x1",
            "limit rate 5/minute",
            "limit rate over 5/minute burst 3 packets",
            "numgen random mod 2 0",
            "fib daddr type local",
            "meta length 0-100",
            "iif lo",
            "iif != lo",
            'iifname { "lo", "v0" }',
            'iifname "v*"',
            'iifname != { "lo" }',
            'oifname "lo"',
            'oifname != "lo"',
            'oif "d0"',
            "ct direction original",
            "counter name hits",
            'limit name "few_a_minute"',
            "meta mark set ct mark",
            "ct mark set meta mark | 0x10",
            "meta mark set th dport map { 22 : 0x1, 80 : 0x2 }",
            "quota over 1000 mbytes",
            "ct original proto-dst 80",
            "meta protocol ip6" if self.six else "meta protocol ip",
            "ct state vmap { established : accept, invalid : drop }"
            if not hook.startswith("nat")
            else "ct state new",
        ]
        if self.is_inet:
            choices += ["meta nfproto ipv4", "meta nfproto ipv6", "meta nfproto != ipv4"]
        if transport == "tcp":
            choices += [
                "tcp flags syn",
                "update @seen { tcp dport }",
                "add @seen { tcp sport timeout 5s }",
                "tcp dport @seen",
                "tcp option maxseg size set 1200",
                "tcp flags != syn",
                "tcp flags & (syn | ack | fin) == syn",
                "tcp flags ! syn,ack",
                "tcp flags & (fin | syn | rst | ack) != syn",
                "tcp flags == syn",
                "tcp flags { syn, syn | ack }",
            ]
        found = rng.choice(choices)
        # A map of verdicts ends its rule.
        return "" if "vmap" in found else found

    def end(self, hook: str, transport: str, users: list[str]) -> str:
        rng = self.rng
        if rng.random() < 0.15 and not hook.startswith("nat"):
            first, last = sorted(rng.sample(PORTS, 2))
            jump = f"jump {users[0]}" if users else "return"
            ported = transport or "tcp"
            return rng.choice(
                (
                    f"{ported} dport vmap {{ {first} : drop, {last} : {jump} }}",
                    f"{ported} dport vmap {{ {first}-{last} : accept, * : drop }}",
                    f"{ported} dport vmap @verdicts",
                    f"jump {{ {ported} dport {first} accept; {ported} dport {last} drop; }}",
                    f"{ported} dport & 0xfff0 vmap {{ {first & 0xFFF0} : drop }}",
                    "ct state vmap { established : accept, invalid : drop, new : continue }",
                    f"ct state vmap {{ new : {jump}, invalid : drop }}",
                    f"meta l4proto vmap {{ tcp : {jump}, udp : drop, icmp : accept }}",
                    "meta l4proto . th dport vmap "
                    f"{{ tcp . {first} : accept, udp . {last} : drop }}",
                    f'iifname vmap {{ "lo" : accept, "v0" : {jump} }}',
                    f"{self.ip} saddr . tcp dport vmap {{ {self.address()} . {first} : drop }}",
                )
            )
        choices = ["accept", "return", "", "continue"]
        choices += [f"jump {each}" for each in users] + [f"goto {each}" for each in users[:1]]
        if not hook.startswith("nat"):
            choices += ["accept", "drop", "drop"]
        if hook in ("input", "forward", "output"):
            choices += ["reject", "reject with tcp reset" if transport in ("", "tcp") else "reject"]
        if hook in ("prerouting", "output") and rng.random() < 0.1:
            choices.append("notrack")
        if hook in ("nat prerouting", "nat output"):
            first, last = sorted(rng.sample(PORTS, 2))
            to = f"[{self.address()}]" if self.six else self.address()
            ip = f"{self.ip} " if self.is_inet else ""
            choices += [f"dnat {ip}to {self.address()}", "redirect"]
            if transport:
                low = max(first, 1)
                choices += [
                    f"redirect to :{low}",
                    f"redirect to :{low}-{last}",
                    f"dnat {ip}to {to}:{low}",
                    f"dnat {ip}to {to}:{low}-{last} random",
                    f"dnat {ip}to {transport} dport map @homes",
                    f"redirect to :{transport} dport map @moved",
                    f"dnat {ip}to {transport} dport map @nowhere",
                    f"dnat {ip}to numgen inc mod 2 map {{ 0 : {self.address()} }}",
                    f"redirect to :{transport} dport map {{ {first} : 8080, {last} : 22 }}",
                ]
        if hook == "nat postrouting":
            choices += ["masquerade", f"snat {self.ip if self.is_inet else ''} to {self.address()}"]
        return rng.choice(choices)

    def address(self) -> str:
        found = ("fd00:9::1", "fd00:8::9") if self.six else ("10.9.0.1", "10.8.0.9")
        return self.rng.choice(found)
