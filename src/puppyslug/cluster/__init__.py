"""Films, atlases and pictures on a Ray cluster: the optional extra ``puppyslug[cluster]``.

Ray schedules processes and ships objects; this package defines the jobs. No other package imports
Ray, and this one imports it only when a command connects to a cluster.
"""

from puppyslug.cluster.connection import connect
from puppyslug.cluster.ray_cluster import Cluster

__all__ = ["Cluster", "connect"]
