#!/usr/bin/env python3
"""Whoever doesn't read costs a bounded amount of memory: clients, and followers."""
import json
import re

from harness import Suite, admin, cluster, wait_until

suite = Suite("slow readers")

MEGABYTE = 1 << 20
SETTINGS = ("limits.entry-cache=16mb", "limits.client-output-close=32kb",
            "limits.client-output-close-after=3s")


def resident(node):
    """Bytes of a node's process that are in memory."""
    with open(f"/proc/{node['pid']}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1]) * 1024


def leader_of(nodes, key):
    """The number of the node that takes a write to the key, and a connection to it."""
    for number in range(1, nodes.count + 1):
        client = nodes.connect(number)
        if client.run("SET", key, "x") == b"+OK\r\n":
            return number, client
        client.close()
    raise AssertionError(f"no node leads {key}")


@suite.test
def client_that_never_reads(nodes):
    """a client that never reads costs little memory, and is closed after its time"""
    number, client = leader_of(nodes, "big")
    with client:
        node = nodes.nodes[number - 1]
        assert client.run("SET", "big", "v" * MEGABYTE) == b"+OK\r\n"
        before = resident(node)
        stalled = nodes.connect(number)
        name = b"stalled"
        assert stalled.run("CLIENT", "SETNAME", name) == b"+OK\r\n"
        # A gigabyte of replies.
        stalled.send_raw(b"*2\r\n$3\r\nGET\r\n$3\r\nbig\r\n" * 1024)
        wait_until(lambda: b"omem=0" not in line_of(client, name), 10, "replies wait")
        growth = resident(node) - before
        assert growth < 32 * MEGABYTE, f"a client that doesn't read costs {growth} bytes"
        wait_until(lambda: not line_of(client, name), 20, "the client is closed")
        stalled.close()
    # By whoever leads it now: leaderships may wander meanwhile.
    lengths = []
    for other in range(1, nodes.count + 1):
        with nodes.connect(other) as client:
            lengths.append(client.run("STRLEN", "big"))
    assert b":%d\r\n" % MEGABYTE in lengths, lengths


def line_of(client, name):
    """The line of CLIENT LIST for a client of this name."""
    reply = client.run("CLIENT", "LIST")
    return next((line for line in reply.split(b"\n") if b"name=" + name + b" " in line), b"")


@suite.test
def follower_that_never_reads(nodes):
    """a follower that never reads costs its leader little memory, and catches up"""
    number, client = leader_of(nodes, "{follower}")
    follower = number % nodes.count + 1
    value = "v" * (MEGABYTE // 4)

    def write(count):
        for step in range(count):
            assert client.run("SET", f"{{follower}}{step % 8}", value) == b"+OK\r\n"

    with client:
        node = nodes.nodes[number - 1]
        write(200)
        before = resident(node)
        nodes.pause(follower)
        try:
            write(1000)
            growth = resident(node) - before
        finally:
            nodes.resume(follower)
        # The cache of recent entries, what the link holds, and what the allocator keeps.
        assert growth < 96 * MEGABYTE, f"a follower that doesn't read costs {growth} bytes"
    nodes.wait_ready()
    wait_until(lambda: lag(nodes, number) == 0, 60, "the follower has caught up")


def lag(nodes, number):
    """By how many entries the followers of a node's shards are behind."""
    code, body = admin(nodes.nodes[number - 1], "/topology")
    assert code == 200, body
    lags = [replica.get("lag") for shard in json.loads(body)["shards"]
            for replica in shard["replicas"]]
    return sum(lag or 0 for lag in lags)


def main():
    with cluster(3, SETTINGS) as nodes:
        nodes.wait_ready()
        # From then on no leadership moves by itself.
        for number in (1, 2, 3):
            nodes.wait_leads(number)
        suite.check_all(nodes)
    suite.end()


if __name__ == "__main__":
    main()
