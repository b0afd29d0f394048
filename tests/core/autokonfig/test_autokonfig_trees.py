"""Trees read from text answer as LightGBM does."""

import lightgbm
import numpy as np
import pytest

from core.autokonfig import trees
from core.errors import LibraryError


def booster(with_missing: bool, rounds: int = 20):
    random = np.random.default_rng(1)
    rows = random.normal(size=(200, 5))
    if with_missing:
        rows[random.random(rows.shape) < 0.2] = np.nan
    target = np.nan_to_num(rows[:, 0]) * 2 + np.isnan(rows[:, 1]) - np.nan_to_num(rows[:, 2] ** 2)
    options = {"num_leaves": 7, "verbosity": -1, "num_threads": 1}
    data = lightgbm.Dataset(rows, label=3 + target)
    return lightgbm.train(options, data, num_boost_round=rounds), rows


@pytest.mark.parametrize("with_missing", [False, True])
def test_predictions_are_the_same_also_for_missing_values(with_missing):
    model, rows = booster(with_missing)
    asked = rows.copy()
    asked[:3] = np.nan
    found = trees.predict(trees.parse(model.model_to_string()), asked)
    np.testing.assert_allclose(found, model.predict(asked), rtol=1e-12)


def test_contributions_start_at_the_mean_and_name_what_matters():
    model, rows = booster(with_missing=False)
    parts = trees.contributions(trees.parse(model.model_to_string()), rows)
    by_lightgbm = model.predict(rows, pred_contrib=True)
    assert parts[:, -1] == pytest.approx(by_lightgbm[0, -1], rel=1e-3)
    # Both share the prediction out among the columns; for nearly additive truth they agree.
    assert np.corrcoef(parts[:, 0], by_lightgbm[:, 0])[0, 1] > 0.98
    assert np.abs(parts[:, 3:5]).mean() < 0.1 * np.abs(parts[:, 0]).mean()


def test_a_tree_without_a_split_is_its_value():
    data = lightgbm.Dataset(np.zeros((30, 2)), label=np.full(30, 4.0))
    options = {"verbosity": -1, "num_threads": 1}
    model = lightgbm.train(options, data, num_boost_round=1)
    rows = np.zeros((2, 2))
    found = trees.predict(trees.parse(model.model_to_string()), rows)
    np.testing.assert_allclose(found, model.predict(rows))


def test_categories_are_refused():
    data = lightgbm.Dataset(
        np.repeat(np.arange(4), 30)[:, None],
        label=np.repeat([0.0, 5.0, 1.0, 9.0], 30),
        categorical_feature=[0],
    )
    options = {"verbosity": -1, "num_threads": 1, "min_data_per_group": 1, "max_cat_to_onehot": 1}
    model = lightgbm.train(options, data, num_boost_round=2)
    with pytest.raises(LibraryError, match="another make"):
        trees.parse(model.model_to_string())
