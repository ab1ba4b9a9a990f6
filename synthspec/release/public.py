"""The public form of a plan: the same, without places on the operator's machine."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

from synthspec.plan.plan import Plan, PublicFile
from synthspec.plan.scenario import Rows, Scenario
from synthspec.privacy.spark_address import is_spark_address, short_spark
from synthspec.terms.view import Source


def public_plan(plan: Plan) -> Plan:
    """Return `plan` with every absolute path cut to its last name.

    Paths written in the spec relative to it stay; absolute ones (`--source /home/...`) name people
    and machines. Nothing else changes; cutting again changes nothing.
    """
    source = plan.source
    return plan.model_copy(
        update={
            "source": None if source is None else _source(source),
            "spec_path": short(plan.spec_path),
            "spec_text": _without(plan.spec_text, plan),
            "folder": short(plan.folder),
            "also": tuple(short(copy) for copy in plan.also),
            "settings": tuple((key, short(value)) for key, value in plan.settings),
            "scenarios": tuple(_scenario(scenario) for scenario in plan.scenarios),
            "files": tuple(PublicFile(path=short(file.path), sha256=file.sha256) for file in plan.files),
        }
    )


def _source(source: Source) -> Source:
    update: dict[str, object] = {"path": short(source.path)}
    if source.units is not None:
        update["units"] = source.units.model_copy(update={"path": short(source.units.path)})
    return source.model_copy(update=update)


def _scenario(scenario: Scenario) -> Scenario:
    given = scenario.given
    cut = None if given is None else given.model_copy(update={"path": short(given.path)})
    mix = tuple(
        part.model_copy(update={"rows": part.rows.model_copy(update={"path": short(part.rows.path)})})
        for part in scenario.mix
    )
    return scenario.model_copy(update={"given": cut, "mix": mix})


def _rows(scenario: Scenario) -> tuple[Rows, ...]:
    mixed = tuple(part.rows for part in scenario.mix)
    return mixed if scenario.given is None else (scenario.given, *mixed)


def _without(text: str, plan: Plan) -> str:
    """Return the spec's text with its absolute paths cut, as `--source` and its author wrote them."""
    paths = [value for _, value in plan.settings] + [file.path for file in plan.files] + [plan.folder]
    paths += list(plan.also)
    paths += [rows.path for scenario in plan.scenarios for rows in _rows(scenario)]
    if plan.source is not None:
        paths.append(plan.source.path)
        paths += [] if plan.source.units is None else [plan.source.units.path]
    for path in sorted(paths, key=len, reverse=True):
        if short(path) != path:
            text = text.replace(path, short(path))
    return text


def short(path: str) -> str:
    """Return `path`, or its last name when it is absolute on any system or starts at a home folder.

    Of a table's address, the file's last name, or no server, and the table.
    """
    scheme, mark, rest = path.partition(":")
    if mark and scheme in ("csv", "duckdb"):
        file, hash_, table = rest.rpartition("#") if scheme == "duckdb" else (rest, "", "")
        return f"{scheme}:{short(file)}{hash_}{table}"
    if path.startswith(("postgres:", "postgresql:")):
        return f"postgres:#{path.rpartition('#')[2]}"
    if is_spark_address(path):
        return short_spark(path)
    if PurePosixPath(path).is_absolute() or path.startswith("~"):
        return PurePosixPath(path).name
    if PureWindowsPath(path).is_absolute() or PureWindowsPath(path).drive:
        return PureWindowsPath(path).name
    return path
