"""The part of a project that knows its images: scans of the folder, and single images."""

import sqlalchemy as sa

from ..exceptions import ProjectError
from . import _features, _items, _scan, _schema
from ._listing import is_inside
from ._scan_job import ScanJob


class LookingMixin:
    """What a project knows of its images."""

    def scan(self, *, wait=True, embed=False, on_progress=None):
        """Look for images that are new, changed or gone.

        Parameters
        ----------
        wait : bool, default=True
            Whether to return when all is done; else labeling goes on meanwhile, and images are
            asked for as soon as they are read.
        embed : bool, default=False
            Whether to look at what is new too, as :meth:`embed` does.
        on_progress : callable, optional
            Takes the phase, how many files are done, and of how many. It is called in another
            thread if `wait` is False.

        Returns
        -------
        ScanReport or ScanJob
            The job if `wait` is False.

        Raises
        ------
        RuntimeError
            If a scan is running.
        """
        job = self._begin_scan(on_progress, embed)
        return job.run().report if wait else job.start()

    def _begin_scan(self, on_progress, embed, scan=True):
        with self._starting:
            if self._is_scanning():
                raise RuntimeError("a scan is running. Wait for it, or cancel it, first.")
            self._scan_job = ScanJob(lambda job: self._look(job, scan, embed), on_progress)
            return self._scan_job

    def _look(self, job, scan, embed):
        if scan:
            share = self._monitor_share
            where = self._store, self.folder, self.place, self.random_state, share
            job.report = _scan.scan(*where, job.tell)
            self._forget_embeddings()
        if embed:
            self._add_features(lambda n_done, n: job.tell("embedding", n_done, n))

    def _add_features(self, on_progress):
        n_next = _features.N_TO_FIT

        def tell(n_done, n):
            nonlocal n_next
            if n_done >= n_next:  # from here on, alike images can be told among those seen
                n_next = 2 * n_done
                self._forget_embeddings()
            if on_progress is not None:
                on_progress(n_done, n)

        try:
            _features.add_features(self._store, self.place, self.folder, tell)
        finally:
            self._forget_embeddings()

    def _is_scanning(self):
        return self._scan_job is not None and self._scan_job.state == "running"

    @property
    def scan_job(self):
        """The last scan since the project was opened: a ScanJob, or None."""
        return self._scan_job

    def embed(self, on_progress=None):
        """Look at all images that are new, so that alike ones can be told.

        Images that turn out to be broken become unreadable.

        Parameters
        ----------
        on_progress : callable, optional
            Takes how many images are done, and of how many.

        Raises
        ------
        RuntimeError
            If a scan is running.
        """
        follow = None if on_progress is None else lambda _, n_done, n: on_progress(n_done, n)
        self._begin_scan(follow, embed=True, scan=False).run()

    def _finish_looking(self, wait, on_progress):
        """Go on with a scan that was interrupted: only a listing tells monitor images."""
        item = _schema.item
        unseen = (item.c.status == "ok") & ~item.c.has_features & self._embeds
        todo = sa.select(item.c.id).where((item.c.status == "waiting") | unseen).limit(1)
        with self._store.reading() as connection:
            is_listed = connection.scalar(sa.select(_schema.project.c.reserve)) is not None
            is_whole = is_listed and connection.scalar(todo) is None
        if not is_whole:
            self.scan(wait=wait, embed=self._embeds, on_progress=on_progress)

    def items(self, after=0, n=100, answer=None):
        """Return a page of images, in the order of their numbers.

        Parameters
        ----------
        after : int, default=0
            The number of the last image of the page before.
        n : int, default=100
            How many at most.
        answer : {"unanswered", "label", "skip", "unsure", "exclude"}, optional
            Only images with this answer.

        Returns
        -------
        list of Item
        """
        with self._store.reading() as connection:
            return _items.read_items(connection, after, n, answer)

    def item(self, item_id):
        """Return the image of a number, or raise a KeyError.

        Returns
        -------
        Item
        """
        with self._store.reading() as connection:
            return _items.read_item(connection, item_id)

    def path(self, item_id):
        """Return the file of an image; one that has come to be a link out of the folder is refused.

        Returns
        -------
        pathlib.Path
        """
        path = self.folder / self.item(item_id).relpath
        if not is_inside(path, self.folder):
            raise ProjectError(f"{str(path)!r} is a link that leaves the folder of images.")
        return path

    def unreadable(self):
        """Return the files that are not asked for, by name, with the reason.

        Returns
        -------
        dict of str to str
        """
        item = _schema.item
        refused = item.c.status.in_(["unreadable", "duplicate"])
        rows = sa.select(item.c.relpath, item.c.reason).where(refused)
        with self._store.reading() as connection:
            return {r.relpath: r.reason for r in connection.execute(rows.order_by(item.c.relpath))}

    def _embeddings(self):
        """Return the images that have embeddings, and these."""
        with self._looking:
            if self._embedded is None:
                self._embedded = _features.read_embeddings(self._store, self.place)
            return self._embedded

    def _forget_embeddings(self):
        with self._looking:
            self._embedded = None
