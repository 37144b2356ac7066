"""The same jobs on many machines, by Ray: the extra ``puppyslug[cluster]``.

Ray schedules, ships objects, and starts again what died; this room says what a job is. Nothing but
this room imports ray, and it does so only once a cluster is asked for.
"""

from puppyslug.cluster.connection import Cluster, connected

__all__ = ["Cluster", "connected"]
