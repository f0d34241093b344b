import Keyspace
import Primitives

/// A whole database, or that a shard has none of it.
///
/// A class so that a replica can hold many in an array though a ``Keyspace`` can't be copied.
final class WholeDatabase {
    var keyspace = Keyspace(hashSecret: 0, isWhole: true)

    /// All of them, empty.
    static var all: [WholeDatabase] {
        (0..<DatabaseID.wholeCount).map { _ in WholeDatabase() }
    }

    /// Lets go of all that it holds, which is freed by and by.
    func empty(hashSecret: UInt64) {
        var nothing = Keyspace(hashSecret: hashSecret, isWhole: true)
        keyspace.replaceContents(with: &nothing)
    }
}
