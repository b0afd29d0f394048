from pathlib import Path

import numpy as np
import tifffile

from core.data import pairing


def _write(path: Path, shape: tuple[int, int] = (16, 20)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, np.zeros(shape, np.uint16))


def test_pairs_sizes_and_strays_are_told_before_anything_is_kept(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        _write(tmp_path / "set/images" / f"{name}.tif")
    _write(tmp_path / "set/masks/a_mask.tif")
    _write(tmp_path / "set/masks/b.tif", (8, 20))
    _write(tmp_path / "set/masks/d.tif")
    (tmp_path / "set/images/broken.png").write_bytes(b"none")
    table = tmp_path / "plate.csv"
    table.write_text("file,group,condition\na,A01,drug\nz,A02,none\n")
    preview = pairing.preview([tmp_path / "set"], table=table)
    by_name = {pair.picture.rsplit("/", 1)[-1]: pair for pair in preview.pairs}
    assert (by_name["a.tif"].mask, by_name["a.tif"].group) == ("a_mask.tif", "A01")
    assert by_name["b.tif"].problem == ("the labels are 20 x 8 pixels, the picture is 20 x 16")
    assert by_name["c.tif"].mask is None
    assert "not a picture" in by_name["broken.png"].problem
    assert preview.lone == ("d.tif",)
    assert preview.refused == ("z: the table names it, but there is no such picture",)
    assert preview.sentence == (
        "4 pictures, 2 with labels, 1 labels without a picture, 3 that do not fit"
    )
