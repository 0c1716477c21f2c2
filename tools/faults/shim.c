/* A shim that makes the n-th write or sync of chosen files fail, or ends the process there.
 *
 * Preloaded into a server (LD_PRELOAD), it counts the calls that write to files whose path begins with
 * FAULTS_PREFIX, and does what the control file FAULTS_CONTROL says.  The tests map the same file, so that a
 * fault can begin and end while the server runs.  tests/faults/shim.py holds the same layout.
 *
 * FAULTS_TRACE, where it is set, gets a line for each of these calls: what a disk would have of them after a
 * failed sync can be worked out from it.
 *
 * Why not strace: it stops the process at every call, and its faults cannot be ended while it runs.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { NOTHING, KILL, TEAR, FAIL };
enum { WRITES = 1, SYNCS = 2 };

struct control {
    uint64_t count;    /* calls that were counted */
    uint64_t from;     /* the first that the fault strikes; 0 is none */
    uint64_t until;    /* the last one */
    uint64_t hits;     /* calls that it struck */
    uint64_t first_ns; /* when it first struck, CLOCK_MONOTONIC */
    int32_t action;
    int32_t error;     /* errno, for FAIL */
    int32_t kinds;     /* the calls that are counted: WRITES, SYNCS or both; 0 is both */
};

static volatile struct control *control;
static const char *prefix;
static int trace = -1;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("FAULTS_CONTROL");
    prefix = getenv("FAULTS_PREFIX");
    if (getenv("FAULTS_TRACE"))
        trace = open(getenv("FAULTS_TRACE"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    int fd = path && prefix ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *map = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map != MAP_FAILED)
        control = map;
}

static int concerns(int fd)
{
    char link[64], path[4096];
    if (!control)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (size < 0)
        return 0;
    path[size] = 0;
    return strncmp(path, prefix, strlen(prefix)) == 0;
}

static void note(int fd, char what, uint64_t at, uint64_t size)
{
    struct stat file;
    if (trace >= 0 && fstat(fd, &file) == 0)
        dprintf(trace, "%c %llu %llu %llu\n", what, (unsigned long long)file.st_ino, (unsigned long long)at,
                (unsigned long long)size);
}

/* Returns what is to be done to this call. */
static int struck(int fd, int kind)
{
    if (!concerns(fd) || (control->kinds && !(control->kinds & kind)))
        return NOTHING;
    uint64_t number = __atomic_add_fetch(&control->count, 1, __ATOMIC_SEQ_CST);
    uint64_t from = __atomic_load_n(&control->from, __ATOMIC_SEQ_CST);
    if (!from || number < from || number > control->until)
        return NOTHING;
    if (__atomic_add_fetch(&control->hits, 1, __ATOMIC_SEQ_CST) == 1) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        control->first_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    }
    if (control->action == KILL)
        kill(getpid(), SIGKILL);
    errno = control->error;
    return control->action;
}

#define REAL(name, ...) \
    static ssize_t (*real)(__VA_ARGS__); \
    if (!real) \
        real = (ssize_t (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

#define PWRITE(name, offset_type) \
    ssize_t name(int fd, const void *data, size_t size, offset_type at) \
    { \
        REAL(name, int, const void *, size_t, offset_type); \
        int action = struck(fd, WRITES); \
        if (action == TEAR) { \
            real(fd, data, size / 2, at); \
            kill(getpid(), SIGKILL); \
        } \
        if (action != FAIL && concerns(fd)) \
            note(fd, 'W', (uint64_t)at, size); \
        return action == FAIL ? -1 : real(fd, data, size, at); \
    }

PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t write(int fd, const void *data, size_t size)
{
    REAL(write, int, const void *, size_t);
    if (fd == trace)
        return real(fd, data, size);
    int action = struck(fd, WRITES);
    if (action == TEAR) {
        real(fd, data, size / 2);
        kill(getpid(), SIGKILL);
    }
    if (action != FAIL && concerns(fd))
        note(fd, 'W', (uint64_t)lseek(fd, 0, SEEK_CUR), size);
    return action == FAIL ? -1 : real(fd, data, size);
}

#define SYNC(name) \
    int name(int fd) \
    { \
        static int (*real)(int); \
        if (!real) \
            real = (int (*)(int))dlsym(RTLD_NEXT, #name); \
        int action = struck(fd, SYNCS); \
        if (action == TEAR) \
            kill(getpid(), SIGKILL); \
        if (concerns(fd)) \
            note(fd, action == FAIL ? 'F' : 'S', 0, 0); \
        return action == FAIL ? -1 : real(fd); \
    }

SYNC(fsync)
SYNC(fdatasync)

int unlink(const char *path)
{
    static int (*real)(const char *);
    if (!real)
        real = (int (*)(const char *))dlsym(RTLD_NEXT, "unlink");
    int fd = trace >= 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0) {
        if (concerns(fd))
            note(fd, 'U', 0, 0);
        close(fd);
    }
    return real(path);
}

int ftruncate64(int fd, off64_t size)
{
    static int (*real)(int, off64_t);
    if (!real)
        real = (int (*)(int, off64_t))dlsym(RTLD_NEXT, "ftruncate64");
    if (concerns(fd))
        note(fd, 'T', (uint64_t)size, 0);
    return real(fd, size);
}
