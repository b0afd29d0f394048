"""From images and labels to a plan: fingerprint, recommendation, candidates."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core import jobs
from core.data import study as studies
from core.errors import RunError, StudyError
from core.jobs import machine, states
from core.paths import Workspace
from core.records import (
    Budget,
    Candidate,
    Fingerprint,
    JobStatus,
    Kind,
    Machine,
    Plan,
    Recommendation,
    Split,
    StudyRecord,
    read,
)
from core.workflow.studies import make_split, task_of

# Of a training's budget, which it counts in.
FINGERPRINT_SHARE = 0.06


@dataclass(frozen=True, slots=True, kw_only=True)
class _Learned:
    """What may be learned from, exactly."""

    images: tuple[str, ...]
    """Ids of train and validation, sorted."""
    labels: dict[str, str]
    """Image id -> version."""
    versions: str
    """Hash over task, images and labels."""


def fingerprint(workspace: Workspace, study: str) -> Fingerprint | None:
    """Return the fingerprint that fits task, images and labels as they are now, or None."""
    study_dir = workspace.study(study)
    record = studies.load(study_dir)
    if not study_dir.fingerprint.exists() or record.split is None or record.task is None:
        return None
    found = read(study_dir.fingerprint, Fingerprint)
    return found if found.versions == _learned(workspace, record, record.split).versions else None


def start_fingerprint(
    workspace: Workspace, study: str, *, seed: int = 0, seconds: float | None = None
) -> str:
    """Order the fingerprint of the train and validation images; return the job's id.

    It takes about `seconds` at most; None: as long as it is of use. Makes the split where there is
    none.
    """
    study_dir = workspace.study(study)
    split = make_split(workspace, study, seed)
    learned = _learned(workspace, studies.load(study_dir), split)
    options = {
        "images": list(learned.images),
        "labels": learned.labels,
        "versions": learned.versions,
        "seed": seed,
        **({} if seconds is None else {"seconds": seconds}),
    }
    return jobs.start(study_dir, "fingerprint", options=options).id


def is_described(workspace: Workspace, study: str) -> bool:
    """Return whether a recommendation needs no new fingerprint."""
    return fingerprint(workspace, study) is not None


def describe(
    workspace: Workspace,
    study: str,
    *,
    seed: int = 0,
    on_status: Callable[[JobStatus], None] | None = None,
) -> Fingerprint:
    """Return the study's fingerprint, computed now where it is missing or stale.

    Raises RunError where it cannot be computed.
    """
    make_split(workspace, study, seed)  # images annotated since the last one join it
    found = fingerprint(workspace, study)
    if found is not None:
        return found
    return _described(workspace, start_fingerprint(workspace, study, seed=seed), on_status)


def _described(
    workspace: Workspace, job: str, on_status: Callable[[JobStatus], None] | None
) -> Fingerprint:
    """Return the fingerprint that a job computes; RunError where it cannot."""
    job_dir = workspace.find_job(job)[1]
    end = jobs.wait(job_dir, on_status)
    if end.state != "finished":
        raise RunError(f"the images could not be described: {end.message}", end.cause or "error")
    # Of the labels as they were when it was ordered: somebody may have saved others meanwhile.
    return read(job_dir.root / "fingerprint.json", Fingerprint)


def recommend(
    workspace: Workspace,
    study: str,
    budget: Budget,
    *,
    seed: int = 0,
    on_status: Callable[[JobStatus], None] | None = None,
) -> Recommendation:
    """Return pipelines ranked for this study, budget and machine, with reasons.

    Computes the fingerprint first where it is missing or stale, as a job.
    """
    from core.autokonfig import recommend as advisor
    from core.library.store import Library

    make_split(workspace, study, seed)
    seconds = FINGERPRINT_SHARE * budget.seconds
    found = fingerprint(workspace, study)
    if found is not None and _is_enough(found, seconds):
        snapshot = Library(workspace).snapshot()
    else:
        job = start_fingerprint(workspace, study, seed=seed, seconds=seconds)
        # The library is read, and learned from, while the job looks at the images.
        snapshot = Library(workspace).snapshot()
        advisor.prepare(snapshot)
        found = _described(workspace, job, on_status)
    return advisor.run(
        found, task_of(studies.load(workspace.study(study))), budget, snapshot, machine.here()
    )


def _is_enough(found: Fingerprint, seconds: float) -> bool:
    """Return whether no more would be known after so many seconds."""
    from core.fingerprint import extract

    return seconds < extract.EMBEDDING_S or found.status.get("embedding") != extract.SHORT


def candidates(recommendation: Recommendation) -> tuple[Candidate, ...]:
    """Return the feasible pipelines of a recommendation, best first."""
    feasible = [each for each in recommendation.pipelines if each.feasible]
    return tuple(
        Candidate(
            pipeline=each.pipeline,
            prior=each.rank_value,
            expected_score=each.score,
            expected_samples=each.samples,
            expected_seconds=each.seconds,
            expected_memory_gib=each.memory_gib,
        )
        for each in feasible
    )


def named(pipeline: str) -> tuple[Candidate, ...]:
    """Return the one pipeline a user asked for by name; PlanError lists the choices."""
    from core.pipeline import catalogue

    return (Candidate(pipeline=catalogue.find(pipeline)),)


def make_plan(
    workspace: Workspace,
    study: str,
    chosen: Sequence[Candidate],
    budget: Budget,
    *,
    seed: int = 0,
    baselines: bool = True,
) -> Plan:
    """Return the frozen plan of a training: candidates, budget, split, and all versions."""
    from core.data import samples

    study_dir = workspace.study(study)
    split = make_split(workspace, study, seed)
    record = studies.load(study_dir)
    ids = (*split.train, *split.validation, *split.test)
    images = [record.image(image_id) for image_id in ids]
    by_user = len(chosen) == 1 and chosen[0].expected_score is None
    return Plan(
        study=study,
        task=task_of(record),
        candidates=tuple(chosen),
        budget=budget,
        split=split,
        seed=seed,
        image_hashes={image.id: image.content for image in images},
        label_versions=_label_versions(workspace, record, ids),
        pixels={image.id: samples.content_name(image) for image in images},
        image_classes={image.id: image.image_class for image in images if image.image_class},
        baselines=baselines,
        chosen_by="user" if by_user else "autokonfig",
    )


def _learned(workspace: Workspace, record: StudyRecord, split: Split) -> _Learned:
    ids = tuple(sorted((*split.train, *split.validation)))
    labels = _label_versions(workspace, record, ids)
    task = task_of(record)
    facts = [
        [task.kind, task.classes, task.background],
        [[image_id, record.image(image_id).seen_as, record.image(image_id).image_class]
         for image_id in ids],
        labels,
    ]  # fmt: skip
    versions = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    return _Learned(images=ids, labels=labels, versions=versions)


def _label_versions(
    workspace: Workspace, record: StudyRecord, ids: Sequence[str]
) -> dict[str, str]:
    from core.data.labels import store

    if task_of(record).kind is Kind.CLASSIFICATION:
        return {}
    study_dir = workspace.study(record.name)
    heads = {image_id: store.head(study_dir, image_id) for image_id in ids}
    missing = [image_id for image_id, version in heads.items() if version is None]
    if missing:
        raise StudyError(
            f"the labels of {', '.join(missing[:3])} are gone; annotate them or split again"
        )
    return {image_id: version for image_id, version in heads.items() if version is not None}


def description_job(workspace: Workspace, study: str) -> JobStatus | None:
    """Return the newest job that describes images and labels as they are now, or None."""
    study_dir = workspace.study(study)
    record = studies.load(study_dir)
    ordered = [job for job in jobs.listing(workspace, study) if job.kind == "fingerprint"]
    if not ordered or record.split is None:
        return None
    versions = states.request(study_dir.job(ordered[0].id)).options.get("versions")
    now = _learned(workspace, record, record.split).versions
    return ordered[0] if versions == now else None


def machine_here() -> Machine:
    """Return what advice reckons with: what a training on this computer would find now."""
    return machine.here()
