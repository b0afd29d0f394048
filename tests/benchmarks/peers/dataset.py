"""The data sets as they lie on disk, read without the project's own code."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from PIL import Image

# Every seventh image settles thresholds; the others are learned from.
VALIDATION_SHARE = 0.15


@dataclass(frozen=True)
class Dataset:
    """One folder with dataset.json, images/ and masks/ or labels.csv."""

    folder: Path

    @cached_property
    def about(self) -> dict[str, Any]:
        """Return dataset.json."""
        found: dict[str, Any] = json.loads((self.folder / "dataset.json").read_text())
        return found

    @property
    def id(self) -> str:
        """Return the name."""
        return str(self.about["id"])

    @property
    def task(self) -> str:
        """Return instance, semantic or classification."""
        return str(self.about["task"])

    @property
    def classes(self) -> tuple[str, ...]:
        """Return the classes in the order of their ids."""
        return tuple(self.about["classes"])

    @property
    def background(self) -> int | None:
        """Return the class that does not count in the mean Dice; None where all count."""
        name = self.about.get("background")
        return self.classes.index(name) if name else None

    @cached_property
    def files(self) -> dict[str, Path]:
        """Return name -> image file."""
        return {path.stem: path for path in sorted((self.folder / "images").iterdir())}

    @cached_property
    def table(self) -> dict[str, dict[str, str]]:
        """Return name -> its row of labels.csv; empty where there is none."""
        path = self.folder / "labels.csv"
        if not path.exists():
            return {}
        with path.open(newline="") as file:
            return {Path(row["filename"]).stem: row for row in csv.DictReader(file)}

    def group(self, name: str) -> str:
        """Return what must not be split; the image itself where no group is known."""
        known = (self.about.get("groups") or {}).get(name)
        return str(known or self.table.get(name, {}).get("group") or name)

    def image(self, name: str) -> np.ndarray:
        """Return (Y, X) or (Y, X, C) in the file's own type."""
        path = self.files[name]
        if path.suffix != ".tif":
            return np.asarray(Image.open(path))
        pixels = tifffile.imread(path)
        return np.moveaxis(pixels, 0, -1) if self.about.get("axes") == "CYX" else pixels

    def image_yxc(self, name: str) -> np.ndarray:
        """Return (Y, X, C); one channel for grey images."""
        pixels = self.image(name)
        return pixels if pixels.ndim == 3 else pixels[..., None]

    def mask(self, name: str) -> np.ndarray:
        """Return object ids (0 is no object) or class ids, (Y, X) int32."""
        return tifffile.imread(self.folder / "masks" / f"{name}.tif").astype(np.int32)

    def label(self, name: str) -> str:
        """Return the class of the whole image."""
        return self.table[name]["label"]

    def divided(self, names: Sequence[str], seed: int) -> tuple[list[str], list[str]]:
        """Return the names to learn from and those to tune on, never splitting a group."""
        groups = sorted({self.group(name) for name in names})
        order = np.random.default_rng(seed).permutation(len(groups))
        tuned: list[str] = []
        for index in order[:-1]:
            if tuned and len(tuned) >= VALIDATION_SHARE * len(names):
                break
            tuned += [name for name in names if self.group(name) == groups[index]]
        return [name for name in names if name not in tuned], tuned
