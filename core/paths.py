"""Where everything lies on disk."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from core.errors import StudyError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}")
LAYER_MARK = "@"
"""Between a study's name and that of one of its layers: `heart@nuclei`."""
SHIPPED = Path(__file__).resolve().parent.parent / "data_library"
DATA_LIBRARY = Path(os.environ.get("AIXCELL_DATA_LIBRARY") or SHIPPED)
"""What the program knows when it is new, read only; an experiment may bring its own."""


def check_name(name: str, what: str) -> str:
    """Return `name` where it is safe as one folder; StudyError otherwise."""
    fault = name_fault(name, what)
    if fault:
        raise StudyError(fault)
    return name


def name_fault(name: str, what: str) -> str:
    """Return why `name` is not safe as one folder, in a sentence; empty: it is."""
    if _NAME.fullmatch(name) and not name.endswith((".", " ")):
        return ""
    return (
        f"{name!r} cannot name a {what}: use letters, digits, blanks, dots, dashes and "
        "underscores, starting with a letter or digit"
    )


def _records_below(folder: Path) -> list["StudyDir"]:
    """Return the folders that hold the record of a study or a layer, under whatever name."""
    return [StudyDir(path.parent) for path in sorted(folder.glob("*/study.json"))]


@dataclass(frozen=True, slots=True)
class JobDir:
    """One job's folder, which explains itself without the program."""

    root: Path

    @property
    def id(self) -> str:
        """Return the job's id."""
        return self.root.name

    @property
    def request(self) -> Path:
        """Return where the order lies."""
        return self.root / "job.json"

    @property
    def plan(self) -> Path:
        """Return where a training's plan lies."""
        return self.root / "plan.json"

    @property
    def status(self) -> Path:
        """Return where the state lies."""
        return self.root / "status.json"

    @property
    def events(self) -> Path:
        """Return where the events lie, one JSON a line."""
        return self.root / "events.jsonl"

    @property
    def stop(self) -> Path:
        """Return the file whose existence asks the worker to stop."""
        return self.root / "STOP"

    @property
    def enough(self) -> Path:
        """Return the file whose existence asks a training to learn no more, and to report."""
        return self.root / "ENOUGH"

    @property
    def keeper(self) -> Path:
        """Return the file whose time tells that somebody keeps an eye on a job of a cluster."""
        return self.root / ".keeper"

    @property
    def reserve(self) -> Path:
        """Return the file that holds room for the last words on a full disk."""
        return self.root / ".reserve"

    @property
    def log(self) -> Path:
        """Return where the worker's output lies."""
        return self.root / "log.txt"

    @property
    def checkpoint(self) -> Path:
        """Return the folder of the last two checkpoints; gone when the run has ended well."""
        return self.root / "checkpoint"

    @property
    def bundle(self) -> Path:
        """Return the folder of the trained model."""
        return self.root / "bundle"

    @property
    def report(self) -> Path:
        """Return the folder of the report."""
        return self.root / "report"

    @property
    def result(self) -> Path:
        """Return where the result of a training lies."""
        return self.root / "result.json"

    @property
    def previews(self) -> Path:
        """Return the folder of validation pictures written while it trains."""
        return self.root / "previews"


@dataclass(frozen=True, slots=True)
class StudyDir:
    """One study's folder, or that of a layer of it, which has labels and jobs of its own.

    A layer marks other things on the same pictures, such as nuclei within cells. It lies below its
    study, `heart/layers/nuclei`, and works like a study.
    """

    root: Path

    @property
    def layer(self) -> str:
        """Return the layer's name; empty: it is the study itself."""
        return self.root.name if self.root.parent.name == "layers" else ""

    @property
    def misnamed(self) -> str:
        """Return why nobody could ask for the study or layer by its folder's name; empty: can."""
        return name_fault(self.root.name, "layer" if self.layer else "study")

    @property
    def base(self) -> "StudyDir":
        """Return the study itself, to which the pictures belong."""
        return StudyDir(self.root.parent.parent) if self.layer else self

    @property
    def layers(self) -> list["StudyDir"]:
        """Return the layers that lie below the study, by name."""
        return [each for each in _records_below(self.root / "layers") if not each.misnamed]

    @property
    def sheets(self) -> list["StudyDir"]:
        """Return all that is marked on the same pictures: the study, then its layers."""
        return [self.base, *self.base.layers]

    @property
    def name(self) -> str:
        """Return the study's name, or `study@layer`."""
        return f"{self.base.root.name}{LAYER_MARK}{self.layer}" if self.layer else self.root.name

    @property
    def record(self) -> Path:
        """Return where `study.json` lies."""
        return self.root / "study.json"

    @property
    def images(self) -> Path:
        """Return the folder of the originals."""
        return self.base.root / "images"

    @property
    def masks(self) -> Path:
        """Return the folder of imported mask files, kept as they came."""
        return self.root / "masks"

    @property
    def labels(self) -> Path:
        """Return the folder of the label versions."""
        return self.root / "labels"

    @property
    def jobs(self) -> Path:
        """Return the folder of the jobs."""
        return self.root / "jobs"

    @property
    def fingerprint(self) -> Path:
        """Return where the last fingerprint lies."""
        return self.root / "fingerprint.json"

    @property
    def looks(self) -> Path:
        """Return where it stands how the images are shown, which changes nothing in them."""
        return self.base.root / "looks.json"

    @property
    def cache(self) -> Path:
        """Return a folder that may be deleted at any time (thumbnails)."""
        return self.base.root / "cache"

    def job(self, job_id: str) -> JobDir:
        """Return a job's folder, existing or not."""
        return JobDir(self.jobs / check_name(job_id, "job"))


@dataclass(frozen=True, slots=True)
class Workspace:
    """The user's folder; nothing a user names lies outside it."""

    root: Path

    @classmethod
    def at(cls, path: Path | str | None = None) -> "Workspace":
        """Return the workspace at `path`, else at AIXCELL_WORKSPACE, else at ~/aixcell."""
        chosen = path or os.environ.get("AIXCELL_WORKSPACE") or Path.home() / "aixcell"
        return cls(Path(chosen).expanduser().resolve())

    @property
    def studies(self) -> Path:
        """Return the folder of all studies."""
        return self.root / "studies"

    @property
    def library_file(self) -> Path:
        """Return the library's index; it may be deleted at any time."""
        return self.root / "library.duckdb"

    @property
    def library(self) -> Path:
        """Return the folder of collected runs and imports, as Parquet."""
        return self.root / "library"

    def study(self, name: str) -> StudyDir:
        """Return the folder of a study or of a layer (`study@layer`), existing or not."""
        whole, mark, layer = name.partition(LAYER_MARK)
        folder = self.studies / check_name(whole, "study")
        return StudyDir(folder / "layers" / check_name(layer, "layer") if mark else folder)

    def study_dirs(self) -> list[StudyDir]:
        """Return the folders of all studies by name, each followed by those of its layers.

        Without those under a name that nobody could ask for: see `misnamed_dirs`.
        """
        found = [each for each in _records_below(self.studies) if not each.misnamed]
        return [each for one in found for each in one.sheets]

    def misnamed_dirs(self) -> list[StudyDir]:
        """Return the folders of studies and layers under names that none can have."""
        whole = _records_below(self.studies)
        found = [each for one in whole for each in (one, *_records_below(one.root / "layers"))]
        return [each for each in found if each.misnamed]

    def has_job(self, job_id: str) -> bool:
        """Return whether a study has a job of this id."""
        return self._job_folder(job_id) is not None

    def find_job(self, job_id: str) -> tuple[StudyDir, JobDir]:
        """Return the job of this id and its study; StudyError where there is none."""
        folder = self._job_folder(job_id)
        if folder is not None:
            return StudyDir(folder.parent.parent), JobDir(folder)
        raise StudyError(f"there is no job {job_id!r} in {self.root}; `aixcell runs` lists them")

    def _job_folder(self, job_id: str) -> Path | None:
        check_name(job_id, "job")
        places = (each.jobs / job_id for each in self.study_dirs())
        return next((one for one in places if one.is_dir()), None)
