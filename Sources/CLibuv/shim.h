#include <pthread.h>
#include <uv.h>

/* glibc shows it under _GNU_SOURCE only, which a module can't define for other modules' headers. */
static inline int martlet_name_thread(const char *name) {
    extern int pthread_setname_np(pthread_t, const char *);
    return pthread_setname_np(pthread_self(), name);
}
