"""Targets, prior, distances, costs and scores, each on numbers worked out by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest
from worlds import falling, fingerprint, pipelines, run, world

from core.autokonfig import assess, cost, design, neighbours, prior, scores, table, work
from core.paths import DATA_LIBRARY
from core.pipeline.catalogue import POOL
from core.records import Budget, DataSetCard, Kind, Machine, Snapshot

NAMES = [one.name for one in pipelines()]
MACHINE = Machine(free_memory_gib=16, cores=2)


def build(*rows, prints=(), cards=()) -> table.Table:
    library = Snapshot(rows=tuple(rows), fingerprints=tuple(prints), cards=tuple(cards))
    return table.build(library, POOL)


def fitted(known: table.Table) -> cost.CostModel:
    return cost.fit(known, cost.corrections(known))


def test_targets_run_from_the_median_to_the_best_and_are_clipped():
    reached = [0.9, 0.8, 0.7, 0.6, 0.0]
    (block,) = build(*(run("a", n, s) for n, s in zip(NAMES, reached, strict=False))).blocks
    assert dict(zip(block.pipelines, block.targets.tolist(), strict=True)) == pytest.approx(
        dict(zip(NAMES, [1.0, 0.5, 0.0, -0.5, -2.0], strict=False))
    )


def test_failed_unscored_and_starved_runs_are_no_trials():
    (block,) = build(
        run("a", NAMES[0], 0.9),
        run("a", NAMES[1], 0.8),
        run("a", NAMES[2], None, state="failed", cause="diverged"),
        run("a", NAMES[3], 0.1, samples=20),
        run("a", NAMES[4], float("nan")),
    ).blocks
    assert sorted(block.pipelines) == sorted(NAMES[:2])


def test_seeds_are_averaged_and_less_trained_repeats_left_out():
    rows = [run("a", NAMES[0], s, run=str(s)) for s in (0.80, 0.90)]
    short = run("a", NAMES[0], 0.1, samples=900, run="short")
    (block,) = build(*rows, short, run("a", NAMES[1], 0.7)).blocks
    trial = next(t for t in block.trials if t.pipeline == NAMES[0])
    assert (trial.score, trial.runs) == (pytest.approx(0.85), 2)


def test_a_short_run_on_the_newest_images_counts_beside_a_long_one_before():
    """It was left out for the long one, which compares with nothing: the pipeline was unknown."""
    before = {"split": "few", "made": "2026-01-01"}
    now = {"split": "many", "made": "2026-01-02", "samples": 1200}
    (block,) = build(
        run("a", NAMES[0], 0.9, run="long", samples=6000, **before),
        run("a", NAMES[0], 0.7, run="short", **now),
        run("a", NAMES[1], 0.8, run="other", **now),
    ).blocks
    trials = {trial.pipeline: (trial.score, trial.earlier) for trial in block.trials}
    assert trials == {NAMES[0]: (0.7, False), NAMES[1]: (0.8, False)}


def test_noise_comes_from_repeats_and_bounds_the_scale():
    rows = [run("a", NAMES[0], 0.80 + d, run=f"{d}") for d in (-0.02, 0.0, 0.02)]
    (block,) = build(*rows, run("a", NAMES[1], 0.801)).blocks
    # Standard deviation 0.02; without standard errors of the images they count like seeds.
    single = next(t for t in block.trials if t.pipeline == NAMES[1])
    assert single.standard_error == pytest.approx(0.02 * 2**0.5)
    assert block.scale >= 2 * 0.02
    assert np.abs(block.targets).max() < 0.05


def test_relatives_of_one_source_are_one_family():
    cards = [
        DataSetCard(id=name, title=name, kind=Kind.INSTANCE, source=source)
        for name, source in (("a", "lab"), ("b", "lab"), ("c", ""))
    ]
    rows = [run(d, n, 0.5) for d in "abcd" for n in NAMES[:3]]
    known = build(*rows, run("a", NAMES[0], 0.4, variant="half", run="v"), cards=cards)
    assert {block.subject: block.family for block in known.blocks} == {
        "a": "lab",
        "a+half": "lab",
        "b": "lab",
        "c": "c",
        "d": "d",
    }
    assert {block.subject for block in known.without("lab").blocks} == {"c", "d"}
    assert all(row.data_set in "cd" for row in known.without("lab").rows)


def test_a_pipeline_never_run_is_judged_by_its_parts():
    """All that bring objects to 32 px are better by 0.2; one of them was never run."""
    unseen = "linknet-lite0-distance-d32"
    rows = [
        run(f"d{d}", one.name, 0.6 + 0.2 * (one.preprocess.object_diameter_px == 32))
        for d in range(6)
        for one in pipelines()
        if one.name != unseen
    ]
    believed = prior.fit(build(*rows), Kind.INSTANCE)
    assert believed[unseen] > believed["linknet-lite0-distance"] + 0.2
    assert believed[unseen] < believed["unet-lite0-distance-d32"]


def test_studies_that_ran_only_the_best_do_not_make_them_look_average():
    library = world(falling)
    full = prior.fit(table.build(library, POOL), Kind.INSTANCE)
    few = [
        run(f"s{s}", NAMES[place], 0.85 - 0.02 * place, run=f"s{s}{place}")
        for s in range(8)
        for place in (0, 1)
    ]
    with_few = prior.fit(
        table.build(replace(library, rows=(*library.rows, *few)), POOL), Kind.INSTANCE
    )
    assert with_few[NAMES[0]] == pytest.approx(full[NAMES[0]], abs=0.15)
    assert with_few[NAMES[1]] > with_few[NAMES[2]]


def test_distance_is_nought_to_itself_infinite_between_kinds_and_grows():
    scale = neighbours.scales({})
    one = fingerprint("a")
    assert neighbours.distance(one, fingerprint("b"), scale) == 0.0
    assert neighbours.distance(one, fingerprint("c", Kind.SEMANTIC), scale) == float("inf")
    assert neighbours.distance(one, None, scale) == float("inf")
    apart = [
        neighbours.distance(one, fingerprint("d", diameter_px=25.0 * f), scale) for f in (2, 4, 8)
    ]
    assert apart == sorted(apart)
    assert neighbours.likeness(0.0) == 1.0


def test_the_look_of_pictures_counts_where_both_are_embedded():
    scale = neighbours.scales({})
    one = replace(fingerprint("a"), embedding=(1.0, 0.0))
    near = replace(fingerprint("b"), embedding=(0.9, 0.1))
    far = replace(fingerprint("c"), embedding=(0.0, 1.0))
    assert neighbours.distance(one, near, scale) < neighbours.distance(one, far, scale)


def test_every_pipeline_of_the_pool_has_a_measured_network_and_a_finite_design():
    shipped = json.loads((DATA_LIBRARY / "networks.json").read_text())
    about = fingerprint("a")
    for one in POOL.values():
        assert one.model.network in shipped
        columns = dict(zip(design.PIPELINE_NAMES, design.pipeline_vector(one, about), strict=True))
        optional = {"object_diameter", "image_side"}
        assert np.isfinite([v for name, v in columns.items() if name not in optional]).all()


def test_shipped_sizes_are_those_of_the_networks():
    from core.pipeline import anatomy

    one = POOL["unet-lite0-distance"]
    assert design.anatomy(one) == anatomy.measure(one.model)


def test_zoom_follows_the_objects_and_the_pictures():
    d32, plain = POOL["unet-lite0-distance-d32"], POOL["unet-lite0-distance"]
    about = fingerprint("a", diameter_px=64.0)
    assert design.zoom(d32, about) == pytest.approx(0.5)
    assert design.zoom(plain, about) == 1.0
    assert design.zoom(d32, None) == 1.0
    small = fingerprint("b", Kind.CLASSIFICATION, side_px=112.0)
    assert design.zoom(POOL["lite0-s224"], small) == pytest.approx(2.0)
    assert design.tile_pixels(plain, fingerprint("c", side_px=120.0)) == 128**2


def test_costs_are_learned_from_runs_and_scale_with_cores():
    """Every run took twice the first guess: so will the next, and half as long on more cores."""
    case = work.Case(pipeline=POOL[NAMES[0]], fingerprint=None, batch=4, device="cpu", cores=2)
    guess = work.GUESSES["step"][0]
    rows = [
        run(
            f"d{d}",
            one.name,
            0.5,
            cpu_seconds_per_step=2 * guess(replace(case, pipeline=one)) * (1 + 0.01 * d),
            batch=4,
            run=f"{d}{one.name}",
        )
        for d in range(3)
        for one in pipelines()
    ]
    model = fitted(build(*rows))
    budget = Budget(seconds=300)
    first = replace(POOL[NAMES[0]], training=replace(POOL[NAMES[0]].training, batch=4))
    two = cost.predict(model, first, None, budget, MACHINE)
    assert two.seconds_per_step.value == pytest.approx(2 * guess(case), rel=0.05)
    assert two.seconds_per_step.value <= two.seconds_per_step.bound
    four = cost.predict(model, first, None, budget, replace(MACHINE, cores=4))
    assert four.seconds_per_step.value == pytest.approx(two.seconds_per_step.value / 2**0.85)
    card = cost.predict(model, first, None, budget, replace(MACHINE, device="cuda0"))
    # Nobody measured a card: the bound is wide.
    assert card.seconds_per_step.bound == pytest.approx(4 * card.seconds_per_step.value)


def test_on_a_card_a_step_takes_what_a_clock_shows():
    """The processor's share of 0.05 s was taken for all of it: sixteen times as many steps."""
    seconds = {"seconds_per_step": 0.05, "cpu_seconds_per_step": 0.003}
    rows = [
        run("a", NAMES[0], 0.5, hardware="cuda 16 cores card", batch=4, run=f"{n}", **seconds)
        for n in range(3)
    ]
    first = replace(POOL[NAMES[0]], training=replace(POOL[NAMES[0]].training, batch=4))
    card = replace(MACHINE, device="cuda0", cores=16)
    found = cost.predict(fitted(build(*rows)), first, None, Budget(seconds=300), card)
    assert found.seconds_per_step.value == pytest.approx(0.05, rel=0.05)


def test_many_runs_correct_what_sizes_cannot_tell_and_the_bound_holds():
    """Large batches cost three times more than their size tells: found with enough runs only."""
    random = np.random.default_rng(0)
    guess = work.GUESSES["memory"][0]

    def rows(count: int) -> list:
        made = []
        for n in range(count):
            one = pipelines()[n % len(NAMES)]
            batch = (2, 16)[n // len(NAMES) % 2]
            case = work.Case(pipeline=one, fingerprint=None, batch=batch, device="cpu", cores=2)
            truth = guess(case) * (3.0 if batch == 16 else 1.0) * np.exp(random.normal(0, 0.05))
            made.append(run(f"d{n}", one.name, 0.5, batch=batch, peak_memory_gib=truth))
        return made

    large = replace(POOL[NAMES[0]], training=replace(POOL[NAMES[0]].training, batch=16))
    case = work.Case(pipeline=large, fingerprint=None, batch=16, device="cpu", cores=2)
    few, many = fitted(build(*rows(24))), fitted(build(*rows(120)))
    budget = Budget(seconds=300)
    errors = [
        abs(
            np.log(
                cost.predict(m, large, None, budget, MACHINE).memory_gib.value / (3 * guess(case))
            )
        )
        for m in (few, many)
    ]
    assert errors[1] < 0.15 < errors[0]
    fresh = build(*rows(96))
    below = [ok for f, ok in cost.below_bounds(many, fresh.rows, fresh) if f == "memory"]
    assert 0.8 <= np.mean(below) <= 1.0


def test_learning_share_is_what_recorded_runs_spent_on_steps():
    rows = [
        run("a", n, 0.5, samples=800, batch=8, seconds_per_step=0.3, seconds=75.0)
        for n in NAMES[:3]
    ]
    # 100 steps of 0.3 s in the 60 s after the start.
    assert fitted(build(*rows)).learning_share == pytest.approx(0.5)


def test_the_interval_is_what_leaving_one_out_gets_wrong():
    calm = scores.fit(table.build(world(falling, data_sets=8), POOL), Kind.INSTANCE)

    def restless(about, place):
        return falling(about, place) - (0.4 if about.values["diameter_px"] < 30 else 0.0)

    wild = scores.fit(table.build(world(restless, data_sets=8), POOL), Kind.INSTANCE)
    assert calm.half_width < 0.06
    assert wild.half_width > 0.1
    lonely = scores.fit(table.build(world(falling, data_sets=2), POOL), Kind.INSTANCE)
    assert lonely.half_width == 0.5


def test_an_oracle_has_no_regret_and_a_right_prior_little():
    found = assess.run(world(falling, data_sets=6))
    by_name = {one.chooser: one for one in found.figures if one.kind == "instance"}
    assert by_name["oracle"].regret_1 == 0.0
    assert by_name["oracle"].spearman == pytest.approx(1.0)
    assert by_name["autokonfig"].regret_1 < 0.1
    assert by_name["autokonfig"].spearman > 0.9
    # Evenly falling scores: chance loses half the range.
    assert by_name["random"].regret_1 == pytest.approx(0.5, abs=0.03)
    assert by_name["random"].hit_3 == pytest.approx(3 / len(NAMES))
    assert found.forecasts is not None
    assert found.forecasts.score_error < 0.03
    told = assess.lines(found)
    assert any("autokonfig" in line for line in told)
    assert "families" in told[-1]


def test_too_little_to_assess_is_said():
    assert "too few" in assess.run(Snapshot()).notes[0]
