"""One image under the brush: painter, tools, what was learned, save."""

import time
from itertools import groupby

import streamlit as st

from app import desk, presence, services, state, views
from app.components import (
    finding,
    layering,
    looking,
    painter,
    problem,
    proposing,
    readings,
    retouching,
    walk,
)
from app.overlay import Overlay
from app.proposed import Proposed
from app.studio import Studio
from app.tools import Gesture
from core.data import regions
from core.data.labels.model import Labels
from core.errors import AIxCellError, ConflictError
from core.records import ImageRecord, Kind, StudyRecord

TITLE = "Brush and clicks"
_TOOL_WIDGET = "painter-tool"
# The browser tells again what is not confirmed, every second and a half: a file that cannot be read
# may be readable then. Strokes tell at once, so that tellings alone would not take any time.
_TRIES, _PATIENCE_S = 4, 6.0
# Others draw on the image, or have stopped: looked at no more often.
_LOOK_S = 30.0


def show(study: StudyRecord, image: ImageRecord) -> None:
    """Draw the editor; a stroke redraws this part of the page only."""
    st.fragment(_editor)(study, image)


def _editor(study: StudyRecord, image: ImageRecord) -> None:
    with problem.shown():
        take()
        readings.tell()
        said = state.take_said()
        if said:  # the page's head is not drawn with each stroke
            st.toast(said)
        studio, overlay = _opened(study, image)
        walk.show(study, image, before_leaving=lambda: finish(studio))
        finding.show(studio, before_leaving=lambda: finish(studio))
        left, right = st.columns([7, 3], gap="large")
        with right:
            _news(studio)
            looking.show(study, image, fades_labels=True)
            layering.ghosts(study)
            tool, width_px = _palette(studio, image)
            retouching.show(studio)
            proposing.show(study, image, studio)
            _saving(studio)
        with left:
            painter.show(
                studio,
                overlay,
                views.painter_picture(study.name, image),
                tool=tool,
                width_px=width_px,
                on_gestures=take,
            )
            if studio.problem:
                st.caption(f":orange[:material/info: {studio.problem}.]")
            st.caption(painter.HELP)
        # The hand has its picture and its confirmation by now.
        if (tool == "box" or studio.draws_boxes) and not studio.is_regions:
            studio.taught.learn_boxes()


def take() -> None:
    """Put on the disk what the hand did, each stroke on the image it was made on.

    Runs before the page does: the image, or the whole page, may be another by now.
    """
    done = desk.gestures_done()
    new = [each for each in painter.sent() if int(each["number"]) > done]
    for (study, image_id, *part), gestures in groupby(new, key=lambda each: tuple(each["image"])):
        together = list(gestures)
        drawn = [each for each in together if each["what"] != "tool"]
        try:
            if drawn:
                _put(str(study), str(image_id), drawn, "".join(part))
        except AIxCellError as error:
            times, for_s = desk.count_failure(int(together[0]["number"]), painter.telling())
            if times < _TRIES or for_s < _PATIENCE_S:
                return
            state.say(f"A stroke needs your attention: {error}")
        for each in together:
            if each["what"] == "tool" and each["tool"] in painter.TOOLS:
                desk.choose_tool(each["tool"])  # by a key; the toolbar shows it
        desk.keep_gestures_done(int(together[-1]["number"]))


def _put(study: str, image_id: str, gestures: list[Gesture], part: str) -> None:
    kept = desk.studio()
    place = (study, image_id, part)
    if kept is not None and _place(kept[0]) == place:
        kept[0].take(gestures)
        return
    record = services.study(study)
    image = regions.named(record.image(image_id), part)
    is_here = (state.study(), state.image(), state.part()) == place
    studio = services.open_studio(record, image, state.tab(), presence.is_open if is_here else None)
    had_strokes = bool(studio.journal.entries)
    studio.take(gestures)
    if is_here:
        desk.keep_studio((studio, Overlay()))
    elif not had_strokes:
        # The image was left and saved meanwhile: what came late is saved like the rest.
        services.finish_studio(studio, complete=_was_complete(studio) or _told(studio))


def _opened(study: StudyRecord, image: ImageRecord) -> tuple[Studio, Overlay]:
    """Return the studio of this mount; journal and pixels are read once a mount token."""
    kept: tuple[Studio, Overlay] | None = desk.studio()
    if kept is not None and (kept[0].study, kept[0].image_id) == (study.name, image.id):
        return kept
    studio = services.open_studio(study, image, state.tab(), presence.is_open)
    left: Proposed | None = desk.take_proposed(_place(studio))
    if left is not None:  # what nobody accepted or rejected outlives a save
        studio.proposed = left
        left.leave_out_marked(studio.labels, joined=studio.is_regions)
    opened = studio, Overlay()
    desk.keep_studio(opened)
    return opened


def _place(studio: Studio) -> tuple[str, str, str]:
    return studio.study, studio.image_id, studio.part


def _news(studio: Studio) -> None:
    """Tell what happened to strokes elsewhere, and who else is at work here."""
    presence.note(state.tab())
    now = time.monotonic()
    if now - studio.looked >= _LOOK_S:
        studio.others = services.others_at_work(studio.study, studio.image_id, state.tab())
        studio.looked = now
    if studio.others:
        several = "are" if len(studio.others) > 1 else "is"
        st.warning(
            f"{' and '.join(each or 'Somebody' for each in studio.others)} {several} drawing on "
            "this image at the moment. Both versions will stay; one of them will have to be "
            "chosen.",
            icon=":material/group:",
        )
    for each in studio.news:
        st.info(each, icon=":material/history:")


def _palette(studio: Studio, image: ImageRecord) -> tuple[str, float]:
    tool_key, tool = desk.key_of(_TOOL_WIDGET, desk.tool())
    st.segmented_control(
        "Tool",
        list(painter.TOOLS),
        format_func=painter.TOOLS.__getitem__,
        default=tool,
        required=True,
        wrap=True,
        key=tool_key,
        on_change=_choose_tool,
        args=(tool_key,),
    )
    widget = f"painter-class-{desk.mount()}"
    class_key, name = desk.key_of(widget, studio.class_name)
    st.radio(
        "Class",
        studio.classes,
        index=studio.classes.index(name),
        key=class_key,
        horizontal=True,
        on_change=_choose_class,
        args=(studio, widget, class_key),
    )
    longest = max(image.shape_cyx[1:])
    width = st.slider(
        "Width, pixels of the image", 1.0, max(16.0, longest / 8), 8.0, key="brush-px"
    )
    return desk.tool(), float(width)


def _choose_tool(key: str) -> None:
    if desk.is_shown(_TOOL_WIDGET, key):
        desk.choose_tool(st.session_state[key])


def _choose_class(studio: Studio, widget: str, key: str) -> None:
    if desk.is_shown(widget, key):
        studio.class_name = st.session_state[key]


def _saving(studio: Studio) -> None:
    if _can_be_complete(studio):
        before = _was_complete(studio)
        complete = st.toggle(
            "All of it is marked",
            value=before,
            key=_complete_key(),
            help="On: what is not marked is background. Off: only what is marked counts.",
        )
        if complete != before:
            studio.tell_complete(complete)
    if st.button("Save", type="primary", icon=":material/save:", width="stretch", key="save-paint"):
        finish(studio, even_without_strokes=True)
        desk.keep_proposed(_place(studio), studio.proposed)
        st.rerun()
    counts = ", ".join(
        f"{name or 'no class'} {count}" for name, count in sorted(_counts(studio.labels).items())
    )
    st.caption(
        f"{counts or 'Nothing is marked yet'}. Every stroke is on the disk at once; Save makes a "
        "version of it."
    )


def _counts(labels: Labels) -> dict[str, int]:
    found: dict[str, int] = {}
    for item in labels.objects:
        found[item.class_name or ""] = found.get(item.class_name or "", 0) + 1
    return found


def _can_be_complete(studio: Studio) -> bool:
    return studio.kind is not Kind.SEMANTIC or studio.background is not None


def _complete_key() -> str:
    return f"painter-complete-{desk.mount()}"


def _told(studio: Studio) -> bool | None:
    """Return whether all is marked as told since the version; None: nobody told."""
    return studio.journal.complete if _can_be_complete(studio) else None


def _was_complete(studio: Studio) -> bool:
    if not _can_be_complete(studio):
        return False
    told = _told(studio)
    if told is not None:
        return told
    annotated_yx = studio.labels.annotated_yx
    # Of a large image this part may be new, though others are marked.
    is_new = studio.journal.base is None or (bool(studio.part) and not annotated_yx.any())
    return is_new or bool(annotated_yx.all())


def finish(studio: Studio, *, even_without_strokes: bool = False) -> bool:
    """Make a version of the strokes; return whether the page may go on."""
    if not even_without_strokes and not studio.journal.entries:
        return True
    try:
        services.finish_studio(studio, complete=_complete(studio))
    except ConflictError:
        desk.remount()
        raise
    desk.remount()
    state.say("Saved.")
    return True


def _complete(studio: Studio) -> bool | None:
    """Return what the toggle says; None where every class is marked and none is the rest."""
    if not _can_be_complete(studio):
        return None
    return bool(st.session_state.get(_complete_key(), _was_complete(studio)))
