"""Who races, who wins, and who goes on where memory does not suffice."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import RunError
from core.paths import JobDir
from core.pipeline import catalogue
from core.progress import Progress, events
from core.records import Budget, Candidate, Plan, Split, Standing, TaskSpec
from core.records.task import Kind
from core.train import contender, entrants, race
from core.train.images import Images

NAMES = (
    "unet-lite0-distance-d32",
    "unet-lite0-distance",
    "unet-lite0-distance-strong",
    "unet-lite0-boundary",
    "linknet-lite0-distance",
    "fpn-lite0-distance",
)
CANDIDATES = tuple(Candidate(pipeline=catalogue.find(name)) for name in NAMES)


def names(found: tuple[Candidate, ...]) -> list[str]:
    return [one.pipeline.name for one in found]


def standing(score: float, prior: float | None) -> Standing:
    return Standing(pipeline="p", score=score, prior=prior, steps=1, samples=4, seconds=1.0)


def test_three_race_and_no_third_of_one_network_and_head() -> None:
    assert names(entrants.select(CANDIDATES, 300, 90)) == [NAMES[0], NAMES[1], NAMES[3]]


def test_with_ten_minutes_five_race() -> None:
    assert len(entrants.select(CANDIDATES, 600, 150)) == 5


@pytest.mark.parametrize(("seconds", "count"), [(5, 0), (19, 0), (21, 2), (60, 3)])
def test_as_many_race_as_there_is_time_for(seconds: float, count: int) -> None:
    assert len(entrants.select(CANDIDATES, 300, seconds)) == count


def test_a_probe_that_would_end_in_the_steep_start_is_not_made() -> None:
    def affording(samples: int) -> tuple[Candidate, ...]:
        return tuple(replace(one, expected_samples=samples) for one in CANDIDATES)

    tile = entrants.FEWEST_STEPS * 4
    assert entrants.select(affording(int(2 * tile / entrants.RACE_SHARE) - 8), 300, 90) == ()
    assert len(entrants.select(affording(int(2 * tile / entrants.RACE_SHARE) + 8), 300, 90)) == 2
    assert len(entrants.select(affording(100 * tile), 300, 90)) == 3


def test_one_named_pipeline_does_not_race() -> None:
    assert entrants.select(CANDIDATES[:1], 300, 90) == ()


def test_the_probe_decides_where_it_tells_apart() -> None:
    assert entrants.winner([standing(0.5, 1.0), standing(0.8, 0.0), standing(0.6, 0.5)]) == 1


def test_what_is_believed_decides_between_equal_probes() -> None:
    assert entrants.winner([standing(0.810, 0.0), standing(0.800, 1.0)]) == 1
    assert entrants.winner([standing(0.800, None), standing(0.799, None)]) == 0


@pytest.fixture
def progress(tmp_path: Path) -> Progress:
    return Progress(JobDir(tmp_path / "run-1"))


def _plan() -> Plan:
    return Plan(
        study="s",
        task=TaskSpec(kind=Kind.INSTANCE, classes=("cell",)),
        candidates=CANDIDATES,
        budget=Budget(seconds=300),
        split=Split(train=("a",), validation=(), test=(), seed=0, by_group=False),
        seed=0,
        image_hashes={},
        label_versions={},
    )


def test_what_memory_does_not_take_is_left_out_and_told(
    progress: Progress, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Learner:
        def step(self, rate: float) -> None:
            """Take it."""

    def ready(candidate: Candidate, *_: object) -> contender.Contender:
        if candidate in CANDIDATES[:2]:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 4 EiB")
        return contender.Contender(candidate=candidate, learner=Learner())  # type: ignore[arg-type]

    monkeypatch.setattr(contender, "ready", ready)
    found = race.first_that_fits(CANDIDATES, _plan(), Images([], []), progress)
    assert found.candidate == CANDIDATES[2]
    told = events(tmp_path / "run-1" / "events.jsonl")[0]
    assert [one.values["pipeline"] for one in told] == list(NAMES[:2])
    assert "memory" in told[0].values["message"]
    with pytest.raises(RunError, match="memory") as raised:
        race.first_that_fits(CANDIDATES[:2], _plan(), Images([], []), progress)
    assert raised.value.cause == "out_of_memory"


def test_another_error_is_not_taken_for_want_of_memory(
    progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ready(*_: object) -> contender.Contender:
        raise RuntimeError("shapes do not match")

    monkeypatch.setattr(contender, "ready", ready)
    with pytest.raises(RuntimeError, match="shapes"):
        race.first_that_fits(CANDIDATES, _plan(), Images([], []), progress)
