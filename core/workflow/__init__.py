"""The way of the data, one function a step; every page and every command calls these.

    files -> study -> task -> split -> fingerprint -> recommendation -> plan -> training -> report

and then the trained model's predictions on other images.

    studies.py  images, labels, task, split, findings
    people.py   who works here
    doctor.py   what is probably wrong with the labels
    grouping.py groups and conditions
    pictures.py what is shown of an image
    readings.py what the planes of a file are, how large a pixel is
    sample.py   the simulated study that is there at the first start
    advice.py   fingerprint, recommendation, plan
    runs.py     jobs: start, watch, cancel, resume
    going_on.py a training from a trained model, with the images added since
    results.py  result, report, predictions
    memory.py   what the library keeps of finished runs

Every function takes the workspace first, then names; heavy packages are imported inside.
"""

from core.workflow.advice import (
    candidates,
    describe,
    description_job,
    fingerprint,
    is_described,
    machine_here,
    make_plan,
    named,
    recommend,
    start_fingerprint,
)
from core.workflow.doctor import doubts, symptoms
from core.workflow.going_on import added_since, plan_from
from core.workflow.grouping import (
    set_groups,
    suggest_columns,
    suggest_pattern,
    told_by_pattern,
    told_by_sheet,
)
from core.workflow.memory import (
    assess,
    brought_runs,
    collect,
    export_library,
    import_library,
    library_snapshot,
    library_stats,
)
from core.workflow.people import account, ask, author
from core.workflow.pictures import (
    file_pixels,
    image_pixels,
    image_values,
    sampled_values,
    seen_values,
    thumbnail,
    write_picture,
)
from core.workflow.readings import (
    depths_of,
    pixel_size_along,
    planes_of,
    read_as,
    reading_named,
    reading_now,
    reading_pictures,
    reading_question,
    reading_sentence,
    readings,
    set_pixel_size,
    sized_alike,
    stacks,
)
from core.workflow.results import (
    Prediction,
    Side,
    compared,
    compared_areas,
    compared_by,
    image_lines,
    predicted_classes,
    prediction,
    previews,
    report,
    result,
    test_rows,
    write_test,
)
from core.workflow.runs import (
    cancel,
    damaged_jobs,
    events,
    finish_early,
    listing,
    plan_of,
    restart_queued,
    resume,
    start_export,
    start_prediction,
    start_training,
    status,
    wait,
)
from core.workflow.sample import SAMPLE, open_sample
from core.workflow.studies import (
    check_labels,
    create_study,
    import_files,
    inspect,
    label_overview,
    label_states,
    labelled_ids,
    list_studies,
    load_labels,
    load_study,
    make_split,
    preview_import,
    save_labels,
    set_image_class,
    set_image_classes,
    set_task,
    suggest_task,
    uncheck_labels,
)

__all__ = [
    "SAMPLE",
    "Prediction",
    "Side",
    "account",
    "added_since",
    "ask",
    "assess",
    "author",
    "brought_runs",
    "cancel",
    "candidates",
    "check_labels",
    "collect",
    "compared",
    "compared_areas",
    "compared_by",
    "create_study",
    "damaged_jobs",
    "depths_of",
    "describe",
    "description_job",
    "doubts",
    "events",
    "export_library",
    "file_pixels",
    "fingerprint",
    "finish_early",
    "image_lines",
    "image_pixels",
    "image_values",
    "import_files",
    "import_library",
    "inspect",
    "is_described",
    "label_overview",
    "label_states",
    "labelled_ids",
    "library_snapshot",
    "library_stats",
    "list_studies",
    "listing",
    "load_labels",
    "load_study",
    "machine_here",
    "make_plan",
    "make_split",
    "named",
    "open_sample",
    "pixel_size_along",
    "plan_from",
    "plan_of",
    "planes_of",
    "predicted_classes",
    "prediction",
    "preview_import",
    "previews",
    "read_as",
    "reading_named",
    "reading_now",
    "reading_pictures",
    "reading_question",
    "reading_sentence",
    "readings",
    "recommend",
    "report",
    "restart_queued",
    "result",
    "resume",
    "sampled_values",
    "save_labels",
    "seen_values",
    "set_groups",
    "set_image_class",
    "set_image_classes",
    "set_pixel_size",
    "set_task",
    "sized_alike",
    "stacks",
    "start_export",
    "start_fingerprint",
    "start_prediction",
    "start_training",
    "status",
    "suggest_columns",
    "suggest_pattern",
    "suggest_task",
    "symptoms",
    "test_rows",
    "thumbnail",
    "told_by_pattern",
    "told_by_sheet",
    "uncheck_labels",
    "wait",
    "write_picture",
    "write_test",
]
