import Primitives
import Testing
import Topology

@Suite("Parameters in the directory") struct ParameterTests {
    @Test("a change is made once, however often it is proposed") func once() {
        var directory = Samples.registered(3)
        #expect(directory.apply(Samples.setting("timeout", "7", number: 1)) == .applied)
        #expect(directory.apply(Samples.setting("timeout", "8", number: 2)) == .applied)
        #expect(directory.apply(Samples.setting("timeout", "7", number: 1)) == .unchanged)
        #expect(directory.apply(Samples.setting("timeout", "8", number: 2)) == .unchanged)
        #expect(directory.parameters["timeout"] == "8")
        // Another process of the node begins anew; so does another node.
        #expect(
            directory.apply(Samples.setting("timeout", "9", process: 4, number: 1)) == .applied)
        #expect(directory.apply(Samples.setting("save", "", number: 1, node: 2)) == .applied)
        #expect(directory.parameters["timeout"] == "9" && directory.parameters["save"] == "")
    }

    @Test("what makes no sense changes nothing")
    func refusals() {
        var directory = Samples.registered(3)
        let before = directory
        let long = String(repeating: "x", count: 2000)
        for command in [
            Samples.setting("timeout", "7", number: 1, node: 8),
            Samples.setting("", "7", number: 1), Samples.setting(long, "7", number: 1),
            Samples.setting("timeout", long, number: 1),
            Samples.setting("timeout", "a\nb", number: 1),
        ] {
            guard case .refused = directory.apply(command) else {
                Issue.record("\(command) was not refused")
                continue
            }
        }
        #expect(directory == before)
    }

    @Test("a node that is removed leaves no mark") func removal() {
        var directory = Samples.registered(3)
        _ = directory.apply(Samples.setting("timeout", "7", number: 1, node: 3))
        #expect(directory.parameterChanges.count == 1)
        #expect(directory.apply(.removeNode(NodeID(3))) == .applied)
        #expect(directory.parameterChanges.isEmpty && directory.parameters["timeout"] == "7")
    }
}
