"""A cluster of two nodes, of which one is killed while the experiment runs."""

import pytest
from pandas.testing import assert_frame_equal

from lcrag.experiment.executors.ray import RayExecutor
from lcrag.readers.scripted import ScriptedReader
from tests.experiment.test_ray import Answering, comparable, experiment


@pytest.fixture
def nodes(monkeypatch):
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    assert not ray.is_initialized()
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    made = [cluster.add_node(num_cpus=1) for _ in range(2)]
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    yield cluster, made
    ray.shutdown()
    cluster.shutdown()


@pytest.mark.slow
def test_a_killed_node_loses_nothing_and_its_work_goes_on_elsewhere(nodes, tmp_path):
    cluster, (_, doomed) = nodes
    here, there = Answering(tmp_path / "here"), Answering(tmp_path / "there")
    table = comparable(experiment(tmp_path / "local", here).run())
    finished, killed = [], []

    def kill(outcome, resumed):
        finished.append(outcome)
        if not killed and len({pid for pid, *_ in there.entries()}) == 2:  # both nodes are at work
            killed.append(len(finished))
            cluster.remove_node(doomed, allow_graceful=False)

    reader = ScriptedReader(there, delay=0.2, max_concurrency=4)  # slow enough for the second node to start
    results = experiment(tmp_path / "out", there, reader=reader, executor=RayExecutor(actors=2)).run(kill)
    assert_frame_equal(comparable(results), table)
    assert len(finished) == len(table)
    assert killed and killed[0] < len(table)
    assert len(there.entries()) <= len(here.entries()) + 4  # what the node had in flight
