/// A command that the node runs itself: it concerns the connection or the node, or many shards.
package enum SessionCommand: UInt8, Sendable, CaseIterable {
    case hello
    case auth
    case ping
    case echo
    case quit
    case reset
    case select
    case client
    case command
    case info
    case time
    case dbsize
    case flushall
    case wait
    case cluster
    case readonly
    case readwrite
    case asking
    case scan
    case keys
    case randomkey
    case flushdb
    case debug
    case config
    case function
    case slowlog
    case latency
    case lolwut
    /// `HELP` of a container.
    case help
}
