#!/usr/bin/env python3
"""A replica whose state differs from the others' is found and made anew; an entry that ends the process halts
its shard, and nothing else.
"""
import contextlib
import re
import subprocess
import time

from harness import MARTLET, Closed, Suite, admin, cluster, wait_until
from test_replacement import load_on, topology

SETTINGS = ("raft.state-check=1s", "security.debug-commands=true")

suite = Suite("replica state")


def log(nodes, number):
    return (nodes.path / f"node-{number}" / "node.log").read_text()


def numbers(nodes):
    return [node["number"] for node in nodes.nodes]


def run_anywhere(nodes, *words):
    """The reply of whichever node leads the key's shard."""
    for number in numbers(nodes):
        with contextlib.suppress(OSError, Closed), nodes.connect(number) as client:
            reply = client.run(*words)
            if not reply.startswith((b"-MOVED", b"-CLUSTERDOWN", b"-TRYAGAIN")):
                return reply
    return None


def leader_of(nodes, key):
    """The number of the node that serves a key."""
    def find():
        for number in numbers(nodes):
            with contextlib.suppress(OSError, Closed), nodes.connect(number) as client:
                if client.run("TYPE", key).startswith(b"+"):
                    return number
    return wait_until(find, 20, f"a leader serves {key}")


def has_checked(nodes, number):
    """Whether the node has compared a replica's state with others' since it started."""
    with contextlib.suppress(OSError, Closed), nodes.connect(number) as client:
        info = client.run("INFO", "replication").decode()
        return "martlet_state_checks:" in info and "martlet_state_checks:0\r\n" not in info
    return False


@suite.test
def a_state_that_differs_is_made_anew():
    """a follower whose state was changed behind its back gives itself up under load, and is made anew"""
    with cluster(3, SETTINGS) as nodes:
        nodes.wait_ready()
        with load_on(nodes):
            assert run_anywhere(nodes, "SET", "watched", "right") == b"+OK\r\n"
            leader = leader_of(nodes, "watched")
            spoilt = next(number for number in numbers(nodes) if number != leader)
            # Followers apply an entry a moment later.
            time.sleep(1)
            with nodes.connect(spoilt) as client:
                assert client.run("DEBUG", "SPOIL", "watched") == b"+OK\r\n"
            wait_until(lambda: "its state differs from that of the majority" in log(nodes, spoilt),
                       30, "the node finds its replica to differ")
            assert sum(log(nodes, number).count("is quarantined: after entry")
                       for number in numbers(nodes)) == 1, "another replica was given up"
            wait_until(lambda: "had another state than the majority" in log(nodes, leader),
                       10, "the leader names who differs")

            place = topology(nodes.nodes[spoilt - 1])["node"]
            given_up = re.search(r"replica (\d+) of group (\d+) is quarantined: after entry",
                                 log(nodes, spoilt))
            shard = int(given_up[2])

            def made_anew():
                replicas = next(found["replicas"] for found in
                                topology(nodes.nodes[leader - 1])["shards"] if found["id"] == shard)
                return len(replicas) == 3 and any(
                    replica["node"] == place and replica["replica"] > int(given_up[1])
                    and replica["role"] == "voter" for replica in replicas)
            wait_until(made_anew, 60, "another replica has taken its place")
            # Who was made anew serves the right value.
            nodes.kill(leader)
            assert wait_until(lambda: run_anywhere(nodes, "GET", "watched"), 20, "a new leader"
                              ) == b"$5\r\nright\r\n"
            nodes.restart(leader)
            # Who has just come back counts from nothing.
            for number in numbers(nodes):
                wait_until(lambda: has_checked(nodes, number), 20, f"node {number} checks its state")


def halted_shard(nodes, number):
    """What the node says is halted on itself."""
    report = topology(nodes.nodes[number - 1])
    return next((stuck for stuck in (report or {}).get("halted", [])
                 if stuck["node"] == report["node"]), None)


@suite.test
def poison_halts_one_shard():
    """an entry that ends every process that applies it halts its shard, which is named; all else goes on"""
    with cluster(3, SETTINGS) as nodes:
        nodes.wait_ready()
        for number in range(200):
            assert run_anywhere(nodes, "SET", f"key-{number}", "value") == b"+OK\r\n"
        with contextlib.suppress(OSError, Closed), nodes.connect(leader_of(nodes, "key-0")) as client:
            reply = client.run("DEBUG", "POISON", "key-0")
            raise AssertionError(f"answered {reply}")
        # A supervisor would start the dead again and again.
        deaths = 0
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < 5 or not all(
                halted_shard(nodes, number) for number in numbers(nodes)):
            for number in numbers(nodes):
                if admin(nodes.nodes[number - 1], "/livez")[0] == 0:
                    nodes.restart(number)
                    deaths += 1
                    quiet_since = time.monotonic()
            assert deaths <= 6, "a node died a third time"
            assert time.monotonic() - quiet_since < 40, "the shard is not halted everywhere"
            time.sleep(0.1)
        assert deaths == 6, f"{deaths} deaths"
        stuck = halted_shard(nodes, 1)
        for number in numbers(nodes):
            assert halted_shard(nodes, number)["shard"] == stuck["shard"]
            status, body = admin(nodes.nodes[number - 1], "/readyz")
            sentence = f"of shard {stuck['shard']} is halted at entry {stuck['entry']}"
            assert status == 503 and sentence in body.decode(), body
            assert f"halted before entry {stuck['entry']} of group {stuck['shard']}" in log(nodes, number)
        shown = subprocess.run(
            [str(MARTLET), "cluster", "status", "--connect",
             f"127.0.0.1:{nodes.nodes[0]['admin_port']}"], capture_output=True, text=True, timeout=30)
        assert "HALTED: on node " in shown.stdout, shown.stdout
        # The shard's keys are refused, with the reason, and all others are there.
        slots = next(shard["slots"] for shard in topology(nodes.nodes[0])["shards"]
                     if shard["id"] == stuck["shard"])
        with nodes.connect(1) as client:
            slot_of = {key: int(client.run("CLUSTER", "KEYSLOT", key)[1:])
                       for key in (f"key-{number}" for number in range(200))}
        refused = {key for key, slot in slot_of.items()
                   if any(first <= slot <= last for first, last in slots)}
        assert "key-0" in refused and len(refused) < 60, refused
        for key in slot_of:
            reply = wait_until(lambda: run_anywhere(nodes, "GET", key), 20, f"a leader for {key}")
            if key in refused:
                assert reply.startswith(
                    f"-MISCONF Shard {stuck['shard']} is halted at entry {stuck['entry']}".encode()), reply
            else:
                assert reply == b"$5\r\nvalue\r\n", (key, reply)


def main():
    suite.check_all()
    suite.end()


if __name__ == "__main__":
    main()
