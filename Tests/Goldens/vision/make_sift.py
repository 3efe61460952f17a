"""Writes sift.json: the keypoints and descriptors of OpenCV's Python binding for the pictures of pictures.py.

    apt-get install python3-opencv && /usr/bin/python3 make_sift.py
"""
import base64, json, os, zlib
import cv2, numpy as np
import pictures

HERE = os.path.dirname(os.path.abspath(__file__))
cv2.setNumThreads(1)
SIFT = cv2.SIFT_create(nfeatures=0, nOctaveLayers=3, contrastThreshold=0.002, edgeThreshold=10, sigma=1.6)


def describe(image):
    points, descriptors = SIFT.detectAndCompute(image, None)
    if descriptors is None:
        descriptors = np.zeros((0, 128), np.float32)
    assert (descriptors == np.round(descriptors)).all() and descriptors.max(initial=0) <= 255
    return points, descriptors


def grid(points, descriptors):
    """The [128, 7, 7] grid of a 112x112 picture, the index of each cell's keypoint (-1: none), and in how many cells
    one at another place is as strong (orientations of one keypoint are equally strong by definition)."""
    strongest, tied = [-1] * 49, [False] * 49
    for index, p in enumerate(points):
        cell = min(6, int(p.pt[1] * 7 / 112)) * 7 + min(6, int(p.pt[0] * 7 / 112))
        held = strongest[cell]
        if held < 0 or points[held].response < p.response:
            strongest[cell], tied[cell] = index, False
        elif points[held].response == p.response and points[held].pt != p.pt:
            tied[cell] = True
    values = np.zeros((128, 49), np.float32)
    for cell, index in enumerate(strongest):
        if index >= 0:
            values[:, cell] = descriptors[index]
    return values, strongest, sum(tied)


if __name__ == "__main__":
    cases = []
    for kind, seed in [("noise", 11), ("blobs", 12), ("blobs", 13), ("ramp", 14), ("spot", 0), ("flat", 90),
                       ("flat", 0), ("mirror", 15), ("tiles", 16), ("saturated", 17)]:
        image = pictures.make(kind, 112, 112, seed)
        points, descriptors = describe(image)
        places = np.array([[p.pt[0], p.pt[1], p.response] for p in points], "<f4").reshape(-1, 3)
        _, strongest, tied = grid(points, descriptors)
        cases.append({"kind": kind, "seed": seed, "crc32": zlib.crc32(image.tobytes()), "count": len(points),
                      "places": base64.b64encode(places.tobytes()).decode(),
                      "descriptors": base64.b64encode(descriptors.astype(np.uint8).tobytes()).decode(),
                      "strongest": strongest, "tiedCells": tied})
        print(kind, seed, len(points), "keypoints", tied, "tied cells")
    with open(os.path.join(HERE, "sift.json"), "w") as out:
        json.dump({"generator": "make_sift.py", "opencv": cv2.__version__, "cases": cases}, out, indent=1)
        out.write("\n")
