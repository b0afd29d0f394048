"""Commands about a study: import, task, inspect, recommend."""

import argparse
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core import workflow
from core.cli import limits, speech
from core.cli.units import clock
from core.errors import TableError
from core.paths import Workspace
from core.records import LABEL_STATES, Kind, Recommended, TaskSpec, to_plain

if TYPE_CHECKING:
    from core.data.label_states import LabelState


def import_(args: argparse.Namespace, workspace: Workspace) -> int:
    """Take files into a study; 1 where not a single one could be used."""
    report = workflow.import_files(
        workspace,
        args.study,
        [Path(path) for path in args.paths],
        test=[Path(path) for path in args.test],
        table=Path(args.table) if args.table else None,
        repair=args.repair,
    )
    plain = {
        "study": args.study,
        "added": list(report.added),
        "labelled": list(report.labelled),
        "notices": [to_plain(notice) for notice in report.notices],
        "refused": [to_plain(notice) for notice in report.refused],
    }
    told = [
        f"{len(report.added)} images imported into {args.study}, "
        f"{len(report.labelled)} with labels",
        *(f"note     {notice.message}" for notice in report.notices),
        *(f"refused  {notice.message}" for notice in report.refused),
    ]
    speech.answer(plain, told, as_json=args.json)
    return 0 if report.added or report.labelled or not report.refused else 1


def images(args: argparse.Namespace, workspace: Workspace) -> int:
    """List the images: to do, begun, labelled, or checked by whom and when."""
    record = workflow.load_study(workspace, args.study)
    found = workflow.label_states(workspace, args.study)
    shown = [each for each in record.images if args.state in (None, found[each.id].state)]
    plain = {
        "study": args.study,
        "images": [
            {
                "image": each.id,
                "file": each.original_name,
                "state": found[each.id].state,
                "labelled": found[each.id].is_labelled,
                "checked": to_plain(found[each.id].check),
                "class": each.image_class,
                "group": each.group,
                "condition": each.condition,
            }
            for each in shown
        ],
    }
    counts = Counter(one.state for one in found.values())
    told = [
        *(f"{found[each.id].state:<9} {each.original_name}{_by(found[each.id])}" for each in shown),
        f"{len(found)} images: "
        + ", ".join(f"{counts[state]} {state}" for state in LABEL_STATES if counts[state]),
    ]
    speech.answer(plain, told, as_json=args.json)
    return 0


def _by(state: "LabelState") -> str:
    return f"  by {state.check.author}" if state.check and state.check.author else ""


def groups(args: argparse.Namespace, workspace: Workspace) -> int:
    """Tell where images come from, by pattern or sheet; without either a pattern is suggested."""
    if args.table:
        told = workflow.told_by_sheet(workspace, args.study, Path(args.table))
    else:
        pattern = args.pattern or workflow.suggest_pattern(workspace, args.study)
        if not pattern:
            raise TableError(
                "the file names suggest no pattern; write one with --pattern, for example "
                "'{donor}_{treatment}_{*}', or bring a sheet with --table"
            )
        told = workflow.told_by_pattern(workspace, args.study, pattern)
    seen = workflow.suggest_columns(told)
    chosen = replace(
        seen,
        group=seen.group if args.group is None else tuple(args.group),
        conditions=seen.conditions if args.conditions is None else tuple(args.conditions),
    )
    if args.show:
        notes = told.sentences()
    else:
        notes = workflow.set_groups(workspace, args.study, told, chosen)
    plain = {
        "study": args.study,
        "pattern": told.pattern,
        "group": list(chosen.group),
        "conditions": list(chosen.conditions),
        "images": [{"file": line.file, "facts": line.facts} for line in told.lines],
        "unknown": list(told.unknown),
        "notes": notes,
        "kept": not args.show,
    }
    lines = [
        f"pattern    {told.pattern}" if told.pattern else f"sheet      {args.table}",
        f"group      {', '.join(chosen.group) or 'none'}",
        f"conditions {', '.join(chosen.conditions) or 'none'}",
        *(f"note       {note}" for note in notes),
    ]
    if args.show:
        lines += [f"{line.file}  {_facts(line.facts)}" for line in told.lines]
    speech.answer(plain, lines, as_json=args.json)
    return 0


def _facts(facts: dict[str, str] | None) -> str:
    if facts is None:
        return "nothing is told"
    return "  ".join(f"{name}={value}" for name, value in facts.items())


def task(args: argparse.Namespace, workspace: Workspace) -> int:
    """Say what is wanted; what is left out is taken from the labels."""
    spec = _spec(args, workspace)
    report = workflow.set_task(workspace, args.study, spec)
    plain = {
        "study": args.study,
        "task": to_plain(spec),
        "refused": [to_plain(notice) for notice in report.refused],
    }
    told = [
        f"{args.study}: {spec.kind}, classes {', '.join(spec.classes)}",
        *(f"refused  {notice.message}" for notice in report.refused),
    ]
    speech.answer(plain, told, as_json=args.json)
    return 0


def _spec(args: argparse.Namespace, workspace: Workspace) -> TaskSpec:
    """Return the task of the command line; what it leaves out comes from task and labels."""
    suggested = workflow.suggest_task(workspace, args.study)
    kind = Kind(args.kind) if args.kind else suggested.kind
    known = suggested.kind is kind
    classes = tuple(args.classes) or (suggested.classes if known else ())
    if not classes and kind is Kind.INSTANCE:
        classes = ("object",)
    told = {
        "seconds": args.time,
        "wanted_score": args.score,
        "fast_prediction": args.fast_prediction,
    }
    return TaskSpec(
        kind=kind,
        classes=classes,
        background=args.background
        or (suggested.background if known and not args.classes else None),
        wishes=replace(
            suggested.wishes, **{name: value for name, value in told.items() if value is not None}
        ),
    )


def inspect(args: argparse.Namespace, workspace: Workspace) -> int:
    """Show checks, split and fingerprint."""
    findings = workflow.inspect(workspace, args.study)
    with speech.ProgressLine() as line:
        found = workflow.describe(workspace, args.study, seed=args.seed, on_status=line)
    split = workflow.make_split(workspace, args.study, args.seed)
    record = workflow.load_study(workspace, args.study)
    sides = {side: list(getattr(split, side)) for side in ("train", "validation", "test")}
    plain = {
        "study": args.study,
        "images": len(record.images),
        "task": to_plain(record.task),
        "split": {**sides, "by_group": split.by_group, "seed": split.seed},
        "findings": [to_plain(finding) for finding in findings],
        "fingerprint": to_plain(found),
    }
    told = [
        f"{len(record.images)} images; "
        + ", ".join(f"{len(ids)} for {side}" for side, ids in sides.items())
        + (", split by group" if split.by_group else ""),
        *(f"note  {finding.message}" for finding in findings),
        *(f"{name:<28} {value:.4g}" for name, value in sorted(found.values.items())),
    ]
    speech.answer(plain, told, as_json=args.json)
    return 0


def recommend(args: argparse.Namespace, workspace: Workspace) -> int:
    """Show ranked pipelines for the study, the time and the memory."""
    budget = limits.budget(args, workspace)
    with speech.ProgressLine() as line:
        advice = workflow.recommend(workspace, args.study, budget, seed=args.seed, on_status=line)
    plain = {
        "study": args.study,
        "pipelines": [
            {
                "name": each.pipeline.name,
                "score": each.score,
                "score_low": each.score_low,
                "score_high": each.score_high,
                "seconds": each.seconds,
                "memory_gib": each.memory_gib,
                "reasons": list(each.reasons),
                "feasible": each.feasible,
                "summary": each.pipeline.summary,
            }
            for each in advice.pipelines
        ],
        "neighbours": [to_plain(each) for each in advice.neighbours],
        "weight": advice.weight,
        "runs": advice.runs,
        "data_sets": advice.data_sets,
        "notes": list(advice.notes),
    }
    told = [_pipeline_line(place, each) for place, each in enumerate(advice.pipelines, start=1)]
    speech.answer(plain, [*told, *advice.notes], as_json=args.json)
    return 0


def _pipeline_line(place: int, each: Recommended) -> str:
    figures = (
        f"{each.score:.3f} ({each.score_low:.3f} to {each.score_high:.3f})  "
        f"{clock(each.seconds):>6}  {each.memory_gib:4.1f} GiB"
    )
    why = " ".join(each.reasons)
    barred = "" if each.feasible else "  [not within the limits]"
    return f"{place:2}. {each.pipeline.name:<36} {figures}{barred}\n      {why}"
