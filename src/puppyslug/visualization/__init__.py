"""Feature visualisation: pictures whose unknown is a spectrum, and atlases of such portraits."""
