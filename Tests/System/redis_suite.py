"""Redis's own Tcl units (Tests/RedisSuite): how they are run, and how a run is judged.

The judge is redis-server: each unit runs against it too, and the tests that it passes are those that
Martlet must pass, less those of the skip file. So a test that vanishes (its block was aborted, its
unit ended early) is noticed like one that fails."""
import collections
import contextlib
import os
import re
import signal
import subprocess
import tempfile

from harness import ROOT, RawClient, free_base_port

FOLDER = ROOT / "Tests/RedisSuite"
# Debian's source package of this version is what `fetch` gets.
VERSION = "7.0.15"
OPTIONS = [
    "--ignore-encoding", "--ignore-digest", "--durable",
    "--tags", "-needs:debug -needs:repl -needs:config-maxmemory -slow"]

COLOR = re.compile(r"\x1b\[[0-9;]*m")
STATUS = re.compile(r"\[(?:\d+/\d+ )?([A-Za-z]+)\]: (.*)")
PASSED = re.compile(r"(.*) \(\d+ ms\)")
# How much of a failure's text is shown: some have the whole of INFO, or of a script, in them.
LINES_SHOWN = 12


def fetch():
    """The folder of the suite, which is fetched if it isn't there."""
    done = subprocess.run([FOLDER / "fetch"], stdout=subprocess.PIPE, text=True, timeout=200)
    assert done.returncode == 0, f"{FOLDER}/fetch ended with status {done.returncode}"
    return done.stdout.strip()


def check_judge():
    """The redis-server at hand must be of the suite's version."""
    text = subprocess.run(["redis-server", "--version"], capture_output=True, text=True).stdout
    found = re.search(r" v=(\S+)", text)
    assert found and found[1] == VERSION, (
        f"the suite and its expected results are those of redis-server {VERSION}; here is {text!r}")


class Run:
    """What one unit printed when it was run against one server."""

    def __init__(self, output, status):
        self.passed = collections.Counter()
        self.skipped = collections.Counter()
        # (name of the test or None, what the suite says)
        self.failures = []
        self.ignored = 0
        self.done = False
        self.timed_out = False
        self.status = status
        kind = text = None
        for line in COLOR.sub("", output).splitlines():
            found = STATUS.fullmatch(line)
            if not found:
                # Messages of failures have several lines; the summary at the end repeats them.
                if line.strip() == "The End":
                    kind = None
                if kind in ("err", "exception", "TIMEOUT"):
                    text.append(line)
                continue
            kind, text = found[1], [found[2]]
            if kind == "ok":
                self.passed[PASSED.fullmatch(found[2])[1]] += 1
            elif kind == "skip":
                self.skipped[found[2]] += 1
            elif kind == "ignore":
                self.ignored += 1
            elif kind == "done":
                self.done = True
            elif kind in ("err", "exception", "TIMEOUT"):
                self.timed_out |= kind == "TIMEOUT"
                self.failures.append((kind, text))

    def problems(self):
        """Each failure in the suite's own words; a unit that ended early is one too."""
        found = []
        for kind, text in self.failures:
            lines = [line for line in text if line.strip()]
            found.append("\n".join([f"[{kind}]: {lines[0]}", *lines[1:LINES_SHOWN]]))
        if not found and not (self.done and self.status == 0):
            found.append(f"the unit ended early, with status {self.status}")
        return found


def judge(ours, theirs, skipped):
    """What is wrong with a run against Martlet, as lines of text.

    - Parameters: `theirs` is redis-server's run, `skipped` the names that were to be skipped."""
    problems = [f"redis-server itself: {problem}" for problem in theirs.problems()]
    if not problems and not theirs.passed:
        problems.append("redis-server itself passes no test of this unit")
    problems += ours.problems()
    expected = collections.Counter(
        {name: count for name, count in theirs.passed.items() if name not in skipped})
    failed = {text[0].split(" in tests/unit/")[0] for _, text in ours.failures}
    for name in expected - ours.passed:
        if name not in failed:
            problems.append(f"passed {ours.passed[name]} of {expected[name]} times: {name}")
    for name, count in (ours.passed - expected).items():
        problems.append(f"passed {count} times more than by redis-server: {name}")
    return problems


def run_unit(suite, unit, port, flag, skipped=(), environment=None, timeout=120):
    """Runs a unit, a path below tests/unit, against the server on `port`.

    - Parameters: `flag` is `--singledb` or `--cluster-mode`; after `timeout` seconds without an
      outcome the suite gives up."""
    with tempfile.NamedTemporaryFile("w", suffix=".skip") as file:
        file.write("".join(f"{name}\n" for name in skipped))
        file.flush()
        # The suite's own processes meet on one of the 32 ports before the base port.
        process = subprocess.Popen(
            ["./runtest", "--host", "127.0.0.1", "--port", str(port), flag, *OPTIONS,
             "--baseport", str(free_base_port() + 32), "--timeout", str(timeout),
             "--skipfile", file.name, "--single", f"unit/{unit}"],
            cwd=suite, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})}, start_new_session=True)
        try:
            output = process.communicate()[0]
        except BaseException:
            # The suite runs its units in a child, of the same group.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
    return Run(output.decode(errors="replace"), process.returncode)


class Skips:
    """The tests that are left out.

    One a line: its unit, a blank, and its name as the suite prints it. A line `# until WORD...`
    begins a group that waits for commands (or subcommands, COMMAND|SUBCOMMAND), a line
    `# because TEXT` one that is left out for good. Other lines that begin with `#` are comments."""

    def __init__(self, text):
        self.names = collections.defaultdict(list)
        # (the commands, how many lines) of each group that waits.
        self.waiting = []
        self.errors = []
        self.count = 0
        group = None
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip():
                continue
            if line.startswith("#"):
                found = re.fullmatch(r"# (until|because) (\S.*)", line)
                if found:
                    group = found[1]
                    if group == "until":
                        self.waiting.append((number, found[2].split()))
                continue
            unit, _, name = line.partition(" ")
            if group is None:
                self.errors.append(f"line {number} is in no group")
            if name in self.names[unit] or not name:
                self.errors.append(f"line {number} says nothing new: {line}")
            self.names[unit].append(name)
            self.count += 1

    def unknown(self, passed):
        """The lines whose test redis-server doesn't pass, so that there is nothing to skip.

        - Parameter passed: the names that it passes, by unit."""
        return [f"{unit} {name}" for unit, names in self.names.items() for name in names
                if name not in passed.get(unit, ())]

    def overdue(self, port):
        """The groups whose commands the server on `port` has, all of them."""
        with RawClient("127.0.0.1", port) as client:
            def has(command):
                return client.run("COMMAND", "INFO", command) not in (
                    b"*1\r\n*-1\r\n", b"*1\r\n$-1\r\n", b"*1\r\n_\r\n")
            return [f"line {number}: there is {' and '.join(commands)} now"
                    for number, commands in self.waiting if all(map(has, commands))]


@contextlib.contextmanager
def suite_with(unit, source):
    """A copy of the suite, of links, that has one more unit."""
    with tempfile.TemporaryDirectory(prefix="martlet-suite-") as path:
        original = fetch()
        for name in ("tests", "tests/unit"):
            os.mkdir(f"{path}/{name}")
        for name in ("runtest", "tests/support", "tests/test_helper.tcl", "tests/tmp"):
            os.symlink(f"{original}/{name}", f"{path}/{name}")
        os.symlink(source, f"{path}/tests/unit/{unit}.tcl")
        yield path
