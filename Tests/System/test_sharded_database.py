#!/usr/bin/env python3
"""Plain database 0 when it is sharded (plain.database0): plain clients of three nodes see the keyspace
that the cluster listener serves, spread over all nodes."""
import threading

import redis

from harness import Suite, cluster

suite = Suite("sharded database")


def plain_client(nodes, number, db=0, **options):
    return redis.Redis(
        port=nodes.nodes[number - 1]["plain_port"], db=db, decode_responses=True, **options)


def cluster_client(nodes):
    return redis.RedisCluster(
        host="127.0.0.1", port=nodes.nodes[0]["cluster_port"], decode_responses=True)


@suite.test
def one_keyspace(nodes):
    """what plain clients of any node write, cluster clients read, and the other way round"""
    clustered = cluster_client(nodes)
    for number in (1, 2, 3):
        with plain_client(nodes, number) as client:
            for key in range(50):
                assert client.set(f"plain:{number}:{key}", key) is True
                assert clustered.get(f"plain:{number}:{key}") == f"{key}"
                assert clustered.set(f"cluster:{number}:{key}", key) is True
                assert client.get(f"cluster:{number}:{key}") == f"{key}"
    with plain_client(nodes, 2, db=1) as client:
        assert client.get("plain:1:1") is None


@suite.test
def several_keys(nodes):
    """MSET, MGET, EXISTS, TOUCH, DEL and UNLINK take keys of any slots"""
    names = [f"name:{number}" for number in range(500)]
    for number, protocol in ((1, 2), (2, 3), (3, 2)):
        with plain_client(nodes, number, protocol=protocol) as client:
            client.flushdb()
            assert client.mset({name: f"value of {name}" for name in names}) is True
            expected = [f"value of {name}" for name in names]
            assert client.mget(names) == expected
            assert client.mget(["none", *names, "none"]) == [None, *expected, None]
            assert client.exists(*names, "none") == 500
            assert client.touch(*names) == 500
            assert client.dbsize() == 500
            assert client.delete(*names[:200], "none") == 200
            assert client.unlink(*names[200:300]) == 100
            assert client.dbsize() == 200
            assert sorted(client.keys("name:4*")) == sorted(
                name for name in names[300:] if name.startswith("name:4"))
            assert sorted(set(client.scan_iter(count=37))) == sorted(names[300:])
            assert {client.randomkey() for _ in range(50)} <= set(names[300:])
            assert client.info("keyspace")["db0"]["keys"] <= 200


@suite.test
def one_slot(nodes):
    """what must be done as one needs keys of one slot, and the error says so"""
    with plain_client(nodes, 3) as client:
        for command in (["RENAME", "a", "b"], ["MSETNX", "a", "1", "b", "2"], ["COPY", "a", "b"]):
            try:
                client.execute_command(*command)
                assert False, f"{command} was done"
            except redis.exceptions.ResponseError as error:
                assert "{tag}key" in str(error), error
        assert client.msetnx({"{t}a": "1", "{t}b": "2"})
        assert client.rename("{t}a", "{t}c") is True


@suite.test
def while_nodes_die(nodes):
    """MSETs of a client whose nodes die are done, refused, or said to be uncertain: what it was told
    is done is there"""
    stop = threading.Event()
    state = {"round": 0, "unknown": 0}
    names = [f"live:{number}" for number in range(60)]

    def write():
        with plain_client(nodes, 1, socket_timeout=15) as client:
            while not stop.is_set():
                attempt = state["round"] + 1
                try:
                    client.mset({name: attempt for name in names})
                    state["round"] = attempt
                except redis.exceptions.RedisError:
                    state["unknown"] += 1

    with plain_client(nodes, 1) as client:
        client.flushall()
        client.mset({name: 0 for name in names})
    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in (2, 3):
            stop.wait(2)
            nodes.kill(number)
            stop.wait(2)
            nodes.restart(number)
            nodes.wait_ready()
    finally:
        stop.set()
        writer.join()
    with plain_client(nodes, 2) as client:
        values = [int(value) for value in client.mget(names)]
    # The last round may be half done, when its reply was an error.
    assert all(state["round"] <= value <= state["round"] + 1 for value in values), (state, values)
    assert state["round"] > 20, state
    print(f"       {state}")


@suite.test
def flushing(nodes):
    """FLUSHDB empties it on every node, FLUSHALL the other databases too"""
    with plain_client(nodes, 1) as client, plain_client(nodes, 2, db=7) as other:
        other.set("k", "v")
        client.mset({f"k{number}": "v" for number in range(100)})
        assert client.flushdb() is True
        assert client.dbsize() == 0 and cluster_client(nodes).dbsize() == 0
        assert other.dbsize() == 1
        client.set("k", "v")
        assert other.flushall() is True
        assert client.dbsize() == 0 and other.dbsize() == 0


def main():
    with cluster(3, ["plain.database0=sharded"]) as nodes:
        nodes.wait_ready()
        suite.check_all(nodes)
    suite.end()


main()
