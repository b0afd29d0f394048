"""Trained models at work: bundles, tiled prediction, batches."""
