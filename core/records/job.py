"""How a piece of work stands."""

from dataclasses import dataclass, field
from typing import Any

JOB_KINDS = ("fingerprint", "train", "predict", "export")
STATES = ("queued", "running", "finished", "cancelled", "failed", "lost")
"""`lost` is derived by whoever looks, never written."""
CAUSES = (
    "out_of_memory",
    "deadline",
    "diverged",
    "disk_full",
    "bad_input",
    "killed",
    "error",
)
STAGES = (
    "starting",
    "reading",
    "fingerprint",
    "racing",
    "fitting",
    "tuning",
    "reporting",
    "predicting",
    "exporting",
    "done",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """What `job.json` in a job's folder asks for; a train job's plan lies beside it."""

    id: str
    kind: str
    study: str
    created: float
    """Seconds since 1970."""
    options: dict[str, Any] = field(default_factory=dict)
    """Kind's own: predict -> {run, paths, out}; train -> {deadline_from: created time}."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """What `status.json` tells, written by the worker alone."""

    id: str
    kind: str
    study: str
    state: str = "queued"
    stage: str = "starting"
    cause: str | None = None
    message: str = ""
    """What happens now, or why it ended, in one sentence."""
    progress: float = 0.0
    """Share of the work done, in [0, 1]."""
    remaining_s: float | None = None
    pid: int | None = None
    pid_started: float | None = None
    """What `machine.start_time` told of the process: a dead process's id may be another's."""
    host: str = ""
    boot_id: str = ""
    heartbeat: float = 0.0
    """Seconds since 1970 when the worker last wrote."""
    created: float = 0.0
    started: float | None = None
    ended: float | None = None
    budget_from: float | None = None
    """The moment a training's budget counts from: its order plus what it waited for its turn;
    a resumed one counts what its checkpoint had used."""
    device: str = ""
    cluster: str = ""
    """Address of the Ray cluster that runs it; empty: the machine it was ordered on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of `events.jsonl`."""

    time: float
    """Seconds since 1970."""
    name: str
    """stage | step | validation | best | message | end ..."""
    values: dict[str, Any] = field(default_factory=dict)
