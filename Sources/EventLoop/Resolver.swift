import CLibuv
import Glibc
package import Primitives

extension Loop {
    /// Finds the numeric addresses of a host, v4 ones first, off the loop's thread.
    ///
    /// `completion` is called on the loop, never before this returns: with at least one address, or
    /// with why there is none.
    package func resolve(
        _ address: Address,
        _ completion: @escaping (Result<[SocketAddress], SystemError>) -> Void
    ) {
        let lookup = Lookup(loop: self, address: address, completion: completion)
        let request = UnsafeMutablePointer<uv_getaddrinfo_t>.allocate(capacity: 1)
        unsafe request.pointee.data = Unmanaged.passRetained(lookup).toOpaque()
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        let status = unsafe uv_getaddrinfo(
            raw, request, { unsafe finishLookup($0, $1, $2) }, address.host, nil, &hints)
        guard status < 0 else {
            lookupCount += 1
            return
        }
        // Refused at once: report it from the loop all the same.
        unsafe Unmanaged<Lookup>.fromOpaque(request.pointee.data).release()
        unsafe request.deallocate()
        let timer = LoopTimer(loop: self)
        timer.start(milliseconds: 0) {
            timer.close()
            completion(.failure(lookup.error(status)))
        }
    }

    /// Finds the numeric addresses of a host, blocking: for start-up only.
    package func resolveNow(_ address: Address) throws(SystemError) -> [SocketAddress] {
        if let numeric = SocketAddress(address) { return [numeric] }
        var request = unsafe uv_getaddrinfo_t()
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        let status = unsafe uv_getaddrinfo(raw, &request, nil, address.host, nil, &hints)
        try SystemError.check(status, "look up \(address.host)")
        defer { unsafe uv_freeaddrinfo(request.addrinfo) }
        return unsafe addresses(in: request.addrinfo, port: address.port)
    }
}

private final class Lookup {
    let loop: Loop
    let address: Address
    let completion: (Result<[SocketAddress], SystemError>) -> Void

    init(
        loop: Loop, address: Address,
        completion: @escaping (Result<[SocketAddress], SystemError>) -> Void
    ) {
        self.loop = loop
        self.address = address
        self.completion = completion
    }

    func error(_ status: Int32) -> SystemError {
        SystemError(code: -status, operation: "look up \(address.host)")
    }
}

private func finishLookup(
    _ request: UnsafeMutablePointer<uv_getaddrinfo_t>?, _ status: Int32,
    _ found: UnsafeMutablePointer<addrinfo>?
) {
    guard let request = unsafe request, let data = unsafe request.pointee.data else { return }
    let lookup = unsafe Unmanaged<Lookup>.fromOpaque(data).takeRetainedValue()
    unsafe request.deallocate()
    let list = unsafe addresses(in: found, port: lookup.address.port)
    unsafe uv_freeaddrinfo(found)
    lookup.loop.lookupCount -= 1
    if status < 0 || list.isEmpty {
        lookup.completion(.failure(lookup.error(status < 0 ? status : UV_EAI_NONAME.rawValue)))
    } else {
        lookup.completion(.success(list))
    }
}

private func addresses(in list: UnsafeMutablePointer<addrinfo>?, port: UInt16)
    -> [SocketAddress]
{
    var found: [SocketAddress] = []
    var next = unsafe list
    while let info = unsafe next {
        if let bare = unsafe SocketAddress(copying: info.pointee.ai_addr),
            let whole = SocketAddress(Address(host: bare.address.host, port: port))
        {
            found.append(whole)
        }
        unsafe next = info.pointee.ai_next
    }
    return found.filter { !$0.isVersionSix } + found.filter(\.isVersionSix)
}
