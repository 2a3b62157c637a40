"""Metrics of small made-up answers by scikit-learn, for tests/Downhill.Tests/Metrics.

Run: /usr/bin/python3 eng/goldens/metrics.py > eng/goldens/metrics.json   (Debian: python3-sklearn; written with 1.2.1)
"""
import json
import sys

import numpy as np
import sklearn.metrics as m


def calibration(probabilities, classes, weights, bins=15):
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == classes
    edges = np.linspace(0, 1, bins + 1)
    error = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            w = weights[inside]
            gap = np.average(right[inside], weights=w) - np.average(confidence[inside], weights=w)
            error += w.sum() / weights.sum() * abs(gap)
    return error


def many(random, weighted):
    n, k = 40, 4
    probabilities = random.dirichlet(np.ones(k) * 0.8, n)
    classes = random.integers(0, k, n)
    classes[:20] = probabilities[:20].argmax(axis=1)
    weights = random.integers(1, 5, n) / 4 if weighted else np.ones(n)
    answers = probabilities.argmax(axis=1)
    precision, recall, f1, support = m.precision_recall_fscore_support(
        classes, answers, labels=range(k), sample_weight=weights, zero_division=0)
    one_hot = np.eye(k)[classes]
    return {
        "probabilities": probabilities.tolist(), "classes": classes.tolist(), "weights": weights.tolist(),
        "accuracy": m.accuracy_score(classes, answers, sample_weight=weights),
        "precision": precision.tolist(), "recall": recall.tolist(), "f1": f1.tolist(), "support": support.tolist(),
        "macro": [float(x) for x in m.precision_recall_fscore_support(
            classes, answers, average="macro", sample_weight=weights)[:3]],
        "micro": [float(x) for x in m.precision_recall_fscore_support(
            classes, answers, average="micro", sample_weight=weights)[:3]],
        "confusion": m.confusion_matrix(classes, answers, sample_weight=weights).tolist(),
        "top": [m.top_k_accuracy_score(classes, probabilities, k=i, sample_weight=weights) if i < k else 1.0
                for i in range(1, k + 1)],
        "auc": m.roc_auc_score(classes, probabilities, multi_class="ovr", average="macro", sample_weight=weights)
        if not weighted else float(np.mean([m.roc_auc_score(classes == c, probabilities[:, c], sample_weight=weights)
                                            for c in range(k)])),
        "log_loss": m.log_loss(classes, probabilities, sample_weight=weights),
        "brier": float(np.average(((probabilities - one_hot) ** 2).sum(axis=1), weights=weights)),
        "calibration": calibration(probabilities, classes, weights),
    }


def two(random, weighted):
    n = 30
    score = random.integers(0, 9, n) / 8          # many ties, 0 and 1 among them
    classes = (random.random(n) < 0.15 + 0.7 * score).astype(int)
    weights = random.integers(1, 5, n) / 4 if weighted else np.ones(n)
    both = np.stack([1 - score, score], axis=1)
    answers = (score >= 0.5).astype(int)
    return {
        "score": score.tolist(), "classes": classes.tolist(), "weights": weights.tolist(),
        "accuracy": m.accuracy_score(classes, answers, sample_weight=weights),
        "auc": m.roc_auc_score(classes, score, sample_weight=weights),
        "log_loss": m.log_loss(classes, both, sample_weight=weights),
        "brier": m.brier_score_loss(classes, score, sample_weight=weights),
    }


def numbers(random, weighted):
    n, k = 25, 3
    actual = random.normal(5, [1, 10, 100], (n, k)).astype(np.float32)
    predicted = (actual + random.normal(0, [0.5, 2, 80], (n, k))).astype(np.float32)
    weights = random.integers(1, 5, n) / 4 if weighted else np.ones(n)

    def each(metric, **how):
        return metric(actual, predicted, sample_weight=weights, multioutput="raw_values", **how).tolist()

    return {
        "actual": actual.tolist(), "predicted": predicted.tolist(), "weights": weights.tolist(),
        "mse": each(m.mean_squared_error), "rmse": each(m.mean_squared_error, squared=False),
        "mae": each(m.mean_absolute_error), "r2": each(m.r2_score),
        "mse_mean": m.mean_squared_error(actual, predicted, sample_weight=weights),
        "mae_mean": m.mean_absolute_error(actual, predicted, sample_weight=weights),
        "r2_mean": m.r2_score(actual, predicted, sample_weight=weights),
    }


source = np.random.default_rng(1958)
json.dump({name: [make(source, False), make(source, True)] for name, make in
           (("many", many), ("two", two), ("numbers", numbers))}, sys.stdout, indent=None, separators=(",", ":"))
print()
