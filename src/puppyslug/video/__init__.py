"""Dreams in motion: the codec, and zoom, journey and film as generators of frames."""
