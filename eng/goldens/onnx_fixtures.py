"""ONNX files as exporters write them, with answers, for tests/Downhill.Onnx.Tests/fixtures.

Run: /usr/bin/python3 eng/goldens/onnx_fixtures.py   (Debian: python3-torch, python3-sklearn; written with 1.13.0, 1.2.1)

pytorch-*  written by PyTorch's own exporter; answers by PyTorch.
keras-*    written here, in the form that tf2onnx gives Keras models; answers by NumPy.
sklearn-*  written here, in the form that skl2onnx gives pipelines; trained and answered by scikit-learn.
layout-*   written here: weights in every type and layout; answers by NumPy.
Each is a folder in the layout of ONNX's backend tests.
"""
import os
import shutil
import struct
import warnings

import numpy as np

OUT = os.path.join(os.path.dirname(__file__), "..", "..", "tests", "Downhill.Onnx.Tests", "fixtures")
FLOAT, INT32, INT64, STRING, BOOL, FLOAT16, DOUBLE = 1, 6, 7, 8, 9, 10, 11
TYPES = {np.dtype("float32"): FLOAT, np.dtype("int32"): INT32, np.dtype("int64"): INT64,
         np.dtype("float16"): FLOAT16, np.dtype("float64"): DOUBLE, np.dtype("bool"): BOOL}


# ---- protocol buffers, as much of them as ONNX needs --------------------------------------------------------------------

def varint(n):
    n &= (1 << 64) - 1
    out = b""
    while True:
        out += bytes([n & 127 | (128 if n > 127 else 0)])
        n >>= 7
        if not n:
            return out


def number(field, n):
    return varint(field << 3) + varint(n)


def data(field, content):
    content = content.encode() if isinstance(content, str) else content
    return varint(field << 3 | 2) + varint(len(content)) + content


def tensor(name, array, typed=False):
    array = np.asarray(array)
    dims = b"".join(number(1, d) for d in array.shape)
    if array.dtype.kind in "UO":
        return dims + number(2, STRING) + b"".join(data(6, str(t)) for t in array.ravel()) + data(8, name)
    kind = TYPES[array.dtype]
    out = dims + number(2, kind) + data(8, name)
    if not typed:
        return out + data(9, array.tobytes())
    if kind == FLOAT:
        return out + data(4, array.tobytes())
    if kind == DOUBLE:
        return out + data(10, array.tobytes())
    if kind == INT64:
        return out + data(7, b"".join(varint(int(v)) for v in array.ravel()))
    if kind == FLOAT16:
        return out + data(5, b"".join(varint(int(v)) for v in array.ravel().view(np.uint16)))
    return out + data(5, b"".join(varint(int(v)) for v in array.ravel()))


def attribute(name, value):
    out = data(1, name)
    if isinstance(value, float):
        return out + varint(2 << 3 | 5) + struct.pack("<f", value) + number(20, 1)
    if isinstance(value, int):
        return out + number(3, value) + number(20, 2)
    if isinstance(value, str):
        return out + data(4, value) + number(20, 3)
    if isinstance(value[0], float):
        return out + b"".join(varint(7 << 3 | 5) + struct.pack("<f", v) for v in value) + number(20, 6)
    if isinstance(value[0], int):
        return out + b"".join(number(8, v) for v in value) + number(20, 7)
    return out + b"".join(data(9, v) for v in value) + number(20, 8)


def node(op, inputs, outputs, domain="", **attributes):
    return (b"".join(data(1, i) for i in inputs) + b"".join(data(2, o) for o in outputs) + data(3, "n_" + outputs[0]) + data(4, op)
            + b"".join(data(5, attribute(k, v)) for k, v in attributes.items()) + (data(7, domain) if domain else b""))


def value(name, kind, shape):
    if shape is None:  # a list of maps from text to float32
        return data(1, name) + data(2, data(4, data(1, data(5, number(1, STRING) + data(2, data(1, number(1, FLOAT)))))))
    dims = b"".join(data(1, data(2, d) if isinstance(d, str) else number(1, d)) for d in shape)
    return data(1, name) + data(2, data(1, number(1, kind) + data(2, dims)))


def model(nodes, weights, inputs, outputs, producer, opset, typed=False):
    graph = (b"".join(data(1, n) for n in nodes) + data(2, "graph") + b"".join(data(5, tensor(k, w, typed)) for k, w in weights.items())
             + b"".join(data(11, value(*i)) for i in inputs) + b"".join(data(12, value(*o)) for o in outputs))
    sets = data(8, data(1, "") + number(2, opset))
    if any(b"ai.onnx.ml" in n for n in nodes):
        sets += data(8, data(1, "ai.onnx.ml") + number(2, 1))
    return number(1, 8) + data(2, producer) + data(7, graph) + sets


def write(name, content, inputs, outputs):
    folder = os.path.join(OUT, name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.join(folder, "test_data_set_0"))
    if content is not None:
        with open(os.path.join(folder, "model.onnx"), "wb") as file:
            file.write(content)
    for kind, arrays in (("input", inputs), ("output", outputs)):
        for i, array in enumerate(arrays):
            with open(os.path.join(folder, "test_data_set_0", f"{kind}_{i}.pb"), "wb") as file:
                file.write(tensor("", array))
    return os.path.join(folder, "model.onnx")


# ---- PyTorch ------------------------------------------------------------------------------------------------------------

def pytorch():
    import torch
    from torch import nn

    class Reshaped(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(64, 12), nn.Linear(12, 10)

        def forward(self, x):
            x = x.view(x.size(0), -1)
            return torch.softmax(self.second(torch.nn.functional.elu(self.first(x))), dim=1)

    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.mean, self.deviation = torch.tensor([100.0, -3.0, 0.5]), torch.tensor([20.0, 0.1, 2.0])
            self.first, self.second = nn.Linear(3, 7, bias=False), nn.Linear(7, 2)

        def forward(self, x):
            hidden = self.first((x - self.mean) / self.deviation)
            return self.second(hidden * torch.sigmoid(hidden)) * 2.5 + 10

    def save(name, net, x, double=False, **options):
        torch.manual_seed(sum(map(ord, name)))
        for parameter in net.parameters():
            nn.init.normal_(parameter, 0, 0.6)
        for part in net.modules():
            if isinstance(part, nn.BatchNorm1d):
                nn.init.uniform_(part.running_mean, -0.5, 0.5)
                nn.init.uniform_(part.running_var, 0.5, 2)
        net = (net.double() if double else net).eval()
        with torch.no_grad():
            y = net(x).numpy()
        path = write(name, None, [x.numpy()], [y])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(net, x, path, input_names=["x"], output_names=["y"],
                              dynamic_axes={"x": {0: "N"}, "y": {0: "N"}}, **options)

    torch.manual_seed(1)
    x = torch.randn(5, 4)
    save("pytorch-classifier", nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.2), nn.Linear(6, 3),
                                             nn.Softmax(dim=1)), x, opset_version=13)
    save("pytorch-unfolded", nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.BatchNorm1d(6), nn.Linear(6, 3), nn.Softmax(dim=-1)), x,
         opset_version=11, do_constant_folding=False)
    save("pytorch-activations", nn.Sequential(
        nn.Linear(4, 5), nn.SiLU(), nn.Linear(5, 5), nn.GELU(), nn.Linear(5, 5), nn.Mish(), nn.Linear(5, 5), nn.LeakyReLU(0.1),
        nn.Linear(5, 5), nn.ELU(0.7), nn.Linear(5, 5), nn.SELU(), nn.Linear(5, 5), nn.Softplus(), nn.Linear(5, 5), nn.Softsign(),
        nn.Linear(5, 5), nn.Hardtanh(), nn.Linear(5, 5), nn.ReLU6(), nn.Linear(5, 5), nn.Tanh(), nn.Linear(5, 5), nn.Sigmoid(),
        nn.Linear(5, 2)), x, opset_version=14)
    save("pytorch-hard", nn.Sequential(nn.Linear(4, 5), nn.Hardsigmoid(), nn.Linear(5, 5), nn.CELU(), nn.Linear(5, 5), nn.PReLU(),
                                       nn.Linear(5, 1), nn.Sigmoid()), x, opset_version=14)
    save("pytorch-image", Reshaped(), torch.rand(3, 1, 8, 8), opset_version=9)
    save("pytorch-flatten", nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.Tanh(), nn.Linear(8, 4)), torch.rand(3, 1, 8, 8),
         opset_version=12)
    save("pytorch-scaled", Scaled(), torch.randn(6, 3) * torch.tensor([20.0, 0.1, 2.0]) + torch.tensor([100.0, -3.0, 0.5]),
         opset_version=15)
    save("pytorch-double", nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 2)), x.double(), double=True, opset_version=13)


# ---- Keras, as tf2onnx writes it ----------------------------------------------------------------------------------------

def softmax(v):
    e = np.exp(v - v.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def keras():
    random = np.random.default_rng(2)
    f = lambda *shape: random.normal(0, 0.7, shape).astype(np.float32)
    x = f(5, 4)
    w = {"sequential/dense/MatMul/ReadVariableOp:0": f(4, 8), "sequential/dense/BiasAdd/ReadVariableOp:0": f(8),
         "sequential/batch_normalization/batchnorm/mul:0": f(8), "sequential/batch_normalization/batchnorm/sub:0": f(8),
         "sequential/dense_1/MatMul/ReadVariableOp:0": f(8, 6), "sequential/dense_1/BiasAdd/ReadVariableOp:0": f(6),
         "sequential/dense_2/MatMul/ReadVariableOp:0": f(6, 3), "sequential/dense_2/BiasAdd/ReadVariableOp:0": f(3)}
    k = list(w)
    nodes = [
        node("MatMul", ["dense_input", k[0]], ["sequential/dense/MatMul:0"]),
        node("Add", ["sequential/dense/MatMul:0", k[1]], ["sequential/dense/BiasAdd:0"]),
        node("Relu", ["sequential/dense/BiasAdd:0"], ["sequential/dense/Relu:0"]),
        node("Mul", ["sequential/dense/Relu:0", k[2]], ["sequential/batch_normalization/batchnorm/mul_1:0"]),
        node("Add", ["sequential/batch_normalization/batchnorm/mul_1:0", k[3]], ["sequential/batch_normalization/batchnorm/add_1:0"]),
        node("MatMul", ["sequential/batch_normalization/batchnorm/add_1:0", k[4]], ["sequential/dense_1/MatMul:0"]),
        node("Add", ["sequential/dense_1/MatMul:0", k[5]], ["sequential/dense_1/BiasAdd:0"]),
        node("Sigmoid", ["sequential/dense_1/BiasAdd:0"], ["sequential/dense_1/Sigmoid:0"]),
        node("Mul", ["sequential/dense_1/BiasAdd:0", "sequential/dense_1/Sigmoid:0"], ["sequential/dense_1/mul:0"]),
        node("MatMul", ["sequential/dense_1/mul:0", k[6]], ["sequential/dense_2/MatMul:0"]),
        node("Add", ["sequential/dense_2/MatMul:0", k[7]], ["sequential/dense_2/BiasAdd:0"]),
        node("Softmax", ["sequential/dense_2/BiasAdd:0"], ["dense_2"], axis=-1),
    ]
    h = np.maximum(x @ w[k[0]] + w[k[1]], 0) * w[k[2]] + w[k[3]]
    h = h @ w[k[4]] + w[k[5]]
    h = h / (1 + np.exp(-h))
    write("keras-classifier", model(nodes, w, [("dense_input", FLOAT, ["unk__6", 4])], [("dense_2", FLOAT, ["unk__7", 3])], "tf2onnx", 15),
          [x], [softmax(h @ w[k[6]] + w[k[7]])])

    x = f(3, 2, 3)
    w = {"shape": np.array([-1, 6]), "w0": f(6, 5), "b0": f(5), "half": np.float32(0.5), "root": np.float32(1.4142135),
         "one": np.float32(1), "w1": f(5, 2), "b1": f(2)}
    nodes = [
        node("Reshape", ["flatten_input", "shape"], ["flat"]), node("MatMul", ["flat", "w0"], ["m0"]), node("Add", ["m0", "b0"], ["v0"]),
        node("Mul", ["half", "v0"], ["half_v"]), node("Div", ["v0", "root"], ["v_root"]), node("Erf", ["v_root"], ["erf"]),
        node("Add", ["one", "erf"], ["one_erf"]), node("Mul", ["half_v", "one_erf"], ["gelu"]),
        node("MatMul", ["gelu", "w1"], ["m1"]), node("Add", ["m1", "b1"], ["dense_1"]),
    ]
    import math
    v = x.reshape(3, 6) @ w["w0"] + w["b0"]
    gelu = 0.5 * v * (1 + np.vectorize(math.erf)(v / 2 ** 0.5)).astype(np.float32)
    write("keras-regression", model(nodes, w, [("flatten_input", FLOAT, ["unk__1", 2, 3])], [("dense_1", FLOAT, ["unk__2", 2])], "tf2onnx", 13),
          [x], [(gelu @ w["w1"] + w["b1"]).astype(np.float32)])


# ---- scikit-learn, as skl2onnx writes it --------------------------------------------------------------------------------

def sklearn():
    from sklearn.datasets import load_iris
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.preprocessing import StandardScaler
    warnings.simplefilter("ignore")
    iris = load_iris()
    x = iris.data.astype(np.float32)
    scaler = StandardScaler().fit(x)
    scaling = node("Scaler", ["X"], ["variable"], "ai.onnx.ml", offset=[float(m) for m in scaler.mean_],
                   scale=[float(1 / s) for s in scaler.scale_])

    def layers(net, start, activation):
        nodes, weights, at = [], {}, start
        for i, (w, b) in enumerate(zip(net.coefs_, net.intercepts_)):
            weights[f"coefficient{i}"], weights[f"intercepts{i}"] = w.astype(np.float32), b.astype(np.float32).reshape(1, -1)
            nodes += [node("MatMul", [at, f"coefficient{i}"], [f"mul_result{i}"]),
                      node("Add", [f"mul_result{i}", f"intercepts{i}"], [f"add_result{i}"])]
            at = f"add_result{i}"
            if i < len(net.coefs_) - 1:
                nodes.append(node(activation, [at], [f"next_activations{i}"]))
                at = f"next_activations{i}"
        return nodes, weights, at

    rows = x[::17]
    names = np.array(["setosa", "versicolor", "virginica"])[iris.target]
    net = MLPClassifier((6,), random_state=1, max_iter=300).fit(scaler.transform(x), names)
    nodes, weights, at = layers(net, "variable", "Relu")
    weights |= {"classes": np.array(net.classes_), "shape_tensor": np.array([-1])}
    tail = [node("Softmax", [at], ["probabilities0"], axis=1), node("ArgMax", ["probabilities0"], ["argmax_output"], axis=1),
            node("ArrayFeatureExtractor", ["classes", "argmax_output"], ["array_feature_extractor_result"], "ai.onnx.ml"),
            node("Reshape", ["array_feature_extractor_result", "shape_tensor"], ["output_label"])]
    outputs = [("output_label", STRING, ["N"]), ("probabilities", FLOAT, ["N", 3])]
    answers = [net.predict(scaler.transform(rows)), net.predict_proba(scaler.transform(rows)).astype(np.float32)]
    write("sklearn-classifier", model([scaling] + nodes + tail + [node("Identity", ["probabilities0"], ["probabilities"])], weights,
                                      [("X", FLOAT, ["N", 4])], outputs, "skl2onnx", 15), [rows], answers)
    zipmap = node("ZipMap", ["probabilities0"], ["output_probability"], "ai.onnx.ml", classlabels_strings=list(net.classes_))
    write("sklearn-zipmap", model([scaling] + nodes + tail + [zipmap], weights, [("X", FLOAT, ["N", 4])],
                                  [("output_label", STRING, ["N"]), ("output_probability", FLOAT, None)], "skl2onnx", 15),
          [rows], answers[:1])

    binary = iris.target[:100]
    net = MLPClassifier((5, 3), activation="tanh", random_state=2, max_iter=300).fit(scaler.transform(x[:100]), binary)
    nodes, weights, at = layers(net, "variable", "Tanh")
    weights |= {"unity": np.float32(1), "classes": net.classes_.astype(np.int32), "shape_tensor": np.array([-1])}
    tail = [node("Sigmoid", [at], ["out_activations_result"]), node("Sub", ["unity", "out_activations_result"], ["negative_class_proba"]),
            node("Concat", ["negative_class_proba", "out_activations_result"], ["probabilities"], axis=1),
            node("ArgMax", ["probabilities"], ["argmax_output"], axis=1),
            node("ArrayFeatureExtractor", ["classes", "argmax_output"], ["array_feature_extractor_result"], "ai.onnx.ml"),
            node("Cast", ["array_feature_extractor_result"], ["cast2_result"], to=INT64),
            node("Reshape", ["cast2_result", "shape_tensor"], ["output_label"])]
    rows = x[:100:9]
    write("sklearn-binary", model([scaling] + nodes + tail, weights, [("X", FLOAT, ["N", 4])],
                                  [("output_label", INT64, ["N"]), ("probabilities", FLOAT, ["N", 2])], "skl2onnx", 12), [rows],
          [net.predict(scaler.transform(rows)).astype(np.int64), net.predict_proba(scaler.transform(rows)).astype(np.float32)])

    colour = np.array(["red", "green", "blue"])[np.arange(150) % 3]
    size = iris.data[:, :2].astype(np.float32)
    encoded = np.concatenate([StandardScaler().fit_transform(size), (colour[:, None] == np.array(["blue", "green", "red"])).astype(float)], 1)
    columns = StandardScaler().fit(size)
    net = MLPRegressor((6,), activation="logistic", random_state=3, max_iter=400).fit(encoded, iris.data[:, 2])
    nodes, weights, at = layers(net, "transformed", "Sigmoid")
    head = [node("Concat", ["length", "width"], ["merged"], axis=1),
            node("Scaler", ["merged"], ["scaled"], "ai.onnx.ml", offset=[float(m) for m in columns.mean_], scale=[float(1 / s) for s in columns.scale_]),
            node("OneHotEncoder", ["colour"], ["hot"], "ai.onnx.ml", cats_strings=["blue", "green", "red"], zeros=1),
            node("Reshape", ["hot", "hot_shape"], ["one_hot"]), node("Concat", ["scaled", "one_hot"], ["transformed"], axis=1)]
    weights |= {"hot_shape": np.array([-1, 3]), "column": np.array([-1, 1])}
    pick = np.arange(0, 150, 13)
    write("sklearn-mixed", model(head + nodes + [node("Reshape", [at, "column"], ["variable"])], weights,
                                 [("length", FLOAT, ["N", 1]), ("width", FLOAT, ["N", 1]), ("colour", STRING, ["N", 1])],
                                 [("variable", FLOAT, ["N", 1])], "skl2onnx", 15),
          [size[pick, :1], size[pick, 1:], colour[pick][:, None]], [net.predict(encoded[pick]).astype(np.float32)[:, None]])


# ---- types and layouts --------------------------------------------------------------------------------------------------

def layouts():
    random = np.random.default_rng(4)
    x = random.normal(0, 1, (4, 3)).astype(np.float32)
    w0, b0 = random.normal(0, 1, (3, 5)).astype(np.float16), random.normal(0, 1, 5).astype(np.float16)
    w1, b1 = random.normal(0, 1, (5, 2)).astype(np.float16), random.normal(0, 1, 2).astype(np.float16)
    y = np.tanh(x @ w0.astype(np.float32) + b0) @ w1.astype(np.float32) + b1
    rows, answer = ("x", FLOAT, ["N", 3]), ("y", FLOAT, ["N", 2])
    for typed in (False, True):
        weights = {"w0": w0.T.astype(np.float32).copy(), "b0": b0.astype(np.float32), "w1": w1.astype(np.float32), "b1": b1.astype(np.float32)}
        nodes = [node("Gemm", ["x", "w0", "b0"], ["v"], transB=1), node("Tanh", ["v"], ["h"]), node("Gemm", ["h", "w1", "b1"], ["y"])]
        write(f"layout-float-{'typed' if typed else 'raw'}", model(nodes, weights, [rows], [answer], "hand", 13, typed), [x], [y.astype(np.float32)])
    for name, kind, typed in (("half", np.float16, False), ("half", np.float16, True), ("double", np.float64, False), ("double", np.float64, True)):
        weights = {"w0": w0.astype(kind), "b0": b0.astype(kind), "w1": w1.astype(kind), "b1": b1.astype(kind)}
        nodes = [node("Cast", [k], [k + "f"], to=FLOAT) for k in weights] + [
            node("MatMul", ["x", "w0f"], ["m"]), node("Add", ["b0f", "m"], ["v"]), node("Tanh", ["v"], ["h"]),
            node("MatMul", ["h", "w1f"], ["o"]), node("Add", ["o", "b1f"], ["y"])]
        write(f"layout-{name}-{'typed' if typed else 'raw'}", model(nodes, weights, [rows], [answer], "hand", 13, typed), [x], [y.astype(np.float32)])


if __name__ == "__main__":
    pytorch()
    keras()
    sklearn()
    layouts()
    print("\n".join(sorted(os.listdir(OUT))))
