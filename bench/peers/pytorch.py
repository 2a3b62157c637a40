"""PyTorch as a peer: `pytorch.py --threads N --mode eager|manual`.

eager   what people write: torch.nn, autograd, torch.optim.SGD.
manual  what the library can do at best without autograd: its matrix products into planned memory, the derivatives by
        hand, momentum folded into the product that makes the gradient, one update over all parameters. Answers: the
        network traced and frozen.

Debian: apt-get install python3-torch libopenblas0-openmp (the build of OpenBLAS with POSIX threads, Debian's custom,
is a trap with two threads: 16 ms a step).
"""
import argparse

import torch
import torch.nn.functional as functional

import protocol

ACTIVATIONS = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "softmax": lambda: torch.nn.Softmax(dim=1)}


def momentum_of(workload):
    """γ of "momentum(0.9)" in any of the ways it is written; 0 for plain gradient descent."""
    name, _, arguments = workload["optimizer"].partition("(")
    if name == "gradient_descent":
        return 0.0
    assert name == "momentum", name
    text = arguments.rstrip(")").split("=")[-1]
    return float(text) if text else 0.9


def as_tensors(numbers):
    targets = torch.from_numpy(numbers.targets)
    return torch.from_numpy(numbers.x), targets.long() if numbers.is_class else targets


def network_of(workload, numbers, with_softmax):
    layers = []
    for i, (weight, bias) in enumerate(zip(numbers.weights, numbers.biases)):
        linear = torch.nn.Linear(*weight.shape)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weight.T))
            linear.bias.copy_(torch.from_numpy(bias))
        last = i == len(numbers.weights) - 1
        activation = workload["output" if last else "activation"]
        layers.append(linear)
        if activation != "softmax" or with_softmax:
            layers.append(ACTIVATIONS[activation]())
    return torch.nn.Sequential(*layers)


class EagerTraining(protocol.Run):
    def __init__(self, workload, numbers):
        self.x, self.targets = as_tensors(numbers)
        self.network = network_of(workload, numbers, with_softmax=False)  # cross_entropy takes scores
        self.start = [p.detach().clone() for p in self.network.parameters()]
        self.rate_, self.momentum = workload["learningRate"], momentum_of(workload)
        self.loss = functional.cross_entropy if numbers.is_class else self.half_squared
        self.batch = workload["batch"]
        self.restart()

    @staticmethod
    def half_squared(y, t):
        return 0.5 * functional.mse_loss(y, t, reduction="sum") / len(t)

    def restart(self):
        with torch.no_grad():
            for parameter, start in zip(self.network.parameters(), self.start):
                parameter.copy_(start)
        self.optimizer = torch.optim.SGD(self.network.parameters(), lr=self.rate_, momentum=self.momentum)
        self.places = protocol.batches(len(self.x), self.batch)

    def step(self):
        start, end = next(self.places)
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(self.network(self.x[start:end]), self.targets[start:end])
        loss.backward()
        self.optimizer.step()
        return loss, end - start

    def call(self):
        return self.step()[1]

    def losses(self, steps):
        self.restart()
        return [self.step()[0].item() for _ in range(steps)]


class ManualTraining(protocol.Run):
    def __init__(self, workload, numbers):
        self.x, targets = as_tensors(numbers)
        self.is_class = numbers.is_class
        outputs = numbers.weights[-1].shape[1]
        self.targets = functional.one_hot(targets, outputs).float() if self.is_class else targets
        self.hidden, self.last = workload["activation"], workload["output"]
        self.rate_, self.momentum = workload["learningRate"], momentum_of(workload)
        self.batch = workload["batch"]
        rows = self.batch or len(self.x)
        # One array of parameters and one of velocities (or gradients, without momentum); the layers look into them.
        shapes = [shape for w, b in zip(numbers.weights, numbers.biases) for shape in (w.shape, b.shape)]
        flat = [torch.from_numpy(a).ravel() for w, b in zip(numbers.weights, numbers.biases) for a in (w, b)]
        self.parameters = torch.cat(flat)
        self.start = self.parameters.clone()
        self.velocities = torch.zeros_like(self.parameters)
        self.w, self.b = self.views(self.parameters, shapes)
        self.vw, self.vb = self.views(self.velocities, shapes)
        self.y = [torch.empty(rows, w.shape[1]) for w in self.w]
        self.d = [torch.empty(rows, w.shape[1]) for w in self.w]
        self.restart()

    @staticmethod
    def views(flat, shapes):
        sizes = [int(torch.Size(s).numel()) for s in shapes]
        views = [part.view(s) for part, s in zip(flat.split(sizes), shapes)]
        return views[0::2], views[1::2]

    def restart(self):
        self.parameters.copy_(self.start)
        self.velocities.zero_()
        self.places = protocol.batches(len(self.x), self.batch)

    @torch.no_grad()
    def step(self):
        start, end = next(self.places)
        n = end - start
        x, t = self.x[start:end], self.targets[start:end]
        y = [a[:n] for a in self.y]
        d = [a[:n] for a in self.d]
        below = x
        last = len(self.w) - 1
        for i, (w, b) in enumerate(zip(self.w, self.b)):
            torch.addmm(b, below, w, out=y[i])
            kind = self.last if i == last else self.hidden
            if kind == "relu":
                y[i].relu_()
            elif kind == "tanh":
                y[i].tanh_()
            else:
                torch.softmax(y[i], 1, out=y[i])
            below = y[i]
        torch.sub(y[last], t, out=d[last])
        if self.last == "tanh":
            torch.ops.aten.tanh_backward(d[last], y[last], grad_input=d[last])
        for i in range(last, 0, -1):
            torch.mm(d[i], self.w[i].t(), out=d[i - 1])
            if self.hidden == "relu":
                torch.ops.aten.threshold_backward(d[i - 1], y[i - 1], 0, grad_input=d[i - 1])
            else:
                torch.ops.aten.tanh_backward(d[i - 1], y[i - 1], grad_input=d[i - 1])
        for i in range(last + 1):
            torch.addmm(self.vw[i], (x if i == 0 else y[i - 1]).t(), d[i], beta=self.momentum, alpha=1 / n,
                        out=self.vw[i])
            torch.addmv(self.vb[i], d[i].t(), self.ones(n), beta=self.momentum, alpha=1 / n, out=self.vb[i])
        self.parameters.add_(self.velocities, alpha=-self.rate_)
        return n, y[last], t

    def ones(self, n):
        if getattr(self, "_ones", None) is None or len(self._ones) < n:
            self._ones = torch.ones(n)
        return self._ones[:n]

    def call(self):
        return self.step()[0]

    def losses(self, steps):
        self.restart()
        losses = []
        for _ in range(steps):
            n, y, t = self.step()
            cost = -(t * y.log()).sum() if self.is_class else 0.5 * ((y - t) ** 2).sum()
            losses.append((cost / n).item())
        return losses


class Answers(protocol.Run):
    def __init__(self, workload, numbers, frozen):
        self.network = network_of(workload, numbers, with_softmax=True).eval()
        self.x = torch.from_numpy(numbers.x)
        self.batch, self.next = workload["batch"], 0
        if frozen:
            with torch.no_grad():
                self.network = torch.jit.freeze(torch.jit.trace(self.network, self.x[:self.batch]))

    @torch.inference_mode()
    def call(self):
        self.network(self.x[self.next:self.next + self.batch])
        self.next = (self.next + self.batch) % len(self.x)
        return self.batch


class Product(protocol.Run):
    def __init__(self, workload):
        size = workload["size"]
        torch.manual_seed(1)
        self.a, self.b, self.c = torch.rand(size, size), torch.rand(size, size), torch.empty(size, size)
        if workload["form"] == "WeightGradient":
            self.a = self.a.t()
        if workload["form"] == "InputGradient":
            self.b = self.b.t()

    def call(self):
        torch.mm(self.a, self.b, out=self.c)
        return 1


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--threads", type=int, required=True)
    options.add_argument("--mode", choices=("eager", "manual"), required=True)
    options = options.parse_args()
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    manual = options.mode == "manual"

    def bind(workload, path):
        if workload["kind"] == "multiply":
            return Product(workload) if manual else None  # there is but one way to ask for a product
        numbers = protocol.Numbers(path, workload)
        if workload["kind"] == "predict":
            return Answers(workload, numbers, frozen=manual)
        return (ManualTraining if manual else EagerTraining)(workload, numbers)

    protocol.serve(bind)


if __name__ == "__main__":
    main()
