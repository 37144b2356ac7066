"""Files: atomic writes, locks, hashes, and the user's cache and data folders."""
