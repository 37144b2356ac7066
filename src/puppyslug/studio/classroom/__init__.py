"""Class mode: a pass phrase, a gallery for each pupil, and a teacher who sees all of them."""
