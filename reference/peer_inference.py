"""A graph of a package, or all of them, in ONNX Runtime, as one side of a bench (bench/benches.toml).

    target/release/evenkeel-test-features models/digits --out target/features.jsonl
    scripts/python.sh reference/peer_inference.py models/digits target/features.jsonl --part graphs --threads 1

The windows are the package's golden ones, those of them that have every sensor: the same that `evenkeel bench --turns` has.
"""

import argparse
import itertools
import json

import numpy as np
import onnxruntime

from package import Package
from turns import take_part


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", help="folder of the model package")
    parser.add_argument("features", help="file written by evenkeel-test-features")
    parser.add_argument("--part", required=True, help="a sensor's encoder (audio, camera), fusion, or graphs for all of them")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()

    package = Package(arguments.package, arguments.threads)
    with open(arguments.features, encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    windows = [
        {sensor: np.asarray(line[sensor], dtype=np.float32).reshape(package.shape(sensor)) for sensor in package.encoders}
        for line in lines
        if all(line[sensor] is not None for sensor in package.encoders)
    ]
    if not windows:
        raise SystemExit(f"{arguments.features} has no window with every sensor: write it again with evenkeel-test-features")
    validity = [1.0 if sensor in package.encoders else 0.0 for sensor in package.places]

    def tokens(window):
        return {sensor: package.encode(sensor, values)[0] for sensor, values in window.items()}

    if arguments.part == "graphs":
        given, call = windows, lambda window: package.fuse(tokens(window), validity)
    elif arguments.part == "fusion":
        given, call = [tokens(window) for window in windows], lambda encoded: package.fuse(encoded, validity)
    elif arguments.part in package.encoders:
        given, call = [w[arguments.part] for w in windows], lambda values: package.encode(arguments.part, values)
    else:
        raise SystemExit(f"{arguments.package} has no part {arguments.part}; it has {', '.join(package.encoders)}, fusion, graphs")

    turn = itertools.cycle(given)
    take_part(f"ONNX Runtime {onnxruntime.__version__}", lambda: call(next(turn)))


if __name__ == "__main__":
    main()
