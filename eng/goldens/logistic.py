"""Writes tests/Downhill.Tests/Optimizers/goldens/logistic.json: minima of scikit-learn's logistic regression.

Debian: apt-get install python3-sklearn; then /usr/bin/python3 eng/goldens/logistic.py
Data: the embedded samples as float32, standardised (population deviation) in double. scikit-learn minimises
1/2*sum(w^2) + c*sum(loss) without a penalty on the intercept. Kept is our form of it for its solution,
mean(loss) + 1/2*lambda*sum(w^2) with lambda = 1/(c*rows), worked out here from the definition of the loss.
The solver is newton-cg: its lbfgs stops some 1e-8 above the minimum.
"""
import csv
import gzip
import json
import pathlib

import numpy
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

root = pathlib.Path(__file__).parents[2]
goldens = {}
for name, l2 in (("iris", 0.01), ("iris", 0.0001), ("breast_cancer", 0.01), ("breast_cancer", 0.001)):
    with gzip.open(root / f"src/Downhill/Data/samples/{name}.csv.gz", "rt") as file:
        rows = [row for row in csv.reader(file)]
    table = [row for row in rows if row[0].replace(".", "").lstrip("-").isdigit()]
    x = numpy.array([[float(v) for v in row[:-1]] for row in table]).astype(numpy.float32).astype(float)
    names = sorted({row[-1] for row in table})
    y = numpy.array([names.index(row[-1]) for row in table])
    x = (x - x.mean(0)) / x.std(0)
    n = len(y)
    kind = "multinomial" if len(names) > 2 else "ovr"
    model = LogisticRegression(C=1 / (l2 * n), solver="newton-cg", tol=1e-12, max_iter=1000, multi_class=kind).fit(x, y)
    scores = x @ model.coef_.T + model.intercept_
    if len(names) == 2:
        scores = numpy.hstack([numpy.zeros((n, 1)), scores])
    loss = (logsumexp(scores, axis=1) - scores[numpy.arange(n), y]).mean()
    goldens[f"{name} {l2}"] = float(loss + l2 / 2 * (model.coef_ ** 2).sum())
path = root / "tests/Downhill.Tests/Optimizers/goldens/logistic.json"
path.write_text(json.dumps(goldens, indent=1) + "\n", encoding="utf-8")
