"""One image under the pen: canvas, palette, save."""

import streamlit as st

from app import desk, painted, presence, services, sheet, state, views, wording
from app.components import canvas, layering, leftovers, looking, problem, readings, walk, wishes
from app.sheet import Sheet
from core.data import regions
from core.data.labels.model import Labels
from core.errors import ConflictError, DataError, StudyError
from core.records import ImageRecord, Kind, StudyRecord

_WIDTH_PX = 8.0


def show(study: StudyRecord, image: ImageRecord) -> None:
    """Draw the editor; a stroke redraws this part of the page only."""
    st.fragment(_editor)(study, image)


def finish(study: StudyRecord, image: ImageRecord) -> bool:
    """Save what waits on the canvas, though it is not drawn any more; return if there was some."""
    mounted = _mounted(study, image)
    sheet.keep_draft(mounted, canvas.current(_key()), author=services.author())
    return sheet.has_draft(mounted) and _keep(mounted, _complete(mounted))


def _editor(study: StudyRecord, image: ImageRecord) -> None:
    with problem.shown():
        mounted = _mounted(study, image)
        readings.tell()
        # A stroke and a click on "next" may arrive together: the stroke comes first.
        sheet.keep_draft(mounted, canvas.current(_key()), author=services.author())
        walk.show(study, image, before_leaving=lambda: _keep(mounted, _complete(mounted)))
        leftovers.show(mounted)
        left, right = st.columns([7, 3], gap="large")
        with right:
            looking.show(study, image)
            layering.ghosts(study)
            tool, brush, width_px = _palette(mounted)
        with left:
            _zoom(mounted)
            st.space("small")  # the canvas's own toolbar lies here
            drawn = canvas.show(
                views.canvas_view(mounted),
                mounted.initial,
                tool=tool,
                color=mounted.colors[brush],
                width_px=width_px,
                key=_key(),
            )
            st.caption(
                f"{canvas.TOOL_HELP[tool]} The arrows above the picture undo; the pencil there "
                "moves, reshapes and deletes what is drawn."
            )
        sheet.keep_draft(mounted, drawn, author=services.author())
        with right:
            _saving(mounted)


def _key() -> str:
    return f"canvas-{desk.mount()}"


def _mounted(study: StudyRecord, image: ImageRecord) -> Sheet:
    """Return the sheet of this mount; read from disk once a mount token."""
    mounted: Sheet | None = desk.sheet()
    presence.note(state.tab())
    if mounted is None or mounted.image.id != image.id or mounted.study != study.name:
        mounted = views.open_sheet(study, image, canvas.ZOOMS[desk.zoom()], tab=state.tab())
        older = _older(study, image, mounted)
        if older is not None and sheet.changes_outlines(older):
            _keep_beside(older)
        # What is new in it lies on what counts now; the rest is in that version.
        sheet.keep_draft(mounted, mounted.initial, author=services.author())
        desk.keep_sheet(mounted)
    return mounted


def _older(study: StudyRecord, image: ImageRecord, mounted: Sheet) -> Sheet | None:
    """Return the sheet on which an older draft was drawn; None: there is none, or it is damaged."""
    version = sheet.drawn_on(mounted)
    if version is None:
        return None
    try:
        loaded = services.load_labels(study.name, image.id, regions.of(image), version)
    except (DataError, StudyError):
        return None
    folder = services.study_dir(study.name)
    return sheet.open_sheet(study, image, folder, loaded, mounted.scale, tab=state.tab())


def _keep_beside(older: Sheet) -> None:
    """Make a version of a draft that changes outlines others may have changed since."""
    complete, author = sheet.is_complete(older), services.author()
    labels = painted.finished(older, complete=complete, author=author)
    try:
        services.save_labels(
            older.study, older.image.id, labels, parent=older.version, place=older.place
        )
    except ConflictError as error:  # as it must be: another version counts
        state.keep_told([*state.told(), str(error)])


def _zoom(mounted: Sheet) -> None:
    """Draw the enlargement; another one mounts the canvas anew, strokes and all."""
    zooms = list(canvas.ZOOMS)
    picked = st.segmented_control(
        "Enlarge",
        zooms,
        default=desk.zoom(),
        required=True,
        label_visibility="collapsed",
        key=f"zoom-{desk.mount()}",
    )
    if picked != desk.zoom():
        desk.choose_zoom(picked)
        st.rerun(scope="fragment")


def _palette(mounted: Sheet) -> tuple[str, str, float]:
    """Draw tools and classes; return the tool, the class and the width of brush and dot."""
    tool = st.segmented_control(
        "Tool", list(canvas.TOOLS), default="Outline", required=True, wrap=True, key="tool"
    )
    brushes = [*(name for name in mounted.classes if name != mounted.background)]
    brushes += [mounted.background] if mounted.background is not None else []
    brushes.append(sheet.ERASER)
    brush = st.radio(
        "Class", brushes, key=f"brush-{mounted.study}-{len(brushes)}", format_func=_brush_name
    )
    wishes.legend(mounted.classes, mounted.background)
    width_px = _WIDTH_PX
    if tool in canvas.SIZED:
        longest = max(mounted.image.shape_cyx[1:])
        largest = max(2 * _WIDTH_PX, longest / 8)
        width_px = st.slider("Width, pixels of the image", 1.0, largest, width_px, key="width")
    return tool, brush, width_px


def _brush_name(name: str) -> str:
    return "Eraser" if name == sheet.ERASER else name


def _saving(mounted: Sheet) -> None:
    unsaved = sheet.has_draft(mounted)
    complete = _complete_toggle(mounted)
    if st.button(
        "Save",
        type="primary",
        icon=":material/save:",
        width="stretch",
        key="save-labels",
        help="Keeps a new version; earlier ones stay on disk.",
    ) and _keep(mounted, complete, even_without_strokes=True):
        st.rerun()
    if st.button(
        "Nothing here",
        icon=":material/hide_image:",
        width="stretch",
        key="nothing-here",
        disabled=not painted.can_be_empty(mounted) or bool(mounted.labels.objects) or unsaved,
        help="Marks the whole image as empty: the model learns that nothing of interest is in it."
        if not (mounted.labels.objects or unsaved)
        else "Something is marked in this image.",
    ):
        services.save_labels(
            mounted.study,
            mounted.image.id,
            painted.nothing_here(mounted),
            parent=mounted.version,
            place=mounted.place,
        )
        _saved(mounted, "Marked as empty.")
        st.rerun()
    if unsaved and st.button(
        "Discard what is not saved", type="tertiary", icon=":material/undo:", key="discard"
    ):
        sheet.drop_draft(mounted)
        desk.remount()
        st.rerun(scope="fragment")
    _standing(mounted, unsaved)


def _standing(mounted: Sheet, unsaved: bool) -> None:
    """Tell what is saved and what is not."""
    if unsaved:
        st.caption(":orange[:material/edit: Not saved yet]; kept on this computer meanwhile.")
    elif mounted.version is None:
        st.caption("Not labelled yet.")
    else:
        marked = _marked(mounted, mounted.labels)
        st.caption(f":green[:material/check_circle: Saved]: {marked}.")


def _marked(mounted: Sheet, labels: Labels) -> str:
    """Return how much is marked, in words."""
    if not labels.objects:
        return "nothing here"
    if mounted.kind is Kind.SEMANTIC:
        return wording.plural(len(labels.objects), "class", "classes")
    return wording.plural(len(labels.objects), "object")


def _complete_toggle(mounted: Sheet) -> bool:
    if not painted.can_be_empty(mounted):
        return False
    complete = st.toggle(
        "All of it is marked",
        value=sheet.is_complete(mounted),
        key=f"complete-{desk.mount()}",
        help="On: what is not marked is background. Off: only what is marked counts, the rest of "
        "the image is left out of learning and scoring.",
    )
    sheet.tell_complete(mounted, complete)
    return complete


def _complete(mounted: Sheet) -> bool:
    return bool(st.session_state.get(f"complete-{desk.mount()}", sheet.is_complete(mounted)))


def _keep(mounted: Sheet, complete: bool, *, even_without_strokes: bool = False) -> bool:
    """Save what is drawn; return whether the page may go on."""
    if not sheet.has_draft(mounted) and not even_without_strokes:
        return True
    labels = painted.finished(mounted, complete=complete, author=services.author())
    try:
        services.save_labels(
            mounted.study, mounted.image.id, labels, parent=mounted.version, place=mounted.place
        )
    except ConflictError:
        sheet.note_kept(mounted)
        desk.remount()  # the strokes stay in the draft and go on top of the newer labels
        raise
    _saved(mounted, f"Saved: {_marked(mounted, labels)}.")
    return True


def _saved(mounted: Sheet, told: str) -> None:
    sheet.drop_draft(mounted)
    desk.remount()
    state.say(told)
