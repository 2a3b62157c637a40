"""Writes tests/Downhill.Tests/Optimizers/goldens/networks.json: whole networks trained by PyTorch in double.

Debian: apt-get install python3-torch; then /usr/bin/python3 eng/goldens/networks.py
Inputs, targets and first weights are the formulas of the test (NetworkGoldenTests.cs); 37 rows in batches of 8, in
order, so that the last batch of each of the 5 epochs is shorter. Kept: the loss of each of the 25 steps, the gradient
of the last step (mean over its batch) and the parameters after it, each in the order weights [inputs, units] row by
row, then biases, layer by layer.
"""
import json
import pathlib

import torch

ROWS, BATCH, EPOCHS, WIDTHS = 37, 8, 5, (5, 7, 3)
double = torch.float64

x = torch.tensor(
    [[((7 * r + 13 * c + r * r) % 17 - 8) / 8 for c in range(WIDTHS[0])] for r in range(ROWS)], dtype=double)
classes = torch.tensor([(5 * r + r * r // 3) % WIDTHS[2] for r in range(ROWS)])
numbers = torch.tensor(
    [[((3 * r + 5 * o + r * r) % 13 - 6) / 8 for o in range(WIDTHS[2])] for r in range(ROWS)], dtype=double)


def network():
    tensors, k = [], 0
    for inputs, units in zip(WIDTHS, WIDTHS[1:]):
        for shape in ((inputs, units), (units,)):
            count = inputs * units if len(shape) == 2 else units
            values = [((11 * (k + j) + 3) % 23 - 11) / 32 for j in range(count)]
            tensors.append(torch.tensor(values, dtype=double).reshape(shape).requires_grad_(True))
            k += count
    return tensors


def train(act, loss_of, make):
    w1, b1, w2, b2 = tensors = network()
    optimizer, losses = make(tensors), []
    for _ in range(EPOCHS):
        for first in range(0, ROWS, BATCH):
            rows = slice(first, min(first + BATCH, ROWS))
            optimizer.zero_grad()
            loss = loss_of(act(x[rows] @ w1 + b1) @ w2 + b2, rows)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    flat = lambda parts: [v for part in parts for v in part.detach().flatten().tolist()]
    return {"losses": losses, "gradient": flat([t.grad for t in tensors]), "parameters": flat(tensors)}


cross_entropy = lambda z, rows: torch.nn.functional.cross_entropy(z, classes[rows])
squared = lambda z, rows: torch.nn.functional.mse_loss(z, numbers[rows])
o = torch.optim
goldens = {
    "relu cross_entropy momentum lr=0.05": train(torch.relu, cross_entropy, lambda p: o.SGD(p, 0.05, momentum=0.9)),
    "relu cross_entropy adam lr=0.01": train(torch.relu, cross_entropy, lambda p: o.Adam(p, 0.01)),
    "tanh mse gradient_descent lr=0.1": train(torch.tanh, squared, lambda p: o.SGD(p, 0.1)),
}
path = pathlib.Path(__file__).parents[2] / "tests/Downhill.Tests/Optimizers/goldens/networks.json"
lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(value, separators=(',', ':'))}" for name, value in goldens.items())
path.write_text("{\n" + lines + "\n}\n", encoding="utf-8")
