// SPDX-License-Identifier: Apache-2.0
//
// The system calls of attache-hook, beside those of attache-exec. Strings are `uint8_t`, since the sign of `char` differs
// between machines. A function that can fail returns a negated errno(3).

#ifndef CKERNEL_HOOK_SYSCALLS_H
#define CKERNEL_HOOK_SYSCALLS_H

#include <stddef.h>
#include <stdint.h>

/// A variable of the process; NULL where it is not set.
const uint8_t *_Nullable ckernel_hook_variable(const uint8_t *_Nonnull name);

/// The path of the running program, which the next call overwrites; NULL where it cannot be read.
const uint8_t *_Nullable ckernel_hook_program(void);

/// 1 where `path` is the running program.
int ckernel_hook_is_program(const uint8_t *_Nonnull path);

int ckernel_hook_is_folder(const uint8_t *_Nonnull path);

/// Opens a file for reading, close-on-exec, and tells its size, which is 0 for what is no regular file.
int ckernel_hook_open(const uint8_t *_Nonnull path, size_t *_Nonnull size);

/// Opens a file for adding to its end, close-on-exec; makes it where there is none.
int ckernel_hook_open_log(const uint8_t *_Nonnull path);

/// Some bytes of a file, 0 at its end.
int64_t ckernel_hook_read(int fd, void *_Nonnull bytes, size_t count);

/// Writes all of it.
int ckernel_hook_write(int fd, const void *_Nullable bytes, size_t count);

/// Puts bytes in the place of a file, whose owner and mode stay: whoever reads it finds the old or the new ones.
///
/// `temporary` is a path in the same folder; what is there is taken away.
int ckernel_hook_replace_file(const uint8_t *_Nonnull path, const uint8_t *_Nonnull temporary,
                              const void *_Nullable bytes, size_t count);

/// Ignores SIGPIPE or gives it its default action.
void ckernel_hook_ignore_sigpipe(int ignores);

/// One error in the system's log (syslog(3)).
void ckernel_hook_log(const uint8_t *_Nonnull name, const uint8_t *_Nonnull text);

/// The time by RFC 3339, in UTC; the next call overwrites it.
const uint8_t *_Nonnull ckernel_hook_now(void);

#endif
