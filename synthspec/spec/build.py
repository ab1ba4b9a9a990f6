"""Build: what was read becomes the `Spec`; short forms get their long form here."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from synthspec.errors import Span
from synthspec.spec import model
from synthspec.spec.reading import Form, Reading, suggest
from synthspec.spec.short import ShortColumn, Unread, number, read_column, read_type, split_range
from synthspec.spec.source import Path_

Values = Mapping[str, Any]
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, eq=False)
class Context:
    """Where findings go, and the spans of the parts of short forms."""

    reading: Reading
    parts: dict[Path_, Span]

    def path(self, text: str, where: Path_) -> str:
        """Return a path with `${VAR}` replaced by the environment (S119 when unset)."""

        def value(found: re.Match[str]) -> str:
            if found[1] in os.environ:
                return os.environ[found[1]]
            at = self.reading.tree.at(where)(found.start(), found.end())
            span = Span(at.file, at.line, at.column, at.end_line, at.end_column, "not set", True)
            self.reading.report(
                "S119",
                f"the environment variable `{found[1]}` is not set",
                where,
                span,
                helps=(f"set it: `export {found[1]}=...`",),
            )
            return found[0]

        return _VARIABLE.sub(value, text)


def spec(values: Values, stem: str, context: Context) -> model.Spec | None:
    """Return the spec that holds everything that could be read; None without columns."""
    if "columns" not in values:
        return None
    about: Any = values.get("about")
    columns = {
        name: made
        for name, form in values["columns"].items()
        if (made := column(form, ("columns", name), context)) is not None
    }
    tables = {name: _table(name, form, context) for name, form in values.get("tables", {}).items()}
    for name in [n for table in tables.values() if table.path is not None for n in table.columns or ()]:
        if name in columns:  # a column of the table of units is per unit: the same word for the same thing
            columns[name] = columns[name].model_copy(update={"per": "unit"})
    return model.Spec(
        name=values.get("name", stem),
        about=model.About() if about is None else _about(about),
        source=_source(values["source"], context) if "source" in values else None,
        privacy=model.PrivacySpec(**values["privacy"]) if "privacy" in values else None,
        columns=columns,
        rules={name: rule(form, ("rules", name), context) for name, form in values.get("rules", {}).items()},
        network=_network(values.get("network", {})),
        generate={name: _group(group) for name, group in values.get("generate", {}).items()},
        sample=_sample(values.get("sample", {}), context),
        gates=values.get("gates", {}),
        output=_output(values.get("output", {}), context),
        workload=tuple(model.WorkloadItem(**item) for item in values.get("workload", ())),
        must_answer={k: model.MustAnswer(**item) for k, item in values.get("must_answer", {}).items()},
        subgroups=values.get("subgroups", ()),
        tables=tables,
    )


def _table(name: str, values: Values, context: Context) -> model.TableSpec:
    fields = dict(values)
    if "path" in fields:
        fields["path"] = context.path(fields["path"], ("tables", name, "path"))
    form: Any = fields.pop("columns", None)
    columns = None if form is None or form.name == "rest" else form.value
    return model.TableSpec(**fields, columns=columns)


def _about(form: Form) -> model.About:
    value: Any = form.value
    return model.About(text=value) if form.name == "text" else model.About(**value)


def _source(form: Form, context: Context) -> model.SourceSpec:
    value: Any = form.value
    if form.name == "path":
        return model.SourceSpec(path=context.path(value, ("source",)))
    fields = {**value, "path": context.path(value["path"], ("source", "path"))}
    if fields.get("delimiter") == "\\t":
        fields["delimiter"] = "\t"
    return model.SourceSpec(**fields)


def _output(values: Values, context: Context) -> model.OutputSpec:
    fields = dict(values)
    if "folder" in fields:
        fields["folder"] = context.path(fields["folder"], ("output", "folder"))
    if "also" in fields:
        fields["also"] = tuple(
            context.path(item, ("output", "also", str(i))) for i, item in enumerate(fields["also"])
        )
    return model.OutputSpec(**fields)


def column(form: Form, path: Path_, context: Context) -> model.ColumnSpec | None:
    """Return a column in its long form, or None when its short form cannot be read."""
    value: Any = form.value
    if form.name == "list":
        return model.ColumnSpec(type="category", domain=model.ListDomain(values=value))
    if form.name == "short":
        return _short(value, path, context)
    fields: dict[str, Any] = {k: v for k, v in value.items() if k not in ("in", "type", "from", "bins", "by")}
    if "type" in value:
        kind = read_type(value["type"])
        if kind is None:
            node = context.reading.tree.span((*path, "type"))
            context.reading.report(
                "S125",
                f"`{value['type']}` has too many digits after the point",
                (*path, "type"),
                _primary(node, "at most 12"),
            )
            return None
        fields["type"], fields["scale"] = kind
    if "in" in value:
        fields["domain"] = _domain(value["in"], (*path, "in"), context)
        if fields["domain"] is None:
            return None
    if "from" in value:
        fields["from_"] = value["from"]
    if "step" in value:
        fields["step"] = number(value["step"])
    if "bins" in value:
        bins = value["bins"].value
        fields["bins"] = bins if isinstance(bins, int) else tuple(number(edge) for edge in bins)
    if "by" in value:
        by = value["by"]
        fields["by"] = by.value if by.name == "map" else {name: name for name in by.value}
    if "lookup" in value:
        fields["lookup"] = context.path(value["lookup"], (*path, "lookup"))
    return model.ColumnSpec(**fields)


def _primary(span: Span, label: str) -> Span:
    return Span(span.file, span.line, span.column, span.end_line, span.end_column, label, True)


def _short(text: str, path: Path_, context: Context) -> model.ColumnSpec | None:
    parts = read_column(text)
    at = context.reading.tree.at(path)
    match parts:
        case Unread():
            span = _primary(at(parts.start, parts.end), parts.message)
            known = ("id", "bool", "int", "float", "decimal(2)", "category", "date", "datetime")
            helps, fixes = suggest(parts.word, known, span) if parts.word else ((), ())
            context.reading.report(
                "S125",
                f"the column `{path[-1]}` is not in a readable form",
                path,
                span,
                helps=helps
                or (
                    "write a form like `int 0..120`, `float? 0..30`, `decimal(2) 0..500`, "
                    "`date 2018-01-01..2024-12-31`, `[F, M, X]`, `bool` or `id`",
                ),
                fixes=fixes,
            )
            return None
        case ShortColumn():
            fields: dict[str, Any] = {"type": parts.type, "scale": parts.scale}
            context.parts[(*path, "type")] = at(0, len(text.split()[0].rstrip("?")))
            if parts.maybe:
                fields["missing"] = "modelled"
            if parts.lo is not None and parts.ranged is not None:
                fields["domain"] = model.RangeDomain(lo=parts.lo, hi=parts.hi or "")
                context.parts[(*path, "in")] = at(*parts.ranged)
            return model.ColumnSpec(**fields)


def _domain(form: Form, path: Path_, context: Context) -> model.Domain_ | None:
    value: Any = form.value
    match form.name:
        case "range":
            ends = split_range(value)
            if ends is None:
                span = _primary(context.reading.tree.span(path), "not `lo..hi`")
                context.reading.report(
                    "S125",
                    f"the range of `{path[-2]}` is not readable",
                    path,
                    span,
                    helps=("write `lo..hi`, like `0..120`",),
                )
                return None
            return model.RangeDomain(lo=ends[0], hi=ends[1])
        case "list":
            return model.ListDomain(values=value)
        case "file":
            return model.FileDomain(file=context.path(value["file"], (*path, "file")), column=value["column"])
        case _:
            return model.DiscoverDomain(limit=value["discover"], other=value["else"])


def rule(form: Form, path: Path_, context: Context) -> model.RuleSpec:
    """Return a rule; the path of a table of combinations is expanded."""
    value: Any = form.value
    if form.name == "expression":
        return model.CheckRule(check=value)
    fields = dict(value)
    if "file" in fields:
        fields["file"] = context.path(fields["file"], (*path, "file"))
    makers: dict[str, Callable[..., model.RuleSpec]] = {
        "check": model.CheckRule,
        "if": lambda **given: model.IfRule(if_=given.pop("if"), **given),
        "unique": model.UniqueRule,
        "combos": model.CombosRule,
        "determines": model.DeterminesRule,
        "no_overlap": model.NoOverlapRule,
    }
    return makers[form.name](**fields)


def edge(text: str) -> model.Edge:
    """Return the edge that `a, b -> c` writes.

    >>> edge("age, sex -> pregnant").parents
    ('age', 'sex')
    """
    left, _, right = text.partition("->")
    return model.Edge(parents=tuple(part.strip() for part in left.split(",")), child=right.strip())


def _case(form: Form) -> model.KnownCase:
    value: Any = form.value
    given = value.get("is", value.get("else"))
    if given.name == "distribution":
        return model.KnownCase(if_=value.get("if"), distribution=" ".join(given.value.split()))
    return model.KnownCase(if_=value.get("if"), values=given.value)


def _network(values: Values) -> model.NetworkSpec:
    fields: dict[str, Any] = dict(values)
    for key in ("require", "forbid"):
        if key in fields:
            fields[key] = tuple(edge(text) for text in fields[key])
    if "known" in fields:
        fields["known"] = {
            name: model.Known(**{**item, "cases": tuple(_case(form) for form in item["cases"])})
            for name, item in fields["known"].items()
        }
    return model.NetworkSpec(**fields)


def _group(values: Values) -> model.GroupSpec:
    fields = {key: value for key, value in values.items() if key not in ("with", "sequence")}
    if "with" in values:
        fields["options"] = values["with"]
    if "sequence" in values:
        fields["sequence"] = model.Sequence_(**values["sequence"])
    return model.GroupSpec(**fields)


def _mix_part(form: Form, context: Context, where: Path_) -> model.MixPart:
    value: Any = form.value
    kind: Any = form.name
    path = context.path(value.get(kind, ""), (*where, kind))
    return model.MixPart(kind=kind, path=path, share=value.get("share", 0.0), basis=value.get("basis"))


def _augment(form: Form) -> model.AugmentSpec:
    value: Any = form.value
    if form.name == "jitter":
        return model.AugmentSpec(jitter=value.get("jitter", ""))
    return model.AugmentSpec(classes=value.get("class", ()), **({"k": value["k"]} if "k" in value else {}))


def _sample(values: Values, context: Context) -> model.SampleSpec:
    fields: dict[str, Any] = dict(values)
    scenarios = {}
    for name, item in fields.pop("scenarios", {}).items():
        given = dict(item)
        if "given" in given:
            given["given"] = context.path(given["given"], ("sample", "scenarios", name, "given"))
        if "mix" in given:
            where = ("sample", "scenarios", name, "mix")
            given["mix"] = tuple(
                _mix_part(part, context, (*where, str(at))) for at, part in enumerate(given["mix"])
            )
        if "augment" in given:
            given["augment"] = {key: _augment(form) for key, form in given["augment"].items()}
        scenarios[name] = model.Scenario(**given)
    return model.SampleSpec(**fields, scenarios=scenarios)
