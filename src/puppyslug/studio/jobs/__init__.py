"""Jobs of the studio: what they are, where they are stored, how they are submitted and followed."""
