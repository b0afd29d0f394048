"""Commands about the library: stats, assess, exchange, campaign."""

import argparse
from pathlib import Path

from core import campaign as campaigns
from core import workflow
from core.cli import speech
from core.paths import Workspace
from core.records import to_plain


def stats(args: argparse.Namespace, workspace: Workspace) -> int:
    """Show what the library holds."""
    workflow.collect(workspace)
    plain = to_plain(workflow.library_stats(workspace))
    lines = [f"{name:<20} {value}" for name, value in plain.items()]
    speech.answer(plain, lines, as_json=args.json)
    return 0


def assess(args: argparse.Namespace, workspace: Workspace) -> int:
    """Show how good the advice is, one data set left out at a time."""
    from core.autokonfig.assess import lines

    found = workflow.assess(workspace)
    speech.answer(to_plain(found), lines(found), as_json=args.json)
    return 0


def export(args: argparse.Namespace, workspace: Workspace) -> int:
    """Write what this workspace learned to a file for another lab."""
    count = workflow.export_library(workspace, Path(args.file))
    plain = {"file": args.file, "runs": count}
    speech.answer(plain, [f"{count} runs written to {args.file}"], as_json=args.json)
    return 0


def import_(args: argparse.Namespace, workspace: Workspace) -> int:
    """Take over what another lab learned."""
    count = workflow.import_library(workspace, Path(args.file))
    plain = {"file": args.file, "new_runs": count}
    speech.answer(plain, [f"{count} new runs from {args.file}"], as_json=args.json)
    return 0


def campaign(args: argparse.Namespace, workspace: Workspace) -> int:
    """Run many plans, one line of the output for each; what stands there is not run again."""
    wanted = campaigns.load(Path(args.file))
    out = Path(args.out) if args.out else campaigns.default_out(wanted)
    counts: dict[str, int] = {}
    with speech.ProgressLine() as line:
        for row in campaigns.run(workspace, wanted, out, on_status=line):
            counts[row.state] = counts.get(row.state, 0) + 1
            reached = "" if row.validation is None else f" validation {row.validation:.3f}"
            speech.note(f"{row.data_set} {row.pipeline} seed {row.seed}: {row.state}{reached}")
    plain = {"campaign": wanted.name, "out": str(out), "runs": counts}
    told = [f"{number} runs {state}" for state, number in counts.items()]
    speech.answer(plain, [*told, str(out)], as_json=args.json)
    return 0
