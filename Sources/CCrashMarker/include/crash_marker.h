#ifndef MARTLET_CRASH_MARKER_H
#define MARTLET_CRASH_MARKER_H
#include <stdint.h>

/// What a thread is applying: four words, see Node's ApplyMark.
struct martlet_apply_mark {
    uint64_t isApplying;
    uint64_t group;
    uint64_t replica;
    uint64_t index;
};

/// One record of the file, in the byte order of the machine.
struct martlet_crash_record {
    uint32_t magic;
    uint32_t version;
    uint64_t group;
    uint64_t replica;
    uint64_t index;
};

enum { MARTLET_CRASH_MAGIC = 0x4D435231 };

/// Has fatal signals (SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT) of watched threads recorded before
/// they end the process, by whatever was to happen to them before. Once for the process; later calls do
/// nothing.
///
/// Returns 0, or an errno.
int martlet_crash_marker_install(void);

/// From now on a fatal signal of the calling thread appends a record to `fd`, if `mark` says that an entry is
/// being applied. Gives the thread a stack for signals, so that running out of its own is recorded too.
///
/// Returns 0, or an errno.
int martlet_crash_marker_watch(const struct martlet_apply_mark *mark, int fd, uint32_t version);

/// Ends that; what the call before named is not looked at any more.
void martlet_crash_marker_unwatch(void);
#endif
