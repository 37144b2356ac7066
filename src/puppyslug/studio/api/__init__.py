"""The HTTP API of the studio, one module for each resource."""

from puppyslug.studio.api import (
    choices,
    classroom,
    download,
    dreams,
    events,
    files,
    live,
    looks,
    networks,
    queue,
    recognition,
    tags,
    training,
)

ROUTERS = (
    dreams.router,
    files.router,
    choices.router,
    networks.router,
    training.router,
    events.router,
    recognition.router,
    download.router,
    live.router,
    looks.router,
    tags.router,
    queue.router,
    classroom.router,
    classroom.teacher_router,
)
