#!/usr/bin/env python3
"""Makes the goldens of the backward half: layers, losses and whole networks in training, by PyTorch's autograd in float64.

Needs numpy and PyTorch 2 (PyPI's torch), and uses the networks and the generator of make_goldens.py:

    python3 Tests/NeuralTests/Goldens/make_gradient_goldens.py

PyTorch 1.13 gives the same to 1e-13 but for `shrinkage-*-edges`: where a magnitude equals its threshold, its clamp lets
the gradient pass, and that of PyTorch 2 does not. With it, make the networks alone, which stay away from such places:
the argument `training` does that.

Results are float64, stored as two float32 tensors whose sum they are to 48 bits: `<name>` and `<name>+` (the rest), so
that one file judges Float and Double. `<name>|scale`, where it stands, is what differences are measured against instead
of the largest magnitude in `<name>`: where only a part is stored, and where the true gradient is 0. A network's metadata
say how far its pass stays from where gradients jump (`kink_margin`), and how far PyTorch's own float32 is from its
float64 (`float32_deviation`, the least of the versions it was made with, by `float32_torch`).

- layers.safetensors: small odd cases, inputs and all. Per case `x`, `dy` (the loss is Σ y·dy), `w.<parameter>`, results
  `y`, `dx`, `d.<parameter>` and, in training mode, `r.<running statistic>` after the batch. The metadata's value for the
  case is its layer: kind, numbers, mode.
- losses.safetensors: per case `logits`, `labels`, `centers`, results `value`, `dlogits`, `dcenters`, `scores`.
- training-<network>-<mode>.safetensors: one batch of a quarter-width network at 64×64, its loss and the gradient of
  every parameter and of the input; the running statistics after it; all at hashed positions as in make_goldens.py.
"""
import json
import math
import pathlib
import struct
import sys

import make_goldens as base
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

SEED = base.SEED


def split(tensors, name, value, scale=None):
    """Stores a float64 result as two float32 tensors."""
    value = value.detach().numpy() if torch.is_tensor(value) else np.asarray(value, dtype=np.float64)
    high = value.astype(np.float32)
    tensors[name] = high
    tensors[name + "+"] = (value - high).astype(np.float32)
    if scale is not None:
        tensors[name + "|scale"] = np.array([scale], dtype=np.float32)


def normal(stream, shape, deviation=1.0):
    return base.normal(SEED, stream, shape, deviation)


def double(values):
    return torch.from_numpy(np.ascontiguousarray(values).astype(np.float64))


# Layers


class Sum(nn.Module):
    """x + relu(x): a residual addition, both of whose inputs lead back to x."""

    def forward(self, x):
        return x + torch.relu(x)


class Twice(nn.Module):
    def forward(self, x):
        return x + x


class Excite(base.SqueezeExcite):
    def __init__(self, channels, hidden):
        nn.Module.__init__(self)
        self.fc1 = nn.Linear(channels, hidden)
        self.fc2 = nn.Linear(hidden, channels)


KINDS = {
    "convolution": lambda i, o, k, s, p, b: nn.Conv2d(i, o, k, s, p, bias=b == 1),
    "batchNorm": lambda c: nn.BatchNorm2d(c),
    "batchNormOfVectors": lambda c: nn.BatchNorm1d(c),
    "relu": nn.ReLU,
    "maxPool": nn.MaxPool2d,
    "globalAveragePool": lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
    "linear": nn.Linear,
    "add": Sum,
    "addTwice": Twice,
    "shrinkage": base.Shrinkage,
    "squeezeExcite": Excite,
    "softmax": lambda: nn.Softmax(dim=1),
}


def coarse(stream, shape):
    """Multiples of 1/2, so that many are equal and some are 0."""
    return (np.floor(normal(stream, shape) * 2) / 2).astype(np.float32)


def layer_cases():
    """Case name, kind, numbers, whether in training mode, input, and values that replace drawn parameters."""
    n = normal
    yield "conv-3x3-stride2-bias", "convolution", (3, 5, 3, 2, 1, 1), True, n("c1", (3, 3, 7, 9)), {}
    yield "conv-3x3-same", "convolution", (4, 6, 3, 1, 1, 0), True, n("c2", (3, 4, 6, 5)), {}
    yield "conv-1x1-stride2-batch1", "convolution", (4, 3, 1, 2, 0, 0), True, n("c3", (1, 4, 5, 5)), {}
    yield "conv-7x7-stride2-batch1", "convolution", (3, 4, 7, 2, 3, 0), True, n("c4", (1, 3, 11, 13)), {}
    yield "conv-3x3-valid-even", "convolution", (2, 3, 3, 1, 0, 1), True, n("c5", (3, 2, 4, 6)), {}
    yield "conv-3x3-stride3-unread-edge", "convolution", (2, 2, 3, 3, 0, 1), True, n("c6", (2, 2, 8, 7)), {}
    yield "conv-3x3-of-one-pixel", "convolution", (3, 2, 3, 1, 1, 1), True, n("c7", (1, 3, 1, 1)), {}
    yield "conv-5x5-larger-than-image", "convolution", (2, 3, 5, 1, 2, 0), True, n("c8", (3, 2, 3, 2)), {}
    flat = n("b1", (3, 4, 5, 3)) * 2 - 1
    flat[:, 2] = 0.75  # A constant channel: variance 0.
    signs = np.array([1.5, -0.5, 2, 0], dtype=np.float32)
    for training in (True, False):
        mode = "training" if training else "evaluation"
        yield f"norm-{mode}", "batchNorm", (4,), training, flat, {"layer.weight": signs}
        yield f"norm-{mode}-batch1", "batchNorm", (3,), training, n("b2", (1, 3, 3, 3)), {}
        yield f"norm-{mode}-vectors", "batchNormOfVectors", (5,), training, n("b3", (3, 5)) * 3, {}
        yield f"norm-{mode}-two", "batchNormOfVectors", (3,), training, n("b4", (2, 3)), {}
    yield "relu", "relu", (), True, n("r1", (1, 2, 5, 4)), {}
    yield "relu-with-zeros", "relu", (), True, coarse("r", (3, 3, 5, 3)), {}
    yield "pool-3x3-stride2-ties", "maxPool", (3, 2, 1), True, coarse("p1", (3, 2, 7, 9)), {}
    yield "pool-2x2-unread-edge", "maxPool", (2, 2, 0), True, n("p2", (1, 3, 5, 7)), {}
    yield "pool-3x3-all-negative", "maxPool", (3, 2, 1), True, -np.abs(n("p3", (3, 2, 5, 6))) - 1, {}
    yield "pool-3x3-overlapping", "maxPool", (3, 1, 1), True, n("p4", (1, 2, 5, 5)), {}
    yield "pool-3x3-constant", "maxPool", (3, 2, 1), True, np.full((1, 2, 6, 6), -2, dtype=np.float32), {}
    yield "average-pool", "globalAveragePool", (), True, n("g", (3, 4, 5, 3)), {}
    yield "linear", "linear", (7, 5), True, n("l1", (3, 7)), {}
    yield "linear-batch1", "linear", (4, 6), True, n("l2", (1, 4)), {}
    yield "residual-add", "add", (), True, n("a1", (3, 2, 3, 5)), {}
    yield "add-to-itself", "addTwice", (), True, n("a2", (1, 2, 3, 3)), {}

    x = n("s1", (3, 6, 5, 3))
    x[:, 1] = 0  # A channel of zeros in every sample, and one in one sample.
    x[2, 3] = 0
    x[:, 4] = np.where(n("s2", (3, 5, 3)) < 0, -0.5, 0.5)  # Magnitudes that equal their mean exactly.
    last = n("layer.fc2.weight", (6, 6), math.sqrt(1 / 3))
    last[4:] = 0
    bias = n("layer.fc2.bias", (6,), 0.1)
    bias[4] = 40  # α = 1: thresholds that equal the magnitudes.
    bias[5] = -200  # α = 0: thresholds that vanish.
    pinned = {"layer.fc2.weight": last, "layer.fc2.bias": bias}
    for training in (True, False):
        mode = "training" if training else "evaluation"
        yield f"shrinkage-{mode}", "shrinkage", (4,), training, n("s3", (3, 4, 5, 3)), {}
        yield f"shrinkage-{mode}-edges", "shrinkage", (6,), training, x, pinned
        yield f"shrinkage-{mode}-one-position", "shrinkage", (3,), training, n("s4", (4, 3, 1, 1)), {}
    yield "shrinkage-evaluation-batch1", "shrinkage", (5,), False, n("s5", (1, 5, 4, 3)), {}
    yield "excite", "squeezeExcite", (8, 2), True, n("e1", (3, 8, 3, 5)), {}
    yield "excite-batch1", "squeezeExcite", (5, 1), True, n("e2", (1, 5, 2, 3)), {}
    yield "softmax", "softmax", (), True, n("m", (3, 6)) * 4, {}


def zero_gradient(name, training):
    """The bias before a batch norm in training mode: the norm takes it away again, so that its gradient is 0 and what
    is computed is rounding. It is measured against its weight's gradient."""
    return training and name.endswith("fc1.bias")


def make_layers():
    tensors, metadata = {}, {}
    for case, kind, numbers, training, x, replaced in layer_cases():
        layer = KINDS[kind](*numbers).double().train(training)
        network = nn.Module()
        network.add_module("layer", layer)
        with torch.no_grad():
            base.seed_parameters(network)
            for name, values in replaced.items():
                network.state_dict()[name].copy_(double(values))
        state = {k: v for k, v in network.state_dict().items() if not k.endswith("num_batches_tracked")}
        for name, value in state.items():
            tensors[f"{case}/w.{name}"] = value.numpy().astype(np.float32)
        value = double(x).requires_grad_()
        y = layer(value)
        dy = normal(f"{case}/dy", tuple(y.shape))
        tensors[f"{case}/x"], tensors[f"{case}/dy"] = x.astype(np.float32), dy
        (y * double(dy)).sum().backward()
        split(tensors, f"{case}/y", y)
        # Two numbers normalise to ±1 whatever they are, so that only ε and rounding are left of dx: it is measured
        # against what cancels, γ/σ·dy.
        scale = None
        if case == "norm-training-two":
            factor = layer.weight / (value.var(dim=0, unbiased=False) + layer.eps).sqrt()
            scale = (factor * double(dy)).abs().max().item()
        split(tensors, f"{case}/dx", value.grad, scale)
        for name, parameter in network.named_parameters():
            weight = network.get_parameter(name.replace(".bias", ".weight")) if zero_gradient(
                name, training and kind == "shrinkage") else parameter
            scale = None if weight is parameter else weight.grad.abs().max().item()
            split(tensors, f"{case}/d.{name}", parameter.grad, scale)
        if training:
            for name, value in network.named_buffers():
                if not name.endswith("num_batches_tracked"):
                    split(tensors, f"{case}/r.{name}", value)
        metadata[case] = " ".join([kind, *map(str, numbers), "training" if training else "evaluation"])
    write("layers", tensors, {"cases": "\n".join(f"{k} {v}" for k, v in metadata.items())})


# Losses


def center_loss(z, labels, centers):
    spread = ((centers - centers.mean(dim=0)) ** 2).sum(dim=1).mean()
    return ((z - centers[labels]) ** 2).sum(dim=1).mean() / (spread + 1e-6)


def scores(z, centers):
    spread = ((centers - centers.mean(dim=0)) ** 2).sum(dim=1).mean()
    return -((z[:, None] - centers[None]) ** 2).sum(dim=2) / spread


def evaluate_loss(kind, weight, z, labels, centers):
    if kind == "crossEntropy":
        return F.cross_entropy(z, labels)
    if kind == "centers":
        return center_loss(z, labels, centers)
    return F.cross_entropy(z, labels) + weight * center_loss(z, labels, centers)


def labels_of(stream, count, classes=6):
    return (base.hashes(SEED, stream, count) % np.uint64(classes)).astype(np.int64)


def make_losses():
    tensors, lines = {}, []
    cases = [
        ("entropy-batch3", "crossEntropy", 0, 3, 6, 3.0), ("entropy-batch1", "crossEntropy", 0, 1, 6, 3.0),
        ("entropy-batch32", "crossEntropy", 0, 32, 6, 1.0), ("entropy-extreme", "crossEntropy", 0, 5, 4, 1000.0),
        ("centers-batch3", "centers", 0, 3, 6, 3.0), ("centers-batch1", "centers", 0, 1, 6, 1.0),
        ("centers-batch32", "centers", 0, 32, 6, 1.0), ("centers-three-classes", "centers", 0, 7, 3, 2.0),
        ("centers-near", "centers", 0, 4, 6, 1.0), ("both-batch3", "both", 0.5, 3, 6, 3.0),
        ("both-batch32", "both", 0.0625, 32, 6, 1.0)]
    for case, kind, weight, count, classes, deviation in cases:
        z = double(normal(case, (count, classes), deviation)).requires_grad_()
        centers = base.normal(SEED, "centers", (classes, classes), 1e-3 if case == "centers-near" else 1.0)
        centers = double(centers).requires_grad_()
        labels = labels_of(case, count, classes)
        value = evaluate_loss(kind, weight, z, torch.from_numpy(labels), centers)
        value.backward()
        tensors[f"{case}/logits"] = z.detach().numpy().astype(np.float32)
        tensors[f"{case}/labels"] = labels.astype(np.float32)
        split(tensors, f"{case}/value", value.reshape(1))
        split(tensors, f"{case}/dlogits", z.grad)
        if kind != "crossEntropy":
            tensors[f"{case}/centers"] = centers.detach().numpy().astype(np.float32)
            split(tensors, f"{case}/dcenters", centers.grad)
            split(tensors, f"{case}/scores", scores(z, centers))
        lines.append(f"{case} {kind} {weight}")
    write("losses", tensors, {"cases": "\n".join(lines), "seed": str(SEED)})


# Networks


class Margin:
    """How far a pass stays from the places where a gradient jumps: the least distance of any number from its kink,
    over the largest magnitude beside it. Rounding that is smaller cannot change which way a gradient goes."""

    def __init__(self, network):
        self.least = math.inf
        for module in network.modules():
            if isinstance(module, nn.ReLU):
                # A sum of two zeros, a shrunk one and a rectified one, is 0 in every arithmetic.
                module.register_forward_hook(lambda _, x, y: self.see(x[0][x[0] != 0].abs(), x[0]))
            if isinstance(module, base.Shrinkage):
                module.register_forward_hook(self.see_shrinkage)
                module.bn.register_forward_hook(lambda _, x, y: self.see(y.abs(), y))
            if isinstance(module, base.SqueezeExcite):
                module.fc1.register_forward_hook(lambda _, x, y: self.see(y.abs(), y))
            if isinstance(module, nn.MaxPool2d):
                module.register_forward_hook(self.see_pool)

    def see(self, distances, values):
        self.least = min(self.least, (distances.min() / values.abs().max()).item())

    def see_shrinkage(self, module, inputs, y):
        x = inputs[0]
        average = x.abs().mean(dim=(2, 3))
        # The gate is not kept: what remains of the largest magnitude of each plane tells the threshold.
        flat, out = x.abs().flatten(2), y.abs().flatten(2)
        largest = flat.argmax(dim=2, keepdim=True)
        threshold = flat.gather(2, largest) - out.gather(2, largest)
        alive = average[:, :, None] > 0
        self.see(torch.where(alive, torch.minimum((flat - threshold).abs(), flat), flat.max()), x)

    def see_pool(self, module, inputs, y):
        x = inputs[0]
        padded = F.pad(x, (module.padding,) * 4, value=-math.inf)
        windows = padded.unfold(2, module.kernel_size, module.stride).unfold(3, module.kernel_size, module.stride)
        best = windows.flatten(4).topk(2, dim=4).values
        # Windows of zeros tie, but the ReLU before lets nothing of them through.
        gap = torch.where(best[..., 0] > 0, best[..., 0] - best[..., 1], x.max())
        self.see(gap, x)


def float32_deviation(gradients, again):
    """The worst difference of PyTorch's own float32 from its float64, over each tensor's scale."""
    return max(((again[k].double() - g).abs().max() / scale).item() for k, (g, scale) in gradients.items())


def least_float32_deviation(name, measured, same):
    """The measured deviation and its PyTorch, or those of the file to be replaced where they are less: tolerances come
    from it, and its kernels differ from version to version, so that making a golden anew never widens one."""
    path = pathlib.Path(__file__).parent / f"{name}.safetensors"
    if path.exists():
        data = path.read_bytes()
        old = json.loads(data[8:8 + struct.unpack("<Q", data[:8])[0]])["__metadata__"]
        if all(old[k] == v for k, v in same.items()) and float(old["float32_deviation"]) < measured:
            return {"float32_deviation": old["float32_deviation"], "float32_torch": old.get("float32_torch", old["torch"])}
    return {"float32_deviation": f"{measured:.3g}", "float32_torch": torch.__version__}


def make_training(name, attention, training, loss, weight, positions, margin):
    size, batch, divisor = 64, 4, 4
    labels = torch.from_numpy(labels_of("labels", batch))

    def run(input_seed, kind):
        network = base.Residual(attention, divisor=divisor).double().train(training)
        with torch.no_grad():
            digest = base.seed_parameters(network)
        network = network.to(kind)
        watch = Margin(network)
        x = torch.from_numpy(base.normal(input_seed, "input", (batch, 3, size, size), 1.0)).to(kind).requires_grad_()
        logits = network(x)
        centers = torch.from_numpy(base.normal(SEED, "centers", (6, 6), 1.0)).to(kind).requires_grad_()
        value = evaluate_loss(loss, weight, logits, labels, centers)
        value.backward()
        return network, digest, watch.least, x, logits, centers, value

    for input_seed in range(1, 200):
        network, digest, least, x, logits, centers, value = run(input_seed, torch.float64)
        if least >= margin:
            break
    else:
        raise SystemExit(f"no input keeps {name} {margin} away from every kink")
    tensors = {}
    split(tensors, "logits", logits)
    split(tensors, "value", value.reshape(1))
    if loss != "crossEntropy":
        split(tensors, "dcenters", centers.grad)

    gradients = {"dx": (x.grad, x.grad.abs().max().item())}
    for key, parameter in network.named_parameters():
        zero = zero_gradient(key, training) and attention == "shrink"
        weight_of = network.get_parameter(key.replace(".bias", ".weight")) if zero else parameter
        gradients[f"d.{key}"] = (parameter.grad, weight_of.grad.abs().max().item())
    if training:
        for key, buffer in network.named_buffers():
            if not key.endswith("num_batches_tracked"):
                gradients[f"r.{key}"] = (buffer, buffer.abs().max().item())
    for key, (values, scale) in gradients.items():
        flat = values.detach().reshape(-1)
        where = base.positions_of(SEED, key, positions, flat.numel())
        split(tensors, key, flat[torch.from_numpy(where)], scale)
    network, _, _, x, *_ = run(input_seed, torch.float32)
    again = {"dx": x.grad, **{f"d.{k}": p.grad for k, p in network.named_parameters()}}
    again.update({f"r.{k}": b for k, b in network.named_buffers()})
    mode = "training" if training else "evaluation"
    file, same = f"training-{name}-{mode}", {"weights_sha256": digest, "input_seed": str(input_seed)}
    write(file, tensors, {
        "network": name, "divisor": str(divisor), "size": str(size), "batch": str(batch), "mode": mode,
        "seed": str(SEED), "labels": " ".join(str(l.item()) for l in labels),
        "input_sha256": base.sha256(base.normal(input_seed, "input", (batch, 3, size, size), 1.0)),
        "loss": loss, "loss_weight": str(weight), "positions": str(positions), "kink_margin": f"{least:.3g}",
        **least_float32_deviation(file, float32_deviation(gradients, again), same), **same})


def write(name, tensors, metadata):
    path = pathlib.Path(__file__).parent / f"{name}.safetensors"
    base.write_safetensors(path, tensors, {**metadata, **base.versions()})
    extra = {k: metadata[k] for k in ("kink_margin", "input_seed", "float32_deviation") if k in metadata}
    print(f"{path.name}: {len(tensors)} tensors, {path.stat().st_size} bytes", extra or "")


if __name__ == "__main__":
    np.seterr(over="ignore")
    torch.set_num_threads(1)
    if sys.argv[1:] != ["training"]:
        make_layers()
        make_losses()
    make_training("resnet18", None, True, "crossEntropy", 0, 96, 2e-6)
    make_training("resnet18-se", "se", True, "centers", 0, 96, 2e-6)
    make_training("drsn18", "shrink", True, "both", 0.125, 96, 1e-6)
    make_training("drsn18", "shrink", False, "crossEntropy", 0, 96, 1e-6)
