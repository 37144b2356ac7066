"""Runs a task of any kind in this process, and reports how it ended."""

from collections.abc import Callable

from puppyslug.errors import PuppyslugError
from puppyslug.studio.workers.protocol import JobCancelledError, JobControl, Task

Runner = Callable[[Task, JobControl], None]
RunnerFactory = Callable[[int | None], Runner]  # called with the number of threads; None for all


def create_local_runner(threads: int | None) -> Runner:
    """Initialise torch, and return the function that runs a task in this process."""
    import torch

    from puppyslug.studio.workers import dream_task  # noqa: F401  load it before the first task

    if threads is not None:
        torch.set_num_threads(threads)
    return run_task


def run_task(task: Task, control: JobControl) -> None:
    """Run a task to its end; emit done, failed or cancelled."""
    try:
        if task.job.is_training:
            from puppyslug.studio.workers.training_task import run_training

            run_training(task, control)
        else:
            from puppyslug.studio.workers.dream_task import run_dream

            run_dream(task, control)
    except JobCancelledError:
        control.emit("cancelled")
    except PuppyslugError as error:
        control.emit("failed", str(error))
    except MemoryError:
        control.emit("failed", "out of memory; choose a smaller size, or fewer pictures")
    except Exception as error:  # report it, so that the worker survives for the next job
        text = " ".join(str(error).split())[:300]
        control.emit("failed", f"unexpected {type(error).__name__}: {text}")
    else:
        control.emit("done")
