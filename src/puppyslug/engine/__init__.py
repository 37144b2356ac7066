"""The dream: octaves, views, masks and focus, one step, preparation, and the one loop."""
