"""The recipe: its fields, presets, sizes, shorthand, schedule. Every default stands here, once."""
