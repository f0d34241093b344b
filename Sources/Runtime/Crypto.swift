import CCrypto

/// What is taken from libcrypto: HMAC and HKDF over SHA-256, and AES-256-GCM.
enum Crypto {
    static let digestByteCount = 32
    static let keyByteCount = 32
    static let nonceByteCount = 12
    static let tagByteCount = 16

    /// HMAC-SHA256 (RFC 2104).
    static func authenticate(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        unsafe Array(unsafeUninitializedCapacity: digestByteCount) { digest, count in
            var byteCount: UInt32 = 0
            let done = unsafe HMAC(
                EVP_sha256(), key, Int32(key.count), message, message.count, digest.baseAddress,
                &byteCount)
            precondition(unsafe done != nil, "libcrypto refuses HMAC-SHA256")
            count = Int(byteCount)
        }
    }

    /// A key of 32 bytes by HKDF-SHA256 (RFC 5869), whose output is one block here.
    static func deriveKey(secret: [UInt8], salt: [UInt8], purpose: String) -> [UInt8] {
        authenticate(Array(purpose.utf8) + [1], key: authenticate(secret, key: salt))
    }

    /// Whether both are the same, in a time that doesn't tell where they differ.
    static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        unsafe left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }

    /// AES-256-GCM: the ciphertext, then its tag. A nonce is used once with a key.
    static func seal(_ plain: [UInt8], key: [UInt8], nonce: [UInt8], context: [UInt8]) -> [UInt8] {
        precondition(key.count == keyByteCount && nonce.count == nonceByteCount)
        let cipher = unsafe EVP_CIPHER_CTX_new()
        defer { unsafe EVP_CIPHER_CTX_free(cipher) }
        return unsafe Array(unsafeUninitializedCapacity: plain.count + tagByteCount) {
            sealed, count in
            let base = sealed.baseAddress
            var length: Int32 = 0
            var isDone = unsafe EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1
            isDone =
                unsafe isDone
                && EVP_EncryptUpdate(cipher, nil, &length, context, Int32(context.count)) == 1
            isDone =
                unsafe isDone
                && EVP_EncryptUpdate(cipher, base, &length, plain, Int32(plain.count)) == 1
            let end = unsafe base.map { unsafe $0 + plain.count }
            isDone = unsafe isDone && EVP_EncryptFinal_ex(cipher, end, &length) == 1
            isDone =
                unsafe isDone
                && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, Int32(tagByteCount), end) == 1
            precondition(isDone, "libcrypto refuses to seal \(plain.count) bytes")
            count = plain.count + tagByteCount
        }
    }

    /// The plain bytes of what ``seal(_:key:nonce:context:)`` gave; `nil` if anything differs.
    static func open(_ sealed: [UInt8], key: [UInt8], nonce: [UInt8], context: [UInt8])
        -> [UInt8]?
    {
        precondition(key.count == keyByteCount && nonce.count == nonceByteCount)
        guard sealed.count >= tagByteCount else { return nil }
        let plainByteCount = sealed.count - tagByteCount
        var tag = Array(sealed[plainByteCount...])
        let cipher = unsafe EVP_CIPHER_CTX_new()
        defer { unsafe EVP_CIPHER_CTX_free(cipher) }
        var isGenuine = false
        // One byte more than needed, so that there is an address to write to.
        let plain = unsafe [UInt8](unsafeUninitializedCapacity: plainByteCount + 1) {
            plain, count in
            let base = plain.baseAddress
            var length: Int32 = 0
            isGenuine = unsafe EVP_DecryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce) == 1
            isGenuine =
                unsafe isGenuine
                && EVP_DecryptUpdate(cipher, nil, &length, context, Int32(context.count)) == 1
            isGenuine =
                unsafe isGenuine
                && EVP_DecryptUpdate(cipher, base, &length, sealed, Int32(plainByteCount)) == 1
            isGenuine =
                unsafe isGenuine
                && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, Int32(tagByteCount), &tag)
                    == 1
            let end = unsafe base.map { unsafe $0 + plainByteCount }
            isGenuine = unsafe isGenuine && EVP_DecryptFinal_ex(cipher, end, &length) == 1
            count = isGenuine ? plainByteCount : 0
        }
        return isGenuine ? plain : nil
    }
}
