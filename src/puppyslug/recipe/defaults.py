"""Default values of everything that a user may leave unset. Nothing here imports torch.

The fields of a recipe state their own defaults in ``puppyslug.recipe.fields``; options that are not
fields, and values that several fields or commands share, stand here. ``cli/`` and ``studio/`` refer
to both and never repeat a value.
"""

from typing import Final, Literal

PRESET: Final = "classic"
NETWORK: Final = "vgg19"
STARTING_IMAGE: Final = "clouds"
PHOTO_SIDE: Final = 1024  # pixels, longest side of a photo
STARTING_IMAGE_SIZE: Final = (360, 640)  # (height, width) of noise and clouds
SEED: Final = 0
BENCHMARK_DEVICE: Final = "auto"

SEE_PRESET: Final = "named"  # of dreams of a named class
SEE_FILM_PRESET: Final = "natural"  # of films of a named class, and of those grown by octaves
CLASSIFIER: Final = "efficientnet_lite0"  # finds named classes for networks without classes
ATLAS_CLASSIFIER: Final = "efficientnet_lite0+efficientnet_lite1"  # captions portraits
SEE_NETWORK: Final = "vgg19+efficientnet_lite0+efficientnet_lite1"  # for dreams of named classes
TOP_CLASSES: Final = 5  # guesses of a classification
CLASSIFIED_SIDE: Final = 1024  # pixels, longest side of an image that is classified
CHANNEL_RESULTS: Final = 6  # channels that activate most strongly on an image
CHANNELS_SIDE: Final = 640  # pixels, longest side of an image whose channels are ranked
GUIDE_MATCHING: Final = "patches"  # how a guide is matched
SHEET_SIDE: Final = 480  # pixels, longest side of each image of a contact sheet
SHEET_STRENGTHS: Final = (0.25, 0.5, 0.75, 1.0)  # that a sheet compares

FILM_PRESET: Final = "film"
FILM_SIDE: Final = 640  # pixels, longest side of a film frame
DRAFT_EVERY: Final = 4  # frames of a film, of which a draft dreams one
DRAFT_OCTAVES: Final = 2  # of a zoom or journey that a draft of half the size leaves out
FILM_FPS: Final = 25  # frames per second of zooms and journeys
FILM_QUALITY: Final = 80  # 0 to 100
FLOWS: Final = ("dis", "none")
FLOW: Final = "dis"
MUSIC_ATTACK: Final = 0.02  # seconds in which signals of a song rise
MUSIC_RELEASE: Final = 0.25  # seconds in which they fall
TIMELAPSE_FPS: Final = 12  # frames per second
ZOOM: Final = 1.05  # magnification per frame of zooms and journeys, as in the notebook
ZOOM_FRAMES: Final = 100
FILM_STARTING_IMAGE: Final[Literal["noise", "clouds"]] = (
    "noise"  # starting image of zooms and journeys
)
FRAMES_PER_LAYER: Final = 100  # of a journey
CROSSFADE: Final = 10  # frames over which a journey changes its layer

LIVE_PRESET: Final = "live"
LIVE_SIDE: Final = 320  # pixels, longest side of the largest working size
LIVE_FPS: Final = 10  # frames per second
MOVING_PRESETS: Final = (FILM_PRESET, LIVE_PRESET)  # not for still pictures

PORTRAIT_SIDE: Final = 224  # pixels
PORTRAIT_STEPS: Final = 192
PORTRAIT_BATCH: Final = 1  # variants
PORTRAIT_DIVERSITY: Final = 2.0  # of variants of one objective
OBJECTIVES_DIVERSITY: Final = 0.0  # of portraits of different objectives
CHANNEL_ATLAS_SIDE: Final = 112  # pixels, of a channel's portrait in an atlas
CHANNEL_ATLAS_STEPS: Final = 48
CLASS_ATLAS_SIDE: Final = 128  # pixels, of a class's portrait in an atlas
CLASS_ATLAS_STEPS: Final = 64
ATLAS_RESULTS: Final = 12  # of a search

STUDIO_HOST: Final = "127.0.0.1"
CLASS_HOST: Final = "0.0.0.0"  # pupils come from other machines
STUDIO_PORT: Final = 8000
STUDIO_WORKERS: Final = 1  # dreams at the same time
STUDIO_DISK_QUOTA: Final = "10GB"  # for dreams
