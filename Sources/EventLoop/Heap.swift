import CLibuv

/// Settings of the C library's allocator for the whole process.
package enum Heap {
    /// Keeps freed memory for reuse instead of giving it back at once: buffers of a few hundred
    /// kilobytes come and go with each turn, and mapping them anew each time costs page faults.
    package static func keepFreedMemory() {
        martlet_keep_freed_memory(64 << 20)
    }
}
