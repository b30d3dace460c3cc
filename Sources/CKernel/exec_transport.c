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

int ckernel_exec_connect_address(const struct sockaddr *address, socklen_t length, int64_t deadline) {
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -errno;
    int error = connect(fd, address, length) == 0 ? 0 : errno;
    if (error == EINPROGRESS || error == EINTR) {
        error = -ckernel_exec_wait(fd, POLLOUT, deadline);
        socklen_t size = sizeof error;
        if (error == 0 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    }
    if (error == 0) {
        // Else the last words of a handshake wait for the other side's delayed acknowledgement, and the request for them.
        int one = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        return fd;
    }
    close(fd);
    return -error;
}

int ckernel_exec_connect_loopback(int is_version_6, uint16_t port, int64_t deadline) {
    if (is_version_6) {
        struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_loopback};
        return ckernel_exec_connect_address((struct sockaddr *)&address, sizeof address, deadline);
    }
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ckernel_exec_connect_address((struct sockaddr *)&address, sizeof address, deadline);
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
