/// Columns padded to their widest cell.
struct TextTable {
    private var rows: [[String]]

    init(_ titles: [String]) {
        rows = [titles]
    }

    mutating func add(_ cells: [String]) {
        precondition(
            cells.count == rows[0].count, "\(cells.count) cells for \(rows[0].count) columns")
        rows.append(cells)
    }

    var text: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            var line = ""
            for (cell, width) in zip(row, widths) {
                line += cell + String(repeating: " ", count: width - cell.count + 2)
            }
            while line.last == " " {
                line.removeLast()
            }
            return line
        }.joined(separator: "\n")
    }
}
