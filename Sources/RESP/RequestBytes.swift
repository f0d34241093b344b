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
