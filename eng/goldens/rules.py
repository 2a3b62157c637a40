"""Writes tests/Downhill.Tests/Optimizers/goldens/rules.json: update rules as PyTorch and scikit-learn do them.

Debian: apt-get install python3-torch python3-sklearn; then /usr/bin/python3 eng/goldens/rules.py
Everything in double. The gradients are those of the test (RuleBench.cs):
g_i = w_i*(0.5 + 0.25*i) - 0.3*(i - 2) + 0.1*((7*i + 3*t) mod 5 - 2).
Values are kept after the steps 1, 2, 3, 5, 10 and 20.
"""
import json
import pathlib

import numpy
import torch
from sklearn.neural_network import _stochastic_optimizers as stochastic

COUNT, STEPS, KEPT = 6, 20, (1, 2, 3, 5, 10, 20)


def start():
    return numpy.array([0.8 - 0.35 * i for i in range(COUNT)])


def gradient(w, t):
    i = numpy.arange(COUNT)
    return w * (0.5 + 0.25 * i) - 0.3 * (i - 2) + 0.1 * ((7 * i + 3 * t) % 5 - 2)


def of_torch(make):
    w = torch.tensor(start(), dtype=torch.float64, requires_grad=True)
    optimizer, kept = make([w]), []
    for t in range(1, STEPS + 1):
        w.grad = torch.tensor(gradient(w.detach().numpy(), t))
        optimizer.step()
        if t in KEPT:
            kept.append(w.detach().tolist())
    return kept


def of_sklearn(nesterov, halve):
    """SGDOptimizer with a learning rate that is halved from step 11 on where asked."""
    w = start()
    optimizer, kept = stochastic.SGDOptimizer([w], 0.05, "constant", 0.9, nesterov), []
    for t in range(1, STEPS + 1):
        optimizer.learning_rate = 0.025 if halve and t > 10 else 0.05
        optimizer.update_params([w], [gradient(w, t)])
        if t in KEPT:
            kept.append(w.tolist())
    return kept


o = torch.optim
goldens = {
    "torch gradient_descent lr=0.1": of_torch(lambda p: o.SGD(p, 0.1)),
    "torch momentum lr=0.05": of_torch(lambda p: o.SGD(p, 0.05, momentum=0.9)),
    "torch nesterov lr=0.05": of_torch(lambda p: o.SGD(p, 0.05, momentum=0.9, nesterov=True)),
    "torch adagrad lr=0.1": of_torch(lambda p: o.Adagrad(p, 0.1, eps=1e-10)),
    "torch adagrad(initial=0.5,epsilon=0.001) lr=0.1": of_torch(
        lambda p: o.Adagrad(p, 0.1, eps=0.001, initial_accumulator_value=0.5)),
    "torch rmsprop lr=0.01": of_torch(lambda p: o.RMSprop(p, 0.01, alpha=0.9, eps=1e-8)),
    "torch adadelta lr=1": of_torch(lambda p: o.Adadelta(p, 1, rho=0.95, eps=1e-6)),
    "torch adam lr=0.01": of_torch(lambda p: o.Adam(p, 0.01)),
    "torch adamw lr=0.01": of_torch(lambda p: o.AdamW(p, 0.01, weight_decay=0.01)),
    "torch nadam lr=0.01": of_torch(lambda p: o.NAdam(p, 0.01)),
    "torch amsgrad lr=0.01": of_torch(lambda p: o.Adam(p, 0.01, amsgrad=True)),
    "torch amsgrad(beta1=0.7,beta2=0.8,epsilon=0.01) lr=0.01": of_torch(
        lambda p: o.Adam(p, 0.01, betas=(0.7, 0.8), eps=0.01, amsgrad=True)),
    "torch irprop_minus lr=1": of_torch(lambda p: o.Rprop(p, 0.0125, etas=(0.5, 1.2), step_sizes=(0, 50))),
    "sklearn momentum lr=0.05": of_sklearn(False, False),
    "sklearn nesterov lr=0.05": of_sklearn(True, False),
    "sklearn momentum lr=0.05 halved": of_sklearn(False, True),
    "sklearn nesterov lr=0.05 halved": of_sklearn(True, True),
}
path = pathlib.Path(__file__).parents[2] / "tests/Downhill.Tests/Optimizers/goldens/rules.json"
lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(rows, separators=(',', ':'))}" for name, rows in goldens.items())
path.write_text("{\n" + lines + "\n}\n", encoding="utf-8")
