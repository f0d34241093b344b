#!/usr/bin/env python3
"""Runs the command scripts reply by reply against redis-server and Martlet, and compares the bytes.

usage: compare_commands.py [--port PORT] [NAME...]

  --port  a node that runs already, instead of one made for this
  NAME    scripts of Tests/CommandScripts without their ending (default: all)

A script has one command a line, quoted as in redis-cli. Beside it:
  # …             a comment
  ~ COMMAND       only the kinds of the two replies are compared
  sleep MS        waits
  !resp3, !resp2  says HELLO; that reply isn't compared
  = REPLY         what the command before it must answer, with \\r\\n escaped. Such commands are newer
                  than the redis-server at hand and run against Martlet only (folder newer/).

Each script begins with an empty keyspace and a new connection. A redis-server in cluster mode that
owns all slots is compared with a cluster of one node. Where no two servers can answer alike, and
only there, replies are made comparable; see `comparable`.
"""
import contextlib
import pathlib
import re
import sys
import time

from harness import ROOT, Closed, RawClient, Suite, cluster, redis_cluster_node

SCRIPTS = ROOT / "Tests/CommandScripts"
# What docs/compatibility.md measures Martlet's commands by.
NAMES = ROOT / "Tests/CommandsTests/Reference/redis-7.0.15-commands.txt"
ESCAPES = {"n": 10, "r": 13, "t": 9, "b": 8, "a": 7}
# The commands whose replies depend on the time of their execution: how far they may differ.
TIME_TOLERANCE = {b"ttl": 1, b"pttl": 1500, b"expiretime": 1, b"pexpiretime": 1500}


def split(line):
    """The words of a line, as redis-cli's sdssplitargs splits them."""
    words, index = [], 0
    while True:
        while index < len(line) and line[index].isspace():
            index += 1
        if index == len(line):
            return words
        word, quote = bytearray(), None
        while index < len(line):
            character = line[index]
            if quote == '"' and character == "\\" and index + 1 < len(line):
                escape = re.match(r"\\x([0-9a-fA-F]{2})", line[index:])
                if escape:
                    word.append(int(escape[1], 16))
                    index += 4
                else:
                    word += bytes([ESCAPES.get(line[index + 1], ord(line[index + 1]))])
                    index += 2
                continue
            if quote == "'" and line.startswith("\\'", index):
                word += b"'"
                index += 2
                continue
            index += 1
            if quote:
                if character == quote:
                    assert index == len(line) or line[index].isspace(), f"quotes of: {line}"
                    quote = None
                    break
                word += character.encode()
            elif character in "'\"":
                quote = character
            elif character.isspace():
                break
            else:
                word += character.encode()
        assert quote is None, f"unbalanced quotes: {line}"
        words.append(bytes(word))


def unescape(text):
    return re.sub(rb"\\(r|n|\\|x[0-9a-fA-F]{2})", lambda match: {
        b"r": b"\r", b"n": b"\n", b"\\": b"\\"}.get(match[1]) or bytes([int(match[1][1:], 16)]),
        text.encode())


class Step:
    """One command of a script."""

    def __init__(self, number, text):
        self.number = number
        self.only_kind = text.startswith("~ ")
        self.text = text.removeprefix("~ ")
        self.words = split(self.text)
        self.expected = None

    @property
    def name(self):
        return self.words[0].lower()


def steps(path):
    """The script's commands, and what stands between them: ("sleep", ms), ("hello", version)."""
    last = None
    for number, line in enumerate(path.read_text().splitlines(), 1):
        expected = re.match(r"#?= (.*)", line)
        if expected:
            assert last is not None, f"{path.name}:{number}: a reply without a command"
            last.expected = unescape(expected[1])
        elif line.startswith("#") or not line.strip():
            continue
        elif line.startswith("sleep "):
            yield "sleep", int(line.split()[1])
        elif line in ("!resp2", "!resp3"):
            yield "hello", int(line[-1])
        else:
            last = Step(number, line)
            yield "command", last


def comparable(step, reply, other):
    """The reply in a form in which it can be compared with the other server's.

    TTL and its family: equal to the other's when both are times and close, since the two servers
    execute the command a moment apart."""
    tolerance = TIME_TOLERANCE.get(step.name)
    if tolerance and re.fullmatch(rb":\d+\r\n", reply) and re.fullmatch(rb":\d+\r\n", other):
        if abs(int(reply[1:]) - int(other[1:])) <= tolerance:
            return other
    return reply


def kind(reply):
    """What the reply is: its type, and of an error its word."""
    return reply.split(b" ")[0] if reply.startswith(b"-") else reply[:1]


def ask(client, words):
    try:
        return client.run(*words)
    except (Closed, ConnectionError):
        return b"(closed)"
    except TimeoutError:
        return b"(no reply)"


def show(reply, limit=400):
    text = repr(reply)[2:-1]
    return text if len(text) <= limit else f"{text[:limit]}… ({len(reply)} bytes)"


def first_difference(left, right):
    return next((index for index, pair in enumerate(zip(left, right)) if pair[0] != pair[1]),
                min(len(left), len(right)))


def run_script(path, redis_port, martlet_port):
    """The differences, as lines of text; how many replies were compared."""
    differences, count = [], 0
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(RawClient("127.0.0.1", martlet_port))
        theirs = stack.enter_context(RawClient("127.0.0.1", redis_port))
        for client in (ours, theirs):
            reply = client.run("FLUSHALL")
            assert reply == b"+OK\r\n", f"FLUSHALL answered {reply}"
        script = list(steps(path))
        is_newer = any(what == "command" and step.expected is not None for what, step in script)
        for what, step in script:
            if what == "sleep":
                time.sleep(step / 1000)
                continue
            if what == "hello":
                for client in (ours, theirs):
                    ask(client, [b"HELLO", b"%d" % step])
                continue
            reply = ask(ours, step.words)
            if is_newer:
                if step.expected is None:
                    differences.append(f"{path.name}:{step.number}: {step.text}: no reply is given")
                    continue
                label, other = "expected", step.expected
            else:
                label, other = "redis", ask(theirs, step.words)
            count += 1
            if step.only_kind:
                same = kind(reply) == kind(other)
            else:
                same = comparable(step, reply, other) == other
            if not same:
                place = first_difference(reply, other)
                begin = max(0, place - 100) if place > 300 else 0
                differences.append(
                    f"{path.name}:{step.number}: {step.text}\n"
                    f"    {label + ':':<10}{show(other[begin:])}\n"
                    f"    martlet:  {show(reply[begin:])}")
    return differences, count


def command_names(port):
    """The names of a server's commands and subcommands, sorted."""
    with RawClient("127.0.0.1", port) as client:
        reply = client.run("COMMAND", "LIST").decode()
    return sorted(reply.split("\r\n")[2::2])


def main(arguments):
    arguments = [word for word in arguments if word != "--long"]
    port = None
    if "--port" in arguments:
        place = arguments.index("--port")
        port = int(arguments[place + 1])
        del arguments[place:place + 2]
    if any(word.startswith("-") for word in arguments):
        sys.exit(__doc__)

    paths = sorted(SCRIPTS.rglob("*.txt"))
    if arguments:
        paths = [path for path in paths if path.stem in arguments]
    assert paths, f"no scripts in {SCRIPTS}"
    suite = Suite("compare_commands")
    total = 0

    with contextlib.ExitStack() as stack:
        theirs = stack.enter_context(redis_cluster_node())
        nodes = stack.enter_context(cluster(nodes=1)) if port is None else None
        port = port or nodes.nodes[0]["cluster_port"]
        for path in paths:
            def same_replies(path=path):
                nonlocal total
                if nodes and nodes.local("status")[0]["state"] != "running":
                    print("  the node has ended before this script; it is started again")
                    nodes.restart(1)
                    nodes.wait_ready()
                differences, count = run_script(path, theirs, port)
                total += count
                for difference in differences:
                    print(f"  {difference}")
                assert not differences, f"{len(differences)} of {count} replies differ"
                assert count, "the script has no commands"
            same_replies.__doc__ = str(path.relative_to(SCRIPTS))
            suite.test(same_replies)
        if not arguments:
            @suite.test
            def names_of_commands():
                """the commands that docs/compatibility.md takes for Redis's are redis-server's"""
                listed, found = NAMES.read_text().split(), command_names(theirs)
                assert listed == found, f"differ in {set(listed) ^ set(found)}"
        suite.check_all()
    print(f"{total} replies compared")
    suite.end()


if __name__ == "__main__":
    main(sys.argv[1:])
