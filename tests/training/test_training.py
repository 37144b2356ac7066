"""Teaching, up to the network: pictures, how they are divided, what is learnt, how sure it is."""

import math

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from puppyslug.errors import TeachingError
from puppyslug.networks.architectures import ARCHITECTURES
from puppyslug.networks.finetuned import finetuned_spec
from puppyslug.networks.specs import CLASS_MAP, SPECS, Taught
from puppyslug.recognition.classification import among_things, sharpened
from puppyslug.training.augmentation import generator_for, plain_view, random_views
from puppyslug.training.calibration import SOFT, calibrated, softened
from puppyslug.training.collection import Collection, folders_of, read_pictures, split
from puppyslug.training.negatives import texture
from puppyslug.training.trainer import (
    Classifier,
    Examples,
    Knowledge,
    LastBlock,
    begin,
    learn_classifier,
    loss_of,
)
from support.lessons import scribbles


def read(folder):
    *_, collection = read_pictures(folders_of(folder))
    assert isinstance(collection, Collection)
    return collection


def refused(folder):
    with pytest.raises(TeachingError) as caught:
        read(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_folder_that_is_none_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    assert "does not exist" in refused(tmp_path / "nowhere")
    assert "is no folder" in refused(tmp_path / "file")
    assert "holds no folders" in refused(tmp_path)


def test_pictures_of_none_alone_teach_nothing(tmp_path):
    scribbles(tmp_path / "None", 4, 0)
    assert "holds no folders" in refused(tmp_path)


def test_an_empty_thing_is_named(tmp_path):
    scribbles(tmp_path / "cup", 4, 0)
    (tmp_path / "hat").mkdir()
    (tmp_path / "hat" / ".hidden").write_text("x")
    assert "hat is empty" in refused(tmp_path)


def test_folders_inside_folders_are_refused(tmp_path):
    scribbles(tmp_path / "cup" / "old", 4, 0)
    message = refused(tmp_path)
    assert "holds the folder old" in message


@pytest.mark.parametrize(("one", "other"), [("My Dog", "my dog"), ("my-dog", "my_dog")])
def test_names_that_differ_in_case_or_dashes_only_are_refused(tmp_path, one, other):
    scribbles(tmp_path / one, 3, 0)
    scribbles(tmp_path / other, 3, 1)
    message = refused(tmp_path)
    assert one in message and other in message


@pytest.mark.parametrize("name", ["***", "x" * 61, "a, b", "2*cup", "(!)"])
def test_names_that_an_objective_could_not_spell_are_refused(tmp_path, name):
    scribbles(tmp_path / name, 3, 0)
    assert "cannot be a thing's name" in refused(tmp_path)


def test_what_cannot_be_read_is_named_and_left_out(tmp_path):
    folder = scribbles(tmp_path / "cup", 4, 0)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 and no more")
    (folder / "notes.txt").write_text("cups")
    collection = read(tmp_path)
    assert len(collection.things[0].pictures) == 4
    left_out = [notice for notice in collection.notices if notice.startswith("left out")]
    assert len(left_out) == 2
    assert "broken.jpg" in left_out[0] and "notes.txt" in left_out[1]


def test_three_pictures_are_few_and_two_are_too_few(tmp_path):
    folder = scribbles(tmp_path / "cup", 3, 0)
    assert any("only 3 pictures" in notice for notice in read(tmp_path).notices)
    (folder / "000.png").write_bytes(b"")
    assert "only 2" in refused(tmp_path)


def test_one_thing_alone_is_warned_of(tmp_path):
    scribbles(tmp_path / "cup", 12, 0)
    assert [n for n in read(tmp_path).notices if "the only thing" in n]
    scribbles(tmp_path / "hat", 12, 1)
    assert read(tmp_path).notices == ()


def test_the_same_picture_in_two_things_is_refused_by_name(tmp_path):
    cups, hats = scribbles(tmp_path / "cup", 3, 0), scribbles(tmp_path / "hat", 3, 1)
    (hats / "twin.png").write_bytes((cups / "001.png").read_bytes())
    message = refused(tmp_path)
    assert str(cups / "001.png") in message and str(hats / "twin.png") in message


def test_nearly_the_same_picture_in_two_things_is_said(tmp_path):
    cups, hats = scribbles(tmp_path / "cup", 3, 0), scribbles(tmp_path / "hat", 3, 1)
    Image.open(cups / "001.png").resize((80, 80)).save(hats / "near.jpg", quality=70)
    (notice,) = [n for n in read(tmp_path).notices if "nearly the same" in n]
    assert "001.png" in notice and "near.jpg" in notice


def test_underscores_are_blanks_and_names_keep_their_case(tmp_path):
    scribbles(tmp_path / "my_Dog", 3, 0)
    assert read(tmp_path).names == ("my Dog",)


def test_near_duplicates_are_never_parted(tmp_path):
    folder = scribbles(tmp_path / "cup", 10, 0)
    for path in sorted(folder.iterdir()):
        picture = Image.open(path)
        ImageOps.mirror(picture).save(folder / f"{path.stem}-mirrored.png")
        picture.resize((70, 70)).save(folder / f"{path.stem}-small.jpg", quality=60)
        picture.crop((1, 1, 95, 95)).save(folder / f"{path.stem}-cropped.png")
    pictures = read(tmp_path).things[0].pictures
    for seed in range(20):
        learnt, held = split(pictures, np.random.default_rng(seed))
        assert len(learnt) + len(held) == len(pictures) == 40
        assert 4 <= len(held) <= 16
        stems = ({p.path.stem[:3] for p in part} for part in (learnt, held))
        assert not set.intersection(*stems)


def test_nothing_is_held_out_where_all_are_alike(tmp_path):
    folder = scribbles(tmp_path / "cup", 1, 0)
    picture = Image.open(folder / "000.png")
    for quality in (50, 70, 90):
        picture.save(folder / f"{quality}.jpg", quality=quality)
    learnt, held = split(read(tmp_path).things[0].pictures, np.random.default_rng(0))
    assert (len(learnt), len(held)) == (4, 0)


def test_views_are_decided_by_their_key():
    image = texture((120, 200), 3)
    one, same, other = (
        random_views(image, 64, 3, generator_for("views", key)) for key in (1, 1, 2)
    )
    assert one.shape == (3, 3, 64, 64)
    assert one.min() >= 0 and one.max() <= 1
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_a_plain_view_is_the_middle():
    image = torch.zeros(1, 3, 64, 192)
    image[..., 64:128] = 1
    assert plain_view(image, 64).min() == 1


@pytest.mark.parametrize("spec", SPECS.values(), ids=lambda spec: spec.name)
def test_the_last_block_and_the_classifier_give_the_class_map(spec):
    taught = finetuned_spec(spec, Taught(spec.name, ("cup", "hat")), name="own")
    torch.manual_seed(0)
    architecture = ARCHITECTURES[taught.architecture](taught).eval()
    edge = max(taught.layer(CLASS_MAP).smallest, 96)
    with torch.no_grad():
        layers = dict(
            architecture.layers(torch.rand(1, 3, edge, edge), {architecture.top_from, CLASS_MAP})
        )
        own = architecture.classifier(architecture.top(layers[architecture.top_from]))
    assert own.shape[1] == 2 + (spec.classes or 1)
    torch.testing.assert_close(own, layers[CLASS_MAP])


def examples(features, things, generator, none=True):
    """Rows of features as if a family had pooled them, things in turn, none last."""
    kinds = things + none
    targets = torch.eye(things + 1)[[n % kinds for n in range(len(features))]]
    weights = torch.full((len(features),), 1 / len(features), dtype=torch.float64)
    return Examples((features.float()[:, :, None, None].half(),), targets, weights)


class Through(torch.nn.Module):
    """A family of nothing but a classifier."""

    def __init__(self, features, classes):
        super().__init__()
        torch.manual_seed(1)
        self.block = torch.nn.Conv2d(features, features, 1)
        with torch.no_grad():
            self.block.weight.copy_(torch.eye(features)[:, :, None, None])
            self.block.bias.zero_()
        self.labels = torch.nn.Conv2d(features, classes, 1)
        self.requires_grad_(False)

    @property
    def classifier(self):
        return self.labels

    def top(self, x):
        return self.block(x)


@pytest.fixture
def problem():
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(4, 12, generator=generator) * 2
    rows = torch.cat([centres[n % 3] + torch.randn(12, generator=generator) for n in range(90)])
    return Through(12, 7), examples(rows.view(90, 12), 2, generator)


def test_a_thing_begins_as_what_the_base_takes_it_for(problem):
    architecture, learnt = problem
    weight = architecture.labels.weight.detach().double().flatten(1)
    bias = architecture.labels.bias.detach().double()
    features = learnt.tops[0].double().mean((2, 3))
    start = begin(features, learnt, (weight, bias))
    for thing in range(2):
        logits = (features[learnt.targets[:, thing] == 1] @ weight.T + bias).numpy()
        chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        expected = chances.mean(0) @ weight.numpy()
        np.testing.assert_allclose(start.weight[thing].numpy(), expected, rtol=1e-9)


def test_what_is_learnt_is_the_least_of_loss_and_distance(problem):
    """Independent of how it was climbed: NumPy's own loss has no slope there."""
    architecture, learnt = problem
    known = learn_classifier(architecture, learnt, None, 7)
    x = learnt.tops[0].double().mean((2, 3)).numpy()
    base = architecture.labels.weight.double().flatten(1).numpy()
    base_bias = architecture.labels.bias.double().numpy()
    start = begin(
        torch.from_numpy(x), learnt, (torch.from_numpy(base), torch.from_numpy(base_bias))
    )
    targets = learnt.targets.numpy()

    def loss(weight, bias):
        none = np.log(np.exp(x @ base.T + base_bias).sum(1))
        logits = np.column_stack([x @ weight.T + bias, none])
        chances = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        own = -(targets * chances).sum(1).mean()
        return own + 0.01 * ((weight - start.weight.numpy()) ** 2).sum()

    weight, bias = known.classifier.weight.numpy(), known.classifier.bias.numpy()
    least = loss(weight, bias)
    assert least < loss(start.weight.numpy(), start.bias.numpy())
    generator = np.random.default_rng(0)
    for _ in range(50):
        step = 1e-2 * generator.standard_normal(weight.shape)
        assert loss(weight + step, bias) > least
        assert loss(weight, bias + 1e-2 * generator.standard_normal(bias.shape)) > least


def test_the_dearest_price_that_makes_no_more_mistakes_is_paid(problem):
    architecture, learnt = problem
    known = learn_classifier(architecture, learnt, learnt, 7)
    far = learn_classifier(architecture, learnt, None, 7)
    torch.testing.assert_close(known.classifier.weight, far.classifier.weight)


def test_a_base_that_knows_no_classes_learns_none_as_one_more():
    architecture, learnt = Through(12, 3), examples(torch.randn(60, 12), 2, None)
    known = learn_classifier(architecture, learnt, learnt, 0)
    assert known.classifier.logits(torch.zeros(5, 12, dtype=torch.float64)).shape == (5, 3)


def test_a_lesson_that_goes_on_ends_as_one_that_was_not_interrupted(problem):
    architecture, learnt = problem
    known = learn_classifier(architecture, learnt, learnt, 7)
    known = Knowledge(architecture, known.classifier, math.inf, taught_blocks=False)

    def block():
        return LastBlock(known, learnt, learnt, seed=3)

    whole = list(block().epochs())
    assert len(whole) >= 3
    assert whole[-1].best.loss < whole[0].best.loss or whole[-1].number == 3
    rest = list(block().epochs(whole[1].state))
    assert [one.number for one in rest] == [one.number for one in whole[2:]]
    for name, tensor in whole[-1].state.items():
        assert torch.equal(rest[-1].state[name], tensor), name


def test_the_last_block_learns_and_the_base_stays(problem):
    architecture, learnt = problem
    before = {name: tensor.clone() for name, tensor in architecture.state_dict().items()}
    known = learn_classifier(architecture, learnt, learnt, 7)
    *_, last = LastBlock(known, learnt, learnt, seed=0).epochs()
    assert last.best.loss < known.loss
    assert last.best.taught_blocks
    assert not torch.equal(last.best.architecture.block.weight, architecture.block.weight)
    for name, tensor in architecture.state_dict().items():
        assert torch.equal(tensor, before[name])


def test_dreams_get_soft_logits(problem):
    architecture, learnt = problem
    known = learn_classifier(architecture, learnt, learnt, 7)
    features = learnt.tops[0].double().mean((2, 3))
    own = learnt.targets[:, :2].amax(1) == 1
    soft = softened(known.classifier, features, learnt)
    chances = among_things(soft.logits(features[own]).softmax(1), 2)
    said = (chances * learnt.targets[own]).sum(1).mean()
    assert float(said) == pytest.approx(SOFT, abs=1e-6)


def test_verdicts_are_calibrated_on_what_is_held_out(problem):
    architecture, learnt = problem
    known = learn_classifier(architecture, learnt, learnt, 7)
    features = learnt.tops[0].double().mean((2, 3))
    logits = known.classifier.softened(0.3).logits(features)
    plain = Taught("base", ("cup", "hat"))
    taught = calibrated(plain, logits, learnt)
    losses = [float(loss_of(sharpened(logits, one), learnt)) for one in (plain, taught)]
    assert losses[1] < losses[0]
    assert taught.sharpness > 1


def test_it_is_unsure_of_blends_and_sure_of_what_is_right():
    things = torch.eye(3, dtype=torch.float64) * 6
    blends = torch.tensor([[3.0, 2.6, 0.0], [2.9, 3.0, 0.0]], dtype=torch.float64)
    logits = torch.cat([things, blends])
    targets = torch.cat([torch.eye(3), torch.tensor([[0.5, 0.5, 0], [0.5, 0.5, 0]])])
    tried = Examples((), targets, torch.full((5,), 0.2, dtype=torch.float64))
    taught = calibrated(Taught("base", ("cup", "hat")), logits, tried)
    sureness = sharpened(logits, taught).softmax(1).amax(1)
    assert (sureness >= taught.sure_from).tolist() == [True] * 3 + [False] * 2


def test_a_classifier_is_softened_as_a_whole():
    rows = torch.ones(2, 3, dtype=torch.float64), torch.ones(2, dtype=torch.float64)
    classifier = Classifier(*rows, rows[0] * 2, rows[1])
    features = torch.rand(4, 3, dtype=torch.float64)
    torch.testing.assert_close(
        classifier.softened(0.5).logits(features), classifier.logits(features) / 2
    )
