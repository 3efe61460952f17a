"""The pictures of the vision goldens, by formulas in integers that TestPictures.swift repeats."""
import numpy as np

MASK = 0xFFFFFFFF


def mix(value):
    """The finaliser of MurmurHash3, 32 bits."""
    value &= MASK
    value ^= value >> 16
    value = value * 0x85EBCA6B & MASK
    value ^= value >> 13
    value = value * 0xC2B2AE35 & MASK
    return value ^ value >> 16


def noise(width, height, seed):
    """Every pixel its own hash."""
    start = mix(seed)
    return np.array([[mix(start + y * width + x) >> 24 for x in range(width)] for y in range(height)], np.uint8)


def blobs(width, height, seed):
    """Sixty bright or dark paraboloids on middle gray: round structure of several sizes."""
    out = np.full((height, width), 128, np.int64)
    start = mix(seed)
    for blob in range(60):
        a, b, c = (mix(start + 4 * blob + i) for i in range(3))
        cx, cy, radius = a % width, b % height, 3 + c % 12
        sign = 1 if (c >> 16) % 2 else -1
        y, x = np.mgrid[0:height, 0:width]
        squared = (x - cx) ** 2 + (y - cy) ** 2
        rise = np.maximum(radius * radius - squared, 0) * 110 // (radius * radius)
        out += sign * rise
    return np.clip(out, 0, 255).astype(np.uint8)


def ramp(width, height, seed):
    """A tilted ramp that wraps."""
    y, x = np.mgrid[0:height, 0:width]
    return ((3 * x + (seed % 7) * y) % 256).astype(np.uint8)


def spot(width, height, seed):
    """Black with one white pixel."""
    out = np.zeros((height, width), np.uint8)
    out[height // 3, width // 2] = 255
    return out


def flat(width, height, seed):
    return np.full((height, width), seed % 256, np.uint8)


def make(kind, width, height, seed):
    return {"noise": noise, "blobs": blobs, "ramp": ramp, "spot": spot, "flat": flat}[kind](width, height, seed)
