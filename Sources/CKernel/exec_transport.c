// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "CKernel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>

int ckernel_exec_wait(int fd, short events, int64_t deadline) {
    for (;;) {
        int64_t left = deadline - ckernel_exec_now();
        if (left <= 0) return -ETIMEDOUT;
        struct pollfd polled = {.fd = fd, .events = events};
        int ready = poll(&polled, 1, (int)left);
        if (ready > 0) return 0;
        if (ready < 0 && errno != EINTR) return -errno;
    }
}

__attribute__((noinline)) int ckernel_exec_begin_connect(const struct sockaddr *address, socklen_t length) {
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -errno;
    if (connect(fd, address, length) == 0 || errno == EINPROGRESS || errno == EINTR) return fd;
    int error = errno;
    close(fd);
    return -error;
}

__attribute__((noinline)) int ckernel_exec_end_connect(int fd, int64_t deadline) {
    int error = -ckernel_exec_wait(fd, POLLOUT, deadline);
    socklen_t size = sizeof error;
    if (error == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    // Else the last words of a handshake wait for the other side's delayed acknowledgement, and the request for them.
    int one = 1;
    if (error == 0) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    else close(fd);
    return error == 0 ? fd : -error;
}

int ckernel_exec_connect_loopback(int is_version_6, uint16_t port, int64_t deadline) {
    union {
        struct sockaddr any;
        struct sockaddr_in version_4;
        struct sockaddr_in6 version_6;
    } address = {.version_6 = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_loopback}};
    socklen_t length = sizeof address.version_6;
    if (!is_version_6) {
        length = sizeof address.version_4;
        address.version_4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
        address.version_4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    int fd = ckernel_exec_begin_connect(&address.any, length);
    return fd < 0 ? fd : ckernel_exec_end_connect(fd, deadline);
}

static const struct ckernel_exec_tls *linked;

void ckernel_exec_tls_link(const struct ckernel_exec_tls *library) { linked = library; }

int ckernel_exec_tls_is_linked(void) { return linked != NULL; }

struct ckernel_exec_tls_stream *ckernel_exec_tls_open(const struct ckernel_exec_tls_server *server, int64_t deadline,
                                                    struct ckernel_exec_fault *fault) {
    return linked->open(server, deadline, fault);
}

int ckernel_exec_tls_send(struct ckernel_exec_tls_stream *stream, const void *bytes, size_t count, int64_t deadline) {
    return linked->send(stream, bytes, count, deadline);
}

int64_t ckernel_exec_tls_read(struct ckernel_exec_tls_stream *stream, void *bytes, size_t count, int64_t deadline) {
    return linked->read(stream, bytes, count, deadline);
}

const uint8_t *ckernel_exec_tls_reason(void) { return linked->reason(); }

void ckernel_exec_tls_close(struct ckernel_exec_tls_stream *stream) { linked->close(stream); }
