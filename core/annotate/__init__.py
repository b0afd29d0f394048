"""Help while annotating: what a person would draw, proposed.

clicks.py     a click -> one object
boxes.py      a rough box -> one object
outlines.py   what objects that are done teach of boxes
lessons.py    what images that are done teach of the next one
scribbles.py  a few strokes a class -> the rest of the image, and objects out of it
edits.py      what a hand does to labels
retouch.py    what it does to the outlines of single objects
doctor.py     what is probably not meant (shapes.py: of one image; symptoms.py: kinds)
rarity.py     classes that are marked rarely or never
opinions.py   what a second person, or a model, says of the labels
doubts.py     what the labels of all other images say of one's (verdicts.py: object by object)
places.py     where a finding is
"""
