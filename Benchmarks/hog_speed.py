"""Compares the processor time of Lectern's HOG with scikit-image's on the same 64x64 pictures, one after the other.

    swift build -c release --product VisionBenchmark
    .build/release/VisionBenchmark dump FOLDER DUMP
    python3 -m pip install numpy scikit-image && python3 Benchmarks/hog_speed.py .build/release/VisionBenchmark DUMP [RUNS]

Each run times all pictures with scikit-image, then with Lectern, on one thread each; processor time hardly depends on what
else the machine does. Prints microseconds a picture, median and range over the runs, and the ratio of each run.
"""
import os, statistics, subprocess, sys, time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "Tests", "Goldens", "vision"))
import numpy as np, skimage
import make_hog, photographs

program, dump = sys.argv[1:3]
runs = int(sys.argv[3]) if len(sys.argv) > 3 else 7
images = [image for _, image, _, _ in photographs.read(dump)]
for image in images[:50]:
    make_hog.features(image)

theirs, ours = [], []
for _ in range(runs):
    start = time.process_time()
    for image in images:
        make_hog.features(image)
    theirs.append((time.process_time() - start) * 1e6 / len(images))
    # The first round warms up.
    rounds = subprocess.run([program, "hog", dump, "4"], check=True, capture_output=True, text=True).stdout.split()
    ours.append(statistics.median(float(r) for r in rounds[1:]))


def line(name, values, unit):
    return f"{name:<24}{statistics.median(values):9.1f}{unit} (range {min(values):.1f} to {max(values):.1f})"


ratios = [t / o for t, o in zip(theirs, ours)]
print(f"{len(images)} pictures of 64x64, {runs} runs, processor time of one thread, load average {os.getloadavg()[0]:.1f}")
print(line(f"scikit-image {skimage.__version__}", theirs, " us a picture"))
print(line("Lectern", ours, " us a picture"))
print(line("ratio", ratios, " times"))
