"""Weights of the torchvision form: names, shapes, folding, and what a wrong file is told."""

import importlib
import zipfile
from functools import cache
from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import nn

from puppyslug.cli import main
from puppyslug.errors import WeightsError
from puppyslug.networks import find_spec
from puppyslug.networks.architectures import ARCHITECTURES
from puppyslug.networks.architectures.batch_norm import TENSORFLOW_EPSILON, fold
from puppyslug.networks.architectures.local_response_norm import LocalResponse
from puppyslug.networks.network import Network
from puppyslug.networks.specs import CLASS_MAP
from puppyslug.networks.weights.loader import fill

KEYS = Path(__file__).parent / "data" / "torchvision.txt"


@cache
def state_dicts():
    """Names and shapes by network."""
    found = {}
    for line in KEYS.read_text().splitlines():
        if line.startswith("["):
            found[line[1:-1]] = {}
        elif not line.startswith("#"):
            name, _, shape = line.partition(" ")
            found[list(found)[-1]][name] = tuple(map(int, shape.split("x"))) if shape else ()
    return found


def empty(name):
    spec = find_spec(name)
    with torch.device("meta"):
        return ARCHITECTURES[spec.architecture](spec), spec


def random_state(name, seed=0):
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for key, shape in state_dicts()[name].items():
        if len(shape) == 4:
            numbers = shape[1] * shape[2] * shape[3]
            state[key] = torch.randn(shape, generator=generator) * (2 / numbers) ** 0.5
        elif key.endswith("running_var"):
            state[key] = torch.rand(shape, generator=generator) + 0.5
        elif not shape:
            state[key] = torch.zeros((), dtype=torch.long)
        else:
            state[key] = torch.randn(shape, generator=generator) * 0.1
            state[key] += key.endswith("weight") and len(shape) == 1
    return state


NETWORKS = pytest.mark.parametrize("name", sorted(state_dicts()))


@NETWORKS
def test_every_tensor_of_torchvisions_has_its_place(name):
    architecture, _ = empty(name)
    weights = {key: torch.empty(shape, device="meta") for key, shape in state_dicts()[name].items()}
    state = architecture.translate(weights)
    assert {key: tensor.shape for key, tensor in state.items()} == {
        key: tensor.shape for key, tensor in architecture.state_dict().items()
    }
    needed = {key for key in weights if not architecture.spares(key)}
    for key in sorted(needed)[::9]:  # none is there in vain
        with pytest.raises(KeyError, match=key.replace(".", r"\.")):
            architecture.translate({other: weights[other] for other in weights if other != key})


@pytest.mark.parametrize("name", ["vgg16-caffe", "vgg19-caffe"])
def test_caffes_vgg_has_the_papers_names(name):
    architecture, spec = empty(name)
    weights, below = {}, 3
    for number, block in enumerate(spec.structure, 1):
        for index in range(1, block.convolutions + 1):
            weights[f"conv{number}_{index}.weight"] = (block.channels, below, 3, 3)
            weights[f"conv{number}_{index}.bias"] = (1, 1, 1, block.channels)
            below = block.channels
    sizes = (("fc6", 25088, 4096), ("fc7", 4096, 4096), ("fc8", 4096, 1000))
    for layer, inputs, outputs in sizes:
        weights[f"{layer}.weight"] = (1, 1, outputs, inputs)
        weights[f"{layer}.bias"] = (1, 1, 1, outputs)
    state = architecture.translate(
        {key: torch.empty(shape, device="meta") for key, shape in weights.items()}
    )
    assert {key: tensor.shape for key, tensor in state.items()} == {
        key: tensor.shape for key, tensor in architecture.state_dict().items()
    }


@NETWORKS
def test_activations_are_torchvisions_where_it_is_installed(name):
    try:
        models = importlib.import_module("torchvision.models")
    except Exception as error:
        pytest.skip(f"torchvision does not load here: {error}")
    spec = find_spec(name)
    theirs = {"googlenet-bn": "googlenet", "vgg19-classifier": "vgg19"}.get(name, name)
    inception = theirs in ("googlenet", "inception_v3")
    options = {"init_weights": False, "transform_input": True} if inception else {}
    model = getattr(models, theirs)(weights=None, **options).eval()
    state = random_state(name)
    model.load_state_dict(state)
    architecture, _ = empty(name)
    architecture.load_state_dict(architecture.translate(state), assign=True)
    image = torch.rand(1, 3, spec.trained_at, spec.trained_at)
    mean, std = (
        torch.tensor(numbers).view(1, 3, 1, 1)
        for numbers in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    )
    with torch.no_grad():
        expected = model((image - mean) / std)
        found = Network(spec, architecture).activations(image, [CLASS_MAP])[CLASS_MAP].mean((2, 3))
    assert (found - expected).abs().max() <= 1e-4 * expected.abs().max()


def test_a_folded_normalisation_is_the_normalisation():
    generator = torch.Generator().manual_seed(1)
    convolution = nn.Conv2d(5, 7, 3, bias=False)
    norm = nn.BatchNorm2d(7, eps=TENSORFLOW_EPSILON).eval()
    with torch.no_grad():
        for tensor in (*norm.parameters(), norm.running_mean):
            tensor.normal_(generator=generator)
        norm.running_var.uniform_(0.001, 2, generator=generator)
    both = nn.ModuleDict({"conv": convolution, "bn": norm})
    folded = nn.Conv2d(5, 7, 3)
    state = fold("", both.state_dict(), "conv", "bn", TENSORFLOW_EPSILON)
    folded.load_state_dict({name.removeprefix("."): tensor for name, tensor in state.items()})
    x = torch.randn(2, 5, 9, 9, generator=generator)
    assert torch.allclose(folded(x), norm(convolution(x)), atol=1e-4)


def test_local_response_normalisation_is_torchs():
    x = 60 * torch.randn(2, 11, 5, 6, generator=torch.Generator().manual_seed(2))
    expected = nn.functional.local_response_norm(x, 5, alpha=1e-4, beta=0.75, k=1.0)
    assert torch.allclose(LocalResponse(11)(x), expected, rtol=1e-5)
    assert LocalResponse(11)(x.bfloat16()).dtype == torch.bfloat16


@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ".tar"])
def test_state_dicts_are_read_in_every_form(tmp_path, suffix):
    state = random_state("squeezenet1_1")
    path = tmp_path / f"weights{suffix}"
    if suffix == ".safetensors":
        half = {name: tensor.half() for name, tensor in state.items()}
        safetensors.torch.save_file(half, path)
    elif suffix == ".tar":  # a checkpoint of data-parallel training
        wrapped = {f"module.{name}": tensor for name, tensor in state.items()}
        torch.save({"epoch": 3, "state_dict": wrapped}, path)
    else:
        torch.save(state, path)
    architecture, spec = empty("squeezenet1_1")
    fill(architecture, spec, path)
    found = architecture.state_dict()["fires.3.expand3x3.weight"]
    assert found.dtype == torch.float32
    assert torch.allclose(found, state["features.7.expand3x3.weight"], atol=1e-3)


@pytest.mark.parametrize(
    ("wanted", "given", "said"),
    [
        ("resnet18", "squeezenet1_1", "looks like squeezenet1_1: take --network squeezenet1_1"),
        ("squeezenet1_1", "resnet18", "it has no 'features.0.weight'; it looks like resnet18"),
        ("googlenet", "googlenet-bn", "looks like googlenet-bn"),
    ],
)
def test_another_networks_weights_say_whose_they_are(tmp_path, wanted, given, said):
    path = tmp_path / "weights.pth"
    torch.save(random_state(given), path)
    architecture, spec = empty(wanted)
    with pytest.raises(WeightsError, match=said):
        fill(architecture, spec, path)


def test_a_fine_tuned_head_is_named(tmp_path):
    state = random_state("resnet18")
    state["fc.weight"], state["fc.bias"] = torch.zeros(10, 512), torch.zeros(10)
    torch.save(state, tmp_path / "mine.pth")
    architecture, spec = empty("resnet18")
    with pytest.raises(WeightsError, match=r"it knows 10 classes, not 1000; .*from_module"):
        fill(architecture, spec, tmp_path / "mine.pth")


class Marks:
    """A pickle that would leave a mark."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("zipped", [False, True])
def test_a_pickle_that_would_run_code_is_refused_and_does_not_run(tmp_path, wrapped, zipped):
    mark, path = tmp_path / "mark", tmp_path / "weights.pth"
    boom = Marks(mark)
    content = {"state_dict": {"features.0.weight": boom}} if wrapped else boom
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    architecture, spec = empty("squeezenet1_1")
    with pytest.raises(WeightsError, match="which puppyslug never runs"):
        fill(architecture, spec, path)
    assert not mark.exists()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.99])
def test_half_downloaded_files_say_so(tmp_path, suffix, share):
    path = tmp_path / f"weights{suffix}"
    state = {"features.0.weight": torch.rand(64, 3, 3, 3), "features.0.bias": torch.rand(64)}
    (torch.save if suffix == ".pth" else safetensors.torch.save_file)(state, path)
    data = path.read_bytes()
    path.write_bytes(data[: round(share * len(data))])
    architecture, spec = empty("squeezenet1_1")
    with pytest.raises(WeightsError, match=r"half downloaded|is empty|no weights file") as caught:
        fill(architecture, spec, path)
    assert "\n" not in str(caught.value)


def test_names_of_ones_own_classes_go_everywhere(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    torch.save(random_state("squeezenet1_1"), "own.pth")
    Path("names.txt").write_text("".join(f"thing {number}\n" for number in range(1000)))
    own = ["--network", "squeezenet1_1", "--weights", "own.pth", "--labels", "names.txt"]
    short = ["--size", "96x64", "--octaves", "1", "--iterations", "2", "--quiet"]
    for wish in (["--see", "thing 70"], ["--objective", "2*see(thing 71) - conv1"]):
        assert main(["dream", "clouds", *own, *wish, *short, "-o", "d.png", "--force"]) == 0
    assert main(["redo", "d.png", "-o", "again.png", "--quiet", *own[2:]]) == 0
    assert Path("d.png").read_bytes() == Path("again.png").read_bytes()
    assert main(["dream", "clouds", *own, "--see", "dog", *short]) == 1
    assert "no class or group 'dog'" in capsys.readouterr().err
    assert main(["redo", "d.png", "-o", "x.png", "--weights", "own.pth"]) == 1
    assert "name it with --labels" in capsys.readouterr().err
    Path("names.txt").write_text("".join(f"place {number}\n" for number in range(1000)))
    assert main(["redo", "d.png", "-o", "x.png", "--quiet", *own[2:]]) == 1
    assert "its content differs" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (torch.zeros(1).expand(64, 3, 3, 3), "of an odd kind"),
        (torch.zeros(64, 3, 3, 3).to_sparse(), "of an odd kind"),
        (torch.zeros(64, 3, 3, 3, dtype=torch.complex64), "of an odd kind"),
        (torch.zeros(64, 3, 3, 3, dtype=torch.int32), "no real numbers"),
        (torch.zeros(()), "is one number, not"),
    ],
)
def test_odd_tensors_are_refused(tmp_path, odd, said):
    state = random_state("squeezenet1_1") | {"features.0.weight": odd}
    torch.save(state, tmp_path / "odd.pth")
    architecture, spec = empty("squeezenet1_1")
    with pytest.raises(WeightsError, match=said):
        fill(architecture, spec, tmp_path / "odd.pth")


def test_archives_that_are_no_weights_say_what_they_are(tmp_path):
    architecture, spec = empty("squeezenet1_1")
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:
        archive.writestr("net/data.pkl", b"")
        archive.writestr("net/code/__torch__.py", b"")
    with zipfile.ZipFile(tmp_path / "b.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", b"0" * 1_000_000)
    for name, said in (("a.pt", "TorchScript"), ("b.pt", "compressed archive")):
        with pytest.raises(WeightsError, match=said):
            fill(architecture, spec, tmp_path / name)
