// SPDX-License-Identifier: Apache-2.0
//
// What may live here: system calls and kernel facts that Swift's Glibc module does not expose, and nothing else.
// Every symbol is prefixed `ckernel_`; nothing here allocates memory that Swift must free.

#ifndef CKERNEL_H
#define CKERNEL_H

#include <stddef.h>
#include <stdint.h>

#include "ckernel_peer.h"
#include "exec_syscalls.h"
#include "exec_transport.h"
#include "forward_syscalls.h"
#include "hook_syscalls.h"
#include "mask_syscalls.h"
#include "memory_mount.h"
#include "supervise_syscalls.h"

/// Overwrites `count` bytes with zero in a way that the optimiser may not drop (explicit_bzero(3)).
void ckernel_zero(void *_Nonnull bytes, size_t count);

/// Makes all threads take their memory from `count` areas (mallopt(3), M_ARENA_MAX).
///
/// Otherwise there are eight for each processor, and each keeps what was freed in it.
void ckernel_share_heap_areas(int count);

/// Gives every block of at least `bytes` a mapping of its own, which free returns at once (mallopt(3), M_MMAP_THRESHOLD).
///
/// Otherwise the first large block that is freed makes the heap the place of all others up to 32 MiB.
void ckernel_map_large_blocks(int bytes);

/// Sets the soft limit of core dumps to zero (setrlimit(2)). Returns 0, or -1 with errno.
int ckernel_forbid_core_dumps(void);

/// Gives the signals of a crash their default action.
///
/// Swift's runtime prints registers and the memory that they point at when it catches one of them.
void ckernel_reset_crash_signals(void);

/// Makes the process undumpable, which also keeps other processes of its user from tracing it (prctl(2)).
/// Returns 0, or -1 with errno.
int ckernel_forbid_ptrace(void);

/// Gives SIGPIPE its default action, so that a closed pipe ends a command without a word.
void ckernel_reset_sigpipe(void);

#endif
