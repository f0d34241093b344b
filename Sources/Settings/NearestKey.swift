/// The key of `keys` that `text` was most likely meant to be; `nil` when none is near enough. A key
/// is also near when its last part is the whole of `text`.
func nearestKey(to text: String, among keys: [String]) -> String? {
    let wanted = Array(plain(text))
    var best: (key: String, distance: Int)?
    for key in keys {
        var distance = editDistance(wanted, Array(plain(key)))
        if let dot = key.lastIndex(of: ".") {
            let tail = Array(plain(String(key[key.index(after: dot)...])))
            let last = Array(plain(String(text[(text.lastIndex(of: ".") ?? text.startIndex)...])))
            distance = min(distance, editDistance(last, tail) + 1)
        }
        if distance < best?.distance ?? Int.max {
            best = (key, distance)
        }
    }
    guard let best, best.distance <= max(2, wanted.count / 3) else { return nil }
    return best.key
}

/// Lowercase letters and digits only: `maxArguments`, `max_arguments` and `max-arguments` are one.
private func plain(_ text: String) -> [Character] {
    text.lowercased().filter { $0.isLetter || $0.isNumber }
}

/// Single insertions, deletions, replacements and swaps of neighbours that turn one into the other
/// (optimal string alignment).
func editDistance(_ left: [Character], _ right: [Character]) -> Int {
    var previous = [Int](repeating: 0, count: right.count + 1)
    var current = Array(0...right.count)
    for (row, character) in left.enumerated() {
        let beforePrevious = previous
        previous = current
        current[0] = row + 1
        for (column, other) in right.enumerated() {
            let replaced = previous[column] + (character == other ? 0 : 1)
            current[column + 1] = min(replaced, previous[column + 1] + 1, current[column] + 1)
            if row > 0, column > 0, character == right[column - 1], left[row - 1] == other {
                current[column + 1] = min(current[column + 1], beforePrevious[column - 1] + 1)
            }
        }
    }
    return current[right.count]
}
