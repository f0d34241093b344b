"""What the system tests share: temporary folders, servers, counting, a raw RESP client."""
import contextlib
import functools
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MARTLET = pathlib.Path(os.environ.get("MARTLET", ROOT / ".build/release/martlet"))

# What a file may take: `--long` of Tests/System/run makes them look longer.
LONG = "--long" in sys.argv[1:]

# So that a test that is ended leaves no servers behind.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

_first_port = int(os.environ.get("MARTLET_TEST_PORT", "21000"))
_base_ports = itertools.count(_first_port, 100)


def can_bind(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_base_port():
    """A port P such that what a local cluster of five nodes needs of P… is free."""
    for base in _base_ports:
        if base > _first_port + 8000:
            raise SystemExit(f"no free ports between {_first_port} and {base}")
        needed = [base + offset + number for offset in (0, 40, 80, 10000) for number in range(5)]
        if all(can_bind(port) for port in needed):
            return base


def wait_until(condition, seconds, what):
    """Polls until `condition` gives something true, and returns it; `what` it is, or who says so when it fails."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(0.02)


class Suite:
    """Runs the tests of one file and counts them."""

    def __init__(self, name):
        self.name = name
        self.tests = []

    def test(self, function):
        self.tests.append(function)
        return function

    def test_each(self, *values):
        """A test for each of the values, which is what its function is called with."""
        def add(function):
            for value in values:
                one = functools.partial(function, value)
                one.__doc__ = f"{value}: {function.__doc__}"
                self.tests.append(one)
            return function
        return add

    def check_all(self, *arguments):
        """Runs every test with `arguments`; a failing one doesn't keep the others from running."""
        self.passed = getattr(self, "passed", 0)
        self.failed = getattr(self, "failed", 0)
        for function in self.tests:
            title = (function.__doc__ or function.__name__).splitlines()[0]
            begin = time.monotonic()
            try:
                function(*arguments)
            except Exception:
                self.failed += 1
                print(f"FAILED {self.name}: {title}")
                traceback.print_exc(file=sys.stdout)
            else:
                self.passed += 1
                print(f"ok     {self.name}: {title} ({time.monotonic() - begin:.1f} s)")
            sys.stdout.flush()

    def end(self):
        """The last line, and the exit status."""
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed else 0)


def end_process(process):
    """Ends a process that this one started, whatever its state."""
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def folder():
    """A temporary folder; it is kept when the test fails, and named."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="martlet-test-"))
    try:
        yield path
    except BaseException:
        print(f"       kept: {path}")
        raise
    shutil.rmtree(path, ignore_errors=True)


class LocalCluster:
    """A cluster of `martlet local`."""

    def __init__(self, path, nodes=3, settings=()):
        self.path = path
        self.count = nodes
        self.settings = [part for setting in settings for part in ("--set", setting)]
        self.nodes = []

    def local(self, *words, check=True):
        done = subprocess.run(
            [str(MARTLET), "local", *map(str, words), "--dir", str(self.path), "--json"],
            capture_output=True, text=True, timeout=120)
        if not check:
            return done
        assert done.returncode == 0, f"local {words}: status {done.returncode}: {done.stderr}"
        self.nodes = json.loads(done.stdout)["nodes"]
        return self.nodes

    def start(self):
        if (self.path / "local.json").exists():
            return self.local("start")
        last = None
        for _ in range(3):
            done = self.local(
                "start", "--nodes", self.count, "--base-port", free_base_port(), *self.settings,
                check=False)
            if done.returncode == 0:
                self.nodes = json.loads(done.stdout)["nodes"]
                return self.nodes
            last = done.stderr
            self.local("stop", check=False)
            if "port" not in last:
                break
            shutil.rmtree(self.path)
        raise AssertionError(f"the cluster doesn't start: {last}")

    def kill(self, number):
        self.local("kill", number)

    def pause(self, number):
        self.local("pause", number)

    def resume(self, number):
        self.local("resume", number)

    def restart(self, number):
        self.local("restart", number)

    def addresses(self):
        return [("127.0.0.1", node["cluster_port"]) for node in self.nodes]

    def connect(self, number=1, timeout=10):
        return RawClient("127.0.0.1", self.nodes[number - 1]["cluster_port"], timeout)

    def wait_ready(self, seconds=30):
        """Until every node answers that all shards have leaders."""
        def missing():
            answers = {node["number"]: admin(node, "/readyz") for node in self.nodes}
            return {number: body for number, (code, body) in answers.items() if code != 200}

        end = time.monotonic() + seconds
        while left := missing():
            assert time.monotonic() < end, f"not ready within {seconds} s: {left}"
            time.sleep(0.05)


    def slots_led_by(self, number):
        """How many slots a node leads, as another one sees it (if there is another)."""
        for other in self.nodes:
            if other["number"] == number and self.count > 1:
                continue
            with contextlib.suppress(OSError, Closed):
                with self.connect(other["number"], timeout=2) as client:
                    return slots_by_port(client).get(self.nodes[number - 1]["cluster_port"], 0)
        return 0

    def wait_leads(self, number, seconds=60):
        """Until a node leads its part again: shards come back two at a time."""
        wait_until(lambda: self.slots_led_by(number) >= 4096, seconds,
                   f"node {number} leads a quarter of the slots")


@contextlib.contextmanager
def cluster(nodes=3, settings=()):
    with folder() as path:
        made = LocalCluster(path / "cluster", nodes, settings)
        try:
            made.start()
            yield made
        finally:
            if made.path.exists():
                made.local("stop", check=False)


def admin(node, path):
    """(status, body) of a node's admin listener; status 0 when it doesn't answer."""
    import http.client
    import urllib.error
    import urllib.request
    try:
        url = f"http://127.0.0.1:{node['admin_port']}{path}"
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    # An HTTPException is an answer that ended half-way: the node died.
    except (urllib.error.URLError, http.client.HTTPException, OSError):
        return 0, b""


@contextlib.contextmanager
def redis_server(*options):
    """A redis-server of its own on a free port; yields (port, pid)."""
    with folder() as path:
        port = free_base_port()
        log = open(path / "log", "wb")
        process = subprocess.Popen(
            ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(path),
             "--save", "", *options],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            wait_until(lambda: process.poll() is not None or not can_bind(port), 10, "redis-server")
            assert process.poll() is None, (path / "log").read_text()
            yield port, process.pid
        finally:
            end_process(process)
            log.close()


@contextlib.contextmanager
def redis_cluster_node():
    """A redis-server in cluster mode that owns all slots."""
    with redis_server("--cluster-enabled", "yes") as (port, _):
        with RawClient("127.0.0.1", port) as client:
            assert client.run("CLUSTER", "ADDSLOTSRANGE", 0, 16383) == b"+OK\r\n"
            wait_until(lambda: b"cluster_state:ok" in client.run("CLUSTER", "INFO"), 10,
                       "redis-server serves its slots")
        yield port


class Closed(Exception):
    """The server closed the connection."""


class RawClient:
    """A connection that gives replies as the bytes they came in."""

    def __init__(self, host, port, timeout=10):
        self.socket = socket.create_connection((host, port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, *words):
        self.socket.sendall(request(words))

    def send_raw(self, data):
        self.socket.sendall(data)

    def _more(self):
        data = self.socket.recv(1 << 16)
        if not data:
            raise Closed()
        self.buffer += data

    def _line(self, position):
        while True:
            end = self.buffer.find(b"\r\n", position)
            if end >= 0:
                return end + 2
            self._more()

    def _skip(self, position):
        """The end of the reply that begins at `position`."""
        end = self._line(position)
        kind, rest = self.buffer[position:position + 1], self.buffer[position + 1:end - 2]
        if kind in b"$=!":
            if rest == b"-1":
                return end
            end += int(rest) + 2
            while len(self.buffer) < end:
                self._more()
            return end
        if kind in b"*~>%|":
            count = max(int(rest), 0) * (2 if kind in b"%|" else 1) + (1 if kind == b"|" else 0)
            for _ in range(count):
                end = self._skip(end)
            return end
        assert kind in b"+-:_,#(", f"a reply begins with {kind!r}"
        return end

    def reply(self):
        """The bytes of the next reply."""
        end = self._skip(0)
        reply, self.buffer = self.buffer[:end], self.buffer[end:]
        return reply

    def run(self, *words):
        self.send(*words)
        return self.reply()

    def is_closed(self, seconds=5):
        """Whether the server ends the connection within a time."""
        self.socket.settimeout(seconds)
        try:
            while self.socket.recv(1 << 16):
                pass
            return True
        except ConnectionError:
            return True
        except TimeoutError:
            return False


SLOT_RANGE = re.compile(
    rb"\*\d+\r\n:(\d+)\r\n:(\d+)\r\n\*\d+\r\n\$\d+\r\n([^\r]+)\r\n:(\d+)\r\n")


def slots_by_port(client):
    """How many slots each port leads, by CLUSTER SLOTS."""
    counts = {}
    for first, last, _, port in SLOT_RANGE.findall(client.run("CLUSTER", "SLOTS")):
        counts[int(port)] = counts.get(int(port), 0) + int(last) - int(first) + 1
    return counts


def request(words):
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        data = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(parts)
