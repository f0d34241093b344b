#!/usr/bin/env python3
"""Nodes on real disks: power cuts, full disks, hung disks, and errors. Needs root; skipped without.

Each round runs under load, and at its end every acknowledged write is there. MARTLET_TEST_ROUNDS says how
many rounds there are of each kind (one, and ten with --long).
"""
import collections
import contextlib
import os
import subprocess
import threading
import time

import test_faults
from disks import disks, obstacle
from harness import (LONG, MARTLET, Closed, LocalCluster, RawClient, Suite, admin, end_process,
                     folder, free_base_port, wait_until)

ROUNDS = int(os.environ.get("MARTLET_TEST_ROUNDS", "10" if LONG else "1"))
SETTINGS = ("journal.segment-size=1mb", "journal.snapshot-after=1mb")
DISK_ERROR = 74
# Short of what a node may take to see that its disk hangs, and for others to take over.
HANDOVER_SECONDS = 2
FILLER_BYTES = 16 << 10

suite = Suite("disks")


class Filler(test_faults.Writer):
    """Large values over and over, so that the log needs room."""

    def work(self):
        self.client = test_faults.client_of(self.load.nodes)
        self.acknowledged, self.counters = {}, collections.defaultdict(lambda: [0, 0])
        self.registers = {f"fill:{self.number}:{n}": [0, 0] for n in range(64)}
        while not self.load.stop.is_set():
            key = self.random.choice(list(self.registers))
            register = self.registers[key]
            register[1] += 1
            # A number all the same: int() of it is what was written.
            value = str(register[1]).rjust(FILLER_BYTES)
            outcome, _ = self.attempt("SET", key, value)
            if outcome == "done":
                register[0] = register[1]
                self.gap.acknowledged()


@contextlib.contextmanager
def loaded_cluster(durability="sync", megabytes=256):
    """Three nodes, each on a disk of its own, under load. Yields (cluster, disks, workers)."""
    with folder() as path:
        nodes = LocalCluster(path / "cluster", 3, (*SETTINGS, f"durability={durability}"))
        points = [nodes.path / f"node-{number}" / "data" for number in (1, 2, 3)]
        with disks(path, points, megabytes) as made:
            try:
                nodes.start()
                nodes.wait_ready()
                load = test_faults.Load(nodes.nodes)
                workers = [test_faults.Writer(load, 0), test_faults.Writer(load, 1),
                           Filler(load, 2), Filler(load, 3)]
                for worker in workers:
                    worker.start()
                time.sleep(1)
                yield nodes, made, workers
                nodes.wait_ready()
                time.sleep(1)
                load.stop.set()
                for worker in workers:
                    worker.join(30)
                    assert not worker.is_alive(), "a worker doesn't end"
                nodes.wait_ready()
                assert not load.faults, load.faults[:10]
                count = test_faults.check_acknowledged(load, workers)
                assert count > 100, f"only {count} writes were acknowledged"
                test_faults.counters_are_right(load, workers, [])
                print(f"       outcomes: {dict(load.outcomes)}")
            finally:
                load.stop.set()
                for disk in made:
                    with contextlib.suppress(AssertionError, OSError):
                        disk.thaw()
                nodes.local("stop", check=False)


@contextlib.contextmanager
def starved(*made):
    """Takes whatever room there is on the disks, again and again."""
    end = threading.Event()

    def work():
        while not end.is_set():
            for disk in made:
                disk.fill_reserves()
            end.wait(0.05)
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()
        for disk in made:
            disk.free()


def persistence(nodes, number):
    """The fields of a node's INFO persistence."""
    with nodes.connect(number) as client:
        text = client.run("INFO", "persistence").decode()
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)


def disk_state(nodes, number):
    return persistence(nodes, number)["martlet_disk"]


def leads_nothing(nodes, number):
    return nodes.slots_led_by(number) == 0


def someone_reads(nodes):
    """A read is served on every node for a slot that it leads, if it leads any."""
    answers = []
    for node in nodes.nodes:
        with RawClient("127.0.0.1", node["cluster_port"]) as client:
            answers += [client.run("GET", f"fill:2:{n}") for n in range(64)]
    return [answer for answer in answers if answer.startswith(b"$") and answer != b"$-1\r\n"]


@suite.test
def power_cut():
    """power is cut on all three nodes at once, and nothing acknowledged is lost"""
    with loaded_cluster() as (nodes, made, workers):
        for _ in range(ROUNDS):
            time.sleep(1)
            for disk in made:
                disk.cut_power()
            for number in (1, 2, 3):
                nodes.local("kill", number, check=False)
            for disk in made:
                disk.remount()
            for number in (1, 2, 3):
                nodes.restart(number)
            nodes.wait_ready(60)


@suite.test_each("sync", "periodic")
def one_full_disk(durability):
    """a full disk costs its node the leaderships; writes go on, and it recovers by itself"""
    with loaded_cluster(durability) as (nodes, made, workers):
        for turn in range(ROUNDS):
            number = turn % 3 + 1
            nodes.wait_leads(number)
            with starved(made[number - 1]):
                wait_until(lambda: disk_state(nodes, number) == "full", 20, "the disk is full")
                wait_until(lambda: leads_nothing(nodes, number), 5, "a full node leads nothing")

                def says_so():
                    status, body = admin(nodes.nodes[number - 1], "/readyz")
                    return status == 503 and b"the disk of this node is full" in body
                # Meanwhile a segment may have been given back, which fills up again.
                wait_until(says_so, 20, "/readyz says that the disk is full")
                before = workers[0].load.outcomes["done"]
                time.sleep(2)
                assert workers[0].load.outcomes["done"] > before + 50, "writes go on"
                assert leads_nothing(nodes, number), "a full node is given nothing to lead"
            wait_until(lambda: disk_state(nodes, number) == "ok", 10, "there is room again")
        log = (nodes.path / "node-1" / "node.log").read_text()
        assert "the disk is full: write " in log and "No space left on device" in log, log[-2000:]
        assert log.count("the disk is full") < 10 * ROUNDS, log[-2000:]


@suite.test_each("sync", "periodic")
def all_disks_full(durability):
    """on full disks everywhere, writes are refused and reads go on, until there is room"""
    with loaded_cluster(durability) as (nodes, made, workers):
        for _ in range(ROUNDS):
            with starved(*made):
                # Once two are full no write is taken any more, so that the third may keep its room.
                wait_until(lambda: sum(disk_state(nodes, number) == "full"
                                       for number in (1, 2, 3)) >= 2, 30, "two disks are full")

                def refused():
                    replies = []
                    for node in nodes.nodes:
                        with RawClient("127.0.0.1", node["cluster_port"]) as client:
                            replies += [client.run("SET", f"new:{n}", 1) for n in range(20)]
                    return replies if any(reply.startswith(b"-MISCONF Errors writing to the journal")
                                          for reply in replies) else None
                # What a leader took before it had heard of full disks elsewhere may not be known of.
                wait_until(refused, 10, "writes are refused")
                replies = refused() or []
                assert replies, "writes are refused still"
                assert not any(reply.startswith(b"-UNCERTAIN") for reply in replies), replies
                assert len(someone_reads(nodes)) > 10, "reads go on"
                time.sleep(2)
                assert len(someone_reads(nodes)) > 10, "reads go on"
            for number in (1, 2, 3):
                wait_until(lambda: disk_state(nodes, number) == "ok", 10, "there is room again")


def is_room_kept(nodes, number):
    """Whether a node keeps as much for snapshots as it wants to."""
    shown = persistence(nodes, number)
    return 0 < int(shown["martlet_snapshots_reserve_wanted"]) <= int(shown["martlet_snapshots_reserve"])


@suite.test
def kept_room():
    """disks that something else fills don't stop writes: snapshots have room, and so the log has"""
    with loaded_cluster() as (nodes, made, workers):
        # What is kept is for the state that there is: it is all there once, and has been looked at.
        wait_until(lambda: all(done for worker in workers[2:]
                               for done, _ in worker.registers.values()), 60, "the state is there")
        time.sleep(2)
        wait_until(lambda: all(map(is_room_kept, [nodes] * 3, (1, 2, 3))), 30, "room is kept")
        for disk in made:
            disk.fill()
        time.sleep(2)
        done = workers[0].load.outcomes["done"]
        taken = [int(persistence(nodes, number)["martlet_snapshots_taken"])
                 for number in (1, 2, 3)]
        wait_until(lambda: workers[0].load.outcomes["done"] > done + 500, 20, "writes go on")
        wait_until(lambda: all(
            int(persistence(nodes, number)["martlet_snapshots_taken"]) > taken[number - 1]
            for number in (1, 2, 3)), 20, "snapshots are taken")
        for disk in made:
            disk.free()


@suite.test_each("sync", "periodic")
def hung_disk(durability):
    """a hung disk costs its node the leaderships, and it goes on when the disk does"""
    with loaded_cluster(durability) as (nodes, made, workers):
        for turn in range(ROUNDS):
            number = turn % 3 + 1
            nodes.wait_leads(number)
            begin = time.monotonic()
            made[number - 1].freeze()
            wait_until(lambda: leads_nothing(nodes, number), HANDOVER_SECONDS,
                       "a node whose disk hangs leads nothing")
            print(f"       leaderships handed over after {(time.monotonic() - begin) * 1000:.0f} ms")
            time.sleep(2)
            assert leads_nothing(nodes, number)
            made[number - 1].thaw()
            wait_until(lambda: disk_state(nodes, number) == "ok", 10, "the disk answers again")


@suite.test
def sync_error():
    """a failed sync ends the process with status 74, and names file and error"""
    for _ in range(ROUNDS):
        with folder() as path, disks(path, [path / "disk"], 64, ("-O", "^has_journal")) as (disk,):
            base = free_base_port()
            log = open(path / "log", "wb")
            process = subprocess.Popen(
                [str(MARTLET), "serve", "--node.data-dir", str(path / "disk" / "data"),
                 "--journal.segment-size", "1mb", "--listen.cluster", f"127.0.0.1:{base}",
                 "--listen.plain", "off",
                 "--listen.peer", f"127.0.0.1:{base + 10000}",
                 "--listen.admin", f"127.0.0.1:{base + 80}"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)
            try:
                def writes():
                    with contextlib.suppress(OSError, Closed):
                        with RawClient("127.0.0.1", base, 5) as client:
                            return client.run("SET", "k", "1") == b"+OK\r\n"
                    return False
                wait_until(writes, 20, "the node serves")
                disk.cut_short(1)
                wait_until(lambda: not writes() and process.poll() is not None, 20,
                           "the process ends")
            finally:
                end_process(process)
                log.close()
            text = (path / "log").read_text()
            assert process.returncode == DISK_ERROR, f"status {process.returncode}: {text}"
            assert "sync" in text and "segment-" in text and "Input/output error" in text, text


def main():
    with folder() as path:
        reason = obstacle(path)
    if reason:
        print(f"skipped: {reason}")
        print("0 passed, 0 failed")
        return
    suite.check_all()
    suite.end()


if __name__ == "__main__":
    main()
