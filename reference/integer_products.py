"""Quantises a graph so that it calculates with 8-bit numbers, in the ways of ONNX Runtime's quantiser, to be timed in tract.

    scripts/python.sh reference/integer_products.py models/digits/audio.onnx target/audio-static.onnx --way static
    target/release/evenkeel-test-graph-time models/digits/audio.onnx target/audio-static.onnx

dynamic: activations are quantised anew for every window, products of matrices become MatMulInteger.
dynamic-convolutions: convolutions become ConvInteger, too.
static: activations have fixed scales, taken from random inputs; QLinearMatMul and QLinearConv. The answers are of no use, the time is the same.

Packages may not hold these operators; docs/precision.md says why.
"""

import argparse

import numpy as np
import onnx
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static


class RandomInputs(CalibrationDataReader):
    """A few random inputs of the shape that the graph takes."""

    def __init__(self, path, count=8):
        (entry,) = onnx.load(path).graph.input
        shape = [dim.dim_value for dim in entry.type.tensor_type.shape.dim]
        random = np.random.default_rng(0)
        self.inputs = iter([{entry.name: random.standard_normal(shape).astype(np.float32)} for _ in range(count)])

    def get_next(self):
        return next(self.inputs, None)


def fold_reshaped_constants(path):
    """Reshapes constants beforehand: the quantiser leaves that of each convolution's bias to the engine."""
    model = onnx.load(path)
    graph = model.graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    for node in [node for node in graph.node if node.op_type == "Reshape" and set(node.input) <= set(constants)]:
        values, shape = (numpy_helper.to_array(constants[name]) for name in node.input)
        graph.initializer.append(numpy_helper.from_array(np.reshape(values, shape), node.output[0]))
        graph.node.remove(node)
    onnx.save(model, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("graph", help="ONNX file in f32")
    parser.add_argument("out", help="ONNX file to write")
    parser.add_argument("--way", choices=["dynamic", "dynamic-convolutions", "static"], default="dynamic")
    arguments = parser.parse_args()

    options = {"per_channel": True, "op_types_to_quantize": ["MatMul", "Conv"], "weight_type": QuantType.QInt8}
    if arguments.way == "static":
        quantize_static(
            arguments.graph,
            arguments.out,
            RandomInputs(arguments.graph),
            quant_format=QuantFormat.QOperator,
            activation_type=QuantType.QUInt8,
            **options,
        )
        return
    if arguments.way == "dynamic":
        options["op_types_to_quantize"] = ["MatMul"]
    quantize_dynamic(arguments.graph, arguments.out, **options)
    fold_reshaped_constants(arguments.out)


if __name__ == "__main__":
    main()
