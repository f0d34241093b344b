#!/usr/bin/env python3
"""Load through redis-py while each node in turn is killed, stopped and restarted: nothing is lost.

Client retries are off, so that each outcome is known: done, not done, or unknown. Afterwards every
acknowledged write is there, and each counter equals the acknowledged increments plus at most the
unknown ones.
"""
import collections
import random
import threading
import time

import redis
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.retry import Retry

from harness import LONG, Closed, RawClient, Suite, cluster

WRITERS = 4
COUNTERS = 8
PIPELINERS = 2
PAUSE_SECONDS = 10
CALM_SECONDS = 5 if LONG else 1
TURNS = 3 if LONG else 1

suite = Suite("faults")

# What says that a command was not executed (docs/guarantees.md).
NOT_DONE = ("MOVED", "TRYAGAIN", "CLUSTERDOWN", "LOADING", "OOM", "MISCONF", "MASTERDOWN", "ASK")
NOT_SENT = ("Error 111 connecting", "Timeout connecting")


def client_of(nodes, timeout=3):
    return RedisCluster(
        startup_nodes=[ClusterNode("127.0.0.1", node["cluster_port"]) for node in nodes],
        retry=Retry(NoBackoff(), 0), socket_timeout=timeout, socket_connect_timeout=1)


def was_not_done(error):
    text = str(error)
    if isinstance(error, (redis.exceptions.ClusterDownError, redis.exceptions.TryAgainError,
                          redis.exceptions.MovedError, redis.exceptions.BusyLoadingError)):
        return True
    if isinstance(error, redis.exceptions.ResponseError):
        return text.startswith(NOT_DONE)
    # redis-py says so when its sixteen redirections are used up.
    return text.startswith(NOT_SENT) or text == "TTL exhausted."


class Gap:
    """The longest time between two acknowledged writes."""

    def __init__(self):
        self.last = time.monotonic()
        self.longest = 0.0

    def acknowledged(self):
        now = time.monotonic()
        self.longest = max(self.longest, now - self.last)
        self.last = now


class Load:
    """What all workers share."""

    def __init__(self, nodes):
        self.nodes = nodes
        self.stop = threading.Event()
        self.outcomes = collections.Counter()
        self.errors = collections.Counter()
        self.faults = []
        self.lock = threading.Lock()

    def count(self, outcome, error=None):
        with self.lock:
            self.outcomes[outcome] += 1
            if error is not None:
                self.errors[f"{type(error).__name__}: {str(error).split(':')[0][:60]}"] += 1

    def wrong(self, text):
        with self.lock:
            self.faults.append(text)


class Worker(threading.Thread):
    def __init__(self, load, number):
        super().__init__(daemon=True)
        self.load = load
        self.number = number
        self.random = random.Random(number)
        self.gap = Gap()

    def run(self):
        try:
            self.work()
        except Exception as error:
            self.load.wrong(f"{type(self).__name__} {self.number} ended: {error!r}")

    def attempt(self, command, *words):
        """("done", reply), ("not done", None) or ("unknown", None)."""
        try:
            reply = self.client.execute_command(command, *words)
        except (redis.RedisError, redis.exceptions.RedisClusterException, OSError) as error:
            outcome = "not done" if was_not_done(error) else "unknown"
            self.load.count(outcome, error)
            time.sleep(0.01)
            return outcome, None
        self.load.count("done")
        return "done", reply


class Writer(Worker):
    """New keys, each written once; registers that only rise; counters and fields."""

    def work(self):
        self.client = client_of(self.load.nodes)
        self.acknowledged = {}
        self.registers = {f"reg:{self.number}:{n}": [0, 0] for n in range(8)}
        self.counters = collections.defaultdict(lambda: [0, 0])
        count = 0
        while not self.load.stop.is_set():
            count += 1
            kind = self.random.randrange(4)
            if kind == 0:
                key, value = f"new:{self.number}:{count}", f"v{count}-{self.random.random()}"
                outcome, reply = self.attempt("SET", key, value)
                if outcome == "done":
                    self.acknowledged[key] = value
            elif kind == 1:
                key = self.random.choice(list(self.registers))
                register = self.registers[key]
                # [last acknowledged, last tried]: each value is tried once.
                register[1] += 1
                outcome, reply = self.attempt("SET", key, register[1])
                if outcome == "done":
                    register[0] = register[1]
            else:
                number = self.random.randrange(COUNTERS)
                words = ("INCR", f"counter:{number}") if kind == 2 else (
                    "HINCRBY", f"hash:{number}", "field", 1)
                outcome, reply = self.attempt(*words)
                tally = self.counters[words[1]]
                if outcome == "done":
                    tally[0] += 1
                elif outcome == "unknown":
                    tally[1] += 1
            if outcome == "done":
                self.gap.acknowledged()


class Pipeliner(Worker):
    """Pipelines that mix writes and reads of one key: each read must see its own place."""

    def work(self):
        self.connection = None
        self.ports = [node["cluster_port"] for node in self.load.nodes]
        self.port = self.ports[0]
        keys = [f"pipe:{self.number}:{n}" for n in range(8)]
        # What each key may hold: more than one value only after an unknown outcome.
        self.possible = {key: {None} for key in keys}
        count = 0
        while not self.load.stop.is_set():
            key = self.random.choice(keys)
            batch = []
            for _ in range(self.random.randrange(4, 30)):
                count += 1
                choice = self.random.randrange(5)
                batch.append(("GET", key) if choice < 2 else ("DEL", key) if choice == 2
                             else ("SET", key, f"{count}"))
            self.exchange(key, batch)
        if self.connection:
            self.connection.close()

    def exchange(self, key, batch):
        sent = False
        replies = []
        moved = None
        try:
            if self.connection is None:
                self.connection = RawClient("127.0.0.1", self.port, timeout=3)
            sent = True
            self.connection.send_raw(b"".join(request_of(command) for command in batch))
            for _ in batch:
                replies.append(self.connection.reply())
        except (OSError, Closed) as error:
            self.load.count("pipeline lost", error)
            if self.connection:
                self.connection.close()
            self.connection = None
            self.port = self.random.choice(self.ports)
        for command, reply in zip(batch, replies):
            moved = self.learn(key, command, reply) or moved
        if sent:
            for command in batch[len(replies):]:
                self.unknown(key, command)
        if len(replies) == len(batch) and not moved:
            self.gap.acknowledged()
        if moved and self.connection:
            self.connection.close()
            self.connection = None
            self.port = moved
        elif len(replies) < len(batch):
            time.sleep(0.02)

    def learn(self, key, command, reply):
        """Compares a reply with what the key may hold; gives the port that MOVED names."""
        possible = self.possible[key]
        if reply.startswith(b"-"):
            text = reply[1:-2].decode()
            if text.startswith("MOVED"):
                self.load.count("not done")
                return int(text.rpartition(":")[2])
            if text.startswith(NOT_DONE):
                self.load.count("not done")
                time.sleep(0.01)
            elif text.startswith("UNCERTAIN"):
                self.load.count("unknown")
                self.unknown(key, command)
            else:
                self.load.wrong(f"{command} answered {text}")
            return None
        self.load.count("done")
        if command[0] == "SET":
            if reply != b"+OK\r\n":
                self.load.wrong(f"{command} answered {reply}")
            self.possible[key] = {command[2]}
        elif command[0] == "DEL":
            allowed = {0 if value is None else 1 for value in possible}
            if int(reply[1:]) not in allowed:
                self.load.wrong(f"{command} answered {reply} where the key held one of {possible}")
            self.possible[key] = {None}
        else:
            value = None if reply == b"$-1\r\n" else reply.split(b"\r\n")[1].decode()
            if value not in possible:
                self.load.wrong(f"{command} read {value}, expected one of {sorted(map(str, possible))}")
            self.possible[key] = {value}
        return None

    def unknown(self, key, command):
        if command[0] == "SET":
            self.possible[key] = self.possible[key] | {command[2]}
        elif command[0] == "DEL":
            self.possible[key] = self.possible[key] | {None}


def request_of(command):
    return b"*%d\r\n" % len(command) + b"".join(
        b"$%d\r\n%s\r\n" % (len(word), word.encode()) for word in command)


def faults(nodes, number):
    """Kills, stops and restarts one node, each time when it leads shards."""
    def settle():
        nodes.wait_ready()
        nodes.wait_leads(number)
        time.sleep(CALM_SECONDS)

    settle()
    nodes.kill(number)
    time.sleep(CALM_SECONDS)
    nodes.restart(number)
    settle()
    nodes.pause(number)
    time.sleep(PAUSE_SECONDS)
    nodes.resume(number)
    settle()
    nodes.restart(number)


def reader(load):
    """A client for the checks: the cluster is whole again, so it may try again."""
    return RedisCluster(
        startup_nodes=[ClusterNode("127.0.0.1", node["cluster_port"]) for node in load.nodes],
        socket_timeout=10)


def check_acknowledged(load, writers):
    """Every acknowledged write is there; gives how many were looked at."""
    client = reader(load)
    lost, count = [], 0
    for writer in writers:
        for key, value in writer.acknowledged.items():
            count += 1
            found = client.get(key)
            if found != value.encode():
                lost.append(f"{key}: {found}, expected {value}")
        for key, (acknowledged, tried) in writer.registers.items():
            count += 1
            found = int(client.get(key) or 0)
            if not acknowledged <= found <= tried:
                lost.append(f"{key}: {found}, expected {acknowledged} to {tried}")
    assert not lost, f"{len(lost)} of {count} lost: {lost[:10]}"
    return count


@suite.test
def every_acknowledged_write_is_there(load, writers, pipeliners):
    """every acknowledged write is there"""
    count = check_acknowledged(load, writers)
    assert count > 500, f"only {count} writes were acknowledged"


@suite.test
def counters_are_right(load, writers, pipeliners):
    """counters equal the acknowledged increments plus at most the unknown ones"""
    client = reader(load)
    wrong = []
    for number in range(COUNTERS):
        for key in (f"counter:{number}", f"hash:{number}"):
            acknowledged = sum(writer.counters[key][0] for writer in writers)
            unknown = sum(writer.counters[key][1] for writer in writers)
            found = client.get(key) if key.startswith("c") else client.hget(key, "field")
            if not acknowledged <= int(found or 0) <= acknowledged + unknown:
                wrong.append(f"{key}: {found}, expected {acknowledged} plus at most {unknown}")
    assert not wrong, wrong


@suite.test
def pipelines_read_their_own_place(load, writers, pipeliners):
    """pipelines that mix writes and reads of one key read their own place, and keep what they wrote"""
    client = reader(load)
    assert not load.faults, load.faults[:10]
    for worker in pipeliners:
        for key, possible in worker.possible.items():
            found = client.get(key)
            found = None if found is None else found.decode()
            assert found in possible, f"{key} holds {found}, expected one of {possible}"


@suite.test
def writes_go_on(load, writers, pipeliners):
    """writes went on through every fault"""
    longest = max(worker.gap.longest for worker in writers)
    # A client without retries may wait for its own time-out; nothing else may take that long.
    assert longest < 12, f"no write of a client was acknowledged for {longest:.1f} s"
    assert load.outcomes["done"] > 10 * load.outcomes["unknown"], load.outcomes


def main():
    with cluster(3) as nodes:
        load = Load(nodes.nodes)
        writers = [Writer(load, number) for number in range(WRITERS)]
        pipeliners = [Pipeliner(load, number) for number in range(PIPELINERS)]
        for worker in writers + pipeliners:
            worker.start()
        time.sleep(CALM_SECONDS)
        calm = max(worker.gap.longest for worker in writers)
        for _ in range(TURNS):
            for number in (1, 2, 3):
                faults(nodes, number)
        nodes.wait_ready()
        time.sleep(CALM_SECONDS)
        load.stop.set()
        for worker in writers + pipeliners:
            worker.join(30)
            assert not worker.is_alive(), "a worker doesn't end"
        nodes.wait_ready()
        print(f"outcomes: {dict(load.outcomes)}")
        for error, count in load.errors.most_common(12):
            print(f"  {count:>6} {error}")
        print("longest gap between acknowledged writes of one client: "
              f"{max(worker.gap.longest for worker in writers) * 1000:.0f} ms "
              f"(without faults {calm * 1000:.0f} ms); of a pipelining client: "
              f"{max(worker.gap.longest for worker in pipeliners) * 1000:.0f} ms")
        suite.check_all(load, writers, pipeliners)
    suite.end()


if __name__ == "__main__":
    main()
