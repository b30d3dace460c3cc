// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "CKernel.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

int ckernel_mask_is_terminal(int fd) { return isatty(fd); }

int ckernel_mask_is_same(int fd, int other) {
    struct stat one, two;
    return fstat(fd, &one) == 0 && fstat(other, &two) == 0 && one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}

int ckernel_mask_open_terminal(int like, int is_plain, int *ends) {
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (master < 0) return -errno;
    // By the descriptor: the path may be another file in the image's own /dev (TIOCGPTPEER, Linux 4.13).
    int slave = unlockpt(master) == 0 ? ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
    if (slave < 0) {
        int error = errno;
        close(master);
        return -error;
    }
    struct termios settings;
    if (tcgetattr(like, &settings) == 0) {
        if (is_plain) settings.c_oflag &= ~(tcflag_t)OPOST;
        tcsetattr(slave, TCSANOW, &settings);
    }
    ckernel_mask_copy_size(like, master);
    ends[0] = master;
    ends[1] = slave;
    return 0;
}

void ckernel_mask_lead(int terminal) {
    setsid();
    ioctl(terminal, TIOCSCTTY, 0);
}

// The parent, in another group of the same session, without which the kernel stops nothing of the command's group (orphaned
// process groups: setpgid(2)). Each of both ends with the one before it.
static _Noreturn void keep(int terminal, ckernel_mask_pipe orders, int command) {
    setpgid(0, 0);
    int self = getpid(), member = _Fork();
    if (member == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        // Also the pipe on which the command waits, and everything that the command is to have.
        if (syscall(SYS_close_range, 0, ~0U, 0) != 0)
            for (int fd = 0; fd < 1024; fd++) close(fd);
        while (getppid() == self) pause();
        _exit(0);
    }
    setpgid(member, command);
    dup2(terminal, 0);
    dup2(orders.reading, 1);
    dup2(orders.told, 2);
    if (syscall(SYS_close_range, 3, ~0U, 0) != 0)
        for (int fd = 3; fd < 1024; fd++) close(fd);
    int front = command;
    char order;
    while (read(1, &order, 1) == 1 && order != CKERNEL_MASK_END) {
        int now = tcgetpgrp(0);
        if (order == CKERNEL_MASK_PAUSE && now != self) front = now;
        tcsetpgrp(0, order == CKERNEL_MASK_PAUSE ? self : front);
        if (write(2, &order, 1) != 1) break;
    }
    _exit(0);
}

void ckernel_mask_join(int terminal, ckernel_mask_pipe orders) {
    int ready[2], command = getpid();
    if (pipe2(ready, O_CLOEXEC) != 0) return;
    // A child of this process's parent: the command must never find one that it has not made.
    if (syscall(SYS_clone, CLONE_PARENT, 0, 0, 0, 0) == 0) keep(terminal, orders, command);
    close(ready[1]);
    char nothing;
    while (read(ready[0], &nothing, 1) < 0 && errno == EINTR) {}
    close(ready[0]);
}

int ckernel_mask_stop_key(int terminal) {
    struct termios settings;
    return tcgetattr(terminal, &settings) == 0 && (settings.c_lflag & ISIG) && settings.c_cc[VSUSP]
               ? settings.c_cc[VSUSP]
               : -1;
}

void ckernel_mask_copy_size(int from, int to) {
    struct winsize size;
    if (ioctl(from, TIOCGWINSZ, &size) == 0) ioctl(to, TIOCSWINSZ, &size);
}

static struct termios inherited;
static int has_keys;

void ckernel_mask_take_keys(int terminal) {
    if (!has_keys && tcgetattr(terminal, &inherited) != 0) return;
    struct termios raw = inherited;
    cfmakeraw(&raw);
    has_keys = tcsetattr(terminal, TCSADRAIN, &raw) == 0;
}

void ckernel_mask_give_keys_back(int terminal) {
    if (has_keys) tcsetattr(terminal, TCSADRAIN, &inherited);
    has_keys = 0;
}

void ckernel_mask_place(int fd, int number) { dup2(fd, number); }

int64_t ckernel_mask_read(int fd, void *bytes, size_t count) {
    ssize_t got;
    do got = read(fd, bytes, count);
    while (got < 0 && errno == EINTR);
    // How the side of a terminal that is read ends (pty(7)).
    if (got < 0 && errno == EIO) return 0;
    return got < 0 ? -errno : got;
}

int64_t ckernel_mask_write(int fd, const void *bytes, size_t count) {
    ssize_t written;
    do written = write(fd, bytes, count);
    while (written < 0 && errno == EINTR);
    return written < 0 ? -errno : written;
}
