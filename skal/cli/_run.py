"""``skal run``: nets and strategies on images with and without noise."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from ._errors import fail, one_line
from ._logging import LOG_FORMAT, logged
from ._options import option

# what --experiment changes: the setting of the report, and both of its questions
EXPERIMENT = {
    "model": "lenet,resnet18",
    "strategy": "random,entropy,bald",
    "noise": "none,gaussian,salt_and_pepper",
    "num_valid": 300,
    "n_init_labeled": 100,
    "n_query": 100,
    "epochs": 100,
}
ORDINARY = {
    "model": "lenet",
    "strategy": "random",
    "noise": "none",
    "num_valid": 1000,
    "n_init_labeled": 10_000,
    "n_query": 1000,
    "epochs": 10,
}
DATA, TRAINING, QUERIES = "Data", "Training", "Queries"
NOISE, OUTPUT = "Noise", "Output and runs"


def run(
    dataset: Annotated[str, option(DATA, "mnist, fashion_mnist, cifar10 or digits.")] = "mnist",
    data_dir: Annotated[Path, option(DATA, "Folder with the files of the data set.")] = Path(
        "data"
    ),
    download: Annotated[
        bool, option(DATA, "Download data that are not in the folder.", "--download")
    ] = False,
    num_valid: Annotated[
        int | None,
        option(DATA, "Validation images; their labels count as used.", show_default="1000"),
    ] = None,
    n_pool: Annotated[
        int | None, option(DATA, "Use so many training images only.", show_default="all", min=1)
    ] = None,
    n_test: Annotated[
        int | None, option(DATA, "Use so many test images only.", show_default="all", min=1)
    ] = None,
    model: Annotated[
        str | None,
        option(
            TRAINING,
            "One or more of lenet, resnet18, cnn, mlp, with commas.",
            "--model",
            "--models",
            show_default="lenet",
        ),
    ] = None,
    epochs: Annotated[
        int | None, option(TRAINING, "Epochs of each training.", show_default="10", min=1)
    ] = None,
    batch_size: Annotated[int, option(TRAINING, "Images in a batch.", min=1)] = 64,
    lr: Annotated[float, option(TRAINING, "Learning rate.")] = 0.001,
    optimizer: Annotated[str, option(TRAINING, "adam, adamw, or sgd with momentum 0.9.")] = "adam",
    augment: Annotated[
        bool, option(TRAINING, "Shift, rotate and scale training images.", "--augment")
    ] = False,
    mixed_precision: Annotated[
        bool, option(TRAINING, "Compute in bfloat16 where the processor can.", "--mixed-precision")
    ] = False,
    device: Annotated[str, option(TRAINING, "auto, cpu, cuda or mps.")] = "auto",
    num_workers: Annotated[
        int,
        option(
            TRAINING, "Accepted for scripts: images are in memory, and no worker loads them.", min=0
        ),
    ] = 0,
    strategy: Annotated[
        str | None,
        option(
            QUERIES,
            "One or more, with commas: random, entropy, bald, margin, least_confidence, "
            "batch_bald, power_bald, variation_ratio, mean_std, core_set, badge, k_means, "
            "typi_clust, hybrid.",
            "--strategy",
            "--strategies",
            show_default="random",
        ),
    ] = None,
    n_init_labeled: Annotated[
        int | None, option(QUERIES, "Images labeled at first.", show_default="10000")
    ] = None,
    n_query: Annotated[
        int | None, option(QUERIES, "Images labeled by each query.", show_default="1000")
    ] = None,
    n_round: Annotated[int, option(QUERIES, "How many queries.", min=0)] = 10,
    noise: Annotated[
        str | None,
        option(
            NOISE,
            "One or more of none, gaussian, salt_and_pepper, with commas.",
            show_default="none",
        ),
    ] = None,
    noise_rate: Annotated[float, option(NOISE, "Share of images with noise.", min=0, max=1)] = 0.1,
    noise_strength: Annotated[
        float | None,
        option(
            NOISE,
            "Deviation of Gaussian noise, or share of pixels that are salt or pepper.",
            show_default="0.3, 0.1",
        ),
    ] = None,
    noise_splits: Annotated[
        str, option(NOISE, "Which images get noise: of train, valid, test, with commas.")
    ] = "train,valid,test",
    label_noise: Annotated[
        str, option(NOISE, "Wrong labels: none, uniform, pairs or adversarial.")
    ] = "none",
    label_noise_rate: Annotated[
        float, option(NOISE, "Share of labels that are wrong.", min=0, max=1)
    ] = 0.1,
    seed: Annotated[int, option(OUTPUT, "The first seed.", min=0)] = 42,
    seeds: Annotated[int, option(OUTPUT, "How many seeds, from the first on.", min=1)] = 3,
    output: Annotated[Path, option(OUTPUT, "Where runs, tables and plots go.")] = Path("skal-run"),
    resume: Annotated[bool, option(OUTPUT, "Go on with what is in OUTPUT.", "--resume")] = False,
    jobs: Annotated[
        int | None,
        option(
            OUTPUT,
            "How many runs at a time, each on one core; -1 is one per core.",
            show_default="up to 4, on a GPU 1",
        ),
    ] = None,
    full_data: Annotated[
        bool, option(OUTPUT, "Also train on all labels, for each seed.", "--full-data")
    ] = False,
    experiment: Annotated[
        bool,
        option(
            OUTPUT,
            "Both research questions at once: LeNet and ResNet18, random, entropy and BALD, all "
            "noise, 300 validation labels, 100 + 10 x 100 others, 100 epochs. Options "
            "that are given win over these.",
            "--experiment",
        ),
    ] = False,
    debug: Annotated[
        bool,
        option(OUTPUT, "A few seconds of everything, all log messages, and tracebacks.", "--debug"),
    ] = False,
    track: Annotated[
        str | None, option(OUTPUT, "Follow runs with tensorboard, wandb or mlflow.")
    ] = None,
    wandb: Annotated[bool, option(OUTPUT, "The same as --track wandb.", "--wandb/--no-wandb")] = (
        False
    ),
    project: Annotated[str, option(OUTPUT, "The name of the tracked project.")] = "skal",
    log_level: Annotated[str, option(OUTPUT, "DEBUG, INFO, WARNING or ERROR.")] = "INFO",
    log_format: Annotated[
        str, option(OUTPUT, "The format of log messages, as in Python's logging.")
    ] = LOG_FORMAT,
    quiet: Annotated[bool, option(OUTPUT, "Print the tables only.", "--quiet")] = False,
) -> None:
    """Compare strategies and nets on images with and without noise.

    Which strategy needs the fewest labels?
    skal run --strategies random,entropy,bald --noise none,gaussian,salt_and_pepper
    Which net? Add --models lenet,resnet18.
    """
    options = locals()
    from ..exceptions import DatasetError, DivergenceError, ResumeError
    from ..experiments.noisy_images import load_images, run_noisy_images

    try:
        settings, track = _settings(options), "wandb" if wandb else track
        _check(options, track)
        images = load_images(settings, data_dir, download=download)
    except (OSError, ImportError, ValueError) as error:
        _fail(error, debug)
    level = "DEBUG" if debug else log_level.upper()
    try:
        with logged("skal.run", output / "training.log", quiet, level, log_format):
            result = run_noisy_images(
                settings,
                images,
                output,
                resume=resume,
                n_jobs=_default_jobs(device) if jobs is None else jobs,
                track=track,
                project=project,
                progress=not quiet,
            )
    except (OSError, DatasetError, DivergenceError, ResumeError) as error:
        _fail(error, debug)
    typer.echo(str(result))
    if not quiet:
        _print_places(output)


def _default_jobs(device):
    from joblib import cpu_count

    from ..nets._seeds import choose_device

    return min(4, cpu_count()) if choose_device(device) == "cpu" else 1


def _fail(error, debug):
    """End with one line, or with the traceback where bugs are looked for."""
    if debug:
        raise error
    fail(one_line(error))


def _settings(options):
    """Return the settings that the options describe."""
    from dataclasses import fields

    from ..experiments.noisy_images import Settings

    defaults = EXPERIMENT if options["experiment"] else ORDINARY
    given = {k: defaults[k] if v is None and k in defaults else v for k, v in options.items()}
    for one, name in (("model", "models"), ("strategy", "strategies"), ("noise", "noises")):
        given[name] = _split(given.pop(one))
    given["noise_splits"] = _split(given["noise_splits"])
    given["seeds"] = tuple(range(given["seed"], given["seed"] + given["seeds"]))
    settings = Settings(**{field.name: given[field.name] for field in fields(Settings)})
    return settings.reduced_for_debugging() if options["debug"] else settings


def _split(text):
    # salt-and-pepper is salt_and_pepper, as it is for options
    return tuple(part.strip().replace("-", "_") for part in text.split(",") if part.strip())


def _check(options, track):
    from ..experiments.tracking import check_tool

    if options["jobs"] == 0:
        raise ValueError("--jobs must be a number of runs from 1 on, or -1 for one per core.")
    if options["log_level"].upper() not in logging.getLevelNamesMapping():
        raise ValueError(f"--log-level must be DEBUG, INFO, ...; got {options['log_level']!r}.")
    if track is not None:
        check_tool(track)


def _print_places(output):
    results = output / "comparison_results"
    typer.echo(f"\nPlots   {results / 'learning_curves.png'}")
    typer.echo(f"        {results / 'test_error.png'}")
    typer.echo(f"Tables  {results / 'strategies.csv'} (and models, noise, curves, results.txt)")
    typer.echo(f"Log     {output / 'training.log'}")
    typer.echo(f"Runs    {output}/MODEL-NOISE/STRATEGY/seed_N/")
