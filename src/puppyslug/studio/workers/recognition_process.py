"""The main function of the process that says what a network sees in a picture."""

import contextlib
import io
import os
import signal
from functools import lru_cache
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from puppyslug.errors import PuppyslugError
from puppyslug.networks import find_spec
from puppyslug.recipe.defaults import CLASSIFIED_SIDE, TOP_CLASSES
from puppyslug.studio.jobs.finetuned_networks import FinetunedNetworks

if TYPE_CHECKING:
    from puppyslug.networks.network import Network
    from puppyslug.studio.workers.recogniser import RecognitionRequest

NICENESS = 12  # the server has priority, and these requests have it before dreams
MAP_QUALITY = 85  # of the JPEG, 0 to 100


def run_recognition(connection: Connection) -> None:
    """Answer requests until the server closes the connection.

    Each answer is a pair: the result, and the reason why there is none, or an empty text.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server handles Ctrl-C
    with contextlib.suppress(OSError):
        os.nice(NICENESS)
    import torch

    torch.set_num_threads(1)  # the other cores dream
    while True:
        try:
            request = connection.recv()
        except (EOFError, OSError):
            return
        try:
            answer = recognise(request), ""
        except PuppyslugError as error:
            answer = None, str(error)
        except Exception as error:  # report it, so that the process survives
            text = " ".join(str(error).split())[:200]
            answer = None, f"the picture cannot be classified ({type(error).__name__}: {text})"
        connection.send(answer)


def recognise(request: "RecognitionRequest") -> Any:
    """Classify a picture, or locate a class in it.

    Returns:
        A dictionary with the most probable classes; or a JPEG in which the parts that look like
        the class stand out.
    """
    from PIL import Image

    from puppyslug.images.reader import read_image

    FinetunedNetworks(request.networks).register_used(request.network)
    network = _load(request.network, request.version)
    with Image.open(io.BytesIO(request.picture)) as picture:
        image = read_image(picture.convert("RGB"), CLASSIFIED_SIDE).image
    if request.map_class is None:
        return _classify(network, image)
    return _draw_map(network, image, request.map_class)


def _classify(network: "Network", image: Any) -> dict[str, Any]:
    from puppyslug.recognition.classification import classify

    result = classify(image, network=network, top=TOP_CLASSES)
    return {
        "network": network.spec.name,
        "sure": result.sure,
        "classes": [
            {"number": one.number, "name": one.name, "probability": round(one.probability, 4)}
            for one in result.guesses
        ],
    }


def _draw_map(network: "Network", image: Any, number: int) -> bytes:
    from puppyslug.images.overlays import draw_heat_map
    from puppyslug.objectives import ClassMask
    from puppyslug.objectives.terms.see import SeeTerm
    from puppyslug.recognition.masks import mask_from_class

    term = SeeTerm.parse(network.require_vocabulary().class_name(number), network.find_label)
    heat_map = draw_heat_map(image, mask_from_class(ClassMask(term), network, image))
    data = io.BytesIO()
    heat_map.save(data, "JPEG", quality=MAP_QUALITY)
    return data.getvalue()


@lru_cache(maxsize=2)
def _load(name: str, _: float) -> "Network":
    from puppyslug.networks.loader import load_network

    # a name would be a path, or code to import
    return load_network(find_spec(name))
