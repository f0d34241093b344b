#!/usr/bin/env python3
"""Real clients on a calm cluster: redis-py in both protocols, its pipelines, and redis-cli -c."""
import random
import subprocess
import time

import redis
from redis.cluster import ClusterNode, RedisCluster

from harness import LONG, Suite, admin, cluster, slots_by_port

suite = Suite("clients")


def cluster_client(nodes, **options):
    return RedisCluster(
        startup_nodes=[ClusterNode("127.0.0.1", node["cluster_port"]) for node in nodes.nodes],
        decode_responses=True, **options)


def both_protocols(nodes):
    for protocol in (2, 3):
        yield cluster_client(nodes, protocol=protocol)


def redis_cli(nodes, number, *words):
    done = subprocess.run(
        ["redis-cli", "-c", "-p", str(nodes.nodes[number - 1]["cluster_port"]), *words],
        capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done
    return done.stdout.rstrip("\n")


@suite.test
def redis_py_commands(nodes):
    """redis-py works in both protocols, over all slots"""
    for client in both_protocols(nodes):
        client.flushall(target_nodes=RedisCluster.PRIMARIES)
        for number in range(200):
            assert client.set(f"key:{number}", number, ex=1000) is True
        for number in range(200):
            assert client.get(f"key:{number}") == str(number)
            assert 990 <= client.ttl(f"key:{number}") <= 1000
        assert client.get("nothing") is None
        assert client.incrby("n", 5) == 5
        assert client.set("n", 1, nx=True) is None
        assert client.set("n", 7, get=True) == "5"
        assert client.hset("h", mapping={"a": 1, "b": 2}) == 2
        assert client.hgetall("h") == {"a": "1", "b": "2"}
        assert client.hincrby("h", "a", 4) == 5
        assert client.mset_nonatomic({f"m:{number}": number for number in range(50)})
        assert client.mget_nonatomic(*(f"m:{number}" for number in range(50))) == [
            str(number) for number in range(50)]
        assert client.delete("n", "h", "nothing") == 2
        assert client.dbsize(target_nodes=RedisCluster.PRIMARIES) == 250
        client.close()


@suite.test
def redis_py_scan(nodes):
    """a scan of the cluster gives every key, once"""
    client = cluster_client(nodes)
    client.flushall(target_nodes=RedisCluster.PRIMARIES)
    expected = {f"scan:{number}" for number in range(1000)}
    for key in expected:
        client.set(key, 1)
    found = list(client.scan_iter(match="scan:*", count=37, target_nodes=RedisCluster.PRIMARIES))
    assert set(found) == expected, f"{len(set(found))} of {len(expected)} keys"
    assert len(found) == len(expected), "a key was given twice, though nothing changed"


@suite.test
def redis_py_errors(nodes):
    """errors arrive as redis-py's own"""
    client = cluster_client(nodes)
    client.set("s", "x")
    client.hset("h", "f", "v")
    for call, kind, text in (
            (lambda: client.incr("s"), redis.ResponseError, "not an integer"),
            (lambda: client.hget("s", "f"), redis.ResponseError, "WRONGTYPE"),
            (lambda: client.get("h"), redis.ResponseError, "WRONGTYPE"),
            (lambda: client.execute_command("GET", "a", "b"), redis.ResponseError, "wrong number"),
            (lambda: client.execute_command("MGET", "a", "b"), Exception, ""),
            (lambda: client.execute_command("NOSUCH", "a"), Exception, "")):
        try:
            call()
        except kind as error:
            assert text in str(error), f"{error!r}: expected {text!r}"
        else:
            raise AssertionError(f"no error that says {text!r}")


@suite.test
def redis_py_pipelines(nodes):
    """redis-py's pipelines get every reply in its place"""
    generator = random.Random(5)
    for client in both_protocols(nodes):
        for _ in range(60 if LONG else 20):
            pipeline = client.pipeline()
            model, expected = {}, []
            for key in ("p:1", "p:2", "p:3"):
                pipeline.delete(key)
                expected.append(None)
            for number in range(50):
                key = generator.choice(("p:1", "p:2", "p:3"))
                choice = generator.randrange(4)
                if choice == 0:
                    pipeline.set(key, str(number))
                    model[key] = str(number)
                    expected.append(True)
                elif choice == 1:
                    pipeline.get(key)
                    expected.append(model.get(key))
                elif choice == 2:
                    pipeline.append(key, "7")
                    model[key] = model.get(key, "") + "7"
                    expected.append(len(model[key]))
                else:
                    pipeline.delete(key)
                    expected.append(1 if model.pop(key, None) is not None else 0)
            replies = pipeline.execute()
            assert len(replies) == len(expected)
            for place, (found, wanted) in enumerate(zip(replies, expected)):
                assert place < 3 or found == wanted, f"reply {place}: {found!r}, not {wanted!r}"


@suite.test
def raw_pipelines(nodes):
    """long pipelines that mix writes and reads of one key read their own place"""
    generator = random.Random(6)
    done = begun = 0
    while done < (60 if LONG else 25):
        # A leader may change in the middle of a pipeline on a machine that is busy; not in many.
        assert begun < done + 6, "leaders change all the time"
        begun += 1
        key = f"raw:{begun}"
        with nodes.connect(1) as client:
            reply = client.run("DEL", key)
            port = int(reply.rpartition(b":")[2]) if reply.startswith(b"-MOVED") else None
        number = next((node["number"] for node in nodes.nodes if node["cluster_port"] == port), 1)
        with nodes.connect(number) as client:
            client.run("DEL", key)
            value, batch, expected = None, [], []
            for place in range(400):
                choice = generator.randrange(5)
                if choice == 0:
                    value = f"{place}"
                    batch.append(("SET", key, value))
                    expected.append(b"+OK\r\n")
                elif choice == 1:
                    batch.append(("APPEND", key, "x"))
                    value = (value or "") + "x"
                    expected.append(b":%d\r\n" % len(value))
                elif choice == 2:
                    batch.append(("SET", key, "held", "NX"))
                    expected.append(b"+OK\r\n" if value is None else b"$-1\r\n")
                    value = "held" if value is None else value
                elif choice == 3 and place % 7 == 0:
                    batch.append(("DEL", key))
                    expected.append(b":0\r\n" if value is None else b":1\r\n")
                    value = None
                else:
                    batch.append(("GET", key))
                    expected.append(b"$-1\r\n" if value is None
                                    else b"$%d\r\n%s\r\n" % (len(value), value.encode()))
            for words in batch:
                client.send(*words)
            replies = [client.reply() for _ in batch]
            if any(reply.startswith((b"-MOVED", b"-TRYAGAIN", b"-CLUSTERDOWN"))
                   for reply in replies):
                continue
            done += 1
            for words, wanted, found in zip(batch, expected, replies):
                assert found == wanted, f"{words}: {found}, expected {wanted}"


@suite.test
def redis_cli_follows(nodes):
    """redis-cli -c works from every node"""
    for number in (1, 2, 3):
        for key in range(20):
            assert redis_cli(nodes, number, "SET", f"cli:{key}", f"{number}") == "OK"
    for number in (1, 2, 3):
        for key in range(20):
            assert redis_cli(nodes, number, "GET", f"cli:{key}") == "3"
    info = redis_cli(nodes, 1, "CLUSTER", "INFO")
    assert "cluster_state:ok" in info and "cluster_slots_assigned:16384" in info, info
    assert len(redis_cli(nodes, 1, "CLUSTER", "NODES").splitlines()) == 3


@suite.test
def links_of_nodes(nodes):
    """each node shows two links to each other one, by the ids of CLUSTER MYID"""
    ids = {node["cluster_port"]: redis_cli(nodes, index + 1, "cluster", "myid")
           for index, node in enumerate(nodes.nodes)}
    for client in both_protocols(nodes):
        for node in client.get_nodes():
            # redis-py hands RESP2's arrays on as they are.
            links = [link if isinstance(link, dict) else dict(zip(link[::2], link[1::2]))
                     for link in client.cluster_links(node)]
            assert sorted(link["node"] for link in links) == sorted(
                2 * [name for port, name in ids.items() if port != node.port]), links
            for link in links:
                assert link["direction"] == "to" and link["events"] == "rw"
                assert 0 < int(link["create-time"]) <= time.time() * 1000


@suite.test
def topology_of_a_client(nodes):
    """each node names the same leaders, spread over all three nodes, for all slots"""
    wanted = {node["cluster_port"] for node in nodes.nodes}
    end = time.monotonic() + 20
    while True:
        views = [client_view(nodes, number) for number in (1, 2, 3)]
        if all(view == views[0] for view in views) and set(views[0]) == wanted:
            break
        assert time.monotonic() < end, f"the nodes differ: {views}"
        time.sleep(0.2)
    assert all(admin(node, "/livez")[0] == 200 for node in nodes.nodes)


def client_view(nodes, number):
    with nodes.connect(number) as client:
        counts = slots_by_port(client)
    assert sum(counts.values()) == 16384, counts
    return counts


def main():
    with cluster(3) as nodes:
        suite.check_all(nodes)
    suite.end()


if __name__ == "__main__":
    main()
