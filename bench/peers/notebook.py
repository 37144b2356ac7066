"""The notebook's loop as a script: VGG-19's relu4_4, 4 octaves of 10 steps.

python bench/peers/notebook.py PHOTO RESULT
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2] / "tests"))
from support.notebook import deepdream, vgg19_to

photo, result = sys.argv[1:]
levels = np.asarray(Image.open(photo).convert("RGB"), dtype=np.float32)
dream = deepdream(levels / 255, vgg19_to("relu4_4"))
Image.fromarray(np.uint8(dream.clip(0, 1) * 255)).save(result)
