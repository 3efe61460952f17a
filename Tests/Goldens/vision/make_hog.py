"""Writes hog.json: scikit-image's HOG of the pictures of pictures.py.

    python3 -m pip install scikit-image && python3 make_hog.py
"""
import base64, json, os, zlib
import numpy as np, skimage
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


if __name__ == "__main__":
    cases = []
    for kind, seed in [("noise", 1), ("noise", 2), ("blobs", 3), ("blobs", 4), ("ramp", 5), ("spot", 0), ("flat", 90),
                       ("flat", 0), ("flat", 255), ("saturated", 6), ("angles", 7), ("angles", 8), ("mirror", 9),
                       ("tiles", 10)]:
        image = pictures.make(kind, 64, 64, seed)
        cases.append({"kind": kind, "seed": seed, "crc32": zlib.crc32(image.tobytes()),
                      "edgePixels": edge_pixels(image), "hog": encoded(features(image))})
        print(kind, seed, cases[-1]["edgePixels"], "pixels at a bin edge")
    with open(os.path.join(HERE, "hog.json"), "w") as out:
        json.dump({"generator": "make_hog.py", "scikit-image": skimage.__version__, "numpy": np.__version__,
                   "cases": cases}, out, indent=1)
        out.write("\n")
