#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>
#include <uv.h>

/* glibc shows it under _GNU_SOURCE only, which a module can't define for other modules' headers. */
static inline int martlet_name_thread(const char *name) {
    extern int pthread_setname_np(pthread_t, const char *);
    return pthread_setname_np(pthread_self(), name);
}

/* The same. The calling thread gives way to others: on Linux a thread has a niceness of its own. */
static inline void martlet_lower_thread_priority(int niceness) {
    extern int gettid(void);
    setpriority(PRIO_PROCESS, (id_t)gettid(), niceness);
}

/* The same. Both names must be there; the two files take each other's place (RENAME_EXCHANGE). */
static inline int martlet_exchange_names(const char *one, const char *other) {
    extern int renameat2(int, const char *, int, const char *, unsigned int);
    return renameat2(-100, one, -100, other, 1u << 1);
}

/* The same: sets blocks aside, 0 if it could. */
static inline int martlet_allocate(int file, off_t offset, off_t byte_count) {
    extern int fallocate(int, int, off_t, off_t);
    return fallocate(file, 0, offset, byte_count);
}

/* The same: begins to write a range of the file from the page cache to the disk, and waits for nothing but
   room in the disk's queue (SYNC_FILE_RANGE_WRITE). */
static inline int martlet_begin_writing(int file, off_t offset, off_t byte_count) {
    extern int sync_file_range(int, off_t, off_t, unsigned int);
    return sync_file_range(file, offset, byte_count, 2);
}

/* Has the loop count the time that it waits for events; must come first. */
static inline int martlet_measure_idle_time(uv_loop_t *loop) {
    return uv_loop_configure(loop, UV_METRICS_IDLE_TIME);
}

/* Blocks up to `byte_count` come from the heap, whose top is kept up to the same size. */
static inline void martlet_keep_freed_memory(int byte_count) {
    mallopt(M_MMAP_THRESHOLD, byte_count);
    mallopt(M_TRIM_THRESHOLD, byte_count);
}

/* The heap of the first thread grows by so much at a time. */
static inline void martlet_grow_heap_by(int byte_count) { mallopt(M_TOP_PAD, byte_count); }

/* Where that heap ends. Not a system call. */
static inline uintptr_t martlet_heap_end(void) {
    extern void *sbrk(intptr_t);
    return (uintptr_t)sbrk(0);
}

/* Asks the kernel for huge pages in a range of addresses (MADV_HUGEPAGE). */
static inline int martlet_advise_huge_pages(uintptr_t start, uintptr_t end) {
    extern int madvise(void *, size_t, int);
    return madvise((void *)start, end - start, 14);
}

/* All threads allocate from the heap of the first. */
static inline void martlet_share_one_heap(void) { mallopt(M_ARENA_MAX, 1); }
