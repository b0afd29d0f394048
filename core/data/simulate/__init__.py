"""The cardiomyocyte sample study: confocal-like pictures that this project generates itself.

They are simulated, and called so wherever they are shown. The numbers stand in
`data_library/sample/recipe.json`.

recipe.py   those numbers as records
cells.py    where cells lie: the exact truth
nuclei.py   their nuclei, and others'
light.py    what microscope and camera make of it
noise.py    smooth random fields
study.py    all pictures of the study, in memory and as files
"""

from core.data.simulate.study import SimulatedPicture, pictures, write

__all__ = ["SimulatedPicture", "pictures", "write"]
