-- The library's index. Built from data_library/ and WORKSPACE/library/*.parquet; may be deleted at
-- any time. Times are seconds; memory is GiB; nested values are JSON text.

CREATE TABLE runs (
    run VARCHAR PRIMARY KEY,          -- collecting the same run twice changes nothing
    data_set VARCHAR NOT NULL,
    variant VARCHAR NOT NULL,
    pipeline VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    split VARCHAR NOT NULL,
    seed BIGINT NOT NULL,
    hardware VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    cause VARCHAR,
    samples BIGINT NOT NULL,          -- fidelity: training tiles seen
    validation DOUBLE,
    validation_se DOUBLE,
    test DOUBLE,
    test_se DOUBLE,
    seconds DOUBLE NOT NULL,
    seconds_per_step DOUBLE,
    cpu_seconds_per_step DOUBLE,
    peak_memory_gib DOUBLE,
    seconds_per_megapixel DOUBLE,
    batch BIGINT,
    tile_px BIGINT,
    curve VARCHAR NOT NULL,           -- [[samples, score], ...]
    made VARCHAR NOT NULL,
    own BOOLEAN NOT NULL              -- false: it came with the program
);

CREATE TABLE fingerprints (
    data_set VARCHAR PRIMARY KEY,     -- the latest of each data set
    kind VARCHAR NOT NULL,
    record VARCHAR NOT NULL
);

CREATE TABLE cards (
    id VARCHAR PRIMARY KEY,
    kind VARCHAR NOT NULL,
    record VARCHAR NOT NULL
);

-- What the index was built from: sources that differ from it make a new one.
CREATE TABLE built_from (
    schema_version BIGINT NOT NULL,
    sources VARCHAR NOT NULL
);
