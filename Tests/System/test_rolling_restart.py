#!/usr/bin/env python3
"""All nodes are restarted one after the other under load: it costs redis-py, with its default retries, no
exception, and each increment is executed exactly once.
"""
import collections
import random
import threading
import time

from redis.cluster import ClusterNode, RedisCluster

from harness import LONG, Suite, cluster

WORKERS = 6
COUNTERS = 24
TURNS = 5 if LONG else 2
CALM_SECONDS = 1

suite = Suite("rolling restart")


class Worker(threading.Thread):
    """Increments counters, and keeps the tally of what it was told."""

    def __init__(self, nodes, number, stop):
        super().__init__(daemon=True)
        self.client = RedisCluster(
            startup_nodes=[ClusterNode("127.0.0.1", node["cluster_port"]) for node in nodes])
        self.random = random.Random(number)
        self.stop = stop
        self.tally = collections.Counter()
        self.errors = []
        self.longest = 0.0

    def run(self):
        while not self.stop.is_set():
            key = f"counter:{self.random.randrange(COUNTERS)}"
            start = time.monotonic()
            try:
                self.client.incr(key)
            except Exception as error:  # any exception is what must not be
                self.errors.append(f"{type(error).__name__}: {error}")
                return
            self.longest = max(self.longest, time.monotonic() - start)
            self.tally[key] += 1


@suite.test
def no_exception(nodes, workers):
    """no client saw an exception"""
    errors = [error for worker in workers for error in worker.errors]
    assert not errors, errors


@suite.test
def exactly_once(nodes, workers):
    """each increment was executed exactly once"""
    client = RedisCluster(
        startup_nodes=[ClusterNode("127.0.0.1", node["cluster_port"]) for node in nodes.nodes])
    total = collections.Counter()
    for worker in workers:
        total.update(worker.tally)
    assert sum(total.values()) > 1000, f"only {sum(total.values())} increments"
    wrong = {key: (int(client.get(key) or 0), count) for key, count in total.items()
             if int(client.get(key) or 0) != count}
    assert not wrong, f"found and acknowledged: {wrong}"


def main():
    with cluster(3) as nodes:
        nodes.wait_ready()
        stop = threading.Event()
        workers = [Worker(nodes.nodes, number, stop) for number in range(WORKERS)]
        for worker in workers:
            worker.start()
        time.sleep(CALM_SECONDS)
        for _ in range(TURNS):
            for number in (1, 2, 3):
                nodes.wait_ready()
                nodes.wait_leads(number)
                time.sleep(CALM_SECONDS)
                nodes.restart(number)
        nodes.wait_ready()
        time.sleep(CALM_SECONDS)
        stop.set()
        for worker in workers:
            worker.join(30)
            assert not worker.is_alive(), "a worker doesn't end"
        count = sum(sum(worker.tally.values()) for worker in workers)
        print(f"{count} increments, {TURNS * 3} restarts; the longest took "
              f"{max(worker.longest for worker in workers) * 1000:.0f} ms")
        suite.check_all(nodes, workers)
    suite.end()


if __name__ == "__main__":
    main()
