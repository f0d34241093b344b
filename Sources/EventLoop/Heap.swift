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
