"""What a server's threads ask of the allocator and of the kernel, by Tests/Counting/counting.c."""
import collections
import contextlib
import mmap
import os
import re
import shutil
import struct
import subprocess
import time

from harness import MARTLET, ROOT, wait_until

SOURCE = ROOT / "Tests/Counting/counting.c"

# As in `struct counts`.
NAMES_BYTES, NAME_BYTES, THREADS, THREAD_BYTES, SITES, SITE_BYTES = 1024, 16, 128, 512, 1024, 256
THREADS_OFFSET = 4096
SITES_OFFSET = THREADS_OFFSET + THREADS * THREAD_BYTES
BYTES = SITES_OFFSET + SITES * SITE_BYTES

ALLOCATIONS = ("malloc", "calloc", "realloc", "memalign")
# Counted, but not as system calls: what the allocator does, and what need not enter the kernel.
NO_SYSTEM_CALLS = {*ALLOCATIONS, "free", "clock_reading", "cond_wait", "cond_signal",
                   "large_copy"}


def compile_library(path):
    """Makes the library in a folder, with any C compiler that there is."""
    compiler = next(filter(shutil.which, ("clang", "cc")), None)
    assert compiler, "there is no C compiler: neither clang nor cc"
    library = path / "libcounting.so"
    done = subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror",
                           str(SOURCE), "-o", str(library)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return library


class Counts(collections.Counter):
    """How often a thread called each function."""

    @property
    def allocations(self):
        return sum(self[name] for name in ALLOCATIONS)

    def system_calls(self):
        return {name: count for name, count in self.items()
                if name not in NO_SYSTEM_CALLS and count}


class Counting:
    """The counts of a process that was started with `environment`."""

    def __init__(self, path):
        self.library = compile_library(path)
        self.file = path / "counts"
        self.map = None

    def environment(self):
        return dict(os.environ, LD_PRELOAD=str(self.library), MARTLET_COUNTS=str(self.file))

    def open(self):
        """Call it once the process serves."""
        with open(self.file, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), BYTES)
        self.names = self.text(0, NAMES_BYTES).split()
        assert set(ALLOCATIONS) < set(self.names), self.names

    def text(self, offset, size):
        return self.map[offset:offset + size].split(b"\0", 1)[0].decode()

    def read(self, thread):
        """The counts of the threads of a name, together; what timers did is not in it.

        That is what `thread + " timers"` has, for a thread with a loop of libuv's.
        """
        used = struct.unpack_from("<Q", self.map, NAMES_BYTES + NAME_BYTES)[0]
        assert used <= THREADS, f"{used} threads were counted, which are more than have room"
        total, found = Counts(), False
        for number in range(used):
            offset = THREADS_OFFSET + number * THREAD_BYTES
            if self.text(offset, NAME_BYTES) == thread:
                found = True
                values = struct.unpack_from(f"<{len(self.names)}Q", self.map, offset + NAME_BYTES)
                total.update(dict(zip(self.names, values)))
        assert found, f"no thread is called {thread}"
        return total

    @contextlib.contextmanager
    def recorded(self, thread):
        """Records the call stacks of a thread's allocations meanwhile."""
        word = thread.encode().ljust(NAME_BYTES, b"\0")
        self.map[SITES_OFFSET:] = bytes(SITES * SITE_BYTES)
        self.map[NAMES_BYTES:NAMES_BYTES + NAME_BYTES] = word
        try:
            yield
        finally:
            self.map[NAMES_BYTES:NAMES_BYTES + NAME_BYTES] = bytes(NAME_BYTES)

    def sites(self):
        """[(count, addresses)] of what was recorded, most frequent first."""
        found = []
        for number in range(SITES):
            offset = SITES_OFFSET + number * SITE_BYTES
            count, depth, *frames = struct.unpack_from(f"<{SITE_BYTES // 8}Q", self.map, offset)
            if count:
                found.append((count, frames[:depth]))
        return sorted(found, reverse=True)


class Symbols:
    """Names for the addresses of a running process."""

    def __init__(self, pid):
        self.ranges = []
        with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
            for line in maps:
                parts = line.split()
                if len(parts) == 6 and parts[5].startswith("/"):
                    begin, end = (int(word, 16) for word in parts[0].split("-"))
                    self.ranges.append((begin, end, int(parts[2], 16), parts[5]))

    def place(self, address):
        """(file, address as its symbols have it); they are equal but for the load address."""
        for begin, end, offset, path in self.ranges:
            if begin <= address < end:
                return path, address - min(b - o for b, _, o, p in self.ranges if p == path)
        return None, address

    def names(self, addresses):
        """address: the functions that it lies in, those that were inlined first."""
        by_file = collections.defaultdict(list)
        for address in addresses:
            path, relative = self.place(address)
            by_file[path].append((address, relative))
        found = {}
        tool = next(filter(shutil.which, ("llvm-symbolizer", "addr2line")), None)
        for path, places in by_file.items():
            if path is None or tool is None:
                found.update({address: [hex(address)] for address, _ in places})
                continue
            # An address to return to: the call is before it.
            wanted = [hex(relative - 1) for _, relative in places]
            if tool == "addr2line":
                command = [tool, "-a", "-f", "-i", "-s", "-e", path]
            else:
                command = [tool, "--no-demangle", "--output-style=GNU", "-a", "-f", "-i", "-s",
                           "-e", path]
            text = subprocess.run(command, input="\n".join(wanted), capture_output=True,
                                  text=True).stdout
            blocks = re.split(r"^0x[0-9a-f]+\n", text, flags=re.M)[1:]
            for (address, _), block in zip(places, blocks):
                lines = block.strip().splitlines()
                found[address] = [f"{name} {place}" for name, place in zip(lines[::2], lines[1::2])]
        return self.demangled(found)

    @staticmethod
    def demangled(found):
        if not shutil.which("swift"):
            return found
        text = "\n".join("\t".join([str(address), *names]) for address, names in found.items())
        done = subprocess.run(["swift", "demangle", "--simplified"], input=text,
                              capture_output=True, text=True)
        rows = (line.split("\t") for line in done.stdout.splitlines())
        return {int(address): names for address, *names in rows}


# What the frames of every allocation have in common, and what is of no interest below and above.
RUNTIME = re.compile(r"^(swift_|specialized _?(Contiguous)?Array|_ContiguousArray|Array\.|\?\?)")
LOOP = re.compile(r"^(uv_run|partial apply for closure #\d+ in LoopShell.start)")


def describe_sites(counting, pid, batches, most=12):
    """What was recorded, a batch, by where it comes from: our own functions, innermost first."""
    sites = counting.sites()
    names = Symbols(pid).names({address for _, frames in sites for address in frames})
    merged = collections.Counter()
    for count, frames in sites:
        calls = [name for address in frames for name in names.get(address, [hex(address)])]
        end = next((index for index, name in enumerate(calls) if LOOP.match(name)), len(calls))
        merged[tuple(name for name in calls[:end] if not RUNTIME.match(name))] += count
    lines = []
    for calls, count in merged.most_common(most):
        lines.append(f"       {count / batches:.3f}")
        lines += [f"           {name}" for name in calls]
    return "\n".join(lines)
