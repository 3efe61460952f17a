"""Writes photographs-sift.json: number of keypoints, empty cells, hash and a sample of the grid that OpenCV's Python binding
gives for every photograph of a dump (see photographs.py).

    apt-get install python3-opencv && /usr/bin/python3 make_photograph_sift.py DUMP
"""
import base64, json, os, struct, sys
import cv2, numpy as np
import make_sift, photographs

HERE = os.path.dirname(os.path.abspath(__file__))

records, count, tied = b"", 0, 0
for identity, _, image, _ in photographs.read(sys.argv[1]):
    points, descriptors = make_sift.describe(image)
    grid, strongest, ties = make_sift.grid(points, descriptors)
    count += 1
    tied += ties > 0
    sample = grid.reshape(-1)[photographs.positions(identity, grid.size)]
    records += (identity + photographs.digest(image.tobytes()) + struct.pack("<HB", len(points), strongest.count(-1))
                + photographs.digest(grid.astype("<f4").tobytes()) + sample.astype(np.uint8).tobytes())

with open(os.path.join(HERE, "photographs-sift.json"), "w") as out:
    json.dump({"generator": "make_photograph_sift.py", "opencv": cv2.__version__,
               "processor": cv2.getCPUFeaturesLine(), "photographs": count, "samples": photographs.SAMPLES,
               "photographsWithTies": tied, "records": base64.b64encode(records).decode()}, out, indent=1)
    out.write("\n")
print(f"{count} photographs, {tied} with equally strong keypoints in a cell")
