"""BLAS threads around small pieces of work.

Threads that wait for each other at barriers cost more than they compute on small matrices: a
hundred refits of a logistic regression take five times as long on two threads as on one.
"""

import functools
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

from threadpoolctl import ThreadpoolController

SMALL = 10_000_000  # multiply-adds in one pass over the data, below which one thread is fastest


@functools.lru_cache(maxsize=1)
def _controller(libraries):
    return ThreadpoolController()


def _loaded_libraries():
    """Return which libraries that bring their own thread pool are loaded, to look again later."""
    return tuple(name in sys.modules for name in ("scipy.linalg", "torch", "faiss"))


def one_thread_if_small(n_operations):
    """Return a context that limits thread pools to one thread if the work is small.

    Parameters
    ----------
    n_operations : int
        About how many multiply-adds one pass over the data takes: samples x features x classes.
    """
    return nullcontext() if n_operations >= SMALL else one_thread()


def one_thread():
    """Return a context that limits thread pools to one thread."""
    return _controller(_loaded_libraries()).limit(limits=1)


def map_threads(function, items, max_threads=4):
    """Return the results of a function of each item, run on as many threads as BLAS may use.

    For functions that spend their time in numpy, which lets other threads run; each call gets one
    BLAS thread. Where thread pools are limited, as in a worker process, so is this. Each thread
    holds its own working memory, so there are no more than `max_threads`.
    """
    n_threads = min(max_threads, max((pool["num_threads"] for pool in _pools()), default=1))
    with one_thread():
        if n_threads == 1:
            return [function(item) for item in items]
        with ThreadPoolExecutor(n_threads) as executor:
            return list(executor.map(function, items))


def _pools():
    return [p for p in _controller(_loaded_libraries()).info() if p["user_api"] == "blas"]
