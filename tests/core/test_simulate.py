"""The sample study: repeatable, exactly labelled, too hard for methods that do not learn."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import label

from core.data import imports, samples, study
from core.data.simulate import cells, pictures, recipe, write


@pytest.fixture(scope="module")
def shown():
    return list(pictures(images_per_animal=1))


def touching(labels: np.ndarray) -> set[int]:
    """Return the ids that share a border with another cell."""
    found: set[int] = set()
    for one, other in ((labels[1:], labels[:-1]), (labels[:, 1:], labels[:, :-1])):
        meet = (one != other) & (one > 0) & (other > 0)
        found |= set(one[meet].tolist()) | set(other[meet].tolist())
    return found


def test_pictures_are_what_the_study_promises(shown):
    assert len({one.animal for one in shown}) >= 6
    assert {one.treatment for one in shown} == {"control", "treated"}
    assert {one.treatment for one in shown if one.split == "test"} == {"control", "treated"}
    for one in shown:
        assert one.image_cyx.shape == (2, 512, 512)
        assert one.image_cyx.dtype == np.uint16
        assert one.labels_yx.dtype == np.int32
        assert 15 <= len(one.classes) <= 32
        assert sorted(one.classes) == list(range(1, one.labels_yx.max() + 1))
    names = [name for one in shown for name in one.classes.values()]
    assert 0.33 <= names.count("binuclear") / len(names) <= 0.48


def test_no_animal_stands_on_both_sides(shown):
    assert {one.animal for one in shown if one.split}.isdisjoint(
        one.animal for one in shown if not one.split
    )


def test_each_cell_is_one_piece_of_cell_size_and_most_touch(shown):
    shares = []
    for one in shown:
        for index in one.classes:
            cell = one.labels_yx == index
            assert label(cell)[1] == 1
            assert 45 <= (4 * cell.sum() / np.pi) ** 0.5 <= 110
        shares.append(len(touching(one.labels_yx)) / len(one.classes))
    assert np.mean(shares) > 0.6


def test_class_is_the_number_of_nuclei_inside_the_cell():
    numbers = recipe.load()
    specimen = cells.scene(numbers, "control", 512, np.random.default_rng(5))
    assert {cell.class_name for cell in specimen.cells} == {"mononuclear", "binuclear"}
    for cell in specimen.cells:
        assert cell.class_name == {1: "mononuclear", 2: "binuclear"}[len(cell.nuclei)]
        for nucleus in cell.nuclei:
            assert specimen.labels_yx[round(nucleus.y), round(nucleus.x)] == cell.id


def test_other_cell_types_nuclei_lie_on_and_between_cells():
    numbers = recipe.load()
    specimen = cells.scene(numbers, "control", 512, np.random.default_rng(5))
    under = [specimen.labels_yx[round(one.y), round(one.x)] for one in specimen.strangers]
    assert any(index > 0 for index in under)
    assert any(index == 0 for index in under)


def test_a_seed_repeats_every_pixel_and_another_does_not():
    first, again, other = (
        next(pictures(seed, side_px=128, images_per_animal=1)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.image_cyx, again.image_cyx)
    np.testing.assert_array_equal(first.labels_yx, again.labels_yx)
    assert (first.image_cyx != other.image_cyx).any()


def test_brightness_of_a_cell_reaches_the_camera():
    numbers = recipe.load()
    dark = replace(numbers, light=replace(numbers.light, photons=(10.0, 10.0)))
    lit = next(pictures(1, side_px=128, images_per_animal=1, numbers=numbers))
    dim = next(pictures(1, side_px=128, images_per_animal=1, numbers=dark))
    np.testing.assert_array_equal(lit.labels_yx, dim.labels_yx)
    inside = lit.labels_yx > 0
    assert lit.image_cyx[1][inside].mean() > 3 * lit.image_cyx[1][~inside].mean() / 2
    assert lit.image_cyx[1].mean() > dim.image_cyx[1].mean()


def test_written_files_come_back_through_the_import(tmp_path, workspace):
    few = list(pictures(3, side_px=128, images_per_animal=1))
    write(tmp_path / "sample", few)
    folder = study.create(workspace, "sample", simulated=True)
    report = imports.add(folder, [tmp_path / "sample"], table=tmp_path / "sample" / "table.csv")
    assert not report.refused
    record = study.load(folder)
    assert record.channel_names == ("nuclei", "cell body")
    assert record.pixel_size_um == pytest.approx(0.4)
    by_name = {image.original_name: image for image in record.images}
    for picture in few:
        image = by_name[f"{picture.name}.tif"]
        assert (image.group, image.condition) == (picture.animal, picture.treatment)
        assert (image.given_split == "test") == (picture.split == "test")
        (sample,) = samples.load(folder, [image.id])
        np.testing.assert_array_equal(sample.image_cyx, picture.image_cyx)
        np.testing.assert_array_equal(sample.labels.flat_yx, picture.labels_yx)
        assert {one.id: one.class_name for one in sample.labels.objects} == picture.classes


def test_too_hard_for_what_does_not_learn(shown, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
    import sample_difficulty

    # As the benchmark of the same name prints for all pictures, here for one an animal.
    assert sample_difficulty.counting_accuracy(shown) <= 0.8
    assert sample_difficulty.threshold_score(shown, seconds=8).headline <= 0.5
