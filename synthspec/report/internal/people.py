"""people: how the scores of single people of the table lie among those of others, attack by attack."""

from __future__ import annotations

from synthspec.attack.outcome import Band, Outcome
from synthspec.report.blocks import Dots
from synthspec.report.internal.parts import Grid, Picture, share


def spread_of(outcomes: tuple[Outcome, ...]) -> Picture | None:
    """Return the histogram of the attack that tells most, and the bands of all; None where none has any."""
    told = [(each, each.exposed.bands) for each in outcomes if each.exposed is not None]
    told = [(each, bands) for each, bands in told if bands]
    if not told:
        return None
    chosen, bands = max(told, key=lambda pair: 0.5 if pair[0].auc is None else pair[0].auc.value)
    over = [band for band in bands if band.members.low > band.others.high]
    many = f"{len(over)} of {len(bands)} bands hold" if len(over) != 1 else f"1 of {len(bands)} bands holds"
    return Picture(
        finding=(
            f"{chosen.title}: {many} clearly more people of the table than others. Without a leak both "
            "shares are alike; people who are given away stand in the highest bands."
        ),
        chart=Dots(
            title="People of the table by how many others score lower; tick: others",
            axis="share of people",
            labels=tuple(_name(band) for band in bands),
            values=tuple(band.members.value for band in bands),
            lows=tuple(band.members.low for band in bands),
            highs=tuple(band.members.high for band in bands),
            references=tuple(band.others.value for band in bands),
        ),
        grid=Grid(
            caption="Scores of single people among those of others, for every attack that scores people",
            columns=("Attack", "Others who score lower", "People of the table", "95 % interval", "Others"),
            rows=tuple(
                (
                    each.title,
                    _name(band),
                    share(band.members.value),
                    f"{share(band.members.low)} to {share(band.members.high)}",
                    share(band.others.value),
                )
                for each, bands in told
                for band in bands
            ),
            numeric=(2, 3, 4),
            folded=True,
        ),
    )


def _name(band: Band) -> str:
    return f"{100 * band.low:g} to {100 * band.high:g} %"
