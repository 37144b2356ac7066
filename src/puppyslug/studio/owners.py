"""Owners of jobs: the id of a browser, which is a hash of the secret in its cookie."""

import hashlib
import secrets


def new_secret() -> str:
    """Return a new secret for a browser's cookie."""
    return secrets.token_urlsafe(24)


def owner_of(secret: str) -> str:
    """Return the id of the browser that has a secret; empty for an empty secret."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()[:20] if secret else ""
