#!/usr/bin/env python3
"""`martlet bench` itself: it measures any server, checks every reply, and follows leaders that move."""
import json
import subprocess
import threading
import time

from harness import MARTLET, RawClient, Suite, cluster, redis_server, slots_by_port

suite = Suite("bench")


def bench(*words, status=0):
    done = subprocess.run([str(MARTLET), "bench", *map(str, words)], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == status, f"{words}: status {done.returncode}: {done.stderr}"
    return done


def report(*words):
    return json.loads(bench(*words, "--json").stdout)


def addresses(nodes):
    return ",".join(f"{host}:{port}" for host, port in nodes.addresses())


@suite.test
def every_workload(nodes, port, pid):
    """every command is measured, on redis-server and on a cluster, with every reply right"""
    for target in (["--port", port], ["--cluster", addresses(nodes)]):
        for command in ("ping", "set", "get", "incr", "hset", "hget"):
            found = report(*target, "--command", command, "--requests", 5000, "--keys", 2000,
                           "--pipeline", 8, "--clients", 6, "--warmup", 0.1)
            assert found["median"]["requests"] >= 5000, found
            assert found["median"]["throughput"] > 0
            assert found["nodes"] == (1 if target[0] == "--port" else 3), found["nodes"]


@suite.test
def what_is_reported(nodes, port, pid):
    """rounds, percentiles and CPU times are reported"""
    found = report("--port", port, "--seconds", 0.3, "--warmup", 0.1, "--rounds", 3, "--pids", pid)
    assert len(found["rounds"]) == 3
    for one in found["rounds"] + [found["median"]]:
        assert 0.25 < one["seconds"] < 2, one
        assert 0 < one["p50_us"] <= one["p99_us"] <= one["p99_9_us"] <= one["max_us"]
        assert one["server_cpu_s_per_million"] >= 0
        assert 0 < one["generator_cpu"] < 1.5
        assert abs(one["throughput"] - one["requests"] / one["seconds"]) < 1 or one is found["median"]
    assert found["client_bound"] == (found["median"]["generator_cpu"] > 0.9)
    middle = sorted(one["throughput"] for one in found["rounds"])[1]
    assert found["median"]["throughput"] == middle
    text = bench("--port", port, "--seconds", 0.2, "--warmup", 0).stdout
    assert "median" in text and "P99.9" in text, text


@suite.test
def wrong_values(nodes, port, pid):
    """a value that isn't the key's is found"""
    load = ("--port", port, "--command", "get", "--keys", 200, "--requests", 20000, "--warmup", 0)
    bench(*load)
    with RawClient("127.0.0.1", port) as client:
        good = client.run("GET", "key:000000000007").split(b"\r\n")[1]
        assert len(good) == 64
        for value in (good[:-1] + b"!", b"!" + good[1:], good[:-1], good + b"x", b""):
            assert client.run("SET", "key:000000000007", value) == b"+OK\r\n"
            done = bench(*load, "--no-fill", status=70)
            assert "key number 7" in done.stderr, done.stderr
        assert client.run("DEL", "key:000000000007") == b":1\r\n"
        assert "null" in bench(*load, "--no-fill", status=70).stderr
        client.run("SET", "ctr:000000000001", "x")
        load = ("--port", port, "--command", "incr", "--keys", 2, "--requests", 1000, "--warmup", 0)
        assert "not an integer" in bench(*load, status=70).stderr


@suite.test
def wrong_use(nodes, port, pid):
    """wrong use and unreachable servers are refused"""
    bench("--port", port, "--clients", 0, status=64)
    bench("--port", port, "--command", "nothing", status=64)
    bench("--cluster", "nowhere", status=64)
    bench("--port", port, "--pids", "x", status=64)
    bench("--port", 1, status=69)


@suite.test
def moved_leaders(nodes, port, pid):
    """a load goes on when leaders move"""
    moved = []

    def stall():
        time.sleep(2)
        node = nodes.nodes[1]
        before = view(nodes, 1).get(node["cluster_port"], 0)
        nodes.pause(2)
        time.sleep(2)
        moved.append((before, view(nodes, 1).get(node["cluster_port"], 0)))
        nodes.resume(2)

    thread = threading.Thread(target=stall)
    thread.start()
    found = report("--cluster", addresses(nodes), "--command", "get", "--keys", 5000,
                   "--seconds", 6, "--clients", 12, "--pipeline", 4)
    thread.join()
    assert moved and moved[0][0] > 0 and moved[0][1] == 0, f"no leader moved: {moved}"
    assert found["rounds"][0]["moved"] > 0, found["rounds"][0]
    assert found["median"]["requests"] > 1000


def view(nodes, number):
    with nodes.connect(number) as client:
        return slots_by_port(client)


@suite.test
def failover(nodes, port, pid):
    """the failover probe kills a leader, measures the gap, and checks what was acknowledged"""
    nodes.wait_ready()
    victim = next(node for node in nodes.nodes
                  if view(nodes, 1).get(node["cluster_port"], 0) >= 1000)
    found = json.loads(bench(
        "failover", "--cluster", addresses(nodes), "--victim", f"127.0.0.1:{victim['cluster_port']}",
        "--pid", victim["pid"], "--before", 0.5, "--after", 3, "--json").stdout)
    assert len(found["keys"]) == 8 and len({key["slot"] for key in found["keys"]}) == 8
    for key in found["keys"]:
        assert key["writes"] > 10 and key["longest_gap_ms"] >= key["calm_gap_ms"] > 0, key
    assert found["longest_gap_ms"] == max(key["longest_gap_ms"] for key in found["keys"])
    assert nodes.local("status")[victim["number"] - 1]["state"] == "stopped"
    nodes.restart(victim["number"])


def main():
    with cluster(3) as nodes, redis_server() as (port, pid):
        suite.check_all(nodes, port, pid)
    suite.end()


if __name__ == "__main__":
    main()
