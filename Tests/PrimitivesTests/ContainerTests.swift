import Primitives
import Testing

@Suite("SortedMap and the byte coding") struct ContainerTests {
    @Test("agrees with a dictionary", arguments: 0..<8) func model(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var map = SortedMap<Int, Int>()
        var model: [Int: Int] = [:]
        for step in 0..<400 {
            let key = generator.below(40)
            switch generator.below(3) {
            case 0: (map[key], model[key]) = (step, step)
            case 1: (map[key], model[key]) = (nil, nil)
            default:
                map[key, default: 0] += 1
                model[key, default: 0] += 1
            }
            #expect(map[key] == model[key])
        }
        #expect(map.keys == model.keys.sorted())
        #expect(map.map { model[$0.0] == $0.1 }.allSatisfy { $0 })
    }

    @Test("reads back what was written") func roundTrip() throws {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: Int64(-2))
        bytes.append(littleEndian: UInt16(0xBEEF))
        bytes.append(sized: "grüß")
        bytes.append(Address(host: "::1", port: 7))
        var reader = ByteReader(bytes)
        #expect(try reader.read(Int64.self, "a") == -2)
        #expect(try reader.read(UInt16.self, "b") == 0xBEEF)
        #expect(try reader.readText("c") == "grüß")
        #expect(try reader.readAddress("d").description == "[::1]:7")
        try reader.expectEnd("end")
    }

    @Test("refuses every prefix") func truncation() {
        var bytes: [UInt8] = []
        bytes.append(sized: "abc")
        for end in 0..<bytes.count {
            var reader = ByteReader(bytes, in: 0..<end)
            #expect(throws: DecodingFailure.self) { try reader.readText("text") }
        }
    }

    @Test("the generator's first numbers never change") func goldenNumbers() {
        var generator = SeededGenerator(seed: 0)
        #expect(
            [generator.next(), generator.next()] == [0x99EC_5F36_CB75_F2B4, 0xBF6E_1F78_4956_452A])
    }
}
