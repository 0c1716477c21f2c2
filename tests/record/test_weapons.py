"""A weapon as a text writes it has the models that the table of strikes knows."""

import pytest

from tocsin.record.weapons import models


@pytest.mark.parametrize(
    ("words", "known"),
    [
        ("ударних БпЛА типу Shahed", {"Shahed-136/131"}),
        ("attack drones", {"Shahed-136/131"}),
        ("балістичною ракетою Іскандер-М", {"Iskander-M"}),
        ("Іскандер-М/С-400", {"Iskander-M", "C-400"}),
        ("крилаті ракети «Іскандер-К»", {"Iskander-K"}),
        ("Kh-101 missiles", {"X-101"}),
        ("крилатих ракет Х-101", {"X-101"}),
        ("дві ракети Х-59/69", {"X-59", "X-69"}),
        ("ракетами Х-31П", {"X-31P"}),
        ("ракети С-300", {"C-300"}),
        ("Х-47М2 «Кинджал»", {"X-47 Kinzhal"}),
        ("cruise missiles", {"missiles"}),
        ("повітряних цілей", {"targets"}),
        ("розвідувальний безпілотник", {"Reconnaissance UAV"}),
        ("guided bombs", {"Aerial Bomb"}),
        ("people", set()),
    ],
)
def test_a_weapon_has_its_models(words, known):
    """In Latin or Cyrillic letters, in any case; a phrase that names two is both."""
    assert models(words) == known
