import RESP
import Testing

@Suite("ReplyWriter") struct ReplyWriterTests {
    private func written(
        _ version: RESPVersion, _ write: (inout ReplyWriter) -> Void
    ) -> String {
        var writer = ReplyWriter(version: version)
        write(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test("null, maps, doubles and booleans differ by version") func versions() {
        let write: (inout ReplyWriter) -> Void = {
            $0.null()
            $0.nullArray()
            $0.map(1)
            $0.double("1.5")
            $0.boolean(true)
            $0.set(0)
            $0.verbatim("hi")
        }
        #expect(written(.two, write) == "$-1\r\n*-1\r\n*2\r\n$3\r\n1.5\r\n:1\r\n*0\r\n$2\r\nhi\r\n")
        #expect(written(.three, write) == "_\r\n_\r\n%1\r\n,1.5\r\n#t\r\n~0\r\n=6\r\ntxt:hi\r\n")
    }

    @Test("integers are exact", arguments: [0, 7, 10, -1, .max, .min] as [Int64])
    func integers(value: Int64) {
        #expect(written(.two) { $0.integer(value) } == ":\(value)\r\n")
    }

    @Test("an error stays on one line") func errors() {
        #expect(written(.two) { $0.error("ERR a\r\nb") } == "-ERR a  b\r\n")
    }

    @Test("nothing is written while discarding") func discarding() {
        var writer = ReplyWriter(isDiscarding: true)
        writer.ok()
        writer.bulk("x")
        writer.error("ERR x")
        #expect(writer.bytes.isEmpty)
    }

    @Test("a reply is written whatever the one before it was") func beginning() {
        var writer = ReplyWriter()
        writer.begin(version: .three, isDiscarding: true, countsErrors: false)
        writer.begin(version: .two)
        writer.null()
        writer.error("ERR x")
        #expect(String(decoding: writer.bytes, as: UTF8.self) == "$-1\r\n-ERR x\r\n")
        #expect(writer.errorCount == 1)
        writer.begin(version: .two, countsErrors: false)
        writer.error("ERR x")
        #expect(writer.errorCount == 1)
    }
}
