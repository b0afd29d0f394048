"""How figures read: durations, sizes, scores, states; plain words only."""

import time
from typing import TYPE_CHECKING

from core.paths import LAYER_MARK
from core.records import Event, JobStatus, Kind, Score

if TYPE_CHECKING:
    from app.services.overviews import Overview
    from core.data.label_states import LabelState

KIND_TITLES = {
    Kind.INSTANCE: "Count and outline objects",
    Kind.SEMANTIC: "Colour regions",
    Kind.CLASSIFICATION: "Sort whole pictures",
}
KIND_EXAMPLES = {
    Kind.INSTANCE: "Every cell or nucleus by itself, even where they touch. You get outlines, "
    "counts and a table of sizes; objects can have kinds, such as one or two nuclei.",
    Kind.SEMANTIC: "Which area is what: vessel or tissue, membrane or cytoplasm. "
    "You get areas and fractions.",
    Kind.CLASSIFICATION: "One answer for each picture: healthy or not, which cell type.",
}
STATE_WORDS = {
    "queued": "waiting",
    "running": "running",
    "finished": "finished",
    "cancelled": "stopped",
    "failed": "failed",
    "lost": "lost",
}
STATE_COLORS = {
    "queued": "gray",
    "running": "blue",
    "finished": "green",
    "cancelled": "gray",
    "failed": "red",
    "lost": "orange",
}
CAUSE_WORDS = {
    "out_of_memory": "The memory of this computer did not suffice.",
    "deadline": "The time was used up before there was a result.",
    "diverged": "The learning did not settle; a calmer pipeline may do better.",
    "disk_full": "The disk is full.",
    "bad_input": "Something in the images or labels cannot be used.",
    "killed": "The system ended the work.",
    "error": "The program met a fault; the log tells which.",
}
STAGE_WORDS = {
    "starting": "Getting ready",
    "reading": "Reading images and labels",
    "fingerprint": "Describing your images",
    "racing": "Trying the best candidates briefly",
    "fitting": "Learning from your labels",
    "tuning": "Fine-tuning on the check images",
    "reporting": "Scoring the model",
    "predicting": "Working through the images",
    "exporting": "Writing files for other programs",
    "done": "Done",
}
SCORE_NAMES = {
    "ap_50": "agreement, outlines overlap by half",
    "ap_75": "agreement, outlines overlap by 3/4",
    "ap_90": "agreement, outlines overlap by 9/10",
    "f1": "F1 of found objects",
    "precision": "marked objects that are real",
    "recall": "real objects that are found",
    "pq": "panoptic quality",
    "sq": "overlap of matched outlines",
    "count_error": "error of the count",
    "class_accuracy": "right kind among matched objects",
    "iou": "overlap (IoU)",
    "boundary_f1": "agreement of the borders",
    "accuracy": "pictures sorted right",
    "balanced_accuracy": "sorted right, mean over classes",
    "ece": "error of the stated certainty",
}


def study(name: str) -> str:
    """Return how a study, or a layer of one, is called: `heart`, `heart › nuclei`."""
    return name.replace(LAYER_MARK, " › ")


def kinds_of(name: str) -> list[Kind]:
    """Return the kinds of tasks a study can have; a layer marks something within the pictures."""
    return [each for each in KIND_TITLES if each is not Kind.CLASSIFICATION or not is_layer(name)]


def is_layer(name: str) -> bool:
    """Return whether this is the name of a layer, not of a study."""
    return LAYER_MARK in name


def layer(name: str) -> str:
    """Return what is marked in a layer, `nuclei`; of the study itself, its name."""
    return name.rpartition(LAYER_MARK)[2]


def duration(seconds: float | None) -> str:
    """Return e.g. `40 s`, `6 min`, `2 h 05 min`; a dash where it is not known."""
    if seconds is None:
        return "–"
    whole = max(0, round(seconds))
    if whole < 90:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def size(gib: float | None) -> str:
    """Return e.g. `1.4 GB`, `300 MB`."""
    if gib is None:
        return "–"
    return f"{gib * 1024:.0f} MB" if gib < 1 else f"{gib:.1f} GB"


def percent(share: float | None) -> str:
    """Return e.g. `86 %`."""
    return "–" if share is None else f"{100 * share:.0f} %"


def figure(value: float | None) -> str:
    """Return a score with three digits behind the point."""
    return "–" if value is None else f"{value:.3f}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return e.g. `1 image`, `12 images`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def headline(kind: Kind, score: Score) -> str:
    """Return what the headline score means, in one sentence."""
    share = round(100 * score.headline)
    if kind is Kind.INSTANCE:
        return (
            f"Of all objects that are there or were marked, **{share} of 100** agree: found, "
            "in the right place, neither missed nor invented."
        )
    if kind is Kind.SEMANTIC:
        return f"Marked and true areas overlap by **{share} %**, averaged over the classes."
    return f"**{share} of 100** pictures are sorted right, averaged over the classes."


def versus(score: Score, rival: Score, rival_name: str) -> str:
    """Return how the model stands against the simple rival, in one sentence."""
    left, theirs = 1 - score.headline, 1 - rival.headline
    name = rival_name or "the simple method"
    if score.headline <= rival.headline:
        return (
            f"The simple method ({name}) does as well or better ({figure(rival.headline)}): "
            "this model is not worth using yet."
        )
    share = 1 - left / theirs if theirs > 0 else 0.0
    return (
        f"{percent(share)} fewer errors than the simple method, {name} ({figure(rival.headline)})."
    )


def labelled(study: "Overview") -> str:
    """Return how many images are labelled, and how many of those are checked."""
    checked = f", {study.checked:,} checked" if study.checked else ""
    return f"{study.labelled:,} labelled{checked}"


def label_state(one: "LabelState") -> str:
    """Return how far an image is, and who checked it when."""
    if one.check is not None:
        told = f"checked by {one.check.author or 'somebody'}, {moment(one.check.time)}"
    else:
        told = "labelled" if one.is_labelled else "not labelled yet"
    return f"{told}; strokes are not saved yet" if one.is_begun else told


def score_name(name: str) -> str:
    """Return a figure's name in words."""
    if ":" in name:
        kind, of = name.split(":", 1)
        if kind == "recall":  # told of each class of whole pictures alone
            return f"pictures sorted right: {of}"
        return f"{SCORE_NAMES.get(kind, kind).replace('_', ' ')}: {of}"
    return SCORE_NAMES.get(name, name.replace("_", " "))


def now(status: JobStatus) -> str:
    """Return what a job does at this moment, or how it ended, in one sentence."""
    if status.state == "queued":
        turn = "Waiting for its turn: one piece of work uses this computer at a time."
        return f"{status.message}." if status.cluster else turn
    if status.state == "finished":
        return "Finished: the model is ready, and its score stands in the results."
    if status.state == "cancelled":
        return status.message or "Stopped on request."
    if status.state == "lost":
        return status.message or "The process disappeared without a word; it can be resumed."
    if status.state == "failed":
        told = CAUSE_WORDS.get(status.cause or "error", "")
        return f"{told} {status.message}".strip()
    return status.message or STAGE_WORDS.get(status.stage, status.stage)


def moment(when: float) -> str:
    """Return a time in seconds since 1970 as e.g. `22 Nov, 14:05`."""
    local = time.localtime(when)
    return f"{local.tm_mday} {time.strftime('%b, %H:%M', local)}"


def clock(when: float) -> str:
    """Return a time in seconds since 1970 as e.g. `14:05:31`."""
    return time.strftime("%H:%M:%S", time.localtime(when))


def event(told: Event) -> str:
    """Return an event as a sentence."""
    values = told.values
    if told.name == "stage":
        stage = STAGE_WORDS.get(str(values.get("stage")), str(values.get("stage")))
        message = str(values.get("message", ""))
        return message or stage
    if told.name == "standing":
        return (
            f"{values['pipeline']} reached {values['score']:.3f} on the check images "
            f"in its trial of {values['samples']} picture parts"
        )
    if told.name == "race":
        return f"**{values['winner']}** did best in the trials and goes on from there"
    if told.name == "left_out":
        return f"{values['pipeline']} was left out: {values['message']}"
    if told.name == "end":
        return str(values.get("message") or STATE_WORDS.get(str(values.get("state")), "ended"))
    return str(values.get("message") or f"{told.name} {values or ''}")


def figure_name(column: str) -> str:
    """Return what a column of figures of images is called: `share vessel` -> `share of vessel`."""
    plain = {
        "objects": "objects an image",
        "mean area_px": "mean area of an object, px",
        "mean area_um2": "mean area of an object, µm²",
        "covered": "share of the image covered",
    }
    heads = {
        "objects ": "{} an image",
        "area_px ": "area of {}, px",
        "area_um2 ": "area of {}, µm²",
        "share ": "share of {}",
    }
    for head, told in heads.items():
        if column.startswith(head):
            return told.format(column.removeprefix(head))
    return plain.get(column, column)
