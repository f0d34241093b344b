#!/usr/bin/env python3
"""What requests cost, in counts and not in time: allocations, system calls and large copies of a loop's
thread.

A count is the same on every machine and under every load, so the bounds have little slack. What
timers do is not in them. Where allocations pass a bound, their call sites are shown;
MARTLET_TEST_SITES=1 shows them always.
"""
import collections
import contextlib
import os
import statistics
import subprocess
import time

from counting import Counting, Counts, describe_sites
from harness import (MARTLET, RawClient, Suite, end_process, folder, free_base_port, request,
                     wait_until)

SHOW_SITES = os.environ.get("MARTLET_TEST_SITES") == "1"
SHARDS = 16
# What a batch costs is the median of rounds that are short, so that what other parts of the node do
# once a second (a lump of allocations) is in few of them.
ROUNDS = 15
BATCHES_A_ROUND = {"periodic": 150, "sync": 10}
WARM_UP_BATCHES = {"periodic": 2000, "sync": 100}
VALUE = "v" * 16

# How many allocations a batch may cost the loop's thread: one of a single request, of 16 in one
# shard, of 64 in one, and of 16 in 16. As they are; a change that needs fewer lowers them.
READ_ALLOCATIONS = (0, 0, 0, 0)
# 2 a turn (3 when it waits for the disk) and 2 an entry of the log, one for each shard written to.
WRITE_ALLOCATIONS = {"periodic": (4, 4, 4, 34), "sync": (5, 5, 5, 35)}
ALLOCATION_SLACK = 0.1
# How often the loop's thread may copy 128 bytes or more for each request, beyond what it does once a turn
# (arrays that grow): the compiler once copied the whole core of the loop twice for each.
LARGE_COPIES = 0.1

# How often the loop's thread may call into the system a batch; anything else not at all. A turn
# waits once or twice: libuv looks without waiting first, since it measures how long it idles. And it
# reads its thread's processor time, which is a system call (other clocks are not).
READ_CALLS = {"read": 1, "write": 1, "epoll_wait": 2, "clock_gettime": 1}
WRITE_CALLS = {
    "periodic": {"read": 1, "write": 1, "pwrite": 1, "epoll_wait": 2, "clock_gettime": 1},
    # A second turn once the disk's thread has written and synced, which wakes the loop.
    "sync": {"read": 2, "write": 1, "epoll_wait": 4, "clock_gettime": 2},
}
DISK_CALLS = {"periodic": {}, "sync": {"pwrite": 1, "fdatasync": 1, "write": 1}}
# At most so many wake another thread, each of which may be a futex call.
WAKES = {"periodic": 0, "sync": 1}
CALL_SLACK = 0.1
# libuv's spinning while another thread is just about to wake the loop: a matter of time.
UNCOUNTED = {"sched_yield"}

suite = Suite("counts")

Command = collections.namedtuple("Command", "prepare words")
COMMANDS = {
    "GET": Command(lambda key: ["SET", key, VALUE], lambda key: ["GET", key]),
    "HGET": Command(lambda key: ["HSET", key, *fields()], lambda key: ["HGET", key, "f3"]),
    "HGETALL": Command(lambda key: ["HSET", key, *fields()], lambda key: ["HGETALL", key]),
    "SET": Command(lambda key: ["SET", key, VALUE], lambda key: ["SET", key, VALUE]),
    # Of seven digits whatever is added here.
    "INCR": Command(lambda key: ["SET", key, "1000000"], lambda key: ["INCR", key]),
    "HSET": Command(lambda key: ["HSET", key, *fields()], lambda key: ["HSET", key, "f3", VALUE]),
}


def fields():
    return [word for number in range(10) for word in (f"f{number}", VALUE)]


class Node:
    """A node whose calls are counted, and a connection to its cluster listener."""

    def __init__(self, durability, counting, process, client):
        self.durability = durability
        self.counting = counting
        self.process = process
        self.client = client
        self.idle = self.idle_rates()

    def idle_rates(self, seconds=1.5):
        """How often the loop's thread calls into the system a second while nobody asks anything."""
        time.sleep(0.5)
        before, begin = self.counting.read("loop-0"), time.monotonic()
        time.sleep(seconds)
        after, elapsed = self.counting.read("loop-0"), time.monotonic() - begin
        return Counts({name: (after[name] - before[name]) / elapsed
                       for name in after.system_calls()})

    def run_batches(self, data, reply_bytes, count):
        socket = self.client.socket
        for _ in range(count):
            socket.sendall(data)
            left = reply_bytes
            while left > 0:
                received = len(socket.recv(1 << 17))
                assert received, "the server closed the connection"
                left -= received
            assert left == 0, f"{-left} bytes too many"

    def batch(self, command, keys):
        """(requests, bytes of the replies) of one batch; its keys are there afterwards."""
        for key in keys:
            self.client.run("DEL", key)
            self.client.run(*command.prepare(key))
        data = b"".join(request(command.words(key)) for key in keys)
        self.client.send_raw(data)
        replies = [self.client.reply() for _ in keys]
        assert not any(reply.startswith(b"-") for reply in replies), replies[0]
        return data, sum(map(len, replies))

    def cost(self, name, keys):
        """What a batch costs, warmed up: (counts of the loop's thread, of the disk's, call sites).

        The first are without the system calls of an idle loop in the same time.
        """
        data, reply_bytes = self.batch(COMMANDS[name], keys)
        self.run_batches(data, reply_bytes, WARM_UP_BATCHES[self.durability])
        count = BATCHES_A_ROUND[self.durability]
        loops, disks = [], []
        for _ in range(ROUNDS):
            loop, disk = self.counting.read("loop-0"), self.counting.read("disk-0")
            begin = time.monotonic()
            self.run_batches(data, reply_bytes, count)
            elapsed = time.monotonic() - begin
            after = self.counting.read("loop-0")
            loops.append(Counts({name: (after[name] - loop[name] - self.idle[name] * elapsed)
                                 / count for name in after}))
            after = self.counting.read("disk-0")
            disks.append(Counts({name: (after[name] - disk[name]) / count for name in after}))

        def sites():
            batches = count * ROUNDS
            with self.counting.recorded("loop-0"):
                self.run_batches(data, reply_bytes, batches)
            return describe_sites(self.counting, self.process.pid, batches)
        return median(loops), median(disks), sites

    def keys_of_all_shards(self):
        """A key of each shard; a shard has as many slots as another, and they lie together."""
        found = {}
        number = 0
        while len(found) < SHARDS:
            slot = int(self.client.run("CLUSTER", "KEYSLOT", f"k{number}")[1:])
            found.setdefault(slot * SHARDS // 16384, f"k{number}")
            number += 1
        return list(found.values())


def median(rounds):
    return Counts({name: statistics.median(one[name] for one in rounds) for name in rounds[0]})


@contextlib.contextmanager
def node(durability):
    with folder() as path, open(path / "log", "ab") as log:
        counting = Counting(path)
        base = free_base_port()
        process = subprocess.Popen(
            [str(MARTLET), "serve", "--durability", durability, "--node.data-dir", path / "data",
             "--node.loops", "1", "--cluster.shards", str(SHARDS),
             "--listen.cluster", f"127.0.0.1:{base}", "--listen.plain", f"127.0.0.1:{base + 40}",
             "--listen.admin", f"127.0.0.1:{base + 80}",
             "--listen.peer", f"127.0.0.1:{base + 10000}"],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=counting.environment())

        def ready():
            assert process.poll() is None, (path / "log").read_text()
            with contextlib.suppress(OSError):
                with RawClient("127.0.0.1", base) as client:
                    keys = (f"ready:{number}" for number in range(200))
                    return all(client.run("SET", key, 1) == b"+OK\r\n" for key in keys)
            return False
        try:
            wait_until(ready, 20, "the node serves")
            counting.open()
            with RawClient("127.0.0.1", base, timeout=30) as client:
                yield Node(durability, counting, process, client)
        finally:
            end_process(process)


def shown(counts):
    return ", ".join(f"{name} {count:.2f}" for name, count in counts.items() if count > 0.005)


def exceeded(what, found, allowed):
    """What is called more often than it may be."""
    return [f"{what}: {found[name]:.2f} of {name} a batch, {allowed.get(name, 0)} at most"
            for name in found
            if name not in UNCOUNTED and found[name] > allowed.get(name, 0) + CALL_SLACK]


def check(node, name, allocations, calls, disk_calls, wakes):
    """Checks the cost of a command in batches of four kinds."""
    spread = node.keys_of_all_shards()
    batches = ((1, 1, ["{t}0"]),
               (16, 1, [f"{{t}}{number}" for number in range(16)]),
               (64, 1, [f"{{t}}{number}" for number in range(64)]),
               (SHARDS, SHARDS, spread))
    faults = []
    copies = {}
    for (requests, shards, keys), bound in zip(batches, allocations):
        loop, disk, sites = node.cost(name, keys)
        what = f"{name} ({node.durability}), {requests} requests, shards: {shards}"
        print(f"       {what}: {loop.allocations:.2f} allocations, {shown(loop.system_calls())}, "
              f"{loop['clock_reading']:.0f} clock readings, {loop['large_copy']:.1f} large copies"
              + (f"; disk thread: {shown(disk.system_calls())}" if disk_calls else ""))
        copies[requests, shards] = loop["large_copy"]
        too_many = loop.allocations > bound + ALLOCATION_SLACK
        if too_many:
            faults.append(f"{what}: {loop.allocations:.2f} allocations a batch, {bound} at most; "
                          f"{loop.allocations / requests:.3f} a request")
        if too_many or SHOW_SITES:
            print(f"       allocations a batch by call site, {what}:\n{sites()}")
        # Fewer than one each would mean that they aren't seen.
        for call in ("read", "write"):
            if loop[call] < 1 - CALL_SLACK:
                faults.append(f"{what}: {loop[call]:.2f} of {call} a batch, at least 1 is needed")
        faults += exceeded(what, loop.system_calls(), calls)
        faults += exceeded(f"{what}, disk thread", disk.system_calls(), disk_calls)
        faults += exceeded(what, {"cond_signal": loop["cond_signal"]}, {"cond_signal": wakes})
        if "fdatasync" in disk_calls and disk["fdatasync"] < 1 - CALL_SLACK:
            faults.append(f"{what}: acknowledged with {disk['fdatasync']:.2f} syncs a batch")
    each = (copies[64, 1] - copies[16, 1]) / 48
    if each > LARGE_COPIES:
        faults.append(f"{name} ({node.durability}): {each:.2f} copies of 128 bytes or more for each "
                      f"request, {LARGE_COPIES} at most")
    assert not faults, "\n".join(faults)


def check_read(node, name):
    check(node, name, READ_ALLOCATIONS, READ_CALLS, {}, 0)


def check_write(node, name):
    kind = node.durability
    check(node, name, WRITE_ALLOCATIONS[kind], WRITE_CALLS[kind], DISK_CALLS[kind], WAKES[kind])


@suite.test
def allocations_are_seen(periodic, sync):
    """an allocation and a deallocation are seen where there are some"""
    client, counting = periodic.client, periodic.counting
    before = counting.read("loop-0")
    for _ in range(1000):
        client.run("CLIENT", "INFO")
    after = counting.read("loop-0")
    for what, found in (("allocations", after.allocations - before.allocations),
                        ("deallocations", after["free"] - before["free"])):
        assert found >= 1000, f"{found} {what} are seen of 1000 requests that have some"


@suite.test
def get(periodic, sync):
    """a GET allocates nothing of its own, and a batch costs one read and one write"""
    check_read(periodic, "GET")


@suite.test
def set_periodic(periodic, sync):
    """a SET costs no more than it did, and a batch one write to the log"""
    check_write(periodic, "SET")


@suite.test
def set_sync(periodic, sync):
    """a SET on disk costs no more than it did, and a batch one sync"""
    check_write(sync, "SET")


@suite.test
def other_reads(periodic, sync):
    """HGET and HGETALL cost what GET costs"""
    check_read(periodic, "HGET")
    check_read(periodic, "HGETALL")


@suite.test
def other_writes(periodic, sync):
    """INCR and HSET cost what SET costs"""
    check_write(periodic, "INCR")
    check_write(periodic, "HSET")


@suite.test
def disk_hints(periodic, sync):
    """the disk is told of the log as it is written, on its own thread: a full queue holds up no client"""
    before = {thread: periodic.counting.read(thread) for thread in ("loop-0", "disk-0")}
    value = "v" * 4000
    for number in range(2000):
        periodic.client.run("SET", f"hint:{number % 100}", value)
    told = {thread: periodic.counting.read(thread)["sync_file_range"] - counts["sync_file_range"]
            for thread, counts in before.items()}
    assert told["loop-0"] == 0, f"the loop told the disk {told['loop-0']} times"
    assert told["disk-0"] >= 4, f"8 MB were written, and the disk was told {told['disk-0']} times"


if __name__ == "__main__":
    with node("periodic") as periodic, node("sync") as sync:
        suite.check_all(periodic, sync)
    suite.end()
