import Node
import Primitives
import Testing

@Suite("Hung disks") struct HungDiskTests {
    @Test("cost a node its leaderships within an election timeout, and no write its fate")
    func handover() throws {
        let rig = try ClusterRig()
        rig.lead(0)
        let client = rig.connect(0)
        #expect(rig.run([["SET", "{b}", "0"]], on: client) == "+OK\r\n")
        rig.setDisk(of: 0, isHung: true)
        // The others make the majority for the first; the second finds the journal busy.
        #expect(rig.run([["SET", "{b}", "1"]], on: client) == "+OK\r\n")
        #expect(rig.run([["SET", "{b}", "2"]], on: client) == "")
        rig.advance(milliseconds: 250)
        #expect(rig.leader(of: 1) == 0, "an election timeout has not passed")
        rig.advance(milliseconds: 100)
        let next = try #require(rig.leader(of: 1))
        #expect(next != 0)
        #expect(rig.take(client).hasPrefix("-MOVED "), "it was not done")
        #expect(rig.run([["GET", "{b}"]], on: rig.connect(next)) == "$1\r\n1\r\n")
        #expect(rig.log(0).contains { $0.contains("the disk hangs: to write ") })
        #expect(rig.run([["INFO"]], on: client).contains("martlet_disk:hung\r\n"))

        rig.advance(milliseconds: 3000)
        rig.setDisk(of: 0)
        rig.advance(milliseconds: 200)
        #expect(rig.run([["INFO"]], on: client).contains("martlet_disk:ok\r\n"))
        #expect(rig.run([["SET", "{b}", "3"]], on: rig.connect(next)) == "+OK\r\n")
        rig.advance(milliseconds: 200)
        #expect(rig.stateHash(0) == rig.stateHash(next))
    }

    @Test("keep a node from campaigning") func campaign() throws {
        let rig = try ClusterRig()
        rig.lead(0)
        rig.setDisk(of: 2, isHung: true)
        // Makes the disk of node 2 busy, and tells that it hangs.
        #expect(rig.run([["SET", "{b}", "1"]], on: rig.connect(0)) == "+OK\r\n")
        rig.advance(milliseconds: 500)
        let term = try #require(rig.inspect(2)?.term)
        rig.crash(0)
        rig.crash(1)
        rig.advance(milliseconds: 5000)
        #expect(rig.inspect(2)?.term == term)
        #expect(rig.inspect(2)?.role == .follower)
    }

    @Test("are told from a process that did not run") func pause() throws {
        let rig = try LoopRig()
        rig.found()
        rig.isDiskSlow = true
        let client = rig.connect()
        #expect(rig.run([["SET", "{b}", "1"]], on: client) == "")
        rig.pause(milliseconds: 3000)
        #expect(rig.counters().hungDisks == 0)
        rig.advance(milliseconds: 400)
        #expect(rig.counters().hungDisks == 1)
        rig.isDiskSlow = false
        rig.finishDisk()
        #expect(rig.takeReceived(client.id) == "+OK\r\n")
    }
}
