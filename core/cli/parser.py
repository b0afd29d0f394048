"""What can be written on the command line, and who does it."""

import argparse
import sys
from collections.abc import Sequence

from core.cli import dashboard, demo, library, readings, runs, speech, studies, units
from core.errors import AIxCellError, PlanError, StudyError, TaskError
from core.jobs import address
from core.paths import Workspace
from core.records import LABEL_STATES, Kind

CLUSTER_HELP = f"train and predict on the Ray cluster there (or {address.SETTING})"
FORMATS = (
    "labels", "classes", "binary", "colors", "pieces", "coco", "imagej", "geojson", "labelme",
)  # fmt: skip
"""The formats of core.data.labels.exchange, which is too heavy to import for a help text."""
DONE, FAILED, WRONG, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 1 failed (one sentence tells why), 2 wrong usage."""
    args = _parser().parse_args(arguments)
    workspace = Workspace.at(args.workspace)
    try:
        _check_names(args, workspace)
        if args.cluster:
            address.use(args.cluster)
        return int(args.command(args, workspace))
    except AIxCellError as error:
        speech.answer({"error": str(error)}, [], as_json=getattr(args, "json", False))
        speech.note(f"aixcell: {error}")
        return WRONG if isinstance(error, (TaskError, PlanError, UnknownNameError)) else FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


class UnknownNameError(StudyError):
    """The command line names a study or run that is not there."""


def _check_names(args: argparse.Namespace, workspace: Workspace) -> None:
    """Raise UnknownNameError for a study or run that is not there, before anything is done."""
    try:
        if getattr(args, "run", None):
            workspace.find_job(args.run)
        what = getattr(args, "what", None)
        if what and not workspace.study(what).record.exists() and not workspace.has_job(what):
            raise UnknownNameError(
                f"there is neither a study nor a job {what!r} in {workspace.root}; "
                "`aixcell runs` lists the runs of each study"
            )
        if getattr(args, "study", None):
            folder = workspace.study(args.study)
            if not getattr(args, "may_create", False) and not folder.record.exists():
                raise UnknownNameError(
                    f"there is no study {args.study!r} in {workspace.root}; "
                    f"`aixcell import {args.study} PATH` makes it"
                )
    except StudyError as error:
        raise UnknownNameError(str(error)) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aixcell",
        description="From microscopy images to a trained, honestly scored model.",
        epilog="Without a command the dashboard opens in the browser.",
    )
    parser.add_argument("--workspace", metavar="DIR", help="where everything lies (~/aixcell)")
    parser.add_argument("--cluster", metavar="HOST:PORT", help=CLUSTER_HELP)
    parser.add_argument(
        "--host", type=units.host, default="127.0.0.1", help="address the dashboard answers on"
    )
    parser.add_argument("--port", type=int, default=8501, help="port of the dashboard")
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    parser.set_defaults(command=dashboard.open_)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_study_commands(commands)
    _add_run_commands(commands)
    _add_library_commands(commands)
    return parser


# argparse gives this type no public name.
Commands = argparse._SubParsersAction


def _add(
    commands: "Commands[argparse.ArgumentParser]", name: str, does: str
) -> argparse.ArgumentParser:
    """Add a command with the options that all have."""
    command = commands.add_parser(name, help=does, description=does)
    command.add_argument(
        "--workspace", metavar="DIR", default=argparse.SUPPRESS, help="where everything lies"
    )
    command.add_argument(
        "--cluster", metavar="HOST:PORT", default=argparse.SUPPRESS, help=CLUSTER_HELP
    )
    command.add_argument("--json", action="store_true", help="print one JSON object")
    return command


def _add_study_commands(commands: "Commands[argparse.ArgumentParser]") -> None:
    command = _add(commands, "demo", "the whole main job on the simulated sample study")
    _add_limits(command)
    command.set_defaults(command=demo.demo, detach=False, pipeline=None, start_from=None)

    command = _add(commands, "import", "take images, masks and tables into a study")
    command.add_argument("study", metavar="STUDY")
    command.add_argument("paths", metavar="PATH", nargs="+", help="files, folders, zips")
    command.add_argument(
        "--test", metavar="PATH", action="extend", nargs="+", default=[],
        help="images that are only for the test, with their labels",
    )  # fmt: skip
    command.add_argument(
        "--table",
        metavar="FILE",
        help="CSV or Excel: file, class, group, split, condition, and what else is known",
    )
    command.add_argument(
        "--repair", action="store_true", help="cut blurred masks (JPEG, resized) at the middle"
    )
    command.set_defaults(command=studies.import_, may_create=True)

    command = _add(commands, "images", "the images of a study, and how far each is")
    command.add_argument("study", metavar="STUDY")
    command.add_argument(
        "--state", choices=LABEL_STATES, help="only those; checked: a person found them right"
    )
    command.set_defaults(command=studies.images)

    command = _add(commands, "groups", "where images come from: by file name, or by a sheet")
    command.add_argument("study", metavar="STUDY")
    way = command.add_mutually_exclusive_group()
    way.add_argument("--pattern", metavar="TEXT", help="e.g. '{donor}_{treatment}_{date}_{*}'")
    way.add_argument("--table", metavar="FILE", help="CSV or Excel with a column `file`")
    command.add_argument(
        "--group", nargs="+", metavar="COLUMN", help="what must not be split, e.g. donor"
    )
    command.add_argument(
        "--conditions", nargs="+", metavar="COLUMN", help="what is compared, e.g. treatment dose"
    )
    command.add_argument("--show", action="store_true", help="show the table, keep nothing")
    command.set_defaults(command=studies.groups)

    _add_reading_commands(commands)

    command = _add(commands, "task", "say what is wanted")
    command.add_argument("study", metavar="STUDY")
    command.add_argument("--kind", choices=[kind.value for kind in Kind])
    command.add_argument("--classes", nargs="+", default=[], metavar="NAME")
    command.add_argument("--background", metavar="NAME", help="the class that does not count")
    command.add_argument("--score", type=units.share, help="wanted score, from 0 to 1")
    command.add_argument("--time", type=units.seconds, help="what a training may take, e.g. 10m")
    command.add_argument("--fast-prediction", action=argparse.BooleanOptionalAction)
    command.set_defaults(command=studies.task)

    command = _add(commands, "inspect", "checks, split and fingerprint")
    command.add_argument("study", metavar="STUDY")
    command.add_argument("--seed", type=int, default=0)
    command.set_defaults(command=studies.inspect)

    command = _add(commands, "recommend", "pipelines ranked for a study, a time and a memory")
    command.add_argument("study", metavar="STUDY")
    _add_limits(command)
    command.set_defaults(command=studies.recommend)


def _add_reading_commands(commands: "Commands[argparse.ArgumentParser]") -> None:
    command = _add(commands, "readings", "what the planes of a file are: channels, depths, times")
    command.add_argument("study", metavar="STUDY")
    command.add_argument("--image", metavar="ID", help="whose file is meant")
    command.add_argument(
        "--as", dest="reading", metavar="NAME", help="channels, z-max, times, page-3 ..."
    )
    command.add_argument(
        "--only", action="store_true", help="this file alone, not all of its kind, now and later"
    )
    command.add_argument("--pictures", metavar="DIR", help="write a small picture of each")
    command.set_defaults(command=readings.readings)

    command = _add(commands, "scale", "how large a pixel is")
    command.add_argument("study", metavar="STUDY")
    command.add_argument("--image", metavar="ID", help="which image was measured")
    way = command.add_mutually_exclusive_group()
    way.add_argument("--um", type=float, metavar="SIZE", help="width of a pixel in micrometres")
    way.add_argument(
        "--line", type=float, nargs=4, metavar=("COLUMN", "ROW", "COLUMN", "ROW"),
        help="two ends of a known length, in pixels",
    )  # fmt: skip
    command.add_argument("--length", type=float, metavar="UM", help="length of --line")
    command.add_argument(
        "--alike", action="store_true", help="also images of this kind, now and later"
    )
    command.set_defaults(command=readings.scale)


def _add_run_commands(commands: "Commands[argparse.ArgumentParser]") -> None:
    command = _add(commands, "train", "train and score a model")
    command.add_argument("study", metavar="STUDY")
    command.add_argument("--pipeline", metavar="NAME", help="this one instead of the best advised")
    command.add_argument("--detach", action="store_true", help="do not wait for the end")
    command.add_argument(
        "--from", dest="start_from", metavar="RUN",
        help="go on from this run's model (or a model's folder), with all images there are now",
    )  # fmt: skip
    _add_limits(command)
    command.set_defaults(command=runs.train)

    command = _add(commands, "runs", "list trainings")
    command.add_argument("study", metavar="STUDY", nargs="?")
    command.set_defaults(command=runs.runs)

    for name, does, action in (
        ("watch", "show a run until it ends", runs.watch),
        ("cancel", "stop a run, queued or running", runs.cancel),
        ("resume", "go on with a lost, cancelled or failed run", runs.resume),
        ("report", "the scores on images the model never saw", runs.report),
    ):
        command = _add(commands, name, does)
        command.add_argument("run", metavar="RUN")
        command.set_defaults(command=action)
        if name in ("cancel", "resume"):
            command.add_argument(
                "--report", action="store_true", help="learn no more, score the best so far"
            )
        if name == "resume":
            command.add_argument("--detach", action="store_true", help="do not wait for the end")

    command = _add(commands, "predict", "apply a run's model to images")
    command.add_argument("run", metavar="RUN")
    command.add_argument("paths", metavar="PATH", nargs="+", help="images or folders")
    command.add_argument("--out", metavar="DIR", required=True)
    command.set_defaults(command=runs.predict)

    command = _add(commands, "export", "write labels or answers for other programs")
    command.add_argument(
        "what", metavar="WHAT", help="a study's labels, or what a prediction or run answered"
    )
    command.add_argument(
        "--format", metavar="FORMAT", required=True, choices=FORMATS, help=", ".join(FORMATS)
    )
    command.add_argument("--out", metavar="DIR", required=True)
    command.set_defaults(command=runs.export)


def _add_library_commands(commands: "Commands[argparse.ArgumentParser]") -> None:
    inner = commands.add_parser("library", help="what is known of pipelines").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    command = _add(inner, "stats", "what the library holds")
    command.set_defaults(command=library.stats)
    command = _add(inner, "assess", "how good the advice is, one data set left out at a time")
    command.set_defaults(command=library.assess)
    exchange = inner.add_parser("exchange", help="one file for another lab").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    for name, does, action in (
        ("export", "write what this workspace learned", library.export),
        ("import", "take over what another lab learned", library.import_),
    ):
        command = _add(exchange, name, does)
        command.add_argument("file", metavar="FILE")
        command.set_defaults(command=action)

    command = _add(commands, "campaign", "record many trainings for the library")
    command.add_argument("file", metavar="FILE")
    command.add_argument("--out", metavar="FILE", help="where the rows are recorded")
    command.set_defaults(command=library.campaign)


def _add_limits(command: argparse.ArgumentParser) -> None:
    command.add_argument("--time", type=units.seconds, help="all in all, e.g. 90s, 10m, 2h")
    command.add_argument("--memory", type=units.gib, help="most memory, e.g. 4GiB")
    command.add_argument("--seed", type=int, default=0)


if __name__ == "__main__":
    sys.exit(main())
