import EventLoop
import Glibc
import Testing

@Suite("Huge pages") struct HugePagesTests {
    /// Of the part of this process's memory that holds `address`: the kernel's flags.
    private func flags(of address: UInt) throws -> [Substring] {
        let text = String(decoding: try FileSystem.read("/proc/self/smaps"), as: UTF8.self)
        var isInside = false
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            let ends = words.first?.split(separator: "-") ?? []
            if ends.count == 2, let start = UInt(ends[0], radix: 16),
                let end = UInt(ends[1], radix: 16)
            {
                isInside = start <= address && address < end
            } else if isInside, words.first == "VmFlags:" {
                return Array(words.dropFirst())
            }
        }
        return []
    }

    @Test("are asked for where the heap has grown", .enabled(if: HugePages.areThere))
    func growth() throws {
        var pages = HugePages()
        // This thread's heap may be another than the first thread's, which alone grows as asked.
        let start = unsafe UInt(bitPattern: sbrk(1 << 22))
        #expect(try !flags(of: start + 4096).contains("hg"))
        pages.extend()
        #expect(try flags(of: start + 4096).contains("hg"))
    }
}

extension HugePages {
    static var areThere: Bool {
        FileSystem.exists("/sys/kernel/mm/transparent_hugepage/enabled")
    }
}
