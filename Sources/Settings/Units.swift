/// Bytes with the largest of Redis's units that divides them.
package func byteText(_ count: Int) -> String {
    for (shift, unit) in [(40, "tb"), (30, "gb"), (20, "mb"), (10, "kb")]
    where count > 0 && count % (1 << shift) == 0 {
        return unit == "tb" ? "\(count >> 30)gb" : "\(count >> shift)\(unit)"
    }
    return "\(count)"
}

/// Milliseconds as a duration with its unit.
package func durationText(_ milliseconds: Int) -> String {
    milliseconds > 0 && milliseconds % 1000 == 0
        ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
}

/// Reads a number of bytes with one of redis.conf's units: k, m, g are powers of 1000; kb, mb, gb
/// of 1024.
func parseByteCount(_ text: String) -> Int? {
    parse(
        text,
        units: [
            ("kb", 1 << 10), ("mb", 1 << 20), ("gb", 1 << 30), ("k", 1000), ("m", 1_000_000),
            ("g", 1_000_000_000), ("b", 1), ("", 1),
        ])
}

/// Reads a duration with its unit.
func parseMilliseconds(_ text: String) -> Int? {
    parse(text, units: [("ms", 1), ("s", 1000)])
}

private func parse(_ text: String, units: [(suffix: String, factor: Int)]) -> Int? {
    let text = text.lowercased()
    for (suffix, factor) in units where text.hasSuffix(suffix) {
        let digits = text.dropLast(suffix.count)
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }),
            let number = Int(digits)
        else { continue }
        let (product, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : product
    }
    return nil
}
