"""Writes tests/Downhill.Tests/Catalogs/goldens/schedules.json: schedules as PyTorch and scikit-learn do them, in double.

Debian: apt-get install python3-torch python3-sklearn; then /usr/bin/python3 eng/goldens/schedules.py
Each case: our schedules as they are written, steps per epoch, epochs, the given rate, and the rate of every step; for one_cycle the momentum
too, for reduce_on_plateau the losses after each epoch.
"""
import json
import pathlib

import torch
from sklearn.neural_network._stochastic_optimizers import SGDOptimizer
from torch.optim import lr_scheduler as schedulers

BASE = 0.1
cases = []


def optimizer():
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=BASE, momentum=0.9)


def case(text, make, epochs=24, steps_per_epoch=1, step=None, losses=None, momentum=False):
    sgd = optimizer()
    scheduler = make(sgd)
    rates, momenta = [], []
    for s in range(epochs * steps_per_epoch):
        rates.append(sgd.param_groups[0]["lr"])
        momenta.append(sgd.param_groups[0]["momentum"])
        sgd.step()
        if losses:
            scheduler.step(losses[s])
        elif step:
            step(scheduler, s + 1)
        elif s + 1 < epochs * steps_per_epoch or not momentum:
            scheduler.step()
    found = {"schedules": text, "stepsPerEpoch": steps_per_epoch, "epochs": epochs, "base": BASE, "rates": rates}
    if momentum:
        found["momenta"] = momenta
    if losses:
        found["losses"] = losses
    cases.append(found)


case("cosine", lambda o: schedulers.CosineAnnealingLR(o, 24))
case("cosine(0.1)", lambda o: schedulers.CosineAnnealingLR(o, 24, eta_min=0.1 * BASE))
case("linear", lambda o: schedulers.LinearLR(o, 1, 0, 24))
case("linear(0.25)", lambda o: schedulers.LinearLR(o, 1, 0.25, 24))
case("step(epochs=5,factor=0.3)", lambda o: schedulers.StepLR(o, 5, 0.3))
case("exponential(0.9)", lambda o: schedulers.ExponentialLR(o, 0.9))
case("warmup(steps=8)", lambda o: schedulers.LinearLR(o, 1 / 8, 1, 7))
case("warmup(share=0.25)", lambda o: schedulers.LinearLR(o, 1 / 6, 1, 5))
case("warmup(steps=8),cosine", lambda o: schedulers.ChainedScheduler(
    [schedulers.LinearLR(o, 1 / 8, 1, 7), schedulers.CosineAnnealingLR(o, 24)]))
case("warmup(steps=5),step(epochs=4,factor=0.5),exponential(0.97)", lambda o: schedulers.ChainedScheduler(
    [schedulers.LinearLR(o, 1 / 5, 1, 4), schedulers.StepLR(o, 4, 0.5), schedulers.ExponentialLR(o, 0.97)]))
for text, first, growth, floor in (
        ("cosine_restarts(period=4,growth=2,floor=0.1)", 4, 2, 0.1), ("cosine_restarts(period=5,growth=1)", 5, 1, 0),
        ("cosine_restarts(period=1,growth=3)", 1, 3, 0)):
    case(text, lambda o: schedulers.CosineAnnealingWarmRestarts(o, first, growth, floor * BASE))
    case(text, lambda o: schedulers.CosineAnnealingWarmRestarts(o, first, growth, floor * BASE), 12, 4,
         lambda scheduler, s: scheduler.step(s / 4))
case("one_cycle", lambda o: schedulers.OneCycleLR(o, BASE, 24), momentum=True)
case("one_cycle(peak=0.4,start=10,end=100,low=0.5,high=0.9)", lambda o: schedulers.OneCycleLR(
    o, BASE, 30, pct_start=0.4, div_factor=10, final_div_factor=100, base_momentum=0.5, max_momentum=0.9), 10, 3, momentum=True)
falling = [1, 0.9, 0.91, 0.92, 0.9, 0.8, 0.81, 0.81, 0.79995, 0.82, 0.7, 0.71, 0.72, 0.73, 0.74, 0.75, 0.6, 0.61, 0.62, 0.63, 0.64, 0.65, 0.66, 0.67]
case("reduce_on_plateau(factor=0.5,patience=2)", lambda o: schedulers.ReduceLROnPlateau(o, factor=0.5, patience=2, eps=0), losses=falling)
case("reduce_on_plateau(factor=0.1,patience=0,change=0.05,floor=0.001)", lambda o: schedulers.ReduceLROnPlateau(
    o, factor=0.1, patience=0, threshold=0.05, min_lr=0.001 * BASE, eps=0), losses=falling)

for power in (0.5, 1, 0.25):
    sgd, rates = SGDOptimizer([], BASE, "invscaling", power_t=power), []
    for s in range(24):
        rates.append(float(sgd.learning_rate))
        sgd.iteration_ends(s + 1)
    cases.append({"schedules": f"inverse_scaling({power})", "stepsPerEpoch": 1, "epochs": 24, "base": BASE, "rates": rates})

folder = pathlib.Path(__file__).parents[2] / "tests/Downhill.Tests/Catalogs/goldens"
lines = ",\n".join(json.dumps(c) for c in cases)
(folder / "schedules.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
