"""scikit-learn as a peer: `sklearn_peer.py --threads N`.

MLPClassifier and MLPRegressor by partial_fit, with plain gradient descent or momentum, no penalty, rows in order. The
output of MLPRegressor is always the identity: where the workload has tanh there, scikit-learn does a little less.

Debian: apt-get install python3-sklearn libopenblas0-openmp
"""
import argparse
import time
import warnings

import numpy
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

import protocol

LONGEST_CALL = 0.1  # seconds of one partial_fit: its checks cost as much as some small steps


class Training(protocol.Run):
    def __init__(self, workload, numbers):
        self.x, self.numbers = numbers.x, numbers
        self.y = numbers.targets if numbers.is_class else numbers.targets.ravel()
        self.classes = numpy.arange(numbers.weights[-1].shape[1])
        rows = len(self.x)
        self.batch = workload["batch"] or rows
        plain = workload["optimizer"] == "gradient_descent"
        kind = MLPClassifier if numbers.is_class else MLPRegressor
        self.model = kind(
            hidden_layer_sizes=[w.shape[1] for w in numbers.weights[:-1]], activation=workload["activation"],
            solver="sgd", alpha=0, batch_size=self.batch, learning_rate_init=workload["learningRate"],
            momentum=0.0 if plain else 0.9, nesterovs_momentum=False, shuffle=False)
        self.fit(0, self.batch)
        self.restart()
        self.rows = self.batch
        while self.rows < rows and self.time() < LONGEST_CALL:
            self.rows = min(2 * self.rows, rows)
        self.restart()

    def fit(self, start, end):
        # A batch that is longer than the rows of this call would be cut with a warning.
        self.model.batch_size = min(self.batch, end - start)
        if self.numbers.is_class:
            self.model.partial_fit(self.x[start:end], self.y[start:end], self.classes)
        else:
            self.model.partial_fit(self.x[start:end], self.y[start:end])

    def time(self):
        start = time.perf_counter()
        self.fit(0, self.rows)
        return time.perf_counter() - start

    def restart(self):
        for own, first in zip(self.model.coefs_, self.numbers.weights):
            own[:] = first
        for own, first in zip(self.model.intercepts_, self.numbers.biases):
            own[:] = first
        self.model.__dict__.pop("_optimizer", None)  # it would keep the old velocities
        self.model.loss_curve_, self.model.n_iter_, self.model.t_ = [], 0, 0
        self.model.best_loss_, self.model._no_improvement_count = numpy.inf, 0
        self.places = protocol.batches(len(self.x), getattr(self, "rows", self.batch))

    def call(self):
        start, end = next(self.places)
        self.fit(start, end)
        return end - start

    def losses(self, steps):
        self.restart()
        losses, places = [], protocol.batches(len(self.x), self.batch)
        for _ in range(steps):
            self.fit(*next(places))
            losses.append(self.model.loss_)
        self.restart()
        return losses


class Answers(protocol.Run):
    def __init__(self, workload, numbers):
        training = Training({**workload, "batch": 32}, numbers)
        self.model, self.x = training.model, numbers.x
        self.batch, self.next = workload["batch"], 0

    def call(self):
        self.model.predict_proba(self.x[self.next:self.next + self.batch])
        self.next = (self.next + self.batch) % len(self.x)
        return self.batch


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--threads", type=int, required=True)  # bench/run has told OpenMP
    options.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)

    def bind(workload, path):
        if workload["kind"] == "multiply":
            return None
        numbers = protocol.Numbers(path, workload)
        return (Answers if workload["kind"] == "predict" else Training)(workload, numbers)

    protocol.serve(bind)


if __name__ == "__main__":
    main()
