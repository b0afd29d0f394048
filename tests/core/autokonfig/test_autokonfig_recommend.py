"""What a recommendation holds, with and without anything known."""

import subprocess
import sys
from dataclasses import replace

import pytest
from worlds import by_size, falling, fingerprint, pipelines, run, small_pool, world

from core.autokonfig import kept, recommend, table
from core.errors import LibraryError
from core.library.store import Library
from core.pipeline.catalogue import POOL
from core.records import Budget, Kind, Machine, Recommendation, Snapshot, TaskSpec, Wishes

CELLS = TaskSpec(kind=Kind.INSTANCE, classes=("cell",))
MACHINE = Machine(free_memory_gib=16, cores=2)
LIBRARY = world(falling, data_sets=6)


def advise(library: Snapshot = LIBRARY, task: TaskSpec = CELLS, **changes) -> Recommendation:
    asked = {
        "seconds": 300.0,
        "memory_gib": None,
        "machine": MACHINE,
        "about": fingerprint("mine"),
    } | changes
    return recommend.run(
        asked["about"],
        task,
        Budget(seconds=asked["seconds"], memory_gib=asked["memory_gib"]),
        library,
        asked["machine"],
        pool=small_pool(),
    )


@pytest.mark.parametrize("kind", list(Kind))
def test_an_empty_library_ranks_ten_in_the_order_set_by_hand_and_says_so(kind):
    background = "a" if kind is Kind.SEMANTIC else None
    task = TaskSpec(kind=kind, classes=("a", "b"), background=background)
    advice = advise(Snapshot(), task, about=fingerprint("mine", kind))
    assert len(advice.pipelines) >= 10
    assert [one.pipeline.name for one in advice.pipelines] == [p.name for p in pipelines(kind)]
    assert all((one.score_low, one.score_high) == (0.0, 1.0) for one in advice.pipelines)
    assert all(one.feasible and one.reasons and one.samples > 0 for one in advice.pipelines)
    assert (advice.runs, advice.data_sets, advice.weight, advice.neighbours) == (0, 0, 0.0, ())
    assert any("set by hand" in note for note in advice.notes)
    assert any("No run on a machine like this" in note for note in advice.notes)


def test_a_library_of_other_kinds_only_is_legal():
    advice = advise(world(falling, kind=Kind.SEMANTIC, data_sets=3))
    assert len(advice.pipelines) >= 10
    assert any("set by hand" in note for note in advice.notes)


def test_scores_come_with_an_interval_that_holds_the_truth():
    """Recorded at 2,000 tiles; the budget here affords about as many."""
    advice = advise(seconds=75.0)
    truth = {one.name: 0.85 - 0.02 * place for place, one in enumerate(pipelines())}
    names = [one.pipeline.name for one in advice.pipelines]
    assert names == list(truth)
    for one in advice.pipelines:
        assert one.score == pytest.approx(truth[one.pipeline.name], abs=0.045)
        assert one.score_low <= truth[one.pipeline.name] <= one.score_high
        assert one.score_high - one.score_low < 0.2
    assert advice.runs == len(LIBRARY.rows)
    assert advice.data_sets == 6


def test_more_time_promises_more_tiles_and_a_better_score_less_time_a_worse_one():
    short, usual, long = (advise(seconds=s).pipelines[0] for s in (40.0, 75.0, 600.0))
    assert short.samples < usual.samples < long.samples
    assert short.score < usual.score < long.score
    # Recorded: each halving costs 0.05; doublings never promise more than one halving costs.
    assert long.score <= 0.85 + 0.05 + 0.01


def test_for_sorting_more_time_promises_nothing_and_says_so():
    """Its curves hold probabilities, which fell while the accuracy rose."""
    task = TaskSpec(kind=Kind.CLASSIFICATION, classes=("a", "b"))
    library = world(falling, kind=Kind.CLASSIFICATION, data_sets=3)
    rising = tuple((samples, samples / 4000) for samples in (250, 500, 1000, 2000))
    library = replace(library, rows=tuple(replace(row, curve=rising) for row in library.rows))
    about = fingerprint("mine", Kind.CLASSIFICATION)
    short, long = (advise(library, task, about=about, seconds=s) for s in (40.0, 600.0))
    assert short.pipelines[0].score == long.pipelines[0].score
    assert any("not known for sorting" in note for note in short.notes)
    assert not any("sorting" in note for note in advise().notes)


@pytest.mark.parametrize("count", [0, 1])
def test_what_was_only_described_or_trained_once_switches_no_rule_off(count):
    """A second study with large objects, and large objects were shown as they are."""
    shown, brought = "unet-lite0-distance", "unet-lite0-distance-d32"
    large = {"d4", "d5"}
    rows = [row for row in LIBRARY.rows if row.data_set not in large]
    rows += [run("other", shown, 0.8, run=f"o{n}") for n in range(count)]
    prints = [one for one in LIBRARY.fingerprints if one.data_set not in large]
    prints.append(fingerprint("other", diameter_px=100.0))
    library = replace(LIBRARY, rows=tuple(rows), fingerprints=tuple(prints))
    advice = advise(library, about=fingerprint("mine", diameter_px=100.0))
    ranks = {one.pipeline.name: one.rank_value for one in advice.pipelines}
    assert ranks[brought] - ranks[shown] > 1


def test_two_cores_more_make_more_tiles():
    wide = advise(machine=Machine(free_memory_gib=16, cores=8)).pipelines[0]
    assert wide.samples > 2 * advise().pipelines[0].samples


def test_limits_exclude_with_a_reason_and_stand_at_the_end():
    heavy = pipelines()[0].name
    rows = tuple(
        replace(row, peak_memory_gib=1.2 + 0.03 * (hash_free(row.data_set))) for row in LIBRARY.rows
    )
    library = replace(LIBRARY, rows=rows)
    limit = 0.99 * max(one.memory_gib for one in advise(library).pipelines)
    advice = advise(library, memory_gib=limit)
    out = [one for one in advice.pipelines if not one.feasible]
    assert out
    assert len(out) < len(advice.pipelines)
    assert all("GiB" in one.reasons[0] and "Excluded" in one.reasons[0] for one in out)
    assert [one.feasible for one in advice.pipelines] == sorted(
        (one.feasible for one in advice.pipelines), reverse=True
    )
    assert heavy in {one.pipeline.name for one in advice.pipelines}


def hash_free(name: str) -> int:
    return int(name.removeprefix("d")) % 3


def test_too_little_memory_for_anything_is_said():
    advice = advise(machine=Machine(free_memory_gib=0.5, cores=2))
    assert not any(one.feasible for one in advice.pipelines)
    assert any("exclude every pipeline" in note for note in advice.notes)


def test_fast_prediction_leaves_out_the_slow():
    slow = pipelines()[0].name
    rows = tuple(
        replace(row, seconds_per_megapixel=4.0 if row.pipeline == slow else 0.5)
        for row in LIBRARY.rows
    )
    task = replace(CELLS, wishes=Wishes(fast_prediction=True))
    advice = advise(replace(LIBRARY, rows=rows), task)
    quickest = min(one.seconds_per_megapixel or 0 for one in advice.pipelines)
    for one in advice.pipelines:
        assert one.feasible == ((one.seconds_per_megapixel or 0) <= 2 * quickest + 1e-3)
    assert not all(one.feasible for one in advice.pipelines)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [(0.99, "none is expected"), (0.5, "are expected to reach"), (0.83, "may be reached")],
)
def test_the_wanted_score_is_answered(wanted, said):
    advice = advise(task=replace(CELLS, wishes=Wishes(wanted_score=wanted)), seconds=75.0)
    assert any(said in note for note in advice.notes)


def test_neighbours_are_of_the_same_kind_nearest_first_and_not_the_study_itself():
    about = replace(LIBRARY.fingerprints[2], data_set="mine")
    own = run("mine", pipelines()[0].name, 0.8)
    library = replace(LIBRARY, rows=(*LIBRARY.rows, own))
    near = advise(library, about=about).neighbours
    assert len(near) == 3
    assert (near[0].data_set, near[0].title, near[0].distance) == ("d2", "Data set 2", 0.0)
    assert [one.distance for one in near] == sorted(one.distance for one in near)
    assert near[0].best_pipeline == pipelines()[0].name


def test_the_studys_own_runs_are_told():
    rows = tuple(run("mine", pipelines()[1].name, 0.8, run=f"m{n}", seed=n) for n in range(2))
    advice = advise(replace(LIBRARY, rows=(*LIBRARY.rows, *rows)))
    told = {one.pipeline.name: " ".join(one.reasons) for one in advice.pipelines}
    assert "On this study it reached 0.80 in 2 runs." in told[pipelines()[1].name]
    assert "On this study" not in told[pipelines()[0].name]


def test_a_score_with_fewer_labels_is_told_at_the_level_of_now():
    one, other = (pipeline.name for pipeline in pipelines()[:2])
    rows = (
        run("mine", one, 0.5, run="m1", split="few", made="2026-01-01"),
        run("mine", other, 0.6, run="m2", split="few", made="2026-01-01"),
        run("mine", other, 0.8, run="m3", split="many", made="2026-01-02"),
    )
    advice = advise(replace(LIBRARY, rows=(*LIBRARY.rows, *rows)))
    told = {each.pipeline.name: " ".join(each.reasons) for each in advice.pipelines}
    assert "On this study it reached 0.70 in 1 run, counted as if with the" in told[one]
    assert "On this study it reached 0.80 in 1 run." in told[other]


def test_where_size_decides_the_learner_is_heard_and_gives_its_reasons():
    library = world(by_size, data_sets=10)
    small = fingerprint("mine", diameter_px=13.0, diameter_over_tile=0.05, density=45.0)
    large = fingerprint("mine", diameter_px=80.0, diameter_over_tile=0.3, density=7.0)
    good_for_small = {one.name for place, one in enumerate(pipelines()) if place % 2 == 0}
    for about, right in ((small, True), (large, False)):
        advice = advise(library, about=about)
        assert advice.weight > 0
        assert any("the learner counts" in note for note in advice.notes)
        first = [one.pipeline.name in good_for_small for one in advice.pipelines[:3]]
        assert first == [right] * 3
        assert any(r.startswith("The learner counts") for r in advice.pipelines[0].reasons)


def test_where_one_order_holds_everywhere_the_prior_is_enough():
    advice = advise()
    assert advice.weight == 0.0
    assert any("no say" in note for note in advice.notes)


def test_what_was_fitted_is_kept_until_the_rows_change(tmp_path, monkeypatch):
    library = replace(LIBRARY, cache=str(tmp_path))
    before = advise(library)
    assert (tmp_path / kept.FILE).exists()
    with monkeypatch.context() as patched:
        patched.setattr(kept.learner, "fit", None)  # fitting again would fail
        assert advise(library) == before
        # A study with one pipeline counts at once; a changed field needs a new fit.
        own = run("mine", pipelines()[0].name, 0.7)
        told = advise(replace(library, rows=(*library.rows, own))).pipelines[0].reasons
        assert "On this study it reached 0.70 in 1 run." in told
        with pytest.raises(TypeError):
            advise(replace(library, rows=library.rows[1:]))
    (tmp_path / kept.FILE).write_text("{")
    assert advise(library) == before


def test_what_ships_fits_a_new_workspace(workspace, tmp_path, monkeypatch):
    assert kept.ship(tmp_path) == tmp_path / kept.FILE
    known = table.build(Library(workspace).snapshot(), POOL)
    monkeypatch.setattr(kept.learner, "fit", None)  # fitting again would fail
    assert set(kept.fitted(known, str(tmp_path)).learner.shares) == set(Kind)


def test_the_same_library_gives_the_same_advice_whatever_the_order_of_its_rows():
    turned = replace(LIBRARY, rows=LIBRARY.rows[::-1])
    assert advise(turned) == advise()


def test_runs_of_pipelines_that_are_no_more_are_left_out():
    strange = replace(LIBRARY.rows[0], pipeline="long-forgotten", run="x")
    assert advise(replace(LIBRARY, rows=(*LIBRARY.rows, strange))) == advise()


def test_no_pipeline_for_the_task_is_an_error():
    only = {name: one for name, one in POOL.items() if Kind.SEMANTIC in one.kinds}
    with pytest.raises(LibraryError, match="no pipeline"):
        recommend.run(
            fingerprint("mine"), CELLS, Budget(seconds=60), Snapshot(), MACHINE, pool=only
        )


def test_advice_loads_no_heavy_package():
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import core.autokonfig.recommend, core.autokonfig.assess\n"
        "import test_autokonfig_recommend as t\n"
        "t.advise(t.Snapshot())\n"
        "heavy = {'torch', 'lightgbm', 'duckdb', 'sklearn', 'skimage', 'pandas'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    here = str(__import__("pathlib").Path(__file__).parent)
    told = subprocess.check_output([sys.executable, "-c", program, here], text=True)
    assert told.strip() == "[]"
