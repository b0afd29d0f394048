"""One rival, one job: prepared, run with the clock outside, then looked at by somebody else."""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import environment
import machine
from environment import FailedError
from job import TOLD, Job
from rivals import Rival

# A rival that misjudges its time is waited for, and the time it took is told; not for ever.
PATIENCE = 2.0
# Preparing is the import of a few hundred images at most.
LONGEST_PREPARATION_S = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """What is asked of a rival."""

    data: Path
    train: Sequence[str]
    test: Sequence[str]
    budget_s: float
    seed: int


def hold(
    rival: Rival, asked: Contest, look: Callable[[Path], dict[str, Any]], keep: Path | None = None
) -> dict[str, Any]:
    """Return seconds, version, machine and date, with what `look` finds in the job's folder.

    `keep` names a folder into which answers and log are copied. A rival that fails gives a row
    with the state `failed` and its last line.
    """
    row: dict[str, Any] = {"date": date.today().isoformat()}
    with tempfile.TemporaryDirectory(prefix="peers-") as place:
        folder = Path(place)
        (folder / "out").mkdir()
        (folder / "log.txt").touch()
        try:
            row |= _held(rival, asked, folder)
            row |= look(folder) | {"state": "finished"}
        except FailedError as error:
            # The last line names the cause; those before name folders of this machine.
            row |= {"state": "failed", "reason": str(error).strip().splitlines()[-1]}
            print(error, file=sys.stderr)
        if keep:
            shutil.copytree(folder / "out", keep / "out", dirs_exist_ok=True)
            shutil.copy(folder / "log.txt", keep)
    return row


def _held(rival: Rival, asked: Contest, folder: Path) -> dict[str, Any]:
    release = environment.warm(rival)
    job = Job(
        folder=folder,
        data=asked.data.resolve(),
        train=tuple(asked.train),
        test=tuple(asked.test),
        budget_s=asked.budget_s,
        seed=asked.seed,
        began=time.time(),
    )
    job.write()
    if rival.prepares:
        environment.call(rival, "prepare", folder, LONGEST_PREPARATION_S)
    prepared_s = time.time() - job.began
    busy = machine.busy_percent()
    began = time.time()
    replace(job, began=began).write()
    environment.call(rival, "run", folder, PATIENCE * asked.budget_s + 30)
    seconds = time.time() - began
    told = folder / TOLD
    return {
        "version": release,
        "seconds": round(seconds, 1),
        "busy_percent_before": busy,
        "preparation_seconds": round(prepared_s, 1) if rival.prepares else 0.0,
        **({"told": json.loads(told.read_text())} if told.exists() else {}),
    }
