"""The part of a project that people speak to: its labels, and what they decide about images."""

from . import _classes, _decisions, _items
from ._bulk import read_content


class LabelingMixin:
    """What people say about the images of a project."""

    @property
    def classes(self):
        """The labels that images can have, in their order: a list of LabelClass."""
        with self._store.reading() as connection:
            return _classes.read_classes(connection)

    def add_label(self, name):
        """Add a label, after the others."""
        with self._store.writing() as connection:
            _classes.add_class(connection, name)

    def rename_label(self, name, new_name):
        """Rename a label; images that have it keep it."""
        with self._store.writing() as connection:
            _classes.change_class(connection, name, name=new_name)

    def recolor_label(self, name, color):
        """Give a label another color, as ``"#rrggbb"``."""
        with self._store.writing() as connection:
            _classes.recolor_class(connection, name, color)

    def archive_label(self, name, is_archived=True):
        """Let a label no longer be given, or be given again; images that have it keep it."""
        with self._store.writing() as connection:
            _classes.change_class(connection, name, is_archived=bool(is_archived))

    def order_labels(self, names):
        """Put the labels into another order, which names each once."""
        with self._store.writing() as connection:
            _classes.order_classes(connection, list(names))

    # Decisions ------------------------------------------------------------------------------

    def decide(
        self,
        item_id,
        kind,
        value=None,
        *,
        annotator="me",
        key=None,
        shown_prediction=None,
        model_id=None,
        client_ts=None,
        seen=None,
    ):
        """Say something about an image. It is on disk when this returns.

        Parameters
        ----------
        item_id : int
            The number of the image.
        kind : {"label", "skip", "unsure", "exclude", "clear", "flag", "note"}
            ``"skip"``: it comes back later; ``"unsure"`` and ``"exclude"``: it does not, and trains
            nothing; ``"clear"``: it is unanswered again. A flag and a note stand beside the answer.
        value : str or bool, optional
            The name of the label, the text of the note, or whether the flag is set.
        annotator : str, default="me"
            Who decides.
        key : str, optional
            The same key twice is one decision: a message can be sent again.
        shown_prediction : dict of str to float, optional
            The probabilities that were on the screen. Those of a monitor image must not be.
        model_id : int, optional
            The model that they are of.
        client_ts : float, optional
            When it was decided, in seconds since 1970, where clocks differ.
        seen : int, optional
            The number of the event that the image had its answer from, as whoever decides knew it;
            0 for none. If somebody else has answered since, nothing is recorded.

        Returns
        -------
        Decision

        Raises
        ------
        ConflictError
            If the image has another answer than the one that was seen.
        """
        with self._store.writing() as connection:
            _items.check_item(connection, item_id)
            if shown_prediction is not None:
                _check_not_blind(connection, item_id)
            label_id, payload = read_content(connection, kind, value)
            message = _decisions.Message(
                item_id,
                kind,
                annotator,
                label_id,
                payload,
                shown_prediction,
                model_id,
                client_ts,
                key,
                seen=seen,
            )
            return _decisions.record(connection, message)

    def undo(self, annotator="me", *, key=None):
        """Take back the last decision of somebody that holds, also one before a restart.

        Returns
        -------
        Decision or None
            Its `item_id` is the image to go back to. None where nothing is left to undo.
        """
        with self._store.writing() as connection:
            return _decisions.step(connection, "undo", annotator, key)

    def redo(self, annotator="me", *, key=None):
        """Give back what was undone last, unless its annotator has decided anew since.

        Returns
        -------
        Decision or None
        """
        with self._store.writing() as connection:
            return _decisions.step(connection, "redo", annotator, key)


def _check_not_blind(connection, item_id):
    if _items.read_blind(connection, [item_id]):
        raise ValueError(
            f"image {item_id} is a monitor image, which is answered blind: show no prediction of "
            f"it, and send none."
        )
