"""A training session: from folders of images to a finetuned network."""

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import safetensors.torch
import torch
from torch import Tensor

from puppyslug.errors import NetworkError
from puppyslug.files.atomic import write_atomically
from puppyslug.isolation.torch_state import isolated
from puppyslug.networks import find_spec
from puppyslug.networks.architectures import create_architecture
from puppyslug.networks.finetuned import FinetunedHeader, header_metadata, make_finetuned_spec
from puppyslug.networks.loader import load_network
from puppyslug.networks.network import Network
from puppyslug.networks.specs import FinetunedHead
from puppyslug.recognition.classification import calibrate_logits
from puppyslug.training.calibration import DEFAULT_THRESHOLD, calibrate, scale_for_dreams
from puppyslug.training.classifier import (
    LinearClassifier,
    TrainedClassifier,
    error_rate,
    fit_classifier,
    pool_features,
)
from puppyslug.training.dataset import FeatureDataset, build_dataset
from puppyslug.training.evaluation import (
    BasePrediction,
    HoldoutPrediction,
    holdout_result,
    predict_holdout,
    predict_with_base,
)
from puppyslug.training.feature_extractor import FeatureExtractor
from puppyslug.training.image_folder import ClassFolder, ImageCollection, read_images
from puppyslug.training.last_block import MAX_EPOCHS, LastBlockTrainer

# completed shares of the running time, after reading, feature extraction and the classifier
_READ, _EXTRACTED, _FITTED = 0.08, 0.82, 0.86


@dataclass(frozen=True)
class TrainedNetwork:
    """A finetuned network, and its evaluation.

    Attributes:
        header: of the network's file.
        state_dict: weights by name, float32.
        images: all images of the training session.
        holdout_predictions: one for each holdout image.
        base_predictions: for each class, the base's likeliest classes for its training images.
    """

    header: FinetunedHeader
    state_dict: dict[str, Tensor]
    images: ImageCollection
    holdout_predictions: tuple[HoldoutPrediction, ...]
    base_predictions: tuple[tuple[BasePrediction, ...], ...]

    def save(self, path: Path, *, overwrite: bool = False) -> None:
        """Write the network's file.

        Raises:
            OutputError: the file exists, or cannot be written.
        """
        data = safetensors.torch.save(self.state_dict, header_metadata(self.header))
        write_atomically(path, data, overwrite=overwrite)


class TrainingProgress(NamedTuple):
    """The progress of a training session.

    Attributes:
        fraction: completed share, in [0, 1].
        stage: what is being done, in a few words.
        notices: new messages for the user.
        network: the best network so far, if there is one.
        checkpoint: tensors from which the session can resume, if there are any.
    """

    fraction: float
    stage: str
    notices: tuple[str, ...] = ()
    network: TrainedNetwork | None = None
    checkpoint: dict[str, Tensor] | None = None


def load_base_network(name: str) -> Network:
    """Load the network to finetune, in float32.

    Raises:
        NetworkError: no such network, or it cannot be finetuned.
    """
    spec = find_spec(name)
    if spec.finetuned is not None:
        raise NetworkError(
            f"{spec.name} is a finetuned network already; teach {spec.finetuned.base} all classes "
            "together"
        )
    if spec.members or spec.is_external:
        kind = "an ensemble" if spec.members else "an external module"
        raise NetworkError(
            f"{spec.name} is {kind}, which cannot be taught; choose one of 'puppyslug networks'"
        )
    return load_network(spec.without_probe(), precision="float32", device="cpu", winograd=0)


@isolated
def training_steps(
    folders: Mapping[str, ClassFolder],
    base: Network,
    *,
    seed: int = 0,
    checkpoint: dict[str, Tensor] | None = None,
) -> Iterator[TrainingProgress]:
    """Finetune a network to recognise new classes.

    A new classifier is trained first. If it makes mistakes on the holdout, the last block is
    trained with it. The same images, seed and number of threads give the same network.

    Args:
        folders: as returned by ``find_class_folders``.
        base: as returned by ``load_base_network``.
        seed: of the holdout split, the augmentation and the order of the examples.
        checkpoint: of an interrupted session on the same images, to resume from.

    Yields:
        The progress; the last one has the network.

    Raises:
        TrainingError: the images cannot be used.
    """
    images = yield from _read(folders)
    yield TrainingProgress(_READ, "extracting features", images.notices)
    dataset, cache_full = yield from _extract_features(images, base, seed)
    notices = ("the cache is full, so a repeated training will be no faster",) if cache_full else ()
    yield TrainingProgress(_EXTRACTED, "training the classifier", notices)
    session = _TrainingSession(base, images, dataset, seed)
    start = session.fit_classifier()
    network = session.finish(start)
    yield TrainingProgress(_FITTED, "calibrating", network=network)
    if dataset.holdout is None or not session.needs_last_block(start):
        yield TrainingProgress(1.0, "done", network=network)
        return
    best = start
    trainer = LastBlockTrainer(start, dataset.train, dataset.holdout, seed)
    for epoch in trainer.epochs(checkpoint):
        if epoch.best is not best:
            best, network = epoch.best, session.finish(epoch.best)
        fraction = 1.0 if epoch.is_last else _FITTED + (1 - _FITTED) * epoch.number / MAX_EPOCHS
        stage = f"last block, epoch {epoch.number} of {MAX_EPOCHS}"
        yield TrainingProgress(fraction, stage, (), network, epoch.checkpoint)


def _read(
    folders: Mapping[str, ClassFolder],
) -> Generator[TrainingProgress, None, ImageCollection]:
    for step in read_images(folders):
        if isinstance(step, ImageCollection):
            images = step
        else:
            stage = f"reading {step.done} of {step.total}"
            yield TrainingProgress(_READ * step.done / step.total, stage)
    return images


def _extract_features(
    images: ImageCollection, base: Network, seed: int
) -> Generator[TrainingProgress, None, tuple[FeatureDataset, bool]]:
    """Build the dataset; also return whether the cache of features is full."""
    extractor = FeatureExtractor(base)
    for step in build_dataset(images, extractor, seed):
        if isinstance(step, FeatureDataset):
            dataset = step
        else:
            fraction = _READ + (_EXTRACTED - _READ) * step.done / step.total
            yield TrainingProgress(fraction, f"view {step.done} of {step.total}")
    extractor.prune_cache()
    return dataset, extractor.cache_full


class _TrainingSession:
    """The constants of a training session, and the steps that depend on them."""

    def __init__(
        self, base: Network, images: ImageCollection, dataset: FeatureDataset, seed: int
    ) -> None:
        self._base, self._images, self._dataset, self._seed = base, images, dataset, seed

    def fit_classifier(self) -> TrainedClassifier:
        """Train the classifier alone."""
        train, holdout = self._dataset.train, self._dataset.holdout
        return fit_classifier(self._base.architecture, train, holdout, self._base.spec.classes)

    def needs_last_block(self, trained: TrainedClassifier) -> bool:
        """Return whether the classifier makes mistakes on the holdout."""
        holdout = self._dataset.holdout
        assert holdout is not None
        features = pool_features(trained.architecture, holdout.block_inputs)
        return error_rate(trained.classifier.logits(features), holdout) > 0

    def finish(self, trained: TrainedClassifier) -> TrainedNetwork:
        """Calibrate and evaluate a classifier."""
        train, holdout = self._dataset.train, self._dataset.holdout
        names = self._images.class_names
        features = pool_features(trained.architecture, train.block_inputs)
        classifier = scale_for_dreams(trained.classifier, features, train)
        head = FinetunedHead(self._base.spec.name, names, confidence_threshold=DEFAULT_THRESHOLD)
        predictions: tuple[HoldoutPrediction, ...] = ()
        if holdout is not None:
            features = pool_features(trained.architecture, holdout.block_inputs)
            logits = classifier.logits(features)
            head = calibrate(head, logits, holdout)
            predictions = predict_holdout(
                self._dataset.holdout_images,
                calibrate_logits(logits, head),
                names,
                head.confidence_threshold,
            )
        header = self._header(head, predictions, trained_last_block=trained.trained_last_block)
        return TrainedNetwork(
            header,
            finetuned_state_dict(self._base, trained.architecture, classifier, header),
            self._images,
            predictions,
            predict_with_base(self._base, train),
        )

    def _header(
        self,
        head: FinetunedHead,
        predictions: tuple[HoldoutPrediction, ...],
        *,
        trained_last_block: bool,
    ) -> FinetunedHeader:
        spec, vocabulary = self._base.spec, self._base.vocabulary
        base_classes: tuple[str, ...] = ()
        if vocabulary is not None and not spec.vocabulary:  # puppyslug does not include the names
            base_classes = tuple(vocabulary.class_name(n) for n in range(spec.classes))
        return FinetunedHeader(
            base=spec.name,
            base_weights=self._base.weights_sha256,
            new_classes=head.new_classes,
            base_classes=base_classes,
            logit_scale=head.logit_scale,
            logit_bias=head.logit_bias,
            confidence_threshold=head.confidence_threshold,
            licence=spec.licence,
            image_counts=tuple(len(one.images) for one in self._images.classes),
            holdout=holdout_result(predictions, head.new_classes),
            seed=self._seed,
            trained_last_block=trained_last_block,
        )


def finetuned_state_dict(
    base: Network,
    architecture: torch.nn.Module,
    classifier: LinearClassifier,
    header: FinetunedHeader,
) -> dict[str, Tensor]:
    """Return the weights of a finetuned network by the names of its architecture, float32."""
    spec = make_finetuned_spec(base.spec, header.head, name="")
    target = create_architecture(spec, device="meta")
    layer = next(name for name, module in target.named_modules() if module is target.classifier)
    weight = torch.cat([classifier.weight, classifier.base_weight.to(classifier.weight)])
    bias = torch.cat([classifier.bias, classifier.base_bias.to(classifier.bias)])
    tensors = dict(architecture.state_dict())
    tensors |= {f"{layer}.weight": weight[:, :, None, None], f"{layer}.bias": bias}
    return {name: tensors[name].detach().float().contiguous() for name in target.state_dict()}
