/// Which values a parameter takes, and how Redis 7.0 (`config.c`) reads and shows them.
package enum ParameterKind: Sendable {
    case yesNo
    case integer(ClosedRange<Int64>)
    /// Bytes, with or without a unit.
    case memory(ClosedRange<UInt64>)
    /// The same, or a percentage of `maxmemory`.
    case memoryOrPercent
    case choice([String])
    case text
    /// When to save: pairs of seconds and changes.
    case saveTimes
    /// Classes of keyspace events.
    case eventClasses
    case percentiles
    /// A class of clients and its three limits, for each class that is to be changed.
    case outputLimits

    /// The value that `text` stands for, in the form in which `CONFIG GET` shows it.
    ///
    /// - Parameters:
    ///   - text: As a client gives it.
    ///   - present: The parameter's value so far.
    ///   - name: The parameter's name, which some refusals have in them.
    /// - Returns: The value.
    /// - Throws: Why it is none.
    package func value(
        of text: String, present: String, name: String
    ) throws(ParameterError) -> String {
        switch self {
        case .yesNo: return try yesNo(text)
        case .integer(let range): return "\(try number(text, in: range))"
        case .memory(let range):
            return "\(try within(range, try memory(text, "argument must be a memory value")))"
        case .memoryOrPercent: return try memoryOrPercent(text)
        case .choice(let words): return try choice(text, words)
        case .text: return text
        case .saveTimes: return try saveTimes(text)
        case .eventClasses: return try EventClasses.canonical(text)
        case .percentiles: return try percentiles(text, name)
        case .outputLimits: return try outputLimits(text, present)
        }
    }

    // MARK: Kinds of values

    private func yesNo(_ text: String) throws(ParameterError) -> String {
        let word = text.lowercased()
        guard word == "yes" || word == "no" else {
            throw ParameterError("argument must be 'yes' or 'no'")
        }
        return word
    }

    private func choice(_ text: String, _ words: [String]) throws(ParameterError) -> String {
        let word = text.lowercased()
        guard words.contains(word) else {
            throw ParameterError(
                "argument(s) must be one of the following: \(words.joined(separator: ", "))")
        }
        return word
    }

    private func number(
        _ text: String, in range: ClosedRange<Int64>
    ) throws(ParameterError) -> Int64 {
        guard let number = [UInt8](text.utf8).span.decimalInteger() else {
            throw ParameterError("argument couldn't be parsed into an integer")
        }
        return try within(range, number)
    }

    private func within<Number: FixedWidthInteger>(
        _ range: ClosedRange<Number>, _ number: Number
    ) throws(ParameterError) -> Number {
        guard range.contains(number) else {
            throw ParameterError(
                "argument must be between \(range.lowerBound) and \(range.upperBound) inclusive")
        }
        return number
    }

    /// As Redis's `memtoull`: no digits are 0, and too many the largest number.
    private func memory(_ text: String, _ refusal: String) throws(ParameterError) -> UInt64 {
        let digits = text.prefix { "0"..."9" ~= $0 }
        guard let unit = Self.unit(text.dropFirst(digits.count).lowercased()) else {
            throw ParameterError(refusal)
        }
        guard !digits.isEmpty else { return 0 }
        let (bytes, overflow) = (UInt64(digits) ?? .max).multipliedReportingOverflow(by: unit)
        return overflow ? .max : bytes
    }

    private func memoryOrPercent(_ text: String) throws(ParameterError) -> String {
        let refusal = "argument must be a memory or percent value"
        guard text.hasSuffix("%") else { return "\(try memory(text, refusal))" }
        guard let percent = [UInt8](text.dropLast().utf8).span.decimalInteger(), percent >= 0
        else { throw ParameterError(refusal) }
        guard percent <= 100 else {
            throw ParameterError("percentage argument must be less or equal to 100")
        }
        return "\(percent)%"
    }

    /// Redis's units: of bytes, and of 1000s or 1024s of them.
    private static func unit(_ word: String) -> UInt64? {
        switch word {
        case "", "b": 1
        case "k": 1000
        case "kb": 1024
        case "m": 1_000_000
        case "mb": 1 << 20
        case "g": 1_000_000_000
        case "gb": 1 << 30
        default: nil
        }
    }

    private func saveTimes(_ text: String) throws(ParameterError) -> String {
        let refusal = ParameterError("Invalid save parameters")
        guard !text.isEmpty else { return "" }
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count % 2 == 0 else { throw refusal }
        var numbers: [String] = []
        for (place, word) in words.enumerated() {
            guard let number = Int32(word), number >= (place % 2 == 0 ? 1 : 0) else {
                throw refusal
            }
            numbers.append("\(number)")
        }
        return numbers.joined(separator: " ")
    }

    private func percentiles(_ text: String, _ name: String) throws(ParameterError) -> String {
        guard !text.isEmpty else { return "" }
        var numbers: [String] = []
        for word in text.split(separator: " ", omittingEmptySubsequences: false) {
            guard let number = Double(word) else {
                throw ParameterError("Invalid \(name) parameters")
            }
            guard 0...100 ~= number else {
                throw ParameterError("\(name) parameters should sit between [0.0,100.0]")
            }
            let whole = Int(number)
            numbers.append(Double(whole) == number ? "\(whole)" : "\(number)")
        }
        return numbers.joined(separator: " ")
    }

    private func outputLimits(
        _ text: String, _ present: String
    ) throws(ParameterError) -> String {
        guard !text.isEmpty else { return present }
        let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard words.count % 4 == 0 else {
            throw ParameterError("Wrong number of arguments in buffer limit configuration.")
        }
        var limits = present.split(separator: " ").map(String.init)
        for start in stride(from: 0, to: words.count, by: 4) {
            let name = words[start].lowercased() == "replica" ? "slave" : words[start].lowercased()
            guard let place = limits.firstIndex(of: name), place % 4 == 0 else {
                throw ParameterError(
                    "Invalid client class specified in buffer limit configuration.")
            }
            let refusal =
                "Error in hard, soft or soft_seconds setting in buffer limit configuration."
            limits[place + 1] = "\(try memory(words[start + 1], refusal))"
            limits[place + 2] = "\(try memory(words[start + 2], refusal))"
            guard let seconds = Int64(words[start + 3]), seconds >= 0 else {
                throw ParameterError(refusal)
            }
            limits[place + 3] = "\(seconds)"
        }
        return limits.joined(separator: " ")
    }
}
