import pytest

from puppyslug.labels.spelling import normalise, spelling_key, spelling_keys


@pytest.mark.parametrize(
    ("name", "normalised"),
    [
        ("Jack-o'-Lantern", "jack o lantern"),
        ("Great_Dane", "great dane"),
        ("consommé", "consomme"),
        ("  a.b  C ", "ab c"),
        ("!?", ""),
    ],
)
def test_names_are_normalised(name, normalised):
    assert normalise(name) == normalised


def test_spellings_of_a_name_share_their_key():
    assert {spelling_key(name) for name in ("hot dog", "Hot_Dog", "hotdog")} == {"hotdog"}


@pytest.mark.parametrize(
    ("plural", "singular"),
    [("Foxes", "fox"), ("wolves", "wolf"), ("knives", "knife"), ("berries", "berry")],
)
def test_the_keys_of_a_plural_include_the_singular(plural, singular):
    keys = list(spelling_keys(plural))
    assert keys[0] == spelling_key(plural)
    assert singular in keys
