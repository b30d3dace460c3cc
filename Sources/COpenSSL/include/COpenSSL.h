// SPDX-License-Identifier: Apache-2.0
//
// Nothing to call: what links this library has TLS, since it fills the slot of `exec_transport.h` before main.

#ifndef COPENSSL_H
#define COPENSSL_H

#endif
