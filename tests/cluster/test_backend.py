"""Resources of workers, and the error of a lost one."""

from puppyslug.cluster.backend import WorkerLostError, WorkerResources


def test_a_worker_reserves_threads_and_memory_or_a_gpu():
    cpu = WorkerResources(3, memory=2_000_000_000)
    assert cpu.by_name == {"CPU": 3, "GPU": 0, "memory": 3e9}
    gpu = WorkerResources(8, "cuda", memory=2_000_000_000)
    assert gpu.by_name == {"CPU": 1, "GPU": 1, "memory": 1e9}


def test_a_loss_says_whether_memory_ran_out():
    assert not WorkerLostError("killed").out_of_memory
    assert "out of memory" in str(WorkerLostError("killed", out_of_memory=True))
