"""What a run needs to go on after its process died, written now and then.

Two files by turns, `checkpoint/0.safetensors` and `1.safetensors`, each whole or not at all: while
one is written the other stays. Tensors lie under their role (`leader/`, `runner/`, `network/`,
`chance/`), everything else as one record in the file's header.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import Tensor

from core.errors import StudyError
from core.pipeline.tensors import put
from core.progress import Progress
from core.records import decode, encode, throw_away_drafts
from core.train import chance
from core.train.clock import Clock
from core.train.contender import Contender
from core.train.saved import SavedRun, SavedStretch

# Of the time: what a checkpoint costs is measured, and the next one waits in proportion.
COST_SHARE = 0.012
# Losing less than this is not worth a write.
LEAST_S = 5.0
FIRST_S = 15.0
RECORD = "record"

Tensors = dict[str, Tensor]


class Checkpoints:
    """A run's checkpoints: what was found at its start, and what is written from now on."""

    def __init__(self, folder: Path, progress: Progress, clock: Clock) -> None:
        self.folder = folder
        self.progress = progress
        self._file, found = _newest(folder, progress)
        self.resumed = found is not None
        """Whether an earlier process left something to go on from."""
        self.known = found or SavedRun()
        """What the next checkpoint will tell, without what changes at every step."""
        self.clock = clock
        self._found_s = self.known.used_s if self.resumed else None
        """What was used of the budget when an earlier process wrote; None after a word of ours."""
        self.cost_s = 0.0
        """What the last one took."""
        self._number = self.known.number
        self._due = time.monotonic() + FIRST_S
        self._leader: Contender | None = None
        self._runner: Contender | None = None
        self._network: Tensors = {}

    def caught_up(self) -> None:
        """Let the clock go on from what was found: starting again costs nothing of the budget.

        To be called as soon as all stands as it was then; does nothing after a new checkpoint.
        """
        if self._found_s is not None:
            self.clock.put_back(self._found_s)
            self.progress.update(budget_from=self.clock.ordered)

    def tensors(self, role: str) -> Tensors:
        """Return what the last checkpoint has under a role; empty where it has nothing."""
        if self._file is None:
            return {}
        with safe_open(self._file, framework="pt") as file:
            names = [name for name in file.keys() if name.startswith(f"{role}/")]  # noqa: SIM118
            return {name.removeprefix(f"{role}/"): file.get_tensor(name) for name in names}

    def restore_chance(self) -> None:
        """Let all generators of random numbers go on from the checkpoint."""
        if self.resumed:
            chance.restore(self.known.chance, self.tensors("chance"))

    def note(self, **known: Any) -> None:
        """Keep more of what is known; it is written with the next checkpoint."""
        self.known = replace(self.known, **known)

    def racing(self, leader: Contender | None, runner: Contender | None) -> None:
        """Keep these two from now on; None: there is none."""
        self._leader, self._runner = leader, runner
        self.note(leader=None, runner=None, stretch=None)

    def settled(self, network: Tensors, **known: Any) -> None:
        """Write that the learning is over: of all networks this one is left."""
        self._leader = self._runner = None
        self._network = network
        self.note(leader=None, runner=None, stretch=None, **known)
        self.write()

    @property
    def best(self) -> Contender | None:
        """Return who is ahead among those that learn now: the leader, else the only one."""
        return self._leader or self._runner

    def due(self) -> bool:
        """Return whether the next one may be written; cheap enough for every step."""
        return time.monotonic() >= self._due

    def write(self, stretch: SavedStretch | None = None) -> None:
        """Write a checkpoint in the place of the older one; OSError where the disk refuses."""
        began = time.monotonic()
        told: dict[str, Any] = {} if stretch is None else {"stretch": stretch}
        numbers, generators = chance.state()
        tensors = _named("chance", generators) | _named("network", self._network)
        for role, kept in (("leader", self._leader), ("runner", self._runner)):
            if kept is not None:
                told[role] = kept.learner.saved(kept.candidate)
                tensors |= _named(role, kept.learner.tensors())
        number = self._number + 1
        self.note(number=number, used_s=self.clock.used(), chance=numbers, **told)
        record = {RECORD: encode(self.known).decode()}
        put(self._place(number), tensors, record)
        self._number, self._file, self._found_s = number, self._place(number), None
        self.cost_s = time.monotonic() - began
        self._due = time.monotonic() + max(LEAST_S, self.cost_s / COST_SHARE)
        steps = self.known.runner.steps if self.known.runner else None
        self.progress.event("checkpoint", number=number, step=steps, seconds=round(self.cost_s, 3))

    def make_room(self) -> None:
        """Delete the older checkpoint: on a full disk the trained model needs its place."""
        self._place(self._number + 1).unlink(missing_ok=True)
        throw_away_drafts(self.folder)

    def delete(self) -> None:
        """Delete all: the run has come to its end."""
        for number in (0, 1):
            self._place(number).unlink(missing_ok=True)
        throw_away_drafts(self.folder)
        if self.folder.exists() and not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _place(self, number: int) -> Path:
        return self.folder / f"{number % 2}.safetensors"


def _newest(folder: Path, progress: Progress) -> tuple[Path | None, SavedRun | None]:
    """Return the newest checkpoint that can be read; what cannot is told and passed over."""
    throw_away_drafts(folder)
    found: list[tuple[int, Path, SavedRun]] = []
    for path in sorted(folder.glob("?.safetensors")):
        try:
            with safe_open(path, framework="pt") as file:
                record = decode((file.metadata() or {})[RECORD].encode(), SavedRun)
        except (SafetensorError, OSError, KeyError, StudyError) as error:
            message = f"{path.name} cannot be read and is passed over: {error}"
            progress.event("message", message=message)
            continue
        found.append((record.number, path, record))
    if not found:
        return None, None
    _, path, record = max(found, key=lambda one: one[0])
    return path, record


def _named(role: str, tensors: Mapping[str, Tensor]) -> Tensors:
    return {f"{role}/{name}": tensor for name, tensor in tensors.items()}
