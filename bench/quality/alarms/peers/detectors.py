"""Detectors of Python packages over each series of a folder: detectors.py NAME FOLDER. See peers.ts for what is read and written.

river: HalfSpaceTrees with its defaults on the value scaled to [0,1] by the range of the rows before the judged part; ADWIN and
PageHinkley at ten levels of strictness, the score is how many of them report a change. libspot (by the authors of SPOT): the
rarity of the value in both tails, fitted to the rows before the judged part; DSPOT the same on the distance from the mean of the last ten.
"""
import math, pathlib, struct, sys, time
from collections import deque


def half_space_trees(values, start):
    from river import anomaly
    low, high = min(values[:start]), max(values[:start])
    forest = anomaly.HalfSpaceTrees(n_trees=25, height=8, window_size=250, seed=1)
    for value in values:
        point = {"value": min(1.0, max(0.0, (value - low) / ((high - low) or 1.0)))}
        yield forest.score_one(point)
        forest.learn_one(point)


def drift_levels(values, detectors):
    for value in values:
        count = 0
        for detector in detectors:
            detector.update(value)
            count += detector.drift_detected
        yield count


def adwin(values, start):
    from river import drift
    return drift_levels(values, [drift.ADWIN(delta=10.0 ** -(2 * k)) for k in range(1, 11)])


def page_hinkley(values, start):
    from river import drift
    known = values[:start]
    mean = sum(known) / len(known)
    deviation = math.sqrt(sum((x - mean) ** 2 for x in known) / len(known)) or 1.0
    scaled = [(x - mean) / deviation for x in values]
    return drift_levels(scaled, [drift.PageHinkley(threshold=5 * 2.0 ** k) for k in range(10)])


def spot(values, start):
    import libspot, numpy
    tails = []
    for is_low in (False, True):
        tail = libspot.Spot(q=1e-4, low=is_low, discard_anomalies=True, level=0.98, max_excess=500)
        try:
            tail.fit(numpy.array(values[:start]))
            tails.append((tail, is_low))
        except Exception:
            pass  # A tail without excesses has no law: it says nothing.
    for i, value in enumerate(values):
        rarity = 0.0
        if i >= start:
            for tail, is_low in tails:
                beyond = value < tail.excess_threshold if is_low else value > tail.excess_threshold
                share = tail.probability(value) if beyond else 1.0
                if not math.isnan(share):
                    rarity = max(rarity, -math.log10(max(share, 1e-300)))
                tail.step(value)
        yield rarity


def dspot(values, start, depth=10):
    last, rests = deque(maxlen=depth), []
    for value in values:
        rests.append(value - sum(last) / len(last) if last else 0.0)
        last.append(value)
    return spot(rests, start)


DETECTORS = {"hst": half_space_trees, "adwin": adwin, "page-hinkley": page_hinkley, "spot": spot, "dspot": dspot}


def main(name, folder):
    nanos = 0
    for path in pathlib.Path(folder).glob("*.series"):
        raw = path.read_bytes()
        start, *values = struct.unpack(f"<{len(raw) // 8}d", raw)
        began = time.perf_counter_ns()
        scores = [float(score) for score in DETECTORS[name](values, max(1, int(start)))]
        nanos += time.perf_counter_ns() - began
        path.with_suffix(".scores").write_bytes(struct.pack(f"<{len(scores)}d", *scores))
    print(nanos)


main(*sys.argv[1:])
