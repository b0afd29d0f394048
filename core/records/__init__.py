"""Frozen records: one per decision, self-checking, to and from JSON.

task.py      what is wanted: Kind, Wishes, TaskSpec, Budget
images.py    what there is: Grouping, ImageRecord, Split, StudyRecord
pipeline.py  everything that must be decided: Preprocess, Model, Training, Postprocess, Pipeline
plan.py      what a training executes: Candidate, Plan
job.py       how a piece of work stands: JobRequest, JobStatus, Event
result.py    what came out: Score, RunResult, Report
library.py   what is remembered: DataSetCard, Fingerprint, RunRow, Recommendation
files.py     one way to and from disk: read, write
"""

from core.records.files import (
    SCHEMA_VERSION,
    append,
    decode,
    drafted,
    encode,
    is_disk_full,
    read,
    read_lines,
    throw_away_drafts,
    to_plain,
    write,
    write_bytes,
    write_json,
)
from core.records.images import (
    LABEL_STATES,
    Grouping,
    ImageRecord,
    Reading,
    Split,
    Stack,
    StudyRecord,
)
from core.records.job import CAUSES, JOB_KINDS, STAGES, STATES, Event, JobRequest, JobStatus
from core.records.library import (
    DataSetCard,
    Fingerprint,
    Neighbour,
    Recommendation,
    Recommended,
    RunRow,
    Snapshot,
)
from core.records.pipeline import (
    STRIDE_PX,
    Anatomy,
    Model,
    Pipeline,
    Postprocess,
    Preprocess,
    Training,
)
from core.records.plan import Candidate, Plan
from core.records.result import Report, RunResult, Score, Standing
from core.records.task import Budget, Kind, Machine, TaskSpec, Wishes

__all__ = [
    "CAUSES",
    "JOB_KINDS",
    "LABEL_STATES",
    "SCHEMA_VERSION",
    "STAGES",
    "STATES",
    "STRIDE_PX",
    "Anatomy",
    "Budget",
    "Candidate",
    "DataSetCard",
    "Event",
    "Fingerprint",
    "Grouping",
    "ImageRecord",
    "JobRequest",
    "JobStatus",
    "Kind",
    "Machine",
    "Model",
    "Neighbour",
    "Pipeline",
    "Plan",
    "Postprocess",
    "Preprocess",
    "Reading",
    "Recommendation",
    "Recommended",
    "Report",
    "RunResult",
    "RunRow",
    "Score",
    "Snapshot",
    "Split",
    "Stack",
    "Standing",
    "StudyRecord",
    "TaskSpec",
    "Training",
    "Wishes",
    "append",
    "decode",
    "drafted",
    "encode",
    "is_disk_full",
    "read",
    "read_lines",
    "throw_away_drafts",
    "to_plain",
    "write",
    "write_bytes",
    "write_json",
]
