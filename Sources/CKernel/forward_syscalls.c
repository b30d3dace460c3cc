// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "CKernel.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

int ckernel_forward_listen(uint16_t port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -errno;
    // Connections of a process that ended a moment ago do not keep the port from this one.
    int one = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 128) == 0) return fd;
    int error = errno;
    close(fd);
    return -error;
}

int ckernel_forward_accept(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return -errno;
    // An event of a stream is passed on when it comes, however small it is.
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

void ckernel_forward_unblock(int fd) { fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

_Static_assert(sizeof(ckernel_watched) == sizeof(struct pollfd) &&
                   offsetof(ckernel_watched, revents) == offsetof(struct pollfd, revents),
               "a ckernel_watched is a struct pollfd");

void ckernel_forward_wait(ckernel_watched *watched, size_t count, int64_t deadline) {
    int limit = -1;
    if (deadline != INT64_MAX) {
        int64_t left = deadline - ckernel_exec_now();
        limit = left < 0 ? 0 : left > 1000000 ? 1000000 : (int)left;
    }
    if (poll((struct pollfd *)watched, count, limit) >= 0) return;
    for (size_t i = 0; i < count; i++) watched[i].revents = 0;
}

int64_t ckernel_forward_receive(int fd, void *bytes, size_t count) {
    ssize_t got;
    do got = recv(fd, bytes, count, 0);
    while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

int64_t ckernel_forward_send(int fd, const void *bytes, size_t count) {
    ssize_t sent;
    do sent = send(fd, bytes, count, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

void ckernel_forward_end_sending(int fd) { shutdown(fd, SHUT_WR); }
