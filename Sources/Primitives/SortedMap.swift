/// A map kept as two arrays in the order of its keys, so that walking it is the same everywhere.
///
/// - Complexity: look-up O(log n); insertion and removal O(n). Meant for up to a few thousand keys.
package struct SortedMap<Key: Comparable, Value> {
    package internal(set) var keys: [Key] = []
    @usableFromInline var storedValues: [Value] = []

    package init() {}

    package var values: [Value] { storedValues }

    package var count: Int { keys.count }
    package var isEmpty: Bool { keys.isEmpty }

    /// The value of `key`; setting `nil` removes it.
    package subscript(key: Key) -> Value? {
        @inlinable get {
            let (index, isFound) = position(of: key)
            return isFound ? storedValues[index] : nil
        }
        set {
            let (index, isFound) = position(of: key)
            switch (newValue, isFound) {
            case (let value?, true): storedValues[index] = value
            case (let value?, false):
                keys.insert(key, at: index)
                storedValues.insert(value, at: index)
            case (nil, true):
                keys.remove(at: index)
                storedValues.remove(at: index)
            case (nil, false): break
            }
        }
    }

    /// The value of `key`, changed in place; a missing one starts as `initial`.
    package subscript(key: Key, default initial: @autoclosure () -> Value) -> Value {
        get { self[key] ?? initial() }
        _modify {
            let (index, isFound) = position(of: key)
            if !isFound {
                keys.insert(key, at: index)
                storedValues.insert(initial(), at: index)
            }
            yield &storedValues[index]
        }
    }

    /// The value at `index` in the order of the keys, changed in place.
    package subscript(valueAt index: Int) -> Value {
        @inlinable get { storedValues[index] }
        @inlinable _modify { yield &storedValues[index] }
    }

    /// Where `key` is, if it is there.
    @inlinable
    package func index(of key: Key) -> Int? {
        let (index, isFound) = position(of: key)
        return isFound ? index : nil
    }

    package mutating func removeAll() {
        keys.removeAll()
        storedValues.removeAll()
    }

    /// Removes every pair for which `condition` holds.
    package mutating func removeAll(where condition: (Key, Value) -> Bool) {
        var kept = 0
        for index in keys.indices where !condition(keys[index], storedValues[index]) {
            keys.swapAt(kept, index)
            storedValues.swapAt(kept, index)
            kept += 1
        }
        keys.removeSubrange(kept...)
        storedValues.removeSubrange(kept...)
    }

    /// Where `key` is, or would be put.
    @inlinable
    package func position(of key: Key) -> (index: Int, isFound: Bool) {
        var low = 0
        var high = keys.count
        while low < high {
            let middle = (low + high) / 2
            if keys[middle] < key { low = middle + 1 } else { high = middle }
        }
        return (low, low < keys.count && keys[low] == key)
    }
}

extension SortedMap: Sequence {
    package func makeIterator() -> Zip2Sequence<[Key], [Value]>.Iterator {
        zip(keys, storedValues).makeIterator()
    }
}

extension SortedMap: Sendable where Key: Sendable, Value: Sendable {}
extension SortedMap: Equatable where Value: Equatable {}
