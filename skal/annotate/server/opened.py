"""A project that is open, and what goes on with it in the background."""
class OpenProject:
    """x"""
