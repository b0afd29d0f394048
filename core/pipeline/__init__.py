"""From pixels to an answer: preprocess, models, heads, losses, augmentation, postprocess."""
