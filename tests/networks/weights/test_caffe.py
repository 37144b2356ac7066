"""Caffe's files, read by puppyslug and by OpenCV."""

import cv2
import numpy as np
import pytest
import torch

from puppyslug.errors import WeightsError
from puppyslug.networks import find_spec
from puppyslug.networks.architectures import ARCHITECTURES
from puppyslug.networks.network import Network
from puppyslug.networks.specs import CLASS_MAP
from puppyslug.networks.weights.caffe import _net_parameter, read_caffe
from puppyslug.networks.weights.loader import fill
from support.caffe_files import V1, V2, GoogLeNet, caffemodel

MEAN = np.float32([104, 116, 122])


def loaded(path, name="googlenet"):
    spec = find_spec(name)
    with torch.device("meta"):
        architecture = ARCHITECTURES[spec.architecture](spec)
    fill(architecture, spec, path)
    return Network(spec, architecture)


def opencv_blobs(tmp_path, net: GoogLeNet, model, image):
    """Every blob as OpenCV computes it, of an H×W×3 RGB picture in [0, 1]."""
    prototxt = tmp_path / "deploy.prototxt"
    prototxt.write_text(net.text)
    read = cv2.dnn.readNetFromCaffe(str(prototxt), str(model))
    read.enableFusion(False)
    read.enableWinograd(False)
    blob = image[..., ::-1] * np.float32(255) - MEAN
    read.setInput(np.ascontiguousarray(blob.transpose(2, 0, 1)[None]))
    return dict(zip(net.blobs, read.forward(list(net.blobs.values())), strict=True))


@pytest.mark.parametrize(
    ("generation", "size", "classes"),
    [(V2, (224, 224), 1000), (V1, (224, 224), 1000), (V2, (197, 251), 0), (V1, (210, 165), 0)],
)
def test_googlenet_computes_what_opencv_computes(tmp_path, generation, size, classes):
    net = GoogLeNet(size, classes=1000)
    model = tmp_path / "net.caffemodel"
    model.write_bytes(net.caffemodel(generation))
    image = np.random.default_rng(1).random((*size, 3), dtype=np.float32)
    theirs = opencv_blobs(tmp_path, GoogLeNet(size, classes=classes), model, image)
    network = loaded(model)
    names = [layer.name for layer in network.spec.layers]
    picture = torch.from_numpy(image.transpose(2, 0, 1)[None].copy())
    ours = network.activations(picture, names)
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


@pytest.mark.parametrize("generation", [V1, V2])
def test_blobs_are_read_as_they_were_written(generation):
    blobs = [np.arange(24.0).reshape(2, 3, 2, 2), np.float32([5, 6])]
    read = read_caffe(caffemodel({"a/b": ("Convolution", blobs)}, generation))
    assert read.keys() == {"a/b.weight", "a/b.bias"}
    assert np.array_equal(read["a/b.weight"], blobs[0])
    assert np.array_equal(read["a/b.bias"].flatten(), blobs[1])


@pytest.mark.parametrize("name", ["googlenet-places205", "googlenet-places365"])
def test_places_is_the_same_network_with_other_classes(tmp_path, name):
    net = GoogLeNet((224, 224), classes=find_spec(name).classes)
    (tmp_path / "a.caffemodel").write_bytes(net.caffemodel(V1))
    network = loaded(tmp_path / "a.caffemodel", name)
    assert network.activations(torch.rand(1, 3, 64, 64), [CLASS_MAP])[CLASS_MAP].shape[1] == int(
        name[-3:]
    )


def _without(net, layer):
    net.weights.pop(layer)


def _auxiliary(net, _):
    net.weights["loss1/conv"] = ("Convolution", [np.zeros((1, 1, 1, 1))])


def _extra(net, _):
    net.weights["stranger"] = ("Convolution", [np.zeros((1, 1, 1, 1))])


def _other_shape(net, layer):
    kind, (weight, bias) = net.weights[layer]
    net.weights[layer] = (kind, [weight[:, :-1], bias])


@pytest.mark.parametrize(
    ("change", "layer", "said"),
    [
        (_without, "inception_4c/5x5_reduce", "it has no 'inception_4c/5x5_reduce.weight'"),
        (_extra, "", r"it also has stranger\.weight"),
        (_other_shape, "conv2/3x3", "conv2/3x3.weight is 192×63×3×3, not 192×64×3×3"),
    ],
)
def test_a_missing_an_extra_and_a_wrong_layer_are_named(tmp_path, change, layer, said):
    net = GoogLeNet((224, 224), classes=1000)
    change(net, layer)
    (tmp_path / "a.caffemodel").write_bytes(net.caffemodel(V2))
    with pytest.raises(WeightsError, match=said):
        loaded(tmp_path / "a.caffemodel")


def test_auxiliary_classifiers_of_training_are_left_alone(tmp_path):
    net = GoogLeNet((224, 224), classes=1000)
    _auxiliary(net, "")
    (tmp_path / "a.caffemodel").write_bytes(net.caffemodel(V2))
    loaded(tmp_path / "a.caffemodel")


def test_other_classes_say_which_network_it_is(tmp_path):
    net = GoogLeNet((224, 224), classes=205)
    (tmp_path / "a.caffemodel").write_bytes(net.caffemodel(V2))
    with pytest.raises(WeightsError, match="take --network googlenet-places205"):
        loaded(tmp_path / "a.caffemodel")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda data: data[: len(data) // 2], "damaged"),
        (lambda data: b"", "is empty"),
        (lambda data: b"<!DOCTYPE html><html>", "web page"),
        (lambda data: b"\xff" * 999, "damaged, or no .caffemodel"),
        (lambda data: b"\x0a\x02hi", "holds no layers"),
    ],
)
def test_damaged_files_are_refused_in_one_line(tmp_path, damage, said):
    sound = GoogLeNet((224, 224), classes=1000).caffemodel(V2)
    path = tmp_path / "a.caffemodel"
    path.write_bytes(damage(sound))
    with pytest.raises(WeightsError, match=said) as caught:
        loaded(path)
    assert "\n" not in str(caught.value)
    assert "a.caffemodel" in str(caught.value)


def test_a_blob_smaller_than_it_says_is_damaged():
    data = caffemodel({"a": ("Convolution", [np.zeros((2, 3, 1, 1))])}, V2)
    with pytest.raises(WeightsError, match="its layer a has another size"):
        read_caffe(data.replace(b"\x02\x03\x01\x01", b"\x02\x04\x01\x01"))


def test_doubles_are_read_too():
    net = _net_parameter()()
    layer = net.layer.add(name="a")
    blob = layer.blobs.add(double_data=np.float64([1.5, 2.5]).tobytes())
    blob.shape.dim.append(2)
    assert read_caffe(net.SerializeToString())["a.weight"].tolist() == [1.5, 2.5]


@pytest.mark.parametrize("edges", [(-1, -1), (0, 5), (2**62, 2**62), (1,) * 100])
def test_impossible_shapes_are_refused(edges):
    net = _net_parameter()()
    blob = net.layer.add(name="a").blobs.add(data=b"\0" * 4)
    blob.shape.dim.extend(edges)
    with pytest.raises(WeightsError, match=r"impossible shape|another size"):
        read_caffe(net.SerializeToString())
