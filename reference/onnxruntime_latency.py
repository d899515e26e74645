"""Median time of each graph of a package in ONNX Runtime, one thread.

    scripts/python.sh reference/onnxruntime_latency.py models/digits

`evenkeel bench models/digits` gives tract's figures for the same graphs; `./just bench` runs both.
"""

import argparse
import time

import numpy as np
import onnxruntime

from package import Package


def milliseconds(call, runs):
    """Time of each of `runs` calls, after a tenth as many to warm up."""
    for _ in range(max(runs // 10, 3)):
        call()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1e3)
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", help="folder of the model package")
    parser.add_argument("--runs", type=int, default=500, help="timed calls of each graph")
    arguments = parser.parse_args()

    package = Package(arguments.package)
    random = np.random.default_rng(0)
    features = {
        sensor: random.standard_normal(package.shape(sensor), dtype=np.float32) for sensor in package.encoders
    }
    tokens = {sensor: package.encode(sensor, values)[0] for sensor, values in features.items()}

    def whole():
        package.fuse({s: package.encode(s, v)[0] for s, v in features.items()}, (1.0, 1.0))

    calls = {s: lambda s=s, v=v: package.encode(s, v) for s, v in features.items()}
    calls["fusion"] = lambda: package.fuse(tokens, (1.0, 1.0))
    calls["whole"] = whole

    print(f"ONNX Runtime {onnxruntime.__version__}, one thread, {arguments.runs} runs each")
    print(f"{'graph':<10} {'p50 ms':>8} {'p95 ms':>8}")
    for name, call in calls.items():
        times = milliseconds(call, arguments.runs)
        print(f"{name:<10} {np.percentile(times, 50):>8.3f} {np.percentile(times, 95):>8.3f}")


if __name__ == "__main__":
    main()
