"""Help while annotating: what a person would draw, proposed.

clicks.py     a click or a rough box -> one object
scribbles.py  a few strokes a class -> the rest of the image, and objects out of it
proposals.py  a finished run's answer -> labels that say they came from a model
"""
