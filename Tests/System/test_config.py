#!/usr/bin/env python3
"""CONFIG SET holds for the whole cluster, and outlives it."""
from harness import Suite, cluster, wait_until

suite = Suite("config")


def get(client, name):
    """The value of a parameter."""
    return client.run("CONFIG", "GET", name).split(b"\r\n")[4]


@suite.test
def whole_cluster(nodes):
    """what is set on any node is so on each soon after, and after a restart of all"""
    for number in (1, 2, 3):
        with nodes.connect(number) as client:
            assert client.run("CONFIG", "SET", "slowlog-max-len", f"5{number}", "save", f"{number} 1"
                              ) == b"+OK\r\n"
            # The node that answered knows it at once.
            assert get(client, "slowlog-max-len") == b"5%d" % number
        for other in (1, 2, 3):
            with nodes.connect(other) as client:
                wait_until(lambda: get(client, "slowlog-max-len") == b"5%d" % number, 5,
                           f"node {other} knows what node {number} has set")
                assert get(client, "save") == b"%d 1" % number
    for number in (1, 2, 3):
        nodes.kill(number)
    for number in (1, 2, 3):
        nodes.restart(number)
    nodes.wait_ready()
    for number in (1, 2, 3):
        with nodes.connect(number) as client:
            assert get(client, "slowlog-max-len") == b"53"


@suite.test
def without_majority(nodes):
    """without a majority nothing is set, and nothing is said to be"""
    nodes.kill(1)
    nodes.kill(2)
    with nodes.connect(3) as client:
        reply = client.run("CONFIG", "SET", "slowlog-max-len", "77")
        assert reply.startswith((b"-UNCERTAIN", b"-CLUSTERDOWN")), reply
        assert get(client, "slowlog-max-len") == b"53"
    nodes.restart(1)
    nodes.restart(2)
    nodes.wait_ready()


@suite.test
def before_every_unit(nodes):
    """what Redis's own suite does before each unit works"""
    with nodes.connect() as client:
        assert client.run("FUNCTION", "FLUSH") == b"+OK\r\n"
        assert client.run("CONFIG", "SET", "save", "") == b"+OK\r\n"
        assert client.run("CONFIG", "RESETSTAT") == b"+OK\r\n"
        everything = client.run("CONFIG", "GET", "*")
        assert int(everything[1:everything.index(b"\r\n")]) > 100


def main():
    with cluster(3) as nodes:
        suite.check_all(nodes)
    suite.end()


if __name__ == "__main__":
    main()
