"""How a Python program takes part in a bench; the counterpart of runtime/src/turns.rs, which has the protocol."""

import json
import sys
import time


def take_part(about, once, multiply_accumulates=None):
    """Gets ready, works once, then as often as each line of the input says."""
    print(json.dumps({"loaded": about, "multiply_accumulates": multiply_accumulates}), flush=True)

    def work(times):
        start = time.perf_counter()
        for _ in range(times):
            once()
        print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)

    work(1)
    for line in sys.stdin:
        work(int(line))
