"""Video: reading and writing files, and rendering zooms, journeys and films frame by frame."""
