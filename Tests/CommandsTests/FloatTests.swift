import Testing

@Suite("INCRBYFLOAT's numbers") struct FloatTests {
    /// What redis-server 7.0.15 on x86-64 answers.
    @Test(
        "are those of an 80-bit long double",
        arguments: [
            ("0.1", "0.2", "0.3"), ("10.50", "0.1", "10.6"), ("5.0e3", "2.0e2", "5200"),
            ("3.0", "1.000000000000000005", "4.00000000000000001"),
            ("1", "1e-17", "1.00000000000000001"),
            ("0x10", "1", "17"), ("1", "0x1p4", "17"),
            ("9007199254740993", "0.5", "9007199254740993.5"),
            ("18446744073709551615", "0.5", "18446744073709551616"),
            ("1", "-1", "0"), ("-0", "-0.0", "0"), ("1", "-1.5", "-0.5"), ("0", "1e-18", "0"),
        ])
    func sums(value: String, increment: String, sum: String) {
        var runner = CommandRunner()
        _ = runner.run("SET f \(value)")
        #expect(runner.run("INCRBYFLOAT f \(increment)") == "$\(sum.utf8.count)\r\n\(sum)\r\n")
    }

    @Test(
        "refuse what is no number",
        arguments: [
            "abc", "1.2.3", "1e", ".", "e1", "\" 1\"", "\"1 \"", "nan", "1e5000", "1e-5000", "0x",
            "\"\"", "+", "--1", "0x1p", "1_0",
        ])
    func refused(text: String) {
        var runner = CommandRunner()
        #expect(runner.run("INCRBYFLOAT f \(text)") == "-ERR value is not a valid float\r\n")
    }

    @Test("stay finite", arguments: ["inf", "-inf", "infinity", "+INF"]) func infinite(text: String)
    {
        var runner = CommandRunner()
        #expect(
            runner.run("INCRBYFLOAT f \(text)")
                == "-ERR increment would produce NaN or Infinity\r\n")
    }
}
