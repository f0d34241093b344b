import FuzzTargets
import Glibc

/// The target, by its name in the environment.
private let target: FuzzTarget = {
    guard let name = unsafe getenv("MARTLET_FUZZ_TARGET"),
        let target = FuzzTarget(rawValue: unsafe String(cString: name))
    else {
        fatalError("MARTLET_FUZZ_TARGET is none of \(FuzzTarget.allCases.map(\.rawValue))")
    }
    return target
}()

/// What libFuzzer calls once, before any input: writes the seeds, if it is told where.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ argumentCount: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>
) -> Int32 {
    guard let folder = unsafe getenv("MARTLET_FUZZ_SEEDS") else { return 0 }
    for (number, seed) in target.seeds.enumerated() {
        let path = unsafe "\(String(cString: folder))/seed-\(number)"
        guard let file = unsafe fopen(path, "w") else { fatalError("\(path) can't be written") }
        unsafe fwrite(seed, 1, seed.count, file)
        unsafe fclose(file)
    }
    return 0
}

/// What libFuzzer calls for each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>, _ byteCount: Int) -> Int32 {
    let input = unsafe [UInt8](UnsafeBufferPointer(start: bytes, count: byteCount))
    do {
        try target.run(input)
    } catch {
        fatalError("\(target): \(error)")
    }
    return 0
}
