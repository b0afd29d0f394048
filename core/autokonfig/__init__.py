"""The meta-learner: which pipelines suit a study, how well, how long and in how much memory.

table.py       runs to comparable targets, one block a data set
splits.py      scores of before and after more was labelled, brought to one level
design.py      data sets and pipelines as numbers
prior.py       mean target a pipeline, shrunk towards its components
learner.py     LightGBM ranker, bagged over data sets, and its share w
neighbours.py  data sets alike, and what was measured on them
cost.py        seconds a step, memory, seconds a megapixel
scores.py      the expected headline score and its interval
recommend.py   all of it, ranked
explain.py     reasons in plain words
assess.py      how good the advice is: one data set left out at a time
"""
