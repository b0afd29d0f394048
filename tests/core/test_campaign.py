"""A campaign is balanced, goes on where it was interrupted, and records what happened."""

import json
from dataclasses import replace

import pytest

from core import campaign, workflow
from core.errors import LibraryError, StudyError
from core.jobs import states
from core.records import (
    Fingerprint,
    JobRequest,
    JobStatus,
    Kind,
    RunResult,
    RunRow,
    Score,
    read_lines,
    write,
)

INSTANCE = ("unet-lite0-distance", "unet-lite0-boundary")


@pytest.fixture
def wanted(tmp_path, disc_files):
    """Return a campaign over two data sets of discs."""
    for name in ("one", "two"):
        folder = tmp_path / "data" / name
        folder.parent.mkdir(exist_ok=True)
        folder.symlink_to(disc_files)
    path = tmp_path / "campaign.json"
    path.write_text(
        json.dumps(
            {
                "name": "small",
                "budget_s": 30,
                "data": str(tmp_path / "data"),
                "data_sets": ["one", "two"],
                "pipelines": {"instance": INSTANCE, "semantic": ["unet-lite0"]},
            }
        )
    )
    return campaign.load(path)


@pytest.fixture
def played(monkeypatch):
    """Play fingerprints and trainings; return the trainings that were ordered."""
    ordered = []

    def describe(workspace, study, *, on_status=None):
        return Fingerprint(data_set=study, kind=Kind.INSTANCE, values={"images": 10.0})

    def start_training(workspace, plan):
        number = len(ordered)
        ordered.append((plan.study, plan.candidates[0].pipeline.name, plan.seed, plan.baselines))
        job = workspace.study(plan.study).job(f"job-{number}")
        score = Score(headline=0.5, name="AP", images=2, per_image={"a": 0.4, "b": 0.6})
        result = RunResult(
            run=job.id, study=plan.study, pipeline=plan.candidates[0].pipeline, validation=score,
            seconds=30.0, steps=5, samples=40, step_plan=((0, 5),), seconds_per_step=0.5,
            cpu_seconds_per_step=0.5, seconds_per_megapixel=1.0, peak_memory_gib=1.0,
            parameters=10, device="cpu", hardware="cpu 2 cores", converged=False,
            curve=((40, 0.5),),
        )  # fmt: skip
        status = JobStatus(id=job.id, kind="train", study=plan.study, state="finished")
        request = JobRequest(id=job.id, kind="train", study=plan.study, created=0.0)
        records = {job.request: request, job.plan: plan, job.result: result, job.status: status}
        for path, record in records.items():
            write(path, record)
        return job.id

    monkeypatch.setattr(workflow, "describe", describe)
    monkeypatch.setattr(workflow, "start_training", start_training)
    return ordered


def test_all_data_sets_with_one_pipeline_before_the_next(workspace, wanted, played, tmp_path):
    out = tmp_path / "experiments" / "small.jsonl"
    rows = list(campaign.run(workspace, wanted, out))
    expected = [(name, pipeline, 0, False) for pipeline in INSTANCE for name in ("one", "two")]
    assert played == expected, "pipeline by pipeline, and without the simple rivals"
    assert read_lines(out, RunRow) == rows
    assert {row.validation for row in rows} == {0.5}
    assert rows[0].validation_se == pytest.approx(0.1)
    assert len({row.run for row in rows}) == 4
    assert (tmp_path / "fingerprints" / "one.json").exists()


def test_what_is_recorded_is_not_run_again(workspace, wanted, played, tmp_path):
    out = tmp_path / "small.jsonl"
    going = campaign.run(workspace, wanted, out)
    next(going)
    going.close()
    with out.open("ab") as file:
        file.write(b'{"data_set": "tw')  # the process died in the middle of a line
    assert len(list(campaign.run(workspace, wanted, out))) == 3
    assert len(read_lines(out, RunRow)) == 4
    assert not list(campaign.run(workspace, replace(wanted, data_sets=("one",)), out))


def test_a_finished_training_that_was_not_recorded_is_found_again(
    workspace, wanted, played, tmp_path
):
    out = tmp_path / "small.jsonl"
    list(campaign.run(workspace, wanted, out))
    out.unlink()
    assert len(list(campaign.run(workspace, wanted, out))) == 4
    assert len(played) == 4


def test_missing_data_and_broken_files_are_told(workspace, wanted, tmp_path, monkeypatch):
    monkeypatch.delenv("AIXCELL_DATA", raising=False)
    with pytest.raises(LibraryError, match="AIXCELL_DATA"):
        next(campaign.run(workspace, replace(wanted, data=None), tmp_path / "o.jsonl"))
    with pytest.raises(LibraryError, match="no data set 'three'"):
        next(campaign.run(workspace, replace(wanted, data_sets=("three",)), tmp_path / "o.jsonl"))
    (tmp_path / "broken.json").write_text("{}")
    with pytest.raises(StudyError, match=r"broken\.json"):
        campaign.load(tmp_path / "broken.json")


def test_as_many_train_at_once_as_there_are_slots(workspace, wanted, played, tmp_path, monkeypatch):
    going = []
    monkeypatch.setenv("AIXCELL_DEVICE", "cpu")
    monkeypatch.setenv("AIXCELL_SLOTS", "3")
    monkeypatch.setattr(
        campaign, "_first_to_end", lambda jobs_, on_status: _last_ends(jobs_, going)
    )
    rows = list(campaign.run(workspace, wanted, tmp_path / "small.jsonl"))
    assert going == [3, 3, 2, 1]
    assert len(rows) == 4


def _last_ends(jobs_, going):
    going.append(len(jobs_))
    key, job_dir = list(jobs_.items())[-1]
    return key, states.status(job_dir)
