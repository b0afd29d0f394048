"""The algorithm library: data sets, fingerprints and runs, collected for good.

schema.sql    the index's tables
tables.py     records to rows of a table and back
store.py      the only door to DuckDB
exchange.py   one file for another lab
"""
