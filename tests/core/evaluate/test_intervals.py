"""Intervals of means whose spread is known."""

import numpy as np

from core.evaluate import intervals


def mean(tally):
    return tally[0] / tally[1]


def coins(groups: int, each: int, seed: int = 0):
    rng = np.random.default_rng(seed)
    hits = rng.integers(0, 2, groups * each)
    names = [f"g{index // each}" for index in range(groups * each)]
    return np.stack([hits, np.ones(groups * each)], axis=1), names


def test_below_five_groups_there_is_no_interval():
    tallies, names = coins(4, 10)
    assert intervals.bootstrap(tallies, names, mean) is None
    tallies, names = coins(5, 10)
    assert intervals.bootstrap(tallies, names, mean) is not None


def test_interval_of_independent_images_has_the_known_width():
    tallies, names = coins(400, 1)
    low, high = intervals.bootstrap(tallies, names, mean)
    centre = mean(tallies.sum(axis=0))
    assert low < centre < high
    # 2 x 1.96 x 0.5 / sqrt(400)
    assert abs((high - low) - 0.098) < 0.01


def test_same_images_in_few_groups_give_a_wider_interval():
    # Ten groups whose members all agree carry ten observations, not a hundred.
    hits = np.repeat([0, 1], 50)
    tallies = np.stack([hits, np.ones(100)], axis=1)
    groups = [f"g{index // 10}" for index in range(100)]
    alone = intervals.bootstrap(tallies, [str(index) for index in range(100)], mean)
    together = intervals.bootstrap(tallies, groups, mean)
    assert together[1] - together[0] > 2.5 * (alone[1] - alone[0])


def test_a_seed_repeats_the_interval():
    rng = np.random.default_rng(1)
    tallies = np.stack([rng.random(60), np.ones(60)], axis=1)
    names = [str(index // 5) for index in range(60)]
    first = intervals.bootstrap(tallies, names, mean, seed=3)
    assert first == intervals.bootstrap(tallies, names, mean, seed=3)
    assert first != intervals.bootstrap(tallies, names, mean, seed=4)
