"""Finetuning of networks to new classes, from folders of images.

Importing this package does not import torch.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from puppyslug.recipe import defaults

if TYPE_CHECKING:
    from puppyslug.training.session import TrainedNetwork


def teach(
    folder: str | Path, *, network: str = defaults.CLASSIFIER, seed: int = defaults.SEED
) -> "TrainedNetwork":
    """Finetune a network to recognise the classes of a folder of images.

    Args:
        folder: contains a folder of images for each class; one called ``none`` contains images of
            none of the classes.
        network: name of the network to finetune.
        seed: of the holdout split, the augmentation and the order of the examples.

    Returns:
        The network and its evaluation; write its file with ``TrainedNetwork.save``.

    Raises:
        NetworkError: no such network, or it cannot be finetuned.
        TrainingError: the images cannot be used.
    """
    from puppyslug.training.image_folder import find_class_folders
    from puppyslug.training.session import load_base_network, training_steps

    folders = find_class_folders(Path(folder))
    trained = None
    for progress in training_steps(folders, load_base_network(network), seed=seed):
        trained = progress.network
    assert trained is not None
    return trained
