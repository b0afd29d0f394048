"""LightGBM on multi-scale features of each pixel's surroundings, as ilastik classifies pixels.

Features by scikit-image (intensity, edges, texture at scales of 0.5 to 16 px; ilastik's are 0.3 to
10), trees until half of the time, and how much rare classes are preferred settled on validation.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count

import job as jobs
import lightgbm
import numpy as np
from dataset import Dataset
from job import Job
from skimage.feature import multiscale_basic_features

MOST_PIXELS = 200_000
MOST_TUNED_PIXELS = 100_000
MOST_ROUNDS = 400
# Preference of rare classes: power of one over the class's share of pixels.
PREFERENCES = (0.0, 0.25, 0.5, 0.75, 1.0)
SHARE_FOR_FEATURES, SHARE_FOR_TREES = 0.3, 0.6
THREADS = cpu_count() or 1


def run(job: Job) -> None:
    """Draw pixels, grow trees, settle the preference, predict."""
    data = Dataset(job.data)
    learned, kept = data.divided(job.train, job.seed)
    until = job.began + SHARE_FOR_FEATURES * job.budget_s
    rng = np.random.default_rng(job.seed)
    # Validation first: it must be there, however long features take.
    tuning, feature_s = _drawn(data, kept, MOST_TUNED_PIXELS, rng, until)
    rows, classes = _drawn(data, [*rng.permutation(learned)], MOST_PIXELS, rng, until)[0]
    booster = _trees(job, (rows, classes), tuning, len(data.classes))
    rounds = _affordable(job, booster, tuning[0], feature_s, data)
    weights = _preferred(booster, tuning, classes, rounds, len(data.classes))
    for name in job.test:
        job.write_labels(name, _classes(booster, data, name, weights, rounds))


def features(image_yxc: np.ndarray) -> np.ndarray:
    """Return (pixels, features)."""
    spread = image_yxc.std(axis=(0, 1)) + 1e-6
    even = ((image_yxc - image_yxc.mean(axis=(0, 1))) / spread).astype(np.float32)
    found = multiscale_basic_features(
        even, sigma_min=0.5, sigma_max=16, channel_axis=-1, workers=THREADS
    )
    return found.reshape(-1, found.shape[-1]).astype(np.float32)


def _drawn(
    data: Dataset, names: list[str], most: int, rng: np.random.Generator, until: float
) -> tuple[tuple[np.ndarray, np.ndarray], float]:
    """Return features and classes of pixels drawn evenly from the images, and seconds an image."""
    rows, classes, began, done = [], [], time.time(), 0
    for name in names:
        mask = data.mask(name).ravel()
        chosen = rng.choice(mask.size, min(mask.size, most // len(names)), replace=False)
        rows.append(features(data.image_yxc(name))[chosen])
        classes.append(mask[chosen])
        done += 1
        if time.time() > until:
            break
    return (np.concatenate(rows), np.concatenate(classes)), (time.time() - began) / done


def _trees(
    job: Job,
    learned: tuple[np.ndarray, np.ndarray],
    tuning: tuple[np.ndarray, np.ndarray],
    count: int,
) -> lightgbm.Booster:
    settings = {
        "objective": "multiclass",
        "num_class": count,
        "learning_rate": 0.1,
        "num_leaves": 63,
        "feature_fraction": 0.5,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "num_threads": THREADS,
        "seed": job.seed,
        "verbosity": -1,
    }
    until = job.began + SHARE_FOR_TREES * job.budget_s

    def stop_in_time(state: lightgbm.callback.CallbackEnv) -> None:
        if time.time() > until:
            raise lightgbm.callback.EarlyStopException(
                state.iteration, state.evaluation_result_list
            )

    drawn = lightgbm.Dataset(*learned, params=settings)
    return lightgbm.train(
        settings,
        drawn,
        MOST_ROUNDS,
        valid_sets=[lightgbm.Dataset(*tuning, reference=drawn)],
        callbacks=[lightgbm.early_stopping(20, verbose=False), stop_in_time],
    )


def _affordable(
    job: Job, booster: lightgbm.Booster, rows: np.ndarray, feature_s: float, data: Dataset
) -> int:
    """Return how many rounds of trees the rest of the time allows for the test images."""
    began = time.time()
    booster.predict(rows)
    pixels = data.image(job.test[0]).shape[0] * data.image(job.test[0]).shape[1]
    trees_s = (time.time() - began) * pixels / len(rows)
    rounds = booster.best_iteration or booster.current_iteration()
    each_s = 0.8 * job.left() / len(job.test) - feature_s
    print(f"{rounds} rounds, {trees_s:.1f} s of {each_s:.1f} s an image")
    return max(1, min(rounds, int(rounds * each_s / trees_s)))


def _preferred(
    booster: lightgbm.Booster,
    tuning: tuple[np.ndarray, np.ndarray],
    classes: np.ndarray,
    rounds: int,
    count: int,
) -> np.ndarray:
    """Return the classes' weights with the best mean Dice on the tuning pixels."""
    shares = booster.predict(tuning[0], num_iteration=rounds)
    common = np.maximum(np.bincount(classes, minlength=count) / len(classes), 1e-6)
    tries = [common**-power for power in PREFERENCES]
    reached = [_dice((shares * weights).argmax(axis=1), tuning[1], count) for weights in tries]
    print(f"preference {PREFERENCES[int(np.argmax(reached))]}: mean Dice {max(reached):.3f}")
    return tries[int(np.argmax(reached))]


def _dice(found: np.ndarray, known: np.ndarray, count: int) -> float:
    table = np.bincount(known * count + found, minlength=count**2).reshape(count, count)
    return float(np.mean(2 * np.diag(table) / np.maximum(table.sum(0) + table.sum(1), 1)))


def _classes(
    booster: lightgbm.Booster, data: Dataset, name: str, weights: np.ndarray, rounds: int
) -> np.ndarray:
    image = data.image_yxc(name)
    rows = np.array_split(features(image), THREADS)
    with ThreadPoolExecutor(THREADS) as threads:
        parts = threads.map(
            lambda part: booster.predict(part, num_iteration=rounds, num_threads=1), rows
        )
        shares = np.concatenate(list(parts))
    return (shares * weights).argmax(axis=1).reshape(image.shape[:2])


if __name__ == "__main__":
    jobs.serve("lightgbm", run)
