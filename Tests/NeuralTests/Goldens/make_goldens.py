#!/usr/bin/env python3
"""Makes the goldens beside this file: every stage of Lectern's networks as PyTorch computes it.

Needs PyTorch and numpy (Debian's python3-torch; PyPI's torch 2.15 gave the same results to the last digit); the tests
need only the files. Made with the versions in each file's metadata. Weights and input come from the hash generator of
Sources/Neural/HashNormal.swift, so nothing but results is stored, and the SHA-256 of both. PyTorch runs in float64 on
those float32 numbers, with oneDNN switched off, so that a golden shares no kernel with the code it judges and is exact
to the last float32 digit.

    python3 Tests/NeuralTests/Goldens/make_goldens.py

A file holds, for each stage, `<stage>` (the values of the row-major [N, C, H, W] value at the metadata's number of hashed
positions, or all of them in order where there are no more) and `<stage>|max` (the largest magnitude in all of it); the
same of what attention decides, `<stage>.threshold|decision` (α·a) or `<stage>.gate|decision`, [N, C]; for a network
that ends in logits also `probabilities|all`, their softmax.
"""
import hashlib
import json
import math
import pathlib
import struct
import sys

import numpy as np
import torch
from torch import nn

SEED = 20240117
GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def mix(z):
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def hashes(seed, stream, count):
    key = 0xCBF29CE484222325
    for byte in stream.encode():
        key = ((key ^ byte) * 0x100000001B3) & (2**64 - 1)
    key = mix(np.array([key ^ seed], dtype=np.uint64))
    return mix(key + np.arange(1, count + 1, dtype=np.uint64) * GOLDEN)


def positions_of(seed, stream, count, extent):
    """`HashNormal.positions`: where a golden of `count` numbers looks in a tensor of `extent`."""
    if count >= extent:
        return np.arange(extent)
    return (hashes(seed, stream, count) % np.uint64(extent)).astype(np.int64)


def normal(seed, stream, shape, deviation):
    h = hashes(seed, stream, math.prod(shape))
    total = sum(((h >> np.uint64(s)) & np.uint64(0xFFFF)).astype(np.int64) for s in (0, 16, 32, 48))
    scale = np.float32(deviation / math.sqrt((65536.0 * 65536.0 - 1) / 3))
    return ((total - 131070).astype(np.float32) * scale).reshape(shape)


def draw(name, parameter):
    """The `varied` initialisation of Sources/Neural/Weights+Seeded.swift."""
    shape = tuple(parameter.shape)
    if len(shape) > 1:
        return normal(SEED, name, shape, math.sqrt(2 / math.prod(shape[1:])))
    n = normal(SEED, name, shape, 0.1)
    if name.endswith("running_var"):
        return np.float32(1) + np.abs(n)
    leaf = name.rsplit(".", 2)[-2]
    if name.endswith(".weight") and (leaf.startswith("bn") or leaf == "1"):
        return np.float32(1) + n
    return n


class Add(nn.Module):
    def forward(self, a, b):
        return a + b


class Shrinkage(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.fc1 = nn.Linear(channels, channels)
        self.bn = nn.BatchNorm1d(channels)
        self.fc2 = nn.Linear(channels, channels)

    def decide(self, x):
        average = x.abs().mean(dim=(2, 3))
        alpha = torch.sigmoid(self.fc2(torch.relu(self.bn(self.fc1(average)))))
        return alpha * average

    def forward(self, x):
        threshold = self.decide(x)[:, :, None, None]
        return torch.sign(x) * torch.clamp(x.abs() - threshold, min=0)


class SqueezeExcite(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.fc1 = nn.Linear(channels, max(1, channels // 16))
        self.fc2 = nn.Linear(max(1, channels // 16), channels)

    def decide(self, x):
        return torch.sigmoid(self.fc2(torch.relu(self.fc1(x.mean(dim=(2, 3))))))

    def forward(self, x):
        return x * self.decide(x)[:, :, None, None]


class Block(nn.Module):
    def __init__(self, channels, output, stride, attention):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, output, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(output)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(output, output, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(output)
        if attention == "se":
            self.se = SqueezeExcite(output)
        if attention == "shrink":
            self.shrink = Shrinkage(output)
        self.attention = attention
        self.downsample = None
        if stride != 1 or channels != output:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels, output, 1, stride, bias=False), nn.BatchNorm2d(output))
        self.add = Add()
        self.relu2 = nn.ReLU()

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x)))))
        if self.attention:
            y = getattr(self, self.attention)(y)
        return self.relu2(self.add(y, x if self.downsample is None else self.downsample(x)))


class Residual(nn.Module):
    def __init__(self, attention, classes=6, divisor=1):
        super().__init__()
        channels = 64 // divisor
        self.conv1 = nn.Conv2d(3, channels, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        for stage, published in enumerate([64, 128, 256, 512]):
            output = published // divisor
            first = Block(channels, output, 1 if stage == 0 else 2, attention)
            setattr(self, f"layer{stage + 1}", nn.Sequential(first, Block(output, output, 1, attention)))
            channels = output
        self.avgpool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.avgpool(x))


class ResidualGrid(nn.Module):
    """The network of the layout `grid`: fused features of 676 channels and 7×7 positions."""

    def __init__(self, attention, classes=6):
        super().__init__()
        self.conv1 = nn.Conv2d(512 + 36 + 128, 256, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(256)
        self.relu = nn.ReLU()
        self.layer1 = nn.Sequential(Block(256, 256, 1, attention), Block(256, 256, 1, attention))
        self.layer2 = nn.Sequential(Block(256, 512, 2, attention), Block(512, 512, 1, attention))
        self.avgpool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.fc = nn.Linear(512, classes)

    def forward(self, x):
        x = self.relu(self.bn1(self.conv1(x)))
        return self.fc(self.avgpool(self.layer2(self.layer1(x))))


class VGG16(nn.Module):
    def __init__(self):
        super().__init__()
        layers, channels = [], 3
        for count, output in [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)]:
            for _ in range(count):
                layers += [nn.Conv2d(channels, output, 3, 1, 1), nn.ReLU()]
                channels = output
            layers.append(nn.MaxPool2d(2, 2))
        self.features = nn.Sequential(*layers)

    def forward(self, x):
        return self.features(x)


NETWORKS = {
    "vgg16": VGG16,
    "resnet18": lambda: Residual(None),
    "resnet18-se": lambda: Residual("se"),
    "drsn18": lambda: Residual("shrink"),
    "resnet18-grid": lambda: ResidualGrid(None),
    "resnet18-se-grid": lambda: ResidualGrid("se"),
    "drsn18-grid": lambda: ResidualGrid("shrink"),
}


def write_safetensors(path, tensors, metadata):
    header, data = {"__metadata__": metadata}, b""
    for name in sorted(tensors):
        values = tensors[name].astype("<f4").tobytes()
        header[name] = {
            "dtype": "F32", "shape": list(tensors[name].shape), "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + 8) % 64)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def seed_parameters(network):
    """Gives a network its seeded parameters and returns their SHA-256, by sorted name as little-endian float32."""
    digest = hashlib.sha256()
    state = {k: v for k, v in network.state_dict().items() if not k.endswith("num_batches_tracked")}
    for key in sorted(state):
        values = draw(key, state[key])
        digest.update(values.astype("<f4").tobytes())
        state[key].copy_(torch.from_numpy(values.astype(np.float64)))
    return digest.hexdigest()


def sha256(values):
    """Of the values as little-endian float32, row-major."""
    return hashlib.sha256(values.astype("<f4").tobytes()).hexdigest()


def versions():
    return {"torch": torch.__version__, "numpy": np.__version__, "python": sys.version.split()[0]}


def make(name, size, batch, positions, channels=3):
    network = NETWORKS[name]().double().eval()
    digest = seed_parameters(network)
    stages = {}
    names = {module: key for key, module in network.named_modules()}

    def store(name, kind, value):
        flat = value.detach().numpy().reshape(-1)
        stages[name + kind] = flat[positions_of(SEED, name, positions, flat.size)].astype(np.float32)
        stages[name + "|max"] = np.array([np.abs(flat).max()], dtype=np.float32)

    def record(module, inputs, value):
        store(names[module], "", value)
        if isinstance(module, Shrinkage):
            store(names[module] + ".threshold", "|decision", module.decide(inputs[0]))
        if isinstance(module, SqueezeExcite):
            store(names[module] + ".gate", "|decision", module.decide(inputs[0]))

    inner = (Shrinkage, SqueezeExcite)
    for key, module in network.named_modules():
        parent = network.get_submodule(key.rpartition(".")[0]) if key else None
        is_stage = not list(module.children()) or isinstance(module, inner) or key == "avgpool"
        if key and is_stage and not isinstance(parent, inner) and not key.startswith("avgpool."):
            module.register_forward_hook(record)
    image = normal(SEED, "input", (batch, channels, size, size), 1.0)
    with torch.no_grad(), torch.backends.mkldnn.flags(enabled=False):
        output = network(torch.from_numpy(image.astype(np.float64)))
    if name != "vgg16":
        stages["probabilities|all"] = torch.softmax(output, dim=1).numpy().astype(np.float32)
    metadata = {
        "network": name, "seed": str(SEED), "size": str(size), "batch": str(batch), "channels": str(channels),
        "positions": str(positions), "input_sha256": sha256(image), "weights_sha256": digest, **versions()}
    path = pathlib.Path(__file__).parent / f"{name}-{size}.safetensors"
    write_safetensors(path, stages, metadata)
    print(f"{path.name}: {len([k for k in stages if '|' not in k])} stages, {path.stat().st_size} bytes")


if __name__ == "__main__":
    np.seterr(over="ignore")
    torch.set_num_threads(1)
    for network in NETWORKS:
        if network.endswith("-grid"):
            make(network, 7, 2, 512, channels=676)
            continue
        # One sample of VGG16: the plain reference takes a second for it.
        make(network, 64, 1 if network == "vgg16" else 2, 256)
        make(network, 224, 1, 4096)
