// SPDX-License-Identifier: Apache-2.0
//
// No stdio here: the formatted output of a static C library would be in every program that links these calls.

#define _GNU_SOURCE

#include "ckernel_peer.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Older headers lack it; the number is the same on every machine that Swift runs on.
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

_Static_assert(sizeof(struct ckernel_peer_credentials) == sizeof(struct ucred), "the kernel writes a struct ucred");

int ckernel_peer_credentials_option(void) { return SO_PEERCRED; }

int ckernel_peer_pidfd_option(void) { return SO_PEERPIDFD; }

/// Room for the digits of a pid and a NUL.
struct process_name {
    char text[12];
};

static struct process_name name_of_process(int32_t pid) {
    struct process_name name = {{0}};
    char digits[12];
    int count = 0;
    for (int32_t rest = pid; rest > 0; rest /= 10) digits[count++] = (char)('0' + rest % 10);
    for (int index = 0; index < count; index++) name.text[index] = digits[count - 1 - index];
    return name;
}

static int namespace_of(const char *process, const char *kind, struct stat *identity) {
    char path[40] = "/proc/";
    strcat(strcat(strcat(path, process), "/ns/"), kind);
    return stat(path, identity) == 0;
}

/// A namespace is known by the device and inode of its file (namespaces(7)).
static int is_same_namespace(const char *one, const char *other, const char *kind) {
    struct stat first, second;
    return namespace_of(one, kind, &first) && namespace_of(other, kind, &second) &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/// Whether the numbers below /proc are those of this process's PID namespace: a /proc of another one would tell about
/// a stranger.
static int is_own_proc(void) {
    char target[16] = {0};
    struct process_name own = name_of_process((int32_t)getpid());
    return readlink("/proc/self", target, sizeof target - 1) > 0 && strcmp(target, own.text) == 0;
}

int ckernel_peer_shares_processes(int32_t pid) {
    if (pid <= 0 || !is_own_proc()) return 0;
    struct process_name peer = name_of_process(pid);
    return is_same_namespace(peer.text, "self", "user") && is_same_namespace(peer.text, "self", "pid");
}

int ckernel_peer_shares_namespaces(int32_t pid) {
    if (!ckernel_peer_shares_processes(pid)) return 0;
    struct process_name peer = name_of_process(pid);
    return is_same_namespace(peer.text, "self", "mnt") || is_same_namespace(peer.text, "1", "mnt");
}

int ckernel_peer_open(int32_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int ckernel_peer_is_alive(int pidfd) {
    struct pollfd wait = {.fd = pidfd, .events = POLLIN};
    return poll(&wait, 1, 0) == 0;
}
