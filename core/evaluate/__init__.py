"""How good an answer is: scores against the truth, their intervals, simple rivals, the report.

score.py       the headline of a task and the figures beside it
matching.py    predicted objects to true ones, one to one
metrics.py     the figures themselves
intervals.py   bootstrap over groups
baselines.py   what a score must beat
pace.py        how long that takes, and when it is given up
overlays.py    true and predicted outlines on the image
report.py      the folder `report/` of a run
"""
