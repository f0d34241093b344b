#!/usr/bin/env python3
"""Redis's own Tcl units: on the plain listener of a node of three that leads nothing of database 0,
and on the cluster listener of a node that is alone. Tests/RedisSuite/skip.txt says what is left out.

usage: test_redis_suite.py [--long] [UNIT...]    (e.g. type/string; default: all)
"""
import contextlib
import sys

from harness import RawClient, Suite, cluster, redis_cluster_node, redis_server, wait_until
from redis_suite import FOLDER, Skips, check_judge, fetch, judge, run_unit

suite = Suite("redis_suite")

# protocol is the first, since some of the others leave limits as they changed them.
UNITS = ["protocol", "type/string", "type/incr", "type/hash", "expire", "keyspace", "scan",
         "info-command", "quit"]


class Setup:
    """A listener of Martlet beside the redis-server that it must be like."""

    def __init__(self, nodes, redis_port):
        self.nodes, self.redis_port = nodes, redis_port
        # The names that redis-server passes, by unit.
        self.passed = {}
        self.hangs = False

    def check(self, unit, skips):
        skipped = skips.names.get(unit, [])
        theirs = run_unit(fetch(), unit, self.redis_port, self.flag)
        self.passed[unit] = theirs.passed
        assert not self.hangs, "an earlier unit hung on this listener"
        ours, problems = self.run(unit, skipped)
        self.hangs = ours.timed_out
        problems += judge(ours, theirs, skipped) + [
            f"node {node['number']} is {node['state']}"
            for node in self.nodes.local("status") if node["state"] != "running"]
        print(f"       {self.name} {unit}: {ours.passed.total()} passed, "
              f"{ours.skipped.total()} skipped, {len(problems)} wrong; "
              f"redis-server: {theirs.passed.total()} passed, {theirs.ignored} not for this set-up")
        for problem in problems:
            print("       - " + problem.replace("\n", "\n         "))
        assert not problems, f"{len(problems)} differences"


class Cluster(Setup):
    """The cluster listener of a node that is alone; the suite doesn't follow redirections."""

    name, flag = "cluster", "--cluster-mode"

    def run(self, unit, skipped):
        return run_unit(fetch(), unit, self.nodes.nodes[0]["cluster_port"], self.flag, skipped), []


class Plain(Setup):
    """The plain listener of a node that leads nothing of database 0, and so forwards everything."""

    name, flag = "plain", "--singledb"

    def run(self, unit, skipped):
        port = wait_until(self.forwarding_port, 20, "a node that forwards everything")
        before = forwards(port)
        ours = run_unit(fetch(), unit, port, self.flag, skipped)
        count = forwards(port) - before
        return ours, [] if count else ["no request was forwarded to another node"]

    def forwarding_port(self):
        for node in self.nodes.nodes:
            port = node["plain_port"]
            before = forwards(port)
            with RawClient("127.0.0.1", port) as client:
                for number in range(20):
                    assert client.run("SET", "key", number) == b"+OK\r\n"
            if forwards(port) >= before + 20:
                return port
        return None


def forwards(port):
    with RawClient("127.0.0.1", port) as client:
        text = client.run("INFO", "stats").decode()
    return int(text.split("martlet_forwards:")[1].split("\r\n")[0])


def main(arguments):
    chosen = [word for word in arguments if word != "--long"] or UNITS
    if not set(chosen) <= set(UNITS):
        sys.exit(__doc__)
    check_judge()
    fetch()
    skips = Skips((FOLDER / "skip.txt").read_text())

    with contextlib.ExitStack() as stack:
        three = stack.enter_context(cluster())
        one = stack.enter_context(cluster(1))
        for nodes in (three, one):
            nodes.wait_ready()
        setups = [
            Plain(three, stack.enter_context(redis_server())[0]),
            Cluster(one, stack.enter_context(redis_cluster_node()))]

        for setup in setups:
            for unit in chosen:
                def as_redis(setup=setup, unit=unit):
                    setup.check(unit, skips)
                as_redis.__doc__ = f"{setup.name} listener: {unit} passes what redis-server does"
                suite.test(as_redis)

        @suite.test
        def skip_file():
            """skip.txt leaves out only tests that redis-server passes, and whose commands are missing"""
            passed = {unit: {name for setup in setups for name in setup.passed.get(unit, ())}
                      for unit in chosen}
            wrong = skips.errors + skips.overdue(one.nodes[0]["plain_port"]) + [
                f"redis-server passes no such test: {line}" for line in skips.unknown(passed)
                if chosen == UNITS or line.split(" ")[0] in chosen]
            assert not wrong, "\n".join(wrong)

        suite.check_all()
    suite.end()


main(sys.argv[1:])
