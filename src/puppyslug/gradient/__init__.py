"""Value and gradient of an objective at a picture, whole or in exact tiles that fit memory."""
