"""Write the duel's results as markdown.

uv run python tests/benchmarks/peers/table.py > duel.md
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

import ledger
import rivals

OURS, FIXED = "aixcell", "fixed_recipe"
METRICS = {
    "instance": ("ap_0.5", "ap_0.75"),
    "semantic": ("mean_dice",),
    "classification": ("balanced_accuracy",),
}
# Who else could have been taken. With few images, every rival counts.
PEERS = {
    "instance": ("stardist", "cellpose3", "nnunet"),
    "semantic": ("nnunet", "pixel_lightgbm", FIXED),
    "classification": ("linear", FIXED),
}
# Within this share over the budget nothing is said of the time.
TOLERANCE = 1.05
# Below, the machine counts as idle: a browser or an editor takes as much.
IDLE_PERCENT = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What is the same for every row of one table."""

    hardware: str
    budget_s: float
    images: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A figure the project wants to reach."""

    said: str
    task: str
    metric: str
    over_fixed: bool
    mean: float
    each: float | None = None


def main() -> None:
    """Print a table a setting."""
    found = ledger.rows(ledger.DUELS)
    settings = {
        Setting(hardware=row["hardware"], budget_s=row["budget_s"], images=row["images"])
        for row in found
    }
    for setting in sorted(settings, key=lambda one: (one.images or 0, one.budget_s, one.hardware)):
        print("\n".join(told([row for row in found if _is_of(row, setting)], setting)))


def told(found: Sequence[dict[str, Any]], setting: Setting) -> Iterator[str]:
    """Yield the lines of one table and what it says of the wanted figures."""
    shown = [name for name in rivals.RIVALS if any(row["rival"] == name for row in found)]
    seeds = sorted({row["seed"] for row in found})
    dates = sorted({row["date"] for row in found})
    learned = f"{setting.images} labelled images, " if setting.images else ""
    yield f"### {learned}{setting.budget_s / 60:g} min, {setting.hardware}"
    yield ""
    yield (
        f"{dates[0]} to {dates[-1]}, seeds {', '.join(map(str, seeds))}. Objects: AP at IoU 0.5 / "
        "0.75; classes of pixels: mean Dice; of images: balanced accuracy. Ratios: our error over "
        "that of the best rival, and of the fixed recipe. Seconds where a rival took more than "
        "the budget."
    )
    yield ""
    head = ["data set", *(rivals.RIVALS[name].shown for name in shown), "best rival", "fixed"]
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for data_set in sorted({row["data_set"] for row in found}):
        rows = [row for row in found if row["data_set"] == data_set]
        task = rows[0]["task"]
        cells = [_cell([row for row in rows if row["rival"] == name], task) for name in shown]
        ratios = [
            " / ".join(_number(ratio(rows, metric, peers), 2) for metric in METRICS[task])
            for peers in (_peers(task, setting), (FIXED,))
        ]
        yield f"| `{data_set}` | {' | '.join([*cells, *ratios])} |"
    yield ""
    releases = sorted({(rivals.RIVALS[row["rival"]].shown, row["version"]) for row in found})
    yield f"Versions: {', '.join(' '.join(pair) for pair in releases)}."
    yield ""
    yield from _disturbed(found)
    for claim in FEW_CLAIMS if setting.images else CLAIMS:
        yield from _judged(claim, found, setting)
    yield ""


def ratio(rows: Sequence[dict[str, Any]], metric: str, peers: Sequence[str]) -> float | None:
    """Return our error over the smallest of the peers', on one data set; None where one lacks."""
    ours = _score(rows, OURS, metric)
    theirs = [score for name in peers if (score := _score(rows, name, metric)) is not None]
    if ours is None or not theirs or max(theirs) >= 1:
        return None
    return (1 - ours) / (1 - max(theirs))


def _judged(claim: Claim, found: Sequence[dict[str, Any]], setting: Setting) -> Iterator[str]:
    """Yield one line about a wanted figure, where it was measured."""
    peers = (FIXED,) if claim.over_fixed else _peers(claim.task, setting)
    by_set: dict[str, list[dict[str, Any]]] = {}
    for row in found:
        if row["task"] == claim.task:
            by_set.setdefault(row["data_set"], []).append(row)
    ratios = [
        value for rows in by_set.values() if (value := ratio(rows, claim.metric, peers)) is not None
    ]
    if not ratios:
        return
    wanted = f"<= {claim.mean:g} on average"
    wanted += f", <= {claim.each:g} on each" if claim.each else ""
    reached = mean(ratios) <= claim.mean and (not claim.each or max(ratios) <= claim.each)
    yield (
        f"- {claim.said}: {mean(ratios):.2f} on average, at most {max(ratios):.2f}, "
        f"{len(ratios)} data sets (wanted {wanted}): {'reached' if reached else 'missed'}"
    )


def _disturbed(found: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Yield a line about results whose machine had other work."""
    busy = [
        f"{rivals.RIVALS[row['rival']].shown} on `{row['data_set']}`"
        for row in found
        if row["busy_percent_before"] > IDLE_PERCENT
    ]
    if busy:
        yield f"The machine was not idle before: {', '.join(busy)}."
        yield ""


def _peers(task: str, setting: Setting) -> tuple[str, ...]:
    everybody = tuple(name for name in rivals.RIVALS if name != OURS)
    return everybody if setting.images else PEERS[task]


def _score(rows: Sequence[dict[str, Any]], name: str, metric: str) -> float | None:
    """Return the mean over seeds."""
    scores = [row["scores"][metric] for row in rows if row["rival"] == name]
    return mean(scores) if scores else None


def _cell(rows: Sequence[dict[str, Any]], task: str) -> str:
    if not rows:
        return ""
    name = rows[0]["rival"]
    text = " / ".join(_number(_score(rows, name, metric), 3) for metric in METRICS[task])
    longest = max(row["seconds"] for row in rows)
    late = longest > TOLERANCE * rows[0]["budget_s"]
    return f"{text} ({longest:.0f} s)" if late else text


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def _is_of(row: dict[str, Any], setting: Setting) -> bool:
    same = (row["hardware"], row["budget_s"], row["images"])
    return same == (setting.hardware, setting.budget_s, setting.images)


CLAIMS = (
    Claim(
        said="objects at IoU 0.5, over the best of StarDist, Cellpose, nnU-Net",
        task="instance", metric="ap_0.5", over_fixed=False, mean=0.85, each=1.0,
    ),
    Claim(
        said="objects at IoU 0.75, over the best of the three",
        task="instance", metric="ap_0.75", over_fixed=False, mean=0.85,
    ),
    Claim(
        said="objects at IoU 0.5, over the fixed recipe",
        task="instance", metric="ap_0.5", over_fixed=True, mean=0.95, each=1.05,
    ),
    Claim(
        said="objects at IoU 0.75, over the fixed recipe",
        task="instance", metric="ap_0.75", over_fixed=True, mean=0.95, each=1.05,
    ),
    Claim(
        said="classes of pixels, over the best rival",
        task="semantic", metric="mean_dice", over_fixed=False, mean=0.9,
    ),
)  # fmt: skip

FEW_CLAIMS = (
    Claim(
        said="objects at IoU 0.5 from few images, over the best rival",
        task="instance", metric="ap_0.5", over_fixed=False, mean=0.9,
    ),
)  # fmt: skip

if __name__ == "__main__":
    main()
