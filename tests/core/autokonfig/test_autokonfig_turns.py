"""Ten more runs turn the first recommendation where they say something about this study.

And they must not where they failed, are worse, lie within the noise, were made on something
else, or compare with nothing.
"""

from dataclasses import replace

import numpy as np
import pytest
from worlds import by_size, falling, fingerprint, pipelines, run, world

from core.autokonfig import recommend
from core.pipeline.catalogue import POOL
from core.records import Budget, Fingerprint, Kind, Machine, RunRow, Snapshot, TaskSpec

CELLS = TaskSpec(kind=Kind.INSTANCE, classes=("cell",))
MACHINE = Machine(free_memory_gib=16, cores=2)
FIRST, RIVAL = pipelines()[0].name, pipelines()[4].name
# Four data sets: too few for the learner, so these are about prior and measurements.
KNOWN = world(falling, data_sets=4)
ABOUT = {"diameter_px": 27.0, "diameter_over_tile": 0.105, "density": 22.0}


def first(rows: list[RunRow], *prints: Fingerprint) -> str:
    """Return what is recommended first for the study `today` once the rows are collected."""
    library = replace(KNOWN, rows=(*KNOWN.rows, *rows), fingerprints=(*KNOWN.fingerprints, *prints))
    today = fingerprint("today", **ABOUT)
    advice = recommend.run(today, CELLS, Budget(seconds=300), library, MACHINE)
    return advice.pipelines[0].pipeline.name


def runs(study: str, pipeline: str, count: int, mean: float | None, **changes) -> list[RunRow]:
    """Return runs of different seeds around the mean; None: they failed."""
    jitter = np.random.default_rng(len(study) + count).normal(0, 0.005, count)
    return [
        run(
            study,
            pipeline,
            None if mean is None else mean + float(jitter[n]),
            seed=n,
            run=f"{study}-{pipeline}-{n}",
            validation_se=0.01,
            **changes,
        )
        for n in range(count)
    ]


def test_before_them_the_recorded_order_stands():
    assert first([]) == FIRST


@pytest.mark.parametrize("of_the_first", [1, 2, 10])
def test_ten_better_runs_on_the_study_itself_turn_it(of_the_first):
    assert first(runs("today", FIRST, of_the_first, 0.80) + runs("today", RIVAL, 10, 0.88)) == RIVAL


def test_a_learner_with_a_say_is_turned_and_kept_as_well():
    known = world(by_size, data_sets=8)
    small = fingerprint("today", diameter_px=13.0, diameter_over_tile=0.05, density=45.0)
    advice = recommend.run(small, CELLS, Budget(seconds=300), known, MACHINE)
    assert advice.weight > 0
    best, behind = advice.pipelines[0].pipeline.name, advice.pipelines[3].pipeline.name
    for lead, expected in ((0.10, behind), (0.002, best)):
        rows = runs("today", best, 2, 0.80) + runs("today", behind, 10, 0.80 + lead)
        library = replace(known, rows=(*known.rows, *rows))
        turned = recommend.run(small, CELLS, Budget(seconds=300), library, MACHINE)
        assert turned.pipelines[0].pipeline.name == expected


def test_ten_better_runs_on_a_study_much_alike_turn_it():
    alike = fingerprint("yesterday", **(ABOUT | {"touching": 0.33, "contrast_to_noise": 55.0}))
    more = runs("yesterday", FIRST, 2, 0.80) + runs("yesterday", RIVAL, 10, 0.90)
    assert first(more, alike) == RIVAL


def test_ten_failed_runs_do_not():
    failed = runs("today", RIVAL, 10, None, state="failed", cause="out_of_memory")
    assert first(runs("today", FIRST, 2, 0.80) + failed) == FIRST


def test_ten_worse_runs_do_not():
    assert first(runs("today", FIRST, 2, 0.80) + runs("today", RIVAL, 10, 0.70)) == FIRST


@pytest.mark.parametrize("of_the_first", [1, 2, 10])
@pytest.mark.parametrize("gain", [-0.004, 0.0, 0.004])
def test_ten_runs_equal_within_the_noise_do_not(of_the_first, gain):
    more = runs("today", FIRST, of_the_first, 0.80) + runs("today", RIVAL, 10, 0.80 + gain)
    assert first(more) == FIRST


def test_ten_better_runs_on_pictures_of_another_kind_do_not():
    strange = fingerprint(
        "elsewhere",
        diameter_px=220.0,
        diameter_over_tile=0.86,
        density=0.4,
        side_px=2048.0,
        channels=4.0,
        touching=0.9,
        foreground=0.8,
        contrast_to_noise=4.0,
    )
    more = runs("elsewhere", FIRST, 2, 0.80) + runs("elsewhere", RIVAL, 10, 0.90)
    assert first(more, strange) == FIRST


def test_ten_better_runs_of_another_kind_of_task_do_not():
    one, other = (pipeline.name for pipeline in pipelines(Kind.SEMANTIC)[:2])
    colours = fingerprint("colours", Kind.SEMANTIC, **ABOUT)
    assert POOL[one].kinds == (Kind.SEMANTIC,)
    assert first(runs("colours", one, 2, 0.5) + runs("colours", other, 10, 0.9), colours) == FIRST


def test_ten_good_runs_that_compare_with_nothing_do_not():
    assert first(runs("today", RIVAL, 10, 0.95)) == FIRST


def test_ten_starved_runs_of_the_first_do_not_make_it_the_last():
    starved = runs("today", FIRST, 10, 0.10, samples=16)
    others = [
        row
        for place, one in enumerate(pipelines()[1:4], start=1)
        for row in runs("today", one.name, 5, 0.85 - 0.02 * place)
    ]
    assert first(starved + others) == FIRST


def test_more_labels_are_no_merit_of_the_pipeline_that_ran_after_them():
    few = runs("today", FIRST, 2, 0.60, split="few", made="2026-01-01")
    assert first(few + runs("today", RIVAL, 10, 0.85, split="many", made="2026-01-02")) == FIRST


def test_easier_check_images_before_do_not_hold_against_what_came_after():
    easy = runs("today", RIVAL, 10, 0.95, split="easy", made="2026-01-01")
    assert first(easy + runs("today", FIRST, 2, 0.80, split="hard", made="2026-01-02")) == FIRST


def test_a_comparison_before_more_was_labelled_still_counts():
    before = runs("today", FIRST, 2, 0.60, split="few", made="2026-01-01")
    before += runs("today", RIVAL, 10, 0.70, split="few", made="2026-01-01")
    after = runs("today", RIVAL, 2, 0.85, split="many", made="2026-01-02")
    assert first(before + [replace(row, run=f"{row.run}-after") for row in after]) == RIVAL


def test_an_empty_library_turns_by_the_studys_own_runs():
    today = fingerprint("today", **ABOUT)
    library = Snapshot(
        rows=(*runs("today", FIRST, 2, 0.70), *runs("today", RIVAL, 10, 0.88)),
        fingerprints=(today,),
    )
    advice = recommend.run(today, CELLS, Budget(seconds=300), library, MACHINE)
    assert advice.pipelines[0].pipeline.name == RIVAL
    assert advice.weight == 0.0
