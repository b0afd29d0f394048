"""What a person, or an accepted model, marked on an image.

model.py   Labels: layers of ids, their objects, what was annotated at all
store.py   versions on disk by content hash
masks.py   mask files -> Labels
shapes.py  polygons <-> Labels
"""
