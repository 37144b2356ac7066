"""Files: written atomically, locked, and the folders that belong to the user."""
