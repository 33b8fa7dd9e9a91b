"""``skal pick run`` and ``run-all``: what is printed and written, kills, and what can go wrong."""

import json
import shutil
import subprocess
import sys
import time

import pytest
from made_micrographs import TINY, write_data
from typer.testing import CliRunner

from skal.cli import app
from skal.cli._pick import _devices
from skal.experiments.picking import PickingMetrics

COMMANDS = ("run", "run-all", "train", "predict", "score", "convert", "self-train")
SMALL = [
    *("--num-iterations", 2, "--initial-ratio", 0.25, "--query-ratio", 0.25, *TINY),
    *("--initial-epochs", 1, "--retrain-epochs", 1, "--working-diameter", 10, "--seed", 3),
]
SEED_OPTIONS = "train-data-dir val-data-dir output-dir acquisition-function num-iterations "
SEED_OPTIONS += "multi-gpu initial-ratio query-ratio initial-epochs retrain-epochs batch-size "
SEED_OPTIONS += "learning-rate seed"


def _run(*arguments):
    return CliRunner().invoke(app, ["pick", *map(str, arguments)])


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Return the options that name micrographs and picks."""
    folder = write_data(tmp_path_factory.mktemp("data"))
    places = {"--train-data-dir": "train", "--val-data-dir": "val", "--picks": "picks.csv"}
    return [word for option, name in places.items() for word in (option, folder / name)]


@pytest.fixture(scope="module")
def finished(data, tmp_path_factory):
    """Return the folder of a whole run of two strategies, and what it printed."""
    folder = tmp_path_factory.mktemp("all") / "out"
    strategies = ["--acquisition-functions", "random,margin"]
    return folder, _run("run-all", *data, *SMALL, *strategies, "--output-dir", folder)


def _scores(folder):
    """Return labels and F1 of all iterations below a folder, by strategy, seed and iteration."""
    found = {}
    for path in sorted(folder.rglob("iteration_*/metrics.json")):
        metrics = json.loads(path.read_text())
        found[path.parts[-4:-1]] = (metrics["n_labels"], metrics["f1_score"])
    return found


# Help ----------------------------------------------------------------------------------------


def test_help_names_every_option_of_the_readme():
    for command in ("run", "run-all"):
        shown = "".join(_run(command, "--help").output.split())
        assert [o for o in SEED_OPTIONS.split() if f"--{o}"[:20] not in shown] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_help_loads_no_heavy_library(command):
    script = (
        f"import sys; from skal.cli import app; app(['pick', '{command}', '--help'], "
        "standalone_mode=False); "
        "sys.exit(', '.join({'numpy', 'sklearn', 'pandas', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert done.stderr.decode().strip() == ""


# run -----------------------------------------------------------------------------------------


def test_run_prints_a_table_and_options_may_have_underscores(data, tmp_path):
    words = [str(word) for word in (*data, *SMALL, "--output-dir", tmp_path / "out")]
    words = [f"--{w[2:].replace('-', '_')}" if w[:2] == "--" else w for w in words]
    result = _run("run", "--acquisition_function", "entropy", *words)
    assert result.exit_code == 0, result.output
    assert "PickingData(4 training and 2 validation micrographs of 64 x 64 pixels)" in result.stdout
    assert "\nentropy " in result.stdout
    assert list(_scores(tmp_path / "out")) == [
        ("entropy", "seed_3", "iteration_0"),
        ("entropy", "seed_3", "iteration_1"),
    ]


# run-all -------------------------------------------------------------------------------------


def test_run_all_ends_with_the_comparison_and_the_checklist(finished):
    folder, result = finished
    assert result.exit_code == 0, result.output
    for text in ("\nrandom ", "\nmargin ", "[x] All strategies completed", "[x] Same initial"):
        assert text in result.stdout
    for name in ("learning_curves.png", "comparison_table.tex", "checklist.md", "methods.md"):
        assert (folder / "comparison_results" / name).is_file()
    assert len(_scores(folder)) == 4


def test_run_all_may_be_written_with_an_underscore_and_has_all_strategies(data, monkeypatch):
    asked = []

    def run_picking(data, segmenter, names, **options):
        asked.extend(names)
        raise OSError("enough")

    monkeypatch.setattr("skal.experiments.picking.run_picking", run_picking)
    result = _run("run_all", *data, *SMALL)
    assert result.stderr == "Error: enough\n"
    assert asked == ["uncertainty", "entropy", "margin", "diversity", "hybrid", "random"]


def test_a_run_all_that_was_killed_goes_on(data, finished, tmp_path, monkeypatch):
    words = ["run-all", *data, *SMALL, "--acquisition-functions", "random,margin"]
    words += ["--output-dir", tmp_path / "out"]
    measure, n_calls = PickingMetrics.__call__, 0

    def fail_later(*arguments):
        nonlocal n_calls
        n_calls += 1
        if n_calls == 4:
            raise KeyboardInterrupt
        return measure(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(PickingMetrics, "__call__", fail_later)
        assert _run(*words).exit_code != 0
    assert len(_scores(tmp_path / "out")) == 3
    again = _run(*words)
    assert again.stderr == (
        f"Error: the output folder {tmp_path / 'out'} is not empty. Choose another folder, or "
        "resume the comparison in it with --resume.\n"
    )
    resumed = _run(*words, "--resume")
    assert resumed.exit_code == 0, resumed.output
    assert _scores(tmp_path / "out") == _scores(finished[0])


# Several devices -----------------------------------------------------------------------------


def test_strategies_on_devices_go_on_and_are_those_in_turn(data, finished, tmp_path):
    out = tmp_path / "out"
    begun = _run(
        "run", *data, *SMALL, "--acquisition-function", "margin", "--output-dir", out / "margin"
    )
    assert begun.exit_code == 0, begun.output
    shutil.rmtree(out / "margin" / "margin" / "seed_3" / "iteration_1")
    words = ["run-all", *data, *SMALL, "--acquisition-functions", "random,margin"]
    words = ["--devices" if word == "--device" else word for word in words]
    words = ["cpu,cpu" if word == "cpu" else word for word in words]
    assert _run(*words, "--output-dir", out).stderr.startswith("Error: the output folder")
    result = _run(*words, "--output-dir", out, "--resume", "--quiet")
    assert result.exit_code == 0, result.output + (out / "margin.log").read_text()
    assert result.stderr == ""
    assert "[x] Same initial labeled set for all strategies" in result.stdout
    assert "Settings differ" not in result.stdout
    assert _scores(out) == _scores(finished[0])
    assert (out / "comparison_results" / "learning_curves.png").is_file()


def test_strategies_that_fail_are_named_when_the_others_have_ended(tmp_path, monkeypatch):
    def start(options, device, log):
        code = "print('Error: no luck.'); raise SystemExit(1)"
        code = "pass" if options["acquisition_function"] == "random" else code
        with open(log, "wb") as file:
            return subprocess.Popen([sys.executable, "-c", code], stdout=file)

    monkeypatch.setattr(_devices, "_start", start)
    folders = {name: tmp_path / "out" / name for name in ("margin", "random")}
    options = {"output_dir": tmp_path / "out", "resume": False, "quiet": True}
    with pytest.raises(ValueError, match=r"1 of 2 strategies failed: margin: Error: no luck \("):
        _devices.run_strategies(folders, ["cpu"], options)


def test_a_device_runs_one_at_a_time_and_none_waits_for_another():
    begun = {}

    def start(name, device):
        begun[name] = device, time.perf_counter()
        seconds = 1.5 if name == "long" else 0.01
        return subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({seconds})"])

    names = ["long", "a", "b", "c"]
    ended = dict(_devices.run_on_devices(names, ["cuda:0", "cuda:1"], start))
    assert ended == dict.fromkeys(names, 0)
    assert list(ended)[:2] == ["a", "b"]
    assert [begun[name][0] for name in ("long", "a", "b")] == ["cuda:0", "cuda:1", "cuda:1"]
    assert begun["a"][1] < begun["b"][1] < begun["c"][1]


def test_processes_end_when_waiting_for_them_is_given_up():
    processes = {}

    def start(name, device):
        seconds = 0 if name == "short" else 60
        code = f"import time; time.sleep({seconds})"
        processes[name] = subprocess.Popen([sys.executable, "-c", code])
        return processes[name]

    running = _devices.run_on_devices(["short", "long"], ["cpu", "cpu"], start)
    assert next(running) == ("short", 0)
    running.close()
    assert processes["long"].poll() is not None


def test_a_run_ends_when_the_process_that_started_it_does(tmp_path):
    child = [sys.executable, "-m", _devices.CHILD, "pick", "run", "--help"]
    with subprocess.Popen(child, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdin.close()
        assert process.wait(timeout=60) == 1


def test_each_process_sees_its_own_gpu(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert _devices._visible("cuda:1") == ("cuda", {"CUDA_VISIBLE_DEVICES": "1"})
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,GPU-7")
    assert _devices._visible("cuda") == ("cuda", {"CUDA_VISIBLE_DEVICES": "4"})
    assert _devices._visible("cuda:1") == ("cuda", {"CUDA_VISIBLE_DEVICES": "GPU-7"})
    assert _devices._visible("cpu") == ("cpu", {})


def test_options_are_words_again():
    options = {"seed": 3, "resume": True, "quiet": False, "picks": None, "learning_rate": 0.1}
    words = ["--seed", "3", "--resume", "--learning-rate", "0.1"]
    assert _devices.as_arguments(options) == words


# What can go wrong ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        ("run", ["--acquisition-function", "clairvoyance"], "--acquisition-function must be of"),
        ("run-all", ["--acquisition-functions", ","], "--acquisition-function must be of"),
        ("run", ["--diameter", 1], "particles must be at least 2 pixels wide"),
        ("run", ["--border", 40], "micrograph 't0.mrc': border must be at least 0"),
        ("run-all", ["--devices", "abacus"], "--devices says where"),
        ("run", ["--device", "abacus"], "device must be auto, cpu, cuda or mps"),
    ],
)
def test_wrong_arguments_are_one_line(data, tmp_path, command, arguments, message):
    result = _run(command, *data, *SMALL, *arguments, "--output-dir", tmp_path / "out")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {message}"), result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_device_that_is_not_there_is_one_line(data, tmp_path):
    result = _run("run-all", *data, "--devices", "cpu,abacus", "--output-dir", tmp_path / "out")
    assert result.stderr.startswith("Error: --devices must be of cpu")
    assert not (tmp_path / "out").exists()


def test_strategies_run_in_turn_are_not_resumed_on_devices(data, finished):
    words = [*data, "--devices", "cpu", "--resume", "--output-dir", finished[0]]
    result = _run("run-all", *words)
    assert "holds strategies that were run in turn" in result.stderr


def test_a_truncated_micrograph_is_one_line(tmp_path):
    folder = write_data(tmp_path / "data")
    content = (folder / "train" / "t1.mrc").read_bytes()
    (folder / "train" / "t1.mrc").write_bytes(content[:-100])
    places = ["--train-data-dir", folder / "train", "--val-data-dir", folder / "val"]
    result = _run("run", *places, "--picks", folder / "picks.csv", "--output-dir", tmp_path / "o")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "t1.mrc is damaged" in result.stderr
