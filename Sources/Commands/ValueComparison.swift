import Keyspace
import Primitives
import RESP

/// A comparison of a string with an argument, on which a change depends (Redis 8.4).
struct ValueComparison: Equatable {
    private enum Kind {
        case equals
        case differs
        case digestEquals
        case digestDiffers
    }

    /// Digits of a digest, as `DIGEST` writes it.
    static let digestDigitCount = 16

    private let kind: Kind
    /// The index of what is compared with.
    private let argument: Int

    /// The comparison that `word` names, with argument `argument`; `nil` when it names none.
    init?(_ word: Span<UInt8>, argument: Int) {
        if word.equalsIgnoringCase("ifeq") {
            kind = .equals
        } else if word.equalsIgnoringCase("ifne") {
            kind = .differs
        } else if word.equalsIgnoringCase("ifdeq") {
            kind = .digestEquals
        } else if word.equalsIgnoringCase("ifdne") {
            kind = .digestDiffers
        } else {
            return nil
        }
        self.argument = argument
    }

    /// Whether it holds of what isn't there.
    var holdsOfNothing: Bool { kind == .differs || kind == .digestDiffers }

    /// Whether it holds of the string at `place`, which is present.
    func holds(
        _ request: borrowing Request, _ place: borrowing Place, _ keyspace: borrowing Keyspace
    ) throws(CommandError) -> Bool {
        let expected = request[argument]
        switch kind {
        case .equals: return keyspace.string(at: place).equals(expected)
        case .differs: return !keyspace.string(at: place).equals(expected)
        case .digestEquals: return try Self.isDigest(expected, of: place, keyspace)
        case .digestDiffers: return try !Self.isDigest(expected, of: place, keyspace)
        }
    }

    /// Redis asks for a digest's length only: what has another character in it is no string's digest.
    private static func isDigest(
        _ text: Span<UInt8>, of place: borrowing Place, _ keyspace: borrowing Keyspace
    ) throws(CommandError) -> Bool {
        guard text.count == digestDigitCount else {
            throw CommandError(
                "ERR must be exactly \(digestDigitCount) hexadecimal characters")
        }
        return text.equalsIgnoringCase(Self.digestText(of: place, keyspace))
    }

    /// The digest of the string at `place`, as `DIGEST` answers it.
    static func digestText(
        of place: borrowing Place, _ keyspace: borrowing Keyspace
    ) -> String {
        hexadecimal(keyspace.digest(at: place), digitCount: digestDigitCount)
    }
}
