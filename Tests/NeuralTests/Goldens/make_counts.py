#!/usr/bin/env python3
"""Makes counts.json beside this file: parameters and multiply-adds of Lectern's networks, counted by others.

Needs PyTorch, torchvision (Debian: python3-torchvision), and the counters thop and ptflops (versions in the file); the
tests need only the file.

    python3 Tests/NeuralTests/Goldens/make_counts.py

The networks are torchvision's own `vgg16` and `resnet18`; attention is put into its blocks as small modules of PyTorch
layers. Parameters are `p.numel()` by module, multiply-adds are thop's by module, output shapes are those of a forward
pass. `thop` and `ptflops` hold each tool's total for torchvision's networks, elementwise work as each of them counts it.
"""
import json
import pathlib
from importlib import metadata

import ptflops
import thop
import torch
import torchvision
from torch import nn


class SqueezeExcite(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.fc1 = nn.Linear(channels, channels // 16)
        self.fc2 = nn.Linear(channels // 16, channels)

    def forward(self, x):
        gates = torch.sigmoid(self.fc2(torch.relu(self.fc1(x.mean((2, 3))))))
        return x * gates[:, :, None, None]


class Shrinkage(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.fc1 = nn.Linear(channels, channels)
        self.bn = nn.BatchNorm1d(channels)
        self.fc2 = nn.Linear(channels, channels)

    def forward(self, x):
        average = x.abs().mean((2, 3))
        threshold = average * torch.sigmoid(self.fc2(torch.relu(self.bn(self.fc1(average)))))
        return x.sign() * torch.relu(x.abs() - threshold[:, :, None, None])


def residual(attention, classes=6):
    model = torchvision.models.resnet18(num_classes=classes)
    for stage, channels in enumerate([64, 128, 256, 512], 1):
        for block in getattr(model, f"layer{stage}"):
            if attention == "se":
                # Between bn2 and the addition, which is where torchvision's block calls bn2.
                block.bn2 = nn.Sequential(block.bn2, SqueezeExcite(channels))
            elif attention == "shrink":
                block.bn2 = nn.Sequential(block.bn2, Shrinkage(channels))
    return model.eval()




def layers(model, attention=None):
    shapes = {}
    hooks = []
    for name, module in model.named_modules():
        if not list(module.children()):
            def hook(module, inputs, output, name=name):
                shapes[name] = list(output.shape)
            hooks.append(module.register_forward_hook(hook))
    x = torch.zeros(1, 3, 224, 224)
    with torch.no_grad():
        model(x)
    for hook in hooks:
        hook.remove()
    *_, tree = thop.profile(model, (x,), verbose=False, ret_layer_info=True)
    operations = {}

    def walk(prefix, children):
        for name, (ops, _, below) in children.items():
            operations[prefix + name] = int(ops)
            walk(f"{prefix}{name}.", below)

    walk("", tree)
    rows = {}
    for name, module in model.named_modules():
        if list(module.children()):
            continue
        key = name
        if attention:
            key = key.replace(".bn2.0", ".bn2").replace(".bn2.1.", f".{attention}.")
        counted = isinstance(module, (nn.Conv2d, nn.Linear))
        rows[key] = {
            "parameters": sum(p.numel() for p in module.parameters()),
            "multiply_adds": operations[name] if counted else 0,
            "output": shapes[name],
        }
    return {k: v for k, v in rows.items() if v["parameters"]}


def totals(make):
    macs, parameters = thop.profile(make(), (torch.zeros(1, 3, 224, 224),), verbose=False)
    flops, _ = ptflops.get_model_complexity_info(
        make(), (3, 224, 224), as_strings=False, print_per_layer_stat=False, backend="pytorch")
    return {"parameters": int(parameters), "thop": int(macs), "ptflops": int(flops)}


VERSIONS = {name: metadata.version(name) for name in ["torch", "torchvision", "thop", "ptflops"]}
result = {
    "made_with": VERSIONS,
    "layers": {
        "vgg16": layers(nn.ModuleDict({"features": torchvision.models.vgg16().features.eval()})["features"]),
        "resnet18": layers(residual(None)),
        "resnet18-se": layers(residual("se"), "se"),
        "drsn18": layers(residual("shrink"), "shrink"),
    },
    "totals": {
        "resnet18 with 6 classes": totals(lambda: torchvision.models.resnet18(num_classes=6).eval()),
        "resnet18 with 1000 classes": totals(lambda: torchvision.models.resnet18().eval()),
    },
}
result["layers"]["vgg16"] = {f"features.{k}": v for k, v in result["layers"]["vgg16"].items()}
path = pathlib.Path(__file__).with_name("counts.json")
path.write_text(json.dumps(result, separators=(",", ":")) + "\n")
