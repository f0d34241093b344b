import EventLoop
import Primitives
import RESP

/// One client of a load: sends a batch, checks every reply, sends the next.
final class LoadConnection {
    private static let refusalPauseMilliseconds = 5

    private unowned let generator: LoadGenerator
    private(set) var node: LoadNode
    private var socket: TCPConnection?
    private var isReady = false
    private var batch: RequestBatch
    private var checker: ReplyChecker
    private var answeredCount = 0
    private var sentByteCount = 0
    private var sentAt: UInt64 = 0
    /// The beginning of a reply whose rest hasn't come.
    private var partial: [UInt8] = []
    /// Whether a reply of this batch asked to try again later.
    private var wasRefused = false
    /// Whether the reply to AUTH is still to come.
    private var awaitsPassword = false

    init(generator: LoadGenerator, node: LoadNode) {
        self.generator = generator
        self.node = node
        batch = generator.makeBatch()
        checker = generator.makeChecker()
    }

    /// Connects to its node.
    func connect() throws(BenchFailure) {
        node.connectionCount += 1
        do throws(SystemError) {
            let addresses = try generator.loop.resolveNow(node.address)
            let socket = try TCPConnection(loop: generator.loop)
            socket.onReceive = { [unowned self] _, bytes in receive(bytes) }
            socket.onWritable = { [unowned self] _ in sendRest() }
            socket.onEnd = { [unowned self] _, error in
                generator.fail(
                    .unreachable("\(node.address) ended a connection: \(error?.reason ?? "closed")")
                )
            }
            try socket.connect(to: addresses[0]) { [unowned self] error in didConnect(error) }
            self.socket = socket
        } catch {
            throw .unreachable("\(node.address) can't be reached: \(error.reason)")
        }
    }

    /// Goes to another node, whose slots the old one leads no longer.
    func move(to node: LoadNode) throws(BenchFailure) {
        close()
        self.node.connectionCount -= 1
        self.node = node
        isReady = false
        partial = []
        try connect()
    }

    func close() {
        socket?.close()
        socket = nil
    }

    private func didConnect(_ error: SystemError?) {
        if let error {
            return generator.fail(
                .unreachable("\(node.address) can't be reached: \(error.reason)"))
        }
        socket?.resume()
        guard let password = generator.plan.password else { return becomeReady() }
        awaitsPassword = true
        var request: [UInt8] = []
        request.append(request: [[UInt8]("AUTH".utf8), [UInt8](password.utf8)])
        guard socket?.send(request.span) == request.count else {
            return generator.fail(.unreachable("\(node.address) takes no bytes"))
        }
    }

    private func becomeReady() {
        isReady = true
        generator.connectionIsReady(self)
    }

    /// Takes up the generator's present phase.
    func startPhase() {
        batch = generator.makeBatch()
        checker = generator.makeChecker()
        sendBatch()
    }

    // MARK: Hot path

    private func sendBatch() {
        switch generator.fill(&batch, for: node) {
        case .filled: break
        case .nothingLeft: return generator.connectionIsIdle()
        case .nothingHere: return generator.relocate(self)
        case .over: return
        }
        answeredCount = 0
        sentByteCount = 0
        wasRefused = false
        sentAt = RoundMeter.now()
        sendRest()
    }

    private func sendRest() {
        guard isReady, let socket, sentByteCount < batch.byteCount else { return }
        sentByteCount += socket.send(
            batch.bytes.span.extracting(sentByteCount..<batch.byteCount))
    }

    private func receive(_ bytes: Span<UInt8>) {
        if partial.isEmpty {
            let used = check(bytes)
            if used < bytes.count {
                partial = [UInt8](copying: bytes.extracting(used..<bytes.count))
            }
        } else {
            var joined = partial
            for index in bytes.indices { joined.append(bytes[index]) }
            partial = []
            let used = check(joined.span)
            partial = Array(joined[used...])
        }
        guard isReady, answeredCount == batch.count, batch.count > 0 else { return }
        guard partial.isEmpty else {
            return generator.fail(.wrongReply("\(node.address) sent more replies than requests"))
        }
        finishBatch()
    }

    /// Checks the replies in `bytes` and counts them; returns how many bytes whole replies took.
    private func check(_ bytes: Span<UInt8>) -> Int {
        guard !awaitsPassword else { return checkPassword(bytes) }
        var (position, good, moved, refused) = (0, 0, 0, 0)
        loop: while answeredCount < batch.count, position < bytes.count {
            let key = batch.keys[answeredCount]
            switch checker.check(bytes, at: position, key: key) {
            case .good(let byteCount):
                position += byteCount
                good += 1
            case .incomplete:
                break loop
            case .other:
                switch checker.explain(bytes, at: position, key: key) {
                case .incomplete:
                    break loop
                case .moved(let byteCount):
                    position += byteCount
                    moved += 1
                case .refused(let byteCount):
                    position += byteCount
                    refused += 1
                    wasRefused = true
                case .wrong(let text):
                    generator.fail(.wrongReply("\(node.address): \(text)"))
                    return bytes.count
                }
            }
            answeredCount += 1
        }
        generator.count(
            good: good, moved: moved, refused: refused, nanoseconds: RoundMeter.now() - sentAt)
        return position
    }

    private func finishBatch() {
        guard wasRefused else { return sendBatch() }
        let timer = LoopTimer(loop: generator.loop)
        timer.start(milliseconds: Self.refusalPauseMilliseconds) { [unowned self] in
            timer.close()
            sendBatch()
        }
    }

    // MARK: Start

    private func checkPassword(_ bytes: Span<UInt8>) -> Int {
        let ok = [UInt8]("+OK\r\n".utf8)
        guard bytes.count >= ok.count else { return 0 }
        guard [UInt8](copying: bytes) == ok else {
            let answer = String(decoding: [UInt8](copying: bytes), as: UTF8.self)
            generator.fail(.wrongReply("\(node.address) refuses the password: \(answer)"))
            return bytes.count
        }
        awaitsPassword = false
        becomeReady()
        return ok.count
    }
}
