"""What a person, or an accepted model, marked on an image.

model.py   Labels: layers of ids, their objects, what was annotated at all
store.py   versions on disk by content hash
pages.py   their pixels, strip by strip
cutting.py labels of a region of a large image, cut out and put back
placed.py  such labels, saved into those of the whole image
masks.py   mask files -> Labels
shapes.py  polygons <-> Labels
"""
