#!/usr/bin/env python3
"""Makes keys.json beside this file: names, shapes and types of the state_dict of published networks.

Needs PyTorch, torchvision (Debian: python3-torchvision) and timm (versions in the file); the tests need only the file.
No weights are downloaded: a state_dict's names do not depend on its numbers.

    python3 Tests/Goldens/import/make_keys.py
"""
import json
import pathlib
import warnings
from importlib import metadata

warnings.simplefilter("ignore")
import timm
import torchvision

NAMES = {"torch.float32": "F32", "torch.int64": "I64"}
MODELS = {
    f"torchvision {name}": lambda name=name: getattr(torchvision.models, name)()
    for name in ["vgg16", "vgg16_bn", "vgg11", "vgg19", "resnet18", "resnet34", "resnet50", "resnet101", "resnet152"]
} | {
    f"timm {name}": lambda name=name: timm.create_model(name)
    for name in ["vgg16", "vgg16_bn", "resnet18", "resnet18d", "resnet34", "seresnet18", "resnet50"]
} | {"timm vgg16 headless": lambda: timm.create_model("vgg16", num_classes=0)}


def rows(model):
    return [[name, list(value.shape), NAMES[str(value.dtype)]] for name, value in model.state_dict().items()]


result = {
    "made_with": {name: metadata.version(name) for name in ["torch", "torchvision", "timm"]},
    "models": {name: rows(make()) for name, make in MODELS.items()},
}
path = pathlib.Path(__file__).with_name("keys.json")
path.write_text(json.dumps(result, separators=(",", ":")) + "\n")
