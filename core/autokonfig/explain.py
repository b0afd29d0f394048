"""Why a pipeline stands where it stands, in plain words."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from core.autokonfig import balance, sizes
from core.autokonfig.cost import Costs
from core.autokonfig.learner import FEWEST_FAMILIES, Learner
from core.autokonfig.table import Block, Table
from core.records import Budget, DataSetCard, Fingerprint, Kind, Machine, Neighbour, Pipeline

# Fewer steps than this hardly move a network from where it starts.
FEW_STEPS = 100

# Contributions below this many targets are not worth a sentence.
_WORTH_TELLING = 0.03
_SENTENCES = 2
_NEIGHBOURS = 3


def reasons(
    pipeline: Pipeline, table: Table, learner: Learner, fingerprint: Fingerprint, costs: Costs
) -> list[str]:
    """Return sentences, the weightiest first."""
    told = [record(pipeline.name, table.of_kind(fingerprint.kind), fingerprint.data_set)]
    told += own_runs(pipeline.name, table, fingerprint)
    told += size(pipeline, fingerprint)
    told += rare_classes(pipeline, fingerprint)
    if learner.shares.get(fingerprint.kind, 0.0) > 0:
        told += contributions(learner.contributions(pipeline, fingerprint), pipeline, fingerprint)
    steps = costs.samples // pipeline.training.batch
    if steps < FEW_STEPS:
        told.append(f"The time is enough for about {steps} training steps only.")
    return told


def record(name: str, blocks: Sequence[Block], study: str) -> str:
    """Return how the pipeline stood on the recorded data sets."""
    others = [block for block in blocks if block.subject != study and len(block.trials) > 1]
    ran = [block for block in others if name in block.pipelines]
    if not ran:
        return "It has not been run on a data set of this kind yet; its parts speak for it."
    best = sum(max(block.trials, key=lambda t: t.score).pipeline == name for block in ran)
    above = sum(block.targets[block.pipelines.index(name)] > 0 for block in ran)
    return (
        f"On {_count(len(ran), 'data set')} it was recorded on, it was the best on {best} and "
        f"better than the middle on {above}."
    )


def size(pipeline: Pipeline, fingerprint: Fingerprint) -> list[str]:
    """Return what the pipeline does about objects whose size does not suit its network."""
    shown = sizes.shown_px(pipeline, fingerprint)
    if shown is None:
        return []
    across = fingerprint.values["diameter_px"]
    if sizes.loss(pipeline, fingerprint) > 0:
        verdict = "large" if shown > sizes.SUITED_PX else "small"
        return [
            f"Your objects are about {across:.0f} px across; it sees them at {shown:.0f} px, which "
            f"is {verdict} for its network."
        ]
    if abs(shown - across) > 1:
        return [f"It brings your objects from {across:.0f} to {shown:.0f} px, which suits it."]
    return []


def rare_classes(pipeline: Pipeline, fingerprint: Fingerprint) -> list[str]:
    """Return what the pipeline does about classes that are rare."""
    if not balance.is_met(fingerprint):
        return []
    if balance.loss(pipeline, fingerprint) > 0:
        return ["Some of your classes are rare; it does nothing in particular about that."]
    return ["Some of your classes are rare; it takes care of them."]


def own_runs(name: str, table: Table, fingerprint: Fingerprint) -> list[str]:
    """Return what the pipeline reached on this very study."""
    return [
        f"On this study it reached {trial.score:.2f} in {_count(trial.runs, 'run')}"
        + (", counted as if with the labels of now." if trial.earlier else ".")
        for block in table.of_kind(fingerprint.kind)
        if block.subject == fingerprint.data_set
        for trial in block.trials
        if trial.pipeline == name
    ]


def contributions(
    parts: Mapping[str, float], pipeline: Pipeline, fingerprint: Fingerprint
) -> list[str]:
    """Return the learner's strongest arguments for or against."""
    arguments: dict[str, float] = defaultdict(float)
    for column, value in parts.items():
        arguments[_argument(column, pipeline, fingerprint)] += value
    strongest = sorted(arguments.items(), key=lambda item: -abs(item[1]))[:_SENTENCES]
    return [
        f"The learner counts {'for' if value > 0 else 'against'} it: {argument}."
        for argument, value in strongest
        if abs(value) >= _WORTH_TELLING
    ]


def limits(costs: Costs, budget: Budget, machine: Machine, slowest_s: float | None) -> list[str]:
    """Return the limits that exclude a pipeline; none where it fits.

    `slowest_s` is the most a megapixel may take to predict, where fast prediction is wished.
    """
    told = []
    need = costs.memory_gib.bound
    free = SAFE_SHARE * machine.free_memory_gib
    if budget.memory_gib is not None and need > budget.memory_gib:
        told.append(
            f"Excluded: it may need {need:.1f} GiB of memory, the limit is "
            f"{budget.memory_gib:.1f} GiB."
        )
    elif need > free:
        told.append(
            f"Excluded: it may need {need:.1f} GiB of memory, {machine.free_memory_gib:.1f} GiB "
            "are free, of which a sixth is kept back."
        )
    each = costs.seconds_per_megapixel.value
    if slowest_s is not None and each > slowest_s:
        told.append(
            f"Excluded: it predicts a megapixel in {each:.1f} s, others take less than "
            f"{slowest_s:.1f} s."
        )
    return told


def nearest(
    table: Table, cards: Sequence[DataSetCard], away: Mapping[str, float], study: str
) -> tuple[Neighbour, ...]:
    """Return the three nearest data sets with the pipeline that was best on them."""
    titles = {card.id: card.title for card in cards}
    known = [
        (away[block.subject], block)
        for block in table.blocks
        if block.subject != study and away.get(block.subject, float("inf")) < float("inf")
    ]
    return tuple(
        Neighbour(
            data_set=block.subject,
            title=titles.get(block.subject, block.subject),
            distance=round(distance, 2),
            best_pipeline=max(block.trials, key=lambda trial: trial.score).pipeline,
        )
        for distance, block in sorted(known, key=lambda pair: pair[0])[:_NEIGHBOURS]
    )


def source(table: Table, learner: Learner, kind: Kind) -> str:
    """Return what the ranking rests on, with the learner's share."""
    blocks = [block for block in table.of_kind(kind) if len(block.trials) > 1]
    if not blocks:
        return (
            f"No two pipelines have been compared on {_KIND_WORDS[kind]} yet: the order is the "
            "one set by hand."
        )
    share = learner.shares.get(kind, 0.0)
    if share == 0:
        say = "the learner has no say, as it was not better than the mean of recorded runs"
        if len({block.family for block in blocks}) < FEWEST_FAMILIES:
            say = "the learner has no say yet, as there are too few data sets"
    else:
        say = f"the learner counts {share:.0%}, the mean of recorded runs the rest"
    return f"The order rests on {_count(len(blocks), 'data set')} of this kind; {say}."


def _argument(column: str, pipeline: Pipeline, fingerprint: Fingerprint) -> str:
    """Return the column in words, with what it stands for here."""
    group = column.split(":", maxsplit=1)[0]
    if group == "head":
        return f"what it learns to tell objects by ({pipeline.model.head})"
    if group == "architecture":
        return f"its architecture ({pipeline.model.architecture})"
    if group == "normalisation":
        return f"how it evens out brightness ({pipeline.preprocess.normalisation})"
    words = _COLUMN_WORDS[column]
    value = fingerprint.values.get(column)
    return words if value is None else f"{words} ({value:.3g})"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


SAFE_SHARE = 0.85
"""Of the free memory; the rest is for what else the machine does."""

_KIND_WORDS = {
    Kind.INSTANCE: "tasks that find objects",
    Kind.SEMANTIC: "tasks that colour pixels",
    Kind.CLASSIFICATION: "tasks that sort images",
}

_COLUMN_WORDS = {
    "log_images": "the number of images, as a power of ten",
    "log_objects": "the number of objects, as a power of ten",
    "classes": "the number of classes",
    "channels": "the number of channels",
    "colour": "the share of colour pictures",
    "side_px": "the size of the pictures in pixels",
    "foreground": "the share of foreground",
    "diameter_px": "the diameter of the objects in pixels",
    "diameter_over_tile": "the size of the objects against a tile",
    "density": "the number of objects a tile",
    "touching": "the share of touching objects",
    "contrast_to_noise": "contrast over noise",
    "boundary": "how ragged the outlines are",
    "class_imbalance": "how unequal the classes are",
    "pretrained": "whether it starts from ImageNet weights",
    "simulated": "whether it starts from weights learned from simulated pictures",
    "parameters": "the size of the network",
    "products": "the work a pixel costs it",
    "object_diameter": "the diameter it brings objects to",
    "image_side": "the size it brings pictures to",
    "augmentation": "how strongly it varies the pictures",
    "tile": "how large a piece of a picture it sees at once",
    "balanced": "whether it gives rare classes more weight",
    "aimed": "whether it looks at rare classes more often",
    "focal": "whether it turns to pixels it gets wrong",
    "tversky": "whether it would rather mark too much than miss something",
    "borders": "whether it takes most care near outlines",
    "frozen": "how much of a network trained on photographs it keeps as it is",
    "learning_rate": "how fast it learns",
    "batch": "how many tiles it learns from at once",
    "zoom": "how much it rescales the pictures",
    "working_diameter": "the diameter at which it sees the objects",
    **{f"look_{n}": "the overall look of the pictures" for n in range(1, 5)},
}
"""Column of the design -> words."""
