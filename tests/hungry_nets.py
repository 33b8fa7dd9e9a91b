"""A net that needs much memory, for tests; torch is loaded with it."""

import os
import signal

from skal.nets import CNNClassifier


class HungryNet(CNNClassifier):
    """Is killed where it trains with batches of more than 20, as by a system without memory."""

    def fit(self, X, y):
        if self.batch_size > 20:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().fit(X, y)
