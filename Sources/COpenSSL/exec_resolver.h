// SPDX-License-Identifier: Apache-2.0

#ifndef EXEC_RESOLVER_H
#define EXEC_RESOLVER_H

#include <netdb.h>
#include <stdint.h>

/// Resolves a name or a numeric address before the deadline: 0, an error of getaddrinfo(3), or EAI_AGAIN after it.
///
/// The caller frees the list with freeaddrinfo(3).
int exec_resolve(const char *host, const char *port, int64_t deadline, struct addrinfo **list);

#endif
