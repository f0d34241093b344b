#!/usr/bin/env python3
"""INFO: docs/info.md says which of redis-server's fields there are, and which there are not."""
import re
import time

from harness import ROOT, Suite, admin, cluster, RawClient, redis_cluster_node, wait_until

suite = Suite("info")


def documented(heading):
    """The fields that a part of the page names, by section."""
    page = (ROOT / "docs/info.md").read_text()
    part = page.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    fields = {}
    for row in re.findall(r"^\| (\w+) \| (.*?) \|", part, re.M):
        names = re.findall(r"`(\w+)`", row[1])
        fields.setdefault(row[0], set()).update(names)
    return {section: names for section, names in fields.items() if section != "section"}


def answered(client, *words):
    """The fields of INFO, by section."""
    reply = client.run("INFO", *words).decode().split("\r\n", 1)[1]
    sections, current = {}, None
    for line in reply.split("\r\n"):
        if line.startswith("# "):
            current = sections.setdefault(line[2:], {})
        elif ":" in line:
            name, value = line.split(":", 1)
            current[name] = value
    return sections


@suite.test
def as_documented(nodes, redis_port):
    """a node gives the fields that docs/info.md names, and no others"""
    with nodes.connect() as client:
        assert client.run("SET", "key", "value", "EX", "1000") == b"+OK\r\n"
        wait_until(lambda: "used_cpu_sys" in answered(client)["CPU"], 10, "INFO knows the process")
        found = answered(client)
    given = documented("Given")
    assert set(found) == set(given), (set(found), set(given))
    found.pop("Errorstats")
    for section, names in found.items():
        expected = given[section] - {"keys", "expires"}
        assert set(names) == expected, f"{section}: {set(names) ^ expected}"


@suite.test
def all_of_redis(nodes, redis_port):
    """docs/info.md names each field of redis-server as given or as absent, not as both"""
    given, absent = documented("Given"), documented("Absent")
    with RawClient("127.0.0.1", redis_port) as redis:
        found = answered(redis, "everything")
    wrong = []
    for section, names in found.items():
        if section in ("Commandstats", "Errorstats", "Latencystats"):
            continue
        for name in names:
            places = (name in given.get(section, ())) + (name in absent.get(section, ()))
            if places != 1:
                wrong.append(f"{section}: {name} is named {places} times")
    for section, names in given.items():
        wrong += [f"{section}: {name} is not redis-server's" for name in names
                  if not name.startswith("martlet_") and name not in found.get(section, ())
                  and section not in ("Keyspace", "Errorstats")]
    assert not wrong, "\n".join(wrong)


@suite.test
def values(nodes, redis_port):
    """the values are those of the process and of what its clients did"""
    with nodes.connect() as client:
        before = answered(client)
        others = [nodes.connect() for _ in range(3)]
        for number in range(200):
            client.run("SET", f"info:{number}", "x" * 1000, "EX", "1000")
        for _ in range(5):
            assert client.run("NOSUCH").startswith(b"-ERR")
        time.sleep(1.2)
        after = answered(client)
        for other in others:
            other.close()

    def grown(section, name):
        return int(after[section][name]) - int(before[section][name])

    assert grown("Clients", "connected_clients") == 3
    assert grown("Stats", "total_connections_received") == 3
    assert grown("Stats", "total_commands_processed") == 201
    assert grown("Stats", "total_error_replies") == 5
    assert 200_000 < grown("Stats", "total_net_input_bytes") < 250_000
    assert 200_000 < grown("Memory", "used_memory") < 400_000
    assert after["Keyspace"]["db0"] == "keys=201,expires=201"
    process = int(after["Server"]["process_id"])
    with open(f"/proc/{process}/status") as status:
        resident = int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1]) * 1024
    assert abs(int(after["Memory"]["used_memory_rss"]) - resident) < 8 << 20
    assert after["Server"]["executable"].endswith("martlet")


@suite.test
def calls(nodes, redis_port):
    """commands, errors and lookups are counted as redis-server counts them"""
    def run(client):
        client.run("CONFIG", "RESETSTAT")
        client.run("SET", "calls", "1")
        client.run("GET", "calls")
        client.run("GET", "nosuchkey")
        client.run("INCR", "calls")
        client.run("HGET", "calls", "field")
        client.run("GET")
        client.run("CLIENT", "SETNAME", "a b")
        client.run("CONFIG", "GET", "save")
        return answered(client, "everything")

    with nodes.connect() as client, RawClient("127.0.0.1", redis_port) as redis:
        ours, theirs = run(client), run(redis)
    counts = re.compile(r"calls=(\d+),.*(rejected_calls=\d+,failed_calls=\d+)")
    for name in ("set", "get", "incr", "hget", "client|setname", "config|get", "config|resetstat"):
        values = [counts.search(each["Commandstats"][f"cmdstat_{name}"]).groups()
                  for each in (ours, theirs)]
        assert values[0] == values[1], (name, values)
    assert ours["Errorstats"] == theirs["Errorstats"]
    for name in ("keyspace_hits", "keyspace_misses", "total_error_replies"):
        assert ours["Stats"][name] == theirs["Stats"][name], name
    assert "latency_percentiles_usec_get" in ours["Latencystats"]
    assert float(ours["Latencystats"]["latency_percentiles_usec_get"].split("p50=")[1].split(",")[0]) > 0
    assert int(ours["Persistence"]["rdb_changes_since_last_save"]) > 0


@suite.test
def slow_commands(nodes, redis_port):
    """SLOWLOG and LATENCY show what really took long"""
    with nodes.connect() as client:
        client.run("CONFIG", "SET", "slowlog-log-slower-than", "0", "latency-monitor-threshold", "1")
        client.run("SLOWLOG", "RESET")
        big = ["HSET", "big"] + [word for n in range(50_000) for word in (f"f{n}", "v")]
        client.run(*big)
        client.run("HGETALL", "big")
        reply = client.run("SLOWLOG", "GET", "10")
        assert b"HGETALL" in reply and b"more arguments" in reply
        assert b"$7\r\ncommand\r\n" in client.run("LATENCY", "LATEST")
        assert b"hgetall" in client.run("LATENCY", "HISTOGRAM", "hgetall")
        client.run("CONFIG", "SET", "slowlog-log-slower-than", "10000",
                   "latency-monitor-threshold", "0")
        client.run("DEL", "big")


@suite.test
def metrics(nodes, redis_port):
    """/metrics is a page that Prometheus takes, and its numbers are true"""
    with nodes.connect() as client:
        for number in range(50):
            client.run("SET", f"metrics:{number}", "x")
    code, body = admin(nodes.nodes[0], "/metrics")
    assert code == 200
    values, types = {}, {}
    for line in body.decode().splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in types, f"{name} has two types"
            types[name] = kind
        elif not line.startswith("#"):
            match = re.fullmatch(r'(martlet_\w+)(\{(?:\w+="[^"]*",?)*\})? ([-+.e\d]+)', line)
            assert match, line
            base = re.sub(r"_(bucket|sum|count)$", "", match[1])
            assert match[1] in types or types.get(base) == "histogram", line
            values[match[1] + (match[2] or "")] = float(match[3])
    assert values['martlet_commands_total{command="set"}'] >= 50
    assert values['martlet_command_duration_seconds_count{command="set"}'] >= 50
    assert values['martlet_command_duration_seconds_bucket{command="set",le="+Inf"}'] >= 50
    assert values["martlet_commit_duration_seconds_count"] >= 50
    assert values["martlet_disk_sync_duration_seconds_sum"] > 0
    assert values['martlet_groups{state="led"}'] == 16
    assert values["martlet_resident_memory_bytes"] > 1 << 20
    buckets = [value for name, value in values.items()
               if name.startswith("martlet_commit_duration_seconds_bucket")]
    assert buckets == sorted(buckets)


@suite.test
def libraries(nodes, redis_port):
    """redis-py reads it"""
    import redis
    client = redis.Redis(port=nodes.nodes[0]["cluster_port"])
    info = client.info()
    assert info["redis_version"] == "7.0.15" and info["role"] == "master"
    assert info["db0"]["keys"] > 0 and info["db0"]["expires"] > 0
    assert client.info("cpu").keys() == {"used_cpu_sys", "used_cpu_user"}


def main():
    with cluster(1, ["node.loops=2"]) as nodes, \
            redis_cluster_node() as redis_port:
        suite.check_all(nodes, redis_port)
    suite.end()


if __name__ == "__main__":
    main()
