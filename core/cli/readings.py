"""Commands about how files are read: what their planes are, how large a pixel is."""

import argparse
from pathlib import Path
from typing import Any

from core import workflow
from core.cli import speech
from core.errors import TaskError
from core.paths import Workspace
from core.records import ImageRecord, to_plain


def readings(args: argparse.Namespace, workspace: Workspace) -> int:
    """Show how stacks can be read, or decide it with --as."""
    stacks = workflow.stacks(workspace, args.study)
    if args.reading:
        return _decide(args, workspace, stacks)
    chosen = [_chosen(stacks, args.image)] if args.image else [each[0] for each in stacks.values()]
    kinds = [_kind(image, stacks) for image in chosen]
    if args.pictures:
        _write_pictures(workspace, args.study, chosen, Path(args.pictures))
    lines = []
    for kind in kinds:
        state = "not decided yet" if kind["in_doubt"] else "decided"
        lines.append(f"{kind['kind']}: {len(kind['images'])} images, {state} ({kind['images'][0]})")
        lines += [f"  {each['name']:<16} {each['sentence']}" for each in kind["readings"]]
    lines = lines or ["every file holds one picture; nothing is in doubt"]
    speech.answer({"study": args.study, "kinds": kinds}, lines, as_json=args.json)
    return 0


def _decide(
    args: argparse.Namespace, workspace: Workspace, stacks: dict[str, list[ImageRecord]]
) -> int:
    image = _chosen(stacks, args.image)
    reading = workflow.reading_named(image, args.reading)
    done = workflow.read_as(workspace, args.study, image.id, reading, alike=not args.only)
    notes = done.sentences()
    plain = {"study": args.study, "reading": args.reading, **to_plain(done), "notes": notes}
    sentence = workflow.reading_sentence(image, reading)
    told = f"{sentence}; {len(done.images)} images, {len(done.added)} of them new"
    speech.answer(plain, [told, *(f"note  {note}" for note in notes)], as_json=args.json)
    return 0


def _chosen(stacks: dict[str, list[ImageRecord]], image_id: str | None) -> ImageRecord:
    """Return the image that is meant; TaskError where it has to be named."""
    if image_id:
        for images in stacks.values():
            for image in images:
                if image.id == image_id:
                    return image
        raise TaskError(f"there is no image {image_id!r} whose file holds several planes")
    if len(stacks) != 1:
        firsts = ", ".join(images[0].id for images in stacks.values()) or "none"
        raise TaskError(f"say with --image which files are meant; one of each kind: {firsts}")
    return next(iter(stacks.values()))[0]


def _kind(image: ImageRecord, stacks: dict[str, list[ImageRecord]]) -> dict[str, Any]:
    kind, alike = next(each for each in stacks.items() if image in each[1])
    return {
        "kind": kind,
        "images": [each.id for each in alike],
        "in_doubt": any(each.in_doubt for each in alike),
        "readings": [
            {"name": name, "sentence": sentence, "reading": to_plain(reading)}
            for name, sentence, reading in workflow.readings(image)
        ],
    }


def _write_pictures(
    workspace: Workspace, study: str, images: list[ImageRecord], folder: Path
) -> None:
    """Write a PNG of each reading of each image, named by both."""
    for image in images:
        ways = workflow.readings(image)
        shown = workflow.reading_pictures(workspace, study, image, [way for _, _, way in ways])
        for (name, _, _), pixels in zip(ways, shown, strict=True):
            workflow.write_picture(folder / f"{image.id}-{name}.png", pixels)


def scale(args: argparse.Namespace, workspace: Workspace) -> int:
    """Show pixel sizes, or set one: typed, or by a line of known length."""
    record = workflow.load_study(workspace, args.study)
    if args.um is None and args.line is None and args.length is None:
        sizes = {image.id: image.pixel_size_um for image in record.images}
        told = [
            f"{name}  {'not known' if um is None else f'{um:.6g} um'}" for name, um in sizes.items()
        ]
        speech.answer({"study": args.study, "pixel_sizes_um": sizes}, told, as_json=args.json)
        return 0
    if not args.image:
        raise TaskError("say with --image which image was measured")
    if args.um is None and (args.line is None or args.length is None):
        raise TaskError(
            "a measured line takes both: --line, where it is, and --length, how long in micrometres"
        )
    um = args.um
    if um is None:
        um = workflow.pixel_size_along(args.line, args.length)
    ids = workflow.set_pixel_size(workspace, args.study, args.image, um, alike=args.alike)
    plain = {"study": args.study, "pixel_size_um": um, "images": list(ids)}
    speech.answer(plain, [f"a pixel is {um:.6g} um in {len(ids)} images"], as_json=args.json)
    return 0
