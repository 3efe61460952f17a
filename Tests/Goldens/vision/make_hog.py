"""Writes hog.json: scikit-image's HOG of the pictures of pictures.py and, where a folder of photographs is given, of a
few of its numbers for the middle 64×64 pixels of gray JPEG files (the photographs themselves are not stored).

    python3 -m pip install scikit-image pillow && python3 make_hog.py [PHOTOGRAPHS]
"""
import base64, glob, json, os, sys, zlib
import numpy as np, skimage
from PIL import Image
from skimage.feature import hog
import pictures

HERE = os.path.dirname(os.path.abspath(__file__))


def features(image):
    return hog(image, orientations=9, pixels_per_cell=(8, 8), cells_per_block=(2, 2), block_norm="L2-Hys",
               transform_sqrt=True, feature_vector=True)


def encoded(values):
    return base64.b64encode(np.asarray(values, "<f4").tobytes()).decode()


def edge_pixels(image):
    """Pixels whose angle lies within 1e-5 degrees of a bin edge: these may fall into the neighbouring bin."""
    root = np.sqrt(image.astype(float))
    gy, gx = np.zeros_like(root), np.zeros_like(root)
    gy[1:-1] = root[2:] - root[:-2]
    gx[:, 1:-1] = root[:, 2:] - root[:, :-2]
    angle = np.rad2deg(np.arctan2(gy, gx)) % 180
    away = np.abs(angle / 20 - np.round(angle / 20)) * 20
    inner_edge = (np.round(angle / 20) >= 1) & (np.round(angle / 20) <= 8)
    return int(((away < 1e-5) & inner_edge & (np.hypot(gx, gy) > 0)).sum())


cases = []
for kind, seed in [("noise", 1), ("noise", 2), ("blobs", 3), ("blobs", 4), ("ramp", 5), ("spot", 0), ("flat", 90)]:
    image = pictures.make(kind, 64, 64, seed)
    cases.append({"kind": kind, "seed": seed, "crc32": zlib.crc32(image.tobytes()), "hog": encoded(features(image))})

photographs = []
if len(sys.argv) > 1:
    for number, path in enumerate(sorted(glob.glob(os.path.join(sys.argv[1], "*.jp*g")))):
        picture = Image.open(path)
        if picture.mode != "L" or min(picture.size) < 64:
            continue
        x, y = (picture.width - 64) // 2, (picture.height - 64) // 2
        image = np.asarray(picture)[y:y + 64, x:x + 64]
        photographs.append({
            "file": os.path.basename(path), "crc32": zlib.crc32(np.ascontiguousarray(image).tobytes()),
            "first": number % 49, "everyFortyNinth": encoded(features(image)[number % 49::49]),
            "edgePixels": edge_pixels(image)})
    photographs = photographs[::max(1, len(photographs) // 60)]

with open(os.path.join(HERE, "hog.json"), "w") as out:
    json.dump({"generator": "make_hog.py", "scikit-image": skimage.__version__, "numpy": np.__version__,
               "cases": cases, "photographs": photographs}, out, indent=1)
    out.write("\n")
