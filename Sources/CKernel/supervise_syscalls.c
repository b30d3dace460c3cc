// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "CKernel.h"
#include "dispositions.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct disposition inherited_child;

// The kernel's own set: sigfillset(3) leaves out the signals that the C library keeps for itself.
static const uint64_t every = UINT64_MAX;

void ckernel_supervise_begin(void) {
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, &every, NULL, sizeof every);
    // Where SIGCHLD is ignored children leave no status (wait(2)).
    change_disposition(SIGCHLD, &default_action, &inherited_child);
}

ckernel_signal ckernel_supervise_wait(int64_t deadline) {
    ckernel_signal taken = {0, 0, NULL};
    for (;;) {
        struct timespec limit = {0, 0};
        if (deadline != INT64_MAX) {
            int64_t left = deadline - ckernel_exec_now();
            if (left < 0) left = 0;
            limit = (struct timespec){.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};
        }
        siginfo_t info;
        struct timespec *wait = deadline == INT64_MAX ? NULL : &limit;
        long number = syscall(SYS_rt_sigtimedwait, &every, &info, wait, sizeof every);
        // Whoever read what this process writes has gone: that is no signal to it, and none to pass on.
        if (number == SIGPIPE && info.si_code == SI_USER && info.si_pid == getpid()) continue;
        if (number > 0) {
            taken.number = (int)number;
            taken.code = info.si_code;
            taken.value = info.si_code == SI_QUEUE ? info.si_value.sival_ptr : NULL;
            return taken;
        }
        if (errno == EAGAIN && deadline != INT64_MAX) return taken;
    }
}

void ckernel_supervise_send(int pid, ckernel_signal signal) {
    if (signal.code == SI_QUEUE) {
        sigqueue(pid, signal.number, (union sigval){.sival_ptr = signal.value});
    } else {
        kill(pid, signal.number);
    }
}

void ckernel_supervise_kill(int pid, int signal) { kill(pid, signal); }

static ckernel_child told(int pid, int status) {
    ckernel_child child = {pid, -1, 0, 0};
    if (WIFEXITED(status)) child.code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) child.signal = WTERMSIG(status);
    if (WIFSTOPPED(status)) child.stop = WSTOPSIG(status);
    return child;
}

ckernel_child ckernel_supervise_reap(void) {
    int status = 0;
    int pid = waitpid(-1, &status, WNOHANG | WUNTRACED);
    return told(pid > 0 ? pid : 0, status);
}

int ckernel_supervise_reap_one(int pid, int64_t deadline) {
    for (;;) {
        int status;
        int found = waitpid(pid, &status, WNOHANG);
        if (found != 0) return 1;
        int64_t left = deadline - ckernel_exec_now();
        if (left <= 0) return 0;
        uint64_t child = UINT64_C(1) << (SIGCHLD - 1);
        struct timespec limit = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};
        syscall(SYS_rt_sigtimedwait, &child, NULL, &limit, sizeof child);
    }
}

int ckernel_supervise_fork(void) {
    // Without what fork(3) does for threads, which are none here: it would be 5 KB.
    int pid = _Fork();
    return pid < 0 ? -errno : pid;
}

void ckernel_supervise_lead(int terminal) {
    setpgid(0, 0);
    // Allowed from the background as well, since SIGTTOU is blocked (tcsetpgrp(3)).
    if (terminal >= 0) tcsetpgrp(terminal, getpid());
    change_disposition(SIGCHLD, &inherited_child, NULL);
}

void ckernel_supervise_give_terminal(int terminal, int pid) {
    setpgid(pid, pid);
    if (terminal >= 0) tcsetpgrp(terminal, pid);
}

void ckernel_supervise_take_terminal(int terminal) {
    if (terminal >= 0) tcsetpgrp(terminal, getpgrp());
}

int ckernel_supervise_terminal(void) {
    for (int fd = 0; fd < 3; fd++) {
        if (isatty(fd) && tcgetpgrp(fd) == getpgrp()) return fd;
    }
    return -1;
}

int ckernel_supervise_may_stop(void) {
    int parent = getppid();
    return parent != 0 && getsid(parent) == getsid(0) && getpgid(parent) != getpgrp();
}

void ckernel_supervise_stop(int signal) {
    if (signal != SIGTSTP && signal != SIGTTIN && signal != SIGTTOU) signal = SIGSTOP;
    // By the command's own signal, which a shell tells; SIGSTOP alone needs none of this.
    struct disposition inherited;
    change_disposition(signal, &default_action, &inherited);
    kill(getpid(), signal);
    uint64_t one = UINT64_C(1) << (signal - 1);
    syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &one, NULL, sizeof one);
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, &one, NULL, sizeof one);
    change_disposition(signal, &inherited, NULL);
}

int ckernel_supervise_serve(int parent) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    return getppid() == parent ? 0 : -1;
}

int ckernel_supervise_pid(void) { return getpid(); }

void ckernel_supervise_die(int signal) {
    change_disposition(signal, &default_action, NULL);
    uint64_t one = UINT64_C(1) << (signal - 1);
    syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &one, NULL, sizeof one);
    kill(getpid(), signal);
    _exit(128 + signal);
}

int ckernel_supervise_pipe(int *ends) { return pipe2(ends, O_CLOEXEC) == 0 ? 0 : -errno; }

// Two names without regard to case. Not strcasecmp(3): the C library has it once for each kind of processor, 40 KB in all.
static int is_same_name(const char *name, const char *other) {
    while (*name && (*name & ~0x20) == (*other & ~0x20)) name++, other++;
    return *name == *other;
}

// signal(7). musl has no sigabbrev_np(3).
static const struct {
    const char name[8];
    int number;
} signals[] = {
    {"ABRT", SIGABRT}, {"ALRM", SIGALRM},     {"BUS", SIGBUS},   {"CHLD", SIGCHLD}, {"CONT", SIGCONT},
    {"FPE", SIGFPE},   {"HUP", SIGHUP},       {"ILL", SIGILL},   {"INT", SIGINT},   {"KILL", SIGKILL},
    {"PIPE", SIGPIPE}, {"POLL", SIGPOLL},     {"PROF", SIGPROF}, {"PWR", SIGPWR},   {"QUIT", SIGQUIT},
    {"SEGV", SIGSEGV}, {"STKFLT", SIGSTKFLT}, {"STOP", SIGSTOP}, {"SYS", SIGSYS},   {"TERM", SIGTERM},
    {"TRAP", SIGTRAP}, {"TSTP", SIGTSTP},     {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU}, {"URG", SIGURG},
    {"USR1", SIGUSR1}, {"USR2", SIGUSR2},     {"VTALRM", SIGVTALRM}, {"WINCH", SIGWINCH}, {"XCPU", SIGXCPU},
    {"XFSZ", SIGXFSZ},
};

int ckernel_supervise_signal_number(const uint8_t *name, size_t count) {
    char text[16];
    if (count == 0 || count >= sizeof text) return 0;
    memcpy(text, name, count);
    text[count] = 0;
    char *end;
    long number = strtol(text, &end, 10);
    if (*end == 0) return number > 0 && number < NSIG ? (int)number : 0;
    const char prefix[] = {text[0], text[1], count > 2 ? text[2] : 0, 0};
    const char *bare = is_same_name(prefix, "SIG") ? text + 3 : text;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (is_same_name(signals[i].name, bare)) return signals[i].number;
    return 0;
}

int ckernel_supervise_memory_file(const uint8_t *name) {
    int fd = (int)syscall(SYS_memfd_create, name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return fd < 0 ? -errno : fd;
}

int ckernel_supervise_write_all(int fd, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    while (count > 0) {
        ssize_t written = write(fd, next, count);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return -errno;
        next += written;
        count -= (size_t)written;
    }
    return 0;
}

int ckernel_supervise_seal(int fd) {
    return fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0 ? 0 : -errno;
}

const void *ckernel_supervise_map_file(int fd, size_t *count) {
    struct stat status;
    if (fstat(fd, &status) != 0 || status.st_size <= 0) return NULL;
    *count = (size_t)status.st_size;
    void *pages = mmap(NULL, *count, PROT_READ, MAP_PRIVATE, fd, 0);
    return pages == MAP_FAILED ? NULL : pages;
}

void *ckernel_supervise_shared_page(void) {
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return page == MAP_FAILED ? NULL : page;
}
