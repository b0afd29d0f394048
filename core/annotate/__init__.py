"""Help while annotating: what a person would draw, proposed.

clicks.py     a click -> one object
boxes.py      a rough box -> one object
outlines.py   what objects that are done teach of boxes
lessons.py    what images that are done teach of the next one
scribbles.py  a few strokes a class -> the rest of the image, and objects out of it
proposals.py  a finished run's answer -> labels that say they came from a model
"""
