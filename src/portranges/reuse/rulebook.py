"""A system's rules as one table: a row for each rule, looked up by name.

A row is an error (None if the rule allows), a sentence and a source, and a confidence if it differs
from that of the table. A table may contain rows that several systems have in common, filled in by
``common_rows``.
"""

from __future__ import annotations

from portranges import types
from portranges.reuse.model import Rule, Verdict
from portranges.source import Confidence

_NOTHING: types.Mapping[str, str] = {}


class RuleTable(dict[str, Rule]):
    """The rules of one system by name; ``"listener"`` is the name of ``linux-listener``.

    ``system`` is the system's name in ``portranges.systems``, as ``"freebsd"``.
    """

    def __init__(
        self,
        system: types.SystemName,
        rows: types.RuleRows,
        *,
        confidence: Confidence = Confidence.SOURCE,
        prefix: str = "",
    ) -> None:
        """Make a rule of each row; *prefix* precedes every error, as ``"WSA"`` on Windows."""
        super().__init__()
        self.system: types.SystemName = system
        for name, (error, sentence, source, *own) in rows.items():
            self[name] = Rule(
                id=f"{system}-{name}",
                verdict=Verdict.ALLOWED if error is None else Verdict.REFUSED,
                error=None if error is None else prefix + error,
                sentence=sentence,
                source=source,
                confidence=own[0] if own else confidence,
            )

    def special(self, name: str, suffix: str, *, applies: bool) -> Rule:
        """Return the rule for a special case of *name* if it *applies* and the system has one."""
        return self.get(name + suffix if applies else name, self[name])


def common_rows(
    table: types.CommonRows,
    sources: types.Mapping[str, types.RuleSource],
    *,
    errors: types.Mapping[str, str] = _NOTHING,
    sentences: types.Mapping[str, str] = _NOTHING,
    without: types.Collection[str] = (),
) -> types.RuleRows:
    """Return the rows of *table* as one system has them.

    The last value of a row is the key of its source in *sources*, unless the row's name is a
    key there too; a source may come with a confidence. *errors* and *sentences* replace those
    of the table by name; a row whose error or sentence is ``""`` exists only on the systems
    that replace it.
    """
    found: dict[str, types.RuleRow] = {}
    for name, (usual_error, usual_sentence, group) in table.items():
        error = errors.get(name, usual_error)
        sentence = sentences.get(name, usual_sentence)
        if error != "" and sentence and name not in without:
            origin = sources.get(name) or sources[group]
            if isinstance(origin, tuple):
                found[name] = (error, sentence, *origin)
            else:
                found[name] = (error, sentence, origin)
    return found
