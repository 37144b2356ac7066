"""How fast this machine computes: its roof, and the share of it that each network reaches."""
