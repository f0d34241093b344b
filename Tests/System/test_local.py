#!/usr/bin/env python3
"""`martlet local` and `martlet cluster status`: verbs, exit statuses, and the shapes of their JSON."""
import json
import os
import subprocess

from harness import MARTLET, LocalCluster, Suite, admin, cluster, folder, wait_until

suite = Suite("local")
KEYS = {"number", "id", "pid", "state", "peer_port", "cluster_port", "plain_port", "admin_port",
        "dir"}


def states(cluster_nodes):
    return [node["state"] for node in cluster_nodes]


def alive(pid):
    """Whether a process runs; one that has ended may wait for its parent for long."""
    try:
        return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@suite.test
def shape(nodes):
    """start and status write the agreed JSON and nothing else"""
    for found in (nodes.nodes, nodes.local("status")):
        assert [node["number"] for node in found] == [1, 2, 3]
        for node in found:
            assert set(node) == KEYS, set(node) ^ KEYS
            assert node["state"] == "running" and alive(node["pid"])
            assert isinstance(node["id"], str) and len(node["id"]) == 16
            assert os.path.isdir(node["dir"])
        for port in ("peer_port", "cluster_port", "plain_port", "admin_port"):
            assert len({node[port] for node in found}) == 3
        assert len({node["id"] for node in found}) == 3


@suite.test
def own_session(nodes):
    """each node is a process of its own session, with its own log"""
    for node in nodes.nodes:
        assert os.getsid(node["pid"]) == node["pid"]
        arguments = open(f"/proc/{node['pid']}/cmdline").read().split("\0")
        assert "serve" in arguments, arguments
        log = os.readlink(f"/proc/{node['pid']}/fd/2")
        assert log.endswith(".log") and log.startswith(os.path.dirname(node["dir"])), log


@suite.test
def verbs(nodes):
    """kill, pause, resume and restart do what they say"""
    before = nodes.nodes[1]
    assert states(nodes.local("pause", 2)) == ["running", "paused", "running"]
    assert states(nodes.local("resume", 2)) == ["running", "running", "running"]
    assert states(nodes.local("kill", 2)) == ["running", "stopped", "running"]
    assert not alive(before["pid"])
    found = nodes.local("restart", 2)
    assert states(found) == ["running", "running", "running"]
    assert found[1]["pid"] != before["pid"] and found[1]["id"] == before["id"]
    again = nodes.local("restart", 2)
    assert again[1]["pid"] != found[1]["pid"] and again[1]["id"] == before["id"]
    nodes.wait_ready()


@suite.test
def stop_and_start(nodes):
    """stop ends all nodes, start brings them back with their data"""
    with nodes.connect() as client:
        reply = client.run("SET", "kept", "1")
        number = 1 if reply == b"+OK\r\n" else next(
            node["number"] for node in nodes.nodes
            if node["cluster_port"] == int(reply.rpartition(b":")[2]))
    with nodes.connect(number) as client:
        assert client.run("SET", "kept", "1") == b"+OK\r\n"
    ids = [node["id"] for node in nodes.nodes]
    assert states(nodes.local("stop")) == ["stopped"] * 3
    assert states(nodes.local("stop")) == ["stopped"] * 3
    found = nodes.local("start")
    assert states(found) == ["running"] * 3 and [node["id"] for node in found] == ids

    def value():
        for number in (1, 2, 3):
            with nodes.connect(number) as client:
                reply = client.run("GET", "kept")
                if not reply.startswith(b"-"):
                    return reply
        return None

    assert wait_until(value, 10, "the key is served") == b"$1\r\n1\r\n"


@suite.test
def wrong_use(nodes):
    """wrong use is refused with a reason and a status, and stdout stays empty"""
    for words in (["kill", 4], ["kill", 0], ["pause", "x"], ["resume"], ["start", "--nodes", 5],
                  ["restart", 9]):
        done = nodes.local(*words, check=False)
        assert done.returncode == 64, f"{words}: status {done.returncode}"
        assert done.stderr.strip() and not done.stdout, f"{words}: {done}"
    nodes.local("kill", 3)
    done = nodes.local("kill", 3, check=False)
    assert done.returncode == 69 and "node 3" in done.stderr, done
    nodes.local("restart", 3)
    nodes.wait_ready()
    with folder() as path:
        done = LocalCluster(path / "nothing").local("status", check=False)
        assert done.returncode == 64 and not done.stdout, done


def status(node, *words):
    return subprocess.run(
        [str(MARTLET), "cluster", "status", "--connect", f"127.0.0.1:{node['admin_port']}", *words],
        capture_output=True, text=True, timeout=20)


@suite.test
def cluster_status(nodes):
    """cluster status shows nodes, shards, leaders, terms and lag from any node"""
    ids = {node["id"] for node in nodes.nodes}
    for node in nodes.nodes:
        done = status(node, "--json")
        assert done.returncode == 0, done
        report = json.loads(done.stdout)
        assert {one["id"] for one in report["nodes"]} == ids
        assert len(report["shards"]) == 16
        slots = sorted(slot for shard in report["shards"] for first, last in shard["slots"]
                       for slot in range(first, last + 1))
        assert slots == list(range(16384))
        for shard in report["shards"] + [report["directory"]]:
            assert shard["leader"] in ids and shard["term"] > 0
            assert {replica["node"] for replica in shard["replicas"]} == ids
        text = status(node)
        assert text.returncode == 0 and all(one[:6] in text.stdout for one in ids)


@suite.test
def admin_listener(nodes):
    """the admin listener answers livez, readyz and topology, and nothing else"""
    for node in nodes.nodes:
        assert admin(node, "/livez")[0] == 200
        assert admin(node, "/readyz")[0] == 200
        code, body = admin(node, "/topology")
        assert code == 200 and json.loads(body)["node"] == node["id"]
        assert admin(node, "/nothing")[0] == 404
    nodes.local("kill", 1)
    nodes.local("kill", 2)
    try:
        last = nodes.nodes[2]
        wait_until(lambda: admin(last, "/readyz")[0] == 503, 15, "a lone node is not ready")
        assert admin(last, "/livez")[0] == 200
        assert status(nodes.nodes[0]).returncode == 69
    finally:
        nodes.local("start")
    nodes.wait_ready()


@suite.test
def one_node(nodes):
    """a cluster of one node works, and says that it survives no failure"""
    with cluster(1) as lone:
        with lone.connect() as client:
            assert client.run("SET", "k", "v") == b"+OK\r\n"
        assert "surviv" in status(lone.nodes[0]).stdout


def main():
    with cluster(3) as nodes:
        suite.check_all(nodes)
    suite.end()


if __name__ == "__main__":
    main()
