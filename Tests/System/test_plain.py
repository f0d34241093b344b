#!/usr/bin/env python3
"""Clients that know nothing of clusters, on the plain listeners of three nodes: each node is the one
Redis with 16 databases that they expect, whoever leads what, and while leaders change."""
import collections
import subprocess
import threading
import time

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from harness import LONG, RawClient, Suite, cluster, wait_until

suite = Suite("plain")

NOT_DONE = ("TRYAGAIN", "CLUSTERDOWN", "LOADING", "OOM", "MISCONF")


def client_of(nodes, number, db=0, **options):
    return redis.Redis(
        port=nodes.nodes[number - 1]["plain_port"], db=db, decode_responses=True, **options)


def clear(nodes):
    with client_of(nodes, 1) as client:
        assert client.flushall() is True


@suite.test
def one_redis(nodes):
    """what is written through one node is read through the others, in both protocols"""
    clear(nodes)
    for database in range(16):
        for number in (1, 2, 3):
            for protocol in (2, 3):
                with client_of(nodes, number, database, protocol=protocol) as client:
                    key = f"k{number}{protocol}"
                    assert client.set(key, f"{database}") is True
                    assert client.hset("h", key, "1") == 1
                    with client_of(nodes, number % 3 + 1, database) as other:
                        assert other.get(key) == f"{database}"
    for database in range(16):
        with client_of(nodes, 1, database) as client:
            assert client.dbsize() == 7, client.keys()
            assert len(client.hgetall("h")) == 6


@suite.test
def large_requests(nodes):
    """a request that no other node can be sent is refused by each, and harms none"""
    clear(nodes)
    pids = [node["pid"] for node in nodes.nodes]
    long = "k" * (130 << 20)
    for number in (1, 2, 3):
        with RawClient("127.0.0.1", nodes.nodes[number - 1]["plain_port"], timeout=60) as client:
            for words in (("GET", long), ("SET", "large", long)):
                reply = client.run(*words)
                assert reply.startswith(b"-ERR the request is larger than max-write-size"), reply
            assert client.run("SET", "small", "v") == b"+OK\r\n"
    assert [node["pid"] for node in nodes.nodes] == pids
    for number in (1, 2, 3):
        with client_of(nodes, number) as client:
            assert client.get("small") == "v" and client.exists("large") == 0


@suite.test
def large_replies(nodes):
    """a reply that is too large for another node is answered with an error there, and not for ever asked for"""
    clear(nodes)
    value = "v" * (8 << 20)
    with client_of(nodes, 1) as client:
        assert client.set("large", value)
    whole = 0
    for number in (1, 2, 3):
        with client_of(nodes, number, socket_timeout=60) as client:
            try:
                assert client.mget(8 * ["large"]) == 8 * [value]
                whole += 1
            except redis.ResponseError as error:
                assert str(error).startswith("UNCERTAIN it was done, but the reply of 671"), error
            assert client.ping()
    # The leader's own.
    assert whole == 1


@suite.test
def several_keys(nodes):
    """commands on several keys work, whatever their slots: a database is one shard"""
    clear(nodes)
    with client_of(nodes, 2, 5) as client:
        names = {f"name:{number}": f"{number}" for number in range(100)}
        assert client.mset(names)
        assert client.mget(*names) == list(names.values())
        assert client.exists(*names) == 100
        assert client.delete(*list(names)[:40]) == 40
        assert client.dbsize() == 60


@suite.test
def walks(nodes):
    """KEYS, SCAN, RANDOMKEY, DBSIZE and FLUSHDB concern the connection's database alone"""
    clear(nodes)
    for database in (0, 3, 9):
        with client_of(nodes, 3, database) as client:
            for number in range(200):
                client.set(f"db{database}:{number}", number)
    with client_of(nodes, 1, 3) as client:
        expected = {f"db3:{number}" for number in range(200)}
        assert set(client.keys("*")) == expected
        assert set(client.scan_iter(count=17)) == expected
        assert set(client.keys("db3:1?")) == {f"db3:1{digit}" for digit in range(10)}
        assert len({client.randomkey() for _ in range(200)}) > 20
        assert client.flushdb() is True
        assert client.dbsize() == 0 and client.randomkey() is None
    with client_of(nodes, 2, 9) as client:
        assert client.dbsize() == 200
        assert client.flushall() is True
    for database in (0, 3, 9):
        with client_of(nodes, 2, database) as client:
            assert client.dbsize() == 0


@suite.test
def ended_keys(nodes):
    """KEYS, SCAN and RANDOMKEY show no key whose time is over, from the first moment on"""
    clear(nodes)
    for number in range(30):
        with client_of(nodes, number % 3 + 1, 4) as client:
            client.set("gone", 1, px=1)
            time.sleep(0.003)
            for found in (client.keys(), client.scan(0, count=1000)[1], client.randomkey()):
                assert not found, (number, found)


@suite.test
def cluster_keyspace(nodes):
    """the cluster's own keyspace is another one, which FLUSHALL here leaves alone"""
    clear(nodes)
    with redis.cluster.RedisCluster(
            "127.0.0.1", nodes.nodes[0]["cluster_port"], decode_responses=True) as other:
        for number in range(50):
            other.set(f"c{number}", "cluster")
        with client_of(nodes, 1) as client:
            assert client.get("c1") is None
            client.set("c1", "plain")
            assert client.dbsize() == 1
            client.flushall()
        assert [other.get(f"c{number}") for number in range(50)] == ["cluster"] * 50
        other.flushall(target_nodes=redis.cluster.RedisCluster.PRIMARIES)


@suite.test
def order(nodes):
    """a pipeline over several databases is answered in order, and done in order in each"""
    clear(nodes)
    with RawClient("127.0.0.1", nodes.nodes[0]["plain_port"]) as client:
        words = []
        for step in range(300):
            words += [("SELECT", step % 16), ("APPEND", "log", f"{step},"), ("STRLEN", "log")]
        client.send_raw(b"".join(
            b"*%d\r\n" % len(part) + b"".join(
                b"$%d\r\n%s\r\n" % (len(str(word)), str(word).encode()) for word in part)
            for part in words))
        lengths = [0] * 16
        for step in range(300):
            lengths[step % 16] += len(f"{step},")
            assert client.reply() == b"+OK\r\n"
            for _ in range(2):
                assert client.reply() == b":%d\r\n" % lengths[step % 16], step


@suite.test
def looks_like_one_redis(nodes):
    """HELLO, INFO and errors are those of a Redis without a cluster"""
    with RawClient("127.0.0.1", nodes.nodes[1]["plain_port"]) as client:
        assert b"standalone" in client.run("HELLO", "3")
        assert b"redis_mode:standalone" in client.run("INFO", "server")
        assert b"cluster_enabled:0" in client.run("INFO", "cluster")
        assert client.run("CLUSTER", "SLOTS") == (
            b"-ERR This instance has cluster support disabled\r\n")
        assert client.run("SELECT", "16") == b"-ERR DB index is out of range\r\n"
        assert client.run("SELECT", "x") == b"-ERR value is not an integer or out of range\r\n"
        assert client.run("GET") == b"-ERR wrong number of arguments for 'get' command\r\n"
    done = subprocess.run(
        ["redis-cli", "-p", str(nodes.nodes[2]["plain_port"]), "-n", "7", "INCR", "cli"],
        capture_output=True, text=True, timeout=20)
    assert done.stdout == "1\n", done


class Counter(threading.Thread):
    """Increments a counter through one node, and knows what each outcome was."""

    def __init__(self, nodes, number, database, stop):
        super().__init__(daemon=True)
        self.nodes, self.number, self.database, self.stop = nodes, number, database, stop
        self.outcomes = collections.Counter()
        self.errors = collections.Counter()
        self.wrong = []
        self.longest = 0.0

    def run(self):
        last = time.monotonic()
        client = None
        highest = 0
        while not self.stop.is_set():
            try:
                client = client or client_of(
                    self.nodes, self.number, self.database, socket_timeout=8,
                    retry=Retry(NoBackoff(), 0))
                pipeline = client.pipeline(transaction=False)
                for _ in range(5):
                    pipeline.incr("counter")
                replies = pipeline.execute(raise_on_error=False)
            except redis.ConnectionError as error:
                # Nothing was sent where no connection could be made.
                if "Error 111 connecting" not in str(error):
                    self.outcomes["unknown"] += 5
                self.errors[str(error)[:50]] += 1
                client = None
                time.sleep(0.05)
                continue
            for reply in replies:
                if isinstance(reply, int):
                    if reply <= highest:
                        self.wrong.append(f"{reply} after {highest}")
                    highest = reply
                    self.outcomes["done"] += 1
                    self.longest = max(self.longest, time.monotonic() - last)
                    last = time.monotonic()
                    continue
                text = str(reply)
                self.errors[text[:50]] += 1
                kind = type(reply).__name__
                if text.startswith(NOT_DONE) or kind in ("TryAgainError", "ClusterDownError"):
                    self.outcomes["not done"] += 1
                elif text.startswith("UNCERTAIN"):
                    self.outcomes["unknown"] += 1
                else:
                    self.wrong.append(text)


def takes_writes(nodes, number):
    """Whether every database takes writes through a node."""
    for database in range(16):
        with client_of(nodes, number, database) as client:
            try:
                client.set("k", "v")
            except redis.exceptions.RedisError:
                return False
    return True


@suite.test
def wait_for_followers(nodes):
    """WAIT never counts a follower of which it can't know that it has the connection's writes"""
    clear(nodes)
    nodes.kill(3)
    try:
        wait_until(lambda: takes_writes(nodes, 1) and takes_writes(nodes, 2), 20, "two nodes go on")
        for number in (1, 2):
            for database in range(16):
                with client_of(nodes, number, database) as client:
                    client.set("k", "v")
                    assert client.wait(2, 50) == 1, (number, database)
    finally:
        nodes.restart(3)
        nodes.wait_ready()


@suite.test
def leaders_killed(nodes):
    """while nodes are killed in turn, increments through all nodes are done once or not at all"""
    clear(nodes)
    stop = threading.Event()
    counters = [Counter(nodes, number % 3 + 1, number % 16, stop) for number in range(12)]
    for counter in counters:
        counter.start()
    for victim in (1, 2, 3) * (3 if LONG else 1):
        time.sleep(2)
        nodes.kill(victim)
        time.sleep(2)
        nodes.restart(victim)
        nodes.wait_ready()
    time.sleep(2)
    stop.set()
    for counter in counters:
        counter.join(20)
        assert not counter.is_alive(), "a client hangs"
    for counter in counters:
        assert not counter.wrong, counter.wrong[:5]
        assert counter.outcomes["done"] > 100, (counter.outcomes, counter.errors)
    totals = collections.Counter()
    for counter in counters:
        totals[counter.database] += 0
    for database in totals:
        own = [counter for counter in counters if counter.database == database]
        done = sum(counter.outcomes["done"] for counter in own)
        unknown = sum(counter.outcomes["unknown"] for counter in own)
        with client_of(nodes, 1, database) as client:
            value = int(client.get("counter"))
        assert done <= value <= done + unknown, (database, done, value, unknown)
    print("      ", sum((counter.outcomes for counter in counters), collections.Counter()),
          f"longest gap {max(counter.longest for counter in counters):.1f} s")
    print("      ", sum((counter.errors for counter in counters), collections.Counter()))


def main():
    with cluster() as nodes:
        nodes.wait_ready()
        suite.check_all(nodes)
    suite.end()


main()
