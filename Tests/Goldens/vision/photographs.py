"""What the goldens of the photographs share: reading the dump of their pixels, and which numbers are kept.

The dump is written by Lectern itself, so that both sides compute from the same pixels:

    swift build -c release --product VisionBenchmark && .build/release/VisionBenchmark dump FOLDER DUMP

A golden holds numbers computed from the photographs, never pixels: a record names its photograph by the first 8 bytes of
the file's SHA-256, proves by the first 8 bytes of the pixels' SHA-256 that these were the same, and keeps SAMPLES of the
computed numbers, at positions that differ from photograph to photograph and together cover them all.
"""
import base64, hashlib, json
import numpy as np
import pictures

SAMPLES = 24


def read(path):
    """Yields (identity bytes, 64x64 pixels, 112x112 pixels, Lectern's l2hys blocks) of every photograph."""
    with open(path) as lines:
        for line in lines:
            record = json.loads(line)
            decode = lambda key, kind: np.frombuffer(base64.b64decode(record[key]), kind)
            yield (bytes.fromhex(record["sha256"])[:8], decode("hog", np.uint8).reshape(64, 64),
                   decode("sift", np.uint8).reshape(112, 112), decode("l2hys", "<f4"))


def digest(data):
    return hashlib.sha256(data).digest()[:8]


def positions(identity, count):
    """Which of `count` numbers a photograph's record keeps."""
    seed = int.from_bytes(identity[:4], "little")
    return [pictures.mix(seed + i) % count for i in range(SAMPLES)]
