"""What a study's images and labels are like, in numbers.

material.py   a seeded sample of the images, prepared once
regions.py    area, outline and contact of each marked region
features.py   one pure function a meta-feature
embedding.py  what a frozen network sees
extract.py    all of it, with status and cost a feature
"""
