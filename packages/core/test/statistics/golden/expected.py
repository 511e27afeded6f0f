"""Writes expected.json from the CSV files beside it. Run in this folder: python3 expected.py (needs NumPy)."""

import json
import math
from fractions import Fraction
from pathlib import Path

import numpy as np

# By file, how many of its newest samples the window holds, and the trend where it was made with one.
CASES = {
    "normal": (10_000, None),
    "lognormal_skewed": (10_000, None),
    "uniform": (10_000, None),
    "constant": (10_000, "stable"),
    "two_points": (10_000, None),
    "one_point": (10_000, None),
    "huge_offset": (10_000, None),
    "tiny": (10_000, None),
    "negative": (10_000, None),
    "many_duplicates": (10_000, None),
    "window_slides": (1_000, None),
    "window_slides_after_outlier": (1_000, None),
    "trend_up": (10_000, "increasing"),
    "trend_down": (10_000, "decreasing"),
}


def expected(name, window, trend):
    rows = Path(f"{name}.csv").read_text().strip().split("\n")[1:]
    x = np.array([float(row.split(",")[1]) for row in rows])[-window:]
    # In exact arithmetic: np.std loses half of its digits to an offset of a million deviations.
    exact = [Fraction(value) for value in x.tolist()]
    center = sum(exact) / len(exact)
    mean = float(center)
    deviation = math.sqrt(sum((value - center) ** 2 for value in exact) / len(exact))
    p25, median, p75, p90, p95, p99 = (float(q) for q in np.quantile(x, [0.25, 0.5, 0.75, 0.9, 0.95, 0.99]))
    return {
        "window": window,
        "data_points": len(x),
        "mean": mean,
        "std_dev": deviation,
        "min_value": float(x.min()),
        "max_value": float(x.max()),
        "median": median,
        "p25": p25,
        "p75": p75,
        "p90": p90,
        "p95": p95,
        "p99": p99,
        "threshold_percentile": p95,
        "threshold_sigma": mean + 2 * deviation,
        "threshold_iqr": p75 + 1.5 * (p75 - p25),
        "trend": trend,
    }


found = {name: expected(name, *case) for name, case in CASES.items()}
Path("expected.json").write_text(json.dumps(found, indent=2) + "\n")
