/// How far the snapshot under way is.
///
/// A snapshot holds the keys as they were when it began. Its walk goes through the slots and in each
/// through the hashes, a part at a time; a key that changes before the walk has come to it is written
/// just before. An entry's era says whether it must still be written: when a snapshot begins, the
/// keyspace's era flips, and with it all entries become unwritten ones; what is written and what is
/// new gets the new era. So the order of the walk, growing tables and keys that come and go need no
/// further care.
///
/// A large value is written in parts. What the snapshot needs of it stays in memory until then: a
/// string that is replaced or removed is kept as it was (appending doesn't touch what was there), a
/// hash keeps each field that changes (see ``FieldMap``) and is kept itself when it is removed.
struct SnapshotWalk {
    /// A large value that is being written.
    struct LargeValue {
        var entry: Entry
        /// Of a string, when the snapshot began.
        var byteCount: Int
        /// Of a hash, the next field to write.
        var field: Entry?
        /// Bytes of the string, or of the field's value, that are written.
        var offset = 0
    }

    private(set) var isActive = false
    /// Where the walk through the tables goes on; at the end when `slot` is the count of slots.
    var slot = 0
    var hash: UInt64 = 0
    /// Whose parts are still to be written, oldest first; entries before ``firstValue`` are done.
    private var allValues: [LargeValue] = []
    private var firstValue = 0
    /// Keys when the snapshot began, and those of them that are written.
    private(set) var keyCount = 0
    var writtenKeyCount = 0
    /// What is written and has not been fetched.
    var output: [UInt8] = []
    /// See ``Keyspace/beginSnapshot(missesChangedKeys:)``.
    private(set) var missesChangedKeys = false
    var missedKeyCount = 0

    /// No snapshot is under way.
    init() {}

    init(keyCount: Int, missesChangedKeys: Bool) {
        isActive = true
        self.keyCount = keyCount
        self.missesChangedKeys = missesChangedKeys
    }

    mutating func end() {
        isActive = false
        allValues = []
        firstValue = 0
    }

    var values: ArraySlice<LargeValue> { allValues[firstValue...] }

    /// The value that is to be written next.
    var currentValue: LargeValue? {
        get { firstValue < allValues.count ? allValues[firstValue] : nil }
        set {
            if let newValue {
                allValues[firstValue] = newValue
            } else {
                firstValue += 1
                if firstValue == allValues.count {
                    allValues.removeAll(keepingCapacity: true)
                    firstValue = 0
                }
            }
        }
    }

    mutating func append(_ value: LargeValue) { allValues.append(value) }

    /// `replacement` has what was left to write of `entry`, which is going.
    mutating func replace(_ entry: Entry, with replacement: Entry) {
        for index in firstValue..<allValues.count where allValues[index].entry.isSame(as: entry) {
            allValues[index].entry = replacement
        }
    }
}
