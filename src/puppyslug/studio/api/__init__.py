"""The HTTP API of the studio, one module for each resource."""

from puppyslug.studio.api import (
    choices,
    classroom,
    download,
    dreams,
    events,
    files,
    networks,
    recognition,
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
    classroom.router,
    classroom.teacher_router,
)
