#!/usr/bin/env python3
"""What clients ask for when they connect: each connects to both listeners, writes, reads and sends a
pipeline, and nothing that it asks for is an error.

These are all that PyPI or Debian 12 has of the clients whose handshakes differ: redis-py 8 and 5, valkey-py,
valkey-glide, coredis, kombu (celery's), aioredis 1, node-redis 4, ruby-redis 4 (sidekiq's), phpredis,
predis, redis-cli and redis-benchmark. What is built on one of these connects as it does. Neither has ioredis,
jedis, lettuce, redisson, StackExchange.Redis, redis-rs, redis-client for Ruby, valkey-swift or a later
node-redis; of go-redis Debian has the versions of 2017 only.
"""
import os
import re
import subprocess
import sys

from harness import ROOT, Suite, cluster

suite = Suite("handshakes")

FOLDER = ROOT / "Tests/System/clients"
# Packages that can't be in one environment with those of today.
OLDER = {"PYTHONPATH": str(ROOT / ".build-venv/older")}
DEBIAN = {"NODE_PATH": "/usr/share/nodejs"}


def python(name):
    return [sys.executable, str(FOLDER / "python.py"), name]


# Name, the version that it must be of, the program, its environment, whether it knows clusters. A
# program takes "one" or "cluster", and ports; its last line is "ok" and perhaps the version.
PROGRAMS = [
    ("redis-py", "8.", python("redis-py"), {}, True),
    ("redis-py", "5.", python("redis-py"), OLDER, True),
    ("valkey-py", "6.", python("valkey-py"), {}, True),
    ("valkey-glide", "2.", python("valkey-glide"), {}, True),
    ("coredis", "6.", python("coredis"), {}, True),
    ("kombu", "5.", python("kombu"), {}, False),
    ("aioredis", "1.", python("aioredis"), OLDER, False),
    ("node-redis", "", ["node", str(FOLDER / "node-redis.js")], DEBIAN, True),
    ("ruby-redis", "", ["ruby", str(FOLDER / "ruby-redis.rb")], {}, True),
    ("phpredis", "", ["php", str(FOLDER / "phpredis.php")], {}, True),
    ("predis", "", ["php", str(FOLDER / "predis.php")], {}, True),
]
# redis-py 8 asks every server for `CLIENT MAINT_NOTIFICATIONS`, which Redis 7.0 refuses too.
ASK_FOR_MAINTENANCE = [("redis-py", "8."), ("kombu", "5.")]


def errors(nodes):
    """How many errors the nodes have answered: by their first words, and by the commands."""
    counts = {}
    for number in range(1, len(nodes.nodes) + 1):
        with nodes.connect(number) as client:
            text = client.run("INFO", "errorstats", "commandstats").decode()
        found = [(f"-{word}", count) for word, count in re.findall(
            r"errorstat_(\w+):count=(\d+)", text)]
        for command, rejected, failed in re.findall(
                r"cmdstat_([^:]+):.*rejected_calls=(\d+),failed_calls=(\d+)", text):
            found.append((command, int(rejected) + int(failed)))
        for what, count in found:
            counts[what] = counts.get(what, 0) + int(count)
    return counts


def run(nodes, what, command, environment=None, maintenance=False):
    """Runs a client, looks at what it was answered, and gives its output. A redirection of a key's command
    is no error."""
    before = errors(nodes)
    done = subprocess.run(command, env=dict(os.environ, **environment or {}), timeout=60, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, f"{what}: {done.stdout}"
    new = {key: count - before.get(key, 0) for key, count in errors(nodes).items()}
    new = {key: count for key, count in new.items() if count}
    if new.pop("-MOVED", 0):
        for key in ("get", "set", "mget", "mset"):
            new.pop(key, 0)
    if maintenance and new.get("-ERR") == new.get("client"):
        new.pop("-ERR", 0)
        new.pop("client", 0)
    assert not new, f"{what} was answered with errors: {new}: {done.stdout}"
    return done.stdout.rstrip("\n")


def connects(name, version, command, environment, knows_clusters):
    def test(nodes, single):
        ports = [str(node["cluster_port"]) for node in nodes.nodes]
        places = [
            ("the plain listener", nodes, ["one", str(nodes.nodes[1]["plain_port"])]),
            # Whoever knows nothing of clusters is at home where one node leads everything.
            ("the cluster listener of one node", single,
             ["one", str(single.nodes[0]["cluster_port"])])]
        if knows_clusters:
            places.append(("the cluster listener", nodes, ["cluster", *ports]))
        for place, asked, words in places:
            output = run(asked, f"{name} at {place}", command + words, environment,
                         (name, version) in ASK_FOR_MAINTENANCE)
            last = output.rpartition("\n")[2]
            assert last.startswith(f"ok {version}".rstrip()), f"{name} at {place}: {output}"
    test.__doc__ = f"{name} {version.rstrip('.')}".rstrip()
    return suite.test(test)


for program in PROGRAMS:
    connects(*program)


@suite.test
def redis_cli(nodes, single):
    """redis-cli in both protocols"""
    plain, node = str(nodes.nodes[1]["plain_port"]), str(nodes.nodes[0]["cluster_port"])
    for version in ("-2", "-3"):
        for words in (["-p", plain], ["-p", plain, "-n", "3"], ["-c", "-p", node]):
            command = ["redis-cli", version, *words]
            assert run(nodes, f"{command}", command + ["SET", "cli", "1"]) == "OK"
            assert run(nodes, f"{command}", command + ["GET", "cli"]) == "1"


@suite.test
def redis_benchmark(nodes, single):
    """redis-benchmark, in a cluster too"""
    plain, node = str(nodes.nodes[1]["plain_port"]), str(nodes.nodes[0]["cluster_port"])
    for words in (["-p", plain], ["--cluster", "-p", node]):
        command = ["redis-benchmark", *words, *"-q -t set,get -n 500 -c 5 -P 8 -r 100".split()]
        assert "GET: " in run(nodes, f"{command}", command)


def main():
    with cluster(3) as nodes, cluster(1) as single:
        suite.check_all(nodes, single)
    suite.end()


if __name__ == "__main__":
    main()
