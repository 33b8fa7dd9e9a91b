"""The web server of the labeling app: routes over a :class:`~skal.annotate.Project`, guarded."""
