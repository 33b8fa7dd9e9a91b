"""The projects and folders of one server."""
class Workspace:
    """x"""
