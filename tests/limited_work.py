"""What a process with limits does in tests."""

import os


def crash(request):
    os.abort()


def hang(request):
    while True:
        pass


def eat(request):
    return len(bytearray(request["n"]))
