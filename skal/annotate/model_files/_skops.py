"""A look at a skops file: first all types in it, and only if these are known, the model."""

import json
import zipfile

from ...exceptions import ModelFileError
from .._features import WIDTH
from .._trust import BrokenModelError, load_trusted, untrusted_types
from ._remarks import KEY, MEMBER, read_remarks
from ._report import ModelFileReport, ModelProblem
from ._sniff import MAX_BYTES

MAX_SCHEMA = 64 * 2**20


def look(path, size):
    """Return the report of a skops file."""
    estimator = load(path.read_bytes(), path.name)
    said = read_remarks({KEY: _remark(path)})
    own = [str(name) for name in getattr(estimator, "classes_", [])]
    classes = said.get("classes") or []
    classes = classes if len(classes) == len(own) else own
    n_features = int(getattr(estimator, "n_features_in_", 0))
    return ModelFileReport(
        format="skops",
        architecture=name_of(estimator),
        classes=classes,
        has_names=not all(name.lstrip("-").isdigit() for name in classes),
        sees="features",
        input_shape=[n_features],
        n_parameters=0,
        n_bytes=path.stat().st_size,
        notes=["The model predicts; trainings make the project's own model from its labels."],
        problems=_problems(estimator, n_features),
    )


def load(content, name):
    """Return the estimator in a skops file, or raise if it holds a type that is not known.

    Parameters
    ----------
    content : bytes
        Of the file.
    name : str
        Of the file, for messages.
    """
    _check_sizes(content, name)
    try:
        unknown = untrusted_types(content)
    except Exception as error:  # skops raises whatever a broken schema leads to
        raise _broken(name, error) from error
    if unknown:
        raise ModelFileError(
            f"{name!r} holds types that are not known to be safe, and is not loaded: {unknown}. "
            f"Only models made of scikit-learn's own types are accepted; declare others in Python, "
            f"by Project.create(model=...)."
        )
    try:
        return load_trusted(content)
    except BrokenModelError as error:
        raise ModelFileError(f"{name!r} is not safe to use: {error}") from error
    except Exception as error:
        raise _broken(name, error) from error


def _check_sizes(content, name):
    import io

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            total = sum(member.file_size for member in members)
            schema = archive.getinfo("schema.json").file_size
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        raise _broken(name, error) from error
    if total > MAX_BYTES or schema > MAX_SCHEMA:
        raise ModelFileError(
            f"{name!r} unpacks to {total} bytes, of which its schema takes {schema}; at most "
            f"{MAX_BYTES} and {MAX_SCHEMA} are read."
        )


def _broken(name, error):
    return ModelFileError(
        f"{name!r} is no whole skops file ({type(error).__name__}: {str(error)[:200]}). Save the "
        f"model again, by skops.io.dump."
    )


def _remark(path):
    with zipfile.ZipFile(path) as archive:
        if MEMBER not in archive.namelist() or archive.getinfo(MEMBER).file_size > MAX_SCHEMA:
            return ""
        return archive.read(MEMBER).decode("utf-8", errors="replace")


def with_remark(content, remark):
    """Return the bytes of a skops file with what skal says of the model in it."""
    import io

    file = io.BytesIO(content)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr(MEMBER, json.dumps(remark))
    return file.getvalue()


def name_of(estimator):
    """Return what an estimator is called, with the steps of a pipeline."""
    steps = getattr(estimator, "steps", None)
    if steps is None:
        return type(estimator).__name__
    return " + ".join(type(step).__name__ for _, step in steps)


def _problems(estimator, n_features):
    problems = []
    if not hasattr(estimator, "predict_proba"):
        problems.append(
            ModelProblem(
                "predictions",
                "a classifier with predict_proba",
                name_of(estimator),
                "Choose a classifier that gives probabilities.",
            )
        )
    if n_features != WIDTH:
        problems.append(features_problem(n_features))
    return problems


def features_problem(n_features):
    """Return the problem of a model that takes other numbers than skal's features of images."""
    return ModelProblem(
        "features",
        f"{WIDTH}, which describe_images finds in any image",
        str(n_features),
        "Export the model by Project.export_model, which puts the axes of a project's embedding "
        "into it, or train one on describe_images.",
    )
