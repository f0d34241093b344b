/// The words of a request, split at spaces.
package func words(_ text: String) -> [[UInt8]] {
    text.split(separator: " ").map { [UInt8]($0.utf8) }
}
