"""Logistic regression on the pooled features of a frozen EfficientNet-Lite0."""

import job as jobs
import lite0
import numpy as np
import torch
from dataset import Dataset
from job import Job
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

BATCH = 16


def run(job: Job) -> None:
    """See every image once, fit, predict."""
    data = Dataset(job.data)
    network = lite0.classifier(0).eval()
    # The default penalty: with fewer images than features it must not be tuned.
    model = make_pipeline(
        StandardScaler(), LogisticRegression(max_iter=1000, class_weight="balanced")
    )
    model.fit(_seen(network, data, job.train), [data.label(name) for name in job.train])
    found = model.predict(_seen(network, data, job.test))
    job.write_classes(dict(zip(job.test, found, strict=True)))


def _seen(network: torch.nn.Module, data: Dataset, names: tuple[str, ...]) -> np.ndarray:
    images = torch.stack(
        [lite0.square(torch.from_numpy(data.image_yxc(name).astype(np.float32))) for name in names]
    )
    with torch.inference_mode():
        return torch.cat([network(part) for part in images.split(BATCH)]).numpy()


if __name__ == "__main__":
    jobs.serve("scikit-learn", run)
