"""Things by name: the objective ``see``, groups, where a thing is seen, and ensembles."""

import pytest
import torch
from PIL import Image

from puppyslug.engine.focus import faded, focus_on, margins, product
from puppyslug.errors import LabelError, NetworkError, ObjectiveError
from puppyslug.gradient.gradient import value_and_gradient
from puppyslug.labels import find_label
from puppyslug.networks import find_spec
from puppyslug.networks.ensemble import Ensemble
from puppyslug.networks.loader import load_network
from puppyslug.networks.specs import CLASS_MAP, combine
from puppyslug.objectives import SeeTerm, parse_mask, parse_objective, see
from puppyslug.recipe.recipe import Recipe
from puppyslug.recognition.class_maps import class_map, where_seen
from puppyslug.recognition.classification import classify, looked_at, verdict_logits, with_members
from puppyslug.recognition.masks import mask_by_name

SHARKS = SeeTerm(CLASS_MAP, find_label("shark"))  # classes 2, 3 and 4, all within the toy's eight


def toy_logits(toy, image):
    return toy.activations(image, [CLASS_MAP])[CLASS_MAP].mean((2, 3))


def test_seeing_is_the_logarithm_of_the_networks_own_probability(toy, picture):
    batch = torch.cat([picture, 1 - picture])
    source = batch.clone().requires_grad_()
    expected = toy_logits(toy, source).log_softmax(1)[:, 1]
    (gradient,) = torch.autograd.grad(expected.sum(), source)
    scores, ours = value_and_gradient(toy, see("goldfish"), batch)
    assert torch.allclose(scores, expected, atol=1e-5)
    assert torch.allclose(ours, gradient, atol=1e-6)


def test_a_group_is_seen_as_the_sum_of_its_members(toy, picture):
    members = list(SHARKS.label.members)
    objective = parse_objective("see(any shark)")
    assert max(members) < toy.spec.classes
    scores, _ = value_and_gradient(toy, objective, picture)
    chances = toy_logits(toy, picture).softmax(1)[0, members]
    assert scores.item() == pytest.approx(chances.sum().log().item(), abs=1e-5)


def test_of_a_group_the_nearest_member_is_chosen_unless_told(toy, picture):
    logits = verdict_logits(toy, picture)
    members = list(SHARKS.label.members)
    best = members[int(logits[members].argmax())]
    chosen = with_members(parse_objective("2*see(shark) + relu1"), toy, picture)
    assert chosen == 2 * see(str(best)) + parse_objective("relu1")
    for text in ("see(any shark)", "see(tench)", "relu1"):
        objective = parse_objective(text)
        assert with_members(objective, toy, picture) is objective


def test_names_lead_to_labels_and_wrong_ones_to_near_ones():
    assert str(parse_objective("2 * see( Golden_Retriever ) - see(any dogs)")) == (
        "2*see(golden retriever) - see(any dog)"
    )
    assert parse_objective("see(207)") == see("golden retriever")
    with pytest.raises(LabelError, match=r"did you mean.*golden retriever"):
        parse_objective("see(goldn retreiver)")
    with pytest.raises(LabelError, match="empty"):
        parse_objective("see()")
    assert str(parse_mask(" not  see(CAT)")) == "not see(cat)"
    assert parse_mask("see(cat)").inverted is False
    with pytest.raises(ObjectiveError, match=r"write see\(NAME\)"):
        parse_mask("cat")


def test_a_network_without_classes_says_which_have_them():
    with pytest.raises(ObjectiveError, match="efficientnet_lite0, efficientnet_lite1"):
        see("dog").check(find_spec("vgg19"), (300, 300))
    with pytest.raises(NetworkError, match="vgg19 knows no classes"):
        class_map(load_network("vgg19"), torch.rand(1, 3, 64, 64))


def test_a_class_map_is_the_layer_and_the_same_in_tiles(toy, picture):
    whole = class_map(toy, picture)
    assert torch.allclose(whole, toy.activations(picture, [CLASS_MAP])[CLASS_MAP])
    assert torch.allclose(class_map(toy, picture, tile=(12, 14)), whole, atol=1e-5)
    assert torch.equal(class_map(toy, picture, [5, 2]), whole[:, [5, 2]])
    seen = looked_at(picture, toy.spec.trained_at)
    assert torch.allclose(verdict_logits(toy, picture), class_map(toy, seen).mean((0, 2, 3)))


def test_a_mask_is_high_where_the_evidence_is():
    evidence = torch.zeros(1, 2, 6, 8)
    evidence[0, 1, 1, 6] = 5
    mask = where_seen(evidence, (60, 80), sharpness=3)
    assert mask.shape == (1, 1, 60, 80)
    assert mask.min() >= 0
    assert mask.max() <= 1
    row, column = divmod(int(mask.argmax()), 80)
    assert 10 <= row < 20
    assert 60 <= column < 70
    even = where_seen(torch.ones(1, 1, 6, 8), (60, 80), sharpness=3)
    assert torch.allclose(even, torch.full_like(even, 0.5))


def test_a_mask_by_name_and_its_inverse_add_up_to_one(toy, picture):
    seen, rest = (mask_by_name(parse_mask(text), toy, picture) for text in ("see(3)", "not see(3)"))
    assert seen.shape == (1, 1, 40, 52)
    assert (seen.min(), seen.max()) == (0, 1)
    assert torch.allclose(seen + rest, torch.ones_like(seen))


def test_focus_is_for_things_by_name_only(toy, picture):
    recipe = Recipe.complete({"focus": 2, "network": "efficientnet_lite0"})
    mask = focus_on(toy, picture, see("tench") - see("goldfish"), recipe)
    evidence = class_map(toy, picture, [0])
    assert torch.equal(mask, where_seen(evidence, (40, 52), sharpness=2))
    assert focus_on(toy, picture, parse_objective("relu2"), recipe) is None
    assert focus_on(toy, picture, -see("tench") + parse_objective("relu2"), recipe) is None
    without = recipe.with_settings({"focus": 0})
    assert focus_on(toy, picture, see("tench"), without) is None


def test_old_detail_fades_where_nothing_is_seen():
    focus = torch.tensor([0.0, 0.2, 0.8]).reshape(1, 1, 1, 3)
    assert faded(torch.ones(1, 1, 1, 3), focus).flatten().tolist() == pytest.approx([0, 0.5, 1])


def test_margins_rise_from_the_edge_and_masks_multiply():
    assert margins(torch.rand(1, 3, 5, 9), 0) is None
    mask = margins(torch.rand(1, 3, 5, 9), 0.5)
    assert mask.shape == (1, 1, 5, 9)
    assert mask[0, 0, 2].tolist() == [0, 0.5, 1, 1, 1, 1, 1, 0.5, 0]
    assert product(None, None) is None
    assert torch.equal(product(None, mask), mask)
    assert torch.equal(product(mask, mask), mask**2)


def test_an_ensembles_class_map_is_the_mean_of_its_members(picture):
    names = ("efficientnet_lite0", "efficientnet_lite1")
    ensemble = load_network("+".join(names), precision="float32", device="cpu")
    assert isinstance(ensemble, Ensemble)
    assert load_network("+".join(names), precision="float32", device="cpu") is ensemble
    asked = [CLASS_MAP, "efficientnet_lite1::block_2", "block_3"]
    found = ensemble.activations(picture, asked)
    assert list(found) == asked
    single = [load_network(name, precision="float32", device="cpu") for name in names]
    maps = [network.activations(picture, [CLASS_MAP])[CLASS_MAP] for network in single]
    assert torch.allclose(found[CLASS_MAP], (maps[0] + maps[1]) / 2)
    assert torch.equal(found[asked[1]], single[1].activations(picture, ["block_2"])["block_2"])
    assert torch.equal(found["block_3"], single[0].activations(picture, ["block_3"])["block_3"])


def test_an_ensembles_record_has_all_layers_of_all_members():
    first, second = find_spec("vgg19"), find_spec("efficientnet_lite0")
    both = combine((first, second))
    assert find_spec("vgg19 + efficientnet_lite0") == both
    assert both.classes == 1000
    for member in (first, second):
        for layer in member.layers:
            found = both.layer(f"{member.name}::{layer.name}")
            assert (found.channels, found.reach) == (layer.channels, layer.reach)
    assert both.layer("relu4_4").name == "vgg19::relu4_4"
    assert both.layer(both.default_layer).channels == first.layer(first.default_layer).channels
    assert both.layer(CLASS_MAP).reach == second.layer(CLASS_MAP).reach
    with pytest.raises(NetworkError, match="twice"):
        find_spec("vgg19+vgg19")
    with pytest.raises(NetworkError, match="did you mean"):
        find_spec("vgg19+vgg18")
    with pytest.raises(NetworkError, match="several networks"):
        load_network("vgg19+efficientnet_lite0", weights="some.pth")


def test_the_cat_is_seen_and_blank_paper_is_unsure():
    import skimage.data

    cat = torch.from_numpy(skimage.data.chelsea()).permute(2, 0, 1)[None] / 255
    network = load_network("efficientnet_lite0")
    verdict = classify(cat, network=network, top=3)
    assert verdict.sure
    assert len(verdict.guesses) == 3
    assert verdict.guesses[0].name in {"Egyptian cat", "tabby", "tiger cat"}
    chances = [
        guess.probability
        for guess in classify(
            Image.fromarray(skimage.data.chelsea()), network=network, top=1000
        ).guesses
    ]
    assert sum(chances) == pytest.approx(1, abs=1e-3)
    assert chances == sorted(chances, reverse=True)
    assert not classify(torch.full((1, 3, 300, 40), 0.5)).sure


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("efficientnet_lite1+squeezenet1_1", "at different places"),
        ("googlenet+googlenet-places205", "know different classes"),
    ],
)
def test_class_maps_that_do_not_match_have_no_mean_but_layers_are_there(names, said):
    spec = find_spec(names)
    assert not spec.classes
    assert spec.layer(spec.default_layer).channels
    with pytest.raises(ObjectiveError, match=said):
        see("dog").check(spec, (300, 300))
    with pytest.raises(NetworkError, match=said):
        spec.layer(CLASS_MAP)
    assert spec.layer(f"{spec.members[1].name}::{CLASS_MAP}").channels
