"""What the peers share: the words of bench/run, and the file that Downhill writes the numbers of a workload to.

A peer is a process that lives through the whole benchmark. A line in says what to do, a line of JSON out how it went:

  open NAME ORDER FILE DESCRIPTION   reads the numbers; {"unsupported": true} where this library cannot do it
  window NAME ORDER SECONDS CLOCK    works for that long by the 'wall' or 'processor' clock; {"rate": units per second}
  losses NAME ORDER STEPS            losses of so many steps from the first weights; {"losses": [...]}
  close                              forgets the workload
"""
import json
import struct
import sys
import time

import numpy

SHORTEST_BLOCK = 0.0002  # seconds between two looks at the clock


def read_tensors(path):
    """The tensors of a safetensors file by name."""
    kinds = {"F32": numpy.float32, "I32": numpy.int32}
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    tensors = {}
    for name, info in header.items():
        if name != "__metadata__":
            begin, end = info["data_offsets"]
            values = numpy.frombuffer(data[begin:end], kinds[info["dtype"]])
            tensors[name] = values.reshape(info["shape"]).copy()
    return tensors


class Numbers:
    """Rows, targets and first weights of a workload, the same for every engine."""

    def __init__(self, path, workload):
        tensors = read_tensors(path)
        self.x = tensors["x"]
        self.is_class = "classes" in tensors
        self.targets = tensors["classes"] if self.is_class else tensors["values"]
        layers = len(workload["network"].split("-")) - 1
        self.weights = [tensors[f"layers.{i}.weight"] for i in range(layers)]  # [inputs, units]
        self.biases = [tensors[f"layers.{i}.bias"].ravel() for i in range(layers)]


class Run:
    """A workload bound to a library. A subclass says what one call does; `units` counts what is done."""

    def restart(self):
        """Back to the first weights."""

    def call(self):
        """Does the work once and returns the number of units."""
        raise NotImplementedError

    def losses(self, steps):
        return []

    def rate(self, seconds, now):
        self.restart()
        calls = 1
        while self._time(calls) < SHORTEST_BLOCK:
            calls *= 2
        units, elapsed = 0, 0.0
        start = now()
        while elapsed < seconds:
            for _ in range(calls):
                units += self.call()
            elapsed = now() - start
        return units / elapsed

    def _time(self, calls):
        start = time.perf_counter()
        for _ in range(calls):
            self.call()
        return time.perf_counter() - start


def batches(rows, batch):
    """(start, end) of the batches of an epoch, over and over; the last one of an epoch may be shorter."""
    batch = batch or rows
    while True:
        for start in range(0, rows, batch):
            yield start, min(start + batch, rows)


def serve(bind):
    """Answers until the input ends. `bind(workload, path)` gives a Run, or None for what the library cannot do."""
    runs = {}
    out = sys.stdout
    sys.stdout = sys.stderr  # what a library prints must not come between
    for line in sys.stdin:
        words = line.rstrip("\n").split(" ", 4)
        try:
            if words[0] == "open":
                run = bind(json.loads(words[4]), words[3]) if words[2] == "ordered" else None
                answer = {"unsupported": True} if run is None else {}
                if run is not None:
                    runs[words[1]] = run
            elif words[0] == "window":
                seconds, clock = words[3:]
                now = time.process_time if clock == "processor" else time.perf_counter
                answer = {"rate": runs[words[1]].rate(float(seconds), now)}
            elif words[0] == "losses":
                answer = {"losses": [float(loss) for loss in runs[words[1]].losses(int(words[3]))]}
            elif words[0] == "close":
                runs.clear()
                answer = {}
            else:
                answer = {"error": f"unknown words {line!r}"}
        except Exception as error:  # the driver shows it and goes on without this peer
            answer = {"error": f"{type(error).__name__}: {error}"}
        out.write(json.dumps(answer) + "\n")
        out.flush()
