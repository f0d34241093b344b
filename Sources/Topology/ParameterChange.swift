package import Primitives

/// A parameter of `CONFIG` with its value, both as Redis writes them.
package struct ParameterValue: Equatable, Sendable {
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// Which change of parameters that a node asked for was the last to be made.
package struct ParameterChangeMark: Equatable, Sendable {
    /// Drawn at random by each process of the node.
    package var process: UInt64
    /// Rises with each change that the process asks for.
    package var number: UInt64

    package init(process: UInt64, number: UInt64) {
        self.process = process
        self.number = number
    }

    /// Whether the change that `other` marks was made, or will never be.
    package func covers(_ other: Self) -> Bool {
        process == other.process && number >= other.number
    }

    func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: process)
        bytes.append(littleEndian: number)
    }

    init(reading reader: inout ByteReader) throws(DecodingFailure) {
        process = try reader.read(UInt64.self, "process")
        number = try reader.read(UInt64.self, "change")
    }
}

/// A change of the cluster's parameters, all of it or nothing. It is made once, however often it is
/// proposed.
package struct ParameterChange: Equatable, Sendable {
    /// Who asked for it.
    package var node: NodeID
    package var mark: ParameterChangeMark
    package var values: [ParameterValue]

    package init(node: NodeID, mark: ParameterChangeMark, values: [ParameterValue]) {
        self.node = node
        self.mark = mark
        self.values = values
    }

    func encode(into bytes: inout [UInt8]) {
        bytes.append(littleEndian: node.rawValue)
        mark.encode(into: &bytes)
        bytes.append(littleEndian: UInt16(clamping: values.count))
        for value in values.prefix(Int(UInt16.max)) {
            bytes.append(sized: value.name)
            bytes.append(sized: value.value)
        }
    }

    init(reading reader: inout ByteReader) throws(DecodingFailure) {
        node = NodeID(try reader.read(UInt64.self, "node"))
        mark = try ParameterChangeMark(reading: &reader)
        values = []
        for _ in 0..<(try reader.read(UInt16.self, "parameters")) {
            let name = try reader.readText("parameter")
            values.append(ParameterValue(name, try reader.readText("value")))
        }
    }
}
