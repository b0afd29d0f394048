"""The `aixcell` command.

parser.py    what can be written
units.py     90s, 10m, 2h; 4GiB
limits.py    what a training may use: options, else the study's wishes
speech.py    what is printed: progress to standard error, answers to standard output
studies.py   import, task, inspect, recommend
runs.py      train, runs, watch, cancel, resume, report, predict, export
demo.py      the whole main job on the sample study
library.py   library stats, assess, exchange; campaign
dashboard.py the browser page
"""

from core.cli.parser import main

__all__ = ["main"]
