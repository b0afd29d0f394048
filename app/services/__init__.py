"""Doors to the engine: thin, and cached where something is read often.

place.py      the workspace
drawing.py    images under the brush
studies.py    images, labels, task
labelling.py  how far each image is
lessons.py    what images that are done teach the next one
doctor.py     what stands out in labels
groups.py     where images come from
readings.py   what the planes of files are, how large a pixel is
advice.py     fingerprint, recommendation, start
runs.py       trainings and predictions
proposals.py  what a trained model proposes for an image
presorting.py which classes it proposes for whole images
comparing.py  answers compared between conditions
exports.py    labels as files for other programs
versions.py   earlier labels of an image
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
from app.services.comparing import Line, compared, compared_areas, compared_by, image_lines
from app.services.doctor import look_for_doubts, standing, symptom_titles, symptoms
from app.services.drawing import finish_studio, open_studio, others_at_work
from app.services.exports import export_formats, last_export, start_export
from app.services.groups import (
    set_groups,
    suggest_columns,
    suggest_pattern,
    told_by_pattern,
    told_by_sheet,
)
from app.services.knowledge import LibraryRow, library_rows, library_stats
from app.services.labelling import (
    check_labels,
    label_states,
    labelled,
    saved_label_states,
    uncheck_labels,
)
from app.services.looks import look, set_look
from app.services.overviews import Overview, next_step, overview, overviews
from app.services.place import author, study_dir, workspace
from app.services.presorting import (
    MOST_IMAGES,
    ProposedClass,
    accept_classes,
    ask_to_sort,
    asked_to_sort,
    proposed_classes,
    send_presorting_away,
    strange_classes,
)
from app.services.proposals import (
    ask_model,
    asked,
    keep_rejected,
    models_for,
    proposal,
    rejected,
)
from app.services.proposals import send_away as send_away_proposal
from app.services.readings import (
    depths_of,
    pixel_size_along,
    planes_of,
    read_as,
    reading_now,
    reading_pictures,
    reading_question,
    reading_sentence,
    readings,
    set_pixel_size,
    sized_alike,
    stacks,
)
from app.services.runs import (
    active_run,
    added_since,
    cancel,
    continue_from,
    damaged_jobs,
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
    Waiting,
    create_layer,
    create_study,
    damaged_studies,
    ensure_sample,
    findings,
    import_waiting,
    label_version,
    load_labels,
    look_at_files,
    look_at_folder,
    object_counts,
    save_labels,
    send_away,
    set_image_class,
    set_image_classes,
    set_task,
    sheets,
    studies,
    study,
    study_names,
    suggest_task,
    what_is_missing,
)
from app.services.versions import (
    has_strokes,
    label_history,
    made_of,
    restore_labels,
)

__all__ = [
    "MOST_IMAGES",
    "LibraryRow",
    "Line",
    "Overview",
    "ProposedClass",
    "Waiting",
    "accept_classes",
    "active_run",
    "added_since",
    "ask_model",
    "ask_to_sort",
    "asked",
    "asked_to_sort",
    "author",
    "cancel",
    "check_labels",
    "compared",
    "compared_areas",
    "compared_by",
    "continue_from",
    "create_layer",
    "create_study",
    "damaged_jobs",
    "damaged_studies",
    "depths_of",
    "ensure_sample",
    "export_formats",
    "findings",
    "fingerprint_is_fresh",
    "fingerprint_job",
    "finish_early",
    "finish_studio",
    "free_memory_gib",
    "has_checkpoint",
    "has_strokes",
    "history",
    "image_lines",
    "import_waiting",
    "is_finishing",
    "is_stopping",
    "keep_rejected",
    "label_history",
    "label_states",
    "label_version",
    "labelled",
    "last_export",
    "last_prediction",
    "library_rows",
    "library_stats",
    "load_labels",
    "look",
    "look_at_files",
    "look_at_folder",
    "look_for_doubts",
    "made_of",
    "models_for",
    "next_step",
    "object_counts",
    "open_studio",
    "others_at_work",
    "overview",
    "overviews",
    "pixel_size_along",
    "plan_task",
    "planes_of",
    "previews",
    "proposal",
    "proposed_classes",
    "read_as",
    "reading_now",
    "reading_pictures",
    "reading_question",
    "reading_sentence",
    "readings",
    "recommend",
    "refused",
    "rejected",
    "report",
    "restore_labels",
    "result",
    "resume",
    "runs",
    "save_labels",
    "saved_label_states",
    "send_away",
    "send_away_proposal",
    "send_presorting_away",
    "set_groups",
    "set_image_class",
    "set_image_classes",
    "set_look",
    "set_pixel_size",
    "set_task",
    "sheets",
    "sized_alike",
    "split_sentence",
    "stacks",
    "standing",
    "start_export",
    "start_fingerprint",
    "start_training",
    "status",
    "strange_classes",
    "studies",
    "study",
    "study_dir",
    "study_names",
    "suggest_columns",
    "suggest_pattern",
    "suggest_task",
    "symptom_titles",
    "symptoms",
    "told_by_pattern",
    "told_by_sheet",
    "uncheck_labels",
    "what_is_missing",
    "workspace",
]
