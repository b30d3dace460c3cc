// SPDX-License-Identifier: Apache-2.0
//
// How attache-exec reaches a server that is not a Unix socket. TLS is a slot that a library of its own fills where it is
// linked, so that the program without it has none of its code.

#ifndef CKERNEL_EXEC_TRANSPORT_H
#define CKERNEL_EXEC_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/// Connects to a TCP port of 127.0.0.1, or of ::1: a descriptor that does not block, or a negated errno.
int ckernel_exec_connect_loopback(int is_version_6, uint16_t port, int64_t deadline);

/// Begins to connect to an address, and waits for nothing: a descriptor that does not block, or a negated errno.
int ckernel_exec_begin_connect(const struct sockaddr *_Nonnull address, socklen_t length);

/// Waits until the connection is there: its descriptor, or a negated errno, -ETIMEDOUT after the deadline. Then it is closed.
int ckernel_exec_end_connect(int fd, int64_t deadline);

/// Waits until a descriptor is ready for reading (POLLIN) or writing (POLLOUT): 0 or a negated errno.
int ckernel_exec_wait(int fd, short events, int64_t deadline);

/// The server and what its certificate is held against; a path is NULL where there is none.
struct ckernel_exec_tls_server {
    /// A name, or an address without brackets.
    const uint8_t *_Nonnull host;
    const uint8_t *_Nonnull port;
    /// The authorities to trust, as PEM; without, the system's store.
    const uint8_t *_Nullable authorities;
    /// The client's own certificate chain and its key, as PEM.
    const uint8_t *_Nullable certificate;
    const uint8_t *_Nullable key;
};

enum ckernel_exec_fault_kind {
    /// `error` is an errno.
    CKERNEL_EXEC_FAULT_SYSTEM,
    /// The name could not be resolved.
    CKERNEL_EXEC_FAULT_NAME,
    /// The server's certificate is not to be trusted, or not for this name.
    CKERNEL_EXEC_FAULT_CERTIFICATE,
    /// The handshake failed for another reason.
    CKERNEL_EXEC_FAULT_PROTOCOL,
    /// The authorities cannot be read.
    CKERNEL_EXEC_FAULT_AUTHORITIES,
    /// The client's certificate or key cannot be read, or they do not belong together.
    CKERNEL_EXEC_FAULT_CLIENT,
};

/// Why there is no connection. `text` is fixed text, or the library's, and holds nothing that the peer wrote; of a file
/// with an `error` it is the path.
struct ckernel_exec_fault {
    enum ckernel_exec_fault_kind kind;
    int error;
    const uint8_t *_Nullable text;
};

/// A connection over TLS.
struct ckernel_exec_tls_stream;

/// What fills the slot: each as the function of its name below.
struct ckernel_exec_tls {
    struct ckernel_exec_tls_stream *_Nullable (*_Nonnull open)(const struct ckernel_exec_tls_server *_Nonnull,
                                                             int64_t, struct ckernel_exec_fault *_Nonnull);
    int (*_Nonnull send)(struct ckernel_exec_tls_stream *_Nonnull, const void *_Nonnull, size_t, int64_t);
    int64_t (*_Nonnull read)(struct ckernel_exec_tls_stream *_Nonnull, void *_Nonnull, size_t, int64_t);
    const uint8_t *_Nonnull (*_Nonnull reason)(void);
    void (*_Nonnull close)(struct ckernel_exec_tls_stream *_Nonnull);
};

/// Fills the slot, once, before main.
void ckernel_exec_tls_link(const struct ckernel_exec_tls *_Nonnull library);

/// 1 where this program has TLS; the functions below are for it alone.
int ckernel_exec_tls_is_linked(void);

/// Resolves, connects, shakes hands and checks chain and name, all of it before the deadline; NULL with the fault.
struct ckernel_exec_tls_stream *_Nullable ckernel_exec_tls_open(const struct ckernel_exec_tls_server *_Nonnull server,
                                                              int64_t deadline,
                                                              struct ckernel_exec_fault *_Nonnull fault);

/// Sends all; 0 or a negated errno, -EPROTO where TLS failed.
int ckernel_exec_tls_send(struct ckernel_exec_tls_stream *_Nonnull stream, const void *_Nonnull bytes, size_t count,
                         int64_t deadline);

/// Reads some; 0 at the end, or a negated errno, -EPROTO where TLS failed.
int64_t ckernel_exec_tls_read(struct ckernel_exec_tls_stream *_Nonnull stream, void *_Nonnull bytes, size_t count,
                             int64_t deadline);

/// Why the last -EPROTO was returned.
const uint8_t *_Nonnull ckernel_exec_tls_reason(void);

void ckernel_exec_tls_close(struct ckernel_exec_tls_stream *_Nonnull stream);

#endif
