"""Does ONNX Runtime give the same answers as evenkeel's engine?

Takes a package and the file that `evenkeel-test-features` wrote about it: one JSON object per line
with the frontend's features of a window, the validity of each sensor, the engine's answer and, for
the package's golden windows, the answer written down when the model was exported.

    target/release/evenkeel-test-features models/digits --out target/features.jsonl
    scripts/python.sh reference/onnxruntime_check.py models/digits target/features.jsonl
"""

import argparse
import json

import numpy as np
import onnxruntime

from package import Package

# Single precision through some ten layers: sums in another order differ by about 1e-6. Packages in f16 and int8 calculate in single
# precision too, with weights that are widened exactly alike.
LARGEST = 1e-4


def distance(found, expected):
    """Largest absolute difference; a wrong length is infinitely far."""
    found, expected = np.asarray(found, dtype=np.float32).ravel(), np.asarray(expected, dtype=np.float32)
    if found.shape != expected.shape or not np.isfinite(found).all():
        return float("inf")
    return float(np.max(np.abs(found - expected), initial=0.0))


def answer(package, line):
    """What ONNX Runtime says about one line, in the same form as `line["engine"]`."""
    tokens, probes = {}, {}
    for sensor in package.places:
        if line[sensor] is not None:
            tokens[sensor], probe = package.encode(sensor, line[sensor])
            probes[sensor] = probe[0]
    logits, attention = package.fuse(tokens, line["validity"])
    return {"logits": logits, "attention": attention, **{f"{s}_probe": probes.get(s) for s in package.places}}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("package", help="folder of the model package")
    parser.add_argument("features", help="file written by evenkeel-test-features")
    arguments = parser.parse_args()

    package = Package(arguments.package)
    worst, lines = {}, 0
    with open(arguments.features, encoding="utf-8") as file:
        for line in map(json.loads, file):
            lines += 1
            found = answer(package, line)
            for source in ("engine", "golden"):
                for name, expected in (line[source] or {}).items():
                    if expected is None:
                        continue
                    far = distance(found[name], expected)
                    key = (source, name)
                    if far > worst.get(key, (-1.0, ""))[0]:
                        worst[key] = (far, line["name"])
    if lines == 0:
        raise SystemExit(f"{arguments.features} holds no window: write it again with evenkeel-test-features")

    print(f"ONNX Runtime {onnxruntime.__version__}, {lines} inputs of {arguments.package}")
    print(f"{'compared with':<14} {'value':<14} {'largest difference':<20} at")
    for (source, name), (far, where) in sorted(worst.items()):
        print(f"{source:<14} {name:<14} {far:<20.3g} {where}")
    far = max(far for far, _ in worst.values())
    if not far <= LARGEST:
        raise SystemExit(f"ONNX Runtime's answers differ by {far:.3g}; {LARGEST:g} is the most that is allowed")
    print(f"All within {LARGEST:g}")


if __name__ == "__main__":
    main()
