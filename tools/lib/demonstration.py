"""The demonstration of tools/quickstart: a cluster under load loses a leader and nothing else."""
import argparse
import collections
import json
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import redis
from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.retry import Retry

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MARTLET = ROOT / ".build/release/martlet"
NODES = 3
WRITERS = 8
BEFORE_SECONDS = 4
AFTER_SECONDS = 8
CATCH_UP_SECONDS = 60


def say(text=""):
    print(text, flush=True)


class Cluster:
    """A local cluster, driven by `martlet local` as a person would."""

    def __init__(self, folder, base_port):
        self.folder = folder
        self.base_port = base_port

    def local(self, *arguments):
        command = [MARTLET, "local", *arguments, "--dir", self.folder, "--json"]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(map(str, command))}\n{done.stderr}")
        return json.loads(done.stdout)["nodes"]

    def start(self):
        self.nodes = self.local("start", "--nodes", str(NODES), "--base-port", str(self.base_port))

    def topology(self, besides=None):
        """What the first node that answers knows; `besides` is not asked."""
        for node in self.nodes:
            if node["number"] == besides:
                continue
            try:
                url = f"http://127.0.0.1:{node['admin_port']}/topology"
                with urllib.request.urlopen(url, timeout=2) as answer:
                    return json.load(answer)
            except (urllib.error.URLError, OSError):
                continue
        raise SystemExit("no node answers")

    def show(self):
        for node in self.nodes:
            address = f"127.0.0.1:{node['admin_port']}"
            if subprocess.run([MARTLET, "cluster", "status", "--connect", address]).returncode == 0:
                return

    def client(self):
        nodes = [ClusterNode("127.0.0.1", node["cluster_port"]) for node in self.nodes]
        return RedisCluster(
            startup_nodes=nodes, socket_timeout=2, socket_connect_timeout=1,
            retry=Retry(NoBackoff(), 0))


class Writer(threading.Thread):
    """Writes keys of its own, each until it is acknowledged, and remembers what was."""

    def __init__(self, cluster, number, stop):
        super().__init__(daemon=True)
        self.cluster = cluster
        self.number = number
        self.stop = stop
        self.acknowledged = {}
        self.errors = collections.Counter()
        self.longest_gap = 0.0
        self.client = cluster.client()
        self.generator = random.Random(number)

    def run(self):
        last = time.monotonic()
        count = 0
        while not self.stop.is_set():
            # Half of the load on one slot, so that one shard is the busiest.
            tag = "{hot}" if self.generator.random() < 0.5 else ""
            key = f"{tag}quickstart:{self.number}:{count}"
            value = f"{self.number}-{count}-{self.generator.getrandbits(64):016x}"
            while not self.stop.is_set():
                try:
                    self.client.set(key, value)
                except (redis.RedisError, OSError) as error:
                    # Done or not: writing the same value again settles it.
                    self.errors[type(error).__name__] += 1
                    time.sleep(0.01)
                    continue
                now = time.monotonic()
                self.longest_gap = max(self.longest_gap, now - last)
                last = now
                self.acknowledged[key] = value
                break
            count += 1


def progress(writers, seconds):
    """Shows how the load goes for a while."""
    end = time.monotonic() + seconds
    before = sum(len(writer.acknowledged) for writer in writers)
    while time.monotonic() < end:
        time.sleep(1)
        count = sum(len(writer.acknowledged) for writer in writers)
        say(f"   {count:>8} writes acknowledged (+{count - before})")
        before = count


def busiest_leader(cluster):
    """The shard with the most keys, and the local node that leads it."""
    topology = cluster.topology()
    shard = max(topology["shards"], key=lambda shard: shard["keys"])
    for node in cluster.nodes:
        if node["id"] == shard.get("leader"):
            return shard, node
    raise SystemExit(f"shard {shard['id']} has no leader among the local nodes")


def missing_writes(cluster, writers):
    """The acknowledged keys whose value is not the one acknowledged."""
    client = cluster.client()
    missing = []
    for writer in writers:
        keys = list(writer.acknowledged)
        for start in range(0, len(keys), 500):
            part = keys[start:start + 500]
            values = client.mget_nonatomic(part)
            for key, value in zip(part, values):
                if value is None or value.decode() != writer.acknowledged[key]:
                    missing.append(key)
    return missing


def catch_up(cluster, node):
    """Waits until a node holds all its shards' entries; returns whether it came to that."""
    end = time.monotonic() + CATCH_UP_SECONDS
    while time.monotonic() < end:
        topology = cluster.topology(besides=node["number"])
        lags = []
        for shard in topology["shards"] + [topology["directory"]]:
            lags += [replica.get("lag") for replica in shard["replicas"]
                     if replica["node"] == node["id"] and shard.get("leader") != node["id"]]
        behind = sum(lag for lag in lags if lag is not None)
        unknown = sum(lag is None for lag in lags)
        say(f"   node {node['number']} is {behind} entries behind in {len(lags)} shards"
            + (f", {unknown} not heard of yet" if unknown else ""))
        if lags and not behind and not unknown:
            return True
        time.sleep(0.5)
    return False


def demonstrate(cluster):
    """Runs the demonstration; returns whether all held."""
    say(f"\nStarting {NODES} nodes in {cluster.folder} …")
    cluster.start()
    say("Every shard has a leader.\n")
    cluster.show()

    say(f"\nWriting with {WRITERS} cluster-aware clients (redis-py) …")
    stop = threading.Event()
    writers = [Writer(cluster, number, stop) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    progress(writers, BEFORE_SECONDS)
    calm = max(writer.longest_gap for writer in writers)
    for writer in writers:
        writer.longest_gap = 0.0

    shard, victim = busiest_leader(cluster)
    say(f"\nkill -9 of node {victim['number']} (pid {victim['pid']}), the leader of the busiest "
        f"shard ({shard['id']}) …")
    cluster.local("kill", str(victim["number"]))
    progress(writers, AFTER_SECONDS)
    stop.set()
    for writer in writers:
        writer.join()
    gap = max(writer.longest_gap for writer in writers)
    errors = sum((writer.errors for writer in writers), collections.Counter())
    say(f"\nLongest hold-up of writes: {gap * 1000:.0f} ms (before the kill: {calm * 1000:.0f} ms)")
    if errors:
        seen = ", ".join(f"{count} {name}" for name, count in sorted(errors.items()))
        say(f"Errors that clients saw and tried again after: {seen}")

    total = sum(len(writer.acknowledged) for writer in writers)
    say(f"Reading all {total} acknowledged writes back from the two nodes that are left …")
    missing = missing_writes(cluster, writers)
    say(f"Acknowledged writes that are there: {total - len(missing)} of {total}")
    for key in missing[:10]:
        say(f"   MISSING {key}")

    say(f"\nRestarting node {victim['number']} …")
    cluster.nodes = cluster.local("restart", str(victim["number"]))
    caught_up = catch_up(cluster, victim)
    say("It has caught up." if caught_up else f"It has NOT caught up in {CATCH_UP_SECONDS} s.")
    return total > 0 and not missing and caught_up


def main():
    parser = argparse.ArgumentParser(prog="tools/quickstart")
    parser.add_argument("--once", action="store_true")
    parser.add_argument("--dir", type=pathlib.Path)
    parser.add_argument("--base-port", type=int, default=7000)
    options = parser.parse_args()
    # So that a terminated demonstration leaves no nodes behind either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    folder = options.dir or pathlib.Path(tempfile.mkdtemp(prefix="martlet-quickstart-"))
    cluster = Cluster(folder.absolute(), options.base_port)
    held = False
    try:
        held = demonstrate(cluster)
        if not options.once:
            node = cluster.nodes[0]
            say(f"""
The cluster stays up until Ctrl-C. To use it:
    redis-cli -c -p {node['cluster_port']}
    {MARTLET} cluster status --connect 127.0.0.1:{node['admin_port']} --watch
    {MARTLET} local kill 2 --dir {cluster.folder}""")
            signal.pause()
    except KeyboardInterrupt:
        say("\nInterrupted.")
    finally:
        say(f"Stopping the nodes of {cluster.folder} …")
        subprocess.run(
            [MARTLET, "local", "stop", "--dir", cluster.folder, "--json"],
            stdout=subprocess.DEVNULL)
        if options.dir is None and held:
            shutil.rmtree(folder)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
