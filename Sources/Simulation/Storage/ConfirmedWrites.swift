/// The newest writes that a disk has confirmed, and what was in their places.
struct ConfirmedWrites: Sendable {
    struct Write: Equatable, Sendable {
        var name: String
        var offset: Int
        var before: [UInt8]
        var after: [UInt8]

        var range: Range<Int> { offset..<offset + after.count }

        func overlaps(_ name: String, _ other: Range<Int>) -> Bool {
            self.name == name && range.overlaps(other)
        }
    }

    private static let limit = 32

    /// Oldest first; no two of them overlap, and no two are of the same file that was replaced.
    private var writes: [Write] = []
    /// The last write into a file, until another file has been put in place: nothing that was written
    /// later tells that it was made, so that its loss can't be told from its never having been asked for.
    private(set) var last: Write?

    /// Those that a disk may lose so that it can be told.
    var provable: [Write] { writes.filter { $0 != last } }

    mutating func wrote(_ name: String, at offset: Int, before: [UInt8], after: [UInt8]) {
        let write = Write(name: name, offset: offset, before: before, after: after)
        writes.removeAll { $0.overlaps(name, write.range) }
        add(write)
        last = write
    }

    /// A whole file was put in the place of another, or of none.
    mutating func replaced(_ name: String, before: [UInt8]?, after: [UInt8]) {
        forget(name)
        if let before, before.count == after.count {
            add(Write(name: name, offset: 0, before: before, after: after))
        }
        last = nil
    }

    /// The file is gone, or is another one now.
    mutating func forget(_ name: String) {
        writes.removeAll { $0.name == name }
        if last?.name == name { last = nil }
    }

    private mutating func add(_ write: Write) {
        guard write.before != write.after else { return }
        writes.append(write)
        if writes.count > Self.limit { writes.removeFirst() }
    }
}
