// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "CKernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
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

void ckernel_mask_copy_size(int from, int to) {
    struct winsize size;
    if (ioctl(from, TIOCGWINSZ, &size) == 0) ioctl(to, TIOCSWINSZ, &size);
}

static struct termios inherited;
static int has_keys;

void ckernel_mask_take_keys(int terminal) {
    if (tcgetattr(terminal, &inherited) != 0) return;
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
