"""Commands about runs: train, runs, watch, cancel, resume, report, predict, export."""

import argparse
import time
from pathlib import Path
from typing import Any

from core import workflow
from core.cli import limits, speech
from core.cli.units import clock
from core.errors import PlanError
from core.paths import Workspace
from core.records import JobStatus, Plan, to_plain

MOST_CANDIDATES = 10
"""A plan keeps this many: the best are raced, the others are there to be read."""


def train(args: argparse.Namespace, workspace: Workspace) -> int:
    """Train a study's model and wait for its scores, unless --detach."""
    plan, ordered = plan_now(args, workspace)
    run = workflow.start_training(workspace, plan, ordered=ordered)
    return started(args, workspace, run)


def plan_now(args: argparse.Namespace, workspace: Workspace) -> tuple[Plan, float]:
    """Return the plan for the command line's wishes, and when it was ordered.

    The budget counts from the order: what the fingerprint takes is no longer there to train.
    """
    ordered = time.time()
    budget = limits.budget(args, workspace)
    if args.start_from:
        plan = workflow.plan_from(workspace, args.study, args.start_from, budget, seed=args.seed)
        return plan, ordered
    if args.pipeline:
        chosen = workflow.named(args.pipeline)
    else:
        with speech.ProgressLine() as line:
            advice = workflow.recommend(
                workspace, args.study, budget, seed=args.seed, on_status=line
            )
        chosen = workflow.candidates(advice)[:MOST_CANDIDATES]
    if not chosen:
        raise PlanError(
            "no pipeline keeps these limits; close other programs, or allow more memory"
        )
    plan = workflow.make_plan(workspace, args.study, chosen, budget, seed=args.seed)
    return plan, ordered


def started(args: argparse.Namespace, workspace: Workspace, run: str) -> int:
    """Tell how a run, or another job, ends; with --detach only that it goes."""
    if args.detach:
        now = workflow.status(workspace, run)
        plain = {"run": run, "state": now.state}
        speech.answer(plain, [f"{run} is {now.state}; aixcell watch {run}"], as_json=args.json)
        return 0
    end = follow(workspace, run)
    if end.kind != "train":  # it has neither plan nor scores
        brief = {"run": end.id, "state": end.state, "cause": end.cause, "message": end.message}
        speech.answer(brief, [f"{end.id} {end.state}"], as_json=args.json)
        return complain(end)
    workflow.collect(workspace)
    plain = outcome(workspace, end)
    speech.answer(plain, told(plain, workspace), as_json=args.json)
    return complain(end)


def follow(workspace: Workspace, run: str, called: str = "run") -> JobStatus:
    """Show a job, `called` so, until it ends; leaving with Ctrl+C does not stop it."""
    speech.note(f"{called} {run}")
    try:
        with speech.ProgressLine() as line:
            return workflow.wait(workspace, run, line)
    except KeyboardInterrupt:
        speech.note(f"the {called} goes on; aixcell watch {run}, or aixcell cancel {run}")
        raise


def complain(end: JobStatus) -> int:
    """Return the exit code, and say in one sentence why a job has no result."""
    if end.state == "finished":
        return 0
    speech.note(f"{end.id} {end.state}: {end.message}")
    return 1


def outcome(workspace: Workspace, end: JobStatus) -> dict[str, Any]:
    """Return what a run reached, as --json tells it."""
    result = workflow.result(workspace, end.id)
    report = workflow.report(workspace, end.id)
    plan = workflow.plan_of(workspace, end.id)
    pipeline = result.pipeline if result else plan.candidates[0].pipeline
    baseline = speech.score(report.baseline) if report else None
    return {
        "run": end.id,
        "study": end.study,
        "pipeline": pipeline.name,
        "state": end.state,
        "cause": end.cause,
        "message": end.message,
        "scores": speech.score(report.test) if report else None,
        "validation": speech.score(result.validation) if result else None,
        "baseline": baseline and {"method": report.baseline_name if report else "", **baseline},
        "seconds": result.seconds if result else _seconds(end),
        "folder": str(workspace.find_job(end.id)[1].root),
    }


def told(plain: dict[str, Any], workspace: Workspace) -> list[str]:
    """Return an outcome for people."""
    report = workflow.report(workspace, plain["run"])
    lines = [f"{plain['run']}  {plain['study']}  {plain['pipeline']}  {plain['state']}"]
    if report is not None:
        if report.test is not None:
            lines.append(f"test        {speech.sentence(report.test)}")
        lines.append(f"validation  {speech.sentence(report.validation)}")
        if report.baseline is not None:
            lines.append(f"{report.baseline_name:<11} {speech.sentence(report.baseline)}")
        lines += [f"note        {line}" for line in report.notes]
    lines.append(f"time        {clock(plain['seconds'])}")
    return [*lines, f"folder      {plain['folder']}"]


def runs(args: argparse.Namespace, workspace: Workspace) -> int:
    """List trainings, newest first."""
    workflow.restart_queued(workspace)
    workflow.collect(workspace)
    for fault in workflow.damaged_jobs(workspace):
        speech.note(fault)
    listed = [
        _summary(workspace, each) for each in workflow.listing(workspace, args.study, "train")
    ]
    lines = [
        f"{each['run']}  {each['state']:<9}  {_headline(each):<6}  {each['study']}  "
        f"{each['pipeline']}"
        for each in listed
    ]
    speech.answer({"runs": listed}, lines or ["no run yet"], as_json=args.json)
    return 0


def watch(args: argparse.Namespace, workspace: Workspace) -> int:
    """Show a run until it ends."""
    args.detach = False
    return started(args, workspace, args.run)


def cancel(args: argparse.Namespace, workspace: Workspace) -> int:
    """Stop a run, queued or running; with --report its best weights so far are scored first."""
    if args.report:
        workflow.finish_early(workspace, args.run)
        return watch(args, workspace)
    end = workflow.cancel(workspace, args.run)
    speech.answer({"run": end.id, "state": end.state}, [f"{end.id} {end.state}"], as_json=args.json)
    return 0


def resume(args: argparse.Namespace, workspace: Workspace) -> int:
    """Go on with a lost, cancelled or failed run; with --report only its scores are missing."""
    workflow.resume(workspace, args.run, report=args.report)
    return started(args, workspace, args.run)


def report(args: argparse.Namespace, workspace: Workspace) -> int:
    """Show the scores on images the model never saw."""
    found = workflow.report(workspace, args.run)
    status = workflow.status(workspace, args.run)
    if found is None:
        speech.answer(
            {"run": args.run, "state": status.state, "report": None}, [], as_json=args.json
        )
        speech.note(f"{args.run} is {status.state} and has no report: {status.message}")
        return 1
    plain = {**to_plain(found), "folder": str(workspace.find_job(args.run)[1].report)}
    speech.answer(plain, told(outcome(workspace, status), workspace), as_json=args.json)
    return 0


def predict(args: argparse.Namespace, workspace: Workspace) -> int:
    """Apply a run's model to images."""
    files = [Path(path) for path in args.paths]
    job = workflow.start_prediction(workspace, args.run, files, Path(args.out))
    end = follow(workspace, job, "prediction")
    happened, _ = workflow.events(workspace, job)
    refused = [event.values for event in happened if event.name == "refused"]
    for each in refused:
        speech.note(f"refused  {each['message']}")
    for event in happened:
        if event.name in ("told", "compared"):
            speech.note(str(event.values["message"]))
    done = sum(event.name == "predicted" for event in happened)
    out = workflow.prediction(workspace, job).out
    plain = {
        "job": job,
        "run": args.run,
        "state": end.state,
        "cause": end.cause,
        "images": done,
        "refused": refused,
        "out": str(out),
    }
    lines = [f"{done} images predicted: {out}"]
    if done and workflow.prediction(workspace, job).labels.exists():
        lines.append(f"for other programs: aixcell export {job} --format imagej --out DIR")
    speech.answer(plain, lines, as_json=args.json)
    return complain(end) or int(done == 0)


def export(args: argparse.Namespace, workspace: Workspace) -> int:
    """Write a study's labels, or a model's answers, in another program's format."""
    job = workflow.start_export(workspace, args.what, args.format, Path(args.out))
    end = follow(workspace, job, "export")
    happened, _ = workflow.events(workspace, job)
    told = next((event.values for event in happened if event.name == "exported"), {})
    plain = {"job": job, "state": end.state, "cause": end.cause, "out": args.out, **told}
    lines = [f"labels of {told['images']} images: {args.out}"] if told else []
    speech.answer(plain, lines, as_json=args.json)
    return complain(end)


def _summary(workspace: Workspace, each: JobStatus) -> dict[str, Any]:
    report = workflow.report(workspace, each.id)
    plan = workflow.plan_of(workspace, each.id)
    result = workflow.result(workspace, each.id)
    return {
        "run": each.id,
        "study": each.study,
        "pipeline": (result.pipeline if result else plan.candidates[0].pipeline).name,
        "state": each.state,
        "cause": each.cause,
        "pid": each.pid if each.state in ("queued", "running") else None,
        "scores": speech.score(report.test) if report else None,
        "message": each.message,
    }


def _headline(summary: dict[str, Any]) -> str:
    return f"{summary['scores']['headline']:.3f}" if summary["scores"] else ""


def _seconds(end: JobStatus) -> float:
    return (end.ended or end.heartbeat) - (end.budget_from or end.created)
