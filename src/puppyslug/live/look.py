"""The look of a live dream: its settings, prepared for the frames of a camera."""

from collections.abc import Mapping
from typing import Any

from PIL import Image

from puppyslug.engine.preparation import prepare
from puppyslug.engine.prepared_dream import PreparedDream
from puppyslug.networks.network import Network
from puppyslug.recipe import InputFiles, Recipe, expand_shorthand, live_preset, merge_settings
from puppyslug.video.frames import Pixels


class Look:
    """Settings, and the dream that was prepared with them.

    Attributes:
        prepared: the dream, for frames of the size of the first one.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        pixels: Pixels,
        side: int,
        files: InputFiles | None = None,
        network: Network | None = None,
    ) -> None:
        """Load the network, and prepare the dream.

        Args:
            settings: fields of a recipe and shorthand; the preset ``live`` is the default.
            pixels: the first frame, H×W×3.
            side: longest side of the largest working size, in pixels.
            files: mask, guides, weights and labels.
            network: a loaded network, in place of the settings' one.

        Raises:
            PuppyslugError: the settings are invalid, or do not fit the frame.
        """
        self._side, self._files = side, files or InputFiles()
        self._network = network
        self._spec = None if network is None else network.spec
        self._settings: dict[str, Any] = {}
        preset = {} if network is not None else live_preset(settings)
        self.prepared = self._prepare({**preset, **settings}, pixels)

    def change(self, changes: Mapping[str, Any], pixels: Pixels) -> None:
        """Change settings; on an error everything stays as it was.

        Args:
            changes: fields of a recipe and shorthand; None unsets a field. Files cannot change.
            pixels: the current frame, H×W×3.

        Raises:
            PuppyslugError: the settings are invalid, or do not fit the frame.
        """
        merged = merge_settings(self._settings, changes, self._spec)
        self.prepared = self._prepare(merged, pixels)

    @property
    def min_side(self) -> int:
        """Shorter side that the layers need at least, in pixels."""
        layers = self.prepared.recipe.combined_objective().layers
        return max(self.prepared.network.spec.layer(name).min_size for name in layers)

    def _prepare(self, settings: Mapping[str, Any], pixels: Pixels) -> PreparedDream:
        expanded = expand_shorthand(settings, self._spec)
        fixed = {"size": str(self._side), "method": "octaves"}
        prepared = prepare(
            Recipe.complete({**expanded, **fixed}, self._spec),
            Image.fromarray(pixels),
            self._files,
            network=self._network,
            allow_empty_mask=True,
        )
        self._settings = expanded
        return prepared
