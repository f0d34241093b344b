import CLibuv

/// What libuv points at: owns a handle's memory from before it is opened until after it is closed.
///
/// The loop retains an open object and lets it go when libuv has let go of the handle.
/// Safe: the memory is allocated for the type given, lives as long as the object, and is only
/// handed to libuv on the loop's thread.
@safe package class LoopObject {
    let memory: UnsafeMutableRawPointer
    /// Whether it takes part in the loop; false as soon as ``close()`` was called.
    package private(set) final var isOpen = false

    init(_ type: uv_handle_type) {
        unsafe memory = .allocate(byteCount: uv_handle_size(type), alignment: 16)
    }

    deinit { unsafe memory.deallocate() }

    final var handle: UnsafeMutablePointer<uv_handle_t> {
        unsafe memory.assumingMemoryBound(to: uv_handle_t.self)
    }

    /// After libuv's own `init` of the handle: from here on the loop retains the object.
    final func didOpen() {
        unsafe handle.pointee.data = Unmanaged<LoopObject>.passRetained(self).toOpaque()
        isOpen = true
    }

    /// Ends it. No callback follows, but for the end of a connection that the owner didn't close.
    package func close() {
        guard isOpen else { return }
        isOpen = false
        unsafe uv_close(handle) { handle in
            guard let data = unsafe handle?.pointee.data else { return }
            unsafe Unmanaged<LoopObject>.fromOpaque(data).takeRetainedValue().didClose()
        }
    }

    /// libuv has let go of the handle.
    func didClose() {}
}
