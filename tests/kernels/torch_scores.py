#!/usr/bin/env python3
"""A model that `reeve train` made, run by PyTorch: its scores must be those that `reeve train scores` wrote.

  torch_scores.py MODEL.safetensors DATA SCORES.npy HEADS|ACTIVATION

DATA is what the scores are of: a text for a gpt (then HEADS, a number), or a CSV file of labelled images for an MLP (then gelu or relu).
Exits with 1 where any score differs by more than 1e-4.
"""

import json
import struct
import sys

import numpy as np
import torch
from torch.nn import functional as F

BOUND = 1e-4


def load_safetensors(path):
    data = open(path, "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    tensors = {}
    for name, tensor in header.items():
        if name == "__metadata__":
            continue
        begin, end = (8 + size + offset for offset in tensor["data_offsets"])
        tensors[name] = torch.from_numpy(np.frombuffer(data[begin:end], dtype="<f4").reshape(tensor["shape"]).copy())
    return tensors


def mlp(weights, pixels, activation):
    x = torch.from_numpy(pixels) / 255
    layers = len({name.split(".")[1] for name in weights})
    for layer in range(layers):
        x = F.linear(x, weights[f"layers.{layer}.weight"], weights[f"layers.{layer}.bias"])
        if layer + 1 < layers:
            x = F.relu(x) if activation == "relu" else F.gelu(x, approximate="tanh")
    return x


def gpt(weights, text, heads):
    width = weights["transformer.wte.weight"].shape[1]
    length = len(text)

    def dense(x, name):
        return F.linear(x, weights[name + ".weight"], weights[name + ".bias"])

    def normal(x, name):
        return F.layer_norm(x, (width,), weights[name + ".weight"], weights[name + ".bias"])

    x = weights["transformer.wte.weight"][torch.from_numpy(text).long()] + weights["transformer.wpe.weight"][:length]
    layer = 0
    while f"transformer.h.{layer}.ln_1.weight" in weights:
        name = f"transformer.h.{layer}"
        q, k, v = dense(normal(x, name + ".ln_1"), name + ".attn.c_attn").view(length, 3, heads, -1).permute(1, 2, 0, 3)
        scores = q @ k.transpose(-1, -2) / (width // heads) ** 0.5
        scores = scores.masked_fill(torch.ones(length, length).triu(1).bool(), float("-inf"))
        x = x + dense((scores.softmax(-1) @ v).transpose(0, 1).reshape(length, width), name + ".attn.c_proj")
        x = x + dense(F.gelu(dense(normal(x, name + ".ln_2"), name + ".mlp.c_fc"), approximate="tanh"), name + ".mlp.c_proj")
        layer += 1
    return F.linear(normal(x, "transformer.ln_f"), weights.get("lm_head.weight", weights["transformer.wte.weight"]))


def main():
    weights = load_safetensors(sys.argv[1])
    expected = np.load(sys.argv[3])
    if any(name.startswith("transformer.") for name in weights):
        text = np.frombuffer(open(sys.argv[2], "rb").read(), dtype=np.uint8)[: len(expected)].copy()
        scores = gpt(weights, text, int(sys.argv[4]))
    else:
        rows = np.loadtxt(sys.argv[2], delimiter=",", dtype=np.float32, ndmin=2)
        scores = mlp(weights, rows[:, 1:], sys.argv[4])
    scores = scores.numpy()
    if scores.shape != expected.shape:
        sys.exit(f"scores of {scores.shape}, {expected.shape} expected")
    worst = float(np.abs(scores - expected).max())
    print(f"PyTorch {torch.__version__}: {scores.size} scores, at most {worst:.1e} apart, of sizes up to {np.abs(expected).max():.1f}")
    sys.exit(worst > BOUND)


main()
