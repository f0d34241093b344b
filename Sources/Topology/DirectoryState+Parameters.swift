import Primitives

/// What `CONFIG SET` has set for the whole cluster. The directory keeps any names: which there are, and
/// what they take, the node knows that was asked.
extension DirectoryState {
    /// Parameters at most, and bytes of a name and of a value.
    private static let parameterLimit = 1024
    private static let parameterNameLimit = 64
    private static let parameterValueLimit = 1024

    mutating func set(_ change: ParameterChange) -> DirectoryOutcome {
        guard nodes[change.node] != nil else {
            return .refused("node \(change.node) is not registered")
        }
        if parameterChanges[change.node]?.covers(change.mark) == true { return .unchanged }
        var values = parameters
        for value in change.values {
            guard 1...Self.parameterNameLimit ~= value.name.utf8.count,
                value.value.utf8.count <= Self.parameterValueLimit,
                (value.name + value.value).utf8.allSatisfy({ 0x20...0x7E ~= $0 })
            else { return .refused("a parameter's name or value is too long or no plain text") }
            values[value.name] = value.value
        }
        guard values.count <= Self.parameterLimit else {
            return .refused("there are more than \(Self.parameterLimit) parameters")
        }
        parameters = values
        parameterChanges[change.node] = change.mark
        return changed()
    }

    /// Whether there is something to ``encodeParameters(into:)``.
    var hasParameters: Bool { !parameters.isEmpty || !parameterChanges.isEmpty }

    func encodeParameters(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: UInt32(parameters.count))
        for (name, value) in parameters {
            bytes.append(sized: name)
            bytes.append(sized: value)
        }
        bytes.append(littleEndian: UInt32(parameterChanges.count))
        for (node, mark) in parameterChanges {
            bytes.append(littleEndian: node.rawValue)
            mark.encode(into: &bytes)
        }
    }

    mutating func decodeParameters(_ reader: inout ByteReader) throws(DecodingFailure) {
        for _ in 0..<(try reader.read(UInt32.self, "parameters")) {
            let name = try reader.readText("parameter")
            parameters[name] = try reader.readText("value")
        }
        for _ in 0..<(try reader.read(UInt32.self, "changes of parameters")) {
            let node = NodeID(try reader.read(UInt64.self, "node"))
            parameterChanges[node] = try ParameterChangeMark(reading: &reader)
        }
    }
}
