/// Events in the order of their virtual time; those of one time in the order of their scheduling.
///
/// A binary heap over small keys; the events themselves stay where they are until they are taken.
package struct EventQueue<Event> {
    private struct Key {
        var time: UInt64
        var sequence: UInt64
        var slot: Int32

        func precedes(_ other: Key) -> Bool {
            time == other.time ? sequence < other.sequence : time < other.time
        }
    }

    private var heap: [Key] = []
    private var events: [Event?] = []
    private var freeSlots: [Int32] = []
    private var nextSequence: UInt64 = 0

    /// The virtual time of the event taken last, in nanoseconds.
    package private(set) var now: UInt64 = 0

    package init() {}

    package var isEmpty: Bool { heap.isEmpty }
    package var count: Int { heap.count }

    /// When the next event is due.
    package var nextTime: UInt64? { heap.first?.time }

    /// Adds `event` at `time`; a time that has passed counts as now.
    package mutating func schedule(_ event: Event, at time: UInt64) {
        let slot: Int32
        if let free = freeSlots.popLast() {
            slot = free
            events[Int(free)] = event
        } else {
            slot = Int32(events.count)
            events.append(event)
        }
        heap.append(Key(time: max(time, now), sequence: nextSequence, slot: slot))
        nextSequence += 1
        siftUp(heap.count - 1)
    }

    package mutating func schedule(_ event: Event, after nanoseconds: UInt64) {
        schedule(event, at: now + nanoseconds)
    }

    /// Takes the earliest event and moves ``now`` to its time.
    package mutating func next() -> Event? {
        guard let first = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            siftDown()
        }
        now = first.time
        freeSlots.append(first.slot)
        let event = events[Int(first.slot)]
        events[Int(first.slot)] = nil
        return event
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        let key = heap[child]
        while child > 0 {
            let parent = (child - 1) / 2
            guard key.precedes(heap[parent]) else { break }
            heap[child] = heap[parent]
            child = parent
        }
        heap[child] = key
    }

    private mutating func siftDown() {
        let key = heap[0]
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
            guard heap[child].precedes(key) else { break }
            heap[parent] = heap[child]
            parent = child
        }
        heap[parent] = key
    }
}
