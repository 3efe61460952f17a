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


def saturated(width, height, seed):
    """Black and white alone, at random."""
    return np.where(noise(width, height, seed) > 127, 255, 0).astype(np.uint8)


def angles(width, height, seed):
    """Squares and threefold squares at random: their roots are whole numbers or multiples of one another by sqrt 3, so
    gradients at exactly 45, 60, 90 and 120 degrees are many."""
    levels = np.array([0, 1, 3, 4, 9, 12, 16, 25, 27, 36, 48, 49, 64, 75, 81, 100], np.uint8)
    return levels[noise(width, height, seed) >> 4]


def mirror(width, height, seed):
    """Blobs that are their own mirror image, left and right."""
    out = blobs(width, height, seed)
    out[:, (width + 1) // 2:] = out[:, :width // 2][:, ::-1]
    return out


def tiles(width, height, seed):
    """A bright dot every 8 pixels: in the middle every keypoint has equals in its cell of 16 pixels."""
    y, x = np.mgrid[0:height, 0:width] % 8
    squared = (2 * x - 7) ** 2 + (2 * y - 7) ** 2
    return (np.maximum(30 - squared, 0) * 8 + seed % 7).astype(np.uint8)


def make(kind, width, height, seed):
    makers = {"noise": noise, "blobs": blobs, "ramp": ramp, "spot": spot, "flat": flat, "saturated": saturated,
              "angles": angles, "mirror": mirror, "tiles": tiles}
    return makers[kind](width, height, seed)
