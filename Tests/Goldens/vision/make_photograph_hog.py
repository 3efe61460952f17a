"""Writes photographs-hog.json: a sample of scikit-image's HOG for every photograph of a dump (see photographs.py), and
prints how all 1764 numbers of each compare with Lectern's in the dump.

    python3 -m pip install numpy scikit-image && python3 make_photograph_hog.py DUMP
"""
import base64, json, os, sys
import numpy as np, skimage
import make_hog, photographs

HERE = os.path.dirname(os.path.abspath(__file__))

records, near, worst, beyond = b"", 0, 0.0, 0
count = 0
for identity, image, _, ours in photographs.read(sys.argv[1]):
    values = make_hog.features(image).astype("<f4")
    difference = float(np.abs(values - ours).max())
    edge = make_hog.edge_pixels(image)
    count += 1
    near += edge > 0
    worst = max(worst, difference)
    beyond += difference > 1e-4
    places = photographs.positions(identity, 1764)
    records += identity + photographs.digest(image.tobytes()) + values[places].tobytes()

with open(os.path.join(HERE, "photographs-hog.json"), "w") as out:
    json.dump({"generator": "make_photograph_hog.py", "scikit-image": skimage.__version__, "numpy": np.__version__,
               "photographs": count, "samples": photographs.SAMPLES,
               "photographsWithEdgePixels": near, "records": base64.b64encode(records).decode()}, out, indent=1)
    out.write("\n")
print(f"{count} photographs, {near} with a pixel within 1e-5 degrees of a bin edge; "
      f"worst difference of all {count * 1764} numbers {worst:.3g}; {beyond} photographs beyond 1e-4")
