#!/usr/bin/env python3
"""`martlet serve` as a process: what it refuses, with which status, and what it keeps."""
import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

from harness import (MARTLET, RawClient, Suite, can_bind, end_process, folder, free_base_port,
                     wait_until)

suite = Suite("serve")

USAGE, BAD_DATA, UNAVAILABLE, FOLDER, SETTINGS = 64, 65, 69, 73, 78


def ports(base):
    return ["--listen.cluster", f"127.0.0.1:{base}", "--listen.peer", f"127.0.0.1:{base + 10000}",
            "--listen.admin", f"127.0.0.1:{base + 80}",
            "--listen.plain", f"127.0.0.1:{base + 40}"]


def refused(status, *words, cwd=None, seconds=20):
    """Runs `serve`, which must end with `status`; gives what it wrote to standard error."""
    done = subprocess.run([str(MARTLET), "serve", *map(str, words)], capture_output=True, text=True,
                          timeout=seconds, cwd=cwd, stdin=subprocess.DEVNULL)
    assert done.returncode == status, f"{words}: status {done.returncode}: {done.stderr}"
    return done.stderr


@contextlib.contextmanager
def serve(cwd, *words, base):
    """A node; yields (process, cluster port)."""
    log = open(cwd / "serve.log", "ab")
    process = subprocess.Popen([str(MARTLET), "serve", *map(str, words)], cwd=cwd, stdout=log,
                               stderr=log, stdin=subprocess.DEVNULL)
    try:
        def ready():
            assert process.poll() is None, (cwd / "serve.log").read_text()[-2000:]
            with contextlib.suppress(OSError):
                with RawClient("127.0.0.1", base, 5) as client:
                    return client.run("SET", "ready", "1") == b"+OK\r\n"
            return False
        wait_until(ready, 20, "the node serves")
        yield process
    finally:
        end_process(process)
        log.close()


@suite.test
def settings():
    """a wrong setting is refused with its place, what was found and what was expected"""
    with folder() as path:
        def file(text):
            name = path / "node.toml"
            name.write_text(text)
            return name
        cases = [
            ("[cluster]\nseeds = [\"a:1\", 7001]\n", ["node.toml: cluster.seeds[1]", "7001", "expected"]),
            ("[cluster]\nsede = 1\n", ["node.toml: cluster.sede", "did you mean", "cluster.seeds"]),
            ("[node]\ndata-dir = 5\n", ["node.data-dir", "5"]),
            ("durability = \"maybe\"\n", ["durability", "maybe", "periodic"]),
            ("[raft]\nheartbeat = \"1s\"\nelection-timeout = \"2s\"\n", ["raft.election-timeout", "raft.heartbeat"]),
            ("[listen]\ncluster = \"nowhere\"\n", ["listen.cluster", "nowhere"]),
            ("[listen]\ncluster = \"127.0.0.1:99999\"\n", ["listen.cluster", "99999"]),
            ("a = = b\n", ["node.toml:1:"]),
            ("[cluster]\nseeds = [\"127.0.0.1:1\"]\n", ["cluster.secret"]),
        ]
        for text, expected in cases:
            error = refused(SETTINGS, "--config", file(text), cwd=path)
            missing = [part for part in expected if part not in error]
            assert not missing, f"{text!r}: {error!r} lacks {missing}"
        assert not (path / "martlet-data").exists(), "refused, but a folder was made"
        error = refused(SETTINGS, "--config", path / "none.toml", cwd=path)
        assert "none.toml" in error, error
        error = refused(SETTINGS, "--node.data-dri", "x", cwd=path)
        assert "--node.data-dri" in error and "node.data-dir" in error, error


@suite.test
def open_listener():
    """a client listener beyond loopback needs a password, or --insecure"""
    with folder() as path:
        base = free_base_port()
        words = ["--listen.cluster", f"0.0.0.0:{base}", "--advertise.cluster", f"127.0.0.1:{base}",
                 "--listen.peer", f"127.0.0.1:{base + 10000}", "--listen.admin",
                 f"127.0.0.1:{base + 80}"]
        error = refused(SETTINGS, *words, cwd=path)
        assert "listen.cluster" in error and "--insecure" in error, error
        with serve(path, *words, "--insecure", base=base):
            pass


@suite.test
def password():
    """with a password, clients must give it"""
    with folder() as path:
        base = free_base_port()
        process = subprocess.Popen(
            [str(MARTLET), "serve", *ports(base), "--security.password", "sesame"], cwd=path,
            stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        try:
            def connected():
                with contextlib.suppress(OSError):
                    return RawClient("127.0.0.1", base, 5)
            with wait_until(connected, 15, "the node listens") as client:
                assert client.run("GET", "k") == b"-NOAUTH Authentication required.\r\n"
                assert client.run("AUTH", "wrong").startswith(b"-WRONGPASS")
                assert client.run("AUTH", "sesame") == b"+OK\r\n"
                wait_until(lambda: client.run("SET", "k", "v") == b"+OK\r\n", 10, "it serves")
        finally:
            end_process(process)


@suite.test
def second_process():
    """a second process on a data folder is refused, and the first goes on"""
    with folder() as path:
        base, other = free_base_port(), free_base_port()
        with serve(path, *ports(base), base=base) as process:
            error = refused(FOLDER, *ports(other), cwd=path)
            assert "martlet-data" in error and str(process.pid) in error, error
            with RawClient("127.0.0.1", base) as client:
                assert client.run("SET", "k", "v") == b"+OK\r\n"


@suite.test
def taken_ports():
    """a taken port is refused, with the port, whichever of the listeners it is"""
    with folder() as path:
        base = free_base_port()
        for port in (base, base + 80, base + 10000):
            with socket.socket() as holder:
                holder.bind(("127.0.0.1", port))
                holder.listen()
                error = refused(UNAVAILABLE, *ports(base), cwd=path)
                assert str(port) in error, error


@suite.test
def newer_format():
    """a data folder of a newer format, or none of Martlet's, is refused untouched"""
    with folder() as path:
        base = free_base_port()
        with serve(path, *ports(base), base=base):
            pass
        layout = path / "martlet-data/layout"
        good = layout.read_text()
        for text, expected in ((good.replace("martlet-data 1", "martlet-data 2"), "format 2"),
                               ("something else\n", "layout")):
            layout.write_text(text)
            error = refused(BAD_DATA, *ports(base), cwd=path)
            assert expected in error, error
            assert layout.read_text() == text
        layout.write_text(good)
        with serve(path, *ports(base), base=base):
            pass


@suite.test
def unusable_folder():
    """a data folder that can't be made is refused"""
    with folder() as path:
        (path / "file").write_text("")
        error = refused(FOLDER, *ports(free_base_port()), "--node.data-dir", path / "file/data")
        assert "file/data" in error, error


@suite.test
def signals():
    """SIGTERM and SIGINT end a node with status 0, and what was written is there again"""
    with folder() as path:
        base = free_base_port()
        for number, name in enumerate((signal.SIGTERM, signal.SIGINT)):
            with serve(path, *ports(base), base=base) as process:
                with RawClient("127.0.0.1", base) as client:
                    assert client.run("INCR", "starts") == b":%d\r\n" % (number + 1)
                process.send_signal(name)
                assert process.wait(15) == 0, f"{name.name}: status {process.returncode}"


@suite.test
def killed():
    """after kill -9 every acknowledged write is there, in both durabilities"""
    for durability in ("sync", "periodic"):
        with folder() as path:
            base = free_base_port()
            words = [*ports(base), "--durability", durability]
            for number in range(3):
                with serve(path, *words, base=base) as process:
                    with RawClient("127.0.0.1", base) as client:
                        for key in range(number * 200):
                            assert client.run("GET", f"k{key}") == b"$1\r\nv\r\n", f"k{key}"
                        for key in range(number * 200, number * 200 + 200):
                            assert client.run("SET", f"k{key}", "v") == b"+OK\r\n"
                    process.kill()
                    process.wait()


@suite.test
def json_log():
    """a log in JSON has one object a line, and goes to its file"""
    with folder() as path:
        base = free_base_port()
        with serve(path, *ports(base), "--log.format", "json", "--log.file", path / "node.log",
                   base=base):
            time.sleep(0.2)
        lines = (path / "node.log").read_text().splitlines()
        assert lines
        for line in lines:
            assert {"time", "level", "message"} <= set(json.loads(line)), line


@suite.test
def no_configuration():
    """without any configuration it is a durable single-node cluster in ./martlet-data"""
    taken = [port for port in (7000, 7080, 17000) if not can_bind(port)]
    if taken:
        # Something else runs on the default ports: then it must be refused as clearly.
        with folder() as path:
            error = refused(UNAVAILABLE, cwd=path)
            assert any(str(port) in error for port in taken), error
        return
    with folder() as path, serve(path, base=7000):
        assert pathlib.Path(path / "martlet-data/layout").exists()
        assert os.listdir(path / "martlet-data")
        with RawClient("127.0.0.1", 7000) as client:
            assert b"cluster_state:ok" in client.run("CLUSTER", "INFO")


if __name__ == "__main__":
    suite.check_all()
    suite.end()
