// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "CKernel.h"
#include "dispositions.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

uint8_t **ckernel_exec_arguments(void) {
    // The kernel puts them right before the environment, with their number ahead and a null behind (System V ABI,
    // "Process Initialization"). A static C library tells them nobody but `main`, which Embedded Swift keeps for itself.
    uintptr_t *word = (uintptr_t *)environ - 1, count = 0;
    while (*--word != count) count++;
    return (uint8_t **)(word + 1);
}

uint8_t **ckernel_exec_environment(void) { return (uint8_t **)environ; }

// What was inherited and goes back. The mask is the kernel's own 64 bits: sigprocmask(3) would clear the signals that the
// C library keeps for itself.
static struct {
    struct rlimit core;
    struct disposition pipe;
    struct disposition library[2];
    uint64_t mask;
} inherited;

void ckernel_exec_forbid_core_dump(void) {
    getrlimit(RLIMIT_CORE, &inherited.core);
    struct rlimit none = {.rlim_cur = 0, .rlim_max = inherited.core.rlim_max};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
}

// Nothing has to be cleaned up before execve, so leaving from the handler is safe (signal-safety(7)).
static void leave(int signal) { _exit(128 + signal); }

void ckernel_exec_take_signals(void) {
    static const int ending[] = {SIGTERM, SIGINT, SIGHUP};
    uint64_t unblocked = 0;
    const struct disposition leaving = ending_with(leave);
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) {
        if (ckernel_exec_is_ignored(ending[i])) continue;
        change_disposition(ending[i], &leaving, NULL);
        unblocked |= UINT64_C(1) << (ending[i] - 1);
    }
    change_disposition(SIGPIPE, &ignored, &inherited.pipe);
    // Those that glibc ignores where a thread is made, which is for looking up a name.
    for (int n = 0; n < 2; n++) change_disposition(32 + n, NULL, &inherited.library[n]);
    syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &unblocked, &inherited.mask, sizeof inherited.mask);
}

int ckernel_exec_is_ignored(int signal) {
    struct disposition present;
    return change_disposition(signal, NULL, &present) == 0 && present.handler == SIG_IGN;
}

void ckernel_exec_restore(void) {
    setrlimit(RLIMIT_CORE, &inherited.core);
    change_disposition(SIGPIPE, &inherited.pipe, NULL);
    for (int n = 0; n < 2; n++) change_disposition(32 + n, &inherited.library[n], NULL);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &inherited.mask, NULL, sizeof inherited.mask);
}

int ckernel_exec_check_executable(const uint8_t *path) {
    struct stat status;
    if (stat((const char *)path, &status) != 0) return -errno;
    if (!S_ISREG(status.st_mode)) return -EACCES;
    return faccessat(AT_FDCWD, (const char *)path, X_OK, AT_EACCESS) == 0 ? 0 : -errno;
}

int ckernel_exec_is_socket(const uint8_t *path) {
    struct stat status;
    return stat((const char *)path, &status) == 0 && S_ISSOCK(status.st_mode);
}

int ckernel_exec_replace(const uint8_t *path, uint8_t *const *vector, uint8_t *const *environment) {
    execve((const char *)path, (char *const *)vector, (char *const *)environment);
    return errno;
}

uint64_t ckernel_exec_stack_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return UINT64_MAX;
    return limit.rlim_cur;
}

int ckernel_exec_open(const uint8_t *path, uint32_t *mode) {
    int fd = open((const char *)path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) return -errno;
    struct stat status;
    if (fstat(fd, &status) == 0) *mode = status.st_mode & 07777;
    return fd;
}

int ckernel_exec_connect(const uint8_t *path, int64_t deadline) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen((const char *)path);
    if (length >= sizeof address.sun_path) return -ENAMETOOLONG;
    memcpy(address.sun_path, path, length);

    int64_t left = deadline - ckernel_exec_now();
    if (left <= 0) return -EAGAIN;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    // Bounds connect(2) too, which waits where the server's backlog is full (unix(7)).
    struct timeval limit = {.tv_sec = left / 1000, .tv_usec = left % 1000 * 1000};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    while (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        if (errno == EINTR) continue;
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int ckernel_exec_send(int fd, const void *bytes, size_t count) {
    ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
    return sent == (ssize_t)count ? 0 : sent < 0 ? -errno : -EAGAIN;
}

int64_t ckernel_exec_read(int fd, void *bytes, size_t count, int64_t deadline) {
    for (;;) {
        int64_t left = deadline - ckernel_exec_now();
        if (left <= 0) return -ETIMEDOUT;
        struct pollfd readable = {.fd = fd, .events = POLLIN};
        int ready = poll(&readable, 1, (int)left);
        if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
        if (ready < 0) return -errno;
        ssize_t got = read(fd, bytes, count);
        if (got >= 0) return got;
        if (errno != EINTR && errno != EAGAIN) return -errno;
    }
}

void ckernel_exec_close(int fd) { close(fd); }

void ckernel_exec_write(int fd, const void *bytes, size_t count) {
    while (write(fd, bytes, count) < 0 && errno == EINTR) {}
}

void *ckernel_exec_map(size_t count) {
    void *pages = mmap(NULL, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return pages == MAP_FAILED ? NULL : pages;
}

int ckernel_exec_sealed_file(const void *bytes, size_t count) {
    // MFD_NOEXEC_SEAL (Linux 6.3), which an older kernel does not know, keeps the file from ever being executable.
    const unsigned noexec = 8;
    int fd = memfd_create("attache", MFD_CLOEXEC | MFD_ALLOW_SEALING | noexec);
    if (fd < 0 && errno == EINVAL) fd = memfd_create("attache", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) return -errno;
    int kept = -1;
    size_t written = 0;
    while (written < count) {
        ssize_t some = write(fd, (const char *)bytes + written, count - written);
        if (some < 0 && errno == EINTR) continue;
        if (some < 0) goto end;
        written += (size_t)some;
    }
    // Programs that are careful with keys look at the mode. Only a process that has the descriptor, or may trace one
    // that has, reaches the file at all.
    if (fchmod(fd, 0400) != 0) goto end;
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) goto end;
    if (lseek(fd, 0, SEEK_SET) != 0) goto end;
    // Above those that shells use for themselves, and not close-on-exec.
    kept = fcntl(fd, F_DUPFD, 64);
    if (kept < 0 && errno == EINVAL) kept = fcntl(fd, F_DUPFD, 3);
end:;
    int error = errno;
    close(fd);
    return kept < 0 ? -error : kept;
}

int ckernel_exec_link(const uint8_t *path, const uint8_t *target) {
    if (symlink((const char *)target, (const char *)path) == 0) return 0;
    static const char own[] = "/proc/self/fd/";
    char old[sizeof own - 1];
    if (errno != EEXIST) return -errno;
    if (readlink((const char *)path, old, sizeof old) != sizeof old || memcmp(old, own, sizeof old) != 0) return -EEXIST;
    if (unlink((const char *)path) != 0 || symlink((const char *)target, (const char *)path) != 0) return -errno;
    return 0;
}

int ckernel_exec_random(void *bytes, size_t count) {
    return getrandom(bytes, count, 0) == (ssize_t)count ? 0 : -errno;
}

const uint8_t *ckernel_exec_host_name(void) {
    static char name[256];
    return (const uint8_t *)(gethostname(name, sizeof name - 1) == 0 ? name : "");
}

int64_t ckernel_exec_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void ckernel_exec_sleep(int64_t milliseconds) {
    struct timespec left = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {}
}

const uint8_t *ckernel_exec_error_text(int error) {
    return (const uint8_t *)strerror(error);
}

void ckernel_exec_exit(int status) { _exit(status); }
