"""The compiled library of ``native.c``, and the threads that run it.

The library is built when puppyslug is installed; an installation without a C compiler has none, and
computes the same in plain torch. The threads are Python's, which sleep while they wait; those of
OpenMP keep a core busy.
"""

import ctypes
import functools
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import torch
from torch import Tensor

LIBRARY_FILE = "_native.so"

_INTEGER, _POINTER = ctypes.c_int64, ctypes.c_void_p


class Tiles(ctypes.Structure):
    """The struct ``Tiles`` of native.c: an image, and some of its tiles."""

    _fields_ = [
        ("height", _INTEGER),
        ("width", _INTEGER),
        ("channels", _INTEGER),
        ("across", _INTEGER),
        ("first", _INTEGER),
        ("count", _INTEGER),
        ("plane", _INTEGER),
        ("bfloat16", _INTEGER),
        ("relu", _INTEGER),
    ]


class Depthwise(ctypes.Structure):
    """The struct ``Depthwise`` of native.c: a depthwise convolution, and the rows to compute."""

    _fields_ = [
        ("height", _INTEGER),
        ("width", _INTEGER),
        ("channels", _INTEGER),
        ("out_height", _INTEGER),
        ("out_width", _INTEGER),
        ("kernel", _INTEGER),
        ("stride", _INTEGER),
        ("top", _INTEGER),
        ("left", _INTEGER),
        ("first", _INTEGER),
        ("count", _INTEGER),
        ("bfloat16", _INTEGER),
    ]


_TILES, _DEPTHWISE = ctypes.POINTER(Tiles), ctypes.POINTER(Depthwise)
_POOL = (_POINTER, _POINTER, _INTEGER, _INTEGER, _POINTER, _POINTER)
_SIGNATURES: dict[str, tuple[type, ...]] = {
    "transform_inputs": (_TILES, _POINTER, _POINTER, _POINTER),
    "transform_outputs": (_TILES, _POINTER, _POINTER, _POINTER, _POINTER),
    "depthwise_forward": (_DEPTHWISE, *(_POINTER,) * 4),
    "depthwise_backward": (_DEPTHWISE, *(_POINTER,) * 3),
    "moments": (*(_POINTER,) * 2, *(_INTEGER,) * 4, *(_POINTER,) * 2, _INTEGER),
    "pack_signs": (_POINTER, _POINTER, _INTEGER, _INTEGER),
    "mask_by_signs": (_POINTER, _POINTER, _POINTER, _INTEGER, _INTEGER),
    "pool_float32": _POOL,
    "pool_bfloat16": _POOL,
    "unpool_float32": _POOL,
    "unpool_bfloat16": _POOL,
}


@functools.cache
def load_library() -> ctypes.CDLL | None:
    """Load the compiled library; None if this installation has none."""
    try:
        library = ctypes.CDLL(str(Path(__file__).with_name(LIBRARY_FILE)))
    except OSError:
        return None
    for name, argument_types in _SIGNATURES.items():
        function = getattr(library, name)
        function.argtypes, function.restype = argument_types, None
    return library


def library_for(x: Tensor) -> ctypes.CDLL | None:
    """Return the library if it computes tensors of this type and device, else None."""
    is_supported = x.device.type == "cpu" and x.dtype in (torch.float32, torch.bfloat16)
    return load_library() if is_supported else None


def run_in_threads(work: Callable[[], None]) -> None:
    """Run a function in each of torch's number of threads; in each, torch uses that thread only."""
    threads = torch.get_num_threads()
    if threads == 1:
        work()
        return
    for future in [_thread_pool(threads).submit(work) for _ in range(threads)]:
        future.result()


def share_tasks(work: Callable[..., None], tasks: Iterable[tuple[int, ...]]) -> None:
    """Call a function with each of the tasks, in as many threads as ``run_in_threads`` uses."""
    remaining = iter(list(tasks))  # of a list, which several threads may share

    def work_on_tasks() -> None:
        for task in remaining:
            work(*task)

    run_in_threads(work_on_tasks)


@functools.cache
def _thread_pool(threads: int) -> ThreadPoolExecutor:
    """Return a pool of threads that exist until the process ends."""
    started = Barrier(threads + 1)
    pool = ThreadPoolExecutor(
        threads, "puppyslug", initializer=torch.set_num_threads, initargs=(1,)
    )
    for _ in range(threads):
        pool.submit(started.wait)
    started.wait()
    torch.set_num_threads(threads)  # the default of other threads, which the initialisers changed
    return pool


if hasattr(os, "register_at_fork"):  # a forked process has only the thread that forked
    os.register_at_fork(after_in_child=_thread_pool.cache_clear)
