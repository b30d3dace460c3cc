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

/// Whether anything is there.
int ckernel_hook_exists(const uint8_t *_Nonnull path);

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

/// Starts a program as a child that has all that this process was given, and ends where this process does.
///
/// Its standard output is `output`, or this process's own where that is negative. Until ``ckernel_hook_wait`` says that
/// it has ended, signals wait for the child. Returns its pid.
int ckernel_hook_spawn(const uint8_t *_Nonnull path, uint8_t *_Nullable const *_Nonnull vector,
                       uint8_t *_Nullable const *_Nonnull environment, int output);

/// Waits for the end of the child, which gets the signals that this process gets meanwhile.
///
/// Returns its exit status, or 128 and the number of the signal that ended it, as a shell does.
int ckernel_hook_wait(int pid);

/// Waits for a file or the end of the child, which gets the signals that this process gets meanwhile; 1 for the file.
int ckernel_hook_wait_for_file(int pid, const uint8_t *_Nonnull path);

/// A pipe whose ends are closed on exec.
int ckernel_hook_pipe(int *_Nonnull ends);

void ckernel_hook_remove(const uint8_t *_Nonnull path);

/// Ignores SIGPIPE or gives it its default action.
void ckernel_hook_ignore_sigpipe(int ignores);

/// One error in the system's log (syslog(3)).
void ckernel_hook_log(const uint8_t *_Nonnull name, const uint8_t *_Nonnull text);

/// The time by RFC 3339, in UTC; the next call overwrites it.
const uint8_t *_Nonnull ckernel_hook_now(void);

#endif
