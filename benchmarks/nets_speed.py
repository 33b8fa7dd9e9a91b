"""What skal's nets cost beside bare PyTorch, and what passes with dropout save.

Run ``python -m benchmarks.nets_speed``; the table goes to ``benchmarks/results/nets_speed.md``.
``--small`` runs everything once at a tenth of the size and writes nothing.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from skal.nets import CNNClassifier, LeNetClassifier, NetClassifier, ResNet18Classifier
from skal.nets._modules import MLP, LeNet
from skal.nets._training import INFERENCE_ROWS

from .harness import machine, measure, to_markdown

RESULTS = Path(__file__).parent / "results" / "nets_speed.md"
N_CLASSES, N_PASSES, BATCH = 10, 20, 64


def images(n, *shape):
    """Return random bytes and labels: what is learned does not matter for time."""
    rng = np.random.RandomState(0)
    return rng.randint(0, 256, (n, *shape), dtype=np.uint8), rng.randint(0, N_CLASSES, n)


def as_tensor(X):
    """Return standardized float32 images with channels."""
    Z = torch.tensor(X).float() / 255
    Z = Z[:, None] if Z.ndim == 3 else Z
    return (Z - Z.mean()) / Z.std()


def synchronized(function, device):
    """Return the function with a wait for the GPU at its end, where there is one."""

    def run():
        function()
        if device == "cuda":
            torch.cuda.synchronize()

    return run


def training(n, device, epochs=1, **pairs):
    """Fit a LeNet: the same net, data, batches and optimizer in a loop of torch alone."""
    X, y = images(n, 28, 28)

    def bare():
        net = LeNet((1, 28, 28), N_CLASSES).to(device).train()
        Z, targets = as_tensor(X).to(device), torch.as_tensor(y, device=device)
        optimizer = torch.optim.Adam(net.parameters(), 1e-3)
        for _ in range(epochs):
            order = torch.randperm(n, device=device)
            for i in range(0, n, BATCH):
                rows = order[i : i + BATCH]
                optimizer.zero_grad()
                cross_entropy(net(Z[rows]), targets[rows]).backward()
                optimizer.step()

    net = LeNetClassifier(max_epochs=epochs, batch_size=BATCH, device=device)
    yield from measure(
        f"LeNet, fit of {n:,} images, {epochs} epoch, {device}",
        synchronized(lambda: net.fit(X, y), device),
        {"bare PyTorch loop": synchronized(bare, device)},
        note="at most 1.10 times: ratio at least 0.91",
        **pairs,
    )


def scoring(n, device, **pairs):
    """Probabilities of images that are bytes, against the forward pass of tensors in memory."""
    X, y = images(n, 28, 28)
    net = LeNetClassifier(max_epochs=1, device=device).fit(X[:BATCH], y[:BATCH])
    module, Z = net.net_.module_, net.reader_.read(X, slice(None)).to(device)

    def bare():
        module.eval()
        with torch.inference_mode():
            return torch.cat([module(part).softmax(1) for part in Z.split(INFERENCE_ROWS)]).cpu()

    yield from measure(
        f"LeNet, predict_proba of {n:,} images, {device}",
        lambda: net.predict_proba(X),
        {"bare forward pass": bare},
        note="at most 1.05 times: ratio at least 0.95",
        **pairs,
    )


def draws(net, n, shape, at_least, device, **pairs):
    """Passes with dropout, against as many full passes in training mode."""
    X, y = images(n, *shape)
    name = str(net)
    net.set_params(max_epochs=1, device=device).fit(X[:BATCH], y[:BATCH])
    module, Z = net.net_.module_, net.reader_.read(X, slice(None)).to(device)

    def full():
        module.train()  # neither net has batch norm
        with torch.inference_mode():
            for _ in range(N_PASSES):
                torch.cat([module(part).softmax(1) for part in Z.split(INFERENCE_ROWS)]).cpu()
        module.eval()

    yield from measure(
        f"{name}, {N_PASSES} passes over {n:,} images of {shape}, {device}",
        lambda: net.sample_proba(X, N_PASSES),
        {"full passes": full},
        note=f"at least {at_least} times" if at_least else "",
        **{"n_pairs": 3, **pairs},
    )


def precision(n, device, **pairs):
    """ResNet-18 on small images, against itself in float32."""
    X, y = images(n, 3, 32, 32)
    mixed = ResNet18Classifier(max_epochs=1, mixed_precision=True, device=device)
    plain = ResNet18Classifier(max_epochs=1, device=device)
    yield from measure(
        f"ResNet18, fit of {n:,} images of (3, 32, 32), mixed precision, {device}",
        synchronized(lambda: mixed.fit(X, y), device),
        {"float32": synchronized(lambda: plain.fit(X, y), device)},
        **{"n_pairs": 3, **pairs},
    )


def peak_of_a_memory_map(gigabytes):
    """Return by how many MiB scoring a memory map of a size lifts the peak of a new process."""
    code = f"from benchmarks.nets_speed import score_memory_map as run; run({gigabytes})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [float(number) for number in done.stdout.split()]


def score_memory_map(gigabytes):
    """Score images in a file that is nearly all holes, and print peaks of memory in MiB."""
    torch.set_num_threads(1)
    X, y = images(BATCH, 112, 112)
    n = int(gigabytes * 2**30) // X[0].nbytes
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pool.npy"
        np.lib.format.open_memmap(path, "w+", np.uint8, (n, 112, 112))
        pool = np.load(path, mmap_mode="r")
        net = NetClassifier(_thumbnail_net, max_epochs=1, device="cpu").fit(X, y)
        before = peak_mib()
        net.predict_proba(pool)
    print(before, peak_mib())


def _thumbnail_net(in_shape, n_classes, dropout):
    """Return a net of averaged pixels, so that reading is what takes time and memory."""
    small = (in_shape[0], in_shape[1] // 7, in_shape[2] // 7)
    return torch.nn.Sequential(torch.nn.AvgPool2d(7), MLP(small, n_classes, dropout=dropout))


def peak_mib():
    # not ru_maxrss, which begins with the peak of the process that started this one
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def cases(small, device):
    """Yield all timings."""
    part = 10 if small else 1
    pairs = {"n_pairs": 1, "max_pairs": 1} if small else {}
    yield from training(10_000 // part, device, **pairs)
    yield from scoring(60_000 // part, device, **pairs)
    lenet = LeNetClassifier(conv_dropout=0.5)
    yield from draws(LeNetClassifier(), 6_000 // part, (28, 28), 3, device, **pairs)
    yield from draws(lenet, 6_000 // part, (28, 28), None, device, **pairs)
    yield from draws(CNNClassifier(), 3_000 // part, (3, 32, 32), 10, device, **pairs)
    if device == "cuda" or small:
        yield from precision(20_000 // part if device == "cuda" else 64, device, **pairs)


def main(small, gigabytes, threads):
    """Measure, print and write the table."""
    torch.set_num_threads(threads)
    devices = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
    lines = [machine() + f", torch {torch.__version__} with {threads} threads", ""]
    for device in devices:
        lines += [to_markdown(list(cases(small, device))), ""]
    before, peak = peak_of_a_memory_map(gigabytes)
    lines.append(
        f"Scoring a memory map of {gigabytes:g} GiB: peak of the process {peak:.0f} MiB, of which "
        f"{before:.0f} MiB were taken before (libraries, training)."
    )
    print("\n".join(lines))
    if not small:
        head = "# The speed of nets\n\nMade by `python -m benchmarks.nets_speed`; `ratio` above 1"
        text = f"{head} means that skal is faster.\n\n" + "\n".join(lines) + "\n"
        RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--gigabytes", type=float, default=10.0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    given = parser.parse_args()
    main(given.small, given.gigabytes, given.threads)
