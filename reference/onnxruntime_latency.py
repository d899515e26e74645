"""Time of each graph of a package in ONNX Runtime, one thread, on the package's golden windows.

    target/release/evenkeel-test-features models/digits --out target/features.jsonl
    scripts/python.sh reference/onnxruntime_latency.py models/digits target/features.jsonl

`evenkeel bench models/digits` gives tract's figures for the same graphs and windows; `./just bench` runs both.
"""

import argparse
import json
import time

import numpy as np
import onnxruntime

from package import Package


def milliseconds(call, inputs, runs):
    """Time of each of `runs` calls on one input after the other, after a tenth as many to warm up."""
    times = []
    for run in range(-max(runs // 10, 3), runs):
        given = inputs[run % len(inputs)]
        start = time.perf_counter()
        call(given)
        if run >= 0:
            times.append((time.perf_counter() - start) * 1e3)
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", help="folder of the model package")
    parser.add_argument("features", help="file written by evenkeel-test-features")
    parser.add_argument("--runs", type=int, default=500, help="timed calls of each graph")
    arguments = parser.parse_args()

    package = Package(arguments.package)
    with open(arguments.features, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    windows = [
        {sensor: np.asarray(line[sensor], dtype=np.float32) for sensor in package.encoders}
        for line in lines
        if all(line[sensor] is not None for sensor in package.encoders)
    ]
    if not windows:
        raise SystemExit(f"{arguments.features} has no window with every sensor: write it again with evenkeel-test-features")
    validity = [1.0 if sensor in package.encoders else 0.0 for sensor in package.places]

    def tokens(window):
        return {sensor: package.encode(sensor, values)[0] for sensor, values in window.items()}

    calls = {f"{s} encoder": (lambda window, s=s: package.encode(s, window[s]), windows) for s in package.encoders}
    calls["fusion"] = (lambda given: package.fuse(given, validity), [tokens(window) for window in windows])
    calls["three graphs"] = (lambda window: package.fuse(tokens(window), validity), windows)

    print(f"ONNX Runtime {onnxruntime.__version__}, one thread, {arguments.runs} runs each, milliseconds")
    print(f"{'graph':<15} {'p50':>9} {'p95':>9}")
    for name, (call, inputs) in calls.items():
        times = milliseconds(call, inputs, arguments.runs)
        print(f"{name:<15} {np.percentile(times, 50):>9.3f} {np.percentile(times, 95):>9.3f}")


if __name__ == "__main__":
    main()
