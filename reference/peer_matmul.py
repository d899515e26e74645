"""A product of two large matrices on one thread, about the most that a core calculates, as one side of a bench.

    scripts/python.sh reference/peer_matmul.py

ONNX Runtime's, which of the libraries at hand came closest to what the processor can do.
"""

import argparse

import numpy as np
import onnxruntime
from onnx import TensorProto, helper

from turns import take_part


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=1024, help="rows and columns of the matrices")
    side = parser.parse_args().side
    rng = np.random.default_rng(0)
    left, right = (rng.random((side, side), dtype=np.float32) for _ in range(2))
    # As a constant it is packed once, as the weights of an encoder are.
    weights = helper.make_tensor("w", TensorProto.FLOAT, [side, side], right.tobytes(), raw=True)
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [side, side]) for name in ("x", "y")]
    product = helper.make_node("MatMul", ["x", "w"], ["y"])
    graph = helper.make_graph([product], "product", ports[:1], ports[1:], [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    about = f"ONNX Runtime {onnxruntime.__version__}, product of {side}x{side}"
    take_part(about, lambda: session.run(None, {"x": left}), side**3)


if __name__ == "__main__":
    main()
