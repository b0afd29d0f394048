"""Doors to the engine: thin, and cached where something is read often.

place.py      the workspace
studies.py    images, labels, task
advice.py     fingerprint, recommendation, start
runs.py       trainings and predictions
overviews.py  studies in one glance
knowledge.py  the library
"""

from app.services.advice import (
    fingerprint_is_fresh,
    fingerprint_job,
    free_memory_gib,
    recommend,
    split_sentence,
    start_fingerprint,
    start_training,
)
from app.services.knowledge import LibraryRow, library_rows, library_stats
from app.services.overviews import Overview, next_step, overview, overviews
from app.services.place import study_dir, workspace
from app.services.runs import (
    active_run,
    cancel,
    finish_early,
    has_checkpoint,
    history,
    is_finishing,
    is_stopping,
    last_prediction,
    plan_task,
    previews,
    refused,
    report,
    result,
    resume,
    runs,
    status,
)
from app.services.studies import (
    add_files,
    add_folder,
    create_study,
    damaged_studies,
    ensure_sample,
    findings,
    label_version,
    labelled,
    load_labels,
    save_labels,
    set_image_class,
    set_task,
    studies,
    study,
    study_names,
    suggest_task,
    what_is_missing,
)

__all__ = [
    "LibraryRow",
    "Overview",
    "active_run",
    "add_files",
    "add_folder",
    "cancel",
    "create_study",
    "damaged_studies",
    "ensure_sample",
    "findings",
    "fingerprint_is_fresh",
    "fingerprint_job",
    "finish_early",
    "free_memory_gib",
    "has_checkpoint",
    "history",
    "is_finishing",
    "is_stopping",
    "label_version",
    "labelled",
    "last_prediction",
    "library_rows",
    "library_stats",
    "load_labels",
    "next_step",
    "overview",
    "overviews",
    "plan_task",
    "previews",
    "recommend",
    "refused",
    "report",
    "result",
    "resume",
    "runs",
    "save_labels",
    "set_image_class",
    "set_task",
    "split_sentence",
    "start_fingerprint",
    "start_training",
    "status",
    "studies",
    "study",
    "study_dir",
    "study_names",
    "suggest_task",
    "what_is_missing",
    "workspace",
]
