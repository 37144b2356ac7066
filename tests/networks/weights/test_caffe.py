"""Caffe files, read by puppyslug and by OpenCV."""

import cv2
import numpy as np
import pytest
import torch

from puppyslug.errors import WeightsError
from puppyslug.networks import find_spec
from puppyslug.networks.architectures import create_architecture
from puppyslug.networks.network import Network
from puppyslug.networks.specs import CLASS_MAP
from puppyslug.networks.weights.caffe import _net_parameter, read_caffe
from puppyslug.networks.weights.state_dict import load_weights
from support.caffe_files import V1, V2, GoogLeNet, caffemodel

MEAN = np.float32([104, 116, 122])


def load(path, name="googlenet"):
    spec = find_spec(name)
    architecture = create_architecture(spec, device="meta")
    load_weights(architecture, spec, path)
    return Network(spec, architecture, precision="float32")


def opencv_blobs(tmp_path, net: GoogLeNet, model, image):
    """Every blob as OpenCV computes it for an H×W×3 RGB image in [0, 1]."""
    prototxt = tmp_path / "deploy.prototxt"
    prototxt.write_text(net.text)
    read = cv2.dnn.readNetFromCaffe(str(prototxt), str(model))
    read.enableFusion(False)
    read.enableWinograd(False)
    blob = image[..., ::-1] * np.float32(255) - MEAN
    read.setInput(np.ascontiguousarray(blob.transpose(2, 0, 1)[None]))
    return dict(zip(net.blobs, read.forward(list(net.blobs.values())), strict=True))


@pytest.mark.parametrize(
    ("version", "size", "classes"),
    [(V2, (224, 224), 1000), (V1, (224, 224), 1000), (V2, (197, 251), 0), (V1, (210, 165), 0)],
)
def test_googlenet_computes_what_opencv_computes(tmp_path, version, size, classes):
    net = GoogLeNet(size, classes=1000)
    model = tmp_path / "net.caffemodel"
    model.write_bytes(net.caffemodel(version))
    image = np.random.default_rng(1).random((*size, 3), dtype=np.float32)
    theirs = opencv_blobs(tmp_path, GoogLeNet(size, classes=classes), model, image)
    network = load(model)
    names = [layer.name for layer in network.spec.layers]
    tensor = torch.from_numpy(image.transpose(2, 0, 1)[None].copy())
    ours = network.activations(tensor, names)
    if classes:
        theirs[CLASS_MAP] = theirs.pop("loss3/classifier")[..., None, None]
        ours[CLASS_MAP] = ours[CLASS_MAP].mean((2, 3), keepdim=True)
    else:
        del ours[CLASS_MAP]
    theirs.pop("pool5/7x7_s1", None)
    assert theirs.keys() == ours.keys()
    for name, blob in theirs.items():
        assert blob.std() > 0
        assert np.abs(ours[name].numpy() - blob).max() <= 1e-4 * np.abs(blob).max(), name


@pytest.mark.parametrize("version", [V1, V2])
def test_blobs_equal_those_written(version):
    blobs = [np.arange(24.0).reshape(2, 3, 2, 2), np.float32([5, 6])]
    read = read_caffe(caffemodel({"a/b": ("Convolution", blobs)}, version))
    assert read.keys() == {"a/b.weight", "a/b.bias"}
    assert np.array_equal(read["a/b.weight"], blobs[0])
    assert np.array_equal(read["a/b.bias"].flatten(), blobs[1])


@pytest.mark.parametrize("name", ["googlenet-places205", "googlenet-places365"])
def test_places_networks_are_googlenet_with_other_classes(tmp_path, name):
    net = GoogLeNet((224, 224), classes=find_spec(name).classes)
    (tmp_path / "a.caffemodel").write_bytes(net.caffemodel(V1))
    network = load(tmp_path / "a.caffemodel", name)
    assert network.activations(torch.rand(1, 3, 64, 64), [CLASS_MAP])[CLASS_MAP].shape[1] == int(
        name[-3:]
    )


def _remove(net, layer):
    net.weights.pop(layer)


def _add_auxiliary(net):
    net.weights["loss1/conv"] = ("Convolution", [np.zeros((1, 1, 1, 1))])


def _add_unknown(net, _):
    net.weights["stranger"] = ("Convolution", [np.zeros((1, 1, 1, 1))])


def _change_shape(net, layer):
    kind, (weight, bias) = net.weights[layer]
    net.weights[layer] = (kind, [weight[:, :-1], bias])


@pytest.mark.parametrize(
    ("change", "layer", "named"),
    [
        (_remove, "inception_4c/5x5_reduce", r"inception_4c/5x5_reduce\.weight"),
        (_add_unknown, "", r"stranger\.weight"),
        (_change_shape, "conv2/3x3", r"conv2/3x3\.weight is 192×63×3×3, not 192×64×3×3"),
    ],
)
def test_missing_unknown_and_misshapen_layers_are_named(tmp_path, change, layer, named):
    net = GoogLeNet((224, 224), classes=1000)
    change(net, layer)
    (tmp_path / "a.caffemodel").write_bytes(net.caffemodel(V2))
    with pytest.raises(WeightsError, match=named):
        load(tmp_path / "a.caffemodel")


def test_auxiliary_classifiers_are_ignored(tmp_path):
    net = GoogLeNet((224, 224), classes=1000)
    _add_auxiliary(net)
    (tmp_path / "a.caffemodel").write_bytes(net.caffemodel(V2))
    load(tmp_path / "a.caffemodel")


def test_other_classes_name_the_network_that_has_them(tmp_path):
    net = GoogLeNet((224, 224), classes=205)
    (tmp_path / "a.caffemodel").write_bytes(net.caffemodel(V2))
    with pytest.raises(WeightsError, match='network="googlenet-places205"'):
        load(tmp_path / "a.caffemodel")


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: b"<!DOCTYPE html><html>",
        lambda data: b"\xff" * 999,
        lambda data: b"\x0a\x02hi",
    ],
)
def test_damaged_files_are_refused_in_one_line(tmp_path, damage):
    data = GoogLeNet((224, 224), classes=1000).caffemodel(V2)
    path = tmp_path / "a.caffemodel"
    path.write_bytes(damage(data))
    with pytest.raises(WeightsError, match=r"a\.caffemodel") as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_a_blob_smaller_than_its_shape_is_refused():
    data = caffemodel({"a": ("Convolution", [np.zeros((2, 3, 1, 1))])}, V2)
    with pytest.raises(WeightsError, match="layer a "):
        read_caffe(data.replace(b"\x02\x03\x01\x01", b"\x02\x04\x01\x01"))


def test_double_precision_is_read():
    net = _net_parameter()()
    layer = net.layer.add(name="a")
    blob = layer.blobs.add(double_data=np.float64([1.5, 2.5]).tobytes())
    blob.shape.dim.append(2)
    assert read_caffe(net.SerializeToString())["a.weight"].tolist() == [1.5, 2.5]


@pytest.mark.parametrize("shape", [(-1, -1), (0, 5), (2**62, 2**62), (1,) * 100])
def test_impossible_shapes_are_refused(shape):
    net = _net_parameter()()
    blob = net.layer.add(name="a").blobs.add(data=b"\0" * 4)
    blob.shape.dim.extend(shape)
    with pytest.raises(WeightsError, match="layer a "):
        read_caffe(net.SerializeToString())
