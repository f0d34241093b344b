import Primitives

/// Parts of which several targets make their seeds.
enum FuzzSeeds {
    static let node = NodeID(7)
    static let peer = NodeID(8)
    static let address = Address(host: "127.0.0.1", port: 7000)

    static func request(_ words: [[UInt8]]) -> [UInt8] {
        var bytes = [UInt8]("*\(words.count)\r\n".utf8)
        for word in words {
            bytes += [UInt8]("$\(word.count)\r\n".utf8)
            bytes += word
            bytes += [0x0D, 0x0A]
        }
        return bytes
    }

    /// The words of `text`, which single spaces part.
    static func request(_ text: String) -> [UInt8] { request(words(of: [UInt8](text.utf8))) }

    /// The parts of `text` between single spaces.
    static func words(of text: [UInt8]) -> [[UInt8]] {
        text.split(separator: 0x20, omittingEmptySubsequences: false).map { Array($0) }
    }

    /// Commands that together use every type and option that a shard knows.
    static let commands = [
        "SET a 1 EX 100 GET", "SET {a}b value PXAT 1700000009000 NX", "APPEND a xyz", "INCR n",
        "INCRBYFLOAT n 1.5e3", "DECRBY n 9", "SETRANGE a 5 zz", "GETDEL a", "GETEX n PERSIST",
        "HSET h f 1 g 2 i three", "HINCRBY h f 5", "HINCRBYFLOAT h g -0.25", "HDEL h i",
        "HSETNX h k v", "EXPIRE h 100 GT", "PEXPIREAT h 1700000001000 LT", "PERSIST h", "DEL n",
        "MSET {a}1 x {a}2 y", "MSETNX {a}3 x", "GETSET a 5", "PSETEX p 10 v", "SETEX p 10 v",
        "UNLINK p q", "FLUSHALL", "HMSET h a b",
    ]

    /// Commands that only read.
    static let reads = [
        "GET a", "MGET a {a}b", "STRLEN a", "GETRANGE a 0 -1", "TTL a", "PTTL a", "EXPIRETIME a",
        "TYPE h", "HGETALL h", "HGET h f", "HMGET h f g", "HKEYS h", "HVALS h", "HLEN h",
        "HSTRLEN h f", "HEXISTS h f", "EXISTS a h", "DBSIZE", "SCAN 0 COUNT 10 MATCH *", "KEYS *",
        "CLUSTER SLOTS", "CLUSTER SHARDS", "CLUSTER NODES", "CLUSTER INFO", "CLUSTER KEYSLOT a",
        "COMMAND COUNT", "COMMAND DOCS get", "COMMAND GETKEYS SET a b", "INFO", "HELLO 3",
        "CLIENT SETNAME x", "CLIENT LIST", "CLIENT INFO", "ECHO x", "PING x", "READONLY",
        "HRANDFIELD h 2 WITHVALUES", "HSCAN h 0", "OBJECT ENCODING a", "RANDOMKEY", "TIME",
        "CLIENT ID", "CLIENT SETINFO lib-name x", "AUTH x", "RESET", "QUIT",
    ]
}
