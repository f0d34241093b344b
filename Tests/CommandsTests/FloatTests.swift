import Testing

@testable import Commands

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

    @Test("are in the order of their sizes") func order() throws {
        let texts = [
            "-inf", "-1e4932", "-18446744073709551617", "-18446744073709551615", "-2", "-1.5",
            "-1e-4900", "0",
            "1e-4940", "1e-4900", "0.1", "0.10000000000000000001", "1", "9007199254740993",
            "1e4932", "inf",
        ]
        let numbers = try texts.map { try ExtendedFloat.argument([UInt8]($0.utf8).span) }
        for (index, number) in numbers.enumerated() {
            for (otherIndex, other) in numbers.enumerated() {
                #expect(
                    (number < other) == (index < otherIndex),
                    "\(texts[index]) and \(texts[otherIndex])")
            }
            #expect(index == 0 || index == numbers.count - 1 || !(.greatest < number))
            #expect(-(-number) == number)
        }
        #expect(!(ExtendedFloat.greatest < .greatest) && ExtendedFloat.least < .greatest)
    }

    /// (2^64 - 1) * 2^16320 has 4933 digits; half of its last place more would be infinite.
    @Test("saturate at the largest long double") func saturation() throws {
        let greatest = String(decoding: ExtendedFloat.greatest.text, as: UTF8.self)
        #expect(greatest.utf8.count == 4933 && greatest.hasPrefix("118973149535723176502"))
        var runner = CommandRunner()
        #expect(runner.run("SET f 1e4932") == "+OK\r\n")
        #expect(runner.run("INCREX f BYFLOAT 1e4932").hasSuffix("\r\n$1\r\n0\r\n"))
        let reply = runner.run("INCREX f BYFLOAT 1e4932 SATURATE")
        #expect(reply.hasPrefix("*2\r\n$4933\r\n\(greatest)\r\n"))
        #expect(runner.run("GET f") == "$4933\r\n\(greatest)\r\n")
        let again = runner.run("INCREX f BYFLOAT 1 SATURATE")
        #expect(again == "*2\r\n$4933\r\n\(greatest)\r\n$1\r\n0\r\n")
    }
}
