"""Keys: which column keys go together; a key that would be ignored is an error."""

from __future__ import annotations

from synthspec.compile.findings import Findings, articled
from synthspec.spec.model import ColumnSpec, DiscoverDomain

_ORDERED = ("int", "float", "decimal", "date", "datetime")
_DEFAULTS = ColumnSpec()
_WRITTEN = {"from_": "from", "domain": "in"}
_READ_ONLY = ("from_", "nulls", "labels", "format", "outside", "other", "clip")
_NOT_ON_ID = (
    "clip",
    "step",
    "bins",
    "missing",
    "labels",
    "format",
    "outside",
    "other",
    "measured_in",
    "basis",
)
_OF_DOMAINS = ("step", "bins", "basis")


def is_computed(spec: ColumnSpec) -> bool:
    """Return whether the column is derived or looked up."""
    return spec.derive is not None or spec.lookup is not None


def check_keys(
    findings: Findings, name: str, spec: ColumnSpec, *, has_source: bool, is_unit: bool = False
) -> None:
    """Report keys of a column that contradict each other or would have no effect.

    Args:
        findings: where to.
        name: the column's name.
        spec: what is written of it.
        has_source: whether the spec reads a table at all.
        is_unit: whether the column names the privacy unit, the only id that is read.
    """
    written = [key for key in ColumnSpec.model_fields if getattr(spec, key) != getattr(_DEFAULTS, key)]
    if is_computed(spec):
        _computed(findings, name, spec, written)
    elif spec.type is None:
        findings.report(
            "C103",
            f"the column `{name}` has no type",
            ("columns", name),
            "no `type:`, no `derive:`, no `lookup:`",
            helps=("write a type: `type: category` with `in: [a, b]`, or `int 0..120`",),
            unless=("columns", name, "type"),
        )
    elif spec.type == "id":
        _useless(findings, name, [key for key in written if key in _NOT_ON_ID], "an id, which has no values")
        if has_source and not is_unit:
            never = "an id that is made up, never read: only the privacy unit is"
            _useless(findings, name, [key for key in written if key in ("from_", "nulls")], never)
    if not has_source and not is_computed(spec):
        unread = [key for key in written if key in _READ_ONLY and key not in ("clip", "other")]
        _useless(findings, name, unread, "never read: the spec has no source")
    _by_kind(findings, name, spec, written)
    _missing(findings, name, spec)
    _outside(findings, name, spec)
    _paid(findings, name, spec, has_source)
    if spec.clip is not None and isinstance(spec.bins, tuple):
        _useless(findings, name, ["bins"], "tightened by `clip`, so its bins are a count: `bins: 32`")


def _useless(findings: Findings, name: str, keys: list[str], what: str) -> None:
    for key in keys:
        shown = _WRITTEN.get(key, key)
        findings.report(
            "C114",
            f"`{shown}` has no effect on `{name}`",
            ("columns", name, shown),
            f"`{name}` is {what}",
            helps=(f"drop `{shown}`",),
        )


def _computed(findings: Findings, name: str, spec: ColumnSpec, written: list[str]) -> None:
    if spec.derive is not None and spec.lookup is not None:
        findings.report(
            "C115",
            f"`{name}` is both derived and looked up",
            ("columns", name, "lookup"),
            "a second way to compute it",
            also=((("columns", name, "derive"), "already derived"),),
            helps=("keep `derive:` or `lookup:`",),
        )
    if spec.type == "id":
        findings.report(
            "C115",
            f"`{name}` is an id, which is never computed",
            ("columns", name, "type"),
            "an id is a fresh surrogate",
            helps=("drop the type, so that it is inferred",),
        )
    _useless(findings, name, [key for key in written if key in _READ_ONLY], "computed, never read")
    if spec.domain is None and spec.type != "bool" and not findings.written("columns", name, "in"):
        _useless(findings, name, [key for key in written if key in _OF_DOMAINS], "computed, and has no `in:`")


def _by_kind(findings: Findings, name: str, spec: ColumnSpec, written: list[str]) -> None:
    kind = spec.type
    if spec.lookup is None:
        _useless(findings, name, [key for key in written if key in ("by", "take")], "not looked up")
    elif not spec.by or spec.take is None:
        findings.report(
            "C115",
            f"the lookup of `{name}` is not complete",
            ("columns", name, "lookup"),
            "needs `by:` and `take:`",
            helps=("write `by: {column: column_of_the_file}` and `take: column_of_the_file`",),
        )
    if kind is None or kind == "id" or is_computed(spec):
        return
    if kind not in _ORDERED:
        for key in ("clip", "step", "bins"):
            if key in written:
                findings.report(
                    "C111",
                    f"`{key}` is for ordered columns",
                    ("columns", name, key),
                    f"`{name}` is {articled(kind)}",
                    helps=(f"drop `{key}`, or give `{name}` an ordered type",),
                )
    if kind not in ("date", "datetime") and "format" in written:
        _useless(findings, name, ["format"], f"{articled(kind)}; formats are for dates")
    if kind != "category" and "other" in written:
        _useless(findings, name, ["other"], f"{articled(kind)}; `other` is for categories")


def _missing(findings: Findings, name: str, spec: ColumnSpec) -> None:
    computed = is_computed(spec)
    if spec.missing == "derived" and not computed:
        label, help_ = "nothing derives it", "write `missing: modelled`"
    elif spec.missing in ("random", "modelled") and computed:
        label, help_ = "a computed value is missing when its inputs are", "write `missing: derived`"
    else:
        return
    findings.report(
        "C116",
        f"`missing: {spec.missing}` does not fit `{name}`",
        ("columns", name, "missing"),
        label,
        helps=(help_,),
    )


def _outside(findings: Findings, name: str, spec: ColumnSpec) -> None:
    if spec.outside is None or is_computed(spec):
        return
    other = spec.other is not None or isinstance(spec.domain, DiscoverDomain)
    match spec.outside:
        case "clip" if spec.type not in _ORDERED:
            label, help_ = f"{articled(spec.type or '')} has no ends to clip to", "write `outside: drop`"
        case "missing" if spec.missing == "never":
            label, help_ = "it is never missing", "add `missing: modelled`, or write `outside: drop`"
        case "other" if not other:
            label, help_ = "no `other` value is declared", "add `other: <value>`"
        case "drop" | "missing" if spec.other is not None:
            label, help_ = "`other` is then never given", "drop `other`, or write `outside: other`"
        case _:
            return
    findings.report(
        "C117",
        f"`outside: {spec.outside}` does not fit `{name}`",
        ("columns", name, "outside"),
        label,
        helps=(help_,),
    )


def _paid(findings: Findings, name: str, spec: ColumnSpec, has_source: bool) -> None:
    """Report domains that are to be bought where nothing can be: no source, or not a category."""
    path = ("columns", name, "in")
    discovers = isinstance(spec.domain, DiscoverDomain)
    if discovers and (spec.type != "category" or is_computed(spec)):
        findings.report(
            "C113",
            f"the domain of `{name}` cannot be discovered",
            path,
            "only a category that is read from the source can",
            helps=("write the domain: a range `lo..hi`, or make it a `category`",),
        )
    if not has_source and (discovers or spec.clip is not None):
        key = "in" if discovers else "clip"
        findings.report(
            "C113",
            f"`{name}` asks for private data, and the spec has no source",
            ("columns", name, key),
            "bought from the source",
            helps=("add `source:` and `privacy:`, or write the domain",),
        )
    if isinstance(spec.domain, DiscoverDomain) and spec.other is not None:
        _useless(findings, name, ["other"], "discovered, with `else` for the rest")
