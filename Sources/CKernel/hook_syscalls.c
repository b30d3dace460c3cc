// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "CKernel.h"
#include "dispositions.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

static const char own_program[] = "/proc/self/exe";

const uint8_t *ckernel_hook_variable(const uint8_t *name) { return (const uint8_t *)getenv((const char *)name); }

const uint8_t *ckernel_hook_program(void) {
    static char path[PATH_MAX];
    ssize_t length = readlink(own_program, path, sizeof path - 1);
    if (length <= 0) return NULL;
    path[length] = 0;
    return (const uint8_t *)path;
}

int ckernel_hook_is_program(const uint8_t *path) {
    struct stat one, own;
    return stat((const char *)path, &one) == 0 && stat(own_program, &own) == 0 && one.st_dev == own.st_dev &&
           one.st_ino == own.st_ino;
}

int ckernel_hook_exists(const uint8_t *path) {
    struct stat status;
    return lstat((const char *)path, &status) == 0;
}

int ckernel_hook_is_folder(const uint8_t *path) {
    struct stat status;
    return stat((const char *)path, &status) == 0 && S_ISDIR(status.st_mode);
}

int ckernel_hook_open(const uint8_t *path, size_t *size) {
    int fd = open((const char *)path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    struct stat status;
    *size = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? (size_t)status.st_size : 0;
    return fd;
}

int ckernel_hook_open_log(const uint8_t *path) {
    int fd = open((const char *)path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    return fd < 0 ? -errno : fd;
}

int64_t ckernel_hook_read(int fd, void *bytes, size_t count) {
    for (;;) {
        ssize_t got = read(fd, bytes, count);
        if (got >= 0) return got;
        if (errno != EINTR) return -errno;
    }
}

int ckernel_hook_write(int fd, const void *bytes, size_t count) {
    const char *rest = bytes;
    while (count > 0) {
        ssize_t some = write(fd, rest, count);
        if (some < 0 && errno == EINTR) continue;
        if (some <= 0) return some < 0 ? -errno : -EIO;
        rest += some;
        count -= (size_t)some;
    }
    return 0;
}

int ckernel_hook_replace_file(const uint8_t *path, const uint8_t *temporary, const void *bytes, size_t count) {
    const char *old = (const char *)path, *new = (const char *)temporary;
    struct stat status;
    if (stat(old, &status) != 0) return -errno;
    unlink(new);
    int fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return -errno;
    int error = ckernel_hook_write(fd, bytes, count);
    // Whoever may not give the file away keeps it: the engine runs as the same user.
    int isGiven = error == 0 && fchown(fd, status.st_uid, status.st_gid) == 0;
    (void)isGiven;
    if (error == 0 && fchmod(fd, status.st_mode & 07777) != 0) error = -errno;
    if (close(fd) != 0 && error == 0) error = -errno;
    if (error == 0 && rename(new, old) != 0) error = -errno;
    if (error != 0) unlink(new);
    return error;
}

// What the child gets back. The mask is the kernel's own 64 bits: sigprocmask(3) would leave what is the C library's.
static const uint64_t every_signal = UINT64_MAX;
static uint64_t inherited_mask;
static struct disposition inherited_child;

static void give_signals_back(void) {
    change_disposition(SIGCHLD, &inherited_child, NULL);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &inherited_mask, NULL, sizeof inherited_mask);
}

// Descriptors that were handed over are for the process that LISTEN_PID names (sd_listen_fds(3)). Where that is this one,
// returns a copy of the environment, to be freed, with the variable at `place`; else null.
static char **handed_over(uint8_t *const *environment, int pid, size_t *place) {
    static const char name[] = "LISTEN_PID=";
    size_t count = 0, found = SIZE_MAX;
    for (; environment[count]; count++) {
        const char *variable = (const char *)environment[count];
        if (strncmp(variable, name, sizeof name - 1) != 0) continue;
        if (strtol(variable + sizeof name - 1, NULL, 10) == pid) found = count;
    }
    char **copy = found == SIZE_MAX ? NULL : malloc((count + 1) * sizeof *copy);
    if (copy) memcpy(copy, environment, (count + 1) * sizeof *copy);
    *place = found;
    return copy;
}

int ckernel_hook_spawn(const uint8_t *path, uint8_t *const *vector, uint8_t *const *environment, int output) {
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, &every_signal, &inherited_mask, sizeof inherited_mask);
    // Where SIGCHLD is ignored children leave no status (wait(2)).
    change_disposition(SIGCHLD, &default_action, &inherited_child);
    // Written by the child, which is in this memory until it has become the program.
    volatile int error = 0;
    int parent = getpid();
    size_t place;
    char listener[32], **copy = handed_over(environment, parent, &place);
    int pid = vfork();
    if (pid == 0) {
        // An engine that ends its runtime means the real one.
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(127);
        if (output >= 0) dup2(output, 1);
        // Its handlers are none, so this changes nothing for the parent but what give_signals_back() does again.
        change_disposition(SIGPIPE, &default_action, NULL);
        give_signals_back();
        if (copy) {
            snprintf(listener, sizeof listener, "LISTEN_PID=%d", getpid());
            copy[place] = listener;
        }
        execve((const char *)path, (char *const *)vector, copy ? copy : (char *const *)environment);
        error = errno;
        _exit(127);
    }
    if (pid < 0) error = errno;
    free(copy);
    if (pid > 0 && error != 0) waitpid(pid, NULL, 0);
    if (error == 0) return pid;
    give_signals_back();
    return -error;
}

int ckernel_hook_wait_for_file(int pid, const uint8_t *path) {
    struct timespec moment = {.tv_nsec = 1000000};
    for (int looks = 0;; looks++) {
        siginfo_t info = {.si_pid = 0};
        if (ckernel_hook_exists(path)) return 1;
        // Left to be collected by ckernel_hook_wait().
        if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0) return 0;
        // A runtime that takes so long is one of many on a busy machine, which needs its time for them.
        if (looks > 200 && moment.tv_nsec < 400000000) moment.tv_nsec += moment.tv_nsec / 4;
        long number = syscall(SYS_rt_sigtimedwait, &every_signal, NULL, &moment, sizeof every_signal);
        if (number > 0 && number != SIGCHLD) kill(pid, (int)number);
    }
}

int ckernel_hook_wait(int pid) {
    int status = 0;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        long number = syscall(SYS_rt_sigtimedwait, &every_signal, NULL, NULL, sizeof every_signal);
        if (number > 0 && number != SIGCHLD) kill(pid, (int)number);
    }
    give_signals_back();
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int ckernel_hook_pipe(int *ends) { return pipe2(ends, O_CLOEXEC) == 0 ? 0 : -errno; }

void ckernel_hook_remove(const uint8_t *path) { unlink((const char *)path); }

void ckernel_hook_ignore_sigpipe(int ignores) {
    change_disposition(SIGPIPE, ignores ? &ignored : &default_action, NULL);
}

void ckernel_hook_log(const uint8_t *name, const uint8_t *text) {
    openlog((const char *)name, LOG_PID, LOG_DAEMON);
    syslog(LOG_ERR, "%s", (const char *)text);
    closelog();
}

const uint8_t *ckernel_hook_now(void) {
    static char text[32];
    time_t seconds = time(NULL);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    text[strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)] = 0;
    return (const uint8_t *)text;
}
