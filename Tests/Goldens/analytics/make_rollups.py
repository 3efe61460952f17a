#!/usr/bin/env python3
"""Writes frames.csv and, from it, learners.csv and segments.csv: the rollups' definitions once more, in plain Python.

Needs nothing but Python 3. Seed 20261123. Run it in this folder after a change of a definition, and read the diff.
It knows nothing of the Swift code: exact fractions instead of integer sums, exp() instead of fixed point.
"""
import csv
import random
from fractions import Fraction
from math import exp, floor

EMOTIONS = ["focused", "distracted", "curious", "confused", "tired", "happy"]
SEGMENTS = [(1, 0, 60000), (2, 60000, 150000), (3, 150000, 240000)]
INTERVAL = 5000
WEIGHTS = {
    "concentration": [100, 0, 67, 50, 33, 67],
    "concentration_low": [100, 0, 67, 33, 33, 67],
    "concentration_high": [100, 0, 67, 67, 33, 67],
    "on_task": [100, 0, 100, 100, 0, 0],
}
METRICS = ["coverage", "concentration", "concentration_low", "concentration_high", "engagement", "on_task",
           "interest"] + EMOTIONS + ["confusion_episodes", "confusion_resolved", "confusion_time"]
SEED_PARTS = ("https://lms.example", "calculus")


def rounded(x):
    return floor(x + Fraction(1, 2)) if x >= 0 else -floor(-x + Fraction(1, 2))


def make_frames():
    rng = random.Random(20261123)
    rows = []
    for learner in range(1, 7):
        now, mood = 0, [1.0] * 6
        for seq in range(45):
            if rng.random() < 0.12:
                mood = [rng.random() ** 3 + 0.01 for _ in range(6)]
            if rng.random() < 0.15:
                mood = [0.05, 0.05, 0.05, 3, 0.05, 0.05]
            now += rng.choice([1000, 2000, 2500, 5000, 5000, 9999, 10000, 12000])
            if rng.random() < 0.03:
                now += 60000
            # The last learner is hardly seen: coverage under a half, nothing published.
            status = rng.choices([0, 1, 2], [85, 10, 5] if learner < 6 else [40, 45, 15])[0]
            p = ["", "", "", "", "", ""]
            if status == 0:
                raw = [m * (0.8 + 0.4 * rng.random()) for m in mood]
                p = [int(10000 * r / sum(raw)) for r in raw]
                p[0] += 10000 - sum(p)
            media = "" if rng.random() < 0.05 else now
            rows.append([learner, now, seq, media, status] + p)
    rng.shuffle(rows)
    with open("frames.csv", "w", newline="") as out:
        w = csv.writer(out, lineterminator="\n")
        w.writerow(["learner", "ms", "seq", "media_ms", "status"] + EMOTIONS)
        w.writerows(rows)


def read_frames():
    frames = {}
    with open("frames.csv", newline="") as source:
        for row in csv.DictReader(source):
            media = int(row["media_ms"]) if row["media_ms"] else None
            segment = next((k for k, a, b in SEGMENTS if media is not None and a <= media < b), None)
            frames.setdefault(int(row["learner"]), []).append({
                "t": int(row["ms"]), "seq": int(row["seq"]), "segment": segment, "classified": row["status"] == "0",
                "p": [Fraction(int(row[e] or 0), 10000) for e in EMOTIONS]})
    return {k: sorted(v, key=lambda f: (f["t"], f["seq"])) for k, v in sorted(frames.items())}


def episodes(frames):
    """(first frame, start, end, resolved) of each confusion episode."""
    smooth, previous, history = None, None, []
    for f in (f for f in frames if f["classified"]):
        x = [float(f["p"][3]), float(f["p"][0] + f["p"][2])]
        if previous is not None and f["t"] - previous < 10000:
            d = exp(-(f["t"] - previous) / 5000)
            smooth = [v + (s - v) * d for v, s in zip(x, smooth)]
            fresh = False
        else:
            smooth, fresh = x, True
        history.append((f, smooth[0], smooth[1], fresh))
        previous = f["t"]
    found, begin, on = [], None, False
    last = None
    for f, confused, _, fresh in history:
        if fresh and last is not None:
            if on:
                found.append((begin, last["t"]))
            begin, on = None, False
        if on and confused < 0.35:
            found.append((begin, f["t"]))
            begin, on = None, False
        if not on:
            if confused < 0.5:
                begin = None
            elif begin is None:
                begin = f
            if begin is not None and f["t"] - begin["t"] >= 4000:
                on = True
        last = f
    if on:
        found.append((begin, last["t"]))
    result = []
    for first, end in found:
        resolved = any(s >= 0.5 and end <= f["t"] <= end + 120000 for f, _, s, _ in history)
        result.append((first, first["t"], end, resolved))
    return result


def learner_rows(frames):
    sums = {}
    for f, following in zip(frames, frames[1:] + [None]):
        gap = following["t"] - f["t"] if following else None
        weight = expected = INTERVAL
        if gap is not None and gap < 60000:
            weight, expected = min(gap, 2 * INTERVAL), gap
        s = sums.setdefault(f["segment"], {"q": [Fraction(0)] * 6, "c": 0, "e": 0, "ep": [0, 0, 0]})
        s["e"] += expected
        if f["classified"]:
            s["c"] += weight
            s["q"] = [a + weight * b for a, b in zip(s["q"], f["p"])]
    for first, start, end, resolved in episodes(frames):
        ep = sums[first["segment"]]["ep"]
        ep[0] += 1
        ep[1] += end - start
        ep[2] += resolved
    whole = sum(s["c"] for s in sums.values())
    base = sum(s["q"][2] + s["q"][5] for s in sums.values()) / whole
    rows = {}
    for segment, s in sums.items():
        row = {"coverage": rounded(Fraction(10000 * s["c"], s["e"]))}
        if s["c"] and 2 * s["c"] >= s["e"]:
            q = [v / s["c"] for v in s["q"]]
            for name, weights in WEIGHTS.items():
                row[name] = rounded(100 * sum(w * v for w, v in zip(weights, q)))
            row["engagement"] = rounded(5000 * (1 + q[0] + q[2] + q[5] - q[1] - q[4]))
            row["interest"] = rounded(10000 * (q[2] + q[5] - base))
            for name, v in zip(EMOTIONS, q):
                row[name] = rounded(10000 * v)
            row["confusion_episodes"] = 10000 * s["ep"][0]
            row["confusion_resolved"] = 10000 * s["ep"][2]
            row["confusion_time"] = rounded(Fraction(10000 * s["ep"][1], s["e"]))
        rows[segment] = row
    return rows


MASK = (1 << 64) - 1


def draws(segment):
    text = b""
    for part in SEED_PARTS + ((f"s{segment}" if segment else ""),):
        text += len(part.encode()).to_bytes(4, "big") + part.encode()
    state = 0xCBF29CE484222325
    for byte in text + (1).to_bytes(2, "big"):
        state = ((state ^ byte) * 0x100000001B3) & MASK
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        yield z ^ (z >> 31)


def summary(values, segment):
    n, ordered = len(values), sorted(values)
    random_bits = draws(segment)
    sums = sorted(sum(values[(next(random_bits) * n) >> 64] for _ in range(n)) for _ in range(2000))

    def quantile(k):
        at = Fraction(k * (n - 1), 4)
        low = floor(at)
        return rounded(ordered[low] + (at - low) * (ordered[min(low + 1, n - 1)] - ordered[low]))
    return [n, rounded(Fraction(sum(values), n)), quantile(1), quantile(2), quantile(3),
            rounded(Fraction(sums[49], n)), rounded(Fraction(sums[1949], n))]


def main():
    make_frames()
    learners = {k: learner_rows(v) for k, v in read_frames().items()}
    with open("learners.csv", "w", newline="") as out:
        w = csv.writer(out, lineterminator="\n")
        w.writerow(["learner", "segment"] + METRICS)
        for learner, rows in learners.items():
            for segment in sorted(rows, key=lambda s: s or 0):
                w.writerow([learner, segment or ""] + [rows[segment].get(m, "") for m in METRICS])
    with open("segments.csv", "w", newline="") as out:
        w = csv.writer(out, lineterminator="\n")
        w.writerow(["segment", "metric", "learners", "mean", "lower_quartile", "median", "upper_quartile",
                    "interval_low", "interval_high"])
        for segment in [None, 1, 2, 3]:
            for metric in METRICS:
                values = [rows[segment][metric] for rows in learners.values()
                          if segment in rows and metric in rows[segment]]
                if values:
                    w.writerow([segment or "", metric] + summary(values, segment))


main()
