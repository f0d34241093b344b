import CLibuv

/// Settings of the C library's allocator for the whole process.
package enum Heap {
    /// Keeps freed memory for reuse instead of giving it back at once: buffers of a few hundred
    /// kilobytes come and go with each turn, and mapping them anew each time costs page faults.
    package static func keepFreedMemory() {
        martlet_keep_freed_memory(64 << 20)
    }

    /// Gives all threads one heap. That of the first thread grows in large steps, the others' page by
    /// page with a system call for each; worth it where one thread allocates nearly everything.
    /// Called before other threads are made.
    package static func shareOneHeap() { martlet_share_one_heap() }
}

/// Asks for huge pages (2 MiB on most machines) for what the heap of all threads grows by, where the kernel
/// gives them to who asks (`transparent_hugepage` is `madvise`): with keys drawn at random each look-up
/// misses the processor's table of small pages, and has it walk the kernel's, of a virtual machine twice.
package struct HugePages: Sendable {
    /// The heap grows so much at once, so that little of it is touched before it is asked for.
    private static let stepByteCount: Int32 = 32 << 20
    /// The heap up to here has been asked for.
    private var end: UInt

    /// For a process whose threads share one heap, see ``Heap/shareOneHeap()``.
    package init() {
        martlet_grow_heap_by(Self.stepByteCount)
        end = UInt(martlet_heap_end())
    }

    /// Asks for what the heap has grown by since the last call. It is no failure where there are none.
    package mutating func extend() {
        let before = end
        end = UInt(martlet_heap_end())
        guard end > before else { return }
        let page: UInt = 4096
        _ = martlet_advise_huge_pages(before & ~(page - 1), end & ~(page - 1))
    }
}
