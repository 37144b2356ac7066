"""Deep Dream as in Keras: a gradient tape in a tf.function, octaves by tf.image.resize.

    pip install tensorflow-cpu
    python bench/peers/keras_dream.py PHOTO RESULT

Like the other contenders, it climbs the mean square of VGG-19's relu4_4 in 4 octaves of 10 steps,
each along the gradient over its mean size. The weights are random, since Keras downloads its own:
the time does not depend on them.
"""

import sys

import numpy as np
import tensorflow as tf
from PIL import Image

OCTAVES, SCALE, STEPS, STEP_SIZE = 4, 1.4, 10, 1.5

photo, result = sys.argv[1:]
vgg19 = tf.keras.applications.VGG19(weights=None, include_top=False)
network = tf.keras.Model(vgg19.input, vgg19.get_layer("block4_conv4").output)


@tf.function(reduce_retracing=True)
def step(image: tf.Tensor) -> tf.Tensor:
    """Climb the gradient by one step."""
    with tf.GradientTape() as tape:
        tape.watch(image)
        loss = tf.reduce_mean(tf.square(network(image)))
    gradient = tape.gradient(loss, image)
    size = tf.maximum(tf.reduce_mean(tf.abs(gradient)), 1e-30)
    return tf.clip_by_value(image + STEP_SIZE * gradient / size, -127.0, 127.0)


levels = np.asarray(Image.open(photo).convert("RGB"), dtype=np.float32)
original = tf.constant(levels[None] - 127)
height, width = levels.shape[:2]
detail = tf.zeros_like(original)
for octave in range(OCTAVES):
    scale = SCALE ** (OCTAVES - 1 - octave)
    size = (round(height / scale), round(width / scale))
    base = tf.image.resize(original, size)
    image = base + tf.image.resize(detail, size)
    for _ in range(STEPS):
        image = step(image)
    detail = image - base
Image.fromarray(np.uint8(image[0].numpy() + 127)).save(result)
