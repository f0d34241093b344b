import RESP

/// The arguments of the `HEXPIRE` family behind the time: `[NX|XX|GT|LT] FIELDS count name …`, in any
/// order.
struct FieldExpireOptions {
    private(set) var conditions = ExpireOptions()
    let fields: FieldList

    init(parsing request: borrowing Request) throws(CommandError) {
        var fields: FieldList?
        var index = 3
        while index < request.count {
            if request[index].equalsIgnoringCase("fields") {
                guard fields == nil else { throw .fieldsTwice }
                let list = try Self.list(request, at: index)
                fields = list
                index = list.indices.upperBound
            } else if conditions.take(request[index]) {
                index += 1
            } else {
                throw .unknownArgument(request[index])
            }
        }
        guard let fields else { throw CommandError("ERR missing FIELDS argument") }
        guard conditions.count <= 1 else {
            throw CommandError("ERR Multiple condition flags specified")
        }
        self.fields = fields
    }

    private static func list(
        _ request: borrowing Request, at index: Int
    ) throws(CommandError) -> FieldList {
        guard index + 2 < request.count else {
            throw CommandError(
                "ERR FIELDS requires at least numfields and one field argument")
        }
        guard let count = request[index + 1].decimalInteger(), 1...Int64(Int32.max) ~= count else {
            throw CommandError("ERR Parameter `numFields` should be greater than 0")
        }
        guard count <= Int64(request.count - index - 2) else {
            throw CommandError("ERR wrong number of arguments")
        }
        return FieldList(first: index + 2, count: Int(count))
    }
}
