"""What a user brings: images, labels, groups, and the split made from them.

readers.py     a file -> Picture (image_cyx and how it was read)
study.py       create, load, save and list studies
imports.py     folders, zips and tables -> images and labels of a study
labels/        the label model, its versions on disk, masks and shapes
split.py       who learns and who judges
samples.py     image and labels of one id, read together
truth.py       what a sample means for a task
tasks.py       which task the labels suggest
checks.py      what a user should know before training, in plain words
display.py     how an image looks on the screen: channels, colours, levels
thumbnails.py  small pictures of a study's images
"""
