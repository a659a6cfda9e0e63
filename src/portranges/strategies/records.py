"""Strategies for records, which ``st.from_type`` finds by the name of the type.

Rows of facts are drawn from the rows of the library; everything else is built by its constructor.
"""

from __future__ import annotations

from hypothesis import strategies as st

from portranges import probe, registry, reuse, rulesets, selection, system, systems, types
from portranges.families import Family
from portranges.ports import PortRange, Transport
from portranges.portset import PortSet
from portranges.rulesets import Action, Applies, Chain, Direction, Hook, Location, Rule, Skipped
from portranges.source import Source
from portranges.strategies import sets
from portranges.strategies.hosts import endpoints, service_names, sockets
from portranges.strategies.notations import rulesets as ruleset_texts

_LAST = 65535

_WORDS = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=12)
_SECONDS = st.floats(0, 1e9)
_SMALL_SETS = sets.port_sets(max_size=100)
_FAMILIES = st.sampled_from(((Family.INET,), (Family.INET6,), (Family.INET, Family.INET6)))


def _systems() -> st.SearchStrategy[systems.System]:
    return st.sampled_from(systems.rows())


def _algorithms() -> st.SearchStrategy[selection.Algorithm]:
    return st.sampled_from(selection.algorithms())


def _sources() -> st.SearchStrategy[Source]:
    days = st.dates().map(str)
    return st.builds(Source, document=_WORDS, section=st.just("") | _WORDS, checked=days)


def _registries() -> st.SearchStrategy[registry.Registry]:
    """Draw IANA's registry, alone or with services of a site on top."""
    places = st.lists(st.tuples(sets.ports(), sets.transports()), min_size=1, max_size=3)
    own = st.dictionaries(service_names(), places, max_size=3)
    return own.map(registry.SHIPPED.with_services)


def _handles() -> st.SearchStrategy[reuse.Handle]:
    return st.builds(reuse.Handle, st.integers(0, 1000))


@st.composite
def _linux_settings(draw: st.DrawFn) -> reuse.LinuxSettings:
    start = draw(sets.ports(max_value=1024))
    return reuse.LinuxSettings(
        ip_local_port_range=draw(sets.port_ranges(min_value=max(1, start))),
        ip_local_reserved_ports=draw(_SMALL_SETS),
        ip_unprivileged_port_start=start,
        ip_autobind_reuse=draw(st.booleans()),
        ip_nonlocal_bind=draw(st.booleans()),
        bindv6only=draw(st.booleans()),
        tcp_tw_reuse=draw(st.integers(0, 2)),
        tcp_tw_reuse_delay=draw(st.integers(0, 60_000)),
        tcp_timestamps=draw(st.booleans()),
        tcp_fin_timeout=draw(_SECONDS),
        tcp_max_tw_buckets=draw(st.integers(0, 1 << 18)),
        ip_local_port_step_width=draw(st.integers(0, 1000)),
    )


def _system_settings() -> st.SearchStrategy[reuse.SystemSettings]:
    some = st.none() | _SMALL_SETS
    return st.builds(
        reuse.SystemSettings,
        ports=some,
        reserved=_SMALL_SETS,
        excluded=_SMALL_SETS,
        restricted=some,
        privileged_below=st.none() | sets.ports(),
        extra_privileged=some,
        v6only=st.none() | st.booleans(),
        time_wait=st.none() | _SECONDS,
        fin_wait_2=_SECONDS,
        udp_exhaustion=st.booleans(),
    )


def _machines() -> st.SearchStrategy[system.Machine]:
    """Draw Linux machines with a range, reserved ports and an unprivileged boundary."""
    return st.builds(
        _linux_machine, sets.port_ranges(min_value=1024), _SMALL_SETS, st.integers(0, 1024)
    )


def _linux_machine(allocated: PortRange, reserved: PortSet, start: int) -> system.Machine:
    here = "/proc/sys/net/ipv4"
    files = {
        f"{here}/ip_local_port_range": f"{allocated.first}\t{allocated.last}\n",
        f"{here}/ip_local_reserved_ports": f"{reserved}\n",
        f"{here}/ip_unprivileged_port_start": f"{start}\n",
    }

    def read_file(path: str) -> str:
        found = files.get(path)
        return system.RECORDED_LINUX.read_file(path) if found is None else found

    return system.Machine(
        platform="linux", release="6.18", read_file=read_file, run=system.RECORDED_LINUX.run
    )


def _owners() -> st.SearchStrategy[probe.Owner]:
    return st.builds(
        probe.Owner,
        pid=st.integers(0, 1 << 22),
        name=st.just("") | _WORDS,
        uid=st.none() | st.integers(0, 65534),
        started_at=st.none() | _SECONDS,
    )


@st.composite
def _socket_records(draw: st.DrawFn) -> probe.SocketRecord:
    family = draw(st.sampled_from(Family))
    transport = draw(st.sampled_from((Transport.TCP, Transport.UDP)))
    hosts = ("127.0.0.1", "192.0.2.1") if family is Family.INET else ("::1", "2001:db8::1")
    states = [
        each
        for each in probe.SocketState
        if (each is probe.SocketState.UNCONNECTED) is (transport is Transport.UDP)
    ]
    state = draw(st.sampled_from(states))
    has_peer = state not in (probe.SocketState.LISTEN, probe.SocketState.UNCONNECTED)
    return probe.SocketRecord(
        transport=transport,
        family=family,
        address=draw(st.sampled_from(hosts)),
        port=draw(sets.ports(min_value=1)),
        state=state,
        remote_address=draw(st.sampled_from(hosts)) if has_peer else None,
        remote_port=draw(sets.ports(min_value=1)) if has_peer else None,
        uid=draw(st.none() | st.integers(0, 65534)),
        owners=draw(st.lists(_owners(), max_size=2)),
    )


def _visibilities() -> st.SearchStrategy[probe.Visibility]:
    scopes = st.sampled_from(probe.Scope)
    return st.builds(probe.Visibility, sockets=scopes, owners=scopes, reason=st.just("") | _WORDS)


def _socket_tables() -> st.SearchStrategy[probe.SocketTable]:
    return st.builds(
        probe.SocketTable,
        st.lists(_socket_records(), max_size=5),
        visibility=_visibilities(),
        read_at=_SECONDS,
        backend=st.none() | st.sampled_from(probe.Backend),
    )


def _locations() -> st.SearchStrategy[Location]:
    pointers = st.sampled_from(("", "/Rules/0", "/Rules/1"))
    return st.builds(Location, line=st.integers(1, 100_000), pointer=pointers)


def _chains() -> st.SearchStrategy[Chain]:
    inner = st.builds(Chain, name=_WORDS, families=_FAMILIES, translates=st.booleans())
    base = st.builds(
        Chain,
        name=_WORDS,
        hook=st.sampled_from(Hook),
        priority=st.integers(-400, 400),
        policy=st.sampled_from((Action.ACCEPT, Action.DROP, Action.DELEGATE)),
        families=_FAMILIES,
        translates=st.booleans(),
    )
    return inner | base


@st.composite
def _rules(draw: st.DrawFn) -> Rule:
    action = draw(st.sampled_from(Action))
    translates = action in (Action.TRANSLATE, Action.REDIRECT) and draw(st.booleans())
    applies = draw(st.sampled_from(Applies))
    sources = sets.port_sets(min_size=1)
    return Rule(
        ports=draw(sets.transport_ports()),
        source_ports=PortSet.full() if applies is Applies.ALWAYS else draw(sources),
        translated_ports=draw(sources) if translates else None,
        families=draw(_FAMILIES),
        action=action,
        target=draw(_WORDS) if action in (Action.JUMP, Action.GOTO) else "",
        direction=draw(st.none() | st.sampled_from(Direction)),
        group=draw(_WORDS),
        priority=draw(st.integers(0, 65535)),
        applies=applies,
        conditions=tuple(draw(st.lists(_WORDS, max_size=2))),
        location=draw(_locations()),
        text=draw(_WORDS),
    )


def _skipped() -> st.SearchStrategy[Skipped]:
    return st.builds(
        Skipped,
        location=_locations(),
        text=_WORDS,
        reason=_WORDS,
        could_accept=st.booleans(),
        group=st.just("") | _WORDS,
        direction=st.none() | st.sampled_from(Direction),
    )


def _rulesets() -> st.SearchStrategy[rulesets.Ruleset]:
    return ruleset_texts().map(rulesets.parse)


# What st.from_type draws, by the module and the name of the type. _hypothesis_plugin uses it on
# the first draw, without importing the modules of the types before.
BY_TYPE: types.Mapping[str, types.Callable[[], st.SearchStrategy[types.Any]]] = {
    "portranges.endpoints.Endpoint": endpoints,
    "portranges.ephemeral.model.EphemeralProfile": sets.profiles,
    "portranges.ports.MaskedPort": sets.masked_ports,
    "portranges.ports.PortRange": sets.port_ranges,
    "portranges.portset.PortSet": sets.port_sets,
    "portranges.probe.record.Owner": _owners,
    "portranges.probe.record.SocketRecord": _socket_records,
    "portranges.probe.table.SocketTable": _socket_tables,
    "portranges.probe.table.Visibility": _visibilities,
    "portranges.registry.registry.Registry": _registries,
    "portranges.reuse.linux.settings.LinuxSettings": _linux_settings,
    "portranges.reuse.model.Handle": _handles,
    "portranges.reuse.model.Socket": sockets,
    "portranges.reuse.others.settings.SystemSettings": _system_settings,
    "portranges.rulesets.model.Chain": _chains,
    "portranges.rulesets.model.Location": _locations,
    "portranges.rulesets.model.Rule": _rules,
    "portranges.rulesets.model.Skipped": _skipped,
    "portranges.rulesets.ruleset.Ruleset": _rulesets,
    "portranges.selection.model.Algorithm": _algorithms,
    "portranges.source.Source": _sources,
    "portranges.system.model.Machine": _machines,
    "portranges.systems.System": _systems,
    "portranges.transport_ports.TransportPorts": sets.transport_ports,
}
