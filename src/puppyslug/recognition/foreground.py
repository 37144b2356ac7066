"""The foreground of a picture: by where a network responds, by colour, and by GrabCut."""

import numpy as np
import torch
from numpy.typing import NDArray

from puppyslug.images.resampling import resize
from puppyslug.networks.network import Network
from puppyslug.recognition.regions import to_lab
from puppyslug.recognition.segmentation import Pixels, Plane, Trimap, segment

RESPONSE_LAYER = "block_15"  # of the default classifier; below it, textures count as much as things
_MIN_CONTRAST = 8  # units of CIE L*a*b*; in flatter pictures, nothing stands out
_BORDER = 1 / 25  # of each side, which is taken as background
_MIN_BORDER_SHARE = 0.1  # of the border that shows background at least
_BORDER_COLOURS = 5  # colours of the background
_MAX_BORDER_POINTS = 4000
_BLUR = 1 / 60  # of the longer side
_BRIGHTEST_SHARE = {"response": 0.95, "colour": 0.98}  # quantiles above which both are clipped
_CERTAIN_BACKGROUND = 0.4  # of the threshold, below which there is no foreground
_CERTAIN_FOREGROUND = 0.8  # of the way from the threshold of the response to its maximum


def network_response(network: Network, pixels: Pixels) -> Plane:
    """Compute how strongly a network responds at every position, whatever it sees there.

    The positive part of a deep layer, summed over its channels, is large on things and small on
    their surroundings (Wei, Luo, Wu and Zhou, "Selective Convolutional Descriptor Aggregation for
    Fine-Grained Image Retrieval", 2017, arXiv:1604.04994).

    Args:
        network: one with the layer ``RESPONSE_LAYER``.
        pixels: H×W×3 RGB; pictures that are too small for the layer are enlarged.

    Returns:
        H×W in [0, 1].
    """
    import cv2

    height, width = pixels.shape[:2]
    image = torch.from_numpy(np.array(pixels)).permute(2, 0, 1)[None].float() / 255
    scale = network.spec.layer(RESPONSE_LAYER).min_size / min(height, width)
    if scale > 1:
        image = resize(image, (round(height * scale), round(width * scale)))
    with torch.no_grad():
        activation = network.activations(image.to(network.device), [RESPONSE_LAYER])
    total = activation[RESPONSE_LAYER][0].float().clamp(min=0).sum(0).cpu().numpy()
    enlarged = cv2.resize(total, (width, height), interpolation=cv2.INTER_CUBIC)
    return _normalise(_blur(np.asarray(enlarged, np.float32)), "response")


def foreground_mask(pixels: Pixels, response: Plane | None = None) -> Plane:
    """Compute what stands out from the background, which is seen along the border of the picture.

    Where a network responds strongly, the border shows the subject instead. What differs from the
    colours of the background, and where the network responds, starts GrabCut.

    Args:
        pixels: H×W×3 RGB.
        response: H×W as returned by ``network_response``; None for a foreground by colour alone,
            which touches no border.

    Returns:
        H×W, 0 or 1; 0 everywhere if nothing stands out.
    """
    border = _border(pixels)
    background = border
    if response is not None:
        quiet = border & (response < _threshold(response))
        background = quiet if quiet.sum() > _MIN_BORDER_SHARE * border.sum() else border
    lab = to_lab(pixels)
    distance = _distance_from(lab, _main_colours(lab[background]))
    if float(distance.max()) < _MIN_CONTRAST:
        return np.zeros(border.shape, np.float32)
    y, x = np.mgrid[-1 : 1 : border.shape[0] * 1j, -1 : 1 : border.shape[1] * 1j]
    difference = np.asarray(_blur(distance) * np.exp(-(x**2 + y**2)), np.float32)
    if response is None:
        return segment(pixels, _trimap_by_colour(difference, border))
    saliency = _normalise(_normalise(difference, "colour") + response)
    return segment(pixels, _trimap(saliency, response, border))


def _trimap_by_colour(difference: Plane, border: NDArray[np.bool_]) -> Trimap:
    import cv2

    levels = (255 * difference / difference.max()).astype(np.uint8)
    threshold = _otsu(levels)
    labels = np.where(levels > threshold, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[border] = cv2.GC_BGD
    return Trimap(labels)


def _trimap(saliency: Plane, response: Plane, border: NDArray[np.bool_]) -> Trimap:
    import cv2

    threshold, high = _threshold(saliency), _threshold(response)
    labels = np.where(saliency > threshold, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[saliency < _CERTAIN_BACKGROUND * threshold] = cv2.GC_BGD
    labels[border & (saliency <= threshold) & (response < high)] = cv2.GC_BGD
    certain = response > high + _CERTAIN_FOREGROUND * (1 - high)
    labels[certain & (saliency > threshold)] = cv2.GC_FGD
    return Trimap(labels)


def _border(pixels: Pixels) -> NDArray[np.bool_]:
    height, width = pixels.shape[:2]
    rows, columns = max(1, round(height * _BORDER)), max(1, round(width * _BORDER))
    border = np.ones((height, width), bool)
    border[rows:-rows, columns:-columns] = False
    return border


def _normalise(plane: Plane, kind: str = "") -> Plane:
    """Map the least value to 0 and the largest, or a quantile, to 1."""
    highest = np.quantile(plane, _BRIGHTEST_SHARE[kind]) if kind else plane.max()
    lowest = plane.min()
    result = (plane - lowest) / max(float(highest - lowest), 1e-9)
    return np.asarray(result.clip(0, 1), np.float32)


def _threshold(plane: Plane) -> float:
    """Return the threshold of Otsu (1979) for values in [0, 1]."""
    return _otsu((255 * plane).astype(np.uint8)) / 255


def _otsu(levels: NDArray[np.uint8]) -> float:
    import cv2

    return cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[0]


def _blur(plane: Plane) -> Plane:
    import cv2

    return np.asarray(cv2.GaussianBlur(plane, (0, 0), max(plane.shape) * _BLUR), np.float32)


def _main_colours(colours: Plane) -> Plane:
    """Return the main colours of N×3 points, _BORDER_COLOURS×3, by k-means."""
    import cv2

    points = np.ascontiguousarray(colours[:: max(1, len(colours) // _MAX_BORDER_POINTS)])
    count = min(_BORDER_COLOURS, len(points))
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    cv2.setRNGSeed(0)
    _, _, centres = cv2.kmeans(points, count, None, criteria, 2, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
    return np.asarray(centres, np.float32)


def _distance_from(lab: Plane, colours: Plane) -> Plane:
    distances = [np.linalg.norm(lab - colour, axis=2) for colour in colours]
    return np.asarray(np.min(distances, axis=0), np.float32)
