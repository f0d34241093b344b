// Counts what the threads of a process ask of the allocator and of the kernel, and how often they
// copy much, while it runs.
//
// Loaded with LD_PRELOAD; MARTLET_COUNTS names a file, which is made and mapped, and which another
// process maps too. Tests/System/counting.py reads it and describes nothing that isn't in `struct
// counts` below: keep the two alike. Without MARTLET_COUNTS nothing is counted.
//
// Calls from one library into another are seen. What glibc does within itself is not: the futex of
// a pthread call is counted as that call, which may or may not enter the kernel.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

// Order and names of the counters of a thread; pwrite64 is counted as pwrite, and so on.
#define COUNTERS(X)                                                                              \
    X(malloc) X(calloc) X(realloc) X(memalign) X(free)                                           \
    X(read) X(write) X(readv) X(writev) X(pread) X(pwrite) X(preadv) X(pwritev)                  \
    X(send) X(sendto) X(sendmsg) X(sendmmsg) X(recv) X(recvfrom) X(recvmsg) X(recvmmsg)          \
    X(epoll_wait) X(epoll_ctl) X(eventfd_write) X(fsync) X(fdatasync) X(sync_file_range)         \
    X(fallocate) X(ftruncate) X(open) X(close) X(mmap) X(munmap) X(madvise) X(nanosleep)         \
    X(sched_yield) X(syscall)                                                                    \
    X(clock_gettime) X(clock_reading) X(cond_wait) X(cond_signal) X(large_copy)

enum counter {
#define X(name) COUNT_##name,
    COUNTERS(X)
#undef X
    COUNTER_COUNT
};

enum { THREADS = 128, NAME_BYTES = 16, SITES = 1024, DEPTH = 30, SKIPPED_FRAMES = 2 };

struct thread {
    char name[NAME_BYTES];
    uint64_t counts[62];
};

struct site {
    uint64_t count;
    uint64_t depth;
    uint64_t frames[DEPTH];
};

static struct counts {
    // The names of the counters, with spaces between them.
    char names[1024];
    // The thread whose allocations are recorded with their call stacks; the reader writes it.
    char recorded[NAME_BYTES];
    _Atomic uint64_t thread_count;
    char unused[4096 - 1024 - NAME_BYTES - 8];
    struct thread threads[THREADS];
    struct site sites[SITES];
} *shared;

_Static_assert(COUNTER_COUNT <= 62, "a thread has no room for more counters");
_Static_assert(sizeof(struct thread) == 512 && sizeof(struct site) == 256, "as counting.py reads");

// Initial-exec: the first use of one must not allocate.
#define THREAD_LOCAL static _Thread_local __attribute__((tls_model("initial-exec")))
THREAD_LOCAL struct thread *own;
// Where a thread counts while one of libuv's timers runs: work that no request asked for.
THREAD_LOCAL struct thread *own_in_timers;
THREAD_LOCAL int is_recording;

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

__attribute__((constructor)) static void start(void)
{
    const char *path = getenv("MARTLET_COUNTS");
    if (path == NULL)
        return;
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || ftruncate(file, sizeof *shared) != 0)
        abort();
    struct counts *made =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (made == MAP_FAILED)
        abort();
#define X(name) #name " "
    strcpy(made->names, COUNTERS(X));
#undef X
    // The first use loads a library.
    void *frames[2];
    backtrace(frames, 2);
    shared = made;
}

static struct thread *new_thread(void)
{
    uint64_t index = atomic_fetch_add(&shared->thread_count, 1);
    // A reader checks that there are no more than fit.
    struct thread *thread = &shared->threads[index < THREADS ? index : THREADS - 1];
    prctl(PR_GET_NAME, thread->name);
    return thread;
}

static struct thread *thread_of_caller(void)
{
    if (own == NULL)
        own = new_thread();
    return own;
}

static void count(enum counter counter)
{
    if (shared == NULL)
        return;
    // Only this thread writes here; the reader may be one behind.
    uint64_t *place = &thread_of_caller()->counts[counter];
    __atomic_store_n(place, *place + 1, __ATOMIC_RELAXED);
}

static void record(void)
{
    void *frames[DEPTH + SKIPPED_FRAMES];
    int depth = backtrace(frames, DEPTH + SKIPPED_FRAMES) - SKIPPED_FRAMES;
    if (depth <= 0)
        return;
    uint64_t hash = 14695981039346656037u;
    for (int index = 0; index < depth; index++)
        hash = (hash ^ (uint64_t)frames[index + SKIPPED_FRAMES]) * 1099511628211u;
    for (uint64_t step = 0; step < SITES; step++) {
        struct site *site = &shared->sites[((hash >> 32) + step) % SITES];
        if (site->count == 0) {
            site->depth = (uint64_t)depth;
            memcpy(site->frames, frames + SKIPPED_FRAMES, (size_t)depth * sizeof frames[0]);
        } else if (site->depth != (uint64_t)depth
                   || memcmp(site->frames, frames + SKIPPED_FRAMES,
                             (size_t)depth * sizeof frames[0]) != 0) {
            continue;
        }
        __atomic_store_n(&site->count, site->count + 1, __ATOMIC_RELEASE);
        return;
    }
}

static __attribute__((noinline)) void count_allocation(enum counter counter)
{
    if (shared == NULL || is_recording)
        return;
    count(counter);
    if (shared->recorded[0] != 0 && strncmp(shared->recorded, own->name, NAME_BYTES) == 0) {
        is_recording = 1;
        record();
        is_recording = 0;
    }
}

// MARK: Allocations

void *malloc(size_t size)
{
    count_allocation(COUNT_malloc);
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size)
{
    count_allocation(COUNT_calloc);
    return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size)
{
    count_allocation(COUNT_realloc);
    return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size)
{
    count_allocation(COUNT_memalign);
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    count_allocation(COUNT_memalign);
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size)
{
    if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0)
        return EINVAL;
    count_allocation(COUNT_memalign);
    void *memory = __libc_memalign(alignment, size);
    if (memory == NULL)
        return ENOMEM;
    *result = memory;
    return 0;
}

void free(void *memory)
{
    if (memory != NULL && !is_recording)
        count(COUNT_free);
    __libc_free(memory);
}

// MARK: Copies

// From this many bytes on a copy is counted: more than what a short request and its reply have.
enum { LARGE_COPY_BYTES = 128 };

// The compiler would make calls of memcpy and memmove of these loops without it.
#define KEEP_LOOP __asm__ volatile("" ::: "memory")

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    if (size >= LARGE_COPY_BYTES && !is_recording)
        count(COUNT_large_copy);
    for (size_t index = 0; index < size; index++) {
        ((char *)to)[index] = ((const char *)from)[index];
        KEEP_LOOP;
    }
    return to;
}

void *memmove(void *to, const void *from, size_t size)
{
    if ((uintptr_t)to - (uintptr_t)from >= size)
        return memcpy(to, from, size);
    if (size >= LARGE_COPY_BYTES && !is_recording)
        count(COUNT_large_copy);
    for (size_t index = size; index-- > 0;) {
        ((char *)to)[index] = ((const char *)from)[index];
        KEEP_LOOP;
    }
    return to;
}

// MARK: System calls

static void *next(const char *name)
{
    // Condition variables changed their layout with this version, and glibc keeps the old ones on
    // x86, which dlsym prefers before 2.36 (its bug 14932). Elsewhere there is nothing older.
    void *found = NULL;
    if (strncmp(name, "pthread_cond_", 13) == 0)
        found = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2");
    if (found == NULL)
        found = dlsym(RTLD_NEXT, name);
    if (found == NULL)
        abort();
    return found;
}

// The function that would have been called without this library.
#define FIND_NEXT(real, name)                                                                    \
    static void *_Atomic next_##name;                                                            \
    *(void **)&real = atomic_load_explicit(&next_##name, memory_order_relaxed);                  \
    if (real == NULL) {                                                                          \
        *(void **)&real = next(#name);                                                           \
        atomic_store_explicit(&next_##name, *(void **)&real, memory_order_relaxed);              \
    }

#define COUNTED(type, name, counter, parameters, arguments)                                      \
    type name parameters                                                                         \
    {                                                                                            \
        type(*real) parameters;                                                                  \
        FIND_NEXT(real, name)                                                                    \
        count(COUNT_##counter);                                                                  \
        return real arguments;                                                                   \
    }

#define IN_AND_OUT(name, constness)                                                              \
    COUNTED(ssize_t, name, name, (int file, constness void *bytes, size_t size),                 \
            (file, bytes, size))                                                                 \
    COUNTED(ssize_t, name##v, name##v, (int file, const struct iovec *parts, int number),        \
            (file, parts, number))                                                               \
    COUNTED(ssize_t, p##name, p##name,                                                           \
            (int file, constness void *bytes, size_t size, off_t offset),                        \
            (file, bytes, size, offset))                                                         \
    COUNTED(ssize_t, p##name##64, p##name,                                                       \
            (int file, constness void *bytes, size_t size, off64_t offset),                      \
            (file, bytes, size, offset))                                                         \
    COUNTED(ssize_t, p##name##v, p##name##v,                                                     \
            (int file, const struct iovec *parts, int number, off_t offset),                     \
            (file, parts, number, offset))                                                       \
    COUNTED(ssize_t, p##name##v64, p##name##v,                                                   \
            (int file, const struct iovec *parts, int number, off64_t offset),                   \
            (file, parts, number, offset))

IN_AND_OUT(read, )
IN_AND_OUT(write, const)

COUNTED(ssize_t, send, send, (int file, const void *bytes, size_t size, int flags),
        (file, bytes, size, flags))
COUNTED(ssize_t, sendto, sendto,
        (int file, const void *bytes, size_t size, int flags, const struct sockaddr *to,
         socklen_t to_size),
        (file, bytes, size, flags, to, to_size))
COUNTED(ssize_t, sendmsg, sendmsg, (int file, const struct msghdr *message, int flags),
        (file, message, flags))
COUNTED(int, sendmmsg, sendmmsg,
        (int file, struct mmsghdr *messages, unsigned number, int flags),
        (file, messages, number, flags))
COUNTED(ssize_t, recv, recv, (int file, void *bytes, size_t size, int flags),
        (file, bytes, size, flags))
COUNTED(ssize_t, recvfrom, recvfrom,
        (int file, void *bytes, size_t size, int flags, struct sockaddr *from,
         socklen_t *from_size),
        (file, bytes, size, flags, from, from_size))
COUNTED(ssize_t, recvmsg, recvmsg, (int file, struct msghdr *message, int flags),
        (file, message, flags))
COUNTED(int, recvmmsg, recvmmsg,
        (int file, struct mmsghdr *messages, unsigned number, int flags, struct timespec *wait),
        (file, messages, number, flags, wait))

COUNTED(int, epoll_wait, epoll_wait,
        (int file, struct epoll_event *events, int number, int wait), (file, events, number, wait))
COUNTED(int, epoll_pwait, epoll_wait,
        (int file, struct epoll_event *events, int number, int wait, const sigset_t *signals),
        (file, events, number, wait, signals))
COUNTED(int, epoll_pwait2, epoll_wait,
        (int file, struct epoll_event *events, int number, const struct timespec *wait,
         const sigset_t *signals),
        (file, events, number, wait, signals))
COUNTED(int, epoll_ctl, epoll_ctl,
        (int file, int operation, int watched, struct epoll_event *event),
        (file, operation, watched, event))
COUNTED(int, eventfd_write, eventfd_write, (int file, eventfd_t value), (file, value))

COUNTED(int, fsync, fsync, (int file), (file))
COUNTED(int, fdatasync, fdatasync, (int file), (file))
COUNTED(int, sync_file_range, sync_file_range,
        (int file, off64_t offset, off64_t size, unsigned flags), (file, offset, size, flags))
COUNTED(int, fallocate, fallocate, (int file, int mode, off_t offset, off_t size),
        (file, mode, offset, size))
COUNTED(int, posix_fallocate, fallocate, (int file, off_t offset, off_t size),
        (file, offset, size))
COUNTED(int, ftruncate, ftruncate, (int file, off_t size), (file, size))
COUNTED(int, ftruncate64, ftruncate, (int file, off64_t size), (file, size))
COUNTED(int, close, close, (int file), (file))
COUNTED(void *, mmap, mmap,
        (void *address, size_t size, int protection, int flags, int file, off_t offset),
        (address, size, protection, flags, file, offset))
COUNTED(int, munmap, munmap, (void *address, size_t size), (address, size))
COUNTED(int, madvise, madvise, (void *address, size_t size, int advice),
        (address, size, advice))
COUNTED(int, nanosleep, nanosleep, (const struct timespec *time, struct timespec *left),
        (time, left))
COUNTED(int, sched_yield, sched_yield, (void), ())

int open(const char *path, int flags, ...)
{
    int (*real)(const char *, int, ...);
    FIND_NEXT(real, open)
    va_list list;
    va_start(list, flags);
    // Of no meaning where no file is made, and then not looked at.
    mode_t mode = va_arg(list, mode_t);
    va_end(list);
    count(COUNT_open);
    return real(path, flags, mode);
}

long syscall(long number, ...)
{
    long (*real)(long, ...);
    FIND_NEXT(real, syscall)
    long words[6];
    va_list list;
    va_start(list, number);
    for (int index = 0; index < 6; index++)
        words[index] = va_arg(list, long);
    va_end(list);
    count(COUNT_syscall);
    return real(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

// The vDSO reads these without entering the kernel; it knows nothing of processor time.
static int is_cheap(clockid_t clock)
{
    return clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_RAW
        || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE
        || clock == CLOCK_BOOTTIME || clock == CLOCK_TAI;
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    int (*real)(clockid_t, struct timespec *);
    FIND_NEXT(real, clock_gettime)
    count(is_cheap(clock) ? COUNT_clock_reading : COUNT_clock_gettime);
    return real(clock, time);
}

// MARK: Threads

COUNTED(int, pthread_cond_wait, cond_wait, (pthread_cond_t *condition, pthread_mutex_t *mutex),
        (condition, mutex))
COUNTED(int, pthread_cond_timedwait, cond_wait,
        (pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *end),
        (condition, mutex, end))
COUNTED(int, pthread_cond_signal, cond_signal, (pthread_cond_t *condition), (condition))
COUNTED(int, pthread_cond_broadcast, cond_signal, (pthread_cond_t *condition), (condition))

int pthread_setname_np(pthread_t thread, const char *name)
{
    int (*real)(pthread_t, const char *);
    FIND_NEXT(real, pthread_setname_np)
    int status = real(thread, name);
    if (status == 0 && shared != NULL && pthread_equal(thread, pthread_self()))
        prctl(PR_GET_NAME, thread_of_caller()->name);
    return status;
}

// MARK: libuv

typedef void timer_callback(void *timer);

// Timers of this thread's loop and what they call; those beyond are counted as the rest is.
enum { TIMERS = 32 };
THREAD_LOCAL struct {
    void *timer;
    timer_callback *callback;
} timers[TIMERS];

static void run_timer(void *timer)
{
    int index = 0;
    while (timers[index].timer != timer)
        index++;
    if (shared == NULL) {
        timers[index].callback(timer);
        return;
    }
    struct thread *before = thread_of_caller();
    if (own_in_timers == NULL) {
        own_in_timers = new_thread();
        strncat(own_in_timers->name, " timers", NAME_BYTES - 1 - strlen(own_in_timers->name));
    }
    own = own_in_timers;
    timers[index].callback(timer);
    own = before;
}

int uv_timer_start(void *timer, timer_callback *callback, uint64_t wait, uint64_t repeat)
{
    int (*real)(void *, timer_callback *, uint64_t, uint64_t);
    FIND_NEXT(real, uv_timer_start)
    // libuv starts a repeating timer anew by itself, with the callback that it has.
    if (callback == run_timer)
        return real(timer, callback, wait, repeat);
    for (int index = 0; index < TIMERS; index++) {
        if (timers[index].timer == NULL || timers[index].timer == timer) {
            timers[index].timer = timer;
            timers[index].callback = callback;
            return real(timer, run_timer, wait, repeat);
        }
    }
    return real(timer, callback, wait, repeat);
}
