"""The duel judges everybody alike; its own parts are judged here by truths made on purpose."""

import json
from pathlib import Path

import classify
import contest
import duel
import environment
import ledger
import numpy as np
import objects
import pytest
import rival_aixcell
import rivals
import table
from classify import Answers
from contest import Contest
from dataset import Dataset
from objects import Cut, Maps

HERE = Path(__file__).parent


def two_touching() -> np.ndarray:
    ids = np.zeros((20, 30), np.int32)
    ids[5:15, 5:15], ids[5:15, 15:25] = 1, 2
    return ids


def row(rival: str, half: float, three_quarters: float, **more: object) -> dict[str, object]:
    scores = {"ap_0.5": half, "ap_0.75": three_quarters}
    same = {"data_set": "cells", "task": "instance", "budget_s": 300.0, "images": None}
    told = {"seed": 0, "hardware": "2 cores", "state": "finished", "scores": scores}
    return {"rival": rival, **same, **told, **more}


def data_set(folder: Path, groups: dict[str, str]) -> Dataset:
    about = {"id": "made", "task": "classification", "classes": ["a", "b"], "groups": groups}
    (folder / "dataset.json").write_text(json.dumps(about))
    lines = ["filename,label,split,group"]
    lines += [
        f"{name}.png,{'ab'[i % 2]},train,{group}" for i, (name, group) in enumerate(groups.items())
    ]
    (folder / "labels.csv").write_text("\n".join(lines))
    return Dataset(folder)


def test_touching_objects_come_back_from_their_maps() -> None:
    ids = two_touching()
    maps = Maps(objects.relative_distance(ids), (ids > 0).astype(np.float32))
    found = objects.grown(maps, Cut(seed=0.5))
    assert objects.average_precision([(ids, found)]) == 1.0


def test_a_missed_object_is_half_of_two() -> None:
    ids = two_touching()
    found = np.where(ids == 1, 7, 0)
    assert objects.average_precision([(ids, found)]) == 0.5


def test_an_object_too_thin_for_an_inside_keeps_one() -> None:
    ids = np.zeros((20, 20), np.int32)
    ids[3, 3:9] = 4
    assert set(objects.border_classes(ids)[ids == 4]) == {1}


def test_tuning_finds_the_cut_that_keeps_neighbours_apart() -> None:
    ids = two_touching()
    bridge = np.maximum(objects.relative_distance(ids), 0.45 * (ids > 0)).astype(np.float32)
    maps = Maps(bridge, (ids > 0).astype(np.float32))
    assert objects.average_precision([(ids, objects.grown(maps, Cut(seed=0.3)))]) < 1
    cut = objects.tuned([(ids, maps)], median_area_px=100)
    assert objects.average_precision([(ids, objects.grown(maps, cut))]) == 1


def test_validation_never_splits_a_group(tmp_path: Path) -> None:
    groups = {f"image{index}": f"slide{index // 3}" for index in range(12)}
    data = data_set(tmp_path, groups)
    learned, tuned = data.divided(sorted(groups), seed=0)
    assert sorted(learned + tuned) == sorted(groups)
    assert len(tuned) == 3
    assert not {data.group(name) for name in learned} & {data.group(name) for name in tuned}


def test_folds_keep_groups_apart_and_cover_every_image(tmp_path: Path) -> None:
    groups = {f"image{index:02}": f"slide{index // 2}" for index in range(40)}
    data = data_set(tmp_path, groups)
    cut = classify.folds(data, seed=1)
    assert sorted(name for _, test in cut for name in test) == sorted(groups)
    for train, test in cut:
        assert not {data.group(name) for name in train} & {data.group(name) for name in test}


def test_the_ratio_takes_the_best_rival_of_each_figure() -> None:
    rows = [row("aixcell", 0.9, 0.8), row("stardist", 0.8, 0.2), row("cellpose3", 0.6, 0.5)]
    peers = table.PEERS["instance"]
    assert table.ratio(rows, "ap_0.5", peers) == pytest.approx(0.5)
    assert table.ratio(rows, "ap_0.75", peers) == pytest.approx(0.4)
    assert table.ratio(rows[1:], "ap_0.5", peers) is None


def test_the_table_says_which_figures_were_missed() -> None:
    rows = [
        row(name, *scores, seconds=290.0, busy_percent_before=2.0, date="2026-01-01", version="1")
        for name, scores in {"aixcell": (0.8, 0.8), "fixed_recipe": (0.8, 0.6)}.items()
    ]
    setting = table.Setting(hardware="2 cores", budget_s=300.0, images=None)
    told = "\n".join(table.told(rows, setting))
    assert "IoU 0.5, over the fixed recipe: 1.00 on average" in told
    assert told.count("missed") == 1
    assert told.count("reached") == 1


def test_a_failed_try_is_made_again_and_of_repeats_the_last_counts(tmp_path: Path) -> None:
    path = tmp_path / "duels.jsonl"
    ledger.append(path, row("stardist", 0, 0, state="failed"))
    assert not ledger.known(ledger.rows(path), row("stardist", 0, 0))
    ledger.append(path, row("stardist", 0.5, 0.5))
    ledger.append(path, row("stardist", 0.6, 0.6))
    assert [one["scores"]["ap_0.5"] for one in ledger.rows(path)] == [0.6]
    assert not ledger.known(ledger.rows(path), row("stardist", 0, 0, seed=1))


def test_the_interval_is_of_pairs() -> None:
    known = np.array(["a", "b"] * 30)
    groups = np.arange(60).astype(str)
    half = np.tile([[True] * 30 + [False] * 30], (3, 1))
    better = half.copy()
    better[:, 30:36] = True
    drawn = classify.differences(Answers(known, groups, better), Answers(known, groups, half))
    assert drawn.min() >= 0
    assert drawn.mean() == pytest.approx(0.1, abs=0.01)


def test_few_images_are_spread_over_the_sorted_names() -> None:
    assert duel.few([f"{index:02}" for index in range(39)], 5) == ["00", "07", "15", "23", "31"]


def test_a_rival_that_fails_gives_a_row_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise environment.FailedError("no module named x")

    monkeypatch.setattr(environment, "warm", lambda _: "1.0")
    monkeypatch.setattr(environment, "call", broken)
    asked = Contest(data=tmp_path, train=["a"], test=["b"], budget_s=1.0, seed=0)
    found = contest.hold(rivals.find("linear"), asked, lambda _: {"scores": {}})
    assert found["state"] == "failed"
    assert "no module named x" in found["reason"]


@pytest.mark.parametrize("rival", rivals.RIVALS.values(), ids=lambda rival: rival.name)
def test_every_rival_has_its_script_and_pinned_packages(rival: rivals.Rival) -> None:
    assert (HERE / rival.script).exists()
    assert all("==" in package for package in rival.packages + rival.gpu_packages)
    assert set(rival.tasks) <= set(rivals.EVERY)


def test_what_is_known_of_a_data_set_and_its_relatives_is_forgotten(tmp_path: Path) -> None:
    knows, place = tmp_path / "knows", tmp_path / "copy"
    for folder in ("datasets", "fingerprints", "experiments"):
        (knows / folder).mkdir(parents=True)
    for name, source in {"ours": "lab", "sister": "lab", "other": "elsewhere"}.items():
        (knows / "datasets" / f"{name}.json").write_text(json.dumps({"source": source}))
        (knows / "fingerprints" / f"{name}.json").write_text("{}")
    lines = [json.dumps({"data_set": name}) for name in ("ours", "other", "sister")]
    (knows / "experiments" / "first.jsonl").write_text("\n".join(lines) + "\n")
    (knows / "learner.json").write_text("fitted on all of them")
    rival_aixcell.forget(knows, place, "ours")
    assert [path.stem for path in (place / "datasets").iterdir()] == ["other"]
    assert [path.stem for path in (place / "fingerprints").iterdir()] == ["other"]
    assert (place / "experiments" / "first.jsonl").read_text() == lines[1] + "\n"
    assert not (place / "learner.json").exists()
