"""Where atlases are found: by network, layer and weights."""

import pytest

from puppyslug.errors import AtlasError
from puppyslug.networks import find_spec
from puppyslug.networks.loader import load_network
from puppyslug.visualization.atlas import (
    AtlasNotBuiltError,
    find_atlas,
    find_usable_atlas,
    list_atlases,
)
from puppyslug.visualization.atlas.index import INDEX_FILE
from puppyslug.visualization.atlas.locations import atlas_folder_name
from support.atlases import make_entry, make_index

OTHER = "f" * 64
PUBLISHED = find_spec("vgg19").expected_sha256


def write_index(parent, weights):
    folder = parent / atlas_folder_name("vgg19", "relu5_2", weights)
    folder.mkdir(parents=True)
    make_index([make_entry(0)], weights=weights).write(folder)
    return folder


def test_an_atlas_is_found_by_its_weights(atlas_folder):
    other = write_index(atlas_folder, OTHER)
    with pytest.raises(AtlasError, match=rf"ffffffff.*{PUBLISHED[:8]}.*puppyslug atlas build"):
        find_atlas("vgg19", "relu5_2")
    published = write_index(atlas_folder, PUBLISHED)
    assert find_atlas("vgg19", "relu5_2").folder == published
    assert find_atlas("vgg19", "relu5_2", OTHER).folder == other


def test_an_atlas_that_is_not_built_names_the_command():
    with pytest.raises(AtlasNotBuiltError, match="puppyslug atlas build vgg19 relu5_1"):
        find_atlas("vgg19", "relu5_1")
    assert find_usable_atlas(find_spec("vgg19"), "relu5_1", PUBLISHED) is None


def test_damaged_atlases_are_reported_and_left_out_of_the_list(atlas_folder):
    folders = {write_index(atlas_folder, weights) for weights in (OTHER, PUBLISHED)}
    (atlas_folder / "damaged").mkdir()
    (atlas_folder / "damaged" / INDEX_FILE).write_text("?")
    errors = []
    assert {atlas.folder for atlas in list_atlases(errors.append)} == folders
    assert len(errors) == 1
    assert "damaged" in str(errors[0])


def test_a_users_atlas_hides_an_included_one(tmp_path, atlas_folder):
    write_index(tmp_path / "built", PUBLISHED)
    included = write_index(tmp_path / "built", OTHER)
    own = write_index(atlas_folder, PUBLISHED)
    assert [atlas.folder for atlas in list_atlases()] == [own, included]


def test_folder_names_are_safe():
    name = atlas_folder_name("a/b.safetensors", "mixed 4c/../x", "0123456789")
    assert "/" not in name and " " not in name
    assert name.endswith("-01234567")


def test_the_weights_of_an_ensemble_are_known_before_it_is_loaded():
    for name in ("vgg19", "efficientnet_lite0+efficientnet_lite1"):
        assert find_spec(name).expected_sha256 == load_network(name).weights_sha256
    assert find_spec("resnet50").expected_sha256.startswith("0676ba61")
    assert find_spec("googlenet").expected_sha256 == ""  # only a SHA-1 was published
