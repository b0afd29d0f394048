"""What the planes of a file are: the ways to read it as small pictures, and one click decides."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

import streamlit as st

from app import desk, services, state, wording
from app.components import problem
from app.components.panels import Panel
from core.records import ImageRecord, Reading, StudyRecord

_COLUMNS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Card:
    """One way to read a file."""

    reading: Reading
    sentence: str
    picture: bytes
    planes: int = 1
    """How many there are to choose from, where one plane alone is shown."""
    depths: int = 1
    """How many there are to choose from, where one depth is shown."""


def ask(study: StudyRecord) -> None:
    """Ask of the first kind of file that is in doubt."""
    tell()
    stacks = services.stacks(study.name)
    asked = _asked(stacks)
    if asked:  # one question at a time: each looks into a file
        with st.container(border=True, key="reading-asked"):
            st.fragment(_chooser)(study, stacks[asked[0]], _plain(asked[0]))
            if len(asked) > 1:
                st.caption(f"Then {wording.plural(len(asked) - 1, 'more kind')} of files.")


def panels(study: StudyRecord) -> list[Panel]:
    """Return the panel in which decided kinds of files can be changed; none without such."""
    stacks = services.stacks(study.name)
    asked = _asked(stacks)
    decided = {kind: images for kind, images in stacks.items() if kind not in asked}
    if not decided:
        return []
    told = dict.fromkeys(_now(images[0]) for images in decided.values())
    return [
        Panel(
            key="readings",
            title="Channels, depths, times",
            icon="layers",
            told="; ".join(told),
            draw=lambda: _draw_decided(study, decided),
        )
    ]


def _asked(stacks: Mapping[str, list[ImageRecord]]) -> list[str]:
    return [kind for kind, images in stacks.items() if any(image.in_doubt for image in images)]


def warn(image: ImageRecord) -> None:
    """Say above an image under the pen that nobody decided what it shows."""
    if image.in_doubt:
        st.warning(
            "This file holds several planes and only one of them is shown. Say first, under All "
            "images, what they are; labels belong to the plane they are drawn on.",
            icon=":material/layers:",
        )


def tell() -> None:
    """Tell what became of labels, until it is dismissed."""
    told = state.told()
    if told:
        with st.container(border=True, key="readings-told"):
            st.warning("  \n".join(told), icon=":material/layers:")
            if st.button("Dismiss", key="dismiss-told"):
                state.keep_told([])
                st.rerun()


def _draw_decided(study: StudyRecord, decided: dict[str, list[ImageRecord]]) -> None:
    for kind, images in decided.items():
        st.fragment(_chooser)(study, images, _plain(kind))


def _chooser(study: StudyRecord, images: list[ImageRecord], key: str) -> None:
    with problem.shown():
        image = next((each for each in images if each.in_doubt), images[0])
        files = len({each.file for each in images})
        st.markdown(f"**{services.reading_question(image)}**")
        st.caption(_advice(image, files))
        _warn_of_labels(study, images)
        with st.spinner("Looking at the planes …"):
            cards = _cards(study, image, key)
        only = False
        if files > 1:
            only = st.checkbox(
                f"Only for {image.original_name}",
                key=f"reading-only-{key}",
                help="Else it holds for all files of this kind, and for those that come later.",
            )
        for start in range(0, len(cards), _COLUMNS):
            with st.container(key=f"readings-row-{key}-{start}"):
                for place, column in enumerate(st.columns(_COLUMNS)[: len(cards) - start], start):
                    with column:
                        _draw(study, image, cards[place], (key, place), alike=not only)


def _cards(study: StudyRecord, image: ImageRecord, key: str) -> list[_Card]:
    *ways, (_, page) = services.readings(image)
    whole = tuple(way for _, way in ways if services.depths_of(image, way) == 1)
    shown = dict(zip(whole, services.reading_pictures(study.name, image, whole), strict=True))
    cards = []
    for place, way in enumerate([*(way for _, way in ways), page]):
        chosen = way if way in shown else _looked_at(image, way, key, place)
        # What can be leafed through is looked at singly: the others keep their pictures.
        [picture] = (
            [shown[way]]
            if way in shown
            else services.reading_pictures(study.name, image, (chosen,))
        )
        cards.append(
            _Card(
                reading=chosen,
                sentence=services.reading_sentence(image, chosen),
                picture=picture,
                planes=services.planes_of(image, chosen) if way == page else 1,
                depths=services.depths_of(image, chosen),
            )
        )
    return cards


def _looked_at(image: ImageRecord, way: Reading, key: str, place: int) -> Reading:
    """Return the way with the plane or depth the user looks at, at first the one that is used."""
    number = st.session_state.get(f"page-{key}-{place}")
    now = services.reading_now(image)
    if services.depths_of(image, way) > 1:
        used = now.depth if now == replace(way, depth=now.depth) else way.depth
        return replace(way, depth=used if number is None else int(number) - 1)
    used = now.plane if now == replace(way, plane=now.plane) else 0
    return replace(way, plane=used if number is None else int(number) - 1)


def _draw(
    study: StudyRecord, image: ImageRecord, card: _Card, at: tuple[str, int], *, alike: bool
) -> None:
    key, place = at
    st.image(card.picture, width="stretch")
    st.caption(_capital(card.sentence))
    if not image.in_doubt and services.reading_now(image) == card.reading:
        st.badge("as it is now", icon=":material/check:", color="green")
    elif st.button("This one", key=f"reading-{key}-{place}", width="stretch"):
        _decide(study, image, card, alike=alike)
    if card.planes > 1 or card.depths > 1:
        one_depth = card.depths > 1
        st.number_input(
            "Which depth" if one_depth else "Which one",
            min_value=1,
            max_value=card.depths if one_depth else card.planes,
            value=(card.reading.depth if one_depth else card.reading.plane) + 1,
            key=f"page-{key}-{place}",
        )


def _decide(study: StudyRecord, image: ImageRecord, card: _Card, *, alike: bool) -> None:
    with st.spinner("Reading the files …"):
        done = services.read_as(study.name, image.id, card.reading, alike=alike)
    desk.remount()
    verb = "is" if done.files == 1 else "are"
    state.say(f"{wording.plural(done.files, 'file')} {verb} read now as {card.sentence}.")
    state.keep_told([f"{each}." for each in done.sentences()])
    st.rerun()


def _advice(image: ImageRecord, files: int) -> str:
    more = "" if files == 1 else f" {wording.plural(files, 'file')} are of this kind."
    if image.in_doubt:
        return f"Choose the picture that is right.{more} You can change it later."
    return f"You can choose another way.{more}"


def _warn_of_labels(study: StudyRecord, images: list[ImageRecord]) -> None:
    labelled = set(services.labelled(study.name)) & {image.id for image in images}
    if labelled:
        st.caption(
            f":orange[:material/warning:] {wording.plural(len(labelled), 'image')} of this kind "
            f"{'is' if len(labelled) == 1 else 'are'} labelled. Labels are set aside where other "
            "pixels are shown, and count again when theirs are shown again."
        )


def _now(image: ImageRecord) -> str:
    return services.reading_sentence(image, services.reading_now(image))


def _capital(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]


def _plain(kind: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", kind)
