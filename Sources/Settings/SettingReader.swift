import Primitives

/// Why one value was refused: the place inside it (`[1]` of a list), and what was found there.
struct RefusedValue: Error {
    var place = ""
    var found: String
    var expected: String?
}

extension Setting {
    /// Writes `found` into `settings`.
    ///
    /// - Parameters:
    ///   - found: What the file or the flag has.
    ///   - settings: Changed only when the value is one that this setting takes.
    ///   - files: Reads the file that a secret names.
    /// - Throws: ``RefusedValue`` for a wrong type or an impossible value.
    func store(
        _ found: FoundValue, in settings: inout NodeSettings, files: SettingsFiles
    ) throws(RefusedValue) {
        switch kind {
        case .text(let path, let lengths, _):
            let text = try text(found)
            guard lengths.contains(text.utf8.count), text.utf8.allSatisfy(isNameByte) else {
                throw refused(found)
            }
            settings[keyPath: path] = text
        case .secret(let path, let lengths):
            settings[keyPath: path] = try secret(found, lengths: lengths, files: files)
        case .path(let path):
            settings[keyPath: path] = try nonEmpty(found)
        case .optionalPath(let path):
            settings[keyPath: path] = try nonEmpty(found)
        case .integer(let path, let range):
            guard case .integer(let value) = found, range.contains(value) else {
                throw refused(found)
            }
            settings[keyPath: path] = value
        case .byteCount(let path, let range):
            settings[keyPath: path] = try byteCount(found, range: range)
        case .milliseconds(let path, let range):
            guard let value = parseMilliseconds(try text(found)), range.contains(value) else {
                throw refused(found)
            }
            settings[keyPath: path] = value
        case .flag(let path):
            guard case .flag(let value) = found else { throw refused(found) }
            settings[keyPath: path] = value
        case .choice(let path, let choices):
            let text = try text(found)
            guard choices.contains(text) else { throw refused(found) }
            settings[keyPath: path] = text
        case .listener(let path): settings[keyPath: path] = try listener(found)
        case .optionalListener(let path):
            settings[keyPath: path] = found == .text("off") ? nil : try listener(found)
        case .optionalAddress(let path):
            settings[keyPath: path] = try address(found)
        case .addresses(let path):
            settings[keyPath: path] = try addresses(found)
        }
    }

    /// What a flag's text stands for; a text that doesn't fit stays one, and is then refused.
    func value(ofFlag text: String) -> FoundValue {
        switch kind {
        case .integer: Int(text).map(FoundValue.integer) ?? .text(text)
        case .flag: Bool(text).map(FoundValue.flag) ?? .text(text)
        case .addresses:
            .list(text.split(separator: ",").map { FoundValue.text(String($0)) })
        case .text, .secret, .path, .optionalPath, .byteCount, .milliseconds, .choice, .listener,
            .optionalListener, .optionalAddress:
            .text(text)
        }
    }

    private func refused(_ found: FoundValue) -> RefusedValue {
        RefusedValue(found: isSecret ? found.concealedDescription : found.description)
    }

    private func listener(_ found: FoundValue) throws(RefusedValue) -> Address {
        let address = try address(found)
        guard HostKind(address.host) != .name else { throw refused(found) }
        return address
    }

    private func text(_ found: FoundValue) throws(RefusedValue) -> String {
        guard case .text(let text) = found else { throw refused(found) }
        return text
    }

    private func nonEmpty(_ found: FoundValue) throws(RefusedValue) -> String {
        let text = try text(found)
        guard !text.isEmpty, !text.utf8.contains(0) else { throw refused(found) }
        return text
    }

    private func byteCount(
        _ found: FoundValue, range: ClosedRange<Int>
    ) throws(RefusedValue) -> Int {
        let count: Int? =
            switch found {
            case .integer(let value): value
            case .text(let text): parseByteCount(text)
            case .number, .flag, .list, .table, .moment: nil
            }
        guard let count, range.contains(count) else { throw refused(found) }
        return count
    }

    private func address(_ found: FoundValue) throws(RefusedValue) -> Address {
        guard let address = Address(try text(found)), !address.host.utf8.contains(where: isBlank)
        else { throw refused(found) }
        return address
    }

    private func addresses(_ found: FoundValue) throws(RefusedValue) -> [Address] {
        guard case .list(let values) = found else { throw refused(found) }
        var addresses: [Address] = []
        for (index, value) in values.enumerated() {
            do throws(RefusedValue) {
                addresses.append(try address(value))
            } catch {
                throw RefusedValue(
                    place: "[\(index)]", found: error.found,
                    expected: "an address and port (\"host:17000\")")
            }
        }
        return addresses
    }

    private func secret(
        _ found: FoundValue, lengths: ClosedRange<Int>, files: SettingsFiles
    ) throws(RefusedValue) -> String {
        let text = try text(found)
        guard text.hasPrefix("file:") else {
            guard lengths.contains(text.utf8.count) else { throw refused(found) }
            return text
        }
        let path = String(text.dropFirst("file:".count))
        let content: String
        do throws(FileFailure) {
            content = try files.read(path)
        } catch {
            throw RefusedValue(found: "the file \(path), which can't be read (\(error.reason))")
        }
        let secret = content.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        guard lengths.contains(secret.utf8.count) else {
            throw RefusedValue(
                found: "the file \(path), whose first line has \(secret.utf8.count) bytes")
        }
        return secret
    }
}

private func isBlank(_ byte: UInt8) -> Bool { byte <= 0x20 || byte == 0x7F }

private func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "-"):
        true
    default: false
    }
}
