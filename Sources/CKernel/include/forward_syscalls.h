// SPDX-License-Identifier: Apache-2.0
//
// The system calls of attache-exec's forwarder: sockets that never make it wait. The rules of exec_syscalls.h hold here
// too; -EAGAIN is "not now".

#ifndef CKERNEL_FORWARD_SYSCALLS_H
#define CKERNEL_FORWARD_SYSCALLS_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

/// A descriptor, what is waited for and what has come of it: a `struct pollfd` (poll(2)). One below 0 is passed over.
typedef struct {
    int fd;
    short events;
    short revents;
} ckernel_watched;

/// Listens on a TCP port of 127.0.0.1 and of nothing else; its descriptor, or a negated errno.
int ckernel_forward_listen(uint16_t port);

/// Takes the next connection; its descriptor, or a negated errno.
int ckernel_forward_accept(int listener);

/// Lets a descriptor never block.
void ckernel_forward_unblock(int fd);

/// Waits until one of these is ready or the deadline has passed, for ever with INT64_MAX.
void ckernel_forward_wait(ckernel_watched *_Nonnull watched, size_t count, int64_t deadline);

/// Reads what is there: 0 at the end, or a negated errno.
int64_t ckernel_forward_receive(int fd, void *_Nonnull bytes, size_t count);

/// Sends what there is room for, without SIGPIPE; or a negated errno.
int64_t ckernel_forward_send(int fd, const void *_Nonnull bytes, size_t count);

/// Says that nothing more will be sent.
void ckernel_forward_end_sending(int fd);

#endif
