"""Doors to the engine: thin, and cached where something is read often.

place.py      the workspace
drawing.py    images under the brush
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
from app.services.drawing import finish_studio, open_studio, others_at_work
from app.services.knowledge import LibraryRow, library_rows, library_stats
from app.services.overviews import Overview, next_step, overview, overviews
from app.services.place import study_dir, workspace
from app.services.runs import (
    active_run,
    cancel,
    history,
    is_stopping,
    last_prediction,
    plan_task,
    refused,
    report,
    result,
    resume,
    runs,
    status,
)
from app.services.studies import (
    Waiting,
    create_study,
    damaged_studies,
    ensure_sample,
    findings,
    import_waiting,
    label_version,
    labelled,
    load_labels,
    look_at_files,
    look_at_folder,
    save_labels,
    send_away,
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
    "Waiting",
    "active_run",
    "cancel",
    "create_study",
    "damaged_studies",
    "ensure_sample",
    "findings",
    "fingerprint_is_fresh",
    "fingerprint_job",
    "finish_studio",
    "free_memory_gib",
    "history",
    "import_waiting",
    "is_stopping",
    "label_version",
    "labelled",
    "last_prediction",
    "library_rows",
    "library_stats",
    "load_labels",
    "look_at_files",
    "look_at_folder",
    "next_step",
    "open_studio",
    "others_at_work",
    "overview",
    "overviews",
    "plan_task",
    "recommend",
    "refused",
    "report",
    "result",
    "resume",
    "runs",
    "save_labels",
    "send_away",
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
