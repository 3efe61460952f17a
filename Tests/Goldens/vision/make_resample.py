"""Writes resample.json: what OpenCV makes of pictures at other sizes, before rounding (INTER_AREA where an axis shrinks,
INTER_LINEAR where it grows, in float64) and in its own 8-bit arithmetic, at a few hundred positions each.

    apt-get install python3-opencv && /usr/bin/python3 make_resample.py
"""
import base64, json, os, zlib
import cv2, numpy as np
import pictures

HERE = os.path.dirname(os.path.abspath(__file__))
cv2.setNumThreads(1)
SAMPLES = 400


def resized(image, width, height):
    """Axis by axis, since each has its own rule."""
    def along(image, size, shrinks):
        return cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)

    rows, columns = image.shape
    if (width <= columns) == (height <= rows):
        return along(image, (width, height), width <= columns)
    return along(along(image, (width, rows), width <= columns), (width, height), height <= rows)


cases = []
for kind, seed, size, target in [
        ("blobs", 21, (350, 350), (224, 224)), ("noise", 22, (350, 350), (224, 224)), ("noise", 23, (640, 480), (224, 224)),
        ("noise", 24, (224, 224), (64, 64)), ("noise", 25, (224, 224), (112, 112)), ("blobs", 26, (224, 224), (64, 64)),
        ("noise", 27, (60, 60), (224, 224)), ("blobs", 28, (125, 125), (224, 224)), ("noise", 29, (223, 223), (224, 224)),
        ("noise", 30, (225, 225), (224, 224)), ("noise", 31, (101, 77), (50, 33)), ("noise", 32, (1, 1), (64, 64)),
        ("noise", 33, (300, 20), (64, 64)), ("noise", 34, (20, 300), (64, 64)), ("saturated", 35, (97, 89), (224, 224)),
        ("saturated", 36, (331, 331), (64, 64))]:
    image = pictures.make(kind, *size, seed)
    exact = resized(image.astype(np.float64), *target).reshape(-1)
    whole = resized(image, *target).reshape(-1)
    places = [pictures.mix(seed * 1000 + i) % exact.size for i in range(SAMPLES)]
    cases.append({"kind": kind, "seed": seed, "width": size[0], "height": size[1], "newWidth": target[0],
                  "newHeight": target[1], "crc32": zlib.crc32(image.tobytes()),
                  "exact": base64.b64encode(exact[places].astype("<f4").tobytes()).decode(),
                  "whole": base64.b64encode(whole[places].tobytes()).decode()})

with open(os.path.join(HERE, "resample.json"), "w") as out:
    json.dump({"generator": "make_resample.py", "opencv": cv2.__version__, "samples": SAMPLES, "cases": cases}, out, indent=1)
    out.write("\n")
