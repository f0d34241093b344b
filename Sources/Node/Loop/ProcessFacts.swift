/// What `INFO` says of the process and its machine, fixed while it runs.
package struct HostFacts: Sendable {
    package var processID: Int
    /// Name, release and machine, as `uname` gives them.
    package var system: String
    package var executable: String
    package var memoryByteCount: Int

    package init(processID: Int, system: String, executable: String, memoryByteCount: Int) {
        self.processID = processID
        self.system = system
        self.executable = executable
        self.memoryByteCount = memoryByteCount
    }
}

/// What the whole process takes of its machine.
package struct ProcessUsage: Equatable, Sendable {
    package var residentByteCount: Int
    package var userMicroseconds: Int
    package var systemMicroseconds: Int

    package init(residentByteCount: Int, userMicroseconds: Int, systemMicroseconds: Int) {
        self.residentByteCount = residentByteCount
        self.userMicroseconds = userMicroseconds
        self.systemMicroseconds = systemMicroseconds
    }
}
