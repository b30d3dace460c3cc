// SPDX-License-Identifier: Apache-2.0

#ifndef CRESOLVER_H
#define CRESOLVER_H

#include <stddef.h>
#include <stdint.h>

/// An address in network order: 4 or 16 bytes of it count.
struct cresolver_address {
    uint8_t length;
    uint8_t bytes[16];
};

/// Asks one name server, over UDP and where the answer is long over TCP, for the addresses of both kinds that `name` has:
/// resolver(3) with a server that the machine's own configuration does not name.
///
/// Blocks up to a few seconds. Returns how many of `room` addresses were written, 0 where the name has none, and -1 where
/// the server does not answer or cannot.
int cresolver_look_up(const char *_Nonnull name, const uint8_t server[_Nonnull 4], uint16_t port,
                      struct cresolver_address *_Nonnull addresses, size_t room);

#endif
