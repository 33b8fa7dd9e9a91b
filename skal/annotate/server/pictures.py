"""."""
class Wanted:
    pass
