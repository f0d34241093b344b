#!/usr/bin/env python3
"""Bad input: it ends its own connection with Redis's protocol error and touches nothing else."""
import contextlib
import socket
import time

from harness import Closed, RawClient, Suite, cluster, redis_server

suite = Suite("protocol")

# Each is compared with what redis-server says before it closes the connection.
MALFORMED = {
    "a count that is no number": b"*abc\r\n",
    "a count that is too large": b"*2147483648\r\n",
    "a count that overflows": b"*9223372036854775808\r\n",
    "no bulk where one belongs": b"*1\r\n:1\r\n",
    "a simple string where a bulk belongs": b"*2\r\n$3\r\nGET\r\n+k\r\n",
    "a length that is no number": b"*1\r\n$x\r\n",
    "a negative length": b"*1\r\n$-1\r\n",
    "a length that is too large": b"*1\r\n$536870913\r\n",
    "quotes that don't end": b"SET k \"v\r\n",
    "quotes that end within a word": b"SET k \"v\"w\r\n",
    "a line that doesn't end": b"x" * 70_000,
    "a count with a zero in front": b"*01\r\n$4\r\nPING\r\n",
    "a count with a plus": b"*+1\r\n$4\r\nPING\r\n",
    "a count of minus zero": b"*-0\r\n",
    "a count below what an integer holds": b"*-9223372036854775809\r\n",
    "a length with a zero in front": b"*1\r\n$04\r\nPING\r\n",
    "a length of nineteen digits": b"*1\r\n$1000000000000000000\r\n",
    "no bulk, in a line that doesn't end": b"*1\r\n" + b"x" * 70_000,
    "a count line with a zero byte": b"*\0" + b"1" * 70_000 + b"\r\n",
    "a count line that doesn't end": b"*" + b"1" * 70_000,
    "a length line that doesn't end": b"*1\r\n$" + b"1" * 70_000,
}

# What is malformed for one who has not authenticated yet, and what is not.
STRANGERS = {
    "eleven arguments": b"*11\r\n",
    "as many as there may ever be": b"*2147483647\r\n",
    "more than there may ever be": b"*2147483648\r\n",
    "ten arguments": b"*10\r\n" + b"$1\r\na\r\n" * 10,
    "a long argument": b"*1\r\n$16385\r\n",
    "the longest argument": b"*1\r\n$16384\r\n" + b"a" * 16384 + b"\r\n",
    "a longer one than there may ever be": b"*1\r\n$536870913\r\n",
    "more after AUTH": b"AUTH secret\r\n*12\r\n$3\r\nDEL\r\n" + b"$1\r\na\r\n" * 11,
    "a long argument after AUTH": b"AUTH secret\r\n*2\r\n$4\r\nPING\r\n$20000\r\n"
                                  + b"a" * 20_000 + b"\r\n",
}

# What closes nothing.
HARMLESS = {
    "empty lines": b"\r\n\r\nPING\r\n",
    "an empty array": b"*0\r\nPING\r\n",
    "a negative array": b"*-5\r\nPING\r\n",
    "the most negative array": b"*-9223372036854775808\r\nPING\r\n",
    "as many arguments as there may be": b"*2147483647\r\n$4\r\nPING\r\n",
    "half a line where a bulk belongs": b"*1\r\nx",
    "a line end that is not one": b"*1\rX$4\rYPINGZZ",
    "a count line with a zero byte": b"*1\0\r\n$4\r\nPING\r\n",
    "an inline command with a zero byte": b"PI\0NG\r\n",
    "an empty argument": b"*2\r\n$4\r\nECHO\r\n$0\r\n\r\n",
    "an inline command": b"SET inline \"a\\x41 b\"\r\n",
    "an unknown command": b"*2\r\n$5\r\nNoSuC\r\n$3\r\na\r\n\r\n",
}


def all_bytes(port, data, seconds=5):
    """What a server answers to `data`, and whether it then closes the connection."""
    with socket.create_connection(("127.0.0.1", port), seconds) as connection:
        # Redis may close before it has read everything.
        with contextlib.suppress(ConnectionError):
            connection.sendall(data)
        received = b""
        connection.settimeout(1)
        try:
            while part := connection.recv(1 << 16):
                received += part
        except TimeoutError:
            return received, False
        except ConnectionError:
            pass
        return received, True


@suite.test
def malformed_requests(nodes, redis_port):
    """a malformed request gets redis-server's error and its connection is closed"""
    port = nodes.nodes[0]["cluster_port"]
    wrong = []
    for what, data in MALFORMED.items():
        found, expected = all_bytes(port, data), all_bytes(redis_port, data)
        # A reset may swallow an error that was sent; then only the end can be compared.
        same = found == expected or (found[1] and expected[1] and b"" in (found[0], expected[0]))
        if not same:
            wrong.append(f"{what}: {found}, redis-server: {expected}")
    assert not wrong, "\n".join(wrong)


@suite.test
def harmless_requests(nodes, redis_port):
    """odd but legal input is answered as redis-server answers it"""
    port = nodes.nodes[0]["cluster_port"]
    wrong = [f"{what}: {found}, redis-server: {expected}" for what, data in HARMLESS.items()
             if (found := all_bytes(port, data)) != (expected := all_bytes(redis_port, data))]
    assert not wrong, "\n".join(wrong)


@suite.test
def strangers(_nodes, _redis_port):
    """a client that has not authenticated is bounded as redis-server bounds it"""
    with cluster(1, ["security.password=secret"]) as nodes, \
            redis_server("--requirepass", "secret") as (redis_port, _):
        port = nodes.nodes[0]["cluster_port"]
        wrong = [f"{what}: {found}, redis-server: {expected}" for what, data in STRANGERS.items()
                 if (found := all_bytes(port, data)) != (expected := all_bytes(redis_port, data))]
    assert not wrong, "\n".join(wrong)


@suite.test
def others_go_on(nodes, redis_port):
    """other connections don't notice a malformed request, nor do commands before it"""
    port = nodes.nodes[0]["cluster_port"]
    with RawClient("127.0.0.1", port) as other:
        assert other.run("SET", "calm", "1") == b"+OK\r\n"
        # Half a request of the other's is in the buffer meanwhile.
        other.send_raw(b"*3\r\n$3\r\nSET\r\n$4\r\ncalm\r\n$1\r\n")
        for data in MALFORMED.values():
            all_bytes(port, data, seconds=5)
        other.send_raw(b"2\r\n")
        assert other.reply() == b"+OK\r\n"
        assert other.run("GET", "calm") == b"$1\r\n2\r\n"

    with RawClient("127.0.0.1", port) as bad:
        bad.send_raw(b"*3\r\n$3\r\nSET\r\n$6\r\nbefore\r\n$1\r\n1\r\n*x\r\n"
                     b"*3\r\n$3\r\nSET\r\n$5\r\nafter\r\n$1\r\n1\r\n")
        assert bad.reply() == b"+OK\r\n"
        assert bad.reply().startswith(b"-ERR Protocol error")
        assert bad.is_closed()
    with RawClient("127.0.0.1", port) as other:
        assert other.run("GET", "before") == b"$1\r\n1\r\n"
        assert other.run("GET", "after") == b"$-1\r\n"


@suite.test
def pieces(nodes, redis_port):
    """a request may come in any pieces"""
    with nodes.connect() as client:
        request = b"*3\r\n$3\r\nSET\r\n$5\r\nparts\r\n$4\r\na\r\nb\r\n"
        for byte in request:
            client.send_raw(bytes([byte]))
        assert client.reply() == b"+OK\r\n"
        assert client.run("GET", "parts") == b"$4\r\na\r\nb\r\n"


@suite.test
def large_values(nodes, redis_port):
    """a value of ten megabytes comes back whole"""
    value = b"0123456789abcdef" * (10 << 16)
    with nodes.connect(timeout=30) as client:
        assert client.run("SET", "large", value) == b"+OK\r\n"
        assert client.run("STRLEN", "large") == b":%d\r\n" % len(value)
        assert client.run("GET", "large") == b"$%d\r\n%s\r\n" % (len(value), value)
        assert client.run("DEL", "large") == b":1\r\n"


@suite.test
def slow_reader(nodes, redis_port):
    """a client that doesn't read its replies holds nobody up"""
    with nodes.connect() as other, nodes.connect() as slow:
        assert other.run("SET", "big", b"x" * (1 << 20)) == b"+OK\r\n"
        slow.socket.settimeout(0.5)
        with contextlib.suppress(OSError):
            for _ in range(400):
                slow.send("GET", "big")
        begin = time.monotonic()
        for number in range(200):
            assert other.run("SET", "quick", number) == b"+OK\r\n"
        took = time.monotonic() - begin
        assert took < 5, f"200 writes took {took:.1f} s"
        # What it asked for is still there when it reads at last, or it was cut off; not mixed up.
        slow.socket.settimeout(5)
        with contextlib.suppress(Closed, OSError):
            for _ in range(20):
                assert slow.reply() == b"$%d\r\n%s\r\n" % (1 << 20, b"x" * (1 << 20))
        assert other.run("DEL", "big") == b":1\r\n"


@suite.test
def half_closed(nodes, redis_port):
    """a client that stops sending still gets its replies"""
    port = nodes.nodes[0]["cluster_port"]
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(b"PING\r\nECHO last\r\nQUIT\r\n")
        received = b""
        while part := connection.recv(4096):
            received += part
    assert received == b"+PONG\r\n$4\r\nlast\r\n+OK\r\n", received


def main():
    with cluster(1) as nodes, redis_server() as (redis_port, _):
        suite.check_all(nodes, redis_port)
    suite.end()


if __name__ == "__main__":
    main()
