"""Prediction: pixels a second beside the bare network, and memory for images of any size.

    uv run python tests/benchmarks/large_image.py speed [--time 60s] [--images 20]
    uv run python tests/benchmarks/large_image.py memory [--side 6000] [--file PICTURE]

`speed` trains on the simulated sample study, then predicts its pictures; both figures count pixels
of the original. `memory` starts a process a size, with a small untrained network on a simulated
picture laid side by side, and tells each one's peak; with a file it predicts that one. Run it alone
on the machine.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import tifffile
import torch

from core.data import readers
from core.data.simulate import pictures
from core.infer import batch, bundle, predict
from core.infer.predict import Trained
from core.paths import JobDir, Workspace
from core.pipeline import devices, heads, models, preprocess
from core.progress import Progress
from core.records import Kind, Model, Pipeline, Postprocess, Preprocess, TaskSpec

TASK = TaskSpec(kind=Kind.INSTANCE, classes=("mononuclear", "binuclear"))
MODEL = Model(
    head="distance",
    encoder="mobilenetv3",
    weights="random",
    decoder_channels=(64, 32, 16, 8, 8),
)
# The untrained maps lie around a half: with these thresholds they are full of objects.
POST = Postprocess(foreground=0.5, seed=0.52)


def main() -> None:
    """Measure what was asked for and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("speed", "memory", "one"))
    parser.add_argument("--time", default="60s")
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--side", type=int, nargs="*", default=[3000, 6000])
    parser.add_argument("--file", type=Path)
    parser.add_argument("--bundle", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if asked.what == "speed":
            speed(Path(folder), asked.time, asked.images)
        elif asked.what == "memory":
            memory(Path(folder), asked.side, asked.file)
        else:
            print(json.dumps(one(asked.bundle, asked.file, Path(folder))))


def speed(folder: Path, budget: str, images: int) -> None:
    """Print pixels a second of the network alone and of the whole prediction."""
    environment = {**os.environ, "AIXCELL_WORKSPACE": str(folder / "workspace")}
    command = [str(Path(sys.executable).with_name("aixcell")), "demo", "--time", budget, "--json"]
    told = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout
    answer = json.loads(told)
    job = Workspace(folder / "workspace").find_job(answer["run"])[1]
    files = sorted(Path(answer["test_images"]).iterdir())
    files = (files * (images // len(files) + 1))[:images]
    devices.use_all_cores()
    began = time.perf_counter()
    trained = bundle.load(job.bundle)
    loading = time.perf_counter() - began
    shown = [readers.read(file).image_cyx for file in files]
    pixels = sum(image[0].size for image in shown)
    bare = bare_seconds(trained, shown)
    began = time.perf_counter()
    batch.run(job.bundle, files, folder / "out", Progress(JobDir(folder / "job")))
    whole = time.perf_counter() - began - loading
    print(f"{trained.pipeline.name}, {images} images, {pixels / 1e6:.1f} megapixels")
    print(f"bare network: {pixels / 1e6 / bare:.2f} megapixels/s")
    print(f"read, predict, objects, write: {pixels / 1e6 / whole:.2f} megapixels/s")
    print(f"share: {bare / whole:.3f}")


def bare_seconds(trained: Trained, images: list[np.ndarray]) -> float:
    """Return what the network alone takes, with flips where the pipeline has them."""
    seen = [preprocess.apply(trained.pipeline.preprocess, trained.fitted, one) for one in images]
    batches = [predict.pad(torch.from_numpy(one)[None]).to(trained.device) for one in seen]
    views = len(predict.VIEWS) if trained.pipeline.postprocess.flips else 1
    with torch.inference_mode(), devices.autocast(trained.device):
        trained.network(batches[0])
        began = time.perf_counter()
        for one in batches:
            for _ in range(views):
                last = trained.network(one.contiguous(memory_format=torch.channels_last))
        last.float().cpu()
    return time.perf_counter() - began


def memory(folder: Path, sides: list[int], file: Path | None) -> None:
    """Print each image's peak memory, seconds and objects."""
    save_untrained(folder / "bundle", 1 if file else 2)
    files = [file] if file else [_drawn(folder, side) for side in sides]
    for each in files:
        command = [sys.executable, __file__, "one", "--bundle", folder / "bundle", "--file", each]
        told = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
        print(each.name, told.decode().strip())


def save_untrained(target: Path, channels: int) -> None:
    """Write a small network as a bundle."""
    torch.manual_seed(0)
    head = heads.find(MODEL.head)
    network = models.build(MODEL, channels, head.outputs(TASK), pretrained_weights=False)
    pipeline = Pipeline(
        name="untrained",
        kinds=(TASK.kind,),
        model=MODEL,
        preprocess=Preprocess(),
        postprocess=POST,
    )
    fitted = preprocess.Fitted(channels=channels, object_diameter_px=40.0)
    trained = Trained(network, pipeline, fitted, head, TASK, torch.device("cpu"))
    record = bundle.BundleRecord(
        run="none", study="none", task=TASK, pipeline=pipeline, fitted=fitted
    )
    bundle.save_bundle(target, trained, record)


def one(folder: Path, file: Path, out: Path) -> dict[str, float]:
    """Return what predicting one image costs this process."""
    began = time.perf_counter()
    batch.run(folder, [file], out, Progress(JobDir(out / "job")))
    lines = (out / "objects.csv").read_text().count("\n") - 1
    refused = '"refused"' in (out / "job" / "events.jsonl").read_text()
    return {
        "peak_gb": round(peak_bytes() / 1e9, 3),
        "seconds": round(time.perf_counter() - began, 1),
        "objects": lines,
        "refused": refused,
    }


def peak_bytes() -> int:
    """Return this process's highest memory; `getrusage` would count its parent's, too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(line for line in lines if line.startswith("VmHWM"))
    return int(peak.split()[1]) * 1024


def _drawn(folder: Path, side: int) -> Path:
    """Write a picture of this side: one simulated picture again and again."""
    drawn = next(pictures(images_per_animal=1, side_px=512)).image_cyx
    times = -(-side // 512)
    image = np.tile(drawn, (1, times, times))[:, :side, :side]
    path = folder / f"simulated_{side}.tif"
    tifffile.imwrite(path, image, metadata={"axes": "CYX"}, photometric="minisblack")
    return path


if __name__ == "__main__":
    main()
