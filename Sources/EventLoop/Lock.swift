import Glibc

/// A pthread mutex with a condition to wait for: ThreadSanitizer sees both.
///
/// Sendable because the mutex and the condition are made to be shared; their memory never moves.
@safe package final class Lock: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    package init() {
        unsafe mutex.initialize(to: pthread_mutex_t())
        unsafe condition.initialize(to: pthread_cond_t())
        let mutexStatus = unsafe pthread_mutex_init(mutex, nil)
        let conditionStatus = unsafe pthread_cond_init(condition, nil)
        precondition(mutexStatus == 0 && conditionStatus == 0, "no mutex: \(mutexStatus)")
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    package func withLock<Value: ~Copyable, Failure: Error>(
        _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let locked = unsafe pthread_mutex_lock(mutex)
        precondition(locked == 0, "pthread_mutex_lock: \(locked)")
        defer { unsafe pthread_mutex_unlock(mutex) }
        return try body()
    }

    /// Sleeps until ``signal()``; only inside ``withLock(_:)``. May wake without a signal.
    package func wait() { unsafe pthread_cond_wait(condition, mutex) }

    /// Wakes whoever waits.
    package func signal() { unsafe pthread_cond_broadcast(condition) }
}
