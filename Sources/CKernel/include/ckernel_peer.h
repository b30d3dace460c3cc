// SPDX-License-Identifier: Apache-2.0
//
// Who stands at the other end of a Unix socket, and whether that process lives where this one does.

#ifndef CKERNEL_PEER_H
#define CKERNEL_PEER_H

#include <stdint.h>

/// What `SO_PEERCRED` holds (`struct ucred`, unix(7)): the process that called connect(2), as this process's
/// namespaces name it. A pid of 0 is a process that they do not name.
struct ckernel_peer_credentials {
    int32_t pid;
    uint32_t uid;
    uint32_t gid;
};

/// The number of the socket option `SO_PEERCRED`, which is not the same on every machine.
int ckernel_peer_credentials_option(void);

/// The number of the socket option `SO_PEERPIDFD` (Linux 6.5): a pidfd of the process that called connect(2).
int ckernel_peer_pidfd_option(void);

/// 1 where the process shares this one's user and PID namespaces (namespaces(7)); 0 where it does not, or where that
/// cannot be read.
int ckernel_peer_shares_processes(int32_t pid);

/// 1 where the process shares this one's user and PID namespaces, and its mount namespace is this one's or that of
/// PID 1 (namespaces(7)); 0 where it does not, or where any of it cannot be read.
///
/// A service with a file system view of its own still knows the machine's own processes by PID 1's.
int ckernel_peer_shares_namespaces(int32_t pid);

/// 1 while the process of a pidfd has not ended, so that its pid still means the same process (pidfd_open(2)).
int ckernel_peer_is_alive(int pidfd);

/// A pidfd of a process, close-on-exec, which can be read from when the process has ended (Linux 5.3); -1 without one.
int ckernel_peer_open(int32_t pid);

#endif
