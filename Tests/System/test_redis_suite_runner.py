#!/usr/bin/env python3
"""The runner of Redis's Tcl units finds what goes wrong in a unit: it is done on purpose here, in a
unit of our own (Tests/RedisSuite/selftest.tcl) against redis-server."""
import contextlib

from harness import Suite, redis_server
from redis_suite import FOLDER, Run, Skips, judge, run_unit, suite_with

suite = Suite("redis_suite_runner")


class Selftest:
    def __init__(self, folder, port):
        self.folder, self.port = folder, port
        self.good = self.run("nothing")

    def run(self, wrong, skipped=(), timeout=60):
        return run_unit(self.folder, "selftest", self.port, "--singledb", skipped,
                        {"WRONG": wrong}, timeout)

    def problems(self, wrong):
        return judge(self.run(wrong), self.good, [])


def only(problems):
    assert len(problems) == 1, problems
    return problems[0]


@suite.test
def nothing_wrong(unit):
    """a run in which all is well is judged so, with and without a skipped test"""
    assert unit.good.passed == {
        "the first": 1, "the second": 1, "the third, twice": 2, "the last": 1}, unit.good.passed
    assert judge(unit.run("nothing"), unit.good, []) == []
    part = unit.run("nothing", ["the last"])
    assert part.skipped == {"the last": 1} and part.passed.total() == 4
    assert judge(part, unit.good, ["the last"]) == []


@suite.test
def failing_test(unit):
    """a failing test is found, in the suite's words"""
    problem = only(unit.problems("failure"))
    assert problem.startswith("[err]: the second in tests/unit/selftest.tcl\n"), problem
    assert "ERR syntax error" in problem


@suite.test
def vanished_test(unit):
    """a test that isn't run is found, also where another one has its name"""
    assert only(unit.problems("once")) == "passed 1 of 2 times: the third, twice"
    part = unit.run("nothing", ["the last"])
    assert only(judge(part, unit.good, [])) == "passed 0 of 1 times: the last"


@suite.test
def unexpected_test(unit):
    """a test that redis-server doesn't run is found, and one that should have been skipped"""
    assert "an extra one" in only(unit.problems("more"))
    assert "the last" in only(judge(unit.good, unit.good, ["the last"]))


@suite.test
def aborted_block(unit):
    """an error between tests, which ends the block, is found, and so are the tests behind it"""
    problems = unit.problems("abort")
    assert "nosuchcommand" in problems[0], problems
    assert "passed 0 of 2 times: the third, twice" in problems
    assert "passed 0 of 1 times: the last" in problems


@suite.test
def ended_run(unit):
    """a unit that gives no more outcomes, or prints no end, is found"""
    run = unit.run("exit", timeout=3)
    problems = judge(run, unit.good, [])
    assert run.timed_out and problems[0].startswith("[TIMEOUT]"), problems
    assert "passed 0 of 1 times: the last" in problems
    assert only(Run("[ok]: a (1 ms)\n", 0).problems()) == "the unit ended early, with status 0"
    assert Run("[ok]: a (1 ms)\n[1/1 done]: unit/u (0 seconds)\n", 0).problems() == []


@suite.test
def no_server(unit):
    """a server that isn't there is found"""
    run = run_unit(unit.folder, "selftest", 1, "--singledb", (), {"WRONG": "nothing"})
    problems = judge(run, unit.good, [])
    assert problems[0].startswith("[exception]"), problems
    assert len(problems) == 5, problems


@suite.test
def failing_judge(unit):
    """a judge that fails itself, or passes nothing, is found"""
    failing = unit.run("failure")
    assert any(problem.startswith("redis-server itself: [err]: the second")
               for problem in judge(unit.good, failing, []))
    nothing = unit.run("nothing", list(unit.good.passed))
    assert "passes no test" in only(judge(nothing, nothing, []))


@suite.test
def skip_lines(unit):
    """lines to skip that are malformed, twice there, without effect or overdue are found"""
    skips = Skips("# A comment.\n\n# until LPUSH\nselftest the last\nselftest no such\nother a\n")
    assert skips.errors == []
    assert skips.unknown({"selftest": unit.good.passed}) == ["selftest no such", "other a"]
    assert only(skips.overdue(unit.port)) == "line 3: there is LPUSH now"
    assert Skips("# until LPUSH NOSUCH\n# until CONFIG|NOSUCH\n").overdue(unit.port) == []
    assert len(Skips("a b\n# because of it\na b\na\n").errors) == 3


def main():
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(suite_with("selftest", FOLDER / "selftest.tcl"))
        port, _ = stack.enter_context(redis_server())
        suite.check_all(Selftest(folder, port))
    suite.end()


main()
