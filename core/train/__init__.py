"""Training: one run from a plan to a bundle and a report."""
