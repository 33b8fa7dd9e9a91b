"""The web server of the labeling app: routes over :class:`skal.annotate.Project`, and its guards."""
