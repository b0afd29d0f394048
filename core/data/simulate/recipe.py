"""The numbers of the sample study, kept in `data_library/sample/recipe.json`."""

from dataclasses import dataclass

from core import records
from core.paths import DATA_LIBRARY

# A picture of this side holds the recipe's number of cells; others in proportion to their area.
REFERENCE_SIDE_PX = 512
Range = tuple[float, float]
"""Drawn evenly between the two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Animal:
    """One simulated animal; its pictures share a staining."""

    name: str
    treatment: str
    split: str
    """`test`, or empty where the images are for learning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """How cells look from above."""

    count: Range
    """Aimed at, in a picture of 512 x 512."""
    half_length_px: Range
    half_width_px: Range
    binuclear_growth: float
    """Binuclear cells are this much longer."""
    bluntness: float
    """Exponent of the outline: 2 is an ellipse, more is a rod with blunt ends."""
    wobble_px: float
    """Standard deviation of the outline's displacement."""
    overlap: float
    """Share of a cell that may be asked for twice; there it grows against its neighbour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nuclei:
    """The cells' own nuclei."""

    half_length_px: Range
    half_width_px: Range
    dim_share: float
    dim_brightness: Range
    brightness: Range
    touching_share: float
    """Share of binuclear cells whose nuclei touch."""
    large_share: float
    """Share of mononuclear cells with one nucleus of about double area."""
    near_neighbour_share: float
    """Share of mononuclear cells whose nucleus lies close to another cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distractors:
    """What lies in the picture and belongs to no cell."""

    on_cells: Range
    """Nuclei of other cell types on top of a cell: thinner, brighter, without a shadow."""
    between_cells: Range
    half_length_px: Range
    half_width_px: Range
    brightness: Range
    specks: Range
    out_of_focus: Range


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """From the specimen to the camera's numbers."""

    striation_um: float
    """Distance of the bands across a cell; sarcomeres are about 1.8 um long."""
    striation_contrast: float
    gap_depth: Range
    """Share of light missing at a cell's rim; varies along it."""
    gap_px: float
    """Distance from the rim over which the light returns."""
    cell_brightness: float
    """Spread between cells, standard deviation of the logarithm."""
    nucleus_shadow: float
    """Share of the body's light missing where the cell's own nucleus lies."""
    haze: float
    """Share of light from other planes."""
    blur_px: Range
    shading: float
    """Share of light missing in the worst lit corner."""
    photons: Range
    """Of a cell of brightness 1, for each pixel; differs between animals."""
    gain: float
    """Camera numbers for each photon."""
    offset: float
    read_noise: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything the sample study is made from."""

    seed: int
    side_px: int
    pixel_size_um: float
    images_per_animal: int
    animals: tuple[Animal, ...]
    binuclear_share: dict[str, float]
    """Treatment -> share of cells drawn with two nuclei."""
    cells: Cells
    nuclei: Nuclei
    distractors: Distractors
    light: Light


def load() -> Recipe:
    """Return the recipe that travels with the program."""
    return records.read(DATA_LIBRARY / "sample" / "recipe.json", Recipe)
