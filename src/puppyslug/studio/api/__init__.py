"""The HTTP API of the studio, one module for each resource."""

from puppyslug.studio.api import choices, dreams, files, networks, training

ROUTERS = (dreams.router, files.router, choices.router, networks.router, training.router)
