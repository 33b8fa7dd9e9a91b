"""Which addresses only this computer reaches."""

from ipaddress import ip_address


def is_loopback(host):
    """Return whether only programs of this computer reach what listens at a host."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
