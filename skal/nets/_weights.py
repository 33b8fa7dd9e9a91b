"""State dicts from files; no code of a file is run."""

from pathlib import Path

import torch
from safetensors.torch import load_file


def read_state(path):
    """Return the state dict in a file, by its ending: safetensors, or what torch.save wrote."""
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"weights must be the path of a .safetensors, .pt or .pth file; there is no file "
            f"{str(path)!r}."
        )
    if path.suffix == ".safetensors":
        return load_file(path)
    state = torch.load(path, map_location="cpu", weights_only=True)
    return state.get("state_dict", state)


def load_weights(module, path, may_differ=(), adapt=None):
    """Load a state dict into a module.

    Parameters
    ----------
    module : torch.nn.Module
    path : path
    may_differ : sequence of str
        Names that are left as they are where the shapes differ.
    adapt : callable, optional
        Takes the state dict of the file, and returns it with the names and shapes of the module.

    Returns
    -------
    list of str
        The names that were left as they were.

    Raises
    ------
    ValueError
        If the file holds the weights of another network.
    """
    state, own = read_state(path), module.state_dict()
    state = {name.removeprefix("module."): value for name, value in state.items()}
    state = state if adapt is None else adapt(state)
    left_out = [
        name
        for name in may_differ
        if name not in state or (name in own and state[name].shape != own[name].shape)
    ]
    wrong = {
        name
        for name in {*state, *own} - set(left_out)
        if name not in state or name not in own or state[name].shape != own[name].shape
    }
    if wrong:
        raise ValueError(
            f"the weights in {str(path)!r} are not those of this network: {len(wrong)} names or "
            f"shapes differ, such as {min(wrong)!r}. Pass the state dict of the same network."
        )
    module.load_state_dict({**state, **{n: own[n] for n in left_out if n in own}})
    return [name for name in left_out if name in own]
