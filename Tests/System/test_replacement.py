#!/usr/bin/env python3
"""A lost node is replaced by another under load, whoever dies meanwhile; a node whose journal is damaged makes
its replicas anew. Nothing acknowledged is lost, and clients go on.
"""
import contextlib
import json
import pathlib
import subprocess
import time

import test_faults
from harness import (LONG, MARTLET, Suite, admin, cluster, end_process, wait_until)

SETTINGS = ("journal.segment-size=1mb", "journal.snapshot-after=1mb")
REPLACE_SECONDS = 120
ROUNDS = 10 if LONG else 1

suite = Suite("replacement")


def topology(node):
    code, body = admin(node, "/topology")
    return json.loads(body) if code == 200 else None


@contextlib.contextmanager
def joined(nodes, number):
    """A node beside the local cluster's, which joins it; yields what the harness knows of a node."""
    base = nodes.nodes[0]["cluster_port"] + number - 1
    path = nodes.path / f"extra-{number}"
    path.mkdir()
    made = {"number": number, "cluster_port": base, "admin_port": base + 80}
    seeds = ",".join(f"127.0.0.1:{node['peer_port']}" for node in nodes.nodes)
    with open(path / "log", "wb") as log:
        process = subprocess.Popen(
            [str(MARTLET), "serve", "--node.data-dir", str(path / "data"),
             "--listen.cluster", f"127.0.0.1:{base}", "--listen.peer", f"127.0.0.1:{base + 10000}",
             "--listen.admin", f"127.0.0.1:{base + 80}", "--listen.plain", "off", "--cluster.name", "local",
             "--cluster.secret", f"file:{nodes.path / 'secret'}", "--cluster.seeds", seeds,
             *(f"--{setting}" for setting in SETTINGS)],
            stderr=log, stdout=log)
    try:
        report = wait_until(lambda: topology(made), 30, f"node {number} answers")
        made["id"] = report["node"]
        wait_until(lambda: any(node["id"] == made["id"] and node["role"] != "joining"
                               for node in topology(nodes.nodes[0])["nodes"]), 30, "the node has joined")
        yield made
    finally:
        end_process(process)


def replace(nodes, old, new, through):
    """`martlet cluster replace`, followed to its end; gives what it printed."""
    process = subprocess.Popen(
        [str(MARTLET), "cluster", "replace", old, new, "--connect",
         f"127.0.0.1:{through['admin_port']}"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return process


def finished(process):
    output, errors = process.communicate(timeout=REPLACE_SECONDS)
    assert process.returncode == 0, f"status {process.returncode}: {errors}"
    return output


@contextlib.contextmanager
def load_on(nodes):
    load = test_faults.Load(nodes.nodes)
    writers = [test_faults.Writer(load, number) for number in range(3)]
    for writer in writers:
        writer.start()
    time.sleep(2)
    yield load, writers
    load.stop.set()
    for writer in writers:
        writer.join(30)
        assert not writer.is_alive(), "a worker doesn't end"
    test_faults.every_acknowledged_write_is_there(load, writers, [])
    test_faults.counters_are_right(load, writers, [])
    assert not load.faults, load.faults[:5]


def is_out(old, members, node):
    """Whether a node shows `members` as the voters of every group, and `old` nowhere."""
    report = topology(node)
    return old not in {other["id"] for other in report["nodes"] if other["role"] != "joining"} and all(
        {replica["node"] for replica in shard["replicas"] if replica["role"] == "voter"} == members
        for shard in report["shards"] + [report["directory"]])


@suite.test
def a_lost_node_is_replaced():
    """a node that is lost for good is replaced under load, and the death of the coordinator doesn't stop it"""
    with cluster(3, SETTINGS) as nodes:
        nodes.wait_ready()
        ids = {node["number"]: topology(node)["node"] for node in nodes.nodes}
        with joined(nodes, 4) as extra, load_on(nodes) as (load, _):
            nodes.kill(3)
            time.sleep(1)
            process = replace(nodes, ids[3][:8], extra["id"][:8], extra)
            time.sleep(1.5)
            # Whoever leads the directory dies in the middle of it, and comes back.
            leader = topology(extra)["directory"].get("leader")
            coordinator = next((number for number, id in ids.items() if id == leader), 1)
            if coordinator != 3:
                nodes.kill(coordinator)
                time.sleep(1)
                nodes.restart(coordinator)
            output = finished(process)
            assert f"node {ids[3]} has left" in output, output
            assert "replicas are left" in output, output
            # What a node shows of shards that others lead is what it last heard of them.
            wait_until(lambda: is_out(ids[3], {ids[1], ids[2], extra["id"]}, nodes.nodes[0]), 10,
                       lambda: f"node {ids[3]} is out: {topology(nodes.nodes[0])}")
            load.nodes = nodes.nodes[:2]
            time.sleep(1)


@suite.test
def what_cannot_be_is_refused():
    """what can't be replaced or forgotten is refused with the reason"""
    with cluster(3) as nodes:
        nodes.wait_ready()
        ids = [topology(node)["node"] for node in nodes.nodes]
        connect = ("--connect", f"127.0.0.1:{nodes.nodes[0]['admin_port']}")
        for words, reason in (
                (("replace", ids[0], ids[1]), "has a replica of shard 1 already"),
                (("replace", ids[0], ids[0]), "can't replace itself"),
                (("replace", ids[0], "zz"), 'no node\'s id begins with "zz"'),
                (("forget", ids[2]), "has replicas of 16 shards; replace it by another node")):
            done = subprocess.run([str(MARTLET), "cluster", *words, *connect],
                                  capture_output=True, text=True, timeout=30)
            assert done.returncode in (64, 69), (words, done)
            assert reason in done.stderr, (words, done.stderr)


def flip_and_mend(nodes, number):
    """Flips a byte in the journal of a node that is down for a moment; returns when all is whole again."""
    nodes.kill(number)
    data = pathlib.Path(nodes.path) / f"node-{number}" / "data"
    # What comes after the last batch that names the segment is of the file's life before it was recycled, and
    # counts no more (docs/decisions/0002-journal-format.md).
    head = (data / "journal-0.head").read_bytes()
    segment = data / "journal-0" / f"segment-{int.from_bytes(head[20:28], 'little'):016x}.log"
    content = bytearray(segment.read_bytes())
    used = content.rfind(content[24:40])
    content[used // 2] ^= 0x40
    segment.write_bytes(content)
    time.sleep(1)
    log = pathlib.Path(nodes.path) / f"node-{number}" / "node.log"
    begin = log.stat().st_size
    nodes.restart(number)
    node = nodes.nodes[number - 1]

    def news():
        return log.read_bytes()[begin:].decode()
    wait_until(lambda: "is quarantined" in news(), 10, "the log names the quarantine")
    assert segment.name in news(), "the log doesn't name the file"
    wait_until(lambda: admin(node, "/readyz")[0] == 200, 60, "the node is whole again")
    report = wait_until(
        lambda: (lambda found: found if found and not found.get("quarantined") else None)(
            topology(nodes.nodes[number % 3])), 60, "no replica is quarantined")
    assert all(sum(replica["role"] == "voter" for replica in shard["replicas"]) == 3
               for shard in report["shards"]), report["shards"]


@suite.test
def a_damaged_journal_is_made_anew():
    """a byte flipped in the middle of a stopped follower's journal quarantines replicas, which are made anew"""
    with cluster(3, SETTINGS) as nodes:
        nodes.wait_ready()
        with load_on(nodes):
            for turn in range(ROUNDS):
                time.sleep(2)
                flip_and_mend(nodes, 3 - turn % 3)


def main():
    suite.check_all()
    suite.end()


if __name__ == "__main__":
    main()
