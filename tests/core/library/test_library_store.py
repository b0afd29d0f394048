"""The library: files are the truth, the index comes back, collecting twice changes nothing."""

import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import LibraryError
from core.library import exchange, queries, store, tables
from core.library.store import Library
from core.paths import Workspace
from core.records import DataSetCard, Fingerprint, Kind, RunRow, Snapshot, encode, read


def row(run: str, **changes) -> RunRow:
    plain = RunRow(
        data_set="cells",
        pipeline="unet",
        kind=Kind.INSTANCE,
        split="s0",
        seed=0,
        hardware="cpu 2 cores",
        state="finished",
        samples=1200,
        validation=0.8125,
        seconds=60.0,
        seconds_per_step=0.25,
        curve=((100, 0.5), (1200, 0.8125)),
        run=run,
        made="2026-01-02",
    )
    return replace(plain, **changes)


FAILED = row("r2", state="failed", cause="out_of_memory", validation=None, curve=())
PRINT = Fingerprint(
    data_set="cells",
    kind=Kind.INSTANCE,
    values={"diameter_px": 21.5},
    embedding=(0.25, -1.0),
    status={"diameter_px": "ok"},
    images=("secret-patient-name",),
)
CARD = DataSetCard(id="cells", title="Cells", kind=Kind.INSTANCE, images=12)


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A small data_library: two runs, a fingerprint, a card."""
    folder = tmp_path / "shipped"
    for name in ("experiments", "fingerprints", "datasets"):
        (folder / name).mkdir(parents=True)
    lines = [json.dumps(json.loads(encode(one))) for one in (row("r1"), FAILED)]
    (folder / "experiments" / "first.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "fingerprints" / "cells.json").write_bytes(encode(PRINT))
    (folder / "datasets" / "cells.json").write_bytes(encode(CARD))
    return folder


@pytest.fixture
def library(workspace: Workspace, shipped: Path) -> Library:
    return Library(workspace, shipped)


def test_what_came_with_the_program_is_read_exactly(library):
    assert library.rows() == [row("r1"), FAILED]
    assert library.fingerprints() == [PRINT]
    assert library.cards() == [CARD]


def test_collecting_twice_changes_nothing(library):
    assert library.add([row("new"), row("new"), row("r1", validation=0.1)]) == 1
    files = sorted(library.workspace.library.iterdir())
    assert library.add([row("new", validation=0.2)]) == 0
    assert sorted(library.workspace.library.iterdir()) == files
    assert [(one.run, one.validation) for one in library.rows()] == [
        ("new", 0.8125),
        ("r1", 0.8125),
        ("r2", None),
    ]


def test_a_deleted_index_comes_back_with_the_same_content(library):
    newer = replace(PRINT, values={"diameter_px": 30.0})
    newest = replace(PRINT, values={"diameter_px": 33.0})
    library.add([row("new")], fingerprints=[newer], cards=[replace(CARD, title="Other")])
    library.add(fingerprints=[newest])
    before = library.snapshot()
    library.workspace.library_file.unlink()
    assert library.snapshot() == before
    assert before.fingerprints == (newest,)
    assert before.cards[0].title == "Other"


def test_what_is_collected_goes_into_the_index_without_building_it_anew(library, monkeypatch):
    library.stats()
    with monkeypatch.context() as patch:
        patch.setattr(Library, "_build", lambda *_: pytest.fail("the index was built anew"))
        newer = replace(PRINT, values={"diameter_px": 30.0})
        library.add([row("one"), row("two")], fingerprints=[newer], cards=[CARD])
        newest = replace(PRINT, values={"diameter_px": 33.0})
        library.add([row("two"), row("three")], fingerprints=[newest])
        before = library.snapshot()
    assert {"one", "two", "three"} <= {each.run for each in before.rows}
    assert before.fingerprints == (newest,)
    library.workspace.library_file.unlink()
    assert library.snapshot() == before


def test_a_damaged_index_is_built_anew(library):
    library.add([row("new")])
    library.workspace.library_file.write_bytes(b"this is no database" * 1000)
    assert len(library.rows()) == 3


def test_an_index_damaged_behind_its_head_is_built_anew(library):
    """It could be opened, so that it was kept, and each question to it failed for ever."""
    library.add([row(f"n{number}") for number in range(3000)])
    file = library.workspace.library_file
    whole, head = file.read_bytes(), 3 * 4096
    file.write_bytes(whole[:head] + b"?" * (len(whole) - head))
    assert len(library.rows()) == 3002


def test_whichever_block_of_the_index_is_damaged_it_comes_back(library):
    library.add([row(f"n{number}") for number in range(3000)])
    file = library.workspace.library_file
    whole, head, block = file.read_bytes(), 3 * 4096, 2**18
    assert len(whole) > head + block
    for start in range(head, len(whole), block):
        end = min(start + block, len(whole))
        file.write_bytes(whole[:start] + b"?" * (end - start) + whole[end:])
        with suppress(LibraryError):  # damage that is met while it answers: to be tried again
            library.snapshot()
        assert len(library.rows()) == 3002


def test_damage_met_while_answering_is_told_and_gone_the_next_time(library, monkeypatch):
    import duckdb

    library.rows()

    def damaged(*_):
        raise duckdb.IOException("Corrupt database file: wrong checksum in block")

    with monkeypatch.context() as patch:
        patch.setattr(queries, "rows", damaged)
        with pytest.raises(LibraryError, match="try again"):
            library.rows()
    assert not library.workspace.library_file.exists()
    assert library.rows() == [row("r1"), FAILED]


def test_a_wrong_question_is_no_damage(library):
    import duckdb

    library.rows()
    before = library.workspace.library_file.stat().st_ino
    with pytest.raises(duckdb.CatalogException), library._open() as index:
        index.execute("SELECT * FROM nowhere")
    assert library.workspace.library_file.stat().st_ino == before


def test_an_index_that_another_program_holds_is_left_alone(library, monkeypatch):
    library.rows()
    file = library.workspace.library_file
    program = "import duckdb, sys; one = duckdb.connect(sys.argv[1]); print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        other.stdout.readline()
        monkeypatch.setattr(store, "_PATIENCE_S", 0.2)
        with pytest.raises(LibraryError, match="held by another program"):
            library.rows()
        other.communicate(b"\n")
    assert library.rows() == [row("r1"), FAILED]


def test_a_new_file_of_experiments_is_seen_at_once(library, shipped):
    assert len(library.rows()) == 2
    (shipped / "experiments" / "second.jsonl").write_bytes(
        json.dumps(json.loads(encode(row("r3")))).encode()
    )
    assert [one.run for one in library.rows()] == ["r1", "r2", "r3"]


def test_a_file_that_comes_while_others_are_collected_is_not_passed_over(library, monkeypatch):
    library.stats()
    keep = Library._keep

    def meanwhile(self, table, rows):
        """Somebody copies another lab's file into the folder just now."""
        stray = library.workspace.library / "runs-copied.parquet"
        stray.parent.mkdir(exist_ok=True)
        stray.write_bytes(tables.to_parquet([tables.run_values(row("copied"), own=True)]))
        return keep(self, table, rows)

    with monkeypatch.context() as patch:
        patch.setattr(Library, "_keep", meanwhile)
        library.add([row("new")])
    assert {"new", "copied"} <= {each.run for each in library.rows()}


def test_equal_fingerprints_are_not_kept_twice(library):
    library.add(fingerprints=[PRINT], cards=[CARD])
    assert not list(library.workspace.library.glob("*.parquet"))


def test_an_empty_library_is_legal(workspace, tmp_path):
    library = Library(workspace, tmp_path / "nothing")
    assert library.rows() == []
    stats = library.stats()
    assert (stats.runs, stats.hours, stats.kinds) == (0, 0, {})


def test_stats_count_states_causes_and_kinds(library):
    library.add([row("new", kind=Kind.SEMANTIC, data_set="other", seconds=3540.0)])
    stats = library.stats()
    assert (stats.runs, stats.finished, stats.own_runs) == (3, 2, 1)
    assert (stats.data_sets, stats.pipelines) == (2, 1)
    assert stats.hours == pytest.approx(3660 / 3600)
    assert stats.states == {"finished": 2, "out_of_memory": 1}
    assert stats.kinds == {"instance": 1, "semantic": 1}


def test_a_run_without_an_id_is_refused(library):
    with pytest.raises(LibraryError, match="has no id"):
        library.add([row("")])


def test_a_damaged_line_names_file_and_line(library, shipped):
    with (shipped / "experiments" / "first.jsonl").open("a") as file:
        file.write('{"data_set": "cells"}\n')
    with pytest.raises(LibraryError, match=r"first\.jsonl, line 3"):
        library.rows()


def test_a_torn_last_line_is_ignored(library, shipped):
    with (shipped / "experiments" / "first.jsonl").open("a") as file:
        file.write('{"data_set": "cells", "pipel')
    assert len(library.rows()) == 2


def test_a_damaged_import_names_the_file(library):
    library.workspace.library.mkdir(parents=True)
    (library.workspace.library / "runs-x.parquet").write_bytes(b"PAR1 but not really")
    with pytest.raises(LibraryError, match=r"runs-x\.parquet"):
        library.rows()


def test_many_processes_collect_at_once(library, tmp_path):
    program = (
        "import sys; from pathlib import Path; sys.path[:0] = ['.', sys.argv[3]];"
        "from core.library.store import Library; from core.paths import Workspace;"
        "from test_library_store import row;"
        "library = Library(Workspace(Path(sys.argv[1])), Path(sys.argv[2]));"
        "[library.add([row(f'{sys.argv[4]}-{n}'), row(f'shared-{n}')]) for n in range(3)]"
    )
    arguments = [str(library.workspace.root), str(library.shipped), str(Path(__file__).parent)]
    processes = [
        subprocess.Popen([sys.executable, "-c", program, *arguments, str(n)]) for n in range(3)
    ]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert len(library.rows()) == 2 + 3 * 3 + 3


def test_importing_the_store_does_not_load_duckdb():
    program = (
        "import sys, core.library.store, core.library.exchange;"
        "print('duckdb' in sys.modules, 'pyarrow' in sys.modules)"
    )
    told = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert told.split() == ["False", "False"]


def test_labs_exchange_runs_without_names_of_images(library, tmp_path):
    library.add([row("mine", data_set="demo")], fingerprints=[replace(PRINT, data_set="demo")])
    file = tmp_path / "lab.json"
    assert exchange.export_to(library, file) == 1
    assert b"secret-patient-name" not in file.read_bytes()
    other = Library(Workspace(tmp_path / "other"), tmp_path / "nothing")
    assert exchange.import_from(other, file) == 1
    assert exchange.import_from(other, file) == 0
    (brought,) = other.rows()
    assert brought.data_set.startswith("demo@")
    assert other.fingerprints()[0].data_set == brought.data_set
    before = library.snapshot()
    assert exchange.import_from(library, file) == 0
    assert library.snapshot() == before


def test_a_run_that_has_finished_since_reaches_the_other_lab(library, tmp_path):
    """Its id was known there, of the failure, and what it came to was left out."""
    other = Library(Workspace(tmp_path / "other"), tmp_path / "nothing")
    early, late = tmp_path / "early.json", tmp_path / "late.json"
    library.add([replace(FAILED, run="mine", data_set="demo")])
    exchange.export_to(library, early)
    library.add([row("mine", data_set="demo")])
    exchange.export_to(library, late)
    brought = [exchange.import_from(other, file) for file in (early, early, late, late, early)]
    assert brought == [1, 0, 1, 0, 0]
    (told,) = other.rows()
    assert (told.state, told.validation) == ("finished", 0.8125)


def test_a_file_that_is_no_export_is_refused(library, tmp_path):
    file = tmp_path / "table.csv"
    file.write_text("a,b\n1,2\n")
    with pytest.raises(LibraryError, match="no export"):
        exchange.import_from(library, file)


def test_a_run_that_failed_and_was_resumed_counts_as_what_it_came_to(library):
    failed = row("r9", state="failed", cause="disk_full", validation=None, curve=())
    assert library.add([failed]) == 1
    assert library.add([row("r9")]) == 1
    assert library.add([failed]) == 0
    assert [one for one in library.rows() if one.run == "r9"] == [row("r9")]
    library.workspace.library_file.unlink()  # the index comes back from the files, in any order
    assert [one for one in library.rows() if one.run == "r9"] == [row("r9")]


def test_layers_of_two_labs_stay_two(library, tmp_path):
    library.add([row("own", data_set="heart@nuclei"), row("theirs", data_set="demo@0a1b2c")])
    exchange.export_to(library, tmp_path / "out.json")
    told = read(tmp_path / "out.json", Snapshot)
    assert exchange.of_others(library.workspace, library.rows()) == {"theirs"}
    names = {one.run: one.data_set for one in told.rows}
    assert names["theirs"] == "demo@0a1b2c"
    assert names["own"].startswith("heart@nuclei@")
