"""Writes sift.json: the keypoints and descriptors of OpenCV's Python binding for the pictures of pictures.py.

    apt-get install python3-opencv && /usr/bin/python3 make_sift.py
"""
import base64, json, os, zlib
import cv2, numpy as np
import pictures

HERE = os.path.dirname(os.path.abspath(__file__))
cv2.setNumThreads(1)
sift = cv2.SIFT_create(nfeatures=0, nOctaveLayers=3, contrastThreshold=0.002, edgeThreshold=10, sigma=1.6)

cases = []
for kind, seed in [("noise", 11), ("blobs", 12), ("blobs", 13), ("ramp", 14), ("spot", 0), ("flat", 90)]:
    image = pictures.make(kind, 112, 112, seed)
    points, descriptors = sift.detectAndCompute(image, None)
    if descriptors is None:
        descriptors = np.zeros((0, 128), np.float32)
    assert (descriptors == np.round(descriptors)).all() and descriptors.max(initial=0) <= 255
    places = np.array([[p.pt[0], p.pt[1], p.response] for p in points], "<f4").reshape(-1, 3)
    strongest = [-1] * 49
    for index, p in enumerate(points):
        cell = min(6, int(p.pt[1] * 7 / 112)) * 7 + min(6, int(p.pt[0] * 7 / 112))
        if strongest[cell] < 0 or points[strongest[cell]].response < p.response:
            strongest[cell] = index
    cases.append({"kind": kind, "seed": seed, "crc32": zlib.crc32(image.tobytes()), "count": len(points),
                  "places": base64.b64encode(places.tobytes()).decode(),
                  "descriptors": base64.b64encode(descriptors.astype(np.uint8).tobytes()).decode(),
                  "strongest": strongest})

with open(os.path.join(HERE, "sift.json"), "w") as out:
    json.dump({"generator": "make_sift.py", "opencv": cv2.__version__, "cases": cases}, out, indent=1)
    out.write("\n")
