/// Redis's patterns for names of keys: `*`, `?`, `[a-z]`, `[^a]`, and `\` to take a byte as it is.
package enum GlobPattern {
    /// Whether `text` matches all of `pattern`.
    ///
    /// - Complexity: O(pattern × text): a `*` that fails is retried only from the last one.
    package static func matches(_ pattern: Span<UInt8>, _ text: Span<UInt8>) -> Bool {
        var patternIndex = 0
        var textIndex = 0
        // Where to go on when the rest doesn't match: after the last `*`, one byte further.
        var retry: (pattern: Int, text: Int)?
        while true {
            if patternIndex < pattern.count, pattern[patternIndex] == UInt8(ascii: "*") {
                retry = (patternIndex + 1, textIndex)
                patternIndex += 1
                continue
            }
            if patternIndex == pattern.count, textIndex == text.count { return true }
            if patternIndex < pattern.count, textIndex < text.count {
                var next = patternIndex
                if matchesOne(pattern, &next, text[textIndex]) {
                    patternIndex = next
                    textIndex += 1
                    continue
                }
            }
            guard let last = retry, last.text < text.count else { return false }
            retry = (last.pattern, last.text + 1)
            patternIndex = last.pattern
            textIndex = last.text + 1
        }
    }

    /// Whether the element of `pattern` at `index` takes `byte`; `index` moves past the element.
    private static func matchesOne(
        _ pattern: Span<UInt8>, _ index: inout Int, _ byte: UInt8
    ) -> Bool {
        switch pattern[index] {
        case UInt8(ascii: "?"):
            index += 1
            return true
        case UInt8(ascii: "["):
            index += 1
            return matchesClass(pattern, &index, byte)
        case UInt8(ascii: "\\") where index + 1 < pattern.count:
            index += 2
            return pattern[index - 1] == byte
        default:
            index += 1
            return pattern[index - 1] == byte
        }
    }

    /// As ``matchesOne(_:_:_:)`` for a class, from after its `[`; one that isn't closed ends with
    /// the pattern.
    private static func matchesClass(
        _ pattern: Span<UInt8>, _ index: inout Int, _ byte: UInt8
    ) -> Bool {
        let isNegated = index < pattern.count && pattern[index] == UInt8(ascii: "^")
        if isNegated { index += 1 }
        var isMember = false
        while index < pattern.count, pattern[index] != UInt8(ascii: "]") {
            if pattern[index] == UInt8(ascii: "\\"), index + 1 < pattern.count {
                isMember = isMember || pattern[index + 1] == byte
                index += 2
            } else if index + 2 < pattern.count, pattern[index + 1] == UInt8(ascii: "-") {
                let (one, other) = (pattern[index], pattern[index + 2])
                isMember = isMember || min(one, other)...max(one, other) ~= byte
                index += 3
            } else {
                isMember = isMember || pattern[index] == byte
                index += 1
            }
        }
        if index < pattern.count { index += 1 }
        return isMember != isNegated
    }
}
