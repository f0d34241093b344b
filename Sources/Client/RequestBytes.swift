extension [UInt8] {
    /// Appends a request: an array of bulk strings.
    package mutating func append(request words: [[UInt8]]) {
        append(contentsOf: "*\(words.count)\r\n".utf8)
        for word in words {
            append(contentsOf: "$\(word.count)\r\n".utf8)
            append(contentsOf: word)
            append(contentsOf: "\r\n".utf8)
        }
    }
}

/// The words of a request, split at spaces.
package func words(_ text: String) -> [[UInt8]] {
    text.split(separator: " ").map { [UInt8]($0.utf8) }
}
