"""A run's events, read once and then only what has been added since."""

from dataclasses import dataclass, field

from core.records import Event

Point = tuple[float, float]
CURVE_POINTS = 400
"""A screen shows no more; the browser stays quick in runs of hours."""
KEPT_POINTS = 4000
"""Beyond, a curve is thinned out in memory as well: drawing must not grow with the run."""
KEPT_TOLD = 1000
_TOLD = (
    "stage",
    "message",
    "standing",
    "race",
    "left_out",
    "lightened",
    "calmed",
    "resumed",
    "end",
)


@dataclass(slots=True)
class History:
    """What the monitor shows of a run; grows while the run goes."""

    offset: int = 0
    loss: list[tuple[float, float]] = field(default_factory=list)
    """(step, loss)."""
    scores: list[tuple[float, float]] = field(default_factory=list)
    """(step, headline score on the validation images)."""
    standings: list[tuple[str, float]] = field(default_factory=list)
    """(pipeline, score on the check images) of each candidate tried in the race."""
    told: list[Event] = field(default_factory=list)
    """Events a person wants to read."""
    samples_per_s: float | None = None
    """Picture parts a second, as last told."""
    memory_gib: float | None = None
    """What the run held when it last told."""
    _step: float = 0.0

    def add(self, events: list[Event], offset: int) -> None:
        """Take in what the worker has written since."""
        self.offset = offset
        for event in events:
            values = event.values
            step = values.get("step")
            self._step = self._step if step is None else float(step)
            if event.name in ("resumed", "calmed"):
                self._forget_from(step)
            if event.name in ("step", "probe_step"):
                self.samples_per_s = values.get("samples_per_s") or self.samples_per_s
                self.memory_gib = values.get("memory_gib") or self.memory_gib
            if event.name == "step" and "loss" in values:
                self.loss.append((self._step, float(values["loss"])))
            elif event.name == "validation" and values.get("score") is not None:
                self.scores.append((self._step, float(values["score"])))
            elif event.name == "standing":
                name = str(values["pipeline"])  # tried again where a death came before it was kept
                self.standings = [one for one in self.standings if one[0] != name]
                self.standings.append((name, float(values["score"])))
            if event.name in _TOLD:
                self.told.append(event)
        if len(self.loss) > KEPT_POINTS:
            self.loss = thinned(self.loss, KEPT_POINTS // 2)
        self.told = self.told[-KEPT_TOLD:]

    def _forget_from(self, step: float | None) -> None:
        """Take away what was learned after that step: it is learned again.

        At step 0 all: nothing is learned yet, a fitted last layer neither.
        """
        if step is not None:
            self.loss = [point for point in self.loss if step and point[0] <= step]
            self.scores = [point for point in self.scores if step and point[0] <= step]


def thinned(
    points: list[tuple[float, float]], most: int = CURVE_POINTS
) -> list[tuple[float, float]]:
    """Return at most `most` points: means over equal stretches; short curves as they are."""
    if len(points) <= most:
        return points
    width = len(points) / most
    stretches = [points[int(i * width) : int((i + 1) * width)] for i in range(most)]
    return [
        (sum(x for x, _ in each) / len(each), sum(y for _, y in each) / len(each))
        for each in stretches
    ]
