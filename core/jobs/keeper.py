"""The process that hands a job to the cluster and keeps an eye on it: `... keeper JOB_DIR`.

It only looks: where its computer goes down, the job goes on. While it lives, a job that waits for a
machine counts as queued and not as lost; it also tells why no machine could take the job.
"""

import os
import sys
import threading
import time
from pathlib import Path

from core.errors import JobError
from core.jobs import cluster, states
from core.paths import JobDir
from core.progress import Progress

LOOK_EVERY_S = 1.0
JOIN_S = 120.0
"""A busy cluster may need a minute; what answers but is no cluster is waited for in vain."""


def main(arguments: list[str]) -> int:
    """Hand the job over and stay until it has ended; 1 where the cluster did not take it."""
    job_dir = JobDir(Path(arguments[0]).resolve())
    job_dir.keeper.touch()
    where = states.written_status(job_dir).cluster
    # Ray's own call has no limit, and nothing but the end of the process ends it.
    limit = threading.Timer(JOIN_S, _give_up, args=(job_dir, where))
    limit.daemon = True
    limit.start()
    try:
        with cluster.joined(where):
            limit.cancel()
            _keep(job_dir)
    except JobError as error:
        _fail(job_dir, str(error))
        return 1
    finally:
        job_dir.keeper.unlink(missing_ok=True)
    return 0


def _keep(job_dir: JobDir) -> None:
    place, again = cluster.Place(job_dir), True
    while _is_the_clusters(job_dir):
        job_dir.keeper.touch()
        if job_dir.stop.exists() and not _is_worked_on(job_dir):
            place.leave()
            Progress(job_dir, states.written_status(job_dir)).finish(
                "cancelled", message="Cancelled."
            )
        # The end is written before the place is given up: a second look tells them apart.
        elif place.gone() and _is_the_clusters(job_dir) and not _is_worked_on(job_dir):
            if again:  # resumed at once, it may have met the place of its last life
                place, again = cluster.Place(job_dir), False
                continue
            raise JobError(f"no machine of the cluster could run it: {place.reason()}")
        time.sleep(LOOK_EVERY_S)


def _give_up(job_dir: JobDir, where: str) -> None:
    _fail(
        job_dir,
        f"what answers at {where} is no Ray cluster, or one too busy to let this computer in "
        f"within {JOIN_S:.0f} seconds; check the address, or leave out --cluster to work on "
        "this machine",
    )
    job_dir.keeper.unlink(missing_ok=True)
    os._exit(1)


def _is_the_clusters(job_dir: JobDir) -> bool:
    now = states.written_status(job_dir)
    return now.state in states.OPEN and bool(now.cluster)


def _is_worked_on(job_dir: JobDir) -> bool:
    now = states.written_status(job_dir)
    return now.pid is not None and states.lives(now)


def _fail(job_dir: JobDir, sentence: str) -> None:
    if _is_the_clusters(job_dir):
        now = states.written_status(job_dir)
        Progress(job_dir, now).finish("failed", "error", sentence)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
