import RESP

/// The arguments `FIELDS count name …`.
struct FieldList {
    /// The index of the first name.
    let first: Int
    let count: Int

    init(first: Int, count: Int) {
        self.first = first
        self.count = count
    }

    /// Parses a list that begins with argument `index` and is the request's end.
    init(parsing request: borrowing Request, at index: Int) throws(CommandError) {
        guard request[index].equalsIgnoringCase("fields") else {
            throw CommandError(
                "ERR Mandatory argument FIELDS is missing or not at the right position")
        }
        guard let count = request[index + 1].decimalInteger(), count > 0 else {
            throw CommandError("ERR Number of fields must be a positive integer")
        }
        guard count == Int64(request.count - index - 2) else {
            throw CommandError(
                "ERR The `numfields` parameter must match the number of arguments")
        }
        self.init(first: index + 2, count: Int(count))
    }

    var indices: Range<Int> { first..<first + count }
}
