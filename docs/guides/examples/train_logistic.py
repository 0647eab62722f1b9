#!/usr/bin/env python3
"""Logistic regression by stochastic gradient descent, with Python's standard library alone.

Learns to tell the two halves of a noisy ring and its centre apart by three features of each point. The rates to learn with
come from the environment of a Reeve task, REEVE_ITEM, as JSON: {"rate": 0.1, "decay": 0.0001}. Each epoch is one line

    reeve_metric: step=EPOCH rate=… decay=… loss=… accuracy=…

on the points that were not learnt from, and `reeve job metrics` makes a table of them. The last weights go to model.json.
"""

import json
import math
import os
import random
import sys


def points(rng, count):
    """Points of a ring (1) and of its noisy centre (0), as (features, class)."""
    made = []
    for _ in range(count):
        inside = rng.random() < 0.5
        radius = rng.gauss(0.8, 0.45) if inside else rng.gauss(2.0, 0.45)
        angle = rng.uniform(0, 2 * math.pi)
        x, y = radius * math.cos(angle), radius * math.sin(angle)
        made.append(((1.0, x, y, x * x + y * y), 0 if inside else 1))
    return made


def probability(weights, features):
    score = sum(w * f for w, f in zip(weights, features))
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, score))))


def judged(weights, examples):
    """Mean loss and the share that is told right."""
    loss, right = 0.0, 0
    for features, wanted in examples:
        p = min(max(probability(weights, features), 1e-12), 1 - 1e-12)
        loss -= math.log(p if wanted else 1 - p)
        right += (p >= 0.5) == bool(wanted)
    return loss / len(examples), right / len(examples)


def main():
    item = json.loads(os.environ.get("REEVE_ITEM", "{}"))
    rate, decay = float(item.get("rate", 0.1)), float(item.get("decay", 0.0))
    epochs = int(item.get("epochs", 12))
    rng = random.Random(7)  # every task learns from the same points, in the same order
    learnt, unseen = points(rng, 2000), points(rng, 500)
    weights = [0.0] * 4
    for epoch in range(1, epochs + 1):
        rng.shuffle(learnt)
        for features, wanted in learnt:
            error = wanted - probability(weights, features)
            weights = [w + rate * (error * f - decay * w) for w, f in zip(weights, features)]
        loss, accuracy = judged(weights, unseen)
        print(f"reeve_metric: step={epoch} rate={rate:g} decay={decay:g} loss={loss:.4f} accuracy={accuracy:.4f}", flush=True)
    with open("model.json", "w", encoding="utf-8") as file:
        json.dump({"weights": [round(w, 9) for w in weights]}, file)
    return 0 if math.isfinite(loss) else 1


if __name__ == "__main__":
    sys.exit(main())
