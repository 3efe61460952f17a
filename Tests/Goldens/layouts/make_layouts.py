#!/usr/bin/env python3
"""Makes layouts.json: normalisation bounds, layouts and their statistics as numpy computes them.

Needs numpy alone; the tests need only the file. Features and crop come from the integer hash of
Sources/Neural/HashNormal.swift, so that nothing but results is stored: of a layout's tensor the values at POSITIONS
hashed places, and of what no arithmetic changes the SHA-256 of all its little-endian float32 bytes.

    python3 Tests/Goldens/layouts/make_layouts.py
"""
import hashlib
import json
import math
import pathlib
import sys

import numpy as np

SEED = 20240117
POSITIONS = 1024
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
CHANNELS = {"hog": 36, "sift": 128}
FAMILIES = ["cnn", "hog", "sift"]
# Scale and offset of each family: of different ranges, as the real ones are.
RANGES = {"cnn": (3.0, 1.0), "hog": (0.25, 0.5), "sift": (40.0, 60.0)}
# Rows and columns of the blocks that a 32×32 tile is divided into.
TILES = {512: (16, 32), 256: (16, 16), 128: (8, 16), 36: (6, 6)}
# torchvision's documentation: images in [0, 1] are normalised with these means and deviations.
IMAGENET = [(0.485, 0.229), (0.456, 0.224), (0.406, 0.225)]


def mix(z):
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def hashes(stream, count):
    key = 0xCBF29CE484222325
    for byte in stream.encode():
        key = ((key ^ byte) * 0x100000001B3) & (2**64 - 1)
    key = mix(np.array([key ^ SEED], dtype=np.uint64))
    return mix(key + np.arange(1, count + 1, dtype=np.uint64) * GOLDEN)


def normal(stream, count):
    h = hashes(stream, count)
    total = sum(((h >> np.uint64(s)) & np.uint64(0xFFFF)).astype(np.int64) for s in (0, 16, 32, 48))
    scale = np.float32(1 / math.sqrt((65536.0 * 65536.0 - 1) / 3))
    return (total - 131070).astype(np.float32) * scale


def face(index, cnn):
    """Raw features, [C, 7, 7] each, float32."""
    result = {}
    for family in FAMILIES:
        channels = cnn if family == "cnn" else CHANNELS[family]
        scale, offset = RANGES[family]
        # The third face reaches beyond what the first two have.
        scale *= 1.5 if index == 2 else 1
        values = normal(f"{family}{index}", channels * 49) * np.float32(scale) + np.float32(offset)
        result[family] = values.reshape(channels, 7, 7)
    return result


def normalized(values, low, high):
    if high == low:
        return np.zeros(np.shape(values))
    v = (np.asarray(values, dtype=np.float64) - float(low)) / (float(high) - float(low))
    return np.clip(np.where(np.isnan(v), 0.0, v), 0.0, 1.0)


def plane(family):
    """One family as 224×224: cell by cell, block by block, as the tiles are defined."""
    channels = family.shape[0]
    rows, columns = TILES[channels]
    out = np.full((224, 224), np.nan)
    # Where each block of a tile begins: the first pixel t with ⌊t·blocks/32⌋ = block.
    row_edges = [math.ceil(r * 32 / rows) for r in range(rows + 1)]
    column_edges = [math.ceil(c * 32 / columns) for c in range(columns + 1)]
    for cell_y in range(7):
        for cell_x in range(7):
            for channel in range(channels):
                r, c = divmod(channel, columns)
                out[cell_y * 32 + row_edges[r]:cell_y * 32 + row_edges[r + 1],
                    cell_x * 32 + column_edges[c]:cell_x * 32 + column_edges[c + 1]] = family[channel, cell_y, cell_x]
    assert not np.isnan(out).any()
    return out


def sampled(stream, tensor):
    flat = np.asarray(tensor).reshape(-1)
    where = (hashes(stream, POSITIONS) % np.uint64(flat.size)).astype(np.int64)
    return [float(v) for v in flat[where]]


def digest(tensor):
    return hashlib.sha256(np.ascontiguousarray(tensor, dtype="<f4").tobytes()).hexdigest()


def width(cnn):
    # Bounds and statistics from the first two faces; the third, which goes beyond the bounds, is laid out.
    training = [face(0, cnn), face(1, cnn)]
    tested = face(2, cnn)
    bounds = {
        f: (min(t[f].min() for t in training), max(t[f].max() for t in training)) for f in FAMILIES}
    assert all(tested[f].min() < bounds[f][0] or tested[f].max() > bounds[f][1] for f in FAMILIES)
    planes = {f: np.stack([plane(normalized(t[f], *bounds[f])) for t in training]) for f in FAMILIES}
    statistics = [(planes[f].mean(), planes[f].std()) for f in FAMILIES]
    fused = {f: normalized(tested[f], *bounds[f]) for f in FAMILIES}
    standardised = np.stack([(plane(fused[f]) - m) / d for f, (m, d) in zip(FAMILIES, statistics)])
    # Whole numbers that name channel and cell, so that a layout without arithmetic is a matter of equality.
    named = {
        f: (np.arange(tested[f].size) + 100_000 * i).reshape(tested[f].shape) for i, f in enumerate(FAMILIES)}
    return {
        "cnn_channels": cnn,
        "bounds": {f: [float(b) for b in bounds[f]] for f in FAMILIES},
        "statistics": [[float(m), float(d)] for m, d in statistics],
        "normalized": {f: sampled(f"normalized {f}", fused[f]) for f in FAMILIES},
        "planes": sampled("planes", standardised),
        "planes_sha256": digest(np.stack([plane(named[f]) for f in FAMILIES])),
        "grid": sampled("grid", np.concatenate([fused[f] for f in FAMILIES])),
        "grid_sha256": digest(np.concatenate([named[f] for f in FAMILIES])),
    }


def edges():
    """Values at, beyond and between bounds; numbers as the bits of a float32, since JSON has no NaN."""
    top = np.finfo(np.float32).max
    tiny = np.float32(1e-45)
    values = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.0, 3.0000002, tiny, -tiny, top, -top, np.inf, -np.inf, np.nan]
    pairs = [(0, 1), (-1, 3), (2, 2), (0, 0), (-top, top), (0, tiny), (3, 3.0000002), (top, top), (-3, -2)]
    bits = lambda number: int(np.array([number], dtype="<f4").view("<u4")[0])
    with np.errstate(invalid="ignore", over="ignore"):
        return [
            {"minimum": bits(low), "maximum": bits(high), "values": [bits(v) for v in values],
             "expected": [float(x) for x in normalized(
                 np.array(values, dtype=np.float32), np.float32(low), np.float32(high))]}
            for low, high in pairs]


if __name__ == "__main__":
    np.seterr(over="ignore")
    gray = np.arange(256, dtype=np.float64) / 255
    result = {
        "metadata": {"numpy": np.__version__, "python": sys.version.split()[0], "seed": SEED, "positions": POSITIONS},
        "image": [[float(v) for v in (gray - mean) / deviation] for mean, deviation in IMAGENET],
        "edges": edges(),
        "widths": [width(cnn) for cnn in (512, 256, 128)],
    }
    path = pathlib.Path(__file__).parent / "layouts.json"
    path.write_text(json.dumps(result, separators=(",", ":")) + "\n")
    print(path.stat().st_size, "bytes")
