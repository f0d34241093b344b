"""What keys cost while nobody uses them: memory for each, and time when the server starts with them."""
import contextlib
import pathlib
import random
import re
import subprocess
import time

import harness

# Keys that are asked for after a start; with 16 shards, no shard is likely to be left out.
SAMPLE = 200


class Server:
    """A server process in a folder of its own, which can be stopped and started again."""

    # What INFO says while a snapshot or a rewrite is under way.
    BUSY = re.compile(rb"(rdb_bgsave|aof_rewrite)_in_progress:1")

    def __init__(self, folder):
        self.folder = folder
        self.port = harness.free_base_port()
        self.process = None

    def start(self):
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                self.words(), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def stop(self):
        """SIGTERM; the server must end cleanly."""
        self.process.terminate()
        status = self.process.wait(60)
        assert status in (0, -15, 143), f"status {status}: {self.log()}"

    def log(self):
        return (self.folder / "log").read_text()[-2000:]

    def connect(self):
        return harness.RawClient("127.0.0.1", self.port, 30)

    def resident(self):
        """Bytes of the process that are in memory."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024

    def settled(self):
        """Resident bytes, once nothing is being written and they no longer change."""
        last, since = self.resident(), time.monotonic()
        with self.connect() as client:
            while time.monotonic() - since < 2:
                time.sleep(0.1)
                now = self.resident()
                if abs(now - last) > 1 << 16 or self.BUSY.search(client.run("INFO")):
                    last, since = now, time.monotonic()
        return last

    def wait_answer(self, key, expected, seconds=120):
        """Asks every 2 ms, each time anew, until the answer is right."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self.process.poll() is None, self.log()
            with contextlib.suppress(OSError, harness.Closed), self.connect() as client:
                if client.run("GET", key) == expected:
                    return
            time.sleep(0.002)
        raise AssertionError(f"GET {key} is not answered: {self.log()}")


class Martlet(Server):
    def words(self):
        return [str(harness.MARTLET), "serve", "--node.data-dir", "data",
                "--limits.entry-cache", "16mb", "--listen.cluster", f"127.0.0.1:{self.port}",
                "--listen.peer", f"127.0.0.1:{self.port + 10000}",
                "--listen.admin", f"127.0.0.1:{self.port + 80}", "--listen.plain", "off"]


class Redis(Server):
    def words(self):
        return ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                "--appendonly", "yes", "--appendfsync", "everysec"]


def measure(kind, count, fill):
    """One server, from its first start to its second.

    - kind: Which, `Martlet` or `Redis`.
    - count: How many keys `fill` writes, given the port: those that `martlet bench` does.
    - Returns: Resident growth in bytes for each key, and seconds from the second start until the first
      GET is answered right, and until all of a sample are.
    """
    draw = random.Random(count)
    keys = [f"key:{draw.randrange(count):012}" for _ in range(SAMPLE)]
    with harness.folder() as folder:
        server = kind(folder)
        server.start()
        try:
            server.wait_answer("none", b"$-1\r\n")
            before = server.settled()
            fill(server.port)
            after = server.settled()
            with server.connect() as client:
                size = client.run("DBSIZE")
                assert size == b":%d\r\n" % count, f"{size} keys of {count}"
                values = [client.run("GET", key) for key in keys]
            server.stop()
            begin = time.monotonic()
            server.start()
            server.wait_answer(keys[0], values[0])
            first = time.monotonic() - begin
            for key, value in zip(keys, values):
                server.wait_answer(key, value)
            everything = time.monotonic() - begin
            with server.connect() as client:
                assert client.run("DBSIZE") == size, "keys are missing after the start"
        finally:
            harness.end_process(server.process)
    return {"bytes_per_key": (after - before) / count, "first_s": first, "all_s": everything}
