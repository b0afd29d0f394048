"""The command line keeps its contract: JSON alone on standard output, exit codes, units."""

import argparse
import json
import shutil
import socket
import zipfile
from dataclasses import replace

import pytest

from core import workflow
from core.cli import dashboard, limits, main, parser, units
from core.jobs import address
from core.paths import Workspace
from core.records import Budget, Kind, StudyRecord, TaskSpec, Wishes, write, write_bytes


@pytest.fixture
def aixcell(workspace, capsys):
    """Return a function that runs one command and gives exit code, answer and what was told."""

    def call(*words):
        capsys.readouterr()
        try:
            code = main([*words, "--workspace", str(workspace.root), "--json"])
        except SystemExit as end:  # how argparse ends on wrong usage
            code = end.code
        said = capsys.readouterr()
        return code, json.loads(said.out) if said.out else None, said.err

    return call


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("2h", 7200), ("1h30m", 5400), ("0.5m", 30)]
)
def test_times(text, seconds):
    assert units.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "90", "m", "-5m", "10x", "5m3", "0s"])
def test_no_times(text):
    with pytest.raises(argparse.ArgumentTypeError, match="write 90s, 10m or 2h"):
        units.seconds(text)


@pytest.mark.parametrize(("text", "gib"), [("4GiB", 4), ("512MiB", 0.5), ("4 gib", 4)])
def test_sizes(text, gib):
    assert units.gib(text) == gib


@pytest.mark.parametrize("text", ["4", "GiB", "-1GiB", "4 apples"])
def test_no_sizes(text):
    with pytest.raises(argparse.ArgumentTypeError, match="write 4GiB"):
        units.gib(text)


def test_the_dashboard_answers_this_computer_only():
    assert units.host("localhost") == "localhost"
    with pytest.raises(argparse.ArgumentTypeError, match="no sign-in yet"):
        units.host("0.0.0.0")


def test_clock():
    assert [units.clock(s) for s in (5, 245, 3723)] == ["0:05", "4:05", "1:02:03"]


def test_import_folder_zip_and_what_is_refused(aixcell, disc_files, tmp_path):
    broken = tmp_path / "broken.tif"
    broken.write_bytes(b"")
    packed = tmp_path / "more.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(disc_files / "images" / "disc0.tif", "single.tif")
    code, told, _ = aixcell("import", "cells", str(disc_files), str(broken))
    assert code == 0
    assert len(told["added"]) == len(told["labelled"]) == 10
    assert [each["file"] for each in told["refused"]] == ["broken.tif"]
    code, told, _ = aixcell("import", "cells", str(packed))
    assert (code, told["added"]) == (0, []), "the same picture again"
    code, told, _ = aixcell("import", "cells", str(broken))
    assert code == 1


def test_test_images_are_the_test_split(aixcell, workspace, disc_files, tmp_path):
    learn, test = tmp_path / "learn", tmp_path / "test"
    for number in range(10):
        side = test if number < 3 else learn
        for part in ("images", "masks"):
            (side / part).mkdir(parents=True, exist_ok=True)
            shutil.copy(disc_files / part / f"disc{number}.tif", side / part)
    aixcell("import", "cells", str(learn), "--test", str(test))
    assert aixcell("task", "cells", "--kind", "instance", "--classes", "disc")[0] == 0
    split = workflow.make_split(workspace, "cells", 0)
    assert split.test == ("disc0", "disc1", "disc2")


def test_task_takes_what_is_left_out_from_the_labels(aixcell, disc_files):
    aixcell("import", "cells", str(disc_files))
    code, told, _ = aixcell("task", "cells", "--score", "0.9", "--time", "5m")
    assert code == 0
    assert told["task"]["kind"] == "instance"
    assert told["task"]["wishes"]["wanted_score"] == 0.9
    assert told["task"]["wishes"]["seconds"] == 300


def test_task_keeps_the_wishes_it_is_not_told_anew(aixcell, disc_files):
    """`--time` alone dropped the wanted score and the fast prediction that were told before."""
    aixcell("import", "cells", str(disc_files))
    aixcell("task", "cells", "--score", "0.9", "--fast-prediction")
    wishes = aixcell("task", "cells", "--time", "20m")[1]["task"]["wishes"]
    assert wishes["seconds"] == 1200
    assert wishes["wanted_score"] == 0.9
    assert wishes["fast_prediction"]
    wishes = aixcell("task", "cells", "--no-fast-prediction")[1]["task"]["wishes"]
    assert not wishes["fast_prediction"]
    assert wishes["seconds"] == 1200


def test_limits_that_are_left_out_are_those_of_the_task(aixcell, workspace, disc_files):
    """`recommend` without --time ended in a traceback; the Task page's memory counted nowhere."""
    aixcell("import", "cells", str(disc_files))
    wishes = Wishes(seconds=20, memory_gib=0.1)
    task = TaskSpec(kind=Kind.INSTANCE, classes=("disc",), wishes=wishes)
    workflow.set_task(workspace, "cells", task)
    code, told, _ = aixcell("recommend", "cells")
    assert code == 0
    assert {each["seconds"] for each in told["pipelines"]} == {20}
    assert not any(each["feasible"] for each in told["pipelines"])
    assert "the limit is 0.1 GiB" in told["pipelines"][0]["reasons"][0]
    code, told, _ = aixcell("train", "cells")
    assert code == 2
    assert "close other programs, or allow more memory" in told["error"]
    given = argparse.Namespace(study="cells", time=60.0, memory=4.0)
    assert limits.budget(given, workspace) == Budget(seconds=60, memory_gib=4)


@pytest.mark.parametrize(
    "words",
    [
        ("fly",),
        ("train", "cells", "--time", "soon"),
        ("train", "nobody"),
        ("recommend", "nobody", "--time", "1m"),
        ("report", "20260101-000000-abcd"),
        ("watch", "../../etc"),
        ("predict", "20260101-000000-abcd", "x.png"),
        ("export", "nobody", "--format", "coco", "--out", "x"),
        ("export", "cells", "--format", "crayon", "--out", "x"),
        ("task", "cells", "--kind", "semantic", "--classes", "only"),
        ("train", "cells", "--pipeline", "no-such-pipeline"),
    ],
)
def test_wrong_usage_is_2(aixcell, disc_files, words):
    aixcell("import", "cells", str(disc_files))
    aixcell("task", "cells", "--kind", "instance", "--classes", "disc")
    code, told, said = aixcell(*words)
    assert code == 2
    assert said.strip()
    assert told is None or set(told) == {"error"}


def test_runs_of_an_empty_workspace(aixcell):
    assert aixcell("runs")[:2] == (0, {"runs": []})


def test_a_run_that_cannot_be_read_is_told_beside_the_others(aixcell, workspace):
    """One torn status.json was all that `aixcell runs` had to say."""
    study_dir = workspace.study("cells")
    write(study_dir.record, StudyRecord(name="cells"))
    job_dir = study_dir.job("20260101-000000-abcd")
    write_bytes(job_dir.status, b"{")
    write_bytes(job_dir.plan, b"{")
    code, told, said = aixcell("runs")
    assert (code, told) == (0, {"runs": []})
    assert f"{job_dir.status} cannot be read" in said


def test_a_study_without_labels_cannot_be_trained(aixcell, disc_files):
    aixcell("import", "cells", str(disc_files / "images"))
    aixcell("task", "cells", "--kind", "instance", "--classes", "disc")
    code, told, _ = aixcell("train", "cells", "--pipeline", "unet-lite0-distance")
    assert code == 1
    assert "annotate" in told["error"]


@pytest.mark.parametrize("killed", [False, True])
def test_an_export_that_was_cut_off_is_resumed(aixcell, workspace, disc_files, tmp_path, killed):
    """It was done, and told as failed all the same: only a training has a plan to be told of."""
    aixcell("import", "cells", str(disc_files))
    job = workflow.start_export(workspace, "cells", "labels", tmp_path / "out")
    ended = workflow.cancel(workspace, job)
    assert ended.state == "cancelled"
    if killed:
        job_dir = workspace.find_job(job)[1]
        job_dir.stop.unlink()
        write(job_dir.status, replace(ended, state="running", pid=None, created=0.0, heartbeat=0.0))
        lost = workflow.status(workspace, job)
        assert lost.state == "lost"
        assert lost.message.endswith("Resume it to begin anew."), "it has no checkpoint"
    code, told, _ = aixcell("resume", job)
    assert code == 0
    assert told == {"run": job, "state": "finished", "cause": None, "message": "Done."}
    assert any((tmp_path / "out").iterdir())
    assert aixcell("watch", job)[:2] == (0, told)


def test_who_leaves_an_export_is_told_how_to_find_it(
    aixcell, workspace, disc_files, tmp_path, monkeypatch
):
    """Ctrl+C ended the command without a word, and the job went on without a name."""
    aixcell("import", "cells", str(disc_files))
    out = str(tmp_path / "out")

    def leave(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as leaving:
        leaving.setattr(workflow, "wait", leave)
        code, _, said = aixcell("export", "cells", "--format", "labels", "--out", out)
    [job] = workflow.listing(workspace, "cells", "export")
    assert workflow.wait(workspace, job.id).state == "finished"
    assert code == 130
    assert f"the export goes on; aixcell watch {job.id}" in said


def test_the_dashboard_works_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    called = []

    class ReplacedError(Exception):
        """Stands for the end of this process."""

    def execve(program, call, env):
        called.append((call, env))
        raise ReplacedError

    monkeypatch.setattr(dashboard.os, "execve", execve)
    with pytest.raises(ReplacedError):
        main(["--workspace", "here", "--port", "8777"])
    call, env = called[0]
    assert "--server.address=127.0.0.1" in call
    assert "--server.port=8777" in call
    assert env["AIXCELL_WORKSPACE"] == str(tmp_path / "here")
    entry = call[call.index("run") + 1]
    theme = next(word for word in call if word.startswith("--theme.base=")).split("=", 1)[1]
    assert all(shutil.os.path.isfile(path) for path in (entry, theme))


@pytest.mark.parametrize("before", [True, False])
def test_a_cluster_that_does_not_answer_is_one_sentence(workspace, capsys, monkeypatch, before):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setattr(address.importlib.util, "find_spec", lambda name: name)
    asked = ["--cluster", where]
    command = ["runs", "--workspace", str(workspace.root)]
    assert main([*asked, *command] if before else [*command, *asked]) == parser.FAILED
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"aixcell: no cluster answers at {where}")
    assert "ray start" in said.err
    assert address.cluster() == ""


def test_the_dashboard_and_its_jobs_go_to_the_cluster(tmp_path, monkeypatch):
    found = []
    monkeypatch.setenv(address.SETTING, "")
    monkeypatch.setattr(address, "check", lambda where: None)

    def execve(program, call, env):
        found.append(env)
        raise SystemExit

    monkeypatch.setattr(dashboard.os, "execve", execve)
    with pytest.raises(SystemExit):
        main(["--workspace", str(tmp_path), "--cluster", "head.lab"])
    assert found[0][address.SETTING] == "head.lab"


def test_every_command_tells_what_it_does(capsys):
    for name in ("demo", "import", "images", "task", "inspect", "recommend", "train", "runs",
                 "watch", "cancel", "resume", "report", "predict", "campaign"):  # fmt: skip
        with pytest.raises(SystemExit) as end:
            main([name, "--help"])
        assert end.value.code == 0
        assert "--json" in capsys.readouterr().out
    assert parser.DONE == 0


def test_workspace_stands_before_or_after_the_command(tmp_path, capsys):
    for words in (["--workspace", str(tmp_path), "runs"], ["runs", "--workspace", str(tmp_path)]):
        assert main(words) == 0
        assert "no run yet" in capsys.readouterr().out
    assert Workspace.at(tmp_path).root == tmp_path


def test_what_one_lab_learned_another_takes_over(aixcell, workspace, tmp_path, capsys):
    from core.library.store import Library
    from core.records import Kind, RunRow

    row = RunRow(
        data_set="cells", pipeline="unet-lite0-distance", kind=Kind.INSTANCE, split="s", seed=0,
        hardware="cpu", state="finished", samples=100, validation=0.8, seconds=60, run="run-1",
    )  # fmt: skip
    Library(workspace).add([row])
    file = tmp_path / "ours.json"
    assert aixcell("library", "exchange", "export", str(file))[1]["runs"] == 1
    there = ["--workspace", str(tmp_path / "other"), "--json"]
    for new in (1, 0):
        assert main(["library", "exchange", "import", str(file), *there]) == 0
        assert json.loads(capsys.readouterr().out)["new_runs"] == new
    code, told, _ = aixcell("library", "exchange", "import", str(tmp_path / "nothing.json"))
    assert code == 1
    assert "nothing.json" in told["error"]


def test_images_are_listed_with_who_checked_them(aixcell, workspace, disc_files):
    assert aixcell("import", "discs", str(disc_files))[0] == 0
    assert aixcell("task", "discs", "--kind", "instance")[0] == 0
    workflow.check_labels(workspace, "discs", "disc3")
    _, told, _ = aixcell("images", "discs")
    states = {each["image"]: each["state"] for each in told["images"]}
    assert states == {f"disc{n}": "checked" if n == 3 else "labelled" for n in range(10)}
    _, told, _ = aixcell("images", "discs", "--state", "checked")
    [checked] = told["images"]
    assert checked["file"] == "disc3.tif"
    assert checked["checked"]["author"] == workflow.author()
