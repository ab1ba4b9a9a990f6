"""Check: a parsed spec as Checked, or every diagnostic at once; reads public files only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from synthspec.compile.checked import Checked
from synthspec.compile.columns import Columns
from synthspec.compile.determined import Determined, take_out
from synthspec.compile.diagnose.contradictions import Contradictions
from synthspec.compile.diagnose.cycle import Cycle
from synthspec.compile.diagnose.extras import Extras
from synthspec.compile.diagnose.hygiene import check_hygiene
from synthspec.compile.diagnose.network import Network
from synthspec.compile.diagnose.questions import Questions
from synthspec.compile.equations import solve_equations
from synthspec.compile.expressions import Expressions
from synthspec.compile.families import Families
from synthspec.compile.files import PublicFiles
from synthspec.compile.findings import Findings
from synthspec.compile.gates import Gates
from synthspec.compile.graph import arrows
from synthspec.compile.groups import Groups
from synthspec.compile.holdout import check_holdout
from synthspec.compile.levels import Levels, leveled, with_units
from synthspec.compile.networked import check_networked
from synthspec.compile.privacy import Privacy
from synthspec.compile.public_rows import PublicRows
from synthspec.compile.ruled import ruled
from synthspec.compile.rules import Rules
from synthspec.compile.scenarios import scenarios_of, tables_of
from synthspec.compile.stages import Stages, part_shares
from synthspec.compile.two_tables import TwoTables
from synthspec.errors import Diagnostic
from synthspec.plan.plan import PublicFile
from synthspec.spec.parse import Parsed, parse


def check(parsed: Parsed, folder: Path | None = None) -> tuple[Checked | None, tuple[Diagnostic, ...]]:
    """Return the checked spec (None when there are errors) and every diagnostic, by place in the text.

    Args:
        parsed: what `spec.parse.parse` gave.
        folder: what paths of public files are relative to; by default the folder of the spec.
    """
    spec = parsed.spec
    if spec is None:
        return None, (*parsed.diagnostics, *_behind(parsed, folder))
    findings = Findings(parsed)
    files = PublicFiles(folder if folder is not None else Path(parsed.origin).parent, findings)
    unit = spec.privacy.unit if spec.privacy is not None else None
    expressions = Expressions(findings, unit=unit)
    columns = leveled(Columns(findings, files, spec, expressions).resolve())
    privacy = Privacy(findings, spec, expressions, columns)
    privacy.check()
    rules = Rules(findings, files, spec, expressions, columns).resolve()
    whole = groups = Groups(findings, spec, expressions, columns, rules).resolve()
    levels = Levels(findings, spec, columns)
    levels.check()
    TwoTables(findings, spec, expressions, columns).check()
    groups = levels.split(groups)
    Determined(findings, spec, columns, rules, groups).check()
    network = Network(findings, spec, expressions, columns)
    network.check()
    check_networked(findings, columns, groups)
    gaps = frozenset(expressions.gaps)
    refused = {each.path[1] for each in findings.found if each.code == "R232"}
    Cycle(findings, (*arrows(spec), *ruled(spec, columns, rules, gaps, refused))).check()
    groups = Stages(findings, spec, columns, rules, gaps, network.cases).split(groups)
    levels.sequences(groups)
    tables = Families(findings, spec, columns, rules, groups, network.cases).check()
    gates = Gates(findings, spec, expressions, columns).resolve()
    shares = privacy.shares(whole)
    extras = Extras(findings, spec, expressions)
    extras.check()
    public = PublicRows(findings, files, columns)
    scenarios = tables_of(findings, spec, columns, public)
    questions = Questions(findings, spec, expressions, columns).resolve()
    check_holdout(findings, spec, gates, questions, columns)
    check_hygiene(findings, spec)
    if _stand(parsed.diagnostics) and _stand(findings.found):
        Contradictions(
            findings, spec, columns, rules, extras.wheres, network.cases, given=scenarios.given
        ).check()
    diagnostics = _sorted((*parsed.diagnostics, *findings.found))
    if _failed(diagnostics):
        return None, diagnostics
    columns, rules, groups = solve_equations(spec, columns, rules, groups, gaps)
    columns, groups = take_out(columns, rules, groups)
    columns, groups = with_units(spec, columns, groups)
    checked = Checked(
        parsed=parsed,
        spec=spec,
        columns=tuple(columns.values()),
        rules=rules,
        groups=groups,
        gates=gates,
        questions=questions,
        shares=part_shares(shares, groups),
        files=_files(files, public),
        reasons=tuple(findings.reasons),
        tables=tables,
        scenarios=scenarios_of(spec, columns, extras.wheres, scenarios),
    )
    return checked, diagnostics


def _behind(parsed: Parsed, folder: Path | None) -> tuple[Diagnostic, ...]:
    """Return what would be found, on other lines, once a safe fix has made the text readable."""
    fixes = [fix for each in parsed.diagnostics for fix in each.fixes if fix.safe]
    edits = [edit for fix in fixes[:1] for edit in fix.edits if edit.span.line == edit.span.end_line]
    if not edits or any("\n" in edit.text for edit in edits):
        return ()
    lines = parsed.text.split("\n")
    for edit in edits:
        line = lines[edit.span.line - 1]
        before, after = line[: edit.span.column - 1], line[edit.span.end_column - 1 :]
        lines[edit.span.line - 1] = f"{before}{edit.text}{after}"
    mended = "\n".join(lines)
    if mended == parsed.text:
        return ()
    touched = {edit.span.line for edit in edits}
    again = check(parse(mended, parsed.origin), folder if folder is not None else Path(parsed.origin).parent)[
        1
    ]
    seen = {each.code for each in parsed.diagnostics}
    return tuple(
        each
        for each in again
        if each.spans and touched.isdisjoint(span.line for span in each.spans) and each.level == "error"
        if not (each.code in seen and each in parsed.diagnostics)
    )


def _files(files: PublicFiles, rows: PublicRows) -> tuple[PublicFile, ...]:
    every = {each.path: each for each in (*files.read(), *rows.manifests.values())}
    return tuple(every[path] for path in sorted(every))


def _stand(diagnostics: Sequence[Diagnostic]) -> bool:
    """Return whether rules can be judged together: errors of some leave out those, and the rest still holds.

    What the readable rules exclude, all of them exclude. With a column or a table in error nothing is said.
    """
    return all(each.level != "error" or each.path[:1] in _APART for each in diagnostics)


_APART = (("rules",), ("sample",), ("gates",), ("output",), ("must_answer",))


def _failed(diagnostics: tuple[Diagnostic, ...] | list[Diagnostic]) -> bool:
    return any(diagnostic.level == "error" for diagnostic in diagnostics)


def _sorted(diagnostics: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
    """Return the diagnostics in the order of the text, each once."""

    def place(diagnostic: Diagnostic) -> tuple[int, int, str]:
        span = next((s for s in diagnostic.spans if s.primary), next(iter(diagnostic.spans), None))
        return (span.line, span.column, diagnostic.code) if span else (0, 0, diagnostic.code)

    return tuple(dict.fromkeys(sorted(diagnostics, key=place)))
