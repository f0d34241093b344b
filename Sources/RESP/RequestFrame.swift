/// Where one argument of a request lies, counted from the request's first byte.
package struct Argument: Equatable, Sendable {
    package var offset: UInt32
    package var byteCount: UInt32

    package init(offset: UInt32, byteCount: UInt32) {
        self.offset = offset
        self.byteCount = byteCount
    }
}

/// The places of a request's arguments. Made once and refilled by ``RequestParser``.
package struct RequestFrame: ~Copyable, Sendable {
    static let inlineCount = 16

    private var inline = InlineArray<16, Argument>(repeating: Argument(offset: 0, byteCount: 0))
    /// All arguments, when there are more than fit inline.
    private var overflow: [Argument] = []
    package private(set) var count = 0

    package init() {}

    /// The arguments, the command's name first.
    package var arguments: Span<Argument> {
        @_lifetime(borrow self)
        borrowing get {
            count <= Self.inlineCount ? inline.span.extracting(0..<count) : overflow.span
        }
    }

    package mutating func removeAll() {
        count = 0
        if !overflow.isEmpty { overflow.removeAll(keepingCapacity: overflow.count <= 1024) }
    }

    package mutating func append(_ argument: Argument) {
        if count < Self.inlineCount {
            inline[count] = argument
        } else {
            if count == Self.inlineCount {
                for index in 0..<count { overflow.append(inline[index]) }
            }
            overflow.append(argument)
        }
        count += 1
    }
}

/// One request: its bytes and where its arguments are in them. A view; it owns nothing.
package struct Request: ~Escapable {
    /// The request's bytes as they came, all of them and no more.
    package let bytes: Span<UInt8>
    private let arguments: Span<Argument>

    @_lifetime(copy bytes, borrow frame)
    package init(bytes: Span<UInt8>, frame: borrowing RequestFrame) {
        self.bytes = bytes
        arguments = frame.arguments
    }

    /// How many arguments there are, the command's name included; at least 1.
    package var count: Int { arguments.count }

    /// Argument `index`; 0 is the command's name.
    package subscript(index: Int) -> Span<UInt8> {
        @_lifetime(copy self)
        get {
            let argument = arguments[index]
            let start = Int(argument.offset)
            return bytes.extracting(start..<start + Int(argument.byteCount))
        }
    }

    /// A copy of argument `index`.
    package func copy(_ index: Int) -> [UInt8] { [UInt8](copying: self[index]) }
}
