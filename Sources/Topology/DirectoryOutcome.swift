/// What became of a command of the directory.
package enum DirectoryOutcome: Equatable, Sendable {
    /// The directory changed, and its epoch with it.
    case applied
    /// The directory was so already.
    case unchanged
    /// Nothing changed; why, in words for the log.
    case refused(String)
}
