#include "crash_marker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

// What the handler reads: of the thread that runs it, so that nothing changes meanwhile.
static _Thread_local const struct martlet_apply_mark *volatile watchedMark;
static _Thread_local volatile int watchedFile;
static _Thread_local volatile uint32_t watchedVersion;
static _Thread_local void *signalStack;

static const int fatalSignals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT};
enum { fatalSignalCount = sizeof fatalSignals / sizeof fatalSignals[0] };
static struct sigaction formerActions[fatalSignalCount];
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int installError;

static void handle(int signal) {
    int error = errno;
    const struct martlet_apply_mark *mark = watchedMark;
    if (mark && mark->isApplying) {
        struct martlet_crash_record record = {
            MARTLET_CRASH_MAGIC, watchedVersion, mark->group, mark->replica, mark->index};
        watchedMark = NULL;
        // A file opened to append: the record is whole or, on a full disk, missing.
        ssize_t written = write(watchedFile, &record, sizeof record);
        (void)written;
    }
    errno = error;
    for (int i = 0; i < fatalSignalCount; i++)
        if (fatalSignals[i] == signal) sigaction(signal, &formerActions[i], NULL);
    // Blocked until the handler returns: then the former action has its turn.
    raise(signal);
}

static void install(void) {
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < fatalSignalCount; i++)
        if (sigaction(fatalSignals[i], &action, &formerActions[i]) != 0 && !installError)
            installError = errno;
}

int martlet_crash_marker_install(void) {
    int error = pthread_once(&once, install);
    return error ? error : installError;
}

int martlet_crash_marker_watch(const struct martlet_apply_mark *mark, int fd, uint32_t version) {
    enum { stackByteCount = 64 << 10 };
    if (!signalStack) {
        void *bytes = malloc(stackByteCount);
        if (!bytes) return ENOMEM;
        stack_t stack = {.ss_sp = bytes, .ss_size = stackByteCount};
        if (sigaltstack(&stack, NULL) != 0) {
            int error = errno;
            free(bytes);
            return error;
        }
        signalStack = bytes;
    }
    watchedFile = fd;
    watchedVersion = version;
    watchedMark = mark;
    return 0;
}

void martlet_crash_marker_unwatch(void) {
    watchedMark = NULL;
    if (!signalStack) return;
    stack_t stack = {.ss_flags = SS_DISABLE};
    if (sigaltstack(&stack, NULL) == 0) free(signalStack);
    signalStack = NULL;
}
