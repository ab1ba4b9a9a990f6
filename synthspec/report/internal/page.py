"""page: the internal edition as one page: the public part byte for byte, then the annex, watermarked.

The public part is the `<main>` element of the public page, cut out of its bytes: what an auditor reads
first here is what everybody else reads, and its digest is printed.
"""

from __future__ import annotations

import base64
import hashlib
import json
from importlib import resources

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from synthspec.attack.evaluation import Evaluation
from synthspec.release.release import Claim
from synthspec.report.blocks import Chart
from synthspec.report.charts import svg
from synthspec.report.internal.attacks import attacks
from synthspec.report.internal.exact import diagnostics, fidelity, utility
from synthspec.report.internal.parts import Chapter, Grid, Part, Prose, figure
from synthspec.report.render.html import POLICY, SIGNS
from synthspec.report.words import named, quoted, visible

LONGEST = 900
"""Characters of one paragraph: a name in it may have ten thousand."""

OPENS, CLOSES = b'<main id="main">', b"</main>"


def public_part(page: bytes) -> bytes:
    """Return the part of a public page that the internal one begins with: its `<main>` element."""
    return page[page.index(OPENS) : page.rindex(CLOSES) + len(CLOSES)]


def digest_of(part: bytes) -> str:
    """Return the SHA-256 that is printed above the public part."""
    return hashlib.sha256(part).hexdigest()


def render_json(evaluation: Evaluation) -> bytes:
    """Return the annex as JSON; every record in it says class I."""
    tree = evaluation.model_dump(mode="json", by_alias=True)
    return (json.dumps(tree, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def render_page(page: bytes, evaluation: Evaluation, claim: Claim | None, day: str | None) -> bytes:
    """Return the page of the internal edition.

    Args:
        page: the public page.
        evaluation: the annex, with the digest of the public part in it.
        claim: what the release promises, for the curve beside the attacks.
        day: of the release.
    """
    part = public_part(page)
    if digest_of(part) != evaluation.public_part:
        raise ValueError("the annex belongs to another public part")
    style = _resource("synthspec.report.render", "page.css") + _resource(
        "synthspec.report.internal", "annex.css"
    )
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    environment = Environment(
        loader=DictLoader({"page": _resource("synthspec.report.internal", "annex.html.j2")}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return (
        environment.get_template("page")
        .render(
            evaluation=evaluation,
            title=visible(evaluation.name),
            day=day,
            chapters=chapters(evaluation, claim),
            public=Markup(part.decode()),
            style=Markup(style),
            policy=POLICY.format(digest=digest),
            signs=SIGNS,
            draw=_draw,
            shown=lambda text: quoted(text, LONGEST).text,
            short=lambda text: named(text).text,
        )
        .encode()
    )


def chapters(evaluation: Evaluation, claim: Claim | None) -> tuple[Chapter, ...]:
    """Return the annex's chapters, in order."""
    return (
        _who(evaluation),
        attacks(evaluation, claim),
        fidelity(evaluation),
        utility(evaluation),
        diagnostics(evaluation),
        _gates(evaluation),
    )


def _who(evaluation: Evaluation) -> Chapter:
    people = evaluation.people
    rows: list[tuple[str, str]] = [
        ("rows of the table that fit the release's domains", f"{people.rows:,}"),
        ("people among them", f"{people.people:,}"),
        ("released rows", f"{people.released:,}"),
        ("people of the control", f"{people.control_people:,}" if people.control_people else "none"),
        ("where the control comes from", CONTROL[evaluation.control]),
        ("the source is the one the release was made from", TIED[evaluation.tied]),
        ("manifest of the release, SHA-256", evaluation.release),
        ("public part above, SHA-256", evaluation.public_part),
    ]
    if evaluation.releases is not None:
        rows.append(("releases on the ledger", f"{evaluation.releases:,}"))
    parts: list[Part] = [Grid("What was looked at", ("Fact", "Value"), tuple(rows))]
    parts.append(
        Prose(
            "Rows were read, bounded and dropped as they were for the release. Of people with more rows "
            "than the bound allows, other rows may have been kept: that key is not held."
        )
    )
    return Chapter(
        id="annex-who",
        title="What this annex rests on",
        question="Whose rows are these, and with whom are they compared?",
        parts=tuple(parts),
    )


CONTROL = {
    "held out": "held out of the learning by the release's own split",
    "file": "a file that the operator named",
    "none": "there is none",
}
TIED = {"yes": "yes, byte for byte", "not known": "not known: the key of its commitment is not here"}


def _gates(evaluation: Evaluation) -> Chapter:
    releases = "" if evaluation.releases is None else f" The ledger holds {evaluation.releases} release(s)."
    warned = (
        "These gates decide nothing: the verb ends with 0 whatever they say. To train again until one is "
        f"met would be a choice made on private rows, and every try is charged.{releases}"
    )
    parts: list[Part] = [Prose(warned)]
    if evaluation.gates:
        rows = tuple((g.name, g.text, figure(g.value, 4), g.outcome) for g in evaluation.gates)
        columns = ("Gate", "Condition", "Exact value", "Outcome")
        parts.append(Grid("Gates of the spec by exact figures", columns, rows, numeric=(2,), named=(0, 1)))
        if any(g.outcome == "not known" for g in evaluation.gates):
            parts.append(
                Prose(
                    "Not known: no exact figure stands for it here. Gates on what the release paid for, like "
                    "auc_gap and tail_ratio, are judged in the public report."
                )
            )
    else:
        parts.append(Prose("The spec sets no gate on a figure that is known here."))
    return Chapter(
        id="annex-gates",
        title="Curator gates",
        question="What do the spec's gates say of the exact figures?",
        parts=tuple(parts),
    )


def _draw(chart: Chart, identifier: str) -> Markup | None:
    drawn = svg(chart, identifier)
    return None if drawn is None else Markup(drawn)


def _resource(room: str, name: str) -> str:
    return resources.files(room).joinpath(name).read_text(encoding="utf-8")
