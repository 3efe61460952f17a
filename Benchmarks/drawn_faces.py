#!/usr/bin/env python3
"""How much of the drawn faces' emotions a linear model reads from pixels: 28x28 of the aligned crop, logistic
regression, split by subject (five folds). It should read little (under 70 %), since a training set that a linear model
solves teaches nothing. The faces are drawn: the number says nothing about people.

    DrawnFaces crops FOLDER 300 100 1 && python3 Benchmarks/drawn_faces.py FOLDER/crops.csv

Needs numpy and scikit-learn (tried: 1.24 to 2.3, 1.5 to 1.9).
"""
import sys

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

NAMES = ["focused", "distracted", "curious", "confused", "tired", "happy"]

rows = np.loadtxt(sys.argv[1], delimiter=",", skiprows=1)
labels, subjects, pixels = rows[:, 0].astype(int), rows[:, 1].astype(int), rows[:, 2:] / 255
# Each picture's own brightness and contrast are taken away: they belong to the room.
pixels = (pixels - pixels.mean(1, keepdims=True)) / (pixels.std(1, keepdims=True) + 1e-3)
best = None
for strength in (0.0003, 0.001, 0.003, 0.01, 0.03):
    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=500))
    guesses = cross_val_predict(model, pixels, labels, groups=subjects, cv=GroupKFold(5), n_jobs=2)
    accuracy = (guesses == labels).mean()
    print(f"C = {strength}: {100 * accuracy:.1f} %")
    if best is None or accuracy > best[0]:
        best = accuracy, guesses
print(f"best of these: {100 * best[0]:.1f} % of {len(labels)} pictures of {len(set(subjects))} subjects")
print("rows are what was drawn, columns what was said:", " ".join(NAMES))
print(confusion_matrix(labels, best[1]))
