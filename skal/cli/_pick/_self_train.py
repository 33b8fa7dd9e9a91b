"""``skal pick self-train``: a segmenter that also learns from its own sure predictions."""

import warnings
from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .._errors import fail, one_line, tell, warnings_told
from .._logging import logged
from .._options import option
from ._options import (
    DATA,
    OUTPUT,
    TRAINING,
    BatchSize,
    Depth,
    Device,
    LearningRate,
    MultiGpu,
    PatchSize,
    Quiet,
    Resume,
    Width,
    device_of,
)

LABELS, PSEUDO = "Labels", "Pseudo-labels"
COLUMNS = ("iteration", "precision", "recall", "f1_score", "iou", "auc", "kept")


class Loss(StrEnum):
    """What training makes small."""

    FOCAL_DICE = "focal_dice"
    BCE = "bce"


def self_train(
    image_dir: Annotated[Path, option(DATA, "Images of one shape: npy, PNG, TIFF, MRC or JPEG.")],
    coords_file: Annotated[
        Path,
        option(DATA, "Their particles: coordinates.json, or picks in any other format."),
    ],
    output_dir: Annotated[Path, option(OUTPUT, "Where models, scores and pictures go.")] = Path(
        "experiments/self_training"
    ),
    unlabeled_dir: Annotated[
        Path | None, option(DATA, "Further images, that nobody has labeled.")
    ] = None,
    particle_radius: Annotated[
        float | None,
        option(LABELS, "In pixels.", min=1, show_default="of the picks, else 10"),
    ] = None,
    n_labeled: Annotated[
        int | None,
        option(
            LABELS,
            "Use the labels of so many images only, drawn by the seed.",
            min=1,
            show_default="all",
        ),
    ] = None,
    labeled_ratio: Annotated[
        float | None, option(LABELS, "The same, as a share.", min=0, max=1, show_default="1")
    ] = None,
    val_split: Annotated[
        float, option(LABELS, "Share of labeled images that judge iterations.", min=0.001, max=0.9)
    ] = 0.1,
    self_training_iterations: Annotated[
        int, option(PSEUDO, "Trainings with pseudo-labels.", min=0)
    ] = 3,
    positive_threshold: Annotated[
        float, option(PSEUDO, "From which probability on a pixel is a particle.", min=0.5, max=1)
    ] = 0.95,
    negative_threshold: Annotated[
        float, option(PSEUDO, "Until which it is background.", min=0, max=0.5)
    ] = 0.05,
    decay: Annotated[
        float,
        option(PSEUDO, "By how much each iteration relaxes both; 0 is static.", min=0, max=0.5),
    ] = 0.02,
    trust_background: Annotated[
        bool,
        option(
            PSEUDO,
            "Take what is labeled as background for background in all iterations, not only in the "
            "first training.",
            "--trust-background",
        ),
    ] = False,
    initial_epochs: Annotated[int, option(TRAINING, "Epochs of the first training.", min=1)] = 100,
    retrain_epochs: Annotated[int, option(TRAINING, "Epochs of each iteration.", min=1)] = 30,
    loss: Annotated[Loss, option(TRAINING, "The loss.")] = Loss.FOCAL_DICE,
    pos_weight: Annotated[
        float | None,
        option(
            TRAINING,
            "Factor of the loss of particles, in place of the weights by their share that "
            "focal_dice finds.",
            show_default="none",
        ),
    ] = None,
    batch_size: BatchSize = 16,
    learning_rate: LearningRate = 0.001,
    width: Width = 16,
    depth: Depth = 3,
    patch_size: PatchSize = 128,
    device: Device = "auto",
    multi_gpu: MultiGpu = False,
    deterministic: Annotated[
        bool,
        option(
            TRAINING,
            "On NVIDIA GPUs, the same algorithms in every run, or the fastest; with these, a "
            "seed fixes a run up to rounding. No difference on other processors.",
            "--deterministic/--no-deterministic",
        ),
    ] = True,
    ablation: Annotated[
        bool,
        option(
            OUTPUT,
            "Write a table in place of a model: BCE and Focal+Dice, static and adaptive "
            "thresholds, judged on images that nothing is trained on.",
            "--ablation",
        ),
    ] = False,
    test_split: Annotated[
        float, option(OUTPUT, "Share of images that judge the ablation.", min=0.001, max=0.9)
    ] = 0.2,
    seeds: Annotated[int, option(OUTPUT, "Seeds of the ablation.", min=1)] = 3,
    seed: Annotated[int, option(OUTPUT, "Draws labels, and seeds the training.", min=0)] = 42,
    resume: Resume = False,
    quiet: Quiet = False,
) -> None:
    """Train on labels, then on sure predictions too; keep what is better on held-out labels.

    skal pick self-train --image-dir images --coords-file coordinates.json --n-labeled 20
    """
    options = locals()
    from ...exceptions import DivergenceError
    from ...nets._seeds import fastest_algorithms

    _check(options)
    try:
        options["device"] = device_of(device, multi_gpu)
        with warnings_told(), nullcontext() if deterministic else fastest_algorithms():
            # nobody trains a saved model on here: a resumed run sets the loss again
            warnings.filterwarnings("ignore", r"\['loss'\] cannot be written as JSON")
            data = _load(options)
            text = _ablate(data, options) if ablation else _train(data, options)
    except (OSError, ValueError, ImportError, DivergenceError) as error:
        fail(one_line(error, **{"the segmenter's decay": "--decay", "radius_scale": "radius"}))
    typer.echo(text)
    if not quiet:
        typer.echo(f"\n{'Tables' if ablation else 'Models, scores, pictures'}  {output_dir}")


def _check(options):
    if options["n_labeled"] is not None and options["labeled_ratio"] is not None:
        fail("--n-labeled and --labeled-ratio say the same: give one of them.")
    if options["ablation"] and options["resume"]:
        fail("an ablation is not resumed: leave out --resume, or --ablation.")
    if options["ablation"] and _is_used(options["output_dir"]):
        fail(f"the output folder {options['output_dir']} is not empty. Choose another folder.")
    if options["pos_weight"] is not None and not options["pos_weight"] > 0:
        fail(f"--pos-weight must be above 0; got {options['pos_weight']:g}.")


def _is_used(folder):
    return folder.is_dir() and any(folder.iterdir())


def _load(options):
    from ...experiments.partly_labeled import RADIUS_PX, load_partly_labeled
    from ...micrographs import find_micrographs, read_picks

    paths = find_micrographs([options["image_dir"]])
    picks = read_picks(options["coords_file"])
    if options["particle_radius"] is None and "diameter" not in picks:
        tell(f"the picks tell no diameter: --particle-radius is {RADIUS_PX:g} pixels.")
    share = 1.0 if options["labeled_ratio"] is None else options["labeled_ratio"]
    data = load_partly_labeled(
        paths,
        picks,
        unlabeled=_unlabeled(options, len(paths)),
        radius_px=options["particle_radius"],
        n_labeled=share if options["n_labeled"] is None else options["n_labeled"],
        test_size=options["test_split"] if options["ablation"] else 0.0,
        random_state=options["seed"],
    )
    if not options["quiet"]:
        typer.echo(repr(data))
    return data


def _unlabeled(options, n_others):
    """Return the images without labels, none of which may be among the others."""
    from ...micrographs import find_micrographs

    if options["unlabeled_dir"] is None:
        return []
    return find_micrographs([options["image_dir"], options["unlabeled_dir"]])[n_others:]


def _segmenter(options):
    from ...self_training import SelfTrainingSegmenter

    return SelfTrainingSegmenter(
        _net(options, options["loss"]),
        n_iterations=options["self_training_iterations"],
        positive_threshold=options["positive_threshold"],
        negative_threshold=options["negative_threshold"],
        decay=options["decay"],
        retrain_params={"max_epochs": options["retrain_epochs"]},
        validation_fraction=options["val_split"],
        trust_background=options["trust_background"],
        stop_early=False,
        random_state=options["seed"],
    )


def _net(options, loss):
    from ...nets import AttentionUNetSegmenter

    return AttentionUNetSegmenter(
        width=options["width"],
        depth=options["depth"],
        patch_size=options["patch_size"],
        max_epochs=options["initial_epochs"],
        loss=_loss(loss, options["pos_weight"]),
        batch_size=options["batch_size"],
        lr=options["learning_rate"],
        device=options["device"],
    )


def _loss(name, pos_weight):
    from ...nets.losses import FocalDiceLoss, FocalLoss

    if pos_weight is None:
        return name.value
    if name is Loss.BCE:
        return FocalLoss(alpha=None, gamma=0.0, pos_weight=pos_weight)
    return FocalDiceLoss(alpha=None, pos_weight=pos_weight)


def _train(data, options):
    """Run self-training, and return its scores as a table."""
    import pandas as pd

    from ..._files import read_json
    from ...experiments.self_training import SUMMARY, run_self_training

    folder = options["output_dir"]
    with logged("skal.self_training", folder / "training.log", options["quiet"]):
        run_self_training(
            _segmenter(options),
            *(data.X, data.y, folder, data.X_unlabeled),
            resume=options["resume"],
        )
    summary = read_json(folder / SUMMARY)
    in_vain = sum(iteration["f1_score"] is None for iteration in summary["iterations"])
    if in_vain:
        tell(
            f"{in_vain} iterations trained nothing: too few pixels are sure. Train longer, or move "
            f"--positive-threshold and --negative-threshold."
        )
    table = pd.DataFrame(summary["iterations"])[list(COLUMNS)]
    return (
        f"{table.to_string(index=False, float_format='{:.4f}'.format, na_rep='-')}\n"
        f"best is iteration {summary['best_iteration']}: F1 of held-out pixels "
        f"{summary['final_f1_score']:.4f}, supervised {summary['supervised_f1_score']:.4f}"
    )


def _ablate(data, options):
    """Write the table of losses and thresholds, and return it."""
    from ...experiments.ablation import ablate_self_training

    ablate_self_training(
        _segmenter(options),
        {"BCE": _net(options, Loss.BCE), "Focal+Dice": _net(options, Loss.FOCAL_DICE)},
        *(data.X, data.y, data.X_test, data.y_test, data.X_unlabeled),
        seeds=range(options["seed"], options["seed"] + options["seeds"]),
        folder=options["output_dir"],
    )
    return (options["output_dir"] / "ablation.md").read_text().rstrip()
