"""What a training may use: as the command line says, else as the study's task does."""

import argparse

from core import workflow
from core.paths import Workspace
from core.records import Budget, Wishes


def budget(args: argparse.Namespace, workspace: Workspace) -> Budget:
    """Return time and memory of --time and --memory; the study's wishes where one is left out."""
    task = workflow.load_study(workspace, args.study).task
    wishes = Wishes() if task is None else task.wishes
    return Budget(seconds=args.time or wishes.seconds, memory_gib=args.memory or wishes.memory_gib)
